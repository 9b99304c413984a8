"""One call-out to hundreds of people while the service is being killed; everything in it comes from a seed."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import urllib3

from tests.bench.first_sms import close
from tests.bench.service import Service
from tests.chaos import proof
from tests.chaos.people import People
from tests.chaos.violence import FAULTS, SLOW_FAULTS, Killer, Sleeper, wait

COMMUNES = 5  # those of the sample share the added people
AREA = "xa_muong_lo"


@dataclass(frozen=True, slots=True)
class Measure:
    """How long it is killed, and how long it may take to come to rest. `slow`: the faults that cost minutes are ordered
    too, a worker is stopped for longer than its leases, and every message must come to its end. `restart`: the command that restarts PostgreSQL."""

    killing_seconds: float
    patience_seconds: float
    slow: bool
    restart: str = ""


def one(service: Service, seed: int, measure: Measure) -> Counter[str]:
    """What was done and what came of it. Raises AssertionError, with every fault in it, when something is not as it
    must be."""
    dice = random.Random(seed)
    orders = [*FAULTS, *(SLOW_FAULTS if measure.slow else ())]
    service.phones.order(clear=True)
    service.phones.order(latency_ms=dice.choice((5, 60, 200)))
    for order in dice.sample(orders, dice.randint(2, len(orders))):
        service.phones.order(**order)
    begun_at = service.phones.journal.stat().st_size if service.phones.journal.exists() else 0
    incident, code = _open(service, seed)
    answering = dice.choice((0.3, 0.7, 1.0))
    people = People(
        service.phones.url, service.phones.journal, code, random.Random(seed), answering, measure.slow
    )
    people.place = begun_at
    killer = Killer(service, dice, dice.choice(((0.1, 0.4), (0.2, 0.8), (0.5, 1.5))), measure.restart)
    people.start()
    sleeper = Sleeper(service, dice.uniform(35, 60)) if measure.slow and seed % 3 == 0 else None
    if sleeper is not None:
        sleeper.start()
        killer.spared = sleeper.asleep
    killer.start()
    wait(measure.killing_seconds)
    killer.end()
    service.phones.order(clear=True)
    begun = time.monotonic()
    _settle(service, people, measure)
    if sleeper is not None:
        sleeper.join()
        _settle(service, people, measure)
    people.end()
    people.look()
    print(
        f"seed {seed}: settled {time.monotonic() - begun:.0f} s after the last kill; {dict(killer.kills)}; "
        f"{'a worker slept; ' if sleeper and sleeper.asleep else ''}answers {people.answers}, "
        f"webhooks given up {people.lost_on_the_way}",
        flush=True,
    )
    count = proof.check(service.store, incident, people)
    close(service, incident)
    return Counter(
        call_outs=1, asked=count.asked, messages=count.messages, answers=people.answers, lost=count.lost,
        duplicated=count.duplicated, held=count.held, **killer.kills,
    )  # fmt: skip


def _open(service: Service, seed: int) -> tuple[str, str]:
    """The same key until somebody answers: however often it is asked, it is one incident."""
    body = {
        "title": f"Gọi xác nhận, lần {seed}", "short_name": f"goi lan {seed}", "playbook": "goi-xac-nhan",
        "level": 2, "area": [AREA],
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {service.officer.token}", "Idempotency-Key": f"chaos-{seed}"}
    answer = _insisting(f"{service.base}/api/v1/incidents", body, headers)
    return str(answer["id"]), str(answer["code"])


def _insisting(url: str, body: Any, headers: dict[str, str]) -> Any:
    http = urllib3.PoolManager(retries=False, timeout=30)
    for _ in range(50):
        try:
            answer = http.request("POST", url, json=body, headers=headers)
        except urllib3.exceptions.HTTPError:
            wait(0.3)
            continue
        if answer.status in (200, 201):
            return answer.json()
        assert answer.status >= 500, answer.data
        wait(0.3)
    raise AssertionError("nobody opened the incident")


def _settle(service: Service, people: People, measure: Measure) -> None:
    """Until all is at rest twice in a row: sent, told, answered, understood."""
    end = time.monotonic() + measure.patience_seconds
    quiet = 0
    left: dict[str, int] = {}
    while quiet < 2:
        assert time.monotonic() < end, f"not at rest: {left}, answers not taken: {people.waiting}"
        wait(1)
        left = proof.unfinished(service.store, people, to_the_end=measure.slow)
        quiet = 0 if left or people.waiting else quiet + 1
