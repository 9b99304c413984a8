"""Takes a table of the directory in, whole or not at all. The same file a second time changes nothing.

Columns a file does not have leave what is known as it is; people a file does not name stay.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.directory.keys import slug, stable_id
from incident.directory.sheets import PEOPLE, UNITS, Fault, Row, read_sheet
from incident.domain.names import sort_key
from incident.store.tables import Assignment, Base, Person, Post, Shift, Unit

PERSON = ("name", "xung_ho", "unit", "phone", "shared_phone", "landline", "email", "active")
POST = ("title", "rank", "contact", "spokesperson")
HELD = ("valid_from", "valid_to")
KEPT_WHEN_EMPTY = frozenset({"xung_ho", "rank", "bloc", "short_name", "title"})


@dataclass(slots=True)
class Imported:
    """What an import did: rows of the database, not of the file. With faults it did nothing."""

    sheet: str = ""
    added: int = 0
    changed: int = 0
    faults: tuple[Fault, ...] = ()


def import_csv(session: Session, raw: bytes) -> Imported:
    """A CSV file of bodies, people or rota, told apart by its headings."""
    sheet, rows, faults = read_sheet(raw)
    if sheet is None or faults:
        return Imported(sheet.name if sheet else "", faults=tuple(faults))
    kind = _Units if sheet is UNITS else _People if sheet is PEOPLE else _Rota
    work = kind(session)
    for row in rows:
        work.check(row)
    if not work.faults:
        for row in rows:
            work.take(row)
        session.flush()  # who and what must stand before who holds it
        session.add_all(work.later)
        session.flush()
    done = work.done
    done.sheet, done.faults = sheet.name, tuple(work.faults)
    return done


class _Work(ABC):
    """Checks all rows first, against the database and one another; then takes them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.faults: list[Fault] = []
        self.done = Imported()
        self.later: list[Base] = []
        self.units = {unit.key: unit for unit in session.scalars(select(Unit))}

    def fault(self, row: Row, column: str, text: str) -> None:
        self.faults.append(Fault(row.number, column, text))

    @abstractmethod
    def check(self, row: Row) -> None:
        """Notes every fault of the row."""

    @abstractmethod
    def take(self, row: Row) -> None:
        """Adds or changes what the row says."""

    def add(self, made: Base) -> None:
        self.session.add(made)
        self.done.added += 1

    def update(self, kept: Base, values: Mapping[str, Any], fields: Sequence[str]) -> None:
        changed = False
        for field in fields:
            if field not in values or (values[field] is None and field in KEPT_WHEN_EMPTY):
                continue
            if getattr(kept, field) != values[field]:
                setattr(kept, field, values[field])
                changed = True
        self.done.changed += changed


class _Units(_Work):
    FIELDS = (
        "name",
        "short_name",
        "doc_code",
        "kind",
        "bloc",
        "parent",
        "area",
        "valid_from",
        "valid_to",
        "successors",
    )

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.named: dict[str, int] = {}

    def check(self, row: Row) -> None:
        key = row.values["key"]
        if key in self.named:
            self.fault(row, "Mã đơn vị", f"đã có ở dòng {self.named[key]}")
        if len(key) > 40:
            self.fault(row, "Mã đơn vị", "dài quá 40 ký tự")
        self.named[key] = row.number
        start, end = row.values.get("valid_from"), row.values.get("valid_to")
        if start and end and end < start:
            self.fault(row, "Đến hết ngày", "trước ngày bắt đầu")

    def take(self, row: Row) -> None:
        values = dict(row.values)
        if values["kind"] in ("xa", "phuong", "dac_khu") and not values.get("area"):
            values["area"] = values["key"]
        kept = self.units.get(values["key"])
        if kept is not None:
            self.update(kept, values, self.FIELDS)
            return
        made = {field: values[field] for field in self.FIELDS if values.get(field) is not None}
        made.setdefault("short_name", values["name"][:60])
        made.setdefault("bloc", "nha_nuoc")
        made.setdefault("successors", [])
        self.units[values["key"]] = unit = Unit(key=values["key"], **made)
        self.add(unit)


class _People(_Work):
    """A row is a person in a post: who has two posts has two rows."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        people = session.scalars(select(Person)).all()
        self.people = {person.id: person for person in people} | {p.key: p for p in people if p.key}
        self.posts = {post.key: post for post in session.scalars(select(Post))}
        self.held: dict[tuple[str, str], list[Assignment]] = {}
        for held in session.scalars(select(Assignment)):
            self.held.setdefault((held.person, held.post), []).append(held)
        self.numbers: dict[str, tuple[str, bool]] = {
            p.phone: (p.key or p.id, p.shared_phone) for p in people if p.phone and p.active
        }

    def key(self, row: Row) -> str:
        return row.values.get("key") or f"{row.values['unit']}_{slug(row.values['name'])}"[:60]

    def check(self, row: Row) -> None:
        for field, column in (("unit", "Mã đơn vị"), ("post_unit", "Mã đơn vị của chức vụ")):
            unit = row.values.get(field)
            if unit and unit not in self.units:
                self.fault(row, column, f"chưa có đơn vị “{unit}”; nhập bảng đơn vị trước")
        start, end = row.values.get("valid_from"), row.values.get("valid_to")
        if start and end and end < start:
            self.fault(row, "Giữ chức đến hết ngày", "trước ngày bắt đầu")
        if row.values.get("post") and not row.values.get("title") and row.values["post"] not in self.posts:
            self.fault(row, "Chức vụ", "chức vụ mới cần có tên")
        self._check_number(row)

    def _check_number(self, row: Row) -> None:
        number, key = row.values.get("phone"), self.key(row)
        if not number or row.values.get("active") is False:
            return
        shared = bool(row.values.get("shared_phone"))
        owner = self.numbers.setdefault(number, (key, shared))
        if owner[0] != key and not (shared and owner[1]):
            self.fault(
                row,
                "Di động",
                f"số này đã ghi cho “{owner[0]}”; số trực dùng chung thì ghi “có” ở cả hai dòng",
            )

    def take(self, row: Row) -> None:
        person = self._person(row)
        post = self._post(row)
        if post is not None:
            self._assign(person, post, row.values)

    def _person(self, row: Row) -> Person:
        key, values = self.key(row), dict(row.values)
        kept = self.people.get(key)
        if kept is not None:
            if "phone" in values and values["phone"] != kept.phone:
                kept.wrong_number_at = None
            self.update(kept, values, PERSON)
            kept.sort_name = sort_key(kept.name)
            return kept
        made = {field: values[field] for field in PERSON if values.get(field) is not None}
        person = Person(id=stable_id(key), key=key, sort_name=sort_key(values["name"]), **made)
        self.people[key] = person
        self.add(person)
        return person

    def _post(self, row: Row) -> Post | None:
        values = row.values
        unit = values.get("post_unit") or values["unit"]
        key = values.get("post") or (f"{unit}_{slug(values['title'])}"[:60] if values.get("title") else None)
        if key is None:
            return None
        kept = self.posts.get(key)
        if kept is not None:
            self.update(kept, values, POST)
            return kept
        made = {field: values[field] for field in POST if values.get(field) is not None}
        self.posts[key] = post = Post(key=key, unit=unit, **made)
        self.add(post)
        return post

    def _assign(self, person: Person, post: Post, values: Mapping[str, Any]) -> None:
        known = self.held.setdefault((person.id, post.key), [])
        start = values.get("valid_from")
        kept = next((held for held in known if start is None or held.valid_from in (start, None)), None)
        if kept is not None:
            self.update(kept, values, HELD)
            return
        made = Assignment(
            id=stable_id(f"{person.key or person.id}|{post.key}|{start or ''}"),
            person=person.id,
            post=post.key,
            valid_from=start,
            valid_to=values.get("valid_to"),
        )
        known.append(made)
        self.later.append(made)
        self.done.added += 1


class _Rota(_Work):
    def __init__(self, session: Session) -> None:
        super().__init__(session)
        people = session.scalars(select(Person)).all()
        self.people = {person.id: person for person in people} | {p.key: p for p in people if p.key}
        self.known = {(s.kind, s.person, s.starts_at): s for s in session.scalars(select(Shift))}

    def check(self, row: Row) -> None:
        if row.values["person"] not in self.people:
            self.fault(row, "Mã người", f"chưa có “{row.values['person']}” trong danh bạ")
        if row.values["ends_at"] <= row.values["starts_at"]:
            self.fault(row, "Kết thúc", "phải sau giờ bắt đầu")

    def take(self, row: Row) -> None:
        person = self.people[row.values["person"]]
        kind, starts_at, ends_at = row.values["kind"], row.values["starts_at"], row.values["ends_at"]
        kept = self.known.get((kind, person.id, starts_at))
        if kept is not None:
            self.update(kept, row.values, ("ends_at",))
            return
        made = Shift(
            id=stable_id(f"{kind}|{person.key or person.id}|{_utc(starts_at)}"),
            kind=kind,
            person=person.id,
            starts_at=starts_at,
            ends_at=ends_at,
        )
        self.known[kind, person.id, starts_at] = made
        self.add(made)


def _utc(moment: datetime) -> str:
    return str(int(moment.timestamp()))
