"""What the API answers: the read model as documented JSON. Phones are given to those on duty only."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from marshmallow import Schema, fields

from incident.domain.actors import Actor
from incident.report.record import IncidentCard, IncidentView, StatementView
from incident.response.permissions import sees_phones


def string() -> fields.String:
    return fields.String(required=True)


def maybe_string() -> fields.String:
    return fields.String(required=True, allow_none=True)


def time() -> fields.AwareDateTime:
    return fields.AwareDateTime(required=True, format="iso")


def maybe_time() -> fields.AwareDateTime:
    return fields.AwareDateTime(required=True, allow_none=True, format="iso")


def whole() -> fields.Integer:
    return fields.Integer(required=True)


def flag() -> fields.Boolean:
    return fields.Boolean(required=True)


def texts() -> fields.List[str]:
    return fields.List(fields.String(), required=True)


def nested(schema: type[Schema]) -> fields.List[Any]:
    return fields.List(fields.Nested(schema), required=True)


def words(values: fields.Field[Any]) -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=values, required=True)


class OpenedIncident(Schema):
    id, code, number, status, url = string(), string(), string(), string(), string()


class DeadlineOut(Schema):
    id, title = string(), string()
    law = flag()
    basis, basis_note, start, start_title = string(), string(), string(), string()
    started_at, due, met_at, missed_at, handed_at = (maybe_time() for _ in range(5))
    state = string()


class MemberOut(Schema):
    person_id, name, post, unit, role, role_title, state = (string() for _ in range(7))
    phone, landline = maybe_string(), maybe_string()
    asked_at, answered_at = maybe_time(), maybe_time()
    via = maybe_string()
    step = string()
    instead_of, replaced_by = maybe_string(), maybe_string()
    reason = string()


class AcknowledgementOut(Schema):
    person_id, name, role, step, state = (string() for _ in range(5))
    asked_at = time()
    sent_at, answered_at = maybe_time(), maybe_time()
    via = maybe_string()
    reason = string()


class GroupOut(Schema):
    step, role, role_title = string(), string(), string()
    total, accepted, declined, waiting = whole(), whole(), whole(), whole()


class StepOut(Schema):
    id, verb, title, state = string(), string(), string(), string()
    activation = whole()
    since, due, done_at = maybe_time(), maybe_time(), maybe_time()
    people, person_ids, roles = texts(), texts(), texts()
    choices = words(fields.String())
    result = maybe_string()
    items = texts()
    ticked = fields.List(fields.Integer(), required=True)
    needs_proof = flag()
    proofs = texts()
    statement_id = maybe_string()
    after = texts()
    added = flag()
    turn = whole()


class ApprovalOut(Schema):
    person_id, name, decision, reason, via = (string() for _ in range(5))
    at = time()
    sha256 = string()


class RevisionOut(Schema):
    id = string()
    n = whole()
    text = string()
    sha256, code = string(), string()
    editors = texts()
    submitted_by = string()
    submitted_at = time()
    voided_at = maybe_time()
    approvals = nested(ApprovalOut)


class ReleaseOut(Schema):
    id = string()
    revision_n = whole()
    sha256, released_by = string(), string()
    approved_to_go_at = time()
    posted_by, channel, form, link = maybe_string(), maybe_string(), maybe_string(), maybe_string()
    released_at, recorded_at = maybe_time(), maybe_time()


class StatementOut(Schema):
    id, incident_id, step, title, state, url = (string() for _ in range(6))
    text = string()
    version = whole()
    revisions = nested(RevisionOut)
    releases = nested(ReleaseOut)
    approve_step, publish_step = maybe_string(), maybe_string()
    waits_for, waits_for_ids = texts(), texts()
    corrects = maybe_string()
    updated_at = maybe_time()


class CardOut(Schema):
    id, code, number, url, mode, title, short_name = (string() for _ in range(7))
    playbook, playbook_title = string(), string()
    level = whole()
    level_name = string()
    area, area_names = texts(), texts()
    opened_at = time()
    status = string()
    outcome = maybe_string()
    closed_at, paused_until = maybe_time(), maybe_time()
    next_deadline = fields.Nested(DeadlineOut, required=True, allow_none=True)
    missed = whole()
    asked, accepted = whole(), whole()
    missing = texts()
    overdue, open_steps, review = (whole() for _ in range(3))
    handed_to = string()
    handed_at = maybe_time()


class HandedOut(Schema):
    to, paper = string(), string()
    at = time()


class OtherOut(Schema):
    id, code, number, title = (string() for _ in range(4))


class IncidentOut(Schema):
    id, code, number, url, mode, title, summary, short_name = (string() for _ in range(8))
    playbook, playbook_title = string(), string()
    playbook_version = whole()
    playbook_sha256 = string()
    level = whole()
    level_name = string()
    area, area_names = texts(), texts()
    topic = maybe_string()
    kinds = texts()
    source = string()
    occurred_at, detected_at, accepted_at, assessed_at = (maybe_time() for _ in range(4))
    opened_at = time()
    opened_by, status = string(), string()
    outcome = maybe_string()
    closed_at, paused_until = maybe_time(), maybe_time()
    handed = fields.Nested(HandedOut, required=True, allow_none=True)
    merged_into = fields.Nested(OtherOut, required=True, allow_none=True)
    merged = nested(OtherOut)
    steps = nested(StepOut)
    task_force = nested(MemberOut)
    acknowledgements = nested(AcknowledgementOut)
    groups = nested(GroupOut)
    deadlines = nested(DeadlineOut)
    statements = nested(StatementOut)
    messages = words(fields.Integer())
    review = fields.Integer(required=True, metadata={"description": "Số trả lời chưa rõ, chờ người xem"})
    timeline = fields.Dict(
        required=True, metadata={"description": "Số dòng, mã băm cuối và địa chỉ của nhật ký"}
    )


class EntryOut(Schema):
    seq = whole()
    occurred_at, recorded_at = time(), time()
    actor = fields.Dict(required=True)
    kind = string()
    data = fields.Dict(required=True)
    text = string()
    hash, prev_hash = string(), string()


class AcknowledgedOut(Schema):
    incident_id, person_id, state = string(), string(), string()


class MergedOut(Schema):
    """`done` false: it had been merged there before."""

    id, status, into, url = string(), string(), string(), string()
    done = flag()


class NewStepOut(Schema):
    incident_id, step = string(), string()


class PersonOut(Schema):
    id = string()
    key = maybe_string()
    name, xung_ho, unit, unit_name, post = (string() for _ in range(5))
    posts = texts()
    phone, landline, email = maybe_string(), maybe_string(), maybe_string()
    active = flag()


class UnitOut(Schema):
    key, name, short_name, kind, bloc = (string() for _ in range(5))
    doc_code, parent, area = maybe_string(), maybe_string(), maybe_string()
    valid_from = fields.Date(required=True, allow_none=True)
    valid_to = fields.Date(required=True, allow_none=True)
    successors = texts()


class PlaybookOut(Schema):
    slug, title, sha256, origin = string(), string(), string(), string()
    version = whole()
    levels = words(fields.String())
    topics = texts()


class TransitionOut(Schema):
    at = time()
    before, after, why = string(), string(), string()


class AttemptOut(Schema):
    n = whole()
    carrier = string()
    carrier_id = maybe_string()
    started_at = time()
    finished_at = maybe_time()
    outcome, status, code = string(), string(), string()


class MessageOut(Schema):
    id = string()
    incident_id, person_id = maybe_string(), maybe_string()
    kind, channel = string(), string()
    address, subject, body = maybe_string(), maybe_string(), maybe_string()
    encoding = string()
    parts = whole()
    status = string()
    drill = flag()
    created_at, not_before = time(), time()
    valid_until, finished_at = maybe_time(), maybe_time()
    error = string()
    attempts = nested(AttemptOut)
    transitions = nested(TransitionOut)


def incident_url(id: str) -> str:
    return f"/api/v1/incidents/{id}"


def statement_url(incident_id: str, id: str) -> str:
    return f"{incident_url(incident_id)}/statements/{id}"


def card(value: IncidentCard) -> dict[str, Any]:
    return asdict(value) | {"url": incident_url(value.id)}


def statement(incident_id: str, value: StatementView) -> dict[str, Any]:
    return asdict(value) | {"incident_id": incident_id, "url": statement_url(incident_id, value.id)}


def incident(view: IncidentView, actor: Actor) -> dict[str, Any]:
    """One incident as `IncidentOut` takes it."""
    shown = {name: getattr(view, name) for name in IncidentOut._declared_fields if hasattr(view, name)}
    phones = sees_phones(actor)
    return shown | {
        "url": incident_url(view.id),
        "task_force": [m if phones else replace(m, phone=None, landline=None) for m in view.task_force],
        "acknowledgements": [a for a in view.answers if a.answered_at is not None],
        "statements": [statement(view.id, value) for value in view.statements],
        "review": len(view.review),
        "timeline": {
            "entries": view.chain_seq,
            "head": view.chain_hash,
            "url": f"{incident_url(view.id)}/timeline",
        },
    }
