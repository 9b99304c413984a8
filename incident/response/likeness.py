"""Which incidents of the last 24 hours may be the same thing: by words of the title, by area, by topic.

One query, then a rule over values. Only says "look"; a person decides whether it is another matter.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from incident.domain.codes import shown_code
from incident.domain.errors import Conflict
from incident.domain.names import search_key
from incident.domain.words import said
from incident.store.tables import Incident

RECENT = timedelta(hours=24)
MOST_READ, MOST_SHOWN = 200, 5
WHOLE_PROVINCE = "toan_tinh"
# Playbooks and topics for anything at all: that two incidents share them says nothing.
FOR_ANYTHING = frozenset({"vu-viec-chung", "goi-xac-nhan", "chung"})
ENOUGH_WORDS = 2
# Syllables that stand in the title of any incident.
EMPTY_WORDS = frozenset(
    re.findall(
        "[a-z]+",
        "an anh ba bai bao bi bo cac can cap chi cho chua chung co con cua da dang dau day de den di dia do duoc "
        "duong gap gay giua hai hoac hon khi khong kiem ky la lai lan len lien loat lon lua luc luon ma mang mot "
        "moi nay neu ngay nghi nghiem nguoi nhan nhieu nhu nhung noi o ong phai phan phat phuong qua quan ra rang "
        "rat sai sau se so su tai tan tat thanh the thi thong tieng tin tinh to toan trang tren trong truoc truyen "
        "tu tung va van ve vi viec voi vu vua xa xay xuat y ",
    )
)


@dataclass(frozen=True, slots=True)
class Sought:
    """The incident about to be opened, as far as others are compared with it."""

    title: str
    playbook: str
    topic: str | None
    area: tuple[str, ...]
    mode: str


@dataclass(frozen=True, slots=True)
class Like:
    """An incident that may be the same. `why`: words | area | topic, the strongest first."""

    id: str
    code: str
    title: str
    level: int
    opened_at: datetime
    opened_by: str
    status: str
    why: tuple[str, ...]


class Alike(Conflict):
    """An incident that may be the same was opened, and the officer has not seen it yet. Nothing was opened."""

    def __init__(self, found: tuple[Like, ...]) -> None:
        first = found[0]
        super().__init__(
            "alike",
            said(
                "%(who)s vừa mở vụ việc %(code)s, có thể là cùng một việc. Chưa gửi tin nào.",
                who=first.opened_by,
                code=first.code,
            ),
        )
        self.found = found


def like(session: Session, wanted: Sought, now: datetime, *among: ColumnElement[bool]) -> tuple[Like, ...]:
    """The likest first, at most five. A drill is compared with drills only."""
    rows = session.execute(
        select(
            Incident.id, Incident.code, Incident.title, Incident.level, Incident.opened_at, Incident.opened_by,
            Incident.status, Incident.playbook, Incident.topic, Incident.area,
        )
        .where(Incident.opened_at > now - RECENT, Incident.mode == wanted.mode, *among)
        .order_by(Incident.opened_at.desc())
        .limit(MOST_READ)
    )  # fmt: skip
    found = [
        Like(r.id, shown_code(r.code, wanted.mode), r.title, r.level, r.opened_at, r.opened_by, r.status, why)
        for r in rows
        if (why := reasons(wanted, Sought(r.title, r.playbook, r.topic, tuple(r.area), wanted.mode)))
    ]
    return tuple(sorted(found, key=lambda one: ("words" not in one.why, -len(one.why)))[:MOST_SHOWN])


def look_again(
    session: Session, wanted: Sought, seen: Collection[str], officer: str, now: datetime
) -> tuple[Like, ...]:
    """The like incidents this officer has seen. Raises Alike: somebody else has opened one meanwhile."""
    found = like(session, wanted, now, or_(Incident.opened_by != officer, Incident.id.in_(seen)))
    if new := tuple(one for one in found if one.id not in seen and one.opened_by != officer):
        raise Alike(new)
    return tuple(one for one in found if one.id in seen)


def reasons(one: Sought, other: Sought) -> tuple[str, ...]:
    """In what two incidents are alike."""
    common = words(one.title) & words(other.title)
    fewer = min(len(words(one.title)), len(words(other.title)))
    found = {
        "words": len(common) >= ENOUGH_WORDS and len(common) * 3 >= fewer,
        "area": bool(_places(one.area) & _places(other.area)),
        "topic": bool({one.playbook, one.topic} & {other.playbook, other.topic} - FOR_ANYTHING - {None}),
    }
    return tuple(name for name, holds in found.items() if holds)


def words(title: str) -> frozenset[str]:
    """The syllables that mean something, without marks."""
    return frozenset(re.findall(r"[a-z0-9]{2,}", search_key(title))) - EMPTY_WORDS


def _places(area: Iterable[str]) -> set[str]:
    return set(area) - {WHOLE_PROVINCE}
