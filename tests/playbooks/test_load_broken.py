"""Each broken playbook says in its first line which fault is to be told, where, and with which words.

`# expects: CODE [file:]LINE:COLUMN | part of the message`
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

from playbooks import english, verbs
from playbooks.faults import CATALOGUE, ERROR, Fault, in_english, in_english_hint, render, render_all
from playbooks.load import load

BROKEN = Path(__file__).parent / "broken"
FILES = sorted(BROKEN.glob("*.yaml"))
EXPECTED = BROKEN / "expected.txt"


def expected(path: Path) -> tuple[str, Path, int, int, str]:
    first = path.read_bytes().split(b"\n", 1)[0].decode()
    place, part = first.removeprefix("# expects: ").split(" | ")
    code, where = place.split(" ")
    *file, line, column = where.split(":")
    return code, BROKEN / file[0] if file else path, int(line), int(column), part.replace("\\n", "\n")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_playbook_is_told_exactly(path: Path) -> None:
    code, file, line, column, part = expected(path)
    loaded = load(path, library=BROKEN)
    assert [(f.code, f.file, f.line, f.column) for f in loaded.faults] == [(code, str(file), line, column)]
    fault = loaded.faults[0]
    assert part in fault.message
    assert fault.severity == CATALOGUE[code].severity
    assert (loaded.playbook is None) == (fault.severity == ERROR)


def test_every_fault_of_the_catalogue_but_four_is_shown_by_a_file() -> None:
    shown = {expected(path)[0] for path in FILES}
    elsewhere = {
        "PB007",
        "PB008",
        "PB038",
        "PB074",
    }  # a large file, no file, many steps, a template that fails
    of_injects = {code for code in CATALOGUE if code.startswith("PB1")}  # shown in test_injects
    assert CATALOGUE.keys() - shown - of_injects == elsewhere


# ---------------------------------------------------------------- word for word

QUOTED = re.compile(r"“[^”]*”|\d+ (?:phút|giờ|ngày làm việc) \(")


def told(path: Path, english: bool) -> str:
    """Everything said about a file, with places relative to the folder."""
    loaded = load(path, library=BROKEN)
    return render_all(loaded.faults, loaded.sources, english).replace(f"{BROKEN}/", "")


def all_told() -> str:
    """Per file: what is said in Vietnamese, then in English."""
    return "\n".join(f"{told(path, english=False)}\n--\n{told(path, english=True)}\n" for path in FILES)


def test_every_message_line_column_and_hint_is_the_expected_one_in_both_languages() -> None:
    """`python -m tests.playbooks.test_load_broken` writes what is said now, to be read before it is kept."""
    assert all_told() == EXPECTED.read_text("utf-8")


def test_there_are_enough_broken_playbooks() -> None:
    assert len(FILES) >= 60


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_english_is_english(path: Path) -> None:
    """Nothing of ours is left in Vietnamese; what is quoted from the file is."""
    (fault,) = load(path, library=BROKEN).faults
    words = QUOTED.sub("", f"{in_english(fault)}\n{in_english_hint(fault)}")
    marks = [c for c in unicodedata.normalize("NFD", words) if unicodedata.combining(c) or c in "đĐ"]
    assert marks == [], words


def test_the_table_of_english_has_the_meaning_of_every_word() -> None:
    assert english.MEANING.keys() == verbs.MEANING.keys()


def test_a_fault_is_printed_under_its_line() -> None:
    fault = Fault(
        "tin-gia.yaml",
        92,
        5,
        ERROR,
        "PB022",
        "không có từ khóa “wihtin” trong bước task",
        "Có phải ý là “within”?",
        6,
    )
    source = "\n" * 91 + "    wihtin: 6 giờ\n"
    assert render(fault, source) == (
        "tin-gia.yaml:92:5: lỗi PB022: không có từ khóa “wihtin” trong bước task\n"
        "   92 |     wihtin: 6 giờ\n"
        "      |     ^^^^^^\n"
        "      = gợi ý: Có phải ý là “within”?"
    )


if __name__ == "__main__":
    EXPECTED.write_text(all_told(), "utf-8")


@pytest.mark.parametrize("escape", ["\\0", "\\uD800", "\\x07"])
def test_a_control_character_named_by_its_number_is_one_too(tmp_path: Path, escape: str) -> None:
    """It would reach messages and the database, which keep neither a NUL nor half a sign."""
    text = (BROKEN / "control.yaml").read_text("utf-8").replace("\x07", "")
    path = tmp_path / "control.yaml"
    path.write_text(text.replace('"Kịch bản thử"', f'"Kịch bản{escape} thử"'), "utf-8")
    loaded = load(path, library=BROKEN)
    assert [(f.code, f.line) for f in loaded.faults] == [("PB005", 4)]
    assert loaded.playbook is None
