"""Bearer tokens of the API: making one, and who is behind one. Must never keep or log a token itself, only its hash."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.domain.actors import Actor, Role
from incident.domain.ids import new_id
from incident.store.tables import Token

PREFIX = "irt_"  # so that a token found in a file is known for what it is
SCHEME = "Bearer "


def issue(session: Session, name: str, role: Role, now: datetime) -> str:
    """A new token, told once. It has a role, never a person."""
    token = PREFIX + secrets.token_urlsafe(32)
    session.add(Token(id=new_id(now), name=name, role=role.value, hash=_hash(token), created_at=now))
    return token


def bearer(session: Session, header: str) -> Actor | None:
    """Who an Authorization header speaks for; None when it is no bearer token that is known and not revoked."""
    if not header.startswith(SCHEME):
        return None
    hashed = _hash(header.removeprefix(SCHEME).strip())
    row = session.scalar(select(Token).where(Token.hash == hashed, Token.revoked_at.is_(None)))
    return Actor("token", row.id, row.name, frozenset({Role(row.role)})) if row else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
