"""`incident up`, with every process real: it says where it is, heals, sends, hears, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import func, select

from incident.domain.ids import new_id
from incident.store.sessions import Store
from incident.store.tables import Inbound, Message
from incident.wiring import now

PHONE = "+84540999001"
ROLES = {"serve", "worker", "clock", "simulator"}
AT_REST = 200  # MiB of web, worker and clock


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        select_wait(0.1)
    return False


def select_wait(seconds: float) -> None:
    """Give the processor to those we wait for."""
    import select as readiness

    readiness.select([], [], [], seconds)


@contextmanager
def running(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("TWILIO", "SMTP", "REDIS", "DATABASE", "SIM"))
    }
    environment = {**kept, "DATA_DIR": str(data_dir), "PORT": str(free_port()), "WORKERS": "1", "LC_ALL": "C"}
    command = [sys.executable, "-m", "incident", "up"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as parent:
        assert parent.stdout is not None
        lines = []
        for line in parent.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("Sẵn sàng"):
                break
        try:
            yield parent, lines
        finally:
            parent.kill()


def family(parent: subprocess.Popen[str]) -> list[psutil.Process]:
    return list(psutil.Process(parent.pid).children(recursive=True))


def of_role(parent: subprocess.Popen[str], role: str) -> list[psutil.Process]:
    return [child for child in family(parent) if word(child) == role]


def word(process: psutil.Process) -> str:
    """The last word of its command line, which says who it is."""
    try:
        return str((process.cmdline() or [""])[-1])
    except psutil.Error:
        return ""


def held(parent: subprocess.Popen[str]) -> float:
    """MiB of web, worker and clock; what is shared is divided among those who share it."""
    ours = [child for child in family(parent) if word(child) in ROLES - {"simulator"}]
    return sum(float(one.memory_full_info().pss) for one in ours) / 2**20


def lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def phone(simulator: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{simulator}/phones/{PHONE}.json", timeout=5) as answer:
        return list(json.load(answer)["messages"])


def message(store: Store, body: str) -> None:
    at = now()
    with store.writing() as session:
        session.add(
            Message(
                id=new_id(at), dedupe_key=body, kind="notify", channel="sms", address=PHONE, body=body,
                encoding="GSM-7", parts=1, created_at=at, not_before=at, valid_until=at + timedelta(hours=1),
            )
        )  # fmt: skip


@pytest.mark.chaos
def test_a_whole_life(tmp_path: Path) -> None:
    with running(tmp_path) as (parent, lines):
        assert lines[0].startswith("Mô phỏng: http://127.0.0.1:")
        assert lines[-1].startswith("Sẵn sàng: http://localhost:")
        assert any("truc@sonlam.example" in line for line in lines)
        assert {word(child) for child in family(parent)} >= ROLES
        assert held(parent) <= AT_REST
        simulator = lines[0].split(": ")[1]
        store = Store(f"sqlite:///{tmp_path / 'incident.db'}")
        try:
            _sends_and_hears(store, simulator)
            _heals(parent, store, simulator)
        finally:
            store.dispose()
        everyone = family(parent)
        began = time.monotonic()
        parent.send_signal(signal.SIGINT)
        assert parent.wait(15) == 0
        assert time.monotonic() - began < 15
        assert until(lambda: not any(lives(one) for one in everyone), 2)
    with running(tmp_path) as (parent, lines):  # the same phones, the same data
        assert lines[0] == f"Mô phỏng: {simulator}"
        assert len(phone(simulator)) == 2
        everyone = family(parent)
        parent.kill()
        parent.wait()
        assert until(lambda: not any(lives(one) for one in everyone), 8)


def _sends_and_hears(store: Store, simulator: str) -> None:
    message(store, "Vu viec 27: tin thu nhat")
    assert until(lambda: len(phone(simulator)) == 1, 5)
    reply = urllib.request.Request(
        f"{simulator}/phones/{PHONE}/reply",
        data=json.dumps({"text": "OK 27"}).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(reply, timeout=5).close()
    assert until(lambda: _count(store, Inbound, Inbound.state != "new") == 1, 5)
    assert until(lambda: _count(store, Message, Message.status == "delivered") == 1, 5)


def _heals(parent: subprocess.Popen[str], store: Store, simulator: str) -> None:
    """The worker and the clock are killed; what is due then goes all the same."""
    for role in ("worker", "clock"):
        (child,) = of_role(parent, role)
        child.kill()
    message(store, "Vu viec 27: tin thu hai")
    assert until(lambda: len(phone(simulator)) == 2, 20)
    assert until(lambda: {word(child) for child in family(parent)} >= ROLES, 5)


def _count(store: Store, of: Any, where: Any) -> int:
    with store.reading() as session:
        return int(session.scalar(select(func.count()).select_from(of).where(where)) or 0)
