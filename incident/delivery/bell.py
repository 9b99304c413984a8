"""The bell: tells workers that something is due. A hint only: it carries nothing, may be lost and may ring twice.

A key marks a ring that no worker has begun to answer yet, so that a thousand messages ring once; it expires by itself,
because RQ loses a job when a worker dies just after taking it. A dead Redis costs 0.2 s once a second, never an error.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

log = logging.getLogger(__name__)

QUEUE = "bell"
CONNECT_SECONDS = 0.2
PENDING_SECONDS = 5
REST_SECONDS = 1.0  # after a failure Redis is left alone for so long
JOB_TIMEOUT_SECONDS = 120


class Bell:
    """`ring` after the commit. Without a Redis address it is silent, and the sweep alone drives."""

    def __init__(self, redis_url: str | None) -> None:
        self.url = redis_url
        self._queue: Any = None
        self._resting_until = 0.0
        self._lock = threading.Lock()

    def ring(self, what: str = "drain") -> bool:
        """Ask for the job `incident.jobs.<what>`; whether a ring is pending now. Never raises."""
        if self.url is None or time.monotonic() < self._resting_until:
            return False
        try:
            queue = self._opened()
            if queue.connection.set(_key(what), "1", nx=True, ex=PENDING_SECONDS):
                queue.enqueue(
                    f"incident.jobs.{what}",
                    result_ttl=0,
                    failure_ttl=0,
                    ttl=PENDING_SECONDS * 2,
                    job_timeout=JOB_TIMEOUT_SECONDS,
                )
            return True
        except Exception as fault:
            self._resting_until = time.monotonic() + REST_SECONDS
            log.warning("the bell did not ring: %s", type(fault).__name__)
            return False

    def begun(self, what: str) -> None:
        """A worker has begun to answer: whatever is committed from now on rings again."""
        if self.url is None:
            return
        try:
            self._opened().connection.delete(_key(what))
        except Exception as fault:
            log.warning("the bell is out of reach: %s", type(fault).__name__)

    def warm(self) -> None:
        """Import RQ before the first ring is waited for."""
        if self.url is not None:
            self._opened()

    def close(self) -> None:
        if self._queue is not None:
            self._queue.connection.close()

    def _opened(self) -> Any:
        with self._lock:
            if self._queue is None:
                from rq import Queue

                self._queue = Queue(QUEUE, connection=connect(str(self.url), timeout_seconds=1.0))
            return self._queue


def connect(url: str, timeout_seconds: float | None = None) -> Any:
    """A Redis client; `timeout_seconds` None for workers, which wait for their next job."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), 0),
    )


def _key(what: str) -> str:
    return f"incident:rung:{what}"
