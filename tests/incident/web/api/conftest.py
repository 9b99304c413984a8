from __future__ import annotations

from pathlib import Path

import pytest

from incident.store.sessions import Store
from tests.incident.web.api.parts import Api, an_api


@pytest.fixture
def api(store: Store, tmp_path: Path) -> Api:
    return an_api(store, tmp_path)


@pytest.fixture
def sqlite_api(sqlite_store: Store, tmp_path: Path) -> Api:
    return an_api(sqlite_store, tmp_path)
