"""What every reading of an incident begins with: its head, its compiled playbook, and how names and free texts are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.domain.errors import NotFound
from incident.report import queries
from incident.store.tables import Incident, PlaybookVersion
from playbooks.language import Playbook
from playbooks.load import from_compiled
from playbooks.run import Run, from_json


def not_found() -> NotFound:
    return NotFound("incident_not_found", "Không có vụ việc này.")


@dataclass(frozen=True, slots=True)
class Head:
    incident: Incident
    version: int
    title: str
    sha256: str
    playbook: Playbook
    run: Run
    unexpanded: int  # recipients of mailings for whom there is no message yet
    holds_others: bool  # other incidents became part of it


def head_of(session: Session, incident_id: str) -> Head:
    found = session.execute(queries.HEAD, {"incident": incident_id}).one_or_none()
    if found is None:
        raise not_found()
    incident, version, title, sha256, state, unexpanded, holds_others = found
    playbook = playbooks_of(session, {sha256})[sha256]
    run = from_json(state) if state else Run()
    return Head(incident, version, title, sha256, playbook, run, int(unexpanded or 0), bool(holds_others))


# A compiled playbook never changes: its name is its hash. There are as many as were ever published.
_known: dict[str, Playbook] = {}


def playbooks_of(session: Session, wanted: set[str]) -> dict[str, Playbook]:
    """Compiled playbooks by their sha256; those not yet known are read in one query."""
    missing = wanted - _known.keys()
    if missing:
        found = select(PlaybookVersion.sha256, PlaybookVersion.compiled)
        for sha256, compiled in session.execute(found.where(PlaybookVersion.sha256.in_(missing))):
            _known[sha256] = from_compiled(compiled)
    return {sha256: _known[sha256] for sha256 in wanted}


def shown(text: Any, language: str = "vi") -> str:
    if text.masked_at is None:
        return text.text or ""
    return f"[{'masked, reason' if language == 'en' else 'đã che, lý do'}: {text.mask_reason}]"


def name_of(names: Mapping[str, Any], person: str) -> str:
    """The name of a person; what is not a person's id is a name already."""
    known = names.get(person)
    return str(known["name"]) if known else person
