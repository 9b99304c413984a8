"""What a measurement says: a line of the table, and how times become one number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """`met` is None where nothing is asked of the number here."""

    what: str
    found: str
    asked: str = ""
    met: bool | None = None


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest rank: a value that was really measured."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"


def spread(values: Sequence[float]) -> str:
    return f"p50 {ms(percentile(values, 0.5))}, p95 {ms(percentile(values, 0.95))} (n = {len(values)})"
