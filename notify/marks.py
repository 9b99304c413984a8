"""What a text loses with its diacritics: the words that then read as other words in the language of an office at night.

Nearly every Vietnamese syllable has a twin without its marks; a reader is led by the words beside it. So only syllables whose
twins would change what somebody does are listed, and not where a firm compound settles them. Knows words, no carrier.
The table is ours: from the house's own texts, playbooks and the reports of misread messages that a press office tells.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from notify.phone import strip_marks

# Each line: words that look alike without marks, and mean different things where it matters.
TWINS: tuple[tuple[str, ...], ...] = (
    ("dừng", "dùng", "đúng", "đừng", "đứng", "dựng"),
    ("bão", "báo", "bảo", "bao"),
    ("chưa", "chữa", "chứa", "chùa"),
    ("vỡ", "vở", "vợ", "vờ"),
    ("đập", "đạp", "dập", "đắp"),
    ("đê", "để", "dễ", "đẻ", "đề"),
    ("mất", "mật", "mát", "mặt"),
    ("bán", "bạn", "bận", "bàn", "bắn", "bẩn", "ban", "bản"),
    ("cấm", "cầm", "cảm", "câm", "cắm"),
    ("mở", "mổ", "mỡ", "mơ"),
    ("đóng", "đông", "đồng", "đống", "động", "dòng"),
    ("hoãn", "hoàn", "hoan"),
    ("hủy", "huy"),
    ("giả", "già", "giá", "gia"),
    ("thật", "thất", "thắt"),
    ("sửa", "sữa", "sứa"),
    ("tán", "tàn", "tan", "tân", "tấn", "tận", "tần"),
    ("cháy", "chạy", "chảy", "chay"),
    ("sập", "sắp", "sáp"),
    ("lở", "lỡ", "lỗ", "lộ", "lợ"),
    ("thuốc", "thuộc"),
    ("độc", "đọc", "đốc", "dốc"),
    ("dịch", "đích", "địch"),
    ("trẻ", "trễ", "trẽ"),
    ("nhận", "nhân", "nhấn", "nhẫn", "nhan", "nhắn"),
    ("thương", "thường", "thưởng", "thượng"),
    ("xả", "xã", "xa", "xà"),
    ("chặn", "chắn", "chăn", "chẵn", "chân"),
    ("lừa", "lửa", "lúa", "lựa", "lứa"),
)
# Compounds everybody reads right without marks; a listed syllable inside one is not pointed at.
CLEAR: frozenset[str] = frozenset(
    """thông báo|báo cáo|báo chí|cảnh báo|dự báo|họp báo|báo bận|đảm bảo|bảo đảm|bảo vệ|bao gồm|nội dung|sử dụng|người dân|ủy ban|
    ban đầu|văn bản|ban hành|thông tin|tin giả|tin nhắn|nhắn tin|xác nhận|ghi nhận|tiếp nhận|đã nhận|nhận được|nhân dân|cá nhân|
    hoàn thành|hoàn toàn|thời hạn|quá hạn|thời gian|thời điểm|trước giờ|đề nghị|đề xuất|vấn đề|đồng chí|hội đồng|hoạt động|
    cộng đồng|lao động|gia đình|tham gia|quốc gia|đánh giá|chuyên gia|trả lời|không phải|không tham gia|không phát ngôn|
    không khí|vận hành|cán bộ|liên quan|căn cứ|cần thiết|bình thường|thường trực|thường xuyên|bị thương|hiện trường|
    cơ quan|đường dẫn|tài khoản|sự thật|thất thoát|khả năng|chức năng|xã hội|ủy ban nhân dân xã|dịch bệnh|bệnh viện|
    dịch vụ|giao dịch|trẻ em|độc hại|đọc kỹ|giám đốc|phó giám đốc|trực thuộc|phụ thuộc|thuốc men|gọi điện|cuộc gọi|
    sơ tán|di tản|tản mát|lở đất|sạt lở|công bố|phát ngôn|thuộc về|trở về|nước lũ|mưa lũ|lũ lụt|đập thủy điện|đập chính|
    tính đến|cho đến|đến nay|ra khỏi|đưa ra|xảy ra|sắp tới|lừa đảo|cháy rừng|chữa cháy|phòng cháy|xả lũ|xã suối|ngăn chặn""".replace(
        "\n", ""
    )
    .replace("  ", "")
    .split("|")
)
WORD = re.compile(r"[^\W\d_]+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A word whose meaning hangs on its marks: where it stands, how it reads without them, and what else that could be."""

    word: str
    start: int
    read_as: str
    others: tuple[str, ...]


_BY_LOOKS: dict[str, tuple[str, ...]] = {strip_marks(line[0]): line for line in TWINS}


def doubts(text: str) -> tuple[Doubt, ...]:
    """The words of a marked text that a reader without the marks could take for others, in their order, each once.

    A word already written without marks is somebody's choice and is not pointed at; `start` counts in the NFC text.
    """
    text = unicodedata.normalize("NFC", text)
    words = [(found.group().lower(), found.start()) for found in WORD.finditer(text)]
    seen: set[str] = set()
    found: list[Doubt] = []
    for at, (word, start) in enumerate(words):
        plain = strip_marks(word)
        twins = _BY_LOOKS.get(plain, ())
        if word == plain or word not in twins or word in seen or _settled([w for w, _ in words], at):
            continue
        seen.add(word)
        found.append(Doubt(word, start, plain, tuple(twin for twin in twins if twin != word)))
    return tuple(found)


def _settled(words: list[str], at: int) -> bool:
    """Whether the words beside it make a compound that nobody misreads."""
    for length in (2, 3, 4):
        for first in range(max(0, at - length + 1), at + 1):
            if " ".join(words[first : first + length]) in CLEAR and first + length > at:
                return True
    return False
