"""`incident playbook`: what is printed and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from incident.commands.playbook import group
from playbooks.load import LIBRARY

BROKEN = Path(__file__).parents[2] / "playbooks" / "broken"


def run(*words: object, env: dict[str, str] | None = None) -> Result:
    return CliRunner(env=env or {"LANG": "C.UTF-8"}).invoke(group, [str(word) for word in words])


def test_sound_playbooks_pass() -> None:
    result = run("check", LIBRARY)
    assert result.exit_code == 0
    assert result.output.count(": đạt (") == 3


def test_a_fault_is_told_with_file_line_and_column() -> None:
    path = BROKEN / "misspelt-key.yaml"
    result = run("check", path)
    assert result.exit_code == 1
    assert f"{path}:55:5: lỗi PB022: không có từ khóa “wihtin” trong bước task" in result.output
    assert "      = gợi ý: Có phải ý là “within”?" in result.output
    assert "đạt" not in result.output


def test_one_broken_file_among_good_ones_is_enough() -> None:
    assert run("check", LIBRARY, BROKEN / "cycle.yaml").exit_code == 1


def test_faults_as_json() -> None:
    result = run("check", BROKEN / "cycle.yaml", "--format", "json")
    assert result.exit_code == 1
    (fault,) = json.loads(result.output)
    assert (fault["code"], fault["line"], fault["column"], fault["severity"]) == ("PB044", 18, 5, "lỗi")


def test_english_on_request_only() -> None:
    path = BROKEN / "cycle.yaml"
    assert "error PB044: steps wait for each other" in run("check", path, env={"LANG": "en"}).output
    assert "lỗi PB044" in run("check", path, env={"LANG": "en_US.UTF-8"}).output


@pytest.mark.parametrize(
    "words", [("check",), ("check", "there-is-none.yaml"), ("check", "--format", "xml", ".")]
)
def test_wrong_use_is_two(words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


def test_a_folder_without_playbooks_is_wrong_use(tmp_path: Path) -> None:
    assert run("check", tmp_path).exit_code == 2


def test_the_schema_is_printed() -> None:
    assert json.loads(run("schema").output)["$schema"] == "http://json-schema.org/draft-07/schema#"
