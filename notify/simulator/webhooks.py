"""Signed callbacks and replies to the service, as carriers would send them, including late, twice, lost and reversed.

Responsible for the life of a message after it was accepted, in each carrier's own words. It signs for itself, so that it
shares no mistake with the side that checks.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
import ssl
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from notify import mail_in
from notify.phone import segments
from notify.simulator.faults import Fault
from notify.simulator.state import TWILIO, Sms, State, new_id

_log = logging.getLogger(__name__)
CONNECTIONS = 16
TIMEOUT_SECONDS = 15.0
RETRY_AFTER = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class NotListening(Exception):
    """Nobody takes connections at that address."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the service lives. Signatures are made over `public_url`; the call goes to `webhook_base`."""

    sid: str
    token: str = field(repr=False)
    webhook_base: str
    public_url: str
    default_sender: str = "+84540999999"

    def address(self, url: str) -> str:
        if self.public_url and self.webhook_base and url.startswith(self.public_url):
            return self.webhook_base + url[len(self.public_url) :]
        return url


def signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """X-Twilio-Signature: HMAC-SHA1 over the URL and the fields in the order of their names, base64."""
    text = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


@dataclass(frozen=True, slots=True)
class Post:
    """One call to the service."""

    url: str
    body: bytes
    headers: Mapping[str, str]


class Words(Protocol):
    """How a carrier tells what became of a message (None: nobody asked), and what came in (None: it takes no replies)."""

    def status(self, sms: Sms, status: str, code: int) -> Post | None: ...

    def inbound(self, sms: Sms, opt: str) -> Post | None: ...


class TwilioWords:
    def __init__(self, target: Target) -> None:
        self._target = target

    def signed(self, url: str, form: Mapping[str, str]) -> Post:
        headers = {
            "User-Agent": "TwilioProxy/1.1",
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": signature(self._target.token, url, form),
        }
        return Post(url, urlencode(form).encode(), headers)

    def status(self, sms: Sms, status: str, code: int) -> Post | None:
        if not sms.callback:
            return None
        form = {
            "AccountSid": self._target.sid,
            "ApiVersion": "2010-04-01",
            "From": sms.sender,
            "MessageSid": sms.sid,
            "MessageStatus": status,
            "SmsSid": sms.sid,
            "SmsStatus": status,
            "To": sms.to,
        }
        if sms.service:
            form["MessagingServiceSid"] = sms.service
        if code:
            form["ErrorCode"] = str(code)
        return self.signed(sms.callback, form)

    def inbound(self, sms: Sms, opt: str) -> Post | None:
        form = {
            "AccountSid": self._target.sid,
            "ApiVersion": "2010-04-01",
            "Body": sms.body,
            "From": sms.sender,
            "FromCountry": "VN",
            "MessageSid": sms.sid,
            "NumMedia": "0",
            "NumSegments": str(sms.parts),
            "SmsMessageSid": sms.sid,
            "SmsSid": sms.sid,
            "SmsStatus": "received",
            "To": sms.to,
        }
        if opt:
            form["OptOutType"] = opt
        return self.signed(f"{self._target.public_url}/hooks/twilio/inbound", form)


class Webhooks:
    """Lives in the simulator's event loop. Twilio's words are known; `speaks` adds another carrier's."""

    def __init__(
        self,
        state: State,
        target: Target,
        clock: Callable[[], datetime],
        delays: tuple[float, float, float] = (0.01, 0.05, 0.2),
    ) -> None:
        self._state = state
        self._target = target
        self._clock = clock
        self._delays = delays
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle: dict[tuple[str, str, int], list[Stream]] = {}
        self._room = asyncio.Semaphore(CONNECTIONS)
        self._twilio = TwilioWords(target)
        self._words: dict[str, Words] = {TWILIO: self._twilio}
        self.failed = 0

    def speaks(self, carrier: str, words: Words) -> None:
        self._words[carrier] = words

    @property
    def pending(self) -> int:
        return len(self._tasks)

    def follow(self, sms: Sms, fault: Fault) -> None:
        """Queued, sent, delivered (or undelivered), each with a callback where one was asked for."""
        self.begin(self._live(sms, fault))

    def reply(self, phone: str, text: str, to: str = "") -> Sms:
        """The person on this phone answers; to whoever wrote last, unless said otherwise."""
        heard = [s for s in self._state.received(phone) if to in ("", s.sender)]
        last, carrier = (
            (heard[-1].sender, heard[-1].carrier) if heard else (self._target.default_sender, TWILIO)
        )
        sms = Sms(
            sid=new_id("SM"),
            to=to or last,
            sender=phone,
            body=text,
            created_at=self._clock(),
            parts=segments(text).parts,
            status="receiving",
            inbound=True,
            read=True,
            carrier=carrier,
        )
        self._state.add(sms)
        opt = self._opt(phone, text) if carrier == TWILIO else ""
        self.begin(self._hand_in(sms, opt))
        return sms

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for streams in self._idle.values():
            for _, writer in streams:
                writer.close()
        self._idle.clear()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this in the loop; `pending` counts it until it ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            _log.error("a callback failed: %s", fault)
        self._state.notify()

    def _opt(self, phone: str, text: str) -> str:
        word = text.strip().upper()
        if word in STOP_WORDS:
            self._state.set_opted_out(phone, True)
            return "STOP"
        if word in START_WORDS and phone in self._state.opted_out:
            self._state.set_opted_out(phone, False)
            return "START"
        return ""

    async def _live(self, sms: Sms, fault: Fault) -> None:
        last = ("undelivered", fault.code) if fault.code else ("delivered", 0)
        steps = list(zip((("queued", 0), ("sent", 0), last), self._delays, strict=True))
        posts: list[Post] = []
        for (status, code), delay in steps:
            await asyncio.sleep(delay)
            if status != "queued":
                self._state.set_status(sms, status, self._clock(), code)
            post = self._words[sms.carrier].status(sms, status, code)
            if post is None or fault.lost_callbacks:
                continue
            posts.append(post)
            if not fault.reordered_callbacks:
                await self._tell(post, fault)
        if fault.reordered_callbacks:
            for post in reversed(posts):
                await self._tell(post, fault)

    async def report(self, callback: str, form: Mapping[str, str], fault: Fault) -> None:
        """A callback, as late and as often as the fault has it."""
        await self._tell(self._twilio.signed(callback, form), fault)

    async def _tell(self, post: Post, fault: Fault) -> None:
        if fault.late_callbacks_ms:
            await asyncio.sleep(fault.late_callbacks_ms / 1000)
        for _ in range(2 if fault.duplicate_callbacks else 1):
            await self._post(post)

    async def _hand_in(self, sms: Sms, opt: str) -> None:
        words = self._words.get(sms.carrier)  # a carrier of an earlier run may be gone
        post = words.inbound(sms, opt) if words is not None else None
        taken = await self._post(post) if post is not None else None
        self._state.set_status(sms, "failed" if taken is None else "received", self._clock())

    def mail(self, raw: bytes, secret: str) -> None:
        """Hand a mail to the service, as a mail server does that knows the secret."""
        url = f"{self._target.public_url}/hooks/email/inbound"
        headers = {"Content-Type": "message/rfc822", "X-Signature": mail_in.signature(secret, raw)}
        self.begin(self._deliver(Post(url, raw, headers)))

    async def _deliver(self, post: Post) -> None:
        await self._post(post)

    async def fetch(self, url: str, form: Mapping[str, str]) -> str | None:
        """What the service answers to a POST that Twilio signs, None when it did not take it."""
        return await self._post(self._twilio.signed(url, form))

    async def _post(self, post: Post) -> str | None:
        """Once; again only while nobody listens there (the service is being started), as Twilio does."""
        address = self._target.address(post.url)
        if not address.startswith(("http://", "https://")):  # nobody to call: the phones stand alone
            return None
        for pause in (*RETRY_AFTER, None):
            try:
                async with self._room, asyncio.timeout(TIMEOUT_SECONDS):
                    status, body = await self._exchange(address, post.body, post.headers)
            except NotListening:
                if pause is not None:
                    await asyncio.sleep(pause)
                    continue
            except (OSError, EOFError, TimeoutError, ValueError) as fault:
                _log.warning("callback not taken: %s", type(fault).__name__)
            else:
                if status < 400:
                    return body.decode("utf-8", "replace")
                _log.warning("callback answered with %s", status)
            break
        self.failed += 1
        return None

    async def _exchange(self, address: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        parts = urlsplit(address)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        key = (parts.scheme, parts.hostname or "", port)
        head = _request_head(parts.path or "/", parts.query, parts.netloc, len(body), headers)
        while idle := self._idle.get(key):
            try:
                return await self._speak(key, idle.pop(), head + body)
            except (ConnectionError, EOFError):
                continue  # the service closed it while it lay idle
        context = ssl.create_default_context() if parts.scheme == "https" else None
        try:
            fresh = await asyncio.open_connection(key[1], port, ssl=context)
        except OSError as fault:
            raise NotListening from fault
        return await self._speak(key, fresh, head + body)

    async def _speak(self, key: tuple[str, str, int], stream: Stream, request: bytes) -> tuple[int, bytes]:
        reader, writer = stream
        try:
            writer.write(request)
            status, body, again = await _read_answer(reader)
        except BaseException:  # also when the simulator ends meanwhile
            writer.close()
            raise
        if again:
            self._idle.setdefault(key, []).append(stream)
        else:
            writer.close()
        return status, body


def _request_head(path: str, query: str, host: str, length: int, headers: Mapping[str, str]) -> bytes:
    target = f"{path}?{query}" if query else path
    lines = [
        f"POST {target} HTTP/1.1",
        f"Host: {host}",
        f"Content-Length: {length}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    """Status, body, and whether the connection can be used again."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *rest = head.split("\r\n")
    status = int(first.split(" ")[1])
    fields = {line.partition(":")[0].lower(): line.partition(":")[2].strip().lower() for line in rest}
    keep = fields.get("connection") != "close" and first.startswith("HTTP/1.1")
    body = b""
    if fields.get("transfer-encoding") == "chunked":
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
    elif "content-length" in fields:
        body = await reader.readexactly(int(fields["content-length"]))
    elif status not in (204, 304):
        return status, body, False
    return status, body, keep
