from __future__ import annotations

from collections.abc import Iterator

import pytest

from incident.store.sessions import Store
from tests.incident.delivery.world import World


@pytest.fixture
def world(store: Store) -> Iterator[World]:
    made = World(store)
    yield made
    made.outbox.close()
