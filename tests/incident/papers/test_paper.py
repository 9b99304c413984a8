"""The office, the ending and the printable text of a paper."""

from __future__ import annotations

from incident.papers.paper import Column, Paragraph, Table, finished, office_of, printable


def test_the_peoples_committee_stands_on_two_lines_and_gives_the_place() -> None:
    office = office_of({"province": "Tỉnh Sơn Lâm", "agency": "UBND tỉnh Sơn Lâm"})
    assert office.agency == ("ỦY BAN NHÂN DÂN", "TỈNH SƠN LÂM")
    assert office.place == "Sơn Lâm"


def test_another_office_brings_its_own_words() -> None:
    words = {
        "province": "Thành phố Mẫu",
        "agency": "Sở Văn hóa, Thể thao và Du lịch",
        "agency_superior": "UBND thành phố Mẫu",
        "paper_symbol": "SVHTTDL",
        "paper_signer": "GIÁM ĐỐC",
        "paper_recipients": "UBND thành phố (b/c);|Lưu: VT.",
    }
    office = office_of(words)
    assert office.agency == ("SỞ VĂN HÓA, THỂ THAO VÀ DU LỊCH",)
    assert (office.place, office.symbol, office.authority) == ("Mẫu", "SVHTTDL", ("GIÁM ĐỐC",))
    assert office.recipients == ("UBND thành phố (b/c);", "Lưu: VT.")


def test_the_body_ends_with_the_mark_the_rule_asks_for() -> None:
    assert finished((Paragraph("Đã xong."),))[-1] == Paragraph("Đã xong./.")
    table = Table("Bảng", (Column("A", 1),), ())
    assert finished((table,))[-1] == Paragraph("Trên đây là toàn bộ nội dung báo cáo./.")


def test_what_no_paper_can_hold_is_taken_out_and_marks_are_joined() -> None:
    assert printable("Sơn\x00 Lâm\x0b\ud800\r\nMường") == "Sơn Lâm\nMường"
