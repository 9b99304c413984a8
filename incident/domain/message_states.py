"""The life of one message, as a table: which status may become which, and who may bring it about.

Everything that says so lives in this file; the database's CHECK constraints and the code's conditional UPDATEs are made of
it. It does not know a table, a carrier or the time.

A status says what is known in the world, not what was wished. `accepted`: the carrier has it and gave it a name. `sent`: it
left the carrier, or the mail server took it over. `unknown`: a call ended in the dark, the message may have gone.
`delivered` is the carrier's word only; that somebody has read it is an answer, and never stands here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

MESSAGE_STATUSES = (
    "created", "sending", "unknown", "accepted", "sent", "delivered", "temporary-failure",
    "permanent-failure", "technical-failure", "validation-failed", "expired", "cancelled",
)  # fmt: skip
FINAL_STATUSES = (
    "delivered", "permanent-failure", "technical-failure", "validation-failed", "expired", "cancelled",
)  # fmt: skip
# A carrier's sender has been called for it at least once.
CALLED_STATUSES = ("unknown", "accepted", "sent", "delivered", "temporary-failure", "permanent-failure")
RECEIPT_STATUSES = ("accepted", "sent", "delivered", "temporary-failure", "permanent-failure")
ATTEMPT_STATUSES = ("sending", "unknown", *RECEIPT_STATUSES, "technical-failure")
ATTEMPT_OUTCOMES = ("calling", "accepted", "not-sent", "unknown", "refused")

By = Literal["claim", "result", "receipt", "look", "sweep", "cancel", "resume"]

_FAILED = frozenset({"permanent-failure", "technical-failure"})
_CORRECTED = frozenset({"delivered"})  # what we gave up on arrived after all
_TOLD = frozenset({"accepted", "sent", "delivered"})

ARROWS: Mapping[By, Mapping[str, frozenset[str]]] = {
    # Leased, given back unbegun, or found on the threshold that nobody may or can be sent this,
    # or that its words must not leave.
    "claim": {
        "created": frozenset({"sending"}),
        "sending": frozenset({"created", "cancelled", "technical-failure", "validation-failed"}),
    },
    # The call ended. "unknown": its lease had run out meanwhile, and then the answer came.
    "result": {
        "sending": frozenset({"accepted", "sent", "created", "unknown", *_FAILED}),
        "unknown": frozenset({"accepted", "sent", "created", *_FAILED}),
    },
    # The carrier reported. "created" from what it had taken: that attempt failed, another one is due.
    "receipt": {
        "created": _TOLD,  # an earlier attempt went after all: the next one is not made
        "sending": _TOLD,
        "unknown": _TOLD | _FAILED | {"created"},
        "accepted": frozenset({"sent", "delivered", "created"}) | _FAILED,
        "sent": frozenset({"delivered", "created"}) | _FAILED,
        **dict.fromkeys(set(FINAL_STATUSES) - {"delivered"}, _CORRECTED),
    },
    # Looked for in the carrier's list: found as it stands there, or not, and sent once more.
    "look": {"unknown": _TOLD | _FAILED | {"created"}},
    # Time alone: a lease ran out (before or after the call began), a text is stale (and may have gone).
    "sweep": {"sending": frozenset({"created", "unknown"}), "created": frozenset({"expired", "unknown"})},
    # People or the run: no longer needed. A call that has begun is never cancelled; what waits to be asked about again may
    # have gone, and is looked for.
    "cancel": {
        "created": frozenset({"cancelled", "unknown"}),
        "sending": frozenset({"cancelled", "unknown"}),
    },
    # Sending had been stopped by a person and goes on: what was kept back is due again (decision 0011).
    "resume": {"cancelled": frozenset({"created"}), "expired": frozenset({"created"})},
}


def may_become(before: str, after: str, by: By | None = None) -> bool:
    """Whether the arrow stands in the table; by anybody, when it is not said by whom."""
    who: Iterable[By] = ARROWS if by is None else (by,)
    return any(after in ARROWS[one].get(before, ()) for one in who)
