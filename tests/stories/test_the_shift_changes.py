"""The shift changes at six with incidents open: both officers are told until the incoming one has taken over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from incident.directory import rota
from incident.domain.actors import Actor, Role
from incident.domain.errors import Conflict, Forbidden, Invalid
from incident.report.gathering import gather
from incident.response import handover
from incident.response.advance import state_of
from incident.store.tables import FreeText, Handover, Message
from incident.timeline.verify import verify_chain
from notify.message import Message as Sent
from notify.phone import strip_marks
from tests.stories.test_course import quiet
from tests.stories.world import Phone, World

SIX = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
LEAD = "pho_chu_tich_phu_trach"
WRITER = "so_vhttdl_chuyen_vien_bao_chi"


def officer(phone: Phone) -> Actor:
    person = phone.person
    return Actor("user", person.id, person.name, frozenset({Role.DUTY_OFFICER}), person.id)


def shift_news(phone: Phone) -> list[Sent]:
    return [m for m in phone.messages() if "so truc khong doi" in m.body]


def due(world: World) -> Handover:
    with world.store.reading() as session:
        return session.scalars(select(Handover)).one()


def told_now(world: World, incident_id: str) -> list[str]:
    """Whom the role of the officer on duty reaches."""
    with world.store.reading() as session:
        return list(state_of(session, incident_id).roles["truc_ban"].people)


def two_incidents(world: World) -> tuple[str, str]:
    one = world.opens()
    world.time += timedelta(minutes=5)
    other = world.opens(
        playbook="vu-viec-chung",
        level=2,
        key="two",
        title="Bài đăng sai trên Cổng",
        short_name="bai tren Cong",
    )
    return one.incident_id, other.incident_id


def test_both_are_told_until_the_incoming_officer_has_taken_over(world: World) -> None:
    one, other = two_incidents(world)
    before = world.phone("on_duty")
    world.fast_forward(to=SIX + timedelta(minutes=10))
    after = world.phone("on_duty")
    assert before.person.id != after.person.id
    for incident in (one, other):
        assert told_now(world, incident) == [after.person.id, before.person.id]
    for phone in (before, after, world.phone(LEAD), world.phone(WRITER)):
        news = shift_news(phone)
        assert len(news) == 2, "one SMS for each open incident"
        assert {m.body.split(",")[0] for m in news} == {"Vu viec 10", "Vu viec 11"}
        assert all(f"tu 06h00 d/c {strip_marks(after.person.name)} truc" in m.body for m in news)
        assert all("Con nguoi chua tra loi" in m.body for m in news)
    quiet(world)
    world.fast_forward(12)
    handover.accept(world.desk, due(world).id, officer(after), world.time)
    world.tick()
    quiet(world)
    for incident in (one, other):
        assert told_now(world, incident) == [after.person.id]
    assert "shift_accepted" in kinds(world, one)
    world.fast_forward(90)
    assert after.unread(), "what is stuck goes to who has taken over"
    before.hears_nothing()
    assert len(shift_news(before)) == 2, "told once"
    quiet(world)
    for incident in (one, other):
        assert verified(world, incident)
    assert verified(world, "system")


def kinds(world: World, incident_id: str) -> list[str]:
    with world.store.reading() as session:
        return [entry.kind for entry in gather(session, incident_id, world.time).timeline]


def verified(world: World, chain: str) -> bool:
    with world.store.reading() as session:
        return verify_chain(session, chain).ok


def test_two_sms_to_one_phone_keep_three_minutes(world: World) -> None:
    two_incidents(world)
    world.fast_forward(to=SIX + timedelta(minutes=1))
    with world.store.reading() as session:
        rows = session.scalars(
            select(Message).where(Message.kind == "shift", Message.person_id == world.person(LEAD).id)
        ).all()
    first, second = sorted(row.not_before for row in rows)
    assert second - first >= timedelta(minutes=3)
    assert {row.parts for row in rows} == {1}
    quiet(world)


def test_nobody_takes_over(world: World) -> None:
    """After half an hour every timeline says so, once; the board names who stays responsible and the leader."""
    incident = world.opens()
    before = world.phone("on_duty").person
    world.fast_forward(to=SIX + timedelta(minutes=29))
    with world.store.reading() as session:
        early = handover.notice(session, world.time)
    assert early is not None
    assert not early.late
    assert "shift_not_accepted" not in world.kinds(incident)
    world.fast_forward(40)
    assert world.kinds(incident).count("shift_not_accepted") == 1
    with world.store.reading() as session:
        late = handover.notice(session, world.time)
    assert late is not None
    assert late.late
    assert (late.outgoing, late.leader) == (f"đ/c {before.name}", f"đ/c {world.phone('lanh_dao_truc').name}")
    assert before.id in told_now(world, incident.incident_id)
    text = next(e.text for e in world.view(incident).timeline if e.kind == "shift_not_accepted")
    assert "chưa nhận bàn giao" in text
    assert f"{before.name}" in text
    quiet(world)


def test_handed_over_before_six_and_taken_over(world: World) -> None:
    """The outgoing officer writes a note at 05:50; accepted at once, nobody is told twice."""
    incident = world.opens()
    world.fast_forward(to=SIX - timedelta(minutes=10))
    before = world.phone("on_duty")
    with world.store.reading() as session:
        following = rota.next_turn(session, world.time)
    assert following is not None
    handover.hand_over(
        world.desk, following.person, "Báo A hẹn gọi lại lúc 7 giờ", officer(before), world.time
    )
    row = due(world)
    assert row.begins_at == SIX
    assert [i["short_name"] for i in row.picture["incidents"]] == ["tin ve ho Suoi Lac"]
    with world.store.reading() as session:
        note = session.get(FreeText, ("system", row.note_seq, "note"))
    assert note is not None
    assert note.text == "Báo A hẹn gọi lại lúc 7 giờ"
    incoming = Actor(
        "user", following.person, following.name, frozenset({Role.DUTY_OFFICER}), following.person
    )
    with pytest.raises(Forbidden):
        handover.accept(world.desk, row.id, officer(before), world.time)
    handover.accept(world.desk, row.id, incoming, world.time)
    handover.accept(world.desk, row.id, incoming, world.time)
    assert world.kinds(incident).count("shift_accepted") == 1
    world.fast_forward(to=SIX + timedelta(minutes=1))
    assert told_now(world, incident.incident_id) == [following.person]
    assert len(shift_news(before)) == 1
    with world.store.reading() as session:
        assert handover.notice(session, world.time) is None
    with pytest.raises(Forbidden):
        handover.hand_over(world.desk, following.person, "", officer(before), world.time)
    quiet(world)


def test_handed_to_somebody_the_rota_does_not_name(world: World) -> None:
    """Ill at three: the rota changes when the other one accepts, not before; an incident opened later is his alone."""
    incident = world.opens()
    world.fast_forward(60)
    ill = world.phone("on_duty")
    with world.store.reading() as session:
        others = [p for p in handover.may_be_chosen(session, world.time) if p.id != ill.person.id]
        following = rota.next_turn(session, world.time)
    assert following is not None
    chosen = next(p for p in others if p.id != following.person)
    for wrong in ("", "nobody", ill.person.id):
        with pytest.raises(Invalid):
            handover.hand_over(world.desk, wrong, "", officer(ill), world.time)
    row = handover.hand_over(world.desk, chosen.id, "", officer(ill), world.time)
    world.tick()
    assert set(told_now(world, incident.incident_id)) == {ill.person.id, chosen.id}
    world.fast_forward(5)
    admin = Actor("user", "admin", "Quản trị", frozenset({Role.ADMIN}), None)
    handover.accept(world.desk, row, admin, world.time)
    assert due(world).via == "phone", "recorded for him by another"
    world.tick()
    assert told_now(world, incident.incident_id) == [chosen.id]
    assert world.phone("on_duty").person.id == chosen.id
    world.fast_forward(to=SIX + timedelta(minutes=1))
    assert told_now(world, incident.incident_id) == [following.person, chosen.id]
    quiet(world)


def test_a_hand_over_nobody_took_is_over_with_its_turn(world: World) -> None:
    world.opens()
    ill = world.phone("on_duty")
    with world.store.reading() as session:
        following = rota.next_turn(session, world.time)
        assert following is not None
        chosen = next(
            p
            for p in handover.may_be_chosen(session, world.time)
            if p.id not in (ill.person.id, following.person)
        )
    row = handover.hand_over(world.desk, chosen.id, "", officer(ill), world.time)
    world.fast_forward(to=SIX + timedelta(minutes=1))
    who = Actor("user", chosen.id, chosen.name, frozenset({Role.DUTY_OFFICER}), chosen.id)
    with pytest.raises(Conflict):
        handover.accept(world.desk, row, who, world.time)
    quiet(world)


def test_a_quiet_night_is_taken_over_with_one_press(world: World) -> None:
    after = world.phone("on_duty")
    with world.store.reading() as session:
        assert handover.standing(session, world.time).quiet
        assert handover.notice(session, world.time) is None
    handover.accept(world.desk, None, officer(after), world.time)
    handover.accept(world.desk, None, officer(after), world.time)
    with world.store.reading() as session:
        stand = handover.standing(session, world.time)
        assert stand.accepted is not None
        assert not stand.quiet
    world.fast_forward(to=SIX + timedelta(hours=1))
    assert shift_news(after) == []
    assert world.sms.sent == []
