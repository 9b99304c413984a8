"""What of an engine's effects goes to people, as which kind of message and on which channels.

Pure: the service sends by these rules and a rehearsal counts by them. Must never know a text, an address or a carrier.
"""

from __future__ import annotations

from collections.abc import Iterable

from playbooks.language import Playbook, Step, Verb
from playbooks.progress import DUTY_PICK
from playbooks.signals import AskApproval, Notify, OpenDraft, OpenTask, Remind, Summon, Warn

Personal = Summon | Notify | Remind | OpenTask | OpenDraft | AskApproval | Warn

# What a person is told when several effects meet in one transaction: the first of these that is among them.
PRECEDENCE = (AskApproval, Summon, Notify, Remind, OpenTask, OpenDraft, Warn)


def primary(effects: Iterable[Personal]) -> Personal:
    """Of the effects of one transaction for one person the one their message is about."""
    return min(effects, key=lambda effect: (PRECEDENCE.index(type(effect)), getattr(effect, "rung", 0)))


def subject(effect: Personal) -> str:
    """The id of the step or the deadline an effect is about."""
    return effect.id if isinstance(effect, Warn) else effect.step


def kind_of(playbook: Playbook, effect: Personal) -> str:
    """summon, stand_in, approve, notify, remind, publish, task or warn: what the budget and the carriers tell apart."""
    match effect:
        case AskApproval():
            return "approve"
        case Summon():
            return "stand_in" if effect.instead_of else "summon"
        case Notify():
            return "notify"
        case Warn():
            return "warn"
    step = find(playbook, effect.step)
    if isinstance(effect, Remind):
        return "approve" if step is not None and step.verb is Verb.APPROVE else "remind"
    publishes = step is not None and step.verb is Verb.PUBLISH and effect.due is not None
    return "publish" if publishes else "task"


def channels(playbook: Playbook, effect: Personal) -> tuple[str, ...]:
    """Of sms and email those an effect goes out on."""
    if isinstance(effect, Notify):
        return effect.via
    if isinstance(effect, Warn) and effect.about == "deadline":
        return ("sms", "email")
    step = find(playbook, subject(effect))
    if not isinstance(effect, Warn) and step and step.verb in (Verb.ASSIGN, Verb.NOTIFY) and step.via:
        return step.via
    return ("sms",) if isinstance(effect, Warn | Remind) else ("sms", "email")


def only_on_screen(playbook: Playbook, effect: Personal) -> bool:
    """A first task of the officer on duty stands in the room he has open; he is not sent an SMS about it."""
    role = playbook.roles.get(effect.role)
    return isinstance(effect, OpenTask) and effect.rung == 0 and role is not None and role.pick == DUTY_PICK


def find(playbook: Playbook, id: str) -> Step | None:
    """The step of the file with that id; None for one added during the run."""
    return playbook.by_id.get(id)
