"""Two hundred people watch one room, each asking every two seconds whether anything is new, while it stands still."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator

from tests.bench.numbers import Line, ms, percentile
from tests.bench.service import Service

WATCHING, EVERY_SECONDS, FOR_SECONDS = 200, 2.0, 20.0
MOST = 0.050
THREADS = 20  # each plays ten people in turn, on a connection of its own


def measure(service: Service, incident: str) -> Iterator[Line]:
    path = f"/incidents/{incident}/live"
    cookie = "; ".join(f"{name}={value}" for name, value in service.officer.cookies.items())
    first = _ask(service, path, cookie, "")
    taken: list[float] = []
    answers: dict[int, int] = {}
    lock = threading.Lock()
    start = time.monotonic() + 0.5

    def play(n: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
        apart = EVERY_SECONDS / WATCHING * THREADS  # between two of the ten
        tag = first[1]
        at = start + n * EVERY_SECONDS / WATCHING
        while at < start + FOR_SECONDS:
            time.sleep(max(0.0, at - time.monotonic()))
            status, tag_now, seconds = _timed(connection, path, cookie, tag)
            tag = tag_now or tag  # once a minute the countdowns change
            with lock:
                taken.append(seconds)
                answers[status] = answers.get(status, 0) + 1
            at += apart
        connection.close()

    threads = [threading.Thread(target=play, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    quiet = answers.get(304, 0) / max(1, len(taken))
    yield Line(
        f"live part of a room, {WATCHING} watching ({len(taken) / FOR_SECONDS:.0f} requests a second)",
        f"p50 {ms(percentile(taken, 0.5))}, p95 {ms(percentile(taken, 0.95))}; {quiet:.0%} answered 304",
        f"p95 ≤ {ms(MOST)}",
        percentile(taken, 0.95) <= MOST,
    )


def _ask(service: Service, path: str, cookie: str, tag: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    status, found, _ = _timed(connection, path, cookie, tag)
    connection.close()
    return status, found


def _timed(
    connection: http.client.HTTPConnection, path: str, cookie: str, tag: str
) -> tuple[int, str, float]:
    headers = {"Cookie": cookie, "HX-Request": "true"} | ({"If-None-Match": tag} if tag else {})
    began = time.monotonic()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.getheader("ETag") or "", time.monotonic() - began
