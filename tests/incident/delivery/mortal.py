"""A process that dies with its work half done, as far as the database and the carrier can see it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from incident.store.sessions import Store

Death = tuple[int, bool] | None  # at which transaction, and whether that one was committed


class Killed(BaseException):
    """kill -9."""


class Mortal(Store):
    """A database whose client may die at a transaction: before it is committed, or just after."""

    death: Death = None

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with super().writing() as session:
            yield session
            dying = self._dies()
            if dying is False:
                raise Killed
        if dying:
            raise Killed

    def _dies(self) -> bool | None:
        """None: it lives. Else whether the commit still happens."""
        if self.death is None:
            return None
        turns, committed = self.death
        self.death = (turns - 1, committed) if turns else None
        return None if turns else committed
