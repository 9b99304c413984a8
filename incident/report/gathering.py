"""Reads the record of one incident, or the cards of many, in a fixed number of queries whatever their size.

Responsible for which rows make the read model. Must never write, decide, or read the clock.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from incident.directory.queries import CHUNK, batched
from incident.domain.errors import NotFound
from incident.report import asked, course, press, queries
from incident.report.asked import Asked, Contact, Sent
from incident.report.record import (
    ApprovalView,
    CallView,
    EntryView,
    ImprovementView,
    IncidentCard,
    IncidentView,
    MemberView,
    PhoneNote,
    ReleaseView,
    ReviewView,
    RevisionView,
    StatementView,
)
from incident.store.tables import (
    Approval,
    Entry,
    Inbound,
    Incident,
    Person,
    PhoneApproval,
    PlaybookVersion,
    Release,
    Request,
    Revision,
    Statement,
    Unit,
)
from incident.store.tables import Run as RunRow
from incident.timeline.story import tell
from playbooks.asking import EXTRA
from playbooks.language import Playbook, Verb
from playbooks.load import from_compiled
from playbooks.run import OPEN, STUCK, Run, from_json

WHOLE_PROVINCE = "toan_tinh"
WHOLE_PROVINCE_TITLE = "Toàn tỉnh"


def gather(
    session: Session,
    incident_id: str,
    now: datetime,
    *,
    timeline: bool = True,
    after: int = 0,
    limit: int | None = None,
    grouped: bool | None = None,
) -> IncidentView:
    """Everything the record says of an incident. Raises NotFound.

    `limit` keeps the newest entries after `after`, in order. `grouped`: whether the answers of group members are
    read one by one; without it they are read only with the whole timeline, as a report needs them. Groups are always
    given by numbers.
    """
    head = _head(session, incident_id)
    whole = grouped if grouped is not None else timeline and limit is None
    rows = _Rows.read(session, head, whole)
    entries: tuple[EntryView, ...] = ()
    if timeline:
        names = rows.names | _spoken(head, rows.statements)
        entries = _page(session, incident_id, names, after=after, limit=limit)
    return _view(session, head, rows, entries)


def timeline_page(
    session: Session,
    incident_id: str,
    *,
    after: int = 0,
    before: int | None = None,
    limit: int | None = None,
    oldest_first: bool = False,
) -> tuple[EntryView, ...]:
    """Entries with `after` < seq < `before`, always in order. With a limit the newest ones, or the oldest ones when
    `oldest_first`. Raises NotFound."""
    head = _head(session, incident_id)
    people = _mentioned(head.run, head.incident.names)
    names = _names(head.incident.names, _contacts(session, incident_id, people, head.incident.names, False))
    statements = _statements(session, head, names)
    return _page(
        session,
        incident_id,
        names | _spoken(head, statements),
        after=after,
        before=before,
        limit=limit,
        oldest_first=oldest_first,
    )


def change_tag(session: Session, incident_id: str) -> str:
    """A tag that changes when anything of the incident's view may have changed, without making the view.
    Raises NotFound."""
    row = session.execute(queries.CHANGE, {"incident": incident_id}).one_or_none()
    if row is None:
        raise _not_found()
    return _tag([*row, *sorted(_message_counts(session, incident_id).items())])


def _tag(parts: Iterable[Any]) -> str:
    return hashlib.sha256(repr([str(part) for part in parts]).encode()).hexdigest()[:20]


def _not_found() -> NotFound:
    return NotFound("incident_not_found", "Không có vụ việc này.")


# ------------------------------------------------------------------ reading


@dataclass(frozen=True, slots=True)
class _Head:
    incident: Incident
    version: int
    title: str
    sha256: str
    playbook: Playbook
    run: Run
    unexpanded: int  # recipients of mailings for whom there is no message yet


def _head(session: Session, incident_id: str) -> _Head:
    found = session.execute(queries.HEAD, {"incident": incident_id}).one_or_none()
    if found is None:
        raise _not_found()
    incident, version, title, sha256, state, unexpanded = found
    playbook = _playbooks(session, {sha256})[sha256]
    run = from_json(state) if state else Run()
    return _Head(incident, version, title, sha256, playbook, run, int(unexpanded or 0))


# A compiled playbook never changes: its name is its hash. There are as many as were ever published.
_known: dict[str, Playbook] = {}


def _playbooks(session: Session, wanted: set[str]) -> dict[str, Playbook]:
    """Compiled playbooks by their sha256; those not yet known are read in one query."""
    missing = wanted - _known.keys()
    if missing:
        found = select(PlaybookVersion.sha256, PlaybookVersion.compiled)
        for sha256, compiled in session.execute(found.where(PlaybookVersion.sha256.in_(missing))):
            _known[sha256] = from_compiled(compiled)
    return {sha256: _known[sha256] for sha256 in wanted}


@dataclass(frozen=True, slots=True)
class _Rows:
    """What was read of one incident beside its head."""

    requests: tuple[Asked, ...]
    sent: dict[str, Sent]
    contacts: dict[str, Contact]
    names: dict[str, Any]
    messages: dict[str, int]
    review: tuple[ReviewView, ...]
    statements: tuple[StatementView, ...]
    proofs: dict[str, list[str]]
    calls: tuple[CallView, ...]

    @classmethod
    def read(cls, session: Session, head: _Head, whole: bool) -> _Rows:
        id = head.incident.id
        requests = _requests(session, id, whole)
        people = {r.person_id for r in requests if not r.grouped} | _mentioned(head.run, head.incident.names)
        contacts = _contacts(session, id, people, head.incident.names, whole)
        names = _names(head.incident.names, contacts)
        return cls(
            requests=requests,
            sent=_sent(session, id, whole),
            contacts=contacts,
            names=names,
            messages=_message_counts(session, id),
            review=_review(session, id),
            statements=_statements(session, head, names),
            proofs=_proofs(session, id),
            calls=_calls(session, id),
        )


def _mentioned(run: Run, names: Mapping[str, Any]) -> set[str]:
    acting = {actor.person for step in run.steps.values() for actor in step.actors}
    held = {person for role in run.roles.values() for person in (*role.people, *role.standins)}
    return acting | held | set(names)


def _requests(session: Session, incident_id: str, whole: bool) -> tuple[Asked, ...]:
    rows = session.execute(queries.REQUESTS if whole else queries.NAMED_REQUESTS, {"incident": incident_id})
    return tuple(Asked(*tuple(row)) for row in rows)


def _sent(session: Session, incident_id: str, whole: bool) -> dict[str, Sent]:
    """By request: the statuses of its messages and when a carrier first took one."""
    chosen = session.execute(queries.SENT if whole else queries.NAMED_SENT, {"incident": incident_id})
    statuses: dict[str, list[str]] = defaultdict(list)
    first: dict[str, datetime] = {}
    for request, status, at in chosen:
        statuses[request].append(status)
        if at and (request not in first or at < first[request]):
            first[request] = at
    return {request: Sent(tuple(found), first.get(request)) for request, found in statuses.items()}


def _contacts(
    session: Session, incident_id: str, people: set[str], names: Mapping[str, Any], whole: bool
) -> dict[str, Contact]:
    """Names, posts and units as the incident kept them, else as the directory has them; numbers as they are now."""
    wanted = {"incident": incident_id, "people": sorted(people)}
    rows = session.execute(queries.ALL_CONTACTS if whole else queries.CONTACTS, wanted).all()
    postless = [row.id for row in rows if not (names.get(row.id) or {}).get("post")]
    posts = _posts(session, postless) if postless else {}
    contacts = {}
    for row in rows:
        kept = names.get(row.id) or {}
        contacts[row.id] = Contact(
            name=kept.get("name") or row.name,
            post=kept.get("post") or posts.get(row.id, ""),
            unit=kept.get("unit") or row.short_name,
            phone=row.phone,
            landline=row.landline,
            email=row.email,
            wrong_number_at=row.wrong_number_at,
        )
    return contacts


def _posts(session: Session, people: Sequence[str]) -> dict[str, str]:
    """Of those whose post the incident did not keep."""
    found: dict[str, str] = {}
    for chunk in batched(people, CHUNK):
        found |= {row.person: row.title for row in session.execute(queries.POSTS, {"people": chunk})}
    return found


def _names(kept: Mapping[str, Any], contacts: Mapping[str, Contact]) -> dict[str, Any]:
    known = {id: {"name": c.name, "post": c.post, "unit": c.unit} for id, c in contacts.items()}
    return known | dict(kept)


def _message_counts(session: Session, incident_id: str) -> dict[str, int]:
    return {row.status: row.n for row in session.execute(queries.MESSAGE_COUNTS, {"incident": incident_id})}


def _review(session: Session, incident_id: str) -> tuple[ReviewView, ...]:
    return tuple(ReviewView(*row) for row in session.execute(queries.REVIEW, {"incident": incident_id}))


def _calls(session: Session, incident_id: str) -> tuple[CallView, ...]:
    return tuple(CallView(*row) for row in session.execute(queries.CALLS, {"incident": incident_id}))


def _proofs(session: Session, incident_id: str) -> dict[str, list[str]]:
    by_step: dict[str, list[str]] = defaultdict(list)
    for step, text in session.execute(queries.PROOFS, {"incident": incident_id}):
        by_step[step].append(text)
    return by_step


# ------------------------------------------------------------------ timeline


def _page(
    session: Session,
    incident_id: str,
    names: Mapping[str, Any],
    *,
    after: int = 0,
    before: int | None = None,
    limit: int | None = None,
    oldest_first: bool = False,
) -> tuple[EntryView, ...]:
    chosen = select(*Entry.__table__.columns).where(Entry.chain == incident_id, Entry.seq > after)
    if before is not None:
        chosen = chosen.where(Entry.seq < before)
    if limit is not None:
        chosen = chosen.limit(limit)
    rows = session.execute(chosen.order_by(Entry.seq if oldest_first else Entry.seq.desc())).all()
    rows = rows if oldest_first else rows[::-1]
    if not rows:
        return ()
    texts = _texts(session, incident_id, rows[0].seq, rows[-1].seq)
    return tuple(_entry(row, texts.get(row.seq, ()), names) for row in rows)


def _spoken(head: _Head, statements: Iterable[StatementView]) -> dict[str, Any]:
    """What the story calls steps, roles, statements and kinds of the law, under the keys it asks for."""
    titles = {f"statement:{statement.id}": {"name": statement.title} for statement in statements}
    kinds = {f"kind:{key}": {"name": title} for key, title in head.incident.basis.get("kinds", {}).items()}
    return course.spoken(head.playbook, head.run) | titles | kinds


def _texts(session: Session, chain: str, first: int, last: int) -> dict[int, list[Any]]:
    by_entry: dict[int, list[Any]] = defaultdict(list)
    for row in session.execute(queries.TEXTS, {"chain": chain, "first": first, "last": last}):
        by_entry[row.seq].append(row)
    return by_entry


def _entry(row: Any, texts: Sequence[Any], names: Mapping[str, Any]) -> EntryView:
    free = {text.field: _shown(text) for text in texts}
    return EntryView(
        seq=row.seq,
        kind=row.kind,
        occurred_at=row.occurred_at,
        recorded_at=row.recorded_at,
        actor=row.actor,
        data=row.data,
        text=tell(row.kind, row.data, free, names),
        free=free,
        maskable=tuple(text.field for text in texts if text.masked_at is None),
        canonical=row.canonical,
        hash=row.hash,
        prev_hash=row.prev_hash,
        salts={text.field: text.salt for text in texts if text.salt is not None},
    )


def _shown(text: Any) -> str:
    return f"[đã che, lý do: {text.mask_reason}]" if text.masked_at else text.text or ""


# ------------------------------------------------------------------ statements


def _statements(session: Session, head: _Head, names: Mapping[str, Any]) -> tuple[StatementView, ...]:
    id = head.incident.id
    statements = session.scalars(queries.STATEMENTS, {"incident": id}).all()
    if not statements:
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
        for row in statements
    )


def _statement(
    row: Statement,
    head: _Head,
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
        waits_for=tuple(_name(names, person) for person in people),
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
    return {(text.seq, text.field): _shown(text) for text in found}


def _phone_note(
    row: PhoneApproval, beside: Mapping[tuple[int, str], str], names: Mapping[str, Any]
) -> PhoneNote:
    return PhoneNote(
        recorded_by=_name(names, row.recorded_by),
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
                editors=tuple(_name(names, person) for person in row.editors),
                submitted_by=_name(names, row.submitted_by),
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
                name=_name(names, row.person_id),
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
        released_by=_name(names, row.released_by),
        approved_to_go_at=row.approved_to_go_at,
        posted_by=_name(names, row.posted_by) if row.posted_by else None,
        channel=row.channel,
        form=row.form,
        link=row.link,
        released_at=row.released_at,
        recorded_at=row.recorded_at,
        taken_down_at=row.taken_down_at,
        taken_down_by=_name(names, row.taken_down_by) if row.taken_down_by else None,
        taken_down_why=beside.get((row.taken_down_seq or 0, "reason"), ""),
    )


def _name(names: Mapping[str, Any], person: str) -> str:
    """The name of a person; what is not a person's id is a name already."""
    known = names.get(person)
    return str(known["name"]) if known else person


# ------------------------------------------------------------------ the view


def _view(session: Session, head: _Head, rows: _Rows, entries: tuple[EntryView, ...]) -> IncidentView:
    incident, playbook, run = head.incident, head.playbook, head.run
    areas = area_names(session, [incident])
    sections = session.execute(queries.SECTIONS, {"incident": incident.id}).all()
    newest = {statement.step: statement.id for statement in rows.statements}
    return IncidentView(
        id=incident.id,
        code=incident.code,
        number=incident.number,
        mode=incident.mode,
        title=incident.title,
        summary=incident.summary,
        short_name=incident.short_name,
        playbook=incident.playbook,
        playbook_title=head.title,
        playbook_version=head.version,
        playbook_sha256=head.sha256,
        level=incident.level,
        level_name=playbook.levels.get(incident.level, str(incident.level)),
        levels=dict(playbook.levels),
        area=tuple(incident.area),
        area_names=area_titles(incident.area, areas),
        topic=incident.topic,
        kinds=tuple(incident.kinds),
        source=incident.source,
        occurred_at=incident.occurred_at,
        detected_at=incident.detected_at,
        accepted_at=incident.accepted_at,
        assessed_at=incident.assessed_at,
        opened_at=incident.opened_at,
        opened_by=incident.opened_by,
        status=incident.status,
        outcome=incident.outcome,
        closed_at=incident.closed_at,
        paused_until=incident.paused_until,
        basis=incident.basis,
        steps=course.steps(playbook, run, lambda id: _name(rows.names, id), newest, rows.proofs),
        task_force=_members(playbook, run, rows),
        groups=course.groups(playbook, run),
        deadlines=course.deadlines(playbook, run, incident.basis),
        statements=rows.statements,
        answers=asked.answers(rows.requests, rows.sent, rows.contacts),
        messages=rows.messages,
        review=rows.review,
        timeline=entries,
        sections={key: text for key, text, _ in sections},
        section_versions={key: version for key, _, version in sections},
        improvements=_improvements(session, incident.id),
        names=rows.names,
        chain_seq=incident.chain_seq,
        chain_hash=incident.chain_hash,
        press=press.questions(session, incident.id, rows.names),
        calls=rows.calls,
        held_at=incident.held_at,
        stopped_at=incident.stopped_at,
        leaving=rows.messages.get("created", 0) + rows.messages.get("sending", 0) + head.unexpanded,
        left_out=tuple(incident.left_out),
    )


def _members(playbook: Playbook, run: Run, rows: _Rows) -> tuple[MemberView, ...]:
    review = frozenset(reply.person_id for reply in rows.review if reply.person_id)
    roles = {slug: role.title for slug, role in playbook.roles.items()} | {EXTRA: course.EXTRA_TITLE}
    given_up = frozenset(
        (step, actor.person)
        for step, state in run.steps.items()
        for actor in state.actors
        if actor.state == "unreachable"
    )
    return asked.members(rows.requests, rows.sent, rows.contacts, review, roles, given_up, rows.calls)


def _improvements(session: Session, incident_id: str) -> tuple[ImprovementView, ...]:
    return tuple(
        ImprovementView(*row) for row in session.execute(queries.IMPROVEMENTS, {"incident": incident_id})
    )


def area_names(session: Session, incidents: Sequence[Any]) -> dict[str, str]:
    keys = {key for incident in incidents for key in incident.area} - {WHOLE_PROVINCE}
    names = {WHOLE_PROVINCE: WHOLE_PROVINCE_TITLE}
    if keys:
        # A commune that was merged keeps its name here: the newest unit of a key comes last.
        found = select(Unit.area, Unit.name).where(Unit.area.in_(keys), Unit.kind.in_(("xa", "phuong")))
        names |= {area: name for area, name in session.execute(found.order_by(Unit.valid_from)) if area}
    return names


def area_titles(area: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """The places, not the committees that govern them: "Xã Suối Lạc"."""
    return tuple(_place(names.get(key, key)) for key in area)


def _place(unit: str) -> str:
    name = unit.removeprefix("Ủy ban nhân dân ").removeprefix("UBND ")
    return name[:1].upper() + name[1:]


# ------------------------------------------------------------------ many


def gather_list(
    session: Session,
    now: datetime,
    *,
    status: str | None = None,
    limit: int = 100,
    after: str | None = None,
    person_id: str | None = None,
    mode: str | None = None,
    only: str | None = None,
) -> list[IncidentCard]:
    """The incidents as cards, newest first. `after` is the id of the last card of the page before; `person_id` keeps
    those in which this person was asked; `only` is one incident's id."""
    chosen = (
        select(Incident, PlaybookVersion.title, PlaybookVersion.sha256, RunRow.state)
        .join(PlaybookVersion, PlaybookVersion.id == Incident.playbook_version)
        .join(RunRow, RunRow.incident_id == Incident.id, isouter=True)
    )
    if status is not None:
        chosen = chosen.where(Incident.status == status)
    if mode is not None:
        chosen = chosen.where(Incident.mode == mode)
    if only is not None:
        chosen = chosen.where(Incident.id == only)
    if after is not None:
        chosen = chosen.where(Incident.id < after)
    if person_id is not None:
        chosen = chosen.where(Incident.id.in_(takes_part(person_id)))
    rows = session.execute(chosen.order_by(Incident.id.desc()).limit(limit)).all()
    if not rows:
        return []
    ids = [row.Incident.id for row in rows]
    playbooks = _playbooks(session, {row.sha256 for row in rows})
    people = _asked_by_incident(session, ids)
    review = _review_counts(session, ids)
    areas = area_names(session, [row.Incident for row in rows])
    return [
        _card(
            row, playbooks[row.sha256], people.get(row.Incident.id, []), review.get(row.Incident.id, 0), areas
        )
        for row in rows
    ]


def takes_part(person_id: str) -> Select[str]:
    """The incidents a person was asked in."""
    return select(Request.incident_id).where(Request.person_id == person_id)


def _asked_by_incident(session: Session, ids: Sequence[str]) -> dict[str, list[Any]]:
    found = (
        select(
            Request.incident_id,
            Request.person_id,
            Request.state,
            Request.activation,
            Request.step,
            Person.name,
        )
        .join(Person, Person.id == Request.person_id)
        .where(
            Request.incident_id.in_(ids),
            Request.grouped.is_(False),
            Request.purpose.in_(("summon", "notify")),
        )
        .order_by(Request.asked_at, Request.id)
    )
    by_incident: dict[str, list[Any]] = defaultdict(list)
    for row in session.execute(found):
        by_incident[row.incident_id].append(row)
    return by_incident


def _review_counts(session: Session, ids: Sequence[str]) -> dict[str, int]:
    counted = select(Inbound.incident_id, func.count()).where(
        Inbound.state == "review", Inbound.incident_id.in_(ids)
    )
    return {id: n for id, n in session.execute(counted.group_by(Inbound.incident_id)) if id}


def _card(
    row: Any, playbook: Playbook, people: Sequence[Any], review: int, areas: Mapping[str, str]
) -> IncidentCard:
    incident: Incident = row.Incident
    run = from_json(row.state) if row.state else Run()
    deadlines = course.deadlines(playbook, run, incident.basis)
    running = [d for d in deadlines if d.due and d.state in course.STILL_RUNNING]
    states = _by_person(people)
    return IncidentCard(
        id=incident.id,
        code=incident.code,
        number=incident.number,
        mode=incident.mode,
        title=incident.title,
        short_name=incident.short_name,
        playbook=incident.playbook,
        playbook_title=row.title,
        level=incident.level,
        level_name=playbook.levels.get(incident.level, str(incident.level)),
        area=tuple(incident.area),
        area_names=area_titles(incident.area, areas),
        opened_at=incident.opened_at,
        status=incident.status,
        outcome=incident.outcome,
        closed_at=incident.closed_at,
        paused_until=incident.paused_until,
        next_deadline=min(running, key=lambda d: (d.due or incident.opened_at, d.id), default=None),
        missed=sum(d.state == "missed" and d.met_at is None for d in deadlines),
        asked=len(states),
        accepted=sum(state == "accepted" for state, _ in states.values()),
        missing=tuple(name for state, name in states.values() if state == "asked"),
        overdue=sum(step.state == STUCK for step in run.steps.values()),
        open_steps=sum(step.state in OPEN for step in run.steps.values()),
        review=review,
    )


def _by_person(people: Sequence[Any]) -> dict[str, tuple[str, str]]:
    """Each person once: an answer in any step counts, else the newest state."""
    states: dict[str, tuple[str, str]] = {}
    for row in people:
        if states.get(row.person_id, ("", ""))[0] != "accepted":
            states[row.person_id] = (row.state, row.name)
    return states
