"""The text for the Zalo group: what may be read by everybody in it, and by whoever gets a screenshot of it.

No personal link, no reply code's word, no number but the duty phone, no level. Pure but for `sent`, which records that
an officer has put it there.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from incident.domain.actors import Actor
from incident.domain.codes import shown_code
from incident.report.record import IncidentView
from incident.response.advance import held_open
from incident.response.desk import Desk
from incident.response.permissions import COMMAND, require
from incident.response.press import Line, line_to_read
from incident.timeline import ledger
from incident.wording import House, day, spoken
from notify.phone import display, to_e164

DRILL = "DIỄN TẬP – không phải sự cố thật"
SPEAKERS = ("phat_ngon", "nguoi_phat_ngon")
UNKNOWN = "Đang xác minh với cơ quan chuyên môn; chưa có thông tin chính thức."


def text(view: IncidentView, house: House, now: datetime) -> str:
    """The whole text, marked at both ends when it is a drill."""
    lines = [
        f"{house.agency}: vụ việc {shown_code(view.code, view.mode)}, {harmless(view.short_name, house)}.",
        f"Tính đến {spoken(now)} ngày {day(now)}:",
        *_known(view, line_to_read(view, house, now), house),
        f"Người phát ngôn: {_speaker(view) or 'do ' + house.agency + ' cử'}. Báo chí hỏi, xin chuyển số trực.",
        "Đề nghị các đồng chí không tự phát ngôn, không chuyển tiếp nội dung này ra ngoài nhóm.",
        "Đồng chí đã nhận tin nhắn mời: xin trả lời chính tin nhắn đó, không trả lời trong nhóm này.",
        f"Có thông tin mới, đề nghị nhắn tin hoặc gọi số trực {_duty(house)}.",
    ]
    if view.drill:
        lines = [DRILL, *lines, DRILL]
    return "\n".join(lines)


def _known(view: IncidentView, line: Line, house: House) -> list[str]:
    if line.released_at is not None:
        said = f"- Đã công bố lúc {spoken(line.released_at)}: {line.text}"
        return [said, f"- Toàn văn: {line.link}"] if line.link else [said]
    known = harmless(view.summary, house)
    return [f"- {known}", f"- {UNKNOWN}"] if known else [f"- {UNKNOWN}"]


def _speaker(view: IncidentView) -> str:
    for member in view.task_force:
        if member.role in SPEAKERS and member.state in ("accepted", "asked", "sending"):
            return member.called + (f", {member.post}" if member.post else "")
    return ""


def harmless(words: str, house: House) -> str:
    """What an officer typed, without numbers of phones and without addresses of this service."""
    words = ledger.PHONE.sub("", " ".join(words.split()))
    own = re.escape(re.sub(r"^https?://", "", house.public_url)) if house.public_url else r"[\w.-]+/[ad]"
    return " ".join(re.sub(rf"(?:https?://)?{own}/\S*", "", words).split())


def _duty(house: House) -> str:
    try:
        return display(to_e164(house.duty_phone))
    except ValueError:
        return house.duty_phone


def digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def sent(desk: Desk, incident_id: str, words: str, as_of: datetime, actor: Actor, now: datetime) -> None:
    """The officer says that he has put `words` into the group."""
    require(actor, *COMMAND)
    with desk.store.writing() as session:
        incident = held_open(session, incident_id)
        data = {"at": as_of, "sha256": digest(words)}
        ledger.append(
            session, incident, "group_told", occurred_at=now, recorded_at=now, actor=actor, data=data,
            texts={"text": words},
        )  # fmt: skip
