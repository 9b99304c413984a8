"""One statement under the lock of its incident: its run, its steps, its newest revision; and how a text is kept.

What drafting, deciding and releasing stand on. Decides nothing itself.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.domain.actors import Actor
from incident.domain.errors import Conflict, Invalid, NotFound
from incident.domain.words import said
from incident.response import casting
from incident.response.advance import enter, held, require_open, state_of
from incident.response.desk import Desk
from incident.response.library import pinned
from incident.store.tables import Entry, Incident, Revision, Statement
from incident.timeline import ledger
from playbooks.asking import REPLACED
from playbooks.language import Playbook, Step, Verb
from playbooks.run import OPEN, Run
from playbooks.signals import Event

LONGEST = 50_000


def digest(text: str) -> str:
    """sha256 of the text as it is kept: NFC, line ends \\n, no blanks at line ends, one line feed at the end."""
    return hashlib.sha256(tidy(text).encode()).hexdigest()


def tidy(text: str) -> str:
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip() + "\n"


def checked_text(text: str) -> str:
    tidied = tidy(text)
    if not tidied.strip():
        raise Invalid("empty", "Nội dung đang trống.", {"text": [said("Nội dung đang trống.")]})
    if len(tidied) > LONGEST:
        raise Invalid("too_long", "Nội dung quá dài.", {"text": [said("Không quá %(n)s ký tự.", n=LONGEST)]})
    return tidied


@dataclass(slots=True)
class Case:
    """One statement with its incident (locked), its playbook, its run and its steps."""

    session: Session
    desk: Desk
    incident: Incident
    statement: Statement
    playbook: Playbook
    run: Run
    draft: Step
    approve: Step | None
    publish: Step | None
    now: datetime

    def record(
        self,
        kind: str,
        actor: Actor,
        data: dict[str, object],
        texts: dict[str, str] | None = None,
        at: datetime | None = None,
    ) -> Entry:
        """One line on the timeline; `at`: when it happened, if not now."""
        people = {actor.person_id, data.get("person")}
        casting.remember(self.session, self.incident, {str(p) for p in people if p}, self.now)
        return ledger.append(
            self.session, self.incident, kind, occurred_at=at or self.now, recorded_at=self.now, actor=actor,
            data={"statement": self.statement.id, "step": self.statement.step, **data}, texts=texts,
        )  # fmt: skip

    def enter(self, *events: Event) -> None:
        enter(self.session, self.desk, self.incident, events, self.now)

    def newest(self) -> Revision:
        revision = self.session.scalar(
            select(Revision)
            .where(Revision.statement_id == self.statement.id)
            .order_by(Revision.n.desc())
            .limit(1)
        )
        if revision is None:
            raise Conflict("not_submitted", "Nội dung này chưa được trình.")
        return revision

    def actors(self, step: Step | None) -> set[str]:
        state = self.run.steps.get(step.id) if step else None
        live = state.actors if state and state.state in OPEN else ()
        return {a.person for a in live if a.state != REPLACED}


def held_case(
    session: Session,
    desk: Desk,
    statement_id: str,
    now: datetime,
    *,
    closed_too: bool = False,
    merged_too: bool = False,
) -> Case:
    """Raises NotFound; Conflict when the incident is closed, unless `closed_too`, or `merged_too` and it is part of another
    one: it is never opened again, and what it released still stands outside."""
    found = session.get(Statement, statement_id)
    if found is None:
        raise NotFound("no_statement", "Không có nội dung phát ngôn này.")
    incident = held(session, found.incident_id)
    if not closed_too and not (merged_too and incident.merged_into is not None):
        require_open(session, incident)
    session.refresh(found)
    return case_of(session, desk, found, incident, now)


def case_of(session: Session, desk: Desk, found: Statement, incident: Incident, now: datetime) -> Case:
    """The case of a statement whose incident is locked already."""
    playbook = pinned(session, incident.playbook_version)

    def governed(verb: Verb) -> Step | None:
        return next((s for s in playbook.steps if s.verb is verb and s.text == found.step), None)

    return Case(
        session, desk, incident, found, playbook, state_of(session, incident.id), playbook.step(found.step),
        governed(Verb.APPROVE), governed(Verb.PUBLISH), now,
    )  # fmt: skip


def void_revisions(case: Case) -> None:
    for revision in case.session.scalars(
        select(Revision).where(Revision.statement_id == case.statement.id, Revision.voided_at.is_(None))
    ):
        revision.voided_at = case.now
