"""From the marked tree of a file to its parts: every key known, every value of its kind.

Responsible for keys, kinds of values and the limits a step must have. Knows no other file, and not whether a name
that is used exists (that is `references`).
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from playbooks import verbs
from playbooks.durations import (
    length,
    parse_levels,
    parse_span,
    span_text,
    suggest_span,
)
from playbooks.faults import Faults, Mark
from playbooks.language import ByLevel, Span, Verb
from playbooks.verbs import Part
from playbooks.yamlmarks import Listing, Node, Table, Text

_SLUG = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")
_TEMPLATE = re.compile(r"mau/[a-z0-9]+(?:-[a-z0-9]+)*\.(?:md|txt)")
FREE_TEXT = "một dòng chữ"
MAX_STEPS = 200


@dataclass(slots=True)
class RungSheet:
    to: Text
    after: Span


@dataclass(slots=True)
class StepSheet:
    """A step as it stands in the file: names with their places. What was broken is absent."""

    id: Text
    verb: Verb
    mark: Mark
    keys: dict[str, Mark] = field(default_factory=dict)
    target: list[Text] = field(default_factory=list)
    by: list[Text] = field(default_factory=list)
    after: list[Text] | None = None  # None = after the step before
    levels: tuple[int, ...] | None = None
    answers: dict[str, tuple[Mark, list[Text]]] = field(default_factory=dict)
    within: ByLevel = field(default_factory=dict)
    ladder: list[RungSheet] = field(default_factory=list)
    ack: str | int = "none"
    via: list[Text] = field(default_factory=list)
    message: Text | None = None
    choices: dict[str, Text] = field(default_factory=dict)  # slug -> label
    choice_marks: dict[str, Mark] = field(default_factory=dict)
    items: list[Text] = field(default_factory=list)
    proof: bool = False
    every: ByLevel | None = None
    critical: bool = False


@dataclass(slots=True)
class UseSheet:
    name: Text


@dataclass(slots=True)
class RoleSheet:
    slug: Text
    title: str
    pick: Text
    standin: list[Text]


@dataclass(slots=True)
class DeadlineSheet:
    id: Text
    title: str
    met_by: Text
    law: Text | None
    within: ByLevel | None
    start: Text | None
    warn: list[Span]
    to: list[Text]


@dataclass(slots=True)
class ReviewSheet:
    template: Text
    by: Text
    within: Span


@dataclass(slots=True)
class Sheet:
    slug: Text | None = None
    version: int = 0
    title: str = ""
    levels: dict[int, str] = field(default_factory=dict)
    topics: list[Text] = field(default_factory=list)
    roles: dict[str, RoleSheet] = field(default_factory=dict)
    broken_roles: set[str] = field(default_factory=set)
    deadlines: list[DeadlineSheet] = field(default_factory=list)
    steps: list[StepSheet | UseSheet] = field(default_factory=list)
    broken_steps: set[str] = field(default_factory=set)
    incomplete: bool = False  # a step could not be read at all: what is not found may be in it
    review: ReviewSheet | None = None


def _likely(word: str, known: Iterable[str]) -> list[str]:
    return difflib.get_close_matches(word, sorted(set(known)), n=1, cutoff=0.6)


def closest(word: str, known: Iterable[str]) -> str:
    """A hint naming the known word most like `word`; empty when none is."""
    found = _likely(word, known)
    return f"Có phải ý là “{found[0]}”?" if found else ""


def read_playbook(root: Node, file: str, faults: Faults) -> Sheet | None:
    return _Reader(faults).playbook(root, file)


def read_fragment(root: Node, file: str, sheet: Sheet, faults: Faults) -> list[StepSheet | UseSheet] | None:
    """The steps of a fragment for the levels of `sheet`, which learns what of it could not be read."""
    reader = _Reader(faults)
    reader.levels = tuple(sheet.levels)
    steps = reader.fragment(root, file)
    sheet.broken_steps |= reader.broken_steps
    sheet.incomplete = sheet.incomplete or reader.incomplete
    return steps


class _Reader:
    """Reads each kind of part; None means a fault was told."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.levels: tuple[int, ...] = ()
        self.broken_steps: set[str] = set()
        self.incomplete = False

    # ------------------------------------------------------------ the whole

    def playbook(self, root: Node, file: str) -> Sheet | None:
        if not isinstance(root, Table):
            self.faults.add(
                "PB024",
                root.mark,
                key=file.rsplit("/", 1)[-1],
                wanted="các mục “từ_khóa: giá trị”",
            )
            return None
        self.keys(root, verbs.PLAYBOOK)
        sheet = Sheet()
        sheet.slug = self.slug(root, "playbook")
        sheet.version = self.number(root, "version") or 0
        title = self.text(root, "title")
        sheet.title = title.value if title else ""
        sheet.levels = self.level_names(root)
        self.levels = tuple(sheet.levels)
        sheet.topics = self.slugs(root, "topics")
        self._roles(root, sheet)
        self._deadlines(root, sheet)
        sheet.steps = self.steps(root)
        sheet.broken_steps, sheet.incomplete = self.broken_steps, self.incomplete
        sheet.review = self._review(root)
        return sheet

    def fragment(self, root: Node, file: str) -> list[StepSheet | UseSheet] | None:
        if not isinstance(root, Table):
            self.faults.add(
                "PB024", root.mark, key=file.rsplit("/", 1)[-1], wanted="các mục “từ_khóa: giá trị”"
            )
            return None
        self.keys(root, verbs.FRAGMENT)
        return self.steps(root)

    def level_names(self, root: Table) -> dict[int, str]:
        table = self.table(root, "levels")
        if table is None:
            return {}
        names: dict[int, str] = {}
        for key, value in table.entries:
            if not re.fullmatch(r"[1-9]", key.value):
                self.faults.add("PB032", key.mark, "Cấp độ là một số: 1, 2, 3.", text=key.value)
            elif name := self.as_text(value, key.value):
                names[int(key.value)] = name.value
        if names and sorted(names) != list(range(1, len(names) + 1)):
            if not self.faults.blocking:
                self.faults.add("PB036", table.mark)
            return {}
        return dict(sorted(names.items()))

    def _roles(self, root: Table, sheet: Sheet) -> None:
        table = self.table(root, "roles")
        for key, value in table.entries if table else ():
            role = self._role(key, value)
            if role:
                sheet.roles[key.value] = role
            else:
                sheet.broken_roles.add(key.value)

    def _role(self, key: Text, value: Node) -> RoleSheet | None:
        if not self.is_slug(key) or not isinstance(value, Table):
            if not isinstance(value, Table):
                self.faults.add("PB024", value.mark, key=key.value, wanted="{title: …, pick: …}")
            return None
        self.keys(value, verbs.ROLE, key.mark)
        title, pick = self.text(value, "title"), self.slug(value, "pick")
        standin = self.slugs(value, "standin")
        return RoleSheet(key, title.value, pick, standin) if title and pick else None

    def _deadlines(self, root: Table, sheet: Sheet) -> None:
        table = self.table(root, "deadlines")
        for key, value in table.entries if table else ():
            if deadline := self._deadline(key, value):
                sheet.deadlines.append(deadline)

    def _deadline(self, key: Text, value: Node) -> DeadlineSheet | None:
        if not self.is_slug(key):
            return None
        if not isinstance(value, Table):
            self.faults.add(
                "PB024",
                value.mark,
                key=key.value,
                wanted="các mục met_by, law hoặc within…",
            )
            return None
        self.keys(value, verbs.DEADLINE, key.mark)
        if ("law" in value.index) == ("within" in value.index):
            self.faults.add("PB037", key.mark, key=key.value)
        if "within" in value.index and "title" not in value.index:
            self.faults.add("PB023", key.mark, key="title", where=verbs.DEADLINE.name)
        met_by, law = self.slug(value, "met_by"), self.slug(value, "law")
        title, within = self.text(value, "title"), self.by_level(value, "within")
        warn, to = self.spans(value, "warn"), self.slugs(value, "to")
        if warn and not to and "to" not in value.index:
            self.faults.add(
                "PB023",
                key.mark,
                "Ghi vai được báo trước.",
                key="to",
                where=verbs.DEADLINE.name,
            )
        if met_by is None:
            return None
        shown = title.value if title else "Thời hạn theo luật"
        return DeadlineSheet(key, shown, met_by, law, within, self.slug(value, "from"), warn, to)

    def _review(self, root: Table) -> ReviewSheet | None:
        table = self.table(root, "review")
        if table is None:
            return None
        self.keys(table, verbs.REVIEW, root.key("review").mark)
        template, by = self.template(table, "template"), self.slug(table, "by")
        within = self.span(table.get("within"), "within")
        return ReviewSheet(template, by, within) if template and by and within else None

    # ------------------------------------------------------------ steps

    def steps(self, root: Table) -> list[StepSheet | UseSheet]:
        listing = root.get("steps")
        if listing is None:
            self.incomplete = True
            return []
        if not isinstance(listing, Listing) or not listing.items:
            mark = listing.mark if not _empty(listing) else root.key("steps").mark
            self.faults.add(
                "PB024",
                mark,
                key="steps",
                wanted="danh sách các bước, mỗi bước bắt đầu bằng “- id:”",
            )
            self.incomplete = True
            return []
        if len(listing.items) > MAX_STEPS:
            self.faults.add("PB038", listing.items[MAX_STEPS].mark, limit=MAX_STEPS)
            self.incomplete = True
            return []
        read = [self.step(item) for item in listing.items]
        return [step for step in read if step is not None]

    def step(self, node: Node) -> StepSheet | UseSheet | None:
        if not isinstance(node, Table):
            self.faults.add("PB024", node.mark, key="steps", wanted="các bước dạng “- id: mã_bước”")
            self.incomplete = True
            return None
        if "use" in node.index:
            return self._use(node)
        step_id = self.slug(node, "id")
        verb = self._verb(node)
        if step_id is None or verb is None:
            if step_id is None and "id" not in node.index and verb is not None:
                where = verbs.STEPS[verb].name
                self.faults.add(
                    "PB023",
                    node.entries[0][0].mark,
                    "Thêm “id: ma_buoc”.",
                    key="id",
                    where=where,
                )
            self._unread(step_id)
            return None
        step = StepSheet(step_id, verb, node.mark, {key.value: key.mark for key, _ in node.entries})
        before = self.faults.errors
        self._fill(step, node)
        if self.faults.errors > before:
            self.broken_steps.add(step_id.value)
        return step

    def _unread(self, step_id: Text | None) -> None:
        if step_id:
            self.broken_steps.add(step_id.value)
        else:
            self.incomplete = True

    def _use(self, node: Table) -> UseSheet | None:
        self.keys(node, verbs.USE)
        name = self.text(node, "use")
        if name and not re.fullmatch(r"_chung/[a-z0-9-]+", name.value):
            self.faults.add(
                "PB046",
                name.mark,
                "Viết dạng “_chung/ten-thanh-phan”.",
                name=name.value,
            )
            name = None
        self.incomplete = self.incomplete or name is None
        return UseSheet(name) if name else None

    def _verb(self, node: Table) -> Verb | None:
        found = [key for key, _ in node.entries if key.value in Verb._value2member_map_]
        if len(found) == 1:
            return Verb(found[0].value)
        if found:
            self.faults.add("PB021", found[1].mark, first=found[0].value, second=found[1].value)
            return None
        known = {key for part in verbs.STEPS.values() for key in part.keys}
        for key, _ in node.entries:
            if key.value not in known:
                hint = closest(key.value, [*Verb, *known])
                self.faults.add("PB022", key.mark, hint, key=key.value, where="một bước")
                return None
        self.faults.add(
            "PB020",
            node.entries[0][0].mark if node.entries else node.mark,
            verbs=", ".join(Verb),
        )
        return None

    def _fill(self, step: StepSheet, node: Table) -> None:
        part = verbs.STEPS[step.verb]
        meant = self.keys(node, part, step.id.mark)
        step.after = self._after(node)
        self._when(step, node)
        self._target(step, node)
        self._by(step, node)
        step.within = self.by_level(node, "within") or {}
        step.ladder = self._ladder(node)
        step.ack = self._ack(step, node)
        step.via = self.slugs(node, "via")
        step.message = self.template(node, "message")
        self._choices(step, node)
        step.items = self.texts(node, "items")
        step.proof, step.critical = (
            self.flag(node, "proof"),
            self.flag(node, "critical"),
        )
        step.every = self.by_level(node, "every")
        self._channels(step)
        self._wait(step, node, meant)

    def _after(self, node: Table) -> list[Text] | None:
        names = self.slugs(node, "after")
        if "after" not in node.index or not names:
            return None
        if any(name.value == verbs.START for name in names):
            return []
        return names

    def _when(self, step: StepSheet, node: Table) -> None:
        table = self.table(node, "when")
        for key, value in table.entries if table else ():
            if key.value == "level":
                step.levels = self._levels(value)
            elif self.is_slug(key):
                step.answers[key.value] = (key.mark, self.as_slugs(value, key.value))

    def _levels(self, node: Node) -> tuple[int, ...] | None:
        chosen: set[int] = set()
        for text in self.as_list(node, "level"):
            levels = parse_levels(text.value, self.levels)
            if levels is None and self.levels:
                shown = ", ".join(map(str, self.levels))
                hint = f"Viết 2, 2+ hoặc [1, 2]; kịch bản có các cấp độ {shown}."
                self.faults.add("PB032", text.mark, hint, text=text.value)
            chosen.update(levels or ())
        return tuple(sorted(chosen)) or None

    def _target(self, step: StepSheet, node: Table) -> None:
        key = step.verb.value
        if step.verb in (Verb.ASSIGN, Verb.NOTIFY):
            step.target = self.slugs(node, key)
        elif step.verb is Verb.DRAFT:
            template = self.template(node, key)
            step.target = [template] if template else []
        elif step.verb in (Verb.TASK, Verb.ASK):
            text = self.text(node, key)
            step.target = [text] if text else []
        else:
            name = self.slug(node, key)
            step.target = [name] if name else []

    def _by(self, step: StepSheet, node: Table) -> None:
        if step.verb in (Verb.APPROVE, Verb.PUBLISH):
            step.by = self.slugs(node, "by")
        elif role := self.slug(node, "by", "một vai"):
            step.by = [role]

    def _ladder(self, node: Table) -> list[RungSheet]:
        value = node.get("else")
        if value is None:
            return []
        if not isinstance(value, Listing) or not value.items:
            mark = node.key("else").mark if _empty(value) else value.mark
            self.faults.add(
                "PB024",
                mark,
                "Ví dụ: else: [{to: thay_the}]",
                key="else",
                wanted="danh sách các nấc",
            )
            return []
        rungs = [self._rung(item) for item in value.items]
        return [rung for rung in rungs if rung]

    def _rung(self, node: Node) -> RungSheet | None:
        if not isinstance(node, Table):
            self.faults.add(
                "PB024",
                node.mark,
                "Ví dụ: {to: thay_the}",
                key="else",
                wanted="các nấc {to: …}",
            )
            return None
        self.keys(node, verbs.RUNG)
        to = self.slug(node, "to")
        after = self.span(node.get("after"), "after") if "after" in node.index else Span()
        return RungSheet(to, after) if to and after is not None else None

    def _ack(self, step: StepSheet, node: Table) -> str | int:
        default = "all" if step.verb is Verb.ASSIGN else "none"
        text = self.text(node, "ack")
        if text is None:
            return default
        if re.fullmatch(r"[1-9][0-9]{0,3}", text.value):
            return int(text.value)
        if text.value not in ("none", "any", "all"):
            hint = closest(text.value, ("none", "any", "all")) or "Viết none, any, all hoặc một số."
            self.faults.add("PB027", text.mark, hint, text=text.value, key="ack")
            return default
        return text.value

    def _choices(self, step: StepSheet, node: Table) -> None:
        table = self.table(node, "choices")
        if table is None:
            return
        for key, value in table.entries:
            if self.is_slug(key) and (label := self.as_text(value, key.value, comma=table.flow)):
                step.choices[key.value], step.choice_marks[key.value] = label, key.mark
        if len(table.entries) < 2:
            self.faults.add("PB029", table.mark)

    def _channels(self, step: StepSheet) -> None:
        if step.verb is Verb.PUBLISH:
            return
        for via in step.via:
            if via.value not in verbs.MESSAGE_CHANNELS:
                hint = closest(via.value, verbs.MESSAGE_CHANNELS) or "Dùng sms, email."
                self.faults.add("PB027", via.mark, hint, text=via.value, key="via")

    def _wait(self, step: StepSheet, node: Table, meant: set[str]) -> None:
        if step.verb is Verb.NOTIFY and step.ack == "none":
            return
        hints = {
            "within": "Thêm hạn, ví dụ “within: 30 phút”.",
            "else": "Thêm “else: [{to: thay_the}]”.",
        }
        for key, hint in hints.items():
            if key not in node.index and key not in meant:
                self.faults.add("PB028", step.id.mark, hint, key=key)

    # ------------------------------------------------------------ kinds of values

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
                hint = f"{name}: {verbs.MEANING.get(name, '')}"
                self.faults.add("PB023", mark, hint, key=name, where=part.name)
        return meant

    def table(self, parent: Table, key: str) -> Table | None:
        node = parent.get(key)
        if node is None:
            return None
        if isinstance(node, Table) and node.entries:
            return node
        if _empty(node):
            self.faults.add("PB025", parent.key(key).mark, key=key)
        else:
            self.faults.add("PB024", node.mark, key=key, wanted="các mục “từ_khóa: giá trị”")
        return None

    def text(self, parent: Table, key: str) -> Text | None:
        node = parent.get(key)
        if node is None:
            return None
        if _empty(node):
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
            return True
        hint = f"Có thể dùng “{_slugged(text.value)}”." if _slugged(text.value) else ""
        self.faults.add("PB026", text.mark, hint, text=text.value)
        return False

    def slugs(self, parent: Table, key: str) -> list[Text]:
        node = parent.get(key)
        if node is None:
            return []
        if _empty(node):
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
        if _empty(node):
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


def _empty(node: Node) -> bool:
    return isinstance(node, Text) and not node.value.strip() and node.plain


def _elsewhere(key: str) -> str:
    homes = [part.name for part in verbs.STEPS.values() if key in part.keys]
    return f"“{key}” chỉ dùng trong {', '.join(homes)}." if homes and len(homes) < len(verbs.STEPS) else ""


def _slugged(text: str) -> str:
    bare = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    ascii_only = "".join(c for c in bare if not unicodedata.combining(c)).lower()
    return re.sub(r"[^a-z0-9]+", "_", ascii_only).strip("_")
