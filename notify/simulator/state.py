"""What the phones and the mailbox hold, in memory, with a journal so that a restart forgets nothing.

Responsible for keeping, counting and remembering. It must never know HTTP. Written by the simulator's own thread only;
other threads read copies.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Literal, TypeVar

JOURNAL = "simulator.jsonl"
TWILIO = "twilio"


@dataclass(slots=True)
class Sms:
    """`status` in Twilio's words. `at_phone`: the handset shows it. `n` is its place in the order of making.
    `carrier` brought it, or takes it; `key`: by which it knows a repetition."""

    sid: str
    to: str
    sender: str
    body: str
    created_at: datetime
    parts: int = 1
    status: str = "queued"
    error_code: int = 0
    inbound: bool = False
    at_phone: bool = True
    read: bool = False
    callback: str = ""
    service: str = ""
    carrier: str = TWILIO
    key: str = ""
    sent_at: datetime | None = None
    n: int = 0

    @property
    def phone(self) -> str:
        """The person's number, whichever way it goes."""
        return self.sender if self.inbound else self.to


@dataclass(slots=True)
class Mail:
    """One mail as the sink took it; `text` decoded, `headers` in the order they stood; `answers`: what was written back."""

    id: str
    sender: str
    to: list[str]
    subject: str
    text: str
    message_id: str
    received_at: datetime
    headers: list[tuple[str, str]] = field(default_factory=list)
    read: bool = False
    answers: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Call:
    """A call to a phone. `status` in Twilio's words; `said`: what was read aloud, in order; `keys`: what was pressed.
    `keys_to`: where the next key goes, empty while none is awaited."""

    sid: str
    to: str
    sender: str
    url: str
    created_at: datetime
    status: str = "queued"
    callback: str = ""
    events: tuple[str, ...] = ()
    ring_seconds: float = 60.0
    said: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    keys_to: str = ""
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    n: int = 0

    @property
    def live(self) -> bool:
        return self.status in LIVE


LIVE = ("queued", "ringing", "in-progress")
Kept = TypeVar("Kept", Sms, Call)


class Journal:
    """A line of JSON per fact. A torn last line (the power went) is left out when it is read again."""

    def __init__(self, folder: Path | None) -> None:
        self._file: IO[str] | None = None
        self._path = folder / JOURNAL if folder is not None else None

    def past(self) -> Iterator[dict[str, Any]]:
        if self._path is None or not self._path.exists():
            return
        with self._path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    fact = json.loads(line)
                except ValueError:
                    continue
                if isinstance(fact, dict):
                    yield fact

    def open(self) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        torn = self._path.exists() and not self._path.read_bytes().endswith(b"\n")
        self._file = self._path.open("a", encoding="utf-8")
        if torn:
            self._file.write("\n")

    def write(self, fact: Sms | Call | Mail | dict[str, Any], kind: str) -> None:
        if self._file is None:
            return
        values = fact if isinstance(fact, dict) else {f.name: getattr(fact, f.name) for f in fields(fact)}
        self._file.write(_encode({"kind": kind, **values}) + "\n")
        self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class State:
    """All messages and calls by id, by phone, in order; the mailbox; who opted out."""

    def __init__(self, folder: Path | None = None) -> None:
        self.order: list[Sms] = []
        self.by_sid: dict[str, Sms] = {}
        self.phones: dict[str, list[Sms]] = {}
        self.calls: list[Call] = []
        self.call_by_sid: dict[str, Call] = {}
        self.mails: list[Mail] = []
        self.opted_out: set[str] = set()
        self.changed = threading.Condition()
        self._journal = Journal(folder)
        for fact in self._journal.past():
            self._recall(fact)
        for call in self.calls:
            if call.live:  # it rang when the simulator ended
                call.status, call.keys_to = "failed", ""
        self._journal.open()

    def add(self, sms: Sms) -> Sms:
        self._keep(sms)
        self._tell(sms, "sms")
        return sms

    def set_status(self, sms: Sms, status: str, at: datetime, error_code: int = 0) -> None:
        sms.status = status
        sms.error_code = error_code
        if status == "sent":
            sms.sent_at = at
        self._tell({"sid": sms.sid, "status": status, "error_code": error_code, "at": at}, "status")

    def add_call(self, call: Call) -> Call:
        self._keep_call(call)
        self._tell(call, "call")
        return call

    def change_call(self, call: Call, **values: Any) -> None:
        """New values of a call, kept."""
        for name, value in values.items():
            setattr(call, name, value)
        self._tell({"sid": call.sid, **values}, "call_changed")

    def calls_to(self, phone: str) -> list[Call]:
        """Every call to this phone, oldest first."""
        return [call for call in list(self.calls) if call.to == phone]

    def set_opted_out(self, phone: str, out: bool) -> None:
        (self.opted_out.add if out else self.opted_out.discard)(phone)
        self._tell({"phone": phone, "out": out}, "optout")

    def mark_read(self, phone: str) -> None:
        for sms in self.phones.get(phone, ()):
            sms.read = True

    def add_mail(self, mail: Mail) -> None:
        self.mails.append(mail)
        self._tell(mail, "mail")

    def received(self, phone: str) -> list[Sms]:
        """What this handset shows as received, oldest first."""
        return [sms for sms in list(self.phones.get(phone, ())) if sms.at_phone and not sms.inbound]

    def replies(self, phone: str) -> list[Sms]:
        return [sms for sms in list(self.phones.get(phone, ())) if sms.inbound]

    def counts(self) -> dict[str, Any]:
        """Messages received per phone, and how many of them repeat a text that phone already had."""
        bodies = {phone: Counter(s.body for s in self.received(phone)) for phone in list(self.phones)}
        phones = {
            phone: {"received": sum(texts.values()), "duplicates": sum(texts.values()) - len(texts)}
            for phone, texts in bodies.items()
        }
        ids = Counter(mail.message_id for mail in list(self.mails))
        return {
            "phones": phones,
            "received": sum(p["received"] for p in phones.values()),
            "duplicates": sum(p["duplicates"] for p in phones.values()),
            "carriers": dict(Counter(s.carrier for s in list(self.order) if s.at_phone and not s.inbound)),
            "replies": sum(1 for sms in list(self.order) if sms.inbound),
            "calls": len(self.calls),
            "mails": sum(ids.values()),
            "mail_duplicates": sum(ids.values()) - len(ids),
        }

    def notify(self) -> None:
        """Wakes whoever waits for a change."""
        with self.changed:
            self.changed.notify_all()

    def close(self) -> None:
        self._journal.close()

    def _keep(self, sms: Sms) -> None:
        sms.n = len(self.order)
        self.order.append(sms)
        self.by_sid[sms.sid] = sms
        self.phones.setdefault(sms.phone, []).append(sms)

    def _keep_call(self, call: Call) -> None:
        call.n = len(self.calls)
        self.calls.append(call)
        self.call_by_sid[call.sid] = call

    def _tell(self, fact: Sms | Call | Mail | dict[str, Any], kind: str) -> None:
        self._journal.write(fact, kind)
        self.notify()

    def _recall(self, fact: dict[str, Any]) -> None:
        kind = fact.pop("kind", "")
        if kind == "sms":
            self._keep(Sms(**_timed(fact, "created_at", "sent_at")))
        elif kind == "call":
            fact["events"] = tuple(fact["events"])
            self._keep_call(Call(**_timed(fact, "created_at", "answered_at", "ended_at")))
        elif kind == "call_changed" and (call := self.call_by_sid.get(fact.pop("sid"))):
            for name, value in _timed(fact, *(n for n in ("answered_at", "ended_at") if n in fact)).items():
                setattr(call, name, value)
        elif kind == "mail":
            self.mails.append(Mail(**_timed(fact, "received_at")))
        elif kind == "optout":
            (self.opted_out.add if fact["out"] else self.opted_out.discard)(fact["phone"])
        elif kind == "status" and (sms := self.by_sid.get(fact["sid"])):
            sms.status, sms.error_code = fact["status"], fact["error_code"]
            if fact["status"] == "sent":
                sms.sent_at = datetime.fromisoformat(fact["at"])


def new_id(letters: Literal["SM", "ML", "CA", "GW"]) -> str:
    """Two letters and 32 hexadecimal digits, as Twilio's ids look."""
    return letters + secrets.token_hex(16)


def _plain(value: Any) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()


def _timed(fact: dict[str, Any], *names: str) -> dict[str, Any]:
    return fact | {name: datetime.fromisoformat(fact[name]) for name in names if fact[name]}


_encode = json.JSONEncoder(ensure_ascii=False, default=_plain).encode
