"""Chuyển cơ quan khác chủ trì: another body has the lead from an hour on; what stays here, who is told, and the way back.

The incident stays open: questions of the press still come, and what was kept goes on. Closing it is another decision.
Must never decide what a deadline becomes: the engine does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from incident import wording
from incident.domain.actors import SYSTEM, Actor
from incident.domain.errors import Conflict, Invalid
from incident.domain.words import said
from incident.response import notices
from incident.response.advance import enter, held_open, state_of
from incident.response.course import LET_GO, asked_people, require_head
from incident.response.desk import Desk
from incident.response.library import pinned
from incident.response.open import AHEAD
from incident.response.task import with_reason
from incident.store.tables import Incident, Unit
from incident.timeline import ledger
from notify.phone import strip_marks
from playbooks.asking import REPLACED
from playbooks.language import Playbook
from playbooks.progress import steps_of
from playbooks.run import DONE, NOT_NEEDED, SKIPPED, Run
from playbooks.signals import HandedOver, TakenBack

SHORT, LONGEST_NAME, LONGEST_PAPER = 20, 200, 120
OVER = (DONE, SKIPPED, NOT_NEEDED)


@dataclass(frozen=True, slots=True)
class Transfer:
    """To whom: `unit`, a key of the directory, or the name `to`; `short`: as a message calls it, at most 20 characters.
    `at`: since when, None for now. `paper`: number and symbol of the paper, "" while there is none. `keep`: ids of the
    steps that stay here."""

    to: str = ""
    unit: str | None = None
    short: str = ""
    at: datetime | None = None
    paper: str = ""
    keep: tuple[str, ...] = ()


def transfer(desk: Desk, incident_id: str, what: Transfer, reason: str, actor: Actor, now: datetime) -> int:
    """Hand the lead over. Returns how many people are told. Raises Forbidden, NotFound, Invalid, Conflict."""
    require_head(desk, incident_id, actor)
    reason = with_reason(reason)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        if incident.handed_at is not None:
            raise Conflict("handed_over", said("Vụ việc đã chuyển %(to)s chủ trì.", to=incident.handed_to))
        playbook, run = pinned(session, incident.playbook_version), state_of(session, incident_id)
        name, short, at = _checked(session, incident, what, playbook, run, now)
        incident.handed_at, incident.handed_to, incident.handed_short = at, name, short
        incident.handed_paper = ledger.clean(" ".join(what.paper.split()))
        ledger.append(
            session, incident, "handed_over", occurred_at=at, recorded_at=now, actor=actor,
            data={"body": name, "at": at, "paper": incident.handed_paper, "keep": list(what.keep)},
            texts={"reason": reason},
        )  # fmt: skip
        woken = asked_people(session, incident)
        enter(session, desk, incident, [HandedOver(at, what.keep)], now)
        staying = _staying(playbook, state_of(session, incident_id), what.keep)
        _tell(session, desk, incident, "stand_down.handed", [p for p in woken if p not in staying], now)
        _tell(session, desk, incident, "handed.stays", [p for p in woken if p in staying], now)
        if woken:
            ledger.append(
                session, incident, "handed_told", occurred_at=now, recorded_at=now, actor=SYSTEM,
                data={"count": len(woken)},
            )  # fmt: skip
        desk.store.after_commit(session, desk.ring)
        return len(woken)


def take_back(desk: Desk, incident_id: str, reason: str, actor: Actor, now: datetime) -> None:
    """The lead is ours again: what ended with the hand-over goes on, deadlines run as if they had never left. Raises
    Forbidden, NotFound, Invalid, Conflict."""
    require_head(desk, incident_id, actor)
    reason = with_reason(reason)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        if incident.handed_at is None:
            raise Conflict("not_handed_over", "Vụ việc đang do ta chủ trì.")
        ledger.append(
            session, incident, "taken_back", occurred_at=now, recorded_at=now, actor=actor,
            data={"body": incident.handed_to, "at": incident.handed_at}, texts={"reason": reason},
        )  # fmt: skip
        incident.handed_at, incident.handed_to, incident.handed_short, incident.handed_paper = (
            None,
            "",
            "",
            "",
        )
        enter(session, desk, incident, [TakenBack()], now)


def unfinished(playbook: Playbook, run: Run) -> tuple[str, ...]:
    """The steps one may keep, in their order."""
    return tuple(step for step in steps_of(playbook, run) if run.steps[step].state not in OVER)


def _checked(
    session: Session, incident: Incident, what: Transfer, playbook: Playbook, run: Run, now: datetime
) -> tuple[str, str, datetime]:
    errors: dict[str, list[str]] = {}
    unit = session.get(Unit, ledger.clean(what.unit)) if what.unit else None
    if what.unit and unit is None:
        errors["unit"] = [said("Không có đơn vị này.")]
    name = ledger.clean(unit.name if unit else " ".join(what.to.split()))
    if not name and not errors:
        errors["to"] = [said("Chọn đơn vị, hoặc ghi tên cơ quan chủ trì.")]
    if len(name) > LONGEST_NAME:
        errors["to"] = [said("Không quá %(n)s ký tự.", n=LONGEST_NAME)]
    short = ledger.clean(" ".join(what.short.split())) or (unit.short_name if unit else name)
    if what.short and len(strip_marks(short)) > SHORT:
        errors["short_name"] = [said("Tên ngắn dùng trong tin nhắn không quá %(n)s ký tự.", n=SHORT)]
    if len(what.paper) > LONGEST_PAPER:
        errors["paper"] = [said("Không quá %(n)s ký tự.", n=LONGEST_PAPER)]
    at = what.at or now
    if not incident.opened_at <= at <= now + AHEAD:
        errors["at"] = [said("Không được ở tương lai, không được trước lúc mở vụ việc.")]
    if strange := sorted(set(what.keep) - set(unfinished(playbook, run))):
        errors["keep"] = [said("Không giữ lại được: %(steps)s.", steps=", ".join(strange))]
    if errors:
        raise Invalid("invalid", "Xin xem lại các ô được đánh dấu.", errors)
    return name, wording.shorten(short, SHORT) if len(short) > SHORT else short, min(at, now)


def _staying(playbook: Playbook, run: Run, keep: tuple[str, ...]) -> set[str]:
    """Those who have, or will have, something to do in what was kept."""
    people = set[str]()
    steps = steps_of(playbook, run)
    for step in keep:
        people |= {a.person for a in run.steps[step].actors if a.state != REPLACED}
        for role in steps[step].by:
            if role in run.roles:
                people |= set(run.roles[role].people)
    return people


def _tell(
    session: Session, desk: Desk, incident: Incident, kind: str, people: list[str], now: datetime
) -> None:
    goes = kind == "stand_down.handed"
    asks = ("không phát ngôn, chuyển câu hỏi của báo chí về số trực",)
    facts = wording.Facts(
        unknown="",
        asks=asks if goes else (*asks, "tiếp tục việc đang làm"),
        extra={"at": wording.spoken(incident.handed_at or now), "body": incident.handed_to},
    )
    notices.announce(
        session, desk, incident, people, now, step=LET_GO if goes else "handed_stays", purpose="handed",
        sms=(kind, {"at": wording.clock(incident.handed_at), "body": incident.handed_short}), mail=("handed", facts),
    )  # fmt: skip
