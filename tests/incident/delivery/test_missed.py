"""Webhooks that never came: what they should have told is read from the carrier's list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update

from incident.delivery import references
from incident.delivery.missed import FAR_BACK, OVERLAP, look
from incident.store.tables import Inbound, Incident, Receipt
from notify.memory import MemorySender, unknown_but_sent
from notify.message import Listed, Reply, StatusUpdate, UnknownOutcome
from tests.incident.delivery.world import SECRET, World


class Listing(MemorySender):
    """A carrier whose list tells what became of each message, and what came in."""

    def __init__(self, world: World) -> None:
        super().__init__(world.clock, name="memory")
        self.came_in: list[tuple[datetime, Reply]] = []
        self.asked: list[tuple[str, datetime]] = []
        self.became: dict[str, str] = {}
        self.broken = False

    def replies(self, since: datetime) -> Sequence[Reply]:
        self.asked.append(("replies", since))
        if self.broken:
            raise UnknownOutcome("503")
        return [reply for at, reply in self.came_in if at >= since]

    def list(self, since: datetime) -> Sequence[Listed]:
        self.asked.append(("list", since))
        found = super().list(since) or ()
        return [
            Listed(
                one.carrier_id, one.to, one.body, self.became.get(one.to, one.status), "30005", one.created_at
            )  # type: ignore[arg-type]
            for one in found
        ]


def listing(world: World) -> Listing:
    made = Listing(world)
    world.sms = made
    world.outbox = world.another_process()
    return made


def close(world: World) -> None:
    with world.store.writing() as session:
        session.execute(update(Incident).values(status="closed"))


def answer(world: World, n: int) -> Reply:
    return Reply("memory", f"in-{n}", f"+84540{n:06d}", "+84540000000", "OK 27")


def bodies(world: World) -> list[str]:
    with world.store.reading() as session:
        return sorted(session.scalars(select(Inbound.carrier_id)))


def test_a_reply_nobody_told_us_of_is_found_and_kept_once(world: World) -> None:
    carrier = listing(world)
    world.outbox.store_inbound(answer(world, 1), world.clock())
    carrier.came_in = [(world.clock(), answer(world, 1)), (world.clock(), answer(world, 2))]
    assert world.outbox.catch_up(world.clock()) == 1
    assert bodies(world) == ["in-1", "in-2"]
    assert world.outbox.catch_up(world.clock.forward(60)) == 0
    assert world.outbox.store_inbound(answer(world, 2), world.clock()) is None, "its webhook, late after all"


def test_each_look_goes_back_to_the_one_before_and_the_first_far_back(world: World) -> None:
    carrier = listing(world)
    first = world.clock()
    world.outbox.catch_up(first)
    world.outbox.catch_up(world.clock.forward(60))
    assert carrier.asked == [("replies", first - FAR_BACK), ("replies", first - OVERLAP)]


def test_a_list_that_could_not_be_read_is_read_from_the_same_moment_again(world: World) -> None:
    carrier = listing(world)
    first = world.clock()
    world.outbox.catch_up(first)
    carrier.broken = True
    assert world.outbox.catch_up(world.clock.forward(60)) == 0
    carrier.broken = False
    carrier.came_in = [(first + timedelta(seconds=5), answer(world, 1))]
    assert world.outbox.catch_up(world.clock.forward(600)) == 1
    assert carrier.asked[-1] == ("replies", first - OVERLAP)


def test_nobody_is_asked_while_there_is_nothing_to_ask(world: World) -> None:
    carrier = listing(world)
    close(world)
    world.message()
    world.outbox.drain()
    world.outbox.catch_up(world.clock.forward(59))
    assert carrier.asked == []
    world.outbox.catch_up(world.clock.forward(2))
    assert [what for what, _ in carrier.asked] == ["list"]
    world.clock.forward(1300)
    world.outbox.catch_up(world.clock())
    assert len(carrier.asked) == 1, "after so long it is left as it stands"


def test_a_message_whose_reports_were_lost_still_comes_to_its_end(world: World) -> None:
    carrier = listing(world)
    ids = [world.message(f"+84540{n:06d}") for n in (1, 2, 3)]
    world.outbox.drain()
    carrier.became = {"+84540000001": "delivered", "+84540000002": "permanent-failure"}
    assert world.outbox.catch_up(world.clock.forward(61)) == 2
    world.outbox.sweep(world.clock())
    assert [world.status(one) for one in ids] == ["delivered", "permanent-failure", "accepted"]
    with world.store.reading() as session:
        assert all(row.raw["form"] == {"listed": "1"} for row in session.scalars(select(Receipt)))
    assert world.outbox.catch_up(world.clock.forward(60)) == 0


def test_a_call_that_ended_in_the_dark_and_was_reported_once_is_looked_up_too(world: World) -> None:
    carrier = listing(world)
    one = world.message()
    carrier.will(unknown_but_sent())
    world.outbox.drain()
    reference = references.signed(world.attempts(one)[0].id, SECRET)
    world.outbox.store_receipt(StatusUpdate("memory", "memory-1", "sent", reference=reference), world.clock())
    world.outbox.sweep(world.clock())
    assert world.status(one) == "sent"
    carrier.became = {"+84540000001": "delivered"}
    assert world.outbox.catch_up(world.clock.forward(61)) == 1
    world.outbox.sweep(world.clock())
    assert world.status(one) == "delivered"


def test_one_process_at_a_time_listens(world: World) -> None:
    carrier = listing(world)
    assert world.outbox.catch_up(world.clock(), "one") == 0
    other = world.another_process()
    assert other.catch_up(world.clock.forward(1), "two") == 0
    assert len(carrier.asked) == 1
    other.close()


def test_a_carrier_that_cannot_be_asked_is_left_in_peace(world: World) -> None:
    world.message()
    world.outbox.drain()
    found = look(world.store, world.outbox.gateway, {}, world.clock.forward(61))
    assert (found.replies, found.updates, found.answered) == ([], [], {"memory", "mail"})
