"""Opening an incident, once however often it is asked. What it would do is `preview`'s; must never know who asks."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from incident.directory import queries
from incident.domain import legal
from incident.domain.actors import Actor
from incident.domain.codes import file_number, next_code
from incident.domain.drill import speaks_of_drill
from incident.domain.errors import Conflict, Invalid
from incident.domain.ids import new_id
from incident.domain.legal import VIETNAM
from incident.domain.texts import cleaned
from incident.domain.words import said
from incident.response import casting, drafts, enrolment, likeness
from incident.response.advance import enter
from incident.response.desk import Desk
from incident.response.library import ensure_version, read, read_script
from incident.response.permissions import COMMAND, require
from incident.store.tables import Drill, IdempotencyKey, Incident, Person, Run
from incident.store.types import canonical
from incident.timeline import ledger
from notify.phone import strip_marks
from playbooks.injects import NOTHING, Script
from playbooks.language import Playbook, Step, Verb
from playbooks.signals import Added, Answered, Event, Started

WHOLE_PROVINCE = "toan_tinh"
AHEAD = timedelta(minutes=5)  # how far in the future a time may lie: two clocks never agree
CODE_RESTS = timedelta(days=30)
SHORT = 20
LEADER_PICK = "lanh_dao_truc"
LEADER_STEP = "bao_lanh_dao_truc"
LEADER_TITLE = "Báo cáo lãnh đạo trực"
LEADER_SECONDS = 600  # then those on duty hear that he is silent, and phone
REPORTED = "da_bao_cao"  # the answer of a step that asks whether the leader was told
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
    left_out: tuple[str, ...] = ()  # person ids who are not to be called, for one reason
    left_out_reason: str = ""
    injects: str = ""  # of a drill: the inject list it is run with; "" calls people out and no more
    only_leader: bool = False  # the leader on duty alone is told; the others when the officer says so


@dataclass(frozen=True, slots=True)
class Opened:
    incident_id: str
    code: str
    number: str
    status: str
    created: bool


class KeyUsed(Conflict):
    """The key has opened an incident already, and what is asked now differs from it."""

    def __init__(self, incident_id: str) -> None:
        super().__init__("key_reused", said("Khóa chống gửi trùng này đã dùng cho một nội dung khác."))
        self.incident_id = incident_id


def suggest_short_name(title: str) -> str:
    """At most 20 characters of the title, cut at a word, for the messages."""
    words = " ".join(unicodedata.normalize("NFC", title).split())
    if len(words) <= SHORT:
        return words
    cut = words[: SHORT + 1].rsplit(" ", 1)[0]
    return (cut if len(cut) <= SHORT else words[:SHORT]).rstrip(" ,;:-–")


# ------------------------------------------------------------------ checking


def checked(session: Session, opening: Opening, playbook: Playbook, now: datetime) -> Opening:
    """The opening with its gaps filled. Raises Invalid with every field at fault."""
    errors: dict[str, list[str]] = {}
    title = cleaned(opening.title, lines=False)
    if not title:
        errors["title"] = [said("Cần nêu ngắn gọn việc đang xảy ra.")]
    if opening.level not in playbook.levels:
        known = ", ".join(f"{k} ({v})" for k, v in playbook.levels.items())
        errors["level"] = [said("Kịch bản này có các cấp độ: %(known)s.", known=known)]
    if opening.mode not in ("live", "drill"):
        errors["mode"] = [said("Chỉ nhận live (thật) hoặc drill (diễn tập).")]
    short = cleaned(opening.short_name, lines=False) or suggest_short_name(title)
    if len(strip_marks(short)) > SHORT:
        errors["short_name"] = [said("Tên ngắn dùng trong tin nhắn không quá %(n)s ký tự.", n=SHORT)]
    known_areas = {key for key, _ in queries.areas(session)}
    wrong = [key for key in opening.area if key != WHOLE_PROVINCE and key not in known_areas]
    if wrong or not opening.area:
        errors["area"] = [
            said("Không có địa bàn: %(wrong)s.", wrong=", ".join(wrong))
            if wrong
            else said("Cần chọn địa bàn.")
        ]
    topic = opening.topic or (playbook.topics[0] if playbook.topics else None)
    if opening.topic and opening.topic not in queries.topics(session):
        errors["topic"] = [said("Không có lĩnh vực “%(topic)s”.", topic=opening.topic)]
    moment = opening.occurred_at or opening.detected_at or now
    basis = legal.basis_for(moment)
    strange = [kind for kind in opening.kinds if kind not in basis.kinds]
    if strange:
        errors["kinds"] = [
            said("%(basis)s không có loại: %(strange)s.", basis=basis.short, strange=", ".join(strange))
        ]
    for name in ("occurred_at", "detected_at", "accepted_at", "assessed_at"):
        at = getattr(opening, name)
        if at is not None and at > now + AHEAD:
            errors[name] = [said("Thời điểm không được ở tương lai.")]
    errors |= _taken_for_a_drill(opening)
    errors |= _faults_of_confirming(session, opening, playbook, now)
    if errors:
        raise Invalid("invalid", "Xin xem lại các ô được đánh dấu.", errors)
    area = (WHOLE_PROVINCE,) if WHOLE_PROVINCE in opening.area else tuple(dict.fromkeys(opening.area))
    return replace(
        opening,
        title=title,
        short_name=short,
        topic=topic,
        area=area,
        kinds=tuple(sorted(set(opening.kinds))),
    )


def _taken_for_a_drill(opening: Opening) -> dict[str, list[str]]:
    """A real incident's words go into its messages, and the carriers' threshold lets no “diễn tập” of one out."""
    if opening.mode == "drill":
        return {}
    fault = said("Vụ việc thật không ghi “diễn tập”: tin có chữ này bị chặn, không gửi đi. Xin dùng từ khác.")
    named = {"title": opening.title, "short_name": opening.short_name, "source": opening.source}
    named["summary"] = opening.summary
    return {name: [fault] for name, text in named.items() if speaks_of_drill(text)}


def _faults_of_confirming(
    session: Session, opening: Opening, playbook: Playbook, now: datetime
) -> dict[str, list[str]]:
    """What is wrong with the answers of the page before sending. Nothing is asked of the database when they are plain."""
    errors: dict[str, list[str]] = {}
    if opening.left_out and not opening.left_out_reason.strip() and opening.mode == "live":
        errors["left_out_reason"] = [said("Cần ghi lý do không báo.")]
    if opening.leader_at is not None and opening.leader_at > now + AHEAD:
        errors["leader_at"] = [said("Thời điểm không được ở tương lai.")]
    named = {*opening.left_out, *((opening.leader_person,) if opening.leader_person else ())}
    if named:
        known = set(session.scalars(select(Person.id).where(Person.id.in_(named))))
        if not set(opening.left_out) <= known:
            errors["left_out"] = [said("Không có người này trong danh bạ.")]
        if opening.leader_person and opening.leader_person not in known:
            errors["leader"] = [said("Không có người này trong danh bạ.")]
    if opening.only_leader and leader_role(playbook) is None:
        errors["only_leader"] = [said("Kịch bản này không có vai lãnh đạo trực.")]
    return errors


def leader_role(playbook: Playbook) -> str | None:
    """The role of the leader on duty, where the playbook knows one."""
    return next((slug for slug, role in playbook.roles.items() if role.pick == LEADER_PICK), None)


def started_by(
    session: Session, opening: Opening, playbook: Playbook, basis: dict[str, Any], now: datetime
) -> Started:
    anchors = {"opened_at": now}
    for name in ("occurred_at", "detected_at", "accepted_at", "assessed_at"):
        if getattr(opening, name) is not None:
            anchors[name] = getattr(opening, name)
    return Started(
        level=opening.level,
        anchors=anchors,
        roles=casting.cast(
            session,
            playbook,
            topic=opening.topic,
            area=list(opening.area),
            now=now,
            without=opening.left_out,
        ),
        laws=legal.law_clocks(basis, opening.kinds, anchors),
        hold=opening.only_leader,
    )


def events_of(opening: Opening, playbook: Playbook, started: Started, actor: Actor | None) -> list[Event]:
    """What the run is told at the opening: its start; the leader alone where only he is to be told; and, where the
    officer has reported already, the answer to the step that asks for just that."""
    if opening.only_leader:
        role = leader_role(playbook) or ""
        return [started, Added(LEADER_STEP, LEADER_TITLE, "", LEADER_SECONDS, role)]
    asking = next((step for step in playbook.steps if _asks_for_report(step, opening.level)), None)
    if opening.leader == "informed" and asking is not None:
        return [started, Answered(asking.id, actor.person_id if actor else None, REPORTED)]
    return [started]


def _asks_for_report(step: Step, level: int) -> bool:
    at_once = not step.after and not step.when.answers
    applies = step.when.levels is None or level in step.when.levels
    return step.verb is Verb.ASK and REPORTED in step.choices and at_once and applies


def sought(opening: Opening) -> likeness.Sought:
    """What other incidents are compared with."""
    return likeness.Sought(opening.title, opening.playbook, opening.topic, opening.area, opening.mode)


# ------------------------------------------------------------------ opening


def open_incident(
    desk: Desk,
    opening: Opening,
    actor: Actor,
    now: datetime,
    *,
    scope: str,
    key: str,
    told_apart: Collection[str] | None = None,
    draft: str = "",
) -> Opened:
    """Open an incident and start its run: one transaction. The same key of the same scope again returns the same
    incident; with another body it raises KeyUsed. `told_apart`: ids of the like incidents the officer has seen; one
    that somebody else has opened since raises Alike (None: nobody looks). `draft`: what was saved unsent and is now sent, by one only.
    Raises Invalid, Forbidden, Conflict."""
    require(actor, *COMMAND)
    if not key:
        raise Invalid("no_key", "Thiếu khóa chống gửi trùng (Idempotency-Key).")
    digest = hashlib.sha256(canonical(_plain(opening)).encode()).hexdigest()
    with desk.store.writing() as session:
        _one_at_a_time(session)
        known = _known(session, scope, key, digest)
        if known:
            return known
        opening = checked(session, opening, read(session, desk, opening.playbook), now)
        _script_of(desk, opening)
        others: tuple[likeness.Like, ...] = ()
        if told_apart is not None:
            others = likeness.look_again(session, sought(opening), told_apart, actor.name, now)
        if draft:
            drafts.take(session, draft)
        incident = _write(session, desk, opening, actor, now)
        if others:
            ledger.append(
                session, incident, "told_apart", occurred_at=now, recorded_at=now, actor=actor,
                data={"incidents": [one.code for one in others]},
            )  # fmt: skip
        session.add(
            IdempotencyKey(scope=scope, key=key, body_sha256=digest, incident_id=incident.id, created_at=now)
        )
        return Opened(incident.id, incident.code, incident.number, incident.status, created=True)


def _known(session: Session, scope: str, key: str, digest: str) -> Opened | None:
    row = session.get(IdempotencyKey, (scope, key))
    if row is None:
        return None
    if row.body_sha256 != digest:
        raise KeyUsed(row.incident_id)
    incident = session.get_one(Incident, row.incident_id)
    return Opened(incident.id, incident.code, incident.number, incident.status, created=False)


def _one_at_a_time(session: Session) -> None:
    """Codes and numbers are given one at a time. SQLite's writing transaction does that by itself."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": OPENING_LOCK})


def _write(session: Session, desk: Desk, opening: Opening, actor: Actor, now: datetime) -> Incident:
    version, playbook = ensure_version(session, desk, opening.playbook, now)
    basis = legal.basis_for(opening.occurred_at or opening.detected_at or now).as_json()
    code = free_code(session, opening.mode, now)
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
        left_out=list(opening.left_out),
        held_at=now if opening.only_leader else None,
        chain_seq=0,
        chain_hash="",
    )
    session.add(incident)
    session.flush()  # what follows refers to it
    run = Run(incident_id=incident.id, state="")  # held by name: the session forgets what nobody holds
    session.add(run)
    started = started_by(session, opening, playbook, basis, now)
    everyone = {p for h in started.roles.values() for p in (*h.people, *h.standins)}
    named = {actor.person_id, opening.leader_person, *opening.left_out} - {None}
    casting.remember(session, incident, everyone | {person for person in named if person}, now)
    _record_opening(session, incident, playbook, opening, actor, now)
    if incident.mode == "drill":
        _begin_drill(session, desk, incident, playbook, opening, started, actor, now)
    enter(session, desk, incident, events_of(opening, playbook, started, actor), now)
    return incident


def _script_of(desk: Desk, opening: Opening) -> Script:
    """The injects asked for. Raises Invalid for a list that is not there, or is another playbook's."""
    if not opening.injects:
        return NOTHING
    script = read_script(desk, opening.injects) if opening.mode == "drill" else None
    if script is None or script.playbook != opening.playbook:
        fault = said(
            "Không có danh sách tình huống “%(slug)s” cho kịch bản diễn tập này.", slug=opening.injects
        )
        raise Invalid("unknown_injects", fault, {"injects": [fault]})
    return script


def _begin_drill(
    session: Session, desk: Desk, incident: Incident, playbook: Playbook, opening: Opening, started: Started,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Who takes part, the injects, and the drill's own clock."""
    script = _script_of(desk, opening)
    first = min((inject.at for inject in script.injects), default=None)
    session.add(
        Drill(
            incident_id=incident.id,
            script=script.as_json() if script.injects else {},
            clock_at=now,
            next_at=None if first is None else now + timedelta(seconds=first),
            controllers=[actor.id],
        )
    )
    cast = enrolment.cast_of(session, playbook, started.roles, incident.area, now)
    others = [person for person in (actor.person_id, opening.leader_person) if person]
    enrolment.enrol(session, incident, [p for p in (*cast, *others) if p not in opening.left_out], actor, now)


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
        at = min(opening.leader_at or now, now)
        ledger.append(
            session, incident, "leader_informed", occurred_at=at, recorded_at=now, actor=actor,
            data={"reached": opening.leader == "informed", "person": opening.leader_person, "at": at},
        )  # fmt: skip
    if opening.left_out:
        ledger.append(
            session, incident, "left_out", occurred_at=now, recorded_at=now, actor=actor,
            data={"people": list(opening.left_out)},
            texts={"reason": reason} if (reason := opening.left_out_reason.strip()) else {},
        )  # fmt: skip
    if opening.only_leader:
        ledger.append(
            session, incident, "held", occurred_at=now, recorded_at=now, actor=actor, data={},
        )  # fmt: skip


def free_code(session: Session, mode: str, now: datetime) -> str:
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


LATER_FIELDS = ("left_out", "left_out_reason", "only_leader", "injects")


def _plain(opening: Opening) -> dict[str, Any]:
    """What the hash of a body is taken of. A field that came later is left out while it says nothing: keys that were
    used before it came still fit."""
    return {
        key: value.isoformat()
        if isinstance(value, datetime)
        else list(value)
        if isinstance(value, tuple)
        else value
        for key, value in asdict(opening).items()
        if value or key not in LATER_FIELDS
    }
