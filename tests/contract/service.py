"""The product as somebody outside has it: the command `incident`, its addresses, its phones. Imports nothing of it."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psutil
import urllib3

PREPARED = (
    "TWILIO",
    "SMTP",
    "SMS_",
    "REDIS",
    "DATABASE",
    "SIM",
    "PLAYBOOKS",
    "PUBLIC",
    "SECRET",
    "LANG",
    "LC_",
)
PASSWORD = "SonLam-2026!"
POOL = urllib3.PoolManager(maxsize=32, retries=False, timeout=30)


def free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in held]
    finally:
        for one in held:
            one.close()


def wait(seconds: float) -> None:
    select.select([], [], [], seconds)


def until(true: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What `true` says once it says something; fails when the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        wait(0.1)
    raise AssertionError(f"not within {seconds} s: {true}")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


def fetch(
    method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    got = POOL.request(method, url, body=body, headers=dict(headers or {}), redirect=False)
    return Answer(got.status, got.headers, got.data)


@dataclass(frozen=True, slots=True)
class Api:
    """A caller of /api/v1: by token, or by a session's cookie."""

    root: str
    headers: Mapping[str, str]

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        address = path if path.startswith("/api/") else f"/api/v1{path}"
        return fetch(method, self.root + address, data, sent)

    def get(self, path: str) -> Any:
        answer = self("GET", path)
        assert answer.status == 200, answer.text
        return answer.json

    def post(self, path: str, body: Any, expected: int = 200, **headers: str) -> Any:
        answer = self("POST", path, body, **headers)
        assert answer.status == expected, f"{answer.status} {answer.text}"
        return answer.json


@dataclass
class Service:
    """One `incident up` with a data directory and ports of its own."""

    data_dir: Path
    more: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.port, self.simulator_port, self.smtp_port = free_ports(3)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def phones(self) -> str:
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREPARED)}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        own = {
            "DATA_DIR": str(self.data_dir),
            "PORT": str(self.port),
            "SIMULATOR_PORT": str(self.simulator_port),
            "SIMULATOR_SMTP_PORT": str(self.smtp_port),
            "WORKERS": "1",
            "LC_ALL": "C",
        }
        return kept | own | dict(self.more)

    def start(self) -> None:
        self.lines = []
        self.log = (self.data_dir.parent / f"{self.data_dir.name}.log").open("ab")
        self.process = subprocess.Popen(
            [incident(), "up"],
            env=self.environment,
            cwd=self.data_dir.parent,
            stdout=subprocess.PIPE,
            stderr=self.log,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.decode().rstrip("\n"))
            if self.lines[-1].startswith("Sẵn sàng"):
                return
        raise AssertionError(f"it ended instead of being ready: {self.lines}")

    def stop(self) -> str:
        """Ctrl-C. What was printed after the last line."""
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        rest = self.process.stdout.read().decode()
        self.close()
        return rest

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)
        self.close()

    def close(self) -> None:
        assert self.process is not None
        if self.process.stdout:
            self.process.stdout.close()
        self.log.close()

    def family(self) -> list[psutil.Process]:
        assert self.process is not None
        return list(psutil.Process(self.process.pid).children(recursive=True))

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
        return run(*words, environment=self.environment | environment, cwd=self.data_dir.parent)

    def token(self, role: str) -> Api:
        done = self.run("token", "create", "--name", f"thử {role}", "--role", role)
        assert done.returncode == 0, done.stderr.decode()
        return Api(self.url, {"Authorization": f"Bearer {done.stdout.decode().strip()}"})

    def signed_in(self, account: str) -> Api:
        """The API as the web's own page calls it: with the session's cookie."""
        page = fetch("GET", f"{self.url}/sign-in")
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
        assert found, page.text[:500]
        form = {"csrf_token": found.group(1), "email": f"{account}@sonlam.example", "password": PASSWORD}
        entered = fetch(
            "POST",
            f"{self.url}/sign-in",
            urlencode(form).encode(),
            {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie_of(page)},
        )
        assert entered.status in (302, 303), entered.text[:2000]
        return Api(self.url, {"Cookie": cookie_of(entered), "X-Requested-With": "XMLHttpRequest"})

    # ------------------------------------------------------------ phones

    def received(self, phone: str) -> list[dict[str, Any]]:
        answer = fetch("GET", f"{self.phones}/phones/{quote(phone)}.json")
        assert answer.status == 200, answer.text
        return list(answer.json["messages"])

    def reply(self, phone: str, text: str) -> dict[str, Any]:
        answer = fetch(
            "POST",
            f"{self.phones}/phones/{quote(phone)}/reply",
            json.dumps({"text": text}).encode(),
            {"Content-Type": "application/json"},
        )
        assert answer.status in (200, 201), answer.text
        return dict(answer.json)

    def fault(self, **order: Any) -> Answer:
        return fetch(
            "POST",
            f"{self.phones}/faults",
            json.dumps(order).encode(),
            {"Content-Type": "application/json"},
        )


def incident() -> str:
    return str(Path(sys.executable).with_name("incident"))


def run(
    *words: str, environment: Mapping[str, str], cwd: Path | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [incident(), *words],
        env=dict(environment),
        cwd=cwd,
        capture_output=True,
        check=False,
        timeout=timeout,
    )


def lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def cookie_of(answer: Answer) -> str:
    headers: Any = answer.headers
    return "; ".join(value.split(";")[0] for value in headers.getlist("Set-Cookie"))
