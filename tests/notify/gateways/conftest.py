"""A gateway made from a few lines, and one that answers as it is told."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from notify.gateways.description import Description
from notify.gateways.load import read
from tests.notify.broken import http

HEAD = """\
gateways:
  - name: noi-dia
    can: {{two_way: {two_way}, receipts: {receipts}, unicode: {unicode}, idempotent: {idempotent}}}
    sender: UBNDSONLAM
    send:
      address: "{url}/gui"
{send}
    answer: {{code: "{{code}}", good: ["0"], id: "{{data.id}}", text: "{{message}}"}}
    errors:
      "5": content
      "6": address
      "7": optout
      "8": configuration
      "9": {{kind: transient, retries: 3}}
      "10": unknown
      "11": duplicate
      "12": other
      http-503: transient
    callbacks:
      proof: {proof}
      answer: OK
      status:
        method: {method}
        id: "{{id}}"
        status: "{{status}}"
        code: "{{code}}"
        statuses: {{queued: accepted, sent: sent, ok: delivered, failed: failed}}
      inbound: {{method: {method}, id: "{{id}}", from: "{{from}}", to: "{{to}}", text: "{{text}}", at: "{{at}}"}}
"""
FIELDS = """\
      fields: {to: "{to}", text: "{text}", key: "{key}", ref: "{reference}", callback: "{callback}", parts: "{parts}"}
"""
ENV = {"SECRET": "bí mật"}


def described(url: str = "http://127.0.0.1:9", **changes: Any) -> Description:
    values = {
        "url": url,
        "two_way": "yes",
        "receipts": "delivered",
        "unicode": "yes",
        "idempotent": "no",
        "send": FIELDS,
        "method": "POST",
        "proof": '{kind: secret, header: X-Secret, secret: "{env:SECRET}"}',
    }
    (entry,) = read(HEAD.format(**{**values, **changes}), "gateways.yaml", ENV)
    assert entry.description is not None
    return entry.description


@pytest.fixture
def description() -> Description:
    return described()


@dataclass
class Told:
    """A gateway that answers as it was told, in order, and keeps what it was asked."""

    url: str = ""
    answers: list[bytes] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, _, _, body in self.asked]


RESET = b"reset"
ACCEPTED = http(200, '{"code": "0", "data": {"id": "N-1"}}')


@pytest.fixture
def told() -> Iterator[Told]:
    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            gateway.asked.append((self.command, self.path, dict(self.headers.items()), body))
            answer = gateway.answers.pop(0) if gateway.answers else ACCEPTED
            if answer == RESET:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            else:
                self.wfile.write(answer)

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    gateway = Told(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield gateway
    server.shutdown()
    server.server_close()
    thread.join()
