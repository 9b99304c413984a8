"""Messages whose call ended in the dark: found in the carrier's list, sent again when critical, else held."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from incident.delivery.outbox import Outbox
from incident.delivery.reconciliation import Unknown, match
from incident.store.tables import Entry
from notify.memory import MemorySender, hangs, refuses, unknown_but_sent
from notify.message import Listed, SendFailure, TemporaryFailure, UnknownOutcome
from notify.phone import strip_marks
from tests.incident.delivery.mortal import Killed, Mortal
from tests.incident.delivery.world import START, World, settings


def decided(world: World) -> list[dict[str, Any]]:
    with world.store.reading() as session:
        return [
            row.data
            for row in session.scalars(
                select(Entry).where(Entry.kind == "delivery_unknown_decided").order_by(Entry.seq)
            )
        ]


def look(world: World, after_seconds: float) -> int:
    world.clock.forward(after_seconds)
    return world.outbox.reconcile(world.clock())


def test_found_in_the_list(world: World) -> None:
    lost = [world.message(f"+84540{n:06d}") for n in range(6)]
    world.sms.will(*[unknown_but_sent()] * 6)
    world.outbox.drain()
    assert look(world, 10) == 0
    assert look(world, 21) == 6
    assert {world.status(one) for one in lost} == {"accepted"}
    assert len({world.attempts(one)[0].carrier_id for one in lost}) == 6
    assert decided(world) == [{"count": 6, "decision": "found"}]


def found_nowhere(world: World) -> None:
    """Two looks, 60 seconds apart, that find nothing."""
    look(world, 31)
    look(world, 61)


def test_a_critical_one_that_is_nowhere_is_sent_again_after_two_looks(world: World) -> None:
    one = world.message(critical=True)
    world.sms.will(hangs())
    world.outbox.drain()
    assert look(world, 31) == 0
    assert world.status(one) == "unknown"
    assert look(world, 30) == 0
    assert look(world, 31) == 1
    assert world.status(one) == "created"
    world.outbox.drain()
    assert (world.status(one), len(world.sms.sent)) == ("accepted", 1)
    assert [d["decision"] for d in decided(world)] == ["resent"]


def test_after_three_repetitions_in_the_dark_it_is_held_for_the_duty_officer(world: World) -> None:
    one = world.message(critical=True)
    world.sms.will(*[hangs()] * 9)
    world.outbox.drain()
    for n in range(1, 4):
        look(world, 31)
        assert len(world.sms.calls) == n, "not sent again before it was looked for twice"
        look(world, 61)
        world.outbox.drain()
        assert len(world.sms.calls) == n + 1
    found_nowhere(world)
    found_nowhere(world)
    world.outbox.drain()
    assert len(world.sms.calls) == 4
    assert (world.status(one), world.get(one).error) == ("unknown", "held")
    assert [d["decision"] for d in decided(world)] == ["resent", "resent", "resent", "held"]


@pytest.mark.parametrize(
    "failure",
    [
        UnknownOutcome("503: unavailable", "503"),
        TemporaryFailure("CONNECT", "refused"),
        TemporaryFailure("20429", "busy"),
    ],
)
def test_a_repetition_that_meets_a_failure_does_not_end_the_effort(
    world: World, failure: SendFailure
) -> None:
    one = world.message(critical=True)
    world.sms.will(hangs(), refuses(failure))
    world.outbox.drain()
    found_nowhere(world)
    world.outbox.drain()
    assert len(world.sms.calls) == 2
    found_nowhere(world)
    world.outbox.drain()
    assert (world.status(one), len(world.sms.sent)) == ("accepted", 1)


def test_a_repetition_whose_first_call_turns_up_late_is_not_a_second_text(world: World) -> None:
    """The carrier had the first text all the time and showed it late: the second call, in the dark too, is that one."""
    one = world.message(critical=True)
    world.sms.will(hangs(), unknown_but_sent(), hangs())
    world.outbox.drain()
    found_nowhere(world)
    world.outbox.drain()
    assert look(world, 31) == 1
    assert (world.status(one), len(world.sms.sent)) == ("accepted", 1)


def test_what_is_no_longer_good_is_not_repeated(world: World) -> None:
    one = world.message(critical=True, valid_until=world.clock() + timedelta(seconds=80))
    world.sms.will(hangs())
    world.outbox.drain()
    found_nowhere(world)
    assert (world.status(one), world.get(one).error) == ("unknown", "held")


def test_the_rest_is_held_for_the_duty_officer(world: World) -> None:
    ids = [world.message(f"+84540{n:06d}") for n in range(3)]
    world.sms.will(*[hangs()] * 3)
    world.outbox.drain()
    look(world, 31)
    look(world, 61)
    assert {world.get(one).error for one in ids} == {"held"}
    assert decided(world) == [{"count": 3, "decision": "held"}]
    assert look(world, 600) == 0
    assert len(decided(world)) == 1


def test_a_carrier_without_a_list_is_not_asked(world: World) -> None:
    world.sms = MemorySender(world.clock, name="memory", listing=False)
    world.outbox = world.another_process()
    one = world.message(critical=True)
    world.sms.will(hangs())
    world.outbox.drain()
    look(world, 31)
    assert (world.status(one), world.get(one).error) == ("unknown", "held")


def test_a_critical_mail_lost_after_the_final_dot_goes_once_more_under_the_same_name(world: World) -> None:
    mail = world.message("a@sonlam.example", channel="email", critical=True)
    world.mail.will(unknown_but_sent())
    world.outbox.drain()
    look(world, 31)
    assert (world.status(mail), world.get(mail).error) == ("unknown", "connection reset")
    look(world, 61)
    assert world.status(mail) == "created"
    world.outbox.drain()
    assert world.status(mail) == "sent"
    first, second = world.mail.to("a@sonlam.example")
    assert first.reference == second.reference, "the reader's program sees one mail"
    assert [d["decision"] for d in decided(world)] == ["resent"]


def test_a_mail_whose_worker_died_after_the_final_dot_is_treated_alike(world: World) -> None:
    mail = world.message("a@sonlam.example", channel="email", critical=True)
    mortal = Mortal(world.store.url.render_as_string(hide_password=False))
    dying = Outbox(mortal, world.outbox.gateway, settings(world.store), world.clock)
    mortal.death = (1, False)  # the attempt is written, the mail goes, and nobody writes down that it went
    with pytest.raises(Killed):
        dying.drain()
    dying.close()
    mortal.dispose()
    assert len(world.mail.sent) == 1
    world.outbox.sweep(world.clock.forward(61))
    assert world.status(mail) == "unknown"
    look(world, 1)
    look(world, 61)
    world.outbox.drain()
    assert world.status(mail) == "sent"
    assert len({sent.reference for sent in world.mail.to("a@sonlam.example")}) == 1


def test_a_mail_that_is_not_critical_is_held(world: World) -> None:
    mail = world.message("a@sonlam.example", channel="email")
    world.mail.will(hangs())
    world.outbox.drain()
    look(world, 31)
    look(world, 61)
    assert (world.status(mail), world.get(mail).error) == ("unknown", "held")
    assert len(world.mail.calls) == 1


def test_a_carrier_that_takes_no_marks_lists_the_text_without_them(world: World) -> None:
    class Stripping(MemorySender):
        def list(self, since: Any) -> Any:
            return [replace(one, body=strip_marks(one.body)) for one in super().list(since) or ()]

    world.sms = Stripping(world.clock, name="memory")
    world.outbox = world.another_process()
    one = world.message(body="Vụ việc 27: đề nghị đồng chí tham gia")
    world.sms.will(unknown_but_sent())
    world.outbox.drain()
    assert look(world, 31) == 1
    assert world.status(one) == "accepted"


def test_what_belongs_to_another_attempt_is_not_taken(world: World) -> None:
    body = "Vu viec 27: mot noi dung"
    world.message(body=body)
    lost = world.message(body=body)
    outbox = world.another_process(threads=1)
    world.sms.will(hangs())  # whichever goes first is lost; the other is accepted
    outbox.drain()
    outbox.close()
    world.clock.forward(31)
    assert outbox.reconcile(world.clock()) == 0
    assert sorted(world.statuses().items()) == [("accepted", 1), ("unknown", 1)]
    assert lost


def test_a_list_that_cannot_be_read_counts_for_nothing(world: World) -> None:
    class Mute(MemorySender):
        def list(self, since: Any) -> Any:
            raise UnknownOutcome("503")

    world.sms = Mute(world.clock, name="memory")
    world.outbox = world.another_process()
    one = world.message()
    world.sms.will(unknown_but_sent())
    world.outbox.drain()
    for _ in range(4):
        assert look(world, 61) == 0
    assert (world.status(one), world.get(one).looked) == ("unknown", 0)


def test_one_reconciler_at_a_time(world: World) -> None:
    world.message()
    world.sms.will(unknown_but_sent())
    world.outbox.drain()
    world.clock.forward(31)
    from incident.delivery import leases

    assert leases.take(world.store, "reconciler", "somebody else", world.clock(), 30) == 1
    assert world.outbox.reconcile(world.clock()) == 0
    assert look(world, 31) == 1


def test_the_earliest_goes_with_the_earliest() -> None:
    assert match([], [], set()) == {}


# ------------------------------------------------------------------ calls have no body in the list

CALLED = "+84540000001"


def call(id: str, seconds: float, address: str = CALLED) -> Unknown:
    started = START + timedelta(seconds=seconds)
    return Unknown(id, address, "Vụ việc hai bảy.", True, 0, None, None, f"a-{id}", "twilio-voice", started)


def listed_call(id: str, seconds: float, to: str = CALLED) -> Listed:
    return Listed(id, to, None, "accepted", "", START + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("calls", "bound", "found"),
    [
        ([listed_call("CA1", 2)], set(), {"m": "CA1"}),
        ([listed_call("CA1", 2)], {"CA1"}, {}),
        ([listed_call("CA1", 2, "+84540000002")], set(), {}),
        ([listed_call("CA1", 600)], set(), {}),
        ([listed_call("CA1", -600)], set(), {}),
        ([listed_call("CA1", 90), listed_call("CA2", 1)], set(), {"m": "CA2"}),
    ],
)
def test_a_call_is_known_by_number_and_the_nearest_time(
    calls: list[Listed], bound: set[str], found: dict[str, str]
) -> None:
    matched = match([call("m", 0)], calls, bound)
    assert {id: listed.carrier_id for id, listed in matched.items()} == found


def test_two_calls_to_one_number_are_two_calls() -> None:
    matched = match(
        [call("first", 0), call("second", 40)], [listed_call("CA1", 1), listed_call("CA2", 41)], set()
    )
    assert {id: one.carrier_id for id, one in matched.items()} == {"first": "CA1", "second": "CA2"}
    assert match([call("first", 0), call("second", 40)], [listed_call("CA2", 41)], set()).keys() == {"second"}


def test_a_call_made_again_is_known_by_the_time_of_the_last_one() -> None:
    """Twice looked for in vain and rung up anew, minutes after the first."""
    again = replace(call("m", 0), called_at=START + timedelta(seconds=280))
    assert match([again], [listed_call("CA3", 281)], set())["m"].carrier_id == "CA3"
    assert match([again], [listed_call("CA1", 1)], set()) == {}
