"""A drill among the real thing: marked at both ends, told to those who take part alone, and never taken for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from incident import wording
from incident.domain.actors import Role
from incident.domain.drill import fault
from incident.domain.errors import Conflict, Invalid
from incident.response import direct, people
from incident.response.open import Opened
from incident.store.tables import Incident, Message, Participant, Person
from incident.web.alarms import troubles
from tests.stories.night import LEAD, SECRETARY, STAND_IN
from tests.stories.test_everyone_answers import TASK_FORCE
from tests.stories.world import World


@pytest.fixture(autouse=True)
def read(world: World) -> Iterator[None]:
    """These stories look at what is said, not at how often."""
    yield
    for phone in list(world.phones.values()):
        phone.has_read_all()


def drilled(world: World, **more: object) -> Opened:
    return world.opens(mode="drill", **more)


def participants(world: World, incident: Opened) -> set[str]:
    with world.store.reading() as session:
        return set(
            session.scalars(
                select(Participant.person_id).where(Participant.incident_id == incident.incident_id)
            )
        )


def entries(world: World, incident: Opened, kind: str) -> list[dict[str, object]]:
    return [entry.data for entry in world.view(incident).timeline if entry.kind == kind]


def test_everything_that_leaves_is_marked_at_both_ends(world: World) -> None:
    incident = drilled(world)
    assert incident.number == "DT-10/2026"
    for post in TASK_FORCE:
        world.phone(post).expects_sms("DIEN TAP. ", "DT10")
    world.phone(SECRETARY).replies("OK 10").expects_sms("DIEN TAP. Da ghi nhan")
    world.fast_forward(90)
    world.closes(incident)
    world.deliver()
    for phone in list(world.phones.values()):
        phone.has_read_all()
    sent = [*world.sms.sent, *world.mail.sent]
    assert len(world.mail.sent) > 3
    assert [m.body for m in sent if fault(True, m.subject, m.body)] == []
    assert entries(world, incident, "message_refused") == []


def test_a_stranger_to_the_list_is_never_reached(world: World) -> None:
    """The leader's stand-in was unticked at the opening, the secretary's is taken off the list afterwards: the ladder
    comes to him, the carriers' threshold does not let him be woken, and the run hears that he cannot be asked."""
    out = world.person(STAND_IN)
    incident = drilled(world, left_out=(out.id,))
    enrolled = participants(world, incident)
    assert out.id not in enrolled
    assert {world.person(post).id for post in TASK_FORCE} <= enrolled
    deputy = world.person("so_vhttdl_pho_phong")
    with world.store.writing() as session:
        session.delete(session.get_one(Participant, (incident.incident_id, deputy.id)))
    world.fast_forward(60)
    for person in (out, deputy):
        assert [m.body for m in world.sms.sent if m.to == person.phone] == []
        assert [m.body for m in world.mail.sent if m.to == person.email] == []
    refused = entries(world, incident, "message_refused")
    assert refused
    assert all(one["why"] == "not_enrolled" and one["people"] == [deputy.id] for one in refused)
    told = [entry.text for entry in world.view(incident).timeline if entry.kind == "message_refused"]
    assert "CHẶN, không gửi" in told[0]
    assert "không tham gia diễn tập này" in told[0]
    gone = [e.data for e in world.view(incident).timeline if e.kind == "unreachable"]
    assert deputy.id in {one["person"] for one in gone if one["code"] == "not_enrolled"}


def test_nobody_is_asked_into_a_drill_by_the_way(world: World) -> None:
    incident = drilled(world)
    taking_part = participants(world, incident)
    with world.store.reading() as session:
        stranger = session.scalars(
            select(Person).where(Person.phone.is_not(None), Person.id.not_in(taking_part))
        ).first()
    assert stranger is not None
    with pytest.raises(Conflict, match="không có trong danh sách tham gia"):
        people.invite(world.desk, incident.incident_id, stranger.id, world.duty, world.time)
    with pytest.raises(Conflict, match="không có trong danh sách tham gia"):
        people.change_role(
            world.desk, incident.incident_id, "thu_ky", stranger.id, "thử", world.duty, world.time
        )
    real = world.opens(key="real")
    people.invite(world.desk, real.incident_id, stranger.id, world.duty, world.time)


@pytest.mark.parametrize("mode", ["drill", "live"])
def test_what_could_be_taken_for_the_other_is_held_at_the_threshold(world: World, mode: str) -> None:
    incident = world.opens(mode=mode)
    lead = world.person(LEAD)
    before = len([m for m in world.sms.sent if m.to == lead.phone])
    words = {"drill": "Vu viec DT10: moi d/c den ngay", "live": "Vu viec 10: xem tin ve buoi dien tap"}[mode]
    with world.store.writing() as session:
        row = session.get_one(Incident, incident.incident_id)
        text = wording.Sms(words, "GSM-7", 1)
        direct.send(session, world.desk, row, lead, "task", text, world.time)
    world.deliver()
    assert len([m for m in world.sms.sent if m.to == lead.phone]) == before
    why = {"drill": "drill_mark_missing", "live": "drill_mark_in_live"}[mode]
    with world.store.reading() as session:
        row = session.scalars(select(Message).where(Message.body == words)).one()
        assert (row.status, row.error, row.attempts) == ("validation-failed", why, 0)
        alarms = [(t.kind, t.amount) for t in troubles(session, world.time, calls_back=False)]
    assert ("refused", 1) in alarms  # the operators' banner
    (refused,) = entries(world, incident, "message_refused")
    assert (refused["why"], refused["people"], refused["channel"]) == (why, [lead.id], "sms")
    assert world.verify(incident).ok


@pytest.mark.parametrize("name", ["title", "short_name", "summary", "source"])
def test_a_real_incident_is_not_named_like_a_drill(world: World, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        world.opens(**{name: "Tin buổi diễn tập"})
    assert list(refused.value.errors) == [name]
    assert world.sms.sent == []
    assert drilled(world, **{name: "Tin buổi diễn tập"}).number == "DT-10/2026"


def test_the_same_step_told_again_is_still_marked(world: World) -> None:
    """Words that went to a phone before get their hour behind them: before the mark, not after it."""
    incident = drilled(world)
    lead = world.person(LEAD)
    with world.store.writing() as session:
        row = session.get_one(Incident, incident.incident_id)
        for _ in range(2):
            text = direct.text_to(session, world.desk, row, lead, "reopened", at="02h00")
            direct.send(session, world.desk, row, lead, "task", text, world.time)
            session.flush()
    world.deliver()
    bodies = sorted((m.body for m in world.sms.sent if "mo lai luc" in m.body), key=len)
    assert len(bodies) == 2
    assert all(fault(True, "", body) == "" for body in bodies)
    assert bodies[1].endswith("ngay 22/11/2026). DIEN TAP")


def test_one_in_a_drill_and_in_the_real_thing_is_asked_which_as_in_the_real_thing(world: World) -> None:
    """A text that names a real incident is no drill's."""
    drilled(world)
    world.opens(key="real", short_name="bai tren Cong")
    phone = world.phone(SECRETARY).has_read_all()
    phone.replies("OK").expects_sms("dang co 2 vu viec: 11", "DT10")
    assert "DIEN TAP" not in phone.messages()[-1].body
    assert world.actor(SECRETARY, Role.MEMBER).person_id == phone.person.id


def test_a_live_text_is_plain(world: World) -> None:
    incident = world.opens()
    world.fast_forward(30)
    for phone in [world.phone(post) for post in TASK_FORCE]:
        phone.has_read_all()
    assert not [m for m in (*world.sms.sent, *world.mail.sent) if fault(False, m.subject, m.body)]
    assert "message_refused" not in world.kinds(incident)
