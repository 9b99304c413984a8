"""A child without an exec: it begins with the memory of its parent, and what neither writes to stays one for both.

Linux only. The child leaves the parent's stack by an exception, `Born`, so that it lives and ends like any program.
Must never know what the child does.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

LOOK_SECONDS = 0.02


class Born(BaseException):
    """Raised in a new child, where its parent was about to go on; caught by who gives it its work."""

    def __init__(self, role: str) -> None:
        self.role = role


class Forked:
    """The parent's hold of such a child: the part of `subprocess.Popen` that a supervisor needs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Raises subprocess.TimeoutExpired, as Popen does."""
        end = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() >= end:
                raise subprocess.TimeoutExpired("a forked child", timeout)
            time.sleep(LOOK_SECONDS)
        return code

    def terminate(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


def settle(words: Sequence[str], environment: Mapping[str, str]) -> None:
    """In the child, first of all: a session, an environment, a command line and signals of its own.

    Nothing comes in, and what it prints goes to standard error, for the parent's standard output is a contract.
    """
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(sys.stderr.fileno(), 1)
    os.environ.clear()
    os.environ.update(environment)
    call_oneself(words)


def call_oneself(words: Sequence[str]) -> bool:
    """Write another command line over this process's own, for those who look at a list of processes.

    The kernel shows as many bytes as the first one had: what is too much is taken up by the path of the interpreter, in
    which slashes may be repeated. False, and nothing done, where there is no room or the kernel does not say where it is.
    """
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        begin, end = (
            int(fields[45]),
            int(fields[46]),
        )  # arg_start and arg_end of proc(5), its fields 48 and 49
    except (OSError, IndexError):
        return False
    text = b"".join(os.fsencode(word) + b"\0" for word in words)
    spare = end - begin - len(text)
    if spare < 0 or not text.startswith(b"/"):
        return False
    ctypes.memmove(begin, b"/" * spare + text, end - begin)
    return True
