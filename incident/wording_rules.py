"""What a text to a phone must keep, whatever its slots are filled with: checked when a province changes one, and by tests.

Pure. Sources: the house's wording (one part outside drills, no orders, no number of people, no level), `notify.phone`
(GSM-7), the words carriers take as opt-out.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from string import Formatter

from incident.domain.drill import speaks_of_drill
from incident.domain.words import Said, said
from incident.wording import SMS, Case, House, Reader, Sms, sms, sms_with_room
from notify.phone import strip_marks

LONGEST_NAME = "Công Tằng Tôn Nữ Thị Hồng Hạnh"  # 30 characters, a real pattern of names of Huế
LONGEST_SHORT = "tin về hồ Suối Lạc 2"  # 20 characters: as long as a short name may be
LONGEST_STEP = "Chụp màn hình, lưu đường dẫn công khai, thời điểm (không ghi tài khoản, tên người đăng)"
LINK = "https://tct.sonlam.gov.vn/a/7KQ2M9XW4T"
FORMS = ("đ/c", "ông", "bà", "anh", "chị")
RANKS = ("ngang", "len", "dang")
CASES = (Case("99", "live", LONGEST_SHORT), Case("99", "drill", LONGEST_SHORT))

# "giao ban" is a meeting, "Tuyên giáo" an organ, "nhắn tin" no "nhắc": whole words, with and without marks.
ORDERS = re.compile(
    r"(?<!\w)(triệu tập|trieu tap|giao(?! ban)|(?<!tuyen )(?<!tuyên )(?<!ban )giao(?! ban)|nhắc|nhac|yêu cầu|yeu cau)(?!\w)", re.I
)  # fmt: skip
NUMBER_OF_PEOPLE = re.compile(r"\b\d+ (nguoi|người|nan nhan|nạn nhân|ho dan|hộ dân|d/c|đ/c)\b", re.I)
LEVEL = re.compile(r"\b(cap (do )?\d|su co nghiem trong|nghiem trong)\b", re.I)
OPT_OUT = re.compile(r"(?<!\w)(STOP|END|CANCEL|QUIT|YES|START|HUY|TD)(?!\w)")
DEAR = re.compile(r"[\[\]~^|\\€]")  # each of these costs two characters
LINK_RUNS_ON = re.compile(r"\{link\}[.,;:)]|https?://\S+[.,;](\s|$)")
REPLIES = re.compile(r"\b(OK|BAN|SAI) \{code\}")


def longest_slots(form: str) -> dict[str, object]:
    """The longest a slot is ever filled with, for a reader addressed as `form`."""
    named = f"{form} {LONGEST_NAME}"
    return {
        "due": "02h25", "at": "02h09", "old": "98", "body": "UBND thanh pho Ho Ch", "link": LINK, "n": 12, "mark": "7K2", "wrong": "9999", "count": 2,
        "instead": named, "Instead": named[:1].upper() + named[1:], "who": named,
        "still": "Con nguoi chua tra loi, co viec qua han",
        "list": "99, tin ve ho Suoi Lac 2; 98, bai tren Cong TTDT 2",
    }  # fmt: skip


def longest(kind: str, house: House, case: Case, reader: Reader) -> Sms:
    """The text of a kind as long as it can become for this reader."""
    filled = longest_slots(reader.xung_ho)
    if "{what}" in house.texts.get(kind, SMS[kind]):
        return sms_with_room(kind, house, case, reader, LONGEST_STEP, **filled)
    return sms(kind, house, case, reader, **filled)


def longest_of_all(kind: str, house: House, case: Case) -> Sms:
    """The longest of all readers."""
    texts = [
        longest(kind, house, case, Reader(LONGEST_NAME, xung_ho=form, rank=rank))
        for form, rank in product(FORMS, RANKS)
    ]
    return max(texts, key=lambda text: len(text.body))


def slots_of(body: str) -> frozenset[str]:
    """The slots of a text. Raises ValueError where a brace is open, or something else stands in one."""
    found = set()
    for _, slot, spec, conversion in Formatter().parse(body):
        if slot is None:
            continue
        if not slot.isidentifier() or spec or conversion:
            raise ValueError(slot)
        found.add(slot)
    return frozenset(found)


def sound(kind: str, body: str) -> bool:
    """Whether a stored text can be filled whatever happens: else the house's own is used in its place."""
    try:
        return kind in SMS and slots_of(body) <= slots_of(SMS[kind]) | _OFFERED
    except ValueError:
        return False


def faults(kind: str, body: str, house: House) -> list[Said]:
    """What is wrong with a text that shall replace the house's own of this kind; empty when it may go. Raises KeyError."""
    own, plain = SMS[kind], strip_marks(body)
    try:
        slots = slots_of(body)
        if slots_of(plain) != slots:  # a brace of another script is a brace once its marks are gone
            raise ValueError(plain)
    except ValueError:
        return [said("Ô điền sai: mỗi ô viết như {code}, trong một cặp ngoặc nhọn.")]
    wrong = [
        said("Không có ô {%(slot)s} trong mẫu này.", slot=slot)
        for slot in sorted(slots - slots_of(own) - _OFFERED)
    ]
    wrong += [said("Thiếu ô {%(slot)s}.", slot=slot) for slot in sorted(_needed(own) - slots)]
    if wrong:
        return wrong
    kept = set(REPLIES.findall(plain))
    wrong += [
        said("Thiếu cách trả lời: %(word)s {code}.", word=word)
        for word in sorted(set(REPLIES.findall(own)) - kept)
    ]
    wrong += [words for pattern, words in _RULES if pattern.search(plain) or pattern.search(body)]
    if speaks_of_drill(body) or speaks_of_drill(plain):
        wrong.append(
            said("Không ghi “diễn tập”: hệ thống tự thêm khi diễn tập; tin thật có chữ này bị chặn.")
        )
    return wrong or _too_long(kind, plain, house)


_RULES: tuple[tuple[re.Pattern[str], Said], ...] = (
    (DEAR, said("Không dùng các ký tự [ ] ~ ^ | \\ €: mỗi ký tự tính hai.")),
    (ORDERS, said("Không dùng lời ra lệnh (triệu tập, giao, nhắc, yêu cầu): tin có thể tới lãnh đạo.")),
    (NUMBER_OF_PEOPLE, said("Không ghi số người trong tin nhắn.")),
    (LEVEL, said("Không ghi cấp độ của vụ việc trong tin nhắn.")),
    (OPT_OUT, said("Không dùng các từ nhà mạng hiểu là từ chối nhận tin: STOP, END, HUY, TD …")),
    (LINK_RUNS_ON, said("Sau đường dẫn phải có dấu cách rồi mới tới dấu chấm, phẩy.")),
)
_OFFERED = frozenset({"agency", "duty", "code", "short", "dc", "Dc"})  # filled in every text
_ALWAYS = frozenset({"code", "duty", "link"})


def _needed(own: str) -> frozenset[str]:
    """Slots nobody can do without: the code, the duty phone, the link, where the house's own text has them."""
    return slots_of(own) & _ALWAYS


def _too_long(kind: str, plain: str, house: House) -> list[Said]:
    changed = replace(house, texts={**house.texts, kind: plain})
    live, drill = (longest_of_all(kind, changed, case) for case in CASES)
    if live.encoding != "GSM-7":
        return [said("Có ký tự ngoài bảng GSM-7 (ví dụ dấu `): tin sẽ đắt gấp đôi.")]
    if live.parts > 1:
        return [said("Dài nhất %(n)s ký tự, quá một phần tin (160).", n=len(live.body))]
    if drill.parts > 2:
        return [said("Khi diễn tập dài nhất %(n)s ký tự, quá hai phần tin.", n=len(drill.body))]
    return []
