"""The injects of a drill (tình huống bổ sung): when what is said to whom, what should follow, what is said when it does not.

From a YAML file to a script, or to its faults: file, line, column, in Vietnamese, with a hint. Reads files, never writes
one, and never raises on what a file says. Must never know an incident: whether something followed is for the record to
show.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playbooks import verbs
from playbooks.characters import decode, inspect
from playbooks.durations import length
from playbooks.faults import ERROR, Fault, Faults, Mark
from playbooks.fields import Fields, closest
from playbooks.verbs import Part
from playbooks.yamlmarks import Listing, Node, Table, Text, read

FOLDER = "drills"
LONGEST_TEXT = 240
MOST = 60
LATEST_MINUTES = 24 * 60
FOLLOWS_WITHIN = 3600  # seconds, where nothing else is said

KINDS: dict[str, str] = {
    "tin_don": "Tin lan truyền",
    "bao_chi": "Báo chí hỏi",
    "lanh_dao": "Lãnh đạo",
    "su_that": "Thông tin, số liệu thay đổi",
    "ky_thuat": "Sự cố kỹ thuật",
    "ngon_ngu": "Ngôn ngữ, người dân tộc thiểu số",
    "nguoi_dan": "Người dân hỏi",
    "khac": "Việc khác",
}
# What the record can show of itself. The rules stand in `incident/report/evidence.py`, one for each word.
EXPECTATIONS: dict[str, str] = {
    "leader_informed": "Đã báo cáo lãnh đạo",
    "leader_directed": "Đã ghi ý kiến chỉ đạo của lãnh đạo",
    "acknowledged": "Có người trả lời đã nhận",
    "stand_in_accepted": "Người thay đã nhận",
    "question_answered": "Đã trả lời một câu hỏi của kịch bản",
    "proof_kept": "Đã lưu bằng chứng",
    "statement_submitted": "Đã trình dự thảo",
    "statement_returned": "Đã trả lại dự thảo",
    "statement_approved": "Đã duyệt nội dung",
    "deputy_approved": "Người thay đã duyệt",
    "statement_released": "Đã công bố thông tin",
    "communes_told": "Đã báo các đơn vị",
    "communes_told_first": "Đã báo các đơn vị trước khi công bố",
    "enquiry_logged": "Đã ghi câu hỏi của báo chí",
    "enquiry_answered": "Đã trả lời báo chí",
    "answered_before_deadline": "Đã trả lời báo chí trước hạn của báo",
    "fact_refuted": "Đã ghi sửa thông tin vụ việc",
    "dinh_chinh_opened": "Đã mở bản đính chính hoặc gỡ nội dung",
    "level_raised": "Đã nâng cấp độ",
    "role_changed": "Đã đổi người giữ vai",
    "second_channel_used": "Đã báo bằng cách thứ hai (gọi điện, thư, gặp trực tiếp)",
    "call_recorded": "Đã gọi điện và ghi lại",
    "note_written": "Đã ghi diễn biến",
    "zalo_told": "Đã gửi nội dung vào nhóm Zalo",
}

FILE = Part("tệp tình huống diễn tập", ("injects", "title", "playbook", "objectives", "list"))
INJECT = Part("một tình huống", ("id", "at", "kind", "to", "text"), ("expect", "objective", "contingency"))
MEANING = verbs.MEANING | {
    "injects": "Mã danh sách tình huống diễn tập, trùng tên tệp.",
    "playbook": "Kịch bản được diễn tập.",
    "objectives": "Mục tiêu đánh giá: mã và nội dung.",
    "list": "Các tình huống, theo thời gian.",
    "at": "Lúc đưa tình huống ra: T+8 là phút thứ 8 kể từ lúc mở diễn tập.",
    "kind": "Loại tình huống.",
    "to": "Vai nhận tình huống.",
    "text": "Nội dung người chơi nhận được.",
}
CONTINGENCY = Part("contingency", ("after", "text"))
_ID = re.compile(r"[A-Z][0-9]{1,3}")
_AT = re.compile(r"T\+([0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class Expected:
    """`within` seconds of the drill's clock after the inject."""

    word: str
    within: int = FOLLOWS_WITHIN


@dataclass(frozen=True, slots=True)
class Inject:
    """`at`, `contingency_after`: seconds of the drill's clock, from its start and from the inject. `to`: a role."""

    id: str
    at: int
    kind: str
    to: str
    text: str
    expect: tuple[Expected, ...] = ()
    objective: str = ""
    contingency_after: int = 0
    contingency_text: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    slug: str
    title: str
    playbook: str
    objectives: dict[str, str]
    injects: tuple[Inject, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain values, for keeping: a drill runs what it was opened with. Pairs keep their order in whatever JSON."""
        return {
            "slug": self.slug, "title": self.title, "playbook": self.playbook, "objectives": [list(pair) for pair in self.objectives.items()],
            "injects": [
                {
                    "id": i.id, "at": i.at, "kind": i.kind, "to": i.to, "text": i.text, "objective": i.objective,
                    "expect": [[e.word, e.within] for e in i.expect],
                    "contingency": [i.contingency_after, i.contingency_text],
                }
                for i in self.injects
            ],
        }  # fmt: skip


NOTHING = Script("", "", "", {}, ())


def from_json(kept: Mapping[str, Any]) -> Script:
    """What `as_json` gave; of {} a script without injects."""
    if not kept:
        return NOTHING
    return Script(
        kept["slug"], kept["title"], kept["playbook"], dict(kept["objectives"]),
        tuple(
            Inject(
                i["id"], i["at"], i["kind"], i["to"], i["text"], tuple(Expected(w, s) for w, s in i["expect"]),
                i["objective"], i["contingency"][0], i["contingency"][1],
            )
            for i in kept["injects"]
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class LoadedScript:
    """`script` is None when any fault is a lỗi. `sources`: the text of the file, by its name."""

    script: Script | None
    faults: tuple[Fault, ...]
    sources: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.script is not None


def is_script(path: Path) -> bool:
    """Whether a file says that it is an inject list, or lies where they lie."""
    try:
        head = path.read_bytes()[:4096]
    except OSError:
        return False
    return path.parent.name == FOLDER or re.search(rb"^injects:", head, re.MULTILINE) is not None


def load_script(path: Path, roles: Mapping[str, Collection[str]]) -> LoadedScript:
    """Read the inject list at `path`. `roles`: of each known playbook, the roles an inject may be said to."""
    faults, file = Faults(), str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        faults.add("PB008", Mark(file, 1, 1, 0), reason=error.strerror or str(error))
        return LoadedScript(None, faults.sorted())
    text = decode(raw, file, faults)
    if text is None:
        return LoadedScript(None, faults.sorted())
    inspect(text, file, faults)
    root = None if faults.blocking else read(text, file, faults)
    script = _Reader(faults, roles).script(root, path) if root is not None else None
    found = faults.sorted()
    blocked = any(fault.severity == ERROR for fault in found)
    return LoadedScript(None if blocked else script, found, {file: text})


class _Reader(Fields):
    """Reads each part; None means a fault was told."""

    meaning = MEANING

    def __init__(self, faults: Faults, roles: Mapping[str, Collection[str]]) -> None:
        super().__init__(faults)
        self.playbooks = roles
        self.roles: Collection[str] | None = None
        self.objectives: dict[str, str] = {}
        self.ids: dict[str, int] = {}
        self.used: set[str] = set()
        self.latest = -1

    def script(self, root: Node, path: Path) -> Script | None:
        if not isinstance(root, Table):
            self.faults.add("PB024", root.mark, key=path.name, wanted="các mục “từ_khóa: giá trị”")
            return None
        self.keys(root, FILE)
        slug, title, playbook = (
            self.slug(root, "injects"),
            self.text(root, "title"),
            self.slug(root, "playbook"),
        )
        if slug and slug.value != path.stem:
            self.faults.add("PB059", slug.mark, name=slug.value)
        if playbook:
            self.roles = self.playbooks.get(playbook.value)
            if self.roles is None:
                hint = closest(playbook.value, self.playbooks)
                self.faults.add("PB100", playbook.mark, hint, name=playbook.value)
        objectives = self._objectives(root)
        injects = [one for one in map(self._inject, self._items(root)) if one]
        for key in objectives:
            if key.value not in self.used and not self.faults.blocking:
                self.faults.add("PB106", key.mark, name=key.value)
        if not (slug and title and playbook):
            return None
        return Script(slug.value, title.value, playbook.value, self.objectives, tuple(injects))

    def _objectives(self, root: Table) -> list[Text]:
        table = self.table(root, "objectives")
        keys = []
        for key, value in table.entries if table else ():
            title = self.as_text(value, key.value, comma=table is not None and table.flow)
            if self.is_slug(key) and title:
                self.objectives[key.value] = title.value
                keys.append(key)
        return keys

    def _items(self, root: Table) -> tuple[Node, ...]:
        listing = root.get("list")
        if listing is None:
            return ()
        if not isinstance(listing, Listing) or not listing.items:
            mark = root.key("list").mark
            self.faults.add(
                "PB024",
                mark,
                key="list",
                wanted="danh sách các tình huống, mỗi tình huống bắt đầu bằng “- id:”",
            )
            return ()
        if len(listing.items) > MOST:
            self.faults.add("PB107", listing.items[MOST].mark, limit=MOST)
            return ()
        return listing.items

    def _inject(self, node: Node) -> Inject | None:
        if not isinstance(node, Table):
            self.faults.add(
                "PB024", node.mark, key="list", wanted="các tình huống dạng “- {id: I1, at: T+0, …}”"
            )
            return None
        self.keys(node, INJECT)
        id, at, text = self._id(node), self._at(node), self._said(node, "text")
        kind, to = self.text(node, "kind"), self.slug(node, "to", "một vai")
        if kind and kind.value not in KINDS:
            self.faults.add(
                "PB027", kind.mark, closest(kind.value, KINDS) or _of(KINDS), text=kind.value, key="kind"
            )
        if to and self.roles is not None and to.value not in self.roles:
            self.faults.add("PB040", to.mark, closest(to.value, self.roles), name=to.value)
        objective = self._objective(node)
        after, instead = self._contingency(node)
        expect = self._expected(node, after)
        if after and not expect:
            self.faults.add("PB108", node.key("contingency").mark)
        if id is None or at is None or text is None or kind is None or to is None:
            return None
        return Inject(id, at, kind.value, to.value, text, expect, objective, after, instead)

    def _id(self, node: Table) -> str | None:
        id = self.text(node, "id")
        if id is None:
            if "id" not in node.index:
                mark = node.entries[0][0].mark if node.entries else node.mark
                self.faults.add("PB023", mark, "Thêm “id: I1”.", key="id", where=INJECT.name)
            return None
        if not _ID.fullmatch(id.value):
            self.faults.add("PB101", id.mark, "Ví dụ: I1, I2.", text=id.value)
            return None
        if id.value in self.ids:
            self.faults.add("PB102", id.mark, name=id.value, line=self.ids[id.value])
            return None
        self.ids[id.value] = id.mark.line
        return id.value

    def _at(self, node: Table) -> int | None:
        at = self.text(node, "at")
        if at is None:
            return None
        found = _AT.fullmatch(at.value)
        if not found or int(found[1]) > LATEST_MINUTES:
            self.faults.add(
                "PB103",
                at.mark,
                "Ví dụ: T+0, T+8 (phút kể từ lúc mở diễn tập, nhiều nhất T+1440).",
                text=at.value,
            )
            return None
        minutes = int(found[1])
        if minutes < self.latest:
            self.faults.add("PB104", at.mark, "Xếp các tình huống theo thời gian.", text=at.value)
        self.latest = max(self.latest, minutes)
        return minutes * 60

    def _said(self, node: Table, key: str) -> str | None:
        text = self.text(node, key)
        if text is None:
            return None
        said = " ".join(text.value.split())
        if len(said) > LONGEST_TEXT:
            self.faults.add(
                "PB109",
                text.mark,
                "Nói ngắn: người chơi đọc trên điện thoại.",
                size=len(said),
                limit=LONGEST_TEXT,
            )
            return None
        return said

    def _objective(self, node: Table) -> str:
        objective = self.slug(node, "objective")
        if objective is None:
            return ""
        if objective.value not in self.objectives:
            hint = closest(objective.value, self.objectives)
            self.faults.add("PB105", objective.mark, hint, name=objective.value)
        self.used.add(objective.value)
        return objective.value

    def _expected(self, node: Table, within: int) -> tuple[Expected, ...]:
        """A word, or a word with the time it may take; else what the contingency waits for counts."""
        listing = node.get("expect")
        if listing is None:
            return ()
        found = []
        for item in listing.items if isinstance(listing, Listing) else (listing,):
            word, span = item, None
            if isinstance(item, Table) and len(item.entries) == 1:
                word, span = item.entries[0][0], self.span(item.entries[0][1], "expect")
            if not isinstance(word, Text):
                self.faults.add("PB024", item.mark, key="expect", wanted="một từ của bảng việc cần làm")
            elif word.value not in EXPECTATIONS:
                hint = closest(word.value, EXPECTATIONS) or _of(EXPECTATIONS)
                self.faults.add("PB110", word.mark, hint, name=word.value)
            else:
                found.append(Expected(word.value, length(span) if span else within or FOLLOWS_WITHIN))
        return tuple(found)

    def _contingency(self, node: Table) -> tuple[int, str]:
        table = self.table(node, "contingency")
        if table is None:
            return 0, ""
        self.keys(table, CONTINGENCY, node.key("contingency").mark)
        span, text = self.span(table.get("after"), "after"), self._said(table, "text")
        return (length(span), text) if span and text else (0, "")


def _of(known: Collection[str]) -> str:
    return "Một trong: " + ", ".join(known) + "."
