"""An SMTP server that delivers nowhere: it keeps every mail where one can read it.

Responsible for enough of RFC 5321 to be spoken to by any client: EHLO, HELO, MAIL, RCPT, DATA, RSET, NOOP, VRFY, QUIT.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from notify.simulator.faults import FaultBook
from notify.simulator.state import Mail, State, new_id

LINE_LIMIT = 64 * 1024
MAIL_LIMIT = 10 * 1024 * 1024


@dataclass(slots=True)
class Envelope:
    sender: str | None = None
    to: list[str] = field(default_factory=list)
    lost: bool = False


class Mailbox:
    """One coroutine per connection."""

    def __init__(self, state: State, faults: FaultBook, clock: Callable[[], datetime]) -> None:
        self._state = state
        self._faults = faults
        self._clock = clock
        self._writers: set[asyncio.StreamWriter] = set()

    def close(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with suppress(ConnectionError, EOFError, ValueError):
                await self._converse(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        envelope = Envelope()
        await _say(writer, "220 hop thu mo phong")
        while line := await reader.readline():
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            verb = verb.upper()
            if verb == "QUIT":
                await _say(writer, "221 bye")
                return
            if verb == "DATA":
                if not await self._data(reader, writer, envelope):
                    return
                envelope = Envelope()
            elif verb in ("RSET", "EHLO", "HELO"):
                envelope = Envelope()
                await _say(
                    writer, "250-mo-phong\r\n250-8BITMIME\r\n250 SMTPUTF8" if verb == "EHLO" else "250 ok"
                )
            else:
                await _say(writer, self._answer(verb, rest, envelope))

    def _answer(self, verb: str, rest: str, envelope: Envelope) -> str:
        if verb == "NOOP":
            return "250 ok"
        if verb == "VRFY":
            return "252 cannot say"
        address = _address(rest)
        if verb == "MAIL":
            envelope.sender = address
            return "250 ok" if address is not None else "501 syntax"
        if verb == "RCPT":
            if envelope.sender is None or not address:
                return "503 MAIL first" if address else "501 syntax"
            fault = self._faults.befalls(address, "email", "smtp")
            if fault.smtp_code:
                return f"{fault.smtp_code} refused by order"
            envelope.lost = envelope.lost or fault.smtp_lost
            envelope.to.append(address)
            return "250 ok"
        return "502 not known"

    async def _data(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, envelope: Envelope
    ) -> bool:
        """False when the connection is to end without an answer."""
        if not envelope.to:
            await _say(writer, "503 RCPT first")
            return True
        await _say(writer, "354 go on")
        content = await _content(reader)
        self._state.add_mail(self._mail(envelope, content))
        if envelope.lost:
            writer.transport.abort()
            return False
        await _say(writer, "250 kept")
        return True

    def _mail(self, envelope: Envelope, content: bytes) -> Mail:
        parsed = message_from_bytes(content, policy=default)
        body = parsed.get_body(("plain", "html")) if isinstance(parsed, EmailMessage) else None
        return Mail(
            id=new_id("ML"),
            sender=envelope.sender or "",
            to=list(envelope.to),
            subject=str(parsed.get("Subject", "")),
            text=str(body.get_content()) if body is not None else "",
            message_id=str(parsed.get("Message-ID", "")),
            received_at=self._clock(),
            headers=[(name, str(value)) for name, value in parsed.items()],
        )


def answer_to(mail: Mail, text: str, now: datetime) -> bytes:
    """What its reader's program would send when they answer it, the mail itself quoted below."""
    made = EmailMessage()
    made["From"] = mail.to[0]
    made["To"] = mail.sender
    made["Subject"] = f"Re: {' '.join(mail.subject.split())}"
    made["Date"] = now
    made["Message-ID"] = f"<{new_id('ML')}@mo-phong.example>"
    made["In-Reply-To"] = made["References"] = mail.message_id
    quoted = "\n".join(f"> {line}" for line in mail.text.splitlines())
    made.set_content(f"{text}\n\nVào {now:%H:%M %d/%m/%Y}, {mail.sender} đã viết:\n{quoted}\n")
    return made.as_bytes()


async def _say(writer: asyncio.StreamWriter, text: str) -> None:
    writer.write(text.encode() + b"\r\n")
    await writer.drain()


async def _content(reader: asyncio.StreamReader) -> bytes:
    lines: list[bytes] = []
    size = 0
    while (line := await reader.readline()) != b".\r\n":
        size += len(line)
        if not line or size > MAIL_LIMIT:
            raise EOFError
        lines.append(line[1:] if line.startswith(b".") else line)
    return b"".join(lines)


def _address(rest: str) -> str | None:
    match = re.match(r"(?i)(?:FROM|TO):\s*<([^>]*)>", rest)
    return match.group(1) if match else None
