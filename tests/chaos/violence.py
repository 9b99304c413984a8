"""What is done to the service while it works. Every choice comes from dice with a seed that is printed."""

from __future__ import annotations

import os
import random
import shlex
import signal
import socket
import subprocess
import threading
from collections import Counter
from contextlib import suppress
from typing import Any

import psutil
from sqlalchemy import exists, select
from sqlalchemy.exc import DBAPIError

from incident.store.tables import Attempt
from tests.bench.service import Service

wait = threading.Event().wait  # real processes need real seconds
ROLES = ("worker", "worker", "clock", "serve", "redis")
# Each is ordered of the simulator for its share of the messages. None of them keeps a message from arriving for good.
FAULTS: tuple[dict[str, Any], ...] = (
    {"error_after_accept": True, "rate": 0.06},
    {"reset_after_accept": True, "rate": 0.06},
    {"hang_seconds": 2.5, "rate": 0.04},
    {"duplicate_callbacks": True, "rate": 0.15},
    {"reordered_callbacks": True, "rate": 0.15},
    {"late_callbacks_ms": 900, "rate": 0.1},
    {"status": 429, "rate": 0.03},
)
# These cost the looks of the reconciliation: minutes, so only the long runs order them.
SLOW_FAULTS: tuple[dict[str, Any], ...] = (
    {"lost_callbacks": True, "rate": 0.1},
    {"hang_seconds": 14.0, "rate": 0.01},
    {"status": 503, "rate": 0.01},
)


class Killer(threading.Thread):
    """Kills children of `incident up` at random moments until told to stop. The simulator is the witness and lives."""

    def __init__(
        self, service: Service, dice: random.Random, pause: tuple[float, float], restart: str = ""
    ) -> None:
        super().__init__(name="killer", daemon=True)
        self.service = service
        self.dice = dice
        self.pause = pause
        self.restart = restart if service.store.dialect == "postgresql" else ""
        self.kills: Counter[str] = Counter()
        self.spared: set[int] = set()
        self.enough = threading.Event()

    def run(self) -> None:
        while not self.enough.wait(self.dice.uniform(*self.pause)):
            role, which, aside = self.dice.choice(ROLES), self.dice.random(), self.dice.random()
            if role == "redis" and which < 0.5:
                self.kills["Redis flushed"] += flush(self.service)
            elif found := [one for one in children(self.service, role) if one.pid not in self.spared]:
                calling = self._calls_are_made() if which < 0.5 else False
                self.kills[f"{role}, mid-call" if calling else role] += kill(self.dice.choice(found))
            if self.service.store.dialect == "postgresql" and aside < 0.2:
                self.kills["connections cut"] += bool(cut_connections(self.service))
            if self.restart and aside > 0.97:
                subprocess.run(shlex.split(self.restart), check=False, timeout=60, stdout=subprocess.DEVNULL)
                self.kills["PostgreSQL restarted"] += 1

    def _calls_are_made(self) -> bool:
        """Wait for a moment at which a carrier is being called, for half a second at most; whether there was one."""
        for _ in range(15):
            with suppress(DBAPIError), self.service.store.reading() as session:
                if session.scalar(select(exists().where(Attempt.outcome == "calling"))):
                    return True
            wait(0.02)
        return False

    def end(self) -> None:
        self.enough.set()
        self.join(10)


class Sleeper(threading.Thread):
    """Stops a worker in the middle of its work for longer than its leases, and lets it go on."""

    def __init__(self, service: Service, seconds: float) -> None:
        super().__init__(name="sleeper", daemon=True)
        self.service = service
        self.seconds = seconds
        self.asleep: set[int] = set()

    def run(self) -> None:
        wait(1.0)
        for worker in children(self.service, "worker")[:1]:
            with suppress(psutil.NoSuchProcess):
                self.asleep.add(worker.pid)  # nobody kills it in its sleep
                worker.suspend()
                wait(self.seconds)
                worker.resume()
                wait(3.0)


def children(service: Service, role: str) -> list[psutil.Process]:
    """The processes of one role, gunicorn's own children too."""
    if role != "redis":
        with suppress(psutil.NoSuchProcess):
            return service.processes(role)
        return []
    assert service.process is not None
    found = []
    for child in psutil.Process(service.process.pid).children():
        with suppress(psutil.NoSuchProcess):
            if "redis-server" in " ".join(child.cmdline()):
                found.append(child)
    return found


def kill(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess, ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
        return True
    return False


def flush(service: Service) -> bool:
    """Empties the embedded Redis, in two words of its own protocol."""
    with suppress(OSError), socket.socket(socket.AF_UNIX) as line:
        line.settimeout(1)
        line.connect(str(service.directory / "data" / "redis.sock"))
        line.sendall(b"FLUSHALL\r\n")
        return line.recv(16).startswith(b"+OK")
    return False


def cut_connections(service: Service) -> int:
    """All of the service's connections to PostgreSQL end at once, in the middle of whatever they do."""
    import psycopg

    address = service.database_url.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
        cut = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    return len(cut)
