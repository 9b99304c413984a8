"""The report page: what people write is kept, the files come out, names stay inside."""

from __future__ import annotations

import json

import pytest

from tests.incident.web.conftest import Site, words


@pytest.fixture
def report(site: Site) -> str:
    return f"/incidents/{site.world.opens().incident_id}/report"


def test_a_section_is_kept_with_its_version(site: Site, report: str) -> None:
    browser = site.browser("thuky")
    answer = browser.post(
        f"{report}/sections/went_well", {"text": "Gọi người trong 5 phút", "version": "0"}, page=report
    )
    assert answer.status_code == 303
    assert "Gọi người trong 5 phút" in browser.get(report).text


def test_a_section_two_people_write_is_not_overwritten(site: Site, report: str) -> None:
    browser = site.browser("thuky")
    browser.post(f"{report}/sections/lessons", {"text": "Bài học một", "version": "0"}, page=report)
    answer = browser.post(f"{report}/sections/lessons", {"text": "Bài học hai", "version": "0"}, page=report)
    assert answer.status_code == 409
    assert "Bài học hai" in answer.text
    assert "Người khác vừa sửa" in words(answer.text)


def test_the_plan_wants_an_owner_and_a_date(site: Site, report: str) -> None:
    browser = site.browser("thuky")
    refused = browser.post(f"{report}/improvements", {"issue": "Số máy cũ"}, page=report)
    assert refused.status_code == 422
    for text in ("Ghi việc sẽ làm", "Ghi người chịu trách nhiệm", "Chọn ngày hoàn thành"):
        assert text in words(refused.text)
    assert "Số máy cũ" in refused.text
    line = {"issue": "Số máy cũ", "action": "Rà danh bạ", "owner": "Chánh Văn phòng", "due": "2026-12-31"}
    assert browser.post(f"{report}/improvements", line, page=report).status_code == 303
    assert "hạn 31/12/2026" in browser.text(report)


@pytest.mark.parametrize(
    ("fmt", "kind", "start"),
    [
        ("json", "application/json", b"{"),
        ("csv", "text/csv", b""),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK"),
    ],
)
def test_a_file_comes_out_also_while_open(site: Site, report: str, fmt: str, kind: str, start: bytes) -> None:
    answer = site.browser("truc").get(f"{report}.{fmt}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(kind)
    assert answer.data.startswith(start)
    assert len(answer.data) > 200
    assert "attachment" in answer.headers["Content-Disposition"]


def test_the_json_is_the_record(site: Site, report: str) -> None:
    data = json.loads(site.browser("truc").get(f"{report}.json").data)
    assert data["manifest"]["chain"]["head"]


def test_names_are_for_those_who_read_everything(site: Site, report: str) -> None:
    member = site.browser("nguoidang")
    assert member.get(f"{report}.json").status_code == 200
    assert member.get(f"{report}.json?part=noi-bo").status_code == 403
    assert "Phụ lục nội bộ" not in member.text(report)
    assert site.browser("theodoi").get(f"{report}.csv?part=noi-bo").status_code == 200


def test_an_observer_reads_and_does_not_write(site: Site, report: str) -> None:
    browser = site.browser("theodoi")
    assert "Phần do người viết" not in browser.text(report)
    assert browser.post(f"{report}/sections/lessons", {"text": "x", "version": "0"}).status_code == 403


def test_an_unknown_format_is_not_found(site: Site, report: str) -> None:
    assert site.browser("truc").get(f"{report}.exe").status_code == 404
