"""Opening an incident: six questions, a page that says exactly what will happen, and then one incident, once.

Nothing typed is lost, whatever is refused. The sending itself is the door's.
"""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validate, validates_schema
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from incident.domain.errors import Refusal
from incident.response import open as opening_door
from incident.response.open import Opening, Preview
from incident.store.tables import Person, Shift, Unit
from incident.web.language import _, for_input, parse_local
from incident.web.pages.access import actor, command_only, signed_in, wiring

pages = Blueprint("opening", __name__)

WHOLE_PROVINCE = "toan_tinh"
CALL_OUT = "goi-xac-nhan"
NEUTRAL = "vu-viec-chung"
SHORT = 20
KINDS: tuple[tuple[str, Any, str], ...] = (
    ("rumour", _l("Tin chưa kiểm chứng"), "tin-gia-dich-benh"),
    ("own_error", _l("Văn bản, phát ngôn của ta bị sai"), NEUTRAL),
    ("casualties", _l("Tai nạn, thiên tai có thương vong"), NEUTRAL),
    ("officer", _l("Cán bộ"), NEUTRAL),
    ("portal", _l("Cổng, dữ liệu"), NEUTRAL),
    ("complaint", _l("Khiếu kiện"), NEUTRAL),
    ("press", _l("Báo chí đăng sai"), NEUTRAL),
    ("other", _l("Việc khác"), NEUTRAL),
    ("call_out", _l("Gọi xác nhận toàn địa bàn (mọi cán bộ trả lời đã nhận tin)"), CALL_OUT),
)
PLAYBOOKS = {key: playbook for key, _title, playbook in KINDS}


def clean(text: str) -> str:
    """NFC, one line, without control characters."""
    kept = "".join(s if s.isprintable() else " " for s in unicodedata.normalize("NFC", text))
    return " ".join(kept.split())


class OpeningSchema(Schema):
    """What the form sends. Words of every fault are for the officer."""

    class Meta:
        unknown = EXCLUDE

    title = fields.Str(
        required=True,
        validate=validate.Length(1, 300, error="Nêu ngắn việc đang xảy ra, không quá 300 ký tự"),
        error_messages={"required": "Nêu ngắn việc đang xảy ra"},
    )
    short_name = fields.Str(
        load_default="", validate=validate.Length(max=20, error="Tên ngắn không quá 20 ký tự")
    )
    kind = fields.Str(
        required=True,
        validate=validate.OneOf(list(PLAYBOOKS), error="Chọn loại vụ việc"),
        error_messages={"required": "Chọn loại vụ việc"},
    )
    area = fields.List(fields.Str(), load_default=list)
    level = fields.Int(
        required=True,
        validate=validate.OneOf([1, 2, 3], error="Chọn cấp độ"),
        error_messages={"required": "Chọn cấp độ", "invalid": "Chọn cấp độ"},
    )
    detected_at = fields.Str(load_default="")
    source = fields.Str(
        load_default="", validate=validate.Length(max=300, error="Nguồn tin không quá 300 ký tự")
    )
    drill = fields.Bool(load_default=False)
    key = fields.Str(load_default="", validate=validate.Length(max=64))

    @pre_load
    def tidy(self, data: dict[str, Any], **_how: Any) -> dict[str, Any]:
        return {k: clean(v) if isinstance(v, str) else v for k, v in data.items()}

    @validates_schema(skip_on_field_errors=False)
    def times_and_places(self, data: dict[str, Any], **_how: Any) -> None:
        faults: dict[str, list[str]] = {}
        if not data.get("area"):
            faults["area"] = ["Chọn ít nhất một địa bàn"]
        if data.get("detected_at"):
            try:
                parse_local(data["detected_at"])
            except ValueError:
                faults["detected_at"] = ["Ghi thời điểm theo dạng giờ:phút ngày/tháng/năm"]
        if faults:
            raise ValidationError(faults)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form offers besides words: places, and how many are told at each level."""

    areas: tuple[tuple[str, str], ...]
    counts: dict[int, int]


@pages.get("/incidents/new")
@signed_in
def form() -> str:
    command_only()
    typed = {"detected_at": for_input(wiring().now()), "key": secrets.token_urlsafe(18)}
    return _form(typed, {})


@pages.post("/incidents/new")
@signed_in
def send() -> str | Response | tuple[str, int]:
    command_only()
    typed = _typed(request.form)
    if typed.get("do") == "edit":
        return _form(typed, {})
    try:
        wanted = opening_of(OpeningSchema().load(typed), typed)
    except ValidationError as fault:
        return _form(typed, faults_of(fault)), 422
    try:
        if typed.get("do") == "send":
            return _open(wanted, typed)
        return _confirm(wanted, typed)
    except Refusal as refusal:
        return _form(typed, refusal.errors or {"": [refusal.text]}), refusal.status


def faults_of(fault: ValidationError) -> dict[str, list[str]]:
    messages = fault.messages
    return messages if isinstance(messages, dict) else {"": [str(text) for text in messages]}


def opening_of(data: dict[str, Any], typed: dict[str, Any]) -> Opening:
    """The door's own value. Raises ValidationError when the leader's time cannot be read."""
    area = (WHOLE_PROVINCE,) if WHOLE_PROVINCE in data["area"] else tuple(data["area"])
    detected = parse_local(data["detected_at"]) if data["detected_at"] else None
    wanted = Opening(
        title=data["title"],
        playbook=PLAYBOOKS[data["kind"]],
        level=data["level"],
        area=area,
        short_name=data["short_name"] or neutral_name(data["kind"], area, _places()),
        detected_at=detected,
        source=data["source"],
        mode="drill" if data["drill"] else "live",
    )
    leader = typed.get("leader", "")
    if leader not in ("informed", "not_reached"):
        return wanted
    at = _leader_time(typed.get("leader_at", "")) if leader == "informed" else None
    return replace(wanted, leader=leader, leader_person=typed.get("leader_person") or None, leader_at=at)


def _leader_time(text: str) -> datetime:
    try:
        return parse_local(text) if text else wiring().now()
    except ValueError:
        raise ValidationError({"leader_at": ["Ghi thời điểm báo cáo lãnh đạo"]}) from None


def _typed(form: MultiDict[str, str]) -> dict[str, Any]:
    typed: dict[str, Any] = form.to_dict()
    typed["area"] = form.getlist("area")
    typed.pop("csrf_token", None)
    return typed


def _form(typed: dict[str, Any], errors: dict[str, Any]) -> str:
    return render_template("opening/form.html", typed=typed, errors=errors, kinds=KINDS, choices=_choices())


def _choices() -> Choices:
    now = wiring().now()
    counts = {}
    for level in (1, 2, 3):
        sample = Opening(title="–", playbook=NEUTRAL, level=level, area=(WHOLE_PROVINCE,), short_name="–")
        try:
            preview = opening_door.preview(wiring().desk, sample, now)
        except Refusal:
            continue
        counts[level] = len(preview.people)
    return Choices(tuple(_places().items()), counts)


def _places() -> dict[str, str]:
    with wiring().store.reading() as session:
        communes = session.execute(
            select(Unit.area, Unit.name)
            .where(Unit.area.is_not(None), Unit.valid_to.is_(None))
            .order_by(Unit.name)
        )
        return {area: place(name) for area, name in communes if area}


def neutral_name(kind: str, area: tuple[str, ...], places: dict[str, str]) -> str:
    """At most 20 characters for the messages, that wound nobody when they leak: never words of the title."""
    what = "tin về" if kind == "rumour" else "việc ở"
    where = places.get(area[0], "") if len(area) == 1 else ""
    bare = where.removeprefix("Xã ").removeprefix("Phường ")
    names = (f"{what} {where[:1].lower()}{where[1:]}", f"{what} {bare}") if where else ()
    return next((name for name in names if len(name) <= SHORT), f"{what} địa bàn tỉnh")


def place(unit: str) -> str:
    """The place a commune's committee is of: "xã Mường Lò"."""
    name = unit.removeprefix("Ủy ban nhân dân ").removeprefix("UBND ")
    return name[:1].upper() + name[1:]


def _confirm(wanted: Opening, typed: dict[str, Any]) -> str:
    now = wiring().now()
    preview = opening_door.preview(wiring().desk, wanted, now)
    typed = {**typed, "short_name": wanted.short_name}
    return render_template(
        "opening/confirm.html",
        wanted=wanted,
        typed=typed,
        preview=preview,
        told=told(preview),
        leaders=_leaders(now),
        errors={},
    )


def told(preview: Preview) -> int:
    """How many something really goes to at once: the people by name, and the groups."""
    named = sum(1 for person in preview.people if person.sms or person.email)
    return named + sum(count for _title, count in preview.groups)


def _leaders(now: datetime) -> list[tuple[str, str]]:
    with wiring().store.reading() as session:
        rows = session.execute(
            select(Person.id, Person.name)
            .join(Shift, Shift.person == Person.id)
            .where(Shift.kind == "lanh_dao_truc", Shift.starts_at <= now, Shift.ends_at > now)
            .order_by(Shift.starts_at)
        )
        return [(id, name) for id, name in rows]


def _open(wanted: Opening, typed: dict[str, Any]) -> Response:
    who = actor()
    opened = opening_door.open_incident(
        wiring().desk,
        wanted,
        who,
        wiring().now(),
        scope=f"web:{who.id}",
        key=typed.get("key") or secrets.token_urlsafe(18),
    )
    if opened.created:
        flash(_("Đã mở vụ việc %(number)s. Tin đang được gửi.", number=opened.number), "taken")
    return redirect(url_for("room.show", incident_id=opened.incident_id), 303)
