"""Accounts: signing in and out, the second factor, lock-out, idle time-out, and who the current actor is.

Flask-Security does the work on a session of its own. Closed here, because it leaves them open: a TOTP code used twice,
recovery codes in plain text, telling which addresses exist, endless guessing (also at the second factor), sessions
that never end. Must never know an incident.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Flask, Request, Response, after_this_request, current_app, g, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_babel import lazy_gettext as _l
from flask_login import user_logged_out
from flask_security import Security, SQLAlchemySessionUserDatastore, UserMixin, current_user, logout_user
from flask_security.forms import (
    LoginForm,
    TwoFactorRescueForm,
    TwoFactorSetupForm,
    TwoFactorVerifyCodeForm,
    VerifyForm,
)
from flask_security.recovery_codes import MfRecoveryForm
from flask_security.signals import user_authenticated
from flask_security.totp import Totp
from govuk_frontend_wtf.wtforms_widgets import GovPasswordInput, GovSubmitInput, GovTextInput
from sqlalchemy.orm import DeclarativeBase, scoped_session, sessionmaker
from wtforms import EmailField, PasswordField, RadioField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from incident.domain.actors import Actor, Role
from incident.domain.words import said
from incident.store import tables
from incident.web.language import TRANSLATIONS, _, remembered, spoken

if TYPE_CHECKING:
    from incident.wiring import Wiring

log = logging.getLogger(__name__)

FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=15)
IDLE_LIMIT = timedelta(minutes=15)
WALL, WALL_LIMIT = (
    "/wall",
    timedelta(hours=12),
)  # a screen on the wall has no hand on it; nothing can be done there
SEEN = "seen_at"
WITHOUT_SESSION = ("/static/", "/hooks/", "/healthz", "/readyz", "/metrics")


class Mapped(DeclarativeBase):
    """The accounts' own mapping of the tables: Flask-Security wants `roles` to be objects, the table keeps words."""

    metadata = tables.Base.metadata


@dataclass(frozen=True, slots=True)
class NamedRole:
    name: str

    def get_permissions(self) -> set[str]:
        return set()


def _now() -> datetime:
    wiring: Wiring = current_app.extensions["wiring"]
    return wiring.now()


class SignIn(Mapped, UserMixin):
    """A row of `account` as Flask-Security sees it."""

    __table__ = tables.Account.__table__
    role_names = tables.Account.__table__.c.roles

    @property
    def roles(self) -> list[NamedRole]:  # type: ignore[override]
        words: list[str] = self.role_names  # type: ignore[assignment]
        return [NamedRole(name) for name in words]

    def track_failed_authn(self, auth_type: str, tfa: bool = False) -> None:
        """Counts, and locks after five. Commits at once: the request that failed is rolled back."""
        failed: int = (self.failed_attempts or 0) + 1  # type: ignore[has-type]
        self.failed_attempts = failed
        if failed >= FAILURES_ALLOWED:
            self.failed_attempts, self.locked_until = 0, _now() + LOCKED_FOR
        accounts().commit()
        super().track_failed_authn(auth_type, tfa)

    def is_locked(self, form_error: list[str] | None = None) -> bool:
        locked = self.locked_until is not None and self.locked_until > _now()
        if locked and form_error is not None:
            form_error.append(
                _("Tài khoản tạm khóa 15 phút do nhập sai nhiều lần. Liên hệ quản trị nếu cần gấp.")
            )
        return locked


class NoRole(Mapped):
    """Flask-Security asks for a table of roles. There is none: it is mapped and never queried."""

    __table__ = tables.Setting.__table__


def accounts() -> Any:
    """The session of the accounts, one a thread, apart from every use case's transaction."""
    return current_app.extensions["accounts"]


class OnceTotp(Totp):
    """A code is taken once: the counter of the last one is kept with the account."""

    def get_last_counter(self, user: Any) -> int | None:
        return user.totp_counter  # type: ignore[no-any-return]

    def set_last_counter(self, user: Any, tmatch: Any) -> None:
        user.totp_counter = tmatch.counter
        accounts().commit()


class OwnLoginForm(LoginForm):
    email = EmailField(
        _l("Thư điện tử"),
        validators=[InputRequired(_l("Nhập địa chỉ thư điện tử")), Length(max=255)],
        widget=GovTextInput(),
        render_kw={"autocomplete": "username", "spellcheck": "false"},
    )
    password = PasswordField(
        _l("Mật khẩu"),
        validators=[InputRequired(_l("Nhập mật khẩu")), Length(max=255)],
        widget=GovPasswordInput(),
        render_kw={"autocomplete": "current-password"},
    )
    submit = SubmitField(_l("Đăng nhập"), widget=GovSubmitInput())

    def validate(self, **kwargs: Any) -> bool:
        """Who gave the right password is told why the door stays shut; the library hides that among the fields."""
        valid = bool(super().validate(**kwargs))
        if not valid and self.user_authenticated and self.user is not None and self.user.is_locked():
            self.email.errors, self.password.errors, self.form_errors = [], [], [spoken(NOT_LET_IN)]
        elif not valid and self.user_authenticated:
            self.form_errors = [*self.email.errors, *self.password.errors]
            self.email.errors, self.password.errors = [], []
        return valid


class OwnVerifyForm(VerifyForm):
    password = PasswordField(
        _l("Mật khẩu"),
        validators=[InputRequired(_l("Nhập mật khẩu")), Length(max=255)],
        widget=GovPasswordInput(),
        render_kw={"autocomplete": "current-password"},
    )
    submit = SubmitField(_l("Xác nhận"), widget=GovSubmitInput())


CODE_FIELD = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}


class OwnCodeForm(TwoFactorVerifyCodeForm):
    code = StringField(
        _l("Mã 6 số trên ứng dụng xác thực"),
        validators=[InputRequired(_l("Nhập mã 6 số")), Length(max=12)],
        widget=GovTextInput(),
        render_kw=CODE_FIELD,
    )
    submit = SubmitField(_l("Tiếp tục"), widget=GovSubmitInput())

    def validate(self, **kwargs: Any) -> bool:
        if not self.is_setup and self.user is not None:
            errors: list[str] = []
            if self.user.is_locked(errors):
                self.code.errors = errors
                return False
        if self.code.data:
            self.code.data = "".join(self.code.data.split())
        return bool(super().validate(**kwargs))


class OwnSetupForm(TwoFactorSetupForm):
    setup = RadioField(
        _l("Cách xác thực"),
        choices=[SelectChoice("disable"), SelectChoice("authenticator")],
        validate_choice=False,
    )


class OwnRescueForm(TwoFactorRescueForm):
    """Never shown: who lost the telephone uses a recovery code or asks the administrator."""

    help_setup = RadioField(_l("Cần giúp"), choices=[SelectChoice("help")])


class OwnRecoveryForm(MfRecoveryForm):
    code = StringField(
        _l("Mã khôi phục"),
        validators=[InputRequired(_l("Nhập mã khôi phục")), Length(max=64)],
        widget=GovTextInput(),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    submit = SubmitField(_l("Tiếp tục"), widget=GovSubmitInput())

    def validate(self, **kwargs: Any) -> bool:
        errors: list[str] = []
        if self.user is not None and self.user.is_locked(errors):
            self.code.errors = errors
            return False
        valid = bool(super().validate(**kwargs))
        if not valid and self.user is not None and self.code.data:
            self.user.track_failed_authn("recovery", True)
        return valid


# The same words whatever was wrong: while an account is locked nobody learns by them that a password was right.
NOT_LET_IN = said(
    "Thư điện tử hoặc mật khẩu không đúng. Nhập sai 5 lần thì tài khoản tạm khóa 15 phút; cần gấp, liên hệ quản trị."
)
MESSAGES: dict[str, tuple[str, str]] = {
    "GENERIC_AUTHN_FAILED": (NOT_LET_IN, "error"),
    "USER_DOES_NOT_EXIST": (NOT_LET_IN, "error"),
    "INVALID_PASSWORD": (said("Mật khẩu không đúng"), "error"),
    "PASSWORD_NOT_PROVIDED": (said("Nhập mật khẩu"), "error"),
    "EMAIL_NOT_PROVIDED": (said("Nhập địa chỉ thư điện tử"), "error"),
    "INVALID_EMAIL_ADDRESS": (said("Địa chỉ thư điện tử không hợp lệ"), "error"),
    "DISABLED_ACCOUNT": (said("Tài khoản đã bị khóa. Liên hệ quản trị."), "error"),
    "UNAUTHENTICATED": (said("Đồng chí cần đăng nhập để xem trang này."), "info"),
    "UNAUTHORIZED": (said("Tài khoản không có quyền xem trang này."), "error"),
    "LOGIN": (said("Đồng chí cần đăng nhập để xem trang này."), "info"),
    "REAUTHENTICATION_REQUIRED": (said("Cần nhập lại mật khẩu để tiếp tục."), "info"),
    "REAUTHENTICATION_SUCCESSFUL": (said("Đã xác nhận."), "info"),
    "TWO_FACTOR_INVALID_TOKEN": (said("Mã không đúng hoặc đã dùng. Chờ mã mới rồi nhập lại."), "error"),
    "TWO_FACTOR_LOGIN_SUCCESSFUL": (said("Đã xác thực hai bước."), "success"),
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": (said("Đã bật xác thực hai bước."), "success"),
    "TWO_FACTOR_DISABLED": (said("Đã tắt xác thực hai bước."), "success"),
    "TWO_FACTOR_PERMISSION_DENIED": (said("Phiên xác thực đã hết. Đăng nhập lại."), "error"),
    "TWO_FACTOR_METHOD_NOT_AVAILABLE": (said("Chọn một cách xác thực"), "error"),
    "TWO_FACTOR_SETUP_EXPIRED": (said("Quá thời gian cài đặt. Làm lại từ đầu."), "error"),
    "INVALID_RECOVERY_CODE": (said("Mã khôi phục không đúng hoặc đã dùng"), "error"),
    "NO_RECOVERY_CODES_SETUP": (said("Chưa có mã khôi phục"), "info"),
    "API_ERROR": (said("Yêu cầu không hợp lệ"), "error"),
    "ANONYMOUS_USER_REQUIRED": (said("Đồng chí đang đăng nhập."), "info"),
}


def install(app: Flask, wiring: Wiring) -> Security:
    """Sign-in on the app. `wiring.now` is the only clock; the secrets derive from `SECRET_KEY`."""
    secret = wiring.settings.secret_key
    app.config.update(
        SECURITY_PASSWORD_SALT=_derived(secret, "password").hex(),
        SECURITY_PASSWORD_HASH="argon2",
        SECURITY_PASSWORD_SINGLE_HASH=True,  # a plain argon2 hash, as the command line writes it
        SECURITY_TOTP_SECRETS={"1": _derived(secret, "totp").hex()},
        SECURITY_TOTP_ISSUER=_issuer(wiring),
        SECURITY_I18N_DIRNAME=[str(TRANSLATIONS)],  # its sentences stand in our own catalogue
        SECURITY_I18N_DOMAIN="messages",
        SECURITY_TWO_FACTOR=True,
        SECURITY_TWO_FACTOR_ENABLED_METHODS=["authenticator"],
        SECURITY_TWO_FACTOR_RESCUE_EMAIL=False,
        SECURITY_TWO_FACTOR_ALWAYS_VALIDATE=True,
        SECURITY_TWO_FACTOR_AUTHENTICATOR_VALIDITY=30,
        SECURITY_MULTI_FACTOR_RECOVERY_CODES=True,
        SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS=[base64.urlsafe_b64encode(_derived(secret, "recovery"))],
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_JOIN_USER_ROLES=False,  # the roles are words in a column
        SECURITY_CSRF_PROTECT_MECHANISMS=["session"],
        SECURITY_API_ENABLED_METHODS=["session"],
        SECURITY_DATETIME_FACTORY=lambda: wiring.now().replace(tzinfo=None),
        SECURITY_FRESHNESS=timedelta(minutes=30),
        SECURITY_FRESHNESS_GRACE_PERIOD=timedelta(minutes=10),
        SECURITY_LOGIN_URL="/sign-in",
        SECURITY_LOGOUT_URL="/sign-out",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_TWO_FACTOR_SETUP_URL="/account/two-factor",
        SECURITY_MULTI_FACTOR_RECOVERY_CODES_URL="/account/recovery-codes",
        SECURITY_TWO_FACTOR_TOKEN_VALIDATION_URL="/sign-in/code",
        SECURITY_MULTI_FACTOR_RECOVERY_URL="/sign-in/recovery",
        SECURITY_VERIFY_URL="/account/verify",
        SECURITY_POST_LOGIN_VIEW="/",
        SECURITY_POST_LOGOUT_VIEW="/sign-in",
        SECURITY_TWO_FACTOR_POST_SETUP_VIEW="/account",
        SECURITY_DEFAULT_REMEMBER_ME=False,
        SECURITY_SEND_REGISTER_EMAIL=False,
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
        **{f"SECURITY_MSG_{key}": text for key, text in MESSAGES.items()},
    )
    session_of_accounts = scoped_session(sessionmaker(wiring.store.autocommit, expire_on_commit=False))
    app.extensions["accounts"] = session_of_accounts
    app.teardown_appcontext(lambda error: session_of_accounts.remove())
    datastore = SQLAlchemySessionUserDatastore(session_of_accounts, SignIn, NoRole)  # type: ignore[arg-type]
    security = Security(
        app,
        datastore,
        login_form=OwnLoginForm,
        verify_form=OwnVerifyForm,
        two_factor_setup_form=OwnSetupForm,
        two_factor_rescue_form=OwnRescueForm,
        two_factor_verify_code_form=OwnCodeForm,
        mf_recovery_form=OwnRecoveryForm,
        totp_cls=OnceTotp,
    )
    user_authenticated.connect(_signed_in, app, weak=False)
    user_logged_out.connect(_signed_out, app, weak=False)
    app.login_manager.request_loader(lambda request: None)  # type: ignore[attr-defined]  # cookies alone, never its tokens
    app.session_interface = PagesOnly()
    app.before_request(_end_idle_session)
    return security


def _signed_in(sender: Flask, user: Any, **extra: Any) -> None:
    user.failed_attempts, user.locked_until, user.last_seen_at = 0, None, _now()
    accounts().commit()
    session[SEEN] = _now().isoformat()
    after_this_request(lambda answer: remembered(answer, user.language))


def _signed_out(sender: Flask, user: Any, **extra: Any) -> None:
    """Whoever signs out leaves no cookie behind that still opens the door, wherever it was copied to. The library would
    go on taking it: its sessions live in the cookie alone. An idle end is not a wish to leave other places, too."""
    session.pop(SEEN, None)
    if request.endpoint == "security.logout" and isinstance(user, SignIn):
        user.fs_uniquifier = uuid.uuid4().hex
        accounts().commit()


class PagesOnly(SecureCookieSessionInterface):
    """Sessions for what people open. A file that everyone may keep, a carrier's call and a probe look at no account and carry
    no cookie: one that arrives late would bring back a session that has ended, a cache would hand it to others."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if request.path.startswith(WITHOUT_SESSION):
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not request.path.startswith(WITHOUT_SESSION):
            super().save_session(app, session, response)


def _end_idle_session() -> None:
    """Fifteen minutes without a hand on it end a session. What a page fetches by itself is no hand."""
    if not current_user.is_authenticated:
        return
    seen, on_the_wall = session.get(SEEN), request.path.split("/live")[0] == WALL
    limit = WALL_LIMIT if on_the_wall else IDLE_LIMIT
    if seen is None or _now() - datetime.fromisoformat(seen) > limit:
        g.idle_account = str(current_user.id)
        logout_user()
        session.pop(SEEN, None)
        g.idle = True
    elif "HX-Request" not in request.headers and not on_the_wall:
        session[SEEN] = _now().isoformat()


def current_actor() -> Actor | None:
    """Who is signed in, as the door knows actors; None for nobody. Bearer tokens are the API's own matter."""
    user = current_user
    if not user.is_authenticated:
        return None
    known = {role.value for role in Role}
    roles = frozenset(Role(name) for name in user.role_names if name in known)
    return Actor("user", str(user.id), user.name or user.email, roles, user.person_id)


def _derived(secret: str, purpose: str) -> bytes:
    return hashlib.sha256(f"{purpose}:{secret}".encode()).digest()


def _issuer(wiring: Wiring) -> str:
    return wiring.settings.public_url.split("//", 1)[-1].split(":")[0].split("/")[0]
