"""The questions of the press as the record has them, and what a report counts of them.

Their words are read from beside the timeline, so that what was masked there is masked here too. Reads only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median_low
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from incident.papers.dates import between, length
from incident.report.naming import Naming
from incident.report.queries import THIS
from incident.report.record import IncidentView, PressView
from incident.report.titles import NO_DATA
from incident.store.tables import FreeText, PressRequest
from incident.timeline.masking import shown

STATES = {
    "new": "Mới",
    "answering": "Đang trả lời",
    "answered": "Đã trả lời",
    "refused": "Từ chối, có nêu lý do",
}
ENDED_FIELDS = ("answer", "reason")


_ASKED, _ENDED = aliased(FreeText), aliased(FreeText)
_QUESTIONS = (
    select(PressRequest, _ASKED, _ENDED)
    .outerjoin(
        _ASKED,
        and_(
            _ASKED.chain == func.coalesce(PressRequest.asked_in, PressRequest.incident_id),
            _ASKED.seq == PressRequest.asked_seq,
            _ASKED.field == "question",
        ),
    )
    .outerjoin(
        _ENDED,
        and_(
            _ENDED.chain == PressRequest.incident_id,
            _ENDED.seq == PressRequest.ended_seq,
            _ENDED.field.in_(ENDED_FIELDS),
        ),
    )
    .where(PressRequest.incident_id == THIS)
    .order_by(PressRequest.n)
)


def questions(session: Session, incident_id: str, names: Mapping[str, Any]) -> tuple[PressView, ...]:
    """Every question of an incident, in the order of asking, in one query."""
    found = session.execute(_QUESTIONS, {"incident": incident_id})
    return tuple(_question(row, said, end, names) for row, said, end in found)


def _question(
    row: PressRequest, said: FreeText | None, ended: FreeText | None, names: Mapping[str, Any]
) -> PressView:
    return PressView(
        id=row.id,
        n=row.n,
        outlet=row.outlet,
        name=row.name,
        phone=row.phone,
        question=shown(said) if said else "",
        received_at=row.received_at,
        deadline=row.deadline,
        state=row.state,
        owner_id=row.owner,
        owner=str(names.get(row.owner or "", {}).get("name", "")),
        answered_at=row.answered_at,
        answer=shown(ended) if ended else "",
        link=row.link,
    )


# ------------------------------------------------------------------ the report


@dataclass(frozen=True, slots=True)
class PressLine:
    """`name` and `question` only in the annex."""

    n: int
    outlet: str
    name: str
    question: str
    received_at: datetime
    deadline: datetime | None
    state: str
    answered_at: datetime | None
    seconds: int | None
    late: bool
    answer: str
    link: str


def lines(view: IncidentView, naming: Naming) -> tuple[PressLine, ...]:
    return tuple(
        PressLine(
            n=p.n,
            outlet=naming.text(p.outlet),
            name=p.name if naming.by_name else "",
            question=p.question if naming.by_name else "",
            received_at=p.received_at,
            deadline=p.deadline,
            state=STATES[p.state],
            answered_at=p.answered_at,
            seconds=_waited(p),
            late=p.late,
            answer=naming.text(p.answer) if naming.by_name or p.state == "refused" else "",
            link=p.link,
        )
        for p in view.press
    )


def _waited(question: PressView) -> int | None:
    if question.answered_at is None:
        return None
    return max(0, between(question.received_at, question.answered_at))


def summary(press: Sequence[PressView]) -> str:
    """One sentence: how many, how many in time, how many refused with a reason."""
    if not press:
        return "Nhật ký chưa ghi câu hỏi nào của báo chí."
    answered = sum(p.state == "answered" for p in press)
    refused = sum(p.state == "refused" for p in press)
    return (
        f"Báo chí hỏi {len(press)} câu: đã trả lời {answered}, từ chối có nêu lý do {refused}, "
        f"chưa trả lời {len(press) - answered - refused}; {in_time_words(press)}."
    )


def in_time_words(press: Sequence[PressView]) -> str:
    bound = [p for p in press if p.deadline]
    if not bound:
        return "không câu nào có hạn của báo"
    kept = sum(1 for p in bound if p.answered_at and not p.late)
    return f"trước hạn của báo {kept}/{len(bound)}"


def enquiry_words(press: Sequence[PressView]) -> tuple[str, int | None]:
    """t_enquiry: from a question's arrival to its answer, the middle one, with the share in time."""
    waits = [wait for p in press if p.state == "answered" and (wait := _waited(p)) is not None]
    if not press:
        return NO_DATA, None
    if not waits:
        return f"chưa trả lời câu nào; {in_time_words(press)}", None
    middle = median_low(waits)
    return f"{length(middle)}; {in_time_words(press)}", middle
