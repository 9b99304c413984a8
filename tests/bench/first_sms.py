"""From the form or the API call sent off to the first SMS at the simulator, for one, a thousand and five thousand people."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from incident.wiring import now
from tests.bench.numbers import Line, ms, percentile, spread
from tests.bench.service import ALONE, Service

WAIT_SECONDS = 60.0
SEEN = re.compile(r'name="seen" value="([^"]+)"')
Ready = Callable[[Service, str], Callable[[], str]]  # all that comes before sending; then the sending itself
CLOSED = {"outcome": "opened_by_mistake", "reason": "Đo tốc độ", "stand_down": False}


@dataclass(frozen=True, slots=True)
class Crowd:
    """Whom a call-out reaches: its area, the least number of SMS, how often it is opened."""

    name: str
    area: str
    least: int
    times: int


CROWDS = (Crowd("1,000", "xa_muong_lo", 990, 5), Crowd("5,000", "toan_tinh", 4990, 3))


def measure(service: Service) -> Iterator[Line]:
    first = opening(service, by_form, ALONE, 1)
    yield Line("first SMS, the very first opening after the start", ms(first))
    for name, ready in (("form", by_form), ("API", lambda *where: partial(by_api, *where))):
        yield alone(service, name, ready)
    yield from crowds(service)


def alone(service: Service, name: str, ready: Ready) -> Line:
    most = 0.050 if service.redis else 1.2
    taken = [opening(service, ready, ALONE, 1) for _ in range(40 if service.redis else 20)]
    p95 = percentile(taken, 0.95)
    return Line(f"first SMS, 1 recipient, {name}", spread(taken), f"p95 ≤ {ms(most)}", p95 <= most)


def crowds(service: Service) -> Iterator[Line]:
    most = 0.25 if service.redis else 1.2
    service.phones.order(lost_callbacks=True)
    for crowd in CROWDS:
        taken = [opening(service, by_form, crowd.area, crowd.least) for _ in range(crowd.times)]
        found = f"p50 {ms(percentile(taken, 0.5))}, worst {ms(max(taken))} (n = {len(taken)})"
        yield Line(f"first SMS, {crowd.name} recipients, form", found, f"≤ {ms(most)}", max(taken) <= most)
    service.phones.order(clear=True)


def opening(service: Service, ready: Ready, area: str, least: int) -> float:
    """Seconds from sending to the first SMS. Afterwards all is sent, told and closed again."""
    service.phones.forget()
    send = ready(service, area)
    begun = now()
    incident = send()
    arrived = service.phones.expect(1, WAIT_SECONDS)
    first: datetime = arrived[0].at
    if least > len(arrived):
        service.phones.expect(least - len(arrived), WAIT_SECONDS)
    service.phones.quiet(0.3 if least == 1 else 1.0)
    close(service, incident)
    return (first - begun).total_seconds()


def by_form(service: Service, area: str) -> Callable[[], str]:
    """The officer has read the page before sending, and what it names as like is another matter."""
    form = {
        "title": "Gọi xác nhận để đo tốc độ", "short_name": "đo tốc độ", "kind": "call_out", "area": [area],
        "level": "2", "key": secrets.token_hex(12),
    }  # fmt: skip
    page = service.officer.post("/incidents/new", form | {"do": "check"})
    seen = SEEN.findall(page.data.decode())
    return partial(_sent, service, form | {"do": "send", "seen": seen})


def _sent(service: Service, form: Mapping[str, object]) -> str:
    answer = service.officer.post("/incidents/new", form)
    if answer.status != 303:
        raise RuntimeError(f"the form was refused: {answer.status}")
    return str(answer.headers["Location"]).rsplit("/", 1)[-1]


def by_api(service: Service, area: str) -> str:
    body = {
        "title": "Gọi xác nhận để đo tốc độ", "short_name": "đo tốc độ", "playbook": "goi-xac-nhan",
        "level": 2, "area": [area],
    }  # fmt: skip
    answer = service.officer.call("POST", "/incidents", body)
    if answer.status != 201:
        raise RuntimeError(f"the call was refused: {answer.status} {answer.data!r}")
    return str(answer.json()["id"])


def close(service: Service, incident: str) -> None:
    answer = service.officer.call("POST", f"/incidents/{incident}/close", CLOSED)
    if answer.status != 200:
        raise RuntimeError(f"not closed: {answer.status} {answer.data!r}")
    time.sleep(0.2)
