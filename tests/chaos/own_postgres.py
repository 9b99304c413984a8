"""A PostgreSQL server of the run's own, which it may break without disturbing anybody else on the machine."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

OWNER = "postgres"  # it refuses to run as root


@dataclass(frozen=True, slots=True)
class Server:
    """`restart`: the command that lets it fall and stand up again, as after a loss of power."""

    url: str
    restart: str


@contextmanager
def running() -> Iterator[Server]:
    """Raises SystemExit where the machine has no PostgreSQL server to start."""
    with tempfile.TemporaryDirectory(prefix="incident-postgres-") as directory:
        if _is_root():
            shutil.chown(directory, OWNER, OWNER)
        data, port = Path(directory) / "data", _free_port()
        _run(_command("initdb", "-D", str(data), "-U", OWNER, "-A", "trust", "--no-instructions"))
        options = f"-p {port} -k {directory} -c listen_addresses=127.0.0.1"
        control = _command("pg_ctl", "-D", str(data), "-w", "-l", f"{directory}/log")
        _run([*control, "-o", options, "start"])
        try:
            restart = shlex.join([*control, "-m", "immediate", "restart"])
            yield Server(f"postgresql://{OWNER}@127.0.0.1:{port}/postgres", restart)
        finally:
            _run([*control, "-m", "immediate", "stop"])


def _command(name: str, *words: str) -> list[str]:
    found = shutil.which(name) or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None
    )
    if found is None:
        raise SystemExit(
            f"{name} was not found: install the PostgreSQL server, or leave out --private-postgres"
        )
    return [*(("runuser", "-u", OWNER, "--") if _is_root() else ()), found, *words]


def _is_root() -> bool:
    return os.geteuid() == 0 and any(one.pw_name == OWNER for one in pwd.getpwall())


def _run(words: Sequence[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise SystemExit(f"{shlex.join(words)}: {done.stdout}{done.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
