"""What a person sees who writes a playbook in an editor: a real language server, asked over stdio, answers from our schema."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import playbooks.schema as made
from playbooks import verbs
from playbooks.language import Verb
from playbooks.load import LIBRARY, playbook_files
from tests.playbooks.editor import Editor

HERE = Path(__file__).parent
SERVER = HERE.parents[1] / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
SCHEMA = Path(made.__file__).parent / "schema" / "playbook.schema.json"
SOUND = (HERE / "sound" / "sound.yaml").read_text("utf-8")
HEAD = SOUND.split("steps:\n")[0] + "steps:\n"


@pytest.fixture(scope="module")
def editor() -> Iterator[Editor]:
    beside = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    node = shutil.which("node", path=beside)
    if node is None or not SERVER.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("needs node and yaml-language-server: npm ci")
        pytest.skip("needs node and yaml-language-server: npm ci")
    opened = Editor([node, str(SERVER), "--stdio"], SCHEMA)
    yield opened
    opened.close()


def marked(editor: Editor, name: str) -> list[tuple[int, int, str]]:
    """Line and column from 1, as the loader counts, and the message."""
    text = (HERE / "broken" / f"{name}.yaml").read_text("utf-8")
    starts = [(mark["range"]["start"], mark["message"]) for mark in editor.marks(editor.opens(text))]
    return [(start["line"] + 1, start["character"] + 1, message) for start, message in starts]


def offered(editor: Editor, text: str) -> dict[str, str]:
    """At the end of the text."""
    uri = editor.opens(text)
    editor.marks(uri)
    rows = text.split("\n")
    return editor.completes(uri, len(rows) - 1, len(rows[-1]))


@pytest.mark.parametrize("path", playbook_files(LIBRARY), ids=lambda path: path.stem)
def test_a_shipped_playbook_names_its_schema_and_nothing_is_marked_in_it(editor: Editor, path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=")
    assert editor.marks(editor.opens(text, path)) == []


SPAN = "Viết ví dụ: 30 phút, 2 giờ, 5 ngày làm việc."
NO_VERB = "Mỗi bước cần đúng một trong: assign, draft, approve, publish, notify, task, ask, use."
OF_TASK = (
    "Trong bước task: phải có id, task, by; có thể có after, when, within, else, items, proof, every; "
    "không có từ khóa khác."
)


@pytest.mark.parametrize(
    ("name", "line", "column", "message"),
    [
        ("minutes-without-accents", 19, 13, SPAN),
        ("hours-short", 14, 39, SPAN),
        ("accented-id", 27, 9, "Chỉ chữ thường không dấu, số, gạch nối hoặc gạch dưới."),
        ("template-path", 28, 12, "Viết dạng mau/ten-mau.md hoặc .txt."),
        ("misspelt-key", 55, 5, OF_TASK),
        ("key-of-another-verb", 54, 5, OF_TASK),
        ("misspelt-verb", 52, 5, NO_VERB),
        ("no-verb", 52, 5, NO_VERB),
        ("unknown-ack", 42, 10, "Chỉ dùng: none, any, all hoặc một số."),
        ("unknown-law", 13, 18, "Chỉ dùng: thong_tin_ban_dau."),
        ("proof-is-yes", 54, 12, "Viết true hoặc false."),
    ],
)
def test_what_is_wrong_is_marked_in_its_place_in_vietnamese(
    editor: Editor, name: str, line: int, column: int, message: str
) -> None:
    assert marked(editor, name) == [(line, column, message)]


def test_what_is_missing_is_said_where_the_part_begins(editor: Editor) -> None:
    ((line, _, message),) = marked(editor, "no-by")
    assert line == 27
    assert message.startswith("Trong bước draft: phải có id, draft, by")


@pytest.mark.parametrize("word", ["within", "else", "standin", "met_by", "choices", "after", "version"])
def test_a_word_is_explained_in_vietnamese_under_the_pointer(editor: Editor, word: str) -> None:
    rows = SOUND.split("\n")
    uri = editor.opens(SOUND)
    editor.marks(uri)
    line = next(n for n, row in enumerate(rows) if f"{word}:" in row)
    assert verbs.MEANING[word] in editor.hovers(uri, line, rows[line].index(f"{word}:") + 1)


def test_a_new_step_is_offered_the_verbs_with_their_meaning(editor: Editor) -> None:
    found = offered(editor, f"{HEAD}  - id: moi\n    ")
    assert {verb.value: verbs.MEANING[verb.value] for verb in Verb}.items() <= found.items()


def test_a_task_is_offered_what_a_task_may_have(editor: Editor) -> None:
    found = offered(editor, f'{HEAD}  - id: moi\n    task: "Việc"\n    ')
    for word in verbs.STEPS[Verb.TASK].keys:
        if word not in ("id", "task"):
            assert found[word] == verbs.MEANING[word]
    assert "choices" not in found


def test_the_values_a_word_may_have_are_offered(editor: Editor) -> None:
    assert {"none", "any", "all"} <= offered(
        editor, f"{HEAD}  - id: moi\n    notify: [cac_xa]\n    ack: "
    ).keys()
