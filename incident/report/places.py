"""What the areas of incidents are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.store.tables import Unit

WHOLE_PROVINCE = "toan_tinh"
WHOLE_PROVINCE_TITLE = "Toàn tỉnh"


def area_names(session: Session, incidents: Sequence[Any]) -> dict[str, str]:
    keys = {key for incident in incidents for key in incident.area} - {WHOLE_PROVINCE}
    names = {WHOLE_PROVINCE: WHOLE_PROVINCE_TITLE}
    if keys:
        # A commune that was merged keeps its name here: the newest unit of a key comes last.
        found = select(Unit.area, Unit.name).where(Unit.area.in_(keys), Unit.kind.in_(("xa", "phuong")))
        names |= {area: name for area, name in session.execute(found.order_by(Unit.valid_from)) if area}
    return names


def area_titles(area: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """The places, not the committees that govern them: "Xã Suối Lạc"."""
    return tuple(_place(names.get(key, key)) for key in area)


def _place(unit: str) -> str:
    name = unit.removeprefix("Ủy ban nhân dân ").removeprefix("UBND ")
    return name[:1].upper() + name[1:]
