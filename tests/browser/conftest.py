"""A real Chromium on the real service: every process of `incident up` on free ports, embedded defaults, once a session."""

from __future__ import annotations

import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, Page, expect

from incident.commands.accounts import SAMPLE_PASSWORD
from tests.browser.seen import Seen, served
from tests.browser.ways import WAYS, Desk
from tests.chromium import needed
from tests.incident.web.conftest import province as province
from tests.incident.web.conftest import second_officer, site_of
from tests.incident.web.night import a_night

# What is waited for may take its time on a busy machine; nothing waits longer than it must.
expect.set_options(timeout=15_000)

Found = TypeVar("Found")

ROOT = Path(__file__).parents[2]
STARTS_WITHIN_SECONDS = 60.0
STOPS_WITHIN_SECONDS = 20.0


@dataclass(frozen=True)
class Server:
    """Where the service and its phones are."""

    address: str
    phones: str


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    needed((ROOT / "incident/web/static/vendor/manifest.json").exists(), "built assets (make assets)")
    with running(tmp_path_factory.mktemp("service")) as started:
        yield started


@pytest.fixture(scope="session")
def seen(province: Path, tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Seen]:
    """A night in which everything happened, told in process: for looking at pages without waiting for them."""
    needed((ROOT / "incident/web/static/vendor/manifest.json").exists(), "built assets (make assets)")
    with site_of(province, tmp_path_factory.mktemp("night")) as site:
        second_officer(site)
        with served(a_night(site), chromium) as seen:
            yield seen


@pytest.fixture(params=WAYS)
def desk(request: pytest.FixtureRequest, seen: Seen) -> Iterator[Desk]:
    """One of the four ways, in the night that is shared."""
    opened = Desk(seen, *WAYS[request.param])
    yield opened
    opened.close()


@contextmanager
def running(data: Path) -> Iterator[Server]:
    """The service with everything of its own, until the end of the block."""
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "incident", "up"],
        cwd=ROOT,
        env=_environment(data, port),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        lines = _lines_until(process, "Sẵn sàng:")
        phones = re.search(r"Mô phỏng: (http\S+)", "\n".join(lines))
        assert phones, lines
        yield Server(f"http://localhost:{port}", phones[1])
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOPS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _environment(data: Path, port: int) -> dict[str, str]:
    own = ("DATABASE_URL", "REDIS_URL", "TWILIO_", "SMTP_", "SMS_GATEWAYS", "PUBLIC_URL", "SIMULATOR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return {**kept, "DATA_DIR": str(data), "PORT": str(port), "WORKERS": "1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _lines_until(process: subprocess.Popen[bytes], last: str) -> list[str]:
    """What the service prints, up to the line that begins with `last`. Goes on reading, so that it never blocks."""
    found: queue.Queue[str] = queue.Queue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            found.put(line.decode().rstrip())

    threading.Thread(target=read, daemon=True).start()
    lines: list[str] = []
    end = time.monotonic() + STARTS_WITHIN_SECONDS
    while not (lines and lines[-1].startswith(last)):
        try:
            lines.append(found.get(timeout=max(0.1, end - time.monotonic())))
        except queue.Empty:
            pytest.fail(f"the service did not say {last!r} in {STARTS_WITHIN_SECONDS} s: {lines}")
    return lines


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A phone in Vietnam. A message of the console about the policy, or an error of a script, fails the test."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844},
        locale="vi-VN",
        timezone_id="Asia/Ho_Chi_Minh",
        accept_downloads=True,
    )
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("console", lambda line: troubles.append(line.text) if "Content Security" in line.text else None)
    try:
        yield opened
    finally:
        context.close()
    assert not troubles, troubles


def until(page: Page, look: Callable[[], Found | None], seconds: float = 15) -> Found:
    """What `look` finds, asked again and again: the service works in real time here."""
    end = time.monotonic() + seconds
    while (found := look()) is None:
        assert time.monotonic() < end, f"not seen in {seconds} s"
        page.wait_for_timeout(100)
    return found


def hears(page: Page) -> None:
    """Until the room has been told twice how things stand: what the first told is on the page by then."""
    for _ in range(2):
        with page.expect_response(re.compile(r"/live(\?|$)")):
            pass


def signs_in(page: Page, server: Server, name: str) -> None:
    """As one of the sample accounts ("truc", "phatngon", …); whoever was signed in leaves first."""
    page.goto("about:blank")
    page.context.clear_cookies()
    page.goto(f"{server.address}/sign-in")
    page.get_by_label("Thư điện tử").fill(f"{name}@sonlam.example")
    page.get_by_label("Mật khẩu", exact=True).fill(SAMPLE_PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    page.wait_for_url(f"{server.address}/")
