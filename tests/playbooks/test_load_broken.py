"""Each broken playbook says in its first line which fault is to be told, where, and with which words.

`# expects: CODE [file:]LINE:COLUMN | part of the message`
"""

from __future__ import annotations

from pathlib import Path

import pytest

from playbooks.faults import CATALOGUE, ERROR, Fault, render
from playbooks.load import load

BROKEN = Path(__file__).parent / "broken"
FILES = sorted(BROKEN.glob("*.yaml"))


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


def test_every_fault_is_told_in_english_too() -> None:
    for path in FILES:
        loaded = load(path, library=BROKEN)
        for fault in loaded.faults:
            text = render(fault, loaded.sources.get(fault.file, ""), english=True)
            assert text.startswith(f"{fault.file}:{fault.line}:{fault.column}: ")
            assert "{" not in text.split("\n")[0]


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
