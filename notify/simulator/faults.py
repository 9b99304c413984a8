"""What goes wrong on purpose: per number or by rate, for a number of times or until cleared.

Responsible for reading what `POST /faults` says and for choosing what befalls one message.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """`phone` is E.164, a mail address, or empty for everybody; `rate` the share of messages hit. `channel`: sms, voice or
    email alone, or empty for all.

    `status`: this HTTP answer, nothing accepted. `error_after_accept`: 500, and the message went. `code`: a Twilio
    error code; below 30000 it is refused at once, from 30000 on it is accepted and reported as undelivered.
    `call`: how a call ends without ringing (busy, no-answer, failed). `smtp_code`: a refusing answer after the recipient; `smtp_lost`: the connection ends after the final dot.
    """

    phone: str = ""
    rate: float = 1.0
    times: int | None = None
    channel: str = ""
    latency_ms: int = 0
    status: int = 0
    error_after_accept: bool = False
    reset_after_accept: bool = False
    hang_seconds: float = 0.0
    code: int = 0
    lost_callbacks: bool = False
    duplicate_callbacks: bool = False
    reordered_callbacks: bool = False
    late_callbacks_ms: int = 0
    call: str = ""
    smtp_code: int = 0
    smtp_lost: bool = False


NO_FAULT = Fault()
_ALIASES = {"500_after_accept": "error_after_accept", "to": "phone"}
_SCOPE = frozenset({"phone", "rate", "times", "channel"})
_ENDINGS = ("", "busy", "no-answer", "failed")
_DEFAULTS = asdict(NO_FAULT)


class BadFault(ValueError):
    """The order names something that is no fault; the text says what."""


def parse(order: Mapping[str, Any]) -> Fault:
    """A fault from JSON or a form; raises BadFault."""
    known = {name: type(value) for name, value in _DEFAULTS.items()} | {"times": int}
    values: dict[str, Any] = {}
    for key, value in order.items():
        name = _ALIASES.get(key, key)
        if name not in known:
            raise BadFault(f"không có lỗi nào tên {key}")
        try:
            values[name] = _typed(known[name], value)
        except (TypeError, ValueError):
            raise BadFault(f"{key}: giá trị {value!r} không dùng được") from None
    if values.get("phone") is None:
        values.pop("phone", None)
    if values.get("call", "") not in _ENDINGS:
        raise BadFault(f"call: chỉ nhận {', '.join(_ENDINGS[1:])}")
    if not set(values) - _SCOPE:
        raise BadFault("chưa nói lỗi gì")
    return Fault(**values)


def _typed(kind: type, value: Any) -> Any:
    if value is None:
        return None
    if kind is bool:
        return value in (True, "1", "true", "on", 1)
    return kind(value)


class FaultBook:
    """The faults in force. Dice are seeded: the same orders give the same run."""

    def __init__(self, seed: int = 0) -> None:
        self._faults: list[Fault] = []
        self._dice = random.Random(seed)

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()

    def shown(self) -> list[dict[str, Any]]:
        """Only what differs from nothing wrong."""
        return [{k: v for k, v in asdict(f).items() if v != _DEFAULTS[k]} for f in self._faults]

    def befalls(self, address: str, channel: str = "sms") -> Fault:
        """Everything that hits this message, in one; of two orders for the same thing the later counts."""
        if not self._faults:
            return NO_FAULT
        meant = [f for f in list(self._faults) if f.phone in ("", address) and f.channel in ("", channel)]
        hits = [f for f in meant if self._dice.random() < f.rate]
        merged = NO_FAULT
        for fault in hits:
            changed = {
                f.name: getattr(fault, f.name)
                for f in fields(fault)
                if f.name not in _SCOPE and getattr(fault, f.name) != _DEFAULTS[f.name]
            }
            merged = replace(merged, **changed)
            self._spend(fault)
        return merged

    def _spend(self, fault: Fault) -> None:
        if fault.times is None:
            return
        place = self._faults.index(fault)
        if fault.times <= 1:
            del self._faults[place]
        else:
            self._faults[place] = replace(fault, times=fault.times - 1)
