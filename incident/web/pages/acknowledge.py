"""The page of a personal link: one person, one incident, one question. GET shows and does nothing; POST answers.

Nothing of the situation is shown before the first answer: messages are forwarded, and previews are fetched by machines.
"""

from __future__ import annotations

import time
from collections import deque
from threading import Lock

from flask import Blueprint, abort, g, make_response, render_template, request, url_for
from werkzeug.exceptions import TooManyRequests
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from incident.domain.errors import NotFound, Refusal
from incident.response import answer
from incident.response.answer import LinkView
from incident.web.language import _, spoken
from incident.web.pages.access import wiring

pages = Blueprint("acknowledge", __name__)

WINDOW_SECONDS = 60.0
TRIES_PER_WINDOW = 30
LONGEST_NAME = 160
ANSWERED = ("accepted", "declined")


class Turnstile:
    """How often one address may try tokens that do not exist: so many in a minute, in this process."""

    def __init__(self, tries: int = TRIES_PER_WINDOW, seconds: float = WINDOW_SECONDS) -> None:
        self.tries, self.seconds = tries, seconds
        self.seen: dict[str, deque[float]] = {}
        self.lock = Lock()

    def passes(self, address: str, at: float) -> bool:
        with self.lock:
            if len(self.seen) > 10_000:
                self.seen = {
                    a: times for a, times in self.seen.items() if times and at - times[-1] < self.seconds
                }
            times = self.seen.setdefault(address, deque())
            while times and at - times[0] >= self.seconds:
                times.popleft()
            if len(times) >= self.tries:
                return False
            times.append(at)
            return True


turnstile = Turnstile()


def passes() -> bool:
    """Whether this address may try one more token that does not exist."""
    return turnstile.passes(request.remote_addr or "", time.monotonic())


@pages.before_request
def keep_private() -> None:
    g.private = True


def found(token: str) -> LinkView | None:
    """What the link is for. Only tokens that do not exist count as tries: a whole office may answer from one address,
    and all of them from a proxy's."""
    link = answer.read_link(wiring().desk, token, wiring().now())
    if link is None and not passes():
        raise TooManyRequests(retry_after=int(WINDOW_SECONDS))
    return link


@pages.get("/a/<token>")
def show(token: str) -> tuple[Response, int]:
    return _page(token, found(token), "")


@pages.post("/a/<token>")
def act(token: str) -> tuple[Response, int] | Response:
    means, name = request.form.get("answer", ""), request.form.get("instead_name", "").strip()[:LONGEST_NAME]
    link = found(token)
    if link is None or link.dead:
        return _page(token, link, "")
    if means == "instead":
        if not name:
            return _page(token, link, _("Ghi họ tên và quan hệ công tác của người trả lời thay"))
        means = "accept"
    else:
        name = ""
    try:
        answer.answer_link(wiring().desk, token, means, wiring().now(), instead_name=name)
    except NotFound:
        return _page(token, None, "")
    except Refusal as refusal:
        return _page(token, link, spoken(refusal.text))
    return redirect(url_for("acknowledge.show", token=token), 303)


def _page(token: str, link: LinkView | None, error: str) -> tuple[Response, int]:
    if request.method not in ("GET", "HEAD", "POST"):
        abort(405)
    if link is None or link.dead:
        gone = "wrong_number.html" if link and link.disowned else "dead_link.html"
        return make_response(render_template(gone)), 404 if link is None else 410
    answered = link.state in ANSWERED
    page = render_template("acknowledge.html", link=link, token=token, error=error, answered=answered)
    return make_response(page), 422 if error else 200
