"""Reads the record of one incident, in a fixed number of queries whatever its size.

Responsible for which rows make the read model. Must never write, decide, or read the clock.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.directory.queries import CHUNK, batched
from incident.domain.leading import heads
from incident.report import asked, course, merged, press, queries
from incident.report.asked import Asked, Contact, Sent
from incident.report.places import area_names, area_titles
from incident.report.reading import Head, head_of, name_of, not_found, shown
from incident.report.record import (
    CallView,
    DrillView,
    EntryView,
    ImprovementView,
    IncidentView,
    MemberView,
    MergedView,
    RemarkView,
    ReviewView,
    StatementView,
)
from incident.report.statements import statements_of
from incident.store.tables import Drill, Entry
from incident.timeline.story import tell
from playbooks.asking import EXTRA
from playbooks.language import Playbook
from playbooks.run import Run


def gather(
    session: Session,
    incident_id: str,
    now: datetime,
    *,
    timeline: bool = True,
    after: int = 0,
    limit: int | None = None,
    grouped: bool | None = None,
    language: str = "vi",
) -> IncidentView:
    """Everything the record says of an incident. Raises NotFound.

    `limit` keeps the newest entries after `after`, in order. `grouped`: whether the answers of group members are
    read one by one; without it they are read only with the whole timeline, as a report needs them. Groups are always
    given by numbers. `language` is that of the sentences of the timeline.
    """
    head = head_of(session, incident_id)
    whole = grouped if grouped is not None else timeline and limit is None
    rows = _Rows.read(session, head, whole)
    entries: tuple[EntryView, ...] = ()
    if timeline:
        names = rows.names | _spoken(head, rows.statements)
        entries = _page(session, incident_id, names, after=after, limit=limit, language=language)
    others: tuple[MergedView, ...] = ()
    if head.holds_others:
        read = _other_timeline(session, language)
        others = merged.merged_of(session, incident_id, timeline and limit is None, read)
    return _view(session, head, rows, entries, others)


def _other_timeline(session: Session, language: str) -> merged.ReadTimeline:
    """Reads entries of an incident that became part of this one, told with its own names."""

    def read(id: str, kinds: tuple[str, ...], limit: int | None) -> tuple[EntryView, ...]:
        head = head_of(session, id)
        names = _names(head.incident.names, {}) | _spoken(head, ())
        return _page(session, id, names, kinds=kinds, limit=limit, language=language)

    return read


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
    head = head_of(session, incident_id)
    people = _mentioned(head.run, head.incident.names)
    names = _names(head.incident.names, _contacts(session, incident_id, people, head.incident.names, False))
    statements = statements_of(session, head, names)
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
        raise not_found()
    return _tag([*row, *sorted(_message_counts(session, incident_id).items())])


def _tag(parts: Iterable[Any]) -> str:
    return hashlib.sha256(repr([str(part) for part in parts]).encode()).hexdigest()[:20]


# ------------------------------------------------------------------ reading


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
    def read(cls, session: Session, head: Head, whole: bool) -> _Rows:
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
            statements=statements_of(session, head, names),
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
    rung: dict[str, asked.Rang] = {}
    for request, status, at, channel, error, last in chosen:
        statuses[request].append(status)
        if channel == "voice" and last:
            rung[request] = asked.rang(status, error, last)
        if at and (request not in first or at < first[request]):
            first[request] = at
    return {
        request: Sent(tuple(found), first.get(request), rung.get(request))
        for request, found in statuses.items()
    }


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
            xung_ho=kept.get("xung_ho") or row.xung_ho,
        )
    return contacts


def _posts(session: Session, people: Sequence[str]) -> dict[str, str]:
    """Of those whose post the incident did not keep."""
    found: dict[str, str] = {}
    for chunk in batched(people, CHUNK):
        found |= {row.person: row.title for row in session.execute(queries.POSTS, {"people": chunk})}
    return found


def _names(kept: Mapping[str, Any], contacts: Mapping[str, Contact]) -> dict[str, Any]:
    known = {
        id: {"name": c.name, "post": c.post, "unit": c.unit, "xung_ho": c.xung_ho}
        for id, c in contacts.items()
    }
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
    language: str = "vi",
    kinds: tuple[str, ...] = (),
) -> tuple[EntryView, ...]:
    chosen = select(*Entry.__table__.columns).where(Entry.chain == incident_id, Entry.seq > after)
    if kinds:
        chosen = chosen.where(Entry.kind.in_(kinds))
    if before is not None:
        chosen = chosen.where(Entry.seq < before)
    if limit is not None:
        chosen = chosen.limit(limit)
    rows = session.execute(chosen.order_by(Entry.seq if oldest_first else Entry.seq.desc())).all()
    rows = rows if oldest_first else rows[::-1]
    if not rows:
        return ()
    texts = _texts(session, incident_id, rows[0].seq, rows[-1].seq)
    return tuple(_entry(row, texts.get(row.seq, ()), names, language) for row in rows)


def _spoken(head: Head, statements: Iterable[StatementView]) -> dict[str, Any]:
    """What the story calls steps, roles, statements and kinds of the law, under the keys it asks for."""
    titles = {f"statement:{statement.id}": {"name": statement.title} for statement in statements}
    kinds = {f"kind:{key}": {"name": title} for key, title in head.incident.basis.get("kinds", {}).items()}
    return course.spoken(head.playbook, head.run) | titles | kinds


def _texts(session: Session, chain: str, first: int, last: int) -> dict[int, list[Any]]:
    by_entry: dict[int, list[Any]] = defaultdict(list)
    for row in session.execute(queries.TEXTS, {"chain": chain, "first": first, "last": last}):
        by_entry[row.seq].append(row)
    return by_entry


def _entry(row: Any, texts: Sequence[Any], names: Mapping[str, Any], language: str) -> EntryView:
    free = {text.field: shown(text, language) for text in texts}
    return EntryView(
        seq=row.seq,
        kind=row.kind,
        occurred_at=row.occurred_at,
        recorded_at=row.recorded_at,
        actor=row.actor,
        data=row.data,
        text=tell(row.kind, row.data, free, names, language),
        free=free,
        maskable=tuple(text.field for text in texts if text.masked_at is None),
        canonical=row.canonical,
        hash=row.hash,
        prev_hash=row.prev_hash,
        salts={text.field: text.salt for text in texts if text.salt is not None},
    )


# ------------------------------------------------------------------ the view


def _view(
    session: Session,
    head: Head,
    rows: _Rows,
    entries: tuple[EntryView, ...],
    others: tuple[MergedView, ...],
) -> IncidentView:
    incident, playbook, run = head.incident, head.playbook, head.run
    areas = area_names(session, [incident])
    sections = session.execute(queries.SECTIONS, {"incident": incident.id}).all()
    newest = _at_hand(run, rows.statements)
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
        steps=course.steps(playbook, run, lambda id: name_of(rows.names, id), newest, rows.proofs),
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
        heads=heads(run),
        merged_into=merged.other_of(session, incident),
        merged=others,
        handed=merged.handed_of(incident),
        exercise=_exercise(session, incident.id, playbook) if incident.mode == "drill" else None,
    )


def _exercise(session: Session, incident_id: str, playbook: Playbook) -> DrillView | None:
    row = session.get(Drill, incident_id)
    if row is None:
        return None
    remarks = session.execute(queries.REMARKS, {"incident": incident_id})
    return DrillView(
        script=row.script,
        roles={slug: role.title for slug, role in playbook.roles.items()},
        participants=session.scalar(queries.PARTICIPANTS, {"incident": incident_id}) or 0,
        rate=row.rate,
        clock_at=row.clock_at,
        clock_seconds=row.clock_seconds,
        paused_at=row.paused_at,
        frozen_at=row.frozen_at,
        controllers=tuple(row.controllers),
        remarks=tuple(RemarkView(*remark) for remark in remarks),
    )


def _at_hand(run: Run, statements: Iterable[StatementView]) -> dict[str, str]:
    """By draft step, the text the room leads to: the one that was submitted, else the newest."""
    found: dict[str, str] = {}
    for statement in statements:
        submitted = run.steps[statement.step].revision if statement.step in run.steps else None
        if (
            statement.step not in found
            or not submitted
            or any(r.id == submitted for r in statement.revisions)
        ):
            found[statement.step] = statement.id
    return found


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
