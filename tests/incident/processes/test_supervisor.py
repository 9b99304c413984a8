"""The parent and its children, with real processes that do nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from incident.processes.supervisor import Supervisor

IDLE = "import os, signal, sys; os.write(int(os.environ['INCIDENT_READY_FD']), b'1'); signal.pause()"


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    made = Supervisor()
    yield made
    if not made.stopping:
        made.stop()


def until(true: Callable[[], bool], seconds: float = 8.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        os.sched_yield()
    return False


def test_a_child_says_that_it_is_ready_and_comes_back_when_it_dies(supervisor: Supervisor) -> None:
    child = supervisor.start("worker", [sys.executable, "-c", IDLE], os.environ)
    assert supervisor.wait_until(lambda: child.ready, 5)
    assert child.process is not None
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    assert supervisor.wait_until(
        lambda: child.process is not None and child.process.pid != first and child.ready, 5
    )


def test_one_that_dies_at_once_is_started_at_most_once_a_second(supervisor: Supervisor) -> None:
    said: list[str] = []
    supervisor.say = said.append
    supervisor.start("worker", [sys.executable, "-c", "pass"], os.environ)
    supervisor.wait_until(lambda: False, 2.5)
    assert 2 <= len(said) <= 4


def test_children_end_in_order_gently(supervisor: Supervisor, tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    source = textwrap.dedent("""
        import os, signal, sys
        def end(*_):
            with open(sys.argv[1], "a") as file: file.write(sys.argv[2] + "\\n")
            sys.exit(0)
        signal.signal(signal.SIGTERM, end)
        os.write(int(os.environ["INCIDENT_READY_FD"]), b"1")
        while True: signal.pause()
    """)
    for role in ("redis", "serve", "worker", "clock"):
        supervisor.start(role, [sys.executable, "-c", source, str(ended), role], os.environ)
    assert supervisor.wait_until(lambda: all(child.ready for child in supervisor.children), 5)
    supervisor.stop()
    assert ended.read_text().split() == ["clock", "worker", "serve", "redis"]


def test_one_that_does_not_listen_is_killed(supervisor: Supervisor) -> None:
    deaf = "import os,signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + IDLE
    child = supervisor.start("simulator", [sys.executable, "-c", deaf], os.environ)
    assert supervisor.wait_until(lambda: child.ready, 5)
    began = time.monotonic()
    supervisor.stop()
    assert not child.alive
    assert time.monotonic() - began < 6


@pytest.mark.chaos
def test_killing_the_parent_takes_all_down(tmp_path: Path) -> None:
    source = textwrap.dedent(f"""
        import os, sys
        from incident.processes.supervisor import Supervisor
        supervisor = Supervisor()
        children = [supervisor.start("worker", [sys.executable, "-c", {IDLE!r}], os.environ) for _ in range(2)]
        supervisor.wait_until(lambda: all(child.ready for child in children), 10)
        print(*[child.process.pid for child in children], flush=True)
        supervisor.run()
    """)
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(psutil.pid_exists(pid) for pid in pids)
        parent.kill()
        parent.wait()
    assert until(lambda: not any(_lives(pid) for pid in pids))


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
