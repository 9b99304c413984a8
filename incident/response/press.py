"""The press at the door: what is read aloud from the first minute, and every question until it has an answer.

The line is never a draft: either the neutral line of the house or what has been released. A question's words lie beside
the timeline; the journalist's number stands in the question's row alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident.domain.actors import SYSTEM, Actor, Role
from incident.domain.errors import Conflict, Invalid, NotFound
from incident.domain.ids import new_id
from incident.domain.words import said
from incident.report.record import IncidentView, PressView, StatementView
from incident.response import casting
from incident.response.advance import held
from incident.response.desk import Desk
from incident.response.permissions import COMMAND, require, require_person
from incident.store.tables import Incident, PressRequest
from incident.timeline import ledger
from incident.wording import House, spoken
from notify.phone import BadNumber, to_e164

DESK = (*COMMAND, Role.SPOKESPERSON, Role.SECRETARY)
OPEN = ("new", "answering")
ALARM = timedelta(minutes=30)
LONGEST = {"outlet": 160, "name": 120, "phone": 40, "question": 4_000, "link": 500}
LONGEST_ANSWER = 8_000
SENTENCES = 2
LONGEST_SENTENCE = 320
FIRST_STATEMENT = "ban_dau"  # the internal target of the first statement, in the library's playbooks
HOLDING = (
    "Chúng tôi đã tiếp nhận thông tin, đang xác minh với cơ quan chuyên môn; thông tin chính thức sẽ đăng tại "
    "{where}{before}. Xin anh/chị cho biết tên, cơ quan và câu hỏi để chúng tôi trả lời."
)


@dataclass(frozen=True, slots=True)
class Line:
    """What is read aloud. `released_at`, `link`: of the released text, when it is one."""

    text: str
    link: str = ""
    released_at: datetime | None = None


def line_to_read(view: IncidentView, house: House, now: datetime, own: str = "") -> Line:
    """The line for whoever answers the phone. `own`: the house's own holding line (setting `press_line`)."""
    released = _released(view)
    if released is not None:
        statement, at, link = released
        return Line(f"{first_sentences(_text_of(statement))}", link, at)
    before = _promised(view, now)
    words = own or HOLDING
    where = (
        re.sub(r"^https?://", "", house.portal_url).rstrip("/")
        or f"Cổng Thông tin điện tử {house.province or 'tỉnh'}"
    )
    return Line(words.replace("{where}", where).replace("{before}", before))


def _promised(view: IncidentView, now: datetime) -> str:
    due = next((d.due for d in view.deadlines if d.id == FIRST_STATEMENT and d.due and d.due > now), None)
    return f" trước {spoken(due)}" if due else " trong thời gian sớm nhất"


def _released(view: IncidentView) -> tuple[StatementView, datetime, str] | None:
    """What stands outside and was neither corrected nor withdrawn, the newest."""
    out = [
        (release.released_at, statement, release.link or "")
        for statement in view.statements
        if statement.state == "released"
        for release in statement.releases
        if release.released_at
    ]
    if not out:
        return None
    at, statement, link = max(out, key=lambda found: found[0])
    return statement, at, link or next((r.link for r in statement.releases if r.link), "")


def _text_of(statement: StatementView) -> str:
    """The words of the revision that was released, never the working text."""
    n = max(r.revision_n for r in statement.releases if r.released_at)
    return next(r.text for r in statement.revisions if r.n == n)


def first_sentences(text: str) -> str:
    """The first two sentences of the body: a title stands on a line of its own, without a full stop."""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    body = " ".join(line for line in lines if line[-1] in ".!?:;") or " ".join(lines)
    sentences = re.split(r"(?<=[.!?])\s+(?=[^\W\d_])", body)
    said = " ".join(sentences[:SENTENCES])
    return (
        said if len(said) <= 2 * LONGEST_SENTENCE else said[: 2 * LONGEST_SENTENCE].rsplit(" ", 1)[0] + " …"
    )


# ------------------------------------------------------------------ a question


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked at the door, as typed. `key`: of the form, so that it is written once."""

    key: str
    outlet: str
    question: str
    name: str = ""
    phone: str = ""
    deadline: datetime | None = None


def sees_press(actor: Actor) -> bool:
    """Names and numbers of journalists: for those who call them back."""
    return actor.may(*DESK)


def ask(desk: Desk, incident_id: str, asked: Question, actor: Actor, now: datetime) -> str:
    """Write a question down. Returns its id; the same form again gives the same. Raises Invalid, Forbidden."""
    require(actor, *DESK)
    phone = _checked(asked)
    with desk.store.writing() as session:
        incident = held(session, incident_id)
        known = session.scalar(select(PressRequest).where(PressRequest.key == asked.key))
        if known is not None and known.incident_id != incident_id:
            raise Invalid("stale", "Trang đã cũ; xin tải lại.")
        if known is not None:
            return known.id
        n = 1 + (
            session.scalar(select(func.max(PressRequest.n)).where(PressRequest.incident_id == incident_id))
            or 0
        )
        row = PressRequest(
            id=new_id(now), incident_id=incident_id, n=n, key=asked.key, outlet=_line(asked.outlet),
            name=_line(asked.name), phone=phone, asked_seq=0, received_at=now, deadline=asked.deadline,
        )  # fmt: skip
        entry = _record(
            session, incident, "press_asked", row, actor, now, {"due": asked.deadline},
            {"question": asked.question.strip()},
        )  # fmt: skip
        row.asked_seq = entry
        session.add(row)
        return row.id


def _line(text: str) -> str:
    return ledger.clean(" ".join(text.split()))


def _checked(asked: Question) -> str:
    """The number as it is dialled. Raises Invalid with every field at fault."""
    errors: dict[str, list[str]] = {}
    for field, needed in (("outlet", said("Ghi cơ quan báo chí.")), ("question", said("Ghi câu hỏi."))):
        if not getattr(asked, field).strip():
            errors[field] = [needed]
    for field in ("outlet", "name", "phone", "question"):
        if len(getattr(asked, field).strip()) > LONGEST[field]:
            errors[field] = [said("Không quá %(n)s ký tự.", n=LONGEST[field])]
    if not re.fullmatch(r"[\w-]{8,36}", asked.key):
        errors[""] = [said("Trang đã cũ; xin tải lại.")]
    if errors:
        raise Invalid("invalid", "Xin xem lại các ô được đánh dấu.", errors)
    try:
        return to_e164(asked.phone) if asked.phone.strip() else ""
    except BadNumber:
        return _line(asked.phone)  # a switchboard with an extension is still worth calling


def take(desk: Desk, request_id: str, actor: Actor, now: datetime) -> None:
    """This person answers it. Taking it over from another is allowed, and stands on the timeline."""
    require(actor, *DESK)
    me = require_person(actor)
    with desk.store.writing() as session:
        incident, row = _held(session, request_id)
        if row.owner == me and row.state == "answering":
            return
        row.owner, row.state = me, "answering"
        _record(session, incident, "press_taken", row, actor, now, {"person": me}, {})


def answer(desk: Desk, request_id: str, text: str, link: str, actor: Actor, now: datetime) -> None:
    """What was answered, and where it can be read. Raises Invalid, Conflict."""
    require(actor, *DESK)
    text, link = text.strip(), link.strip()
    if not text and not link:
        raise Invalid(
            "empty", "Chưa có nội dung.", {"answer": [said("Ghi nội dung trả lời, hoặc đường dẫn.")]}
        )
    if len(text) > LONGEST_ANSWER:
        raise Invalid("too_long", "Quá dài.", {"answer": [said("Không quá %(n)s ký tự.", n=LONGEST_ANSWER)]})
    if link and (len(link) > LONGEST["link"] or not re.fullmatch(r"https?://\S+", link)):
        raise Invalid(
            "bad_link", "Đường dẫn không đúng.", {"link": [said("Đường dẫn bắt đầu bằng https://")]}
        )
    _end(desk, request_id, "answered", {"answer": text} if text else {}, link, actor, now)


def refuse(desk: Desk, request_id: str, reason: str, actor: Actor, now: datetime) -> None:
    """Not answered, for a reason that the law wants named. Raises Invalid, Conflict."""
    require(actor, *DESK)
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_ANSWER:
        raise Invalid("no_reason", "Cần lý do.", {"reason": [said("Nêu lý do từ chối, căn cứ pháp luật.")]})
    _end(desk, request_id, "refused", {"reason": reason}, "", actor, now)


def _end(
    desk: Desk, request_id: str, state: str, texts: dict[str, str], link: str, actor: Actor, now: datetime
) -> None:
    with desk.store.writing() as session:
        incident, row = _held(session, request_id)
        row.state, row.answered_at, row.link = state, now, link
        row.owner = actor.person_id or row.owner
        late = bool(row.deadline and now > row.deadline)
        data = {"at": now, "late": late, "link": link, "person": actor.person_id}
        row.ended_seq = _record(session, incident, f"press_{state}", row, actor, now, data, texts)


def _held(session: Session, request_id: str) -> tuple[Incident, PressRequest]:
    """The question under its incident's lock, still without an answer."""
    found = session.get(PressRequest, request_id)
    if found is None:
        raise NotFound("no_question", "Không có câu hỏi này.")
    incident = held(session, found.incident_id)
    session.refresh(found)
    if found.state not in OPEN:
        raise Conflict("ended", "Câu hỏi này đã được trả lời hoặc từ chối.")
    return incident, found


def _record(
    session: Session,
    incident: Incident,
    kind: str,
    row: PressRequest,
    actor: Actor,
    now: datetime,
    data: dict[str, object],
    texts: dict[str, str],
) -> int:
    if actor.person_id:
        casting.remember(session, incident, {actor.person_id}, now)
    said = {"request": row.id, "n": row.n, "outlet": row.outlet, **data}
    entry = ledger.append(
        session, incident, kind, occurred_at=now, recorded_at=now, actor=actor, texts=texts,
        data={key: value for key, value in said.items() if value not in (None, "")},
    )  # fmt: skip
    return entry.seq


# ------------------------------------------------------------------ the alarm


def due_soon(question: PressView, now: datetime) -> bool:
    """Less than half an hour to the outlet's own deadline, or past it, and no answer."""
    return question.open and question.deadline is not None and question.deadline - now <= ALARM


def sweep(desk: Desk, now: datetime) -> int:
    """Half an hour before an outlet's deadline the timeline says so, once. Returns how many were recorded."""
    due = (
        PressRequest.state.in_(OPEN),
        PressRequest.alarmed_at.is_(None),
        PressRequest.deadline <= now + ALARM,
    )
    with desk.store.reading() as session:
        found = session.execute(select(PressRequest.id, PressRequest.incident_id).where(*due)).all()
    for request_id, incident_id in found:
        with desk.store.writing() as session:
            incident = held(session, incident_id)
            row = session.scalar(select(PressRequest).where(PressRequest.id == request_id, *due))
            if row is not None:
                row.alarmed_at = now
                if incident.status == "open":
                    _record(session, incident, "press_due_soon", row, SYSTEM, now, {"due": row.deadline}, {})
    return len(found)
