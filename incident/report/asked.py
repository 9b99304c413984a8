"""Tells who was asked and what became of it, from requests and their messages. Pure: must never know the database.

A carrier's receipt is never an answer: only what a person did moves a member out of "asked".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from incident.domain.address import USUAL, called
from incident.domain.words import Said
from incident.report.record import AnswerView, CallView, MemberView

ON_THE_WAY = frozenset({"created", "sending", "unknown", "temporary-failure"})
NEVER_ARRIVED = frozenset(
    {"permanent-failure", "technical-failure", "validation-failed", "expired", "cancelled"}
)
FAILED_FOR_GOOD = frozenset({"permanent-failure", "technical-failure", "validation-failed"})
NOT_REACHED = ("no_answer", "off")  # outcomes of a call
STAND_IN_KEPT = "stand_in_kept"
ANSWERED = ("accepted", "declined", "replaced", "expired")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the database has it."""

    id: str
    step: str
    activation: int
    person_id: str
    role: str
    purpose: str
    grouped: bool
    party: str
    instead_of: str | None
    state: str
    asked_at: datetime
    answered_at: datetime | None
    via: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Rang:
    """When the machine last called, and what came of it: ringing | picked_up (no key so far) | no-answer | busy | failed."""

    at: datetime
    how: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a request's messages: their statuses, when a carrier first took one, and the last automatic call."""

    statuses: tuple[str, ...] = ()
    first_at: datetime | None = None
    rang: Rang | None = None


def rang(status: str, error: str, at: datetime) -> Rang:
    """What became of a call, from its message."""
    if status == "delivered":
        return Rang(at, "picked_up")
    if error in ("no-answer", "busy"):
        return Rang(at, error)
    return Rang(at, "failed" if error or status in NEVER_ARRIVED else "ringing")


@dataclass(frozen=True, slots=True)
class Contact:
    """Who a person is: names as they were when the incident met them, numbers as they are now."""

    name: str
    post: str
    unit: str
    phone: str | None = None
    landline: str | None = None
    email: str | None = None
    wrong_number_at: datetime | None = None
    xung_ho: str = USUAL

    @property
    def called(self) -> Said:
        return called(self.xung_ho, self.name)


NOBODY = Contact("", "", "")
NOT_SENT = Sent()


def member_state(asked: Asked, sent: Sent, contact: Contact, in_review: bool, given_up: bool = False) -> str:
    """The words of the room, as keys: what a person did comes first, then what is known of reaching them."""
    disowned = contact.wrong_number_at is not None and contact.wrong_number_at >= asked.asked_at
    if disowned and asked.state == "expired":
        return "wrong_number"  # that nobody answered there is no silence
    if asked.state in ANSWERED:
        return asked.state
    if disowned:
        return "wrong_number"
    if in_review:
        return "review"
    if not sent.statuses and not contact.phone and not contact.email:
        return "not_told"
    if given_up:
        return "unreachable"
    if not sent.statuses:
        return "sending"
    alive = set(sent.statuses) - NEVER_ARRIVED
    if not alive:
        if FAILED_FOR_GOOD.intersection(sent.statuses):
            return "unreachable"
        return "stopped" if "cancelled" in sent.statuses else "asked"
    return "sending" if alive <= ON_THE_WAY else "asked"


def members(
    requests: Iterable[Asked],
    sent: Mapping[str, Sent],
    contacts: Mapping[str, Contact],
    review: frozenset[str],
    roles: Mapping[str, str],
    given_up: frozenset[tuple[str, str]] = frozenset(),
    calls: Iterable[CallView] = (),
) -> tuple[MemberView, ...]:
    """The named people called up or told with an answer wanted, each once per step, in the order of `roles` (slug to
    title) and, within a role, in the order they were asked. `given_up`: (step, person) whom no channel could reach.
    `calls`: what was recorded of calls to them, oldest first."""
    called: dict[str, list[CallView]] = defaultdict(list)
    for call in calls:
        called[call.person_id].append(call)
    newest: dict[tuple[str, str], Asked] = {}
    for request in requests:
        if not request.grouped and request.purpose in ("summon", "notify"):
            kept = newest.get((request.step, request.person_id))
            if kept is None or request.activation >= kept.activation:
                newest[request.step, request.person_id] = request
    stand_ins = _stand_ins(newest.values())
    rank = {slug: place for place, slug in enumerate(roles)}
    return tuple(
        _member(
            request,
            sent,
            contacts,
            request.person_id in review,
            (request.step, request.person_id) in given_up,
            roles,
            stand_ins.get((request.step, request.person_id)),
            tuple(call for call in called[request.person_id] if call.occurred_at >= request.asked_at),
        )
        for request in sorted(newest.values(), key=lambda r: (rank.get(r.role, len(rank)), r.asked_at, r.id))
    )


def _stand_ins(requests: Iterable[Asked]) -> dict[tuple[str, str], Asked]:
    """Who acts in a person's place: one who accepted before one who was merely asked."""
    found: dict[tuple[str, str], list[Asked]] = defaultdict(list)
    for request in requests:
        if request.instead_of and request.state in ("accepted", "asked"):
            found[request.step, request.instead_of].append(request)
    return {
        key: min(candidates, key=lambda r: (r.state != "accepted", r.asked_at))
        for key, candidates in found.items()
    }


def _member(
    request: Asked,
    sent: Mapping[str, Sent],
    contacts: Mapping[str, Contact],
    in_review: bool,
    given_up: bool,
    roles: Mapping[str, str],
    stand_in: Asked | None,
    calls: tuple[CallView, ...],
) -> MemberView:
    contact = contacts.get(request.person_id, NOBODY)
    last = sent.get(request.id, NOT_SENT).rang
    lost = given_up or any(call.outcome in NOT_REACHED for call in calls)
    return MemberView(
        person_id=request.person_id,
        name=contact.name,
        post=contact.post,
        unit=contact.unit,
        role=request.role,
        role_title=roles.get(request.role, request.role),
        state=member_state(request, sent.get(request.id, NOT_SENT), contact, in_review, lost),
        phone=contact.phone,
        landline=contact.landline,
        asked_at=request.asked_at,
        answered_at=request.answered_at,
        via=request.via,
        step=request.step,
        request_id=request.id,
        instead_of=_name(contacts, request.instead_of),
        replaced_by=_name(contacts, stand_in.person_id if stand_in else None),
        reason=request.reason,
        stand_in_accepted=stand_in is not None and stand_in.state == "accepted",
        late=request.state == "replaced"
        and request.answered_at is not None
        and request.reason != STAND_IN_KEPT,
        calls=calls,
        xung_ho=contact.xung_ho,
        stands_in_for=_called(contacts, request.instead_of),
        stood_in_by=_called(contacts, stand_in.person_id if stand_in else None),
        rang_at=last.at if last else None,
        rang=last.how if last else "",
    )


def answers(
    requests: Iterable[Asked], sent: Mapping[str, Sent], contacts: Mapping[str, Contact]
) -> tuple[AnswerView, ...]:
    made = []
    for request in requests:
        contact = contacts.get(request.person_id, NOBODY)
        made.append(
            AnswerView(
                person_id=request.person_id,
                name=contact.name,
                post=contact.post,
                unit=contact.unit,
                role=request.role,
                step=request.step,
                activation=request.activation,
                purpose=request.purpose,
                party=request.party,
                grouped=request.grouped,
                asked_at=request.asked_at,
                sent_at=sent.get(request.id, NOT_SENT).first_at,
                answered_at=request.answered_at,
                state=request.state,
                via=request.via,
                instead_of=_name(contacts, request.instead_of),
                reason=request.reason,
            )
        )
    return tuple(made)


def _called(contacts: Mapping[str, Contact], person: str | None) -> str:
    known = contacts.get(person, NOBODY) if person else NOBODY
    return known.called if known.name else ""


def _name(contacts: Mapping[str, Contact], person: str | None) -> str | None:
    return contacts.get(person, NOBODY).name or None if person else None
