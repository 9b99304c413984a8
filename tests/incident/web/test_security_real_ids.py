"""Every address that changes something, tried with ids that exist, by those who may not; and ids of another incident.

`test_security_roles` tries every address with ids that do not exist: there a 404 may stand before the refusal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from incident.directory import rota
from incident.response import calls, drafts, handover, press
from incident.response.calls import Heard
from incident.response.open import Opened
from incident.response.press import Question
from incident.store.tables import (
    Account,
    Entry,
    Handover,
    Inbound,
    Incident,
    OpeningDraft,
    Person,
    PhoneCall,
    PressRequest,
    Request,
    Setting,
    Shift,
    SystemChain,
)
from tests.incident.web.conftest import Site
from tests.incident.web.test_security_roles import Caller
from tests.stories.test_approval import HEAD as HEAD_POST
from tests.stories.test_approval import POSTER as POSTER_POST
from tests.stories.test_approval import SECRETARY as SECRETARY_POST
from tests.stories.test_approval import SPEAKER as SPEAKER_POST
from tests.stories.world import World

READER, MEMBER, SPEAKER, SECRETARY, HEAD = "theodoi", "nguoidang", "phatngon", "thuky", "totruong"


@dataclass
class Real:
    """Ids that exist, all of one incident that is open and has something of everything."""

    opened: Opened
    call: str
    question: str
    inbound: str
    request: str
    person: str
    statement: str
    revision: str
    draft: str
    handover: str

    @property
    def room(self) -> str:
        return f"/incidents/{self.opened.incident_id}"


def officer_of(site: Site, name: str) -> str:
    with site.world.store.reading() as session:
        found = session.scalar(select(Account.person_id).where(Account.email == f"{name}@sonlam.example"))
    assert found
    return found


@pytest.fixture
def real(site: Site) -> Real:
    world = site.world
    opened = world.opens()
    silent = _silent(world, opened)
    world.time += timedelta(minutes=4)
    calls.record(
        world.desk, opened.incident_id, Heard(silent.id, "no_answer", world.time), world.duty, world.time
    )
    question = press.ask(
        world.desk,
        opened.incident_id,
        Question("key-press-1", "Báo Ví dụ", "Hồ có vỡ không?"),
        world.duty,
        world.time,
    )
    world.receives(str(silent.phone), "de toi xem da nhe")
    for post in (HEAD_POST, SECRETARY_POST, SPEAKER_POST, POSTER_POST):
        world.phone(post).replies("OK 10")
    world.answers(opened, "xac_minh", "chua_ro", "so_nnmt_thuy_loi")
    submitted = world.drafts(opened, "Hồ vận hành bình thường.", SECRETARY_POST)
    assert submitted
    statement = world.statement(opened)
    draft = drafts.save(world.desk, {"title": "Chưa gửi"}, world.duty, world.time)
    officer = world.duty.person_id
    other = next(p for p in _officers(site) if p != officer)
    given = handover.hand_over(world.desk, other, "", world.duty, world.time)
    with world.store.reading() as session:
        return Real(
            opened,
            session.scalars(select(PhoneCall.id)).one(),
            question,
            session.scalars(select(Inbound.id).where(Inbound.state == "review")).one(),
            session.scalars(select(Request.id).where(Request.person_id == silent.id)).one(),
            silent.id,
            statement.id,
            statement.revisions[-1].id,
            draft,
            given,
        )


def _silent(world: World, opened: Opened) -> Person:
    """The expert, who has not answered."""
    member = next(m for m in world.view(opened).task_force if "chuyên môn" in m.role_title)
    with world.store.reading() as session:
        return session.get_one(Person, member.person_id)


def _officers(site: Site) -> list[str]:
    with site.world.store.reading() as session:
        return list(session.scalars(select(Shift.person).where(Shift.kind == rota.OFFICER).distinct()))


def acts(real: Real) -> dict[str, dict[str, Any]]:
    """Address and a form that would be taken from who may."""
    text = f"{real.room}/statements/{real.statement}"
    one = {"revision": real.revision, "version": "1", "reason": "x"}
    return {
        f"{real.room}/calls": {"person": real.person, "outcome": "accept", "source": "zalo", "when": "now"},
        f"{real.room}/calls/{real.person}": {"outcome": "accept", "when": "now"},
        f"{real.room}/calls/{real.person}/stand-in": {"person": real.person, "when": "now"},
        f"{real.room}/calls/{real.call}/undo": {},
        f"{real.room}/replies/{real.inbound}": {"means": "accept"},
        f"{real.room}/replies/{real.inbound}/assign": {"person": real.person, "means": "accept"},
        f"{real.room}/people": {"person": real.person, "reason": "x"},
        f"{real.room}/roles": {"role": "nguoi_phat_ngon", "person": real.person, "reason": "x"},
        f"{real.room}/people/{real.person}/number": {"number": "0540000999"},
        f"{real.room}/late/{real.request}": {"who": "keep"},
        f"{real.room}/stop": {"reason": "x"},
        f"{real.room}/go-on": {},
        f"{real.room}/call-out": {},
        f"{real.room}/call-after-all/{real.person}": {},
        f"{real.room}/zalo": {"text": "x"},
        f"{real.room}/press/{real.question}/take": {},
        f"{real.room}/press/{real.question}/answer": {"answer": "x"},
        f"{real.room}/press/{real.question}/refuse": {"reason": "x"},
        f"{text}/decide": one,
        f"{text}/release": one,
        f"{text}/own-word": {**one, "do": "dispute"},
        f"{text}/link": one,
        f"{text}/take-down": one,
        f"{text}/phone": {
            **one,
            "person": officer_of_head(real),
            "code": "abc",
            "words": "x",
            "said_at": "x",
        },
        "/incidents/new": {"do": "save", "title": "x"},
        f"/incidents/drafts/{real.draft}/discard": {},
        "/handover": {"to": real.person, "note": "x"},
        "/handover/accept": {"handover": real.handover},
        "/settings/approval": {"link_3": "on"},
    }


def officer_of_head(real: Real) -> str:
    return real.person


def state_of(site: Site) -> tuple[Any, ...]:
    """Everything those addresses could change."""
    with site.world.store.reading() as session:
        return (
            session.scalar(select(func.count()).select_from(Entry)),
            tuple(
                session.execute(
                    select(Incident.id, Incident.chain_seq, Incident.stopped_at, Incident.held_at)
                )
            ),
            tuple(session.scalars(select(SystemChain.chain_seq))),
            tuple(session.execute(select(Request.id, Request.state).order_by(Request.id))),
            tuple(session.execute(select(PhoneCall.id, PhoneCall.undone_at))),
            tuple(session.execute(select(PressRequest.id, PressRequest.state, PressRequest.owner))),
            tuple(session.execute(select(Inbound.id, Inbound.state))),
            tuple(session.execute(select(Handover.id, Handover.accepted_at, Handover.incoming))),
            tuple(session.scalars(select(OpeningDraft.id))),
            tuple(session.execute(select(Setting.key, Setting.value).order_by(Setting.key))),
        )


PRESS = "/press/"


@pytest.mark.parametrize("name", [READER, MEMBER, HEAD, SPEAKER, SECRETARY])
def test_who_does_not_command_changes_nothing_with_real_ids(site: Site, real: Real, name: str) -> None:
    caller, before = Caller(site, name), state_of(site)
    for address, form in acts(real).items():
        if PRESS in address and name in (SPEAKER, SECRETARY):
            continue  # the press is theirs
        if name in (SPEAKER, HEAD) and address.endswith(("/decide", "/link")):
            continue  # in turn, or of the text
        if name == SECRETARY and address.endswith(("/link", "/zalo")):
            continue
        status = caller.page("POST", address, **form)
        assert status in (403, 404, 409, 422) or state_of(site) == before, f"{name} {address}: {status}"
        assert state_of(site) == before, f"{name} {address}: {status}"


def test_ids_of_another_incident_are_nobodys_here(site: Site, real: Real) -> None:
    world = site.world
    other = world.opens("vu-viec-chung", level=1, key="two", short_name="viec khac")
    officer, before = Caller(site, "truc"), state_of(site)
    here = f"/incidents/{other.incident_id}"
    for address, form in acts(real).items():
        if not address.startswith(real.room):
            continue
        moved = address.replace(real.room, here)
        if moved.endswith(("/stop", "/zalo", "/people", "/roles")):
            continue  # name nothing of the other one
        status = officer.page("POST", moved, **form)
        assert state_of(site) == before, f"{moved}: {status}"


def test_a_hand_over_is_accepted_by_nobody_who_gave_it(site: Site, real: Real) -> None:
    officer = Caller(site, "truc")
    assert officer_of(site, "truc") == site.world.duty.person_id
    assert officer.page("POST", "/handover/accept", handover=real.handover) == 403
    with site.world.store.reading() as session:
        assert session.get_one(Handover, real.handover).accepted_at is None


def test_a_press_ten_minutes_old_is_not_taken_back(site: Site, real: Real) -> None:
    site.world.time += timedelta(minutes=11)
    officer, before = Caller(site, "truc"), state_of(site)
    officer.page("POST", f"{real.room}/calls/{real.call}/undo")
    assert state_of(site) == before


@pytest.mark.parametrize("name", [READER, MEMBER, HEAD, SPEAKER, SECRETARY, "truc"])
def test_the_policy_of_approval_is_the_administrators(site: Site, name: str) -> None:
    assert Caller(site, name).page("GET", "/settings/approval") == 403
