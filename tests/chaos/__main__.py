"""`python -m tests.chaos`: kills the service at random, on each database, with one worker and four, until it has been killed
so many times; writes docs/chaos.md. A seed that fails is printed with the words that replay it.

`--on`, `--workers` and `--seed` run a part of it and print it without writing the page.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from incident.wiring import now
from tests.bench import conditions, databases
from tests.bench.service import ROOT
from tests.chaos import own_postgres
from tests.chaos.callout import COMMUNES, Measure, one
from tests.chaos.standing import stand

PAGE = ROOT / "docs" / "chaos.md"
DATABASES = ("sqlite", "postgresql")
WORKERS = (1, 4)
PEOPLE = 200
KILLS = 200  # in all settings together
KILLING_SECONDS, PATIENCE_SECONDS = 40.0, 420.0
# What is counted of a call-out; everything else in its counter is violence, and all of that but these a kill -9.
COUNTED = ("call_outs", "asked", "messages", "answers", "lost", "duplicated", "held")
BESIDES = ("Redis flushed", "connections cut", "PostgreSQL restarted")


@dataclass(slots=True)
class Setting:
    database: str
    workers: int
    total: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)

    @property
    def kills(self) -> int:
        return sum(self.total[name] for name in self.total if name not in (*COUNTED, *BESIDES))


def main(words: Sequence[str]) -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.chaos")
    asked.add_argument("--on", choices=DATABASES)
    asked.add_argument("--workers", type=int)
    asked.add_argument("--seed", type=int, default=1, help="the first; each call-out takes the next")
    asked.add_argument("--kills", type=int, default=KILLS, help="in all settings together")
    asked.add_argument("--people", type=int, default=PEOPLE)
    asked.add_argument("--restart", default="", help="the command that restarts PostgreSQL, if it may be")
    asked.add_argument(
        "--private-postgres",
        action="store_true",
        help="start a PostgreSQL of our own, which is restarted too",
    )
    given = asked.parse_args(words)
    given.server = databases.SERVER
    with ExitStack() as stack:
        if given.private_postgres and given.on != "sqlite":
            own = stack.enter_context(own_postgres.running())
            given.server, given.restart = own.url, own.restart
        return _all(given)


def _all(given: argparse.Namespace) -> int:
    workers = (given.workers,) if given.workers else WORKERS
    settings = [Setting(d, w) for d in DATABASES if given.on in (None, d) for w in workers]
    begun = time.monotonic()
    for number, setting in enumerate(settings):
        _prove(setting, given, given.seed + 100 * number, given.kills // len(settings))
        print(_row(setting), flush=True)
    whole = given.on is None and given.workers is None and given.kills >= KILLS
    if whole:
        PAGE.write_text(_page(settings, given, time.monotonic() - begun))
        print(PAGE.relative_to(ROOT))
    return 1 if any(setting.faults for setting in settings) else 0


def _prove(setting: Setting, given: argparse.Namespace, seed: int, kills: int) -> None:
    """Call-outs on one service, until it has been killed often enough or has failed."""
    measure = Measure(KILLING_SECONDS, PATIENCE_SECONDS, slow=True, restart=given.restart)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="incident-chaos-")))
        opened = (
            databases.postgresql(given.server)
            if setting.database == "postgresql"
            else databases.sqlite(directory)
        )
        service = stand(stack, directory, stack.enter_context(opened), setting.workers)
        service.command("directory", "sample", "--people", str(given.people * COMMUNES))
        while setting.kills < kills and not setting.faults:
            setting.seeds.append(seed)
            try:
                setting.total += one(service, seed, measure)
            except AssertionError as fault:
                replay = f"--on {setting.database} --workers {setting.workers} --seed {seed} --kills 1"
                own = " --private-postgres" if given.private_postgres else ""
                restart = own or (f" --restart {shlex.quote(given.restart)}" if given.restart else "")
                setting.faults.append(f"seed {seed}: {fault}")
                print(f"FAILED: {fault}\nonce more: python -m tests.chaos {replay}{restart}", flush=True)
            seed += 1


def _row(setting: Setting) -> str:
    total = setting.total
    kinds = ", ".join(f"{name} {total[name]}" for name in sorted(total) if name not in COUNTED)
    outcome = "; ".join(setting.faults).replace("\n", "; ").replace("|", "/") or "none"
    return (
        f"| {setting.database} | {setting.workers} | {', '.join(map(str, setting.seeds))} | {setting.kills} ({kinds}) "
        f"| {total['asked']} | {total['messages']} | {total['answers']} | **{total['lost']}** | **{total['duplicated']}** "
        f"| {total['held']} | {outcome} |"
    )


def _page(settings: Sequence[Setting], given: argparse.Namespace, seconds: float) -> str:
    kills = sum(setting.kills for setting in settings)
    restarted = _sum(settings, "PostgreSQL restarted")
    return "\n".join(
        [
            "# Killed at random",
            "",
            "Written by `make chaos`. A call-out of the playbook `goi-xac-nhan` goes to everybody in a commune while children of",
            "`incident up` are killed with -9 at random moments: workers, the clock, the web server and Redis, where it can be at a",
            "moment at which a carrier is being called; Redis is emptied, connections to PostgreSQL are cut, PostgreSQL itself falls and",
            "stands up again. The carrier (the simulator, which",
            "lives and keeps count) answers slowly, 429 and 503, 500 or nothing at all after it took a message, hangs for longer",
            "than we wait, and loses, doubles, delays and reverses its callbacks. People answer, some twice; an answer that the",
            "carrier could not hand in is not repeated by anybody, and must be found in the carrier's list. In every third",
            "call-out a worker is stopped for longer than its leases, and goes on.",
            "",
            "Then everything must come to rest, and be true: every message has come to its end or is held for a person (only",
            "answers to answers may be: a summons never is), each phone got each text exactly once, each answer stands on the",
            "record exactly once, the run is what its events make of it, and the chains verify.",
            "",
            *conditions.lines(now().date().isoformat())[:-1],
            f"- {given.people} people a call-out; {seconds / 60:.0f} minutes in all; load of the machine at the end: {conditions.load()}",
            f"- PostgreSQL restarted {restarted} times"
            + ("" if given.restart else " (neither `--restart` nor `--private-postgres` was given)"),
            "",
            f"**{kills} kills; lost {_sum(settings, 'lost')}, duplicated {_sum(settings, 'duplicated')}.**",
            "",
            "| database | workers | seeds | kills (with what else was done) | asked | messages | answers | lost | duplicated | held | faults |",
            "|---|---|---|---|---|---|---|---|---|---|---|",
            *map(_row, settings),
            "",
            "A seed is replayed with `python -m tests.chaos --on DATABASE --workers N --seed SEED --kills 1`. The dice fall the",
            "same way; what the operating system does between them is its own.",
            "",
        ]
    )


def _sum(settings: Sequence[Setting], name: str) -> int:
    return sum(setting.total[name] for setting in settings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
