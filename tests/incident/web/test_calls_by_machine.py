"""Where people look for calls by machine: the confirm page before, the room and the report after."""

from __future__ import annotations

from tests.incident.web.conftest import OPENING, Site

LEAD = "pho_chu_tich_phu_trach"


def can_call(site: Site) -> None:
    site.world.can_call()
    site.wiring.__dict__.update(desk=site.world.desk, outbox=site.world.outbox)


def test_the_room_says_that_nobody_picked_up(site: Site) -> None:
    can_call(site)
    room = f"/incidents/{site.world.opens().incident_id}"
    site.world.fast_forward(11)
    assert "Đã gọi tự động lúc 02:10, đang gọi" in site.browser("truc").text(room)
    site.world.phone(LEAD).has_read_all().ends("no-answer")
    site.world.fast_forward(2)
    site.world.phone(LEAD).ends("no-answer")
    text = site.browser("truc").text(room)
    assert "không nghe máy" in text
    assert "Không liên lạc được" not in text, "silence is no reason to say so"
    assert "từ SMS sang gọi điện tự động, chưa có trả lời" in text
    told = site.browser("truc").text(f"{room}/delivery?show=all")
    assert "gọi điện tự động · " in told
    assert "(không nghe máy)" in told


def test_the_room_says_who_answered_a_call(site: Site) -> None:
    can_call(site)
    room = f"/incidents/{site.world.opens().incident_id}"
    site.world.fast_forward(11)
    site.world.phone(LEAD).has_read_all().presses("1")
    site.world.phone(LEAD).has_read_all()
    text = site.browser("truc").text(room)
    assert "qua gọi điện tự động" in text
    assert "người nghe máy bấm phím" in text


def test_the_confirm_page_shows_what_a_call_reads_out(site: Site) -> None:
    browser = site.browser("truc")
    said = "Không trả lời SMS thì máy gọi và đọc"
    data = {**OPENING, "do": "check"}
    assert said not in browser.post("/incidents/new", data, page="/incidents/new").text
    can_call(site)
    text = browser.post("/incidents/new", data, page="/incidents/new").text
    assert said in text
    assert "hồ Suối Lạc" in text
    assert "Bấm phím một: đã nhận" in text
