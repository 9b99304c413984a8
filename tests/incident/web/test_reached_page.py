"""The page that says whom the messages reached: filters, pages, reasons in words, and no number for anybody."""

from __future__ import annotations

import re

from notify.memory import refuses
from notify.message import PermanentFailure
from tests.incident.web.conftest import Site


def test_who_was_not_reached_comes_first_with_the_reason(site: Site) -> None:
    world = site.world
    world.sms.will(refuses(PermanentFailure("30005", "unknown number", "address")))
    world.mail.will(*[refuses(PermanentFailure("550", "no such user", "address"))] * 9)
    room = f"/incidents/{world.opens().incident_id}"
    world.deliver()
    browser = site.browser("truc")
    text = browser.text(f"{room}/delivery")
    assert re.search(r"Đã tới 0 trong \d+ người được giao việc, được mời", text)
    assert "1 không tới được" in text
    assert re.search(r"Không tới được, vì: .*\(mã (550|30005)\) \(1\)", text)
    assert "Gọi điện, ghi kết quả" in text
    assert "0540" not in text.split("Số trực")[0], "nobody's number stands here"
    everyone = browser.text(f"{room}/delivery?show=all")
    assert everyone.count(" tin ") > text.count(" tin ")
    assert "Không có ai." in browser.text(f"{room}/delivery?show=reached")
    assert browser.get(f"{room}/delivery?show=%3Cscript%3E&page=-4").status_code == 200
    assert browser.get(f"{room}/delivery?page=99999999999999999999").status_code == 200


def test_a_member_of_another_incident_is_turned_away(site: Site) -> None:
    room = f"/incidents/{site.world.opens('vu-viec-chung', level=1).incident_id}"
    assert site.browser("nguoidang").get(f"{room}/delivery").status_code == 403
