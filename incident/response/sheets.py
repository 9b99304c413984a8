"""Call tree and duty sheet, to be printed before the system is down and worked with by pen.

Role, holder, stand-ins, numbers, and room to write. Everybody's numbers stand on them: the caller decides who sees one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.directory import queries, rota
from incident.domain.codes import shown_code
from incident.papers.dates import HANOI, stamp
from incident.papers.sheet import Sheet, SheetColumn, SheetTable
from incident.response import casting, library
from incident.response.advance import state_of
from incident.response.desk import Desk
from incident.store.tables import Incident, Person, Topic
from incident.wording import House
from notify.phone import display
from playbooks.signals import Holders

DAYS = 14
WEEKDAYS = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật")
DRILL = "DIỄN TẬP – không phải sự cố thật"
VACANT = "(chưa có người)"
CALLS = (
    SheetColumn("Vai", 22),
    SheetColumn("Họ tên, chức vụ", 34),
    SheetColumn("Di động", 17, "number"),
    SheetColumn("Máy bàn", 17, "number"),
    SheetColumn("Gọi lúc", 12, "blank"),
    SheetColumn("Kết quả", 20, "blank"),
)
Role = tuple[str, Sequence[str], Sequence[str]]  # title, holders, stand-ins


def incident_tree(session: Session, incident_id: str, house: House, now: datetime) -> Sheet:
    """The roles of one incident as they are held now, and the contacts of its area."""
    incident = session.get_one(Incident, incident_id)
    playbook = library.pinned(session, incident.playbook_version)
    held = state_of(session, incident_id).roles
    roles = [
        (role.title, h.people, h.standins)
        for role in playbook.roles.values()
        if not role.is_group and (h := held.get(role.slug, Holders())) is not None
    ]
    code = shown_code(incident.code, incident.mode)
    return Sheet(
        agency=house.agency,
        title=f"Cây gọi – vụ việc {code}, {incident.short_name}",
        lead=_lead(house),
        made=_made(now),
        tables=(
            _called(session, "Tổ công tác", roles, now),
            *_communes(session, incident.area, now),
        ),
        mark=DRILL if incident.mode == "drill" else "",
    )


def directory_tree(session: Session, desk: Desk, house: House, now: datetime) -> Sheet:
    """Whoever would be called today: those on duty, the roles of every playbook, each topic, each commune."""
    duty = [
        (title, queries.holders(session, kind, now=now), ())
        for kind, title in ((rota.OFFICER, "Cán bộ trực"), (rota.LEADER, "Lãnh đạo trực"))
    ]
    return Sheet(
        agency=house.agency,
        title="Cây gọi",
        lead=_lead(house),
        made=_made(now),
        tables=(
            _called(session, "Trực lúc này", duty, now),
            _called(session, "Vai trong các kịch bản", _playbook_roles(session, desk, now), now),
            _called(session, "Cơ quan chuyên môn theo lĩnh vực", _topics(session, now), now),
            *_communes(session, [queries.WHOLE_PROVINCE], now),
        ),
    )


def duty_sheet(session: Session, house: House, now: datetime) -> Sheet:
    """The coming fourteen days of both rotas, with numbers."""
    start = datetime.combine(queries.local_date(now), datetime.min.time(), HANOI)
    tables = [
        _rota(session, title, kind, start, now)
        for kind, title in ((rota.OFFICER, "Cán bộ trực"), (rota.LEADER, "Lãnh đạo trực"))
    ]
    until = start + timedelta(days=DAYS - 1)
    return Sheet(
        agency=house.agency,
        title=f"Bảng trực từ {start:%d/%m/%Y} đến {until:%d/%m/%Y}",
        lead=_lead(house),
        made=_made(now),
        tables=tuple(tables),
    )


def _lead(house: House) -> str:
    phone = display("+84" + house.duty_phone[1:]) if house.duty_phone.startswith("0") else house.duty_phone
    return f"Số trực: {phone}. Gọi từ trên xuống; không gọi được thì gọi người thay ngay dưới."


def _made(now: datetime) -> str:
    return f"In lúc {stamp(now)}. Tài liệu nội bộ, có số điện thoại cá nhân: dùng xong hủy."


# ------------------------------------------------------------------ who is called


def _called(session: Session, caption: str, roles: Iterable[Role], now: datetime) -> SheetTable:
    roles = list(roles)
    ids = {person for _, people, standins in roles for person in (*people, *standins)}
    people = _people(session, ids)
    seen = queries.snapshot(session, sorted(ids), now)
    rows: list[tuple[str, ...]] = []
    for title, holders, standins in roles:
        rows += [_row(title if n == 0 else "", id, people, seen) for n, id in enumerate(holders)]
        if not holders:
            rows.append((title, VACANT, "", "", "", ""))
        rows += [_row("   thay:" if n == 0 else "", id, people, seen) for n, id in enumerate(standins)]
    return SheetTable(caption, CALLS, tuple(rows))


def _people(session: Session, ids: set[str]) -> dict[str, Person]:
    found: dict[str, Person] = {}
    for chunk in queries.batched(sorted(ids), queries.CHUNK):
        found |= {p.id: p for p in session.scalars(select(Person).where(Person.id.in_(chunk)))}
    return found


def _row(
    title: str, id: str, people: Mapping[str, Person], seen: Mapping[str, Mapping[str, str]]
) -> tuple[str, ...]:
    person, known = people[id], seen[id]
    where = known["post"] or known["unit"]
    mobile, landline = numbers(person)
    return (title, f"{person.name}, {where}" if where else person.name, mobile, landline, "", "")


def numbers(person: Person) -> tuple[str, str]:
    """Mobile and landline as they are dialled; a number somebody disowned is not printed as one."""
    if person.wrong_number_at is not None:
        mobile = "nhầm số"
    else:
        mobile = display(person.phone) if person.phone else ""
    return mobile, display(person.landline) if person.landline else ""


def _playbook_roles(session: Session, desk: Desk, now: datetime) -> list[Role]:
    """Every named role once: several playbooks know the same ones."""
    roles: dict[str, Role] = {}
    for card in library.playbooks(session, desk):
        playbook = library.read(session, desk, card.slug)
        cast = casting.cast(session, playbook, topic=None, area=[], now=now)
        for role in playbook.roles.values():
            if role.is_group or role.pick in (*queries.BY_TOPIC, *queries.ROTAS):
                continue
            held = cast[role.slug]
            known = roles.get(role.pick)
            standins = dict.fromkeys((*(known[2] if known else ()), *held.standins))
            roles[role.pick] = (known[0] if known else role.title, held.people, tuple(standins))
    return list(roles.values())


def _topics(session: Session, now: datetime) -> list[Role]:
    topics = session.scalars(select(Topic).order_by(Topic.title, Topic.key))
    return [
        (
            topic.title,
            queries.holders(session, "theo_chu_de", now=now, topic=topic.key),
            queries.holders(session, "theo_chu_de_lanh_dao", now=now, topic=topic.key),
        )
        for topic in topics
    ]


def _communes(session: Session, area: Sequence[str], now: datetime) -> list[SheetTable]:
    """One contact a commune of the area."""
    names = dict(queries.areas(session))
    found = queries.audience(session, "nhom_dia_ban", area, now)
    units = {unit.key: unit.area for unit in queries.units(session, now)}
    places = {key: names.get(units.get(key) or "", key) for _, key in found}
    roles = [(places[key][:1].upper() + places[key][1:], [person], ()) for person, key in found]
    return [_called(session, "Đầu mối UBND cấp xã", roles, now)] if roles else []


def _rota(session: Session, title: str, kind: str, start: datetime, now: datetime) -> SheetTable:
    columns = (
        SheetColumn("Ngày", 24),
        SheetColumn("Từ – đến", 26),
        SheetColumn("Họ tên", 30),
        SheetColumn("Di động", 18, "number"),
        SheetColumn("Máy bàn", 18, "number"),
        SheetColumn("Ghi chú", 16, "blank"),
    )
    turns = [
        turn
        for turn in rota.turns(session, kind, start, start + timedelta(days=DAYS))
        if turn.starts_at >= start or turn.ends_at > now
    ]
    people = _people(session, {turn.person for turn in turns})
    rows, last = [], ""
    for turn in turns:
        begins, ends = turn.starts_at.astimezone(HANOI), turn.ends_at.astimezone(HANOI)
        day = f"{WEEKDAYS[begins.weekday()]} {begins:%d/%m}"
        until = f"{ends:%H:%M}" if ends.date() == begins.date() else f"{ends:%H:%M} ({ends:%d/%m})"
        span = f"{begins:%H:%M} – {until}"
        rows.append((day if day != last else "", span, turn.name, *numbers(people[turn.person]), ""))
        last = day
    return SheetTable(title, columns, tuple(rows))
