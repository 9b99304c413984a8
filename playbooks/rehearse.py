"""A rehearsal: the real engine on a clock that jumps, with simulated people.

Responsible for who does what when asked, for the lines a rehearsal prints, and for whether what was expected came true.
Sends nothing and knows no directory: a person is the post (`pick`) that would hold the role, a group is five parties.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from playbooks.engine import EngineRefusal, advance
from playbooks.language import Playbook, Step, Verb
from playbooks.messages import Personal
from playbooks.outcome import Clock, Line, Outcome, Silence, Stuck, broken_rules, moment, never_told
from playbooks.outgoing import Outgoing, sms_parts
from playbooks.run import ACTIVE, DONE, NOT_NEEDED, OPEN, SKIPPED, STUCK, Run
from playbooks.scenario import (
    DECLINES,
    SILENT,
    Behaviour,
    Expectation,
    Planned,
    Scenario,
    ScenarioFault,
    builtin,
    load_scenario,
    simple,
)
from playbooks.signals import (
    Acknowledged,
    Answered,
    Approved,
    AskApproval,
    AudienceFrozen,
    Declined,
    Edited,
    Effect,
    Event,
    Holders,
    LawClock,
    LevelChanged,
    Notify,
    OpenDraft,
    OpenTask,
    Published,
    Record,
    Redone,
    Remind,
    Returned,
    Skipped,
    Started,
    Submitted,
    Summon,
    Ticked,
    TimePassed,
    Warn,
)
from playbooks.watch import Watch

__all__ = [
    "Line",
    "Outcome",
    "Scenario",
    "ScenarioFault",
    "builtin",
    "load_scenario",
    "run_scenario",
    "simple",
]

OPENED = datetime(2026, 7, 20, 19, 0, tzinfo=UTC)  # a Tuesday, two in the morning in Vietnam
GROUP_SIZE = 5
LONGEST = 8 * 86400
# Where a rehearsal is broken off: the busiest of the library looks at its clock 400 times.
MOST_LOOKS, MOST_EFFECTS = 2_000, 20_000
ENDLESS = "diễn thử dừng giữa chừng vì có quá nhiều việc: xem lại các dòng every"
# Nobody reads the legal basis here: a rehearsal counts with the clock most kinds have.
USUAL_LAW = LawClock("accepted_at", 24, "NĐ 244/2026/NĐ-CP")
CHANNELS = {"sms": "SMS", "voice": "gọi điện tự động", "email": "thư điện tử"}
REASONS = {
    "overdue": "quá hạn, báo",
    "stuck": "quá hạn, chưa có người xử lý, báo",
    "unanswered": "không còn người thay, báo",
    "approaching": "sắp đến thời hạn, báo",
    "missed": "đã quá thời hạn, báo",
}


def run_scenario(playbook: Playbook, scenario: Scenario) -> Outcome:
    """Rehearse until everything has ended or waits for the call list, eight days at most."""
    if scenario.level not in playbook.levels:
        return Outcome((), (f"kịch bản không có cấp độ {scenario.level}",), Run())
    stage = _Stage(playbook, scenario)
    stage.play()
    return stage.outcome()


def _seconds(at: datetime) -> int:
    """After the opening."""
    return (at - OPENED) // timedelta(seconds=1)


# ---------------------------------------------------------------- the stage

Reaction = Callable[[], Event | None]


class _Stage:
    """The clock, the people and the run of one rehearsal."""

    def __init__(self, playbook: Playbook, scenario: Scenario) -> None:
        self.playbook = playbook
        self.scenario = scenario
        self.now = OPENED
        self.lines: list[Line] = []
        self.outgoing = Outgoing(playbook, OPENED, GROUP_SIZE)
        self.watch = Watch()
        self.stuck: dict[str, datetime] = {}
        self.told: set[str] = set()
        self.reminded: set[tuple[str, int, str]] = set()
        self.unapproved: set[str] = set()  # approvals that were missing when a text went out
        self.done: dict[str, datetime] = {}
        self.planned = sorted(scenario.events, key=lambda event: event.at)
        self.agenda: list[tuple[datetime, int, Reaction]] = []
        self.order = 0
        self.looks = self.effects = 0
        self.revision = 0
        self.run = self._tell(None, self._opening())

    def _opening(self) -> Started:
        anchors = {"opened_at": 0} | self.scenario.anchors
        named = {deadline.law for deadline in self.playbook.deadlines if deadline.law}
        laws = dict.fromkeys(named, USUAL_LAW) if self.scenario.kinds else {}
        roles = {
            slug: Holders(group=True) if role.is_group else Holders((role.pick,), role.standin)
            for slug, role in self.playbook.roles.items()
        }
        times = {name: OPENED + timedelta(seconds=seconds) for name, seconds in anchors.items()}
        return Started(self.scenario.level, times, roles, laws)

    def play(self) -> None:
        while (moment := self._next()) is not None and moment <= OPENED + timedelta(seconds=LONGEST):
            self.now = max(self.now, self._awake(moment))
            self.looks += 1
            if self._endless():
                return
            for reaction in self._due():
                self._say(reaction())
            self._play_planned()
            if self.run.wake_at is not None and self.run.wake_at <= self.now:
                self._say(TimePassed())
            if self._over():
                return

    def _endless(self) -> bool:
        return self.looks > MOST_LOOKS or self.effects > MOST_EFFECTS

    # ------------------------------------------------------------ time

    def _next(self) -> datetime | None:
        moments = [self.run.wake_at, self.agenda[0][0] if self.agenda else None]
        moments += [self._time(event.at) for event in self.planned if self._time(event.at) > self.now]
        return min((moment for moment in moments if moment is not None), default=None)

    def _time(self, seconds: int) -> datetime:
        return OPENED + timedelta(seconds=seconds)

    def _awake(self, moment: datetime) -> datetime:
        """While the system is down nothing is heard and nothing is swept; it all comes when it is up again."""
        outage = self._down()
        return outage[1] if outage and outage[0] <= moment < outage[1] else moment

    def _due(self) -> Iterable[Reaction]:
        while self.agenda and self.agenda[0][0] <= self.now:
            yield heapq.heappop(self.agenda)[2]

    def _over(self) -> bool:
        """Nobody will say anything more, every clock has spoken, and what is open only waits for the call list."""
        clocks = self.run.deadlines.values()
        ahead = any(self._time(event.at) > self.now for event in self.planned)
        if (
            ahead
            or self.agenda
            or any(c.applies and c.due and not c.met_at and not c.missed_at for c in clocks)
        ):
            return False
        return all(state.state != ACTIVE for state in self.run.steps.values())

    # ------------------------------------------------------------ saying and hearing

    def _say(self, event: Event | None) -> None:
        if event is None:
            return
        if isinstance(event, Published):
            self._check_release(event)
        try:
            self.run = self._tell(self.run, event)
        except EngineRefusal:
            return  # somebody else was faster, or the text has changed meanwhile: as in life, it does not count

    def _tell(self, run: Run | None, event: Event) -> Run:
        after, effects = advance(self.playbook, run, event, self.now)
        self.run = after
        self.effects += len(effects)
        self.outgoing.take(effects, after, self.now)
        self.watch.look(after, self.outgoing.reached, self.now)
        for effect in effects:
            self._hear(effect)
        return after

    def _hear(self, effect: Effect) -> None:
        if isinstance(effect, Record):
            self._note(effect)
        elif isinstance(effect, Personal):
            if self._repeats_itself(effect):
                return
            self.told |= {effect.role, effect.person or effect.role}
            text = _sentence(self.playbook, effect, self._clock(effect.due))
            self._line(text, effect.role, effect.person or "")
            if isinstance(effect, Summon | Notify):
                self._expect_answer(effect)
            elif isinstance(effect, OpenTask | OpenDraft | AskApproval):
                self._expect_act(effect)

    def _repeats_itself(self, effect: Effect) -> bool:
        """The reminder of stuck steps comes every half hour for ever; once is enough to read."""
        if not isinstance(effect, Warn) or effect.reason != "stuck":
            return False
        mark = (effect.id, effect.activation, effect.person)
        known = mark in self.reminded
        self.reminded.add(mark)
        return known

    def _line(self, text: str, role: str = "", person: str = "") -> None:
        self.lines.append(Line(_seconds(self.now), text, role, person))

    def _clock(self, due: datetime | None) -> str:
        return f", trước {moment(_seconds(due))}" if due else ""

    def _note(self, record: Record) -> None:
        if record.kind == "step_done":
            id = str(record.data["step"])
            self.done.setdefault(id, self.run.steps[id].done_at or self.now)
        text = NOTES.get(record.kind)
        if text is None:
            return
        if record.kind == "step_stuck":
            self.stuck.setdefault(str(record.data["step"]), self.now)
        if record.kind == "deadline_met" and _late(record):
            text = "xong sau thời hạn {}"
        subject = str(record.data.get("step") or record.data.get("deadline") or "")
        result = record.data.get("result")
        choice = f" ({result})" if result else ""
        self._line(text.format(subject) + choice)

    # ------------------------------------------------------------ what it came to

    def outcome(self) -> Outcome:
        messages = tuple(sorted(self.outgoing.messages, key=lambda message: message.at))
        silences = tuple(
            Silence(step, _seconds(start), _seconds(end))
            for step, start, end in self.watch.silences(self.now, self._down())
        )
        rules = broken_rules(messages, silences)
        return Outcome(
            lines=tuple(self.lines),
            faults=(
                *((ENDLESS,) if self._endless() else ()),
                *self.unplayed(),
                *_unmet(self, self.scenario.expect),
                *rules,
            ),
            run=self.run,
            messages=messages,
            held_back=tuple(self.outgoing.held_back),
            clocks=tuple(self._clocks()),
            stuck=tuple(
                Stuck(step, _seconds(at), self.run.steps[step].state == STUCK)
                for step, at in self.stuck.items()
            ),
            silences=silences,
            never_told=never_told(self.playbook, self.told),
        )

    def _clocks(self) -> Iterable[Clock]:
        for deadline in self.playbook.deadlines:
            state = self.run.deadlines[deadline.id]
            if state.applies:
                due = _seconds(state.due) if state.due else None
                met = _seconds(state.met_at) if state.met_at else None
                yield Clock(
                    deadline.id,
                    deadline.title,
                    deadline.law is not None,
                    due,
                    met,
                    state.missed_at is not None,
                )

    def _down(self) -> tuple[datetime, datetime] | None:
        if self.scenario.outage is None:
            return None
        start, length = self.scenario.outage
        return self._time(start), self._time(start + length)

    # ------------------------------------------------------------ what people do

    def _behaviour(self, role: str, person: str | None) -> Behaviour:
        """A person behaves as their role does; a stand-in as `others`, unless named by post."""
        named = self.scenario.people
        if person is None:
            return named.get(role, self.scenario.others)
        if person in named:
            return named[person]
        holding = [slug for slug, held in self.playbook.roles.items() if held.pick == person]
        return next((named[slug] for slug in holding if slug in named), self.scenario.others)

    def _later(self, seconds: int, reaction: Reaction) -> None:
        self.order += 1
        heapq.heappush(self.agenda, (self.now + timedelta(seconds=seconds), self.order, reaction))

    def _expect_answer(self, effect: Summon | Notify) -> None:
        if isinstance(effect, Notify) and not effect.ack:
            return
        step, activation, person = effect.step, effect.activation, effect.person
        count = 1 if person else GROUP_SIZE
        if person is None:
            self._later(0, lambda: AudienceFrozen(step, activation, GROUP_SIZE))
        how = self._behaviour(effect.role, person)
        if how.how == DECLINES:
            self._later(how.seconds, lambda: Declined(step, activation, person, count))
        elif how.how != SILENT:
            self._later(how.seconds, lambda: Acknowledged(step, activation, person, count))

    def _expect_act(self, effect: OpenTask | OpenDraft | AskApproval) -> None:
        how = self._behaviour(effect.role, effect.person)
        step, activation, person = effect.step, effect.activation, effect.person
        if how.how == DECLINES:
            self._later(how.seconds, lambda: Declined(step, activation, person))
        elif how.how != SILENT:
            self._later(how.seconds, lambda: self._act(step, activation, person))

    def _act(self, id: str, activation: int, person: str) -> Event | None:
        """What this person does with the step now; None when it is no longer theirs or the scenario plans it."""
        state = self.run.steps[id]
        if state.state not in OPEN or state.activation != activation or self._is_planned(id):
            return None
        step = self.playbook.step(id)
        return ACTS[step.verb](self, step, person) if step.verb in ACTS else None

    def _is_planned(self, id: str) -> bool:
        return any(event.step == id and event.what in ("answer", "return") for event in self.planned)

    def submit(self, step: Step, person: str) -> Event:
        self.revision += 1
        name = f"r{self.revision}"
        return Submitted(step.id, person, name, hashlib.sha256(name.encode()).hexdigest(), (person,))

    def approve(self, step: Step, person: str) -> Event:
        draft = self.run.steps[step.text]
        return Approved(step.id, person, draft.revision or "", draft.sha256 or "")

    def publish(self, step: Step, person: str) -> Event:
        return Published(step.id, person, self.run.steps[step.text].sha256 or "", self.now)

    def answer(self, step: Step, person: str) -> Event:
        return Answered(step.id, person, next(iter(step.choices)))

    def tick(self, step: Step, person: str) -> Event:
        return Ticked(step.id, person, tuple(range(len(step.items))), proof=True)

    def _check_release(self, event: Published) -> None:
        """Looked at from outside, before the engine is asked: which approvals does this text not have?"""
        text = self.playbook.step(event.step).text
        for step in self.playbook.steps:
            if step.verb is Verb.APPROVE and step.text == text and self.run.steps[step.id].state != DONE:
                self.unapproved.add(step.id)

    # ------------------------------------------------------------ what the scenario plans

    def _play_planned(self) -> None:
        """Each as soon after its minute as it can happen."""
        for event in list(self.planned):
            if self._time(event.at) <= self.now and (said := self._planned_event(event)) is not None:
                before = self.run
                self._say(said)
                if self.run != before:
                    self.planned.remove(event)

    def _planned_event(self, event: Planned) -> Event | None:
        if event.what == "level":
            return LevelChanged(event.level)
        state = self.run.steps.get(event.step)
        if state is None:
            return None
        person = state.actors[0].person if state.actors else ""
        if event.what in ("answer", "return") and state.state not in OPEN:
            return None
        says: dict[str, Event] = {
            "answer": Answered(event.step, person, event.choice),
            "return": Returned(event.step, person),
            "edit": Edited(event.step, person or None),
            "redo": Redone(event.step, "diễn tập"),
            "skip": Skipped(event.step, "diễn tập"),
        }
        return says[event.what]

    def unplayed(self) -> tuple[str, ...]:
        return tuple(
            f"sự kiện lúc {event.at // 60} phút không xảy ra được: {event.what} {event.step}".rstrip()
            for event in self.planned
        )


ACTS: dict[Verb, Callable[[_Stage, Step, str], Event]] = {
    Verb.DRAFT: _Stage.submit,
    Verb.APPROVE: _Stage.approve,
    Verb.PUBLISH: _Stage.publish,
    Verb.ASK: _Stage.answer,
    Verb.TASK: _Stage.tick,
}

NOTES = {
    "step_done": "xong {}",
    "step_stuck": "quá hạn, chưa có người xử lý: {}",
    "step_skipped": "bỏ qua {}",
    "approvals_voided": "hủy các lần duyệt của {}",
    "publish_withdrawn": "dừng công bố {}",
    "deadline_met": "kịp thời hạn {}",
    "deadline_missed": "quá thời hạn {}",
    "nobody_to_ask": "không có người nhận: {}",
    "run_finished": "mọi bước đã kết thúc",
}


def _late(record: Record) -> bool:
    """Times in a record are text of fixed width, which sorts as they do."""
    return record.data["due"] is not None and str(record.data["at"]) > str(record.data["due"])


# ---------------------------------------------------------------- sentences


def _sentence(playbook: Playbook, effect: Personal, before: str) -> str:
    role = playbook.roles.get(effect.role)
    title = role.title if role else effect.role
    whom = f"{title} ({effect.person or f'{GROUP_SIZE} nơi'})"
    if isinstance(effect, Warn):
        return f"{REASONS[effect.reason]} {whom}: {effect.id}"
    instead = getattr(effect, "instead_of", None)
    whom += f" thay {instead}" if instead else ""
    if isinstance(effect, Notify):
        return f"{_notice(playbook, effect)} → {whom}: {effect.step}{before if effect.ack else ''}"
    return f"SMS → {whom}: {_request(playbook, effect)}{before}"


def _request(playbook: Playbook, effect: Summon | Remind | OpenTask | OpenDraft | AskApproval) -> str:
    if isinstance(effect, Remind):
        return f"nhắc lại {effect.step}"
    verb = playbook.step(effect.step).verb
    return f"{REQUESTS[verb]} {effect.step}"


REQUESTS = {
    Verb.ASSIGN: "mời tham gia",
    Verb.DRAFT: "dự thảo",
    Verb.APPROVE: "duyệt",
    Verb.PUBLISH: "công bố",
    Verb.TASK: "việc",
    Verb.ASK: "hỏi",
    Verb.NOTIFY: "báo",
}


def _notice(playbook: Playbook, effect: Notify) -> str:
    channels = ", ".join(CHANNELS.get(name, name) for name in effect.via or ("sms",))
    parts = sms_parts(playbook, effect.message) if "sms" in (effect.via or ("sms",)) else None
    return f"{channels} ({parts} phần)" if parts else channels


# ---------------------------------------------------------------- expectations


def _unmet(stage: _Stage, expected: tuple[Expectation, ...]) -> list[str]:
    return [fault for one in expected if (fault := CHECKS[one.kind](stage, one)) is not None]


def _check_done(stage: _Stage, one: Expectation) -> str | None:
    at = stage.done.get(one.subject)
    if at is None:
        return f"bước {one.subject} chưa xong"
    if one.before is not None and at > OPENED + timedelta(seconds=one.before):
        late = (at - OPENED) // timedelta(minutes=1)
        return f"bước {one.subject} xong ở phút {late}, sau mốc {one.before // 60} phút"
    return None


def _check_met(stage: _Stage, one: Expectation) -> str | None:
    clock = stage.run.deadlines.get(one.subject)
    if clock is None:
        return f"không có thời hạn {one.subject}"
    if not clock.applies:
        return None  # it does not bind at this level or for these kinds
    in_time = clock.met_at is not None and clock.missed_at is None
    return None if in_time else f"thời hạn {one.subject} không kịp"


def _check_missed(stage: _Stage, one: Expectation) -> str | None:
    clock = stage.run.deadlines.get(one.subject)
    missed = clock is not None and clock.missed_at is not None
    return None if missed else f"thời hạn {one.subject} không quá"


def _check_told(stage: _Stage, one: Expectation) -> str | None:
    return None if one.subject in stage.told else f"{one.subject} không được báo"


def _check_stuck(stage: _Stage, one: Expectation) -> str | None:
    state = stage.run.steps.get(one.subject)
    return None if state and state.state == STUCK else f"bước {one.subject} không ở tình trạng quá hạn"


def _check_approved(stage: _Stage, one: Expectation) -> str | None:
    return f"đã công bố khi chưa duyệt {one.subject}" if one.subject in stage.unapproved else None


def _check_all_ended(stage: _Stage, _: Expectation) -> str | None:
    states = stage.run.steps.items()
    left = [id for id, state in states if state.state not in (DONE, SKIPPED, NOT_NEEDED)]
    left = [id for id in left if id not in stage.done]
    return f"chưa kết thúc: {', '.join(left)}" if left else None


def _check_all_stuck(stage: _Stage, _: Expectation) -> str | None:
    """With nobody answering, whatever waits for a person ends on the call list of those on duty."""
    left = [id for id, state in stage.run.steps.items() if state.state == ACTIVE]
    if left:
        return f"không tới danh sách cần gọi: {', '.join(left)}"
    stuck = any(state.state == STUCK for state in stage.run.steps.values())
    return "bước quá hạn mà không báo cho ai" if stuck and not stage.reminded else None


def _check_nothing_published(stage: _Stage, _: Expectation) -> str | None:
    out = [step.id for step in stage.playbook.steps if step.verb is Verb.PUBLISH and step.id in stage.done]
    return f"đã công bố khi không ai trả lời: {', '.join(out)}" if out else None


CHECKS: dict[str, Callable[[_Stage, Expectation], str | None]] = {
    "done": _check_done,
    "met": _check_met,
    "missed": _check_missed,
    "told": _check_told,
    "stuck": _check_stuck,
    "published_without": _check_approved,
    "all_ended": _check_all_ended,
    "all_stuck": _check_all_stuck,
    "nothing_published": _check_nothing_published,
}
