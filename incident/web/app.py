"""The web application: what is put together, in which order, and what every answer carries.

Knows the parts of the web only by their `register` or `blueprint`. Must never hold a page or a rule.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, abort, current_app, g, request, session
from flask.json.provider import DefaultJSONProvider
from flask_babel import Babel
from flask_wtf.csrf import CSRFProtect
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    Undefined,
)
from werkzeug.middleware.proxy_fix import ProxyFix

from incident.web import compression, entrance, failures, files, language, signin, watching
from incident.web.pages import site

if TYPE_CHECKING:
    from incident.wiring import Wiring

OWN_MARK = ("/d/",)  # pages without a session: their forms carry a signed mark of their own
ASKED_ELSEWHERE = ("/api/",)  # bearer tokens and headers
LIMIT_OF_A_REQUEST = 1_000_000
NUL = "\x00"
A_YEAR = "max-age=31536000"
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class LaxForeign(BaseLoader):
    """Our templates fail on an unknown name; the libraries' templates count on its being empty."""

    def __init__(self, inner: BaseLoader) -> None:
        self.inner = inner
        self.environments: dict[bool, Environment] = {}

    def get_source(self, environment: Environment, template: str) -> Any:
        return self.inner.get_source(environment, template)

    def list_templates(self) -> list[str]:
        return self.inner.list_templates()

    def load(self, environment: Environment, name: str, globals: Any = None) -> Any:
        source, filename, uptodate = self.inner.get_source(environment, name)
        ours = filename is not None and "/incident/web/templates/" in filename.replace("\\", "/")
        if ours not in self.environments:
            self.environments[ours] = environment if ours else environment.overlay(undefined=Undefined)
        chosen = self.environments[ours]
        code = chosen.compile(source, name, filename)
        made = chosen.make_globals(globals) if globals is None else globals
        return chosen.template_class.from_code(chosen, code, made, uptodate)


class Json(DefaultJSONProvider):
    """JSON that nests too deeply is no JSON, wherever it is read: here, and before us by the sign-in's own look at it."""

    def loads(self, s: str | bytes, **more: Any) -> Any:
        try:
            return super().loads(s, **more)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def create_app(wiring: Wiring) -> Flask:
    """The whole web of one service. Nothing is kept outside of `app.extensions["wiring"]`."""
    app = Flask(__name__, static_folder=None)
    app.json_provider_class = Json  # the sign-in builds its own upon it
    app.extensions["wiring"] = wiring
    app.wsgi_app = entrance.ahead(app.wsgi_app, wiring, LIMIT_OF_A_REQUEST)  # type: ignore[method-assign,assignment]
    if hops := wiring.settings.proxies:
        # Only as many hops are believed as there are proxies of ours; the rest is what a client wrote.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    app.config.update(
        SECRET_KEY=wiring.settings.secret_key,
        MAX_CONTENT_LENGTH=LIMIT_OF_A_REQUEST,
        SESSION_COOKIE_NAME="incident",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=wiring.settings.https,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        WTF_CSRF_CHECK_DEFAULT=False,  # asked below
        WTF_CSRF_TIME_LIMIT=None,  # a form may lie open for hours; the token ends with the session
        WTF_CSRF_SSL_STRICT=wiring.settings.https,
    )
    _templates(app)
    assets = files.Files()
    app.extensions["files"] = assets
    app.register_blueprint(assets.blueprint())
    Babel(
        app, locale_selector=language.chosen, default_locale="vi", default_timezone=wiring.settings.tz_display
    )
    language.for_templates(app.jinja_env)
    csrf = CSRFProtect(app)
    watching.register(app, wiring)  # ahead of the sign-in: it answers before an account is loaded
    signin.install(app, wiring)
    failures.register(app)
    site.register(app, wiring)
    _neighbours(app, wiring)

    @app.before_request
    def same_origin() -> None:
        if request.path.startswith(ASKED_ELSEWHERE):
            return
        _refuse_unstorable()
        reads = request.method in ("GET", "HEAD", "OPTIONS", "TRACE")
        if not reads and not request.path.startswith(OWN_MARK):
            csrf.protect()

    compression.register(app)
    app.after_request(_headers)  # run in the order of their end: these last but for the compression
    app.after_request(_for_a_script)
    return app


def _refuse_unstorable() -> None:
    """No keyboard types a NUL, and PostgreSQL keeps none: 400, before anything asks the database."""
    typed = (
        value
        for values in (request.args, request.form)
        for item in values.items(multi=True)
        for value in item
    )
    if NUL in request.path or any(NUL in value for value in typed):
        abort(400)


def _templates(app: Flask) -> None:
    ours = app.jinja_loader
    assert ours is not None
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    foreign = PrefixLoader(
        {
            "govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja"),
            "govuk_frontend_wtf": PackageLoader("govuk_frontend_wtf"),
        }
    )
    app.jinja_env.loader = LaxForeign(ChoiceLoader([ours, app.jinja_env.loader or ours, foreign]))


def _neighbours(app: Flask, wiring: Wiring) -> None:
    """What others built on the same application: the API, the health of the service."""
    from incident.web import health
    from incident.web.api.register import register as register_api

    register_api(app, wiring)
    app.register_blueprint(health.blueprint(wiring))


def _for_a_script(response: Response) -> Response:
    """A form sent by our script is told where to go, and goes there itself: what the page says then is not lost on it."""
    if request.headers.get("X-Sent") != "script" or response.status_code not in (302, 303):
        return response
    return Response(status=204, headers={"X-Go": response.headers["Location"]})


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if "HX-Request" in request.headers:
        session.modified = (
            False  # what a page fetches by itself never writes over the cookie of a newer sign-in
        )
    if request.blueprint == "security" or "Cache-Control" not in response.headers:
        known = session or g.get("private") or g.get("actor")
        response.headers["Cache-Control"] = "no-store" if known else "no-cache"
    if current_app.extensions["wiring"].settings.https:
        response.headers.setdefault("Strict-Transport-Security", A_YEAR)
    return response
