"""The playbooks on the shelf, and one of them told as steps a press officer can read."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from incident.domain.errors import NotFound, Refusal
from incident.domain.titles import step_title
from incident.report.readiness import readiness
from incident.response import library
from incident.web.language import _, span, spoken
from incident.web.pages.access import signed_in, wiring
from incident.web.pages.pictures import lanes_planned
from playbooks.language import ByLevel, Playbook, Span, Step

pages = Blueprint("playbooks", __name__)


@pages.get("/playbooks")
@signed_in
def index() -> str:
    with wiring().store.reading() as session:
        ready = readiness(session, wiring().now())
    return render_template("playbooks/index.html", cards=library.playbooks(wiring().desk), ready=ready)


@pages.get("/playbooks/<slug>")
@signed_in
def show(slug: str) -> str:
    try:
        playbook = library.read(wiring().desk, slug)
    except Refusal as refusal:
        raise NotFound("unknown_playbook", spoken(refusal.text)) from None
    level = request.args.get("level", max(playbook.levels), int)
    if level not in playbook.levels:
        abort(404)
    titles = {step.id: step_title(playbook, step) for step in playbook.steps}
    return render_template(
        "playbooks/playbook.html", playbook=playbook, level=level, lanes=lanes_planned(playbook, level, titles),
        steps=[told(playbook, s) for s in playbook.steps],
    )  # fmt: skip


def told(playbook: Playbook, step: Step) -> dict[str, object]:
    """A step in words: who, what, when it begins, by when, what if not."""
    titles = {slug: role.title for slug, role in playbook.roles.items()}
    names = {s.id: heading(playbook, s) for s in playbook.steps}
    return {
        "id": step.id,
        "verb": step.verb.value,
        "title": names[step.id],
        "who": [titles.get(slug, slug) for slug in (step.by or _people(step))],
        "after": [names.get(id, id) for id in step.after],
        "levels": step.when.levels,
        "answers": [
            _condition(playbook, names, question, wanted) for question, wanted in step.when.answers.items()
        ],
        "within": by_level(step.within),
        "else": [_rung(titles, rung.to, rung.after) for rung in step.ladder],
        "choices": list(step.choices.values()),
        "items": list(step.items),
        "every": by_level(step.every) if step.every else "",
    }


def heading(playbook: Playbook, step: Step) -> str:
    """What a step is about, without a file name or an id."""
    if step.verb in ("task", "ask"):
        return step.text
    if step.verb in ("approve", "publish"):
        return _("nội dung đã soạn ở bước “%(step)s”", step=step.text.replace("_", " "))
    if step.verb == "draft":
        return _("soạn nội dung theo mẫu “%(name)s”", name=step.text.rsplit("/", 1)[-1].removesuffix(".md"))
    return ", ".join(playbook.roles[slug].title for slug in step.target if slug in playbook.roles)


def _people(step: Step) -> tuple[str, ...]:
    return step.target if step.verb in ("assign", "notify") else ()


def _condition(playbook: Playbook, names: dict[str, str], question: str, wanted: tuple[str, ...]) -> str:
    asked = next((s for s in playbook.steps if s.id == question), None)
    words = [asked.choices.get(key, key) if asked else key for key in wanted]
    return _(
        "“%(question)s”: %(answer)s", question=names.get(question, question), answer=_(" hoặc ").join(words)
    )


def _rung(titles: dict[str, str], to: str, after: Span) -> str:
    who = {"thay_the": _("mời người thay"), "nhac_lai": _("nhắc lại")}.get(to) or _(
        "báo %(who)s", who=titles.get(to, to)
    )
    return (
        _("sau %(span)s nữa: %(who)s", span=length(after), who=who)
        if after.seconds or after.working_days
        else who
    )


def length(value: Span) -> str:
    return _("%(n)s ngày làm việc", n=value.working_days) if value.working_days else span(value.seconds)


def by_level(values: ByLevel) -> str:
    """One value where all levels agree, else "cấp 1: …; cấp 2: …"."""
    words = {level: length(value) for level, value in sorted(values.items())}
    if len(set(words.values())) <= 1:
        return next(iter(words.values()), "")
    return "; ".join(_("cấp %(n)s: %(span)s", n=level, span=text) for level, text in words.items())
