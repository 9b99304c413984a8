"""Of the faults people make, put into the shipped playbooks on purpose, at least 95 in a hundred are told on the right line."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from playbooks.faults import ADVICE
from playbooks.language import Playbook
from playbooks.load import LIBRARY, load, playbook_files
from playbooks.templates import VARIABLES
from tests.playbooks.mutations import KINDS, VARIABLE, Mutation, mutations, source, variables

SEED = 20261126
EACH = 3
LEAST = 0.95


def playbook_of(path: Path, library: Path) -> Playbook:
    playbook = load(path, library).playbook
    assert playbook is not None
    return playbook


def made(library: Path) -> Iterator[tuple[Path, Mutation]]:
    """Each with the playbook it is seen through: a fragment and a template through the first that uses it."""
    seen: set[Path] = set()
    for path in playbook_files(library):
        playbook = playbook_of(path, library)
        text = path.read_text("utf-8")
        used = [f for f in sorted((library / "_chung").glob("*.yaml")) if f"use: _chung/{f.stem}\n" in text]
        for file in (path, *used):
            if file not in seen:
                for mutation in mutations(source(file, playbook), SEED, EACH):
                    yield path, mutation
        templates = [library / name for name in playbook.templates if library / name not in seen]
        for file in templates:
            for mutation in variables(file, SEED, EACH, frozenset(VARIABLES)):
                yield path, mutation
        seen |= {*used, *templates}


def caught(path: Path, mutation: Mutation, library: Path, before: set[tuple[str, str, int]]) -> bool:
    """Told as an error or a warning that was not there before, in the file and on a line where it can be mended."""
    kept = mutation.file.read_text("utf-8")
    mutation.file.write_text(mutation.text, "utf-8")
    try:
        faults = load(path, library).faults
    finally:
        mutation.file.write_text(kept, "utf-8")
    return any(
        fault.file == str(mutation.file)
        and fault.line in mutation.lines
        and fault.severity != ADVICE
        and (fault.file, fault.code, fault.line) not in before
        for fault in faults
    )


def test_faults_are_caught_on_the_right_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library = tmp_path / "library"
    shutil.copytree(LIBRARY, library)
    standing = {path: load(path, library).faults for path in playbook_files(library)}
    tried: Counter[str] = Counter()
    found: Counter[str] = Counter()
    missed = []
    for path, mutation in made(library):
        before = {(fault.file, fault.code, fault.line) for fault in standing[path]}
        tried[mutation.kind] += 1
        if caught(path, mutation, library, before):
            found[mutation.kind] += 1
        else:
            missed.append(f"{mutation.kind}: {mutation.file.name} {sorted(mutation.lines)}: {mutation.what}")
    with capsys.disabled():
        print()
        for kind in tried:
            print(f"{found[kind]:4}/{tried[kind]:<4} {kind}")
        print(f"{sum(found.values()):4}/{sum(tried.values()):<4} caught on the right line, seed {SEED}")
    assert tried.keys() == {*KINDS, VARIABLE}
    assert sum(found.values()) >= LEAST * sum(tried.values()), "\n".join(missed)
    assert all(found[kind] >= LEAST * tried[kind] for kind in tried), "\n".join(missed)


def test_a_fault_that_was_there_before_catches_nothing(tmp_path: Path) -> None:
    library = tmp_path / "library"
    shutil.copytree(LIBRARY, library)
    path = library / "goi-xac-nhan.yaml"
    same = Mutation("nothing", path, path.read_text("utf-8"), frozenset(range(1, 200)), "")
    before = {(fault.file, fault.code, fault.line) for fault in load(path, library).faults}
    assert not caught(path, same, library, before)
