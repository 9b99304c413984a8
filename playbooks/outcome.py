"""What a rehearsal came to, as values: who is told what and when, what it costs in SMS parts, who is never told, where it
gets stuck, which clocks are met, and whether the rules that hold for every playbook were kept.

Sums and words only; `rehearse` plays. `at`, `start`, `end`, `due` are seconds after the opening. A person is the post
(`pick`) that would hold a role.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from playbooks.language import Playbook
from playbooks.run import Run

LONGEST_SILENCE = 30 * 60
FIRST_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the rehearsal, `at` seconds after the opening. `person` is who is told, if anybody."""

    at: int
    text: str
    role: str = ""
    person: str = ""

    def __str__(self) -> str:
        return f"{moment(self.at)}  {self.text}"


@dataclass(frozen=True, slots=True)
class Message:
    """One text that goes out. `about`: ids of the steps and deadlines it speaks of. `parts`: of the SMS to one recipient,
    0 for an email. `person` is empty for a group, whose `recipients` stand for its parties. `over`: it goes although the
    budget of this person was used up (call-ups and approvals always go)."""

    at: int
    person: str
    role: str
    channel: str
    kind: str
    about: tuple[str, ...]
    parts: int
    recipients: int = 1
    over: bool = False

    @property
    def cost(self) -> int:
        """SMS parts to all recipients."""
        return self.parts * self.recipients


@dataclass(frozen=True, slots=True)
class HeldBack:
    """An SMS the budget kept from a person; the room shows it, and an email may have gone."""

    at: int
    person: str
    kind: str
    about: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """A deadline that applied. `due` None: its anchor was never set."""

    id: str
    title: str
    law: bool
    due: int | None
    met_at: int | None
    missed: bool


@dataclass(frozen=True, slots=True)
class Stuck:
    """A step whose ladder had ended with nobody acting; `still`: to the end of the rehearsal."""

    step: str
    at: int
    still: bool


@dataclass(frozen=True, slots=True)
class Silence:
    """An overdue step about which nobody who could act was told anything."""

    step: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Load:
    """What one person (or, `person` empty, a group) is told: SMS, those of the person's first hour, parts, emails."""

    person: str
    role: str
    sms: int
    first_hour: int
    parts: int
    emails: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened, and in Vietnamese what was expected and did not come true. `never_told`: roles of which nobody was
    told anything."""

    lines: tuple[Line, ...]
    faults: tuple[str, ...]
    run: Run
    messages: tuple[Message, ...] = ()
    held_back: tuple[HeldBack, ...] = ()
    clocks: tuple[Clock, ...] = ()
    stuck: tuple[Stuck, ...] = ()
    silences: tuple[Silence, ...] = ()
    never_told: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.faults

    @property
    def parts(self) -> int:
        """SMS parts of all that goes out, each party of a group counted."""
        return sum(message.cost for message in self.messages)

    @property
    def people(self) -> tuple[Load, ...]:
        """What each is told, in the order they are first told; groups by role."""
        told: dict[tuple[str, str], list[Message]] = {}
        for message in self.messages:
            told.setdefault((message.person, "" if message.person else message.role), []).append(message)
        return tuple(_load(person, heard) for (person, _), heard in told.items())


def _load(person: str, heard: list[Message]) -> Load:
    texts = [message for message in heard if message.channel == "sms"]
    first = min((message.at for message in texts), default=0)
    return Load(
        person=person,
        role=heard[0].role,
        sms=sum(message.recipients for message in texts),
        first_hour=sum(message.recipients for message in texts if message.at < first + FIRST_HOUR),
        parts=sum(message.cost for message in texts),
        emails=sum(message.recipients for message in heard if message.channel == "email"),
    )


# ---------------------------------------------------------------- what every rehearsal must keep


def broken_rules(messages: Iterable[Message], silences: Iterable[Silence]) -> tuple[str, ...]:
    """What no playbook may do, whatever people do: stay silent about what is overdue, flood a person."""
    found = [
        f"im lặng {span(silence.end - silence.start)} từ {moment(silence.start)} khi {silence.step} quá hạn, "
        f"tối đa {span(LONGEST_SILENCE)}"
        for silence in silences
    ]
    over = sorted((m for m in messages if m.over), key=lambda m: (m.person, m.at))
    for person, heard in groupby(over, key=lambda m: m.person):
        first = next(heard)
        found.append(
            f"quá nhiều tin nhắn trong giờ đầu cho {person}: lúc {moment(first.at)} ({first.about[0]})"
        )
    return tuple(found)


def never_told(playbook: Playbook, told: Iterable[str]) -> tuple[str, ...]:
    """The roles none of whose posts is among those who were told: by role, by post, or by a stand-in's post."""
    heard = set(told)
    return tuple(
        slug for slug, role in playbook.roles.items() if not heard & {slug, role.pick, *role.standin}
    )


# ---------------------------------------------------------------- for machines


def as_data(playbook: Playbook, title: str, level: int, outcome: Outcome) -> dict[str, Any]:
    """The outcome as plain JSON data."""
    return {
        "playbook": playbook.slug,
        "version": playbook.version,
        "scenario": title,
        "level": level,
        "ok": outcome.ok,
        "faults": list(outcome.faults),
        "parts": outcome.parts,
        "lines": [asdict(line) for line in outcome.lines],
        "messages": [asdict(message) for message in outcome.messages],
        "people": [asdict(load) for load in outcome.people],
        "held_back": [asdict(held) for held in outcome.held_back],
        "deadlines": [asdict(one) for one in outcome.clocks],
        "stuck": [asdict(one) for one in outcome.stuck],
        "silences": [asdict(one) for one in outcome.silences],
        "never_told": [
            {"role": slug, "title": playbook.roles[slug].title, "pick": playbook.roles[slug].pick}
            for slug in outcome.never_told
        ],
        "steps": {id: state.state for id, state in outcome.run.steps.items()},
    }


# ---------------------------------------------------------------- words


def moment(seconds: int) -> str:
    """Hours and minutes after the opening: 02:25."""
    minutes = seconds // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"


def span(seconds: int) -> str:
    """A length of time in whole minutes, or hours where it is some."""
    minutes = seconds // 60
    return f"{minutes // 60} giờ" if minutes and minutes % 60 == 0 else f"{minutes} phút"
