"""What the simulator's phones received and when, read from the journal it keeps: reading costs it nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import urllib3

LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Arrival:
    """One SMS as the simulator took it from the carrier's client."""

    to: str
    at: datetime


class Phones:
    """`url` of the simulator, `journal` the file it writes."""

    def __init__(self, url: str, journal: Path) -> None:
        self.url = url
        self.journal = journal
        self.place = 0
        self.receipts = 0
        self.http = urllib3.PoolManager()

    def forget(self) -> None:
        """Only what comes from now on counts."""
        self.place = self.journal.stat().st_size if self.journal.exists() else 0
        self.receipts = 0

    def expect(self, n: int, seconds: float) -> Sequence[Arrival]:
        """At least `n` messages since `forget`, in the order in which they came. Raises TimeoutError."""
        end = time.monotonic() + seconds
        found: list[Arrival] = []
        while len(found) < n:
            found.extend(self._new())
            if len(found) < n:
                if time.monotonic() > end:
                    raise TimeoutError(f"{len(found)} of {n} messages within {seconds:.0f} s")
                time.sleep(LOOK_SECONDS)
        return found

    def quiet(self, seconds: float = 1.0, limit: float = 180.0) -> None:
        """Wait until nothing has been written for so long: all is sent and every receipt handed in."""
        end = time.monotonic() + limit
        size = -1
        while (now := self.journal.stat().st_size) != size and time.monotonic() < end:
            size = now
            time.sleep(seconds)
        self._new()

    def order(self, **fault: Any) -> None:
        """As POST /faults."""
        answer = self.http.request("POST", f"{self.url}/faults", json=fault)
        if answer.status >= 300:
            raise RuntimeError(f"the simulator refused {fault}: {answer.status} {answer.data!r}")

    def _new(self) -> Sequence[Arrival]:
        if not self.journal.exists():
            return []
        with self.journal.open("rb") as file:
            file.seek(self.place)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self.place += len(whole)
        facts = [json.loads(line) for line in whole.splitlines()]
        self.receipts += sum(1 for fact in facts if fact["kind"] == "status")
        return [
            Arrival(fact["to"], datetime.fromisoformat(fact["created_at"]))
            for fact in facts
            if fact["kind"] == "sms" and not fact["inbound"]
        ]
