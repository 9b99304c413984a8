"""`incident up`: everything on one machine. Decides what runs, in which order, and what the children are told.

Where one can fork, web, workers and clock are born of this process, which has laid in what they share (`stock`): what is
heavy is in memory once. It uses nothing of that itself: no database, no carrier, no thread.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

import notify.simulator
from incident.processes import redis
from incident.processes.supervisor import Child, Supervisor
from incident.settings import BadSettings, Settings

START_SECONDS = 60.0
FORKS = sys.platform == "linux"  # elsewhere the libraries of the system do not all bear a fork
SIMULATED = "simulator"  # SMS_GATEWAYS of that name: the simulator's own, beside its Twilio
SIMULATED_GATEWAYS = Path(notify.simulator.__path__[0]) / "gateways.yaml"
OUR_NUMBER = "+84540000000"  # the sender in the simulator: a number, so that phones can answer


def run(environment: Mapping[str, str], out: Callable[[str], None], log: Callable[[str], None]) -> int:
    """Start everything, say where it is, and stay until a signal comes. Returns the exit code. Raises Born in a child."""
    env = dict(environment)
    settings = Settings.from_env(env)
    _prepare_directory(settings, env)
    _begin_anew(env)
    _refuse_used_port(settings.port)
    supervisor = Supervisor(log)

    def ask_to_stop(*_: object) -> None:
        supervisor.stopping = True

    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, ask_to_stop)
    try:
        return _live(supervisor, settings, env, out, log)
    finally:
        supervisor.stop()


def _live(
    supervisor: Supervisor,
    settings: Settings,
    env: dict[str, str],
    out: Callable[[str], None],
    log: Callable[[str], None],
) -> int:
    _start_redis(supervisor, settings, env, log)
    simulated = _wants_simulator(env)
    if simulated:
        url = _start_simulator(supervisor, settings, env)
        if url is None:
            return 0 if supervisor.stopping else 1
        out(f"Mô phỏng: {url}")
    _refuse_broken_carriers(env)
    with _migration(env) as migration:
        if FORKS:
            from incident.processes import stock

            stock.lay_in(Settings.from_env(env))  # meanwhile
        accounts = _accounts(migration)
    if accounts is None:
        return 2

    def start(role: str) -> Child:
        return supervisor.start(role, _command(role), env, forked=FORKS)

    start("serve")
    workers = [start("worker") for _ in range(max(1, settings.workers))]
    clock = start("clock")

    def all_answer() -> bool:
        return clock.ready and all(worker.ready for worker in workers) and _answers(settings.port)

    if not supervisor.wait_until(all_answer, START_SECONDS) and not supervisor.stopping:
        log(f"not everything answered within {START_SECONDS:.0f} s; it is being tried on")
        supervisor.wait_until(all_answer, float("inf"))
    if supervisor.stopping:
        return 0
    if accounts:
        out("Tài khoản mẫu (thư điện tử · mật khẩu · vai trò):")
        for line in accounts:
            out("  " + line.replace("\t", " · "))
    out(f"Sẵn sàng: http://localhost:{settings.port}")
    supervisor.run()
    return 0


def _command(*words: str) -> list[str]:
    """The role is the last word, so that one sees in a list of processes who is who."""
    return [sys.executable, "-m", "incident", *words]


def _prepare_directory(settings: Settings, env: dict[str, str]) -> None:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise BadSettings(f"DATA_DIR={settings.data_dir}: không ghi được ({fault.strerror})") from fault
    env["DATA_DIR"] = str(settings.data_dir)
    env["INCIDENT_EMBEDDED"] = "1"
    env["PYTHONUTF8"] = "1"
    env.setdefault("BIND", "127.0.0.1")
    # One arena is enough for processes that rest most of the time.
    env.setdefault("MALLOC_ARENA_MAX", "2")


def _begin_anew(env: Mapping[str, str]) -> None:
    """Replace this program by itself, once, so that those born of it show what their roles ask for: DATA_DIR in the
    environment they began with, and a command line long enough to hold theirs."""
    command = [sys.executable, "-X", "utf8", "-m", "incident", "up"]
    if FORKS and (sys.orig_argv != command or os.environ.get("DATA_DIR") != env["DATA_DIR"]):
        os.execve(sys.executable, command, dict(env))


def _refuse_used_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as fault:
            raise BadSettings(f"PORT={port}: cổng đang được chương trình khác dùng") from fault


def _start_redis(
    supervisor: Supervisor, settings: Settings, env: dict[str, str], log: Callable[[str], None]
) -> None:
    if settings.redis_url:
        return
    server = redis.binary()
    if server is None:
        log("no redis-server: the sweep alone drives")
        return
    path = redis.socket_path(settings.data_dir)
    path.unlink(missing_ok=True)
    supervisor.start("redis", redis.arguments(server, path, settings.data_dir), env)
    env["REDIS_URL"] = f"unix://{path}"
    if not supervisor.wait_until(lambda: redis.answers(env["REDIS_URL"], 0.3), 10):
        log("redis-server does not answer: the sweep drives until it does")


# ------------------------------------------------------------------ the simulator


def _wants_simulator(env: Mapping[str, str]) -> bool:
    configured = env.get("TWILIO_ACCOUNT_SID") or env.get("SMS_GATEWAYS")
    return env.get("SIMULATOR") == "1" or env.get("SMS_GATEWAYS") == SIMULATED or not configured


def _refuse_broken_carriers(env: Mapping[str, str]) -> None:
    """A broken description is said here, in words, and not by children that do not come up."""
    if env.get("SMS_GATEWAYS"):
        from incident.wiring import sms_order

        sms_order(Settings.from_env(env), env)


def _start_simulator(supervisor: Supervisor, settings: Settings, env: dict[str, str]) -> str | None:
    """Its addresses and its account are made once and kept, so that a restart finds the same phones."""
    kept = _kept(settings.data_dir / "simulator.json", env)
    url = f"http://127.0.0.1:{kept['port']}"
    env |= {
        "TWILIO_ACCOUNT_SID": str(kept["sid"]),
        "TWILIO_AUTH_TOKEN": str(kept["token"]),
        "TWILIO_FROM": OUR_NUMBER,
        "TWILIO_VOICE_FROM": OUR_NUMBER,
        "TWILIO_API_BASE": url,
        "SIMULATOR_URL": url,
        "SIMULATOR_PORT": str(kept["port"]),
        "SIMULATOR_SMTP_PORT": str(kept["smtp_port"]),
    }
    env.pop("TWILIO_MESSAGING_SERVICE_SID", None)
    env.pop("TWILIO_AUTH_TOKEN_2", None)
    if env.pop("SMS_GATEWAYS", None) == SIMULATED:  # with SIMULATOR=1 nothing goes to a real gateway
        env |= {"SMS_GATEWAYS": str(SIMULATED_GATEWAYS), "SIMULATOR_GATEWAY_SECRET": str(kept["token"])}
    if env.get("SIMULATOR") == "1" or not env.get("SMTP_URL"):
        env["SMTP_URL"] = f"smtp://127.0.0.1:{kept['smtp_port']}"
        env["EMAIL_INBOUND_SECRET"] = str(kept["token"])
    child = supervisor.start("simulator", _command("simulator"), env)
    return url if supervisor.wait_until(lambda: child.ready, 20) else None


def _kept(path: Path, env: Mapping[str, str]) -> dict[str, str | int]:
    kept: dict[str, str | int] = {"sid": f"AC{secrets.token_hex(16)}", "token": secrets.token_hex(16)}
    try:
        kept |= json.loads(path.read_text())
    except (OSError, ValueError):
        pass
    for name, setting in (("port", "SIMULATOR_PORT"), ("smtp_port", "SIMULATOR_SMTP_PORT")):
        if env.get(setting):
            kept[name] = int(env[setting])
        elif not isinstance(kept.get(name), int) or not _free(int(kept[name])):
            kept[name] = _free_port()
    path.write_text(json.dumps(kept))
    path.chmod(0o600)
    return kept


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# ------------------------------------------------------------------ the rest


def _migration(env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Migrate, and fill an empty database with the sample province."""
    return subprocess.Popen(_command("migrate", "--sample"), env=dict(env), stdout=subprocess.PIPE)


def _accounts(migration: subprocess.Popen[bytes]) -> list[str] | None:
    """The sample's accounts, one a line; None when it failed."""
    printed, _ = migration.communicate()
    if migration.returncode:
        return None
    return [line for line in printed.decode().splitlines() if line]


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def environment() -> dict[str, str]:
    """The process's environment, with `.env` of the working directory in development."""
    if os.path.exists(".env"):
        from dotenv import load_dotenv

        load_dotenv(".env")
    return dict(os.environ)
