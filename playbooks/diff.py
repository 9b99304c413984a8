"""What has changed between two versions of a playbook, in sentences a press officer reads: steps, roles, limits, texts.

Responsible for what is compared and how it is said, in Vietnamese and in English. Places in the file, order of keys and
comments are no change. Knows no file and no run; `hindrances` says which steps keep a run from another version.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from playbooks.durations import span_text
from playbooks.language import ByLevel, Deadline, Playbook, Role, Span, Step

# Each word of a change: Vietnamese, English.
WORDS: dict[str, tuple[str, str]] = {
    "playbook": ("Kịch bản", "The playbook"),
    "level": ("Cấp độ {name}", "Level {name}"),
    "role": ("Vai {name}", "The role {name}"),
    "deadline": ("Thời hạn {name}", "The deadline {name}"),
    "step": ("Bước {name}", "The step {name}"),
    "template": ("Mẫu {name}", "The template {name}"),
    "review": ("Rút kinh nghiệm", "The review"),
    "new": ("{subject}: thêm mới", "{subject}: new"),
    "new_after": ("{subject}: thêm mới, sau bước {before}", "{subject}: new, behind {before}"),
    "gone": ("{subject}: bỏ", "{subject}: gone"),
    "moved": ("{subject}: chuyển chỗ, nay sau bước {before}", "{subject}: moved, now behind {before}"),
    "moved_first": ("{subject}: chuyển lên đầu", "{subject}: moved to the top"),
    "lines": (
        "{subject}: thêm {added} dòng, bỏ {removed} dòng",
        "{subject}: {added} lines added, {removed} removed",
    ),
    "changed": ("{subject}: {what} từ {before} thành {after}", "{subject}: {what} from {before} to {after}"),
    "added": ("{subject}: thêm {what} {after}", "{subject}: {what} {after} added"),
    "removed": ("{subject}: bỏ {what} {before}", "{subject}: {what} {before} removed"),
    "at_level": ("{what} cấp {level}", "{what} at level {level}"),
    "title": ("tên", "title"),
    "topics": ("lĩnh vực", "topics"),
    "pick": ("người giữ", "holder"),
    "standin": ("người thay", "stand-ins"),
    "verb": ("việc", "verb"),
    "target": ("nội dung", "object"),
    "by": ("người làm", "actors"),
    "after": ("đi sau", "comes after"),
    "when": ("điều kiện", "condition"),
    "within": ("hạn", "limit"),
    "else": ("khi quá hạn", "when late"),
    "ack": ("số người phải trả lời", "answers needed"),
    "via": ("đường gửi", "channels"),
    "message": ("mẫu tin", "message"),
    "choices": ("lựa chọn", "choices"),
    "items": ("mục việc", "items"),
    "proof": ("minh chứng", "proof"),
    "every": ("lặp lại mỗi", "repeated every"),
    "critical": ("mức khẩn", "urgency"),
    "law": ("thời hạn luật", "legal clock"),
    "from": ("tính từ", "counted from"),
    "met_by": ("xong khi xong bước", "met by"),
    "warn": ("báo trước", "warnings"),
    "to": ("báo cho", "told to"),
    "start": ("lúc bắt đầu", "the start"),
    "yes": ("có", "yes"),
    "at_once": ("ngay khi quá hạn", "at once"),
    "later": ("sau {span} nữa", "{span} later"),
    "whatever": ("ở mọi cấp", "any level"),
    "levels": ("cấp {levels}", "level {levels}"),
    "or": (" hoặc ", " or "),
}
UNITS = {
    "ngày làm việc": "working days",
    "ngày": "days",
    "giờ": "hours",
    "phút": "minutes",
    "giây": "seconds",
}
Aspects = dict[str, str | dict[int, str]]


@dataclass(frozen=True, slots=True)
class Change:
    """One sentence. `kind`: playbook, level, role, deadline, step, place, template, review; `subject` its id, "" for the whole."""

    kind: str
    subject: str
    text: str

    def __str__(self) -> str:
        return self.text


def changes(before: Playbook, after: Playbook, english: bool = False) -> list[Change]:
    """Everything that differs in meaning, from the whole to the small; empty when nothing does. The number of the
    version is not looked at."""
    return list(_Comparing(before, after, english).all())


def hindrances(
    before: Playbook, after: Playbook, begun: Collection[str], english: bool = False
) -> list[Change]:
    """What keeps a run in which the steps `begun` have begun from going on with `after`: each such step that is no
    longer the same, and each role that one of them asks and that has another holder."""
    roles = {slug for id in begun if (step := _step(before, id)) for slug in (*step.by, *_called(step))}
    return [
        change
        for change in changes(before, after, english)
        if (change.kind == "step" and change.subject in begun)
        or (change.kind == "role" and change.subject in roles)
    ]


def _step(playbook: Playbook, id: str) -> Step | None:
    return next((step for step in playbook.steps if step.id == id), None)


def _called(step: Step) -> tuple[str, ...]:
    return step.target if step.verb in ("assign", "notify") else ()


class _Comparing:
    def __init__(self, before: Playbook, after: Playbook, english: bool) -> None:
        self.before, self.after, self.english = before, after, english

    def all(self) -> Iterator[Change]:
        old, new = self.before, self.after
        yield from self.aspects("playbook", "", _whole(old), _whole(new))
        yield from self.named("level", _levels(old), _levels(new), {})
        yield from self.named("role", self.roles(old), self.roles(new), {})
        yield from self.named("deadline", self.deadlines(old), self.deadlines(new), {})
        yield from self.named("step", self.steps(old), self.steps(new), _places(new))
        yield from self.moved()
        yield from self.aspects("review", "", self.review(old), self.review(new))
        yield from self.templates()

    def say(self, word: str, **slots: object) -> str:
        return WORDS[word][self.english].format(**slots)

    def subject(self, kind: str, name: str) -> str:
        return self.say(kind, name=name)

    # ------------------------------------------------------------ comparing

    def named(
        self, kind: str, old: Mapping[str, Aspects], new: Mapping[str, Aspects], places: Mapping[str, str]
    ) -> Iterator[Change]:
        for name in new:
            if name in old:
                yield from self.aspects(kind, name, old[name], new[name])
            else:
                place = places.get(name)
                word = "new_after" if place else "new"
                yield Change(kind, name, self.say(word, subject=self.subject(kind, name), before=place))
        for name in old:
            if name not in new:
                yield Change(kind, name, self.say("gone", subject=self.subject(kind, name)))

    def aspects(self, kind: str, name: str, old: Aspects, new: Aspects) -> Iterator[Change]:
        for what in dict.fromkeys((*old, *new)):
            for label, before, after in self.by_level(what, old.get(what, ""), new.get(what, "")):
                if before != after:
                    word = "changed" if before and after else "added" if after else "removed"
                    said = self.say(
                        word, subject=self.subject(kind, name), what=label, before=before, after=after
                    )
                    yield Change(kind, name, said)

    def by_level(
        self, what: str, old: str | dict[int, str], new: str | dict[int, str]
    ) -> Iterator[tuple[str, str, str]]:
        """One pair where all levels change alike, else one a level."""
        label = WORDS[what][self.english]
        if isinstance(old, str) and isinstance(new, str):
            yield label, old, new
            return
        one, other = (value if isinstance(value, dict) else {} for value in (old, new))
        levels = sorted({*one, *other})
        pairs = {(one.get(level, ""), other.get(level, "")) for level in levels}
        if len(pairs) == 1:
            yield label, *pairs.pop()
            return
        for level in levels:
            yield self.say("at_level", what=label, level=level), one.get(level, ""), other.get(level, "")

    def moved(self) -> Iterator[Change]:
        """Steps that stand elsewhere among those that both versions have."""
        known = {step.id for step in self.before.steps} & {step.id for step in self.after.steps}
        old, new = ([step.id for step in p.steps if step.id in known] for p in (self.before, self.after))
        stayed = {
            id
            for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
            for id in new[block.b : block.b + block.size]
        }
        for id in new:
            if id not in stayed:
                place = _places(self.after)[id]
                word = "moved" if place else "moved_first"
                yield Change("place", id, self.say(word, subject=self.subject("step", id), before=place))

    def templates(self) -> Iterator[Change]:
        old, new = self.before.templates, self.after.templates
        for name in sorted({*old, *new}):
            subject = self.subject("template", name)
            if name not in old or name not in new:
                yield Change("template", name, self.say("new" if name in new else "gone", subject=subject))
            elif old[name] != new[name]:
                one, other = old[name].splitlines(), new[name].splitlines()
                same = sum(
                    b.size for b in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
                )
                counted = {"added": len(other) - same, "removed": len(one) - same}
                yield Change("template", name, self.say("lines", subject=subject, **counted))

    # ------------------------------------------------------------ what is compared, in words

    def roles(self, playbook: Playbook) -> dict[str, Aspects]:
        return {slug: self.role(role) for slug, role in playbook.roles.items()}

    def deadlines(self, playbook: Playbook) -> dict[str, Aspects]:
        return {one.id: self.deadline(one) for one in playbook.deadlines}

    def steps(self, playbook: Playbook) -> dict[str, Aspects]:
        return {step.id: self.step(step) for step in playbook.steps}

    def role(self, role: Role) -> Aspects:
        return {"title": _quoted(role.title), "pick": role.pick, "standin": _listed(role.standin)}

    def deadline(self, one: Deadline) -> Aspects:
        return {
            "title": _quoted(one.title), "law": one.law or "", "within": self.spans(one.within), "from": one.start,
            "met_by": one.met_by, "warn": _listed(tuple(map(self.span, one.warn))), "to": _listed(one.to),
        }  # fmt: skip

    def step(self, step: Step) -> Aspects:
        text = step.verb in ("task", "ask")
        return {
            "verb": step.verb.value,
            "target": _quoted(step.text) if text else _listed(step.target),
            "by": _listed(step.by),
            "after": _listed(step.after) or self.say("start"),
            "when": self.when(step),
            "within": self.spans(step.within),
            "else": ", ".join(self.rung(rung.to, rung.after) for rung in step.ladder),
            "ack": "" if step.ack == "none" else str(step.ack),
            "via": _listed(step.via),
            "message": step.message or "",
            "choices": ", ".join(f"{key} “{label}”" for key, label in step.choices.items()),
            "items": ", ".join(map(_quoted, step.items)),
            "proof": self.say("yes") if step.proof else "",
            "every": self.spans(step.every),
            "critical": self.say("yes") if step.critical else "",
        }

    def when(self, step: Step) -> str:
        levels = step.when.levels
        said = [
            self.say("whatever") if levels is None else self.say("levels", levels=_listed(map(str, levels)))
        ]
        said += [f"{q}: {self.say('or').join(choices)}" for q, choices in step.when.answers.items()]
        return ", ".join(said)

    def rung(self, to: str, after: Span) -> str:
        when = self.say("later", span=self.span(after)) if after != Span() else self.say("at_once")
        return f"{to} {when}"

    def review(self, playbook: Playbook) -> Aspects:
        one = playbook.review
        return {"target": one.template, "by": one.by, "within": self.span(one.within)} if one else {}

    def spans(self, spans: ByLevel | None) -> dict[int, str]:
        return {level: self.span(span) for level, span in sorted((spans or {}).items())}

    def span(self, span: Span) -> str:
        text = span_text(span)
        if not self.english:
            return text
        number, unit = text.split(" ", 1)
        return f"{number} {UNITS[unit] if number != '1' else UNITS[unit].removesuffix('s')}"


def _whole(playbook: Playbook) -> Aspects:
    return {"title": _quoted(playbook.title), "topics": _listed(playbook.topics)}


def _levels(playbook: Playbook) -> dict[str, Aspects]:
    return {str(level): {"title": _quoted(name)} for level, name in playbook.levels.items()}


def _places(playbook: Playbook) -> dict[str, str]:
    """Each step with the one that stands before it."""
    ids = [step.id for step in playbook.steps]
    return dict(zip(ids, ["", *ids], strict=False))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _quoted(text: str) -> str:
    return f"“{text}”"
