"""Who may come in, and what each page is handed: the wiring, the actor, the record.

Responsible for turning nobody away without a way on. Must never decide what the door decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import Response, abort, current_app, flash, g, redirect, request, url_for
from sqlalchemy.orm import Session

from incident.domain.actors import Actor, Role
from incident.domain.errors import Forbidden, NotFound
from incident.report.cards import takes_part
from incident.report.gathering import gather
from incident.report.record import IncidentView
from incident.response import permissions
from incident.store.tables import Incident
from incident.web import drafts, house
from incident.web.language import _
from incident.web.signin import current_actor

if TYPE_CHECKING:
    from incident.wiring import Wiring

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Can:
    """What the signed-in person's roles let a page offer. The door asks again."""

    command: bool = False  # open, note, level, pause, on behalf
    phones: bool = False
    read_all: bool = False
    close: bool = False
    mask: bool = False  # blank a free text that another person wrote
    write: bool = False  # the sections of the report
    note: bool = False

    @classmethod
    def of(cls, actor: Actor) -> Can:
        command = actor.may(*permissions.COMMAND)
        return cls(
            command=command,
            phones=permissions.sees_phones(actor),
            read_all=permissions.reads_all(actor),
            close=actor.may(Role.DUTY_OFFICER, Role.APPROVER),
            mask=actor.may(*permissions.COMMAND, Role.SECRETARY, Role.APPROVER, Role.SPOKESPERSON),
            note=actor.may(*permissions.COMMAND),
            write=actor.may(Role.DUTY_OFFICER, Role.ADMIN, Role.SECRETARY, Role.APPROVER, Role.SPOKESPERSON),
        )


NOBODY = Can()


def wiring() -> Wiring:
    return cast("Wiring", current_app.extensions["wiring"])


def actor() -> Actor:
    """The signed-in actor of a view behind `signed_in`."""
    return cast(Actor, g.actor)


def can() -> Can:
    return cast(Can, g.get("can", NOBODY))


def signed_in(view: View) -> View:
    """Only for signed-in people; others are sent to sign in and come back here."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        who = current_actor()
        if who is None:
            return sign_in_first()
        g.actor, g.can, g.private = who, Can.of(who), True
        return view(*args, **kwargs)

    return cast(View, guarded)


def sign_in_first() -> Response:
    if "HX-Request" in request.headers or "X-Sent" in request.headers:
        abort(401)
    if request.method == "POST":
        drafts.keep()
    if g.get("idle"):
        flash(
            _("Phiên làm việc đã tự kết thúc sau 15 phút không thao tác. Đăng nhập lại để tiếp tục."), "info"
        )
    back = request.full_path.rstrip("?") if request.method == "GET" else request.referrer or "/"
    return cast(Response, redirect(url_for("security.login", next=_path_of(back)), 303))


def _path_of(address: str) -> str:
    path = "/" + address.split("//", 1)[-1].split("/", 1)[-1] if "//" in address else address
    return path if path.startswith("/") and not path.startswith("//") else "/"


def command_only() -> None:
    if not can().command:
        raise Forbidden("not_allowed", _("Việc này do cán bộ trực thực hiện. Gọi số trực nếu cần gấp."))


def must_see(session: Session, incident_id: str) -> None:
    """Raises NotFound for an unknown incident, Forbidden for a member who was never asked in this one."""
    if session.get(Incident, incident_id) is None:
        raise NotFound("unknown_incident", _("Không có vụ việc này."))
    if can().read_all:
        return
    me = actor().person_id
    if me is None or incident_id not in session.scalars(takes_part(me)).all():
        raise Forbidden("not_yours", _("Đồng chí không thuộc Tổ công tác của vụ việc này."))


def read(incident_id: str, **how: Any) -> IncidentView:
    """The record of one incident, for one who may see it."""
    now = wiring().now()
    with wiring().store.reading() as session:
        if not can().read_all:
            must_see(session, incident_id)
        view = gather(session, incident_id, now, **how)
        house.remember(session, now)
        return view
