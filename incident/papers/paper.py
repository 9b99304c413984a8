"""An official paper as a value: what stands in its head, body and foot, whatever the file it becomes.

Layout of Nghị định 30/2020/NĐ-CP, Phụ lục I. Number and date are always blank: the records office (văn thư) gives
them. Knows no incident, no database and no file format.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Heading:
    """level 1 is "I. …", level 2 is "1. …"; the number is part of `text`."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    italic: bool = False
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """A text given word for word: a revision of a statement, what people wrote."""

    text: str


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    width: int  # share of the line
    centred: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """`caption` says what the table is, for those who hear it read."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """`alt` says in words what the picture shows. `png` is for files that take no SVG; empty, it is made of the SVG when it
    is wanted. `narrow` is the same picture for a small screen, where there is one."""

    svg: str
    png: bytes
    alt: str
    caption: str
    narrow: str = ""


Block = Heading | Paragraph | Quote | Table | Picture


@dataclass(frozen=True, slots=True)
class Office:
    """Who issues the paper, and the words of its head and foot."""

    superior: str  # cơ quan chủ quản; "" for the People's Committee of a province
    agency: tuple[str, ...]  # tên cơ quan ban hành, line by line
    symbol: str  # after the type in "Số:      /BC-UBND"
    place: str
    authority: tuple[str, ...]  # quyền hạn, chức vụ của người ký, line by line
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """`kind` "BÁO CÁO" with `abbreviation` "BC"; `subject` the trích yếu. `mark` is the drill's mark, `handling`
    the lưu hành nội bộ mark, `standing` what the paper is not yet ("Bản tạm …")."""

    office: Office
    kind: str
    abbreviation: str
    subject: str
    blocks: tuple[Block, ...]
    mark: str = ""
    handling: str = ""
    standing: str = ""
    footnote: str = ""  # small, on every page: the chain's head

    @property
    def number(self) -> str:
        return f"Số:        /{self.abbreviation}-{self.office.symbol}"

    @property
    def dateline(self) -> str:
        return f"{self.office.place}, ngày       tháng       năm         "

    @property
    def recipients(self) -> tuple[str, ...]:
        return self.office.recipients


UBND = "Ủy ban nhân dân"
PROVINCE_KINDS = ("tỉnh ", "thành phố ", "tp. ", "tp ")


def office_of(words: Mapping[str, str]) -> Office:
    """The office from the province's own words (settings `province`, `agency`, `place`; optional `agency_superior`,
    `paper_symbol`, `paper_signer` and `paper_recipients`, lines parted by "|")."""
    agency = words.get("agency") or "UBND tỉnh"
    return Office(
        superior=words.get("agency_superior", ""),
        agency=_agency_lines(agency),
        symbol=words.get("paper_symbol") or "UBND",
        place=words.get("place") or _place(words.get("province", ""), agency),
        authority=_lines(words.get("paper_signer"))
        or ("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"),
        recipients=_lines(words.get("paper_recipients"))
        or (
            "Thường trực Tỉnh ủy, Thường trực HĐND tỉnh (b/c);",
            "Chủ tịch, các Phó Chủ tịch UBND tỉnh;",
            "Ban Tuyên giáo và Dân vận Tỉnh ủy;",
            "Các cơ quan, đơn vị liên quan;",
            "Lưu: VT.",
        ),
    )


def finished(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """The body ended by "./." as its last paragraph, which the rule asks of every paper."""
    if blocks and isinstance(blocks[-1], Paragraph):
        last = blocks[-1]
        return (*blocks[:-1], replace(last, text=last.text.rstrip(". ;") + "./."))
    return (*blocks, Paragraph("Trên đây là toàn bộ nội dung báo cáo./."))


def printable(text: str) -> str:
    """`text` in NFC without characters that no paper can hold (controls, lone surrogates, private use)."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    if text.isprintable():
        return text
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn"))


def _lines(text: str | None) -> tuple[str, ...]:
    return tuple(line.strip() for line in (text or "").split("|") if line.strip())


def _agency_lines(agency: str) -> tuple[str, ...]:
    """ "UBND tỉnh Sơn Lâm" -> ("ỦY BAN NHÂN DÂN", "TỈNH SƠN LÂM"); another body stays on one line."""
    for short in ("UBND ", UBND + " "):
        if agency.startswith(short):
            return (UBND.upper(), agency.removeprefix(short).upper())
    return (agency.upper(),)


def _place(province: str, agency: str) -> str:
    name = province or agency.removeprefix("UBND ").removeprefix(UBND + " ")
    for kind in PROVINCE_KINDS:
        if name.lower().startswith(kind):
            return name[len(kind) :]
    return name
