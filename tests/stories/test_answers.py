"""How answers are taken: refusals, phone calls, two incidents, wrong numbers, unknown senders, repeats, late words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from incident.domain.actors import Role
from incident.domain.errors import Refusal
from incident.response import answer, course, inbox
from incident.response.inbox import AT_MOST_A_MINUTE
from incident.store.tables import Entry, Inbound, Message, Request, Suppression
from tests.stories.test_everyone_answers import TASK_FORCE
from tests.stories.world import World

LEAD = "pho_chu_tich_phu_trach"
STAND_IN = "giam_doc_so_vhttdl"
SPOKESPERSON = "nguoi_phat_ngon"


def quiet(world: World) -> None:
    for phone in world.phones.values():
        phone.has_read_all()


def test_the_lead_declines_and_the_stand_in_takes_over(world: World) -> None:
    incident = world.opens()
    world.phone(LEAD).expects_sms("Kinh moi d/c chi dao").replies("Báo bận 10")
    world.phone(LEAD).expects_sms(
        "Da ghi nhan d/c bao ban vu viec 10", "Neu tham gia duoc, xin tra loi OK 10"
    )
    world.phone(STAND_IN).expects_sms("tham gia To cong tac thay d/c Tran Thi Thu 02", "OK 10").replies(
        "ok 10 a"
    )
    world.phone(STAND_IN).expects_sms("Da ghi nhan d/c nhan viec 10")
    assert world.member(incident, LEAD).state in ("declined", "replaced")
    assert world.member(incident, STAND_IN).state == "accepted"
    assert "stand_in_asked" in world.kinds(incident)
    assert world.verify(incident).ok


def test_nobody_answers(world: World) -> None:
    incident = world.opens()
    world.phone(LEAD).expects_sms("vu viec 10")
    world.fast_forward(9)
    world.phone(LEAD).hears_nothing()
    world.fast_forward(2)
    world.phone(STAND_IN).expects_sms("thay d/c Tran Thi Thu 02")
    world.fast_forward(30)
    world.phone("on_duty").expects_sms("De nghi d/c xem, goi dien")
    assert world.step(incident, "lap_to") in ("stuck", "active")
    assert "step_overdue" in world.kinds(incident)
    world.fast_forward(180)
    assert world.step(incident, "lap_to") == "stuck"
    assert world.step(incident, "du_thao_1") == "waiting", "time approves nothing and drafts nothing"
    assert world.deadline(incident, "ban_dau") == "missed"
    quiet(world)
    night = [m.body for m in world.phone("on_duty").messages()]
    assert len(night) <= 12, f"{len(night)} SMS in four hours to the officer on duty"


def test_the_leader_is_phoned(world: World) -> None:
    incident = world.opens()
    lead = world.person(LEAD)
    with pytest.raises(Refusal) as no_reason:
        answer.acknowledge(
            world.desk, incident.incident_id, lead.id, "accept", "phone", world.duty, world.time
        )
    assert no_reason.value.status == 422
    world.time += timedelta(minutes=4)
    answer.acknowledge(
        world.desk, incident.incident_id, lead.id, "accept", "phone", world.duty, world.time,
        reason="gọi lúc 02h03, đồng chí nhận", occurred_at=world.time - timedelta(minutes=1),
    )  # fmt: skip
    member = world.member(incident, LEAD)
    assert (member.state, member.via) == ("accepted", "phone")
    entry = next(e for e in world.view(incident).timeline if e.kind == "acknowledged")
    assert entry.actor["name"] == world.duty.name
    assert entry.occurred_at < entry.recorded_at
    assert "gọi lúc 02h03" in entry.free["reason"]
    world.phone(LEAD).has_read_all().replies("SAI 10").expects_sms("Da ghi nhan d/c bao SAI ve vu viec 10")
    assert "disputed" in world.kinds(incident)
    quiet(world)


def test_a_member_may_not_answer_for_another(world: World) -> None:
    incident = world.opens()
    member = world.actor(SPOKESPERSON, Role.SPOKESPERSON)
    with pytest.raises(Refusal) as refused:
        answer.acknowledge(
            world.desk, incident.incident_id, world.person(LEAD).id, "accept", "web", member, world.time
        )
    assert refused.value.status == 403
    outcome = answer.acknowledge(
        world.desk, incident.incident_id, member.person_id or "", "accept", "web", member, world.time
    )
    assert outcome == "accepted"
    quiet(world)


def test_two_incidents_and_a_bare_reply(world: World) -> None:
    first = world.opens()
    second = world.opens(key="two", title="Bài trên Cổng TTĐT sai số liệu", short_name="bai tren Cong TTDT")
    assert (first.code, second.code) == ("10", "11")
    phone = world.phone(SPOKESPERSON)
    phone.expects_sms("vu viec 10").expects_sms("vu viec 11")
    phone.replies("OK").expects_sms(
        "dang co 2 vu viec", "10, tin ve ho Suoi Lac", "11, bai tren Cong TTDT", "kem so"
    )
    assert world.member(first, SPOKESPERSON).state == "asked"
    phone.replies("rõ 11").expects_sms("nhan viec 11")
    assert world.member(first, SPOKESPERSON).state == "asked"
    assert world.member(second, SPOKESPERSON).state == "accepted"
    phone.replies("da nhan").expects_sms("nhan viec 10")
    assert world.member(first, SPOKESPERSON).state == "accepted"
    quiet(world)


def test_a_wrong_code_is_said_back(world: World) -> None:
    world.opens()
    phone = world.phone(SPOKESPERSON).has_read_all()
    phone.replies("OK 72").expects_sms("Khong thay vu viec 72", "Neu la vu viec 10, tin ve ho Suoi Lac")
    quiet(world)


def test_the_same_answer_twice_is_one_answer(world: World) -> None:
    incident = world.opens()
    phone = world.phone(SPOKESPERSON).has_read_all()
    phone.replies("OK 10").expects_sms("nhan viec 10")
    phone.replies("OK 10").replies("ok").hears_nothing()
    assert world.kinds(incident).count("acknowledged") == 1
    quiet(world)


def test_two_answers_at_once(world: World) -> None:
    """Two people answer in the same second; the quorum is met once, and drafting begins once."""
    incident = world.opens()
    for post in ("so_nnmt_thuy_loi", SPOKESPERSON):
        world.phone(post).has_read_all()
        world.receives(str(world.person(post).phone), "OK 10", at_once=False)
    world.understand()
    assert world.kinds(incident).count("acknowledged") == 2
    assert world.step(incident, "lap_to") == "done"
    drafts = [
        e for e in world.view(incident).timeline if e.kind == "step_started" and e.data["step"] == "du_thao_1"
    ]
    assert len(drafts) == 1
    quiet(world)


def test_an_unclear_reply_goes_to_a_person(world: World) -> None:
    incident = world.opens()
    phone = world.phone(LEAD).has_read_all()
    phone.replies("Đang họp, lát nữa gọi lại").expects_sms("He thong chua doc duoc tra loi cua d/c")
    view = world.view(incident)
    assert world.member(incident, LEAD).state in ("review", "asked")
    assert [r.body for r in view.review] == ["Đang họp, lát nữa gọi lại"]
    inbox.decide_reply(world.desk, view.review[0].inbound_id, "decline", None, world.duty, world.time)
    assert world.view(incident).review == ()
    world.deliver()
    world.phone(STAND_IN).expects_sms("thay d/c")
    with pytest.raises(Refusal):
        inbox.decide_reply(world.desk, view.review[0].inbound_id, "accept", None, world.duty, world.time)
    quiet(world)


def test_a_wrong_number_is_left_alone_and_the_stand_in_asked(world: World) -> None:
    incident = world.opens()
    lead = world.person(LEAD)
    phone = world.phone(LEAD).has_read_all()
    phone.replies("Nhầm số rồi").expects_sms("Xin loi da lam phien", "UBND tinh Son Lam")
    world.phone(STAND_IN).expects_sms("thay d/c")
    assert world.member(incident, LEAD).state == "wrong_number"
    world.opens(key="two", title="Việc khác", short_name="viec khac")
    phone.hears_nothing()
    with world.store.reading() as session:
        assert session.get(Suppression, lead.phone) is not None
    quiet(world)


def test_someone_opts_out(world: World) -> None:
    incident = world.opens()
    phone = world.phone(LEAD).has_read_all()
    phone.replies("STOP").hears_nothing()
    world.phone(STAND_IN).expects_sms("thay d/c")
    assert "opted_out" in world.kinds(incident)
    quiet(world)


def test_an_unknown_number_gets_silence(world: World) -> None:
    world.opens()
    world.receives("+84540777777", "OK")
    world.deliver()
    assert not world.sms.to("+84540777777")
    with world.store.reading() as session:
        assert session.scalar(select(Inbound.state).where(Inbound.sender == "+84540777777")) == "ignored"
    quiet(world)


def test_a_webhook_sent_twice_changes_nothing(world: World) -> None:
    from notify.message import Reply

    incident = world.opens()
    number = str(world.person(LEAD).phone)
    reply = Reply("memory", "the-same-id", number, "+84540999999", "OK 10", {})
    assert world.outbox.store_inbound(reply, world.time)
    assert world.outbox.store_inbound(reply, world.time) is None
    world.understand()
    assert world.kinds(incident).count("acknowledged") == 1
    quiet(world)


def test_the_original_answers_after_the_stand_in_took_over(world: World) -> None:
    incident = world.opens()
    world.phone(LEAD).has_read_all()
    world.fast_forward(11)
    world.phone(STAND_IN).expects_sms("thay d/c").replies("OK 10").has_read_all()
    assert world.member(incident, LEAD).state == "replaced"
    world.time += timedelta(hours=4)
    world.phone(LEAD).has_read_all().replies("ok 10")
    world.phone(LEAD).expects_sms("Da ghi nhan d/c tra loi vu viec 10", "dang tham gia thay")
    late = [e for e in world.view(incident).timeline if e.kind == "acknowledged" and e.data.get("late")]
    assert len(late) == 1
    quiet(world)


def test_a_word_after_the_end(world: World) -> None:
    incident = world.opens()
    for post in TASK_FORCE:
        world.phone(post).has_read_all()
    world.closes(incident, "false_alarm")
    world.phone(SPOKESPERSON).expects_sms("Vu viec 10", "ket thuc luc", "khong phai lam gi them")
    world.time += timedelta(hours=1)
    world.phone(SPOKESPERSON).replies("OK 10").expects_sms("Vu viec 10 da ket thuc luc")
    assert world.verify(incident).ok
    quiet(world)


def test_a_number_that_floods_is_kept_and_looked_at_by_a_person_once(world: World) -> None:
    """A stuck phone, or somebody who means harm: others are read meanwhile, and the flood is one line."""
    incident = world.opens()
    lead = str(world.phone(LEAD).has_read_all().person.phone)
    for _ in range(60):
        world.receives(lead, "mưa to quá", at_once=False)
    world.receives(str(world.phone(STAND_IN).person.phone), "không liên quan", at_once=False)
    world.understand()
    kinds = world.kinds(incident)
    assert kinds.count("reply_unclear") == AT_MOST_A_MINUTE
    assert kinds.count("reply_flood") == 1
    assert [reply.means for reply in world.view(incident).review].count("flood") == 1
    with world.store.reading() as session:
        rows = session.scalars(select(Inbound).order_by(Inbound.received_at, Inbound.id)).all()
        assert len(rows) == 61, "everything is kept"
        assert sum(row.state == "review" for row in rows if row.sender == lead) == AT_MOST_A_MINUTE + 1
        assert not any(row.state == "new" for row in rows)
    world.fast_forward(2)
    world.receives(lead, f"OK {incident.code}")
    assert world.member(incident, LEAD).state == "accepted", "a minute later the number is heard again"
    for _ in range(30):
        world.receives(lead, "nữa", at_once=False)
    world.understand()
    assert world.kinds(incident).count("reply_flood") == 1, "one line as long as nobody has looked at it"
    assert world.verify(incident).ok
    quiet(world)


def test_a_flood_from_a_number_nobody_has_is_silence(world: World) -> None:
    world.opens()
    for _ in range(40):
        world.receives("+84909999999", "mua nha khong", at_once=False)
    world.understand()
    with world.store.reading() as session:
        assert set(session.scalars(select(Inbound.state))) == {"ignored"}
        known = session.scalar(select(func.count()).select_from(Entry).where(Entry.kind == "reply_unknown"))
    assert known == AT_MOST_A_MINUTE, "a flood does not fill the record"
    quiet(world)


def test_no_more_than_five_automatic_answers_in_a_row(world: World) -> None:
    world.opens()
    phone = world.phone(SPOKESPERSON).has_read_all()
    for _ in range(9):
        world.time += timedelta(minutes=1)
        phone.replies("Đang họp đột xuất")
    with world.store.reading() as session:
        replies = session.scalars(
            select(Message.id).where(Message.kind == "reply", Message.address == phone.person.phone)
        )
        assert len(list(replies)) == 5
    quiet(world)


def test_everybody_of_the_area_is_called_out(world: World) -> None:
    """goi-xac-nhan: one SMS a person, answers counted by person, a reminder to the silent alone."""
    incident = world.opens(
        "goi-xac-nhan",
        level=2,
        area=("xa_suoi_lac",),
        title="Kiểm tra liên lạc",
        short_name="kiem tra lien lac",
    )
    with world.store.reading() as session:
        asked = list(session.scalars(select(Request).where(Request.incident_id == incident.incident_id)))
    assert len(asked) >= 4
    assert all(r.grouped for r in asked)
    assert not world.mail.sent
    head = world.phone("xa_suoi_lac_chu_tich").expects_sms("vu viec 10", "OK 10")
    head.replies("ok").expects_sms("Da ghi nhan d/c nhan tin vu viec 10")
    group = world.view(incident).groups[0]
    assert (group.total, group.accepted) == (len(asked), 1)
    world.fast_forward(16)
    head.hears_nothing()
    world.phone("xa_suoi_lac_pho_chu_tich").has_read_all()
    assert "chua nhan duoc tra loi" in world.phone("xa_suoi_lac_pho_chu_tich").messages()[1].body
    for person in [r.person_id for r in asked]:
        number = next(p.phone for p in _people(world) if p.id == person)
        if number and number != head.person.phone:
            world.receives(number, "OK 10")
    assert world.step(incident, "goi") == "done"
    assert world.view(incident).groups[0].accepted == len(asked)
    quiet(world)


def _people(world: World) -> list:  # type: ignore[type-arg]
    from incident.store.tables import Person

    with world.store.reading() as session:
        return list(session.scalars(select(Person)))


def test_a_link_shows_nothing_before_the_tap_and_answers_once(world: World) -> None:
    incident = world.opens()
    mail = next(m for m in world.mail.sent if m.to == world.person(LEAD).email)
    token = mail.body.split("/a/")[1].split()[0]
    before = answer.read_link(world.desk, token, world.time)
    assert before is not None
    assert before.state == "asked"
    assert answer.answer_link(world.desk, token, "accept", world.time).state == "accepted"
    assert world.member(incident, LEAD).via == "link"
    assert answer.read_link(world.desk, "ZZZZZZZZZZ", world.time) is None
    world.closes(incident)
    later = answer.read_link(world.desk, token, world.time + timedelta(days=31))
    assert later is not None
    assert later.dead
    quiet(world)


def test_a_paused_incident_reminds_nobody(world: World) -> None:
    incident = world.opens()
    world.phone(STAND_IN)
    course.pause(
        world.desk,
        incident.incident_id,
        world.time + timedelta(hours=2),
        "chờ kết luận",
        world.duty,
        world.time,
    )
    world.fast_forward(115)
    world.phone(STAND_IN).hears_nothing()
    world.fast_forward(30)
    world.phone(STAND_IN).expects_sms("thay d/c")
    quiet(world)
