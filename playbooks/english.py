"""The English of what the loader says beside its catalogue of faults: hints, and the words it puts into a message.

Vietnamese is the source, as everywhere; `{}` stands for what comes from the file and is left as it is. A test holds every
fault of every broken playbook against this table.
"""

from __future__ import annotations

import re
from functools import cache

ENGLISH: dict[str, str] = {
    # hints: which word was meant
    "Có phải ý là “{}”?": "Did you mean “{}”?",
    "Có thể dùng “{}”.": "You may use “{}”.",
    "Còn {} chỗ khác.": "{} more places.",
    "Các vai đang có: {}.": "The roles are: {}.",
    "Các bước: {}.": "The steps are: {}.",
    "Các bước draft: {}.": "The draft steps are: {}.",
    "Các lựa chọn: {}.": "The choices are: {}.",
    "Đang có: {}.": "There are: {}.",
    "“{}” chỉ dùng trong {}.": "“{}” is used only in {}.",
    # hints: characters and YAML
    "Thay mỗi dấu Tab bằng hai dấu cách.": "Put two spaces in place of each tab.",
    "Xóa ký tự này và gõ lại dấu cách thường.": "Delete this character and type an ordinary space.",
    "Xóa ký tự này.": "Delete this character.",
    'Gõ lại bằng dấu ngoặc kép thẳng: "…".': 'Type straight quotes: "…".',
    "Đặt bộ gõ ở chế độ Unicode dựng sẵn rồi gõ lại.": "Set the keyboard to composed Unicode and type it again.",
    "Lưu lại tệp với mã UTF-8.": "Save the file as UTF-8.",
    "Lưu lại mẫu ở dạng Unicode dựng sẵn.": "Save the template in composed Unicode.",
    "Thêm dấu ngoặc kép đóng ở cuối nội dung.": "Close the quotes at the end of the text.",
    "Đặt cả nội dung trong dấu ngoặc kép, hoặc xem lại thụt đầu dòng.": "Put the whole text in quotes, or look at the indentation.",
    "Viết “từ_khóa: giá trị”, có dấu cách sau dấu hai chấm.": "Write “key: value” with a space after the colon.",
    "Bỏ dấu “\\”.": "Leave the “\\” out.",
    "Các mục cùng cấp phải thẳng cột.": "Entries of one kind stand in one column.",
    "Đóng ngoặc “}”, ngăn các mục bằng dấu phẩy.": "Close the “}” and separate the entries with commas.",
    "Đóng ngoặc “]”, ngăn các mục bằng dấu phẩy.": "Close the “]” and separate the entries with commas.",
    "Đặt nội dung trong dấu ngoặc kép.": "Put the text in quotes.",
    "Xóa ký tự lạ ở chỗ này.": "Delete the odd character here.",
    "Xem lại dòng này và dòng ngay trước.": "Look at this line and the one before.",
    "Chép lại nội dung; phần dùng chung đặt trong _chung/ và gọi bằng use.": "Write it out; what is shared goes into _chung/ and is called with use.",
    "Bỏ thẻ kiểu; nếu “!” là nội dung thì đặt trong ngoặc kép.": "Leave the tag out; if “!” is meant, put it in quotes.",
    "Giữ lại một dòng.": "Keep one of the lines.",
    "Nếu “#” là nội dung, đặt cả dòng trong ngoặc kép.": "If “#” is meant, put the whole line in quotes.",
    "Đặt cả nội dung trong dấu ngoặc kép.": "Put the whole text in quotes.",
    "Dấu phẩy trong { } ngắt nội dung: đặt nội dung trong ngoặc kép.": "A comma inside { } cuts the text: put the text in quotes.",
    # hints: shape and values
    "Cấp độ là một số: 1, 2, 3.": "A level is a number: 1, 2, 3.",
    "Cấp độ càng cao thì hạn càng ngắn.": "The higher the level, the shorter the limit.",
    "Ví dụ: 30 phút, 2 giờ, 5 ngày làm việc.": "For example: 30 phút (minutes), 2 giờ (hours), 5 ngày làm việc (working days).",
    "Ví dụ: else: [{to: thay_the}]": "For example: else: [{to: thay_the}]",
    "Ví dụ: {to: thay_the}": "For example: {to: thay_the}",
    "Ví dụ: mau/thong-tin-ban-dau.md": "For example: mau/thong-tin-ban-dau.md",
    "Ghi vai được báo trước.": "Say which roles are warned.",
    "Thêm “id: ma_buoc”.": "Add “id: ma_buoc”.",
    "Viết dạng “_chung/ten-thanh-phan”.": "Write “_chung/ten-thanh-phan”.",
    "Viết 2, 2+ hoặc [1, 2]; kịch bản có các cấp độ {}.": "Write 2, 2+ or [1, 2]; the playbook has the levels {}.",
    "Viết none, any, all hoặc một số.": "Write none, any, all or a number.",
    "Dùng sms, voice, email.": "Use sms, voice, email.",
    "Thêm hạn, ví dụ “within: 30 phút”.": "Add a limit, such as “within: 30 phút”.",
    "Thêm “else: [{to: thay_the}]”.": "Add “else: [{to: thay_the}]”.",
    # hints: references and statements
    "Đặt mã khác.": "Give it another id.",
    "Bỏ một chỗ chờ trong vòng này.": "Leave out one of the waits of this circle.",
    "Chọn một vai là chức danh.": "Choose a role that is a post.",
    "Thêm standin: […] cho vai này, hoặc báo một vai khác.": "Add standin: […] to this role, or tell another role.",
    "Thêm standin: […] cho vai này.": "Add standin: […] to this role.",
    "Người soạn không được tự duyệt; chọn vai khác.": "The drafter may not approve; choose another role.",
    "Thêm bước “approve: {}” và đặt “after:” vào bước đó.": "Add a step “approve: {}” and put “after:” on it.",
    "Đặt cùng điều kiện when cho hai bước.": "Give both steps the same when.",
    "Thêm thời gian cho cấp độ này, hoặc giới hạn bước bằng when: {level: …}.": "Add a time for this level, or limit the step by when: {level: …}.",
    "Thêm bước có “when: {{}}”: thông tin đúng cũng phải có người xử lý.": "Add a step with “when: {{}}”: somebody must act on what is true, too.",
    "Rút ngắn hạn của các bước trên đường này, hoặc cho chúng chạy song song (after: start).": "Shorten the limits on this path, or let its steps run side by side (after: start).",
    "Thêm một nấc ở giữa, hoặc rút ngắn after.": "Add a rung between, or shorten after.",
    "Cũng vượt ở cấp độ {}.": "Also over at level {}.",
    # hints: templates and SMS
    "Đặt tệp mẫu trong thư mục mau/ cạnh kịch bản.": "Put the template into mau/ beside the playbook.",
    "Xem các biến trong playbooks/templates.py.": "The variables are in playbooks/templates.py.",
    "Mẫu chỉ dùng {{ biến }}, bộ lọc, if.": "A template has only {{ variables }}, filters, if.",
    "Viết dạng {{ code }}, {% if … %} … {% endif %}.": "Write {{ code }}, {% if … %} … {% endif %}.",
    "Rút gọn; phần dài đưa vào thư điện tử.": "Shorten it; what is long goes into the email.",
    "Rút còn 160 ký tự, tính cả tên dài nhất, để gửi một phần.": "Shorten it to 160 characters with the longest names, to send one part.",
    "Dùng ký tự khác.": "Use another character.",
    "Thêm “Truc {{ duty_phone }}”.": "Add “Truc {{ duty_phone }}”.",
    "Viết trung tính: “vu viec”.": "Write neutrally: “vu viec”.",
    # what stands inside messages: characters, YAML
    "dấu cách không ngắt (NBSP)": "no-break space (NBSP)",
    "dấu cách hẹp không ngắt": "narrow no-break space",
    "dấu cách số": "figure space",
    "dấu cách rộng bằng không": "zero-width space",
    "dấu ngắt chữ (ZWNJ)": "zero-width non-joiner (ZWNJ)",
    "dấu nối chữ (ZWJ)": "zero-width joiner (ZWJ)",
    "dấu nối từ": "word joiner",
    "gạch nối mềm": "soft hyphen",
    "dấu thứ tự byte (BOM)": "byte-order mark (BOM)",
    "dấu ngắt dòng Unicode": "Unicode line separator",
    "dấu ngắt đoạn Unicode": "Unicode paragraph separator",
    "dấu ngắt dòng NEL": "next line (NEL)",
    "mở dấu ngoặc kép mà không đóng": "quotes opened and not closed",
    "dấu “:” ở chỗ không được phép": "a “:” where none may stand",
    "thiếu dấu “:” sau từ khóa": "no “:” after the key",
    "dấu “\\” không dùng được trong ngoặc kép": "a “\\” that cannot stand in quotes",
    "thụt đầu dòng không đều, hoặc còn chữ sau khi đã đóng ngoặc": "uneven indentation, or text after the closing bracket",
    "thụt đầu dòng không đều": "uneven indentation",
    "thiếu dấu phẩy hoặc chưa đóng ngoặc “}”": "a comma is missing or “}” is not closed",
    "thiếu dấu phẩy hoặc chưa đóng ngoặc “]”": "a comma is missing or “]” is not closed",
    "ký tự không thể mở đầu giá trị": "a character no value can begin with",
    "có ký tự đặc biệt": "a special character",
    "không hiểu được từ chỗ này": "cannot be understood from here",
    # parts and kinds of values
    "một vai của roles": "a role of roles",
    "một mục của deadlines": "an entry of deadlines",
    "một nấc của else": "a rung of else",
    "một lần dùng use": "a use",
    "thành phần dùng chung": "a fragment",
    "một bước": "a step",
    "bước {}": "the step {}",
    "kịch bản": "the playbook",
    "các mục “từ_khóa: giá trị”": "entries “key: value”",
    "các mục met_by, law hoặc within…": "the entries met_by, law or within…",
    "danh sách các bước, mỗi bước bắt đầu bằng “- id:”": "a list of steps, each beginning with “- id:”",
    "các bước dạng “- id: mã_bước”": "steps such as “- id: ma_buoc”",
    "danh sách các nấc": "a list of rungs",
    "các nấc {to: …}": "rungs {to: …}",
    "một khoảng thời gian": "a length of time",
    "một dòng chữ": "a line of text",
    "một dòng không quá 200 ký tự": "a line of at most 200 characters",
    "một mã không quá 60 ký tự": "an id of at most 60 characters",
    "một số từ 1": "a number from 1",
    "true hoặc false": "true or false",
    "một vai": "one role",
    "một mã": "one id",
    "không cấp độ nào thỏa mọi điều kiện": "no level satisfies every condition",
    "các điều kiện đòi câu trả lời khác nhau của “{}”": "its conditions ask for different answers to “{}”",
    # what a template may not have
    "lời gọi hàm": "a call",
    "dấu [ ]": "[ ]",
    "phép tính": "arithmetic",
    "phép nối": "concatenation",
    "phép thử is": "a test with is",
    "tham số có tên": "a named argument",
    "khối filter": "a filter block",
    "bộ lọc “{}”": "the filter “{}”",
    "for trên nội dung không phải danh sách đã khai báo": "for over what is no declared list",
    "quá {} ký tự": "more than {} characters",
}  # fmt: skip

# What each key means, where one is missing (`verbs.MEANING` is the Vietnamese).
MEANING: dict[str, str] = {
    "playbook": "the playbook's id, as the file is named: lower-case unaccented letters, dashes.",
    "version": "the version's number, raised with every change.",
    "title": "the name people see; in quotes if it has a colon or a #.",
    "levels": "the levels from 1; the highest is the worst.",
    "topics": "the fields; the first is the default.",
    "roles": "the roles; no names, numbers or addresses of people.",
    "pick": "a post or group of the directory, looked up when the playbook starts.",
    "standin": "the posts that stand in when the role's people are busy or silent.",
    "deadlines": "limits beside the steps, which no pause stops.",
    "law": "a legal clock; its hours and start come from the legal-basis data.",
    "met_by": "the step that meets the deadline when it is done.",
    "from": "what it counts from: occurred_at, detected_at, accepted_at, assessed_at, opened_at or a step.",
    "warn": "how long before to warn; one or several lengths of time.",
    "to": "which role is told; in else also thay_the (the stand-in) and nhac_lai (a reminder).",
    "steps": "the steps; their order in the file is the order of work.",
    "use": "a shared fragment, such as _chung/lap-to-cong-tac.",
    "id": "the step's id: lower-case unaccented letters, digits, underscores.",
    "assign": "call these roles up; each accepts or declines.",
    "draft": "write a text from a template in mau/.",
    "approve": "approve the submitted revision of a draft, one after the other as in by.",
    "publish": "publish the approved revision; form, time and link are recorded.",
    "notify": "send a registered text.",
    "task": "something to be done.",
    "ask": "a question; the person in charge chooses an answer.",
    "by": "the role that does it.",
    "after": "the step it comes after; start is at once; nothing is after the step before.",
    "when": "a condition: level, or an answer to an ask; every line must hold.",
    "within": "the limit from the step's beginning, such as 30 phút; or one a level.",
    "else": "whom to tell when the limit is over, rung by rung.",
    "ack": "how many must confirm: none, any, all or a number.",
    "via": "the channels of the message or of the publication.",
    "message": "a text in mau/, such as mau/sms-bao-don-vi.txt.",
    "choices": "the answers: an unaccented id and the words shown.",
    "items": "a list that must be ticked.",
    "proof": "true if evidence must be attached.",
    "every": "repeat after so long, until the incident is closed.",
    "critical": "true if the message is sent again when nobody knows whether it arrived.",
    "review": "the review after the end.",
    "template": "a template in mau/.",
    "fragment": "the fragment's id.",
}


UNITS = {"ngày làm việc": "working day", "ngày": "day", "giờ": "hour", "phút": "minute", "giây": "second"}


def length(text: str) -> str:
    """A length of time, or a number with a comma, as it is read in English: 2 hours, 1.5."""
    number, _, unit = text.replace(",", ".").partition(" ")
    if unit not in UNITS:
        return number
    return f"{number} {UNITS[unit]}" + ("" if number == "1" else "s")


def english(text: str) -> str:
    """The text with every phrase of the table in English; what the table does not know stays."""
    key, colon, _ = text.partition(": ")
    if colon and key in MEANING:
        return f"{key}: {MEANING[key]}"
    for pattern, words in _patterns():
        text = pattern.sub(words, text)
    return text


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Longer phrases first: some begin as others do."""
    ordered = sorted(ENGLISH.items(), key=lambda pair: -len(pair[0]))
    return tuple((_pattern(vietnamese), _words(words)) for vietnamese, words in ordered)


def _pattern(vietnamese: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)" + re.escape(vietnamese).replace(r"\{\}", r"([^“”]+?)"))


def _words(words: str) -> str:
    first, *rest = words.replace("\\", r"\\").split("{}")
    return first + "".join(rf"\g<{n}>{part}" for n, part in enumerate(rest, 1))
