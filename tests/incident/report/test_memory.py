"""What a long report took goes back to the system, though something small made last would keep it."""

from __future__ import annotations

import platform
import subprocess
import sys
import textwrap

import pytest


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_it_goes_back_also_what_is_in_cycles_and_what_lies_below_something_kept() -> None:
    source = textwrap.dedent("""
        import psutil
        from incident.report.memory import give_back
        held = lambda: psutil.Process().memory_info().rss / 2**20
        before = held()
        cells = [bytearray(2000) for _ in range(30_000)]
        cells.append(cells)
        kept = bytearray(2000)
        assert held() - before > 50
        del cells
        give_back()
        assert held() - before < 15, held() - before
    """)
    subprocess.run([sys.executable, "-c", source], check=True)
