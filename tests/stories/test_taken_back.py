"""What was decided after a text was written, and before it left: it does not leave, also when a worker holds it already."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from incident.delivery.claims import Claimed
from incident.response import people
from incident.response.open import Opened, open_incident
from incident.store.tables import Message
from tests.incident.delivery import by_hand
from tests.stories.test_opening import DAM
from tests.stories.world import World

LEAD = "pho_chu_tich_phu_trach"


def opened(world: World) -> Opened:
    return open_incident(world.desk, DAM, world.duty, world.time, scope="story", key="one")


def held(world: World) -> list[Claimed]:
    """A worker has taken everything that is due, and begun nothing."""
    return by_hand.claimed(world.store, world.gateway, world.time)


def to(world: World, number: str) -> list[Message]:
    with world.store.reading() as session:
        found = select(Message).where(Message.address == number).order_by(Message.id)
        return list(session.scalars(found))


@pytest.mark.parametrize("hold", [lambda world: [], held], ids=["waiting", "held"])
def test_a_number_that_was_corrected_gets_nothing_more(
    world: World, hold: Callable[[World], list[Claimed]]
) -> None:
    incident = opened(world)
    lead = world.phone(LEAD)
    old = str(lead.person.phone)
    stock = hold(world)
    people.correct_number(
        world.desk, incident.incident_id, lead.person.id, "0540 000 777", world.duty, world.time
    )  # fmt: skip
    begun = by_hand.begun(world.store, world.gateway, stock, world.time)
    assert [call for call in begun if call.claimed.address == old] == []
    (message,) = [m for m in to(world, old) if m.kind != "reply"]
    assert (message.status, message.error) == ("cancelled", "number_corrected")
