"""Calls to the phones: Twilio's REST of the Call resource, and the life of a call until somebody hangs up.

Responsible for ringing, for asking the service what to say when somebody picks up, and for the keys that are pressed. It
reads the service's TwiML as Twilio does: a <Gather> waits, and when nobody presses a key the next verb has its turn.
Source: Twilio's reference of the Call resource and of TwiML.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree

from notify.simulator.faults import NO_FAULT, Fault
from notify.simulator.rest import NUMBER, on_day, rfc2822
from notify.simulator.state import Call, State, new_id
from notify.simulator.webhooks import Webhooks

RING_SECONDS = 25.0
WAIT_SECONDS = 20.0
EVENT = {"queued": "initiated", "ringing": "ringing", "in-progress": "answered"}
SPOKEN_PAUSE_SECONDS = 0.02
MOST_REDIRECTS = 5


class NoCall(Exception):
    """No phone rings, or no key is awaited, there."""


class Calls:
    """The Call resource, and what people do with a ringing phone. Lives in the simulator's event loop.

    `ring_seconds`: how long a phone rings before nobody answered; what the caller asked for where that is shorter.
    `wait_seconds`: how long a key is awaited after the words.
    """

    channel = "voice"

    def __init__(
        self,
        state: State,
        sid: str,
        clock: Callable[[], datetime],
        webhooks: Webhooks,
        ring_seconds: float = RING_SECONDS,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._state = state
        self._sid = sid
        self._clock = clock
        self._webhooks = webhooks
        self._ring_seconds = ring_seconds
        self._wait_seconds = wait_seconds
        self._faults: dict[str, Fault] = {}
        self._held_back: dict[str, list[dict[str, str]]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._unread: dict[str, list[ElementTree.Element]] = {}
        self._told: dict[str, int] = {}
        self.rows = state.calls

    # --- the resource

    def refusal(self, form: dict[str, str]) -> int:
        if not form.get("To"):
            return 21201
        if not NUMBER.fullmatch(form["To"]):
            return 21217
        if not form.get("From"):
            return 21213
        return 0 if form.get("Url", "").startswith(("http://", "https://")) else 21205

    def accept(self, form: dict[str, str], fault: Fault) -> Call:
        call = Call(
            sid=new_id("CA"),
            to=form["To"],
            sender=form["From"],
            url=form["Url"],
            created_at=self._clock(),
            callback=form.get("StatusCallback", ""),
            events=tuple(form.get("StatusCallbackEvent", "completed").split()),
            ring_seconds=min(float(form.get("Timeout") or 60), self._ring_seconds),
        )
        self._faults[call.sid] = fault
        self._state.add_call(call)
        self._webhooks.begin(self._ring(call))
        return call

    def by_sid(self, sid: str) -> Call | None:
        return self._state.call_by_sid.get(sid)

    def fits(self, call: Call, query: dict[str, str]) -> bool:
        asked = (("To", call.to), ("From", call.sender), ("Status", call.status))
        same = all(not query.get(name) or query[name] == value for name, value in asked)
        return same and on_day(call.created_at, "StartTime", query)

    def shown(self, call: Call, base: str) -> dict[str, Any]:
        seconds = _seconds(call)
        return {
            "account_sid": self._sid,
            "answered_by": None,
            "api_version": "2010-04-01",
            "date_created": rfc2822(call.created_at),
            "date_updated": rfc2822(call.ended_at or call.answered_at or call.created_at),
            "direction": "outbound-api",
            "duration": str(seconds) if call.ended_at else None,
            "end_time": rfc2822(call.ended_at) if call.ended_at else None,
            "from": call.sender,
            "price": None,
            "price_unit": "USD",
            "queue_time": "0",
            "sid": call.sid,
            "start_time": rfc2822(call.created_at),
            "status": call.status,
            "subresource_uris": {},
            "to": call.to,
            "uri": f"{base}/{call.sid}.json",
        }

    # --- what people do

    def answer(self, phone: str, key: str = "") -> Call:
        """Pick up the phone that rings, if it does, and press this key, if one is given. Raises NoCall."""
        call = self._live(phone)
        if call.status == "ringing":
            self._webhooks.begin(self._pick_up(call, key))
        elif call.status == "in-progress" and call.keys_to and key:
            self._webhooks.begin(self._press(call, key))
        else:
            raise NoCall(phone)
        return call

    def hang_up(self, phone: str) -> Call:
        """End the call; a phone that still rings is turned away and counts as busy. Raises NoCall."""
        call = self._live(phone)
        self._webhooks.begin(self._end(call, "completed" if call.status == "in-progress" else "busy"))
        return call

    def let_ring(self, phone: str) -> Call:
        """Nobody picks up, and the ringing is over now. Raises NoCall."""
        call = self._live(phone)
        if call.status == "in-progress":
            raise NoCall(phone)
        self._webhooks.begin(self._end(call, "no-answer"))
        return call

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()

    def _live(self, phone: str) -> Call:
        call = next((call for call in reversed(self._state.calls_to(phone)) if call.live), None)
        if call is None:
            raise NoCall(phone)
        return call

    # --- the life of a call

    async def _ring(self, call: Call) -> None:
        await self._tell(call, "queued")
        await asyncio.sleep(SPOKEN_PAUSE_SECONDS)
        fault = self._faults[call.sid]
        if fault.call:
            await self._end(call, fault.call)
            return
        self._state.change_call(call, status="ringing")
        self._later(call, call.ring_seconds, self._end, "no-answer")
        await self._tell(call, "ringing")

    async def _pick_up(self, call: Call, key: str) -> None:
        self._quiet(call)
        self._state.change_call(call, status="in-progress", answered_at=self._clock())
        await self._tell(call, "in-progress")
        await self._ask(call, call.url, {})
        if key and call.keys_to:
            await self._press(call, key)

    async def _press(self, call: Call, key: str) -> None:
        self._quiet(call)
        to = call.keys_to
        self._state.change_call(call, keys=[*call.keys, key], keys_to="")
        await self._ask(call, to, {"Digits": key, "FinishedOnKey": "", "msg": "Gather End"})

    async def _ask(self, call: Call, url: str, more: dict[str, str]) -> None:
        """Ask the service what follows, and do it."""
        for _ in range(MOST_REDIRECTS):
            text = await self._webhooks.fetch(url, self._form(call) | more)
            verbs = _verbs(text)
            if verbs is None:
                await self._end(call, "failed" if not call.said else "completed")
                return
            self._unread[call.sid] = verbs
            onward = await self._play(call, url)
            if onward is None:
                return
            url, more = onward, {}
        await self._end(call, "completed")

    async def _play(self, call: Call, url: str) -> str | None:
        """Read on until a key is awaited, the call ends, or another address is to be asked: that address."""
        verbs = self._unread[call.sid]
        while verbs:
            verb = verbs.pop(0)
            if verb.tag == "Say":
                self._state.change_call(call, said=[*call.said, _words(verb)])
            elif verb.tag == "Gather":
                said = [_words(one) for one in verb.iter("Say")]
                keys_to = urljoin(url, verb.get("action") or url)
                self._state.change_call(call, said=[*call.said, *said], keys_to=keys_to)
                self._later(call, self._wait_seconds, self._go_on, url)
                return None
            elif verb.tag == "Redirect":
                return urljoin(url, (verb.text or "").strip())
            elif verb.tag == "Hangup":
                break
        await self._end(call, "completed")
        return None

    async def _go_on(self, call: Call, url: str) -> None:
        """No key was pressed."""
        self._state.change_call(call, keys_to="")
        onward = await self._play(call, url)
        if onward is not None:
            await self._ask(call, onward, {})

    async def _end(self, call: Call, status: str) -> None:
        self._quiet(call)
        if not call.live:
            return
        self._state.change_call(call, status=status, keys_to="", ended_at=self._clock())
        await self._tell(call, status)

    def _later(self, call: Call, seconds: float, work: Callable[..., Any], *arguments: Any) -> None:
        """Not counted as pending: a phone may ring as long as it likes."""
        self._timers[call.sid] = asyncio.get_running_loop().call_later(
            seconds, lambda: self._webhooks.begin(work(call, *arguments))
        )

    def _quiet(self, call: Call) -> None:
        timer = self._timers.pop(call.sid, None)
        if timer is not None:
            timer.cancel()

    # --- what the service is told

    async def _tell(self, call: Call, status: str) -> None:
        fault = self._faults.get(call.sid, NO_FAULT)
        last = status not in EVENT
        if not call.callback or EVENT.get(status, "completed") not in call.events or fault.lost_callbacks:
            return
        form = self._form(call) | {"CallStatus": status, "CallbackSource": "call-progress-events"}
        form |= {"Timestamp": format_datetime(self._clock()), "SequenceNumber": str(self._number(call))}
        if last:
            form["CallDuration"] = str(_seconds(call))
        if fault.reordered_callbacks:
            waiting = self._held_back.setdefault(call.sid, [])
            waiting.insert(0, form)
            for one in waiting if last else ():
                await self._webhooks.report(call.callback, one, fault)
        else:
            await self._webhooks.report(call.callback, form, fault)

    def _number(self, call: Call) -> int:
        self._told[call.sid] = self._told.get(call.sid, -1) + 1
        return self._told[call.sid]

    def _form(self, call: Call) -> dict[str, str]:
        return {
            "AccountSid": self._sid,
            "ApiVersion": "2010-04-01",
            "CallSid": call.sid,
            "CallStatus": call.status,
            "Called": call.to,
            "Caller": call.sender,
            "Direction": "outbound-api",
            "From": call.sender,
            "To": call.to,
        }


def _seconds(call: Call) -> int:
    if call.answered_at is None or call.ended_at is None:
        return 0
    return int((call.ended_at - call.answered_at).total_seconds())


def _verbs(text: str | None) -> list[ElementTree.Element] | None:
    """The verbs of a TwiML document; None when there is none to read."""
    if text is None:
        return None
    try:
        return list(ElementTree.fromstring(text))
    except ElementTree.ParseError:
        return None


def _words(verb: ElementTree.Element) -> str:
    return " ".join("".join(verb.itertext()).split())
