"""A service that takes callbacks, and the simulator calling it: both speak real HTTP on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import pytest

from notify.simulator.server import Simulator, serve
from notify.twilio import TwilioAccount, TwilioSms

SID = "AC" + "1" * 32
TOKEN = "a token of the tests"
OFFICE = "+84540999999"
NOW = datetime(2026, 11, 22, 2, 6, tzinfo=UTC)


@dataclass
class Hooks:
    """What came in: path with query, form, signature; `raw`: path, headers in lower case, body."""

    url: str
    calls: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    raw: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def named(self, status: str) -> list[tuple[str, dict[str, str], str]]:
        return [call for call in self.calls if call[1].get("MessageStatus") == status]

    def order(self) -> list[str]:
        return [form["MessageStatus"] for _, form, _ in self.calls]


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            taken.raw.append((self.path, headers, body))
            taken.calls.append(
                (self.path, dict(parse_qsl(body.decode())), self.headers["X-Twilio-Signature"])
            )
            self.send_response(taken.statuses.pop(0) if taken.statuses else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    taken = Hooks(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield taken
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def clock() -> Callable[[], datetime]:
    return lambda: NOW


@pytest.fixture
def sim(hooks: Hooks, clock: Callable[[], datetime]) -> Iterator[Simulator]:
    with serve(sid=SID, token=TOKEN, webhook_base=hooks.url, clock=clock) as simulator:
        yield simulator


@pytest.fixture
def twilio(sim: Simulator, hooks: Hooks) -> Iterator[TwilioSms]:
    sender = TwilioSms(
        TwilioAccount(SID, TOKEN, OFFICE, public_url=hooks.url, api_base=sim.url, timeout_seconds=2.0)
    )
    yield sender
    sender.close()
