"""HTTP/1.1 on asyncio, as little of it as the simulator needs, fast enough to stand under a benchmark.

Responsible for framing, keep-alive, late answers and broken connections. It must never know what is asked.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

HEAD_LIMIT = 64 * 1024
BODY_LIMIT = 1024 * 1024
_encode = json.JSONEncoder(ensure_ascii=False).encode
_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(slots=True)
class Request:
    """`path` is decoded, `query` is not; header names are lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes = b""

    def form(self) -> dict[str, str]:
        """A name that is given several times has all its values, with spaces between."""
        fields: dict[str, str] = {}
        for name, value in parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True):
            fields[name] = f"{fields[name]} {value}" if name in fields else value
        return fields

    def arguments(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def is_json(self) -> bool:
        return self.headers.get("content-type", "").startswith("application/json")


@dataclass(slots=True)
class Response:
    """`delay` seconds pass before it is written; `reset` breaks the connection instead."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    reset: bool = False


Handler = Callable[[Request], Response]


def as_json(value: Any, status: int = 200) -> Response:
    return Response(status, _encode(value).encode(), "application/json")


class Connection(asyncio.Protocol):
    """One client. Requests are answered one after the other, in the order they came."""

    def __init__(self, handler: Handler, alive: set[Connection]) -> None:
        self._handler = handler
        self._alive = alive
        self._buffer = bytearray()
        self._busy = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._alive.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._alive.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._work()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _work(self) -> None:
        while not self._busy and self._transport is not None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > HEAD_LIMIT:
                    self._refuse(431)
                return
            if not self._one(end):
                return

    def _one(self, end: int) -> bool:
        """Answers the request whose head ends at `end`; False when its body is not there yet."""
        request = _parse(bytes(self._buffer[:end]))
        if request is None or "transfer-encoding" in request.headers:
            self._refuse(400 if request is None else 411)
            return False
        length = request.headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > BODY_LIMIT:
            self._refuse(413 if length.isdigit() else 400)
            return False
        whole = end + 4 + int(length)
        if len(self._buffer) < whole:
            return False
        request.body = bytes(self._buffer[end + 4 : whole])
        del self._buffer[:whole]
        self._answer(request)
        return True

    def _answer(self, request: Request) -> None:
        response = self._handler(request)  # what it raises ends this connection, and asyncio logs it
        if response.delay > 0:
            self._busy = True
            asyncio.get_running_loop().call_later(response.delay, self._late, request, response)
        else:
            self._write(request, response)

    def _late(self, request: Request, response: Response) -> None:
        self._busy = False
        self._write(request, response)
        self._work()

    def _write(self, request: Request, response: Response) -> None:
        if self._transport is None:
            return
        if response.reset:
            self._reset()
            return
        last = request.headers.get("connection", "").lower() == "close"
        body = b"" if request.method == "HEAD" else response.body
        self._transport.write(_head(response, last) + body)
        if last:
            self._transport.close()

    def _reset(self) -> None:
        assert self._transport is not None
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def _refuse(self, status: int) -> None:
        if self._transport is not None:
            self._transport.write(_head(Response(status), last=True))
            self._transport.close()
            self._transport = None


def _parse(head: bytes) -> Request | None:
    first, *rest = head.decode("latin-1").split("\r\n")
    try:
        method, target, version = first.split(" ")
    except ValueError:
        return None
    headers = {}
    for line in rest:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    if version == "HTTP/1.0":
        headers["connection"] = "close"
    path, _, query = target.partition("?")
    return Request(method, unquote(path) if "%" in path else path, query, headers)


def _head(response: Response, last: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {response.status} {_REASONS.get(response.status, '')}",
        f"Content-Type: {response.content_type}",
        f"Content-Length: {len(response.body)}",
    ]
    lines.extend(f"{name}: {value}" for name, value in response.headers.items())
    if last:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
