"""Puts the API on an application: its calls, its errors, its description in OpenAPI 3.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from flask_smorest import Api

from incident.web.api import acting, incidents, problem, reading, reports, statements
from incident.web.api.door import PREFIX, Key

if TYPE_CHECKING:
    from incident.wiring import Wiring

DESCRIPTION = (
    "Dịch vụ ứng phó sự cố truyền thông. Thời điểm theo ISO 8601, có múi giờ. "
    "Lỗi trả về dạng application/problem+json."
)
SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"session": []}]
SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "Mã do lệnh incident token create cấp"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "incident",
        "description": "Phiên đăng nhập; lệnh ghi cần thêm tiêu đề X-CSRFToken",
    },
}


class Described(Api):  # type: ignore[misc]
    """flask-smorest's API, which leaves the errors of the rest of the application alone."""

    ERROR_SCHEMA = problem.Problem

    def _register_error_handlers(self) -> None:
        """Errors are answered by each group of calls, and by the hook for addresses."""

    def _openapi_json(self) -> Any:
        return self._app.response_class(self._app.json.dumps(self.document), mimetype="application/json")

    document: dict[str, Any]


def register(app: Flask, wiring: Wiring) -> None:
    """Mount /api/v1 with everything below it."""
    app.extensions["wiring"] = wiring
    app.url_map.converters["key"] = Key
    app.config.update(
        API_TITLE="Ứng phó sự cố truyền thông",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {"description": DESCRIPTION},
            "security": SECURITY,
            "components": {"securitySchemes": SCHEMES},
        },
    )
    if isinstance(app.json, DefaultJSONProvider):
        app.json.ensure_ascii = False  # Vietnamese stays readable
    problem.handle_addresses(app, PREFIX)
    api = Described(app)
    api.register_converter(Key, lambda key: {"type": "string", "pattern": f"^{key.regex}$"})
    for group in (incidents, acting, statements, reports, reading):
        api.register_blueprint(group.calls)
    api.document = _finished(api.spec.to_dict())


def _finished(document: dict[str, Any]) -> dict[str, Any]:
    """The description with errors in the type they come in, and with those every call may answer."""
    problems = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for item in document["paths"].values():
        for method, operation in item.items():
            if method == "parameters":
                continue
            responses = operation["responses"]
            responses.pop("default", None)
            for status in _refusals(operation, method):
                responses[str(status)] = {"description": problem.TITLES[status], "content": problems}
    document["components"].pop("responses", None)
    return document


def _refusals(operation: dict[str, Any], method: str) -> tuple[int, ...]:
    reading = (400, 401, 403, 404, 422, 500)
    return reading if method == "get" else (*reading, 409, 413, 415)
