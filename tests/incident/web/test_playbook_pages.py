"""A playbook on the pages: written with the checker, proved, signed by another, opened, taken back; nothing typed is lost."""

from __future__ import annotations

import json
import re

import pytest

from incident.response import playbook_draft
from tests.incident.web.conftest import OPENING, Browser, Site, words

NEW = "/playbooks/new"
OWN = "/playbooks/mua-lu-quet"
SKELETON = playbook_draft.SKELETON.format(slug="mua-lu-quet", title='"Mưa, lũ quét"')


def makes(site: Site, who: str = "thuky") -> Browser:
    browser = site.browser(who)
    answer = browser.post(NEW, {"title": "Mưa, lũ quét", "slug": "mua-lu-quet"}, page=NEW)
    assert answer.headers["Location"] == f"{OWN}/edit"
    return browser


def seen_version(browser: Browser) -> str:
    found = re.search(r'name="version" value="(\d+)"', browser.get(f"{OWN}/edit").text)
    assert found
    return found[1]


def words_between(page: str, before: str) -> str:
    return page.split(before, 1)[1].split('"', 1)[0]


def saves(browser: Browser, text: str, **more: str) -> str:
    typed = {"text": text, "scenarios": "", "version": seen_version(browser), "do": "save", **more}
    return browser.post(f"{OWN}/edit", typed, page=f"{OWN}/edit", follow_redirects=True).text


def proves(browser: Browser, do: str, **more: str) -> str:
    found = browser.get(f"{OWN}/draft").text
    n = re.search(r'name="n" value="(\d+)"', found)
    typed = {"do": do, "n": n[1] if n else "1", **more}
    return words(browser.post(f"{OWN}/draft", typed, page=f"{OWN}/draft", follow_redirects=True).text)


def publishes(site: Site) -> None:
    proves(makes(site), "ask")
    assert "Đã ký và công bố phiên bản 1" in proves(site.browser("totruong"), "sign")


def test_written_proved_signed_and_opened(site: Site) -> None:
    writer = makes(site)
    assert "Không có lỗi" in writer.text(f"{OWN}/edit")
    assert "Kịch bản mới, chưa công bố" in writer.text("/playbooks")
    assert "Đã trình ký" in proves(writer, "ask")
    assert "Ký và công bố" not in writer.text(f"{OWN}/draft")
    signer = site.browser("totruong")
    page = signer.text(f"{OWN}/draft")
    for wanted in ("9 tình huống, đều đạt", "Ký và công bố phiên bản 1", "Với danh bạ hiện nay", "SMS: "):
        assert wanted in page
    assert "Đã ký và công bố phiên bản 1" in proves(signer, "sign")
    assert "Bùi Thị Phỏng 18 soạn, Trần Thị Thử 02 ký" in signer.text("/playbooks")
    duty = site.browser("truc")
    assert "Mưa, lũ quét" in duty.text("/incidents/new")
    typed = {**OPENING, "kind": "playbook.mua-lu-quet", "do": "send", "leader": "not_reached"}
    assert duty.post("/incidents/new", typed, page="/incidents/new").status_code == 303
    listed = json.loads(duty.get("/api/v1/playbooks").text)
    (own,) = [one for one in listed if one["slug"] == "mua-lu-quet"]
    assert (own["version"], own["origin"], len(own["sha256"])) == (1, "published", 64)


def test_an_opening_with_a_playbook_that_is_not_there_is_refused(site: Site) -> None:
    typed = {**OPENING, "kind": "playbook.khong-co", "do": "check"}
    answer = site.browser("truc").post("/incidents/new", typed, page="/incidents/new")
    assert answer.status_code == 422
    assert "Không có kịch bản" in answer.text


def test_every_saved_text_can_be_read_again_and_the_page_lists_the_last_ones(site: Site) -> None:
    browser = makes(site)
    for n in range(25):
        playbook_draft.take_in(
            site.world.desk, "mua-lu-quet", f"{SKELETON}# {n}\n", "", site.world.duty, site.world.time
        )
    listed = browser.get(f"{OWN}/edit").text
    assert ("?n=26" in listed, "?n=7" in listed, "?n=6" in listed) == (True, True, False)
    assert "# 3\n" in browser.get(f"{OWN}/edit?n=5").text
    for n in ("0", "-1", "27", "99999999999999999999", "x"):
        assert "# 24\n" in browser.get(f"{OWN}/edit?n={n}").text


def test_each_fault_has_its_line_its_words_and_a_way_there(site: Site) -> None:
    browser = makes(site)
    faulty = SKELETON.replace("    within: 10 phút", "    wihtin: 10 phút").replace(
        "by: truc_ban", "by: truc_bam", 1
    )
    for answer in (
        browser.post(f"{OWN}/check", {"text": faulty}, page=f"{OWN}/edit"),
        browser.post(f"{OWN}/edit", {"text": faulty, "do": "check"}, page=f"{OWN}/edit"),
    ):
        assert answer.status_code == 200
        line = faulty.splitlines().index("    wihtin: 10 phút") + 1
        assert f'data-line="{line}"' in answer.text
        assert f'href="#L{line}"' in answer.text
        assert "Có phải ý là “within”?" in answer.text
    assert 'class="code__bad code__bad--red"' in answer.text
    assert "wihtin: 10 phút" in answer.text
    assert seen_version(browser) == "1"  # looking keeps nothing


def test_what_a_fault_lies_in_is_not_sent_to_signature(site: Site) -> None:
    browser = makes(site)
    saves(browser, SKELETON.replace("within", "wihtin"))
    page = browser.text(f"{OWN}/draft")
    assert "Chưa trình ký được" in page
    assert "lỗi trong kịch bản" in page
    assert "Chưa làm được" in proves(browser, "ask")
    assert "Trả lại" not in site.browser("totruong").text(f"{OWN}/draft")


def test_a_red_scenario_says_why(site: Site) -> None:
    browser = makes(site)
    scenario = """scenario: Công bố trong năm phút
playbook: mua-lu-quet
incident: {level: 3}
people: {others: sau 5 phút}
expect:
  - {done: cong_bo, before: 5 phút}
"""
    saves(browser, SKELETON + "\n", scenarios=scenario)
    page = browser.text(f"{OWN}/draft")
    assert "10 tình huống, 1 chưa đạt" in page
    assert "Chưa đạt Công bố trong năm phút" in page
    saves(browser, SKELETON + "\n", scenarios="đây không phải tình huống")
    assert "tình huống 1: tệp: cần các dòng" in browser.text(f"{OWN}/draft")


def test_the_second_of_two_editors_is_told_and_loses_nothing(site: Site) -> None:
    first, second = makes(site), site.browser("truc")
    seen = seen_version(second)
    saves(first, SKELETON + "# của thư ký\n")
    typed = {"text": SKELETON + "# của trực\n", "scenarios": "", "version": seen, "do": "save"}
    answer = second.post(f"{OWN}/edit", typed, page=f"{OWN}/edit")
    assert answer.status_code == 409
    assert "Bùi Thị Phỏng 18 đã lưu một bản khác" in words(answer.text)
    assert "# của trực" in answer.text
    assert "# của thư ký" in second.get(f"{OWN}/edit?n=2").text
    over = re.search(r'name="version" value="(\d+)"', answer.text)
    assert over
    second.post(f"{OWN}/edit", {**typed, "version": over[1]}, page=f"{OWN}/edit")
    assert "# của trực" in first.get(f"{OWN}/edit").text
    assert "# của thư ký" in first.get(f"{OWN}/edit?n=2").text


@pytest.mark.parametrize(("do", "more"), [("check", ""), ("save", "#" * 210_000)])
def test_looking_first_does_not_make_the_other_text_ones_own(site: Site, do: str, more: str) -> None:
    browser = makes(site)
    typed = {"text": SKELETON + more, "scenarios": "", "version": seen_version(browser), "do": do}
    saves(site.browser("truc"), SKELETON + "# của trực ban\n")
    looked = browser.post(f"{OWN}/edit", typed, page=f"{OWN}/edit").text
    again = typed | {
        "version": words_between(looked, 'name="version" value="'),
        "text": SKELETON,
        "do": "save",
    }
    answer = browser.post(f"{OWN}/edit", again, page=f"{OWN}/edit")
    assert answer.status_code == 409
    assert "đã lưu một bản khác" in answer.text


@pytest.mark.parametrize(
    "text",
    ["", "x" * 10_000, "🌊" * 500, "<script>alert(1)</script>", "title: lũ quét", "\ud800", "a: [" * 3000],
)
def test_any_text_is_kept_and_told_what_is_wrong(site: Site, text: str) -> None:
    browser = makes(site)
    typed = {"text": text.encode("utf-8", "replace").decode(), "scenarios": "", "version": "1", "do": "save"}
    answer = browser.post(f"{OWN}/edit", typed, page=f"{OWN}/edit", follow_redirects=True)
    assert answer.status_code == 200
    assert "lỗi" in words(answer.text)
    assert "<script>alert" not in answer.text


def test_what_is_too_long_is_said_and_stays_on_the_page(site: Site) -> None:
    browser = makes(site)
    text = "# " + "x" * 210_000
    answer = browser.post(f"{OWN}/edit", {"text": text, "version": "1", "do": "save"}, page=f"{OWN}/edit")
    assert answer.status_code == 422
    assert "tối đa 200 KB" in answer.text
    assert text in answer.text


def test_names_that_are_taken_or_cannot_be(site: Site) -> None:
    browser = makes(site)
    for slug, why in (
        ("mua-lu-quet", "đã dùng"),
        ("new", "đã dùng"),
        ("Mưa", "chữ thường không dấu"),
        ("", "chữ thường"),
    ):
        answer = browser.post(NEW, {"title": "Khác", "slug": slug}, page=NEW)
        assert answer.status_code == 422
        assert why in answer.text


def test_who_may_do_what(site: Site) -> None:
    makes(site)
    for who in ("nguoidang", "theodoi", "totruong"):
        browser = site.browser(who)
        assert browser.get(f"{OWN}/edit").status_code == 403
        assert browser.get(NEW).status_code == 403
        assert browser.post("/playbooks/tin-gia-dich-benh/begin", page="/account").status_code == 403
        assert browser.post(f"{OWN}/check", {"text": "x"}, page="/account").status_code == 403
    assert site.browser("nguoidang").get(f"{OWN}/draft").status_code == 403
    assert site.browser("nguoidang").get("/playbooks/tin-gia-dich-benh/rehearsal.json").status_code == 403
    assert (
        site.browser("theodoi").post(f"{OWN}/draft", {"do": "sign", "n": "1"}, page="/account").status_code
        == 403
    )
    assert site.browser("truc").get("/playbooks/khong-co/draft").status_code == 404
    assert site.browser("truc").get("/playbooks/khong-co/rehearsal").status_code == 404
    assert site.browser("truc").get(f"{OWN}/versions/7").status_code == 404


def test_the_spokesperson_who_wrote_a_line_does_not_sign(site: Site) -> None:
    makes(site)
    speaker = site.browser("phatngon")
    saves(speaker, SKELETON + "# một dòng\n")
    assert "Đã trình ký" in proves(speaker, "ask")
    assert "không được tự ký" in speaker.text(f"{OWN}/draft")
    assert "không được tự ký" in proves(speaker, "sign")


def test_a_version_is_taken_back_with_a_reason(site: Site) -> None:
    publishes(site)
    duty = site.browser("truc")
    page = f"{OWN}/versions/1"
    assert "Vụ việc mở sau khi rút sẽ dùng không còn phiên bản nào" in duty.text(page)
    assert duty.post(page, {"reason": " "}, page=page).status_code == 422
    assert duty.post(page, {"reason": "Sai hạn cấp 3"}, page=page).status_code == 303
    assert "Đã rút: Lê Văn Ví 13" in duty.text(page)
    assert duty.get(OWN).status_code == 404
    assert "Mưa, lũ quét" not in duty.text("/incidents/new")


def test_what_was_withdrawn_to_the_last_version_can_be_written_anew(site: Site) -> None:
    publishes(site)
    there = f"{OWN}/versions/1"
    site.browser("totruong").post(there, {"reason": "Sai số điện thoại"}, page=there)
    writer = site.browser("thuky")
    assert there in writer.get("/playbooks").text
    assert "Soạn phiên bản mới" in writer.text(there)
    answer = writer.post(f"{OWN}/begin", page=there, follow_redirects=True)
    assert answer.status_code == 200
    assert "version: 2" in answer.text
    proves(writer, "ask")
    assert "Đã ký và công bố phiên bản 2" in proves(site.browser("totruong"), "sign")


def test_given_back_and_dropped(site: Site) -> None:
    writer = makes(site)
    proves(writer, "ask")
    signer = site.browser("totruong")
    assert "Ghi lý do" in proves(signer, "return")
    assert "Đã trả lại" in proves(signer, "return", reason="Hạn cấp 3 quá dài")
    assert "Hạn cấp 3 quá dài" in writer.text(f"{OWN}/edit")
    proves(writer, "drop")
    assert writer.get(f"{OWN}/edit").status_code == 404


def test_the_result_for_machines(site: Site) -> None:
    browser = makes(site)
    data = json.loads(browser.get(f"{OWN}/draft.json").text)
    assert (data["ok"], data["version"], data["obstacles"]) == (True, 1, [])
    assert len(data["scenarios"]) == 9
    assert all(one["ok"] and one["parts"] >= 0 for one in data["scenarios"])
    assert {one["role"] for one in data["holders"]} == {
        "truc_ban",
        "lanh_dao",
        "thu_ky",
        "phat_ngon",
        "nguoi_dang",
    }
    saves(browser, SKELETON.replace("within", "wihtin"))
    data = json.loads(browser.get(f"{OWN}/draft.json").text)
    assert not data["ok"]
    assert data["faults"][0]["file"] == "mua-lu-quet.yaml"
    used = json.loads(browser.get("/playbooks/tin-gia-dich-benh/rehearsal.json").text)
    assert used["ok"]
    groups = [one for one in used["holders"] if one["size"]]
    assert [one["size"] for one in groups] == [5]
    called = json.loads(browser.get("/playbooks/goi-xac-nhan/rehearsal.json").text)
    (everybody,) = [one["size"] for one in called["holders"] if one["size"]]
    in_time = next(one for one in called["scenarios"] if one["level"] == 3)
    assert (in_time["parts"], in_time["parts_in_province"]) == (5, everybody)
    assert not re.search(r"\+84|0540", json.dumps(used))


def test_an_incident_under_way_passes_to_the_new_version(site: Site) -> None:
    publishes(site)
    duty, writer = site.browser("truc"), site.browser("thuky")
    room = f"/incidents/{site.world.opens(playbook='mua-lu-quet', topic=None).incident_id}"
    page = f"{room}/playbook"
    assert "Vụ việc đang chạy đúng phiên bản đang dùng" in duty.text(page)
    writer.post(f"{OWN}/begin", page=OWN)
    new = SKELETON.replace("version: 1", "version: 2").replace('"Mưa, lũ quét"', '"Mưa, lũ quét lớn"')
    saves(writer, new)
    proves(writer, "ask")
    proves(site.browser("totruong"), "sign")
    found = duty.get(page).text
    assert "Từ phiên bản 1 sang 2" in words(found)
    assert "Mưa, lũ quét lớn" in words(found)
    digest = re.search(r'name="sha256" value="(\w{64})"', found)
    assert digest
    assert duty.post(page, {"sha256": digest[1], "reason": ""}, page=page).status_code == 422
    assert duty.post(page, {"sha256": digest[1], "reason": "Bản mới đã ký"}, page=page).status_code == 303
    assert "Đổi kịch bản từ phiên bản 1 sang phiên bản 2" in duty.text(room)
    assert (
        site.browser("nguoidang")
        .post(page, {"sha256": digest[1], "reason": "x"}, page="/account")
        .status_code
        == 403
    )
