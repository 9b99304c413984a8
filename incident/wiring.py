"""Puts the parts together, once per process. The only place that reads the clock.

Everything heavy (the Twilio client, RQ) is imported when it is first used, so that a command that needs none of it
is fast.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
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
    from notify.message import Sender


def now() -> datetime:
    """The time, aware, UTC. Nothing else in the service reads a clock."""
    return datetime.now(UTC)


@dataclass
class Wiring:
    """One process's parts. `now` may be a test's own clock, `gateway` a test's own carriers."""

    settings: Settings
    now: Callable[[], datetime] = now
    carriers: Gateway | None = None

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
        return self.carriers if self.carriers is not None else _gateway(self.settings, self.now)

    @cached_property
    def bell(self) -> Bell:
        from incident.delivery.bell import Bell

        return Bell(self.settings.redis_url)

    @cached_property
    def desk(self) -> Desk:
        sms, email, two_way = (
            bool(self.settings.twilio_sid),
            bool(self.settings.smtp_url),
            self.settings.two_way,
        )
        if self.carriers is not None:
            sms, email = self.carriers.has("sms"), self.carriers.has("email")
            two_way = self.carriers.two_way("+84540000001")
        return Desk(self.store, self.settings, ring=self._ring, two_way=two_way, sms=sms, email=email)

    def _ring(self) -> None:
        """RQ is imported at the first ring, not before."""
        self.bell.ring()

    def _ring_for_replies(self) -> None:
        self.bell.ring("understand")

    @cached_property
    def outbox(self) -> Outbox:
        from incident.delivery.outbox import Outbox

        return Outbox(self.store, self.gateway, self.settings, self.now, replied=self._ring_for_replies)


def _gateway(settings: Settings, clock: Callable[[], datetime]) -> Gateway:
    """The carriers that are configured, in order of preference."""
    from notify.gateway import Gateway, Route

    routes: list[Route] = []
    if settings.twilio_sid:
        routes.append(Route("sms", _twilio(settings)))
    if settings.smtp_url:
        from notify.email import SmtpMail, parse_url

        routes.append(Route("email", SmtpMail(parse_url(settings.smtp_url), settings.mail_from, clock)))
    return Gateway(routes)


def _twilio(settings: Settings) -> Sender:
    from notify.twilio import TwilioAccount, TwilioSms

    sender = settings.twilio_service or settings.twilio_from
    if not settings.twilio_tokens or not sender:
        raise BadSettings(
            "TWILIO_ACCOUNT_SID đã đặt thì cần cả TWILIO_AUTH_TOKEN và TWILIO_FROM hoặc TWILIO_MESSAGING_SERVICE_SID"
        )
    return TwilioSms(
        TwilioAccount(
            sid=str(settings.twilio_sid),
            token=settings.twilio_tokens[0],
            sender=sender,
            public_url=settings.public_url,
            api_base=settings.twilio_base or "",
            two_way=settings.two_way,
        )
    )
