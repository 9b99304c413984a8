"""The templates a playbook names: found, allowed, and as short and neutral as an SMS must be.

Responsible for the folder mau/ beside a playbook and in the library. Knows no step but who names which template.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from playbooks import templates
from playbooks.characters import decode
from playbooks.faults import Faults, Mark, split_lines
from playbooks.fields import closest
from playbooks.language import Verb
from playbooks.sheets import Sheet, StepSheet
from playbooks.templates import VARIABLES, Problem
from playbooks.yamlmarks import Text

MAX_PARTS = 3
_CODES = {"syntax": "PB071", "variable": "PB072", "construct": "PB073", "trial": "PB074"}
# A screenshot of an SMS must wound nobody.
LOUD = ("sap vo", "tu vong", "khung hoang", "tin gia", "bieu tinh", "su co", "chet")
REVEALING = ("title", "summary", "level_name")


class Papers:
    """Reads each named template once; `texts` holds those found, by the path the playbook names them with."""

    def __init__(self, folders: tuple[Path, ...], sources: dict[str, str], faults: Faults) -> None:
        self.folders, self.sources, self.faults = folders, sources, faults
        self.texts: dict[str, str] = {}

    def read(self, sheet: Sheet, steps: list[StepSheet]) -> None:
        for step in steps:
            if step.verb is Verb.DRAFT and step.target:
                self._read(step.target[0], sms=False)
            if step.message:
                self._read(step.message, sms=any(via.value == "sms" for via in step.via))
        if sheet.review:
            self._read(sheet.review.template, sms=False)

    def _read(self, name: Text, sms: bool) -> None:
        if name.value in self.texts:
            return
        path = next((f / name.value for f in self.folders if (f / name.value).is_file()), None)
        if path is None:
            known = {f"mau/{p.name}" for f in self.folders for p in (f / "mau").glob("*")}
            hint = closest(name.value, known) or "Đặt tệp mẫu trong thư mục mau/ cạnh kịch bản."
            self.faults.add("PB070", name.mark, hint, name=name.value)
            return
        text = self._text(path)
        if text is None:
            return
        self.texts[name.value] = text
        found = templates.problems(text)
        for problem in found:
            self._tell(problem, path, text)
        if sms and not found:
            _Sms(str(path), text, self.faults).check()

    def _text(self, path: Path) -> str | None:
        file = str(path)
        try:
            raw = path.read_bytes()
        except OSError as error:
            self.faults.add("PB008", Mark(file, 1, 1, 0), reason=error.strerror or "")
            return None
        text = decode(raw, file, self.faults)
        if text is None:
            return None
        self.sources[file] = text
        if not unicodedata.is_normalized("NFC", text):
            self.faults.add("PB004", Mark(file, 1, 1, 0), "Lưu lại mẫu ở dạng Unicode dựng sẵn.")
        return unicodedata.normalize("NFC", text).replace("\r\n", "\n")

    def _tell(self, problem: Problem, path: Path, text: str) -> None:
        mark = _place(str(path), text, problem.line, problem.word)
        code = _CODES[problem.kind]
        if problem.kind == "variable":
            hint = closest(problem.detail, VARIABLES) or "Xem các biến trong playbooks/templates.py."
            self.faults.add(code, mark, hint, name=problem.detail)
        elif problem.kind == "construct":
            self.faults.add(code, mark, "Mẫu chỉ dùng {{ biến }}, bộ lọc, if.", construct=problem.detail)
        else:
            self.faults.add(
                code, mark, "Viết dạng {{ code }}, {% if … %} … {% endif %}.", problem=problem.detail
            )


def _place(file: str, text: str, line: int, word: str) -> Mark:
    rows = split_lines(text)
    row = rows[line - 1] if 1 <= line <= len(rows) else ""
    for number, candidate in ((line, row), *enumerate(rows, start=1)):
        if word and (match := re.search(rf"\b{re.escape(word)}\b", candidate)):
            return Mark(file, number, match.start() + 1, len(word))
    return Mark(file, max(1, line), 1, max(1, len(row)))


class _Sms:
    """An SMS with the longest values: its parts, its letters, and what must not stand in it."""

    def __init__(self, file: str, text: str, faults: Faults) -> None:
        self.file, self.text, self.faults = file, text, faults

    def check(self) -> None:
        values = {name: variable.example for name, variable in VARIABLES.items()}
        sent = templates.render(self.text, values)
        self._length(sent)
        self._words()

    def _length(self, sent: str) -> None:
        size = templates.sms_size(sent)
        whole = Mark(self.file, 1, 1, len(split_lines(self.text)[0]) or 1)
        if size.parts > MAX_PARTS:
            hint = "Rút gọn; phần dài đưa vào thư điện tử."
            self.faults.add("PB081", whole, hint, septets=size.septets, parts=size.parts, limit=MAX_PARTS)
        elif size.parts > 1:
            hint = "Rút còn 160 ký tự, tính cả tên dài nhất, để gửi một phần."
            self.faults.add("PB080", whole, hint, septets=size.septets, parts=size.parts)
        for char in size.foreign:
            self.faults.add("PB086", _place_of(self.file, self.text, char), char=char)
        if size.doubled:
            mark = min(_place_of(self.file, self.text, char) for char in size.doubled)
            self.faults.add("PB085", mark, "Dùng ký tự khác.", char=" ".join(size.doubled))

    def _words(self) -> None:
        if not re.search(r"\bduty_phone\b", self.text):
            self.faults.add("PB082", Mark(self.file, 1, 1, 0), "Thêm “Truc {{ duty_phone }}”.")
        for name in REVEALING:
            if re.search(rf"\b{name}\b", self.text):
                self.faults.add("PB083", _place(self.file, self.text, 1, name), name=name)
        bare = templates.plain(self.text).lower()
        for word in LOUD:
            if match := re.search(rf"\b{word}\b", bare):
                mark = _place_at(self.file, self.text, match.start(), len(word))
                self.faults.add("PB084", mark, "Viết trung tính: “vu viec”.", word=word)


def _place_of(file: str, text: str, char: str) -> Mark:
    at = next((i for i, c in enumerate(text) if templates.plain(c) == char), 0)
    return _place_at(file, text, at, 1)


def _place_at(file: str, text: str, at: int, size: int) -> Mark:
    line = text.count("\n", 0, at) + 1
    return Mark(file, line, at - text.rfind("\n", 0, at), size)
