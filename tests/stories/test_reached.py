"""Whom the messages reached: answered, moved on by a carrier, on the way, lost, and why; people by name, units by unit."""

from __future__ import annotations

from incident.report.reached import Reach, Recipient, reach
from incident.response.open import Opened
from notify.memory import hangs, refuses
from notify.message import PermanentFailure, StatusUpdate
from tests.stories.test_calls import quiet
from tests.stories.test_everyone_answers import TASK_FORCE
from tests.stories.test_units import LAKE, VALLEY, told
from tests.stories.world import World


def seen(world: World, incident: Opened) -> Reach:
    with world.store.reading() as session:
        return reach(session, incident.incident_id)


def one(world: World, incident: Opened, post: str) -> Recipient:
    person = world.person(post).id
    return next(found for found in seen(world, incident).people if found.person_id == person)


def test_each_stage_is_told_from_the_next(world: World) -> None:
    barred = refuses(PermanentFailure("30005", "unknown number", "address"))
    world.sms.will(barred, hangs())
    world.mail.will(*[refuses(PermanentFailure("550", "no such user", "address"))] * 9)
    incident = world.opens()
    world.deliver()
    found = seen(world, incident)
    lost = next(p for p in found.people if any(m.error.startswith("30005") for m in p.messages))
    dark = next(p for p in found.people if any(m.status == "unknown" for m in p.messages))
    assert (lost.stage, dark.stage) == ("failed", "unknown")
    assert lost.lost
    assert not dark.lost
    assert [reason for reason, _ in found.reasons] == [lost.reason]
    assert found.people[0] == lost, "who was not reached comes first"

    numbers = {p.id: p.phone for p in map(world.person, TASK_FORCE)}
    there, answering = [p.person_id for p in found.people if p.stage == "taken" and p.person_id in numbers][
        :2
    ]
    place = next(n for n, m in enumerate(world.sms.sent, 1) if m.to == numbers[there])
    world.outbox.store_receipt(StatusUpdate("memory", f"memory-{place}", "delivered"), world.time)
    world.outbox.apply_receipts(world.time)
    world.receives(str(numbers[answering]), "OK 10")
    stages = {person.person_id: person.stage for person in seen(world, incident).people}
    assert (stages[there], stages[answering]) == ("delivered", "answered")
    after = seen(world, incident)
    assert after.named.reached == found.named.reached + 2
    assert after.named.total == after.named.reached + after.named.waiting + after.named.lost
    assert after.parts > 0
    assert {carrier.carrier for carrier in after.carriers} == {"memory", "mail"}


def test_a_unit_is_reached_with_its_first_person_and_lost_with_its_last(world: World) -> None:
    incident = told(world)
    units = seen(world, incident).units
    assert units.total == 2
    assert one(world, incident, LAKE).party
    world.phone(VALLEY).replies("OK 10")
    assert one(world, incident, VALLEY).stage == "answered"
    assert seen(world, incident).units.reached >= 1
    assert seen(world, incident).units.lost == 0
    quiet(world)


def test_nobody_is_counted_twice_and_nobody_is_left_out(world: World) -> None:
    incident = world.opens()
    for post in TASK_FORCE:
        world.phone(post).has_read_all().replies("OK 10")
    found = seen(world, incident)
    people = [person.person_id for person in found.people]
    assert len(people) == len(set(people))
    assert set(people) >= {member.person_id for member in world.view(incident).task_force}
    assert sum(found.stages.values()) == len(people)
    quiet(world)
