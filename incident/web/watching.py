"""Answers "nothing new" to those who watch a room, without loading an account or touching a run.

Two hundred phones ask every two seconds, and almost always nothing has happened. What such a question needs (who asks, may
they see it, has it changed) is kept in this process for a fraction of a second; everything else falls through to the
page itself, which asks the database. So a sign-out, a lost role or an end of a part in an incident holds within
`KNOWN_SECONDS`, and news waits `FRESH_SECONDS` longer at the most. Must never answer with anything but "not modified".
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zlib import crc32

from flask import Flask, Response, request, session
from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.domain.actors import Actor, Role
from incident.report.gathering import change_tag
from incident.response import permissions
from incident.store.tables import Account, Incident, Request
from incident.web.house import troubles_now
from incident.web.signin import IDLE_LIMIT, SEEN

if TYPE_CHECKING:
    from incident.wiring import Wiring

KNOWN_SECONDS = 1.0
FRESH_SECONDS = 0.25
MOST_INCIDENTS = 200
ROOM = re.compile(r"/incidents/([0-9a-f-]{36})/live")


@dataclass(frozen=True, slots=True)
class Watcher:
    account: str
    person: str | None
    reads_all: bool
    language: str


@dataclass(frozen=True, slots=True)
class Watched:
    """One incident as a moment knew it: the mark of its state and who takes part."""

    tag: str
    people: frozenset[str]
    read_at: float


class Watch:
    """What one process knows of accounts and incidents, none of it older than a second."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.known_seconds, self.fresh_seconds = KNOWN_SECONDS, FRESH_SECONDS
        self.accounts: dict[str, Watcher] = {}
        self.accounts_at = float("-inf")
        self.incidents: dict[str, Watched] = {}
        self._reading = threading.Lock()  # one thread asks, the others take its answer

    def watcher(self, session_name: str) -> Watcher | None:
        if time.monotonic() - self.accounts_at >= self.known_seconds:
            with self._reading:
                if time.monotonic() - self.accounts_at >= self.known_seconds:
                    self._read_accounts()
        return self.accounts.get(session_name)

    def watched(self, incident_id: str) -> Watched | None:
        known = self.incidents.get(incident_id)
        if known is not None and time.monotonic() - known.read_at < self.fresh_seconds:
            return known
        with self._reading:
            known = self.incidents.get(incident_id)
            if known is None or time.monotonic() - known.read_at >= self.fresh_seconds:
                known = self._read_incident(incident_id)
        return known

    def _read_accounts(self) -> None:
        begun = time.monotonic()
        columns = select(
            Account.fs_uniquifier, Account.id, Account.person_id, Account.roles, Account.language
        ).where(Account.active)
        with self.wiring.store.reading() as database:
            rows = database.execute(columns).all()
        self.accounts = {row.fs_uniquifier: _watcher(*row[1:]) for row in rows}
        self.accounts_at = begun

    def _read_incident(self, incident_id: str) -> Watched | None:
        begun = time.monotonic()
        with self.wiring.store.reading() as database:
            if database.scalar(select(Incident.id).where(Incident.id == incident_id)) is None:
                return None
            people = select(Request.person_id).where(Request.incident_id == incident_id).distinct()
            tag = state(database, incident_id, self.wiring)
            found = Watched(tag, frozenset(database.scalars(people)), begun)
        if len(self.incidents) >= MOST_INCIDENTS:
            self.incidents.clear()
        self.incidents[incident_id] = found
        return found


def _watcher(id: int, person: str | None, roles: list[str], language: str) -> Watcher:
    known = {role.value for role in Role}
    account = str(id)
    actor = Actor("user", account, "", frozenset(Role(name) for name in roles if name in known), person)
    return Watcher(account, person, permissions.reads_all(actor), language)


def state(session: Session, incident_id: str, wiring: Wiring) -> str:
    """A mark of everything the live part of a room shows to whoever reads it: the record, and what is wrong in the house."""
    wrong = troubles_now(session, wiring)
    return f"{change_tag(session, incident_id)}{crc32(repr(wrong).encode()):08x}"


def mark(tag: str, now: datetime, account: str, language: str) -> str:
    """The mark of what one reader sees: the record, the minute its countdowns show, the reader and the language."""
    return f"{tag}-{int(now.timestamp()) // 60}-{account}-{language}"


def register(app: Flask, wiring: Wiring) -> None:
    """Before the accounts are looked at: must be registered ahead of the sign-in."""
    watch = Watch(wiring)
    app.extensions["watch"] = watch

    @app.before_request
    def nothing_new() -> Response | None:
        asked = ROOM.fullmatch(request.path) if request.method == "GET" and request.if_none_match else None
        return _nothing_new(watch, asked[1]) if asked else None


def _nothing_new(watch: Watch, incident_id: str) -> Response | None:
    now = watch.wiring.now()
    name, seen = session.get("_user_id"), session.get(SEEN)
    if not name or not seen or now - datetime.fromisoformat(seen) > IDLE_LIMIT:
        return None
    watcher, watched = watch.watcher(name), watch.watched(incident_id)
    if watcher is None or watched is None or not (watcher.reads_all or watcher.person in watched.people):
        return None
    tag = mark(watched.tag, now, watcher.account, watcher.language)
    if not request.if_none_match.contains_weak(tag):
        return None
    response = Response(status=304)
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    return response
