"""The playbooks in use and their versions: one of them told as steps a press officer can read, and taken back again."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from incident.domain.actors import Role
from incident.domain.errors import NotFound, Refusal
from incident.domain.titles import step_title
from incident.report.readiness import readiness
from incident.response import library, permissions, playbook_draft, publishing
from incident.response.publishing import Publication
from incident.web.language import _, chosen, span, spoken
from incident.web.pages.access import actor, signed_in, wiring
from incident.web.pages.forms import faults
from incident.web.pages.pictures import lanes_planned
from playbooks.diff import changes
from playbooks.language import ByLevel, Playbook, Span, Step

pages = Blueprint("playbooks", __name__)


def may(*roles: Role) -> bool:
    return actor().may(*roles)


def read_drafts() -> bool:
    """Whether unpublished work and the holders of roles are for this reader."""
    return permissions.reads_all(actor())


@pages.get("/playbooks")
@signed_in
def index() -> str:
    with wiring().store.reading() as session:
        cards = library.playbooks(session, wiring().desk)
        published, drafts = publishing.in_force(session), playbook_draft.drafts(session)
        gone = publishing.newest(session)
        ready = readiness(session, wiring().now())
    known = {card.slug for card in cards}
    return render_template(
        "playbooks/index.html", cards=cards, published=published, drafts=drafts if read_drafts() else {}, ready=ready,
        unborn=[d for slug, d in drafts.items() if slug not in known and read_drafts()],
        gone={slug: n for slug, n in gone.items() if slug not in known | drafts.keys() and read_drafts()},
        edits=may(*playbook_draft.EDITORS),
    )  # fmt: skip


@pages.get("/playbooks/<slug>")
@signed_in
def show(slug: str) -> str:
    try:
        with wiring().store.reading() as session:
            playbook = library.read(session, wiring().desk, slug)
            versions = publishing.publications(session, slug)
            draft = playbook_draft.draft(session, slug)
    except Refusal as refusal:
        raise NotFound("unknown_playbook", spoken(refusal.text)) from None
    level = asked_level(playbook)
    titles = titles_of(playbook)
    return render_template(
        "playbooks/playbook.html", playbook=playbook, level=level, lanes=lanes_planned(playbook, level, titles),
        steps=[told(playbook, s) for s in playbook.steps], versions=versions, draft=draft if read_drafts() else None,
        edits=may(*playbook_draft.EDITORS), rehearses=read_drafts(),
    )  # fmt: skip


@pages.route("/playbooks/<slug>/versions/<int:number>", methods=["GET", "POST"])
@signed_in
def version(slug: str, number: int) -> str | Response | tuple[str, int]:
    """One published version: what it changed, who answers for it; taken back with a reason."""
    with wiring().store.reading() as session:
        every = publishing.publications(session, slug)
        found = next((one for one in every if one.version == number), None)
        if found is None:
            raise NotFound("no_version", _("Không có phiên bản này."))
        before = next((one for one in every if one.version < number), None)
        playbook = library.pinned(session, found.version_id)
        older = library.pinned(session, before.version_id) if before else library.filed(wiring().desk, slug)
        gone = library.current(session, wiring().desk, slug) is None
    differs = changes(older, playbook, english=chosen() == "en") if older else []
    typed = {"reason": request.form.get("reason", "")}

    def page(errors: dict[str, list[str]]) -> str:
        return render_template(
            "playbooks/version.html", found=found, playbook=playbook, before=older, differs=differs,
            back=_instead(every, found), withdraws=may(*publishing.WITHDRAWERS), typed=typed, errors=errors,
            gone=gone, edits=may(*playbook_draft.EDITORS),
        )  # fmt: skip

    if request.method == "GET":
        return page({})
    try:
        publishing.withdraw(wiring().desk, slug, number, typed["reason"], actor(), wiring().now())
    except Refusal as refusal:
        return page(faults(refusal)), refusal.status
    flash(_("Đã rút phiên bản %(n)s. Vụ việc đang xử lý không đổi kịch bản.", n=number), "taken")
    return redirect(url_for("playbooks.index"), 303)


def _instead(every: list[Publication], found: Publication) -> str:
    """What will be in use once a version is withdrawn; "" when it is not in use itself."""
    in_force = [one for one in every if one.withdrawn_at is None]
    if not in_force or in_force[0] is not found:
        return ""
    if len(in_force) > 1:
        return _("phiên bản %(n)s", n=in_force[1].version)
    filed = library.filed(wiring().desk, found.slug)
    return _("phiên bản %(n)s trong tệp", n=filed.version) if filed else _("không còn phiên bản nào")


def asked_level(playbook: Playbook) -> int:
    level = request.args.get("level", max(playbook.levels), int)
    if level not in playbook.levels:
        abort(404)
    return level


def titles_of(playbook: Playbook) -> dict[str, str]:
    return {step.id: step_title(playbook, step) for step in playbook.steps}


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
