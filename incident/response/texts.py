"""The province's own texts for phones, and where each is registered: read, changed by the administrator, on the system's chain.

A text stands as its author wrote it, with diacritics where there were any; what is sent has none. A carrier that takes
only registered texts knows each by its number; a text changed since must be registered again. Knows no carrier's protocol.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from incident import registered as registers
from incident import wording_rules as rules
from incident.domain.actors import Actor, Role
from incident.domain.errors import Invalid, NotFound
from incident.domain.words import said
from incident.registered import NOTHING_KNOWN, OTHER, REGISTERED
from incident.response import casting, library
from incident.response.desk import Desk
from incident.response.permissions import require
from incident.store.tables import Setting, SystemChain
from incident.timeline import ledger
from incident.wording import SMS, SMS_TEXTS, House, Sms, one_way
from notify.marks import Doubt, doubts
from notify.phone import segments, strip_marks
from playbooks import templates

LONGEST_TEXT = 400
LEAST_WORDS = 10  # letters outside of slots: what has fewer would let anything pass
NUMBER = re.compile(r"[\w./-]{1,40}")


@dataclass(frozen=True, slots=True)
class Registration:
    """The number a carrier gave to a text. `current`: the text has not changed since."""

    carrier: str
    number: str
    at: datetime
    by: str
    current: bool


@dataclass(frozen=True, slots=True)
class Text:
    """One text: `body` as its author wrote it, `sent` as a phone gets it, with its slots; `live` and `drill` the longest
    it can become."""

    kind: str
    body: str
    sent: str
    changed: bool
    live: Sms
    drill: Sms
    doubts: tuple[Doubt, ...]
    registrations: tuple[Registration, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """A text registered with a carrier that is none of ours by its kind: a playbook's, or one with a date behind it."""

    carrier: str
    number: str
    body: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A text that a carrier does not know: `kind`, or "" of a playbook's, which is then named."""

    kind: str
    playbook: str
    body: str


@dataclass(frozen=True, slots=True)
class Tried:
    """A free text in both forms: `marked` is UCS-2 where it has marks, `plain` is what is sent."""

    marked: Sms
    plain: Sms
    doubts: tuple[Doubt, ...]


def every(session: Session, desk: Desk) -> tuple[Text, ...]:
    """All texts, in the order in which a crisis needs them."""
    house, own, registered = _read(session, desk)
    return tuple(_text(kind, house, own, registered) for kind in SMS)


def one(session: Session, desk: Desk, kind: str) -> Text:
    """Raises NotFound."""
    if kind not in SMS:
        raise NotFound("unknown_text", "Không có mẫu tin này.")
    house, own, registered = _read(session, desk)
    return _text(kind, house, own, registered)


def tried(text: str) -> Tried:
    """How a text would go out: with its marks and without."""
    normal = unicodedata.normalize("NFC", " ".join(text.split()))
    plain = strip_marks(normal)
    return Tried(_counted(normal), _counted(plain), doubts(normal))


def change(desk: Desk, kind: str, body: str, reason: str, actor: Actor, now: datetime) -> None:
    """Replace the text of a kind; an empty body gives the house's own back. Raises Forbidden, NotFound, Invalid."""
    require(actor, Role.ADMIN)
    body = unicodedata.normalize("NFC", " ".join(body.split()))
    _known(kind)
    if not reason.strip():
        raise Invalid("no_reason", "Cần ghi lý do.", {"reason": [said("Ghi lý do, người quyết định.")]})
    if len(body) > LONGEST_TEXT:
        raise Invalid("too_long", "Mẫu tin quá dài.", {"body": [said("Không quá 400 ký tự.")]})
    with desk.store.writing() as session:
        head = ledger.system_head(session)
        house, own, _ = _read(session, desk)
        if body and (wrong := rules.faults(kind, body, house)):
            raise Invalid("bad_text", "Mẫu tin này chưa dùng được.", {"body": [*wrong]})
        wanted = {k: v for k, v in own.items() if k != kind} | (
            {kind: body} if body and body != SMS[kind] else {}
        )
        if wanted == own:
            raise Invalid("nothing_changed", "Chưa có thay đổi nào để ghi.")
        session.merge(Setting(key=SMS_TEXTS, value=json.dumps(wanted, ensure_ascii=False, sort_keys=True)))
        _record(session, head, f"sms.{kind}", own.get(kind, SMS[kind]), wanted.get(kind, SMS[kind]), reason, actor, now)  # fmt: skip


def register(desk: Desk, kind: str, carrier: str, number: str, actor: Actor, now: datetime) -> None:
    """Note the number under which a carrier has this text; an empty number forgets it. Raises Forbidden, NotFound, Invalid."""
    require(actor, Role.ADMIN)
    _known(kind)
    carrier, number = carrier.strip(), number.strip()
    if not NUMBER.fullmatch(carrier):
        raise Invalid("no_carrier", "Cần ghi nhà mạng.", {"carrier": [said("Ghi tên nhà mạng, ví dụ esms.")]})
    if number and not NUMBER.fullmatch(number):
        raise Invalid("bad_number", "Số đăng ký không hợp lệ.", {"number": [said("Chữ, số, dấu . / -, không quá 40 ký tự.")]})  # fmt: skip
    with desk.store.writing() as session:
        head = ledger.system_head(session)
        house, _, registered = _read(session, desk)
        before = registered.get(carrier, {}).get(kind, {})
        if before.get("number", "") == number and before.get("sha256") == _digest(house, kind):
            raise Invalid("nothing_changed", "Chưa có thay đổi nào để ghi.")
        texts = {k: v for k, v in registered.get(carrier, {}).items() if k != kind}
        if number:
            texts[kind] = {
                "number": number,
                "text": house.texts.get(kind, SMS[kind]),
                "sha256": _digest(house, kind),
                "at": now.isoformat(),
                "by": actor.name,
            }
        wanted = {**registered, carrier: texts}
        session.merge(Setting(key=REGISTERED, value=json.dumps(wanted, ensure_ascii=False, sort_keys=True)))
        _record(session, head, f"sms.{kind}.{carrier}", before.get("number", ""), number, "", actor, now)


def register_other(desk: Desk, carrier: str, number: str, body: str, actor: Actor, now: datetime) -> None:
    """Note a further text that a carrier has under this number, its slots as {words}; an empty text forgets it. Raises
    Forbidden, Invalid."""
    require(actor, Role.ADMIN)
    carrier, number, body = carrier.strip(), number.strip(), " ".join(strip_marks(body).split())
    errors: dict[str, list[str]] = {}
    if not NUMBER.fullmatch(carrier):
        errors["carrier"] = [said("Ghi tên nhà mạng, ví dụ esms.")]
    if not NUMBER.fullmatch(number):
        errors["number"] = [said("Chữ, số, dấu . / -, không quá 40 ký tự.")]
    if len(body) > LONGEST_TEXT:
        errors["body"] = [said("Không quá 400 ký tự.")]
    elif body and len(re.sub(r"\{\w+\}|\W", "", body)) < LEAST_WORDS:
        errors["body"] = [
            said("Ghi nguyên văn mẫu đã đăng ký, chỗ thay đổi viết trong ngoặc nhọn, ví dụ {ten}.")
        ]
    if errors:
        raise Invalid("invalid", "Xin xem lại các ô được đánh dấu.", errors)
    with desk.store.writing() as session:
        head = ledger.system_head(session)
        _, _, registered = _read(session, desk)
        key = f"{OTHER}{number}"
        texts = dict(registered.get(carrier, {}))
        before = texts.pop(key, {}).get("text", "")
        if before == body:
            raise Invalid("nothing_changed", "Chưa có thay đổi nào để ghi.")
        if body:
            texts[key] = {
                "number": number,
                "text": body,
                "sha256": "",
                "at": now.isoformat(),
                "by": actor.name,
            }
        wanted = {**registered, carrier: texts}
        session.merge(Setting(key=REGISTERED, value=json.dumps(wanted, ensure_ascii=False, sort_keys=True)))
        _record(session, head, f"sms.{carrier}.{number}", before, body, "", actor, now)


def others(session: Session, desk: Desk) -> tuple[Other, ...]:
    """The further texts, by carrier."""
    _, _, registered = _read(session, desk)
    return tuple(
        Other(carrier, one["number"], one["text"], datetime.fromisoformat(one["at"]), one["by"])
        for carrier, known in sorted(registered.items())
        for key, one in sorted(known.items())
        if key.startswith(OTHER)
    )


def unregistered(session: Session, desk: Desk, carrier: str) -> tuple[Gap, ...]:
    """Texts this carrier does not know, or knows as they were before a change: the house's, then the playbooks'."""
    house, _, _ = _read(session, desk)
    known = registers.read(session).get(carrier, NOTHING_KNOWN)
    ours = [Gap(kind, "", house.texts.get(kind, SMS[kind])) for kind in SMS]
    return tuple(gap for gap in (*ours, *_of_playbooks(session, desk, house)) if not known.knows(gap.body))


def _of_playbooks(session: Session, desk: Desk, house: House) -> list[Gap]:
    """What the playbooks on the shelf send, with their slots."""
    slots = {name: f"{{{name}}}" for name in templates.VARIABLES}
    found: dict[str, Gap] = {}
    for card in library.playbooks(session, desk):
        playbook = library.read(session, desk, card.slug)
        for step in playbook.steps:
            if step.message in playbook.templates:
                body = templates.render(playbook.templates[str(step.message)], slots)
                sent = (
                    strip_marks(" ".join(body.split())) if house.two_way else one_way(body, "{link}", house)
                )
                found.setdefault(sent, Gap("", card.title, sent))
    return list(found.values())


def _known(kind: str) -> None:
    if kind not in SMS:
        raise NotFound("unknown_text", "Không có mẫu tin này.")


def _read(
    session: Session, desk: Desk
) -> tuple[House, Mapping[str, str], Mapping[str, Mapping[str, dict[str, str]]]]:
    house = casting.house(session, desk.settings.public_url, desk.two_way)
    rows = {
        row.key: row.value for row in session.query(Setting).where(Setting.key.in_((SMS_TEXTS, REGISTERED)))
    }
    return house, json.loads(rows.get(SMS_TEXTS, "{}")), json.loads(rows.get(REGISTERED, "{}"))


def _text(
    kind: str, house: House, own: Mapping[str, str], registered: Mapping[str, Mapping[str, dict[str, str]]]
) -> Text:
    body = own.get(kind, SMS[kind])
    live, drill = (rules.longest_of_all(kind, house, case) for case in rules.CASES)
    numbers = [
        Registration(
            carrier, known[kind]["number"], datetime.fromisoformat(known[kind]["at"]), known[kind]["by"],
            known[kind]["sha256"] == _digest(house, kind),
        )
        for carrier, known in sorted(registered.items()) if kind in known
    ]  # fmt: skip
    sent = house.texts.get(kind, SMS[kind])
    return Text(kind, body, sent, kind in own, live, drill, doubts(body), tuple(numbers))


def _digest(house: House, kind: str) -> str:
    return hashlib.sha256(house.texts.get(kind, SMS[kind]).encode()).hexdigest()


def _counted(body: str) -> Sms:
    counted = segments(body)
    return Sms(body, counted.encoding, counted.parts)


def _record(
    session: Session,
    head: SystemChain,
    field: str,
    before: str,
    after: str,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    data = {"fields": [field], "before": {field: before}, "after": {field: after}}
    texts = {"reason": reason.strip()} if reason.strip() else {}
    ledger.append(
        session,
        head,
        "settings_changed",
        occurred_at=now,
        recorded_at=now,
        actor=actor,
        data=data,
        texts=texts,
    )
