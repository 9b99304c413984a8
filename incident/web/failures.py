"""What people see when something does not work: what happened, and a way on. The API answers for itself."""

from __future__ import annotations

import logging

from flask import Flask, Response, current_app, g, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from incident.domain.errors import Refusal
from incident.web.language import _, phone, spoken
from incident.web.pages.access import sign_in_first

log = logging.getLogger(__name__)

MACHINES = ("/api/", "/hooks/", "/healthz", "/readyz", "/metrics")
CODES = (400, 401, 403, 404, 405, 409, 413, 429, 500, 503)


def register(app: Flask) -> None:
    for code in CODES:
        app.register_error_handler(code, _http)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(Refusal, _refused)
    for fault in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(fault, _no_database)


def page(code: int, title: str, text: str) -> Response:
    """The page of a failure, or its bare line for what a page fetches by itself."""
    if "HX-Request" in request.headers:
        return Response(text, code, mimetype="text/plain")
    answer = make_response(render_template("failure.html", title=title, text=text, code=code), code)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _machine(error: HTTPException) -> Response:
    answer = jsonify(title=error.name, status=error.code, detail=error.description)
    answer.status_code = error.code or 500
    answer.mimetype = "application/problem+json"
    return answer


def _http(error: HTTPException) -> Response:
    code = error.code or 500
    if request.path.startswith(MACHINES):
        return _machine(error)
    title, text = _words(code)
    answer = page(code, title, text)
    for name, value in error.get_headers() if code in (405, 429) else ():
        if name in ("Allow", "Retry-After"):
            answer.headers[name] = value
    return answer


def _stale_form(error: CSRFError) -> Response:
    if request.path.startswith(MACHINES):
        return _machine(error)
    if g.get("idle") and "X-Sent" in request.headers:
        return page(401, *_words(401))
    if g.get("idle"):
        # The token ended with the session: what was typed is kept, and stands there again after the sign-in.
        return sign_in_first()
    return page(
        400,
        _("Trang đã cũ"),
        _(
            "Phiên làm việc đã thay đổi từ khi mở trang này. Quay lại, tải lại trang rồi gửi lại; chưa có gì được gửi đi."
        ),
    )


def _refused(error: Refusal) -> Response:
    if request.path.startswith(MACHINES):
        answer = jsonify(title=error.code, status=error.status, detail=error.text, errors=error.errors)
        answer.status_code, answer.mimetype = error.status, "application/problem+json"
        return answer
    return page(error.status, _words(error.status)[0], spoken(error.text))


def _no_database(error: Exception) -> Response:
    """A page that asks nothing of the database: what to do on paper, and whom to call."""
    log.error("the database does not answer", exc_info=error)
    if request.path.startswith(MACHINES) or "HX-Request" in request.headers:
        answer = jsonify(title="Service Unavailable", status=503, detail="database")
        answer.mimetype = "application/problem+json"
    else:
        known = {"duty_phone": current_app.extensions.get("duty_phone", ""), "phone": phone}
        answer = Response(current_app.jinja_env.get_template("on_paper.html").render(known))
    answer.status_code, answer.headers["Retry-After"] = 503, "10"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _words(code: int) -> tuple[str, str]:
    known = {
        400: (_("Yêu cầu không hợp lệ"), _("Quay lại trang trước, tải lại rồi thử lần nữa.")),
        401: (_("Cần đăng nhập"), _("Phiên làm việc đã hết. Đăng nhập lại để tiếp tục.")),
        403: (
            _("Không có quyền"),
            _("Tài khoản của đồng chí không được xem trang này. Cần thì liên hệ cán bộ trực."),
        ),
        404: (_("Không tìm thấy trang"), _("Địa chỉ có thể gõ sai, hoặc nội dung không còn.")),
        405: (_("Không làm được theo cách này"), _("Quay lại trang trước và bấm nút trên trang.")),
        409: (_("Đã có thay đổi"), _("Người khác vừa thay đổi nội dung này. Tải lại trang để xem bản mới.")),
        413: (_("Nội dung quá dài"), _("Rút gọn nội dung rồi gửi lại.")),
        422: (_("Chưa đủ thông tin"), _("Quay lại, kiểm tra các ô đã nhập.")),
        429: (_("Thử lại sau một phút"), _("Có quá nhiều yêu cầu từ địa chỉ này. Chờ một phút rồi thử lại.")),
        503: (_("Hệ thống đang bận"), _("Thử lại sau ít phút. Việc khẩn: gọi số trực.")),
    }
    default = (
        _("Có lỗi trong hệ thống"),
        _("Việc vừa làm có thể chưa được ghi. Tải lại trang để kiểm tra. Việc khẩn: gọi số trực."),
    )
    return known.get(code, default)
