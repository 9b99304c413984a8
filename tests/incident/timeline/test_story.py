"""Every kind is told in both languages, whatever is known of it."""

from __future__ import annotations

from typing import Any

import pytest

from incident.timeline.story import PATTERNS, tell
from playbooks.signals import RECORD_KINDS

NAMES = {
    "p1": {
        "name": "Nguyễn Văn Mẫu 01",
        "post": "Phó Chủ tịch UBND tỉnh",
        "unit": "UBND tỉnh",
        "xung_ho": "đ/c",
    },
    "p2": {"name": "Trần Thị Thử 02", "post": "Chuyên viên", "unit": "Sở VHTTDL", "xung_ho": "bà"},
    "step:lap_to": {"name": "Lập Tổ công tác"},
    "choice:xac_minh:sai": {"name": "Sai sự thật"},
    "role:truc_ban": {"name": "Cán bộ trực"},
}
DUE = "2026-11-21T19:25:00.000000Z"

SAID: list[tuple[str, dict[str, Any], dict[str, str], str]] = [
    (
        "step_started",
        {"step": "lap_to", "people": ["p1", "p2"], "due": DUE},
        {},
        "Bắt đầu: Lập Tổ công tác, giao đ/c Nguyễn Văn Mẫu 01, bà Trần Thị Thử 02, hạn 02h25 ngày 22/11/2026",
    ),
    ("step_started", {"step": "lap_to", "people": [], "due": None}, {}, "Bắt đầu: Lập Tổ công tác"),
    (
        "acknowledged",
        {"person": "p1", "via": "sms", "after_seconds": 180},
        {},
        "Đ/c Nguyễn Văn Mẫu 01, Phó Chủ tịch UBND tỉnh đã nhận, qua SMS, sau 3 phút",
    ),
    ("acknowledged", {"count": 3}, {}, "3 nơi nhận đã nhận"),
    (
        "declined",
        {"person": "p2", "via": "phone"},
        {"reason": "đang công tác"},
        "Bà Trần Thị Thử 02, Chuyên viên báo bận, qua điện thoại: đang công tác",
    ),
    (
        "answered",
        {"step": "xac_minh", "choice": "sai", "person": "p9"},
        {},
        "Xac_minh: Sai sự thật (một đồng chí)",
    ),
    ("step_overdue", {"step": "lap_to", "to": "truc_ban"}, {}, "Quá hạn: Lập Tổ công tác, báo Cán bộ trực"),
    (
        "step_overdue",
        {"step": "lap_to", "to": "thay_the"},
        {},
        "Quá hạn: Lập Tổ công tác, báo người thay thế",
    ),
    ("deadline_set", {"deadline": "k3", "due": None}, {}, "Đặt hạn: k3, chưa có mốc"),
    (
        "deadline_set",
        {"deadline": "k3", "due": None, "applies": False},
        {},
        "Không còn hạn: k3, vì không còn việc phải làm cho hạn này",
    ),
    ("deadline_warned", {"deadline": "k3", "left_seconds": 15000}, {}, "Sắp đến hạn: k3, còn 4 giờ 10 phút"),
    (
        "playbook_published",
        {"playbook": "mua-lu-quet", "version": 2, "edited_by": "Bùi Thị Phỏng 18"},
        {},
        "Công bố kịch bản mua-lu-quet, phiên bản 2, người soạn: Bùi Thị Phỏng 18",
    ),
    (
        "playbook_withdrawn",
        {"playbook": "mua-lu-quet", "version": 2},
        {"reason": "Sai hạn"},
        "Rút kịch bản mua-lu-quet, phiên bản 2, lý do: Sai hạn",
    ),
    ("playbook_saved", {"playbook": "mua-lu-quet", "n": 3}, {}, "Lưu kịch bản mua-lu-quet, bản 3"),
    ("note", {}, {"text": "Đã gọi trưởng thôn"}, "Ghi diễn biến: Đã gọi trưởng thôn"),
    ("closed", {"outcome": "handled"}, {}, "Kết thúc xử lý, đã xử lý"),
    (
        "submitted",
        {"statement": "s", "title": "Thông tin ban đầu", "revision": 3, "code": "7K2"},
        {},
        "Đã trình Thông tin ban đầu, bản 3, mã 7K2",
    ),
    (
        "leader_informed",
        {"reached": True, "person": "p1"},
        {},
        "Đã báo cáo đ/c Nguyễn Văn Mẫu 01, Phó Chủ tịch UBND tỉnh",
    ),
    (
        "leader_informed",
        {"reached": False, "person": None},
        {},
        "Chưa liên lạc được lãnh đạo, báo cáo sau",
    ),
    (
        "level_changed",
        {"before": 2, "after": 3, "level_name": "Nghiêm trọng"},
        {"reason": "lan rộng"},
        "Đổi cấp độ từ 2 thành 3 (Nghiêm trọng), lý do: lan rộng",
    ),
    (
        "override",
        {"step": "lap_to", "what": "skip"},
        {"reason": "x"},
        "Cho bỏ qua: Lập Tổ công tác, lý do: x",
    ),
    (
        "facts_changed",
        {"before": {"kinds": []}, "after": {"kinds": ["k3"], "accepted_at": DUE}},
        {},
        "Sửa thông tin vụ việc: loại vụ việc theo quy định, thời điểm tiếp nhận, xử lý",
    ),
    (
        "disputed",
        {"person": "p2"},
        {"reply": "SAI 27"},
        "Bà Trần Thị Thử 02, Chuyên viên báo không phải mình đã trả lời: SAI 27",
    ),
    (
        "submitted",
        {"statement": "0193-uuid", "revision": "0193-r", "n": 2, "code": "7K2"},
        {},
        "Đã trình, bản 2, mã 7K2",
    ),
    ("ticked", {"step": "lap_to", "items": [0, 2]}, {}, "Đã làm: Lập Tổ công tác, mục 1, 3"),
    ("something_new", {"x": 1}, {"text": "abc"}, "Diễn biến khác (something new): abc"),
]


@pytest.mark.parametrize(("kind", "data", "texts", "sentence"), SAID)
def test_the_sentence(kind: str, data: dict[str, Any], texts: dict[str, str], sentence: str) -> None:
    assert tell(kind, data, texts, NAMES) == sentence


def test_every_kind_of_the_engine_has_a_sentence() -> None:
    assert not RECORD_KINDS - PATTERNS.keys()


@pytest.mark.parametrize("kind", [*PATTERNS, "something_new"])
@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize(
    "data",
    [
        {},
        {"step": "lap_to", "person": "p1", "people": ["p1"], "due": DUE, "at": DUE, "count": 2, "title": "T"},
        {"step": None, "person": None, "people": None, "due": "khi nào xong", "to": ["p1", None], "via": {}},
    ],
)
def test_nothing_known_or_everything_known_is_still_one_sentence(
    kind: str, language: str, data: dict[str, Any]
) -> None:
    for texts in ({}, {"text": "abc", "reason": "xyz"}):
        sentence = tell(kind, data, texts, NAMES, language)
        assert sentence
        assert not set("{}|") & set(sentence)
        assert "None" not in sentence
        assert "bạn" not in sentence.split()


def test_english_is_told_in_english() -> None:
    assert tell("acknowledged", {"person": "p1", "via": "link"}, {}, NAMES, "en") == (
        "Nguyễn Văn Mẫu 01, Phó Chủ tịch UBND tỉnh acknowledged, by link"
    )


def test_a_question_ends_with_its_own_mark_alone() -> None:
    names = {"step:hoi": {"name": "Thông tin đúng hay sai?"}, "choice:hoi:sai": {"name": "Sai sự thật"}}
    told = tell("answered", {"step": "hoi", "choice": "sai"}, {}, names)
    assert told.startswith("Thông tin đúng hay sai? Sai sự thật")


def test_kinds_of_the_law_are_told_by_their_titles() -> None:
    names = {"kind:k4": {"name": "Dư luận có nhiều ý kiến (khoản 4 Điều 7)"}}
    assert tell("kinds_set", {"kinds": ["k4"]}, {}, names) == (
        "Xác định vụ việc thuộc: Dư luận có nhiều ý kiến (khoản 4 Điều 7)"
    )
