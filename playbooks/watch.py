"""Watches a rehearsal for silence: an overdue step about which, for half an hour, nobody who could act was told anything.

Whoever a step is told to (its people, their stand-ins, the roles of its ladder, those on duty) can act on it. The half hour
begins anew when the step comes onto the call list, which those on duty see. Knows nothing of texts or channels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from playbooks.outcome import LONGEST_SILENCE
from playbooks.run import ACTIVE, STUCK, Run

LONGEST = timedelta(seconds=LONGEST_SILENCE)


class Watch:
    def __init__(self) -> None:
        self._heard: dict[
            str, datetime
        ] = {}  # overdue steps, and since when nothing more was said about each
        self._marks: dict[str, tuple[int, bool]] = {}  # the activation and whether it is on the call list
        self._silences: list[tuple[str, datetime, datetime]] = []

    def look(self, run: Run, reached: Mapping[str, datetime], now: datetime) -> None:
        """After each advance. `reached`: when each step was last spoken of."""
        for id, state in run.steps.items():
            if not (state.state == STUCK or (state.rung > 0 and state.state == ACTIVE)):
                if id in self._heard:
                    self._end(id, now)
            elif self._marks.get(id) != (mark := (state.activation, state.state == STUCK)):
                if id in self._heard:
                    self._end(id, now)
                self._heard[id], self._marks[id] = now, mark
            elif (at := reached.get(id)) is not None and at > self._heard[id]:
                self._pause(id, at)

    def _end(self, id: str, now: datetime) -> None:
        self._pause(id, now)
        del self._heard[id], self._marks[id]

    def _pause(self, id: str, at: datetime) -> None:
        if at - self._heard[id] > LONGEST:
            self._silences.append((id, self._heard[id], at))
        self._heard[id] = at

    def silences(
        self, now: datetime, down: tuple[datetime, datetime] | None
    ) -> Iterator[tuple[str, datetime, datetime]]:
        """Step, start, end. What lies in the time the system was down is not silence of the playbook."""
        for id in list(self._heard):
            self._end(id, now)
        for id, start, end in self._silences:
            lost = _overlap((start, end), down) if down else timedelta()
            if end - start - lost > LONGEST:
                yield id, start, end


def _overlap(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> timedelta:
    return max(min(one[1], other[1]) - max(one[0], other[0]), timedelta())
