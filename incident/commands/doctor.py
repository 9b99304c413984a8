"""`incident doctor`: what is configured and what is missing, in plain words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from incident.settings import Settings
    from incident.wiring import Wiring

MARKS = {"ok": "✓", "note": "–", "bad": "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    """level: ok | note | bad."""

    level: str
    text: str


@click.command("doctor")
def command() -> None:
    """Đã cấu hình gì, còn thiếu gì. Mã thoát 1 nếu có điểm không chạy được."""
    from incident.wiring import Wiring

    findings = list(examine(Wiring.from_env()))
    for finding in findings:
        click.echo(f"{MARKS[finding.level]} {finding.text}")
    sys.exit(any(finding.level == "bad" for finding in findings))


def examine(wiring: Wiring) -> Iterator[Finding]:
    """Every finding, in the order in which they matter."""
    settings = wiring.settings
    yield Finding("ok", f"Thư mục dữ liệu: {settings.data_dir}")
    yield from _database(wiring)
    yield _redis(settings.redis_url)
    if settings.twilio_sid:
        where = settings.twilio_base or "Twilio"
        way = "hai chiều" if settings.two_way else "một chiều (xác nhận bằng liên kết)"
        yield Finding("ok", f"SMS: {where}, {way}")
    else:
        yield Finding("note", "SMS: chưa cấu hình; `incident up` sẽ dùng bộ mô phỏng điện thoại")
    yield _voice(settings)
    if settings.smtp_url:
        yield Finding("ok", f"Thư điện tử: gửi từ {settings.mail_from}")
    else:
        yield Finding("note", "Thư điện tử: chưa cấu hình SMTP_URL")
    if not settings.https:
        yield Finding("note", f"PUBLIC_URL {settings.public_url} không phải https: chỉ dùng trên máy này")
    if settings.heartbeat_url is None:
        yield Finding("note", "HEARTBEAT_URL trống: không ai bên ngoài biết khi dịch vụ ngừng")


def _voice(settings: Settings) -> Finding:
    if settings.twilio_voice_from and not settings.twilio_sid:
        return Finding("bad", "Gọi tự động: có TWILIO_VOICE_FROM nhưng chưa có TWILIO_ACCOUNT_SID")
    if settings.twilio_voice_from:
        return Finding("ok", f"Gọi tự động: gọi từ {settings.twilio_voice_from}, khi SMS không có trả lời")
    return Finding(
        "note", "Gọi tự động: chưa cấu hình TWILIO_VOICE_FROM; im lặng thì chuyển thẳng sang gọi tay"
    )


def _database(wiring: Wiring) -> Iterator[Finding]:
    from sqlalchemy import func, select

    from incident.store import schema
    from incident.store.tables import Lease, Person

    try:
        current = schema.current(wiring.store)
        if current != schema.head():
            yield Finding("bad", f"Cơ sở dữ liệu ở phiên bản {current or 'trống'}; chạy `incident migrate`")
            return
        with wiring.store.reading() as session:
            people = session.scalar(select(func.count()).select_from(Person)) or 0
            clock = session.get(Lease, "clock")
    except Exception as error:
        yield Finding("bad", f"Cơ sở dữ liệu không mở được: {error}")
        return
    yield Finding("ok", f"Cơ sở dữ liệu: {wiring.store.dialect}, phiên bản {current}")
    if people == 0:
        yield Finding("bad", "Danh bạ trống: `incident directory import` hoặc `incident directory sample`")
    else:
        yield Finding("ok", f"Danh bạ: {people} người")
    beat = clock.beat_at if clock else None
    if beat is None or (wiring.now() - beat).total_seconds() > 10:
        yield Finding("note", "Đồng hồ (`incident clock`) không chạy: không có nhắc, không chuyển người thay")
    else:
        yield Finding("ok", "Đồng hồ đang chạy")


def _redis(url: str | None) -> Finding:
    if url is None:
        return Finding("note", "REDIS_URL trống: tin vẫn gửi, theo nhịp quét mỗi giây")
    import redis

    try:
        redis.Redis.from_url(url, socket_connect_timeout=1).ping()
    except redis.RedisError as error:
        return Finding("note", f"Redis không trả lời ({error}): tin vẫn gửi, theo nhịp quét mỗi giây")
    return Finding("ok", "Redis trả lời")
