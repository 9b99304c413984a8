"""Readiness: only drills count as drills, only answers by telephone prove a number, and only for a while."""

from __future__ import annotations

from datetime import timedelta

from incident.report.readiness import readiness
from tests.stories.conftest import world as world
from tests.stories.night import SECRETARY
from tests.stories.world import World


def test_what_was_drilled_and_which_numbers_answered(world: World) -> None:
    with world.store.reading() as session:
        before = readiness(session, world.time)
    assert (before.drilled, before.confirmed, before.percent) == ({}, 0, 0)
    assert before.numbers > 20
    assert before.stale("tin-gia-dich-benh")
    world.opens("vu-viec-chung")  # in earnest
    drill = world.opens(mode="drill", key="drill")
    opened = world.time
    world.phone(SECRETARY).replies("OK DT11")
    with world.store.reading() as session:
        seen = readiness(session, world.time)
    assert seen.drilled == {"tin-gia-dich-benh": opened}
    assert not seen.stale("tin-gia-dich-benh")
    assert seen.stale("vu-viec-chung")
    assert (seen.confirmed, seen.percent) == (1, 100 // seen.numbers)
    with world.store.reading() as session:
        assert readiness(session, world.time + timedelta(days=91)).confirmed == 0
        assert readiness(session, world.time + timedelta(days=366)).stale("tin-gia-dich-benh")
    world.closes(drill, "opened_by_mistake")
    with world.store.reading() as session:
        assert readiness(session, world.time).drilled == {}
    world.phone(SECRETARY).has_read_all()
