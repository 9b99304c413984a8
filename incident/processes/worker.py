"""A worker: answers the bell. Its carriers' connections and its thread pool live as long as the process.

Redis dying ends RQ's loop, which is begun again; meanwhile the clock drains. Without Redis a worker rests.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from incident import jobs
from incident.delivery.bell import QUEUE, connect
from incident.wiring import Wiring

log = logging.getLogger(__name__)

PAPERS = "papers"
PAUSE_SECONDS = 1.0


def run(wiring: Wiring, ready: Callable[[], None], *, papers: bool = False) -> None:
    """Until SIGTERM. Main thread only: RQ takes the signals while it works."""
    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, ask_to_stop)
    if not papers:
        _begin(wiring)
    ready()
    while not stop.is_set():
        if wiring.settings.redis_url is not None:
            _answer(wiring.settings.redis_url, papers, stop)
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, ask_to_stop)
        stop.wait(PAUSE_SECONDS)


def _begin(wiring: Wiring) -> None:
    """Send what was left lying; this also opens the database and the carriers' clients before the first bell."""
    try:
        if wiring.settings.twilio_sid:
            import twilio.rest  # noqa: F401
        if wiring.settings.sms_gateways:
            import notify.http_pool  # noqa: F401
        wiring.bell.warm()
        wiring.outbox.drain()
    except Exception:
        log.exception("the first drain failed; the bell or the clock will ask again")


def _answer(url: str, papers: bool, stop: threading.Event) -> None:
    """One run of RQ's loop."""
    from rq import Queue, SimpleWorker
    from rq import Worker as Forking

    class BellWorker(SimpleWorker):
        """Stops a drain that is under way when it is asked to end."""

        def request_stop(self, signum: int, frame: Any) -> None:
            stop.set()
            jobs.wiring().outbox.stop()
            super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    class PapersWorker(Forking):
        def request_stop(self, signum: int, frame: Any) -> None:
            stop.set()
            super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    try:
        connection = connect(url)
        kind = PapersWorker if papers else BellWorker
        kind([Queue(PAPERS if papers else QUEUE, connection=connection)], connection=connection).work(
            logging_level="WARNING"
        )
    except Exception as fault:
        log.warning("the worker lost Redis: %s", type(fault).__name__)
