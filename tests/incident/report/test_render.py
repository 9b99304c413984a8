"""Every file of the report: the same words in each, and what is particular to each."""

from __future__ import annotations

import csv
import io
import json
import re
import time
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from docx import Document
from pypdf import PdfReader

from incident.report.build import Curve, build
from incident.report.chart import describe, draw
from incident.report.naming import INTERNAL, SENT
from incident.report.page import html_fragment
from incident.report.rendering import FORMATS, file_name, render
from incident.timeline.verify import verify_file
from tests.incident.report.samples import (
    NOW,
    OPENED,
    PEOPLE,
    WORDS,
    chain,
    drill,
    incident,
    long,
    still_open,
)

MEDIA = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
}


class Reader(HTMLParser):
    """Collects the words and the attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def written(view: Any, fmt: str, part: str = SENT) -> bytes:
    return render(view, fmt, part, NOW, settings_words=WORDS)[0]


def words(content: bytes, fmt: str) -> str:
    """The text a person reads in a file."""
    if fmt == "html":
        text = " ".join(Reader(content.decode()).words)
    elif fmt == "pdf":
        text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    else:
        document = Document(io.BytesIO(content))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        text = " ".join([*(paragraph.text for paragraph in document.paragraphs), *cells])
    return " ".join(text.split())


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("part", [SENT, INTERNAL, ""])
def test_every_format_is_made_for_either_part(fmt: str, part: str) -> None:
    content, media = render(still_open(), fmt, part, NOW)
    assert content
    assert media == MEDIA[fmt]


@pytest.mark.parametrize("fmt", ["html", "pdf", "docx"])
def test_the_paper_tells_the_night_in_the_same_words(fmt: str) -> None:
    text = words(written(incident(), fmt), fmt)
    for said in (
        "Kết quả xử lý vụ việc VV-27/2026",
        "02 giờ 06 phút, ngày 22 tháng 11 năm 2026",
        "Đã hỏi 7 lượt người: 4 đã nhận, 1 báo bận, 2 không trả lời.",
        "Thiếu giờ kiểm tra",
        "Mức đầy đủ của hồ sơ",
        "Bổ sung danh bạ",
        "<script>alert(1)</",
        "Kết thúc xử lý, đã xử lý",
        "./.",
    ):
        assert said in text, said
    assert all(person["name"] not in text for person in PEOPLE.values())
    assert incident().chain_hash in text.replace(" ", "")


@pytest.mark.parametrize("fmt", ["html", "pdf", "docx"])
def test_the_annex_names_people_and_stays_inside(fmt: str) -> None:
    text = words(written(incident(), fmt, INTERNAL), fmt)
    assert "Nguyễn Văn Mẫu 01" in text
    assert "LƯU HÀNH NỘI BỘ" in text
    assert "0540" not in text
    assert "84540" not in text


@pytest.mark.parametrize("fmt", ["html", "pdf", "docx"])
def test_a_drill_and_an_open_incident_are_marked(fmt: str) -> None:
    assert "DIỄN TẬP" in words(written(drill(), fmt), fmt)
    assert "DIỄN TẬP" not in words(written(incident(), fmt), fmt)
    assert "Bản tạm" in words(written(still_open(), fmt), fmt)
    assert "Bản tạm" not in words(written(incident(), fmt), fmt)


def test_a_format_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="định dạng"):
        render(incident(), "odt", SENT, NOW)


def test_a_download_has_a_plain_name() -> None:
    assert file_name(incident(), "pdf", "") == "bao-cao-VV-27-2026.pdf"
    assert file_name(incident(), "docx", INTERNAL) == "bao-cao-VV-27-2026-noi-bo.docx"


# ------------------------------------------------------------------ HTML


def test_the_page_asks_for_nothing_a_strict_policy_refuses() -> None:
    page = written(incident(), "html").decode()
    reader = Reader(page)
    assert "style" not in {name for name, _ in reader.attributes}
    assert not {"style", "script", "link"} & set(reader.tags)
    assert not [name for name, _ in reader.attributes if name.startswith("on")]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_page_takes_the_sites_own_stylesheet_when_it_is_given() -> None:
    page, _ = render(incident(), "html", SENT, NOW, stylesheet="/static/site.abc.css")
    assert b'<link rel="stylesheet" href="/static/site.abc.css">' in page


def test_the_fragment_fits_a_page_of_ours() -> None:
    fragment = str(html_fragment(build(incident(), SENT, NOW)))
    assert "<html" not in fragment
    assert "<h1" not in fragment
    assert "<svg" in fragment
    assert "&lt;script&gt;" in fragment


# ------------------------------------------------------------------ chart


def test_the_chart_has_no_style_and_says_in_words_what_it_shows() -> None:
    drawn = draw(build(incident(), SENT, NOW).curve)
    assert drawn is not None
    assert "style" not in drawn.svg
    assert 'role="img"' in drawn.svg
    assert "7 lượt được hỏi, 5 đã trả lời" in drawn.alt
    assert "một nửa đã trả lời sau 9 phút 06 giây" in drawn.alt
    assert drawn.png.startswith(b"\x89PNG")


def test_the_same_curve_is_drawn_the_same_way_twice() -> None:
    curve = build(incident(), SENT, NOW).curve
    assert draw(curve) == draw(curve)


@pytest.mark.parametrize("last", [1, 59, 60, 900, 40_000, 86_400 * 3, 86_400 * 400])
def test_a_night_of_any_length_can_be_drawn(last: int) -> None:
    drawn = draw(Curve(OPENED, (0, last), (last,)))
    assert drawn is not None
    assert drawn.png


def test_nobody_asked_is_no_chart() -> None:
    assert draw(Curve(OPENED, (), ())) is None
    assert "Số lượt được hỏi và đã trả lời theo thời gian" not in words(
        written(incident(answers=()), "html"), "html"
    )


def test_silence_is_said_in_words() -> None:
    assert describe(Curve(OPENED, (1, 2, 3), ())).endswith("3 lượt được hỏi, 0 đã trả lời.")
    assert "chưa được một nửa trả lời" in describe(Curve(OPENED, (1, 2, 3), (60,)))


# ------------------------------------------------------------------ JSON


@pytest.mark.parametrize("part", [SENT, INTERNAL])
def test_the_file_proves_itself(part: str) -> None:
    verdict = verify_file(written(incident(), "json", part))
    assert verdict.ok, verdict.reason
    assert verdict.entries == 15
    assert verdict.head == incident().chain_hash


def test_any_change_of_any_section_is_found() -> None:
    whole = json.loads(written(incident(), "json"))
    for name in [key for key in whole if key != "manifest"]:
        changed = json.loads(json.dumps(whole))
        section = changed[name]
        if isinstance(section, list):
            section.append("thêm")
        else:
            section["thêm"] = 1
        assert not verify_file(json.dumps(changed).encode()).ok, name


def test_a_masked_text_leaves_the_file_provable_and_the_text_gone() -> None:
    story = [
        (
            1,
            "note",
            {"kind": "user", "id": "u", "name": "x"},
            {},
            "Ghi diễn biến: nạn nhân A",
            {"text": "nạn nhân A"},
        ),
        (
            2,
            "text_masked",
            {"kind": "user", "id": "v", "name": "y"},
            {"seq": 1, "field": "text"},
            "Đã che",
            {},
        ),
    ]
    first, second = chain(story)
    hidden = "[đã che, lý do: tên nạn nhân]"
    masked = replace(first, free={"text": hidden}, text=f"Ghi diễn biến: {hidden}", salts={})
    view = incident(timeline=(masked, second), chain_seq=2, chain_hash=second.hash)
    for fmt in FORMATS:
        assert "nạn nhân A" not in written(view, fmt).decode("utf-8", "ignore")
    verdict = verify_file(written(view, "json"))
    assert verdict.ok, verdict.reason


def test_the_file_is_unescaped_composed_and_without_numbers_of_phones() -> None:
    decomposed = unicodedata.normalize("NFD", "Tin đồn vỡ đập")
    text = written(incident(title=decomposed), "json", INTERNAL).decode()
    assert "\\u" not in text
    assert text == unicodedata.normalize("NFC", text)
    assert "Tin đồn vỡ đập" in text
    assert "+8454" not in text
    whole = json.loads(text)
    assert list(whole)[-1] == "manifest"
    assert whole["incident"]["number"] == "VV-27/2026"
    assert whole["about"]["part"] == INTERNAL


# ------------------------------------------------------------------ CSV


def test_the_timeline_opens_in_a_spreadsheet() -> None:
    content = written(incident(), "csv")
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == 16
    assert rows[1][4] == "incident_opened"
    assert rows[3][5] == "Đ/c Phó Chủ tịch UBND tỉnh đã nhận, qua SMS, sau 3 phút"


def test_every_row_of_a_drill_says_so() -> None:
    rows = list(csv.reader(io.StringIO(written(drill(), "csv").decode("utf-8-sig"))))
    assert {row[-1] for row in rows[1:]} == {"DT-27/2026 DIỄN TẬP"}
    assert json.loads(written(drill(), "json"))["about"]["drill"] is True


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start: str) -> None:
    entry = replace(incident().timeline[0], text=f"{start}cmd|' /C calc'!A0")
    rows = list(
        csv.reader(io.StringIO(written(incident(timeline=(entry,)), "csv").decode("utf-8-sig"), newline=""))
    )
    assert rows[1][5].startswith("'" + start)


# ------------------------------------------------------------------ size


def test_ten_thousand_entries_stay_within_ten_seconds_in_every_format() -> None:
    view = long(10_000)
    for fmt in FORMATS:
        begun = time.process_time()
        content = written(view, fmt)
        assert time.process_time() - begun < 10, fmt
        assert content
    assert verify_file(written(view, "json")).ok


def test_hashes_stand_in_the_paper_as_they_are() -> None:
    text = words(written(incident(), "docx"), "docx")
    assert re.search(r"[0-9a-f]{64}", text)
