"""What holds for every page: the policy of content, Vietnamese, ways on; and the smaller pages."""

from __future__ import annotations

import re

import pytest

from incident.store.tables import CarrierState, Lease
from tests.incident.web.conftest import Site, words

INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style\b|\sstyle=|\son[a-z]+=|javascript:", re.I)
FOREIGN = re.compile(r'(?:src|href|action)="(?:https?:)?//(?!127\.0\.0\.1|localhost)', re.I)
PAGES = (
    "/",
    "/incidents/new",
    "/playbooks",
    "/playbooks/tin-gia-dich-benh",
    "/directory",
    "/account",
    "/account/two-factor",
)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_keeps_the_policy(site: Site, address: str) -> None:
    answer = site.browser("truc").get(address)
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert not INLINE.search(answer.text)
    assert not FOREIGN.search(answer.text)
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_room_and_its_forms_keep_the_policy(site: Site) -> None:
    browser, room = site.browser("truc"), f"/incidents/{site.world.opens().incident_id}"
    for address in (
        room,
        f"{room}/live",
        f"{room}/calls",
        f"{room}/facts",
        f"{room}/close",
        f"{room}/timeline",
    ):
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert not INLINE.search(answer.text), address


def test_a_missing_page_has_a_way_on(site: Site) -> None:
    answer = site.browser("truc").get("/khong-co-trang-nay")
    assert answer.status_code == 404
    assert "Về danh sách vụ việc" in answer.text


def test_the_wrong_method_says_which_is_right(site: Site) -> None:
    answer = site.browser("truc").get("/incidents/x/notes")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_too_much_is_refused_in_words(site: Site) -> None:
    answer = site.browser("truc").client.post("/incidents/new", data={"title": "a" * 1_100_000})
    assert answer.status_code == 413
    assert "quá dài" in words(answer.text)


def test_people_are_found_without_marks_and_numbers_hidden(site: Site) -> None:
    duty, observer = site.browser("truc"), site.browser("theodoi")
    person = site.world.person("nguoi_phat_ngon")
    assert person.name in duty.text("/directory?q=chanh van phong ubnd")
    assert "tel:+8454" in duty.get("/directory?q=chanh van phong").text.split("<main")[1].split("</main")[0]
    assert (
        "tel:" not in observer.get("/directory?q=chanh van phong").text.split("<main")[1].split("</main")[0]
    )


def test_a_playbook_reads_as_steps(site: Site) -> None:
    text = site.browser("truc").text("/playbooks/tin-gia-dich-benh")
    assert "Thông tin đang lan truyền là đúng hay sai?" in text
    assert "cấp 3: 30 phút" in text
    assert "mời người thay" in text
    assert site.browser("truc").get("/playbooks/khong-co").status_code == 404


def test_the_caption_names_a_red_line_only_where_one_is_drawn(site: Site) -> None:
    for slug, drawn in (("tin-gia-dich-benh", True), ("goi-xac-nhan", False)):
        page = site.browser("truc").get(f"/playbooks/{slug}").text
        assert ("Hạn theo luật" in page, "vạch đỏ" in page) == (drawn, drawn), slug


def test_there_is_no_simulator_page_where_carriers_are_real(site: Site) -> None:
    assert site.browser("truc").get("/simulator").status_code == 404


def test_a_clock_that_stands_still_is_told(site: Site) -> None:
    browser = site.browser("truc")
    assert "Bộ đếm giờ không chạy" in browser.text("/")
    with site.world.store.writing() as session:
        session.merge(
            Lease(name="clock", holder="test", until=site.world.time, fence=1, beat_at=site.world.time)
        )
    assert "Bộ đếm giờ không chạy" not in browser.text("/")


def test_a_paused_carrier_is_told(site: Site) -> None:
    with site.world.store.writing() as session:
        session.add(CarrierState(name="twilio", paused_at=site.world.time, reason="sai mật khẩu"))
    assert "Kênh gửi “Twilio” đang tạm dừng: sai mật khẩu" in site.browser("truc").text("/")


def test_the_board_puts_what_waits_first(site: Site) -> None:
    site.world.opens("vu-viec-chung", level=1, key="calm", title="Việc theo dõi", short_name="theo doi")
    site.world.opens(key="urgent", title="Việc nghiêm trọng")
    site.world.opens(key="drill", title="Buổi diễn tập", mode="drill")
    text = site.browser("truc").text("/")
    assert text.index("Việc nghiêm trọng") < text.index("Việc theo dõi") < text.index("Buổi diễn tập")
