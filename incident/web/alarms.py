"""What is wrong in the engine room, in words for those on duty: carriers, clock, messages that do not move.

Reads indexed counts alone. Must never name a person, a number or an incident, and never fail a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident.delivery.operating import is_low
from incident.domain.drill import IN_LIVE, MISSING
from incident.store.tables import BLOCKED, CarrierState, Lease, Message
from incident.web.labels import carrier, ill
from incident.web.language import _, span

CLOCK_STALE = timedelta(seconds=15)
UNKNOWN_AFTER = timedelta(minutes=3)
DUE_FOR = timedelta(seconds=30)
UNHEARD_FOR = timedelta(minutes=10)
REFUSED_SINCE = timedelta(hours=1)
LOOKED_BACK = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, without words: clock | paused | held | avoided | low | unknown | refused | late | unheard |
    unregistered. `amount`: messages, or minutes."""

    kind: str
    carrier: str = ""
    reason: str = ""
    amount: int = 0
    who: str = ""


def troubles(session: Session, now: datetime, calls_back: bool) -> tuple[Trouble, ...]:
    """`calls_back`: whether a carrier is configured that is known to report what became of a message."""
    return (
        *_clock(session, now),
        *_carriers(session),
        *_unknown(session, now),
        *_refused(session, now),
        *_late(session, now),
        *_unheard(session, now, calls_back),
        *_unregistered(session, now),
    )


def words(trouble: Trouble) -> str:
    """The trouble, and what to do about it, in the reader's language."""
    match trouble.kind:
        case "clock":
            return _(
                "Bộ đếm giờ không chạy: hệ thống chưa tự nhắc và chưa tự mời người thay. Đề nghị gọi điện trực tiếp, báo quản trị."
            )
        case "paused":
            return _(
                "Kênh gửi “%(name)s” đang tạm dừng: %(reason)s. Tin chờ sẽ được gửi khi kênh hoạt động lại.",
                name=carrier(trouble.carrier),
                reason=trouble.reason,
            )
        case "held":
            return _(
                "%(who)s đã tạm dừng kênh gửi “%(name)s”: %(reason)s. Tin đi bằng kênh khác, nếu có.",
                who=trouble.who,
                name=carrier(trouble.carrier),
                reason=trouble.reason,
            )
        case "avoided":
            return _(
                "Kênh gửi “%(name)s” đang trục trặc (%(reason)s): tin đi bằng kênh khác, nếu có.",
                name=carrier(trouble.carrier),
                reason=ill(trouble.reason),
            )
        case "low":
            return _(
                "Tài khoản “%(name)s” sắp hết tiền: còn %(left)s. Báo quản trị nạp thêm.",
                name=carrier(trouble.carrier),
                left=trouble.reason,
            )
        case "unknown":
            return _(
                "%(n)s tin chưa rõ đã gửi hay chưa quá 3 phút. Việc gấp thì gọi điện, không chờ.",
                n=trouble.amount,
            )
        case "unregistered":
            return _(
                "%(n)s tin không gửi được: mẫu tin chưa đăng ký với kênh gửi. Người nhận được gọi hoặc báo bằng kênh khác, nếu có. Báo quản trị xem trang Mẫu tin SMS.",
                n=trouble.amount,
            )
        case "refused":
            return _(
                "%(n)s tin bị chặn vì chữ “DIỄN TẬP”: tin diễn tập thiếu, hoặc tin của vụ việc thật lại có. Người nhận chưa được báo: xem nhật ký vụ việc và gọi điện.",
                n=trouble.amount,
            )
        case "late":
            late = span(60 * trouble.amount)
            return _("Tin gửi đi đang chậm: tin chờ lâu nhất %(span)s. Việc gấp thì gọi điện.", span=late)
    return _(
        "Nhà mạng chưa báo lại tin nào trong 10 phút qua: chưa biết tin đã tới máy hay chưa. Căn cứ vào trả lời của người nhận; ai chưa trả lời thì gọi điện."
    )


def _clock(session: Session, now: datetime) -> Iterator[Trouble]:
    beat = session.scalar(select(Lease.beat_at).where(Lease.name == "clock"))
    if beat is None or now - beat > CLOCK_STALE:
        yield Trouble("clock")


def _carriers(session: Session) -> Iterator[Trouble]:
    for row in session.scalars(select(CarrierState)):
        if row.held_by:
            yield Trouble("held", row.name, row.reason, who=row.held_by)
        elif row.paused_at is not None:
            yield Trouble("paused", row.name, row.reason)
        elif row.share == 0:
            yield Trouble("avoided", row.name, row.since)
        if is_low(row.balance, row.balance_low):
            yield Trouble("low", row.name, f"{row.balance:.2f} {row.currency}".strip())


def _unknown(session: Session, now: datetime) -> Iterator[Trouble]:
    """Messages nobody knows the fate of."""
    lost = (Message.status == "unknown", Message.not_before < now - UNKNOWN_AFTER)
    if found := session.scalar(select(func.count()).select_from(Message).where(*lost)):
        yield Trouble("unknown", amount=found)


def _refused(session: Session, now: datetime) -> Iterator[Trouble]:
    """Texts that could have been taken for a drill's, or a drill's for the real thing."""
    stopped = (
        Message.id.between(_id_at(now - REFUSED_SINCE), _id_at(now + UNKNOWN_AFTER)),
        BLOCKED,
        Message.status == "validation-failed",
        Message.error.in_((MISSING, IN_LIVE)),
    )
    if found := session.scalar(select(func.count()).select_from(Message).where(*stopped)):
        yield Trouble("refused", amount=found)


def _late(session: Session, now: datetime) -> Iterator[Trouble]:
    """Messages that should have left."""
    waiting = (Message.status == "created", Message.not_before <= now)
    due = session.scalar(select(func.min(Message.not_before)).where(*waiting))
    if due is not None and now - due > DUE_FOR:
        yield Trouble("late", amount=int((now - due).total_seconds()) // 60)


def _unheard(session: Session, now: datetime, calls_back: bool) -> Iterator[Trouble]:
    """Carriers took messages more than ten minutes ago, and of none has a word come back since."""
    heard = session.scalar(select(func.max(CarrierState.last_callback_at)))
    if (heard is None and not calls_back) or (heard is not None and now - heard < UNHEARD_FOR):
        return  # only of a carrier that calls back can silence be news
    taken = session.scalar(
        select(Message.created_at)
        .where(
            Message.id.between(_id_at(now - LOOKED_BACK), _id_at(now - UNHEARD_FOR)),
            Message.channel == "sms",
            Message.status == "accepted",
        )
        .limit(1)
    )
    if taken is not None and (heard is None or heard < taken):
        yield Trouble("unheard")


def _unregistered(session: Session, now: datetime) -> Iterator[Trouble]:
    """Texts of the last two hours that no carrier takes."""
    refused = (
        Message.id >= _id_at(now - LOOKED_BACK),
        BLOCKED,
        Message.status == "technical-failure",
        Message.error == "UNREGISTERED",
    )
    if found := session.scalar(select(func.count()).select_from(Message).where(*refused)):
        yield Trouble("unregistered", amount=found)


def _id_at(moment: datetime) -> str:
    """Where the ids of that moment begin: they are made of their time, so a span of time is a span of the primary key."""
    millis = f"{int(moment.timestamp() * 1000):012x}"
    return f"{millis[:8]}-{millis[8:]}"
