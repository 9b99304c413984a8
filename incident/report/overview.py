"""The course of an incident at one glance, as values: told and answered, the states of each text, deadlines, the end.

Pure: a record and a time. No person stands in it, so the part that is sent and the annex show the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from incident.domain.words import Said, Speak, said
from incident.papers.dates import between, clock, length
from incident.report.record import DeadlineView, IncidentView, StatementView

FURTHEST = 4  # a deadline further off than four times the span so far stands at the edge, with its time
SHORTEST = timedelta(minutes=10)
STATES = {
    "drafting": said("Đang soạn"),
    "submitted": said("Đã trình"),
    "returned": said("Bị trả lại"),
    "approved": said("Đã duyệt, chưa công bố"),
    "unapproved": said("Chưa duyệt, được cho công bố"),
    "released": said("Đã công bố"),
}


@dataclass(frozen=True, slots=True)
class Span:
    """A text was in this state (a key of STATES) from one moment to the next."""

    state: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class TextLine:
    title: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """state: met | late (met after its time) | missed | handed (to another body) | running."""

    title: str
    law: bool
    due: datetime
    met_at: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class Overview:
    opened_at: datetime
    until: datetime  # the end of the time axis
    now_at: datetime | None  # None when it is over
    closed_at: datetime | None
    asked: tuple[datetime, ...]
    answered: tuple[datetime, ...]
    texts: tuple[TextLine, ...]
    limits: tuple[Limit, ...]


def overview(view: IncidentView, now: datetime, words: Callable[[str], str] = str) -> Overview:
    """`words` passes a text of the record on as it may be shown in this part."""
    end = view.closed_at if view.status != "open" and view.closed_at else now
    end = max(end, view.opened_at + SHORTEST)
    limits = tuple(
        _limit(d, words)
        for d in view.deadlines
        if d.due and d.state in ("running", "warned", "met", "missed", "handed")
    )
    reach = view.opened_at + FURTHEST * (end - view.opened_at)
    seen = [limit.due for limit in limits if limit.due <= reach and limit.met_at is None]
    asked = sorted(a.sent_at or a.asked_at for a in view.answers)
    return Overview(
        opened_at=view.opened_at,
        until=max([end, *seen]),
        now_at=now if view.status == "open" else None,
        closed_at=view.closed_at if view.status != "open" else None,
        asked=tuple(at for at in asked if at <= end),
        answered=tuple(sorted(a.answered_at for a in view.answers if a.answered_at and a.answered_at <= end)),
        texts=tuple(_text_line(view, text, end, words) for text in view.statements),
        limits=tuple(sorted(limits, key=lambda limit: limit.due)),
    )


def _limit(deadline: DeadlineView, words: Callable[[str], str]) -> Limit:
    assert deadline.due is not None
    late = deadline.met_at is not None and deadline.met_at > deadline.due
    state = (
        "late"
        if late
        else "met"
        if deadline.met_at
        else deadline.state
        if deadline.state in ("missed", "handed")
        else "running"
    )
    return Limit(words(deadline.title), deadline.law, deadline.due, deadline.met_at, state)


def _text_line(
    view: IncidentView, text: StatementView, end: datetime, words: Callable[[str], str]
) -> TextLine:
    """Each state lasts until the next one begins; the last one until the end of what is known."""
    turns = sorted(_turns(view, text), key=lambda turn: turn[0])
    ends = [at for at, _ in turns[1:]] + [end]
    spans = tuple(
        Span(state, at, until)
        for (at, state), until in zip(turns, ends, strict=True)
        if until > at or at >= end
    )
    return TextLine(words(text.title), spans)


def _turns(view: IncidentView, text: StatementView) -> list[tuple[datetime, str]]:
    step = next((s for s in view.steps if s.id == text.step), None)
    begun = step.since if step and step.since and step.activation <= 1 else None
    first = text.revisions[0].submitted_at if text.revisions else text.updated_at or view.opened_at
    found = [(min(begun or first, first), "drafting")]
    ready = "unapproved" if text.unapproved else "approved"
    for revision in text.revisions:
        found.append((revision.submitted_at, "submitted"))
        found += [(a.at, "returned") for a in revision.approvals if a.decision == "returned"]
    if text.state == "approved" and text.revisions and text.revisions[-1].approvals:
        found.append((text.revisions[-1].approvals[-1].at, ready))
    for release in text.releases:
        found.append((release.approved_to_go_at, ready))
        if release.released_at:
            found.append((release.released_at, "released"))
    return found


def describe(seen: Overview, speak: Speak = str) -> str:
    """The picture in words, for those who hear it."""
    told: list[str] = [_course(seen)]
    told.append(
        said(
            "%(asked)s lượt được báo, %(answered)s lượt trả lời",
            asked=len(seen.asked),
            answered=len(seen.answered),
        )
    )
    for text in seen.texts:
        turns = [
            speak(said("%(state)s lúc %(at)s", state=STATES[s.state], at=clock(s.start))) for s in text.spans
        ]
        told.append(f"{text.title}: {', '.join(turns).lower()}" if turns else text.title)
    told += [
        said(
            "thời hạn %(title)s: hạn %(due)s, %(state)s",
            title=limit.title,
            due=clock(limit.due),
            state=OUTCOMES[limit.state],
        )
        for limit in seen.limits
    ]
    return "; ".join(speak(sentence) for sentence in told) + "."


def _course(seen: Overview) -> Said:
    begun = clock(seen.opened_at)
    if seen.closed_at:
        lasted = length(between(seen.opened_at, seen.closed_at))
        return said(
            "Diễn biến từ %(a)s đến khi kết thúc lúc %(b)s, sau %(span)s",
            a=begun,
            b=clock(seen.closed_at),
            span=lasted,
        )
    if seen.now_at:
        return said("Diễn biến từ %(a)s đến %(b)s, chưa kết thúc", a=begun, b=clock(seen.now_at))
    return said("Diễn biến từ %(a)s", a=begun)


OUTCOMES = {
    "met": said("đạt"),
    "late": said("xong muộn"),
    "missed": said("đã quá hạn"),
    "running": said("đang chạy"),
    "handed": said("chuyển cơ quan khác"),
}
