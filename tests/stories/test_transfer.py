"""Chuyển cơ quan khác chủ trì: another body has the lead, what was kept goes on, the clock of the law says whose it is, and
the lead can come back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from incident.domain.actors import Role
from incident.domain.errors import Conflict, Forbidden, Invalid
from incident.report.build import build
from incident.report.cards import gather_list
from incident.report.layout import blocks
from incident.response import course, statement, transferring
from incident.response.transferring import Transfer
from tests.stories.test_course import LEAD, POSTER, SPOKESPERSON, WRITER, called_up, quiet
from tests.stories.test_everyone_answers import TASK_FORCE, TEXT
from tests.stories.world import World

POLICE = Transfer("Bộ Công an", paper="123/BCA-VP", keep=("luu_bang_chung",))


def approved(world: World):  # type: ignore[no-untyped-def]
    """The law's clock runs, a text is approved and waits for its release."""
    incident = called_up(world)
    course.change_facts(
        world.desk,
        incident.incident_id,
        {"kinds": ["k3"], "accepted_at": world.time},
        "thuộc k3",
        world.duty,
        world.time,
    )
    world.drafts(incident, TEXT, WRITER)
    world.approves(incident, SPOKESPERSON)
    world.approves(incident, LEAD)
    assert world.step(incident, "cong_bo_1") == "active"
    for post in TASK_FORCE:
        world.phone(post).has_read_all()
    return incident


def handed(world: World, incident, what: Transfer = POLICE) -> int:  # type: ignore[no-untyped-def]
    told = transferring.transfer(
        world.desk, incident.incident_id, what, "vụ án đã khởi tố", world.duty, world.time
    )
    world.deliver()
    return told


def test_a_waiting_release_is_withdrawn_and_everybody_hears_who_has_the_lead(world: World) -> None:
    incident = approved(world)
    world.fast_forward(10)
    quiet(world)
    before = len(world.sms.sent)
    told = handed(world, incident)
    assert len({m.to for m in world.sms.sent[before:]}) == len(world.sms.sent[before:]) == told
    world.phone(LEAD).expects_sms(
        "tu 02h10 Bo Cong an chu tri phat ngon", "khong phat ngon", "chuyen cau hoi"
    ).hears_nothing()
    world.phone(WRITER).expects_sms("tu 02h10 Bo Cong an", "Viec cua d/c van tiep tuc").hears_nothing()
    assert (world.step(incident, "cong_bo_1"), world.step(incident, "luu_bang_chung")) == (
        "cancelled",
        "active",
    )
    with pytest.raises(Conflict) as theirs:
        world.releases(incident, SPOKESPERSON, POSTER)
    assert "Bộ Công an" in theirs.value.text
    current = world.statement(incident)
    with pytest.raises(Conflict):
        statement.edit(
            world.desk, current.id, "sửa", current.version, world.actor(WRITER, Role.SECRETARY), world.time
        )
    view = world.view(incident)
    assert view.handed is not None
    assert (view.status, view.handed.to, view.handed.paper) == ("open", "Bộ Công an", "123/BCA-VP")
    line = next(e.text for e in view.timeline if e.kind == "handed_over")
    for words in ("Bộ Công an", "123/BCA-VP", "Chụp màn hình", "đã khởi tố"):
        assert words in line
    assert "publish_withdrawn" in world.kinds(incident)
    quiet(world)
    world.fast_forward(60 * 8)
    assert not [m for m in world.phone(LEAD).unread() if "qua han" in m.body and "cong bo" in m.body]
    assert world.verify(incident).ok
    quiet(world)


def test_the_clock_of_the_law_is_neither_met_nor_missed_but_says_when_it_went(world: World) -> None:
    incident = approved(world)
    world.fast_forward(60)
    at = world.time - timedelta(minutes=15)
    handed(world, incident, Transfer("Bộ Công an", at=at))
    assert world.deadline(incident, "phap_ly") == "handed"
    world.fast_forward(60 * 30)
    law = next(d for d in world.view(incident).deadlines if d.id == "phap_ly")
    assert (law.state, law.handed_at, law.met_at, law.missed_at) == ("handed", at, None, None)
    assert "deadline_missed" not in [
        e.kind for e in world.view(incident).timeline if e.data.get("deadline") == "phap_ly"
    ]
    assert world.deadline(incident, "ban_dau") == "missed", "what had fallen before stays missed"
    report = build(world.view(incident), "ban-gui", world.time)
    (line,) = (d for d in report.deadlines if d.law)
    assert "Đã chuyển cơ quan khác lúc 22/11/2026 02:45" in line.state
    assert any(fact.label == "Cơ quan chủ trì" and "Bộ Công an" in fact.value for fact in report.cover)
    assert "Thời hạn theo luật chuyển cùng cơ quan chủ trì" in " ".join(report.summary)
    assert "chuyển cơ quan khác" in str(blocks(report, None))
    with world.store.reading() as session:
        (card,) = gather_list(session, world.time, only=incident.incident_id)
    assert (card.handed_to, card.next_deadline) == ("Bộ Công an", None)
    transferring.take_back(world.desk, incident.incident_id, "Bộ giao lại tỉnh", world.duty, world.time)
    world.deliver()
    law = next(d for d in world.view(incident).deadlines if d.id == "phap_ly")
    assert (law.state, law.missed_at) == ("missed", law.due), "what fell meanwhile is missed, and said to be"
    assert {"deadline_handed_over", "deadline_taken_back", "deadline_missed"} <= set(world.kinds(incident))
    quiet(world)


def test_a_kept_release_keeps_its_clock(world: World) -> None:
    incident = approved(world)
    handed(world, incident, Transfer("Bộ Công an", keep=("cong_bo_1",)))
    assert world.deadline(incident, "phap_ly") == "running"
    quiet(world)
    world.releases(incident, SPOKESPERSON, POSTER)
    assert world.deadline(incident, "phap_ly") == "met"
    quiet(world)


def test_the_lead_comes_back_and_the_release_goes_on(world: World) -> None:
    incident = approved(world)
    handed(world, incident)
    with pytest.raises(Conflict):
        handed(world, incident)
    quiet(world)
    world.time += timedelta(minutes=30)
    with pytest.raises(Invalid):
        transferring.take_back(world.desk, incident.incident_id, " ", world.duty, world.time)
    transferring.take_back(world.desk, incident.incident_id, "Bộ giao lại tỉnh", world.duty, world.time)
    world.deliver()
    assert world.view(incident).handed is None
    assert world.step(incident, "cong_bo_1") == "active"
    assert world.deadline(incident, "phap_ly") == "running"
    with pytest.raises(Conflict):
        transferring.take_back(world.desk, incident.incident_id, "lần nữa", world.duty, world.time)
    quiet(world)
    world.releases(incident, SPOKESPERSON, POSTER)
    assert world.statement(incident).state == "released"
    assert world.deadline(incident, "phap_ly") == "met"
    assert world.verify(incident).ok
    quiet(world)


def test_closing_as_handed_over_leads_here_and_tells_nobody_twice(world: World) -> None:
    incident = approved(world)
    with pytest.raises(Invalid) as first:
        course.close(world.desk, incident.incident_id, "handed_over", "đã chuyển", world.duty, world.time)
    assert first.value.code == "not_handed_over"
    handed(world, incident)
    quiet(world)
    world.closes(incident, "handed_over")
    world.phone(LEAD).hears_nothing()
    world.phone(WRITER).expects_sms("Bo Cong an chu tri phat ngon")
    assert world.view(incident).outcome == "handed_over"
    course.reopen(world.desk, incident.incident_id, "theo dõi tiếp", world.duty, world.time)
    world.deliver()
    assert world.step(incident, "luu_bang_chung") == "active"
    assert world.step(incident, "cong_bo_1") == "cancelled", "what the other body has stays with it"
    quiet(world)


def test_to_a_unit_of_the_directory_with_what_is_wrong_named(world: World) -> None:
    incident = called_up(world)
    quiet(world)
    now, desk, id = world.time, world.desk, incident.incident_id
    for what, field in (
        (Transfer(), "to"),
        (Transfer(unit="khong_co"), "unit"),
        (Transfer("Bộ Công an", at=now + timedelta(hours=1)), "at"),
        (Transfer("Bộ Công an", at=now - timedelta(days=1)), "at"),
        (Transfer("Bộ Công an", keep=("khong_co",)), "keep"),
        (Transfer("x" * 10_000), "to"),
        (Transfer("Bộ Công an", short="x" * 21), "short_name"),
        (Transfer("Bộ Công an", paper="x" * 121), "paper"),
    ):
        with pytest.raises(Invalid) as invalid:
            transferring.transfer(desk, id, what, "lý do", world.duty, now)
        assert field in invalid.value.errors
    with pytest.raises(Forbidden):
        transferring.transfer(desk, id, POLICE, "lý do", world.actor(POSTER, Role.MEMBER), now)
    transferring.transfer(
        desk, id, Transfer(unit="so_vhttdl"), "thuộc Sở", world.actor(LEAD, Role.APPROVER), now
    )
    world.deliver()
    handed = world.view(incident).handed
    assert handed is not None
    assert "Sở Văn hóa" in handed.to
    assert all(len(m.body) <= 160 for m in world.sms.sent)
    quiet(world)
