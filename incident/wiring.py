"""Puts the parts together, once per process. The only place that reads the clock.

Everything heavy (the Twilio client, RQ) is imported when it is first used, so that a command that needs none of it
is fast.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from incident.response.desk import Desk
from incident.settings import BadSettings, Settings
from incident.store.sessions import Store

if TYPE_CHECKING:
    from incident.delivery.bell import Bell
    from incident.delivery.outbox import Outbox
    from notify.gateway import Gateway
    from notify.gateways.description import Entry
    from notify.message import Sender
    from notify.twilio import TwilioAccount


def now() -> datetime:
    """The time, aware, UTC. Nothing else in the service reads a clock."""
    return datetime.now(UTC)


@dataclass
class Wiring:
    """One process's parts. `now` may be a test's own clock, `carriers` a test's own; `env` holds the gateways' secrets."""

    settings: Settings
    now: Callable[[], datetime] = now
    carriers: Gateway | None = None
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @classmethod
    def from_settings(cls, settings: Settings) -> Wiring:
        return cls(settings)

    @classmethod
    def from_env(cls) -> Wiring:
        """From the environment and, in development, `.env` of the working directory. Raises BadSettings."""
        if os.path.exists(".env"):
            from dotenv import load_dotenv

            load_dotenv(".env")
        return cls(Settings.from_env())

    @cached_property
    def store(self) -> Store:
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        try:
            return Store(self.settings.database_url)
        except Exception as error:
            raise BadSettings(f"DATABASE_URL không dùng được: {error}") from error

    @cached_property
    def gateway(self) -> Gateway:
        if self.carriers is not None:
            return self.carriers
        return _gateway(self.settings, sms_order(self.settings, self.env), self.now)

    @cached_property
    def bell(self) -> Bell:
        from incident.delivery.bell import Bell

        return Bell(self.settings.redis_url)

    @cached_property
    def desk(self) -> Desk:
        gateway = self.gateway
        return Desk(
            self.store,
            self.settings,
            ring=self._ring,
            two_way=gateway.two_way_everywhere(),
            sms=gateway.has("sms"),
            email=gateway.has("email"),
            voice=gateway.has("voice"),
            answers=gateway.two_way,
        )

    def _ring(self) -> None:
        """RQ is imported at the first ring, not before."""
        self.bell.ring()

    def _ring_for_replies(self) -> None:
        self.bell.ring("understand")

    @cached_property
    def outbox(self) -> Outbox:
        from incident.delivery.outbox import Outbox

        return Outbox(self.store, self.gateway, self.settings, self.now, replied=self._ring_for_replies)


def sms_order(settings: Settings, env: Mapping[str, str]) -> tuple[Entry, ...]:
    """The SMS carriers in order of preference: as SMS_GATEWAYS says, and Twilio after all where it is not named there.
    Raises BadSettings where the file is broken, or a secret it names is not set."""
    from notify.gateways.description import Entry

    if settings.sms_gateways is None:
        return (Entry(None),) if settings.twilio_sid else ()
    from notify.gateways.load import load
    from notify.gateways.reading import BadGateways

    try:
        entries = load(settings.sms_gateways, env)
    except BadGateways as bad:
        raise BadSettings(f"SMS_GATEWAYS không dùng được:\n{bad}") from bad
    for entry in entries:
        if entry.description is not None and entry.description.missing:
            names = ", ".join(entry.description.missing)
            raise BadSettings(f"SMS_GATEWAYS: cổng “{entry.description.name}” cần biến môi trường {names}")
    named = any(entry.description is None for entry in entries)
    if named and not settings.twilio_sid:
        raise BadSettings("SMS_GATEWAYS xếp “twilio” vào thứ tự thì cần TWILIO_ACCOUNT_SID")
    return entries if named or not settings.twilio_sid else (*entries, Entry(None))


def _gateway(settings: Settings, order: tuple[Entry, ...], clock: Callable[[], datetime]) -> Gateway:
    """The carriers that are configured, in order of preference."""
    from notify.gateway import Gateway, Route

    routes = [Route("sms", _sms(settings, entry, clock), entry.prefixes) for entry in order]
    if settings.twilio_sid and settings.twilio_voice_from:
        from notify.twilio_voice import TwilioVoice

        routes.append(Route("voice", TwilioVoice(_account(settings), settings.twilio_voice_from)))
    if settings.smtp_url:
        from notify.email import SmtpMail, parse_url

        routes.append(Route("email", SmtpMail(parse_url(settings.smtp_url), settings.mail_from, clock)))
    return Gateway(routes)


def _sms(settings: Settings, entry: Entry, clock: Callable[[], datetime]) -> Sender:
    if entry.description is None:
        return _twilio(settings)
    from notify.http_gateway import HttpGateway

    return HttpGateway(entry.description, settings.public_url, clock)


def _twilio(settings: Settings) -> Sender:
    from notify.twilio import TwilioSms

    return TwilioSms(_account(settings))


def _account(settings: Settings) -> TwilioAccount:
    from notify.twilio import TwilioAccount

    sender = settings.twilio_service or settings.twilio_from
    if not settings.twilio_tokens or not sender:
        raise BadSettings(
            "TWILIO_ACCOUNT_SID đã đặt thì cần cả TWILIO_AUTH_TOKEN và TWILIO_FROM hoặc TWILIO_MESSAGING_SERVICE_SID"
        )
    return TwilioAccount(
        sid=str(settings.twilio_sid),
        token=settings.twilio_tokens[0],
        sender=sender,
        public_url=settings.public_url,
        api_base=settings.twilio_base or "",
        two_way=settings.two_way,
        parts_per_second=settings.twilio_parts_per_second,
    )
