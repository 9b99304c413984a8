"""From the marked tree of a file to its sheet: every key known, every value of its kind.

Responsible for which parts a playbook has and the limits a step must have. Knows no other file, and not whether a
name that is used exists (that is `references`).
"""

from __future__ import annotations

import re

from playbooks import verbs
from playbooks.durations import parse_levels
from playbooks.faults import Faults
from playbooks.fields import Fields, closest, is_empty
from playbooks.language import Span, Verb
from playbooks.sheets import DeadlineSheet, ReviewSheet, RoleSheet, RungSheet, Sheet, StepSheet, UseSheet
from playbooks.yamlmarks import Listing, Node, Table, Text

MAX_STEPS = 200
LONGEST_TITLE = 200


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


class _Reader(Fields):
    """Reads each part; None means a fault was told."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(faults)
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
        if title and len(title.value) > LONGEST_TITLE:
            self.faults.add("PB024", title.mark, key="title", wanted="một dòng không quá 200 ký tự")
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
            mark = listing.mark if not is_empty(listing) else root.key("steps").mark
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
            mark = node.key("else").mark if is_empty(value) else value.mark
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
                hint = closest(via.value, verbs.MESSAGE_CHANNELS) or "Dùng sms, voice, email."
                self.faults.add("PB027", via.mark, hint, text=via.value, key="via")
            elif via.value == "voice" and step.verb is Verb.NOTIFY and step.ack == "none":
                hint = "Gọi điện là để chờ bấm phím trả lời: thêm “ack”, hoặc dùng sms, email."
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
