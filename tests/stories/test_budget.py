"""The first hour of a night at level 3, counted: nobody gets more SMS than a person can bear."""

from __future__ import annotations

import dataclasses
import itertools

from sqlalchemy import select

from incident.response import people
from incident.store.tables import Message
from tests.stories.test_calls import LEAD, SPOKESPERSON, STAND_IN, quiet
from tests.stories.test_everyone_answers import TASK_FORCE, TEXT
from tests.stories.world import Phone, World


def gaps_in_minutes(phone: Phone) -> list[float]:
    with phone.world.store.reading() as session:
        rows = session.execute(
            select(Message.kind, Message.not_before)
            .where(Message.address == phone.person.phone, Message.status != "cancelled")
            .order_by(Message.not_before)
        ).all()
    pairs = itertools.pairwise(rows)
    return [
        (later.not_before - sooner.not_before).total_seconds() / 60
        for sooner, later in pairs
        if later.kind in ("remind", "task", "publish", "warn") and sooner.kind != "reply"
    ]


def test_who_is_silent_gets_at_most_five_and_stands_on_the_call_list(world: World) -> None:
    world.opens()
    phones = [world.phone(post) for post in (*TASK_FORCE, STAND_IN)]
    world.fast_forward(59)
    for phone in phones:
        assert len(phone.messages()) <= 5, [m.body for m in phone.messages()]
        assert all(gap >= 3 for gap in gaps_in_minutes(phone)), phone.name
    quiet(world)


def test_who_answers_gets_at_most_four_and_works_on(world: World) -> None:
    incident = world.opens()
    phones = [world.phone(post) for post in TASK_FORCE]
    for phone in phones:
        phone.has_read_all().replies("OK 10")
    world.answers(incident, "xac_minh", "sai", "so_nnmt_thuy_loi")
    world.drafts(incident, TEXT, "so_vhttdl_chuyen_vien_bao_chi")
    world.approves(incident, SPOKESPERSON)
    world.approves(incident, LEAD)
    world.fast_forward(59)
    for phone in phones:
        counted = [m.body for m in phone.messages() if "duyet" not in m.body]
        assert len(counted) <= 4, counted
        assert all(gap >= 3 for gap in gaps_in_minutes(phone)), phone.name
    quiet(world)


def test_reminders_stop_when_the_stand_in_has_accepted(world: World) -> None:
    world.opens()
    lead, stand_in = world.phone(LEAD), world.phone(STAND_IN)
    world.fast_forward(11)
    stand_in.has_read_all().replies("OK 10")
    lead.has_read_all()
    world.fast_forward(45)
    assert not [m.body for m in lead.unread() if "chua nhan duoc tra loi" in m.body or "cho y kien" in m.body]
    quiet(world)


def test_two_roles_are_one_summons(world: World) -> None:
    incident = world.opens()
    secretary = world.phone("so_vhttdl_chuyen_vien_bao_chi").has_read_all()
    people.change_role(
        world.desk,
        incident.incident_id,
        "phat_ngon",
        secretary.person.id,
        "kiêm nhiệm",
        world.duty,
        world.time,
    )
    secretary.hears_nothing()
    secretary.replies("OK 10").expects_sms("nhan viec 10")
    quiet(world)


def test_a_one_way_carrier_never_asks_for_a_reply(world: World) -> None:
    world.desk = dataclasses.replace(world.desk, two_way=False)
    incident = world.opens()
    for post in TASK_FORCE:
        world.phone(post)
    world.fast_forward(40)
    bodies = [m.body for m in world.sms.sent]
    assert bodies
    assert not [body for body in bodies if "tra loi ok" in body.lower()]
    assert all("0540000001" in body for body in bodies)
    assert not [m.body for m in world.mail.sent if "nhắn tin OK" in m.body]
    lead = world.phone(LEAD).messages()[0].body
    assert lead.startswith("Kinh bao cao d/c")
    assert "/a/" in lead
    assert world.verify(incident).ok
    quiet(world)
