"""Signed replies at the webhook over eight connections: how many a second, how long each, also during a fan-out."""

from __future__ import annotations

import http.client
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

from sqlalchemy import func, select

from incident.store.tables import Inbound, Incident, Receipt
from notify.simulator.webhooks import signature
from tests.bench.fanout import AREA, LEAST
from tests.bench.first_sms import by_api, close
from tests.bench.numbers import Line, ms, percentile
from tests.bench.service import Service

CONNECTIONS = 8
REPLIES = 2000
PATH = "/hooks/twilio/inbound"
RATE, P95 = 400.0, 0.060
UNDERSTOOD_SECONDS = 120.0


def measure(service: Service) -> Iterator[Line]:
    service.phones.order(lost_callbacks=True)
    service.phones.forget()
    incident = by_api(service, AREA)
    numbers = [arrival.to for arrival in service.phones.expect(LEAST, 60)]
    service.phones.quiet()
    before = _web_cpu(service)
    yield _line("idle", *_posted(service, _requests(service, incident, numbers)))
    spent = (_web_cpu(service) - before) / REPLIES * 1000
    yield Line("inbound webhook, CPU of the web process each", f"{spent:.2f} ms")
    begun = time.monotonic()
    understood = _understood(service)
    waited = time.monotonic() - begun
    yield Line(
        f"{REPLIES:,} replies understood after the last came in",
        f"{waited:.1f} s" if understood else "not within 120 s",
    )
    service.phones.quiet()
    service.phones.order(clear=True)
    other = by_api(service, "toan_tinh")
    service.phones.forget()
    service.phones.expect(50, 60)
    requests = _requests(service, incident, numbers)
    known = _receipts(service)
    rate, taken = _posted(service, requests)
    receipts = (_receipts(service) - known) * rate / len(requests)
    yield Line(
        f"inbound webhook, {CONNECTIONS} connections, during a fan-out to 5,000 whose receipts come in too",
        f"{rate:,.0f} replies and {receipts:,.0f} receipts = {rate + receipts:,.0f}/s;"
        f" a reply p50 {ms(percentile(taken, 0.5))}, p95 {ms(percentile(taken, 0.95))}",
        f"≥ {RATE:.0f}/s, p95 ≤ {ms(P95)}",
        rate + receipts >= RATE and percentile(taken, 0.95) <= P95,
    )
    service.phones.order(lost_callbacks=True)
    service.phones.quiet()
    _understood(service)
    for one in (incident, other):
        close(service, one)
    service.phones.order(clear=True)


def _line(when: str, rate: float, taken: Sequence[float]) -> Line:
    return Line(
        f"inbound webhook, {CONNECTIONS} connections, {when}",
        f"{rate:,.0f}/s, p50 {ms(percentile(taken, 0.5))}, p95 {ms(percentile(taken, 0.95))}",
        f"≥ {RATE:.0f}/s, p95 ≤ {ms(P95)}",
        rate >= RATE and percentile(taken, 0.95) <= P95,
    )


def _web_cpu(service: Service) -> float:
    """Seconds of the processor, so far."""
    return sum(sum(process.cpu_times()[:2]) for process in service.processes("serve"))


def _requests(service: Service, incident: str, numbers: Sequence[str]) -> list[tuple[bytes, dict[str, str]]]:
    with service.store.reading() as session:
        code = session.scalars(select(Incident.code).where(Incident.id == incident)).one()
    sid, token = service.account
    made = []
    for n in range(REPLIES):
        form = {
            "AccountSid": sid, "ApiVersion": "2010-04-01", "Body": f"OK {code}", "From": numbers[n % len(numbers)],
            "MessageSid": f"SM{secrets.token_hex(16)}", "NumMedia": "0", "SmsStatus": "received", "To": "+84540000000",
        }  # fmt: skip
        head = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": signature(token, service.base + PATH, form),
        }
        made.append((urlencode(form).encode(), head))
    return made


def _posted(service: Service, requests: list[tuple[bytes, dict[str, str]]]) -> tuple[float, list[float]]:
    """Replies a second, and how long each took."""
    taken: list[float] = []
    faults: list[int] = []

    def post(mine: list[tuple[bytes, dict[str, str]]]) -> None:
        line = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
        for body, head in mine:
            begun = time.perf_counter()
            line.request("POST", PATH, body, head)
            answer = line.getresponse()
            answer.read()
            taken.append(time.perf_counter() - begun)
            if answer.status != 200:
                faults.append(answer.status)
        line.close()

    threads = [threading.Thread(target=post, args=(requests[i::CONNECTIONS],)) for i in range(CONNECTIONS)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults or len(taken) != len(requests):
        raise RuntimeError(f"{len(faults)} refused, {len(requests) - len(taken)} lost")
    return len(taken) / (time.perf_counter() - begun), taken


def _receipts(service: Service) -> int:
    with service.store.reading() as session:
        return session.scalar(select(func.count()).select_from(Receipt)) or 0


def _understood(service: Service) -> bool:
    end = time.monotonic() + UNDERSTOOD_SECONDS
    while time.monotonic() < end:
        with service.store.reading() as session:
            if not session.scalar(select(func.count()).select_from(Inbound).where(Inbound.state == "new")):
                return True
        time.sleep(0.1)
    return False
