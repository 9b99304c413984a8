"""Where a person stands on the ladder of channels, and which one is next: because they take no SMS, stayed silent, or the
last channel failed.

Reads what was tried, and notes each hop on the timeline. Must never write a message: `telling` does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.domain.actors import SYSTEM
from incident.domain.message_states import FINAL_STATUSES
from incident.response import casting, hops
from incident.response.desk import Desk
from incident.response.hops import Reach
from incident.store.tables import (
    Incident,
    Message,
    MessageCause,
    Person,
    Request,
    Suppression,
)
from incident.timeline import ledger
from notify.message import Channel
from playbooks.language import Playbook, Step, Verb
from playbooks.messages import Personal
from playbooks.progress import steps_of
from playbooks.run import OPEN, Actor, Run
from playbooks.signals import AskApproval, Notify, Remind, Summon, Unreachable

NEVER_ARRIVED = tuple(status for status in FINAL_STATUSES if status != "delivered")
Tried = dict[tuple[str, str, int], set[str]]  # channels, by person, step and activation


@dataclass(frozen=True, slots=True)
class Hop:
    """One person on one more channel. `effect` is what they were asked, to be said once more; `before` the channel they
    were tried on last."""

    effect: Summon | Notify | Remind
    to: Channel
    before: str
    reach: Reach


@dataclass(slots=True)
class Climbing:
    """The hops of one transaction of one incident. `person` and `asked` find people and requests as `telling` has them;
    `run` is the state after the transaction's events."""

    session: Session
    desk: Desk
    incident: Incident
    playbook: Playbook
    now: datetime
    person: Callable[[str], Person]
    asked: Callable[[str, int], dict[str, Request]]
    run: Run | None = None
    tried: Tried = field(default_factory=dict)

    def reach(self, person: Person) -> Reach:
        """Without a mobile that asked for nothing more: the landline, if there is one, may be called."""
        reach = casting.reach(person, self.desk)
        if reach.phone is None or reach.phone == person.landline:
            return reach
        barred = self.session.get(Suppression, reach.phone) is not None
        return replace(reach, phone=person.landline) if barred else reach

    def beside(self, effect: Personal, via: tuple[str, ...], person: Person) -> Channel | None:
        """The channel beside those of the playbook that this effect is told on: the person takes no SMS, or was silent
        until the reminder."""
        first = isinstance(effect, Summon | AskApproval | Notify)
        if "sms" not in via or not isinstance(effect, Summon | AskApproval | Notify | Remind):
            return None
        if first and casting.reach(person, self.desk).mobile:
            return None
        ladder = hops.ladder_of(self._step(effect.step))
        if "voice" not in ladder:
            return None
        tried = self.tried.get((person.id, effect.step, effect.activation), set())
        to = hops.next_hop(ladder, tried | set(via) | {"sms"}, self.reach(person))
        if to is not None:
            self._note(
                effect.step, person.id, _before(to, ladder, tried), to, "no_mobile" if first else "silent"
            )
        return to

    def next(self, silence: Unreachable) -> Hop | None:
        """The next channel for a person who still waits to answer; None when nobody waits, or none is left. `silence`:
        without a reason nothing failed, they only did not answer."""
        step = self._step(silence.step)
        effect = self._again(silence, step) if step is not None else None
        if effect is None or silence.person is None:
            return None
        ladder = hops.ladder_of(step)
        tried = self.tried_before([silence.person]).get(
            (silence.person, silence.step, silence.activation), set()
        )
        reach = self.reach(self.person(silence.person))
        to = hops.next_hop(ladder, tried | {"sms"}, reach)
        if to is None:
            return None
        before = _before(to, ladder, tried)
        why = "failed" if silence.reason else "silent"
        self._note(silence.step, silence.person, before, to, why, silence.reason)
        return Hop(effect, to, before, reach)

    def settled(self, event: Unreachable) -> bool:
        """Whether the run need not hear of it: it knows, or something may still arrive. An approval waits for its limit."""
        step = self._step(event.step)
        if step is None or step.verb is Verb.APPROVE:
            return step is not None
        actor = self._actor(event)
        return (actor is not None and actor.state == "unreachable") or self._something_may_arrive(event)

    def tried_before(self, people: Iterable[str]) -> Tried:
        """The channels on which these people were told of each activation."""
        tried: Tried = defaultdict(set)
        people = list(people)
        if not people:
            return tried
        rows = self.session.execute(
            select(Message.person_id, Message.channel, MessageCause.effect_key)
            .join(MessageCause, MessageCause.message_id == Message.id)
            .where(Message.incident_id == self.incident.id, Message.person_id.in_(people))
        )
        for person, channel, key in rows:
            incident, step, activation, *_ = (*key.split(":", 3), "", "")
            if incident == self.incident.id and activation.isdigit():
                tried[str(person), step, int(activation)].add(channel)
        return tried

    def _again(self, silence: Unreachable, step: Step) -> Summon | Notify | Remind | None:
        """What the person was asked in this activation, to be said on another channel; None when they no longer are."""
        actor = self._actor(silence)
        if actor is None or actor.state != "asked":
            return None
        key = f"{silence.step}:{silence.activation}:hop:{actor.person}"
        about = (key, silence.step, silence.activation, actor.role, actor.person)
        if step.verb is Verb.APPROVE:
            open_ = self.run is not None and self.run.steps[silence.step].state in OPEN
            return Remind(*about, 0) if open_ else None
        request = self.asked(silence.step, silence.activation).get(actor.person)
        if request is None or request.state != "asked" or request.reason:
            return None
        if not silence.reason:
            return Remind(*about, 0)
        if step.verb is Verb.NOTIFY:
            return Notify(*about, str(step.message), step.via, True, request.due)
        return Summon(*about, 0, request.instead_of, request.due)

    def _actor(self, silence: Unreachable) -> Actor | None:
        state = self.run.steps.get(silence.step) if self.run else None
        if state is None or state.activation != silence.activation:
            return None
        return next((actor for actor in state.actors if actor.person == silence.person), None)

    def _something_may_arrive(self, event: Unreachable) -> bool:
        request = self.asked(event.step, event.activation).get(str(event.person))
        alive = (
            select(Message.id)
            .join(MessageCause, MessageCause.message_id == Message.id)
            .where(
                MessageCause.request_id == (request.id if request else None),
                Message.status.not_in(NEVER_ARRIVED),
            )
        )
        return self.session.scalar(alive.limit(1)) is not None

    def _note(self, step: str, person: str, before: str, to: str, why: str, code: str = "") -> None:
        data = {"step": step, "person": person, "from_channel": before, "to_channel": to, "why": why}
        ledger.append(
            self.session, self.incident, "channel_hop", occurred_at=self.now, recorded_at=self.now, actor=SYSTEM,
            data=data | ({"code": code} if code else {}),
        )  # fmt: skip

    def _step(self, id: str) -> Step | None:
        if self.run is None:
            return next((step for step in self.playbook.steps if step.id == id), None)
        return steps_of(self.playbook, self.run).get(id)


def _before(to: Channel, ladder: tuple[Channel, ...], tried: set[str]) -> str:
    """The last rung of the ladder that was tried before this one."""
    below = ladder[: ladder.index(to)]
    return next((channel for channel in reversed(below) if channel in tried), "sms")
