"""A call-out to a thousand people beside a bare twilio-python loop with as many threads, at the same simulator.

The rate is that of the simulator's own times, from the first message to the last, for both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import local

from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from incident.delivery.outbox import THREADS
from tests.bench.first_sms import by_api, close
from tests.bench.numbers import Line
from tests.bench.phones import Arrival
from tests.bench.service import Service, running

WAIT_SECONDS = 180.0
AREA, LEAST = "xa_muong_lo", 990
BODY = "BAO ON: Kinh goi d/c xac nhan da nhan tin. Tra loi OK 27 hoac bam http://127.0.0.1/a/0123456789"
ASKED = {0: 0.70, 100: 0.80}
MOST_CPU_MS = 3.0


@dataclass(frozen=True, slots=True)
class Run:
    rate: float
    cpu_ms: float


class Redirected(TwilioHttpClient):  # type: ignore[misc,unused-ignore]  # the SDK ships no types
    """The SDK's own client, only at another address."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=30)
        self.base = base

    def request(self, method: str, url: str, *args: object, **more: object) -> object:
        return super().request(method, url.replace("https://api.twilio.com", self.base), *args, **more)


def measure(service: Service) -> Iterator[Line]:
    """Asked is what the bare loop does too: messages to a carrier that reports nothing. What it is with two reports a
    message, which the service takes in and applies meanwhile, is measured beside it."""
    for latency in (0, 100):
        silent(service, latency)
        bare = [best(service, bare_loop) for _ in range(2)]
        alone = [best(service, call_out) for _ in range(2)]
        bare.append(best(service, bare_loop))
        loop = max(run.rate for run in bare)
        yield _line(f"carrier at {latency} ms", quickest(alone), loop, latency)
        service.phones.order(clear=True)
        if latency:
            service.phones.order(latency_ms=latency)
        reported = _line(
            f"carrier at {latency} ms, with two receipts a message", best(service, call_out), loop, latency
        )
        yield replace(reported, asked="", met=None)
    service.phones.order(clear=True)


def several(directory: Path, database_url: str, workers: int) -> Iterator[Line]:
    """The same with so many worker processes, on a service of their own."""
    with running(directory, database_url, redis=True, workers=workers) as service:
        for latency in (0, 100):
            silent(service, latency)
            loop = max(best(service, bare_loop).rate for _ in range(2))
            runs = [best(service, call_out) for _ in range(2)]
            yield _line(f"carrier at {latency} ms, {workers} worker processes", quickest(runs), loop, latency)


def silent(service: Service, latency: int) -> None:
    """A carrier that takes so many milliseconds for a message and reports nothing of it."""
    service.phones.order(clear=True)
    service.phones.order(lost_callbacks=True, latency_ms=latency)


def _line(how: str, run: Run, loop: float, latency: int) -> Line:
    return Line(
        f"fan-out of 1,000, {how}",
        f"{run.rate:,.0f}/s = {run.rate / loop:.0%} of the bare loop's {loop:,.0f}/s ({THREADS} threads);"
        f" {run.cpu_ms:.1f} ms CPU a message",
        f"≥ {ASKED[latency]:.0%}; CPU ≤ {MOST_CPU_MS:.0f} ms",
        run.rate >= ASKED[latency] * loop and run.cpu_ms <= MOST_CPU_MS,
    )


def quickest(runs: Sequence[Run]) -> Run:
    """Of ours, as of the bare loop's."""
    return max(runs, key=lambda run: run.rate)


def best(service: Service, send: Callable[[Service], Sequence[Arrival]]) -> Run:
    before = service.cpu_seconds()
    arrived = send(service)
    used = service.cpu_seconds() - before
    seconds = (max(a.at for a in arrived) - min(a.at for a in arrived)).total_seconds()
    return Run((len(arrived) - 1) / seconds, used * 1000 / len(arrived))


def call_out(service: Service) -> Sequence[Arrival]:
    service.phones.forget()
    incident = by_api(service, AREA)
    arrived = service.phones.expect(LEAST, WAIT_SECONDS)
    service.phones.quiet()
    close(service, incident)
    return arrived


def bare_loop(service: Service) -> Sequence[Arrival]:
    service.phones.forget()
    sid, token = service.account
    own = local()

    def send(n: int) -> None:
        if not hasattr(own, "client"):
            own.client = Client(sid, token, http_client=Redirected(service.phones.url))
        own.client.messages.create(to=f"+84540{100_000 + n:06d}", from_="+84540000000", body=f"{BODY} {n}")

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(send, range(1000)))
    arrived = service.phones.expect(1000, WAIT_SECONDS)
    time.sleep(0.5)
    return arrived
