"""`python -m tests.bench`: starts the service on each kind of database, measures, writes docs/benchmarks.md.

`--only NAME` (several times) and `--on NAME` measure a part and print it without writing the page.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from incident.wiring import now
from tests.bench import (
    conditions,
    databases,
    failover,
    fanout,
    first_sms,
    inbound,
    memory,
    outbox,
    pages,
    rehearsals,
    reports,
    watching,
)
from tests.bench.numbers import Line
from tests.bench.service import ROOT, Service, running
from tests.bench.timelines import incident_with

PAGE = ROOT / "docs" / "benchmarks.md"
WITHOUT_SERVICE = ("rehearsals",)
PARTS = (
    *WITHOUT_SERVICE, "memory", "first-sms", "pages", "watching", "reports", "inbound", "fan-out", "failover", "queued",
    "workers", "claim",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    key: str
    title: str
    redis: bool


SETTINGS = (
    Setting("postgresql", "PostgreSQL with Redis", redis=True),
    Setting("sqlite", "SQLite without Redis", redis=False),
)


def main(words: Sequence[str]) -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.bench")
    asked.add_argument("--only", action="append", choices=PARTS)
    asked.add_argument("--on", choices=[setting.key for setting in SETTINGS])
    given = asked.parse_args(words)
    parts = given.only or list(PARTS)
    chosen = [setting for setting in SETTINGS if given.on in (None, setting.key)]
    sections: list[str] = []
    if "rehearsals" in parts:
        sections.append(_timed("Playbooks, without the service", rehearsals.measure()))
    if set(parts) - set(WITHOUT_SERVICE):
        sections += [_timed(setting.title, _measured(setting, parts)) for setting in chosen]
    if parts == list(PARTS) and chosen == list(SETTINGS):
        PAGE.write_text(_page(sections))
        print(f"{PAGE.relative_to(ROOT)}")
    return 0


def _measured(setting: Setting, parts: Sequence[str]) -> Iterator[Line]:
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="incident-bench-")))
        made = databases.postgresql() if setting.key == "postgresql" else databases.sqlite(directory)
        service = stack.enter_context(running(directory, stack.enter_context(made), setting.redis))
        if "memory" in parts:
            yield from memory.measure(service, "at rest after the start", judged=True)
        if "first-sms" in parts:
            yield from first_sms.measure(service)
        yield from _records(service, parts)
        if "inbound" in parts:
            yield from inbound.measure(service)
        if "fan-out" in parts:
            yield from fanout.measure(service)
        if "failover" in parts:
            yield from failover.measure(directory)
        if "queued" in parts:
            yield from outbox.memory_while_queued(service)
        if "memory" in parts:
            yield from memory.measure(service, "after all of this", judged=False)
    if setting.key != "postgresql":
        return
    if "workers" in parts:
        with tempfile.TemporaryDirectory(prefix="incident-bench-") as own, databases.postgresql() as url:
            yield from fanout.several(Path(own), url, workers=2)
    if "claim" in parts:
        yield from outbox.claim_cost()


def _records(service: Service, parts: Sequence[str]) -> Iterator[Line]:
    if "watching" in parts:
        yield from watching.measure(service, incident_with(service, 100))
    if "pages" not in parts and "reports" not in parts:
        return
    short, long = incident_with(service, 100), incident_with(service, 10_000)
    if "pages" in parts:
        yield from pages.measure(service, short, long)
    if "reports" in parts:
        yield from reports.measure(service, short, incident_with(service, 1000), long)


def _shown(lines: Iterator[Line]) -> Iterator[Line]:
    for line in lines:
        print(_row(line), flush=True)
        yield line


def _row(line: Line) -> str:
    met = {True: "yes", False: "**no**", None: "–"}[line.met]
    return f"| {line.what} | {line.found} | {line.asked or '–'} | {met} |"


def _timed(title: str, measured: Iterator[Line]) -> str:
    before = conditions.load()
    lines = list(_shown(measured))
    return _section(title, lines, before, conditions.load())


def _section(title: str, lines: Sequence[Line], before: str, after: str) -> str:
    head = ["| measure | found | asked | met |", "|---|---|---|---|"]
    return "\n".join(
        [
            f"## {title}", "",
            f"Load of the machine (1, 5, 15 minutes): {before} before, {after} after{conditions.priority()}.", "",
            *head, *map(_row, lines), "",
        ]
    )  # fmt: skip


def _page(sections: Sequence[str]) -> str:
    intro = [
        "# Benchmarks",
        "",
        "Written by `make bench`: the service as `incident up` starts it, measured from outside over HTTP. What is asked is",
        "asked on PostgreSQL with Redis; “without Redis” is the harder case that one is configured and does not answer.",
        "Fan-out is asked of the same work as the bare loop's: a carrier that reports nothing; the rows with receipts say what the",
        "service does when each message is reported on twice, and all of that is taken in and applied meanwhile.",
        "",
        *conditions.lines(now().date().isoformat()),
        "",
    ]
    return "\n".join([*intro, *sections])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
