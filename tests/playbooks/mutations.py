"""Faults put into playbooks on purpose, each of a kind people make, with the lines on which it may be told.

Made with a seed from the shipped files; a mutation is a list of edits of one file. Finds places with the reader of the
loader (marks in a tree), never with its judgement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from playbooks import verbs
from playbooks.faults import Faults
from playbooks.language import Playbook, Step, Verb
from playbooks.yamlmarks import Listing, Node, Table, Text, read

LADDER_WORDS = ("thay_the", "nhac_lai")


@dataclass(frozen=True, slots=True)
class Mutation:
    """`file` with `text` in place of its own must be told of on one of `lines`."""

    kind: str
    file: Path
    text: str
    lines: frozenset[int]
    what: str


@dataclass(slots=True)
class Source:
    """A file of the library as it is, the playbook it belongs to, and every name a typo must not turn into another."""

    file: Path
    text: str
    root: Table
    playbook: Playbook
    names: frozenset[str]

    @property
    def steps(self) -> list[Table]:
        listing = self.root.get("steps")
        items = listing.items if isinstance(listing, Listing) else ()
        return [item for item in items if isinstance(item, Table) and "use" not in item.index]

    @property
    def rows(self) -> list[str]:
        return self.text.split("\n")


def source(file: Path, playbook: Playbook) -> Source:
    text = file.read_text("utf-8")
    root = read(text, str(file), Faults())
    assert isinstance(root, Table)
    names = {*playbook.roles, *verbs.MEANING, *playbook.by_id, *LADDER_WORDS, verbs.START, "level"}
    names |= {choice for step in playbook.steps for choice in step.choices}
    return Source(file, text, root, playbook, frozenset(names))


def mutations(src: Source, seed: int, each: int) -> Iterator[Mutation]:
    """Up to `each` of every kind."""
    for kind, make in KINDS.items():
        dice = Random(f"{seed}:{src.file.name}:{kind}")
        found = list(make(src, dice))
        dice.shuffle(found)
        for text, lines, what in found[:each]:
            yield Mutation(kind, src.file, text, frozenset(lines), what)


Found = tuple[str, set[int], str]


# ---------------------------------------------------------------- edits


def typo(word: str, dice: Random, names: frozenset[str]) -> str:
    """One letter swapped, lost, doubled or mistaken; never another known name."""
    while True:
        at = dice.randrange(len(word))
        tried = dice.choice(
            (
                word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :],
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[:at] + dice.choice("aeiouhnt") + word[at + 1 :],
            )
        )
        if tried not in names and re.fullmatch(r"[a-z][a-z0-9_]*", tried) and tried != word:
            return tried


def replaced(src: Source, text: Text, by: str) -> Found:
    rows = src.rows
    row, start = rows[text.mark.line - 1], text.mark.column - 1
    rows[text.mark.line - 1] = row[:start] + by + row[start + text.mark.length :]
    return "\n".join(rows), {text.mark.line}, f"{text.value} → {by}"


def misspelt(src: Source, texts: Iterator[Text], dice: Random) -> Iterator[Found]:
    for text in texts:
        yield replaced(src, text, typo(text.value, dice, src.names))


def with_entry(src: Source, step: Table, key: str, value: str) -> tuple[str, int]:
    """The step with this entry set or added, and the line it stands on."""
    rows = src.rows
    if key in step.index:
        line = step.key(key).mark.line
        rows[line - 1] = " " * (step.key(key).mark.column - 1) + f"{key}: {value}"
        del rows[line : _end(src, step, key) - 1]
        return "\n".join(rows), line
    first = step.entries[0][0].mark
    rows.insert(first.line, " " * (first.column - 1) + f"{key}: {value}")
    return "\n".join(rows), first.line + 1


def _end(src: Source, step: Table, key: str) -> int:
    """The line after the entry's last."""
    keys = [name for name, _ in step.entries]
    at = next(n for n, name in enumerate(keys) if name.value == key)
    if at + 1 < len(keys):
        return keys[at + 1].mark.line
    line, indent = keys[at].mark.line, keys[at].mark.column - 1
    while line < len(src.rows) and (src.rows[line].startswith(" " * (indent + 1))):
        line += 1
    return line + 1


# ---------------------------------------------------------------- places


def tables(node: Node) -> Iterator[Table]:
    """Every table whose keys are words of the language."""
    if isinstance(node, Listing):
        for item in node.items:
            yield from tables(item)
    elif isinstance(node, Table):
        if {key.value for key, _ in node.entries} <= verbs.MEANING.keys():
            yield node
        for key, value in node.entries:
            if key.value not in ("choices", "when", "within", "every", "levels"):
                yield from tables(value)


def texts(node: Node | None) -> Iterator[Text]:
    if isinstance(node, Text):
        yield node
    elif isinstance(node, Listing):
        for item in node.items:
            yield from texts(item)


def own(src: Source, id: str) -> Table | None:
    """The step's table, where it stands in this file."""
    return next((step for step in src.steps if id_of(step) == id), None)


def id_of(step: Table) -> str:
    node = step.get("id")
    return node.value if isinstance(node, Text) else ""


def entries(src: Source, part: str) -> Iterator[Table]:
    node = src.root.get(part)
    for _, value in node.entries if isinstance(node, Table) else ():
        if isinstance(value, Table):
            yield value


# ---------------------------------------------------------------- kinds


def words(src: Source, dice: Random) -> Iterator[Found]:
    keys = (key for table in tables(src.root) for key, _ in table.entries)
    return misspelt(src, keys, dice)


def role_names(src: Source, dice: Random) -> Iterator[Found]:
    def places() -> Iterator[Text]:
        for step in src.steps:
            for key in ("by", "assign", "notify"):
                yield from texts(step.get(key))
            ladder = step.get("else")
            for rung in ladder.items if isinstance(ladder, Listing) else ():
                if isinstance(rung, Table):
                    yield from (text for text in texts(rung.get("to")) if text.value not in LADDER_WORDS)
        for deadline in entries(src, "deadlines"):
            yield from texts(deadline.get("to"))
        review = src.root.get("review")
        if isinstance(review, Table):
            yield from texts(review.get("by"))

    return misspelt(src, places(), dice)


def step_names(src: Source, dice: Random) -> Iterator[Found]:
    def places() -> Iterator[Text]:
        for step in src.steps:
            for key in ("after", "approve", "publish"):
                yield from (text for text in texts(step.get(key)) if text.value != verbs.START)
            when = step.get("when")
            if isinstance(when, Table):
                yield from (key for key, _ in when.entries if key.value != "level")
        for deadline in entries(src, "deadlines"):
            yield from texts(deadline.get("met_by"))

    return misspelt(src, places(), dice)


def choices(src: Source, dice: Random) -> Iterator[Found]:
    def places() -> Iterator[Text]:
        for step in src.steps:
            when = step.get("when")
            for key, value in when.entries if isinstance(when, Table) else ():
                if key.value != "level":
                    yield from texts(value)

    return misspelt(src, places(), dice)


def missing_else(src: Source, dice: Random) -> Iterator[Found]:
    for step in src.steps:
        if "else" in step.index:
            rows = src.rows
            first, end = step.key("else").mark.line, _end(src, step, "else")
            if first != step.entries[0][0].mark.line:
                del rows[first - 1 : end - 1]
                node = step.get("id")
                assert node is not None
                yield "\n".join(rows), {node.mark.line}, f"{id_of(step)} without else"


def cycles(src: Source, dice: Random) -> Iterator[Found]:
    """An early step waits for one that hangs on it."""
    for step in src.playbook.steps:
        for before in ancestors(src.playbook, step):
            table, later = own(src, before), own(src, step.id)
            if table is None or later is None:
                continue
            text, line = with_entry(src, table, "after", step.id)
            shifted = 0 if "after" in table.index else 1
            ring = [own(src, name) for name in (step.id, *ancestors(src.playbook, step))]
            marks = {t.key("after").mark.line for t in ring if t is not None and "after" in t.index}
            lines = {mark + (shifted if mark >= line else 0) for mark in marks} | {line}
            yield text, lines, f"{before} after {step.id}"


def ancestors(playbook: Playbook, step: Step) -> list[str]:
    found: list[str] = []
    todo = [step.id]
    while todo:
        current = playbook.step(todo.pop())
        governed = current.target if current.verb in (Verb.APPROVE, Verb.PUBLISH) else ()
        for name in (*current.after, *governed, *current.when.answers):
            if name not in found:
                found.append(name)
                todo.append(name)
    return found


def drafter_approves(src: Source, dice: Random) -> Iterator[Found]:
    for step in src.playbook.steps:
        table = own(src, step.id)
        if step.verb is Verb.APPROVE and table is not None:
            (drafter,) = src.playbook.step(step.text).by
            for at in range(len(step.by) + 1):
                roles = [*step.by[:at], drafter, *step.by[at:]]
                text, line = with_entry(src, table, "by", f"[{', '.join(roles)}]")
                yield text, {line}, f"{step.id} by {roles}"


def unreachable(src: Source, dice: Random) -> Iterator[Found]:
    """A condition that what the step hangs on never leaves open: another answer, or a level it does not have."""
    for step in src.playbook.steps:
        table = own(src, step.id)
        governed = step.target if step.verb in (Verb.APPROVE, Verb.PUBLISH) else ()
        for name in (*governed, *step.when.answers):
            for condition in impossible(src.playbook, src.playbook.step(name)):
                if table is not None:
                    text, line = with_entry(src, table, "when", condition)
                    yield text, {line}, f"{step.id} when {condition}"


def impossible(playbook: Playbook, carrier: Step) -> Iterator[str]:
    """Conditions of a step that hangs on the carrier; a question must stay in them, or the step no longer does."""
    hangs = f", {carrier.id}: {next(iter(carrier.choices))}" if carrier.verb is Verb.ASK else ""
    for question, allowed in carrier.when.answers.items():
        for choice in sorted(playbook.step(question).choices.keys() - set(allowed)):
            yield f"{{{question}: {choice}{hangs}}}"
    for level in sorted(playbook.levels.keys() - set(carrier.when.levels or playbook.levels)):
        yield f"{{level: {level}{hangs}}}"


KINDS: dict[str, Callable[[Source, Random], Iterator[Found]]] = {
    "a typo in a word": words,
    "a typo in a role": role_names,
    "a typo in a step": step_names,
    "a typo in an answer": choices,
    "a missing else": missing_else,
    "a cycle": cycles,
    "the drafter approves": drafter_approves,
    "a step that never happens": unreachable,
}
VARIABLE = "a typo in a variable"


def variables(file: Path, seed: int, each: int, names: frozenset[str]) -> Iterator[Mutation]:
    """Typos in the variables of a template."""
    text = file.read_text("utf-8")
    dice = Random(f"{seed}:{file.name}")
    found = list(re.finditer(r"\{\{ *(\w+)|\{% *if (\w+)", text))
    for match in dice.sample(found, min(each, len(found))):
        group = 1 if match[1] else 2
        wrong = typo(match[group], dice, names)
        mutated = text[: match.start(group)] + wrong + text[match.end(group) :]
        line = text.count("\n", 0, match.start(group)) + 1
        yield Mutation(VARIABLE, file, mutated, frozenset({line}), f"{match[group]} → {wrong}")
