"""The processes: `up` (all of them), `serve`, `worker`, `clock`, `simulator`, `migrate`. What is heavy is imported inside."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from incident.wiring import Wiring


@click.command("up", short_help="Chạy toàn bộ dịch vụ trên máy này")
def up() -> None:
    """Chạy web, tiến trình gửi tin, đồng hồ, bộ mô phỏng và Redis; Ctrl-C dừng tất cả."""
    from incident.processes import embedded
    from incident.processes.forked import Born

    def out(text: str) -> None:
        sys.stdout.buffer.write(f"{text}\n".encode())
        sys.stdout.buffer.flush()

    def log(text: str) -> None:
        print(f"incident up: {text}", file=sys.stderr, flush=True)

    try:
        sys.exit(embedded.run(embedded.environment(), out, log))
    except Born as child:
        role = child.role
    {"serve": serve, "worker": worker, "clock": clock}[role].main(args=[], standalone_mode=False)


def _begin() -> Wiring:
    from incident.processes import logs
    from incident.wiring import Wiring

    wiring = Wiring.from_env()
    logs.configure(wiring.settings.log_format)
    return wiring


@click.command("serve", short_help="Chạy trang web")
def serve() -> None:
    """Chạy trang web trên BIND:PORT (mặc định 127.0.0.1:8000)."""
    from incident.processes import embedded, logs, server
    from incident.settings import Settings
    from incident.wiring import sms_order

    settings = Settings.from_env(embedded.environment())
    sms_order(settings, os.environ)  # a broken file is said here, not by a server that does not come up
    logs.configure(settings.log_format)
    sys.argv = sys.argv[:1]  # gunicorn reads the command line, and ours is not its own
    server.run(settings, _application)


def _application() -> Any:
    """Made in gunicorn's worker: its master stays small."""
    from incident.web.app import create_app
    from incident.wiring import Wiring

    wiring = Wiring.from_env()
    wiring.bell.warm()
    assert wiring.outbox  # made now, not while the first webhook waits
    return create_app(wiring)


@click.command("worker", short_help="Chạy tiến trình gửi tin")
@click.option("--papers", is_flag=True, help="làm báo cáo thay vì gửi tin")
def worker(papers: bool) -> None:
    """Chạy một tiến trình gửi tin; chạy thêm bao nhiêu cũng được."""
    from incident import jobs
    from incident.processes import tether, worker

    _begin()
    tether.watch_parent()
    worker.run(jobs.wiring(), tether.tell_ready, papers=papers)


@click.command("clock", short_help="Chạy đồng hồ")
def clock() -> None:
    """Chạy đồng hồ: đến hạn, nhắc, chuyển người thay. Chạy nhiều cũng chỉ một làm việc."""
    from incident.processes import tether
    from incident.processes.clock import Clock

    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    wiring = _begin()
    tether.watch_parent()
    Clock(wiring, stop).run(tether.tell_ready)


@click.command("simulator", short_help="Chạy bộ mô phỏng điện thoại và hộp thư")
def simulator() -> None:
    """Chạy bộ mô phỏng: điện thoại và hộp thư xem được trong trình duyệt."""
    from incident.processes import logs, tether
    from incident.settings import Settings
    from incident.wiring import now
    from notify.simulator import server
    from notify.simulator.calling import RING_SECONDS
    from notify.simulator.domestic import Account

    settings = Settings.from_env()
    logs.configure(settings.log_format)
    account = {}
    if settings.twilio_sid and settings.twilio_tokens:
        account = {"sid": settings.twilio_sid, "token": settings.twilio_tokens[0]}

    secret = os.environ.get("SIMULATOR_GATEWAY_SECRET")
    gateways = (Account("noi-dia", secret, signed=True),) if secret else ()

    def ready(running: server.Simulator) -> None:
        if not os.environ.get(tether.PARENT_FD):  # else the parent says it
            click.echo(f"Mô phỏng: {running.url}")
        tether.tell_ready()

    tether.watch_parent()
    server.run(
        ready,
        port=int(os.environ.get("SIMULATOR_PORT") or 0),
        smtp_port=int(os.environ.get("SIMULATOR_SMTP_PORT") or 0),
        webhook_base=f"http://127.0.0.1:{settings.port}",
        public_url=settings.public_url,
        data_dir=Path(settings.data_dir),
        zone=settings.tz_display,
        clock=now,
        gateways=gateways,
        mail_secret=settings.email_secret or "",
        ring_seconds=float(os.environ.get("SIMULATOR_RING_SECONDS") or RING_SECONDS),
        **account,
    )


@click.command("migrate", short_help="Đưa cơ sở dữ liệu về phiên bản của chương trình")
@click.option("--sample", is_flag=True, help="nạp tỉnh mẫu vào cơ sở dữ liệu trống, in tài khoản mẫu")
def migrate(sample: bool) -> None:
    """Tạo hoặc nâng cấp các bảng. Chạy lại bao nhiêu lần cũng được."""
    from incident.store.schema import migrate as bring_up

    wiring = _begin()
    bring_up(wiring.store)
    if sample:
        for email, password, title in _sample(wiring):
            click.echo(f"{email}\t{password}\t{title}")


def _sample(wiring: Wiring) -> list[tuple[str, str, str]]:
    """The sample province and its accounts, in a database that is empty or holds the sample already."""
    from incident.commands.accounts import sample_accounts
    from incident.directory.sample import load_sample
    from incident.store.tables import Setting

    now = wiring.now()
    with wiring.store.writing() as session:
        load_sample(session, now)
        if session.get(Setting, "sample") is None:
            return []
    return sample_accounts(wiring.store, now)
