"""From a YAML file to a playbook, or to its faults: file, line, column, in Vietnamese, with a hint.

Responsible for the order of the looks (characters, YAML, shape, references, templates, feasibility) and for putting
fragments in. A later look is taken only where an earlier one left something sound to look at. Reads files, never
writes one, and never raises on what a file says.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from playbooks import feasibility, references
from playbooks.characters import decode, inspect
from playbooks.compiled import compile, from_compiled, sha256
from playbooks.faults import ERROR, Fault, Faults, Mark
from playbooks.fields import closest
from playbooks.language import Deadline, Playbook, Review, Role, Rung, Step, When
from playbooks.papers import Papers
from playbooks.shape import read_fragment, read_playbook
from playbooks.sheets import DeadlineSheet, Sheet, StepSheet, UseSheet
from playbooks.yamlmarks import Node, read

__all__ = ["LIBRARY", "Fault", "Loaded", "compile", "from_compiled", "load", "playbook_files", "sha256"]

LIBRARY = Path(__file__).parent / "library"


@dataclass(frozen=True, slots=True)
class Loaded:
    """`playbook` is None when any fault is a lỗi. `sources`: the text of each file a fault may stand in."""

    playbook: Playbook | None
    faults: tuple[Fault, ...]
    sources: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.playbook is not None


def load(path: Path, library: Path | None = None, typed: str | None = None) -> Loaded:
    """Read the playbook at `path`; fragments and templates come from beside it, then from `library`. `typed`: what
    is to stand in that file, which need not exist."""
    return _Loading(path, library or LIBRARY, typed).run()


def playbook_files(place: Path) -> list[Path]:
    """The playbooks of a folder, fragments and scenarios left out; a file is itself."""
    return sorted(place.glob("*.yaml")) + sorted(place.glob("*.yml")) if place.is_dir() else [place]


class _Loading:
    def __init__(self, path: Path, library: Path, typed: str | None) -> None:
        self.path, self.folders = path, tuple(dict.fromkeys((path.parent, library)))
        self.typed = typed
        self.faults = Faults()
        self.sources: dict[str, str] = {}

    def run(self) -> Loaded:
        root = self._tree(self.path)
        sheet = read_playbook(root, str(self.path), self.faults) if root is not None else None
        if sheet is None:
            return self._done(None)
        self._named_like_its_file(sheet)
        steps = self._with_fragments(sheet)
        graph = references.check(sheet, steps, self.faults)
        papers = Papers(self.folders, self.sources, self.faults)
        papers.read(sheet, steps)
        if self.faults.blocking or graph is None:
            return self._done(None)
        feasibility.check(sheet, graph, self.faults)
        return self._done(_built(sheet, steps, papers.texts))

    def _done(self, playbook: Playbook | None) -> Loaded:
        faults = self.faults.sorted()
        if any(fault.severity == ERROR for fault in faults):
            playbook = None
        return Loaded(playbook, faults, self.sources)

    def _tree(self, path: Path) -> Node | None:
        file = str(path)
        try:
            typed = self.typed if path == self.path else None
            raw = path.read_bytes() if typed is None else typed.encode()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self.faults.add("PB008", Mark(file, 1, 1, 0), reason=reason)
            return None
        text = decode(raw, file, self.faults)
        if text is None:
            return None
        self.sources[file] = text
        before = self.faults.blocking
        inspect(text, file, self.faults)
        if self.faults.blocking and not before:
            return None
        return read(text, file, self.faults)

    def _named_like_its_file(self, sheet: Sheet) -> None:
        if sheet.slug and sheet.slug.value != self.path.stem:
            self.faults.add("PB059", sheet.slug.mark, name=sheet.slug.value)

    def _with_fragments(self, sheet: Sheet) -> list[StepSheet]:
        steps: list[StepSheet] = []
        for item in sheet.steps:
            steps += [item] if isinstance(item, StepSheet) else self._fragment(item, sheet)
        return steps

    def _fragment(self, use: UseSheet, sheet: Sheet) -> list[StepSheet]:
        name = f"{use.name.value}.yaml"
        path = next((f / name for f in self.folders if (f / name).is_file()), None)
        if path is None:
            known = {f"_chung/{p.stem}" for f in self.folders for p in (f / "_chung").glob("*.yaml")}
            self.faults.add("PB046", use.name.mark, closest(use.name.value, known), name=use.name.value)
            sheet.incomplete = True
            return []
        root = self._tree(path)
        read_steps = read_fragment(root, str(path), sheet, self.faults) if root is not None else None
        if read_steps is None:
            sheet.incomplete = True
            return []
        for item in read_steps:
            if isinstance(item, UseSheet):
                self.faults.add("PB052", item.name.mark)
                sheet.incomplete = True
        return [item for item in read_steps if isinstance(item, StepSheet)]


# ---------------------------------------------------------------- from sheets to values


def _built(sheet: Sheet, steps: list[StepSheet], texts: dict[str, str]) -> Playbook:
    roles = {
        slug: Role(slug, role.title, role.pick.value, tuple(text.value for text in role.standin))
        for slug, role in sheet.roles.items()
    }
    review = sheet.review
    return Playbook(
        slug=sheet.slug.value if sheet.slug else "",
        version=sheet.version,
        title=unicodedata.normalize("NFC", sheet.title),
        levels=sheet.levels,
        roles=roles,
        steps=tuple(_step(step, at, steps) for at, step in enumerate(steps)),
        topics=tuple(topic.value for topic in sheet.topics),
        deadlines=tuple(_deadline(deadline) for deadline in sheet.deadlines),
        review=Review(review.template.value, review.by.value, review.within) if review else None,
        templates=dict(sorted(texts.items())),
    )


def _step(step: StepSheet, at: int, steps: list[StepSheet]) -> Step:
    after = references.Graph.after(step, at, steps)
    answers = {question: tuple(t.value for t in texts) for question, (_, texts) in step.answers.items()}
    return Step(
        id=step.id.value,
        verb=step.verb,
        target=tuple(text.value for text in step.target),
        by=tuple(text.value for text in step.by),
        after=tuple(text.value for text in after),
        when=When(step.levels, answers),
        within=step.within,
        ladder=tuple(Rung(rung.to.value, rung.after) for rung in step.ladder),
        ack=step.ack,
        via=tuple(text.value for text in step.via),
        message=step.message.value if step.message else None,
        choices={choice: label.value for choice, label in step.choices.items()},
        items=tuple(text.value for text in step.items),
        proof=step.proof,
        every=step.every,
        critical=step.critical,
        line=step.mark.line,
    )


def _deadline(deadline: DeadlineSheet) -> Deadline:
    return Deadline(
        id=deadline.id.value,
        title=deadline.title,
        met_by=deadline.met_by.value,
        law=deadline.law.value if deadline.law else None,
        within=deadline.within,
        start=deadline.start.value if deadline.start else "opened_at",
        warn=tuple(deadline.warn),
        to=tuple(text.value for text in deadline.to),
    )
