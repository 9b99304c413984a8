"""Email by SMTP: text in Vietnamese, a fixed Message-ID, one thread per incident, and what the server's answers mean.

Responsible for knowing in which phase a conversation broke: before the final dot nothing was sent, after it nobody
knows. It must never know what a message is about. Sources: RFC 5321 (SMTP), 5322 (messages), 3463 (enhanced codes).
"""

from __future__ import annotations

import hashlib
import re
import smtplib
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.charset import QP, Charset
from email.header import Header
from email.message import Message as MailText
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from notify.loopback import is_loopback
from notify.message import (
    Capabilities,
    ConfigurationFault,
    FailureKind,
    Listed,
    Message,
    PermanentFailure,
    Receipt,
    SendFailure,
    TemporaryFailure,
    UnknownOutcome,
)

NAME = "smtp"
CAPABILITIES = Capabilities()
IDLE_SECONDS = 10.0
Phase = Literal["greeting", "sender", "recipient", "data", "dot"]
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP
_WIRE = compat32.clone(linesep="\r\n")
_OURS = frozenset(
    {"from", "to", "subject", "date", "message-id", "in-reply-to", "references", "auto-submitted"}
)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """`starttls`: "require" refuses to speak in clear, "auto" uses it where it is offered."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    starttls: Literal["require", "auto", "off"] = "auto"
    timeout_seconds: float = 10.0


def parse_url(url: str, timeout_seconds: float = 10.0) -> SmtpServer:
    """smtp://user:password@host:587?starttls=require, smtps://host; raises ConfigurationFault.

    A password goes over the network only encrypted, unless `starttls=off` says otherwise.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ConfigurationFault("SMTP_URL", "smtp://host or smtps://host is expected")
    wish = parse_qs(parts.query).get("starttls", [""])[0]
    safe = not parts.password or is_loopback(url)
    starttls: Literal["require", "auto", "off"] = "auto" if safe else "require"
    if wish in ("require", "true", "1"):
        starttls = "require"
    elif wish in ("off", "false", "0"):
        starttls = "off"
    return SmtpServer(
        host=parts.hostname,
        port=parts.port or (465 if parts.scheme == "smtps" else 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=parts.scheme == "smtps",
        starttls=starttls,
        timeout_seconds=timeout_seconds,
    )


class SmtpMail:
    """Keeps idle connections for a few seconds; safe to share between threads. `clock` gives the Date of a mail."""

    def __init__(self, server: SmtpServer, mail_from: str, clock: Callable[[], datetime]) -> None:
        self._server = server
        self._from = mail_from
        self._address = parseaddr(mail_from)[1]
        self._clock = clock
        self._idle: list[tuple[smtplib.SMTP, float]] = []
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return NAME

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    def list(self, since: datetime) -> Sequence[Listed] | None:
        return None

    def send(self, message: Message) -> Receipt:
        mail = compose(message, self._from, self._clock())
        connection = self._take() or self._connect()
        try:
            _deliver(connection, self._address, message.to, mail.as_bytes(policy=_WIRE))
        except BaseException:
            connection.close()
            raise
        self._keep(connection)
        return Receipt(NAME, str(mail["Message-ID"]), "sent", 1)

    def close(self) -> None:
        while (connection := self._take()) is not None:
            connection.close()

    def _keep(self, connection: smtplib.SMTP) -> None:
        with self._lock:
            self._idle.append((connection, time.monotonic()))

    def _take(self) -> smtplib.SMTP | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection, since = self._idle.pop()
            if time.monotonic() - since < IDLE_SECONDS and _alive(connection):
                return connection
            connection.close()

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        try:
            if server.tls:
                context = ssl.create_default_context()
                connection: smtplib.SMTP = smtplib.SMTP_SSL(
                    server.host, server.port, timeout=server.timeout_seconds, context=context
                )
            else:
                connection = smtplib.SMTP(server.host, server.port, timeout=server.timeout_seconds)
        except smtplib.SMTPResponseException as fault:
            raise judge("greeting", fault.smtp_code, fault.smtp_error) from fault
        except ssl.SSLCertVerificationError as fault:
            raise ConfigurationFault("TLS", "the mail server's certificate was not accepted") from fault
        except (OSError, smtplib.SMTPException) as fault:
            raise TemporaryFailure("CONNECT", f"no connection: {type(fault).__name__}") from fault
        try:
            self._introduce(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _introduce(self, connection: smtplib.SMTP) -> None:
        server = self._server
        try:
            connection.ehlo_or_helo_if_needed()
            if not server.tls and server.starttls != "off":
                self._encrypt(connection)
            if server.user:
                connection.login(server.user, server.password)
        except smtplib.SMTPAuthenticationError as fault:
            if 400 <= fault.smtp_code < 500:
                raise TemporaryFailure(str(fault.smtp_code), "sign-in not possible now") from fault
            raise ConfigurationFault(str(fault.smtp_code), "the mail server refused our sign-in") from fault
        except smtplib.SMTPResponseException as fault:
            raise judge("greeting", fault.smtp_code, fault.smtp_error) from fault
        except smtplib.SMTPNotSupportedError as fault:
            raise ConfigurationFault("SMTP", "the mail server offers no sign-in") from fault
        except ssl.SSLCertVerificationError as fault:
            raise ConfigurationFault("TLS", "the mail server's certificate was not accepted") from fault
        except (OSError, smtplib.SMTPException) as fault:
            raise TemporaryFailure("CONNECT", f"connection lost: {type(fault).__name__}") from fault

    def _encrypt(self, connection: smtplib.SMTP) -> None:
        if connection.has_extn("starttls"):
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo()
        elif self._server.starttls == "require":
            raise ConfigurationFault("STARTTLS", "the mail server offers no encryption")


def compose(message: Message, mail_from: str, now: datetime) -> MailText:
    """The mail as it leaves; raises PermanentFailure where an address or a header cannot stand in one.

    Built with the older of Python's two mail policies: the newer one of 3.11 loses spaces when it folds Vietnamese.
    """
    if not re.fullmatch(r"[!-~]+@[!-~]+", message.to):
        raise PermanentFailure("ADDRESS", "not a mail address that SMTP can carry", "address")
    mail = MIMEText(message.body, "plain", _UTF8)  # type: ignore[arg-type,unused-ignore]
    for name, value in _headers(message, mail_from, now).items():
        if re.search(r"[\r\n\0]", name + value):
            raise PermanentFailure("HEADER", f"{name} holds a line break", "content")
        text: Any = value if value.isascii() else Header(value, "utf-8", header_name=name)
        mail[name] = text
    return mail


def _headers(message: Message, mail_from: str, now: datetime) -> dict[str, str]:
    name, address = parseaddr(mail_from)
    headers = {
        "From": formataddr((name, address)) if name else address,  # a name with marks is encoded by itself
        "To": message.to,
        "Subject": " ".join(message.subject.split()),
        "Date": format_datetime(now),
        "Message-ID": message_id(message.reference or _seed(message), mail_from),
        "Auto-Submitted": "auto-generated",
    }
    if message.in_reply_to:
        root = message_id(message.in_reply_to, mail_from)
        headers |= {"In-Reply-To": root, "References": root}
    return {name: value for name, value in message.headers.items() if name.lower() not in _OURS} | headers


def message_id(reference: str, mail_from: str) -> str:
    """Always the same for the same reference, so that a repeated mail is recognised as one."""
    if reference.startswith("<") and reference.endswith(">"):
        return reference
    domain = parseaddr(mail_from)[1].rpartition("@")[2] or "localhost"
    local = reference if re.fullmatch(r"[A-Za-z0-9._=+-]{1,120}", reference) else _digest(reference)
    return f"<{local.strip('.') or _digest(reference)}@{domain}>"


def _seed(message: Message) -> str:
    return _digest(f"{message.to}\n{message.subject}\n{message.body}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _deliver(connection: smtplib.SMTP, sender: str, to: str, content: bytes) -> None:
    phase: Phase = "sender"
    try:
        _expect("sender", connection.mail(sender), 250)
        phase = "recipient"
        _expect("recipient", connection.rcpt(to), 250, 251)
        phase = "data"
        _expect("data", connection.docmd("DATA"), 354)
        phase = "dot"
        connection.send(_stuffed(content))
        _expect("dot", connection.getreply(), 250)
    except (OSError, smtplib.SMTPException) as fault:
        if phase == "dot":
            raise UnknownOutcome(f"lost after the text: {type(fault).__name__}") from fault
        raise TemporaryFailure("CONNECT", f"connection lost: {type(fault).__name__}") from fault


def _expect(phase: Phase, reply: tuple[int, bytes], *good: int) -> None:
    code, text = reply
    if code not in good:
        raise judge(phase, code, text)


def _stuffed(content: bytes) -> bytes:
    content = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    if not content.endswith(b"\r\n"):
        content += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", content) + b".\r\n"


PERMANENT: dict[Phase, FailureKind | Literal["configuration"]] = {
    "greeting": "configuration",
    "sender": "configuration",
    "recipient": "address",
    "data": "content",
    "dot": "content",
}
"""Whose fault a 5xx is, by the phase it comes in."""
PROTOCOL = range(
    500, 505
)  # a command that the server does not understand says nothing of the person or the text


def judge(phase: Phase, code: int, text: bytes | str) -> SendFailure:
    """What a refusing answer means. 4xx may be tried again; -1 is smtplib's word for an answer that is none."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    if code < 0:
        return UnknownOutcome(words) if phase == "dot" else TemporaryFailure("CONNECT", words)
    if 400 <= code < 500:
        return TemporaryFailure(str(code), words)
    if code in (530, 535, 538):
        return ConfigurationFault(str(code), words)
    if code == 552:
        return PermanentFailure(str(code), words, "address" if "5.2.2" in words else "content")
    if phase == "recipient" and re.match(
        r"5\.7\.", words
    ):  # relaying or policy: says nothing about the person
        return PermanentFailure(str(code), words)
    if code in PROTOCOL:
        return PermanentFailure(str(code), words)
    kind = PERMANENT[phase]
    if kind == "configuration":
        return ConfigurationFault(str(code), words)
    return PermanentFailure(str(code), words, kind)


def _alive(connection: smtplib.SMTP) -> bool:
    with suppress(OSError, smtplib.SMTPException):
        return connection.noop()[0] == 250
    return False
