"""What those on duty hear by telephone and in the Zalo group: outcomes, taking back, several at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from incident.domain.actors import Role
from incident.domain.errors import Refusal
from incident.report.record import MemberView
from incident.response import calls
from incident.response.calls import Heard
from incident.response.open import Opened
from incident.store.tables import PhoneCall
from incident.web import labels
from tests.stories.test_everyone_answers import TASK_FORCE
from tests.stories.world import World

LEAD, STAND_IN, SPOKESPERSON = "pho_chu_tich_phu_trach", "giam_doc_so_vhttdl", "nguoi_phat_ngon"


def quiet(world: World) -> None:
    for phone in world.phones.values():
        phone.has_read_all()


def heard(world: World, incident: Opened, post: str, outcome: str, **more: object) -> bool:
    one = Heard(world.person(post).id, outcome, world.time, **more)  # type: ignore[arg-type]
    told = calls.record(world.desk, incident.incident_id, one, world.duty, world.time)
    world.deliver()
    return told


def undo(world: World, incident: Opened) -> str:
    call = world.view(incident).calls[-1]
    return calls.take_back(world.desk, incident.incident_id, call.id, world.duty, world.time)


def test_a_call_is_an_answer_with_its_facts(world: World) -> None:
    incident = world.opens()
    world.time += timedelta(minutes=4)
    assert heard(world, incident, LEAD, "accept")
    member = world.member(incident, LEAD)
    assert (member.state, member.via) == ("accepted", "phone")
    entry = next(e for e in world.view(incident).timeline if e.kind == "acknowledged")
    assert f"{world.duty.name} gọi lúc 02h04: đã nhận" in entry.free["reason"]
    assert not heard(world, incident, LEAD, "accept"), "a second press is the same call"
    assert world.kinds(incident).count("acknowledged") == 1
    assert world.verify(incident).ok
    quiet(world)


def test_silence_is_not_unreachable_and_two_calls_in_vain_are(world: World) -> None:
    incident = world.opens()
    world.fast_forward(5)
    assert shown(world, world.member(incident, SPOKESPERSON)) == "Đã báo, chưa trả lời (5 phút)"
    heard(world, incident, SPOKESPERSON, "no_answer")
    assert not heard(world, incident, SPOKESPERSON, "no_answer"), "a double press"
    assert "gọi 1 lần, không nghe máy" in shown(world, world.member(incident, SPOKESPERSON))
    world.fast_forward(2)
    heard(world, incident, SPOKESPERSON, "off")
    member = world.member(incident, SPOKESPERSON)
    assert shown(world, member) == "Không liên lạc được (gọi 2 lần, thuê bao/tắt máy)"
    entry = world.view(incident).timeline[-1]
    assert (entry.kind, entry.data["outcome"]) == ("call_recorded", "off")
    assert "thuê bao" in entry.text
    undo(world, incident)
    assert "gọi 1 lần" in shown(world, world.member(incident, SPOKESPERSON))
    world.phone(SPOKESPERSON).has_read_all().replies("OK 10").expects_sms("nhan viec 10")
    assert world.member(incident, SPOKESPERSON).state == "accepted"
    quiet(world)


def shown(world: World, member: MemberView) -> str:
    return labels.member(member, world.time).text


def test_somebody_else_picked_up_and_the_person_is_still_asked(world: World) -> None:
    incident = world.opens()
    heard(world, incident, LEAD, "someone_else", text="chị Hoa, văn thư, sẽ báo lại")
    assert world.member(incident, LEAD).state == "asked"
    entry = world.view(incident).timeline[-1]
    assert "người khác nghe máy: chị Hoa" in entry.text
    quiet(world)


def test_a_mistaken_yes_is_taken_back(world: World) -> None:
    incident = world.opens()
    heard(world, incident, LEAD, "accept")
    assert undo(world, incident) == f"đ/c {world.person(LEAD).name}"
    assert world.member(incident, LEAD).state == "asked"
    assert world.kinds(incident)[-1] == "call_undone"
    with pytest.raises(Refusal):
        calls.take_back(
            world.desk, incident.incident_id, _last_id(world, incident, LEAD), world.duty, world.time
        )
    world.fast_forward(11)
    world.phone(STAND_IN).expects_sms("thay d/c"), "the seat waits again, and its ladder runs"
    world.phone(LEAD).has_read_all().replies("OK 10").expects_sms("nhan viec 10")
    assert world.member(incident, LEAD).state == "accepted"
    assert world.verify(incident).ok
    quiet(world)


def _last_id(world: World, incident: Opened, post: str) -> str:
    with world.store.reading() as session:
        query = select(PhoneCall.id).where(PhoneCall.incident_id == incident.incident_id)
        found = session.scalars(query.where(PhoneCall.person_id == world.person(post).id)).all()
    return found[-1]


def test_what_is_ten_minutes_old_is_corrected_by_a_new_call(world: World) -> None:
    incident = world.opens()
    heard(world, incident, LEAD, "decline")
    world.fast_forward(11)
    with pytest.raises(Refusal) as late:
        undo(world, incident)
    assert late.value.status == 409
    heard(world, incident, LEAD, "accept")
    assert world.member(incident, LEAD).state == "accepted"
    quiet(world)


def test_an_answer_given_since_is_not_undone(world: World) -> None:
    incident = world.opens()
    heard(world, incident, LEAD, "decline")
    world.time += timedelta(minutes=1)
    world.phone(LEAD).has_read_all().replies("OK 10")
    with pytest.raises(Refusal):
        undo(world, incident)
    assert world.member(incident, LEAD).state == "accepted"
    quiet(world)


def test_the_one_who_was_called_sends_another(world: World) -> None:
    incident = world.opens()
    other = world.phone("so_vhttdl_pho_phong")
    heard(world, incident, LEAD, "sent_another", instead=other.person.id)
    other.expects_sms("thay d/c Tran Thi Thu 02", "OK 10").replies("OK 10").expects_sms("nhan viec 10")
    world.phone(STAND_IN).hears_nothing()
    assert world.member(incident, "so_vhttdl_pho_phong").state == "accepted"
    lead = world.member(incident, LEAD)
    assert shown(world, lead) == f"Đã có đ/c {other.name} thay"
    assert world.verify(incident).ok
    quiet(world)


def test_five_answers_of_the_zalo_group_in_one_transaction(world: World) -> None:
    incident = world.opens()
    world.time += timedelta(minutes=6)
    at = world.time - timedelta(minutes=5)
    several = [Heard(world.person(post).id, "accept", at, "zalo") for post in TASK_FORCE[:5]]
    told = calls.record_many(world.desk, incident.incident_id, several, world.duty, world.time)
    world.deliver()
    assert told == len(several)
    entries = [e for e in world.view(incident).timeline if e.kind == "acknowledged"]
    assert len(entries) == len(several)
    assert all("qua nhóm Zalo" in e.text and e.occurred_at == at for e in entries)
    assert all(world.member(incident, post).via == "zalo" for post in TASK_FORCE[:5])
    quiet(world)


def test_one_wrong_name_among_five_and_nothing_is_written(world: World) -> None:
    incident = world.opens()
    several = [
        Heard(world.person(LEAD).id, "accept", world.time, "zalo"),
        Heard("nobody", "accept", world.time, "zalo"),
    ]
    with pytest.raises(Refusal):
        calls.record_many(world.desk, incident.incident_id, several, world.duty, world.time)
    assert world.member(incident, LEAD).state == "asked"
    quiet(world)


def test_only_those_on_duty_record_calls(world: World) -> None:
    incident = world.opens()
    member = world.actor(SPOKESPERSON, Role.SPOKESPERSON)
    one = Heard(world.person(LEAD).id, "accept", world.time)
    with pytest.raises(Refusal) as refused:
        calls.record(world.desk, incident.incident_id, one, member, world.time)
    assert refused.value.status == 403
    world.closes(incident)
    with pytest.raises(Refusal) as closed:
        calls.record(world.desk, incident.incident_id, one, world.duty, world.time)
    assert closed.value.status == 409
    quiet(world)


def test_a_wrong_number_by_telephone_is_stopped_everywhere_with_one_apology(world: World) -> None:
    first = world.opens()
    second = world.opens(key="two", title="Bài trên Cổng TTĐT sai số liệu", short_name="bai tren Cong TTDT")
    phone = world.phone(LEAD).has_read_all()
    heard(world, first, LEAD, "wrong_number")
    phone.expects_sms("Xin loi da lam phien").hears_nothing()
    for incident in (first, second):
        assert shown(world, world.member(incident, LEAD)) == "Nhầm số, đã ngừng gửi"
    world.phone(STAND_IN).has_read_all()
    assert sum("thay d/c" in m.body for m in world.phone(STAND_IN).messages()) == 2
    world.fast_forward(30)
    phone.hears_nothing()
    quiet(world)


def test_a_number_called_wrong_by_mistake_is_theirs_again(world: World) -> None:
    incident = world.opens()
    heard(world, incident, LEAD, "wrong_number")
    undo(world, incident)
    assert world.member(incident, LEAD).state == "asked"
    world.phone(LEAD).has_read_all().replies("OK 10").expects_sms("nhan viec 10")
    assert world.member(incident, LEAD).state == "accepted"
    quiet(world)
