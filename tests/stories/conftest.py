"""The world of a story: a province copied from a template, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from incident.directory.sample import load_sample
from incident.store.sessions import Store
from tests.stories.world import NIGHT, World


@pytest.fixture
def world(store: Store, tmp_path: Path) -> Iterator[World]:
    with store.writing() as session:
        load_sample(session, NIGHT)
    made = World(store, tmp_path)
    try:
        yield made
        made.no_unexpected_message()
        made.every_run_is_what_its_events_make_of_it()
    finally:
        made.close()
