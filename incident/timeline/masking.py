"""Takes a name out of the record without breaking it: a second person blanks a free text, with a reason.

The chain keeps the salted hash; with the salt gone too, nobody can test guesses against it. Never touches an entry.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from incident.domain.actors import Actor
from incident.domain.errors import Conflict, Forbidden, Invalid, NotFound
from incident.domain.words import said
from incident.store.tables import (
    Approval,
    Entry,
    FreeText,
    Incident,
    PressRequest,
    Proof,
    Request,
    Revision,
    Statement,
)
from incident.timeline.ledger import append, clean
from incident.timeline.verify import MASKED

REASON_LENGTH = 300
OPENING = "incident_opened"
HIDDEN = "[đã che]"


def mask(
    session: Session, incident: Incident, seq: int, field: str, actor: Actor, reason: str, now: datetime
) -> Entry:
    """Blank one free text of an entry of this (locked) incident; returns the entry that says so."""
    reason = clean(reason).strip()
    if not reason or len(reason) > REASON_LENGTH:
        raise Invalid(
            "reason",
            "Cần lý do che.",
            {"reason": [said("Ghi lý do che, không quá %(n)s ký tự.", n=REASON_LENGTH)]},
        )
    text = session.get(FreeText, (incident.id, seq, field))
    entry = session.get(Entry, (incident.id, seq))
    if text is None or entry is None:
        raise NotFound("no_text", "Không có phần văn bản này trong nhật ký.")
    if text.text is None:
        raise Conflict("already_masked", "Phần văn bản này đã được che.")
    _refuse_the_author(entry, actor)
    _blank_copies(session, incident, entry, field, text.text)
    text.text = text.salt = None
    text.masked_by, text.masked_at, text.mask_reason = actor.name, now, reason
    if entry.kind == MASKED:  # the reason itself named someone: it stands with the masked text, too
        _forget_reason(session, incident.id, entry.data)
    return append(
        session,
        incident,
        MASKED,
        occurred_at=now,
        recorded_at=now,
        actor=actor,
        data={"seq": seq, "field": field},
        texts={"reason": reason},
    )


def _blank_copies(session: Session, incident: Incident, entry: Entry, field: str, text: str) -> None:
    """The same words where pages read them without the chain: else a name would go on standing there."""
    if entry.kind == OPENING:
        if field == "title":
            incident.title = HIDDEN
        elif field == "summary":
            incident.summary = ""
    elif field == "question":  # whoever is named in it may be the one who asked
        session.execute(
            update(PressRequest)
            .where(PressRequest.incident_id == incident.id, PressRequest.asked_seq == entry.seq)
            .values(name="", phone="")
        )
    elif field == "proof":
        session.execute(
            update(Proof).where(Proof.incident_id == incident.id, Proof.text == text).values(text=HIDDEN)
        )
    elif field == "reason":
        session.execute(
            update(Request)
            .where(Request.incident_id == incident.id, Request.reason == text[:300])
            .values(reason=HIDDEN)
        )
        of_incident = select(Revision.id).join(Statement, Statement.id == Revision.statement_id)
        session.execute(
            update(Approval)
            .where(
                Approval.revision_id.in_(of_incident.where(Statement.incident_id == incident.id)),
                Approval.reason == text,
            )
            .values(reason=HIDDEN)
            .execution_options(synchronize_session=False)
        )


def _refuse_the_author(entry: Entry, actor: Actor) -> None:
    if actor.kind not in ("user", "link"):
        raise Forbidden("no_person", "Chỉ người đã đăng nhập mới được che.")
    author = entry.actor
    same_person = author["id"] in (actor.id, actor.person_id) or author["name"] == actor.name
    if same_person and author["kind"] != "system":
        raise Forbidden("author", "Người ghi không tự che được; cần một đồng chí khác.")


def _forget_reason(session: Session, chain: str, masked: dict[str, object]) -> None:
    text = session.get(FreeText, (chain, masked["seq"], masked["field"]))
    if text is not None:
        text.mask_reason = "đã che"


def shown(row: FreeText) -> str:
    """A free text as views and exports show it."""
    if row.text is not None:
        return row.text
    return f"[đã che, lý do: {row.mask_reason}]" if row.mask_reason else HIDDEN


def free_texts(session: Session, chain: str) -> dict[int, dict[str, FreeText]]:
    """All free texts of a chain, by entry and field."""
    found: dict[int, dict[str, FreeText]] = {}
    for row in session.scalars(
        select(FreeText).where(FreeText.chain == chain).order_by(FreeText.seq, FreeText.field)
    ):
        found.setdefault(row.seq, {})[row.field] = row
    return found
