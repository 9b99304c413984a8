"""A leader is not at a desk: approval by a link on the phone, by telephone, and what is taken back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from incident.domain.actors import Actor, Role
from incident.domain.approval_policy import LINK, PHONE, UNCONFIRMED
from incident.domain.errors import Conflict, Forbidden, Invalid, NotFound
from incident.report.build import build
from incident.report.naming import INTERNAL, SENT
from incident.report.record import PhoneNote
from incident.response import approval_link, approval_policy, course, phone_approval, statement
from incident.response.open import Opened
from incident.response.phone_approval import Call
from tests.stories.world import World

SPEAKER, HEAD, SECRETARY = "nguoi_phat_ngon", "pho_chu_tich_phu_trach", "so_vhttdl_chuyen_vien_bao_chi"
POSTER = "cong_ttdt_truc"
TEXT = "Thông tin ban đầu\n\nHồ Suối Lạc vận hành bình thường lúc 02 giờ 20 phút."
ADMIN = Actor("user", "admin", "Quản trị", frozenset({Role.ADMIN}))


def under_way(world: World, level: int = 3) -> Opened:
    """Everybody has said yes; the secretary's text waits for the spokesperson."""
    incident = world.opens(level=level)
    for post in (HEAD, SECRETARY, "so_nnmt_thuy_loi", SPEAKER, POSTER):
        world.phone(post).replies("OK 10")
    world.answers(incident, "xac_minh", "chua_ro", "so_nnmt_thuy_loi")
    world.drafts(incident, TEXT, SECRETARY)
    for phone in (*world.phones.values(), world.phone("on_duty")):
        phone.has_read_all()
    return incident


def token(world: World, post: str) -> str:
    """Of the newest link that stands on this phone."""
    world.deliver()
    bodies = [m.body for m in world.phone(post).messages()]
    found = [match[1] for body in bodies if (match := re.search(r"/d/(\w+)", body))]
    assert found, bodies
    return found[-1]


def page(world: World, secret: str) -> approval_link.ApprovalPage:
    found = approval_link.read(world.desk, secret, world.time)
    assert found is not None
    return found


def by_link(world: World, secret: str, do: str, reason: str = "") -> None:
    approval_link.act(world.desk, secret, do, reason, world.time)
    world.deliver()


def call(world: World, incident: Opened, post: str, code: str = "", words: str = "Đồng ý, cho đăng") -> Call:
    code = code or world.statement(incident).revisions[-1].code
    return Call(world.person(post).id, code, words)


def by_phone(
    world: World, incident: Opened, post: str, heard: Call | None = None, recorder: Actor | None = None
) -> None:
    text = world.statement(incident)
    phone_approval.record(
        world.desk, text.id, text.revisions[-1].id, heard or call(world, incident, post),
        recorder or world.duty, world.time,
    )  # fmt: skip
    world.deliver()


def reads_everything(world: World) -> None:
    for phone in world.phones.values():
        phone.has_read_all()


def test_the_leader_approves_by_link_on_the_phone(world: World) -> None:
    incident = under_way(world)
    shown = page(world, token(world, SPEAKER))
    assert (shown.state, shown.n, shown.text) == ("decide", 1, TEXT + "\n")
    assert shown.editors == (world.person(SECRETARY).name,)
    by_link(world, token(world, SPEAKER), "approve")
    world.phone(HEAD).expects_sms("Kinh trinh", "ban 1", f"ma {shown.mark}", "/d/")
    by_link(world, token(world, HEAD), "approve")
    text = world.statement(incident)
    assert text.state == "approved"
    assert [a.via for a in text.revisions[-1].approvals] == ["link", "link"]
    told = " ".join(str(e.data) + e.text for e in world.view(incident).timeline)
    assert "qua liên kết" in told
    assert token(world, HEAD) not in told, "a link never stands on the record"
    assert world.verify(incident).ok
    reads_everything(world)


def test_it_comes_back_with_words_and_the_next_version_shows_what_changed(world: World) -> None:
    incident = under_way(world)
    old = token(world, SPEAKER)
    with pytest.raises(Invalid):
        by_link(world, old, "return")
    by_link(world, old, "return", "Ghi rõ giờ kiểm tra")
    assert world.statement(incident).state == "returned"
    assert page(world, old).decided[0].reason == "Ghi rõ giờ kiểm tra"
    world.time += timedelta(minutes=5)
    world.drafts(incident, TEXT.replace("20 phút", "30 phút"), SECRETARY)
    assert page(world, old).state == "newer"
    shown = page(world, token(world, SPEAKER))
    assert (shown.n, shown.seen_n, shown.seen_text) == (2, 1, TEXT + "\n")
    reads_everything(world)


def test_an_edit_kills_the_link(world: World) -> None:
    incident = under_way(world)
    text = world.statement(incident)
    statement.edit(
        world.desk, text.id, TEXT + " Thêm.", text.version, world.actor(SECRETARY, Role.SECRETARY), world.time
    )
    shown = page(world, token(world, SPEAKER))
    assert (shown.state, shown.text) == ("newer", "")
    with pytest.raises(Conflict):
        by_link(world, token(world, SPEAKER), "approve")
    reads_everything(world)


def test_an_hour_later_the_link_is_dead_and_a_fresh_one_comes_to_the_phone(world: World) -> None:
    incident = under_way(world)
    old = token(world, SPEAKER)
    world.time += timedelta(minutes=60)
    assert page(world, old).state == "decide"
    world.time += timedelta(seconds=1)
    assert (page(world, old).state, page(world, old).text) == ("expired", "")
    with pytest.raises(Conflict):
        by_link(world, old, "approve")
    assert approval_link.ask_again(world.desk, old, world.time)
    assert not approval_link.ask_again(world.desk, old, world.time), "one in three minutes"
    fresh = token(world, SPEAKER)
    assert fresh != old
    by_link(world, fresh, "approve")
    assert "approval_link_sent" in world.kinds(incident)
    reads_everything(world)


def test_a_link_acts_once_and_only_in_turn(world: World) -> None:
    incident = under_way(world)
    first = token(world, SPEAKER)
    by_link(world, first, "approve")
    entries = len(world.view(incident).timeline)
    by_link(world, first, "approve")  # the answer was lost, and the button pressed again
    assert len(world.view(incident).timeline) == entries
    with pytest.raises(Conflict):
        by_link(world, first, "return", "Sửa giờ")
    shown = page(world, first)
    assert (shown.state, shown.decided[0].called) == ("decided", f"đ/c {world.person(SPEAKER).name}")
    assert len(world.statement(incident).revisions[-1].approvals) == 1
    with pytest.raises(NotFound):
        by_link(world, "ZZZZZZZZZZ", "approve")
    world.closes(incident)
    assert page(world, token(world, HEAD)).state == "closed"
    reads_everything(world)


def test_a_reminder_to_approve_carries_a_fresh_link(world: World) -> None:
    incident = under_way(world)
    before = [m for m in world.sms.sent if "/d/" in m.body]
    world.fast_forward(minutes=11)  # the spokesperson is silent: the stand-in is asked
    asked = [m for m in world.sms.sent if "/d/" in m.body and m not in before]
    assert asked
    secret = re.findall(r"/d/(\w+)", asked[-1].body)[-1]
    shown = page(world, secret)
    assert (shown.state, shown.person == f"đ/c {world.person(SPEAKER).name}") == ("decide", False)
    assert page(world, token(world, SPEAKER)).state == "decide", "the first one asked may still act"
    by_link(world, secret, "approve")
    assert page(world, token(world, SPEAKER)).state == "decided"
    assert f"đ/c {world.statement(incident).revisions[-1].approvals[0].name}" == shown.person
    reads_everything(world)


def noted(world: World, incident: Opened) -> PhoneNote:
    """What is known of the one approval by telephone."""
    (note,) = [a.phone for a in world.statement(incident).revisions[-1].approvals if a.phone]
    return note


def test_a_carrier_that_takes_no_replies_gets_a_link_instead_of_sai(world: World) -> None:
    incident = under_way(world)
    world.desk = replace(world.desk, two_way=False)
    by_phone(world, incident, SPEAKER)
    assert "SAI" not in world.phone(SPEAKER).expects_sms("Da ghi", "/d/").messages()[-1].body
    shown = page(world, token(world, SPEAKER))
    assert shown.state == "confirm"
    assert shown.recorded is not None
    assert shown.recorded.words == "Đồng ý, cho đăng"
    by_link(world, token(world, SPEAKER), "confirm")
    assert noted(world, incident).confirmed_via == "link"
    reads_everything(world)


def test_the_report_says_who_wrote_it_down_and_that_nobody_confirmed(world: World) -> None:
    incident = under_way(world)
    by_phone(world, incident, SPEAKER)
    world.time += timedelta(seconds=5)
    by_phone(world, incident, HEAD)
    world.phone(HEAD).replies("OK 10")
    report = build(world.view(incident), INTERNAL, world.time)
    notes = [d.note for d in report.statements[0].revisions[0].decisions]
    assert world.duty.name in notes[0]
    assert "chưa xác nhận" in notes[0]
    assert "lời ghi: Đồng ý, cho đăng" in notes[0]
    assert "xác nhận lúc" in notes[1]
    assert [d.title for d in report.deviations].count("Duyệt qua điện thoại, chưa xác nhận") == 1
    assert report.statements[0].state == "Duyệt qua điện thoại, chờ xác nhận"
    sent = build(world.view(incident), SENT, world.time)
    told = str(sent.statements[0].revisions[0].decisions) + str(sent.deviations)
    assert world.duty.name not in told, "the part that is sent names posts, not people"
    assert world.person(HEAD).name not in told
    reads_everything(world)


def test_the_words_of_a_call_can_be_masked_everywhere(world: World) -> None:
    incident = under_way(world)
    by_phone(world, incident, SPEAKER)
    entry = next(e for e in world.view(incident).timeline if e.kind == "approved")
    masker = world.actor(SECRETARY, Role.SECRETARY)
    course.mask(world.desk, incident.incident_id, entry.seq, "words", "nêu tên nạn nhân", masker, world.time)
    assert "Đồng ý" not in noted(world, incident).words
    assert "đã che" in noted(world, incident).words
    assert world.verify(incident).ok
    reads_everything(world)


def test_by_telephone_told_at_once_and_confirmed_by_ok(world: World) -> None:
    incident = under_way(world)
    by_link(world, token(world, SPEAKER), "approve")
    reads_everything(world)
    by_phone(world, incident, HEAD)
    code = world.statement(incident).revisions[-1].code
    text = world.statement(incident)
    assert text.state == "approved"
    assert [a.name for a in text.unconfirmed] == [world.person(HEAD).name]
    head = world.phone(HEAD)
    head.expects_sms("Da ghi: d/c duyet qua dien thoai luc 02h00 ban 1", f"ma {code}", "SAI 10")
    world.time += timedelta(minutes=1)
    head.replies("OK 10").expects_sms("Da ghi nhan d/c xac nhan da duyet ban 1")
    note = noted(world, incident)
    assert (note.confirmed_via, note.words) == ("sms", "Đồng ý, cho đăng")
    assert world.statement(incident).unconfirmed == ()
    told = [e.text for e in world.view(incident).timeline if e.kind in ("approved", "approval_confirmed")]
    assert "qua điện thoại, người ghi" in told[-2]
    assert "Đồng ý, cho đăng" in told[-2]
    assert "xác nhận đã duyệt qua điện thoại" in told[-1]
    assert world.verify(incident).ok
    reads_everything(world)


def test_sai_takes_it_back_and_withdraws_the_release(world: World) -> None:
    incident = under_way(world)
    by_link(world, token(world, SPEAKER), "approve")
    by_phone(world, incident, HEAD)
    text = world.statement(incident)
    statement.release(world.desk, text.id, world.actor(SPEAKER, Role.SPOKESPERSON), world.time)
    world.deliver()
    reads_everything(world)
    world.time += timedelta(minutes=4)
    head = world.phone(HEAD)
    head.replies("SAI 10")
    assert world.statement(incident).state == "submitted"
    assert (world.step(incident, "duyet_1"), world.step(incident, "cong_bo_1")) == ("active", "waiting")
    assert world.statement(incident).releases == ()
    with pytest.raises(Conflict):
        statement.post(
            world.desk, text.id, world.actor(POSTER, Role.MEMBER), world.time, channel="cong_ttdt", link="https://x.example"
        )  # fmt: skip
    world.phone("on_duty").expects_sms("bao khong duyet ban 1")
    world.phone(POSTER).expects_sms("Dung cong bo")
    assert {"approval_disputed", "approval_withdrawn", "publish_withdrawn"} <= set(world.kinds(incident))
    waits = world.statement(incident).waits_for
    assert waits == (world.person(HEAD).name,)
    by_link(world, token(world, HEAD), "approve")
    assert world.statement(incident).state == "approved"
    world.releases(incident, SPEAKER, POSTER)
    assert world.statement(incident).state == "released"
    assert world.verify(incident).ok
    reads_everything(world)


def test_sai_after_the_release_is_a_red_task_for_the_duty_officer(world: World) -> None:
    incident = under_way(world)
    by_phone(world, incident, SPEAKER)
    by_phone(world, incident, HEAD)
    world.releases(incident, SPEAKER, POSTER)
    reads_everything(world)
    world.time += timedelta(minutes=10)
    world.phone(HEAD).replies("SAI 10")
    text = world.statement(incident)
    assert (text.state, text.contradicted) == ("released", True), "what stands outside stays on the record"
    task = next(s for s in world.view(incident).steps if s.added)
    assert "Đã công bố, người duyệt báo không đúng" in task.title
    assert task.people == (world.duty.name,)
    reads_everything(world)


def test_a_confirmed_approval_can_still_be_taken_back_and_a_second_sai_is_for_people(world: World) -> None:
    incident = under_way(world)
    by_phone(world, incident, SPEAKER)
    speaker = world.phone(SPEAKER)
    speaker.replies("OK 10").replies("SAI 10")
    assert world.step(incident, "duyet_1") == "active"
    speaker.replies("SAI 10")
    assert "disputed" in world.kinds(incident)
    assert world.statement(incident).waits_for == (world.person(SPEAKER).name,)
    by_phone(world, incident, SPEAKER)
    assert world.statement(incident).waits_for == (world.person(HEAD).name,)
    reads_everything(world)


def test_who_wrote_the_text_may_not_write_its_approval_down(world: World) -> None:
    incident = under_way(world)
    with pytest.raises(Forbidden) as refusal:
        by_phone(world, incident, SPEAKER, recorder=world.actor(SECRETARY, Role.SECRETARY))
    assert refusal.value.code == "editor_may_not_record"
    with pytest.raises(Forbidden) as refusal:
        by_phone(world, incident, SPEAKER, recorder=world.actor(SPEAKER, Role.SECRETARY))
    assert refusal.value.code == "own_approval"
    with pytest.raises(Forbidden):
        by_phone(world, incident, SPEAKER, recorder=world.actor("giam_doc_so_vhttdl", Role.ADMIN))
    with pytest.raises(Forbidden):
        by_phone(
            world, incident, SPEAKER, recorder=Actor("token", "t", "IOC", frozenset({Role.DUTY_OFFICER}))
        )


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"code": "ZZZ"}, "wrong_code"), ({"words": "  "}, "no_words"), ({"words": "x" * 1001}, "too_long")],
)
def test_what_was_heard_must_be_whole(world: World, changes: dict[str, str], code: str) -> None:
    incident = under_way(world)
    with pytest.raises(Invalid) as refusal:
        by_phone(world, incident, SPEAKER, call(world, incident, SPEAKER, **changes))
    assert refusal.value.code == code
    assert world.statement(incident).state == "submitted"


def test_the_second_approver_cannot_be_written_down_before_the_first(world: World) -> None:
    incident = under_way(world)
    with pytest.raises(Conflict) as refusal:
        by_phone(world, incident, HEAD)
    assert refusal.value.code == "not_in_turn"
    late = Call(
        world.person(SPEAKER).id,
        world.statement(incident).revisions[-1].code,
        "Duyệt",
        world.time + timedelta(minutes=1),
    )
    with pytest.raises(Invalid):
        by_phone(world, incident, SPEAKER, late)


def test_below_level_three_nothing_goes_out_before_the_approver_confirms(world: World) -> None:
    incident = under_way(world, level=2)
    by_phone(world, incident, SPEAKER)
    by_phone(world, incident, HEAD)
    text = world.statement(incident)
    with pytest.raises(Conflict) as refusal:
        statement.release(world.desk, text.id, world.actor(SPEAKER, Role.SPOKESPERSON), world.time)
    assert refusal.value.code == "unconfirmed"
    world.phone(HEAD).replies("OK 10")
    phone_approval.confirm(
        world.desk, text.id, text.revisions[-1].id, world.actor(SPEAKER, Role.SPOKESPERSON), world.time, "web"
    )
    world.releases(incident, SPEAKER, POSTER)
    assert world.statement(incident).state == "released"
    reads_everything(world)


def test_the_switches_are_the_administrators_and_the_door_keeps_to_them(world: World) -> None:
    incident = under_way(world)
    with pytest.raises(Forbidden):
        approval_policy.change(world.desk, {LINK: frozenset()}, "thử", world.duty, world.time)
    with pytest.raises(Invalid):
        approval_policy.change(world.desk, {LINK: frozenset()}, " ", ADMIN, world.time)
    off = {LINK: frozenset({1}), PHONE: frozenset({1, 2}), UNCONFIRMED: frozenset[int]()}
    approval_policy.change(world.desk, off, "theo chỉ đạo", ADMIN, world.time)
    assert page(world, token(world, SPEAKER)).state == "off"
    with pytest.raises(Conflict):
        by_link(world, token(world, SPEAKER), "approve")
    text = world.statement(incident)
    with pytest.raises(Forbidden):
        statement.approve(
            world.desk, text.id, text.revisions[-1].id, world.actor(SPEAKER), world.time, via="link"
        )
    with pytest.raises(Forbidden):
        by_phone(world, incident, SPEAKER)
    world.approves(incident, SPEAKER)
    reads_everything(world)


def test_what_was_released_is_taken_down_and_its_address_mended(world: World) -> None:
    incident = under_way(world)
    world.approves(incident, SPEAKER)
    world.approves(incident, HEAD)
    world.releases(incident, SPEAKER, POSTER)
    text = world.statement(incident)
    (out,) = text.releases
    poster, speaker = world.actor(POSTER, Role.MEMBER), world.actor(SPEAKER, Role.SPOKESPERSON)
    statement.mend_link(
        world.desk, text.id, out.id, "https://sonlam.example/2", "dán nhầm", poster, world.time
    )
    with pytest.raises(Forbidden):
        statement.take_down(world.desk, text.id, [out.id], "sai số liệu", poster, world.time)
    with pytest.raises(Invalid):
        statement.take_down(world.desk, text.id, [], "sai số liệu", speaker, world.time)
    statement.take_down(world.desk, text.id, [out.id], "sai số liệu", speaker, world.time)
    text = world.statement(incident)
    assert (text.state, text.releases[0].link) == ("withdrawn", "https://sonlam.example/2")
    assert text.releases[0].taken_down_why == "sai số liệu"
    told = [e.text for e in world.view(incident).timeline]
    assert any(
        "Sửa đường dẫn công bố" in line and "https://sonlam.example/thong-tin/1" in line for line in told
    )
    assert any(line.startswith("Đã gỡ") and "Cổng TTĐT" in line for line in told)
    assert world.step(incident, "cong_bo_1") == "done"
    reads_everything(world)
