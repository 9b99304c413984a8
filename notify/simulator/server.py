"""The simulator put together: one thread, one event loop, two ports.

`serve` starts it inside a process (tests, the embedded service); `run` is the process of its own behind
`incident simulator`. It listens on loopback unless told otherwise. Times come from the `clock` it is given.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from notify.loopback import is_loopback
from notify.simulator import domestic
from notify.simulator.calling import RING_SECONDS, WAIT_SECONDS, Calls
from notify.simulator.faults import FaultBook
from notify.simulator.mailbox import LINE_LIMIT, Mailbox, answer_to
from notify.simulator.pages import Pages, number_of
from notify.simulator.rest import PREFIX, Messages, TwilioRest
from notify.simulator.state import Call, Mail, Sms, State
from notify.simulator.webhooks import Target, Webhooks
from notify.simulator.wire import Connection, Request, Response

HOST = "127.0.0.1"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Phone:
    """One handset, seen from the test that holds it."""

    number: str
    _simulator: Simulator

    @property
    def messages(self) -> Sequence[Sms]:
        """Received, oldest first."""
        return self._simulator.state.received(self.number)

    @property
    def bodies(self) -> Sequence[str]:
        return [sms.body for sms in self.messages]

    def reply(self, text: str, to: str = "") -> Sms:
        """Answers whoever wrote last; the webhook is on its way when this returns (see Simulator.settle)."""
        return self._simulator.reply(self.number, text, to)

    @property
    def calls(self) -> Sequence[Call]:
        """Every call, oldest first."""
        return self._simulator.state.calls_to(self.number)

    def answer(self, key: str = "") -> Call:
        """Picks up, or presses a key in the call; raises calling.NoCall. What follows is on its way (see settle)."""
        return self._simulator.in_call(self.number, "answer", key)

    def hang_up(self) -> Call:
        return self._simulator.in_call(self.number, "hang_up")

    def let_ring(self) -> Call:
        """Nobody picks up, and the ringing ends now."""
        return self._simulator.in_call(self.number, "let_ring")


class Simulator:
    """`url` for TWILIO_API_BASE and the browser, `smtp_url` for SMTP_URL. Made by `serve`."""

    def __init__(
        self,
        state: State,
        target: Target,
        clock: Callable[[], datetime],
        zone: ZoneInfo,
        rings: tuple[float, float] = (RING_SECONDS, WAIT_SECONDS),
        gateways: Sequence[domestic.Account] = (),
        mail_secret: str = "",
    ) -> None:
        self.state = state
        self.url = ""
        self.smtp_url = ""
        self._host = HOST
        self._book = FaultBook()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulator", daemon=True)
        self._webhooks = Webhooks(state, target, clock)
        self._calls = Calls(state, target.sid, clock, self._webhooks, *rings)
        messages = Messages(state, target.sid, clock, self._webhooks.follow)
        account = (target.sid, target.token)
        self._rest = TwilioRest(account, self._book, {"Messages": messages, "Calls": self._calls})
        self._gateways = {
            f"{domestic.PREFIX}{one.name}/": domestic.Domestic(
                state, self._book, one, target, clock, self._webhooks.follow
            )
            for one in gateways
        }
        for one, gateway in zip(gateways, self._gateways.values(), strict=True):
            self._webhooks.speaks(one.name, gateway)
        self._clock, self._mail_secret = clock, mail_secret
        write_back = self._write_back if mail_secret else None
        self._pages = Pages(state, self._book, self._webhooks.reply, self._calls, zone, write_back)
        self._mailbox = Mailbox(state, self._book, clock)
        self._connections: set[Connection] = set()
        self._servers: list[asyncio.Server] = []

    def phone(self, number: str) -> Phone:
        """`number` in any writing."""
        return Phone(number_of(number) or number, self)

    @property
    def mailbox(self) -> Sequence[Mail]:
        """Every mail, oldest first."""
        return list(self.state.mails)

    def reply(self, phone: str, text: str, to: str = "") -> Sms:
        return self._ask(partial(self._webhooks.reply, phone, text, to))

    def in_call(self, phone: str, what: str, *arguments: str) -> Call:
        """`what` of Calls: answer, hang_up, let_ring."""
        done: Call = self._ask(partial(getattr(self._calls, what), phone, *arguments))
        return done

    def fault(self, **order: Any) -> None:
        """As POST /faults; raises faults.BadFault."""
        self._ask(partial(self._pages.order, order))

    def clear_faults(self) -> None:
        self.fault(clear=True)

    def counts(self) -> dict[str, Any]:
        return self.state.counts()

    def wait(self, true: Callable[[], bool], timeout: float = 5.0) -> bool:
        """Until something is true of the phones or the mailbox; False when the time is over."""
        with self.state.changed:
            return self.state.changed.wait_for(true, timeout)

    def settle(self, timeout: float = 5.0) -> bool:
        """Until every callback and every reply has been handed in or given up."""
        end = time.monotonic() + timeout
        while self._ask(lambda: self._webhooks.pending):
            left = end - time.monotonic()
            if left <= 0:
                return False
            with self.state.changed:
                self.state.changed.wait(min(left, 0.05))
        return True

    @property
    def failed_callbacks(self) -> int:
        """How many the service did not take."""
        return self._webhooks.failed

    def start(self, host: str, port: int, smtp_port: int) -> None:
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._open(host, port, smtp_port), self._loop).result()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if not self._loop.is_running():
            return
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.state.close()

    def __enter__(self) -> Simulator:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def answer_mail(self, mail: Mail, text: str) -> None:
        """The reader of this mail answers it; on its way when this returns (see settle)."""
        self._ask(partial(self._write_back, mail, text))

    def _write_back(self, mail: Mail, text: str) -> None:
        self._webhooks.mail(answer_to(mail, text, self._clock()), self._mail_secret)

    def _answer(self, request: Request) -> Response:
        if not self._meant(request.headers.get("host", "")):
            return Response(421, b"This address is not the simulator's.\n")
        if request.path.startswith(PREFIX):
            return self._rest(request)
        for prefix, gateway in self._gateways.items():
            if request.path.startswith(prefix):
                return gateway(request)
        return self._pages(request)

    def _meant(self, host: str) -> bool:
        """Whether we are asked by a name of this machine, or the one given at the start. A page from elsewhere that has its
        own name point here could otherwise read the phones, and answer for them."""
        return not host or _local(host) or host.rsplit(":", 1)[0] == self._host

    async def _open(self, host: str, port: int, smtp_port: int) -> None:
        self._host = host
        web = await self._loop.create_server(
            lambda: Connection(self._answer, self._connections), host, port, backlog=1024
        )
        self._servers.append(web)
        self.url = f"http://{host}:{web.sockets[0].getsockname()[1]}"
        mail = await asyncio.start_server(self._mailbox.serve, host, smtp_port, limit=LINE_LIMIT)
        self._servers.append(mail)
        self.smtp_url = f"smtp://{host}:{mail.sockets[0].getsockname()[1]}"

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        self._calls.close()
        await self._webhooks.close()
        for connection in list(self._connections):
            connection.close()
        self._mailbox.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        if rest:  # conversations whose connection is gone; cancelled, they would be reported as faults
            await asyncio.wait(rest, timeout=2)

    def _ask(self, question: Callable[[], T]) -> T:
        """Runs it in the simulator's own thread, which alone may change anything."""

        async def ask() -> T:
            return question()

        return asyncio.run_coroutine_threadsafe(ask(), self._loop).result(10)


def serve(
    port: int = 0,
    sid: str = "AC" + "0" * 32,
    token: str = "simulator",  # opens nothing but phones that do not exist
    webhook_base: str = "",
    data_dir: Path | None = None,
    smtp_port: int = 0,
    *,
    clock: Callable[[], datetime],
    host: str = HOST,
    public_url: str = "",
    zone: str = "Asia/Ho_Chi_Minh",
    ring_seconds: float = RING_SECONDS,
    wait_seconds: float = WAIT_SECONDS,
    gateways: Sequence[domestic.Account] = (),
    mail_secret: str = "",
) -> Simulator:
    """Starts and returns at once; port 0 takes any free one.

    Replies go to `webhook_base`/hooks/twilio/inbound, signed over `public_url` where that differs. `data_dir` keeps
    the journal; without it a restart begins with empty phones. A phone rings for `ring_seconds`, and a call waits
    `wait_seconds` for a key after the words. `gateways` are domestic ones, beside Twilio. With `mail_secret` mails can
    be answered: the answer is signed with it, and goes to /hooks/email/inbound.
    """
    base = webhook_base.rstrip("/")
    target = Target(sid, token, base, public_url.rstrip("/") or base)
    simulator = Simulator(
        State(data_dir), target, clock, ZoneInfo(zone), (ring_seconds, wait_seconds), gateways, mail_secret
    )
    simulator.start(host, port, smtp_port)
    return simulator


def run(ready: Callable[[Simulator], None] = lambda simulator: None, **settings: Any) -> None:
    """`serve` with the same settings, until SIGTERM or SIGINT; `ready` hears of the addresses. Main thread only."""
    over = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: over.set())
    with serve(**settings) as simulator:
        ready(simulator)
        over.wait()


@lru_cache(maxsize=64)
def _local(host: str) -> bool:
    return is_loopback(f"//{host}")
