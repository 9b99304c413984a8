"""How long ten thousand rehearsals of the library take on one core: every playbook, every scenario it has, over and over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import cycle, islice

from playbooks.language import Playbook
from playbooks.load import LIBRARY, load, playbook_files
from playbooks.rehearse import builtin, load_scenario, run_scenario
from playbooks.scenario import Scenario
from tests.bench.numbers import Line

COUNT = 10_000
MOST = 60.0


def measure() -> Iterator[Line]:
    pairs = list(scenarios())
    playbooks = len({playbook.slug for playbook, _ in pairs})
    began, worked = time.perf_counter(), time.process_time()
    red = sum(not run_scenario(*pair).ok for pair in islice(cycle(pairs), COUNT))
    wall, cpu = time.perf_counter() - began, time.process_time() - worked
    yield Line(
        f"{COUNT:,} rehearsals, {playbooks} playbooks with {len(pairs)} scenarios, one process",
        f"{wall:.0f} s ({cpu:.0f} s of CPU, {cpu / COUNT * 1000:.1f} ms each); {red} red",
        f"≤ {MOST:.0f} s on one core, none red",
        cpu <= MOST and red == 0,
    )


def scenarios() -> Iterator[tuple[Playbook, Scenario]]:
    for file in playbook_files(LIBRARY):
        playbook = load(file).playbook
        assert playbook is not None, file
        written = sorted((file.parent / "scenarios" / file.stem).glob("*.yaml"))
        for scenario in (*builtin(playbook), *map(load_scenario, written)):
            yield playbook, scenario
