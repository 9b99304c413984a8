"""Whom the messages of an incident reached, whom not and why, and by which carrier. Changes nothing; shows no numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request

from incident.report.reached import NOT_YET, STAGES, Reach, Recipient, reach
from incident.web import labels
from incident.web.pages.access import read, signed_in, wiring

pages = Blueprint("reached", __name__)

A_PAGE = 100
TONES = {
    "answered": "green", "delivered": "teal", "handed": "teal", "taken": "blue", "moving": "blue",
    "unknown": "orange", "stopped": "grey", "failed": "red",
}  # fmt: skip
SHOWN = ("lost", "waiting", "reached", "all")


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of the bar: where it begins and how wide it is, in percent."""

    stage: str
    tone: str
    n: int
    x: float
    width: float


@pages.get("/incidents/<incident_id>/delivery")
@signed_in
def show(incident_id: str) -> str:
    """`?show=` lost | waiting | reached | all; who was not reached comes first."""
    view = read(incident_id, timeline=False, grouped=True)
    with wiring().store.reading() as session:
        seen = reach(session, incident_id)
    wanted = request.args.get("show", "")
    if wanted not in SHOWN:
        wanted = "lost" if any(one.lost for one in seen.people) else "all"
    chosen_people = _shown(seen.people, wanted)
    page = max(1, request.args.get("page", 1, int))
    body = {
        "view": view,
        "reach": seen,
        "bar": bar(seen),
        "wanted": wanted,
        "people": chosen_people[(page - 1) * A_PAGE : page * A_PAGE],
        "page": page,
        "pages": -(-len(chosen_people) // A_PAGE),
        "found": len(chosen_people),
        "reasons": [(labels.undelivered(reason), n) for reason, n in seen.reasons],
    }
    fragment = "HX-Request" in request.headers
    return render_template("reached/body.html" if fragment else "reached/page.html", **body)


def bar(seen: Reach) -> tuple[Bar, ...]:
    """The people by stage, as parts of one bar; a part of one person among thousands is still seen."""
    total = sum(seen.stages.values())
    parts: list[Bar] = []
    x = 0.0
    for stage in STAGES:
        if n := seen.stages.get(stage, 0):
            width = 100 * n / total
            parts.append(Bar(stage, TONES[stage], n, round(x, 3), round(max(width, 0.6), 3)))
            x += width
    return tuple(parts)


def _shown(people: Sequence[Recipient], wanted: str) -> Sequence[Recipient]:
    match wanted:
        case "lost":
            return [one for one in people if one.lost]
        case "waiting":
            return [one for one in people if one.stage in NOT_YET]
        case "reached":
            return [one for one in people if one.reached]
    return people
