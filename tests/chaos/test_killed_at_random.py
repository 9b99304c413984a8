"""A call-out to hundreds of people while workers, clock, web server and Redis are killed with -9 at random moments.

CHAOS_SEEDS=20 runs so many call-outs, CHAOS_FIRST_SEED where to begin, CHAOS_DATABASE=sqlite,postgresql where,
CHAOS_PEOPLE how many; without them one short run. With more than one seed the slow faults are ordered too.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.bench import databases
from tests.bench.first_sms import close
from tests.bench.service import Service
from tests.chaos import proof
from tests.chaos.people import People
from tests.chaos.violence import FAULTS, SLOW_FAULTS, Killer, Sleeper, wait

SEEDS = int(os.environ.get("CHAOS_SEEDS") or 1)
FIRST_SEED = int(os.environ.get("CHAOS_FIRST_SEED") or 1)
PEOPLE = int(os.environ.get("CHAOS_PEOPLE") or 120)
DATABASES = (os.environ.get("CHAOS_DATABASE") or "sqlite").split(",")
COMMUNES = 5  # those of the sample share the added people
AREA = "xa_muong_lo"
KILLING_SECONDS = 5.0 if SEEDS == 1 else 12.0
PATIENCE_SECONDS = 90.0 if SEEDS == 1 else 420.0

pytestmark = pytest.mark.chaos


@pytest.mark.parametrize("database", DATABASES)
def test_nobody_is_left_out_and_nobody_is_texted_twice(database: str, tmp_path: Path) -> None:
    total: Counter[str] = Counter()
    with ExitStack() as stack:
        opened = databases.postgresql() if database == "postgresql" else databases.sqlite(tmp_path)
        service = Service(tmp_path, stack.enter_context(opened), redis=True)
        service.environment["WORKERS"] = "2"
        stack.callback(_stop, service)
        service.start()
        service.command("directory", "sample", "--people", str(PEOPLE * COMMUNES))
        for seed in range(FIRST_SEED, FIRST_SEED + SEEDS):
            total += _one(service, seed)
            print(f"{database}: after seed {seed}: {dict(total)}", flush=True)
    assert not total["lost"]
    assert not total["duplicated"]


def _stop(service: Service) -> None:
    service.stop()
    if service.process is not None and service.process.stdout is not None:
        service.process.stdout.close()


def _one(service: Service, seed: int) -> Counter[str]:
    dice = random.Random(seed)
    orders = [*FAULTS, *(SLOW_FAULTS if SEEDS > 1 else ())]
    service.phones.order(clear=True)
    service.phones.order(latency_ms=dice.choice((5, 60, 200)))
    for order in dice.sample(orders, dice.randint(2, len(orders))):
        service.phones.order(**order)
    begun_at = service.phones.journal.stat().st_size if service.phones.journal.exists() else 0
    incident, code = _open(service, seed)
    people = People(
        service.phones.url, service.phones.journal, code, random.Random(seed), dice.choice((0.3, 0.7, 1.0))
    )
    people.place = begun_at
    killer = Killer(service, dice, dice.choice(((0.2, 0.8), (0.5, 1.5), (1.0, 3.0))))
    people.start()
    sleeper = Sleeper(service, dice.uniform(35, 95)) if SEEDS > 1 and seed % 2 == 0 else None
    if sleeper is not None:
        sleeper.start()
        killer.spared = sleeper.asleep
    killer.start()
    wait(KILLING_SECONDS)
    killer.end()
    service.phones.order(clear=True)
    begun = time.monotonic()
    _settle(service, people)
    if sleeper is not None:
        sleeper.join()
        _settle(service, people)
    people.end()
    people.look()
    print(
        f"seed {seed}: settled {time.monotonic() - begun:.0f} s after the last kill; kills {dict(killer.kills)}; "
        f"{'a worker slept; ' if sleeper and sleeper.asleep else ''}answers {people.answers}, webhooks given up {people.lost_on_the_way}",
        flush=True,
    )
    count = proof.check(service.store, incident, people)
    close(service, incident)
    return Counter(
        runs=1, kills=sum(killer.kills.values()), asked=count.asked, messages=count.messages,
        answers=people.answers, lost=count.lost, duplicated=count.duplicated, held=count.held,
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


def _settle(service: Service, people: People) -> None:
    """Until all is at rest twice in a row: sent, told, answered, understood."""
    end = time.monotonic() + PATIENCE_SECONDS
    quiet = 0
    left: dict[str, int] = {}
    while quiet < 2:
        assert time.monotonic() < end, f"not at rest: {left}, answers not taken: {people.waiting}"
        wait(1)
        left = proof.unfinished(service.store)
        quiet = 0 if left or people.waiting else quiet + 1
