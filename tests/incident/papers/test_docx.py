"""The DOCX that an office opens and edits: layout of Nghị định 30/2020/NĐ-CP."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from docx import Document
from docx.shared import Mm

from incident.papers import docx
from incident.papers.paper import Column, Heading, Paper, Paragraph, Quote, Table, office_of
from tests.incident.report.samples import NOW, WORDS


def paper(**changes: Any) -> Paper:
    table = Table(
        "Ba dòng", (Column("Số", 1, True), Column("Nội dung", 3)), (("1", "a < b & c"), ("2", "x\ny\x07"))
    )
    blocks = (Heading("I. MỞ ĐẦU"), Paragraph("Kết quả <xử lý> & kết thúc."), Quote("Nguyên văn"), table)
    made: dict[str, Any] = {
        "office": office_of(WORDS),
        "kind": "BÁO CÁO",
        "abbreviation": "BC",
        "subject": "Kết quả xử lý",
        "blocks": blocks,
        "footnote": "đầu chuỗi abc",
    }
    return Paper(**{**made, **changes})


def opened(content: bytes) -> Any:
    return Document(io.BytesIO(content))


def every_part(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return "".join(
            archive.read(name).decode()
            for name in archive.namelist()
            if name.startswith("word/") and name.endswith(".xml")
        )


def cells(document: Any) -> str:
    return "\n".join(cell.text for table in document.tables for row in table.rows for cell in row.cells)


def test_the_page_is_a4_with_the_margins_of_the_rule() -> None:
    section = opened(docx.write(paper(), NOW)).sections[0]
    sizes = (section.page_width, section.page_height, section.top_margin, section.bottom_margin)
    wanted = (Mm(210), Mm(297), Mm(20), Mm(20), Mm(30), Mm(20))
    for size, want in zip((*sizes, section.left_margin, section.right_margin), wanted, strict=True):
        assert abs(int(size) - int(want)) < 1000


def test_only_times_new_roman_is_named_anywhere_but_in_the_theme() -> None:
    content = docx.write(paper(), NOW)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        styles = archive.read("word/styles.xml").decode() + archive.read("word/document.xml").decode()
    fonts = "".join(re.findall(r"<w:rFonts[^>]*>", styles))
    assert set(re.findall(r'w:(?:ascii|hAnsi|eastAsia|cs)="([^"]+)"', fonts)) == {"Times New Roman"}
    assert "asciiTheme" not in styles


def test_number_and_date_are_left_to_the_records_office() -> None:
    text = cells(opened(docx.write(paper(), NOW)))
    assert re.search(r"Số: +/BC-UBND", text)
    assert re.search(r"Sơn Lâm, ngày +tháng +năm", text)
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in text
    assert "Độc lập - Tự do - Hạnh phúc" in text
    assert "Nơi nhận:" in text
    assert "TM. ỦY BAN NHÂN DÂN" in text


def test_pages_are_numbered_at_the_top_from_the_second_on() -> None:
    section = opened(docx.write(paper(), NOW)).sections[0]
    assert section.different_first_page_header_footer
    assert 'w:instr="PAGE"' in section.header._element.xml
    assert "PAGE" not in section.first_page_header._element.xml


def test_the_head_of_a_table_is_repeated_and_odd_text_survives() -> None:
    content = docx.write(paper(), NOW)
    document = opened(content)
    body = document.tables[1]
    assert body.rows[0]._tr.xpath("./w:trPr/w:tblHeader")
    assert body.cell(1, 1).text == "a < b & c"
    assert body.cell(2, 1).text == "x\ny"
    assert any(p.text == "Kết quả <xử lý> & kết thúc." for p in document.paragraphs)


def test_a_drill_is_marked_on_every_page() -> None:
    document = opened(docx.write(paper(mark="DIỄN TẬP"), NOW))
    section = document.sections[0]
    assert "DIỄN TẬP" in section.header._element.xml
    assert "DIỄN TẬP" in section.first_page_header._element.xml
    assert any(p.text == "DIỄN TẬP" for p in document.paragraphs)
    assert "DIỄN TẬP" not in every_part(docx.write(paper(), NOW))


def test_the_document_says_whose_it_is() -> None:
    properties = opened(docx.write(paper(), NOW)).core_properties
    assert properties.author == "ỦY BAN NHÂN DÂN TỈNH SƠN LÂM"
    assert properties.language == "vi-VN"
    assert properties.title == "BÁO CÁO: Kết quả xử lý"
