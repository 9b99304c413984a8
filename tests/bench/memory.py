"""What web, worker and clock hold when nothing happens, and beside it their parent, which shares what they have in common."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.numbers import Line
from tests.bench.service import ROLES, Service

MOST = 200.0


def measure(service: Service, when: str, *, judged: bool) -> Iterator[Line]:
    found = {role: service.pss(role) for role in ROLES}
    total = sum(found.values())
    each = ", ".join(f"{role} {size:.0f}" for role, size in found.items())
    parent = service.parent_pss()
    yield Line(
        f"memory (PSS), {when}",
        f"{total:.0f} MiB ({each}); their parent {parent:.0f} more",
        f"≤ {MOST:.0f} MiB" if judged else "",
        total <= MOST if judged else None,
    )
