"""Children that are forked: each a process of its own to whoever looks, with the memory of its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from incident.processes.forked import Forked

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere children are executed")

PARENT = """
    import os, sys
    from incident.processes.forked import Born
    from incident.processes.supervisor import Supervisor
    supervisor = Supervisor(lambda text: print(text, file=sys.stderr))
    words = [sys.executable, "-m", "incident", "worker"]
    try:
        child = supervisor.start("worker", words, {"WHOSE": "its own"}, forked=True)
        supervisor.wait_until(lambda: child.ready, 10)
        while not supervisor.stopping:
            print(child.process.pid, flush=True)
            last = child.process.pid
            sys.stdin.readline()
            supervisor.wait_until(lambda: child.process.pid != last and child.ready, 5)
    except Born as born:
        assert born.role == "worker"
        assert os.environ["WHOSE"] == "its own"
        print("for the log")
        os.write(int(os.environ["INCIDENT_READY_FD"]), b"1")
        import threading
        from incident.processes import tether
        tether.watch_parent()
        threading.Event().wait()
    finally:
        supervisor.stop()
"""


@contextmanager
def parent() -> Iterator[tuple[subprocess.Popen[str], psutil.Process]]:
    source = textwrap.dedent(PARENT)
    with subprocess.Popen(
        [sys.executable, "-c", source, "words that leave room for those of a child"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as made:  # fmt: skip
        try:
            yield made, said(made)
        finally:
            made.kill()


def said(made: subprocess.Popen[str]) -> psutil.Process:
    """The child of which the parent says that it is ready."""
    assert made.stdout is not None
    return psutil.Process(int(made.stdout.readline()))


def test_it_has_a_session_and_a_command_line_of_its_own_and_no_part_in_standard_output() -> None:
    with parent() as (made, child):
        assert child.ppid() == made.pid
        words = child.cmdline()
        assert words[1:] == ["-m", "incident", "worker"]
        assert os.path.samefile(words[0], sys.executable)
        assert os.getsid(child.pid) == child.pid
        assert os.path.samefile(f"/proc/{child.pid}/fd/0", os.devnull)
        assert os.path.samefile(f"/proc/{child.pid}/fd/1", f"/proc/{child.pid}/fd/2")


def test_it_comes_back_when_it_dies() -> None:
    with parent() as (made, child):
        child.kill()
        assert made.stdin is not None
        made.stdin.write("\n")
        made.stdin.flush()
        again = said(made)
        assert again.pid != child.pid
        assert again.cmdline()[-1] == "worker"


@pytest.mark.chaos
@pytest.mark.parametrize("stopped", [False, True])
def test_it_dies_with_its_parent(stopped: bool) -> None:
    """By a signal from the kernel; also when it was stopped just then and goes on later."""
    with parent() as (made, child):
        if stopped:
            child.suspend()
        made.kill()
        made.wait()
        if stopped:
            child.resume()
        gone, _ = psutil.wait_procs([child], timeout=8)
        assert gone


def test_the_parents_hold_says_how_it_ended() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    held = Forked(process.pid)
    assert held.poll() is None
    began = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        held.wait(0.05)
    assert time.monotonic() - began < 1.0
    held.terminate()
    assert held.wait(5) == -signal.SIGTERM
    held.terminate()  # there is nobody any more
    process.returncode = held.returncode


def test_what_is_laid_in_opens_nothing_and_begins_no_thread(tmp_path: Path) -> None:
    """A process with threads or connections is not one to fork from. Nor does it hold what a single kind needs."""
    source = textwrap.dedent("""
        import os, sys, threading
        from incident.processes import stock
        from incident.settings import Settings
        before = os.listdir("/proc/self/fd")
        stock.lay_in(Settings.from_env())
        assert threading.active_count() == 1
        assert os.listdir("/proc/self/fd") == before
        for name in ("sqlalchemy.orm", "psycopg", "rq", "twilio.rest", "gunicorn", "incident.response.inbox"):
            assert name in sys.modules, name
        for name in ("flask", "incident.web", "incident.report.rendering", "typst", "docx", "matplotlib", "alembic"):
            assert name not in sys.modules, name
    """)
    environment = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": "postgresql://nowhere.invalid/none",
        "REDIS_URL": "redis://nowhere.invalid",
        "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
    }
    subprocess.run([sys.executable, "-c", source], env=environment, check=True)
