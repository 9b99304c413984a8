"""Whether what a playbook names exists and what it asks for can happen.

Responsible for roles, steps, choices, cycles, approvals and reachability over the sheets of `shape`, fragments already
put in. Knows no file and no template. What could not be read is not complained about a second time.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from playbooks import verbs
from playbooks.durations import length, span_text
from playbooks.faults import Faults, Mark
from playbooks.fields import closest
from playbooks.language import ANCHORS, GROUP_PICKS, REMIND, STANDIN, Verb
from playbooks.sheets import RungSheet, Sheet, StepSheet
from playbooks.yamlmarks import Text

CALLED_OUT = "moi_nguoi_dia_ban"
LEAST_FOR_EVERYBODY = 15 * 60
LONGEST_SILENCE = (
    30 * 60
)  # between two rungs of an overdue step; `outcome` watches for the same in a rehearsal
_TRUTH = ("dung", "sai", "that", "gia")


@dataclass(slots=True)
class Need:
    """What must hold for a step to happen: one of `levels`, and of each question one of the answers."""

    levels: frozenset[int]
    answers: dict[str, frozenset[str]] = field(default_factory=dict)

    def meet(self, other: Need) -> Need:
        answers = dict(self.answers)
        for question, choices in other.answers.items():
            answers[question] = answers.get(question, choices) & choices
        return Need(self.levels & other.levels, answers)

    def covers(self, other: Need) -> bool:
        """True when whatever satisfies `other` satisfies this."""
        return other.levels <= self.levels and all(
            question in other.answers and other.answers[question] <= choices
            for question, choices in self.answers.items()
        )


class Graph:
    """The steps by id, what each comes after, and what it needs."""

    def __init__(self, sheet: Sheet, steps: list[StepSheet]) -> None:
        self.levels = frozenset(sheet.levels)
        self.steps = {step.id.value: step for step in reversed(steps)}
        self.order = [step.id.value for step in steps]
        self._needs: dict[str, Need] = {}
        self.before = {step.id.value: self._before(step, at, steps) for at, step in enumerate(steps)}

    def _before(self, step: StepSheet, at: int, steps: list[StepSheet]) -> list[str]:
        names = [text.value for text in self.after(step, at, steps)]
        if step.verb in (Verb.APPROVE, Verb.PUBLISH):
            names += [text.value for text in step.target]
        names += step.answers
        return [name for name in dict.fromkeys(names) if name in self.steps and name != step.id.value]

    @staticmethod
    def after(step: StepSheet, at: int, steps: list[StepSheet]) -> list[Text]:
        if step.after is not None:
            return step.after
        return [steps[at - 1].id] if at else []

    def ancestors(self, name: str) -> set[str]:
        found: set[str] = set()
        todo = [name]
        while todo:
            for parent in self.before[todo.pop()]:
                if parent not in found:
                    found.add(parent)
                    todo.append(parent)
        return found

    def cycle(self) -> list[str]:
        """One cycle of steps that wait for each other; empty when there is none."""
        state: dict[str, int] = {}
        for root in self.order:
            path: list[str] = []
            todo = [(root, iter(self.before[root]))] if not state.get(root) else []
            while todo:
                name, parents = todo[-1]
                if not state.get(name):
                    state[name] = 1
                    path.append(name)
                parent = next(parents, None)
                if parent is None:
                    state[name] = 2
                    path.pop()
                    todo.pop()
                elif state.get(parent) == 1:
                    return [*path[path.index(parent) :], parent]
                elif not state.get(parent):
                    todo.append((parent, iter(self.before[parent])))
        return []

    def need(self, name: str) -> Need:
        """Own conditions and those of what it hangs on; only for graphs without a cycle."""
        if name not in self._needs:
            self._needs[name] = self._need(name)
        return self._needs[name]

    def _need(self, name: str) -> Need:
        step = self.steps[name]
        levels = frozenset(step.levels) if step.levels else self.levels
        answers = {q: frozenset(t.value for t in texts) for q, (_, texts) in step.answers.items() if texts}
        need = Need(levels, answers)
        carriers = list(step.answers)
        if step.verb in (Verb.APPROVE, Verb.PUBLISH):
            carriers += [text.value for text in step.target]
        for carrier in carriers:
            if carrier in self.steps and carrier != name:
                need = need.meet(self.need(carrier))
        return need


def check(sheet: Sheet, steps: list[StepSheet], faults: Faults) -> Graph | None:
    """Tell every fault of reference; the graph when it has no cycle. What hangs on a wrong name is not judged."""
    before = faults.errors
    unique = _same_ids(steps, faults)
    graph = Graph(sheet, steps)
    _Names(sheet, graph, faults).check(steps)
    statements = _Statements(sheet, graph, faults)
    statements.check_drafts(steps)
    if not unique:
        return None
    if path := graph.cycle():
        _tell_cycle(path, graph, faults)
        return None
    if faults.errors == before:
        _Flow(sheet, graph, faults).check(steps)
    if faults.errors == before:
        statements.check_approvals(steps)
    return graph


def _same_ids(steps: list[StepSheet], faults: Faults) -> bool:
    seen: dict[str, Mark] = {}
    for step in steps:
        if step.id.value in seen:
            first = seen[step.id.value]
            faults.add("PB045", step.id.mark, "Đặt mã khác.", name=step.id.value, line=first.line)
        seen.setdefault(step.id.value, step.id.mark)
    return len(seen) == len(steps)


def _tell_cycle(path: list[str], graph: Graph, faults: Faults) -> None:
    """Under the first `after` of the cycle that was written, as file order alone makes none."""
    ring = [graph.steps[name] for name in graph.order if name in path]
    marks = [step.keys["after"] for step in ring if "after" in step.keys]
    mark = marks[0] if marks else ring[0].id.mark
    faults.add("PB044", mark, "Bỏ một chỗ chờ trong vòng này.", path=" → ".join(reversed(path)))


class _Names:
    """Every name that is used exists, and is of a kind that fits."""

    def __init__(self, sheet: Sheet, graph: Graph, faults: Faults) -> None:
        self.sheet, self.graph, self.faults = sheet, graph, faults
        self.used: set[str] = set()
        self.unknown: dict[
            tuple[str, str], list[Text]
        ] = {}  # by code and name: one name wrong in many places

    def check(self, steps: list[StepSheet]) -> None:
        for step in steps:
            self._step(step)
        self._deadlines()
        if self.sheet.review:
            self._role(self.sheet.review.by, "by")
        self._tell_unknown()
        whole = not self.sheet.incomplete and not self.sheet.broken_steps
        whole = whole and not any(code == "PB040" for code, _ in self.unknown)
        for role in self.sheet.roles.values() if whole else ():
            if role.slug.value not in self.used:
                self.faults.add("PB057", role.slug.mark, name=role.slug.value)

    def _step(self, step: StepSheet) -> None:
        if step.verb in (Verb.ASSIGN, Verb.NOTIFY):
            for role in step.target:
                self._role(role, step.verb.value, group=True)
        for role in step.by:
            self._role(role, "by")
        for rung in step.ladder:
            self._rung(rung, step)
        for name in step.after or ():
            self._step_name(name, step)
        self._when(step)
        self._stand_ins(step)
        self._quorum(step)
        self._everybody(step)

    def _role(self, role: Text, key: str, group: bool = False) -> None:
        self.used.add(role.value)
        sheet = self.sheet.roles.get(role.value)
        if sheet is None:
            if role.value not in self.sheet.broken_roles:
                self._unknown("PB040", role)
        elif not group and sheet.pick.value in GROUP_PICKS:
            self.faults.add("PB050", role.mark, "Chọn một vai là chức danh.", name=role.value, key=key)

    def _unknown(self, code: str, name: Text) -> None:
        self.unknown.setdefault((code, name.value), []).append(name)

    def _tell_unknown(self) -> None:
        """Each wrong name once, where it is first read, with the number of other places."""
        for (code, name), places in self.unknown.items():
            known = (*self.sheet.roles, STANDIN, REMIND) if code == "PB040" else tuple(self.graph.steps)
            intro = "Các vai đang có" if code == "PB040" else "Các bước"
            hint = closest(name, known) or _listed(intro, known)
            others = f" Còn {len(places) - 1} chỗ khác." if len(places) > 1 else ""
            self.faults.add(code, places[0].mark, f"{hint}{others}".strip(), name=name)

    def _rung(self, rung: RungSheet, step: StepSheet) -> None:
        if length(rung.after) > LONGEST_SILENCE:
            hint = "Thêm một nấc ở giữa, hoặc rút ngắn after."
            self.faults.add("PB088", rung.to.mark, hint, span=span_text(rung.after))
        if rung.to.value in (STANDIN, REMIND):
            return
        self._role(rung.to, "else")

    def _step_name(self, name: Text, step: StepSheet) -> None:
        if name.value == step.id.value:
            self.faults.add("PB044", name.mark, path=f"{name.value} → {name.value}")
        elif not self._known(name.value):
            self._unknown("PB041", name)

    def _known(self, name: str) -> bool:
        """Known, or perhaps in a part that could not be read."""
        return name in self.graph.steps or name in self.sheet.broken_steps or self.sheet.incomplete

    def _when(self, step: StepSheet) -> None:
        for question, (mark, choices) in step.answers.items():
            asked = self.graph.steps.get(question)
            if asked is None or asked.verb is not Verb.ASK:
                if asked is not None or not self._known(question):
                    asks = [name for name, s in self.graph.steps.items() if s.verb is Verb.ASK]
                    self.faults.add("PB042", mark, closest(question, [*asks, "level"]), name=question)
                continue
            for choice in choices:
                if choice.value not in asked.choices and question not in self.sheet.broken_steps:
                    hint = closest(choice.value, asked.choices) or _listed("Các lựa chọn", asked.choices)
                    self.faults.add("PB043", choice.mark, hint, choice=choice.value, step=question)

    def _stand_ins(self, step: StepSheet) -> None:
        actors = step.target if step.verb in (Verb.ASSIGN, Verb.NOTIFY) else step.by
        roles = [self.sheet.roles[text.value] for text in actors if text.value in self.sheet.roles]
        posts = [role for role in roles if role.pick.value not in GROUP_PICKS]
        bare = [role.slug.value for role in posts if not role.standin]
        if step.verb is Verb.ASSIGN:
            for text in step.target:
                if text.value in bare:
                    self.faults.add("PB048", text.mark, "Thêm standin: […] cho vai này.", name=text.value)
        for rung in step.ladder:
            if rung.to.value == STANDIN and bare and step.verb is not Verb.ASSIGN:
                hint = "Thêm standin: […] cho vai này, hoặc báo một vai khác."
                self.faults.add("PB049", rung.to.mark, hint, name=bare[0])

    def _quorum(self, step: StepSheet) -> None:
        roles = [self.sheet.roles.get(text.value) for text in step.target]
        posts = all(role and role.pick.value not in GROUP_PICKS for role in roles)
        if isinstance(step.ack, int) and roles and posts and step.ack > len(roles):
            self.faults.add("PB058", step.keys["ack"], wanted=step.ack, total=len(roles))

    def _everybody(self, step: StepSheet) -> None:
        roles = (self.sheet.roles.get(text.value) for text in step.target)
        if step.ack == "none" or not any(role and role.pick.value == CALLED_OUT for role in roles):
            return
        short = [span for span in step.within.values() if length(span) < LEAST_FOR_EVERYBODY]
        if short and step.verb in (Verb.ASSIGN, Verb.NOTIFY):
            self.faults.add("PB087", step.keys["within"], span=span_text(min(short, key=length)))

    def _deadlines(self) -> None:
        for deadline in self.sheet.deadlines:
            if not self._known(deadline.met_by.value):
                self._unknown("PB041", deadline.met_by)
            if deadline.law and deadline.law.value not in verbs.LAWS:
                hint = closest(deadline.law.value, verbs.LAWS) or _listed("Đang có", verbs.LAWS)
                self.faults.add("PB051", deadline.law.mark, hint, name=deadline.law.value)
            start = deadline.start
            if start and start.value not in ANCHORS and not self._known(start.value):
                hint = closest(start.value, [*ANCHORS, *self.graph.steps])
                self.faults.add("PB047", start.mark, hint, name=start.value)
            for role in deadline.to:
                self._role(role, "to")


class _Statements:
    """Nothing is published that was not approved by somebody else than its drafter."""

    def __init__(self, sheet: Sheet, graph: Graph, faults: Faults) -> None:
        self.sheet, self.graph, self.faults = sheet, graph, faults

    def check_drafts(self, steps: list[StepSheet]) -> None:
        for step in steps:
            draft = self._draft(step)
            if draft and step.verb is Verb.APPROVE:
                self._not_the_drafter(step, draft)

    def check_approvals(self, steps: list[StepSheet]) -> None:
        for step in steps:
            if step.verb is Verb.PUBLISH and (draft := self._draft(step)):
                self._approved_before(step, draft)

    def _draft(self, step: StepSheet) -> StepSheet | None:
        if step.verb not in (Verb.APPROVE, Verb.PUBLISH) or not step.target:
            return None
        name = step.target[0]
        draft = self.graph.steps.get(name.value)
        if draft is not None and draft.verb is Verb.DRAFT:
            return draft
        if name.value not in self.sheet.broken_steps and not (draft is None and self.sheet.incomplete):
            drafts = [key for key, value in self.graph.steps.items() if value.verb is Verb.DRAFT]
            hint = closest(name.value, drafts) or _listed("Các bước draft", drafts)
            self.faults.add("PB060", name.mark, hint, name=name.value)
        return None

    def _not_the_drafter(self, step: StepSheet, draft: StepSheet) -> None:
        drafters = {text.value for text in draft.by}
        for approver in step.by:
            if approver.value in drafters:
                hint = "Người soạn không được tự duyệt; chọn vai khác."
                self.faults.add("PB061", approver.mark, hint, name=approver.value, draft=draft.id.value)

    def _approved_before(self, step: StepSheet, draft: StepSheet) -> None:
        ancestors = self.graph.ancestors(step.id.value)
        approvals = [
            other
            for name in ancestors
            if (other := self.graph.steps[name]).verb is Verb.APPROVE
            and [text.value for text in other.target] == [draft.id.value]
        ]
        if not approvals:
            if not self.sheet.broken_steps and not self.sheet.incomplete:
                hint = f"Thêm bước “approve: {draft.id.value}” và đặt “after:” vào bước đó."
                self.faults.add("PB062", step.target[0].mark, hint, draft=draft.id.value)
            return
        need = self.graph.need(step.id.value)
        if not any(self.graph.need(other.id.value).covers(need) for other in approvals):
            hint = "Đặt cùng điều kiện when cho hai bước."
            names = {"approve": approvals[0].id.value, "publish": step.id.value}
            self.faults.add("PB063", step.id.mark, hint, **names)


class _Flow:
    """Every step can happen, every limit is there for the levels it can happen at, every choice leads somewhere."""

    def __init__(self, sheet: Sheet, graph: Graph, faults: Faults) -> None:
        self.sheet, self.graph, self.faults = sheet, graph, faults

    def check(self, steps: list[StepSheet]) -> None:
        for step in steps:
            if step.id.value in self.sheet.broken_steps:
                continue
            need = self.graph.need(step.id.value)
            if not self._possible(step, need):
                continue
            for key, spans in (("within", step.within), ("every", step.every)):
                if key in step.keys and spans is not None:
                    self._levels_covered(step, key, spans.keys(), need.levels)
        whole = not self.sheet.broken_steps and not self.sheet.incomplete
        for step in steps if whole else ():
            if step.verb is Verb.ASK:
                self._choices(step, steps)

    def _possible(self, step: StepSheet, need: Need) -> bool:
        mark = step.keys.get("when", step.id.mark)
        if self.graph.levels and not need.levels:
            reason = "không cấp độ nào thỏa mọi điều kiện"
            self.faults.add("PB053", mark, step=step.id.value, reason=reason)
            return False
        for question, choices in need.answers.items():
            if not choices and question in self.graph.steps:
                reason = f"các điều kiện đòi câu trả lời khác nhau của “{question}”"
                self.faults.add("PB053", mark, step=step.id.value, reason=reason)
                return False
        return True

    def _levels_covered(
        self, step: StepSheet, key: str, given: Iterable[int], needed: frozenset[int]
    ) -> None:
        missing = sorted(needed - set(given))
        if missing:
            hint = "Thêm thời gian cho cấp độ này, hoặc giới hạn bước bằng when: {level: …}."
            self.faults.add("PB033", step.keys[key], hint, key=key, level=missing[0])

    def _choices(self, step: StepSheet, steps: list[StepSheet]) -> None:
        name = step.id.value
        used = {t.value for s in steps if name in s.answers for t in s.answers[name][1]}
        truth = _asks_for_truth(step)
        if not used and not truth:
            self.faults.add("PB056", step.keys["ask"])
            return
        if len(step.choices) == 2 and not truth:
            return  # "yes" leads somewhere, "no" leads on
        for choice, label in step.choices.items():
            if choice in used:
                continue
            mark = step.choice_marks[choice]
            if truth and _says_true(choice, label.value):
                hint = f"Thêm bước có “when: {{{name}: {choice}}}”: thông tin đúng cũng phải có người xử lý."
                self.faults.add("PB055", mark, hint, label=label.value)
            else:
                self.faults.add("PB054", mark, choice=choice)


def _asks_for_truth(step: StepSheet) -> bool:
    words = [_words(f"{choice} {label.value}") for choice, label in step.choices.items()]
    said = {word for choice in words for word in choice}
    text = _words(step.target[0].value) if step.target else []
    asked = any(word in text for word in ("dung", "that"))
    return asked and {"dung", "that"} & said != set() and bool(said & set(_TRUTH))


def _says_true(choice: str, label: str) -> bool:
    first = _words(label)[:1]
    return first == ["dung"] or choice in ("dung", "that", "mot_phan")


def _words(text: str) -> list[str]:
    bare = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    bare = "".join(c if c.isalnum() else " " for c in bare if not unicodedata.combining(c))
    return bare.split()


def _listed(intro: str, names: Iterable[str]) -> str:
    listed = ", ".join(sorted(names)[:8])
    return f"{intro}: {listed}." if listed else ""
