"""Names for rows that stay the same from one import to the next, in every database."""

from __future__ import annotations

import re
import uuid

from incident.domain.names import search_key

IDS = uuid.UUID("5400ac5e-0000-5000-8000-000000000540")
LONGEST = 60


def stable_id(key: str) -> str:
    """The same key has the same id everywhere."""
    return str(uuid.uuid5(IDS, key))


def slug(text: str) -> str:
    """Chánh Văn phòng -> chanh_van_phong."""
    return re.sub(r"[^a-z0-9]+", "_", search_key(text)).strip("_")[:LONGEST]
