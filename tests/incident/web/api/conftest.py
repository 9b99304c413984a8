from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from incident.store.sessions import Store
from tests.incident.web.api.parts import Api, an_api, load


@pytest.fixture
def api(store: Store, tmp_path: Path) -> Api:
    """On each kind of database."""
    load(store)
    return an_api(store, tmp_path)


@pytest.fixture(scope="session")
def loaded_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("api") / "loaded.db"
    shutil.copy(sqlite_template, path)
    store = Store(f"sqlite:///{path}")
    load(store)
    store.dispose()
    return path


@pytest.fixture
def sqlite_api(loaded_file: Path, tmp_path: Path) -> Iterator[Api]:
    """On a copy of a file with the sample province: quicker, for what no database changes."""
    shutil.copy(loaded_file, tmp_path / "incident.db")
    store = Store(f"sqlite:///{tmp_path / 'incident.db'}")
    yield an_api(store, tmp_path)
    store.dispose()
