"""The carriers' entrance: the hooks as a small application of their own, in front of the pages.

A webhook has no session, no account and no language, and thousands come in a minute: it must not wait while those are looked
for. Everything else falls through to the pages. Must never know what a carrier says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response

from incident.web import failures, hooks

if TYPE_CHECKING:
    from incident.wiring import Wiring

PREFIX = "/hooks/"
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def ahead(pages: Wsgi, wiring: Wiring, limit_bytes: int) -> Wsgi:
    """`pages`, with the hooks in front of them. A request larger than `limit_bytes` is 413."""
    entrance = _application(wiring, limit_bytes).wsgi_app

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        chosen = entrance if environ.get("PATH_INFO", "").startswith(PREFIX) else pages
        return chosen(environ, start_response)

    return answer


def _application(wiring: Wiring, limit_bytes: int) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = limit_bytes
    app.extensions["wiring"] = wiring
    app.register_blueprint(hooks.blueprint(wiring))
    failures.register(app)
    app.after_request(_headers)
    return app


def _headers(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response
