"""Frozen values to and from plain JSON data, by their declared types. Knows nothing of what the values mean.

Times are UTC text of fixed width (`2026-11-22T10:47:28.000000Z`), so that they sort and hash as text. There are no floats.
"""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

PLAIN = (str, int, bool)


def encode(value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
    if is_dataclass(value):
        return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if isinstance(value, float):
        raise ValueError("a float has no canonical text")
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def decode(kind: Any, data: Any) -> Any:
    """The value of type `kind` that `encode` turned into `data`. Missing fields take their defaults."""
    if data is None or kind in PLAIN:
        return data
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        present = [arm for arm in get_args(kind) if arm is not types.NoneType]
        return decode(present[0], data) if len(present) == 1 else data
    if origin is tuple:
        return tuple(decode(get_args(kind)[0], item) for item in data)
    if origin is dict:
        return {key: decode(get_args(kind)[1], item) for key, item in data.items()}
    if kind is datetime:
        return datetime.fromisoformat(data)
    if is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        return kind(**{name: decode(hints[name], item) for name, item in data.items() if name in hints})
    return data
