"""Two people put a playbook into use: one asks, another signs what the checker and every scenario found sound.

Responsible for who may sign, for what a version is for ever, and for taking one back. Must never edit a text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident.domain.actors import Actor, Role
from incident.domain.errors import Conflict, Forbidden, Invalid, NotFound
from incident.domain.ids import new_id
from incident.domain.words import listed, said
from incident.response import playbook_draft, proving
from incident.response.desk import Desk
from incident.response.library import stored
from incident.response.permissions import require, require_person
from incident.response.playbook_draft import EDITORS, Draft, held, key_of, note
from incident.response.proving import Proof
from incident.store.sessions import lock
from incident.store.tables import PlaybookDraft, PlaybookPublication, PlaybookVersion
from incident.timeline import ledger

SIGNERS = (Role.APPROVER, Role.SPOKESPERSON)
WITHDRAWERS = (*dict.fromkeys((*SIGNERS, *EDITORS)),)
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Publication:
    """A published version as lists show it. `files`: path -> text."""

    slug: str
    version: int
    version_id: str
    sha256: str
    title: str
    files: dict[str, str]
    edited_name: str
    signed_name: str
    green: int
    rehearsal: list[dict[str, Any]]
    rehearsed_at: datetime
    published_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str
    withdrawn_why: str

    @property
    def source(self) -> str:
        return self.files.get(f"{self.slug}.yaml", "")


def publications(session: Session, slug: str) -> list[Publication]:
    """Every published version, the newest first."""
    query = (
        select(PlaybookPublication, PlaybookVersion.sha256, PlaybookVersion.title)
        .join(PlaybookVersion, PlaybookVersion.id == PlaybookPublication.version_id)
        .where(PlaybookPublication.slug == slug)
        .order_by(PlaybookPublication.version.desc())
    )
    return [_publication(*row) for row in session.execute(query)]


def in_force(session: Session) -> dict[str, Publication]:
    """The publication in use of each playbook that has one."""
    slugs = session.scalars(select(PlaybookPublication.slug).distinct()).all()
    found = {slug: publications(session, slug) for slug in slugs}
    kept = {slug: [one for one in every if one.withdrawn_at is None] for slug, every in found.items()}
    return {slug: every[0] for slug, every in kept.items() if every}


def newest(session: Session) -> dict[str, int]:
    """The highest version published of each playbook, withdrawn or not."""
    query = select(PlaybookPublication.slug, func.max(PlaybookPublication.version))
    return {slug: int(n) for slug, n in session.execute(query.group_by(PlaybookPublication.slug))}


def proof_of(desk: Desk, slug: str) -> tuple[Draft, Proof]:
    """The draft and what is known of its newest text. Raises NotFound."""
    with desk.store.reading() as session:
        found = _drafted(session, slug)
        return found, proving.proof(session, desk, slug, found.edit.source, found.edit.scenarios)


def ask(desk: Desk, slug: str, n: int, actor: Actor, now: datetime) -> None:
    """Ask for a second person's signature under the n-th text. Raises Forbidden, NotFound, Conflict, Invalid."""
    require(actor, *EDITORS)
    found, proved = proof_of(desk, slug)
    _as_seen(found, n)
    if found.asked:
        return
    _sound(proved)
    with desk.store.writing() as session:
        head = ledger.system_head(session)
        row = _held(session, slug, n)
        row.asked_n, row.asked_by, row.asked_name, row.asked_at = n, key_of(actor), actor.name, now
        row.returned = ""
        note(session, head, "playbook_asked", slug, {"n": n}, actor, now)


def give_back(desk: Desk, slug: str, n: int, reason: str, actor: Actor, now: datetime) -> None:
    """The second person does not sign, and says why. Raises Forbidden, NotFound, Conflict, Invalid."""
    require(actor, *SIGNERS)
    reason = _reason(reason)
    with desk.store.writing() as session:
        head = ledger.system_head(session)
        row = _held(session, slug, n)
        if row.asked_n != n:
            raise Conflict("not_asked", said("Bản này chưa trình ký hoặc đã được trả lại."))
        row.asked_n = row.asked_by = row.asked_at = None
        row.asked_name, row.returned = "", f"{actor.name}: {reason}"
        note(session, head, "playbook_given_back", slug, {"n": n}, actor, now, reason=reason)


def sign(desk: Desk, slug: str, n: int, actor: Actor, now: datetime) -> int:
    """Put the n-th text into use. Returns its version; signed twice by the same person it is one.
    Raises Forbidden, NotFound, Conflict, Invalid."""
    require(actor, *SIGNERS)
    require_person(actor)
    with desk.store.reading() as session:
        if (done := _signed_already(session, slug, actor)) is not None:
            return done
    found, proved = proof_of(desk, slug)
    _as_seen(found, n)
    _second_person(found, actor)
    _sound(proved)
    assert proved.loaded.playbook is not None
    with desk.store.writing() as session:
        head = ledger.system_head(session)
        row = _held(session, slug, n)
        if row.asked_n != n:
            raise Conflict("not_asked", said("Bản này chưa trình ký hoặc đã được trả lại."))
        version_id = stored(session, proved.loaded.playbook, now)
        made = _made(desk, found, proved, version_id, actor, now)
        session.add(made)
        session.delete(row)
        data = {
            "version": made.version, "sha256": session.get_one(PlaybookVersion, version_id).sha256,
            "edited_by": made.edited_name, "green": made.green,
        }  # fmt: skip
        note(session, head, "playbook_published", slug, data, actor, now)
        return made.version


def withdraw(desk: Desk, slug: str, version: int, reason: str, actor: Actor, now: datetime) -> None:
    """Take a published version out of use: the one before is in use again, at last the file. Runs keep what they have.
    Raises Forbidden, NotFound, Conflict, Invalid."""
    require(actor, *WITHDRAWERS)
    reason = _reason(reason)
    with desk.store.writing() as session:
        head = ledger.system_head(session)
        where = (PlaybookPublication.slug == slug, PlaybookPublication.version == version)
        row: PlaybookPublication | None = lock(
            session, select(PlaybookPublication).where(*where)
        ).one_or_none()
        if row is None:
            raise NotFound("no_version", "Không có phiên bản này.")
        if row.withdrawn_at is not None:
            raise Conflict("withdrawn", said("Phiên bản này đã được rút."))
        row.withdrawn_at, row.withdrawn_by, row.withdrawn_why = now, actor.name, reason
        note(session, head, "playbook_withdrawn", slug, {"version": version}, actor, now, reason=reason)


# ------------------------------------------------------------------ rules and rows


def may_sign(found: Draft, actor: Actor) -> bool:
    """Neither the person nor the account has written a line: an account may be tied to a person only afterwards."""
    wrote = found.writers.keys() & {actor.id, actor.person_id}
    return actor.may(*SIGNERS) and actor.person_id is not None and not wrote


def _second_person(found: Draft, actor: Actor) -> None:
    if not may_sign(found, actor):
        raise Forbidden("wrote_it", said("Người đã soạn, sửa bản này không được tự ký. Cần người thứ hai."))


def _drafted(session: Session, slug: str) -> Draft:
    found = playbook_draft.draft(session, slug)
    if found is None:
        raise NotFound("no_draft", "Kịch bản này không có bản đang soạn.")
    return found


def _as_seen(found: Draft, n: int) -> None:
    if found.edit.n != n:
        raise Conflict(
            "overtaken",
            said("%(name)s đã lưu bản mới hơn. Xem lại bản mới rồi làm tiếp.", name=found.edit.name),
        )


def _held(session: Session, slug: str, n: int) -> PlaybookDraft:
    row = held(session, slug)
    _as_seen(_drafted(session, slug), n)
    return row


def _sound(proved: Proof) -> None:
    if not proved.ok:
        raise Invalid("not_proved", listed(list(proved.obstacles), " "))


def _reason(reason: str) -> str:
    kept = ledger.clean(reason).strip()
    if not kept:
        raise Invalid("no_reason", "Cần ghi lý do.", {"reason": [said("Ghi lý do")]})
    if len(kept) > LONGEST_REASON:
        raise Invalid(
            "too_long", "Lý do quá dài.", {"reason": [said("Lý do không quá %(n)s ký tự.", n=LONGEST_REASON)]}
        )
    return kept


def _signed_already(session: Session, slug: str, actor: Actor) -> int | None:
    """What this person signed last, when nothing is in work any more: the second press of a double one."""
    if session.get(PlaybookDraft, slug) is not None:
        return None
    query = select(PlaybookPublication).where(PlaybookPublication.slug == slug)
    newest = session.scalars(query.order_by(PlaybookPublication.version.desc())).first()
    return newest.version if newest is not None and newest.signed_by == key_of(actor) else None


def _made(
    desk: Desk, found: Draft, proved: Proof, version_id: str, actor: Actor, now: datetime
) -> PlaybookPublication:
    playbook = proved.loaded.playbook
    assert playbook is not None
    return PlaybookPublication(
        id=new_id(now), slug=found.slug, version=playbook.version, version_id=version_id,
        files=proving.files_of(desk, found.slug, proved.loaded, found.edit.scenarios),
        editors=sorted(found.writers), edited_by=found.edit.by, edited_name=found.edit.name,
        signed_by=key_of(actor), signed_name=actor.name,
        faults=proved.errors, green=len(proved.played) - proved.red, red=proved.red,
        rehearsal=[{"title": one.title, "level": one.level, "ok": one.ok} for one in proved.played],
        rehearsed_at=now, published_at=now,
    )  # fmt: skip


def _publication(row: PlaybookPublication, sha256: str, title: str) -> Publication:
    return Publication(
        row.slug, row.version, row.version_id, sha256, title, row.files, row.edited_name, row.signed_name, row.green,
        row.rehearsal, row.rehearsed_at, row.published_at, row.withdrawn_at, row.withdrawn_by or "", row.withdrawn_why,
    )  # fmt: skip
