"""The service under measurement: `incident up` with a database, a directory and ports of its own, and the way into it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped,unused-ignore]

from incident.commands.accounts import SAMPLE_PASSWORD
from incident.store.sessions import Store
from tests.bench import databases
from tests.bench.officer import Officer
from tests.bench.phones import Phones

ROOT = Path(__file__).resolve().parents[2]
READY = "Sẵn sàng:"
START_SECONDS = 120.0
ROLES = ("serve", "worker", "clock")
MANY = 5000
COMMUNES = 5
ALONE = "xa_mot_nguoi"  # a commune with a single officer
UNIT_SHEET = f"Mã đơn vị,Tên đơn vị,Tên ngắn,Loại đơn vị,Mã địa bàn\n{ALONE},UBND xã Một Người,UBND xã Một,xa,{ALONE}\n"
PERSON_SHEET = f"Mã người,Họ và tên,Mã đơn vị,Di động\nmot_nguoi,Lê Một,{ALONE},0540 990 001\n"


class Service:
    """Everything a measurement may touch. `redis`: a Redis of its own; without, the address of one that is not there."""

    def __init__(self, directory: Path, database_url: str, redis: bool, workers: int = 1) -> None:
        self.directory = directory
        self.database_url = database_url
        self.redis = redis
        self.port = _free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.store = Store(database_url)
        self.environment = self._environment(workers)
        self.process: subprocess.Popen[str] | None = None

    def _environment(self, workers: int) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        kept |= {
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
            "DATA_DIR": str(self.directory / "data"),
            "DATABASE_URL": self.database_url,
            "PORT": str(self.port),
            "PUBLIC_URL": self.base,
            "SECRET_KEY": "only for this measurement",
            "WORKERS": str(workers),
        }
        if not self.redis:
            kept["REDIS_URL"] = f"unix://{self.directory}/nobody.sock"
        return kept

    def start(self) -> None:
        log = (self.directory / "service.log").open("a")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "incident", "up"], env=self.environment, cwd=self.directory,
            stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        log.close()
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(READY):
                break
        else:
            raise RuntimeError((self.directory / "service.log").read_text()[-2000:])
        kept = json.loads((self.directory / "data" / "simulator.json").read_text())
        self.account = (str(kept["sid"]), str(kept["token"]))
        self.phones = Phones(f"http://127.0.0.1:{kept['port']}", self.directory / "data" / "simulator.jsonl")
        token = self.command("token", "create", "--name", "bench", "--role", "duty_officer").strip()
        self.officer = Officer(self.base, token)
        self.officer.sign_in("truc@sonlam.example", SAMPLE_PASSWORD)

    def fill(self) -> None:
        """The sample's communes with a thousand officers more in each, and one commune with a single officer."""
        self.command("directory", "sample", "--people", str(MANY))
        for name, sheet in (("units.csv", UNIT_SHEET), ("people.csv", PERSON_SHEET)):
            path = self.directory / name
            path.write_text(sheet)
            self.command("directory", "import", str(path))

    def command(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "incident", *words], env=self.environment, cwd=self.directory,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"incident {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def stop(self) -> None:
        self.store.dispose()
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)

    # -------------------------------------------------------------- its processes

    def processes(self, role: str) -> list[psutil.Process]:
        assert self.process is not None
        return [
            one
            for child in psutil.Process(self.process.pid).children()
            if child.cmdline()[-1:] == [role]
            for one in (child, *child.children(recursive=True))
        ]

    def cpu_seconds(self) -> float:
        """Of web, worker, clock, and the server processes of the database."""
        found = [one for role in ROLES for one in self.processes(role)]
        if self.store.dialect == "postgresql":
            rows = databases.asked(self.database_url, "SELECT pid FROM pg_stat_activity WHERE datname = current_database()")  # fmt: skip
            for (pid,) in rows:
                with suppress(psutil.NoSuchProcess):
                    found.append(psutil.Process(pid))
        total = 0.0
        for one in found:
            with suppress(psutil.NoSuchProcess):
                times = one.cpu_times()
                total += times.user + times.system
        return total

    def pss(self, role: str) -> float:
        """MiB, what is shared divided among those who share it."""
        return sum(float(one.memory_full_info().pss) for one in self.processes(role)) / 2**20

    def parent_pss(self) -> float:
        assert self.process is not None
        return float(psutil.Process(self.process.pid).memory_full_info().pss) / 2**20


@contextmanager
def running(directory: Path, database_url: str, redis: bool, workers: int = 1) -> Iterator[Service]:
    service = Service(directory, database_url, redis, workers)
    try:
        service.start()
        service.fill()
        time.sleep(2)
        yield service
    finally:
        service.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
