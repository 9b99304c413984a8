"""What a call reads aloud: Vietnamese as one says it on the telephone, in the register of a Vietnamese administration.

Numbers, times and codes are written as words, since a reading machine makes of "27" or "02h25" what it likes. Neutral if
somebody else listens: the incident's code and its short name, never its title, its level or how many people it is about.
Pure: every text is made from facts handed in.
"""

from __future__ import annotations

from datetime import datetime

from incident.wording import VIETNAM, Case, House, Reader
from notify.phone import strip_marks

DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
DRILL = "Đây là cuộc diễn tập."

VOICE: dict[str, str] = {
    "summon": "{agency} xin gọi {dc} {name}. Vụ việc số {code}{short}. Mời {dc} tham gia Tổ công tác.",
    "summon.len": "{agency} kính gọi {dc} {name}. Kính báo cáo {dc} vụ việc số {code}{short}. "
    "Kính mời {dc} chỉ đạo Tổ công tác.",
    "summon.dang": "{agency} kính gọi {dc} {name}. Trân trọng đề nghị {dc} phối hợp vụ việc số {code}{short}.",
    "stand_in": "{agency} kính gọi {dc} {name}. Vụ việc số {code}{short}. Kính mời {dc} tham gia Tổ công tác thay "
    "{instead}.",
    "confirm": "{agency} xin gọi {dc} {name}. Vụ việc số {code}{short}. Đề nghị {dc} xác nhận đã nhận tin.",
    "told": "{agency} xin gọi {dc} {name}. Có thông báo về vụ việc số {code}{short}. Nội dung xin xem tin đã gửi hoặc gọi "
    "số trực. Đề nghị {dc} xác nhận.",
    "remind": "{agency} xin gọi {dc} {name}. Vụ việc số {code}{short}. Chưa nhận được trả lời của {dc}{before}.",
    "remind.len": "{agency} kính gọi {dc} {name}. Kính báo cáo {dc} vụ việc số {code}{short} đang chờ ý kiến {dc}{before}.",
    "remind.dang": "{agency} kính gọi {dc} {name}. Trân trọng đề nghị {dc} trả lời vụ việc số {code}{short}{before}.",
    "notify": "{agency} xin gọi {dc} {name}. Có thông báo về vụ việc số {code}{short}. Nội dung đã gửi qua thư điện tử.",
    "approve": "{agency} kính gọi {dc} {name}. Kính báo cáo {dc}: {what} của vụ việc số {code}, bản {n}, mã "
    "{mark}, đang chờ {dc} duyệt. Liên kết để duyệt đã gửi cho {dc}.",
}  # fmt: skip
KEYS = "Bấm phím một: đã nhận. Bấm phím hai: không tham gia được. Bấm phím ba: nghe lại."
KEYS_OF_APPROVAL = (
    "Bấm phím một: đã nghe. Bấm phím hai: chưa xem được lúc này. Bấm phím ba: nghe lại. "
    "Bấm phím không phải là duyệt."
)
ELSEWHERE = "Nếu người nghe không phải {dc} {name}, xin chuyển máy."
DUTY = "Số trực: {duty}."

ANSWERS: dict[str, str] = {
    "accepted": "Đã ghi nhận {dc} nhận vụ việc số {code}. Xin cảm ơn {dc}.",
    "declined": "Đã ghi nhận {dc} không tham gia được. Đang mời người thay. Xin cảm ơn {dc}.",
    "heard": "Đã ghi nhận {dc} đã nghe. Xin cảm ơn {dc}.",
    "not_now": "Đã ghi nhận {dc} chưa xem được lúc này. Cán bộ trực sẽ gọi lại. Xin cảm ơn {dc}.",
    "answered": "Đã nhận được trả lời của {dc} về vụ việc số {code}. {Dc} không phải làm gì thêm. Xin cảm ơn {dc}.",
    "closed": "Vụ việc số {code} đã kết thúc. {Dc} không phải làm gì thêm. Xin cảm ơn {dc}.",
    "silent": "Chưa nhận được phím bấm. Xin trả lời bằng tin nhắn hoặc gọi số trực. Xin cảm ơn {dc}.",
}
NOBODYS = "Cuộc gọi này không còn hiệu lực. Xin cảm ơn."


def voice(
    kind: str, house: House, case: Case, reader: Reader, *, landline: bool = False, **slots: str
) -> str:
    """The words of a call of a kind of `VOICE`. `landline`: somebody else may pick up. Raises KeyError for an unknown
    kind or a missing slot."""
    values = {
        **_called(reader, case),
        "agency": house.agency.replace("UBND", "Ủy ban nhân dân"),
        "short": _short(case.short_name),
        "duty": telephone(house.duty_phone),
        **slots,
    }
    ranked = f"{kind}.{reader.rank}"
    keys = KEYS_OF_APPROVAL if kind == "approve" else KEYS
    sentences = [VOICE[ranked if ranked in VOICE else kind], ELSEWHERE if landline else "", keys, DUTY]
    return _framed(" ".join(sentence for sentence in sentences if sentence).format(**values), case)


def answer(kind: str, case: Case, reader: Reader) -> str:
    """What is said back to a key, or instead of the words: a kind of `ANSWERS`."""
    return _framed(ANSWERS[kind].format(**_called(reader, case)), case)


def _called(reader: Reader, case: Case) -> dict[str, str]:
    dc = address(reader.xung_ho)
    return {"dc": dc, "Dc": dc[:1].upper() + dc[1:], "name": reader.name, "code": digits(case.code)}


def address(xung_ho: str) -> str:
    """How somebody is addressed aloud: đ/c is "đồng chí"."""
    return {"đ/c": "đồng chí"}.get(xung_ho, xung_ho)


def _framed(words: str, case: Case) -> str:
    return f"{DRILL} {words} {DRILL}" if case.mode == "drill" else words


def _short(name: str) -> str:
    """A name that was typed without its marks is left out: read aloud it would be another."""
    return f", {name}" if strip_marks(name) != name else ""


def digits(text: str) -> str:
    """Digit by digit, letter by letter: 27 is "hai bảy", K2 is "K hai"."""
    return " ".join(DIGITS[int(char)] if char in "0123456789" else char for char in text if char.isalnum())


def telephone(number: str) -> str:
    """A telephone number in the groups in which one says it: four digits, then three and three."""
    digits_ = [char for char in number if char.isdigit()]
    groups = [digits_[:4], *(digits_[i : i + 3] for i in range(4, len(digits_), 3))]
    return ", ".join(digits("".join(group)) for group in groups)


def hour(moment: datetime) -> str:
    """02:25 is "hai giờ hai mươi lăm phút", 14:00 is "mười bốn giờ"; local."""
    local = moment.astimezone(VIETNAM)
    return f"{number(local.hour)} giờ" + (f" {number(local.minute)} phút" if local.minute else "")


def number(n: int) -> str:
    """0 to 99 as it is said."""
    tens, ones = divmod(n, 10)
    if tens == 0:
        return DIGITS[ones]
    said = "mười" if tens == 1 else f"{DIGITS[tens]} mươi"
    if ones == 0:
        return said
    changed = {1: "một" if tens == 1 else "mốt", 5: "lăm"}
    return f"{said} {changed.get(ones, DIGITS[ones])}"
