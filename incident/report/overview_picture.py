"""Draws the course of an incident: one axis of time, lanes of what was told, written and due. Knows no record.

Readable in black and white: states differ by their filling and by their word, not by colour alone. `narrow` is for a
telephone of 390 px: titles stand above their lanes and letters stay as large as on a desk.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from incident.domain.words import Speak, said
from incident.papers.dates import HANOI
from incident.papers.drawing import INK, LINE, PAPER, SOFT, Drawing, shortened
from incident.report.overview import OUTCOMES, STATES, Limit, Overview, TextLine, describe

FILLS = {
    "drafting": (PAPER, "3 2"),
    "submitted": ("#d3e3f5", ""),
    "returned": ("#f5c4bd", "1 2"),
    "approved": ("#7d9fc4", ""),
    "unapproved": ("#f3c6c1", "2 3"),
    "released": ("#1f3d2b", ""),
}
RED, BLUE, GREEN = "#b01a1a", "#1d4e89", "#14532d"
MINUTE, HOUR, DAY = 60, 3600, 86400
ROUND = (
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
)
CURVE, LANE = 110.0, 46.0
LEFT, RIGHT = 12.0, 16.0
SIZE = 12.0


@dataclass(frozen=True, slots=True)
class Frame:
    """Where time lies on the paper."""

    seen: Overview
    width: float
    speak: Speak

    def x(self, at: datetime) -> float:
        whole = (self.seen.until - self.seen.opened_at).total_seconds()
        share = (at - self.seen.opened_at).total_seconds() / whole
        return LEFT + (self.width - LEFT - RIGHT) * min(1.0, max(0.0, share))


def draw(seen: Overview, narrow: bool = False, speak: Speak = str) -> str:
    """The picture as SVG."""
    frame = Frame(seen, 360.0 if narrow else 600.0, speak)
    bottom = 24 + CURVE + LANE * (len(seen.texts) + len(seen.limits)) + 14
    paper = Drawing(frame.width, bottom + (88 if narrow else 68), describe(seen, speak))
    _axis(paper, frame, bottom)
    _ends(paper, frame, bottom)
    _curve(paper, frame, 24.0)
    y = 24 + CURVE + 10
    for text in seen.texts:
        _text(paper, frame, text, y)
        y += LANE
    for limit in seen.limits:
        _limit(paper, frame, limit, y)
        y += LANE
    _legend(paper, frame, bottom + 34)
    return paper.svg()


def _title(paper: Drawing, frame: Frame, words: str, y: float) -> float:
    """The lane's name, above it. Returns where the lane itself begins."""
    paper.label(LEFT + 6, y + 12, shortened(words, frame.width - 26, SIZE), SIZE)
    return y + 16


def _axis(paper: Drawing, frame: Frame, bottom: float) -> None:
    seen = frame.seen
    whole = (seen.until - seen.opened_at).total_seconds()
    apart = _apart(whole, int(frame.width // 90))
    first = seen.opened_at.astimezone(HANOI)
    start = first.replace(hour=0, minute=0, second=0, microsecond=0)
    at = start + timedelta(seconds=math.ceil((first - start).total_seconds() / apart) * apart)
    while at <= seen.until:
        x = frame.x(at)
        paper.line(x, 20, x, bottom, "#e3e6e8")
        if LEFT + 12 <= x <= frame.width - 14:
            paper.text(x, bottom + 15, f"{at:%H:%M}" if apart < DAY else f"{at:%d/%m}", 11, SOFT, "middle")
        at += timedelta(seconds=apart)
    paper.line(LEFT, bottom, frame.width - RIGHT, bottom, INK)


def _apart(whole: float, marks: int) -> int:
    """Seconds between two marks: a round length, and no more marks than there is room for."""
    return next((apart for apart in ROUND if whole / apart <= marks), math.ceil(whole / marks / DAY) * DAY)


def _curve(paper: Drawing, frame: Frame, top: float) -> None:
    seen, floor, roof = frame.seen, top + CURVE - 6, top + 22
    most = max(len(seen.asked), 1)
    words = said(
        "Được báo %(asked)s lượt, trả lời %(answered)s", asked=len(seen.asked), answered=len(seen.answered)
    )
    paper.label(LEFT + 6, top + 8, frame.speak(words), SIZE)
    paper.line(LEFT, floor, frame.width - RIGHT, floor, LINE)
    end = seen.now_at or seen.closed_at or seen.until
    for moments, colour, dash in ((seen.asked, BLUE, "6 3"), (seen.answered, INK, "")):
        paper.path(_stairs(frame, moments, end, floor, (floor - roof) / most), colour, 2.5, dash)


def _stairs(frame: Frame, moments: Sequence[datetime], end: datetime, floor: float, each: float) -> str:
    corners = [f"M{frame.x(frame.seen.opened_at):.1f} {floor:.1f}"]
    corners += [
        f"H{frame.x(at):.1f}V{floor - bisect_right(moments, at) * each:.1f}" for at in sorted(set(moments))
    ]
    return "".join((*corners, f"H{frame.x(end):.1f}"))


def _text(paper: Drawing, frame: Frame, text: TextLine, y: float) -> None:
    y = _title(paper, frame, text.title, y)
    for span in text.spans:
        fill, dash = FILLS[span.state]
        x, width = frame.x(span.start), max(3.0, frame.x(span.end) - frame.x(span.start))
        paper.box(x, y + 2, width, 18, fill, dash=dash)
        word = frame.speak(STATES[span.state])
        if width > len(word) * 11 * 0.6 + 6:
            paper.text(x + 4, y + 15, word, 11, PAPER if span.state == "released" else INK)


def _limit(paper: Drawing, frame: Frame, limit: Limit, y: float) -> None:
    named = (
        said("Theo luật: %(title)s", title=limit.title)
        if limit.law
        else said("Mục tiêu: %(title)s", title=limit.title)
    )
    y = _title(paper, frame, frame.speak(named), y)
    late = limit.state in ("late", "missed")
    x, beyond = frame.x(limit.due), limit.due > frame.seen.until
    paper.line(LEFT, y + 11, x, y + 11, RED if limit.law else SOFT, 1.5, "" if limit.law else "2 3")
    if beyond:
        paper.path(
            f"M{x - 8:.1f} {y + 5:.1f}L{x:.1f} {y + 11:.1f}L{x - 8:.1f} {y + 17:.1f}",
            RED if limit.law else SOFT,
        )
    else:
        paper.line(x, y + 2, x, y + 20, RED if limit.law else INK, 4)
    words = f"{_moment(limit.due, frame.seen.opened_at)}, {frame.speak(OUTCOMES[limit.state])}"
    _beside(
        paper, frame, (x, frame.x(limit.met_at)) if limit.met_at else (x,), y, words, RED if late else INK
    )
    if limit.met_at:
        met = frame.x(limit.met_at)
        paper.put(
            "circle",
            cx=met,
            cy=y + 11,
            r=6,
            fill=PAPER if late else GREEN,
            stroke=RED if late else GREEN,
            stroke_width=2,
        )


def _beside(
    paper: Drawing, frame: Frame, marks: tuple[float, ...], y: float, words: str, colour: str
) -> None:
    """Right of the marks where there is room, else left of them, on a white ground."""
    room = len(words) * 11 * 0.56 + 8
    start = max(marks) + 10
    if start + room > frame.width - 4:
        start = max(LEFT, min(marks) - room - 10)
    paper.box(start, y + 3, room, 16, PAPER, PAPER)
    paper.text(start + 4, y + 15, words, 11, colour, bold=colour == RED)


def _moment(at: datetime, opened: datetime) -> str:
    local = at.astimezone(HANOI)
    return f"{local:%H:%M}" if local.date() == opened.astimezone(HANOI).date() else f"{local:%H:%M %d/%m}"


def _ends(paper: Drawing, frame: Frame, bottom: float) -> None:
    """Where it stands: now, or where it ended."""
    seen = frame.seen
    at = seen.now_at or seen.closed_at
    if at is None:
        return
    x, word = frame.x(at), said("Bây giờ") if seen.now_at else said("Kết thúc")
    paper.line(x, 18, x, bottom, INK, 2, "5 3" if seen.now_at else "")
    anchor = "end" if x > frame.width - 90 else "start" if x < LEFT + 60 else "middle"
    paper.text(x, 13, f"{frame.speak(word)} {_moment(at, seen.opened_at)}", SIZE, INK, anchor, bold=True)


def _legend(paper: Drawing, frame: Frame, y: float) -> None:
    x = 12.0
    keys = [
        (frame.speak(STATES[state]), state)
        for state in FILLS
        if any(s.state == state for t in frame.seen.texts for s in t.spans)
    ]
    if frame.seen.asked:
        keys += [(frame.speak(said("Được báo")), "asked"), (frame.speak(said("Trả lời")), "answered")]
    for word, key in keys:
        room = 34 + len(word) * 11 * 0.56
        if x + room > frame.width - 8:
            x, y = 12.0, y + 20
        if key in FILLS:
            fill, dash = FILLS[key]
            paper.box(x, y - 10, 18, 12, fill, dash=dash)
        else:
            paper.line(
                x, y - 4, x + 18, y - 4, BLUE if key == "asked" else INK, 2.5, "6 3" if key == "asked" else ""
            )
        paper.text(x + 24, y, word, 11, SOFT)
        x += room + 8
