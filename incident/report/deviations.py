"""Where the course of an incident left its plan: found in the record, never judged. Knows no rendering."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from incident.papers.dates import between, length
from incident.report.measures import reason_of
from incident.report.naming import Naming
from incident.report.record import EntryView, IncidentView

TYPED_LATE = timedelta(minutes=10)
BY_ENTRY = {
    "step_skipped": "Bước bị bỏ qua",
    "step_redone": "Bước phải làm lại",
    "step_overdue": "Bước quá hạn, đã chuyển cấp",
    "step_stuck": "Quá hạn, chưa có người xử lý",
    "approvals_voided": "Lượt duyệt hết hiệu lực do sửa nội dung",
    "publish_withdrawn": "Dừng công bố",
    "approval_skipped": "Cho công bố khi chưa duyệt",
    "approval_disputed": "Người duyệt báo không duyệt qua điện thoại",
    "withdrawn": "Gỡ, thu hồi nội dung đã công bố",
    "release_link_corrected": "Sửa đường dẫn công bố",
    "nobody_to_ask": "Vai không có người để hỏi",
    "level_changed": "Thay đổi cấp độ",
    "playbook_revised": "Đổi phiên bản kịch bản",
    "facts_changed": "Sửa mốc thời gian, dữ kiện",
    "kinds_set": "Xác định lại loại việc theo luật",
    "paused": "Tạm dừng nhắc",
    "merged_in": "Gộp vụ việc khác vào đây",
    "merged_into": "Gộp vào vụ việc khác",
    "handed_over": "Chuyển cơ quan khác chủ trì",
    "taken_back": "Nhận lại, tiếp tục chủ trì",
    "reassigned": "Chuyển việc cho người khác",
    "step_added": "Thêm việc ngoài kịch bản",
    "deadline_missed": "Quá thời hạn",
    "delivery_failed": "Không gửi được",
    "disputed": "Người trả lời báo không phải mình trả lời",
    "reopened": "Mở lại vụ việc",
}
# These stand in the table only when someone gave a reason: setting them the first time is no deviation.
ONLY_WITH_REASON = frozenset({"facts_changed", "kinds_set"})
TYPED_BY_PEOPLE = frozenset({"user", "link"})


@dataclass(frozen=True, slots=True)
class Deviation:
    kind: str
    title: str
    at: datetime
    text: str
    reason: str = ""


def deviations(view: IncidentView, naming: Naming) -> tuple[Deviation, ...]:
    """Skipped, late and repeated steps, overrides with their reasons, lapsed approvals, missed deadlines, and what
    was typed more than ten minutes late, in the order they happened."""
    found = (
        *_from_timeline(view, naming),
        *_typed_late(view, naming),
        *_late_steps(view),
        *_unconfirmed(view, naming),
    )
    return tuple(sorted(found, key=lambda deviation: deviation.at))


def _from_timeline(view: IncidentView, naming: Naming) -> Iterator[Deviation]:
    for entry in view.timeline:
        title = BY_ENTRY.get(entry.kind)
        reason = naming.text(reason_of(entry))
        if title and (reason or entry.kind not in ONLY_WITH_REASON):
            yield Deviation(entry.kind, title, entry.occurred_at, naming.text(entry.text), reason)


def _unconfirmed(view: IncidentView, naming: Naming) -> Iterator[Deviation]:
    """Approvals by telephone that their approver never confirmed."""
    for statement in view.statements:
        for revision in statement.revisions:
            for approval in revision.approvals:
                if approval.unconfirmed:
                    text = f"{naming.text(statement.title)}, bản {revision.n}: {naming.person(approval.name)}"
                    yield Deviation("unconfirmed", "Duyệt qua điện thoại, chưa xác nhận", approval.at, text)


def _typed_late(view: IncidentView, naming: Naming) -> Iterator[Deviation]:
    for entry in view.timeline:
        if _late(entry):
            after = length(between(entry.occurred_at, entry.recorded_at))
            text = f"Mục {entry.seq}, ghi sau {after}: {naming.text(entry.text)}"
            yield Deviation("typed_late", "Ghi vào nhật ký chậm quá 10 phút", entry.occurred_at, text)


def _late(entry: EntryView) -> bool:
    by_person = entry.actor.get("kind") in TYPED_BY_PEOPLE
    return by_person and entry.recorded_at - entry.occurred_at > TYPED_LATE


def _late_steps(view: IncidentView) -> Iterator[Deviation]:
    """Steps done after their limit of which the timeline has no line of its own."""
    told = {str(e.data.get("step")) for e in view.timeline if e.kind in ("step_overdue", "step_stuck")}
    for step in view.steps:
        if step.due and step.done_at and step.done_at > step.due and step.id not in told:
            text = f"{step.title}: xong sau hạn {length(between(step.due, step.done_at))}"
            yield Deviation("step_late", "Bước hoàn thành muộn", step.done_at, text)
