"""Claim, send, record: what goes out, once, and what a crash leaves behind."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from incident.delivery import carriers, claims
from incident.store.tables import CarrierState, Entry, Message, Suppression
from notify.memory import Script, hangs, refuses, unknown_but_sent
from notify.message import ConfigurationFault, PermanentFailure, Receipt, TemporaryFailure
from tests.incident.delivery import by_hand
from tests.incident.delivery.world import SECRET, World


def test_everything_due_is_sent_once(world: World) -> None:
    ids = [world.message(f"+84540{n:06d}") for n in range(120)]
    assert world.outbox.drain() == 120
    assert Counter(m.to for m in world.sms.sent).most_common(1)[0][1] == 1
    assert world.statuses() == {"accepted": 120}
    assert world.moves(ids[0]) == ["sending", "accepted"]
    assert world.outbox.drain() == 0


def test_the_most_urgent_goes_first(world: World) -> None:
    late = world.message("+84540000002", priority=50)
    first = world.message("+84540000001", priority=10)
    outbox = world.another_process(threads=1)
    outbox.drain()
    outbox.close()
    assert [m.body for m in world.sms.sent] == [world.get(first).body, world.get(late).body]


def test_what_is_not_due_waits(world: World) -> None:
    waiting = world.message(not_before=world.clock() + timedelta(seconds=30))
    assert world.outbox.drain() == 0
    assert not world.outbox.overdue(1)
    world.clock.forward(32)
    assert world.outbox.overdue(1)
    assert world.outbox.drain() == 1
    assert world.status(waiting) == "accepted"


def test_a_text_whose_time_is_over_is_not_sent(world: World) -> None:
    stale = world.message(valid_until=world.clock() + timedelta(seconds=10))
    world.clock.forward(3 * 3600)
    assert world.outbox.drain() == 0
    world.outbox.sweep(world.clock())
    assert world.status(stale) == "expired"
    assert world.moves(stale) == ["expired"]


def test_the_carrier_is_told_how_long_a_text_is_good(world: World) -> None:
    world.message(valid_until=world.clock() + timedelta(minutes=15))
    world.outbox.drain()
    assert world.sms.sent[0].validity_seconds == 900


@pytest.mark.parametrize(
    ("ended", "same"),
    [(hangs(), True), (unknown_but_sent(), True), (refuses(TemporaryFailure("429", "")), False)],
)
def test_the_key_stays_while_nobody_knows_how_it_ended(world: World, ended: Script, same: bool) -> None:
    one = world.message()
    world.sms.will(ended)
    world.outbox.drain()
    with world.store.writing() as session:
        session.execute(update(Message).values(status="created", not_before=world.clock(), claim_token=None))
    world.outbox.drain()
    first, second = world.sms.calls
    assert first.key == one
    assert second.key == (one if same else f"{one}-1")
    assert first.reference != second.reference


def test_a_refusal_in_between_does_not_make_a_repetition_look_new(world: World) -> None:
    one = world.message()
    world.sms.will(unknown_but_sent(), refuses(TemporaryFailure("429", "")), hangs())
    for _ in range(4):
        world.outbox.drain()
        with world.store.writing() as session:
            session.execute(
                update(Message).values(status="created", not_before=world.clock(), claim_token=None)
            )
    assert [call.key for call in world.sms.calls] == [one] * 4
    world.outbox.drain()  # the fourth was taken: whatever follows is new
    assert world.sms.calls[-1].key == f"{one}-4"


def test_mail_is_sent_with_one_thread_an_incident(world: World) -> None:
    one = world.message("a@sonlam.example", channel="email", subject="[Vụ việc 27] Mời tham gia")
    world.outbox.drain()
    assert world.status(one) == "sent"
    assert world.mail.sent[0].reference == one
    assert world.mail.sent[0].in_reply_to == f"incident-{world.incident_id}"


def test_two_processes_never_send_the_same_message(world: World) -> None:
    for n in range(60):
        world.message(f"+84540{n:06d}")
    other = world.another_process()
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as both:
        sent = list(both.map(lambda outbox: outbox.drain(), [world.outbox, other]))
    other.close()
    assert sum(sent) == 60
    assert len({m.to for m in world.sms.sent}) == len(world.sms.sent) == 60


# ------------------------------------------------------------------ outcomes


def test_not_sent_is_tried_again_after_a_while(world: World) -> None:
    one = world.message()
    world.sms.will(refuses(TemporaryFailure("20429", "too many requests")))
    world.outbox.drain()
    assert world.status(one) == "created"
    assert world.get(one).not_before == world.clock() + timedelta(seconds=2)
    world.clock.forward(3)
    world.outbox.drain()
    assert world.status(one) == "accepted"
    assert [a.outcome for a in world.attempts(one)] == ["not-sent", "accepted"]


def test_after_eight_refused_calls_it_is_given_up(world: World) -> None:
    one = world.message()
    world.sms.will(*[refuses(TemporaryFailure("CONNECT", "refused"))] * 8)
    for _ in range(8):
        world.outbox.drain()
        world.clock.forward(400)
    assert world.status(one) == "technical-failure"
    assert len(world.attempts(one)) == 8


@pytest.mark.parametrize("grouped", [False, True])
def test_a_final_failure_is_left_for_the_door_once(world: World, grouped: bool) -> None:
    (person,) = world.people(1)
    one, two = world.message(), world.message("a@sonlam.example", channel="email")
    world.asked(person, one, two, grouped=grouped)
    world.sms.will(refuses(PermanentFailure("21211", "not a number", "address")))
    world.outbox.drain()
    assert world.status(one) == "permanent-failure"
    # A mail may still reach the person: of a group nothing is said, of a person the door may make a call.
    heard = [] if grouped else [("unreachable", person)]
    assert [(e["event"], e["person"]) for e in world.events()] == heard
    three = world.message("b@sonlam.example", channel="email")
    world.mail.will(refuses(PermanentFailure("550", "no such user", "address")))
    world.asked_again(person, three)
    world.outbox.drain()
    assert [(e["event"], e["person"]) for e in world.events()] == heard, "one mail went"


def test_when_every_channel_failed_the_door_hears_the_last_of_it(world: World) -> None:
    """One after the other, they are two failures; the door makes one of them."""
    (person,) = world.people(1)
    one = world.message()
    two = world.message("a@sonlam.example", channel="email")
    world.asked(person, one, two)
    world.sms.will(refuses(PermanentFailure("21211", "not a number", "address")))
    world.mail.will(refuses(PermanentFailure("550", "no such user", "address")))
    world.outbox.drain()
    assert {(e["event"], e["person"]) for e in world.events()} == {("unreachable", person)}
    assert len(world.events()) <= 2


def test_who_opted_out_gets_nothing_more(world: World) -> None:
    world.message()
    world.sms.will(refuses(PermanentFailure("21610", "answered STOP", "optout")))
    world.outbox.drain()
    later = world.message()
    assert world.outbox.drain() == 0
    assert world.status(later) == "cancelled"
    with world.store.reading() as session:
        assert session.get_one(Suppression, "+84540000001").reason == "optout"


def test_a_refused_account_pauses_the_carrier_and_loses_nothing(world: World) -> None:
    ids = [world.message(f"+84540{n:06d}") for n in range(20)]
    outbox = world.another_process(threads=2)
    world.sms.will(*[refuses(ConfigurationFault("20003", "authenticate"))] * 10)
    outbox.drain()
    tried = len(world.sms.calls)
    assert tried <= 6
    assert world.statuses() == {"created": 20}
    world.clock.forward(10)
    assert outbox.drain() == 0  # paused
    world.clock.forward(21)
    assert outbox.drain() == 1  # one probe
    world.sms._scripts.clear()
    world.clock.forward(31)
    outbox.drain()
    world.clock.forward(31)
    outbox.drain()
    outbox.close()
    assert world.statuses() == {"accepted": 20}
    assert len(world.sms.sent) == len(ids)
    with world.store.reading() as session:
        kinds = list(session.scalars(select(Entry.kind).where(Entry.chain == "system").order_by(Entry.seq)))
        assert kinds == ["carrier_paused", "carrier_resumed"]
        assert session.get_one(CarrierState, "memory").paused_at is None


def test_mail_goes_on_while_the_sms_carrier_is_paused(world: World) -> None:
    with world.store.writing() as session:
        carriers.pause(session, "memory", "20003", world.clock())
    sms, mail = world.message(), world.message("a@sonlam.example", channel="email")
    assert world.outbox.drain() == 1
    assert (world.status(sms), world.status(mail)) == ("created", "sent")


def test_an_unknown_outcome_is_not_sent_again(world: World) -> None:
    one, two = world.message(), world.message("+84540000002")
    world.sms.will(unknown_but_sent(), hangs())
    world.outbox.drain()
    world.clock.forward(3)
    world.outbox.drain()
    assert {world.status(one), world.status(two)} == {"unknown"}
    assert len(world.sms.calls) == 2


# ------------------------------------------------------------------ leases


def _claimed(world: World, token: str = "t") -> list[claims.Claimed]:
    return by_hand.claimed(world.store, world.outbox.gateway, world.clock(), token)


def _begun(world: World, held: list[claims.Claimed]) -> list[claims.Call]:
    return by_hand.begun(world.store, world.outbox.gateway, held, world.clock(), SECRET)


def _record(world: World, call: claims.Call, ended: Receipt) -> None:
    by_hand.record(world.store, world.outbox.gateway, call, ended, world.clock())


def test_a_lease_without_an_attempt_goes_back(world: World) -> None:
    one = world.message()
    assert len(_claimed(world)) == 1
    assert _claimed(world, "another") == []
    world.clock.forward(61)
    world.outbox.sweep(world.clock())
    assert world.status(one) == "created"
    assert world.outbox.drain() == 1


def test_a_lease_with_an_attempt_is_unknown(world: World) -> None:
    one = world.message()
    _begun(world, _claimed(world))
    world.clock.forward(61)
    world.outbox.sweep(world.clock())
    assert world.status(one) == "unknown"
    assert [a.outcome for a in world.attempts(one)] == ["unknown"]
    assert world.outbox.drain() == 0


def test_a_claim_after_a_finished_attempt_goes_back(world: World) -> None:
    one = world.message()
    world.sms.will(refuses(TemporaryFailure("CONNECT", "refused")))
    world.outbox.drain()
    world.clock.forward(3)
    _claimed(world)
    world.clock.forward(61)
    world.outbox.sweep(world.clock())
    assert world.status(one) == "created"


def test_a_late_result_of_an_old_claim_changes_nothing(world: World) -> None:
    one = world.message()
    (old,) = _begun(world, _claimed(world, "old"))
    with (
        world.store.writing() as session
    ):  # looked for, not found, to be sent again; somebody else has it now
        session.execute(update(Message).where(Message.id == one).values(status="created", claim_until=None))
    (new,) = _begun(world, _claimed(world, "new"))
    _record(world, old, Receipt("memory", "late-1", "accepted", 1))
    assert world.status(one) == "sending"
    assert [a.carrier_id for a in world.attempts(one)] == ["late-1", None]
    _record(world, new, Receipt("memory", "new-1", "accepted", 1))
    assert world.status(one) == "accepted"


def test_a_late_result_of_the_same_claim_ends_the_doubt(world: World) -> None:
    one = world.message()
    (call,) = _begun(world, _claimed(world))
    world.clock.forward(61)
    world.outbox.sweep(world.clock())
    _record(world, call, Receipt("memory", "id-1", "accepted", 1))
    assert world.status(one) == "accepted"
    assert world.attempts(one)[0].carrier_id == "id-1"


def test_what_was_cancelled_after_the_claim_is_not_begun(world: World) -> None:
    one = world.message()
    held = _claimed(world)
    with world.store.writing() as session:
        session.execute(
            update(Message)
            .where(Message.id == one)
            .values(status="cancelled", finished_at=world.clock(), claim_until=None)
        )
    assert _begun(world, held) == []


def test_a_stopped_outbox_gives_back_what_it_holds(world: World) -> None:
    world.message()
    world.outbox.stop()
    assert world.outbox.drain() == 0
    assert world.statuses() == {"created": 1}
