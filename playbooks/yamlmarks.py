"""YAML read as a tree of texts, each with its place in the file.

Responsible for what of YAML is allowed at all. Nothing is converted: `no`, `17:30` and `0540` stay the texts they are.
Knows nothing of playbooks.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

import yaml

from playbooks.characters import escaped_control, without_texts
from playbooks.faults import Faults, Mark, split_lines

MAX_DEPTH = 12


@dataclass(frozen=True, slots=True)
class Text:
    """`cut`: a comment follows on the line of an unquoted text, which may have been meant as part of it."""

    value: str
    mark: Mark
    plain: bool = True
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    items: tuple[Node, ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Table:
    entries: tuple[tuple[Text, Node], ...]
    mark: Mark
    flow: bool = False
    index: dict[str, Node] = field(default_factory=dict)

    def get(self, key: str) -> Node | None:
        return self.index.get(key)

    def key(self, name: str) -> Text:
        return next(key for key, _ in self.entries if key.value == name)


Node = Text | Listing | Table

_UNCLOSED = "mở dấu ngoặc kép mà không đóng"
_CLOSE = "Thêm dấu ngoặc kép đóng ở cuối nội dung."
# What PyYAML says, and what a press officer can do about it.
_PROBLEMS = (
    ("mapping values are not allowed", "dấu “:” ở chỗ không được phép", "Đặt cả nội dung trong dấu ngoặc kép, hoặc xem lại thụt đầu dòng."),
    ("could not find expected ':'", "thiếu dấu “:” sau từ khóa", "Viết “từ_khóa: giá trị”, có dấu cách sau dấu hai chấm."),
    ("found unexpected end of stream", _UNCLOSED, _CLOSE),
    ("found unknown escape character", "dấu “\\” không dùng được trong ngoặc kép", "Bỏ dấu “\\”."),
    ("did not find expected key", "thụt đầu dòng không đều", "Các mục cùng cấp phải thẳng cột."),
    ("expected <block end>", "thụt đầu dòng không đều, hoặc còn chữ sau khi đã đóng ngoặc", "Các mục cùng cấp phải thẳng cột."),
    ("expected ',' or '}'", "thiếu dấu phẩy hoặc chưa đóng ngoặc “}”", "Đóng ngoặc “}”, ngăn các mục bằng dấu phẩy."),
    ("expected ',' or ']'", "thiếu dấu phẩy hoặc chưa đóng ngoặc “]”", "Đóng ngoặc “]”, ngăn các mục bằng dấu phẩy."),
    ("cannot start any token", "ký tự không thể mở đầu giá trị", "Đặt nội dung trong dấu ngoặc kép."),
    ("special characters are not allowed", "có ký tự đặc biệt", "Xóa ký tự lạ ở chỗ này."),
)  # fmt: skip


def read(text: str, file: str, faults: Faults) -> Node | None:
    """The tree of the one document in `text`, or None after faults."""
    try:
        if not _allowed(text, file, faults):
            return None
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        _tell(error, text, file, faults)
        return None
    if root is None:
        faults.add("PB018", Mark(file, 1, 1, 0))
        return None
    return _Walk(file, split_lines(text), faults).node(root)


def _allowed(text: str, file: str, faults: Faults) -> bool:
    depth, documents = 0, 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        mark = _event_mark(event, file)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                faults.add("PB017", mark)
                return False
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            faults.add(
                "PB011",
                mark,
                "Chép lại nội dung; phần dùng chung đặt trong _chung/ và gọi bằng use.",
            )
            return False
        if isinstance(event, yaml.ScalarEvent) and escaped_control(event.value, mark, faults):
            return False
        if getattr(event, "tag", None):
            tag = str(getattr(event, "tag", "")).replace("tag:yaml.org,2002:", "!!")
            faults.add(
                "PB012",
                mark,
                "Bỏ thẻ kiểu; nếu “!” là nội dung thì đặt trong ngoặc kép.",
                tag=tag,
            )
            return False
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
            if depth > MAX_DEPTH:
                faults.add("PB013", mark, limit=MAX_DEPTH)
                return False
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
    return True


def _event_mark(event: yaml.Event, file: str) -> Mark:
    start = event.start_mark
    return Mark(file, start.line + 1, start.column + 1) if start else Mark(file, 1, 1, 0)


def _tell(error: yaml.YAMLError, text: str, file: str, faults: Faults) -> None:
    mark, problem = (
        Mark(file, 1, 1, 0),
        str(getattr(error, "problem", None) or getattr(error, "reason", "")),
    )
    place = getattr(error, "problem_mark", None)
    if place is not None:
        mark = Mark(file, place.line + 1, place.column + 1)
    if opened := _open_quote(split_lines(text)[: mark.line]):
        faults.add("PB010", Mark(file, *opened), _CLOSE, problem=_UNCLOSED)
        return
    for said, vietnamese, hint in _PROBLEMS:
        if said in problem:
            faults.add("PB010", mark, hint, problem=vietnamese)
            return
    faults.add(
        "PB010",
        mark,
        "Xem lại dòng này và dòng ngay trước.",
        problem="không hiểu được từ chỗ này",
    )


def _open_quote(rows: list[str]) -> tuple[int, int] | None:
    """Where a quote is opened and not closed on its line: YAML itself complains only lines later."""
    for number, row in enumerate(rows, start=1):
        at = without_texts(row).find('"')
        if at >= 0:
            return number, at + 1
    return None


class _Walk:
    def __init__(self, file: str, rows: list[str], faults: Faults) -> None:
        self._file, self._rows, self._faults = file, rows, faults

    def node(self, node: yaml.Node) -> Node:
        if isinstance(node, yaml.ScalarNode):
            return self._text(node)
        if isinstance(node, yaml.SequenceNode):
            return Listing(tuple(self.node(item) for item in node.value), self._mark(node))
        return self._table(node)

    def _text(self, node: yaml.ScalarNode) -> Text:
        plain = node.style is None
        rest = self._rows[node.end_mark.line][node.end_mark.column :] if plain else ""
        cut = bool(node.value) and rest.startswith(" #")  # a comment stands two spaces off
        return Text(unicodedata.normalize("NFC", node.value), self._mark(node), plain, cut)

    def _table(self, node: yaml.Node) -> Table:
        entries: list[tuple[Text, Node]] = []
        seen: dict[str, Text] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._faults.add("PB016", self._mark(key_node))
                continue
            key = self._text(key_node)
            if key.value in seen:
                first = seen[key.value].mark.line
                self._faults.add("PB015", key.mark, "Giữ lại một dòng.", key=key.value, line=first)
                continue
            seen[key.value] = key
            entries.append((key, self.node(value_node)))
        index = {key.value: value for key, value in entries}
        return Table(
            tuple(entries),
            self._mark(node),
            bool(getattr(node, "flow_style", False)),
            index,
        )

    def _mark(self, node: yaml.Node) -> Mark:
        start, end = node.start_mark, node.end_mark
        row = self._rows[start.line] if start.line < len(self._rows) else ""
        stop = end.column if end.line == start.line else len(row)
        return Mark(self._file, start.line + 1, start.column + 1, max(1, stop - start.column))
