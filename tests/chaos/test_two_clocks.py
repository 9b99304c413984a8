"""Two clocks at once: one works, and when it is killed with -9 the other has taken over within ten seconds."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from incident.store.sessions import Store
from incident.store.tables import Lease
from tests.bench.service import ROOT
from tests.chaos.violence import wait

pytestmark = pytest.mark.chaos


@pytest.fixture
def clocks(sqlite_url: str, tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    own = {
        "PYTHONPATH": str(ROOT),
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": sqlite_url,
        "SECRET_KEY": "tests",
    }
    with ExitStack() as stack:
        started = []
        for _ in range(2):
            process = subprocess.Popen(
                [sys.executable, "-m", "incident", "clock"], env=kept | own, cwd=tmp_path
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            started.append(process)
        yield started


def test_the_second_clock_takes_over(clocks: list[subprocess.Popen[bytes]], sqlite_store: Store) -> None:
    first = _until(lambda: _holder(sqlite_store), 30)
    wait(2.5)
    assert _holder(sqlite_store) == first, "one clock works, the other waits"
    working = next(process for process in clocks if f":{process.pid}:" in first)
    working.kill()
    begun = time.monotonic()
    second = _until(lambda: found if (found := _holder(sqlite_store)) != first else "", 20)
    assert time.monotonic() - begun < 10
    assert any(f":{process.pid}:" in second for process in clocks if process is not working)


def _holder(store: Store) -> str:
    with store.reading() as session:
        lease = session.get(Lease, "clock")
        return "" if lease is None else lease.holder


def _until(true: Callable[[], str], seconds: float) -> str:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := true():
            return found
        wait(0.1)
    raise AssertionError(f"not within {seconds} s")
