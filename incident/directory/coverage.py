"""What the directory lacks for a bad night: nobody in a post, no number, no contact, nobody on duty. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.directory.queries import VIETNAM, Listed, local_date, people, units
from incident.directory.sheets import ROTAS
from incident.domain.address import called
from incident.store.tables import Assignment, Person, Post, Shift, Unit

EVERYBODY = 1_000_000


@dataclass(frozen=True, slots=True)
class Gap:
    """kind: vacant | no_number | wrong_number | no_contact | no_spokesperson | rota. `subject` is a key."""

    kind: str
    subject: str
    text: str


def coverage(session: Session, now: datetime, days: int = 14) -> list[Gap]:
    """Every gap, the most pressing first: the rota of the coming days, then posts, bodies, numbers."""
    today = units(session, now)
    held = _held(session, now)
    staff = people(session, now, limit=EVERYBODY)
    return [
        *(gap for kind in ROTAS for gap in open_rota(session, kind, now, days)),
        *_vacant(session, today, held),
        *_bodies(session, today, held),
        *_numbers(staff),
    ]


def _held(session: Session, now: datetime) -> set[str]:
    """The posts that have an active holder today."""
    day = local_date(now)
    query = select(Assignment).join(Person, Person.id == Assignment.person).where(Person.active)
    return {
        held.post
        for held in session.scalars(query)
        if (held.valid_from is None or held.valid_from <= day)
        and (held.valid_to is None or held.valid_to >= day)
    }


def _vacant(session: Session, today: list[Unit], held: set[str]) -> Iterator[Gap]:
    keys = {unit.key for unit in today}
    for post in session.scalars(select(Post).order_by(Post.key)):
        if post.unit in keys and post.key not in held:
            yield Gap("vacant", post.key, f"Chưa có người giữ chức: {post.title} ({post.key})")


def _bodies(session: Session, today: list[Unit], held: set[str]) -> Iterator[Gap]:
    posts: dict[str, list[Post]] = {}
    for post in session.scalars(select(Post)):
        if post.key in held:
            posts.setdefault(post.unit, []).append(post)
    for unit in today:
        own = posts.get(unit.key, [])
        if not any(post.contact for post in own):
            yield Gap("no_contact", unit.key, f"Chưa có đầu mối: {unit.short_name}")
        if not any(post.spokesperson for post in own):
            yield Gap("no_spokesperson", unit.key, f"Chưa có người phát ngôn: {unit.short_name}")


def _numbers(staff: list[Listed]) -> Iterator[Gap]:
    for row in staff:
        who = f"{called(row.xung_ho, row.name)}, {row.post or row.unit}"
        if row.wrong_number_at is not None:
            yield Gap("wrong_number", row.id, f"Số bị báo nhầm: {who}")
        elif row.phone is None:
            way = "chỉ gọi được máy bàn" if row.landline else "chưa có số điện thoại"
            yield Gap("no_number", row.id, f"Không có số di động ({way}): {who}")


def open_rota(session: Session, kind: str, now: datetime, days: int) -> Iterator[Gap]:
    """Stretches without anybody, from now to the end of the coming days."""
    end = now + timedelta(days=days)
    query = (
        select(Shift.starts_at, Shift.ends_at)
        .join(Person, Person.id == Shift.person)
        .where(Shift.kind == kind, Shift.ends_at > now, Shift.starts_at < end, Person.active)
        .order_by(Shift.starts_at)
    )
    covered = now
    for starts_at, ends_at in session.execute(query):
        if starts_at > covered:
            yield _open(kind, covered, starts_at)
        covered = max(covered, ends_at)
    if covered < end:
        yield _open(kind, covered, end)


def _open(kind: str, start: datetime, end: datetime) -> Gap:
    said = f"từ {_clock(start)} đến {_clock(end)}"
    return Gap("rota", kind, f"Lịch trực trống: {ROTAS[kind].lower()} {said}")


def _clock(moment: datetime) -> str:
    return moment.astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y")
