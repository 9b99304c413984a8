"""The figures of the after-action report, each computed only from what the record gives, else "không có dữ liệu".

Targets are internal. Whoever was asked and never answered counts as infinitely late in the percentiles, and the
share reached is given beside them, so that silence never makes a figure look better.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from incident.papers.dates import between, length
from incident.report.press import enquiry_words
from incident.report.record import AnswerView, EntryView, IncidentView, RevisionView, StatementView
from incident.report.titles import NO_DATA

ASKING = ("summon", "notify")
LEADER_TOLD = "da_bao_cao"  # the choice by which the library's playbooks say so
NEVER = math.inf


@dataclass(frozen=True, slots=True)
class Measure:
    """`seconds` is None where there is none (no data, a share, or infinite); `value` is what is printed."""

    key: str
    title: str
    value: str
    definition: str
    seconds: int | None = None

    @property
    def given(self) -> bool:
        return self.value != NO_DATA


def measures(view: IncidentView, now: datetime) -> tuple[Measure, ...]:
    """Every figure, in the order of the report."""
    return (
        _span(
            "t_detect",
            "Từ khi có dấu hiệu đến khi mở vụ việc",
            view.detected_at,
            view.opened_at,
            "từ phát hiện đến mở",
        ),
        *_acknowledged(asked(view)),
        _quorum(view),
        *_holding(view),
        *_approving(view),
        _enquiries(view),
        _corrections(view.statements),
        _completeness(view),
    )


def asked(view: IncidentView) -> tuple[AnswerView, ...]:
    """The requests that ask people to come or to confirm; approvals and tasks are counted elsewhere."""
    return tuple(answer for answer in view.answers if answer.purpose in ASKING)


def waited(answer: AnswerView) -> int | None:
    """Seconds from the message's sending (from the request, when it was answered without one) to the answer."""
    if answer.answered_at is None or answer.state not in ("accepted", "declined"):
        return None
    return max(0, between(answer.sent_at or answer.asked_at, answer.answered_at))


def percentile(values: list[float], share: int) -> float:
    """Nearest rank: the smallest value that at least `share` percent do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered) / 100) - 1)]


def first_release(view: IncidentView) -> tuple[StatementView, datetime] | None:
    """The first statement that stood on a public channel, and when."""
    out = [(r.released_at, s) for s in view.statements for r in s.releases if r.released_at]
    if not out:
        return None
    at, statement = min(out, key=lambda pair: pair[0])
    return statement, at


def _span(key: str, title: str, start: datetime | None, end: datetime | None, definition: str) -> Measure:
    if start is None or end is None:
        return Measure(key, title, NO_DATA, definition)
    seconds = between(start, end)
    return Measure(key, title, length(seconds), definition, seconds)


def _acknowledged(answers: tuple[AnswerView, ...]) -> tuple[Measure, ...]:
    titles = {
        50: "Thời gian trả lời, một nửa số lượt (p50)",
        90: "Thời gian trả lời, chín phần mười số lượt (p90)",
    }
    definition = "từ gửi tin đến trả lời hợp lệ; lượt không trả lời tính là vô hạn"
    reach = "Tỷ lệ có trả lời"
    if not answers:
        none = [Measure(f"t_ack_p{share}", title, NO_DATA, definition) for share, title in titles.items()]
        return (*none, Measure("reach", reach, NO_DATA, "lượt có trả lời / lượt được hỏi"))
    waits = [NEVER if (wait := waited(answer)) is None else float(wait) for answer in answers]
    made = []
    for share, title in titles.items():
        at = percentile(waits, share)
        value = "không đạt (quá nhiều lượt không trả lời)" if at == NEVER else length(int(at))
        made.append(Measure(f"t_ack_p{share}", title, value, definition, None if at == NEVER else int(at)))
    reached = sum(1 for wait in waits if wait != NEVER)
    return (
        *made,
        Measure("reach", reach, share_words(reached, len(waits)), "lượt có trả lời / lượt được hỏi"),
    )


def share_words(part: int, whole: int) -> str:
    """ "7/8 (87,5%)" with the comma of Vietnamese decimals."""
    if not whole:
        return NO_DATA
    tenths = round(part * 1000 / whole)
    return (
        f"{part}/{whole} ({tenths // 10},{tenths % 10}%)"
        if tenths % 10
        else f"{part}/{whole} ({tenths // 10}%)"
    )


def _quorum(view: IncidentView) -> Measure:
    title, definition = (
        "Từ khi mở đến khi đủ Tổ công tác",
        "từ mở đến khi các vai bắt buộc đã nhận hoặc có người thay",
    )
    calls = [
        s for s in view.steps if s.verb == "assign" and s.state not in ("not_needed", "waiting", "cancelled")
    ]
    if not calls:
        return Measure("t_quorum", title, NO_DATA, definition)
    ends = [step.done_at for step in calls if step.state == "done" and step.done_at]
    if len(ends) < len(calls):
        return Measure("t_quorum", title, "chưa đủ", definition)
    return _span("t_quorum", title, view.opened_at, max(ends), definition)


def _holding(view: IncidentView) -> tuple[Measure, ...]:
    first = first_release(view)
    at = first[1] if first else None
    return (
        _span(
            "t_hold",
            "Từ khi mở đến thông tin ban đầu",
            view.opened_at,
            at,
            "từ mở đến khi đăng trên kênh công khai",
        ),
        _span(
            "t_hold_signal",
            "Từ khi có dấu hiệu đến thông tin ban đầu",
            view.detected_at,
            at,
            "từ phát hiện đến khi đăng trên kênh công khai",
        ),
    )


def decision_waits(revision: RevisionView) -> list[int]:
    """Seconds each approver took, one after the other: from the submission or the decision before."""
    start, waits = revision.submitted_at, []
    for approval in sorted(revision.approvals, key=lambda a: a.at):
        waits.append(max(0, between(start, approval.at)))
        start = approval.at
    return waits


def _approving(view: IncidentView) -> tuple[Measure, ...]:
    revisions = [revision for statement in view.statements for revision in statement.revisions]
    waits = [wait for revision in revisions for wait in decision_waits(revision)]
    title, definition = (
        "Thời gian duyệt, một nửa số quyết định (p50)",
        "từ trình đến quyết định, từng người duyệt",
    )
    share = "Phần thời gian chờ duyệt trong thời gian ra thông tin ban đầu"
    if not waits:
        return (
            Measure("t_approve", title, NO_DATA, definition),
            Measure("t_approve_share", share, NO_DATA, "thời gian chờ duyệt / thời gian từ mở đến công bố"),
        )
    middle = int(percentile([float(wait) for wait in waits], 50))
    return Measure("t_approve", title, length(middle), definition, middle), _waiting_share(view, share)


def _waiting_share(view: IncidentView, title: str) -> Measure:
    definition = "thời gian chờ duyệt / thời gian từ mở đến công bố"
    first = first_release(view)
    whole = between(view.opened_at, first[1]) if first else 0
    if first is None or whole <= 0:
        return Measure("t_approve_share", title, NO_DATA, definition)
    before = [r for r in first[0].revisions if r.submitted_at <= first[1]]
    part = sum(sum(decision_waits(revision)) for revision in before)
    return Measure("t_approve_share", title, f"{min(100, round(part * 100 / whole))}%", definition)


def _enquiries(view: IncidentView) -> Measure:
    value, seconds = enquiry_words(view.press)
    definition = "từ khi báo chí hỏi đến khi trả lời (giữa); hạn của báo là hạn do cơ quan báo chí nêu"
    return Measure("t_enquiry", "Trả lời câu hỏi của báo chí", value, definition, seconds)


def _corrections(statements: tuple[StatementView, ...]) -> Measure:
    title, definition = "Tỷ lệ thông tin phải đính chính", "thông tin đã đính chính / thông tin đã công bố"
    out = [s for s in statements if any(r.released_at for r in s.releases)]
    ours = {s.corrects for s in out if s.corrects}
    originals = [s for s in out if not s.corrects]
    return Measure(
        "corrections",
        title,
        share_words(sum(1 for s in originals if s.id in ours), len(originals)),
        definition,
    )


def required_items(view: IncidentView) -> dict[str, bool]:
    """What a complete record holds when the incident ends, and whether it does."""
    releases = [release for statement in view.statements for release in statement.releases]
    return {
        "thời điểm phát hiện": view.detected_at is not None,
        "thời điểm tiếp nhận": view.accepted_at is not None,
        "nguồn tin": bool(view.source),
        "báo cáo lãnh đạo": leader_told(view) is not None,
        "người được hỏi và trả lời": any(a.answered_at for a in view.answers),
        "kênh, hình thức, thời điểm của từng lần công bố": bool(releases)
        and all(r.released_at and r.channel and r.form for r in releases),
        "lý do của từng bước bỏ qua": all(reason_of(e) for e in view.timeline if e.kind == "step_skipped"),
        "kết quả xử lý": view.outcome is not None,
        "tóm tắt của người lập báo cáo": bool(view.sections.get("summary", "").strip()),
        "kế hoạch cải thiện": bool(view.improvements),
    }


def leader_told(view: IncidentView) -> EntryView | None:
    """The first entry which says that a leader was told, or gave an instruction."""
    for entry in view.timeline:
        if entry.kind in ("leader_informed", "directive"):
            return entry
        if entry.kind == "answered" and entry.data.get("choice") == LEADER_TOLD:
            return entry
    return None


def reason_of(entry: EntryView) -> str:
    return entry.free.get("reason") or str(entry.data.get("reason") or "")


def _completeness(view: IncidentView) -> Measure:
    items = required_items(view)
    missing = [name for name, there in items.items() if not there]
    value = share_words(len(items) - len(missing), len(items))
    if missing:
        value += "; thiếu: " + ", ".join(missing)
    return Measure("completeness", "Mức đầy đủ của hồ sơ", value, "mục bắt buộc đã có / tổng số mục bắt buộc")
