"""An incident under way passes to the version of its playbook that is in use now, where what has begun is the same in both.

Responsible for what keeps it from that, said step by step. Must never publish, nor begin a step by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from incident.domain.actors import Actor
from incident.domain.errors import Conflict
from incident.domain.words import said
from incident.response import casting, library
from incident.response.advance import enter, held_open, state_of
from incident.response.desk import Desk
from incident.response.permissions import COMMAND, require
from incident.response.task import with_reason
from incident.store.tables import Incident, PlaybookVersion
from incident.timeline import ledger
from playbooks.diff import Change, changes, hindrances
from playbooks.engine import begun
from playbooks.language import Playbook
from playbooks.signals import Revised


@dataclass(frozen=True, slots=True)
class Outlook:
    """The playbook an incident runs and the one in use. `same`: there is nothing to pass to. `sha256` is the new one's;
    `hindered`: what has begun and differs, none = it may pass."""

    before: Playbook
    after: Playbook
    sha256: str
    same: bool
    differs: tuple[Change, ...]
    hindered: tuple[Change, ...]


def outlook(session: Session, desk: Desk, incident: Incident, english: bool = False) -> Outlook:
    """Raises Conflict when the playbook is no longer in use at all."""
    before = library.pinned(session, incident.playbook_version)
    used = library.current(session, desk, incident.playbook)
    if used is None:
        raise Conflict("withdrawn", said("Kịch bản này không còn phiên bản nào đang dùng."))
    known = session.get_one(PlaybookVersion, incident.playbook_version).sha256
    after = used.playbook
    steps = begun(state_of(session, incident.id))
    return Outlook(
        before, after, used.sha256, known == used.sha256,
        tuple(changes(before, after, english)), tuple(hindrances(before, after, steps, english)),
    )  # fmt: skip


def revise(desk: Desk, incident_id: str, sha256: str, reason: str, actor: Actor, now: datetime) -> None:
    """Go on with the version in use; `sha256`: the one that was looked at. Nothing happens when it is run already.
    Raises Forbidden, NotFound, Invalid, Conflict."""
    require(actor, *COMMAND)
    reason = with_reason(reason)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        found = outlook(session, desk, incident)
        if found.same:
            return
        if found.sha256 != sha256:
            raise Conflict("overtaken", said("Vừa có phiên bản mới hơn. Xem lại thay đổi rồi làm tiếp."))
        if found.hindered:
            raise Conflict(
                "step_has_begun",
                said(
                    "Chưa đổi được vì phần đã bắt đầu khác nhau: %(what)s.",
                    what="; ".join(map(str, found.hindered)),
                ),
            )
        if incident.level not in found.after.levels:
            raise Conflict("unknown_level", said("Kịch bản không có cấp độ này."))
        old = incident.playbook_version
        incident.playbook_version, playbook = library.ensure_version(session, desk, incident.playbook, now)
        ledger.append(
            session, incident, "playbook_revised", occurred_at=now, recorded_at=now, actor=actor,
            data={
                "before": found.before.version, "version": playbook.version, "sha256": sha256,
                "changes": [str(change) for change in found.differs],
            },
            texts={"reason": reason},
        )  # fmt: skip
        roles = casting.cast_again(session, incident, playbook, now)
        enter(session, desk, incident, [Revised(old, incident.playbook_version, roles)], now)
