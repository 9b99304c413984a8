"""YAML read strictly: every fault with its place in the file, in Vietnamese, with a hint what to do.

Nothing is converted on the way: `no` and `0540` stay the texts they are until somebody asks for a yes or a number.
Must never know what is described.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import yaml

Node = yaml.Node
MOST_DEPTH = 12
YES = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True, slots=True)
class Fault:
    """`line` and `column` from 1."""

    file: str
    line: int
    column: int
    text: str
    hint: str = ""

    def __str__(self) -> str:
        said = f"{self.file}:{self.line}:{self.column}: {self.text}"
        return f"{said} {self.hint}" if self.hint else said


class BadGateways(ValueError):
    """The file cannot be used; `faults` says where and why."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class Reader:
    """Collects faults; what is faulty is read as empty, so that one run finds them all."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []

    def root(self, text: str) -> Node | None:
        """The tree of the one document; raises BadGateways where YAML itself does not understand it."""
        try:
            self._plain(text)
            return yaml.compose(text, Loader=yaml.BaseLoader)
        except yaml.YAMLError as error:
            place = getattr(error, "problem_mark", None)
            line, column = (place.line + 1, place.column + 1) if place is not None else (1, 1)
            problem = getattr(error, "problem", None) or getattr(error, "reason", "")
            fault = Fault(
                self.file, line, column, f"không đọc được YAML từ chỗ này ({problem}).",
                "Xem lại thụt đầu dòng, dấu hai chấm và dấu ngoặc của dòng này và dòng ngay trước.",
            )  # fmt: skip
            raise BadGateways([fault]) from error

    def _plain(self, text: str) -> None:
        """Anchors could make a small file endless, tags could name anything: neither is needed here."""
        depth = 0
        for event in yaml.parse(text, Loader=yaml.BaseLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                said = (
                    "không dùng neo “&” và “*” ở đây.",
                    "Chép lại nội dung; nếu là chữ thì đặt trong ngoặc kép.",
                )
            elif getattr(event, "tag", None):
                said = (
                    "không dùng thẻ kiểu “!” ở đây.",
                    "Bỏ thẻ; nếu “!” là nội dung thì đặt trong ngoặc kép.",
                )
            elif depth > MOST_DEPTH:
                said = f"lồng nhau quá {MOST_DEPTH} tầng.", ""
            else:
                continue
            mark = event.start_mark
            assert mark is not None
            raise BadGateways([Fault(self.file, mark.line + 1, mark.column + 1, *said)])

    def fault(self, node: Node, text: str, hint: str = "", after: int | None = None) -> None:
        """`after`: characters of the text before the fault."""
        mark = node.start_mark
        quoted = isinstance(node, yaml.ScalarNode) and node.style in ("'", '"')
        column = mark.column + 1 + (0 if after is None else after + quoted)
        self.faults.append(Fault(self.file, mark.line + 1, column, text, hint))

    def table(self, node: Node, keys: Mapping[str, bool]) -> dict[str, Node]:
        """The entries of a table that may have these keys; True: it must have it."""
        entries = self.entries(node)
        known = ", ".join(keys)
        for key, (key_node, _) in entries.items():
            if key not in keys:
                near = difflib.get_close_matches(key, keys, 1)
                meant = f"Có phải “{near[0]}”?" if near else f"Dùng được: {known}."
                self.fault(key_node, f"không có mục “{key}” ở đây.", meant)
        if isinstance(node, yaml.MappingNode):
            for key, needed in keys.items():
                if needed and key not in entries:
                    self.fault(node, f"thiếu mục “{key}”.", f"Thêm “{key}:” vào phần bắt đầu từ dòng này.")
        return {key: value for key, (_, value) in entries.items() if key in keys}

    def entries(self, node: Node) -> dict[str, tuple[Node, Node]]:
        """Key to (key's node, value's node), in the order of the file."""
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, "chỗ này cần một bảng “khóa: giá trị”.")
            return {}
        entries: dict[str, tuple[Node, Node]] = {}
        for key_node, value in node.value:
            key = self.text(key_node)
            if key in entries:
                line = entries[key][0].start_mark.line + 1
                self.fault(key_node, f"mục “{key}” đã có ở dòng {line}.", "Giữ lại một dòng.")
            else:
                entries[key] = (key_node, value)
        return entries

    def items(self, node: Node) -> list[Node]:
        """A list; a single text stands for a list of one."""
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        if isinstance(node, yaml.MappingNode):
            self.fault(node, "chỗ này cần một danh sách.", "Mỗi mục một dòng, bắt đầu bằng “- ”.")
            return []
        return [node]

    def text(self, node: Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self.fault(node, "chỗ này cần một giá trị, không phải bảng hay danh sách.")
            return ""
        return unicodedata.normalize("NFC", node.value)

    def choice(self, node: Node, choices: Iterable[str]) -> str:
        """One of `choices`; the first of them where it is not."""
        text, known = self.text(node), list(choices)
        if text in known:
            return text
        self.fault(node, f"“{text}” không dùng được.", f"Chọn một trong: {', '.join(known)}.")
        return known[0]

    def yes(self, node: Node) -> bool:
        return YES[self.choice(node, YES)]

    def number(self, node: Node, least: float, most: float) -> float:
        try:
            value = float(self.text(node))
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            self.fault(node, f"cần một số từ {least:g} đến {most:g}.")
            return least
        return value
