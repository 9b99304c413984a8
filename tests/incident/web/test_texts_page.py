"""The texts a province may change: what is sent follows at once, what breaks a rule is not taken, a change asks for a new registration."""

from __future__ import annotations

import json

from incident.response import texts
from incident.store.tables import Setting
from tests.incident.web.conftest import Site

OWN = (
    "{agency}: vụ việc {code}, {short}. Kính mời {dc} chỉ đạo. Tra loi OK {code} hoac BAN {code}. Trực {duty}"
)


def test_a_changed_text_is_what_phones_receive(site: Site) -> None:
    world, browser = site.world, site.browser("quantri")
    page = "/settings/texts/summon.len"
    answer = browser.post(page, {"body": OWN, "reason": "Chánh Văn phòng quyết định"}, page=page)
    assert answer.status_code == 303
    shown = browser.text(page)
    assert "Kinh moi d/c chi dao" in shown
    world.opens(level=3)
    world.deliver()
    bodies = [message.body for message in world.sms.sent]
    assert any("Kinh moi d/c chi dao. Tra loi OK 10" in body for body in bodies)
    assert all(body.isascii() for body in bodies)
    with world.store.reading() as session:
        assert texts.one(session, world.desk, "summon.len").changed
    browser.post(page, {"what": "reset", "reason": "Dùng lại mẫu gốc"}, page=page)
    with world.store.reading() as session:
        assert not texts.one(session, world.desk, "summon.len").changed


def test_what_breaks_a_rule_stays_on_the_form_and_changes_nothing(site: Site) -> None:
    browser = site.browser("quantri")
    page = "/settings/texts/summon"
    bad = "Triệu tập {dc} vụ việc {code}. OK {code}, BAN {code}. Trực {duty}"
    answer = browser.post(page, {"body": bad, "reason": "thử"}, page=page)
    assert answer.status_code == 422
    assert "Không dùng lời ra lệnh" in answer.text
    assert "Triệu tập {dc}" in answer.text
    for body, reason in ((OWN, " "), ("x" * 401, "thử"), ("<script>alert(1)</script>", "thử")):
        answer = browser.post(page, {"body": body, "reason": reason}, page=page)
        assert answer.status_code == 422
        assert "<script>alert" not in answer.text
    with site.wiring.store.reading() as session:
        assert not texts.one(session, site.world.desk, "summon").changed


def test_a_stored_text_that_cannot_be_filled_keeps_nobody_from_opening(site: Site) -> None:
    with site.wiring.store.writing() as session:
        kept = {"summon": "Vu viec {code} {nobody}", "summon.len": "Vu viec {code", "gone": "x"}
        session.merge(Setting(key="sms_texts", value=json.dumps(kept)))
    site.world.opens(level=3)
    site.world.deliver()
    assert any("Tra loi OK 10" in message.body for message in site.world.sms.sent)


def test_a_registration_is_out_of_date_once_its_text_changed(site: Site) -> None:
    world, browser = site.world, site.browser("quantri")
    page = "/settings/texts/summon.len"
    browser.post(page, {"what": "register", "carrier": "esms", "number": "BN-2026/17"}, page=page)
    with world.store.reading() as session:
        (known,) = texts.one(session, world.desk, "summon.len").registrations
        assert (known.number, known.current) == ("BN-2026/17", True)
        assert "summon.len" not in texts.unregistered(session, world.desk, "esms")
        assert "summon" in texts.unregistered(session, world.desk, "esms")
    browser.post(page, {"body": OWN, "reason": "đổi lời"}, page=page)
    assert "mẫu đã đổi, cần đăng ký lại" in browser.text("/settings/texts")
    browser.post(page, {"what": "register", "carrier": "esms", "number": "BN-2026/18"}, page=page)
    assert "mẫu đã đổi, cần đăng ký lại" not in browser.text("/settings/texts")
    browser.post(page, {"what": "register", "carrier": "esms", "number": ""}, page=page)
    assert "esms" not in browser.text("/settings/texts")


def test_an_officer_sees_both_forms_and_what_is_lost(site: Site) -> None:
    text = site.browser("truc").text(
        "/settings/texts?try=D%E1%BB%ABng+c%C3%B4ng+b%E1%BB%91%2C+ch%E1%BB%9D+b%C3%A3o+tan"
    )
    assert "Dung cong bo, cho bao tan" in text
    assert "dừng → “dung”: có thể đọc là dùng, đúng" in text
    assert "UCS-2" in text
    assert "GSM-7" in text


def test_who_may_not_change_it(site: Site) -> None:
    page = "/settings/texts/summon"
    assert site.browser("truc").post(page, {"body": OWN, "reason": "x"}, page="/account").status_code == 403
    assert site.browser("nguoidang").get(page).status_code == 403
    assert site.browser("quantri").get("/settings/texts/khong_co").status_code == 404
