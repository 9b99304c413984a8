"""One commit for the rows that many threads bring at the same moment.

Whoever comes first writes; whoever comes meanwhile waits, and one of them writes for all who wait. A row that comes alone
is written at once; only in a crowd does the writer wait a few milliseconds for more. Nobody is answered before his own
row is committed. Must never know what a row says.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Row = TypeVar("Row")

MOST = 100
LINGER_SECONDS = 0.004


class Waiting(Generic[Row]):
    """One thread's row, until it is known what became of it."""

    __slots__ = ("called", "ended", "fault", "fresh", "row")

    def __init__(self, row: Row) -> None:
        self.row = row
        self.called = threading.Event()
        self.ended = False
        self.fresh = False
        self.fault: Exception | None = None

    def end(self, fresh: bool, fault: Exception | None = None) -> None:
        self.fresh, self.fault, self.ended = fresh, fault, True
        self.called.set()


class Together(Generic[Row]):
    """`write` stores rows in one transaction and says of each whether it is new. It may be called again with the same
    rows, one by one, unless it failed with one of `hopeless`: faults that are no row's own. `written` is told of the new
    rows of a group, once all who brought them may go. Safe to share between threads, not across a fork."""

    def __init__(
        self,
        write: Callable[[Sequence[Row]], Sequence[bool]],
        written: Callable[[Sequence[Row]], object] = lambda rows: None,
        hopeless: tuple[type[Exception], ...] = (),
        most: int = MOST,
        linger_seconds: float = LINGER_SECONDS,
    ) -> None:
        self._write = write
        self._written = written
        self._hopeless = hopeless
        self._linger_seconds = linger_seconds
        self._crowded = False
        self._most = most
        self._lock = threading.Lock()
        self._waiting: list[Waiting[Row]] = []
        self._writing = False

    @property
    def waiting(self) -> int:
        """How many rows wait for the commit after the one that is being made."""
        return len(self._waiting)

    def put(self, row: Row) -> bool:
        """Committed when it returns: whether the row is new. Raises what `write` raised for this row."""
        mine = Waiting(row)
        with self._lock:
            self._waiting.append(mine)
            first, self._writing = not self._writing, True
        if not first:
            mine.called.wait()
        if not mine.ended and (new := self._lead()):
            self._written(new)
        if mine.fault is not None:
            raise mine.fault
        return mine.fresh

    def _lead(self) -> list[Row]:
        """Write what waits, one's own row first, and hand the turn to whoever came meanwhile. Returns what was new."""
        if self._crowded:
            time.sleep(self._linger_seconds)
        with self._lock:
            group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        self._crowded = len(group) > 1
        try:
            self._store(group)
        finally:
            with self._lock:
                self._writing = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].called.set()
        return [one.row for one in group if one.fresh]

    def _store(self, group: Sequence[Waiting[Row]]) -> None:
        try:
            known = self._write([one.row for one in group])
            for one, fresh in zip(group, known, strict=True):
                one.end(fresh)
        except Exception as fault:
            if len(group) > 1 and not isinstance(fault, self._hopeless):
                for one in group:  # one bad row must not fail the others
                    self._store([one])
                return
            for one in group:
                one.end(False, fault)
        except BaseException as fault:
            for one in group:
                one.end(False, RuntimeError(f"stopped while it was written: {type(fault).__name__}"))
            raise
