"""The words of the playbook language in one table: which keys each part knows, which it must have, what they mean.

The loader, the editor's schema and the messages are made from it. Knows nothing of files.
"""

from __future__ import annotations

from dataclasses import dataclass

from playbooks.language import Verb

# The clocks of the legal-basis data a deadline's `law:` may name.
LAWS = frozenset({"thong_tin_ban_dau"})
MESSAGE_CHANNELS = ("sms", "voice", "email")
START = "start"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a playbook with keys of its own."""

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return self.required + self.optional


PLAYBOOK = Part(
    "kịch bản",
    ("playbook", "version", "title", "levels", "roles", "steps"),
    ("topics", "deadlines", "review"),
)
FRAGMENT = Part("thành phần dùng chung", ("steps",), ("fragment", "title"))
ROLE = Part("một vai của roles", ("title", "pick"), ("standin",))
DEADLINE = Part(
    "một mục của deadlines",
    ("met_by",),
    ("law", "title", "within", "from", "warn", "to"),
)
REVIEW = Part("review", ("template", "by", "within"))
RUNG = Part("một nấc của else", ("to",), ("after",))
USE = Part("một lần dùng use", ("use",))

_COMMON = ("after", "when")
_WAIT = ("within", "else")
STEPS: dict[Verb, Part] = {
    Verb.ASSIGN: Part("bước assign", ("id", "assign"), (*_COMMON, *_WAIT, "ack", "via", "critical")),
    Verb.DRAFT: Part("bước draft", ("id", "draft", "by"), (*_COMMON, *_WAIT)),
    Verb.APPROVE: Part("bước approve", ("id", "approve", "by"), (*_COMMON, *_WAIT)),
    Verb.PUBLISH: Part("bước publish", ("id", "publish", "by", "via"), (*_COMMON, *_WAIT)),
    Verb.NOTIFY: Part(
        "bước notify",
        ("id", "notify", "message", "via"),
        (*_COMMON, *_WAIT, "ack", "every", "critical"),
    ),
    Verb.TASK: Part("bước task", ("id", "task", "by"), (*_COMMON, *_WAIT, "items", "proof", "every")),
    Verb.ASK: Part("bước ask", ("id", "ask", "by", "choices"), (*_COMMON, *_WAIT)),
}

# What an editor shows when the pointer rests on a word.
MEANING: dict[str, str] = {
    "playbook": "Mã kịch bản, trùng tên tệp: chữ thường không dấu, gạch nối.",
    "version": "Số phiên bản, tăng mỗi lần sửa.",
    "title": "Tên hiển thị. Đặt trong ngoặc kép nếu có dấu hai chấm hoặc dấu #.",
    "levels": "Các cấp độ từ 1; số lớn nhất là nghiêm trọng nhất.",
    "topics": "Các lĩnh vực; lĩnh vực đầu là mặc định.",
    "roles": "Các vai. Không ghi tên người, số điện thoại, địa chỉ.",
    "pick": "Chức danh hoặc nhóm trong danh bạ; được tìm khi kịch bản bắt đầu chạy.",
    "standin": "Những chức danh thay khi người của vai báo bận hoặc không trả lời.",
    "deadlines": "Thời hạn chạy song song với các bước, không dừng khi tạm dừng.",
    "law": "Tên thời hạn luật định; số giờ và mốc do dữ liệu căn cứ pháp lý quyết định.",
    "met_by": "Bước mà khi xong thì thời hạn được đáp ứng.",
    "from": "Mốc tính: occurred_at, detected_at, accepted_at, assessed_at, opened_at hoặc mã bước.",
    "warn": "Còn bao lâu thì báo trước; một hoặc nhiều khoảng thời gian.",
    "to": "Báo cho vai nào; trong else còn có thay_the (mời người thay) và nhac_lai (nhắc người chưa trả lời).",
    "steps": "Các bước; thứ tự trong tệp là thứ tự làm việc.",
    "use": "Dùng một thành phần dùng chung, ví dụ _chung/lap-to-cong-tac.",
    "id": "Mã bước: chữ thường không dấu, số, gạch dưới.",
    "assign": "Mời các vai tham gia; từng người nhận hoặc báo bận.",
    "draft": "Soạn văn bản từ một mẫu trong mau/.",
    "approve": "Duyệt đúng bản đã trình của một bước draft, lần lượt từng người ở by.",
    "publish": "Công bố bản đã duyệt; ghi hình thức, thời gian, đường dẫn.",
    "notify": "Gửi tin theo mẫu đã đăng ký.",
    "task": "Một việc phải làm.",
    "ask": "Một câu hỏi, người phụ trách chọn một câu trả lời.",
    "by": "Vai thực hiện.",
    "after": "Bắt đầu sau bước nào; start là làm ngay, song song; không ghi là sau bước liền trước.",
    "when": "Điều kiện: level hoặc câu trả lời của bước ask; mọi dòng đều phải đúng.",
    "within": "Hạn kể từ khi bước bắt đầu, ví dụ 30 phút; hoặc theo từng cấp độ.",
    "else": "Khi hết hạn thì báo ai, lần lượt từng nấc.",
    "ack": "Cần bao nhiêu người xác nhận: none, any, all hoặc một số.",
    "via": "Gửi hoặc công bố qua đâu.",
    "message": "Mẫu tin trong mau/, ví dụ mau/sms-bao-don-vi.txt.",
    "choices": "Các câu trả lời: mã không dấu và chữ hiển thị.",
    "items": "Danh mục phải đánh dấu đủ.",
    "proof": "true nếu phải kèm minh chứng.",
    "every": "Lặp lại sau mỗi khoảng thời gian, đến khi kết thúc vụ việc.",
    "critical": "true nếu tin phải được gửi lại khi không rõ đã đến hay chưa.",
    "review": "Việc rút kinh nghiệm sau khi kết thúc.",
    "template": "Mẫu văn bản trong mau/.",
    "fragment": "Mã thành phần dùng chung.",
}
