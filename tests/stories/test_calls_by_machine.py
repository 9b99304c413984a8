"""SMS is silent or dead: the machine phones, reads the summons, and takes a key; then email; then those on duty phone."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select, update

from incident.delivery.outbox import Outbox
from incident.response import people, stopping
from incident.response.open import Opened
from incident.store.tables import Inbound, Message, Person, Request, Unit
from notify.gateway import Gateway, Route
from notify.message import StatusUpdate
from tests.stories.test_approval import under_way
from tests.stories.world import Phone, World

LEAD = "pho_chu_tich_phu_trach"
STAND_IN = "giam_doc_so_vhttdl"
SPOKESPERSON = "nguoi_phat_ngon"
LANDLINE_ONLY = "thanh_tra_dau_moi"
"""Of the sample province: reached by a landline alone."""


def quiet(world: World) -> None:
    for phone in world.phones.values():
        phone.has_read_all()


def hops(world: World, incident: Opened) -> list[tuple[str, str, str]]:
    """From, to, why."""
    found = [e.data for e in world.view(incident).timeline if e.kind == "channel_hop"]
    return [(data["from_channel"], data["to_channel"], data["why"]) for data in found]


REMINDING = """
playbook: co-nhac
version: 1
title: "Có nhắc"
levels: {1: Theo dõi, 2: Sự cố, 3: Nghiêm trọng}
topics: [chung]
roles:
  truc_ban: {title: Cán bộ trực, pick: on_duty}
  to_truong: {title: Tổ trưởng, pick: pho_chu_tich_phu_trach, standin: [giam_doc_so_vhttdl]}
steps:
  - id: goi
    assign: [to_truong]
    via: [sms]
    after: start
    ack: all
    within: 10 phút
    else:
      - to: nhac_lai
      - {to: thay_the, after: 10 phút}
      - {to: truc_ban, after: 10 phút}
    critical: true
"""


def opens_with_a_reminder(world: World, voice: bool) -> Opened:
    """A playbook that summons by SMS alone and reminds before it asks the stand-in."""
    (world.data_dir / "co-nhac.yaml").write_text(REMINDING, encoding="utf-8")
    if voice:
        world.can_call()
    world.settings = replace(world.settings, playbooks_dir=world.data_dir)
    world.desk = replace(world.desk, settings=world.settings)
    incident = world.opens(playbook="co-nhac", topic="chung")
    world.phone(LEAD).expects_sms("vu viec 10")
    world.fast_forward(10.5)
    return incident


def test_the_reminder_comes_with_a_call(world: World) -> None:
    incident = opens_with_a_reminder(world, voice=True)
    world.phone(LEAD).expects_sms("dang cho y kien").rings(
        "đang chờ ý kiến", "Đến hai giờ hai mươi phút chưa có trả lời, sẽ mời người thay"
    )
    assert hops(world, incident) == [("sms", "voice", "silent")]
    world.phone(LEAD).ends("no-answer")
    world.fast_forward(1.5)
    world.phone(LEAD).ends("no-answer")
    assert hops(world, incident)[1:] == [("voice", "email", "failed")], (
        "a silent call is followed by the email"
    )
    assert world.mail.to(str(world.person(LEAD).email))
    world.phone(STAND_IN).hears_nothing()
    world.fast_forward(10)
    assert "stand_in_asked" in world.kinds(incident)
    assert len(world.phone(LEAD).calls()) == 2
    assert len(hops(world, incident)) == 2, "nothing is left but those on duty"
    quiet(world)


def test_without_calls_the_reminder_comes_with_an_email(world: World) -> None:
    incident = opens_with_a_reminder(world, voice=False)
    assert hops(world, incident) == [("sms", "email", "silent")]
    assert world.mail.to(str(world.person(LEAD).email))
    assert world.voice.calls == []
    quiet(world)


def test_a_silent_approver_is_called_and_no_key_approves(world: World) -> None:
    world.can_call()
    incident = under_way(world)
    world.fast_forward(11)
    speaker = world.phone(SPOKESPERSON).rings(
        "đang chờ đồng chí duyệt", "bản một, mã", "Bấm phím không phải là duyệt"
    )
    assert "đã nghe" in speaker.presses("1")
    assert world.statement(incident).state == "submitted"
    entry = next(e for e in world.view(incident).timeline if e.kind == "call_heard")
    assert "bấm phím 1" in entry.text
    world.approves(incident, SPOKESPERSON)
    assert "không phải làm gì thêm" in speaker.is_told()
    quiet(world)


def test_an_approval_whose_sms_is_dead_rings_at_once(world: World) -> None:
    world.can_call()
    incident = under_way(world)
    number = max(i for i, m in enumerate(world.sms.sent, 1) if m.to == world.person(SPOKESPERSON).phone)
    assert "duyet" in world.sms.sent[number - 1].body
    world.phone(SPOKESPERSON).never_arrives().rings("đang chờ đồng chí duyệt")
    assert hops(world, incident)[-1] == ("sms", "voice", "failed")
    assert "unreachable" not in world.kinds(incident)
    assert "chưa xem được" in world.phone(SPOKESPERSON).presses("2")
    assert "call_heard" in world.kinds(incident)
    assert world.member(incident, SPOKESPERSON).state == "accepted", "a key in an approval refuses nothing"
    quiet(world)


def silent_lead(world: World, **more: object) -> Opened:
    """The leader got the SMS and did not answer within the limit: the stand-in is asked, and the leader's phone rings."""
    world.can_call()
    incident = world.opens(**more)  # type: ignore[arg-type]
    assert not world.phone(LEAD).has_read_all().calls()
    world.fast_forward(11)
    return incident


def without_mail(world: World, post: str) -> None:
    with world.store.writing() as session:
        session.execute(update(Person).where(Person.id == world.person(post).id).values(email=None))


def test_sms_is_silent_and_the_call_is_answered(world: World) -> None:
    incident = silent_lead(world)
    lead = world.phone(LEAD)
    lead.rings("kính gọi đồng chí", "vụ việc số một không", "phím một: đã nhận", "không năm bốn không")
    assert ("sms", "voice", "silent") in hops(world, incident)
    assert lead.is_told() == lead.calls()[-1].body
    assert "Đã ghi nhận đồng chí nhận vụ việc số một không" in lead.presses("1")
    member = world.member(incident, LEAD)
    assert (member.state, member.via) == ("accepted", "voice")
    entry = next(e for e in world.view(incident).timeline if e.kind == "acknowledged")
    assert "qua gọi điện tự động, người nghe máy bấm phím" in entry.text
    lead.expects_sms("Da ghi nhan d/c nhan viec 10")
    lead.presses("1")
    lead.hears_nothing()
    assert world.kinds(incident).count("acknowledged") == 1, "the same key of the same call is one answer"
    assert world.verify(incident).ok
    quiet(world)


def test_key_two_calls_the_stand_in_of_the_stand_in_or_those_on_duty(world: World) -> None:
    incident = silent_lead(world)
    assert "không tham gia được" in world.phone(LEAD).presses("2")
    assert world.member(incident, LEAD).state in ("declined", "replaced")
    world.phone(STAND_IN).expects_sms("thay d/c Tran Thi Thu 02")
    quiet(world)


def test_key_two_of_the_spokesperson_calls_the_stand_in_at_once(world: World) -> None:
    """Declined by key before the limit is over: as a refusal by SMS."""
    world.can_call()
    incident = world.opens()
    spokesperson = world.phone(SPOKESPERSON).has_read_all().never_arrives()
    spokesperson.rings("Mời đồng chí tham gia Tổ công tác").presses("2")
    assert "stand_in_asked" in world.kinds(incident)
    assert [m.body for m in world.sms.sent if "thay d/c" in m.body]
    quiet(world)


def test_who_answered_elsewhere_is_thanked(world: World) -> None:
    incident = silent_lead(world)
    lead = world.phone(LEAD).rings("vụ việc")
    lead.replies("OK 10").has_read_all()
    assert "không phải làm gì thêm" in lead.is_told()
    assert lead.presses("3") == lead.is_told(), "nothing is read again either"
    assert world.member(incident, LEAD).via == "sms"
    quiet(world)


def test_a_closed_incident_says_so(world: World) -> None:
    incident = silent_lead(world)
    lead = world.phone(LEAD).rings("vụ việc")
    world.closes(incident)
    assert "đã kết thúc" in lead.is_told()
    assert "đã kết thúc" in lead.presses("1")
    assert world.member(incident, LEAD).state == "expired"
    quiet(world)


def test_it_rings_twice_at_most_and_nobody_is_called_unreachable_for_silence(world: World) -> None:
    incident = silent_lead(world)
    lead = world.phone(LEAD).rings("vụ việc").ends("no-answer")
    world.fast_forward(2)
    assert len(lead.calls()) == 2
    lead.ends("no-answer")
    world.fast_forward(60)
    assert len(lead.calls()) == 2
    assert "unreachable" not in world.kinds(incident), "the SMS may have been read"
    member = world.member(incident, LEAD)
    assert (member.state, member.rang) == ("asked", "no-answer")
    assert member.rang_at is not None
    quiet(world)


def test_who_answers_between_two_rings_is_left_alone(world: World) -> None:
    silent_lead(world)
    lead = world.phone(LEAD).rings("vụ việc").ends("busy")
    lead.replies("OK 10").has_read_all()
    world.fast_forward(5)
    assert len(lead.calls()) == 1
    quiet(world)


def test_a_dead_sms_is_followed_by_a_call_at_once_then_by_email_then_by_the_stand_in(world: World) -> None:
    world.can_call()
    without_mail(world, SPOKESPERSON)
    incident = world.opens()
    spokesperson = world.phone(SPOKESPERSON).has_read_all().never_arrives()
    spokesperson.rings("Mời đồng chí tham gia Tổ công tác")
    assert hops(world, incident) == [("sms", "voice", "failed")]
    assert "unreachable" not in world.kinds(incident)
    spokesperson.ends("failed")
    world.fast_forward(2)
    spokesperson.ends("failed")
    assert "unreachable" in world.kinds(incident), "no SMS, no call, no email: now the stand-in"
    assert "stand_in_asked" in world.kinds(incident)
    assert world.verify(incident).ok
    quiet(world)


def test_email_in_parallel_is_no_reason_to_wait(world: World) -> None:
    """The summons went by email as well; the dead SMS is followed by a call all the same."""
    world.can_call()
    incident = world.opens()
    spokesperson = world.phone(SPOKESPERSON).has_read_all().never_arrives().rings("Tổ công tác")
    spokesperson.ends("no-answer")
    world.fast_forward(2)
    spokesperson.ends("no-answer")
    assert hops(world, incident) == [("sms", "voice", "failed")]
    assert "unreachable" not in world.kinds(incident), "the email may be read"
    quiet(world)


def test_who_has_only_a_landline_is_called_at_once(world: World) -> None:
    world.can_call()
    incident = world.opens()
    people.invite(world.desk, incident.incident_id, world.person(LANDLINE_ONLY).id, world.duty, world.time)
    inspector = world.phone(LANDLINE_ONLY).rings("xin chuyển máy", "Mời đồng chí tham gia")
    assert inspector.calls()[0].to == inspector.person.landline
    assert hops(world, incident) == [("sms", "voice", "no_mobile")]
    assert "unreachable" not in world.kinds(incident)
    inspector.presses("1")
    assert world.member(incident, LANDLINE_ONLY).via == "voice"
    quiet(world)


def test_without_a_carrier_of_calls_nothing_rings_and_nothing_is_said_of_it(world: World) -> None:
    incident = world.opens()
    people.invite(world.desk, incident.incident_id, world.person(LANDLINE_ONLY).id, world.duty, world.time)
    world.fast_forward(30)
    assert world.voice.calls == []
    assert hops(world, incident) == []
    assert world.member(incident, LANDLINE_ONLY).state == "unreachable"
    quiet(world)


def test_a_key_on_a_shared_phone_goes_to_a_person(world: World) -> None:
    with world.store.writing() as session:
        session.execute(update(Person).where(Person.id == world.person(LEAD).id).values(shared_phone=True))
    incident = silent_lead(world)
    world.phone(LEAD).presses("1")
    assert world.member(incident, LEAD).state == "review"
    with world.store.reading() as session:
        assert session.scalars(select(Inbound.state).where(Inbound.body == "1")).one() == "review"
    quiet(world)


def test_a_drill_says_so_at_both_ends(world: World) -> None:
    silent_lead(world, mode="drill")
    words = world.phone(LEAD).calls()[-1].body
    assert words.startswith("Đây là cuộc diễn tập.")
    assert words.endswith("Đây là cuộc diễn tập.")
    quiet(world)


def test_the_words_are_kept_with_the_message_and_wound_nobody(world: World) -> None:
    silent_lead(world, title="Ba người chết ở hồ Suối Lạc", short_name="hồ Suối Lạc")
    with world.store.reading() as session:
        message = session.scalars(select(Message).where(Message.channel == "voice")).first()
    assert message is not None
    assert "hồ Suối Lạc" in message.body
    assert "chết" not in message.body
    assert (message.encoding, message.parts, message.critical) == ("voice", 1, True)
    quiet(world)


def test_stopping_stops_calls(world: World) -> None:
    incident = silent_lead(world)
    lead = world.phone(LEAD).rings("vụ việc").ends("busy")
    stopping.stop(world.desk, incident.incident_id, world.duty, world.time, "gửi nhầm")
    world.fast_forward(5)
    assert len(lead.calls()) == 1
    quiet(world)


def test_all_channels_dead_is_unreachable_once(world: World) -> None:
    """SMS and email fail one after the other, before the door looks: the stand-in is asked once, and it is said once."""
    incident = world.opens()
    speaker = world.person(SPOKESPERSON)
    for sender, address in ((world.sms, speaker.phone), (world.mail, speaker.email)):
        number = next(i for i, m in enumerate(sender.sent, 1) if m.to == address)
        failed = StatusUpdate(sender.name, f"{sender.name}-{number}", "permanent-failure", "30006")
        world.outbox.store_receipt(failed, world.time)
        world.outbox.sweep(world.time)
    world.tick()
    world.tick()
    assert world.kinds(incident).count("unreachable") == 1
    assert world.kinds(incident).count("stand_in_asked") == 1
    quiet(world)


CALLING = """
playbook: goi-ca-nhom
version: 1
title: "Gọi cả nhóm"
levels: {1: Theo dõi, 2: Sự cố, 3: Nghiêm trọng}
topics: [chung]
roles:
  truc_ban: {title: Cán bộ trực, pick: on_duty}
  moi_nguoi: {title: Mọi người trong địa bàn, pick: moi_nguoi_dia_ban}
steps:
  - id: goi
    notify: [moi_nguoi]
    message: mau/sms-goi-xac-nhan.txt
    via: [VIA]
    after: start
    ack: all
    within: 15 phút
    else: [{to: truc_ban, after: 15 phút}]
    critical: true
"""


def calls_a_group(world: World, via: str) -> Opened:
    world.can_call()
    folder = world.data_dir / "mau"
    folder.mkdir()
    (folder / "sms-goi-xac-nhan.txt").write_text(
        "Vu viec {{ code }}. Tra loi OK {{ code }}", encoding="utf-8"
    )
    (world.data_dir / "goi-ca-nhom.yaml").write_text(CALLING.replace("VIA", via), encoding="utf-8")
    world.settings = replace(world.settings, playbooks_dir=world.data_dir)
    world.desk = replace(world.desk, settings=world.settings)
    return world.opens(playbook="goi-ca-nhom", topic="chung", area=("xa_suoi_lac",), short_name="hồ Suối Lạc")


def asked_in(world: World, incident: Opened) -> list[Request]:
    with world.store.reading() as session:
        return list(session.scalars(select(Request).where(Request.incident_id == incident.incident_id)))


def test_a_group_is_called_where_the_playbook_says_so(world: World) -> None:
    incident = calls_a_group(world, "sms, voice")
    asked = asked_in(world, incident)
    assert asked
    assert {call.to for call in world.voice.sent} == {message.to for message in world.sms.sent}
    one = world.voice.sent[0]
    with world.store.reading() as session:
        person = session.scalars(select(Person).where(Person.phone == one.to)).one()
    phone = world.phones.setdefault(person.id, Phone(world, person)).has_read_all()
    phone.rings(
        f"xin gọi đồng chí {person.name}",
        "vụ việc số một không, hồ Suối Lạc",
        "Bấm phím một: đã nhận",
    )
    assert "Đã ghi nhận" in phone.presses("1")
    request = next(r for r in asked_in(world, incident) if r.person_id == person.id)
    assert (request.state, request.via, request.grouped) == ("accepted", "voice", True)
    assert "không phải làm gì thêm" in phone.is_told()
    assert world.verify(incident).ok
    quiet(world)


def test_a_group_may_be_called_alone_and_who_has_only_a_landline_too(world: World) -> None:
    with world.store.writing() as session:
        someone = session.scalars(
            select(Person)
            .join(Unit, Unit.key == Person.unit)
            .where(Unit.area == "xa_suoi_lac", Person.active)
        ).first()
        assert someone is not None
        someone.phone, someone.landline = None, "+842143840111"
    incident = calls_a_group(world, "voice")
    assert world.sms.sent == []
    assert "+842143840111" in {call.to for call in world.voice.sent}
    assert len(world.voice.sent) == len(asked_in(world, incident))
    quiet(world)


def test_a_group_without_a_carrier_of_calls_is_told_by_the_other_channels(world: World) -> None:
    world.can_call()
    calls_a_group(world, "sms, voice")
    before = len(world.voice.sent)
    world.outbox.close()
    world.outbox = Outbox(
        world.store, Gateway([Route("sms", world.sms)]), world.settings, world.now, threads=2
    )
    world.opens(
        playbook="goi-ca-nhom", topic="chung", area=("xa_suoi_lac",), short_name="hồ Suối Lạc", key="two"
    )
    assert len(world.voice.sent) == before
    assert world.sms.sent
    quiet(world)
