"""The Vietnamese words of the record's states, as the report prints them. Knows nothing of how they came about."""

from __future__ import annotations

ANSWERS = {
    "asked": "Chưa trả lời",
    "accepted": "Đã nhận",
    "declined": "Báo bận",
    "replaced": "Chưa trả lời, đã có người thay",
    "expired": "Chưa trả lời đến khi kết thúc",
}
MEMBERS = {
    "not_told": "Chưa báo (không có số)",
    "sending": "Đang gửi",
    "asked": "Đã báo, chưa trả lời",
    "accepted": "Đã nhận",
    "declined": "Báo bận",
    "replaced": "Đã có người thay",
    "expired": "Chưa trả lời đến khi kết thúc",
    "wrong_number": "Nhầm số, đã ngừng gửi",
    "unreachable": "Không liên lạc được",
    "review": "Trả lời chưa rõ, cần xem",
}
CHANNELS = {
    "sms": "tin nhắn SMS",
    "voice": "gọi điện tự động (người nghe máy bấm phím)",
    "email": "thư điện tử",
    "phone": "điện thoại (cán bộ trực ghi)",
    "zalo": "nhóm Zalo (cán bộ trực ghi)",
    "direct": "gặp trực tiếp (cán bộ trực ghi)",
    "web": "hệ thống",
    "link": "liên kết cá nhân",
}
RANG = {
    "ringing": "đang gọi",
    "picked_up": "có người nghe, không bấm phím",
    "no-answer": "không nghe máy",
    "busy": "máy bận",
    "failed": "không gọi được",
}
DEADLINES = {
    "running": "Đang tính",
    "warned": "Đang tính, đã cảnh báo",
    "met": "Đúng hạn",
    "missed": "Quá hạn",
    "handed": "Đã chuyển cơ quan khác",
    "no_anchor": "Chưa có mốc",
    "not_applicable": "Không áp dụng",
}
STATEMENTS = {
    "drafting": "Đang soạn",
    "submitted": "Đã trình",
    "returned": "Bị trả lại",
    "approved": "Đã duyệt, chưa công bố",
    "released": "Đã công bố",
    "corrected": "Đã đính chính",
    "withdrawn": "Đã gỡ",
}
UNCONFIRMED = "Duyệt qua điện thoại, chờ xác nhận"
UNAPPROVED = "Chưa duyệt"
DECISIONS = {"approved": "Duyệt", "returned": "Trả lại", "skipped": "Cho công bố khi chưa duyệt"}
OUTCOMES = {
    "handled": "đã xử lý",
    "not_incident": "không phải sự cố",
    "false_alarm": "báo nhầm",
    "opened_by_mistake": "mở nhầm",
    "duplicate": "trùng",
    "handed_over": "chuyển cơ quan khác",
}
SECTIONS = {
    "summary": "Tóm tắt của người lập báo cáo",
    "went_well": "Việc đã làm tốt",
    "to_improve": "Việc cần cải thiện",
    "lessons": "Bài học kinh nghiệm",
    "conditions": "Điều kiện, nguyên nhân góp phần",
}
REASONS = {
    "wrong_number": "nhầm số",
    "opted_out": "từ chối nhận tin",
    "no_number": "không có số",
    "not_enrolled": "không tham gia diễn tập, không gửi",
    "stand_in_kept": "trả lời muộn, giữ người thay",
}
VERIFIED = {
    "V2": "đã đối chiếu hai bản sao độc lập",
    "V": "đã đối chiếu một bản",
}
NO_DATA = "không có dữ liệu"


def said(titles: dict[str, str], key: str | None) -> str:
    """The title of `key`; a key that is not known is shown as it is."""
    return titles.get(key, key) if key else ""
