"""The page of an approval's link: the whole text on a phone, and two ways to answer. GET shows and changes nothing.

Nobody is signed in here, and a phone may refuse cookies: what stands against forged forms is a signed mark bound to
this link and this revision. The rules are the door's.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, current_app, g, make_response, render_template, request, url_for
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.exceptions import TooManyRequests
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from incident.domain.errors import Refusal
from incident.domain.ids import token_hash
from incident.response import approval_link
from incident.response.approval_link import LIVES, ApprovalPage
from incident.web.language import _, spoken
from incident.web.pages.access import wiring
from incident.web.pages.acknowledge import WINDOW_SECONDS, passes
from incident.web.pages.statement import Change, difference

pages = Blueprint("approve", __name__)

GONE = ("expired", "newer", "closed", "not_in_turn")
LONGEST_REASON = 4000


@dataclass(frozen=True, slots=True)
class Errors:
    reason: str = ""
    page: str = ""


@pages.before_request
def keep_private() -> None:
    g.private = True


def found(token: str) -> ApprovalPage | None:
    page = approval_link.read(wiring().desk, token, wiring().now())
    if page is None and not passes():
        raise TooManyRequests(retry_after=int(WINDOW_SECONDS))
    return page


@pages.get("/d/<token>")
def show(token: str) -> Response:
    return _shown(token, found(token), Errors(), "")


@pages.post("/d/<token>")
def act(token: str) -> Response:
    page = found(token)
    reason = request.form.get("reason", "").strip()[:LONGEST_REASON]
    if page is None or page.state in GONE:
        return _shown(token, page, Errors(), "")
    if not _genuine(token, page):
        stale = _("Trang đã cũ hoặc chưa tải xong. Đề nghị đọc lại rồi bấm một lần nữa.")
        return _shown(token, page, Errors(page=stale), reason, 400)
    try:
        approval_link.act(wiring().desk, token, request.form.get("do", ""), reason, wiring().now())
    except Refusal as refusal:
        fault = spoken(refusal.errors.get("reason", [""])[0])
        errors = Errors(reason=fault, page="" if fault else spoken(refusal.text))
        return _shown(token, found(token), errors, reason, refusal.status)
    return redirect(url_for("approve.show", token=token), 303)


@pages.post("/d/<token>/again")
def again(token: str) -> Response:
    """A fresh link goes to the telephone the directory knows; the page says the same whether one was sent or not."""
    page = found(token)
    if page is not None:
        approval_link.ask_again(wiring().desk, token, wiring().now())
    return _shown(token, page, Errors(), "", asked=True)


def _marks() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="approval-form")


def _mark(token: str, page: ApprovalPage) -> str:
    return str(_marks().dumps([token_hash(token), page.revision_id]))


def _genuine(token: str, page: ApprovalPage) -> bool:
    try:
        said = _marks().loads(request.form.get("mark", ""), max_age=int(LIVES.total_seconds()))
    except BadData:
        return False
    return bool(said == [token_hash(token), page.revision_id])


def _shown(
    token: str, page: ApprovalPage | None, errors: Errors, reason: str, status: int = 200, asked: bool = False
) -> Response:
    if page is None:
        return make_response(render_template("dead_link.html"), 404)
    gone = page.state in GONE
    changes: list[Change] = difference(page.seen_text, page.text) if page.seen_n and not gone else []
    answer = render_template(
        "statement/approve.html", page=page, token=token, mark="" if gone else _mark(token, page),
        changes=changes, errors=errors, reason=reason, asked=asked,
    )  # fmt: skip
    return make_response(answer, 410 if gone and status == 200 else status)
