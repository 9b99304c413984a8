"""The parent of all: starts the children, starts again what dies, and takes everything down with it.

A child has a process group of its own (Ctrl-C reaches the parent alone), dies with the parent (PDEATHSIG, and a pipe it
watches), and is started again at once, then at most once a second, for ever. It is a program that is executed, or one
forked from what this process has in memory. It must never know what its children do.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from incident.processes.forked import Born, Forked, settle
from incident.processes.tether import PARENT_FD, READY_FD

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.1
RESTART_SECONDS = 1.0
# How long each may take to end, in this order; together less than 15 seconds.
STOPPING = (("clock", 4.0), ("worker", 4.0), ("serve", 3.0), ("simulator", 1.5), ("redis", 1.5))


@dataclass
class Child:
    """One process, through all its lives."""

    role: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    forked: bool = False
    process: subprocess.Popen[bytes] | Forked | None = None
    started: float = field(default=float("-inf"))
    restarted: float = field(default=float("-inf"))
    ready: bool = False
    ready_fd: int | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Main thread only: PDEATHSIG follows the thread that started the child. Starting one `forked` raises Born in it."""

    def __init__(self, say: Callable[[str], None] = lambda text: None) -> None:
        self.children: list[Child] = []
        self.say = say
        self.stopping = False
        self._parent = os.getpid()
        self._held, self._ours = os.pipe()  # children hold one end; the other closes when we die

    def start(
        self, role: str, argv: Sequence[str], environment: Mapping[str, str], *, forked: bool = False
    ) -> Child:
        """`argv` is executed; or, with `forked`, only what a list of processes shows."""
        child = Child(role, argv, environment, forked)
        self.children.append(child)
        self._launch(child)
        return child

    def _launch(self, child: Child) -> None:
        if child.ready_fd is not None:
            os.close(child.ready_fd)
        child.ready_fd, theirs = os.pipe()
        os.set_blocking(child.ready_fd, False)
        child.ready = False
        child.started = time.monotonic()
        environment = {**child.environment, PARENT_FD: str(self._held), READY_FD: str(theirs)}
        child.process = (self._fork if child.forked else self._execute)(child, environment, theirs)
        os.close(theirs)

    def _execute(self, child: Child, environment: Mapping[str, str], theirs: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            child.argv,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),  # our standard output is a contract
            start_new_session=True,
            pass_fds=(self._held, theirs),
            preexec_fn=_tied_to(self._parent) if sys.platform == "linux" else None,
        )

    def _fork(self, child: Child, environment: Mapping[str, str], theirs: int) -> Forked:
        tie = _tied_to(self._parent)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        if pid := os.fork():
            return Forked(pid)
        tie()
        for ours in (self._ours, *(one.ready_fd for one in self.children if one.ready_fd is not None)):
            os.close(ours)
        settle(child.argv, environment)
        raise Born(child.role)

    def watch(self) -> None:
        """One look: who said that it is ready, and who must be started again."""
        for child in self.children:
            self._listen(child)
            if not child.alive and time.monotonic() - child.restarted >= RESTART_SECONDS:
                assert child.process is not None
                self.say(f"{child.role} ended ({child.process.returncode}); started again")
                _kill_group(child.process.pid)  # gunicorn's workers, should any be left
                child.restarted = time.monotonic()
                self._launch(child)

    def _listen(self, child: Child) -> None:
        if child.ready or child.ready_fd is None:
            return
        with suppress(BlockingIOError):
            child.ready = os.read(child.ready_fd, 1) == b"1"

    def wait_until(self, true: Callable[[], bool], seconds: float) -> bool:
        """Watch until something is so; False when the time is over or we are to stop."""
        end = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < end:
            self.watch()
            if true():
                return True
            time.sleep(POLL_SECONDS)
        return False

    def run(self) -> None:
        """Watch until `stopping` is set (by a signal)."""
        while not self.stopping:
            self.watch()
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """End the children in order, each gently first."""
        if os.getpid() != self._parent:
            return  # a child that was born leaves its parent's stack
        self.stopping = True
        for role, seconds in STOPPING:
            group = [child for child in self.children if child.role == role]
            for child in group:
                if child.alive and child.process is not None:
                    with suppress(ProcessLookupError):
                        child.process.terminate()
            end = time.monotonic() + seconds
            for child in group:
                _ended(child, end)
        for descriptor in (self._ours, self._held):
            os.close(descriptor)


def _ended(child: Child, end: float) -> None:
    if child.process is None:
        return
    try:
        child.process.wait(max(0.05, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        pass
    _kill_group(child.process.pid)
    with suppress(subprocess.TimeoutExpired):
        child.process.wait(1.0)


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _tied_to(parent: int) -> Callable[[], None]:
    libc = ctypes.CDLL(None, use_errno=True)

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died between the fork and this line
            os._exit(1)

    return tie
