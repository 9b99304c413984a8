"""The statements of one incident with every revision, approval and release, as the record has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from incident.report import course, queries
from incident.report.reading import Head, name_of, shown
from incident.report.record import ApprovalView, PhoneNote, ReleaseView, RevisionView, StatementView
from incident.store.tables import Approval, PhoneApproval, Release, Revision, Statement
from playbooks.language import Verb
from playbooks.run import Run


def statements_of(session: Session, head: Head, names: Mapping[str, Any]) -> tuple[StatementView, ...]:
    id = head.incident.id
    rows = session.scalars(queries.STATEMENTS, {"incident": id}).all()
    if not rows:
        return ()
    notes = session.scalars(queries.PHONE_APPROVALS, {"incident": id}).all()
    out = session.scalars(
        select(Release).where(Release.incident_id == id).order_by(Release.approved_to_go_at, Release.id)
    ).all()
    seqs = {note.seq for note in notes} | {r.taken_down_seq for r in out if r.taken_down_seq}
    beside = _beside(session, id, seqs)
    revisions = _revisions(session, id, names, {n.approval_id: _phone_note(n, beside, names) for n in notes})
    numbers = {revision.id: revision.n for kept in revisions.values() for revision in kept}
    owners = {revision.id: owner for owner, kept in revisions.items() for revision in kept}
    releases: dict[str, list[ReleaseView]] = defaultdict(list)
    for release in out:
        shown = _release(release, numbers[release.revision_id], names, beside)
        releases[owners[release.revision_id]].append(shown)
    return tuple(
        _statement(row, head, tuple(revisions.get(row.id, ())), tuple(releases[row.id]), names)
        for row in rows
    )


def _statement(
    row: Statement,
    head: Head,
    revisions: tuple[RevisionView, ...],
    releases: tuple[ReleaseView, ...],
    names: Mapping[str, Any],
) -> StatementView:
    approve = course.step_about(head.playbook, Verb.APPROVE, row.step)
    publish = course.step_about(head.playbook, Verb.PUBLISH, row.step)
    people = next(
        (waiting for step in (approve, publish, row.step) if (waiting := _waiting(head.run, step))), ()
    )
    return StatementView(
        id=row.id,
        step=row.step,
        title=row.title,
        state=row.state,
        text=row.text,
        version=row.version,
        revisions=revisions,
        releases=releases,
        approve_step=approve,
        publish_step=publish,
        waits_for=tuple(name_of(names, person) for person in people),
        waits_for_ids=people,
        corrects=row.corrects,
        updated_at=row.updated_at,
    )


def _waiting(run: Run, step: str | None) -> tuple[str, ...]:
    return course.waits_for(run.steps.get(step)) if step else ()


def _beside(session: Session, incident_id: str, seqs: set[int]) -> dict[tuple[int, str], str]:
    """Free texts beside these entries, as they may be shown, by entry and field."""
    if not seqs:
        return {}
    found = session.scalars(queries.BESIDE, {"incident": incident_id, "seqs": sorted(seqs)})
    return {(text.seq, text.field): shown(text) for text in found}


def _phone_note(
    row: PhoneApproval, beside: Mapping[tuple[int, str], str], names: Mapping[str, Any]
) -> PhoneNote:
    return PhoneNote(
        recorded_by=name_of(names, row.recorded_by),
        recorder_id=row.recorded_by,
        recorded_at=row.recorded_at,
        words=beside.get((row.seq, "words"), ""),
        confirmed_at=row.confirmed_at,
        confirmed_via=row.confirmed_via,
        disputed_at=row.disputed_at,
    )


def _revisions(
    session: Session, incident_id: str, names: Mapping[str, Any], notes: Mapping[str, PhoneNote]
) -> dict[str, list[RevisionView]]:
    mine = select(Statement.id).where(Statement.incident_id == incident_id)
    decisions = _approvals(session, mine, names, notes)
    by_statement: dict[str, list[RevisionView]] = defaultdict(list)
    found = (
        select(Revision).where(Revision.statement_id.in_(mine)).order_by(Revision.statement_id, Revision.n)
    )
    for row in session.scalars(found):
        by_statement[row.statement_id].append(
            RevisionView(
                id=row.id,
                n=row.n,
                text=row.text,
                sha256=row.sha256,
                code=row.code,
                editors=tuple(name_of(names, person) for person in row.editors),
                submitted_by=name_of(names, row.submitted_by),
                submitted_at=row.submitted_at,
                voided_at=row.voided_at,
                approvals=tuple(decisions.get(row.id, ())),
            )
        )
    return by_statement


def _approvals(
    session: Session, statements: Select[str], names: Mapping[str, Any], notes: Mapping[str, PhoneNote]
) -> dict[str, list[ApprovalView]]:
    by_revision: dict[str, list[ApprovalView]] = defaultdict(list)
    found = (
        select(Approval)
        .join(Revision, Revision.id == Approval.revision_id)
        .where(Revision.statement_id.in_(statements))
        .order_by(Approval.at, Approval.id)
    )
    for row in session.scalars(found):
        by_revision[row.revision_id].append(
            ApprovalView(
                person_id=row.person_id,
                name=name_of(names, row.person_id),
                decision=row.decision,
                reason=row.reason,
                via=row.via,
                at=row.at,
                sha256=row.sha256,
                phone=notes.get(row.id),
            )
        )
    return by_revision


def _release(
    row: Release, n: int, names: Mapping[str, Any], beside: Mapping[tuple[int, str], str]
) -> ReleaseView:
    return ReleaseView(
        id=row.id,
        revision_n=n,
        sha256=row.sha256,
        released_by=name_of(names, row.released_by),
        approved_to_go_at=row.approved_to_go_at,
        posted_by=name_of(names, row.posted_by) if row.posted_by else None,
        channel=row.channel,
        form=row.form,
        link=row.link,
        released_at=row.released_at,
        recorded_at=row.recorded_at,
        taken_down_at=row.taken_down_at,
        taken_down_by=name_of(names, row.taken_down_by) if row.taken_down_by else None,
        taken_down_why=beside.get((row.taken_down_seq or 0, "reason"), ""),
    )
