"""Reads single values of a playbook: a text, a slug, a list, a length of time, one for each level.

Responsible for the kinds of values and for saying what is wrong with one. Knows no part of a playbook by name.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from playbooks import verbs
from playbooks.durations import length, parse_span, span_text, suggest_span
from playbooks.faults import Faults, Mark
from playbooks.language import ByLevel, Span
from playbooks.verbs import Part
from playbooks.yamlmarks import Listing, Node, Table, Text

LONGEST_SLUG = 60  # what is kept of a step, a role, a post
_SLUG = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")
_TEMPLATE = re.compile(r"mau/[a-z0-9]+(?:-[a-z0-9]+)*\.(?:md|txt)")
FREE_TEXT = "một dòng chữ"


def _likely(word: str, known: Iterable[str]) -> list[str]:
    return difflib.get_close_matches(word, sorted(set(known)), n=1, cutoff=0.6)


def closest(word: str, known: Iterable[str]) -> str:
    """A hint naming the known word most like `word`; empty when none is."""
    found = _likely(word, known)
    return f"Có phải ý là “{found[0]}”?" if found else ""


class Fields:
    """Reads each kind of value; None means there was none, or a fault was told."""

    meaning: Mapping[str, str] = verbs.MEANING

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.levels: tuple[int, ...] = ()

    def keys(self, table: Table, part: Part, home: Mark | None = None) -> set[str]:
        """Every key known, every required one there; answers which keys the unknown ones were probably meant to be.
        `home` is where a missing key is told."""
        meant: set[str] = set()
        for key, _ in table.entries:
            if key.value not in part.keys:
                likely = _likely(key.value, [name for name in part.keys if name not in table.index])
                hint = closest(key.value, likely or part.keys) or _elsewhere(key.value)
                self.faults.add("PB022", key.mark, hint, key=key.value, where=part.name)
                meant.update(likely)
        for name in part.required:
            if name not in table.index and name != "id" and name not in meant:
                mark = home or (table.entries[0][0].mark if table.entries else table.mark)
                hint = f"{name}: {self.meaning.get(name, '')}"
                self.faults.add("PB023", mark, hint, key=name, where=part.name)
        return meant

    def table(self, parent: Table, key: str) -> Table | None:
        node = parent.get(key)
        if node is None:
            return None
        if isinstance(node, Table) and node.entries:
            return node
        if is_empty(node):
            self.faults.add("PB025", parent.key(key).mark, key=key)
        else:
            self.faults.add("PB024", node.mark, key=key, wanted="các mục “từ_khóa: giá trị”")
        return None

    def text(self, parent: Table, key: str) -> Text | None:
        node = parent.get(key)
        if node is None:
            return None
        if is_empty(node):
            self.faults.add("PB025", parent.key(key).mark, key=key)
            return None
        return self.as_text(node, key)

    def as_text(self, node: Node, key: str, comma: bool = False) -> Text | None:
        if not isinstance(node, Text):
            hint = "Đặt cả nội dung trong dấu ngoặc kép."
            self.faults.add("PB024", node.mark, hint, key=key, wanted=FREE_TEXT)
            return None
        if not node.value.strip():
            hint = "Dấu phẩy trong { } ngắt nội dung: đặt nội dung trong ngoặc kép." if comma else ""
            self.faults.add("PB025", node.mark, hint, key=key)
            return None
        if node.cut:
            hint = "Nếu “#” là nội dung, đặt cả dòng trong ngoặc kép."
            free = key in ("title", "task", "ask", "items") or comma
            if free:
                self.faults.add("PB014", node.mark, hint, text=node.value)
        return node

    def number(self, parent: Table, key: str) -> int | None:
        text = self.text(parent, key)
        if text is None:
            return None
        if not re.fullmatch(r"[1-9][0-9]{0,5}", text.value):
            self.faults.add("PB024", text.mark, key=key, wanted="một số từ 1")
            return None
        return int(text.value)

    def flag(self, parent: Table, key: str) -> bool:
        text = self.text(parent, key)
        if text is None or text.value in ("true", "false"):
            return text is not None and text.value == "true"
        self.faults.add("PB024", text.mark, key=key, wanted="true hoặc false")
        return False

    def slug(self, parent: Table, key: str, wanted: str = "một mã") -> Text | None:
        node = parent.get(key)
        if node is None:
            return None
        if isinstance(node, (Listing, Table)):
            self.faults.add("PB024", node.mark, key=key, wanted=wanted)
            return None
        text = self.text(parent, key)
        return text if text and self.is_slug(text) else None

    def is_slug(self, text: Text) -> bool:
        if _SLUG.fullmatch(text.value):
            if len(text.value) <= LONGEST_SLUG:
                return True
            self.faults.add("PB024", text.mark, key=f"{text.value[:20]}…", wanted="một mã không quá 60 ký tự")
            return False
        hint = f"Có thể dùng “{_slugged(text.value)}”." if _slugged(text.value) else ""
        self.faults.add("PB026", text.mark, hint, text=text.value)
        return False

    def slugs(self, parent: Table, key: str) -> list[Text]:
        node = parent.get(key)
        if node is None:
            return []
        if is_empty(node):
            self.faults.add("PB025", parent.key(key).mark, key=key)
            return []
        return self.as_slugs(node, key)

    def as_slugs(self, node: Node, key: str) -> list[Text]:
        return [text for text in self.as_list(node, key) if self.is_slug(text)]

    def texts(self, parent: Table, key: str) -> list[Text]:
        node = parent.get(key)
        return [] if node is None else self.as_list(node, key)

    def as_list(self, node: Node, key: str) -> list[Text]:
        """One text, or a list of texts."""
        nodes = node.items if isinstance(node, Listing) else (node,)
        if not nodes:
            self.faults.add("PB025", node.mark, key=key)
        texts = (self.as_text(item, key) for item in nodes)
        return [text for text in texts if text]

    def template(self, parent: Table, key: str) -> Text | None:
        text = self.text(parent, key)
        if text and not _TEMPLATE.fullmatch(text.value):
            self.faults.add("PB075", text.mark, "Ví dụ: mau/thong-tin-ban-dau.md")
            return None
        return text

    def spans(self, parent: Table, key: str) -> list[Span]:
        read = (self.span(text, key) for text in self.texts(parent, key))
        return [span for span in read if span]

    def span(self, node: Node | None, key: str) -> Span | None:
        if node is None:
            return None
        if not isinstance(node, Text):
            self.faults.add("PB024", node.mark, key=key, wanted="một khoảng thời gian")
            return None
        if not node.value:
            self.faults.add("PB025", node.mark, key=key)
            return None
        span = parse_span(node.value)
        if span is None:
            suggested = suggest_span(node.value)
            hint = f"Có phải ý là “{suggested}”?" if suggested else "Ví dụ: 30 phút, 2 giờ, 5 ngày làm việc."
            self.faults.add("PB030", node.mark, hint, text=node.value)
        elif length(span) <= 0:
            self.faults.add("PB031", node.mark, text=node.value)
            return None
        return span

    def by_level(self, parent: Table, key: str) -> ByLevel | None:
        node = parent.get(key)
        if node is None:
            return None
        if is_empty(node):
            self.faults.add("PB025", parent.key(key).mark, key=key)
            return None
        if not isinstance(node, Table):
            span = self.span(node, key)
            return dict.fromkeys(self.levels, span) if span else None
        spans: ByLevel = {}
        for level, value in self._level_entries(node):
            if span := self.span(value, key):
                spans[level] = span
        self._not_growing(node, key, spans)
        return dict(sorted(spans.items()))

    def _level_entries(self, table: Table) -> Iterator[tuple[int, Node]]:
        for key, value in table.entries:
            if not re.fullmatch(r"[0-9]{1,2}", key.value):
                self.faults.add("PB032", key.mark, "Cấp độ là một số: 1, 2, 3.", text=key.value)
            elif self.levels and int(key.value) not in self.levels:
                self.faults.add("PB035", key.mark, level=key.value)
            else:
                yield int(key.value), value

    def _not_growing(self, table: Table, key: str, spans: ByLevel) -> None:
        order = sorted(spans)
        for low, high in pairwise(order):
            if length(spans[high]) > length(spans[low]):
                values = {
                    "low_span": span_text(spans[low]),
                    "high_span": span_text(spans[high]),
                }
                mark = next(k.mark for k, _ in table.entries if k.value == str(high))
                hint = "Cấp độ càng cao thì hạn càng ngắn."
                self.faults.add("PB034", mark, hint, key=key, low=low, high=high, **values)


def is_empty(node: Node) -> bool:
    return isinstance(node, Text) and not node.value.strip() and node.plain


def _elsewhere(key: str) -> str:
    homes = [part.name for part in verbs.STEPS.values() if key in part.keys]
    return f"“{key}” chỉ dùng trong {', '.join(homes)}." if homes and len(homes) < len(verbs.STEPS) else ""


def _slugged(text: str) -> str:
    bare = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    ascii_only = "".join(c for c in bare if not unicodedata.combining(c)).lower()
    return re.sub(r"[^a-z0-9]+", "_", ascii_only).strip("_")
