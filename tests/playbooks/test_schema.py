"""The schema an editor checks with: the committed file is the made one, and it knows what the loader knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import playbooks.schema as made
from playbooks import verbs
from playbooks.load import LIBRARY
from playbooks.verbs import MEANING

SOUND = Path(__file__).parent / "sound" / "sound.yaml"
VALIDATOR = jsonschema.Draft7Validator(made.schema())


def as_json(path: Path) -> Any:
    return json.loads(json.dumps(yaml.safe_load(path.read_text("utf-8"))))


def test_the_committed_schema_is_the_one_the_table_gives() -> None:
    file = Path(made.__file__).parent / "schema" / "playbook.schema.json"
    assert file.read_text("utf-8") == made.text()


def test_it_is_a_draft_07_schema() -> None:
    jsonschema.Draft7Validator.check_schema(made.schema())


@pytest.mark.parametrize("path", [SOUND, *sorted(LIBRARY.glob("*.yaml"))], ids=lambda path: path.stem)
def test_sound_playbooks_pass(path: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(as_json(path))] == []


@pytest.mark.parametrize(
    "name",
    [
        "misspelt-key",
        "key-of-another-verb",
        "no-by",
        "no-title",
        "minutes-without-accents",
        "accented-id",
        "one-choice",
    ],
)
def test_what_an_editor_can_see_is_refused(name: str) -> None:
    assert list(VALIDATOR.iter_errors(as_json(SOUND.parent.parent / "broken" / f"{name}.yaml")))


def test_every_word_has_a_meaning_and_no_meaning_is_without_a_word() -> None:
    parts = (verbs.PLAYBOOK, verbs.FRAGMENT, verbs.ROLE, verbs.DEADLINE, verbs.REVIEW, verbs.RUNG, verbs.USE)
    words = {key for part in (*parts, *verbs.STEPS.values()) for key in part.keys}
    assert words == MEANING.keys()


def test_patterns_speak_vietnamese() -> None:
    text = made.text()
    assert text.count('"pattern"') == text.count('"patternErrorMessage"')
