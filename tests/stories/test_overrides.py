"""What a person decides against the playbook, each with a reason, each on the record: skipped, done again, added, given
to another, let go unapproved."""

from __future__ import annotations

from datetime import timedelta

import pytest

from incident.domain.actors import Actor, Role
from incident.domain.errors import Conflict, Forbidden, Invalid, NotFound
from incident.report.build import build
from incident.report.layout import blocks
from incident.response import course, statement, task
from incident.response.foresight import foresee
from playbooks.signals import LevelChanged, Redone, Skipped
from tests.stories.test_course import LEAD, POSTER, SPOKESPERSON, WRITER, called_up, quiet
from tests.stories.test_everyone_answers import TEXT
from tests.stories.world import World

DEPUTY = "so_vhttdl_pho_phong"
EXPERT = "so_nnmt_thuy_loi"


def head(world: World) -> Actor:
    return world.actor(LEAD, Role.APPROVER)


def test_the_head_lets_a_text_go_unapproved_and_the_text_says_so(world: World) -> None:
    incident = called_up(world)
    world.drafts(incident, TEXT, WRITER)
    skip = (world.desk, incident.incident_id, "duyet_1", "mất liên lạc với người duyệt")
    for other in (
        world.duty,
        world.actor(SPOKESPERSON, Role.APPROVER),
        Actor("token", "t", "máy", frozenset({Role.APPROVER})),
    ):
        with pytest.raises(Forbidden):
            task.skip(*skip, other, world.time)
    with pytest.raises(Invalid):
        task.skip(world.desk, incident.incident_id, "duyet_1", " ", head(world), world.time)
    task.skip(*skip, head(world), world.time)
    world.deliver()
    text = world.statement(incident)
    assert (text.state, text.unapproved) == ("approved", True)
    assert world.step(incident, "duyet_1") == "skipped"
    quiet(world)
    world.releases(incident, SPOKESPERSON, POSTER)
    text = world.statement(incident)
    assert (text.state, text.unapproved) == ("released", True)
    entry = next(e for e in world.view(incident).timeline if e.kind == "approval_skipped")
    assert "CHƯA DUYỆT" in entry.text
    assert "mất liên lạc" in entry.text
    report = build(world.view(incident), "ban-gui", world.time)
    (line,) = (s for s in report.statements if s.title == text.title)
    assert "chưa duyệt" in line.state
    assert line.revisions[-1].unapproved
    assert not line.releases[0].as_approved
    assert any(d.kind == "approval_skipped" for d in report.deviations)
    assert "CHƯA DUYỆT. Bản 1" in str(blocks(report, None))
    assert world.verify(incident).ok
    quiet(world)


def test_an_edit_takes_the_leave_to_go_unapproved_away(world: World) -> None:
    incident = called_up(world)
    world.drafts(incident, TEXT, WRITER)
    task.skip(world.desk, incident.incident_id, "duyet_1", "gấp", head(world), world.time)
    world.deliver()
    world.drafts(incident, TEXT + "\nThêm một câu.\n", WRITER)
    assert world.statement(incident).state == "submitted"
    assert world.step(incident, "duyet_1") == "active"
    with pytest.raises(Conflict):
        world.releases(incident, SPOKESPERSON, POSTER)
    quiet(world)


def test_nothing_is_let_go_before_it_is_submitted_nor_by_who_wrote_it(world: World) -> None:
    incident = called_up(world)
    with pytest.raises(Conflict) as none:
        task.skip(world.desk, incident.incident_id, "duyet_1", "gấp", head(world), world.time)
    assert none.value.code == "not_submitted"
    current = world.statement(incident)
    writes = world.actor(LEAD, Role.APPROVER, Role.SECRETARY)
    statement.edit(world.desk, current.id, TEXT, current.version, writes, world.time)
    statement.submit(world.desk, current.id, world.actor(WRITER, Role.SECRETARY), world.time)
    with pytest.raises(Forbidden):
        task.skip(world.desk, incident.incident_id, "duyet_1", "gấp", writes, world.time)
    quiet(world)


def test_a_draft_done_again_is_written_and_approved_again(world: World) -> None:
    incident = called_up(world)
    world.drafts(incident, TEXT, WRITER)
    world.approves(incident, SPOKESPERSON)
    world.approves(incident, LEAD)
    task.redo(world.desk, incident.incident_id, "du_thao_1", "sai mốc giờ", world.duty, world.time)
    world.deliver()
    text = world.statement(incident)
    assert (text.state, text.revisions[-1].voided_at) == ("drafting", world.time)
    world.drafts(incident, TEXT + "\nĐã sửa giờ.\n", WRITER)
    assert world.statement(incident).state == "submitted"
    world.approves(incident, SPOKESPERSON)
    world.approves(incident, LEAD)
    task.redo(world.desk, incident.incident_id, "duyet_1", "duyệt lại cho chắc", world.duty, world.time)
    world.deliver()
    assert world.statement(incident).state == "submitted", (
        "a text whose approval is asked anew is not approved"
    )
    world.approves(incident, SPOKESPERSON)
    world.approves(incident, LEAD)
    quiet(world)
    world.releases(incident, SPOKESPERSON, POSTER)
    for step in ("du_thao_1", "duyet_1"):
        with pytest.raises(Conflict):
            task.redo(world.desk, incident.incident_id, step, "làm lại", world.duty, world.time)
    quiet(world)


def test_a_task_is_added_once_and_its_person_told(world: World) -> None:
    incident = called_up(world)
    deputy = world.phone(DEPUTY).has_read_all()
    add = (
        world.desk,
        incident.incident_id,
        "Gọi cho <b>trưởng thôn</b> 😀",
        deputy.person.id,
        "đ/c Tổ trưởng giao",
    )
    due = world.time + timedelta(minutes=20)
    step = task.add(*add, world.duty, world.time, due=due, key="form-1-key")
    assert task.add(*add, world.duty, world.time, due=due, key="form-1-key") == step
    deputy.expects_sms("moi d/c thuc hien viec", "02h20").hears_nothing()
    (shown,) = (s for s in world.view(incident).steps if s.added)
    assert (shown.title, shown.state, shown.person_ids) == (
        "Gọi cho <b>trưởng thôn</b> 😀",
        "active",
        (deputy.person.id,),
    )
    line = next(e.text for e in world.view(incident).timeline if e.kind == "step_added")
    assert "trưởng thôn" in line
    assert "Tổ trưởng giao" in line
    assert "02h20" in line
    task.complete(world.desk, incident.incident_id, step, world.actor(DEPUTY, Role.MEMBER), world.time)
    assert world.step(incident, step) == "done"
    with pytest.raises(Invalid):
        task.add(
            world.desk, incident.incident_id, "x" * 10_000, deputy.person.id, "lý do", world.duty, world.time
        )
    with pytest.raises(Invalid):
        task.add(*add, world.duty, world.time, due=world.time - timedelta(minutes=1))
    with pytest.raises(NotFound):
        task.add(world.desk, incident.incident_id, "Việc", "khong-co", "lý do", world.duty, world.time)
    with pytest.raises(Forbidden):
        task.add(*add, world.actor(POSTER, Role.MEMBER), world.time)
    assert world.verify(incident).ok
    quiet(world)


def test_a_step_goes_to_somebody_else(world: World) -> None:
    incident = called_up(world)
    quiet(world)
    expert, deputy = world.phone(EXPERT), world.phone(DEPUTY)
    give = (world.desk, incident.incident_id, "xac_minh", deputy.person.id)
    with pytest.raises(Invalid):
        task.reassign(*give, "", world.duty, world.time)
    with pytest.raises(Forbidden):
        task.reassign(*give, "lý do", world.actor(POSTER, Role.MEMBER), world.time)
    assert deputy.name in task.reassign(*give, "chuyên viên đi hiện trường", world.duty, world.time)
    deputy.expects_sms("Vu viec 10", "moi d/c thuc hien viec")
    expert.hears_nothing()
    with pytest.raises(Conflict):
        task.reassign(*give, "lần nữa", world.duty, world.time)
    with pytest.raises(Forbidden):
        task.complete(
            world.desk, incident.incident_id, "xac_minh", world.actor(EXPERT), world.time, answer="sai"
        )
    world.answers(incident, "xac_minh", "sai", DEPUTY)
    assert world.step(incident, "xac_minh") == "done"
    line = next(e.text for e in world.view(incident).timeline if e.kind == "reassigned")
    assert deputy.name in line
    assert "đi hiện trường" in line
    with pytest.raises(Conflict):
        task.reassign(*give, "đã xong rồi", world.duty, world.time)
    quiet(world)


def test_what_an_override_would_come_to_is_what_comes(world: World) -> None:
    """The page's promise, against the phones: as many SMS as it says, to the people it names."""
    incident = world.opens(level=1)
    quiet(world)
    what = foresee(world.desk, incident.incident_id, [Skipped("xac_minh", "")], world.time)
    assert world.phone(EXPERT).name in str(what.freed)
    before = len(world.sms.sent)
    what = foresee(world.desk, incident.incident_id, [LevelChanged(3)], world.time)
    assert what.sms
    course.change_level(world.desk, incident.incident_id, 3, "lan rộng", world.duty, world.time)
    world.deliver()
    assert len(world.sms.sent) - before == what.sms
    assert foresee(world.desk, incident.incident_id, [Redone("cong_bo_1", "")], world.time).told == ()
    quiet(world)
