"""What was typed into a form whose session had ended, kept until its owner has signed in again: for browsers without
scripts (with them the page itself keeps it, and asks for the password in place).

Kept in the owner's own signed cookie, for that account alone and once; so it must be short. Knows no form.
"""

from __future__ import annotations

from typing import Any

from flask import g, request, session

KEPT = "kept"
LONGEST = 2_000  # of what a cookie holds, 4 kB, something is left for the session itself
NEVER = ("csrf_token", "password", "code")


def keep() -> None:
    """Remember the fields of this request for whoever was signed in until just now."""
    owner = g.get("idle_account")
    fields = {name: request.form.getlist(name) for name in request.form if name not in NEVER}
    size = sum(len(value.encode()) for values in fields.values() for value in values)
    if owner is not None and fields and size <= LONGEST:
        session[KEPT] = {"account": owner, "path": request.path, "fields": fields}


def kept(path: str, account: str) -> dict[str, Any]:
    """What this account had typed into the form that is sent to `path`: field -> text, or list where there were
    several. Given once."""
    found = session.get(KEPT)
    if not found or found["account"] != account:
        session.pop(KEPT, None)
        return {}
    if found["path"] != path:
        return {}
    session.pop(KEPT)
    return {name: values[0] if len(values) == 1 else values for name, values in found["fields"].items()}
