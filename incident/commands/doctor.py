"""`incident doctor`: what is configured and what is missing, in plain words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from notify.loopback import is_loopback

if TYPE_CHECKING:
    from incident.settings import Settings
    from incident.wiring import Wiring
    from notify.gateways.description import Description

RECEIPTS = {
    "none": "không báo cáo",
    "sent": "báo nhà mạng đã nhận",
    "delivered": "báo đến máy",
}
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
    yield from _sms(wiring)
    yield _voice(settings)
    if settings.smtp_url:
        yield Finding("ok", f"Thư điện tử: gửi từ {settings.mail_from}")
    else:
        yield Finding("note", "Thư điện tử: chưa cấu hình SMTP_URL")
    if not settings.https:
        yield Finding("note", f"PUBLIC_URL {settings.public_url} không phải https: chỉ dùng trên máy này")
    if settings.heartbeat_url is None:
        yield Finding("note", "HEARTBEAT_URL trống: không ai bên ngoài biết khi dịch vụ ngừng")


def _sms(wiring: Wiring) -> Iterator[Finding]:
    """The SMS carriers in their order, and every variable that a description names and nobody has set."""
    settings = wiring.settings
    if settings.sms_gateways is None:
        yield (
            _twilio(settings)
            if settings.twilio_sid
            else Finding("note", "SMS: chưa cấu hình; `incident up` sẽ dùng bộ mô phỏng điện thoại")
        )
        return
    from notify.gateways.load import load
    from notify.gateways.reading import BadGateways

    try:
        entries = load(settings.sms_gateways, wiring.env)
    except BadGateways as bad:
        yield from (Finding("bad", f"SMS_GATEWAYS: {fault}") for fault in bad.faults)
        return
    for n, entry in enumerate(entries, start=1):
        only = f" (chỉ đầu số {', '.join(entry.prefixes)})" if entry.prefixes else ""
        if entry.description is not None:
            yield from _gateway(n, entry.description, only)
        elif settings.twilio_sid:
            yield _twilio(settings, f" {n}{only}")
        else:
            yield Finding("bad", f"SMS {n}: tệp xếp Twilio vào thứ tự nhưng chưa đặt TWILIO_ACCOUNT_SID")
    if settings.twilio_sid and all(entry.description is not None for entry in entries):
        yield _twilio(settings, f" {len(entries) + 1}")


def _gateway(n: int, gateway: Description, only: str) -> Iterator[Finding]:
    can = gateway.capabilities
    traits = [
        "hai chiều" if can.two_way else "một chiều (xác nhận bằng liên kết)",
        RECEIPTS[can.receipts],
        "có dấu" if can.unicode else "bỏ dấu",
        f"{can.parts_per_second:g} phần tin mỗi giây" if can.parts_per_second else "không giới hạn nhịp",
    ]
    traits += ["phải đăng ký mẫu tin"] if can.needs_registered_template else []
    traits += ["chặn gửi trùng"] if can.idempotent else []
    traits += [] if gateway.listing else ["không tra lại được tin đã gửi"]
    yield Finding("ok", f"SMS {n}: {gateway.name}{only}: {', '.join(traits)}")
    if gateway.missing:
        yield Finding(
            "bad", f"SMS {n}: {gateway.name}: chưa đặt biến môi trường {', '.join(gateway.missing)}"
        )
    address = gateway.send.address.fill(lambda slot: "")
    if address.startswith("http://") and not is_loopback(address):
        yield Finding(
            "note", f"SMS {n}: {gateway.name}: gọi bằng http, không mã hóa; chỉ dùng trong mạng nội bộ"
        )


def _twilio(settings: Settings, place: str = "") -> Finding:
    where = settings.twilio_base or "Twilio"
    way = "hai chiều" if settings.two_way else "một chiều (xác nhận bằng liên kết)"
    return Finding("ok", f"SMS{place}: {where}, {way}")


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
