"""The key by which a call that came twice is known: the header, its description, its refusal."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from incident.web.api import problem

KEY_HEADER = "Idempotency-Key"
LONGEST_KEY = 200
KEY_PARAMETER = {
    "in": "header",
    "name": KEY_HEADER,
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
    "description": "Gọi lại với cùng khóa trả về cùng một vụ việc, không mở thêm",
}
KEY_OF_MERGE: dict[str, Any] = KEY_PARAMETER | {"description": "Gọi lại với cùng khóa không gộp lần thứ hai"}


def key_sent() -> str:
    """The caller's key; "" when there is none, or none that can be kept."""
    key = request.headers.get(KEY_HEADER, "").strip()
    return key if len(key) <= LONGEST_KEY and key.isascii() and key.isprintable() else ""


def no_key() -> Response:
    detail = f"Cần tiêu đề {KEY_HEADER}: chuỗi ASCII không quá {LONGEST_KEY} ký tự."
    return problem.answer(400, detail, "no_key", {KEY_HEADER: [detail]})
