"""The reference that travels with an SMS and comes back in its receipts: an attempt's id, signed.

Anybody can post to a callback address; only what we signed binds a carrier's id to an attempt. Knows no table.
"""

from __future__ import annotations

import hashlib
import hmac

_LENGTH = 20


def signed(attempt_id: str, secret: str) -> str:
    return f"{attempt_id}.{_mark(attempt_id, secret)}"


def attempt_of(reference: str, secret: str) -> str | None:
    """The attempt's id, or None when the reference is not ours."""
    attempt_id, _, mark = reference.partition(".")
    good = hmac.compare_digest(mark.encode(), _mark(attempt_id, secret).encode())
    return attempt_id if good else None


def _mark(attempt_id: str, secret: str) -> str:
    return hmac.new(secret.encode(), f"attempt:{attempt_id}".encode(), hashlib.sha256).hexdigest()[:_LENGTH]
