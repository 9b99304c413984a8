"""The first look at a playbook file: letters that look right and are not. Knows nothing of YAML."""

from __future__ import annotations

import re
import unicodedata

from playbooks.faults import Faults, Mark, split_lines

MAX_BYTES = 200 * 1024
_INVISIBLE = {
    "\u00a0": "dấu cách không ngắt (NBSP)",
    "\u202f": "dấu cách hẹp không ngắt",
    "\u2007": "dấu cách số",
    "\u200b": "dấu cách rộng bằng không",
    "\u200c": "dấu ngắt chữ (ZWNJ)",
    "\u200d": "dấu nối chữ (ZWJ)",
    "\u2060": "dấu nối từ",
    "\u00ad": "gạch nối mềm",
    "\ufeff": "dấu thứ tự byte (BOM)",
    "\u2028": "dấu ngắt dòng Unicode",
    "\u2029": "dấu ngắt đoạn Unicode",
    "\x85": "dấu ngắt dòng NEL",
}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$")
_WORD_QUOTE = re.compile(r"(?:[:\[{,]\s+|[\[{]|^\s*-\s+)([“”„‟‘’‚‛«])")


def decode(raw: bytes, file: str, faults: Faults) -> str | None:
    """The text of a file, or None after a fault no later look can mend."""
    if len(raw) > MAX_BYTES:
        faults.add(
            "PB007",
            Mark(file, 1, 1, 0),
            size=len(raw) // 1024 + 1,
            limit=MAX_BYTES // 1024,
        )
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = raw[: error.start].decode("utf-8-sig", "replace")
        rows = split_lines(good)
        mark = Mark(file, len(rows), len(rows[-1]) + 1, 0)
        faults.add("PB006", mark, "Lưu lại tệp với mã UTF-8.", offset=error.start)
        return None


def inspect(text: str, file: str, faults: Faults) -> None:
    for number, row in enumerate(_rows(text), start=1):
        _inspect_row(row, file, number, faults)


def _rows(text: str) -> list[str]:
    """Lines broken at \\n and \\r only, so that the odd line breaks are seen as the characters they are."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _inspect_row(row: str, file: str, line: int, faults: Faults) -> None:
    if "\t" in row:
        faults.add(
            "PB001",
            Mark(file, line, row.index("\t") + 1),
            "Thay mỗi dấu Tab bằng hai dấu cách.",
        )
    for char, name in _INVISIBLE.items():
        if char in row:
            hint = "Xóa ký tự này và gõ lại dấu cách thường."
            faults.add("PB002", Mark(file, line, row.index(char) + 1), hint, what=name)
    if match := _CONTROL.search(row):
        _tell_control(match[0], Mark(file, line, match.start() + 1, 0), faults)
    if match := _WORD_QUOTE.search(without_texts(row)):
        mark = Mark(file, line, match.start(1) + 1)
        faults.add("PB003", mark, 'Gõ lại bằng dấu ngoặc kép thẳng: "…".', name=match[1])
    if not unicodedata.is_normalized("NFC", row):
        mark = Mark(file, line, _first_decomposed(row) + 1)
        faults.add("PB004", mark, "Đặt bộ gõ ở chế độ Unicode dựng sẵn rồi gõ lại.")


def escaped_control(value: str, mark: Mark, faults: Faults) -> bool:
    """Tell of a control character that a text names by its number ("\\0", "\\uD800"); whether there is one."""
    match = _CONTROL.search(value)
    if match:
        _tell_control(match[0], mark, faults)
    return match is not None


def has_control(text: str) -> bool:
    return _CONTROL.search(text) is not None


def _tell_control(found: str, mark: Mark, faults: Faults) -> None:
    faults.add("PB005", mark, "Xóa ký tự này.", name=f"U+{ord(found):04X}")


def without_texts(row: str) -> str:
    """The row with quoted texts and the comment blanked out, columns kept."""
    bare = _QUOTED.sub(lambda m: " " * len(m[0]), row)
    return _COMMENT.sub(lambda m: " " * len(m[0]), bare)


def _first_decomposed(row: str) -> int:
    composed = unicodedata.normalize("NFC", row)
    pairs = zip(row, composed, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), max(0, len(composed) - 1))
