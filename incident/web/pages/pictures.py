"""Two pictures of an incident: its course so far, and the swim-lane of its playbook with where it stands. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, render_template, request
from markupsafe import Markup

from incident.report import lanes
from incident.report.lanes import Numbered, Standing
from incident.report.overview import describe, overview
from incident.report.overview_picture import draw
from incident.report.record import IncidentView
from incident.response.library import pinned
from incident.store.tables import Incident
from incident.web.language import spoken
from incident.web.pages.access import read, signed_in, wiring
from playbooks.language import Playbook
from playbooks.plan import Plan, planned

pages = Blueprint("pictures", __name__)


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawing, for a desk and for a telephone, and the same in words. Our own drawings escape what they are given."""

    wide: Markup
    narrow: Markup
    words: str


@dataclass(frozen=True, slots=True)
class Lanes:
    picture: Picture
    steps: tuple[Numbered, ...]
    law: bool  # a deadline of the law is drawn in it


@pages.get("/incidents/<incident_id>/course")
@signed_in
def course(incident_id: str) -> str:
    """A page of its own; only its body for a page that opens it in place."""
    view = read(incident_id, timeline=False, grouped=True)
    template = "pictures/body.html" if "HX-Request" in request.headers else "pictures/course.html"
    now = wiring().now()
    return render_template(template, view=view, course=course_of(view, now), lanes=lanes_of(view, now))


def course_of(view: IncidentView, now: datetime) -> Picture:
    seen = overview(view, now)
    return Picture(
        Markup(draw(seen, speak=spoken)),
        Markup(draw(seen, narrow=True, speak=spoken)),
        describe(seen, spoken),
    )


def lanes_of(view: IncidentView, now: datetime) -> Lanes:
    with wiring().store.reading() as session:
        incident = session.get_one(Incident, view.id)
        playbook = pinned(session, incident.playbook_version)
    titles = {step.id: step.title for step in view.steps}
    return _lanes(plan_of(playbook, view.level, view.playbook_sha256), titles, lanes.standing(view, now))


def lanes_planned(playbook: Playbook, level: int, titles: dict[str, str]) -> Lanes:
    """As the playbook has it, without a run."""
    return _lanes(planned(playbook, level), titles, Standing())


def _lanes(plan: Plan, titles: dict[str, str], at: Standing) -> Lanes:
    picture = Picture(
        Markup(lanes.draw(plan, titles, at, speak=spoken)),
        Markup(lanes.draw(plan, titles, at, narrow=True, speak=spoken)),
        lanes.describe(plan, titles, at, spoken),
    )
    return Lanes(picture, lanes.numbered(plan, titles, at, spoken), any(limit.law for limit in plan.limits))


# A compiled playbook never changes, and its plan is a tenth of a second's work: as many are kept as were ever looked at.
_plans: dict[tuple[str, int], Plan] = {}


def plan_of(playbook: Playbook, level: int, sha256: str) -> Plan:
    key = (sha256, level)
    if key not in _plans:
        _plans[key] = planned(playbook, level)
    return _plans[key]
