"""Everything that goes wrong, as application/problem+json (RFC 9457), in Vietnamese.

Routing happens before any view is known, so what has no address or no such method is answered from a hook of the
application, for the API's addresses only. Must never show what went wrong inside.
"""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, request
from marshmallow import Schema, fields
from werkzeug.exceptions import HTTPException, InternalServerError

from incident.domain.errors import Refusal
from incident.web.api.fields import flattened

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

TITLES = {
    400: "Yêu cầu không đọc được",
    401: "Chưa đăng nhập",
    403: "Không được phép",
    404: "Không tìm thấy",
    405: "Cách gọi không dùng được ở địa chỉ này",
    406: "Không có dạng được yêu cầu",
    409: "Không làm được ở trạng thái hiện nay",
    413: "Nội dung quá dài",
    415: "Cần nội dung application/json",
    422: "Dữ liệu chưa hợp lệ",
    428: "Thiếu điều kiện",
    429: "Gọi quá nhiều, thử lại sau",
    500: "Lỗi của hệ thống",
    503: "Hệ thống tạm thời không phục vụ được",
}
DETAILS = {
    400: "Nội dung gửi lên không phải JSON hợp lệ.",
    401: "Cần mã truy cập (Authorization: Bearer …) hoặc phiên đăng nhập.",
    403: "Tài khoản hoặc mã truy cập không có quyền làm việc này.",
    404: "Không có địa chỉ hoặc nội dung này.",
    405: "Xem tiêu đề Allow để biết cách gọi dùng được.",
    413: "Nội dung gửi lên quá dài.",
    415: "Gửi nội dung với Content-Type: application/json.",
    422: "Xin xem lại các trường nêu trong errors.",
    500: "Hệ thống gặp lỗi khi thực hiện; lỗi đã được ghi lại.",
}


class Problem(Schema):
    """What every error of the API looks like."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(metadata={"description": "Mã ổn định cho chương trình"})
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


def answer(
    status: int, detail: str = "", code: str = "", errors: dict[str, list[str]] | None = None
) -> Response:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status, HTTPStatus(status).phrase),
        "status": status,
        "detail": detail or DETAILS.get(status, TITLES.get(status, "")),
        "code": code or HTTPStatus(status).name.lower(),
    }
    if errors:
        body["errors"] = errors
    response = Response(json.dumps(body, ensure_ascii=False), status, mimetype=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="api"'
    return response


def from_http(error: HTTPException) -> Response:
    """An error of Flask, Werkzeug or webargs."""
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    status = error.code or 500
    data = getattr(error, "data", None) or {}
    errors = _errors(data.get("messages"))
    response = answer(status, errors=errors)
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _errors(messages: Any) -> dict[str, list[str]]:
    """webargs puts the place ("json", "query") above the fields."""
    if not isinstance(messages, dict):
        return {}
    flat: dict[str, list[str]] = {}
    for place, found in messages.items():
        known = place in ("json", "query", "querystring", "headers", "form", "path")
        flat |= flattened(found if known else {place: found})
    return flat


def from_refusal(error: Refusal) -> Response:
    return answer(error.status, error.text, error.code, error.errors)


def from_fault(error: Exception) -> Response:
    log.error("a call of the API failed", exc_info=error)
    return answer(InternalServerError.code or 500)


def handle(blueprint: Blueprint) -> None:
    """Answer in this form for whatever the views of a blueprint raise."""
    blueprint.register_error_handler(HTTPException, from_http)
    blueprint.register_error_handler(Refusal, from_refusal)
    blueprint.register_error_handler(Exception, from_fault)


def handle_addresses(app: Flask, prefix: str) -> None:
    """Answer in this form when an address under `prefix` does not exist or knows no such method."""

    @app.before_request
    def no_such_call() -> Response | None:
        error = request.routing_exception
        if error is None or not request.path.startswith(prefix):
            return None
        return from_http(error)
