"""Which law binds an incident, chosen by its local date. The articles, hours and forms are data; none stands in code.

Source of the data: `data/legal_basis.yaml`, whose entries carry their own source and verification mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playbooks.signals import LawClock

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
ANY_KIND = "*"


@dataclass(frozen=True, slots=True)
class Basis:
    """A legal basis with its clocks, kinds and forms; `as_json` is what an incident copies at opening."""

    id: str
    title: str
    short: str
    valid_from: date
    valid_to: date | None
    source: str
    verified: str
    version: int
    clocks: tuple[dict[str, Any], ...]
    kinds: dict[str, str]
    forms: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "short": self.short,
            "source": self.source,
            "verified": self.verified,
            "version": self.version,
            "clocks": [dict(clock) for clock in self.clocks],
            "kinds": dict(self.kinds),
            "forms": dict(self.forms),
        }


@dataclass(frozen=True, slots=True)
class Channel:
    key: str
    title: str
    form: str


@cache
def _data() -> dict[str, Any]:
    import yaml

    path = Path(__file__).with_name("data") / "legal_basis.yaml"
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


@cache
def bases() -> tuple[Basis, ...]:
    """Every basis known, newest first."""
    data = _data()
    return tuple(
        Basis(
            id=b["id"],
            title=b["title"],
            short=b["short"],
            valid_from=b["valid_from"],
            valid_to=b["valid_to"],
            source=b["source"],
            verified=b["verified"],
            version=data["version"],
            clocks=tuple(b["clocks"]),
            kinds=b["kinds"],
            forms=b["forms"],
        )
        for b in data["bases"]
    )


@cache
def channels() -> dict[str, Channel]:
    return {key: Channel(key, c["title"], c["form"]) for key, c in _data()["channels"].items()}


def basis_for(moment: datetime) -> Basis:
    """The basis in force on the local date of `moment`; the oldest one known for anything earlier."""
    day = moment.astimezone(VIETNAM).date()
    for basis in bases():
        if basis.valid_from <= day and (basis.valid_to is None or day <= basis.valid_to):
            return basis
    return bases()[-1]


def law_clocks(
    basis: Mapping[str, Any], kinds: tuple[str, ...], anchors: Mapping[str, datetime]
) -> dict[str, LawClock]:
    """The clocks of a copied basis that bind an incident of these kinds. Where several bind under one name,
    the one that falls due first counts, and one whose anchor is known before one whose anchor is not."""
    chosen: dict[str, LawClock] = {}
    for clock in basis.get("clocks", ()):
        if clock["kind"] != ANY_KIND and clock["kind"] not in kinds:
            continue
        candidate = LawClock(clock["anchor"], clock["hours"], f"{basis['short']}, {clock['article']}")
        rival = chosen.get(clock["law"])
        if rival is None or _falls(candidate, anchors) < _falls(rival, anchors):
            chosen[clock["law"]] = candidate
    return chosen


def _falls(clock: LawClock, anchors: Mapping[str, datetime]) -> tuple[bool, float]:
    start = anchors.get(clock.anchor)
    return (True, 0.0) if start is None else (False, (start + timedelta(hours=clock.hours)).timestamp())
