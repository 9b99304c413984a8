"""Identifiers: time-ordered ids, and the short tokens of links."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 O 1 I L U: read aloud and typed from paper


def new_id(now: datetime) -> str:
    """A UUIDv7 (RFC 9562) as 36 characters: 48 bits of `now` in milliseconds, the rest random."""
    millis = int(now.timestamp() * 1000) & ((1 << 48) - 1)
    value = (millis << 80) | secrets.randbits(80)
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def first_id(at: datetime) -> str:
    """Smaller than every id made at that time or later, larger than all before: a bound for a search by age."""
    text = f"{int(at.timestamp() * 1000) & ((1 << 48) - 1):012x}"
    return f"{text[:8]}-{text[8:]}-0000-0000-000000000000"


def new_token(length: int = 10) -> str:
    """A random link token, short enough for an SMS (about 49 bits for 10 characters)."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def token_hash(token: str) -> str:
    """What the database keeps of a token: sha256 of its upper case, in hex."""
    return hashlib.sha256(token.strip().upper().encode()).hexdigest()
