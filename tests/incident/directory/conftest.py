"""The sample province, loaded into a database of the test's own."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from incident.directory.sample import load_sample
from incident.store.sessions import Store

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
NIGHT = datetime(2026, 11, 22, 2, 6, tzinfo=VIETNAM)


@pytest.fixture
def province(store: Store) -> Store:
    with store.writing() as session:
        load_sample(session, NIGHT)
    return store
