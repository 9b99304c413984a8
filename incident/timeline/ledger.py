"""The one writer of the record: appends entries to a chain of hashes.

An entry is a kind and data, never prose. Its canonical text (fixed-width UTC times, NFC, sorted keys, no floats) is
hashed together with the hash before it, and kept as it was hashed. Free text that may name people lies beside the
chain, which knows only its salted hash, so that it can be masked later without breaking anything.

The caller holds the lock on the head and owns the transaction. Must never know what a kind means, nor what time it is.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from incident.domain.actors import Actor
from incident.store.sessions import lock
from incident.store.tables import Entry, FreeText, Incident, SystemChain
from incident.store.types import canonical

SYSTEM_CHAIN = "system"

# What has no business in a line of text; line breaks and tabs stay.
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# A Vietnamese telephone number, alone or in groups, however people part them: 9 to 12 digits. Not inside an id, a hash,
# an address, a date or a time.
PHONE = re.compile(
    r"(?<![\w/=.+-])(?:(?:\+84|84|0)\d{8,10}"
    r"|(?!\d{1,2}[.-]\d{1,2}[.-]\d{4})(?=(?:[ .()+-]{0,2}\d){9,12}(?![\d]))"
    r"(?:\+?84([ .-])\(?\d{2,3}\)?|\(\+?84\)([ .-]?)\d{2,3}|\(0[2-9]\d{0,2}\)|0[2-9]\d{0,2})"
    r"(?:[ .-]?\d{2,4}|[ .-]\d(?=[ .-]\d{3})){2,4})(?![\w/=-])"
)
HIDDEN_NUMBER = "[số điện thoại]"


class Unledgerable(ValueError):
    """A value that cannot stand on a chain: it would not have one canonical text."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is to be appended. `data` is JSON without floats (datetimes are allowed); `texts` lie beside the chain."""

    kind: str
    occurred_at: datetime
    recorded_at: datetime
    actor: Actor
    data: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


def append(
    session: Session,
    head: Incident | SystemChain,
    kind: str,
    *,
    occurred_at: datetime,
    recorded_at: datetime,
    actor: Actor,
    data: Mapping[str, Any],
    texts: Mapping[str, str] | None = None,
) -> Entry:
    """One entry at the end of the chain whose head is this locked row."""
    return append_many(session, head, [Line(kind, occurred_at, recorded_at, actor, data, texts or {})])[0]


def append_many(session: Session, head: Incident | SystemChain, lines: Iterable[Line]) -> list[Entry]:
    """Entries in this order; the head moves once for each. Written at the session's next flush, all together."""
    entries: list[Entry] = []
    for line in lines:
        entry, texts = _entry(head, line)
        head.chain_seq, head.chain_hash = entry.seq, entry.hash
        session.add(entry)
        session.add_all(texts)
        entries.append(entry)
    return entries


def system_head(session: Session) -> SystemChain:
    """The locked head of the system's own chain; made when it is first asked for."""
    query = select(SystemChain).where(SystemChain.id == SYSTEM_CHAIN)
    found: SystemChain | None = lock(session, query).one_or_none()
    if found is None:
        _insert_once(session)
        found = lock(session, query).one()
    return found


def _insert_once(session: Session) -> None:
    """Two processes may find no row at the same time: the second insert does nothing."""
    values = {"id": SYSTEM_CHAIN, "chain_seq": 0, "chain_hash": ""}
    if session.get_bind().dialect.name == "sqlite":
        session.execute(sqlite.insert(SystemChain).values(values).on_conflict_do_nothing())
    else:
        session.execute(postgresql.insert(SystemChain).values(values).on_conflict_do_nothing())


def _entry(head: Incident | SystemChain, line: Line) -> tuple[Entry, list[FreeText]]:
    seq = head.chain_seq + 1
    texts = [
        FreeText(chain=head.id, seq=seq, field=name, text=clean(text), salt=secrets.token_hex(16))
        for name, text in line.texts.items()
    ]
    actor = {"kind": line.actor.kind, "id": line.actor.id, "name": line.actor.name}
    content = {
        "chain": head.id,
        "seq": seq,
        "kind": line.kind,
        "occurred_at": utc_text(line.occurred_at),
        "recorded_at": utc_text(line.recorded_at),
        "actor": storable(actor),
        "data": storable(line.data),
        "texts": {row.field: salted(row.salt or "", row.text or "") for row in texts},
    }
    written = canonical(content)
    entry = Entry(
        chain=head.id,
        seq=seq,
        kind=line.kind,
        occurred_at=line.occurred_at,
        recorded_at=line.recorded_at,
        actor=content["actor"],
        data=content["data"],
        canonical=written,
        prev_hash=head.chain_hash,
        hash=chained(head.chain_hash, written),
    )
    return entry, texts


def chained(prev_hash: str, written: str) -> str:
    return hashlib.sha256((prev_hash + written).encode()).hexdigest()


def salted(salt: str, text: str) -> str:
    return hashlib.sha256((salt + text).encode()).hexdigest()


def utc_text(at: datetime) -> str:
    """Fixed width: "2026-11-22T10:42:07.123456Z"."""
    if at.tzinfo is None:
        raise Unledgerable(f"naive datetime: {at!r}")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def clean(text: str) -> str:
    return CONTROLS.sub("", unicodedata.normalize("NFC", text))


def storable(value: Any) -> Any:
    """`value` as it may stand on a chain: cleaned strings without telephone numbers, no floats, times as text."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return PHONE.sub(HIDDEN_NUMBER, clean(value))
        case datetime():
            return utc_text(value)
        case Mapping():
            return {_key(key): storable(inner) for key, inner in value.items()}
        case list() | tuple():
            return [storable(inner) for inner in value]
    raise Unledgerable(f"{type(value).__name__} cannot stand on a chain: {value!r}")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise Unledgerable(f"a key of data must be text: {key!r}")
    return clean(key)
