"""What a playbook's text is worth before anybody signs it: the checker's faults, and every scenario played through.

Responsible for where a text that is only typed finds its fragments and templates, and for what stands in the way of
publishing it. Writes nothing; must never know who wrote a text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident.domain.drill import speaks_of_drill
from incident.domain.titles import step_title
from incident.domain.words import Said, said
from incident.response.desk import Desk
from incident.response.library import BUILT_IN, filed
from incident.store.tables import PlaybookPublication
from playbooks.faults import ERROR, Fault
from playbooks.language import Playbook
from playbooks.load import Loaded, compile, from_compiled, load
from playbooks.rehearse import ENDLESS, Outcome, run_scenario
from playbooks.scenario import Scenario, ScenarioFault, builtin, read_scenario

LONGEST_SCENARIOS = 60_000
MOST_SCENARIOS = 40
PARTED = re.compile(r"^---[ \t]*$", re.M)


@dataclass(frozen=True, slots=True)
class Played:
    """One scenario and what came of it; `outcome` is None for one that could not be read."""

    title: str
    level: int
    written: bool
    faults: tuple[str, ...]
    outcome: Outcome | None = None

    @property
    def ok(self) -> bool:
        return not self.faults


@dataclass(frozen=True, slots=True)
class Proof:
    """`obstacles`: what stands in the way of publishing, in words; none = it may be signed."""

    loaded: Loaded
    played: tuple[Played, ...]
    obstacles: tuple[Said, ...]

    @property
    def red(self) -> int:
        return sum(not one.ok for one in self.played)

    @property
    def errors(self) -> int:
        return sum(fault.severity == ERROR for fault in self.loaded.faults)

    @property
    def ok(self) -> bool:
        return not self.obstacles


def checked(desk: Desk, slug: str, source: str) -> Loaded:
    """What the checker says of a text, as if it stood in its file. The path of a fault is as short as people know it."""
    home = desk.settings.playbooks_dir or BUILT_IN
    return load(home / f"{slug}.yaml", BUILT_IN, source)


def own_faults(slug: str, loaded: Loaded) -> list[tuple[Fault, str]]:
    """Each fault with the name of the fragment or template it stands in, "" for the text itself."""
    return [
        (fault, "" if Path(fault.file).name == f"{slug}.yaml" else _name(fault.file))
        for fault in loaded.faults
    ]


def proof(session: Session, desk: Desk, slug: str, source: str, scenarios: str) -> Proof:
    """Everything that is known of a text before it is signed."""
    loaded = checked(desk, slug, source)
    played = played_through(loaded.playbook, scenarios) if loaded.playbook else ()
    obstacles = [*_of_the_text(loaded), *_of_the_scenarios(played, loaded.playbook)]
    if loaded.playbook:
        obstacles += _of_the_name(session, desk, slug, loaded.playbook)
        obstacles += _of_its_words(loaded.playbook)
    return Proof(loaded, played, tuple(obstacles))


def played_through(playbook: Playbook, scenarios: str) -> tuple[Played, ...]:
    """The three of every level that nobody has to write, then the written ones."""
    return _played(compile(playbook), scenarios)


@lru_cache(
    maxsize=16
)  # the same text is looked at by one who writes it and one who signs it, a second each time
def _played(compiled: str, scenarios: str) -> tuple[Played, ...]:
    playbook = from_compiled(compiled)
    found: list[Played] = []
    for scenario in builtin(playbook):
        found.append(_play(playbook, scenario, written=False))
        if ENDLESS in found[-1].faults:  # none of the others would be over sooner
            return tuple(found)
    for n, text in enumerate(parted(scenarios), 1):
        try:
            found.append(_play(playbook, read_scenario(text, f"tình huống {n}"), written=True))
        except ScenarioFault as fault:
            found.append(Played(f"tình huống {n}", 0, True, (str(fault),)))
    return tuple(found)


def parted(scenarios: str) -> list[str]:
    """The scenarios of one text, parted by lines of ---."""
    texts = [text.strip("\n") for text in PARTED.split(scenarios.replace("\r\n", "\n"))]
    return [text for text in texts if text.strip()][:MOST_SCENARIOS]


def next_version(session: Session, desk: Desk, slug: str) -> int:
    """The first number that no published version and no file of this playbook has had."""
    highest = select(func.max(PlaybookPublication.version)).where(PlaybookPublication.slug == slug)
    file = filed(desk, slug)
    return 1 + max(session.scalar(highest) or 0, file.version if file else 0)


def files_of(desk: Desk, slug: str, loaded: Loaded, scenarios: str) -> dict[str, str]:
    """The files a text was made of, by the path each has in a folder of playbooks."""
    folders = [folder for folder in (desk.settings.playbooks_dir, BUILT_IN) if folder is not None]
    found = {_within(Path(file), folders): text for file, text in loaded.sources.items()}
    texts = parted(scenarios)
    return found | {f"scenarios/{slug}/{n:02}.yaml": text + "\n" for n, text in enumerate(texts, 1)}


def _within(path: Path, folders: list[Path]) -> str:
    return next((path.relative_to(f).as_posix() for f in folders if path.is_relative_to(f)), path.name)


def _play(playbook: Playbook, scenario: Scenario, written: bool) -> Played:
    outcome = run_scenario(playbook, scenario)
    return Played(scenario.title, scenario.level, written, outcome.faults, outcome)


def _of_the_text(loaded: Loaded) -> list[Said]:
    errors = sum(fault.severity == ERROR for fault in loaded.faults)
    return [said("Còn %(n)s lỗi trong kịch bản.", n=errors)] if errors else []


def _of_the_scenarios(played: tuple[Played, ...], playbook: Playbook | None) -> list[Said]:
    red = sum(not one.ok for one in played)
    return [said("Còn %(n)s tình huống chưa đạt.", n=red)] if red and playbook else []


def _of_the_name(session: Session, desk: Desk, slug: str, playbook: Playbook) -> list[Said]:
    if playbook.slug != slug:
        return [said("Dòng “playbook:” phải ghi “%(slug)s”.", slug=slug)]
    wanted = next_version(session, desk, slug)
    if playbook.version < wanted:
        return [
            said(
                "Phiên bản %(n)s đã có. Sửa dòng “version:” thành %(next)s.", n=playbook.version, next=wanted
            )
        ]
    return []


def _of_its_words(playbook: Playbook) -> list[Said]:
    """What would stand in messages and be held back at the threshold of the carriers, in every real incident."""
    texts = [step_title(playbook, step) for step in playbook.steps]
    texts += [deadline.title for deadline in playbook.deadlines]
    texts += [text for name, text in playbook.templates.items() if name.endswith(".txt")]
    found = [text for text in texts if speaks_of_drill(text)]
    return [
        said("Tin của vụ việc thật có chữ “diễn tập” bị chặn. Viết cách khác: “%(text)s”.", text=text[:80])
        for text in found
    ]


def _name(file: str) -> str:
    return "/".join(Path(file).parts[-2:])
