"""Whether all is well: what `/readyz` says, and the ping to an outside watch that is sent only then (a dead man's switch).

Must never name a person or a number.
"""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import text

from incident.delivery import leases
from incident.store.sessions import Store

log = logging.getLogger(__name__)

BEAT_SECONDS = 10
PING_TIMEOUT_SECONDS = 5.0
TRIGGERS = {
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'entry'",
    "postgresql": "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'entry'::regclass AND NOT tgisinternal",
}


def unready(store: Store, sms: bool, now: datetime) -> list[str]:
    """What is missing, in machine words; empty when everything answers. `sms`: whether a carrier is configured."""
    reasons = []
    try:
        with store.reading() as session:
            if not session.scalar(text(TRIGGERS[store.dialect])):
                reasons.append("triggers_missing")
        beat = leases.beat(store, "clock")
        if beat is None or (now - beat).total_seconds() > BEAT_SECONDS:
            reasons.append("clock_silent")
    except Exception as fault:
        return [f"database: {type(fault).__name__}"]
    if not sms:
        reasons.append("no_sms_carrier")
    return reasons


def ping(url: str) -> bool:
    """Tell the outside watch that all is well. False when it did not hear; it will notice the silence by itself."""
    import urllib3

    try:
        answer = urllib3.PoolManager().request("GET", url, timeout=PING_TIMEOUT_SECONDS, retries=False)
    except urllib3.exceptions.HTTPError as fault:
        log.warning("the outside watch could not be told: %s", type(fault).__name__)
        return False
    return answer.status < 400
