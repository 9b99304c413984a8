"""Who calls, and what they may see: the first thing every call of the API passes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Response, current_app, g, request
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema
from sqlalchemy import select
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest
from werkzeug.routing import BaseConverter

from incident.domain.actors import Actor
from incident.domain.errors import Forbidden, Invalid, NotFound
from incident.report.cards import takes_part
from incident.response.permissions import reads_all, require_person
from incident.store.tables import Incident, Request
from incident.web.api import problem
from incident.web.api.fields import UNKNOWN
from incident.web.signin_tokens import bearer

if TYPE_CHECKING:
    from incident.wiring import Wiring

View = TypeVar("View", bound=Callable[..., Any])

PREFIX = "/api/v1"
SAFE = ("GET", "HEAD", "OPTIONS")
PROOFS_OF_ORIGIN = ("X-CSRFToken", "X-CSRF-Token", "X-Requested-With")


class Key(BaseConverter):
    """An id or slug in an address; nothing else reaches a query."""

    regex = r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}"


class Strict(FlaskParser):
    """Refuses unknown query parameters too, which webargs ignores by itself."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
        "querystring": RAISE,
    }

    def load_json(self, req: Any, schema: Schema) -> Any:
        try:
            return super().load_json(req, schema)
        except RecursionError:  # thousands of brackets
            raise BadRequest from None


class Calls(Blueprint):  # type: ignore[misc]
    """A group of calls: strict arguments, a known caller, errors as problems."""

    ARGUMENTS_PARSER = Strict()

    def __init__(self, name: str, description: str) -> None:
        super().__init__(f"api-{name}", __name__, url_prefix=PREFIX, description=description)
        self.before_request(admit)
        problem.handle(self)

    def call(
        self,
        method: str,
        *paths: str,
        summary: str,
        gives: Schema | dict[str, Any],
        body: type[Schema] | None = None,
        query: type[Schema] | None = None,
        status: int = 200,
        also: dict[int, str] | None = None,
        parameters: list[dict[str, Any]] | None = None,
        **more: Any,
    ) -> Callable[[View], View]:
        """A call of the API at one or several addresses. The view is handed its body or its query first, and answers
        with what `gives` describes, with `status` or one of `also` (status to description). Where nothing is said of a
        query, any is refused. `parameters` are described and read by the view itself."""

        def mount(view: View) -> View:
            made: Any = view if query else _without_query(view)
            made = self.response(status, gives, **more)(made)
            for other, words in (also or {}).items():
                made = self.alt_response(other, schema=gives, description=words, success=True)(made)
            if body or query:
                made = self.arguments(body or query, location="json" if body else "query")(made)
            for place, path in enumerate(paths):
                described = {"parameters": parameters} if parameters else {}
                documented = self.doc(summary=summary, **described)(made)
                name = view.__name__ if place == 0 else f"{view.__name__}_{place}"
                self.route(path, methods=[method], endpoint=name)(documented)
            return view

        return mount


def _without_query(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def strict(*args: Any, **known: Any) -> Any:
        if request.args:
            raise Invalid("unknown_query", UNKNOWN, {name: [UNKNOWN] for name in request.args})
        return view(*args, **known)

    return strict


def admit() -> Response | None:
    """Know the caller, or answer 401. A session's unsafe call must carry a header that a foreign page cannot send."""
    header = request.headers.get("Authorization", "")
    actor = _token(header) if header else _signed_in()
    if actor is None:
        return problem.answer(401)
    foreign = not any(name in request.headers for name in PROOFS_OF_ORIGIN)
    if actor.kind == "user" and request.method not in SAFE and foreign:
        return problem.answer(403, "Thiếu X-CSRFToken: lệnh này phải gửi từ trang của hệ thống.", "csrf")
    if request.method in ("POST", "PUT", "PATCH") and request.content_length and not request.is_json:
        return problem.answer(415)
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    if repeated:
        return problem.answer(422, errors={name: ["Chỉ được nêu một lần."] for name in repeated})
    g.actor = actor
    return None


def _token(header: str) -> Actor | None:
    with wiring().store.reading() as session:
        return bearer(session, header)


def _signed_in() -> Actor | None:
    from incident.web.signin import current_actor

    return current_actor() if "security" in current_app.extensions else None


def wiring() -> Wiring:
    found: Wiring = current_app.extensions["wiring"]
    return found


def actor() -> Actor:
    found: Actor = g.actor
    return found


def person() -> Actor:
    """The caller, who must be a person: a token never approves, releases or answers for someone."""
    require_person(actor())
    return actor()


def visible(session: Any, incident_id: str) -> None:
    """Raises NotFound, or Forbidden when the caller takes no part in the incident."""
    if session.scalar(select(Incident.id).where(Incident.id == incident_id)) is None:
        raise NotFound("incident_not_found", "Không có vụ việc này.")
    if not reads_all(actor()) and not _takes_part(session, incident_id):
        raise Forbidden("not_yours", "Đồng chí không tham gia vụ việc này.")


def _takes_part(session: Any, incident_id: str) -> bool:
    me = actor().person_id
    if me is None:
        return False
    return session.scalar(takes_part(me).where(Request.incident_id == incident_id).limit(1)) is not None


def must_see(incident_id: str) -> None:
    with wiring().store.reading() as session:
        visible(session, incident_id)
