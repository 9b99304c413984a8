"""Who takes part is changed by hand: somebody more, another holder, a corrected number, an unknown number, a late yes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from incident.domain.errors import Refusal
from incident.response import calls, inbox, people
from incident.response.advance import state_of
from incident.response.calls import Heard
from incident.response.open import Opened
from incident.response.people import Newcomer
from incident.store.tables import Inbound, Person, Shift
from tests.stories.test_calls import LEAD, SPOKESPERSON, STAND_IN, quiet, shown
from tests.stories.world import Phone, World

STRANGER = "+84540777777"


def newcomer(world: World, incident: Opened, **more: str) -> str:
    who = Newcomer(
        **{"name": "Lê Văn  Bổ Sung", "phone": "0540 888 001", "post": "Trạm trưởng thủy văn", **more}
    )
    id = people.invite_newcomer(world.desk, incident.incident_id, who, world.duty, world.time)
    world.deliver()
    return id


def phone_of(world: World, person_id: str) -> Phone:
    with world.store.reading() as session:
        person = session.get_one(Person, person_id)
    return world.phones.setdefault(person.id, Phone(world, person))


def test_somebody_not_in_the_directory_joins_in_three_fields(world: World) -> None:
    incident = world.opens()
    phone = phone_of(world, newcomer(world, incident))
    phone.expects_sms("Moi d/c tham gia To cong tac", "OK 10").replies("OK 10").expects_sms("nhan viec 10")
    member = next(m for m in world.view(incident).task_force if m.person_id == phone.person.id)
    assert (member.state, member.role_title, member.name, member.post) == (
        "accepted", "Mời thêm", "Lê Văn Bổ Sung", "Trạm trưởng thủy văn",
    )  # fmt: skip
    assert world.step(incident, "lap_to") == "active", "one who was added fills no role"
    assert (
        "Mời thêm đ/c Lê Văn Bổ Sung"
        in world.view(incident).timeline[-2].text + world.view(incident).timeline[-3].text
    )
    with pytest.raises(Refusal) as again:
        newcomer(world, incident, name="Người khác")
    assert "đã có trong danh bạ" in again.value.text
    assert world.verify(incident).ok
    quiet(world)


@pytest.mark.parametrize(
    ("field", "value"),
    [("phone", "0214 3840 000"), ("phone", "123"), ("name", ""), ("post", " "), ("unit", "khong_co")],
)
def test_three_fields_are_checked(world: World, field: str, value: str) -> None:
    incident = world.opens()
    with pytest.raises(Refusal) as refused:
        newcomer(world, incident, **{field: value})
    assert field in refused.value.errors
    quiet(world)


def test_somebody_of_the_directory_joins_after_the_call_up_is_done(world: World) -> None:
    incident = world.opens()
    for post in (LEAD, SPOKESPERSON):
        world.phone(post).has_read_all().replies("OK 10")
    assert world.step(incident, "lap_to") == "done"
    extra = world.phone("so_vhttdl_pho_phong")
    people.invite(world.desk, incident.incident_id, extra.person.id, world.duty, world.time)
    extra.expects_sms("tham gia To cong tac").replies("BAN 10").expects_sms("bao ban")
    with pytest.raises(Refusal):
        people.invite(world.desk, incident.incident_id, world.person(LEAD).id, world.duty, world.time)
    quiet(world)


def test_a_role_changed_by_hand_outlives_the_rota(world: World) -> None:
    incident = world.opens()
    other = world.phone("so_vhttdl_pho_phong")
    people.change_role(
        world.desk, incident.incident_id, "phat_ngon", other.person.id, "đi công tác", world.duty, world.time
    )
    other.expects_sms("tham gia To cong tac")
    world.phone(SPOKESPERSON).has_read_all()
    assert world.member(incident, SPOKESPERSON).state == "replaced"
    for _ in range(3):
        world.tick()
    with world.store.writing() as session:  # the shift changes under it
        session.query(Shift).update({"ends_at": world.time + timedelta(seconds=1)})
    world.time += timedelta(minutes=1)
    world.tick()
    with world.store.reading() as session:
        assert state_of(session, incident.incident_id).roles["phat_ngon"].people == (other.person.id,)
    other.replies("OK 10").expects_sms("nhan viec 10")
    entry = next(e for e in world.view(incident).timeline if e.kind == "role_changed")
    assert "đi công tác" in entry.text
    assert other.name in entry.text
    quiet(world)


def test_who_has_answered_keeps_it_and_the_new_holder_is_asked_all_the_same(world: World) -> None:
    incident = world.opens()
    world.phone(SPOKESPERSON).has_read_all().replies("OK 10")
    other = world.phone("so_vhttdl_pho_phong")
    people.change_role(
        world.desk, incident.incident_id, "phat_ngon", other.person.id, "đổi ca", world.duty, world.time
    )
    other.expects_sms("tham gia To cong tac")
    assert world.member(incident, SPOKESPERSON).state == "accepted"
    quiet(world)


def test_a_wrong_number_is_corrected_and_asked_once(world: World) -> None:
    incident = world.opens()
    old = world.phone(SPOKESPERSON).has_read_all()
    old.replies("nham so roi").expects_sms("Xin loi da lam phien")
    assert world.member(incident, SPOKESPERSON).state == "wrong_number"

    def correct(number: str, shared: bool = False) -> bool:
        done = people.correct_number(
            world.desk, incident.incident_id, old.person.id, number, world.duty, world.time, shared
        )
        world.deliver()
        return done.asked_again

    for number, words in (
        ("0214 3840 000", "máy bàn"), ("0540", "thiếu"), (str(old.person.phone), "nhầm số"),
        (str(world.person(LEAD).phone), "đang ghi cho"),
    ):  # fmt: skip
        with pytest.raises(Refusal) as refused:
            correct(number)
        assert words in refused.value.text
    assert correct("0540.888.002")
    new = phone_of(world, newcomer_id(world, "+84540888002"))
    asked = [m.body for m in world.sms.to("+84540888002")]
    assert len(asked) == 1
    assert "tham gia To cong tac" in asked[0]
    assert shown(world, world.member(incident, SPOKESPERSON)).startswith("Đã báo, chưa trả lời")
    world.receives("+84540888002", "OK 10")
    assert world.member(incident, SPOKESPERSON).state == "accepted"
    entry = next(e for e in world.view(incident).timeline if e.kind == "contact_corrected")
    assert "888" not in entry.canonical + entry.text
    assert "gửi lại" in entry.text
    world.fast_forward(20)
    old.hears_nothing()
    world.phones.pop(new.person.id)
    assert world.verify(incident).ok
    quiet(world)


def newcomer_id(world: World, number: str) -> str:
    with world.store.reading() as session:
        return session.scalars(select(Person.id).where(Person.phone == number)).one()


def test_a_right_code_from_an_unknown_number_is_assigned(world: World) -> None:
    incident = world.opens()
    world.receives(STRANGER, "OK 10")
    world.receives(STRANGER, "OK 10")
    world.receives("+84540777778", "OK 99")
    assert not world.sms.to(STRANGER), "nothing is said to a number of nobody"
    (reply,) = world.view(incident).review
    assert (reply.person, reply.body) == (None, "OK 10")
    with pytest.raises(Refusal):
        inbox.decide_reply(world.desk, reply.inbound_id, "accept", "10", world.duty, world.time)
    lead = world.person(LEAD)
    inbox.decide_reply(world.desk, reply.inbound_id, "accept", "10", world.duty, world.time, lead.id)
    world.deliver()
    member = world.member(incident, LEAD)
    assert (member.state, member.via) == ("accepted", "sms")
    assert member.reason == f"số lạ, gán bởi {world.duty.name}"
    with world.store.reading() as session:
        assert session.get_one(Person, lead.id).phone == lead.phone, "the directory is not changed by it"
        assert session.scalar(select(func.count()).where(Inbound.state == "review")) == 0
    quiet(world)


def test_a_late_yes_and_who_stays_is_decided(world: World) -> None:
    incident = world.opens()
    world.fast_forward(11)
    stand_in, lead = world.phone(STAND_IN).has_read_all(), world.phone(LEAD).has_read_all()
    stand_in.replies("OK 10").expects_sms("nhan viec 10")
    assert shown(world, world.member(incident, LEAD)) == f"Đã có đ/c {stand_in.name} thay"
    world.time += timedelta(minutes=30)
    lead.has_read_all().replies("OK 10").expects_sms("dang tham gia thay")
    member = world.member(incident, LEAD)
    assert member.late
    request = str(member.request_id)
    stand_in.has_read_all()
    people.settle_late(world.desk, incident.incident_id, request, False, world.duty, world.time)
    stand_in.expects_sms("khong phai tham gia thay nua", f"d/c {lead.name}")
    assert world.member(incident, LEAD).state == "accepted"
    assert world.member(incident, STAND_IN).state == "replaced"
    with pytest.raises(Refusal):
        people.settle_late(world.desk, incident.incident_id, request, True, world.duty, world.time)
    assert world.verify(incident).ok
    quiet(world)


def test_the_stand_in_is_kept(world: World) -> None:
    incident = world.opens()
    world.fast_forward(11)
    world.phone(STAND_IN).has_read_all().replies("OK 10")
    world.phone(LEAD).has_read_all().replies("OK 10")
    request = str(world.member(incident, LEAD).request_id)
    name = people.settle_late(world.desk, incident.incident_id, request, True, world.duty, world.time)
    assert name == f"đ/c {world.phone(STAND_IN).name}"
    member = world.member(incident, LEAD)
    assert (member.state, member.late) == ("replaced", False)
    assert world.member(incident, STAND_IN).state == "accepted"
    quiet(world)


def test_a_stand_in_without_a_number_stands_on_the_call_list(world: World) -> None:
    incident = world.opens()
    with world.store.writing() as session:
        session.get_one(Person, world.person("so_vhttdl_pho_phong").id).phone = None
        session.get_one(Person, world.person("so_vhttdl_pho_phong").id).email = None
    one = Heard(
        world.person(LEAD).id, "sent_another", world.time, instead=world.person("so_vhttdl_pho_phong").id
    )
    calls.record(world.desk, incident.incident_id, one, world.duty, world.time)
    assert shown(world, world.member(incident, "so_vhttdl_pho_phong")) == "Chưa báo (không có số)"
    quiet(world)


def test_somebody_who_was_added_is_addressed_as_was_chosen(world: World) -> None:
    incident = world.opens()
    phone = phone_of(world, newcomer(world, incident, xung_ho="bà"))
    phone.expects_sms("Moi ba tham gia To cong tac", "OK 10")
    member = next(m for m in world.view(incident).task_force if m.person_id == phone.person.id)
    assert member.called == "bà Lê Văn Bổ Sung"
    with pytest.raises(Refusal) as refused:
        newcomer(world, incident, phone="0540 888 002", xung_ho="ngài")
    assert "xung_ho" in refused.value.errors


def test_who_is_asked_anew_and_cannot_be_reached_again_is_not_forgotten(world: World) -> None:
    """The number was wrong, the corrected one is dead too: the second failure counts as the first did."""
    with world.store.writing() as session:
        session.get_one(Person, world.person(SPOKESPERSON).id).email = None
    incident = world.opens()
    old = world.phone(SPOKESPERSON).expects_sms("vu viec 10").never_arrives()
    assert world.kinds(incident).count("unreachable") == 1
    world.fast_forward(1)
    people.correct_number(
        world.desk, incident.incident_id, old.person.id, "0540 888 002", world.duty, world.time
    )
    world.deliver()
    assert world.member(incident, SPOKESPERSON).state == "asked"
    world.phones.pop(old.person.id)
    phone_of(world, old.person.id).expects_sms("vu viec 10").never_arrives("30005")
    assert world.kinds(incident).count("unreachable") == 2
    assert world.member(incident, SPOKESPERSON).state == "unreachable"
    quiet(world)


def test_who_is_asked_anew_is_tried_on_every_channel_again(world: World) -> None:
    """The call to the old number does not count as a call to the new one; what arrived there does not count either."""
    world.can_call()
    with world.store.writing() as session:
        session.get_one(Person, world.person(SPOKESPERSON).id).email = None
    incident = world.opens()
    old = world.phone(SPOKESPERSON).expects_sms("vu viec 10").never_arrives().rings("Tổ công tác")
    old.ends("completed")
    world.fast_forward(1)
    people.correct_number(
        world.desk, incident.incident_id, old.person.id, "0540 888 002", world.duty, world.time
    )
    world.deliver()
    world.phones.pop(old.person.id)
    new = phone_of(world, old.person.id).expects_sms("vu viec 10").never_arrives("30005")
    new.rings("Tổ công tác")
    quiet(world)
