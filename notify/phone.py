"""Vietnamese phone numbers and the arithmetic of SMS text.

Responsible for E.164, the old 11-digit numbers, landlines, the invented sample range, removing diacritics and counting
parts. Pure; it must never know a carrier. Sources: libphonenumber for the plan of +84, the renumbering of 2018,
3GPP TS 23.038 for the GSM 7-bit alphabet and TS 23.040 for concatenation.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

OLD_PREFIXES = {
    "120": "70", "121": "79", "122": "77", "126": "76", "128": "78",
    "123": "83", "124": "84", "125": "85", "127": "81", "129": "82",
    "162": "32", "163": "33", "164": "34", "165": "35", "166": "36", "167": "37", "168": "38", "169": "39",
    "186": "56", "188": "58", "199": "59",
}  # fmt: skip
"""Mobile prefixes before 15 September 2018, without the leading 0, and what they became."""

REASONS = {
    "empty": "Chưa có số điện thoại.",
    "characters": "Số điện thoại chỉ gồm chữ số, dấu cách, dấu chấm, gạch nối.",
    "short_code": "Đây là số ngắn hoặc tổng đài, không phải số của một người.",
    "too_short": "Số điện thoại thiếu chữ số.",
    "too_long": "Số điện thoại thừa chữ số.",
    "unassigned": "Đầu số này không có trong kho số di động, cố định.",
}

_FILLING = re.compile(r"[\s.\-()/\u00a0\u200b\u202d\u202c\u2010-\u2013]+")
_MOBILE = re.compile(r"[35789]\d{8}")
_LANDLINE = re.compile(r"2\d{9}")
_SAMPLE = re.compile(r"\+84540\d{6}")


class BadNumber(ValueError):
    """Not a number one can reach. `reason` is a key of REASONS, `text` its Vietnamese words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.text = REASONS[reason]


def to_e164(text: str) -> str:
    """Any usual writing of a number (0…, 84…, +84…, 0084…, spaces, dots, old 11 digits) as +84…; raises BadNumber."""
    digits = _FILLING.sub("", unicodedata.normalize("NFKC", text))
    if not digits:
        raise BadNumber("empty")
    if not re.fullmatch(r"\+?[0-9]+", digits):
        raise BadNumber("characters")
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if digits.startswith("+") and not digits.startswith("+84"):
        return _foreign(digits)
    return "+84" + _national(digits)


def _national(digits: str) -> str:
    if digits.startswith("+84"):
        number = digits[3:].removeprefix("0")
    elif digits.startswith("84") and len(digits) >= 11:
        number = digits[2:].removeprefix("0")
    elif digits.startswith("0"):
        number = digits[1:]
    elif re.fullmatch(r"1\d{2,9}", digits):
        raise BadNumber("short_code")
    else:
        raise BadNumber("too_short" if len(digits) < 10 else "unassigned")
    return _assigned(_renumbered(number))


def _renumbered(number: str) -> str:
    if len(number) == 10 and (prefix := OLD_PREFIXES.get(number[:3])):
        return prefix + number[3:]
    return number


def _assigned(number: str) -> str:
    if _MOBILE.fullmatch(number) or _LANDLINE.fullmatch(number):
        return number
    if number.startswith(("1800", "1900")):
        raise BadNumber("short_code")
    length = 10 if number.startswith("2") else 9
    if len(number) < length:
        raise BadNumber("too_short")
    if len(number) > length:
        raise BadNumber("too_long")
    raise BadNumber("unassigned")


def _foreign(digits: str) -> str:
    import phonenumbers  # slow to import, and foreign numbers are rare

    try:
        number = phonenumbers.parse(digits, None)
    except phonenumbers.NumberParseException:
        raise BadNumber("unassigned") from None
    if not phonenumbers.is_valid_number(number):
        raise BadNumber("unassigned")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def is_sample(e164: str) -> bool:
    """Whether this is one of the invented numbers 0540 xxx xxx, which never leave the machine."""
    return _SAMPLE.fullmatch(e164) is not None


def is_landline(e164: str) -> bool:
    """Whether one can call but not text this number."""
    return e164.startswith("+842")


def display(e164: str) -> str:
    """As people read it aloud: 0540 000 001; landlines 024 3825 1234 and 0214 3840 000."""
    if not e164.startswith("+84"):
        return e164
    number = "0" + e164[3:]
    if not is_landline(e164):
        return f"{number[:4]} {number[4:7]} {number[7:]}".rstrip()
    area = 3 if number.startswith(("024", "028")) else 4
    return f"{number[:area]} {number[area : area + 4]} {number[area + 4 :]}"


def strip_marks(text: str) -> str:
    """The text in plain ASCII, đ as d: one septet a character, whatever was typed."""
    from anyascii import anyascii  # its tables are only needed where texts are made

    return str(anyascii(unicodedata.normalize("NFC", text)))


_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_GSM = _BASIC | _EXTENDED


@dataclass(frozen=True, slots=True)
class Segments:
    """How a text travels: `units` septets (GSM-7) or 16-bit units (UCS-2), in `parts` SMS."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    parts: int


def segments(text: str) -> Segments:
    """Counts greedily, since an escape pair or a surrogate pair is never split over two parts."""
    text = unicodedata.normalize("NFC", text)
    if _GSM.issuperset(text):
        widths = [2 if char in _EXTENDED else 1 for char in text]
        return Segments("GSM-7", sum(widths), _parts(widths, single=160, several=153))
    widths = [2 if ord(char) > 0xFFFF else 1 for char in text]
    return Segments("UCS-2", sum(widths), _parts(widths, single=70, several=67))


def _parts(widths: list[int], *, single: int, several: int) -> int:
    if sum(widths) <= single:
        return 1
    parts, room = 1, several
    for width in widths:
        if width > room:
            parts, room = parts + 1, several
        room -= width
    return parts
