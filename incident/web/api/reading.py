"""What the API reads beside incidents: people, units, playbooks, one message."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.directory import queries
from incident.domain.errors import Forbidden, NotFound
from incident.response.library import playbooks
from incident.response.permissions import reads_all, sees_phones
from incident.store.tables import Attempt, Message, Transition
from incident.web.api import incoming, outgoing
from incident.web.api.door import Calls, actor, visible, wiring
from incident.web.api.incidents import LINK, next_page

calls = Calls("reading", "Danh bạ, kịch bản, tin nhắn")

# A link in a message acts for its reader: whoever reads the message here must not be able to.
ACTING_LINK = re.compile(r"(/[a-z]/)[0-9A-Za-z]{8,}")


@calls.call(
    "GET",
    "/people",
    summary="Cán bộ trong danh bạ",
    query=incoming.PeopleAsked,
    gives=outgoing.PersonOut(many=True),
    headers=LINK,
)
def people(query: dict[str, Any]) -> Any:
    phones = sees_phones(actor())
    with wiring().store.reading() as session:
        found = queries.people(
            session,
            wiring().now(),
            unit=query["unit"],
            search=query["q"],
            limit=query["limit"],
            offset=query["after"],
        )
    listed = [_person(row, phones) for row in found]
    return listed, 200, next_page(query, _behind(query, len(listed)))


def _person(row: queries.Listed, phones: bool) -> dict[str, Any]:
    shown = asdict(row) | {"unit": row.unit_key, "unit_name": row.unit}
    return shown if phones else shown | {"phone": None, "landline": None, "email": None}


def _behind(query: dict[str, Any], found: int) -> int | None:
    return int(query["after"]) + found if found == query["limit"] else None


@calls.call(
    "GET",
    "/units",
    summary="Cơ quan, đơn vị, xã, phường hiện có",
    query=incoming.UnitsAsked,
    gives=outgoing.UnitOut(many=True),
    headers=LINK,
)
def units(query: dict[str, Any]) -> Any:
    with wiring().store.reading() as session:
        found = queries.units(session, wiring().now())
    page = found[query["after"] : query["after"] + query["limit"]]
    return page, 200, next_page(query, _behind(query, len(page)))


@calls.call("GET", "/playbooks", summary="Kịch bản dùng được", gives=outgoing.PlaybookOut(many=True))
def all_playbooks() -> Any:
    with wiring().store.reading() as session:
        return playbooks(session, wiring().desk)


@calls.call(
    "GET",
    "/messages/<key:message_id>",
    summary="Một tin nhắn hoặc thư, các lần gửi và trạng thái",
    gives=outgoing.MessageOut(),
)
def message(message_id: str) -> Any:
    with wiring().store.reading() as session:
        row = session.get(Message, message_id)
        if row is None:
            raise NotFound("message_not_found", "Không có tin nhắn này.")
        _may_read(session, row)
        shown = {
            name: getattr(row, name) for name in outgoing.MessageOut._declared_fields if hasattr(row, name)
        }
        return shown | _history(session, message_id) | _text(row)


def _may_read(session: Session, row: Message) -> None:
    if row.incident_id is not None:
        visible(session, row.incident_id)
    elif not reads_all(actor()):
        raise Forbidden("not_yours", "Đồng chí không được xem tin nhắn này.")


def _history(session: Session, message_id: str) -> dict[str, Any]:
    attempts = select(Attempt).where(Attempt.message_id == message_id).order_by(Attempt.n)
    changes = select(Transition).where(Transition.message_id == message_id).order_by(Transition.id)
    return {"attempts": session.scalars(attempts).all(), "transitions": session.scalars(changes).all()}


def _text(row: Message) -> dict[str, str | None]:
    """Number and text are for those on duty, and never with a link that still acts."""
    if not sees_phones(actor()):
        return {"address": None, "subject": None, "body": None}
    return {"address": row.address, "subject": row.subject, "body": ACTING_LINK.sub(r"\1…", row.body)}
