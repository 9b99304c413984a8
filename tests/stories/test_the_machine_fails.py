"""What fails around us: the carrier refuses, answers are lost, the bell is gone, a number is dead."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from incident.delivery.outbox import Outbox
from incident.response.desk import Desk
from incident.store.tables import Attempt, CarrierState, Message
from notify.memory import hangs, refuses, unknown_but_sent
from notify.message import ConfigurationFault, Reply, StatusUpdate, TemporaryFailure
from tests.stories.test_everyone_answers import TASK_FORCE
from tests.stories.world import World

LEAD = "pho_chu_tich_phu_trach"
STAND_IN = "giam_doc_so_vhttdl"


def quiet(world: World) -> None:
    for phone in world.phones.values():
        phone.has_read_all()


def statuses(world: World, channel: str = "sms") -> list[str]:
    with world.store.reading() as session:
        return sorted(session.scalars(select(Message.status).where(Message.channel == channel)))


def test_the_carrier_refuses_and_recovers(world: World) -> None:
    """Too many requests: nothing is lost, each is tried again later, each phone hears once."""
    world.sms.will(*[refuses(TemporaryFailure("20429", "too many requests"))] * 5)
    incident = world.opens()
    assert statuses(world) == ["created"] * 5
    world.fast_forward(2)
    assert len(world.sms.sent) == 5
    assert statuses(world) == ["accepted"] * 5
    for post in TASK_FORCE:
        world.phone(post).expects_sms("vu viec 10")
    assert world.member(incident, LEAD).state == "asked"


def test_a_configuration_fault_pauses_the_carrier_and_is_told_once(world: World) -> None:
    world.sms.will(*[refuses(ConfigurationFault("20003", "authenticate"))] * 14)
    incident = world.opens()
    world.fast_forward(1)
    with world.store.reading() as session:
        paused = session.scalars(select(CarrierState).where(CarrierState.paused_at.is_not(None))).all()
    assert [p.name for p in paused] == ["memory"]
    assert statuses(world) == ["created"] * 5, "the messages wait; nothing is given up"
    calls = len(world.sms.calls)
    # Five at once, what their threads had already begun, two probes; with every retry it would be twenty and more.
    assert calls <= 12, "a refused carrier is probed every thirty seconds, not hammered"
    world.fast_forward(8)
    for post in TASK_FORCE:
        world.phone(post).expects_sms("vu viec 10")
    assert world.member(incident, LEAD).state == "asked"
    quiet(world)


def test_a_dead_number_calls_the_stand_in(world: World) -> None:
    """The carrier says later that the number does not exist: whoever stands in is asked."""
    incident = world.opens()
    lead = world.phone(LEAD).has_read_all()
    with world.store.reading() as session:
        message = session.scalar(
            select(Message).where(Message.address == lead.person.phone, Message.channel == "sms")
        )
        assert message is not None
        attempt = session.scalar(select(Attempt).where(Attempt.message_id == message.id))
        assert attempt is not None
        mail = session.scalar(select(Message).where(Message.address == lead.person.email))
    assert mail is not None, "the email is still on its way: not every channel has failed"
    update = StatusUpdate("memory", attempt.carrier_id or "", "permanent-failure", "30005", "", {})
    assert world.outbox.store_receipt(update, world.time)
    assert not world.outbox.store_receipt(update, world.time), "the same receipt twice is one"
    world.tick()
    assert statuses(world).count("permanent-failure") == 1
    world.fast_forward(11)
    world.phone(STAND_IN).expects_sms("thay d/c")
    assert world.member(incident, LEAD).state != "accepted"
    quiet(world)


def test_an_answer_lost_after_sending_is_found_at_the_carrier(world: World) -> None:
    """The line breaks after the carrier took the message: it is looked for, found, and not sent again."""
    world.sms.will(unknown_but_sent())
    world.opens()
    assert statuses(world).count("unknown") == 1
    world.fast_forward(3)
    assert statuses(world) == ["accepted"] * 5
    assert len(world.sms.sent) == 5, "found, not repeated"


def test_a_call_that_never_arrived_is_made_once_more(world: World) -> None:
    """Looked for twice, sixty seconds apart, and not there: a summons is sent again, once, with the same text."""
    world.sms.will(hangs())
    world.opens()
    assert statuses(world).count("unknown") == 1
    world.fast_forward(1)
    assert len(world.sms.sent) == 4, "not sent again before it was looked for twice"
    world.fast_forward(3)
    assert len(world.sms.sent) == 5
    assert statuses(world) == ["accepted"] * 5
    addresses = [m.to for m in world.sms.sent]
    assert len(addresses) == len(set(addresses))


def test_redis_is_gone(world: World) -> None:
    """The bell rings into nothing, loudly; what it would have woken is found by the sweep."""

    def broken() -> None:
        raise ConnectionError("no Redis")

    world.desk = Desk(world.store, world.settings, ring=broken)
    incident = world.opens()
    world.fast_forward(1)
    for post in TASK_FORCE:
        world.phone(post).expects_sms("vu viec 10")
    world.phone(LEAD).replies("OK 10")
    world.fast_forward(1)
    world.phone(LEAD).expects_sms("nhan viec 10")
    assert world.member(incident, LEAD).state == "accepted"


def test_two_processes_send_from_one_outbox(world: World) -> None:
    """Another worker with its own pool takes from the same rows; nobody hears twice."""
    other = Outbox(world.store, world.gateway, world.settings, world.now, threads=4)
    try:
        world.outbox.stop()  # this one was told to stop before it began
        world.opens("goi-xac-nhan", level=3, area=("toan_tinh",), title="Gọi", short_name="goi")
        assert not world.sms.sent
        other.drain(5)
        heard = [m.to for m in world.sms.sent]
        assert heard
        assert len(heard) == len(set(heard))
    finally:
        other.close()


def test_a_text_that_came_too_late_is_not_sent(world: World) -> None:
    """Approve-within-minutes must not arrive at breakfast: what is older than its validity expires."""
    world.sms.will(*[refuses(TemporaryFailure("20429", "busy"))] * 5)
    world.opens()
    world.time += timedelta(hours=9)
    world.tick()
    assert "expired" in statuses(world)
    quiet(world)
    assert all("Moi d/c tham gia" not in m.body for m in world.sms.sent)


def test_an_answer_whose_webhook_was_lost_counts_all_the_same(world: World) -> None:
    """The web was down when it came, and the carrier says nothing twice: it is found in the carrier's list."""
    incident = world.opens()
    lead = world.phone(LEAD).has_read_all()
    reply = Reply("memory", "in-lost", str(lead.person.phone), "+84540999999", f"OK {incident.code}")
    world.sms.receives(reply)
    assert world.member(incident, LEAD).state == "asked"
    world.fast_forward(1)
    assert world.member(incident, LEAD).state == "accepted"
    world.outbox.store_inbound(reply, world.time)  # the webhook comes after all, an hour late
    world.fast_forward(1)
    lead.expects_sms("Da ghi nhan")
    quiet(world)
