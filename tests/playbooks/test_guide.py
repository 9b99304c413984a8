"""The page for learning the language says nothing that is not so: every example of it is checked, mended and rehearsed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from playbooks.load import Loaded, load
from playbooks.rehearse import builtin, run_scenario
from playbooks.scenario import read_scenario

GUIDE = (Path(__file__).parents[2] / "docs" / "playbooks.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE, flags=re.M | re.S)
YAML = [text for kind, text in BLOCKS if kind == "yaml"]
WHOLE = next(text for text in YAML if text.startswith("playbook:"))
ROLE = next(text for text in YAML if "nhom_dia_ban" in text)
STEP = next(text for text in YAML if text.startswith("  - id:"))
SCENARIO = next(text for text in YAML if text.startswith("scenario:"))
MISTAKES = [(text, BLOCKS[at + 1][1]) for at, (kind, text) in enumerate(BLOCKS) if kind == "diff"]
LONGER = WHOLE.replace("\ndeadlines:", f"{ROLE}\ndeadlines:").replace(
    "  - id: cong_bo\n", f"{STEP}  - id: cong_bo\n"
)


def read(text: str) -> Loaded:
    return load(Path("mua-lu-quet.yaml"), typed=text)


@pytest.mark.parametrize("text", [WHOLE, LONGER], ids=["whole", "with the step added"])
def test_what_is_copied_is_sound_and_plays_at_every_level(text: str) -> None:
    playbook = read(text).playbook
    assert playbook, read(text).faults
    assert [(s.title, found) for s in builtin(playbook) if (found := run_scenario(playbook, s).faults)] == []


def test_the_added_step_is_really_added() -> None:
    playbook = read(LONGER).playbook
    assert playbook
    assert [step.id for step in playbook.steps][-2:] == ["bao_cac_xa", "cong_bo"]


def test_the_written_scenario_comes_true() -> None:
    for text in (WHOLE, LONGER):
        playbook = read(text).playbook
        assert playbook
        assert run_scenario(playbook, read_scenario(SCENARIO, "mẫu")).faults == ()


def test_there_are_three_mistakes_and_no_example_is_left_untried() -> None:
    assert len(MISTAKES) == 3
    assert len(YAML) == 4
    assert {kind for kind, _ in BLOCKS} == {"yaml", "diff", "text"}


@pytest.mark.parametrize(("change", "told"), MISTAKES)
def test_a_mistake_is_told_in_the_words_of_the_page(change: str, told: str) -> None:
    good, bad = ([line[2:] for line in change.splitlines() if line[0] == sign] for sign in "-+")
    assert "\n".join(good) in WHOLE
    loaded = read(WHOLE.replace("\n".join(good), "\n".join(bad), 1))
    assert loaded.playbook is None
    fault = loaded.faults[0]
    assert [fault.message, *([fault.hint] if fault.hint else [])][
        : len(told.splitlines())
    ] == told.splitlines()
