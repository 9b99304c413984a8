"""A night in Sơn Lâm: a rumour that the dam of Suối Lạc is breaking. Every name and number is invented."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from incident.report.record import (
    AnswerView,
    ApprovalView,
    DeadlineView,
    EntryView,
    ImprovementView,
    IncidentView,
    MemberView,
    ReleaseView,
    RevisionView,
    StatementView,
    StepView,
)
from incident.store.types import canonical
from incident.timeline.ledger import chained, salted, utc_text

OPENED = datetime(2026, 11, 21, 19, 6, tzinfo=UTC)  # 02:06 on the 22nd in Sơn Lâm
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
ID = "019ab0c4-5e80-7abc-8def-0123456789ab"
WORDS = {"province": "Tỉnh Sơn Lâm", "agency": "UBND tỉnh Sơn Lâm"}
SALT = "5a" * 16

PEOPLE: dict[str, dict[str, str]] = {
    "p1": {"name": "Nguyễn Văn Mẫu 01", "post": "Phó Chủ tịch", "unit": "UBND tỉnh"},
    "p2": {"name": "Trần Thị Thử 02", "post": "Chuyên viên báo chí", "unit": "Sở VHTTDL"},
    "p3": {"name": "Lê Văn Mẫu 03", "post": "Phó Giám đốc", "unit": "Sở NN&MT"},
    "p4": {"name": "Phạm Thị Thử 04", "post": "Người phát ngôn", "unit": "UBND tỉnh"},
    "p5": {"name": "Hoàng Văn Mẫu 05", "post": "Biên tập viên", "unit": "Cổng TTĐT tỉnh"},
    "p6": {"name": "Vũ Thị Thử 06", "post": "Giám đốc", "unit": "Sở VHTTDL"},
    "p7": {"name": "Đặng Văn Mẫu 07", "post": "Phó Chủ tịch", "unit": "UBND xã Mường Lò"},
    "p8": {"name": "Bùi Thị Thử 08", "post": "Cán bộ trực", "unit": "VP UBND tỉnh"},
}
HOLDING = (
    "Khoảng 01 giờ 40 ngày 22/11/2026, trên mạng xã hội xuất hiện thông tin hồ Suối Lạc bị sự cố.\n"
    "Qua kiểm tra tại chỗ lúc 02 giờ 25, đập và tràn xả lũ của hồ Suối Lạc hoạt động bình thường.\n"
    "UBND tỉnh đề nghị người dân theo dõi thông tin trên Cổng Thông tin điện tử tỉnh."
)


def at(minutes: float) -> datetime:
    """So many minutes after the opening."""
    return OPENED + timedelta(minutes=minutes)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def user(person: str) -> dict[str, Any]:
    return {"kind": "user", "id": person, "name": PEOPLE[person]["name"]}


SYSTEM = {"kind": "system", "id": "system", "name": "Hệ thống"}
OFFICER = user("p8")
Told = tuple[float, str, dict[str, Any], dict[str, Any], str, dict[str, str]]

STORY: tuple[Told, ...] = (
    (0, "incident_opened", OFFICER, {"level": 3}, "Mở vụ việc VV-27/2026", {}),
    (0.1, "mailing_sent", SYSTEM, {"step": "lap_to", "count": 6}, "Gửi thông báo đến 6 nơi nhận", {}),
    (3, "acknowledged", {"kind": "phone", "id": "p1", "name": PEOPLE["p1"]["name"]}, {"person": "p1"},
     "Đ/c Nguyễn Văn Mẫu 01, Phó Chủ tịch đã nhận, qua SMS, sau 3 phút", {}),
    (4, "leader_informed", OFFICER, {"person": "p1"}, "Đã báo cáo đ/c Nguyễn Văn Mẫu 01, Phó Chủ tịch", {}),
    (5, "declined", {"kind": "phone", "id": "p3", "name": PEOPLE["p3"]["name"]}, {"person": "p3"},
     "Đ/c Lê Văn Mẫu 03, Phó Giám đốc báo bận", {}),
    (16, "step_overdue", SYSTEM, {"step": "xac_minh", "activation": 1, "rung": 1, "to": "thay_the"},
     "Quá hạn: Thông tin đang lan truyền là đúng hay sai?, báo người thay thế", {}),
    (20, "note", OFFICER, {}, "Ghi diễn biến: UBND xã Mường Lò báo đập bình thường",
     {"text": "UBND xã Mường Lò báo đập bình thường"}),
    (22, "submitted", user("p2"), {"statement": "s1", "revision": 1, "code": "7K2"}, "Đã trình bản 1, mã 7K2", {}),
    (25, "returned", user("p1"), {"statement": "s1", "reason": "Thiếu giờ kiểm tra"},
     "Đ/c Nguyễn Văn Mẫu 01 trả lại, bản 1: Thiếu giờ kiểm tra", {}),
    (30, "submitted", user("p2"), {"statement": "s1", "revision": 2, "code": "M4Q"}, "Đã trình bản 2, mã M4Q", {}),
    (33, "approved", user("p1"), {"statement": "s1", "revision": 2}, "Đ/c Nguyễn Văn Mẫu 01 đã duyệt, bản 2", {}),
    (36, "deadline_missed", SYSTEM, {"deadline": "ban_dau"}, "Đã quá hạn: Thông tin ban đầu", {}),
    (40, "released", user("p5"), {"statement": "s1", "channel": "cong_ttdt"}, "Đã công bố, Cổng TTĐT, lúc 02h46", {}),
    (45, "step_skipped", OFFICER, {"step": "hop_bao", "reason": "Dư luận đã lắng"},
     "Bỏ qua: Họp báo, lý do: Dư luận đã lắng", {}),
    (200, "closed", user("p1"), {"outcome": "handled"}, "Kết thúc xử lý, đã xử lý", {}),
)  # fmt: skip


def chain(story: Sequence[Told], *, typed_late: int | None = 20) -> tuple[EntryView, ...]:
    """Entries hashed as the ledger hashes them. The note at minute `typed_late` is typed 25 minutes later."""
    entries: list[EntryView] = []
    before = ""
    for seq, (minute, kind, actor, data, text, free) in enumerate(story, 1):
        recorded = at(minute + (25 if kind == "note" and minute == typed_late else 0))
        content = {
            "chain": ID,
            "seq": seq,
            "kind": kind,
            "occurred_at": utc_text(at(minute)),
            "recorded_at": utc_text(recorded),
            "actor": actor,
            "data": data,
            "texts": {field: salted(SALT, words) for field, words in free.items()},
        }
        written = canonical(content)
        salts = dict.fromkeys(free, SALT)
        entry = EntryView(
            seq, kind, at(minute), recorded, actor, data, text, free, tuple(free), written, chained(before, written),
            before, salts,
        )  # fmt: skip
        entries.append(entry)
        before = entry.hash
    return tuple(entries)


def answer(
    person: str, state: str, minutes: float | None, via: str | None = "sms", **changes: Any
) -> AnswerView:
    known = PEOPLE[person]
    return replace(
        AnswerView(
            person_id=person,
            name=known["name"],
            post=known["post"],
            unit=known["unit"],
            role="to_truong",
            step="lap_to",
            activation=1,
            purpose="summon",
            party=person,
            grouped=False,
            asked_at=at(0),
            sent_at=at(0.1),
            answered_at=None if minutes is None else at(minutes),
            state=state,
            via=None if minutes is None else via,
            instead_of=None,
            reason="",
        ),
        **changes,
    )


ANSWERS = (
    answer("p1", "accepted", 3.1),
    answer("p2", "accepted", 1.6, "link"),
    answer("p3", "declined", 5.1, reason="Đang đi công tác"),
    answer("p4", "accepted", 9.1, "phone"),
    answer("p5", "replaced", None),
    answer("p7", "expired", None, purpose="notify", step="bao_xa", grouped=True),
    answer("p6", "accepted", 16.1, instead_of="Lê Văn Mẫu 03", asked_at=at(5.2), sent_at=at(5.3)),
    answer("p1", "accepted", 33, purpose="approve", step="duyet_1"),
)


def member(row: AnswerView, title: str, **changes: Any) -> MemberView:
    return replace(
        MemberView(
            person_id=row.person_id,
            name=row.name,
            post=row.post,
            unit=row.unit,
            role=row.role,
            role_title=title,
            state=row.state,
            phone="+84540000001",
            landline=None,
            asked_at=row.asked_at,
            answered_at=row.answered_at,
            via=row.via,
            step=row.step,
            request_id="r-" + row.person_id,
            instead_of=row.instead_of,
            reason=row.reason,
        ),
        **changes,
    )


def step(id: str, verb: str, title: str, state: str, **changes: Any) -> StepView:
    return replace(
        StepView(
            id=id,
            verb=verb,
            title=title,
            state=state,
            activation=1,
            since=at(0),
            due=None,
            done_at=None,
            people=(),
            person_ids=(),
            roles=(),
            choices={},
            result=None,
            items=(),
            ticked=(),
            needs_proof=False,
            proofs=(),
            statement_id=None,
            after=(),
        ),
        **changes,
    )


STEPS = (
    step("lap_to", "assign", "Lập Tổ công tác", "done", done_at=at(16.1), due=at(10)),
    step("xac_minh", "ask", "Thông tin đang lan truyền là đúng hay sai?", "done", done_at=at(19), due=at(16)),
    step("hop_bao", "task", "Họp báo", "skipped"),
)


def deadline(id: str, law: bool, state: str, **changes: Any) -> DeadlineView:
    return replace(
        DeadlineView(
            id=id,
            title="Cung cấp thông tin ban đầu" if law else "Thông tin ban đầu ra trước công chúng",
            law=law,
            basis="Nghị định 244/2026/NĐ-CP, khoản 3 Điều 7" if law else "",
            basis_note="",
            start="accepted_at" if law else "opened_at",
            start_title="tiếp nhận, xử lý" if law else "mở vụ việc",
            started_at=at(0),
            due=at(24 * 60) if law else at(30),
            met_at=at(40),
            missed_at=None if law else at(30),
            state=state,
        ),
        **changes,
    )


def revision(
    n: int, text: str, code: str, minute: float, *approvals: ApprovalView, **changes: Any
) -> RevisionView:
    return replace(
        RevisionView(
            id=f"v{n}",
            n=n,
            text=text,
            sha256=sha(text),
            code=code,
            editors=(PEOPLE["p2"]["name"],),
            submitted_by=PEOPLE["p2"]["name"],
            submitted_at=at(minute),
            voided_at=None,
            approvals=approvals,
        ),
        **changes,
    )


def decision(what: str, text: str, minute: float, reason: str = "", via: str = "web") -> ApprovalView:
    return ApprovalView("p1", PEOPLE["p1"]["name"], what, reason, via, at(minute), sha(text))


FIRST = HOLDING.replace(" lúc 02 giờ 25", "")
STATEMENT = StatementView(
    id="s1",
    step="soan_1",
    title="Thông tin ban đầu về hồ Suối Lạc",
    state="released",
    text=HOLDING,
    version=4,
    revisions=(
        revision(
            1, FIRST, "7K2", 22, decision("returned", FIRST, 25, "Thiếu giờ kiểm tra"), voided_at=at(26)
        ),
        revision(2, HOLDING, "M4Q", 30, decision("approved", HOLDING, 33, via="phone")),
    ),
    releases=(
        ReleaseView(
            id="l1",
            revision_n=2,
            sha256=sha(HOLDING),
            released_by=PEOPLE["p4"]["name"],
            approved_to_go_at=at(36),
            posted_by=PEOPLE["p5"]["name"],
            channel="cong_ttdt",
            form="dang_cong",
            link="https://sonlam.example/tin/ho-suoi-lac",
            released_at=at(40),
            recorded_at=at(41),
        ),
    ),
    approve_step="duyet_1",
    publish_step="cong_bo_1",
    waits_for=(),
    waits_for_ids=(),
)
SECTIONS = {
    "summary": "Tin đồn vỡ đập hồ Suối Lạc được bác bỏ trong vòng 40 phút.",
    "went_well": "Đ/c Nguyễn Văn Mẫu 01 trả lời ngay trong ba phút đầu.",
    "to_improve": "Thông tin ban đầu ra muộn 10 phút so với mục tiêu nội bộ.",
    "lessons": "Mẫu thông tin ban đầu cần có sẵn chỗ ghi giờ kiểm tra.\nSố trực của chủ hồ phải có trong danh bạ.",
}
IMPROVEMENTS = (
    ImprovementView("i1", "Chưa có số trực chủ hồ", "Bổ sung danh bạ", PEOPLE["p2"]["name"], "Sở VHTTDL",
                    date(2026, 12, 5), None),
)  # fmt: skip


def incident(**changes: Any) -> IncidentView:
    """The closed incident; `changes` are fields of the view."""
    timeline = chain(STORY)
    made = IncidentView(
        id=ID,
        code="27",
        number="VV-27/2026",
        mode="live",
        title="Tin đồn vỡ đập hồ Suối Lạc",
        summary="Mạng xã hội lan truyền tin hồ Suối Lạc sắp vỡ <script>alert(1)</script> & người dân bỏ chạy",
        short_name="tin ve ho Suoi Lac",
        playbook="tin-gia-dich-benh",
        playbook_title="Thông tin chưa kiểm chứng lan truyền về thiên tai, dịch bệnh",
        playbook_version=4,
        playbook_sha256=sha("playbook"),
        level=3,
        level_name="Nghiêm trọng",
        levels={1: "Theo dõi", 2: "Sự cố", 3: "Nghiêm trọng"},
        area=("xa_muong_lo",),
        area_names=("Xã Mường Lò",),
        topic="thien_tai",
        kinds=("k3",),
        source="Người dân gọi đường dây nóng",
        occurred_at=at(-26),
        detected_at=at(-16),
        accepted_at=at(0),
        assessed_at=None,
        opened_at=OPENED,
        opened_by=PEOPLE["p8"]["name"],
        status="closed",
        outcome="handled",
        closed_at=at(200),
        paused_until=None,
        basis={
            "title": "Nghị định số 244/2026/NĐ-CP",
            "source": "văn bản của Chính phủ",
            "verified": "V2",
            "forms": {"dang_cong": "Đăng trên cổng, trang thông tin điện tử"},
        },
        steps=STEPS,
        task_force=(
            member(ANSWERS[0], "Tổ trưởng"),
            member(ANSWERS[1], "Thư ký Tổ công tác"),
            member(ANSWERS[2], "Cơ quan chuyên môn", replaced_by="Vũ Thị Thử 06"),
            member(ANSWERS[6], "Cơ quan chuyên môn"),
            member(ANSWERS[4], "Người đăng Cổng TTĐT"),
        ),
        groups=(),
        deadlines=(deadline("phap_ly", True, "met"), deadline("ban_dau", False, "missed")),
        statements=(STATEMENT,),
        answers=ANSWERS,
        messages={"delivered": 6},
        review=(),
        timeline=timeline,
        sections=SECTIONS,
        section_versions={},
        improvements=IMPROVEMENTS,
        names=PEOPLE,
        chain_seq=len(timeline),
        chain_hash=timeline[-1].hash,
    )
    return replace(made, **changes)


def still_open(**changes: Any) -> IncidentView:
    """The same night at minute five: nothing drafted, nothing written."""
    timeline = chain(STORY[:5])
    bare: dict[str, Any] = {
        "status": "open",
        "outcome": None,
        "closed_at": None,
        "statements": (),
        "sections": {},
        "improvements": (),
        "timeline": timeline,
        "chain_seq": len(timeline),
        "chain_hash": timeline[-1].hash,
        "steps": (step("lap_to", "assign", "Lập Tổ công tác", "active", due=at(10)),),
    }
    return incident(**{**bare, **changes})


def drill() -> IncidentView:
    return incident(mode="drill", number="DT-27/2026")


def long(count: int) -> IncidentView:
    """An incident of `count` entries."""
    story: list[Told] = [
        (n / 10, "note", OFFICER, {}, f"Ghi diễn biến: {words}", {"text": words})
        for n in range(count)
        for words in (f"lần {n}, mực nước hồ Suối Lạc ổn định, người dân xã Mường Lò trở về nhà",)
    ]
    timeline = chain(story)
    return incident(timeline=timeline, chain_seq=len(timeline), chain_hash=timeline[-1].hash)
