"""The course of an incident: texts returned, forms sent twice, shifts changing, names masked, levels and deadlines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from incident.domain.actors import Role
from incident.domain.errors import Conflict, Forbidden, Invalid, Refusal
from incident.response import course, statement, task
from incident.response.open import Opening, open_incident
from incident.response.preview import preview
from incident.store.tables import Approval, Incident, Message, Revision
from tests.stories.test_everyone_answers import TASK_FORCE, TEXT
from tests.stories.world import World

WRITER = "so_vhttdl_chuyen_vien_bao_chi"
LEAD = "pho_chu_tich_phu_trach"
SPOKESPERSON = "nguoi_phat_ngon"
POSTER = "cong_ttdt_truc"


def quiet(world: World) -> None:
    for phone in world.phones.values():
        phone.has_read_all()


def called_up(world: World, **more: object):  # type: ignore[no-untyped-def]
    """An incident whose task force has answered."""
    incident = world.opens(**more)  # type: ignore[arg-type]
    for post in TASK_FORCE:
        world.phone(post).has_read_all().replies("OK").has_read_all()
    return incident


def test_the_text_is_returned_twice(world: World) -> None:
    incident = called_up(world)
    world.drafts(incident, TEXT, WRITER)
    world.approves(incident, SPOKESPERSON)
    world.returns(incident, LEAD, "nêu rõ giờ kiểm tra")
    assert world.statement(incident).state == "returned"
    assert world.step(incident, "du_thao_1") == "active"
    world.drafts(incident, TEXT + "\nKiểm tra lúc 02 giờ 20 phút.\n", WRITER)
    # The approval of the first revision counts for nothing now.
    with pytest.raises(Forbidden):
        world.approves(incident, LEAD)
    world.returns(incident, SPOKESPERSON, "bỏ câu cuối")
    world.drafts(incident, TEXT, WRITER)
    world.approves(incident, SPOKESPERSON)
    with pytest.raises(Refusal):
        world.releases(incident, SPOKESPERSON, POSTER)
    world.approves(incident, LEAD)
    quiet(world)
    world.releases(incident, SPOKESPERSON, POSTER)
    view = world.statement(incident)
    assert [r.n for r in view.revisions] == [1, 2, 3]
    assert [r.voided_at is not None for r in view.revisions] == [True, True, False]
    assert view.releases[0].sha256 == view.revisions[-1].sha256
    with world.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Approval)) == 5
    returned = [e for e in world.view(incident).timeline if e.kind == "returned"]
    assert [e.free["reason"] for e in returned] == ["nêu rõ giờ kiểm tra", "bỏ câu cuối"]
    assert world.verify(incident).ok
    quiet(world)


def test_an_edit_voids_the_approvals(world: World) -> None:
    incident = called_up(world)
    world.drafts(incident, TEXT, WRITER)
    world.approves(incident, SPOKESPERSON)
    world.approves(incident, LEAD)
    current = world.statement(incident)
    writer = world.actor(WRITER, Role.SECRETARY)
    statement.edit(world.desk, current.id, TEXT + "\nThêm một câu.\n", current.version, writer, world.time)
    assert world.statement(incident).state == "drafting"
    with pytest.raises(Refusal):
        world.releases(incident, SPOKESPERSON, POSTER)
    assert {"approvals_voided", "edited"} <= set(world.kinds(incident))
    quiet(world)


def test_two_edit_at_once_and_neither_loses_a_word(world: World) -> None:
    incident = called_up(world)
    current = world.statement(incident)
    writer = world.actor(WRITER, Role.SECRETARY)
    statement.edit(world.desk, current.id, "Bản thứ nhất", current.version, writer, world.time)
    with pytest.raises(Conflict) as stale:
        statement.edit(world.desk, current.id, "Bản thứ hai", current.version, writer, world.time)
    assert stale.value.code == "stale"
    assert world.statement(incident).text == "Bản thứ nhất\n"
    quiet(world)


def test_who_drafted_may_not_approve(world: World) -> None:
    """The spokesperson who edits a text himself cannot approve it."""
    incident = called_up(world)
    current = world.statement(incident)
    speaker = world.actor(SPOKESPERSON, Role.SECRETARY, Role.APPROVER)
    statement.edit(world.desk, current.id, TEXT, current.version, speaker, world.time)
    statement.submit(world.desk, current.id, world.actor(WRITER, Role.SECRETARY), world.time)
    current = world.statement(incident)
    with pytest.raises(Forbidden):
        statement.approve(world.desk, current.id, current.revisions[-1].id, speaker, world.time)
    assert world.step(incident, "duyet_1") == "active"
    quiet(world)


def test_a_text_with_gaps_is_not_submitted(world: World) -> None:
    incident = called_up(world)
    current = world.statement(incident)
    with pytest.raises(Invalid) as gaps:
        statement.submit(world.desk, current.id, world.actor(WRITER, Role.SECRETARY), world.time)
    assert "«" in gaps.value.text
    quiet(world)


def test_a_release_is_recorded_as_it_was(world: World) -> None:
    """Not in the future, not before it was submitted; typed late is a deviation; further channels are added."""
    incident = called_up(world)
    world.drafts(incident, TEXT, WRITER)
    world.approves(incident, SPOKESPERSON)
    world.approves(incident, LEAD)
    current = world.statement(incident)
    speaker, poster = world.actor(SPOKESPERSON, Role.SPOKESPERSON), world.actor(POSTER, Role.MEMBER)
    with pytest.raises(Forbidden):
        statement.release(world.desk, current.id, poster, world.time)
    statement.release(world.desk, current.id, speaker, world.time)
    for wrong in (world.time + timedelta(minutes=1), world.time - timedelta(hours=1)):
        with pytest.raises(Invalid):
            statement.post(world.desk, current.id, poster, world.time, channel="cong_ttdt", released_at=wrong)
    released_at = world.time
    world.time += timedelta(minutes=25)
    statement.post(world.desk, current.id, poster, world.time, channel="cong_ttdt", released_at=released_at)
    statement.post(world.desk, current.id, poster, world.time, channel="bao_chi")
    with pytest.raises(Conflict):
        statement.post(world.desk, current.id, poster, world.time, channel="bao_chi")
    releases = world.statement(incident).releases
    assert {r.form for r in releases} == {"dang_cong", "thong_cao"}
    late = [e for e in world.view(incident).timeline if e.kind == "released"]
    assert late[0].data["typed_late_seconds"] == 1500
    assert world.deadline(incident, "ban_dau") == "met", "what counts is when it stood outside"
    quiet(world)


def test_a_correction_goes_the_whole_way_again(world: World) -> None:
    incident = called_up(world)
    world.drafts(incident, TEXT, WRITER)
    world.approves(incident, SPOKESPERSON)
    world.approves(incident, LEAD)
    world.releases(incident, SPOKESPERSON, POSTER)
    old = world.statement(incident)
    writer = world.actor(WRITER, Role.SECRETARY)
    world.time += timedelta(hours=1)
    new = statement.correct(world.desk, old.id, TEXT + "\nĐính chính giờ.\n", "sai giờ", writer, world.time)
    world.deliver()
    statement.submit(world.desk, new, writer, world.time)
    world.deliver()
    with pytest.raises(Refusal):
        world.releases(incident, SPOKESPERSON, POSTER)
    world.approves(incident, SPOKESPERSON)
    world.approves(incident, LEAD)
    world.releases(incident, SPOKESPERSON, POSTER)
    states = {s.id: s.state for s in world.view(incident).statements}
    assert (states[old.id], states[new]) == ("corrected", "released")
    quiet(world)


def test_the_form_is_sent_twice(world: World) -> None:
    first = world.opens()
    second = world.opens()
    assert (first.incident_id, first.created, second.created) == (second.incident_id, True, False)
    with pytest.raises(Conflict):
        world.opens(title="Một việc khác hẳn")
    with world.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Incident)) == 1
    assert len(world.phone(LEAD).messages()) == 1
    quiet(world)


def test_the_preview_says_what_will_be_sent(world: World) -> None:
    opening = Opening("Tin về hồ Suối Lạc", "tin-gia-dich-benh", 3, ("xa_suoi_lac",), topic="thien_tai")
    shown = preview(world.desk, opening, world.time)
    opened = open_incident(world.desk, opening, world.duty, world.time, scope="s", key="k")
    world.deliver()
    assert sorted(p.phone for p in shown.people if p.sms) == sorted(m.to for m in world.sms.sent)
    assert set(shown.texts) == {m.body for m in world.sms.sent}
    assert shown.sms == len(world.sms.sent)
    assert shown.emails == len(world.mail.sent)
    assert shown.cost == shown.sms_parts * 850
    assert any("10 phút" in line and "thay" in line for line in shown.next)
    assert shown.code == opened.code


def test_the_machine_was_off_three_hours(world: World) -> None:
    incident = world.opens()
    lead = world.phone(LEAD).has_read_all()
    stand_in = world.phone("giam_doc_so_vhttdl")
    world.outage(180)
    stand_in.expects_sms("thay d/c")
    world.phone("on_duty").has_read_all()
    assert world.phone("on_duty").messages(), "the rung that fell due in the dark still reached its people"
    assert world.deadline(incident, "ban_dau") == "missed"
    lead.replies("OK 10").has_read_all()
    assert world.member(incident, LEAD).state in ("accepted", "replaced")
    quiet(world)


def test_a_victims_name_is_masked_and_the_chain_still_verifies(world: World) -> None:
    incident = world.opens()
    seq = course.add_note(
        world.desk, incident.incident_id, "Người nhà bà Nguyễn Thị Vô Danh gọi đến", world.duty, world.time
    )
    other = world.actor(WRITER, Role.SECRETARY)
    with pytest.raises(Refusal):
        course.mask(world.desk, incident.incident_id, seq, "text", "tên nạn nhân", world.duty, world.time)
    course.mask(world.desk, incident.incident_id, seq, "text", "tên nạn nhân", other, world.time)
    view = world.view(incident)
    entry = next(e for e in view.timeline if e.seq == seq)
    assert entry.free["text"].startswith("[đã che")
    assert "Vô Danh" not in str(view.timeline)
    assert world.verify(incident).ok
    quiet(world)


def test_the_level_is_raised(world: World) -> None:
    incident = world.opens(level=1)
    world.phone(LEAD).hears_nothing()
    course.change_level(world.desk, incident.incident_id, 3, "lan ra nhiều tỉnh", world.duty, world.time)
    world.deliver()
    world.phone(LEAD).expects_sms("vu viec 10")
    assert world.step(incident, "lap_to") == "active"
    with pytest.raises(Invalid):
        course.change_level(world.desk, incident.incident_id, 9, "sai", world.duty, world.time)
    quiet(world)


def test_the_24_hours_of_the_law(world: World) -> None:
    """k3 counts from accepted_at, k4 from assessed_at; the clock without its start says so; old incidents keep old law."""
    incident = world.opens()
    assert world.deadline(incident, "phap_ly") == "not_applicable"
    course.change_facts(
        world.desk, incident.incident_id, {"kinds": ["k3"]}, "thuộc k3", world.duty, world.time
    )
    assert world.deadline(incident, "phap_ly") == "no_anchor"
    accepted = world.time - timedelta(hours=1)
    course.change_facts(
        world.desk, incident.incident_id, {"accepted_at": accepted}, "sổ trực", world.duty, world.time
    )
    law = next(d for d in world.view(incident).deadlines if d.id == "phap_ly")
    assert law.due == accepted + timedelta(hours=24)
    assert "244/2026" in law.basis
    assert law.law
    world.fast_forward(60 * 12)
    assert world.deadline(incident, "phap_ly") == "warned"
    world.fast_forward(60 * 12)
    assert world.deadline(incident, "phap_ly") == "missed"
    old = world.opens(
        key="old", title="Việc tháng sáu", short_name="viec thang sau",
        occurred_at=datetime(2026, 6, 30, 10, 0, tzinfo=UTC),
    )  # fmt: skip
    past = next(d for d in world.view(old).deadlines if d.id == "phap_ly")
    assert "09/2017" in past.basis
    assert past.due == datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
    assert past.state == "missed"
    assert world.kinds(old).count("deadline_missed") == 1
    quiet(world)


def test_every_text_that_was_submitted_is_kept(world: World) -> None:
    incident = called_up(world)
    world.drafts(incident, TEXT, WRITER)
    world.returns(incident, SPOKESPERSON, "sửa")
    world.drafts(incident, TEXT + "\nThêm.\n", WRITER)
    world.fast_forward(200)
    world.closes(incident)
    with world.store.reading() as session:
        revisions = session.scalar(select(func.count()).select_from(Revision))
    log = world.run_log(incident.incident_id)
    assert revisions == sum(type(event).__name__ == "Submitted" for event, _ in log) == 2
    quiet(world)


def test_closing_stops_what_has_not_left(world: World) -> None:
    incident = world.opens()
    world.phone(LEAD).has_read_all()
    world.closes(incident, "opened_by_mistake")
    world.phone(LEAD).expects_sms("Kinh mong d/c thong cam", "gui nham")
    assert world.view(incident).status == "cancelled"
    world.fast_forward(240)
    world.phone(LEAD).hears_nothing()
    course.reopen(world.desk, incident.incident_id, "không phải nhầm", world.duty, world.time)
    assert world.view(incident).status == "open"
    assert world.step(incident, "xac_minh") in ("active", "stuck")
    with world.store.reading() as session:
        left = session.scalar(
            select(func.count()).select_from(Message).where(Message.status.in_(("sending", "unknown")))
        )
    assert left == 0
    quiet(world)


def test_a_token_and_a_member_may_not_command(world: World) -> None:
    from incident.domain.actors import Actor

    incident = world.opens()
    member = world.actor(POSTER, Role.MEMBER)
    token = Actor("token", "t", "máy", frozenset({Role.DUTY_OFFICER}))
    for actor in (member, Actor("token", "t", "máy", frozenset({Role.OBSERVER}))):
        with pytest.raises(Forbidden):
            course.change_level(world.desk, incident.incident_id, 2, "lý do", actor, world.time)
    with pytest.raises(Refusal):
        statement.approve(world.desk, world_statement(world, incident), "x", token, world.time)
    task.complete(world.desk, incident.incident_id, "xin_y_kien", token, world.time, answer="da_bao_cao")
    assert world.step(incident, "xin_y_kien") == "done"
    quiet(world)


def world_statement(world: World, incident) -> str:  # type: ignore[no-untyped-def]
    for post in ("so_nnmt_thuy_loi", SPOKESPERSON):
        world.phone(post).has_read_all().replies("OK").has_read_all()
    return world.statement(incident).id
