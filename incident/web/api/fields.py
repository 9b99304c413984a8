"""What may come in by JSON: texts without control characters and in one form of Unicode, times with an offset, areas.

Messages are Vietnamese. Must never know a use case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from incident.domain.texts import cleaned

REQUIRED = "Cần có trường này."
NULL = "Trường này không được để trống."
UNKNOWN = "Không có trường này."
NOT_TEXT = "Cần một chuỗi ký tự."
NOT_TIME = "Cần thời điểm ISO 8601 có múi giờ, ví dụ 2026-11-22T02:05:00+07:00."
NOT_NUMBER = "Cần một số nguyên."
NOT_FLAG = "Cần true hoặc false."
NOT_LIST = "Cần một danh sách."
NOT_OBJECT = "Cần một đối tượng JSON."

TEXT_MESSAGES: dict[str, Any] = {
    "required": REQUIRED,
    "null": NULL,
    "invalid": NOT_TEXT,
    "invalid_utf8": NOT_TEXT,
}
LIST_MESSAGES: dict[str, Any] = {"required": REQUIRED, "null": NULL, "invalid": NOT_LIST}
EARLIEST = 1900  # years before are slips of the hand, and their UTC may not exist


class Words(fields.String):
    """A text of at most `longest` characters, counted after cleaning. `lines` keeps line breaks."""

    def __init__(
        self, *, longest: int, shortest: int = 0, lines: bool = False, metadata: Any = None, **more: Any
    ) -> None:
        self.longest, self.shortest, self.lines = longest, shortest, lines
        described = {"maxLength": longest, **(metadata or {})}
        if shortest:
            described["minLength"] = shortest
        super().__init__(metadata=described, error_messages=TEXT_MESSAGES, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> str:
        text = cleaned(super()._deserialize(value, attr, data, **more), self.lines)
        if len(text) < self.shortest:
            raise ValidationError(NULL)
        if len(text) > self.longest:
            raise ValidationError(f"Không quá {self.longest} ký tự (đang có {len(text)}).")
        return text


class Moment(fields.AwareDateTime):
    """ISO 8601 with an offset."""

    def __init__(self, **more: Any) -> None:
        messages: dict[str, Any] = {
            "required": REQUIRED,
            "null": NULL,
            "invalid": NOT_TIME,
            "invalid_awareness": NOT_TIME,
            "format": NOT_TIME,
        }
        super().__init__(format="iso", error_messages=messages, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> datetime:
        if not isinstance(value, str) or "T" not in value.upper():
            raise ValidationError(NOT_TIME)
        moment: datetime = super()._deserialize(value.upper(), attr, data, **more)
        if not EARLIEST <= moment.year < 9999:
            raise ValidationError(NOT_TIME)
        return moment


class Whole(fields.Integer):
    """A whole number; 3.0 is one in JSON, "3" only where it comes from an address."""

    def __init__(self, *, low: int, high: int, from_address: bool = False, **more: Any) -> None:
        self.from_address = from_address
        messages: dict[str, Any] = {
            "required": REQUIRED,
            "null": NULL,
            "invalid": NOT_NUMBER,
            "too_large": NOT_NUMBER,
        }
        between = validate.Range(low, high, error=f"Cần một số từ {low} đến {high}.")
        super().__init__(validate=between, error_messages=messages, **more)

    def _validated(self, value: Any) -> Any:
        whole = isinstance(value, float) and value.is_integer()
        number = isinstance(value, int) and not isinstance(value, bool)
        digits = self.from_address and isinstance(value, str) and value.isascii() and value.isdigit()
        if not (whole or number or digits):
            raise ValidationError(NOT_NUMBER)
        return super()._validated(value)


class Flag(fields.Boolean):
    """true or false, and nothing that merely looks like it."""

    def __init__(self, **more: Any) -> None:
        super().__init__(error_messages={"required": REQUIRED, "null": NULL, "invalid": NOT_FLAG}, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError(NOT_FLAG)
        return value


class Choice(Words):
    """One of a few words."""

    def __init__(self, *choices: str, **more: Any) -> None:
        one = validate.OneOf(choices, error=f"Chỉ nhận: {', '.join(choices)}.")
        super().__init__(longest=60, validate=one, **more)


class Many(fields.List[Any]):
    """A list of at most `most` items."""

    def __init__(self, item: fields.Field[Any], *, most: int, **more: Any) -> None:
        limit = validate.Length(max=most, error=f"Không quá {most} mục.")
        super().__init__(item, validate=limit, error_messages=LIST_MESSAGES, **more)


def key(**more: Any) -> Words:
    """A slug or an id."""
    return Words(longest=60, shortest=1, **more)


class Area(fields.Field[tuple[str, ...]]):
    """A commune's key, a list of keys, or "toan_tinh"."""

    def __init__(self, **more: Any) -> None:
        one = {"type": "string", "minLength": 1, "maxLength": 60}
        metadata = {
            "oneOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": 200}],
            "description": "Mã địa bàn, danh sách mã, hoặc toan_tinh",
        }
        super().__init__(metadata=metadata, error_messages={"required": REQUIRED, "null": NULL}, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> tuple[str, ...]:
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not listed or len(listed) > 200:
            raise ValidationError("Cần mã địa bàn, danh sách mã, hoặc toan_tinh.")
        return tuple(str(key().deserialize(item)) for item in listed)


class Incoming(Schema):
    """A body whose unknown fields are refused."""

    error_messages = {"unknown": UNKNOWN, "type": NOT_OBJECT, "invalid": NOT_OBJECT}  # noqa: RUF012

    class Meta:
        unknown = RAISE


def flattened(messages: Any) -> dict[str, list[str]]:
    """Marshmallow's nested messages as {"field": [texts]}; an item of a list is "field.0"."""
    if not isinstance(messages, Mapping):
        return {"_": _texts(messages)}
    flat: dict[str, list[str]] = {}
    for name, below in messages.items():
        if isinstance(below, Mapping):
            for deeper, texts in flattened(below).items():
                flat[f"{name}.{deeper}" if deeper != "_schema" else str(name)] = texts
        else:
            flat["_" if name == "_schema" else str(name)] = _texts(below)
    return flat


def _texts(messages: Any) -> list[str]:
    return [str(text) for text in messages] if isinstance(messages, list | tuple) else [str(messages)]
