"""The words of the screen for the states of people, steps, statements, deadlines and messages.

Source: the house's wording. "Đã nhận" is said of people only, never of a carrier's receipt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from incident.domain.words import said
from incident.report.record import DeadlineView, MemberView, StatementView, StepView
from incident.web.language import _, moment_of, since, span
from notify.twilio_voice import CODES

# The names of levels are the playbook's own; these three, the house's, have their translation.
LEVELS = (said("Theo dõi"), said("Sự cố"), said("Nghiêm trọng"))
LEVEL_TONES = {1: "grey", 2: "orange", 3: "red"}


@dataclass(frozen=True, slots=True)
class Label:
    """Words and a tone: green (done), blue (under way), orange (look), red (late), grey (nothing to do)."""

    text: str
    tone: str


def via(way: str | None) -> str:
    ways = {
        "sms": _("SMS"),
        "link": _("liên kết"),
        "web": _("trang này"),
        "voice": _("gọi điện tự động"),
        "phone": _("điện thoại"),
        "zalo": _("nhóm Zalo"),
        "direct": _("gặp trực tiếp"),
        "email": _("thư"),
    }
    return ways.get(way or "", way or "")


def decided_via(way: str) -> str:
    ways = {"link": _("qua liên kết"), "phone": _("qua điện thoại"), "web": _("trên hệ thống")}
    return ways.get(way, way)


def member(person: MemberView, now: datetime) -> Label:
    """A person's state in the words of the room."""
    state = person.state
    if state == "accepted":
        at = moment_of(person.answered_at, now)
        return Label(
            _("Đã nhận lúc %(at)s, qua %(via)s", at=at, via=via(person.via)) if at else _("Đã nhận"), "green"
        )
    if state == "asked":
        if called := rang(person, now):
            return Label(called, "orange")
        return Label(_("Đã báo, chưa trả lời (%(span)s)", span=since(person.asked_at, now)), "orange")
    if state in ("declined", "unreachable") and person.stand_in_accepted:
        return _replaced(person)
    if state == "declined":
        return Label(_("Báo bận, đang mời người thay"), "orange")
    if state == "replaced" and person.late:
        at = moment_of(person.answered_at, now)
        return Label(
            _("Trả lời muộn lúc %(at)s, đã có %(name)s thay", at=at, name=person.stood_in_by),
            "orange",
        )
    if state == "replaced":
        return _replaced(person)
    if state == "unreachable":
        why = unreached(person) or reason(person.reason)
        if not why and (called := rang(person, now)):
            return Label(_("Không liên lạc được (%(reason)s)", reason=called[:1].lower() + called[1:]), "red")
        text = _("Không liên lạc được (%(reason)s)", reason=why) if why else _("Không liên lạc được")
        return Label(text, "red")
    plain = {
        "not_told": Label(_("Chưa báo (không có số)"), "red"),
        "sending": Label(_("Đang gửi"), "blue"),
        "wrong_number": Label(_("Nhầm số, đã ngừng gửi"), "red"),
        "review": Label(_("Trả lời chưa rõ, cần xem"), "orange"),
        "expired": Label(_("Không cần trả lời nữa"), "grey"),
        "stopped": Label(_("Chưa báo (tin đã dừng)"), "red"),
    }
    return plain.get(state, Label(state, "grey"))


def rang(person: MemberView, now: datetime) -> str:
    """What came of the last automatic call; empty when there was none."""
    if person.rang_at is None:
        return ""
    how = {
        "ringing": _("đang gọi"),
        "picked_up": _("có người nghe, không bấm phím"),
        "no-answer": _("không nghe máy"),
        "busy": _("máy bận"),
        "failed": _("không gọi được"),
    }
    at = moment_of(person.rang_at, now)
    return _("Đã gọi tự động lúc %(at)s, %(how)s", at=at, how=how.get(person.rang, person.rang))


def _replaced(person: MemberView) -> Label:
    if not person.stood_in_by:
        return Label(_("Đã có người khác giữ vai này"), "grey")
    return Label(_("Đã có %(name)s thay", name=person.stood_in_by), "grey")


OUTCOMES_UNREACHED = ("no_answer", "off", "someone_else")


def unreached(person: MemberView) -> str:
    """How often they were called in vain, and what the last call met: "gọi 2 lần, thuê bao"."""
    tried = [call for call in person.calls if call.outcome in OUTCOMES_UNREACHED]
    if not tried:
        return ""
    return _("gọi %(n)s lần, %(what)s", n=len(tried), what=outcome(tried[-1].outcome).lower())


def outcome(key: str) -> str:
    """What a call came to."""
    words = {
        "accept": _("Đã nhận"),
        "decline": _("Báo bận"),
        "sent_another": _("Cử người thay"),
        "no_answer": _("Không nghe máy"),
        "off": _("Thuê bao/tắt máy"),
        "someone_else": _("Người khác nghe"),
        "wrong_number": _("Sai số"),
    }
    return words.get(key, key)


def reason(key: str) -> str:
    """Why a person was given up: a key of the record's own, or what somebody wrote."""
    keys = {
        "wrong_number": _("nhầm số"),
        "opted_out": _("từ chối nhận tin"),
        "no_number": _("không có số"),
        "no_channel": _("không gửi được"),
        "suppressed": _("số đã ngừng nhận tin"),
        "not_enrolled": _("không tham gia diễn tập, không gửi"),
    }
    return keys.get(key, key)


def stage(key: str) -> Label:
    """How far the messages to a person came, the carrier's word kept apart from the person's."""
    words = {
        "answered": Label(_("Đã trả lời"), "green"),
        "delivered": Label(_("Nhà mạng báo đã chuyển"), "green"),
        "handed": Label(_("Đã gửi đi, chưa có báo chuyển"), "blue"),
        "taken": Label(_("Nhà mạng đã nhận, chưa báo"), "blue"),
        "moving": Label(_("Đang gửi"), "blue"),
        "unknown": Label(_("Chưa rõ đã gửi hay chưa"), "orange"),
        "stopped": Label(_("Đã dừng, không gửi"), "grey"),
        "failed": Label(_("Không gửi được"), "red"),
    }
    return words.get(key, Label(key, "grey"))


def carrier(name: str) -> str:
    """A carrier as people know it; a domestic gateway is called as the province has named it."""
    names = {"twilio": "Twilio", "twilio-voice": _("Twilio, gọi điện"), "smtp": _("Thư điện tử")}
    return names.get(name, name)


def ill(why: str) -> str:
    """Why traffic left a carrier."""
    words = {
        "unreachable": _("không kết nối được"),
        "turned_away": _("nhà mạng từ chối nhận thêm"),
        "dark": _("không trả lời"),
        "slow": _("trả lời chậm"),
        "slow_minute": _("chậm, lỗi nhiều trong phút vừa qua"),
    }
    return words.get(why, why)


def carrier_state(key: str) -> Label:
    """How a carrier stands."""
    words = {
        "well": Label(_("Đang dùng"), "green"),
        "returning": Label(_("Đang dùng lại dần"), "blue"),
        "avoided": Label(_("Đang tránh"), "orange"),
        "paused": Label(_("Tạm dừng, đang thử lại"), "red"),
        "held": Label(_("Đã tạm dừng"), "red"),
    }
    return words.get(key, Label(key, "grey"))


def channel(name: str) -> str:
    names = {"sms": _("SMS"), "voice": _("gọi điện tự động"), "email": _("thư điện tử")}
    return names.get(name, name)


def undelivered(error: str) -> str:
    """Why a message did not arrive: a word of ours, or a carrier's code by its class; the code stays for who must mend it."""
    word = error.split(":")[0].strip()
    known = {
        "": _("chưa rõ lý do"),
        "valid_until": _("quá giờ mới tới lượt gửi"),
        "NO_CARRIER": _("chưa có kênh gửi"),
        "UNREGISTERED": _("mẫu tin chưa đăng ký với kênh gửi nào còn lại"),
        "LANDLINE": _("máy bàn, không nhận được SMS"),
        "SAMPLE": _("số mẫu, không gửi ra ngoài"),
        "held": _("chưa rõ đã gửi hay chưa, chờ cán bộ trực xem"),
        "done": _("việc đã xong, không cần gửi nữa"),
        "stopped": _("đã bấm dừng gửi"),
        "no-answer": _("không nghe máy"),
        "busy": _("máy bận"),
        "failed": _("không gửi được"),
        "answered": _("đã trả lời, không cần gọi nữa"),
        "number_corrected": _("đã sửa số, gửi lại tới số đúng"),
        "undone": _("lần ghi đã được rút lại"),
        "no_person": _("không còn trong danh bạ"),
        "not_active": _("không còn công tác"),
    }
    if word in known:
        return known[word]
    if (ours := reason(word)) != word:
        return ours
    kind = CODES[int(word)].kind if word.isdigit() and int(word) in CODES else ""
    if kind == "" and not word.isdigit():
        return word
    classes = {
        "address": _("số không liên lạc được"),
        "optout": _("máy này từ chối nhận tin"),
        "content": _("nhà mạng không nhận nội dung này"),
        "transient": _("máy tắt hoặc ngoài vùng phủ sóng"),
        "configuration": _("tài khoản nhà mạng có lỗi"),
    }
    return _("%(why)s (mã %(code)s)", why=classes.get(kind, _("nhà mạng từ chối")), code=word)


def step(view: StepView) -> Label:
    words = {
        "waiting": Label(_("Chưa đến lượt"), "grey"),
        "active": Label(_("Đang làm"), "blue"),
        "stuck": Label(_("Quá hạn, chưa có người xử lý"), "red"),
        "done": Label(_("Xong"), "green"),
        "skipped": Label(_("Đã bỏ qua"), "grey"),
        "not_needed": Label(_("Không cần"), "grey"),
        "cancelled": Label(_("Đã dừng"), "grey"),
    }
    return words.get(view.state, Label(view.state, "grey"))


def statement(view: StatementView) -> Label:
    words = {
        "drafting": Label(_("Đang soạn"), "blue"),
        "submitted": Label(_("Đã trình"), "orange"),
        "returned": Label(_("Bị trả lại"), "red"),
        "approved": Label(_("Đã duyệt, chưa công bố"), "orange"),
        "released": Label(_("Đã công bố"), "green"),
        "corrected": Label(_("Đã đính chính"), "grey"),
        "withdrawn": Label(_("Đã gỡ"), "grey"),
    }
    if view.unapproved and view.state in ("approved", "released"):
        out = view.state == "released"
        return Label(_("Chưa duyệt, đã công bố") if out else _("Chưa duyệt, được cho công bố"), "red")
    if view.contradicted:
        return Label(_("Đã công bố, người duyệt báo không đúng"), "red")
    if view.state == "approved" and view.unconfirmed:
        return Label(_("Duyệt qua điện thoại, chờ xác nhận"), "orange")
    return words.get(view.state, Label(view.state, "grey"))


def deadline(view: DeadlineView, now: datetime) -> Label:
    """How a deadline stands, counted down in words."""
    if view.state == "met" and view.met_at and view.due and view.met_at > view.due:
        return Label(
            _(
                "Xong lúc %(at)s, muộn %(span)s",
                at=moment_of(view.met_at, now),
                span=since(view.due, view.met_at),
            ),
            "red",
        )
    if view.state == "met":
        return Label(_("Đạt lúc %(at)s", at=moment_of(view.met_at, now)), "green")
    if view.state == "handed":
        return Label(_("Chuyển lúc %(at)s", at=moment_of(view.handed_at, now)), "grey")
    if view.state == "no_anchor":
        return Label(_("Chưa có mốc"), "orange")
    if view.due is None or view.state == "not_applicable":
        return Label(_("Không áp dụng"), "grey")
    left = (view.due - now).total_seconds()
    if left <= 0:
        return Label(_("Đã quá %(span)s", span=span(left)), "red")
    tone = "orange" if view.state == "warned" or left < 900 else "blue"
    return Label(_("Còn %(span)s", span=span(left)), tone)


def anchor(name: str) -> str:
    names = {
        "occurred_at": _("lúc xảy ra"),
        "detected_at": _("lúc biết tin"),
        "accepted_at": _("lúc tiếp nhận"),
        "assessed_at": _("lúc đánh giá xong"),
        "opened_at": _("lúc mở vụ việc"),
    }
    return names.get(name, name)


def verb(name: str) -> str:
    verbs = {
        "assign": _("Huy động"),
        "draft": _("Dự thảo"),
        "approve": _("Duyệt"),
        "publish": _("Công bố"),
        "notify": _("Thông báo"),
        "task": _("Việc"),
        "ask": _("Hỏi"),
    }
    return verbs.get(name, name)


def messages(counts: dict[str, int]) -> list[tuple[str, int]]:
    """Counts of messages in the order of their life; words never claim that a person has read them."""
    words = {
        "created": _("chờ gửi"),
        "sending": _("đang gửi"),
        "unknown": _("chưa rõ đã gửi hay chưa"),
        "accepted": _("nhà mạng đã nhận"),
        "sent": _("đã gửi đi, chưa có báo chuyển"),
        "delivered": _("nhà mạng báo đã chuyển"),
        "temporary-failure": _("tạm thời không gửi được"),
        "permanent-failure": _("không gửi được"),
        "technical-failure": _("lỗi kỹ thuật"),
        "validation-failed": _("nội dung không hợp lệ"),
        "expired": _("hết hạn, không gửi nữa"),
        "cancelled": _("đã hủy"),
    }
    return [(text, counts[key]) for key, text in words.items() if counts.get(key)]
