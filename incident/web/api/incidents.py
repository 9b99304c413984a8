"""Opening incidents, and reading them: list, one, timeline, report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from flask import Response, request, url_for
from werkzeug.http import quote_etag

from incident.report.cards import gather_list
from incident.report.gathering import change_tag, gather, timeline_page
from incident.report.record import EntryView
from incident.response import course
from incident.response import open as opening
from incident.response.permissions import reads_all
from incident.web.api import incoming, outgoing
from incident.web.api.door import Calls, actor, must_see, visible, wiring
from incident.web.api.keys import KEY_PARAMETER, key_sent, no_key

calls = Calls("incidents", "Vụ việc: mở, xem, nhật ký, báo cáo")

LINK = {"Link": {"description": "Trang sau: rel=next", "schema": {"type": "string"}}}


@calls.call(
    "POST",
    "/incidents",
    summary="Mở vụ việc",
    body=incoming.Opening,
    gives=outgoing.OpenedIncident(),
    status=201,
    also={200: "Đã mở trước đó với cùng khóa"},
    parameters=[KEY_PARAMETER],
)
def open_one(body: dict[str, Any]) -> Any:
    key = key_sent()
    if not key:
        return no_key()
    caller = actor()
    body["kinds"] = tuple(body["kinds"])
    opened = opening.open_incident(
        wiring().desk,
        opening.Opening(**body),
        caller,
        wiring().now(),
        scope=f"{caller.kind}:{caller.id}",
        key=key,
    )
    url = outgoing.incident_url(opened.incident_id)
    answer = asdict(opened) | {"id": opened.incident_id, "url": url}
    return answer, 201 if opened.created else 200, {"Location": url}


@calls.call(
    "GET",
    "/incidents",
    summary="Danh sách vụ việc, mới nhất trước",
    query=incoming.IncidentsAsked,
    gives=outgoing.CardOut(many=True),
    headers=LINK,
)
def list_all(query: dict[str, Any]) -> Any:
    caller = actor()
    if not reads_all(caller) and caller.person_id is None:
        return []
    with wiring().store.reading() as session:
        cards = gather_list(
            session,
            wiring().now(),
            **query,
            person_id=None if reads_all(caller) else caller.person_id,
        )
    after = cards[-1].id if len(cards) == query["limit"] else None
    return [outgoing.card(card) for card in cards], 200, next_page(query, after)


@calls.call(
    "GET",
    "/incidents/<key:incident_id>",
    summary="Một vụ việc",
    query=incoming.IncidentAsked,
    gives=outgoing.IncidentOut(),
)
def one(query: dict[str, Any], incident_id: str) -> Any:
    caller, everyone = actor(), query["grouped"] == "true"
    with wiring().store.reading() as session:
        visible(session, incident_id)
        tag = f"{change_tag(session, incident_id)}-{caller.kind}-{caller.id}-{query['grouped']}"
        if request.if_none_match.contains(tag):
            return Response(status=304, headers={"ETag": quote_etag(tag)})
        view = gather(session, incident_id, wiring().now(), timeline=False, grouped=everyone)
    return (
        outgoing.incident(view, caller),
        200,
        {"ETag": quote_etag(tag), "Cache-Control": "private, no-cache"},
    )


@calls.call(
    "GET",
    "/incidents/<key:incident_id>/timeline",
    summary="Nhật ký, theo thứ tự ghi",
    query=incoming.TimelineAsked,
    gives=outgoing.EntryOut(many=True),
    headers=LINK,
)
def timeline(query: dict[str, Any], incident_id: str) -> Any:
    with wiring().store.reading() as session:
        visible(session, incident_id)
        entries = timeline_page(session, incident_id, **query, oldest_first=True)
    after = entries[-1].seq if len(entries) == query["limit"] else None
    return entries, 200, next_page(query, after)


@calls.call(
    "POST",
    "/incidents/<key:incident_id>/notes",
    summary="Ghi diễn biến",
    body=incoming.Note,
    gives=outgoing.EntryOut(),
    status=201,
)
def note(body: dict[str, Any], incident_id: str) -> Any:
    must_see(incident_id)
    seq = course.add_note(
        wiring().desk,
        incident_id,
        body["text"],
        actor(),
        wiring().now(),
        occurred_at=body["occurred_at"],
        kind=body["kind"],
    )
    return entry(incident_id, seq)


def entry(incident_id: str, seq: int) -> EntryView:
    with wiring().store.reading() as session:
        (found,) = timeline_page(session, incident_id, after=seq - 1, before=seq + 1)
    return found


def next_page(query: Mapping[str, Any], after: str | int | None) -> dict[str, str]:
    """The Link header to the page behind `after`; nothing when this was the last."""
    if after is None:
        return {}
    asked = {name: value for name, value in query.items() if value not in (None, "")} | {"after": after}
    address = url_for(request.endpoint or "", **(request.view_args or {}))
    return {"Link": f'<{address}?{urlencode(asked)}>; rel="next"'}
