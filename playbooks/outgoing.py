"""What a rehearsal would send: one text a person and moment, spaced and capped as the service spaces and caps them.

Counts; sends nothing. The rules are those the service sends by (`messages`, `budget`). Times are seconds after the
opening.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache

from playbooks import budget, messages, templates
from playbooks.budget import FIRST_HOUR, LOOKED_BACK, Told, when_to_tell
from playbooks.language import Playbook
from playbooks.messages import Personal
from playbooks.outcome import HeldBack, Message
from playbooks.run import Run
from playbooks.signals import Effect, Notify, Remind, Summon

# The service's own texts fit one part with the longest names; only a registered template may be longer.
OWN_TEXT = 1
THIS = "rehearsal"
APPROVE = "approve"


class Outgoing:
    """The messages of one rehearsal so far. `reached`: when each step was last spoken of, by any channel or on the screen of
    those on duty."""

    def __init__(self, playbook: Playbook, opened: datetime, group_size: int) -> None:
        self.playbook = playbook
        self.opened = opened
        self.group_size = group_size
        self.messages: list[Message] = []
        self.held_back: list[HeldBack] = []
        self.reached: dict[str, datetime] = {}
        self._told: dict[str, list[Told]] = {}
        self._first: dict[str, datetime] = {}
        self._members: set[str] = set()
        self._parts: dict[str, int] = {}

    def take(self, effects: Iterable[Effect], run: Run, now: datetime) -> None:
        """The effects of one advance."""
        people: dict[str, list[Personal]] = {}
        for effect in effects:
            if not isinstance(effect, Personal):
                continue
            if effect.person is None:
                self._to_group(effect, run, now)
                continue
            if isinstance(effect, Summon):
                self._members.add(effect.person)
            people.setdefault(effect.person, []).append(effect)
        for person, own in people.items():
            self._to_person(person, own, run, now)

    def _to_group(self, effect: Personal, run: Run, now: datetime) -> None:
        step = messages.find(self.playbook, messages.subject(effect))
        via = effect.via if isinstance(effect, Notify) else (step.via if step and step.via else ("sms",))
        self.reached[messages.subject(effect)] = now
        for channel in via:
            self._put(effect, "", channel, (messages.subject(effect),), now, run, self.group_size)

    def _to_person(self, person: str, effects: list[Personal], run: Run, now: datetime) -> None:
        effect = messages.primary(effects)
        about = tuple(dict.fromkeys(messages.subject(one) for one in effects))
        if messages.only_on_screen(self.playbook, effect):
            self._reach(about, now)
            return
        for channel in messages.channels(self.playbook, effect):
            at = self._may_go(effect, person, about, run, now) if channel == "sms" else now
            if at is not None:
                self._put(effect, person, channel, about, at, run)
                self._reach(about, at)

    def _reach(self, about: tuple[str, ...], at: datetime) -> None:
        for id in about:
            self.reached[id] = max(at, self.reached.get(id, at))

    def _may_go(
        self, effect: Personal, person: str, about: tuple[str, ...], run: Run, now: datetime
    ) -> datetime | None:
        kind = messages.kind_of(self.playbook, effect)
        at = when_to_tell(
            kind,
            self._of_late(person, now),
            THIS,
            now,
            member=person in self._members,
            answered=person in self._members and person in _answered(run),
        )
        pointless = at is not None and isinstance(effect, Remind) and effect.due and effect.due <= at
        if at is None or pointless:
            self.held_back.append(HeldBack(self._seconds(now), person, kind, about))
            return None
        return at

    def _of_late(self, person: str, now: datetime) -> list[Told]:
        """What they heard in the time the budget looks back on; what is older is forgotten."""
        told = [one for one in self._told.get(person, ()) if one.at > now - LOOKED_BACK]
        self._told[person] = told
        return told

    def _put(
        self,
        effect: Personal,
        person: str,
        channel: str,
        about: tuple[str, ...],
        at: datetime,
        run: Run,
        recipients: int = 1,
    ) -> None:
        kind = messages.kind_of(self.playbook, effect)
        parts = self._parts_of(effect) if channel == "sms" else 0
        over = channel == "sms" and bool(person) and self._is_over(person, kind, at, run)
        self.messages.append(
            Message(self._seconds(at), person, effect.role, channel, kind, about, parts, recipients, over)
        )
        if channel == "sms" and person:
            self._told.setdefault(person, []).append(Told(kind, at, THIS))

    def _is_over(self, person: str, kind: str, at: datetime, run: Run) -> bool:
        """A call-up goes always, also to one who had had their fill of the first hour. Approvals are not counted."""
        first = self._first.setdefault(person, at)
        if (
            kind not in budget.ALWAYS
            or kind == APPROVE
            or person not in self._members
            or at - first >= FIRST_HOUR
        ):
            return False
        heard = sum(told.kind != APPROVE for told in self._told.get(person, ()))
        answered = person in _answered(run)
        return heard >= (budget.MOST_TO_WHO_ANSWERED if answered else budget.MOST_TO_WHO_IS_SILENT)

    def _parts_of(self, effect: Personal) -> int:
        if not isinstance(effect, Notify):
            return OWN_TEXT
        if effect.message not in self._parts:
            self._parts[effect.message] = sms_parts(self.playbook, effect.message) or OWN_TEXT
        return self._parts[effect.message]

    def _seconds(self, at: datetime) -> int:
        return (at - self.opened) // timedelta(seconds=1)


def _answered(run: Run) -> set[str]:
    return {a.person for state in run.steps.values() for a in state.actors if a.state == "accepted"}


def sms_parts(playbook: Playbook, template: str) -> int | None:
    """The parts of a registered text with the longest values; None when there is no such text or it cannot be filled."""
    text = playbook.templates.get(template)
    return None if text is None else _longest_parts(text)


@lru_cache(maxsize=256)
def _longest_parts(text: str) -> int | None:
    values = {name: variable.example for name, variable in templates.VARIABLES.items()}
    try:
        return templates.sms_parts(templates.render(text, values))
    except templates.TemplateRefused:
        return None
