"""What the form of an opening asks, and how what was typed becomes the door's value. Knows no page and sends nothing."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validate, validates_schema
from werkzeug.datastructures import MultiDict

from incident.domain.words import said
from incident.response.open import Opening
from incident.web.language import _, parse_local, spoken

WHOLE_PROVINCE = "toan_tinh"
CALL_OUT = "goi-xac-nhan"
NEUTRAL = "vu-viec-chung"
SHORT = 20
LONGEST_REASON = 300
KINDS: tuple[tuple[str, Any, str], ...] = (
    ("rumour", _l("Tin chưa kiểm chứng"), "tin-gia-dich-benh"),
    ("own_error", _l("Văn bản, phát ngôn của ta bị sai"), "van-ban-sai"),
    ("casualties", _l("Tai nạn, thiên tai có thương vong"), "tai-nan-thuong-vong"),
    ("officer", _l("Cán bộ"), "hanh-vi-can-bo"),
    ("portal", _l("Cổng, dữ liệu"), "lo-du-lieu"),
    ("complaint", _l("Khiếu kiện"), "khieu-kien-dong-nguoi"),
    ("press", _l("Báo chí đăng sai"), "bao-chi-dang-sai"),
    ("draft_policy", _l("Dự thảo chính sách bị phản ứng"), "du-thao-chinh-sach"),
    ("other", _l("Việc khác"), NEUTRAL),
    ("call_out", _l("Gọi xác nhận toàn địa bàn (mọi cán bộ trả lời đã nhận tin)"), CALL_OUT),
)
PLAYBOOKS = {key: playbook for key, _title, playbook in KINDS}
OWN = "playbook."  # begins the kind that is a playbook of the province's own

# What the two pages carry from one to the other; anything else a form sends is left behind.
TEXTS = (
    "title", "short_name", "kind", "level", "detected_at", "source", "drill", "key", "draft", "leader",
    "leader_person", "leader_at", "left_out_reason", "drill_code", "shown_code",
    "injects",
)  # fmt: skip
LISTS = ("area", "left_out", "seen", "apart")
# Of these a draft keeps what was typed; what a page showed is looked at anew.
KEPT_IN_DRAFT = (
    *(name for name in TEXTS if name not in ("draft", "drill_code", "shown_code")),
    "area",
    "left_out",
)

Typed = dict[str, Any]


def playbook_of(kind: str) -> str | None:
    """The playbook a kind is opened with; None for no kind. Whether a province's own is there, the door says."""
    return kind.removeprefix(OWN) if kind.startswith(OWN) else PLAYBOOKS.get(kind)


def _known(kind: str) -> None:
    if not playbook_of(kind):
        raise ValidationError(said("Chọn loại vụ việc"))


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
        validate=validate.Length(1, 300, error=said("Nêu ngắn việc đang xảy ra, không quá 300 ký tự")),
        error_messages={"required": said("Nêu ngắn việc đang xảy ra")},
    )
    short_name = fields.Str(
        load_default="", validate=validate.Length(max=20, error=said("Tên ngắn không quá 20 ký tự"))
    )
    kind = fields.Str(
        required=True,
        validate=_known,
        error_messages={"required": said("Chọn loại vụ việc")},
    )
    area = fields.List(fields.Str(), load_default=list)
    level = fields.Int(
        required=True,
        validate=validate.OneOf([1, 2, 3], error=said("Chọn cấp độ")),
        error_messages={"required": said("Chọn cấp độ"), "invalid": said("Chọn cấp độ")},
    )
    detected_at = fields.Str(load_default="")
    source = fields.Str(
        load_default="", validate=validate.Length(max=300, error=said("Nguồn tin không quá 300 ký tự"))
    )
    drill = fields.Bool(load_default=False)
    key = fields.Str(load_default="", validate=validate.Length(max=64))

    @pre_load
    def tidy(self, data: Typed, **_how: Any) -> Typed:
        return {k: clean(v) if isinstance(v, str) else v for k, v in data.items()}

    @validates_schema(skip_on_field_errors=False)
    def times_and_places(self, data: Typed, **_how: Any) -> None:
        faults: dict[str, list[str]] = {}
        if not data.get("area"):
            faults["area"] = [said("Chọn ít nhất một địa bàn")]
        if data.get("detected_at"):
            try:
                parse_local(data["detected_at"])
            except ValueError:
                faults["detected_at"] = [said("Ghi thời điểm theo dạng giờ:phút ngày/tháng/năm")]
        if faults:
            raise ValidationError(faults)


def typed_of(form: MultiDict[str, str]) -> Typed:
    """Everything the two pages carry. Whose tick was taken away is left out; a list the page has not shown stays."""
    typed: Typed = {name: form.get(name, "") for name in TEXTS}
    typed |= {name: list(dict.fromkeys(form.getlist(name)))[:200] for name in LISTS}
    if offered := form.getlist("offered"):
        called = set(form.getlist("call"))
        typed["computed"] = typed["left_out"]
        typed["left_out"] = [person for person in dict.fromkeys(offered) if person not in called][:200]
    return typed


def is_drill(typed: Typed) -> bool:
    return str(typed.get("drill", "")).lower() in ("true", "on", "1")


def faults_of(fault: ValidationError) -> dict[str, list[str]]:
    messages = fault.messages
    named = messages if isinstance(messages, dict) else {"": messages}
    return {name: [spoken(str(text)) for text in texts] for name, texts in named.items()}


def area_of(chosen: list[str]) -> tuple[str, ...]:
    return (WHOLE_PROVINCE,) if WHOLE_PROVINCE in chosen else tuple(chosen)


def opening_of(typed: Typed, places: Callable[[], Mapping[str, str]]) -> Opening:
    """The door's own value, of the six questions. Raises ValidationError."""
    data = OpeningSchema().load({name: value for name, value in typed.items() if value})
    area = area_of(data["area"])
    return Opening(
        title=data["title"],
        playbook=playbook_of(data["kind"]) or NEUTRAL,
        level=data["level"],
        area=area,
        short_name=data["short_name"] or neutral_name(data["kind"], area, places()),
        detected_at=parse_local(data["detected_at"]) if data["detected_at"] else None,
        source=data["source"],
        mode="drill" if data["drill"] else "live",
        left_out=tuple(typed["left_out"]),
        left_out_reason=clean(typed["left_out_reason"]),
    )


def answers_of(typed: Typed) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """What was answered on the page before sending (for `Opening`), and what is wrong with it."""
    errors: dict[str, list[str]] = {}
    if len(typed["left_out_reason"]) > LONGEST_REASON:
        errors["left_out_reason"] = [_("Lý do không quá %(n)s ký tự", n=LONGEST_REASON)]
    answers: dict[str, Any] = {"injects": typed["injects"]} if is_drill(typed) else {}
    if typed["leader"] not in ("informed", "not_reached"):
        return answers, errors
    answers |= {"leader": typed["leader"], "leader_person": typed["leader_person"] or None}
    if typed["leader"] == "informed" and typed["leader_at"]:
        try:
            answers["leader_at"] = parse_local(typed["leader_at"])
        except ValueError:
            errors["leader_at"] = [_("Ghi thời điểm báo cáo lãnh đạo")]
    return answers, errors


def wrong_drill_code(typed: Typed) -> dict[str, list[str]]:
    """A drill is sent by one who has read that it is a drill: he types its code."""
    if not is_drill(typed):
        return {}
    written = "".join(typed["drill_code"].split()).upper()
    if written and written == typed["shown_code"]:
        return {}
    return {
        "drill_code": [_("Gõ đúng mã diễn tập %(code)s để gửi. Chưa gửi tin nào.", code=typed["shown_code"])]
    }


def neutral_name(kind: str, area: tuple[str, ...], places: Mapping[str, str]) -> str:
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


def level_hints(counts: Mapping[int, int], exact: bool) -> dict[int, str]:
    """What each level does, and how many people it wakes; "khoảng" where kind and area are not known yet."""
    how = {level: n if exact else _("khoảng %(n)s", n=n) for level, n in counts.items() if n}
    none = _("không báo ai qua tin nhắn")
    return {
        1: _("báo %(n)s người", n=how[1]) if 1 in how else _("chỉ ghi nhận, không gọi Tổ công tác"),
        2: _("Giám đốc Sở chủ trì, báo %(n)s người", n=how[2]) if 2 in how else none,
        3: _("báo Phó Chủ tịch UBND tỉnh, %(n)s người", n=how[3]) if 3 in how else none,
    }
