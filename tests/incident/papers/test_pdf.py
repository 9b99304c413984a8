"""The PDF as its reader has it: letters, typefaces, page numbers, tags."""

from __future__ import annotations

import io
import json
import os
import re
from typing import Any

import pytest
from pypdf import PdfReader

from incident.papers import fonts, pdf
from incident.papers.paper import Column, Paragraph, Table
from tests.incident.papers.test_docx import paper
from tests.incident.report.samples import NOW

needs_fonts = pytest.mark.skipif(
    not fonts.available() and os.environ.get("CI") != "true",
    reason="needs the built typeface (incident.papers.fonts)",
)


def read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def words(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in read(content).pages).split())


def embedded(content: bytes) -> set[str]:
    """The names of the typefaces the file carries, without the subset's prefix."""
    found = set()
    for page in read(content).pages:
        known: Any = page["/Resources"]
        fonts_used = known.get_object().get("/Font", {})
        found |= {str(font.get_object()["/BaseFont"]).split("+")[-1] for font in fonts_used.values()}
    return found


def rows(count: int) -> Table:
    columns = (Column("Số", 8, True), Column("Lúc", 18), Column("Diễn biến", 54), Column("Người ghi", 22))
    line = "người dân xã Mường Lò trở về nhà, đập hồ Suối Lạc ổn định"
    return Table(
        "Nhật ký", columns, tuple((str(n), "22/11/2026 02:06:00", line, "Cán bộ trực") for n in range(count))
    )


@needs_fonts
def test_every_letter_is_set_in_the_one_typeface() -> None:
    content = pdf.write(paper(), NOW)
    assert embedded(content)
    assert all(name.startswith("Tinos") for name in embedded(content)), embedded(content)


def test_vietnamese_words_come_out_whole() -> None:
    text = words(
        pdf.write(paper(blocks=(Paragraph("Mưa lũ ở Mường Lò, đập hồ Suối Lạc vẫn ổn định; ₫./."),)), NOW)
    )
    assert "Mưa lũ ở Mường Lò, đập hồ Suối Lạc vẫn ổn định; ₫./." in text
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in text
    assert "Độc lập - Tự do - Hạnh phúc" in text


def test_number_and_date_are_left_blank() -> None:
    text = words(pdf.write(paper(), NOW))
    assert re.search(r"Số: ?/BC-UBND", text)
    assert re.search(r"ngày tháng năm(?! ?\d)", text)


def test_words_of_people_are_never_run_as_markup() -> None:
    odd = '#panic("x") *đậm* $x$ @ref `mã` <nhãn> \\ // https://sonlam.example'
    assert odd in words(pdf.write(paper(blocks=(Paragraph(odd),)), NOW))


def test_pages_are_numbered_from_the_second_on_and_the_head_of_a_table_is_repeated() -> None:
    pages = [page.extract_text().split() for page in read(pdf.write(paper(blocks=(rows(60),)), NOW)).pages]
    assert len(pages) >= 3
    assert pages[0][0] != "1"
    assert [page[0] for page in pages[1:3]] == ["2", "3"]
    assert all("biến" in page for page in pages[:2])


def test_a_drill_is_marked_on_every_page() -> None:
    content = pdf.write(paper(mark="DIỄN TẬP", blocks=(rows(60),)), NOW)
    assert all("DIỄN TẬP" in page.extract_text() for page in read(content).pages)
    assert "DIỄN TẬP" not in words(pdf.write(paper(), NOW))


def test_a_short_paper_is_tagged_for_those_who_hear_it() -> None:
    reader = read(pdf.write(paper(), NOW))
    catalogue: Any = reader.trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"]
    assert catalogue["/Lang"].lower().startswith("vi")
    metadata = catalogue["/Metadata"].get_data().decode()
    assert re.search(r"pdfaid:part>2<", metadata)
    assert re.search(r"pdfaid:conformance>A<", metadata)
    assert re.search(r"pdfuaid:part>1<", metadata)


def test_a_letter_that_no_typeface_has_does_not_stop_the_report() -> None:
    assert "Đã đến" in words(pdf.write(paper(blocks=(Paragraph("Đã đến 𓀀 🚒 nơi"),)), NOW))


def test_the_same_paper_gives_the_same_bytes() -> None:
    assert pdf.write(paper(), NOW) == pdf.write(paper(), NOW)


def test_a_long_paper_set_in_a_process_of_its_own_is_the_very_same() -> None:
    long = paper(blocks=(rows(pdf.APART_ROWS + 1),))
    here = pdf._compile(json.dumps(pdf._data(long), ensure_ascii=False), NOW, True)
    assert pdf.write(long, NOW) == here


def test_the_time_of_a_real_clock_is_taken() -> None:
    assert pdf.write(paper(), NOW.replace(microsecond=123456)) == pdf.write(paper(), NOW)


def test_the_foot_never_stands_alone_on_a_page() -> None:
    for count in range(20, 26):
        content = pdf.write(paper(blocks=(rows(count), Paragraph("Trên đây là báo cáo./."))), NOW)
        last = " ".join(read(content).pages[-1].extract_text().split())
        assert "Nơi nhận:" in last
        assert "Trên đây là báo cáo./." in last


def test_a_long_table_is_left_untagged_and_whole() -> None:
    content = pdf.write(paper(blocks=(rows(pdf.TAGGED_ROWS + 1),)), NOW)
    pages = read(content).pages
    assert len(pages) > 50
    assert str(pdf.TAGGED_ROWS) in pages[-1].extract_text()
    assert "/StructTreeRoot" not in read(content).trailer["/Root"]  # type: ignore[operator]
