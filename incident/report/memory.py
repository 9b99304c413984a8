"""Gives back to the system what making a long report took; Python and the C library would keep it for the next one."""

from __future__ import annotations

import ctypes
import gc
import sys
from functools import cache
from typing import Any


def give_back() -> None:
    """Costs up to a quarter of a second, in which other threads wait: for what is long and rare."""
    gc.collect()  # the tree of a DOCX is full of cycles
    if trim := _trim():
        trim(0)


@cache
def _trim() -> Any:
    """malloc_trim(3) of the GNU C library; other libraries have none, and mostly need none."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
