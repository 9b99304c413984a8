"""One statement: its working text, its revisions, who decides now, where it stands outside.

A second hand on the text never loses anything: both texts are shown. The rules are the door's.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from incident.domain import legal
from incident.domain.actors import Role
from incident.domain.approval_policy import Policy
from incident.domain.errors import Conflict, Invalid, NotFound, Refusal
from incident.report.record import ApprovalView, IncidentView, RevisionView, StatementView
from incident.response import approval_policy
from incident.response import statement as door
from incident.web import drafts
from incident.web.language import _, spoken
from incident.web.pages.access import actor, can, read, signed_in, wiring
from incident.web.pages.forms import faults, when

pages = Blueprint("statement", __name__)

Answer = str | Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Offer:
    """What the reader is offered on this statement now."""

    edit: bool
    submit: bool
    decide: RevisionView | None
    publish: RevisionView | None
    release: bool  # the spokesperson's turn, before the poster's
    more: bool  # add a further channel to what was released
    correct: bool
    unconfirmed: bool  # approved, and may not go out before the telephone approval is confirmed
    phone: bool  # write down an approval by telephone
    resend: bool
    let_go: bool  # the head lets the submitted text out without its approval
    confirm: ApprovalView | None  # the reader's own approval by telephone, to be confirmed
    take_down: bool
    mend: bool


def offered(view: IncidentView, text: StatementView, policy: Policy) -> Offer:
    me = actor().person_id
    waits = me is not None and me in text.waits_for_ids and view.status == "open"
    newest = text.revisions[-1] if text.revisions else None
    draft = next((s for s in view.steps if s.id == text.step), None)
    name = next((m.name for m in view.task_force if m.person_id == me), actor().name)
    wrote = any(name in revision.editors for revision in text.revisions)
    published = any(name in (out.released_by, out.posted_by) for out in text.releases)
    asked = draft is not None and me in draft.person_ids
    drafter = me is not None and (asked or wrote or actor().may(Role.SECRETARY))
    writable = view.status == "open" and text.state in ("drafting", "returned", "submitted", "approved")
    step = next((s for s in view.steps if s.id == text.publish_step), None)
    held = bool(text.unconfirmed) and not policy.unconfirmed_at(view.level)
    asks = view.status == "open" and text.state == "submitted" and bool(text.waits_for)
    reachable = view.status == "open" or view.merged_into is not None
    speaks = reachable and any(r.channel and not r.taken_down_at for r in text.releases)
    speaker = actor().may(Role.SPOKESPERSON) or any(name == out.released_by for out in text.releases)
    return Offer(
        edit=drafter and writable,
        submit=drafter and view.status == "open" and text.state in ("drafting", "returned"),
        decide=newest if waits and text.state == "submitted" else None,
        publish=newest if waits and text.state == "approved" and not held else None,
        release=step is not None and step.turn + 1 < len(step.roles),
        more=view.status == "open" and text.state == "released" and me is not None and published,
        correct=drafter and view.status == "open" and text.state in ("released", "withdrawn"),
        unconfirmed=held and text.state == "approved",
        phone=asks and policy.phone_at(view.level) and _may_record(text, name),
        resend=asks and can().command,
        let_go=asks and me in view.heads and name not in (newest.editors if newest else ()),
        confirm=next((a for a in text.unconfirmed if a.person_id == me), None),
        take_down=speaks and me is not None and speaker,
        mend=reachable and me is not None and (speaker or published),
    )


def _may_record(text: StatementView, name: str) -> bool:
    """One who writes down calls and had no hand in the text."""
    who = actor()
    writes = who.may(Role.DUTY_OFFICER, Role.SECRETARY) and not who.may(Role.ADMIN)
    wrote = bool(text.revisions) and name in text.revisions[-1].editors
    return writes and who.person_id is not None and not wrote and who.person_id not in text.waits_for_ids


def found(view: IncidentView, statement_id: str) -> StatementView:
    for text in view.statements:
        if text.id == statement_id:
            return text
    raise NotFound("no_statement", _("Không có nội dung phát ngôn này."))


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the difference between two revisions. sign: "+", "-" or " "."""

    sign: str
    text: str


def difference(before: str, after: str) -> list[Change]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [Change(line[0], line[2:]) for line in lines if line[0] in "+- "]


def _page(
    incident_id: str, statement_id: str, typed: dict[str, Any], errors: dict[str, list[str]], other: str = ""
) -> str:
    view = read(incident_id, timeline=False)
    text = found(view, statement_id)
    forms = view.basis.get("forms", {})
    with wiring().store.reading() as session:
        policy = approval_policy.read(session)
    changes = {
        later.id: difference(earlier.text, later.text)
        for earlier, later in zip(text.revisions, text.revisions[1:], strict=False)
    }
    return render_template(
        "statement/statement.html", view=view, text=text, offer=offered(view, text, policy), typed=typed, errors=errors,
        other=other, channels=legal.channels(), forms=forms, changes=changes,
    )  # fmt: skip


@pages.get("/incidents/<incident_id>/statements/<statement_id>")
@signed_in
def show(incident_id: str, statement_id: str) -> str:
    view = read(incident_id, timeline=False)
    text = found(view, statement_id)
    typed = {"text": text.text, "version": text.version}
    typed |= drafts.kept(request.path, actor().id)  # against the version it was typed upon
    return _page(incident_id, statement_id, typed, {})


@pages.post("/incidents/<incident_id>/statements/<statement_id>")
@signed_in
def save(incident_id: str, statement_id: str) -> Answer:
    """Keep the text; "submit" keeps it and puts it forward."""
    text, version = request.form.get("text", ""), request.form.get("version", 0, int)
    typed = {"text": text, "version": version}
    now, who = wiring().now(), actor()
    found(read(incident_id, timeline=False), statement_id)
    try:
        door.edit(wiring().desk, statement_id, text, version, who, now)
        if request.form.get("do") == "submit":
            sent = door.submit(wiring().desk, statement_id, who, now)
            flash(_("Đã trình bản %(n)s, mã %(code)s.", n=sent.n, code=sent.code), "taken")
        else:
            flash(_("Đã lưu bản thảo."), "taken")
    except Conflict as refusal:
        if refusal.code != "stale":
            return _page(incident_id, statement_id, typed, {"text": [spoken(refusal.text)]}), refusal.status
        current = found(read(incident_id, timeline=False), statement_id)
        typed["version"] = current.version
        return _page(
            incident_id, statement_id, typed, {"text": [spoken(refusal.text)]}, other=current.text
        ), refusal.status
    except Refusal as refusal:
        return _page(incident_id, statement_id, typed, faults(refusal, "text")), refusal.status
    return redirect(url_for("statement.show", incident_id=incident_id, statement_id=statement_id), 303)


def act(incident_id: str, statement_id: str, done: str, do: Any) -> Answer:
    typed: dict[str, Any] = request.form.to_dict()
    view = read(incident_id, timeline=False)
    text = found(view, statement_id)
    typed |= {"text": text.text, "version": text.version}
    try:
        do(typed)
    except Refusal as refusal:
        return _page(incident_id, statement_id, typed, faults(refusal)), refusal.status
    flash(done, "taken")
    return redirect(url_for("statement.show", incident_id=incident_id, statement_id=statement_id), 303)


@pages.post("/incidents/<incident_id>/statements/<statement_id>/decide")
@signed_in
def decide(incident_id: str, statement_id: str) -> Answer:
    """Approve or return the one revision the page showed."""
    desk, now, who = wiring().desk, wiring().now(), actor()
    if request.form.get("do") == "return":
        return act(
            incident_id, statement_id, _("Đã trả lại, người soạn được báo ngay."),
            lambda t: door.return_(desk, statement_id, t.get("revision", ""), t.get("reason", ""), who, now),
        )  # fmt: skip
    return act(
        incident_id, statement_id, _("Đã duyệt."),
        lambda t: door.approve(desk, statement_id, t.get("revision", ""), who, now),
    )  # fmt: skip


@pages.post("/incidents/<incident_id>/statements/<statement_id>/release")
@signed_in
def release(incident_id: str, statement_id: str) -> Answer:
    return act(
        incident_id, statement_id, _("Đã quyết định công bố. Người đăng được báo ngay."),
        lambda t: door.release(wiring().desk, statement_id, actor(), wiring().now(), revision_id=t.get("revision") or None),
    )  # fmt: skip


def within_minute(typed: datetime | None, now: datetime) -> datetime | None:
    """A time typed to the minute means any second of it: the last one, so that it is not before what came in the same
    minute, and never in the future."""
    return None if typed is None else max(typed, min(now, typed + timedelta(seconds=59)))


@pages.post("/incidents/<incident_id>/statements/<statement_id>/post")
@signed_in
def post(incident_id: str, statement_id: str) -> Answer:
    """Where the approved text stands outside: channel, form, link, time."""

    def do(typed: dict[str, Any]) -> None:
        now = wiring().now()
        link = typed.get("link", "").strip()
        if link and not link.startswith(("https://", "http://")):
            fault = _("Ghi cả đường dẫn, bắt đầu bằng https://")
            raise Invalid("bad_link", fault, {"link": [fault]})
        door.post(
            wiring().desk, statement_id, actor(), now,
            channel=typed.get("channel", ""), form=typed.get("form") or None, link=link,
            released_at=within_minute(when(typed, "released_at"), now), revision_id=typed.get("revision") or None,
        )  # fmt: skip

    return act(incident_id, statement_id, _("Đã ghi nơi công bố."), do)


@pages.post("/incidents/<incident_id>/statements/<statement_id>/correct")
@signed_in
def correct(incident_id: str, statement_id: str) -> Answer:
    """A correction is a new text that goes the whole way again."""
    typed: dict[str, Any] = request.form.to_dict()
    text = found(read(incident_id, timeline=False), statement_id)
    try:
        new = door.correct(
            wiring().desk, statement_id, text.text, typed.get("reason", ""), actor(), wiring().now()
        )
    except Refusal as refusal:
        kept = {**typed, "text": text.text, "version": text.version}
        return _page(incident_id, statement_id, kept, faults(refusal)), refusal.status
    flash(_("Đã mở bản đính chính. Sửa nội dung rồi trình duyệt."), "taken")
    return redirect(url_for("statement.show", incident_id=incident_id, statement_id=new), 303)
