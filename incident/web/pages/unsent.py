"""Openings that were saved and not sent: taken up again by any duty officer, or discarded after a question."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from incident.response import drafts
from incident.web.language import _
from incident.web.pages.access import actor, can, command_only, signed_in, wiring

pages = Blueprint("unsent", __name__)


@pages.get("/incidents/drafts/<draft>/discard")
@signed_in
def ask(draft: str) -> str:
    command_only()
    with wiring().store.reading() as session:
        return render_template("opening/discard.html", draft=drafts.find(session, draft))


@pages.post("/incidents/drafts/<draft>/discard")
@signed_in
def discard(draft: str) -> Response:
    command_only()
    drafts.discard(wiring().desk, draft, actor())
    flash(_("Đã bỏ bản chưa gửi. Chưa ai được báo."), "taken")
    return redirect(url_for("board.index"), 303)


def _listed() -> tuple[drafts.Unsent, ...]:
    """Asked for by the board's template; only those on duty see them."""
    if not can().command:
        return ()
    with wiring().store.reading() as session:
        return drafts.unsent(session, wiring().now())


@pages.app_context_processor
def _offered() -> dict[str, object]:
    return {"unsent": _listed}
