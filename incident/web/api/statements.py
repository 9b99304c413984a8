"""Statements: written, submitted, approved or returned, released, corrected.

Every call stands at two addresses: under its incident, and by the statement's id alone.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from incident.domain.errors import Conflict, NotFound
from incident.report.gathering import gather
from incident.response import statement as texts
from incident.store.tables import Revision, Statement
from incident.web.api import incoming, outgoing
from incident.web.api.door import Calls, must_see, person, visible, wiring

calls = Calls("statements", "Nội dung phát ngôn: soạn, trình, duyệt, công bố, đính chính")

UNDER_INCIDENT = "/incidents/<key:incident_id>/statements"
ALONE = "/statements/<key:statement_id>"


@calls.call(
    "GET",
    UNDER_INCIDENT,
    summary="Các nội dung phát ngôn của vụ việc",
    gives=outgoing.StatementOut(many=True),
)
def of_incident(incident_id: str) -> Any:
    with wiring().store.reading() as session:
        visible(session, incident_id)
        view = gather(session, incident_id, wiring().now(), timeline=False)
    return [outgoing.statement(incident_id, value) for value in view.statements]


@calls.call(
    "POST",
    UNDER_INCIDENT,
    summary="Đưa nội dung vào bước soạn thảo đang mở",
    body=incoming.NewStatement,
    gives=outgoing.StatementOut(),
    status=201,
)
def create(body: dict[str, Any], incident_id: str) -> Any:
    caller = person()
    must_see(incident_id)
    made = texts.create(
        wiring().desk, incident_id, body["title"], body["text"], caller, wiring().now(), step=body["step"]
    )
    return _created(incident_id, made)


def both(path: str = "") -> tuple[str, str]:
    """The two addresses of a call on one statement."""
    return f"{UNDER_INCIDENT}/<key:statement_id>{path}", f"{ALONE}{path}"


def _incident_of(statement_id: str, incident_id: str | None) -> str:
    """The statement's incident, which the caller may see. Raises NotFound, Forbidden."""
    with wiring().store.reading() as session:
        owner = session.scalar(select(Statement.incident_id).where(Statement.id == statement_id))
        if owner is None or incident_id not in (None, owner):
            raise NotFound("statement_not_found", "Không có nội dung phát ngôn này.")
        visible(session, owner)
    return owner


def _newest(statement_id: str, asked_for: str | None) -> str:
    """The revision a decision is about: the one named, else the newest. Raises Conflict when none was submitted."""
    if asked_for is not None:
        return asked_for
    newest = (
        select(Revision.id).where(Revision.statement_id == statement_id).order_by(Revision.n.desc()).limit(1)
    )
    with wiring().store.reading() as session:
        found = session.scalar(newest)
    if found is None:
        raise Conflict("not_submitted", "Nội dung này chưa được trình.")
    return found


def _shown(incident_id: str, statement_id: str) -> dict[str, Any]:
    with wiring().store.reading() as session:
        view = gather(session, incident_id, wiring().now(), timeline=False)
    (found,) = (value for value in view.statements if value.id == statement_id)
    return outgoing.statement(incident_id, found)


def _created(incident_id: str, statement_id: str) -> Any:
    return (
        _shown(incident_id, statement_id),
        201,
        {"Location": outgoing.statement_url(incident_id, statement_id)},
    )


@calls.call("GET", *both(), summary="Một nội dung phát ngôn", gives=outgoing.StatementOut())
def one(statement_id: str, incident_id: str | None = None) -> Any:
    return _shown(_incident_of(statement_id, incident_id), statement_id)


@calls.call(
    "PUT", *both(), summary="Sửa nội dung đang soạn", body=incoming.Edit, gives=outgoing.StatementOut()
)
def edit(body: dict[str, Any], statement_id: str, incident_id: str | None = None) -> Any:
    caller = person()
    owner = _incident_of(statement_id, incident_id)
    texts.edit(wiring().desk, statement_id, body["text"], body["version"], caller, wiring().now())
    return _shown(owner, statement_id)


@calls.call(
    "POST", *both("/submit"), summary="Trình duyệt", body=incoming.Submission, gives=outgoing.StatementOut()
)
def submit(body: dict[str, Any], statement_id: str, incident_id: str | None = None) -> Any:
    caller = person()
    owner = _incident_of(statement_id, incident_id)
    if body["text"] is not None:
        version = body["version"] or _shown(owner, statement_id)["version"]
        texts.edit(wiring().desk, statement_id, body["text"], version, caller, wiring().now())
    texts.submit(wiring().desk, statement_id, caller, wiring().now())
    return _shown(owner, statement_id)


@calls.call(
    "POST",
    *both("/approve"),
    summary="Duyệt một bản trình",
    body=incoming.OnRevision,
    gives=outgoing.StatementOut(),
)
def approve(body: dict[str, Any], statement_id: str, incident_id: str | None = None) -> Any:
    caller = person()
    owner = _incident_of(statement_id, incident_id)
    revision = _newest(statement_id, body["revision_id"])
    texts.approve(wiring().desk, statement_id, revision, caller, wiring().now())
    return _shown(owner, statement_id)


@calls.call(
    "POST",
    *both("/return"),
    summary="Trả lại một bản trình, có ý kiến",
    body=incoming.ReturnOf,
    gives=outgoing.StatementOut(),
)
def give_back(body: dict[str, Any], statement_id: str, incident_id: str | None = None) -> Any:
    caller = person()
    owner = _incident_of(statement_id, incident_id)
    revision = _newest(statement_id, body["revision_id"])
    texts.return_(wiring().desk, statement_id, revision, body["reason"], caller, wiring().now())
    return _shown(owner, statement_id)


@calls.call(
    "POST",
    *both("/release"),
    summary="Công bố: quyết định, và ghi nơi đã đăng",
    body=incoming.ReleaseOf,
    gives=outgoing.StatementOut(),
)
def release(body: dict[str, Any], statement_id: str, incident_id: str | None = None) -> Any:
    caller = person()
    owner = _incident_of(statement_id, incident_id)
    desk, now = wiring().desk, wiring().now()
    if body["channel"] is None:
        texts.release(desk, statement_id, caller, now, revision_id=body["revision_id"])
        return _shown(owner, statement_id)
    try:
        texts.post(desk, statement_id, caller, now, **body)
    except Conflict as refused:
        if refused.code != "release_first":
            raise
        # The one entitled to speak does not post: the decision stands, the poster records where and when.
        texts.release(desk, statement_id, caller, now, revision_id=body["revision_id"])
    return _shown(owner, statement_id)


@calls.call(
    "POST",
    *both("/correct"),
    summary="Bắt đầu đính chính nội dung đã công bố",
    body=incoming.Correction,
    gives=outgoing.StatementOut(),
    status=201,
)
def correct(body: dict[str, Any], statement_id: str, incident_id: str | None = None) -> Any:
    caller = person()
    owner = _incident_of(statement_id, incident_id)
    made = texts.correct(wiring().desk, statement_id, body["text"], body["reason"], caller, wiring().now())
    return _created(owner, made)
