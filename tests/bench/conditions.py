"""Where and with what was measured, as far as it can be asked of the machine."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil  # type: ignore[import-untyped,unused-ignore]

from incident.processes import redis
from tests.bench import databases

LIBRARIES = ("flask", "gunicorn", "sqlalchemy", "psycopg", "rq", "twilio", "urllib3", "typst", "python-docx")
TOGETHER = (
    "- one web process of 16 threads, one worker of 32 sending threads, one clock, the simulator as the carrier, and the"
    " program that measures: all on one machine"
)


def lines(date: str) -> list[str]:
    memory = psutil.virtual_memory().total / 2**30
    return [
        f"- {date}; {os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB, {platform.system()} {platform.release()}",
        f"- Python {platform.python_version()}; "
        + ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        f"- PostgreSQL {_postgresql()}; SQLite {sqlite3.sqlite_version}; {_redis()}",
        TOGETHER,
    ]


def priority() -> str:
    """Other work on the machine is told by its load; what was done against it is told here."""
    if os.sched_getscheduler(0) in (os.SCHED_RR, os.SCHED_FIFO):
        return "; everything measured went before other work on the machine (real-time scheduling)"
    return ""


def load() -> str:
    return "{:.1f}, {:.1f}, {:.1f}".format(*os.getloadavg())


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _postgresql() -> str:
    try:
        (row,) = databases.asked(
            databases.SERVER, "SELECT current_setting('server_version'), current_setting('fsync')"
        )
    except Exception:
        return "is not reachable"
    return f"{row[0].split()[0]} (fsync {row[1]})"


def _redis() -> str:
    binary = redis.binary()
    if binary is None:
        return "no Redis"
    words = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.split()
    return f"Redis {next(w for w in words if w.startswith('v='))[2:]}"
