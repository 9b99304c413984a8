"""The texts a province may change: what is sent follows at once, what breaks a rule is not taken, a change asks for a new registration."""

from __future__ import annotations

import json
import re

from sqlalchemy import select

from incident.delivery.outbox import Outbox
from incident.response import texts
from incident.store.tables import Message, Setting
from notify.gateway import Gateway, Route
from notify.memory import MemorySender
from notify.message import Capabilities
from tests.incident.web.conftest import Browser, Site

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
        missing = {gap.kind for gap in texts.unregistered(session, world.desk, "esms")}
        assert "summon.len" not in missing
        assert "summon" in missing
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


def test_a_further_text_is_registered_and_taken_back(site: Site) -> None:
    world, browser = site.world, site.browser("quantri")
    page = "/settings/texts"

    def missing() -> list[str]:
        with world.store.reading() as session:
            return [gap.body for gap in texts.unregistered(session, world.desk, "esms") if not gap.kind]

    notice = next(body for body in missing() if "theo doi vu viec" in body)
    typed = {"carrier": "esms", "number": "BN/21", "body": notice}
    assert browser.post(page, typed, page=page).status_code == 303
    assert notice not in missing()
    assert "BN/21" in browser.text(page)
    assert browser.post(page, typed, page=page).status_code == 422, "nothing has changed"
    for wrong in ({"carrier": " "}, {"number": "<b>"}, {"body": "{a} {b} {c}"}, {"body": "x" * 401}):
        answer = browser.post(page, {**typed, "body": "Thong bao vu viec {so}", **wrong}, page=page)
        assert answer.status_code == 422
        assert "<b>" not in answer.text
    assert browser.post(page, {**typed, "body": ""}, page=page).status_code == 303
    assert notice in missing()
    assert site.browser("truc").post(page, typed, page="/account").status_code == 403


def test_what_a_strict_carrier_does_not_know_is_listed_and_what_it_cost_is_said(site: Site) -> None:
    world, browser = site.world, site.browser("quantri")
    strict = Capabilities(needs_registered_template=True, strict=True)
    esms = MemorySender(world.now, name="esms", capabilities=strict)
    site.wiring.gateway = Gateway([Route("sms", esms), *world.gateway.routes])
    before = _not_registered(browser)
    page = "/settings/texts/summon"
    browser.post(page, {"what": "register", "carrier": "esms", "number": "BN-1"}, page=page)
    assert _not_registered(browser) == before - 1
    assert "không gửi được: mẫu tin chưa đăng ký" not in browser.text("/")
    world.outbox.close()
    world.outbox = Outbox(world.store, Gateway([Route("sms", esms)]), world.settings, world.now, threads=1)
    world.opens()
    refused = [row for row in _messages(site) if row.error == "UNREGISTERED"]
    assert refused
    assert all("To cong tac. Tra loi OK" in message.body for message in esms.sent)
    assert f"{len(refused)} tin không gửi được: mẫu tin chưa đăng ký" in browser.text("/")


def _not_registered(browser: Browser) -> int:
    found = re.search(r"esms: (\d+) mẫu chưa đăng ký", browser.text("/settings/texts"))
    assert found
    return int(found[1])


def _messages(site: Site) -> list[Message]:
    with site.world.store.reading() as session:
        return list(session.scalars(select(Message)))
