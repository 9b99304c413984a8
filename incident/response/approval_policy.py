"""The switches of approval as they stand, and their change by the administrator, with a reason, on the system's chain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.domain.actors import Actor, Role
from incident.domain.approval_policy import DEFAULTS, LEVELS, Policy, kept_as, policy_of
from incident.domain.errors import Invalid
from incident.domain.words import said
from incident.response.desk import Desk
from incident.response.permissions import require
from incident.store.tables import Setting
from incident.timeline import ledger


def read(session: Session) -> Policy:
    rows = session.execute(select(Setting.key, Setting.value).where(Setting.key.in_(DEFAULTS)))
    return policy_of({key: value for key, value in rows})  # noqa: C416 - rows are not pairs to mypy


def change(
    desk: Desk, wanted: Mapping[str, frozenset[int]], reason: str, actor: Actor, now: datetime
) -> None:
    """Set the switches named in `wanted`. Raises Forbidden, Invalid (no reason, no such switch, nothing changed)."""
    require(actor, Role.ADMIN)
    if not reason.strip():
        raise Invalid("no_reason", "Cần ghi lý do.", {"reason": [said("Ghi lý do, người quyết định.")]})
    if not set(wanted) <= set(DEFAULTS) or any(not levels <= set(LEVELS) for levels in wanted.values()):
        raise Invalid("bad_switch", "Không có thiết lập này.")
    with desk.store.writing() as session:
        head = ledger.system_head(session)  # locked: two administrators change one after the other
        before = read(session).levels
        changed = {key: levels for key, levels in wanted.items() if levels != before[key]}
        if not changed:
            raise Invalid("nothing_changed", "Chưa có thay đổi nào để ghi.")
        for key, levels in changed.items():
            session.merge(Setting(key=key, value=kept_as(levels)))
        ledger.append(
            session, head, "settings_changed", occurred_at=now, recorded_at=now, actor=actor,
            data={
                "fields": list(changed),
                "before": {key: kept_as(before[key]) for key in changed},
                "after": {key: kept_as(levels) for key, levels in changed.items()},
            },
            texts={"reason": reason.strip()},
        )  # fmt: skip
