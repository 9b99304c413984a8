"""Two officers opened the same rumour. One of the two incidents becomes part of the other: nobody who has answered is asked
again, everybody is told once, and the old code goes on counting."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from incident.domain.actors import Actor, Role
from incident.domain.errors import Conflict, Forbidden, Invalid
from incident.report.build import build
from incident.report.layout import blocks
from incident.response import answer, course, inbox, merging, press, statement, stopping, transferring
from incident.response.open import KeyUsed, Opened
from incident.store.tables import Inbound, Incident, Message, Request
from tests.stories.test_course import LEAD, POSTER, SPOKESPERSON, WRITER, quiet
from tests.stories.test_everyone_answers import TASK_FORCE, TEXT
from tests.stories.world import World

EXPERT = "so_nnmt_thuy_loi"
DEPUTY = "so_vhttdl_pho_phong"


def two(world: World, **second: object) -> tuple[Opened, Opened]:
    """10, where the head and the expert have answered; 11, the same rumour, where nobody has."""
    old = world.opens()
    for post in TASK_FORCE:
        world.phone(post)
    for post in (LEAD, EXPERT):
        world.phone(post).has_read_all().replies("OK 10")
    new = world.opens(key="two", title="Hồ Suối Lạc nứt", short_name="ho Suoi Lac nut", **second)
    quiet(world)
    return old, new


def merged(world: World, old: Opened, new: Opened, **how: str) -> merging.Merged:
    done = merging.merge(
        world.desk, old.incident_id, new.incident_id, "cùng một tin đồn", world.duty, world.time, **how
    )
    world.deliver()
    return done


def test_answers_go_along_and_everybody_is_told_once(world: World) -> None:
    old, new = two(world)
    assert (old.code, new.code) == ("10", "11")
    before = len(world.sms.sent)
    assert merged(world, old, new).done
    told = [m.to for m in world.sms.sent[before:]]
    assert len(told) == len(set(told)), "one message each, also to who was in both"
    for post in (LEAD, EXPERT):
        assert world.member(new, post).state == "accepted"
        world.phone(post).expects_sms(
            "Vu viec 10 da nhap vao vu viec 11", "khong phai tra loi lai"
        ).hears_nothing()
    for post in (SPOKESPERSON, WRITER, POSTER):
        assert world.member(new, post).state == "asked"
        world.phone(post).expects_sms("10 da nhap vao", "OK 11").hears_nothing()
    view = world.view(old)
    assert (view.status, view.outcome, view.merged_into.code) == ("closed", "duplicate", "11")
    (line,) = (e for e in view.timeline if e.kind == "merged_into")
    assert new.number in line.text
    (line,) = (e for e in world.view(new).timeline if e.kind == "merged_in")
    assert old.number in line.text
    assert line.data["head"] == view.chain_hash, "the survivor's timeline holds the last hash of the other's"
    assert world.verify(old).ok
    assert world.verify(new).ok
    report = build(world.view(new), "noi-bo", world.time)
    assert [len(other.timeline) for other in report.merged] == [view.chain_seq]
    assert "Nhật ký của vụ việc VV-10/2026" in str(blocks(report, None))
    world.phone(SPOKESPERSON).replies("OK").has_read_all()
    assert world.member(new, SPOKESPERSON).state == "accepted", "a bare word is clear again"
    quiet(world)
    world.fast_forward(30)
    assert not [
        p for p in (LEAD, EXPERT) if [m for m in world.phone(p).unread() if "chua nhan duoc" in m.body]
    ]
    quiet(world)


def test_the_old_code_the_old_link_and_an_unclear_reply_count_for_the_survivor(world: World) -> None:
    old, new = two(world)
    poster, speaker = world.phone(POSTER), world.phone(SPOKESPERSON)
    speaker.replies("de toi xem lai da 10").has_read_all()
    merged(world, old, new)
    quiet(world)
    poster.replies("OK 10").expects_sms("nhan viec 11")
    assert (world.member(new, POSTER).state, world.member(new, POSTER).via) == ("accepted", "sms")
    with world.store.reading() as session:
        (waiting,) = session.scalars(select(Inbound).where(Inbound.state == "review"))
    assert waiting.incident_id == new.incident_id
    inbox.decide_reply(world.desk, waiting.id, "accept", None, world.duty, world.time)
    assert world.member(new, SPOKESPERSON).state == "accepted"
    link = answer.read_link(world.desk, _room_token(world, LEAD), world.time)
    assert link is not None
    assert (link.code, link.incident_id) == ("11", new.incident_id)
    assert world.verify(old).ok
    assert world.verify(new).ok
    quiet(world)


def _room_token(world: World, post: str) -> str:
    """Of the link that answered the reply to incident 10."""
    sms = next(m.body for m in world.phone(post).messages() if "nhan viec 10" in m.body)
    return sms.split("/a/")[1].split(" ")[0]


def test_who_was_called_in_the_old_one_only_takes_part_in_the_survivor(world: World) -> None:
    """The survivor is of another field: its expert is another person."""
    old, new = two(world, topic="dich_benh")
    expert = world.person(EXPERT)
    assert expert.id not in {m.person_id for m in world.view(new).task_force}
    merged(world, old, new)
    member = world.member(new, EXPERT)
    assert (member.state, member.role_title, member.via) == ("accepted", "Mời thêm", "sms")
    world.phone(EXPERT).expects_sms("10 da nhap vao vu viec 11", "khong phai tra loi lai").hears_nothing()
    with world.store.reading() as session:
        kinds = set(session.scalars(select(Message.kind).where(Message.person_id == expert.id)))
        assert kinds - {"task"} == {"summon", "reply", "merged"}
        assert not session.scalars(
            select(Request).where(Request.incident_id == old.incident_id, Request.state == "asked")
        ).all()
    quiet(world)


def test_what_was_being_written_goes_along_as_a_draft_and_no_approval_does(world: World) -> None:
    old, new = two(world)
    for post in TASK_FORCE:
        world.phone(post).has_read_all().replies("OK 10")
    world.drafts(old, TEXT, WRITER)
    world.approves(old, SPOKESPERSON)
    for post in (WRITER, SPOKESPERSON, POSTER):
        world.phone(post).has_read_all().replies("OK 11")
    quiet(world)
    merged(world, old, new)
    world.fast_forward(1)
    text = world.statement(new)
    assert (text.state, text.text.strip(), text.revisions) == ("drafting", TEXT.strip(), ())
    quiet(world)
    writer = world.actor(WRITER, Role.SECRETARY)
    statement.submit(world.desk, text.id, writer, world.time)
    assert world.statement(new).revisions[-1].approvals == ()
    assert world.step(new, "duyet_1") == "active"
    with pytest.raises(Conflict):
        statement.edit(world.desk, world.statement(old).id, "sửa", 9, writer, world.time)
    quiet(world)


def test_a_draft_beside_one_that_is_being_written_stands_as_a_second_one(world: World) -> None:
    old, new = two(world)
    for post in TASK_FORCE:
        world.phone(post).has_read_all().replies("OK 10").replies("OK 11").has_read_all()
    writer = world.actor(WRITER, Role.SECRETARY)
    for incident, words in ((old, "Bản của vụ 10"), (new, "Bản của vụ 11")):
        current = world.statement(incident)
        statement.edit(world.desk, current.id, words, current.version, writer, world.time)
    merged(world, old, new)
    texts = [s for s in world.view(new).statements if s.step == "du_thao_1"]
    assert {t.text.strip() for t in texts} == {"Bản của vụ 10", "Bản của vụ 11"}
    other = next(t for t in texts if t.text.strip() == "Bản của vụ 10")
    assert "(từ vụ việc 10)" in other.title
    step = next(s for s in world.view(new).steps if s.id == "du_thao_1")
    assert step.statement_id != other.id, "the room still leads to the survivor's own"
    statement.submit(world.desk, other.id, writer, world.time)
    step = next(s for s in world.view(new).steps if s.id == "duyet_1")
    assert step.statement_id == other.id, "what is submitted is what the room leads to"
    quiet(world)


def test_questions_of_the_press_and_communes_go_along(world: World) -> None:
    old, new = two(world, area=("xa_suoi_lac",))
    asked = press.Question("form-press-1", "Báo Mẫu", "Hồ có vỡ không?", "Trần Thử", "0912345678")
    id = press.ask(world.desk, old.incident_id, asked, world.duty, world.time)
    press.ask(
        world.desk,
        new.incident_id,
        press.Question("form-press-2", "Đài Mẫu", "Ai phát ngôn?"),
        world.duty,
        world.time,
    )
    merged(world, old, new)
    first, second = world.view(new).press
    assert (first.n, second.n, second.id) == (1, 2, id)
    assert second.question == "Hồ có vỡ không?"
    press.answer(world.desk, id, "Hồ vận hành bình thường.", "", world.duty, world.time)
    assert world.view(new).press[1].answer == "Hồ vận hành bình thường."
    assert world.view(old).press == ()
    assert set(world.view(new).area) == {"xa_suoi_lac", "xa_muong_lo"}
    quiet(world)


def test_pressed_twice_it_is_merged_once_and_never_undone(world: World) -> None:
    old, new = two(world)
    assert merged(world, old, new, scope="s", key="k").done
    before = len(world.sms.sent)
    assert not merged(world, old, new, scope="s", key="k").done
    assert not merged(world, old, new).done
    assert len(world.sms.sent) == before
    with pytest.raises(KeyUsed):
        merging.merge(
            world.desk,
            old.incident_id,
            new.incident_id,
            "lý do khác",
            world.duty,
            world.time,
            scope="s",
            key="k",
        )
    with pytest.raises(Conflict) as never:
        course.reopen(world.desk, old.incident_id, "tách ra", world.duty, world.time)
    assert never.value.code == "merged"
    with pytest.raises(Conflict) as circle:
        merged(world, new, old)
    assert circle.value.code == "closed"
    quiet(world)


def test_three_of_one_matter_end_in_one(world: World) -> None:
    old, new = two(world)
    third = world.opens(key="three", title="Suối Lạc", short_name="Suoi Lac")
    merged(world, old, new)
    merged(world, new, third)
    quiet(world)
    world.phone(POSTER).replies("OK 10").expects_sms("nhan viec 12")
    assert world.member(third, POSTER).state == "accepted"
    assert world.member(third, LEAD).state == "accepted", "what was said to 10 went through 11 to 12"
    assert all(world.verify(one).ok for one in (old, new, third))
    quiet(world)


def test_what_cannot_be_one_is_refused_with_the_reason(world: World) -> None:
    old, new = two(world)
    drill = world.opens(key="drill", mode="drill")
    small = world.opens(key="small", level=1)
    quiet(world)
    for a, b, code in ((old, old, "same"), (old, drill, "other_mode"), (old, small, "lower_level")):
        with pytest.raises(Conflict) as refused:
            merged(world, a, b)
        assert refused.value.code == code
    with pytest.raises(Invalid):
        merging.merge(world.desk, old.incident_id, "\x00", "lý do", world.duty, world.time)
    with pytest.raises(Invalid):
        merging.merge(world.desk, old.incident_id, "khong-co", "lý do", world.duty, world.time)
    with pytest.raises(Invalid):
        merging.merge(world.desk, old.incident_id, new.incident_id, "  ", world.duty, world.time)
    for actor in (world.actor(POSTER, Role.MEMBER), Actor("token", "t", "máy", frozenset({Role.OBSERVER}))):
        with pytest.raises(Forbidden):
            merging.merge(world.desk, old.incident_id, new.incident_id, "lý do", actor, world.time)
    with world.store.reading() as session:
        assert not session.scalars(select(Incident.id).where(Incident.merged_into.is_not(None))).all()
    stopping.stop(world.desk, new.incident_id, world.duty, world.time, "xem lại")
    with pytest.raises(Conflict) as stopped:
        merged(world, old, new)
    assert stopped.value.code == "stopped", "who was to be told would not be told"
    merged(world, small, old)
    assert world.view(small).merged_into.code == "10"
    quiet(world)


def test_no_clock_of_the_law_is_lost_with_the_incident_it_stood_in(world: World) -> None:
    """The kinds go along, and of two moments the earlier counts."""
    old, new = two(world)
    earlier = world.time - timedelta(hours=2)
    for incident, facts in (
        (old, {"kinds": ["k3"], "accepted_at": earlier}),
        (new, {"accepted_at": world.time - timedelta(hours=1)}),
    ):
        course.change_facts(world.desk, incident.incident_id, facts, "xác định", world.duty, world.time)
    assert world.deadline(new, "phap_ly") == "not_applicable"
    looked = merging.look(world.desk, old.incident_id, new.incident_id)
    assert set(looked.facts) == {"kinds", "accepted_at"}
    merged(world, old, new)
    law = next(d for d in world.view(new).deadlines if d.id == "phap_ly")
    assert (law.state, law.due) == ("running", earlier + timedelta(hours=24))
    assert "facts_changed" in world.kinds(new)
    quiet(world)


def test_a_clock_the_other_playbook_does_not_have_is_named_before_it_ends(world: World) -> None:
    """Data have leaked: 24 and 72 hours by two laws, of which the neutral playbook knows nothing."""
    old = world.opens(playbook="lo-du-lieu", detected_at=world.time)
    new = world.opens(key="two", title="Hồ Suối Lạc nứt", short_name="ho Suoi Lac nut")
    ending = (
        "Thông báo lực lượng chuyên trách an ninh mạng",
        "Kết luận và thông báo vi phạm dữ liệu cá nhân",
    )
    assert merging.look(world.desk, old.incident_id, new.incident_id).clocks == ending
    merged(world, old, new)
    for incident, kind in ((old, "merged_into"), (new, "merged_in")):
        (line,) = (e.text for e in world.view(incident).timeline if e.kind == kind)
        assert f"thời hạn dừng lại: {', '.join(ending)}" in line
    quiet(world)


def test_a_clock_of_ours_does_not_pass_to_the_other_body_in_a_merge(world: World) -> None:
    old, new = two(world)
    facts = {"kinds": ["k3"], "accepted_at": world.time}
    course.change_facts(world.desk, old.incident_id, facts, "xác định", world.duty, world.time)
    lead = transferring.Transfer("Bộ Công an")
    transferring.transfer(world.desk, new.incident_id, lead, "đã khởi tố", world.duty, world.time)
    with pytest.raises(Conflict) as refused:
        merged(world, old, new)
    assert refused.value.code == "handed_over"
    assert "Bộ Công an" in refused.value.text
    assert world.deadline(old, "phap_ly") == "running"
    transferring.transfer(world.desk, old.incident_id, lead, "đã khởi tố", world.duty, world.time)
    assert merged(world, old, new).done
    quiet(world)


def test_who_was_told_that_another_body_leads_is_not_asked_again_by_a_merge(world: World) -> None:
    old, new = two(world)
    lead = transferring.Transfer("Bộ Công an")
    transferring.transfer(world.desk, old.incident_id, lead, "đã khởi tố", world.duty, world.time)
    quiet(world)
    with pytest.raises(Conflict) as refused:
        merged(world, old, new)
    assert refused.value.code == "handed_over"
    world.phone(WRITER).hears_nothing()


def test_what_a_merged_incident_released_can_still_be_taken_down(world: World) -> None:
    old, new = two(world)
    for post in TASK_FORCE:
        world.phone(post).has_read_all().replies("OK 10").has_read_all()
    world.drafts(old, TEXT, WRITER)
    world.approves(old, SPOKESPERSON)
    world.approves(old, LEAD)
    world.releases(old, SPOKESPERSON, POSTER)
    merged(world, old, new)
    (other,) = world.view(new).merged
    assert [out.link for out in other.released] == ["https://sonlam.example/thong-tin/1"]
    out = world.statement(old).releases[0]
    speaker = world.actor(SPOKESPERSON, Role.SPOKESPERSON)
    statement.take_down(
        world.desk, world.statement(old).id, [out.id], "đăng lại ở vụ 11", speaker, world.time
    )
    assert world.statement(old).state == "withdrawn"
    assert world.view(new).merged[0].released == ()
    with pytest.raises(Conflict) as closed:
        course.change_level(world.desk, old.incident_id, 2, "hạ", world.duty, world.time)
    assert closed.value.code == "merged"
    assert new.number in closed.value.text
    assert world.verify(old).ok
    quiet(world)


def test_two_drills_say_so_in_every_text(world: World) -> None:
    old = world.opens(mode="drill")
    new = world.opens(key="two", mode="drill")
    quiet(world)
    before = len(world.sms.sent)
    merged(world, old, new)
    texts = [m.body for m in world.sms.sent[before:]]
    assert texts
    assert all(text.startswith("DIEN TAP. ") and "DT10" in text and "DT11" in text for text in texts)
    quiet(world)


def test_who_takes_part_in_one_drill_is_told_when_it_becomes_part_of_another(world: World) -> None:
    """The secretary was left out of the second drill: a yes given in the first must not end in silence."""
    writer = world.person(WRITER)
    old = world.opens(mode="drill")
    new = world.opens(key="two", mode="drill", left_out=(writer.id,))
    world.phone(WRITER).has_read_all().replies("OK 10")
    quiet(world)
    merged(world, old, new)
    world.phone(WRITER).expects_sms("DT10", "DT11")
    quiet(world)
