"""What those on duty heard by telephone, in the Zalo group or face to face, and taking back a mistaken press.

An answer heard so is an answer like any other (`response.answer`); a call that reached nobody changes nothing but the
record. Must never know how a page asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from incident import wording
from incident.domain.actors import Actor
from incident.domain.address import called
from incident.domain.errors import Conflict, Invalid, NotFound
from incident.domain.ids import new_id
from incident.domain.words import said
from incident.response.advance import held_open
from incident.response.answer import (
    ACCEPT,
    DECLINE,
    STATES,
    WRONG,
    Changes,
    answer,
    asked,
    commit_changes,
    disown,
    held_everywhere,
)
from incident.response.desk import Desk
from incident.response.enrolment import require_taking_part
from incident.response.permissions import COMMAND, require, require_person
from incident.response.withdrawing import withdraw
from incident.store.tables import Incident, Link, Message, Person, PhoneCall, Request, Suppression
from incident.timeline import ledger
from playbooks.signals import Acknowledged, Declined, Invited, Retracted

SENT_ANOTHER, NO_ANSWER, OFF, SOMEONE_ELSE = "sent_another", "no_answer", "off", "someone_else"
OUTCOMES = {
    ACCEPT: "đã nhận",
    DECLINE: "báo bận",
    SENT_ANOTHER: "cử người thay",
    NO_ANSWER: "không nghe máy",
    OFF: "thuê bao/tắt máy",
    SOMEONE_ELSE: "người khác nghe",
    WRONG: "sai số",
}
UNREACHED = (NO_ANSWER, OFF, SOMEONE_ELSE)
SOURCES = {"phone": "gọi điện", "zalo": "nhóm Zalo", "direct": "gặp trực tiếp"}
TAKEN_BACK_WITHIN = timedelta(minutes=10)
SAME_PRESS = timedelta(seconds=20)  # a second press of the same button on a slow line is the same call
LONGEST_TEXT = 2_000
MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing heard of one person. `text`: what was said, `instead`: whom they send."""

    person: str
    outcome: str
    at: datetime
    source: str = "phone"
    text: str = ""
    instead: str | None = None


def record(desk: Desk, incident_id: str, heard: Heard, actor: Actor, now: datetime) -> bool:
    """Record one call. False when it was only a second press of the same button. Raises Forbidden, Invalid, NotFound,
    Conflict."""
    return record_many(desk, incident_id, [heard], actor, now) == 1


def record_many(desk: Desk, incident_id: str, heard: Iterable[Heard], actor: Actor, now: datetime) -> int:
    """Record answers of several people in one transaction, an entry each. Returns how many told something new."""
    require(actor, *COMMAND)
    require_person(actor)
    heard = list(heard)
    if not heard:
        raise Invalid("nobody", "Chưa chọn ai.", {"person": [said("Chọn ít nhất một người.")]})
    if len(heard) > MOST_AT_ONCE:
        raise Invalid("too_many", said("Mỗi lần ghi nhiều nhất %(n)s người.", n=MOST_AT_ONCE))
    for one in heard:
        _check(one, now)
    disowned = [one.person for one in heard if one.outcome == WRONG]
    with desk.store.writing() as session:
        incidents = held_everywhere(session, incident_id, disowned)
        changes = {incident.id: Changes(incident) for incident in incidents}
        _must_be_open(changes[incident_id].incident)
        recorder = _Recorder(session, desk, changes, incident_id, actor, now)
        told = sum(recorder.take(one) for one in heard)
        for change in changes.values():
            commit_changes(session, desk, change, now)
        desk.store.after_commit(session, desk.ring)
        return told


def _must_be_open(incident: Incident) -> None:
    if incident.status != "open":
        raise Conflict("closed", "Vụ việc đã kết thúc; muốn làm tiếp xin mở lại vụ việc trước.")


def _check(heard: Heard, now: datetime) -> None:
    if heard.outcome not in OUTCOMES:
        raise Invalid("bad_outcome", "Chọn kết quả cuộc gọi.", {"outcome": [said("Chọn kết quả cuộc gọi.")]})
    if heard.source not in SOURCES:
        raise Invalid("bad_source", "Chọn nguồn của trả lời.", {"source": [said("Chọn nguồn của trả lời.")]})
    if heard.at > now:
        raise Invalid("future", "Thời điểm ở tương lai.", {"at": [said("Thời điểm không được ở tương lai.")]})
    if len(heard.text) > LONGEST_TEXT:
        raise Invalid(
            "too_long", "Nội dung quá dài.", {"text": [said("Không quá %(n)s ký tự.", n=LONGEST_TEXT)]}
        )
    if heard.outcome == SENT_ANOTHER and not heard.instead:
        raise Invalid(
            "which_person", "Chọn người được cử thay.", {"instead": [said("Chọn người được cử thay.")]}
        )


def facts(heard: Heard, actor: Actor) -> str:
    """The reason of an answer recorded with one press: who heard it, how, when, what."""
    how = "gọi" if heard.source == "phone" else f"ghi theo {SOURCES[heard.source]}"
    said = f"{actor.name} {how} lúc {wording.clock(heard.at)}: {OUTCOMES[heard.outcome]}"
    return f"{said}. {heard.text}" if heard.text else said


class _Recorder:
    """Takes what was heard, one after the other, into the changes of one transaction."""

    def __init__(
        self,
        session: Session,
        desk: Desk,
        changes: dict[str, Changes],
        incident_id: str,
        actor: Actor,
        now: datetime,
    ) -> None:
        self.session, self.desk, self.changes = session, desk, changes
        self.here = changes[incident_id]
        self.actor, self.now = actor, now

    def take(self, heard: Heard) -> bool:
        person = self.session.get(Person, heard.person)
        if person is None:
            raise NotFound("no_person", "Không có người này trong danh bạ.")
        requests = asked(self.session, self.here.incident.id, person.id)
        if not requests:
            raise Conflict("not_asked", "Người này chưa được mời trong vụ việc.")
        if self._pressed_twice(heard):
            return False
        before = [_as_it_was(request) for request in requests]
        if not self._applied(heard, person, requests):
            return False
        self._keep(heard, before)
        return True

    def _pressed_twice(self, heard: Heard) -> bool:
        same = select(PhoneCall.id).where(
            PhoneCall.incident_id == self.here.incident.id,
            PhoneCall.person_id == heard.person,
            PhoneCall.outcome == heard.outcome,
            PhoneCall.recorded_by == self.actor.name,
            PhoneCall.recorded_at > self.now - SAME_PRESS,
            PhoneCall.undone_at.is_(None),
        )
        return self.session.scalar(same.limit(1)) is not None

    def _applied(self, heard: Heard, person: Person, requests: list[Request]) -> bool:
        if heard.outcome in STATES:
            outcome = answer(
                self.session, self.here, person, requests, heard.outcome, heard.source, heard.at, self.now,
                self.actor, facts(heard, self.actor),
            )  # fmt: skip
            return outcome.kind != "repeated"
        if heard.outcome == WRONG:
            disown(self.session, self.desk, person, list(self.changes.values()), self.now, self.actor)
            return True
        if heard.outcome == SENT_ANOTHER:
            self._send_another(heard, person, requests)
        else:
            data = {"person": person.id, "outcome": heard.outcome, "occurred_at": heard.at}
            self._line("call_recorded", heard, data, {"text": heard.text} if heard.text else {})
        return True

    def _send_another(self, heard: Heard, person: Person, requests: list[Request]) -> None:
        other = self.session.get(Person, heard.instead)
        if other is None or not other.active or other.id == person.id:
            fault = said("Chọn một người khác có trong danh bạ.")
            raise Invalid("which_person", fault, {"instead": [fault]})
        require_taking_part(self.session, self.here.incident, other.id)
        request = next((r for r in reversed(requests) if r.state in ("asked", "accepted", "declined")), None)
        if request is None or request.grouped:
            raise Conflict("not_asked", "Đã có người tham gia thay; không cử thêm được ở đây.")
        request.state, request.via, request.answered_at = "declined", heard.source, heard.at
        request.recorded_by, request.reason = self.actor.name, heard.text[:300]
        self.here.events.append(Invited(request.step, other.id, instead_of=person.id))
        data = {
            "person": person.id,
            "outcome": heard.outcome,
            "instead": other.id,
            "step": request.step,
            "occurred_at": heard.at,
        }
        self._line("call_recorded", heard, data, {"reason": heard.text} if heard.text else {})

    def _line(self, kind: str, heard: Heard, data: dict[str, Any], texts: dict[str, str]) -> None:
        data = {**data, "source": heard.source}
        self.here.lines.append(ledger.Line(kind, heard.at, self.now, self.actor, data, texts))

    def _keep(self, heard: Heard, before: list[dict[str, Any]]) -> None:
        self.session.add(
            PhoneCall(
                id=new_id(self.now),
                incident_id=self.here.incident.id,
                person_id=heard.person,
                outcome=heard.outcome,
                source=heard.source,
                occurred_at=heard.at,
                recorded_at=self.now,
                recorded_by=self.actor.name,
                before=before,
            )
        )
        self.session.flush()


def _as_it_was(request: Request) -> dict[str, Any]:
    at = request.answered_at
    return {
        "id": request.id,
        "state": request.state,
        "via": request.via,
        "answered_at": at.isoformat() if at else None,
        "recorded_by": request.recorded_by,
        # What somebody wrote may be masked later: only the record's own keys are kept here.
        "reason": request.reason if request.state == "asked" else "",
    }


# ------------------------------------------------------------------ taking back


def take_back(desk: Desk, incident_id: str, call_id: str, actor: Actor, now: datetime) -> str:
    """Undo what a mistaken press recorded, within minutes: a correcting entry, and the person waits again. What has left
    meanwhile (a stand-in's SMS) is not called back. Returns who, as they are addressed. Raises NotFound, Conflict, Forbidden."""
    require(actor, *COMMAND)
    with desk.store.reading() as session:
        found = session.get(PhoneCall, call_id)
        if found is None or found.incident_id != incident_id:
            raise NotFound("no_call", "Không có cuộc gọi này.")
        disowned = [found.person_id] if found.outcome == WRONG else []
    with desk.store.writing() as session:
        if not disowned:
            incidents = [held_open(session, incident_id)]
        else:
            incidents = held_everywhere(session, incident_id, disowned)
        changes = {incident.id: Changes(incident) for incident in incidents}
        here = changes[incident_id]
        _must_be_open(here.incident)
        call = session.get_one(PhoneCall, call_id, populate_existing=True)
        if call.undone_at is not None:
            raise Conflict("undone", "Đã hoàn tác trước đó.")
        if now - call.recorded_at > TAKEN_BACK_WITHIN:
            raise Conflict("too_late", "Đã quá 10 phút; xin ghi một cuộc gọi mới thay cho hoàn tác.")
        call.undone_at = now
        person = session.get_one(Person, call.person_id)
        data = {"person": person.id, "outcome": call.outcome}
        here.lines.append(ledger.Line("call_undone", now, now, actor, data))
        if call.outcome == WRONG:
            _own_again(session, person, call, list(changes.values()))
        elif call.outcome not in UNREACHED:
            _restore(session, here, call)
        for change in changes.values():
            commit_changes(session, desk, change, now)
        desk.store.after_commit(session, desk.ring)
        return called(person.xung_ho, person.name)


def _restore(session: Session, here: Changes, call: PhoneCall) -> None:
    """The requests this call answered are as they were; one that was answered anew since then is left alone."""
    answered = "declined" if call.outcome == SENT_ANOTHER else STATES[call.outcome]
    touched = False
    for was in call.before:
        request = session.get_one(Request, was["id"])
        if was["state"] == answered and was["answered_at"] == _iso(request.answered_at):
            continue
        if (request.state, request.via, request.answered_at) != (answered, call.source, call.occurred_at):
            continue
        _set_back(request, was)
        _tell_run(here, request, answered)
        touched = True
    if not touched:
        raise Conflict("answered_since", "Người này đã trả lời lại sau đó; không hoàn tác được.")


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _set_back(request: Request, was: dict[str, Any]) -> None:
    request.state, request.via = was["state"], was["via"]
    request.recorded_by, request.reason = was["recorded_by"], was["reason"]
    request.answered_at = datetime.fromisoformat(was["answered_at"]) if was["answered_at"] else None


def _tell_run(here: Changes, request: Request, answered: str) -> None:
    person = None if request.grouped else request.person_id
    here.events.append(Retracted(request.step, request.activation, person, answered == "accepted"))
    if request.state == "accepted":
        here.events.append(Acknowledged(request.step, request.activation, person))
    elif request.state == "declined":
        here.events.append(Declined(request.step, request.activation, person))


def _own_again(session: Session, person: Person, call: PhoneCall, everywhere: list[Changes]) -> None:
    """The number was theirs after all: links work again, an apology that has not left does not leave."""
    person.wrong_number_at = None
    session.execute(
        delete(Suppression).where(Suppression.address == person.phone, Suppression.reason == WRONG)
    )
    session.execute(
        update(Link)
        .where(Link.person_id == person.id, Link.revoked_at == call.recorded_at)
        .values(revoked_at=None)
    )
    assert call.undone_at is not None
    withdraw(
        session, "undone", call.undone_at,
        Message.person_id == person.id, Message.kind == "reply", Message.created_at == call.recorded_at,
    )  # fmt: skip
    for changes in everywhere:
        for request in asked(session, changes.incident.id, person.id):
            if request.state == "asked" and request.reason == WRONG:
                request.reason = ""
                who = None if request.grouped else person.id
                changes.events.append(Retracted(request.step, request.activation, who, False))
