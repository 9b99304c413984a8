"""What can be wrong with a playbook, in words a press officer can act on.

Responsible for the catalogue of faults (one entry a code, Vietnamese first), for collecting them and for printing
them under the line they are about. Knows nothing of YAML and finds no fault by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from playbooks.english import english as translated
from playbooks.english import length

ERROR, WARNING, ADVICE = "lỗi", "nhắc", "gợi ý"
SEVERITIES = (ERROR, WARNING, ADVICE)
SHOWN = 10


class Mark(NamedTuple):
    """A place in a file; lines and columns count from 1, `length` 0 shows no excerpt."""

    file: str
    line: int
    column: int
    length: int = 1


@dataclass(frozen=True, slots=True)
class Fault:
    file: str
    line: int
    column: int
    severity: str
    code: str
    message: str
    hint: str = ""
    length: int = 1
    values: tuple[tuple[str, str], ...] = ()


class Entry(NamedTuple):
    severity: str
    vietnamese: str
    english: str


CATALOGUE: dict[str, Entry] = {
    # characters
    "PB001": Entry(ERROR, "có dấu Tab; chỉ dùng dấu cách", "a tab; use spaces only"),
    "PB002": Entry(
        ERROR,
        "có ký tự vô hình {what}, thường do chép từ Word hoặc trang web",
        "an invisible character {what}, usually pasted from Word or a web page",
    ),
    "PB003": Entry(
        ERROR,
        "dấu ngoặc kép kiểu Word {name} mở đầu giá trị",
        "the value begins with the word-processor quote {name}",
    ),
    "PB004": Entry(
        WARNING,
        "chữ có dấu được gõ dạng tổ hợp (NFD); đã hiểu như dạng dựng sẵn",
        "decomposed letters (NFD); read as composed ones",
    ),
    "PB005": Entry(ERROR, "có ký tự điều khiển {name}", "a control character {name}"),
    "PB006": Entry(
        ERROR,
        "tệp không phải văn bản UTF-8 (hỏng từ byte {offset})",
        "not UTF-8 text (from byte {offset})",
    ),
    "PB007": Entry(
        ERROR,
        "tệp quá lớn: {size} KB, tối đa {limit} KB",
        "the file is too large: {size} KB, at most {limit} KB",
    ),
    "PB008": Entry(ERROR, "không đọc được tệp: {reason}", "the file cannot be read: {reason}"),
    # YAML
    "PB010": Entry(ERROR, "sai cú pháp YAML: {problem}", "YAML syntax: {problem}"),
    "PB011": Entry(
        ERROR,
        "không dùng neo (&) và tham chiếu (*)",
        "anchors (&) and aliases (*) are not allowed",
    ),
    "PB012": Entry(ERROR, "không dùng thẻ kiểu “{tag}”", "tags such as “{tag}” are not allowed"),
    "PB013": Entry(ERROR, "lồng nhau quá {limit} tầng", "nested more than {limit} deep"),
    "PB014": Entry(
        WARNING,
        "nội dung bị cắt ở dấu “#”: chỉ còn “{text}”",
        "“#” cuts the text: only “{text}” is left",
    ),
    "PB015": Entry(
        ERROR,
        "từ khóa “{key}” đã có ở dòng {line}",
        "the key “{key}” was already given in line {line}",
    ),
    "PB016": Entry(
        ERROR,
        "tên của một mục phải là chữ, không phải danh sách",
        "a key must be a plain text",
    ),
    "PB017": Entry(ERROR, "tệp có nhiều tài liệu YAML (dấu “---”)", "more than one YAML document"),
    "PB018": Entry(ERROR, "tệp trống", "the file is empty"),
    # shape
    "PB020": Entry(
        ERROR,
        "bước không có động từ; cần đúng một trong: {verbs}",
        "the step has no verb; exactly one of: {verbs}",
    ),
    "PB021": Entry(
        ERROR,
        "bước có hai động từ “{first}” và “{second}”; mỗi bước chỉ một việc",
        "the step has two verbs, “{first}” and “{second}”; one a step",
    ),
    "PB022": Entry(ERROR, "không có từ khóa “{key}” trong {where}", "no keyword “{key}” in {where}"),
    "PB023": Entry(ERROR, "thiếu “{key}” trong {where}", "“{key}” is missing in {where}"),
    "PB024": Entry(ERROR, "“{key}” phải là {wanted}", "“{key}” must be {wanted}"),
    "PB025": Entry(ERROR, "“{key}” chưa có giá trị", "“{key}” has no value"),
    "PB026": Entry(
        ERROR,
        "“{text}” không dùng làm mã được: chỉ chữ thường không dấu, số và dấu gạch",
        "“{text}” is no id: only lower-case unaccented letters, digits, dashes",
    ),
    "PB027": Entry(
        ERROR,
        "“{text}” không có trong các giá trị của “{key}”",
        "“{text}” is no value of “{key}”",
    ),
    "PB028": Entry(
        ERROR,
        "bước chờ người trả lời phải có “{key}”",
        "a step that waits for a person must have “{key}”",
    ),
    "PB029": Entry(ERROR, "bước ask cần ít nhất 2 lựa chọn", "an ask needs at least 2 choices"),
    # values
    "PB030": Entry(ERROR, "không hiểu thời gian “{text}”", "“{text}” is no length of time"),
    "PB031": Entry(
        ERROR,
        "thời gian “{text}” phải lớn hơn 0",
        "the time “{text}” must be more than 0",
    ),
    "PB032": Entry(ERROR, "không hiểu cấp độ “{text}”", "“{text}” is no level"),
    "PB033": Entry(
        ERROR,
        "“{key}” chưa có thời gian cho cấp độ {level}",
        "“{key}” gives no time for level {level}",
    ),
    "PB034": Entry(
        ERROR,
        "“{key}”: cấp độ {high} ({high_span}) dài hơn cấp độ {low} ({low_span})",
        "“{key}”: level {high} ({high_span}) is longer than level {low} ({low_span})",
    ),
    "PB035": Entry(ERROR, "kịch bản không có cấp độ {level}", "the playbook has no level {level}"),
    "PB036": Entry(
        ERROR,
        "cấp độ phải là các số liền nhau từ 1",
        "levels must be consecutive numbers from 1",
    ),
    "PB037": Entry(
        ERROR,
        "mục “{key}” phải có một trong hai: law hoặc within",
        "“{key}” needs either law or within",
    ),
    "PB038": Entry(ERROR, "kịch bản có quá {limit} bước", "more than {limit} steps"),
    # references
    "PB040": Entry(ERROR, "không có vai “{name}” trong roles", "no role “{name}”"),
    "PB041": Entry(ERROR, "không có bước “{name}”", "no step “{name}”"),
    "PB042": Entry(
        ERROR,
        "“{name}” trong when không phải là level hay bước ask",
        "“{name}” in when is neither level nor an ask step",
    ),
    "PB043": Entry(
        ERROR,
        "“{choice}” không phải lựa chọn của bước “{step}”",
        "“{choice}” is no choice of the step “{step}”",
    ),
    "PB044": Entry(
        ERROR,
        "các bước chờ nhau vòng tròn: {path}",
        "steps wait for each other: {path}",
    ),
    "PB045": Entry(
        ERROR,
        "mã bước “{name}” đã dùng ở dòng {line}",
        "the id “{name}” was used in line {line}",
    ),
    "PB046": Entry(ERROR, "không có thành phần dùng chung “{name}”", "no fragment “{name}”"),
    "PB047": Entry(
        ERROR,
        "mốc “{name}” không phải mốc thời gian hay mã bước",
        "“{name}” is no anchor and no step",
    ),
    "PB048": Entry(
        ERROR,
        "vai “{name}” được gọi trong assign nhưng không có người thay (standin)",
        "the role “{name}” is called up but has no stand-in",
    ),
    "PB049": Entry(
        ERROR,
        "else có thay_the nhưng vai “{name}” không có người thay (standin)",
        "else says thay_the but the role “{name}” has no stand-in",
    ),
    "PB050": Entry(
        ERROR,
        "vai “{name}” là một nhóm, không thể đứng ở “{key}”",
        "the role “{name}” is a group and cannot stand in “{key}”",
    ),
    "PB051": Entry(ERROR, "không có thời hạn luật định “{name}”", "no legal clock “{name}”"),
    "PB052": Entry(
        ERROR,
        "thành phần dùng chung không được dùng tiếp “use”",
        "a fragment may not use another",
    ),
    "PB053": Entry(
        ERROR,
        "bước “{step}” không bao giờ xảy ra: {reason}",
        "“{step}” never happens: {reason}",
    ),
    "PB054": Entry(
        WARNING,
        "lựa chọn “{choice}”: không bước nào phụ thuộc",
        "no step depends on the choice “{choice}”",
    ),
    "PB055": Entry(
        ERROR,
        "câu hỏi đúng hay sai: chưa có bước nào cho trường hợp “{label}”",
        "a question of true or false: no step for “{label}”",
    ),
    "PB056": Entry(
        ADVICE,
        "không bước nào phụ thuộc câu trả lời; câu hỏi chỉ để ghi lại",
        "no step depends on the answer; the question is only recorded",
    ),
    "PB057": Entry(WARNING, "vai “{name}” không dùng ở đâu", "the role “{name}” is used nowhere"),
    "PB058": Entry(
        ERROR,
        "ack: {wanted} không thể đạt, chỉ gọi {total} vai",
        "ack: {wanted} cannot be reached, only {total} roles are called",
    ),
    "PB059": Entry(WARNING, "tên tệp khác mã kịch bản “{name}”", "the file is not named “{name}”"),
    # statements
    "PB060": Entry(ERROR, "“{name}” không phải bước draft", "“{name}” is no draft step"),
    "PB061": Entry(
        ERROR,
        "vai “{name}” vừa soạn vừa duyệt “{draft}”",
        "the role “{name}” both drafts and approves “{draft}”",
    ),
    "PB062": Entry(
        ERROR,
        "công bố “{draft}” khi chưa có bước approve nào đứng trước",
        "“{draft}” is published with no approve before it",
    ),
    "PB063": Entry(
        ERROR,
        "“{approve}” có thể không diễn ra mà “{publish}” vẫn công bố",
        "“{publish}” may happen although “{approve}” does not",
    ),
    # templates
    "PB070": Entry(ERROR, "không có mẫu “{name}”", "no template “{name}”"),
    "PB071": Entry(ERROR, "sai cú pháp mẫu: {problem}", "template syntax: {problem}"),
    "PB072": Entry(
        ERROR,
        "mẫu dùng biến “{name}” không có",
        "the template uses an unknown variable “{name}”",
    ),
    "PB073": Entry(ERROR, "mẫu không được dùng {construct}", "a template may not use {construct}"),
    "PB074": Entry(
        ERROR,
        "không thử được mẫu: {problem}",
        "the template cannot be tried: {problem}",
    ),
    "PB075": Entry(
        ERROR,
        "đường dẫn mẫu phải dạng mau/ten-mau.md hoặc .txt",
        "a template is mau/name.md or .txt",
    ),
    # SMS
    "PB080": Entry(
        WARNING,
        "tin nhắn dài {septets} ký tự, gửi thành {parts} phần",
        "the SMS has {septets} characters and goes in {parts} parts",
    ),
    "PB081": Entry(
        ERROR,
        "tin nhắn dài {septets} ký tự, {parts} phần; tối đa {limit} phần",
        "the SMS has {septets} characters, {parts} parts; at most {limit}",
    ),
    "PB082": Entry(
        WARNING,
        "tin nhắn không có số trực (duty_phone)",
        "the SMS lacks the duty phone",
    ),
    "PB083": Entry(
        ERROR,
        "tin nhắn dùng “{name}”; chỉ dùng tên ngắn (short_name) để không lộ nội dung",
        "the SMS uses “{name}”; only short_name, so that nothing leaks",
    ),
    "PB084": Entry(
        WARNING,
        "tin nhắn có từ “{word}”, gây hoang mang nếu lộ ra",
        "the SMS has the word “{word}”, which wounds if it leaks",
    ),
    "PB085": Entry(
        WARNING,
        "ký tự “{char}” trong tin nhắn tính bằng hai",
        "“{char}” counts as two in an SMS",
    ),
    "PB086": Entry(
        ERROR,
        "ký tự “{char}” không gửi được bằng SMS không dấu",
        "“{char}” cannot go in a GSM-7 SMS",
    ),
    "PB087": Entry(
        WARNING,
        "hỏi mọi người trong địa bàn mà chỉ chờ {span}; nên ít nhất 15 phút",
        "everybody of an area is asked with only {span}; at least 15 minutes",
    ),
    "PB088": Entry(
        WARNING,
        "đã quá hạn mà {span} không báo cho ai; tối đa 30 phút",
        "overdue, and for {span} nobody is told; at most 30 minutes",
    ),
    # feasibility
    "PB092": Entry(
        WARNING,
        "cấp độ {level}: nếu ai cũng dùng hết hạn thì tới “{step}” mất {hours} giờ,\n"
        "vượt {limit} giờ (đường: {path})",
        "level {level}: if everybody uses the whole limit, “{step}” comes after {hours} hours,\n"
        "over {limit} hours (path: {path})",
    ),
    "PB093": Entry(
        ADVICE,
        "cấp độ {level}: nếu ai cũng dùng hết hạn thì tới “{step}” mất {hours} giờ,\n"
        "vượt mục tiêu nội bộ {limit} giờ (đường: {path})",
        "level {level}: if everybody uses the whole limit, “{step}” comes after {hours} hours,\n"
        "over the internal target of {limit} hours (path: {path})",
    ),
    "PB094": Entry(
        ADVICE,
        "cấp độ {level}: nếu bước nào cũng phải báo đến nấc cuối của else thì tới “{step}” mất {hours} giờ,\n"
        "vượt {limit} giờ (đường: {path})",
        "level {level}: if every step has to climb to the last rung of its else, “{step}” comes after {hours} hours,\n"
        "over {limit} hours (path: {path})",
    ),
    # injects of a drill
    "PB100": Entry(ERROR, "không có kịch bản “{name}”", "no playbook “{name}”"),
    "PB101": Entry(
        ERROR,
        "“{text}” không phải mã tình huống: một chữ in hoa và số",
        "“{text}” is no id of an inject: a capital letter and a number",
    ),
    "PB102": Entry(
        ERROR, "mã tình huống “{name}” đã dùng ở dòng {line}", "the id “{name}” was used in line {line}"
    ),
    "PB103": Entry(ERROR, "“{text}” không phải thời điểm của diễn tập", "“{text}” is no moment of a drill"),
    "PB104": Entry(
        WARNING,
        "tình huống ở {text} đứng sau một tình huống muộn hơn",
        "the inject at {text} stands after a later one",
    ),
    "PB105": Entry(ERROR, "không có mục tiêu “{name}” trong objectives", "no objective “{name}”"),
    "PB106": Entry(
        WARNING, "mục tiêu “{name}” không tình huống nào nhắm tới", "no inject is for the objective “{name}”"
    ),
    "PB107": Entry(ERROR, "có quá {limit} tình huống", "more than {limit} injects"),
    "PB108": Entry(
        ERROR,
        "contingency không chờ việc nào: thiếu expect",
        "the contingency waits for nothing: expect is missing",
    ),
    "PB109": Entry(
        ERROR, "nội dung dài {size} ký tự, tối đa {limit}", "the text has {size} characters, at most {limit}"
    ),
    "PB110": Entry(
        ERROR,
        "nhật ký không tự chứng minh được “{name}”",
        "the record cannot show “{name}” by itself",
    ),
}


class Faults:
    """Collects faults; the first one at a place wins, since the next ones there are its consequences."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int, int], Fault] = {}

    def add(self, code: str, mark: Mark, hint: str = "", **values: object) -> None:
        entry = CATALOGUE[code]
        texts = tuple((name, str(value)) for name, value in values.items())
        message = entry.vietnamese.format(**dict(texts))
        place = (mark.file, mark.line, mark.column)
        fault = Fault(*place, entry.severity, code, message, hint, mark.length, texts)
        self._found.setdefault(place, fault)

    @property
    def blocking(self) -> bool:
        return any(fault.severity == ERROR for fault in self._found.values())

    @property
    def errors(self) -> int:
        return sum(fault.severity == ERROR for fault in self._found.values())

    def touches(self, mark: Mark) -> bool:
        return (mark.file, mark.line, mark.column) in self._found

    def sorted(self) -> tuple[Fault, ...]:
        """By severity, then by place."""
        return tuple(
            sorted(
                self._found.values(),
                key=lambda f: (SEVERITIES.index(f.severity), f.file, f.line, f.column),
            )
        )


_ENGLISH_SEVERITY = {ERROR: "error", WARNING: "warning", ADVICE: "advice"}


def render(fault: Fault, source: str, english: bool = False) -> str:
    """One fault under the line of `source` (the text of `fault.file`) it is about."""
    severity, message, hint_word = fault.severity, fault.message, "gợi ý"
    if english:
        severity, hint_word = _ENGLISH_SEVERITY[severity], "hint"
        message = in_english(fault)
    message = message.replace("\n", "\n" + " " * 10)
    lines = [f"{fault.file}:{fault.line}:{fault.column}: {severity} {fault.code}: {message}"]
    lines += _excerpt(fault, source)
    if fault.hint:
        hint = in_english_hint(fault) if english else fault.hint
        lines.append(f"      = {hint_word}: {hint}")
    return "\n".join(lines)


# The values of a message that are our own words; the others are quoted from the file and stay as they are there.
_WORDS = frozenset({"what", "problem", "wanted", "where", "reason", "construct"})
_LENGTHS = frozenset({"span", "low_span", "high_span", "hours", "limit"})


def in_english(fault: Fault) -> str:
    """The message of a fault."""
    values = dict(fault.values)
    values |= {name: translated(values[name]) for name in _WORDS & values.keys()}
    values |= {name: length(values[name]) for name in _LENGTHS & values.keys()}
    return CATALOGUE[fault.code].english.format(**values)


def in_english_hint(fault: Fault) -> str:
    return translated(fault.hint)


def _excerpt(fault: Fault, source: str) -> list[str]:
    rows = split_lines(source)
    if not fault.length or not 1 <= fault.line <= len(rows):
        return []
    row = rows[fault.line - 1].replace("\t", " ")
    carets = "^" * max(1, min(fault.length, len(row) - fault.column + 1))
    return [
        f"{fault.line:5d} | {row}".rstrip(),
        "      | " + " " * (fault.column - 1) + carets,
    ]


def split_lines(text: str) -> list[str]:
    """Lines as YAML counts them (not as str.splitlines does, which breaks at form feeds too)."""
    for end in ("\r\n", "\r", "\x85", "\u2028", "\u2029"):
        text = text.replace(end, "\n")
    return text.split("\n")


def render_all(
    faults: Iterable[Fault],
    sources: dict[str, str],
    english: bool = False,
    shown: int = SHOWN,
) -> str:
    every = list(faults)
    blocks = [render(fault, sources.get(fault.file, ""), english) for fault in every[:shown]]
    if len(every) > shown:
        rest = len(every) - shown
        blocks.append(f"… and {rest} more" if english else f"… và {rest} mục nữa")
    return "\n".join(blocks)
