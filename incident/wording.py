"""What people receive: the texts of SMS and email, in the register of a Vietnamese administration.

Every text is made from facts handed in; nothing here reads the database or the clock. SMS are written without
diacritics (GSM-7), at most 160 characters with the longest slots outside drills.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from incident.domain.address import USUAL
from incident.domain.codes import shown_code
from notify.phone import segments, strip_marks

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
SMS_TEXTS = "sms_texts"  # the setting that keeps a province's own texts, as their author wrote them
ONE_PART = 160
DRILL_ENDS = re.compile(r"\. (?:DUNG )?DIEN TAP$")
LONGEST_SUBJECT = 200
ROOM_FOR_LINK = 32  # a link stands as {link} while a mailing is written


@dataclass(frozen=True, slots=True)
class House:
    """The province's own words: `agency` "UBND tỉnh Sơn Lâm", `duty_phone` as people type it; `two_way`: its SMS can
    be replied to; `texts`: its own text of some kinds of `SMS`, where it has one."""

    agency: str = "UBND tỉnh"
    province: str = ""
    duty_phone: str = ""
    portal_url: str = ""
    hotline: str = ""
    public_url: str = ""
    two_way: bool = True
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """What a text may say of an incident."""

    code: str
    mode: str
    short_name: str
    title: str = ""

    @property
    def shown(self) -> str:
        return shown_code(self.code, self.mode)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads it. rank: len (leader of the province), dang (Party, Front, police), ngang."""

    name: str = ""
    post: str = ""
    unit: str = ""
    xung_ho: str = USUAL
    rank: str = "ngang"


def clock(moment: datetime | None) -> str:
    """02h25, local."""
    return "" if moment is None else moment.astimezone(VIETNAM).strftime("%Hh%M")


def spoken(moment: datetime) -> str:
    """02 giờ 25 phút, as papers write it."""
    local = moment.astimezone(VIETNAM)
    return f"{local:%H} giờ {local:%M} phút"


def day(moment: datetime) -> str:
    return moment.astimezone(VIETNAM).strftime("%d/%m/%Y")


def stamp(moment: datetime) -> str:
    """14:05 ngày 22/11/2026."""
    return moment.astimezone(VIETNAM).strftime("%H:%M ngày %d/%m/%Y")


# ------------------------------------------------------------------ SMS

SMS: dict[str, str] = {
    "summon": "{agency}: vu viec {code}, {short}. Moi {dc} tham gia To cong tac. "
    "Tra loi OK {code} (da nhan) hoac BAN {code} (ban). Truc {duty}",
    "summon.len": "Kinh bao cao {dc} vu viec {code}, {short}. Kinh moi {dc} chi dao To cong tac. "
    "Tra loi OK {code} (da nhan) hoac BAN {code} (ban). Truc {duty}",
    "summon.dang": "{agency} tran trong de nghi {dc} phoi hop vu viec {code}, {short}. "
    "Tra loi OK {code} hoac BAN {code} (ban). Truc {duty}",
    "summon.one_way": "{agency}: vu viec {code}, {short}. Moi {dc} xac nhan tai {link} hoac goi truc {duty}",
    "summon.one_way.len": "Kinh bao cao {dc} vu viec {code}, {short}. Kinh moi {dc} xac nhan tai {link} hoac goi truc {duty}",
    "summon.one_way.dang": "{agency} tran trong de nghi {dc} phoi hop vu viec {code}, {short}; "
    "xac nhan tai {link} hoac goi truc {duty}",
    "confirm": "{agency}: vu viec {code}, {short}. De nghi {dc} xac nhan da nhan tin: "
    "tra loi OK {code} (da nhan) hoac BAN {code} (ban). Truc {duty}",
    "remind": "Vu viec {code}, {short}: chua nhan duoc tra loi cua {dc}. De nghi tra loi OK {code} "
    "hoac BAN {code} (ban). {due} se moi nguoi thay. Truc {duty}",
    "remind.last": "Vu viec {code}, {short}: chua nhan duoc tra loi cua {dc}. De nghi tra loi OK {code} "
    "hoac BAN {code} (ban). Sau {due} can bo truc se goi. Truc {duty}",
    "remind.len": "Kinh bao cao {dc}: vu viec {code}, {short} dang cho y kien {dc}. Tra loi OK {code} "
    "hoac BAN {code} (ban). {due} se bao cao {dc} thay. Truc {duty}",
    "remind.one_way": "Vu viec {code}, {short}: chua co tra loi cua {dc}. De nghi xac nhan tai {link} "
    "truoc {due} hoac goi truc {duty}",
    "remind.dang": "{agency} tran trong de nghi {dc} tra loi vu viec {code}, {short}: OK {code} "
    "hoac BAN {code} (ban). {due} se moi nguoi thay. Truc {duty}",
    "remind.last.len": "Kinh bao cao {dc}: vu viec {code}, {short} dang cho y kien {dc}. Tra loi OK {code} "
    "hoac BAN {code} (ban). Sau {due} can bo truc se goi. Truc {duty}",
    "remind.last.dang": "{agency} tran trong de nghi {dc} tra loi vu viec {code}, {short}: OK {code} "
    "hoac BAN {code} (ban). Sau {due} can bo truc se goi. Truc {duty}",
    "remind.one_way.len": "Kinh bao cao {dc}: vu viec {code}, {short} dang cho y kien {dc} truoc {due}, tai {link} "
    "hoac goi truc {duty}",
    "remind.one_way.dang": "{agency} tran trong de nghi {dc} xac nhan vu viec {code}, {short} truoc {due}: {link} . "
    "Truc {duty}",
    "stand_in": "Vu viec {code}, {short}: kinh moi {dc} tham gia To cong tac thay {instead}. "
    "Tra loi OK {code} (da nhan) hoac BAN {code} (ban). Truc {duty}",
    "stand_in.one_way": "Vu viec {code}, {short}: kinh moi {dc} thay {instead}. "
    "Xac nhan: {link} . Truc {duty}",
    "task": "Vu viec {code}, {short}: moi {dc} thuc hien viec: {what}, truoc {due}. Chi tiet: {link} . Truc {duty}",
    "task.len": "Kinh bao cao {dc}: vu viec {code}, {short}. Kinh xin y kien {dc} truoc {due}: {what}: {link} . Truc {duty}",
    "task.dang": "{agency} tran trong de nghi {dc} vu viec {code}, {short}, truoc {due}: {what}: {link} . Truc {duty}",
    "task.open.len": "Kinh bao cao {dc}: vu viec {code}, {short}. Kinh xin y kien {dc}: {what}: {link} . Truc {duty}",
    "task.open.dang": "{agency} tran trong de nghi {dc} vu viec {code}, {short}: {what}: {link} . Truc {duty}",
    "task.open": "Vu viec {code}, {short}: moi {dc} thuc hien viec: {what}. Chi tiet: {link} . Truc {duty}",
    "approve": "Kinh trinh {dc} duyet {what} vu viec {code}, ban {n}, ma {mark}: {link} . Truc {duty}",
    "approve.phone": "Da ghi: {dc} duyet qua dien thoai luc {at} ban {n}, ma {mark}, vu viec {code}. "
    "Neu khong dung, xin tra loi SAI {code}. Truc {duty}",
    "approve.phone.one_way": "Da ghi: {dc} duyet qua dien thoai luc {at} ban {n}, ma {mark}, vu viec {code}. "
    "Dung hay sai, xin bao tai {link} . Truc {duty}",
    "approve.disputed": "Vu viec {code}, {short}: {who} bao khong duyet ban {n} qua dien thoai. "
    "Dung cong bo, cho duyet lai. Truc {duty}",
    "approve.disputed.out": "Vu viec {code}, {short}: {who} bao khong duyet ban {n}, ban nay da cong bo. "
    "De nghi {dc} cho y kien. Truc {duty}",
    "publish": "Vu viec {code}, {short}: noi dung da duyet, moi {dc} cong bo truoc {due}: {link} . Truc {duty}",
    "warn.overdue": "Vu viec {code}, {short}: luc {at} viec \"{what}\" qua han, chua co nguoi xu ly. "
    "De nghi {dc} xem, goi dien. Truc {duty}",
    "warn.overdue.len": "Kinh bao cao {dc}: vu viec {code}, {short}, luc {at} viec \"{what}\" qua han, chua co nguoi xu ly. "
    "Kinh xin y kien {dc}. Truc {duty}",
    "warn.unanswered": "Vu viec {code}, {short}: luc {at} con nguoi chua tra loi. De nghi {dc} goi dien va ghi lai. "
    "Truc {duty}",
    "warn.approaching": "Vu viec {code}, {short}: thoi han \"{what}\" den {due}, luc {at} chua hoan thanh. Truc {duty}",
    "warn.missed": "Vu viec {code}, {short}: thoi han \"{what}\" da qua luc {due}, chua hoan thanh. Truc {duty}",
    "stand_down": "Vu viec {code}, {short}: ket thuc luc {at}. {Dc} khong phai lam gi them. Cam on {dc}. Truc {duty}",
    "stand_down.mistake": "Kinh mong {dc} thong cam: tin vu viec {code} luc {at} la gui nham. "
    "{Dc} khong phai lam gi them. Truc {duty}",
    "stand_down.handed": "Vu viec {code}: tu {at} {body} chu tri phat ngon. De nghi {dc} khong phat ngon, "
    "chuyen cau hoi ve truc {duty}. Cam on {dc}",
    "handed.stays": "Vu viec {code}: tu {at} {body} chu tri phat ngon. Viec cua {dc} van tiep tuc, de nghi {dc} khong "
    "phat ngon. Truc {duty}",
    "merged": "Vu viec {old} da nhap vao vu viec {code}, {short}. Tra loi da gui cho {old} duoc tinh cho {code}, "
    "{dc} khong phai tra loi lai. Truc {duty}",
    "joined": "Vu viec {old} da nhap vao vu viec {code}, {short}. De nghi {dc} tra loi OK {code} (da nhan) "
    "hoac BAN {code} (ban). Truc {duty}",
    "joined.len": "Kinh bao cao {dc}: vu viec {old} da nhap vao {code}, {short}. Kinh moi {dc} tra loi "
    "OK {code} (da nhan) hoac BAN {code} (ban). Truc {duty}",
    "joined.dang": "{agency} tran trong de nghi {dc} tra loi vu viec {code}, {short} (vu viec {old} da nhap vao): "
    "OK {code} hoac BAN {code} (ban). Truc {duty}",
    "joined.one_way": "Vu viec {old} da nhap vao vu viec {code}, {short}. De nghi {dc} xac nhan tai {link} "
    "hoac goi truc {duty}",
    "joined.one_way.len": "Kinh bao cao {dc}: vu viec {old} da nhap vao {code}, {short}. Kinh moi {dc} xac nhan tai "
    "{link} hoac goi truc {duty}",
    "joined.one_way.dang": "{agency} tran trong de nghi {dc} xac nhan vu viec {code}, {short} (gop {old}): "
    "{link} . Truc {duty}",
    "reopened": "Vu viec {code}, {short}: mo lai luc {at}. De nghi {dc} theo doi. Truc {duty}",
    "reply.accepted": "Da ghi nhan {dc} nhan viec {code} luc {at}. Phan cong: {link} . "
    "Bao chi hoi, xin chuyen nguoi phat ngon. Truc {duty}",
    "reply.noted": "Da ghi nhan {dc} nhan tin vu viec {code} luc {at}. Bao chi hoi, xin chuyen nguoi phat ngon. "
    "Truc {duty}",
    "reply.declined": "Da ghi nhan {dc} bao ban vu viec {code} luc {at}. Dang moi nguoi thay. "
    "Neu tham gia duoc, xin tra loi OK {code}. Truc {duty}",
    "reply.unclear": "He thong chua doc duoc tra loi cua {dc} luc {at}, can bo truc dang xem. "
    "Xin tra loi OK {code} (da nhan) hoac BAN {code} (ban). Truc {duty}",
    "reply.which": "{Dc} dang co {count} vu viec: {list}. Xin tra loi kem so, vi du OK {code}. Truc {duty}",
    "reply.replaced": "Da ghi nhan {dc} tra loi vu viec {code} luc {at}. {Instead} dang tham gia thay. "
    "Can bo truc se goi lai neu can. Truc {duty}",
    "reply.closed": "Da ghi nhan. Vu viec {code} da ket thuc luc {at}, {dc} khong phai lam gi them. "
    "Cam on {dc}. Truc {duty}",
    "reply.no_such": "Khong thay vu viec {wrong} dang cho {dc}. Truc {duty}",
    "reply.no_such.but": "Khong thay vu viec {wrong} dang cho {dc}. Neu la vu viec {code}, {short}, "
    "xin tra loi OK {code}. Truc {duty}",
    "reply.wrong_number": "Xin loi da lam phien. So nay da duoc ngung nhan tin. Xin vui long xoa tin truoc. "
    "{agency}, truc {duty}",
    "reply.disputed": "Da ghi nhan {dc} bao SAI ve vu viec {code}. Can bo truc se goi lai {dc} ngay. Truc {duty}",
    "reply.confirmed": "Da ghi nhan {dc} xac nhan da duyet ban {n}, ma {mark}, vu viec {code} luc {at}. "
    "Cam on {dc}. Truc {duty}",
    "reply.approval_disputed": "Da ghi nhan: {dc} khong duyet ban {n}, ma {mark}, vu viec {code}. Da dung cong bo. "
    "Can bo truc se goi lai {dc}. Truc {duty}",
    "handed_back": "Vu viec {code}, {short}: {who} da tham gia, {dc} khong phai tham gia thay nua. Cam on {dc}. Truc {duty}",
    "shift": "Vu viec {code}, {short}: tu {at} {who} truc, so truc khong doi {duty}. "
    "{still}",
    "shift.clear": "Vu viec {code}, {short}: tu {at} {who} truc, so truc khong doi {duty}. "
    "Moi nguoi da tra loi, khong viec qua han",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sms:
    body: str
    encoding: str
    parts: int


def sms(kind: str, house: House, case: Case, reader: Reader, **slots: object) -> Sms:
    """The SMS of a kind of `SMS`. Raises KeyError for an unknown kind or a missing slot."""
    dc = strip_marks(reader.xung_ho)
    values: dict[str, object] = {
        "agency": strip_marks(house.agency),
        "duty": house.duty_phone,
        "code": case.shown,
        "short": strip_marks(case.short_name),
        "dc": dc,
        "Dc": dc[:1].upper() + dc[1:],
    }
    values.update(
        {key: strip_marks(value) if isinstance(value, str) else value for key, value in slots.items()}
    )
    return framed(house.texts.get(kind, SMS[kind]).format(**values), case)


def registered(text: str, case: Case) -> Sms:
    """A registered template already filled in, as the carrier gets it."""
    return framed(strip_marks(" ".join(text.split())), case)


def framed(body: str, case: Case) -> Sms:
    """The body with the marks of a drill."""
    return _fitted(f"DIEN TAP. {body}. DIEN TAP".replace("..", ".") if case.mode == "drill" else body)


def told_apart(text: Sms, by: str) -> Sms:
    """The same words with some more in brackets behind them; the mark of a drill stays at the end."""
    ended = DRILL_ENDS.search(text.body)
    body, end = (text.body[: ended.start()], ended[0]) if ended else (text.body, "")
    return _fitted(f"{body} ({strip_marks(by)}){end}")


def _fitted(body: str) -> Sms:
    """Shortened by its optional brackets where that saves a part."""
    if len(body) > ONE_PART:
        shorter = body.replace(" (da nhan)", "").replace(" (ban)", "")
        body = shorter if segments(shorter).parts < segments(body).parts else body
    counted = segments(body)
    return Sms(body, counted.encoding, counted.parts)


def _ranked(kind: str, reader: Reader) -> str:
    """The kind in the register of its reader, where there is one."""
    ranked = f"{kind}.{reader.rank}"
    return ranked if ranked in SMS else kind


def summon_kind(reader: Reader, two_way: bool) -> str:
    return _ranked("summon" if two_way else "summon.one_way", reader)


def remind_kind(reader: Reader, two_way: bool, another: bool) -> str:
    """`another`: someone else will be asked next; else the duty officer phones."""
    if not two_way:
        return _ranked("remind.one_way", reader)
    return _ranked("remind" if another else "remind.last", reader)


def joined_kind(reader: Reader, two_way: bool) -> str:
    """Asks somebody of an incident that became part of this one."""
    return _ranked("joined" if two_way else "joined.one_way", reader)


def task_kind(reader: Reader, timed: bool) -> str:
    return _ranked("task" if timed else "task.open", reader)


REPLY = re.compile(
    r"(?P<after>: )?tra loi OK \w+(?: \(da nhan\))?(?: hoac BAN \w+(?: \(ban\))?)?", re.IGNORECASE
)
CALL_IF = re.compile(r"; co dien bien goi truc [\d ]+\. ")


def one_way(text: str, link: str, house: House) -> str:
    """A registered text for a sender nobody can reply to: what asks for a reply gives the link, else the duty phone."""
    body = strip_marks(" ".join(text.split()))
    if not REPLY.search(body):
        return body
    if not link:
        return REPLY.sub("", body).strip(" .:") + f". Truc {house.duty_phone}"
    asked = REPLY.sub(lambda m: f" tai {link} " if m["after"] else f"Xac nhan tai {link} ", body).strip()
    if len(asked) > ONE_PART - ROOM_FOR_LINK and CALL_IF.search(asked):
        asked = (
            CALL_IF.sub("; ", asked).replace("; Xac nhan tai", "; xac nhan") + f" . Truc {house.duty_phone}"
        )
    return asked


def sms_with_room(kind: str, house: House, case: Case, reader: Reader, what: str, **slots: object) -> Sms:
    """The SMS with as much of `what` as one part has room for, at least 12 characters of it."""
    for length in range(48, 12, -4):
        text = sms(kind, house, case, reader, what=shorten(what, length), **slots)
        if text.parts == 1:
            return text
    return sms(kind, house, case, reader, what=shorten(what, 12), **slots)


def shorten(text: str, length: int = 40) -> str:
    """A step's text short enough for an SMS, cut at a word."""
    text = " ".join(text.split()).replace('"', "'")
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:(") + ".."


def unit_in_sms(name: str) -> str:
    """As an SMS has room for it: UBND xã Mường Lò."""
    return name.replace("Ủy ban nhân dân", "UBND")


SLOTS = ("{donvi}", "{link}", "{ten}")


def fill(skeleton: str, values: Mapping[str, str]) -> str:
    """A mailing's skeleton with the recipient's own words: {donvi} unit, {link} personal link, {ten} name."""
    for key in ("donvi", "link", "ten"):
        skeleton = skeleton.replace("{" + key + "}", values.get(key, ""))
    return skeleton


# ------------------------------------------------------------------ email


@dataclass(frozen=True, slots=True)
class Email:
    subject: str
    body: str


SUBJECTS: dict[str, str] = {
    "summon": "Mời tham gia Tổ công tác, đề nghị xác nhận{before}",
    "summon.len": "Kính báo cáo và xin ý kiến chỉ đạo: {short}",
    "summon.dang": "Trân trọng đề nghị phối hợp: {short}",
    "stand_in": "Kính mời tham gia Tổ công tác thay {instead}",
    "remind": "Chưa nhận được trả lời, đề nghị xác nhận{before}",
    "notify": "Thông báo: {short}",
    "task": "Mời thực hiện: {what}",
    "approve": "Kính trình duyệt: {what}, bản {n} (mã {mark})",
    "publish": "Nội dung đã duyệt, mời công bố{before}",
    "warn": "{what}",
    "stand_down": "Kết thúc xử lý lúc {at}",
    "merged": "Vụ việc {old} đã nhập vào vụ việc này",
    "handed": "Từ {at} {body} chủ trì phát ngôn",
}

SIGNED = (
    "Đề nghị {who} không tự phát ngôn, không chuyển tiếp thư này.\n\n"
    "Trân trọng.\nCán bộ trực – {agency}\nSố trực: {duty}"
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known, for the body of an email."""

    known: str = ""
    as_of: str = ""
    source: str = ""
    unknown: str = "Đang xác minh"
    asks: tuple[str, ...] = ()
    link: str = ""
    before: str = ""
    extra: Mapping[str, object] = field(default_factory=dict)


def email(kind: str, house: House, case: Case, reader: Reader, facts: Facts) -> Email:
    """The email of a kind of `SUBJECTS`."""
    slots: dict[str, object] = {
        "short": case.short_name,
        "before": f" trước {facts.before}" if facts.before else "",
        **facts.extra,
    }
    about = SUBJECTS[kind].format(**slots)
    greeting = f"Kính gửi {_addressed(reader)},"
    lines = [greeting, ""]
    number = 1
    if facts.known:
        source = f", nguồn: {facts.source}" if facts.source else ""
        lines.append(f"{number}. Việc đã biết (tính đến {facts.as_of}{source}): {facts.known}")
        number += 1
    if facts.unknown:
        lines.append(f"{number}. Chưa xác định: {facts.unknown}")
        number += 1
    if facts.asks:
        lines.append(f"{number}. Đề nghị {_called(reader)}: " + "; ".join(facts.asks) + ".")
        number += 1
    if facts.link:
        reply = f"hoặc nhắn tin OK {case.shown} (đã nhận), BAN {case.shown} (bận); " if house.two_way else ""
        lines.append(
            f"{number}. Xác nhận: mở liên kết {facts.link} và bấm một lần; {reply}"
            f"hoặc gọi số trực {house.duty_phone}."
        )
    lines += ["", SIGNED.format(who=_called(reader), agency=house.agency, duty=house.duty_phone)]
    return framed_email(about, "\n".join(lines), case)


def framed_email(about: str, body: str, case: Case) -> Email:
    """A letter with the number of its incident, and the marks of a drill at both ends of subject and body."""
    begin, end = f"[Vụ việc {case.shown}] ", ""
    if case.mode == "drill":
        begin, end = f"[DIỄN TẬP] [{case.shown}] ", " [DIỄN TẬP]"
        body = f"DIỄN TẬP – không phải sự cố thật.\n\n{body}\n\nDIỄN TẬP"
    subject = begin + " ".join(about.split())[: LONGEST_SUBJECT - len(begin) - len(end)] + end
    return Email(subject, body)


# ------------------------------------------------------------------ drills


def inject_sms(id: str, text: str, house: House, case: Case) -> Sms:
    """What the one a situation is for gets on the telephone."""
    return registered(f"Tinh huong {id}, vu viec {case.shown}: {text} Truc {house.duty_phone}", case)


def inject_email(id: str, text: str, house: House, case: Case) -> Email:
    about = f"Tình huống bổ sung {id}"
    body = f"Tình huống bổ sung {id} của cuộc diễn tập {case.shown}:\n\n{text}\n\nSố trực: {house.duty_phone}"
    return framed_email(about, body, case)


DRILL_STOPPED = (
    "DUNG DIEN TAP luc {at}: CO SU CO THAT. Moi viec dien tap dung ngay, khong phai tra loi. "
    "Tin su co that khong ghi dien tap. Truc {duty}. DUNG DIEN TAP"
)
DRILL_STOPPED_SUBJECT = "DỪNG DIỄN TẬP – CÓ SỰ CỐ THẬT – DỪNG DIỄN TẬP"
DRILL_STOPPED_MAIL = (
    "DỪNG DIỄN TẬP – CÓ SỰ CỐ THẬT.\n\nMọi cuộc diễn tập dừng lúc {at}. Đồng chí không phải làm gì thêm, không phải trả lời "
    "tin diễn tập nào. Tin về sự cố thật sẽ gửi riêng và không ghi “diễn tập”.\n\nSố trực: {duty}\n\nDỪNG DIỄN TẬP"
)


def drill_stopped(house: House, now: datetime) -> tuple[Sms, Email]:
    """The one text of a drill that speaks of the real thing: it begins and ends with its stop, so that neither half of it
    alone is read as an exercise (decision 0022)."""
    text = DRILL_STOPPED.format(at=clock(now), duty=house.duty_phone)
    mail = DRILL_STOPPED_MAIL.format(at=spoken(now), duty=house.duty_phone)
    return _fitted(text), Email(DRILL_STOPPED_SUBJECT, mail)


def _called(reader: Reader) -> str:
    """đồng chí, ông, bà, anh, chị: as the directory says."""
    return {USUAL: "đồng chí"}.get(reader.xung_ho, reader.xung_ho)


def _addressed(reader: Reader) -> str:
    title = _called(reader)
    post = f", {reader.post}" if reader.post else ""
    return f"{title} {reader.name}{post}".strip()
