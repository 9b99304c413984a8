"""Opening an incident: what would happen (preview), and doing it once however often it is asked."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from incident import wording
from incident.directory import queries
from incident.domain import legal
from incident.domain.actors import Actor
from incident.domain.codes import file_number, next_code, shown_code
from incident.domain.errors import Conflict, Invalid
from incident.domain.ids import new_id
from incident.domain.legal import VIETNAM
from incident.response import casting
from incident.response.advance import enter
from incident.response.desk import Desk
from incident.response.library import ensure_version, read
from incident.response.permissions import COMMAND, require
from incident.response.telling import group_text, template_values
from incident.store.tables import IdempotencyKey, Incident, Person, Run, Setting
from incident.store.types import canonical
from incident.timeline import ledger
from notify.phone import strip_marks
from playbooks.engine import advance
from playbooks.language import Playbook
from playbooks.signals import Notify, Started, Summon

WHOLE_PROVINCE = "toan_tinh"
AHEAD = timedelta(minutes=5)  # how far in the future a time may lie: two clocks never agree
CODE_RESTS = timedelta(days=30)
SHORT = 20
OPENING_LOCK = 540_000_27  # any number: serialises code and number on PostgreSQL


@dataclass(frozen=True, slots=True)
class Opening:
    """What the form or the API says of a new incident. `leader`: "" | informed | not_reached."""

    title: str
    playbook: str
    level: int
    area: tuple[str, ...]
    short_name: str = ""
    summary: str = ""
    topic: str | None = None
    kinds: tuple[str, ...] = ()
    occurred_at: datetime | None = None
    detected_at: datetime | None = None
    accepted_at: datetime | None = None
    assessed_at: datetime | None = None
    mode: str = "live"
    source: str = ""
    leader: str = ""
    leader_person: str | None = None
    leader_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    incident_id: str
    code: str
    number: str
    status: str
    created: bool


@dataclass(frozen=True, slots=True)
class PreviewPerson:
    person_id: str
    name: str
    post: str
    unit: str
    role_title: str
    sms: bool
    email: bool
    phone: str | None
    landline: str | None
    reason_not: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What sending will do. `cost` in đồng, an estimate by the price of a part in the settings."""

    people: tuple[PreviewPerson, ...]
    no_number: tuple[PreviewPerson, ...]
    groups: tuple[tuple[str, int], ...]
    sms: int
    sms_parts: int
    cost: int
    emails: int
    next: tuple[str, ...]
    texts: tuple[str, ...]
    vacant: tuple[str, ...]
    level_name: str
    playbook_title: str
    code: str
    short_name: str
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return len(self.people) + sum(count for _, count in self.groups)


def suggest_short_name(title: str) -> str:
    """At most 20 characters of the title, cut at a word, for the messages."""
    words = " ".join(unicodedata.normalize("NFC", title).split())
    if len(words) <= SHORT:
        return words
    cut = words[: SHORT + 1].rsplit(" ", 1)[0]
    return (cut if len(cut) <= SHORT else words[:SHORT]).rstrip(" ,;:-–")


# ------------------------------------------------------------------ checking


def _checked(session: Session, opening: Opening, playbook: Playbook, now: datetime) -> Opening:
    """The opening with its gaps filled. Raises Invalid with every field at fault."""
    errors: dict[str, list[str]] = {}
    if not opening.title.strip():
        errors["title"] = ["Cần nêu ngắn gọn việc đang xảy ra."]
    if opening.level not in playbook.levels:
        known = ", ".join(f"{k} ({v})" for k, v in playbook.levels.items())
        errors["level"] = [f"Kịch bản này có các cấp độ: {known}."]
    if opening.mode not in ("live", "drill"):
        errors["mode"] = ["Chỉ nhận live (thật) hoặc drill (diễn tập)."]
    short = opening.short_name.strip() or suggest_short_name(opening.title)
    if len(strip_marks(short)) > SHORT:
        errors["short_name"] = [f"Tên ngắn dùng trong tin nhắn không quá {SHORT} ký tự."]
    known_areas = {key for key, _ in queries.areas(session)}
    wrong = [key for key in opening.area if key != WHOLE_PROVINCE and key not in known_areas]
    if wrong or not opening.area:
        errors["area"] = [f"Không có địa bàn: {', '.join(wrong)}." if wrong else "Cần chọn địa bàn."]
    topic = opening.topic or (playbook.topics[0] if playbook.topics else None)
    if opening.topic and opening.topic not in queries.topics(session):
        errors["topic"] = [f"Không có lĩnh vực “{opening.topic}”."]
    moment = opening.occurred_at or opening.detected_at or now
    basis = legal.basis_for(moment)
    strange = [kind for kind in opening.kinds if kind not in basis.kinds]
    if strange:
        errors["kinds"] = [f"{basis.short} không có loại: {', '.join(strange)}."]
    for name in ("occurred_at", "detected_at", "accepted_at", "assessed_at"):
        at = getattr(opening, name)
        if at is not None and at > now + AHEAD:
            errors[name] = ["Thời điểm không được ở tương lai."]
    if errors:
        raise Invalid("invalid", "Xin xem lại các ô được đánh dấu.", errors)
    area = (WHOLE_PROVINCE,) if WHOLE_PROVINCE in opening.area else tuple(dict.fromkeys(opening.area))
    return replace(
        opening,
        title=" ".join(opening.title.split()),
        short_name=short,
        topic=topic,
        area=area,
        kinds=tuple(sorted(set(opening.kinds))),
    )


def _started(
    session: Session, opening: Opening, playbook: Playbook, basis: dict[str, Any], now: datetime
) -> Started:
    anchors = {"opened_at": now}
    for name in ("occurred_at", "detected_at", "accepted_at", "assessed_at"):
        if getattr(opening, name) is not None:
            anchors[name] = getattr(opening, name)
    return Started(
        level=opening.level,
        anchors=anchors,
        roles=casting.cast(session, playbook, topic=opening.topic, area=list(opening.area), now=now),
        laws=legal.law_clocks(basis, opening.kinds, anchors),
    )


# ------------------------------------------------------------------ preview


def preview(desk: Desk, opening: Opening, now: datetime) -> Preview:
    """Who would be told what, now. Runs the real engine on the opening and writes nothing. Raises Invalid."""
    with desk.store.reading() as session:
        playbook = read(desk, opening.playbook)
        opening = _checked(session, opening, playbook, now)
        basis = legal.basis_for(opening.occurred_at or opening.detected_at or now).as_json()
        started = _started(session, opening, playbook, basis, now)
        _, effects = advance(playbook, None, started, now)
        return _Previewing(session, desk, opening, playbook, started, now).of(effects)


class _Previewing:
    def __init__(
        self,
        session: Session,
        desk: Desk,
        opening: Opening,
        playbook: Playbook,
        started: Started,
        now: datetime,
    ) -> None:
        self.session, self.desk, self.opening, self.playbook = session, desk, opening, playbook
        self.started, self.now = started, now
        self.house = casting.house(session, desk.settings.public_url, desk.two_way)
        self.code = _free_code(session, opening.mode, now)
        self.case = wording.Case(self.code, opening.mode, opening.short_name, opening.title)

    def of(self, effects: list[Any]) -> Preview:
        people: dict[str, PreviewPerson] = {}
        groups: list[tuple[str, int]] = []
        texts: list[str] = []
        parts = emails = sms = 0
        snapshot = queries.snapshot(
            self.session, [e.person for e in effects if isinstance(e, Summon | Notify) and e.person], self.now
        )
        for effect in effects:
            if not isinstance(effect, Summon | Notify):
                continue
            role = self.playbook.roles[effect.role]
            if effect.person is None:
                audience = queries.audience(self.session, role.pick, list(self.opening.area), self.now)
                groups.append((role.title, len(audience)))
                text = self._group_text(effect)
                texts.append(text.body)
                sms += len(audience)
                parts += len(audience) * text.parts
                continue
            if effect.person in people:
                continue
            person = self.session.get_one(Person, effect.person)
            seen = snapshot.get(effect.person, {})
            reachable = casting.reachable(person, self.desk.sms)
            mail = bool(person.email) and self.desk.email
            people[effect.person] = PreviewPerson(
                person.id, person.name, seen.get("post", ""), seen.get("unit", ""), role.title,
                reachable, mail, person.phone, person.landline,
                "" if reachable else _why_not(person),
            )  # fmt: skip
            if reachable:
                text = self._text(effect, person, seen)
                texts.append(text.body)
                sms, parts = sms + 1, parts + text.parts
            emails += mail
        price = self.session.get(Setting, "sms_part_cost")
        return Preview(
            people=tuple(people.values()),
            no_number=tuple(p for p in people.values() if not p.sms),
            groups=tuple(groups),
            sms=sms,
            sms_parts=parts,
            cost=parts * int(price.value if price else 0),
            emails=emails,
            next=self._next(effects),
            texts=tuple(dict.fromkeys(texts)),
            vacant=tuple(
                self.playbook.roles[slug].title
                for slug, holders in self.started.roles.items()
                if not holders.group and not holders.people
            ),
            level_name=self.playbook.levels[self.opening.level],
            playbook_title=self.playbook.title,
            code=shown_code(self.code, self.opening.mode),
            short_name=self.opening.short_name,
        )

    def _text(self, effect: Summon | Notify, person: Person, seen: dict[str, str]) -> wording.Sms:
        reader = wording.Reader(
            person.name, seen.get("post", ""), xung_ho=person.xung_ho, rank=seen.get("rank", "ngang")
        )
        link = f"{self.house.public_url}/a/XXXXXXXXXX"
        if isinstance(effect, Summon):
            kind = wording.summon_kind(reader, self.desk.two_way)
            if effect.instead_of:
                other = self.session.get_one(Person, effect.instead_of)
                return wording.sms(
                    "stand_in",
                    self.house,
                    self.case,
                    reader,
                    instead=f"{other.xung_ho} {other.name}",
                    link=link,
                )
            return wording.sms(kind, self.house, self.case, reader, link=link)
        return self._group_text(effect)

    def _group_text(self, effect: Summon | Notify) -> wording.Sms:
        return group_text(effect, self.playbook, self.house, self.case, self.desk.two_way, self._values())

    def _values(self) -> dict[str, str]:
        o = self.opening
        shown = Incident(
            code=self.code, mode=o.mode, title=o.title, summary=o.summary, short_name=o.short_name,
            area=list(o.area), level=o.level, opened_at=self.now, occurred_at=o.occurred_at,
            detected_at=o.detected_at,
        )  # fmt: skip
        return template_values(
            shown,
            self.playbook,
            self.house,
            casting.area_names(self.session, list(self.opening.area)),
            self.now,
        )

    def _next(self, effects: list[Any]) -> tuple[str, ...]:
        """Who comes next when there is no answer, a sentence for each rung of the steps that ask now."""
        sentences: list[str] = []
        for step_id in dict.fromkeys(e.step for e in effects if isinstance(e, Summon | Notify)):
            step = self.playbook.step(step_id)
            limit = step.within.get(self.opening.level)
            if limit is None or step.ack == "none":
                continue
            waited = limit.seconds
            for rung in step.ladder:
                waited += rung.after.seconds
                sentences.append(f"Nếu sau {_minutes(waited)} chưa trả lời: {self._rung(step, rung.to)}")
        return tuple(sentences)

    def _rung(self, step: Any, to: str) -> str:
        if to == "nhac_lai":
            return "nhắc lại những người chưa trả lời."
        if to != "thay_the":
            return f"báo {self._who(self.started.roles[to].people) or self.playbook.roles[to].title}."
        stand_ins = [
            f"{self._who(h.standins[:1])} (thay {self.playbook.roles[r].title})"
            for r in step.target
            if (h := self.started.roles.get(r)) and h.standins
        ]
        return "mời người thay: " + "; ".join(stand_ins) + "."

    def _who(self, ids: tuple[str, ...]) -> str:
        people = [self.session.get_one(Person, i) for i in ids]
        return ", ".join(f"{p.xung_ho} {p.name}" for p in people)


def _why_not(person: Person) -> str:
    if person.wrong_number_at:
        return "Số đã báo nhầm"
    if person.phone is None and person.landline:
        return "Chỉ có máy bàn, cần gọi"
    return "Không có số di động" if person.phone is None else "Không còn công tác"


def _minutes(seconds: int) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    return " ".join(t for t in (f"{hours} giờ" if hours else "", f"{minutes} phút" if minutes else "") if t)


# ------------------------------------------------------------------ opening


def open_incident(
    desk: Desk, opening: Opening, actor: Actor, now: datetime, *, scope: str, key: str
) -> Opened:
    """Open an incident and start its run: one transaction. The same key of the same scope again returns the same
    incident; with another body it raises Conflict. Raises Invalid, Forbidden."""
    require(actor, *COMMAND)
    if not key:
        raise Invalid("no_key", "Thiếu khóa chống gửi trùng (Idempotency-Key).")
    digest = hashlib.sha256(canonical(_plain(opening)).encode()).hexdigest()
    with desk.store.writing() as session:
        _one_at_a_time(session)
        known = _known(session, scope, key, digest)
        if known:
            return known
        opening = _checked(session, opening, read(desk, opening.playbook), now)
        incident = _write(session, desk, opening, actor, now)
        session.add(
            IdempotencyKey(scope=scope, key=key, body_sha256=digest, incident_id=incident.id, created_at=now)
        )
        return Opened(incident.id, incident.code, incident.number, incident.status, created=True)


def _known(session: Session, scope: str, key: str, digest: str) -> Opened | None:
    row = session.get(IdempotencyKey, (scope, key))
    if row is None:
        return None
    if row.body_sha256 != digest:
        raise Conflict("key_reused", "Khóa chống gửi trùng này đã dùng cho một nội dung khác.")
    incident = session.get_one(Incident, row.incident_id)
    return Opened(incident.id, incident.code, incident.number, incident.status, created=False)


def _one_at_a_time(session: Session) -> None:
    """Codes and numbers are given one at a time. SQLite's writing transaction does that by itself."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": OPENING_LOCK})


def _write(session: Session, desk: Desk, opening: Opening, actor: Actor, now: datetime) -> Incident:
    version, playbook = ensure_version(session, desk, opening.playbook, now)
    basis = legal.basis_for(opening.occurred_at or opening.detected_at or now).as_json()
    code = _free_code(session, opening.mode, now)
    incident = Incident(
        id=new_id(now),
        code=code,
        number=file_number(code, opening.mode, now.astimezone(VIETNAM).year),
        mode=opening.mode,
        title=opening.title,
        summary=opening.summary,
        short_name=opening.short_name,
        playbook=opening.playbook,
        playbook_version=version,
        level=opening.level,
        area=list(opening.area),
        topic=opening.topic,
        kinds=list(opening.kinds),
        source=opening.source,
        occurred_at=opening.occurred_at,
        detected_at=opening.detected_at,
        accepted_at=opening.accepted_at,
        assessed_at=opening.assessed_at,
        opened_at=now,
        opened_by=actor.name,
        status="open",
        basis=basis,
        names={},
        chain_seq=0,
        chain_hash="",
    )
    session.add(incident)
    session.flush()  # what follows refers to it
    run = Run(incident_id=incident.id, state="")  # held by name: the session forgets what nobody holds
    session.add(run)
    started = _started(session, opening, playbook, basis, now)
    everyone = {p for h in started.roles.values() for p in (*h.people, *h.standins)}
    casting.remember(session, incident, everyone | ({actor.person_id} if actor.person_id else set()), now)
    _record_opening(session, incident, playbook, opening, actor, now)
    session.flush()
    enter(session, desk, incident, [started], now)
    return incident


def _record_opening(
    session: Session, incident: Incident, playbook: Playbook, opening: Opening, actor: Actor, now: datetime
) -> None:
    texts = {"title": opening.title}
    if opening.summary:
        texts["summary"] = opening.summary
    ledger.append(
        session, incident, "incident_opened", occurred_at=now, recorded_at=now, actor=actor,
        data={
            "number": incident.number, "code": incident.code, "mode": incident.mode, "level": incident.level,
            "level_name": playbook.levels[incident.level], "playbook": playbook.slug,
            "playbook_version": playbook.version, "area": list(opening.area), "kinds": list(opening.kinds),
            "basis": incident.basis["id"],
        },
        texts=texts,
    )  # fmt: skip
    if opening.leader:
        ledger.append(
            session, incident, "leader_informed", occurred_at=opening.leader_at or now, recorded_at=now,
            actor=actor,
            data={"reached": opening.leader == "informed", "person": opening.leader_person},
        )  # fmt: skip


def _free_code(session: Session, mode: str, now: datetime) -> str:
    """A code no open incident has, nor one opened or closed within the last 30 days, nor a file of this year."""
    year = now.astimezone(VIETNAM).year
    resting = now - CODE_RESTS
    busy = (
        (Incident.status == "open") | (Incident.closed_at > resting) | (Incident.opened_at > resting)
    ).label("busy")
    this_year = Incident.number.endswith(f"/{year}").label("this_year")
    rows = session.execute(
        select(Incident.code, Incident.number, busy, this_year).where(busy | this_year)
    ).all()
    codes = {row.code for row in rows if row.busy}
    return next_code(codes, {row.number for row in rows if row.this_year}, mode, year)


def _plain(opening: Opening) -> dict[str, Any]:
    return {
        key: value.isoformat()
        if isinstance(value, datetime)
        else list(value)
        if isinstance(value, tuple)
        else value
        for key, value in asdict(opening).items()
    }
