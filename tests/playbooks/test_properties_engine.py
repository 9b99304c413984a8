"""What must hold in every run, however it goes: found by a machine that plays all the people at once.

It starts in the middle of things (uniform random runs hardly ever reach a release) and counts the dangerous states it
saw, so that a generator that has gone blind fails the test.
"""

from __future__ import annotations

import copy
from collections import Counter as Tally
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from playbooks.asking import CALLS
from playbooks.engine import EngineRefusal, advance, replay
from playbooks.events import KINDS, event_from_json, event_to_json
from playbooks.language import Step, Verb
from playbooks.progress import steps_of
from playbooks.run import ACTIVE, DONE, NOT_NEEDED, OPEN, SKIPPED, STUCK, WAITING, Run, from_json, to_json
from playbooks.signals import (
    Acknowledged,
    Added,
    Answered,
    ApprovalWithdrawn,
    Approved,
    AudienceFrozen,
    CalledOut,
    Cancelled,
    Declined,
    Edited,
    Effect,
    Event,
    FactChanged,
    Holders,
    Invited,
    LawClock,
    LevelChanged,
    Paused,
    Published,
    Reassigned,
    Redone,
    Reopened,
    Restored,
    Resumed,
    Retracted,
    Returned,
    Skipped,
    Submitted,
    Ticked,
    TimePassed,
    Unreachable,
    WakeAt,
)
from tests.playbooks.flood import FLOOD, HOLDERS, T0, at, started

PEOPLE = sorted({p for h in HOLDERS.values() for p in h.people + h.standins} | {"moi"})
SEEN: Tally[str] = Tally()
DANGEROUS = {
    "edit while a release waits",
    "redo while a release waits",
    "approval taken back while a release waits",
    "edit after the release, before the posting",
    "return after the first approval",
    "approval of an old revision refused",
    "approval by an editor refused",
    "release after a skipped approval",
    "stuck",
    "declined by holder and stand-in",
    "level raised while steps run",
    "time passed over several rungs",
    "closed and opened again",
    "shift changed while asked",
    "pause over a limit",
    "pause over a rung",
    "second approver's ladder climbed",
    "a step given to another",
    "an outage over a rung",
    "an outage of more than a day",
    "published",
}
SELDOM = 5  # a state seen less often was met by luck

Journey = Callable[["People"], None]


class People(RuleBasedStateMachine):
    """Everybody who can say anything to a run."""

    def __init__(self) -> None:
        super().__init__()
        self.run: Run = Run()
        self.now: datetime = T0
        self.log: list[tuple[Event, datetime]] = []
        self.keys: set[str] = set()
        self.revisions = 0
        self.outage = timedelta(hours=3)
        # A second, much simpler memory of what may be published: who approved the text as it stands.
        self.text: str | None = None
        self.editors: tuple[str, ...] = ()
        self.yes: list[str] = []
        self.waived = False

    # ------------------------------------------------------------ starting in the middle

    @initialize(
        level=st.sampled_from([1, 2, 3]),
        depth=st.integers(0, 7),
        shared=st.booleans(),
        off=st.sampled_from([0, 0, 180]),
        outage=st.one_of(st.integers(1, 240), st.integers(1, 72 * 60)),
    )
    def begin(self, level: int, depth: int, shared: bool, off: int, outage: int) -> None:
        self.outage = timedelta(minutes=outage)
        roles = {"to_truong": Holders(("ngon",), ("truong2",))} if shared else None
        first = started(level, roles)
        self.run, effects = advance(FLOOD, None, first, self.now)
        self.log.append((first, self.now))
        self._take_keys(effects)
        for journey in JOURNEY[:depth]:
            journey(self)
        self._let_pass(off)

    # ------------------------------------------------------------ saying things

    def say(self, event: Event) -> bool:
        before, text = self.run, to_json(self.run)
        spoken = copy.deepcopy(event)
        try:
            after, effects = advance(FLOOD, before, event, self.now)
        except EngineRefusal:
            assert to_json(before) == text
            return False
        assert to_json(before) == text, "the run handed in was changed"
        assert event == spoken, "the event handed in was changed"
        assert advance(FLOOD, before, event, self.now) == (after, effects), "twice the same is not the same"
        self.log.append((event, self.now))
        self.run = after
        self._check_effects(effects)
        if isinstance(event, TimePassed):
            self._time_finished_nothing(before)
        self._remember(event, before)
        return True

    def _check_effects(self, effects: list[Effect]) -> None:
        assert [isinstance(effect, WakeAt) for effect in effects] == [False] * (len(effects) - 1) + [True]
        assert effects[-1] == WakeAt(self.run.wake_at)
        assert self.run.wake_at is None or self.run.wake_at > self.now, "the sweep spins"
        self._take_keys(effects)

    def _take_keys(self, effects: list[Effect]) -> None:
        keys = [effect.key for effect in effects if not isinstance(effect, WakeAt)]
        assert len(keys) == len(set(keys))
        assert not self.keys & set(keys), "a key was used twice"
        self.keys |= set(keys)

    def _time_finished_nothing(self, before: Run) -> None:
        for id, step in steps_of(FLOOD, self.run).items():
            waits = step.verb is not Verb.NOTIFY or step.ack != "none"
            if waits and self.run.steps[id].state == DONE:
                assert before.steps[id].state == DONE, f"time alone finished {id}"

    def _remember(self, event: Event, before: Run) -> None:
        match event:
            case Submitted(revision=_, sha256=sha, editors=editors, person=person):
                self.text, self.yes, self.waived = sha, [], False
                self.editors = (*editors, *([person] if person else []))
            case Edited() | Returned() | Redone(step="du_thao" | "duyet"):
                if isinstance(event, Edited) and before.steps["du_thao"].state != DONE:
                    return
                if not isinstance(event, Redone) or event.step == "du_thao":
                    self.text = None
                self.yes, self.waived = [], False
            case Approved(person=person, sha256=sha):
                assert sha == self.text
                assert person not in self.editors, "an editor approved"
                holds_both = before.steps["duyet"].turn == 0 and person in before.roles["to_truong"].people
                self.yes += [person, person] if holds_both else [person]
            case ApprovalWithdrawn(person=person):
                assert person in self.yes, "took back what was never said"
                self.yes = self.yes[: self.yes.index(person)]
                SEEN["an approval taken back"] += 1
                SEEN["approval taken back while a release waits"] += before.steps["cong_bo"].state in OPEN
            case Skipped(step="duyet"):
                self.waived = True
            case Published(sha256=sha):
                assert self.text is not None, "published what is being rewritten"
                assert sha == self.text, "published another text than the current one"
                assert self.waived or len(self.yes) == 2, "published after half of the approvals"
                SEEN["release after a skipped approval"] += self.waived
            case _:
                pass

    # ------------------------------------------------------------ rules

    @rule(data=st.data())
    def somebody_acts(self, data: st.DataObject) -> None:
        """An act that fits an open step, by somebody who was asked (mostly) or by anybody."""
        open_steps = [
            step
            for id, step in steps_of(FLOOD, self.run).items()
            if self.run.steps[id].state in (*OPEN, DONE)
        ]
        if not open_steps:
            return
        step = data.draw(st.sampled_from(open_steps))
        actors = [actor.person for actor in self.run.steps[step.id].actors]
        person = data.draw(st.sampled_from(actors * 3 + PEOPLE))
        self.say(data.draw(st.sampled_from(self._acts(step, person))))

    def _acts(self, step: Step, person: str) -> list[Event]:
        state = self.run.steps[step.id]
        calls: list[Event] = [
            Acknowledged(step.id, state.activation, person),
            Declined(step.id, state.activation, person),
            Unreachable(step.id, max(0, state.activation - 1), person),
        ]
        if step.verb is Verb.DRAFT:
            self.revisions += 1
            revision = f"r{self.revisions}"
            editors = (person, "ngon") if self.revisions % 4 == 0 else (person,)
            new = Submitted(step.id, person, revision, revision.zfill(64), editors)
            return [new, new, new, Edited(step.id, person), *calls]
        if step.verb is Verb.APPROVE:
            draft = self.run.steps[step.text]
            current = Approved(step.id, person, draft.revision or "r", draft.sha256 or "s")
            old = Approved(step.id, person, "r0", "0" * 64)
            return [
                current,
                current,
                current,
                old,
                Returned(step.id, person),
                ApprovalWithdrawn(step.id, person),
                *calls,
            ]
        if step.verb is Verb.PUBLISH:
            sha = self.run.steps[step.text].sha256 or "s"
            return [
                Published(step.id, person, sha, self.now),
                Published(step.id, person, "x", self.now),
                *calls,
            ]
        if step.verb is Verb.ASK:
            return [Answered(step.id, person, choice) for choice in step.choices] + calls
        if step.verb is Verb.TASK:
            return [
                Ticked(step.id, person, tuple(range(len(step.items))), True),
                Ticked(step.id, person),
                *calls,
            ]
        group: list[Event] = [
            AudienceFrozen(step.id, state.activation, 4),
            Acknowledged(step.id, state.activation, count=2),
        ]
        return calls + (group if state.counters else [])

    @rule(minutes=st.sampled_from([0, 1, 5, 10, 30, 45, 180, 1500]))
    def time_passes(self, minutes: int) -> None:
        self._let_pass(minutes)

    def _let_pass(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        before = self.run
        self.say(TimePassed())
        rungs = [self.run.steps[id].rung - state.rung for id, state in before.steps.items()]
        SEEN["time passed over several rungs"] += max(rungs, default=0) > 1
        self._saw_the_second_approver(before)

    def _saw_the_second_approver(self, before: Run) -> None:
        was, state = before.steps["duyet"], self.run.steps["duyet"]
        same = (was.activation, was.turn) == (state.activation, 1)
        SEEN["second approver's ladder climbed"] += same and state.rung > was.rung

    @rule()
    def the_clock_rings(self) -> None:
        if self.run.wake_at:
            self.now = max(self.now, self.run.wake_at)
            before = self.run
            self.say(TimePassed())
            self._saw_the_second_approver(before)

    @rule(level=st.sampled_from([1, 2, 3]))
    def level_changes(self, level: int) -> None:
        raised = level > self.run.level and any(s.state == ACTIVE for s in self.run.steps.values())
        SEEN["level raised while steps run"] += self.say(LevelChanged(level)) and raised

    @rule(step=st.sampled_from([step.id for step in FLOOD.steps] + ["them"]), data=st.data())
    def somebody_overrides(self, step: str, data: st.DataObject) -> None:
        person = data.draw(st.sampled_from(PEOPLE))
        choices: list[Event] = [
            Skipped(step, "vì"),
            Redone(step, "vì"),
            Reassigned(step, person),
            Added("them", "Việc thêm", person, 600),
            Added("goi", "Báo lãnh đạo trực", "", 600, "lanh_dao"),
            CalledOut(),
        ]
        self.say(data.draw(st.sampled_from(choices)))

    @rule(step=st.sampled_from([step.id for step in FLOOD.steps if step.verb in CALLS]), data=st.data())
    def somebody_changes_who_sits(self, step: str, data: st.DataObject) -> None:
        person, other = data.draw(st.sampled_from(PEOPLE)), data.draw(st.sampled_from(PEOPLE))
        activation = self.run.steps[step].activation
        choices: list[Event] = [
            Invited(step, person),
            Invited(step, person, instead_of=other),
            Retracted(step, activation, person),
            Restored(step, activation, person),
        ]
        self.say(data.draw(st.sampled_from(choices)))

    @rule(role=st.sampled_from(sorted(set(HOLDERS) - {"cac_xa"})), data=st.data())
    def the_shift_changes(self, role: str, data: st.DataObject) -> None:
        people = tuple(data.draw(st.lists(st.sampled_from(PEOPLE), max_size=2, unique=True)))
        standins = tuple(data.draw(st.lists(st.sampled_from(PEOPLE), max_size=1)))
        asked = any(a.role == role and a.state == "asked" for s in self.run.steps.values() for a in s.actors)
        self.say(FactChanged(roles={role: Holders(people, standins)}))
        SEEN["shift changed while asked"] += asked

    @rule(hours=st.sampled_from([-30, -3, 1, None]))
    def an_anchor_is_corrected(self, hours: int | None) -> None:
        time = None if hours is None else T0 + timedelta(hours=hours)
        self.say(
            FactChanged(anchors={"accepted_at": time}, laws={"ban_dau": LawClock("accepted_at", 24, "nd")})
        )

    @rule(minutes=st.sampled_from([5, 90]), before=st.sampled_from([0, 12]))
    def somebody_pauses(self, minutes: int, before: int) -> None:
        self._let_pass(before)
        until = self.now + timedelta(minutes=minutes)
        over = [s for s in self.run.steps.values() if s.due and s.due < until]
        paused = self.say(Paused(until))
        SEEN["pause over a limit"] += paused and bool(over)
        SEEN["pause over a rung"] += paused and any(s.rung for s in over)

    @rule()
    def somebody_resumes(self) -> None:
        self.say(Resumed())

    @rule()
    def the_incident_is_closed_and_opened_again(self) -> None:
        closed = self.say(Cancelled("nhầm"))
        self.now += timedelta(minutes=20)
        self.say(TimePassed())
        SEEN["closed and opened again"] += self.say(Reopened()) and closed

    # ------------------------------------------------------------ rules aimed at the dangerous states

    @rule(kind=st.sampled_from(["edit", "redo"]), walk=st.integers(0, 6))
    def the_text_changes(self, kind: str, walk: int) -> None:
        for journey in JOURNEY[:walk]:
            journey(self)
        release = self.run.steps["cong_bo"]
        waiting = release.state in OPEN
        event = Edited("du_thao", "ky") if kind == "edit" else Redone("du_thao", "sai")
        if self.say(event):
            SEEN[f"{kind} while a release waits"] += waiting
            SEEN["edit after the release, before the posting"] += waiting and release.turn == 1
            assert self.run.steps["cong_bo"].state not in OPEN
            assert self.run.steps["duyet"].state not in (*OPEN, DONE, SKIPPED)

    @rule(first=st.booleans())
    def the_text_is_returned(self, first: bool) -> None:
        for journey in JOURNEY[: 3 if first else 0]:
            if not _been(self.run, journey):
                journey(self)
        if first and self.run.steps["duyet"].turn == 0:
            _approve(self)
        state = self.run.steps["duyet"]
        if state.state in OPEN and state.actors:
            half = len(state.approved_by) == 1
            SEEN["return after the first approval"] += (
                self.say(Returned("duyet", state.actors[0].person)) and half
            )

    @rule()
    def a_wrong_approval_is_tried(self) -> None:
        state, draft = self.run.steps["duyet"], self.run.steps["du_thao"]
        if state.state not in OPEN or not state.actors:
            return
        person = state.actors[0].person
        assert not self.say(Approved("duyet", person, "r0", "0" * 64))
        SEEN["approval of an old revision refused"] += 1
        for editor in draft.editors:
            assert not self.say(Approved("duyet", editor, draft.revision or "", draft.sha256 or ""))
            SEEN["approval by an editor refused"] += 1

    @rule(data=st.data())
    def an_open_step_is_given_to_another(self, data: st.DataObject) -> None:
        running = [id for id, state in self.run.steps.items() if state.state in OPEN]
        if running:
            step, person = data.draw(st.sampled_from(running)), data.draw(st.sampled_from(PEOPLE))
            SEEN["a step given to another"] += self.say(Reassigned(step, person))

    @rule(go_on=st.booleans())
    def an_approval_is_skipped(self, go_on: bool) -> None:
        for journey in JOURNEY[: 3 if go_on else 0]:
            journey(self)
        if self.run.steps["duyet"].state in OPEN and self.say(Skipped("duyet", "khẩn")) and go_on:
            _release(self)

    @rule()
    def everybody_declines(self) -> None:
        for id in ("lap_to", "xac_minh", "duyet"):
            for _ in ("the holders", "their stand-ins"):
                state = self.run.steps[id]
                for actor in state.actors if state.state in OPEN else ():
                    self.say(Declined(id, state.activation, actor.person))
            stood_in = any(a.instead_of and a.state == "declined" for a in self.run.steps[id].actors)
            SEEN["declined by holder and stand-in"] += stood_in

    @rule(minutes=st.sampled_from([15, 25, 90]))
    def the_second_approver_stays_silent(self, minutes: int) -> None:
        for journey in JOURNEY[:4]:
            if not _been(self.run, journey):
                journey(self)
        self._let_pass(minutes)

    @rule()
    def an_approval_is_taken_back_late(self) -> None:
        for journey in JOURNEY[:5]:
            if not _been(self.run, journey):
                journey(self)
        approved = self.run.steps["duyet"].approved_by
        if approved and self.say(ApprovalWithdrawn("duyet", approved[0])):
            assert self.run.steps["cong_bo"].state not in OPEN

    @rule()
    def the_work_goes_on(self) -> None:
        """One step further on the main road, so that the machine does not stay at its beginning."""
        for journey in JOURNEY:
            if not _been(self.run, journey):
                journey(self)
                return

    # ------------------------------------------------------------ what always holds

    @invariant()
    def json_is_the_run(self) -> None:
        assert from_json(to_json(self.run)) == self.run

    @invariant()
    def there_is_no_dead_end(self) -> None:
        run = self.run
        if run.cancelled or not run.steps:
            return
        states = run.steps.values()
        SEEN["stuck"] += any(state.state == STUCK for state in states)
        SEEN["published"] += run.steps["cong_bo"].state == DONE
        for id, state in run.steps.items():
            assert state.state != ACTIVE or state.due is not None, f"{id} waits without a limit"
        alive = any(state.state in OPEN or state.again_at for state in states)
        ended = all(state.state in (DONE, SKIPPED, NOT_NEEDED) for state in states)
        assert alive or ended, {id: state.state for id, state in run.steps.items() if state.state == WAITING}
        assert run.finished == (ended and not any(state.again_at for state in states))
        if alive:
            assert run.wake_at is not None

    @invariant()
    def who_is_asked_never_wrote_the_text(self) -> None:
        state = self.run.steps.get("duyet")
        if state and state.state in OPEN:
            assert not {a.person for a in state.actors} & set(self.run.steps["du_thao"].editors)

    def teardown(self) -> None:
        if not self.log:
            return
        assert replay(FLOOD, self.log) == self.run
        for event, _ in self.log[-10:]:
            assert event_from_json(event_to_json(event)) == event
        self._an_outage_reaches_the_same_people()

    def _an_outage_reaches_the_same_people(self) -> None:
        """Of any length: whom every sweep would have reached, the one at its end and those after it reach."""
        off = self.now + self.outage
        end = off + timedelta(hours=4)
        watched = told(self.run, self.now, end, asleep_until=None)
        outage = told(self.run, self.now, end, asleep_until=off)
        assert watched == outage
        limits = [s.due for s in self.run.steps.values() if s.state == ACTIVE and s.due and s.due < off]
        SEEN["an outage over a rung"] += bool(limits) and not self.run.paused_until
        SEEN["an outage of more than a day"] += self.outage > timedelta(days=1) and bool(watched)


def told(run: Run, now: datetime, end: datetime, asleep_until: datetime | None) -> set[tuple[str, str]]:
    """Whom time alone reaches about what, swept at every wake, from now or only from the end of an outage."""
    reached: set[tuple[str, str]] = set()
    while run.wake_at is not None and run.wake_at <= end:
        now = max(run.wake_at, asleep_until or run.wake_at)
        run, effects = advance(FLOOD, run, TimePassed(), now)
        for effect in effects:
            fields: dict[str, Any] = {name: getattr(effect, name, None) for name in ("step", "id", "person")}
            if fields["person"]:
                reached.add((fields["step"] or fields["id"], fields["person"]))
    return reached


# ---------------------------------------------------------------- the main road


def _call_up(m: People) -> None:
    state = m.run.steps["lap_to"]
    for actor in state.actors[1:3]:
        m.say(Acknowledged("lap_to", state.activation, actor.person))


def _ask_truth(m: People) -> None:
    m.say(Answered("xac_minh", "truong", "dung"))


def _write(m: People) -> None:
    m.revisions += 1
    revision = f"r{m.revisions}"
    m.say(Submitted("du_thao", "ky", revision, revision.zfill(64), ("ky",)))


def _approve(m: People) -> None:
    draft = m.run.steps["du_thao"]
    for actor in m.run.steps["duyet"].actors[:1]:
        m.say(Approved("duyet", actor.person, draft.revision or "", draft.sha256 or ""))


def _release(m: People) -> None:
    sha = m.run.steps["du_thao"].sha256 or ""
    for actor in m.run.steps["cong_bo"].actors[:1]:
        m.say(Published("cong_bo", actor.person, sha, m.now))


JOURNEY: list[Journey] = [_call_up, _ask_truth, _write, _approve, _approve, _release, _release]
STEP_OF: dict[Journey, str] = {
    _call_up: "lap_to",
    _ask_truth: "xac_minh",
    _write: "du_thao",
    _approve: "duyet",
    _release: "cong_bo",
}


def _been(run: Run, journey: Journey) -> bool:
    return run.steps[STEP_OF[journey]].state not in OPEN


def test_every_run_keeps_the_rules_and_the_dangerous_states_were_seen() -> None:
    SEEN.clear()
    run_state_machine_as_test(
        People,
        settings=settings(
            max_examples=120,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[
                Phase.generate
            ],  # shrinking a conversation takes minutes; the log of the failing one says enough
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert {state: SEEN[state] for state in DANGEROUS if SEEN[state] < SELDOM} == {}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_event_has_its_own_name(kind: str) -> None:
    assert KINDS[kind].__name__.lower() == kind.replace("_", "")


def test_times_in_json_have_one_form() -> None:
    assert '"at":"2026-07-20T19:05:00.000000Z"' in event_to_json(Published("a", "b", "c", at(5)))
