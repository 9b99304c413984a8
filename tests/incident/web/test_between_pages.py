"""Merging and handing over, pressed in the browser: what the page promises is what the phones get."""

from __future__ import annotations

import re

from tests.incident.web.conftest import Site, words
from tests.stories.test_course import LEAD, WRITER, called_up
from tests.stories.test_everyone_answers import TEXT


def promised(page: str) -> int:
    found = re.search(r"\((\d+) SMS", page)
    assert found, page
    return int(found[1])


def test_two_of_one_matter_are_merged_from_the_room(site: Site) -> None:
    world, browser = site.world, site.browser("truc")
    old, new = world.opens(), world.opens(key="two", title="Hồ Suối Lạc nứt", short_name="ho nut")
    world.phone(LEAD).replies("OK 10").has_read_all()
    at = f"/incidents/{old.incident_id}/merge"
    assert f'href="{at}"' in browser.get(f"/incidents/{old.incident_id}").text
    assert "11 · Hồ Suối Lạc nứt" in browser.text(at)
    page = browser.text(f"{at}?into={new.incident_id}")
    assert world.phone(LEAD).name in page
    assert "Không hoàn tác được" in page
    before = len(world.sms.sent)
    empty = browser.post(at, {"into": new.incident_id, "reason": ""}, page=f"{at}?into={new.incident_id}")
    assert empty.status_code == 422
    assert "Cần ghi lý do" in words(empty.text)
    form = {"into": new.incident_id, "reason": "một <script>alert(1)</script> tin 😀"}
    for _ in range(2):
        answer = browser.post(at, form, page=f"{at}?into={new.incident_id}")
        assert answer.status_code == 303
        assert answer.headers["Location"].endswith(new.incident_id)
    world.deliver()
    assert len(world.sms.sent) - before == promised(page)
    shown = browser.text(f"/incidents/{old.incident_id}")
    assert "Đã gộp vào vụ việc 11" in shown
    assert "Mở lại vụ việc" not in shown
    room = browser.get(f"/incidents/{new.incident_id}").text
    assert "Vụ việc đã gộp vào đây" in room
    assert "<script>alert(1)" not in room
    other = browser.post(f"/incidents/{new.incident_id}/merge", {"into": old.incident_id, "reason": "vòng"})
    assert other.status_code == 409
    assert "đã kết thúc" in words(other.text)


def test_a_member_neither_sees_nor_presses_it(site: Site) -> None:
    world = site.world
    old, new = world.opens(), world.opens(key="two")
    member = site.browser("nguoidang")
    room = member.get(f"/incidents/{old.incident_id}").text
    for part in ("merge", "transfer", "steps/new"):
        assert f"/incidents/{old.incident_id}/{part}" not in room
        assert member.get(f"/incidents/{old.incident_id}/{part}").status_code in (200, 403)
    form = {"into": new.incident_id, "reason": "thử"}
    assert member.post(f"/incidents/{old.incident_id}/merge", form).status_code == 403
    lead = {"to": "Bộ Công an", "at": "2026-11-22T02:00", "reason": "thử"}
    assert member.post(f"/incidents/{old.incident_id}/transfer", lead).status_code == 403
    assert world.view(old).status == "open"
    assert world.view(old).handed is None


def test_closing_as_handed_over_leads_to_the_hand_over(site: Site) -> None:
    world, browser = site.world, site.browser("truc")
    incident = world.opens()
    at = f"/incidents/{incident.incident_id}"
    closing = browser.post(f"{at}/close", {"outcome": "handed_over", "reason": "chuyển"}, page=f"{at}/close")
    assert (closing.status_code, closing.headers["Location"]) == (303, f"{at}/transfer")
    assert world.view(incident).status == "open"
    page = browser.text(f"{at}/transfer")
    assert "Chụp màn hình" in page
    form = {
        "to": "Bộ Công an",
        "at": "2026-11-22T02:00",
        "paper": "123/BCA-VP",
        "keep": "luu_bang_chung",
        "reason": "đã khởi tố",
    }
    bad = browser.post(f"{at}/transfer", form | {"to": "", "reason": ""}, page=f"{at}/transfer")
    assert bad.status_code == 422
    assert "123/BCA-VP" in bad.text, "what was typed is still there"
    assert browser.post(f"{at}/transfer", form, page=f"{at}/transfer").status_code == 303
    world.deliver()
    room = browser.text(at)
    assert "Bộ Công an chủ trì từ 02:00" in room
    assert "văn bản số 123/BCA-VP" in room
    assert "Bộ Công an chủ trì" in browser.text("/")
    again = browser.post(f"{at}/transfer", form, page=f"{at}/transfer")
    assert again.status_code == 409
    assert browser.post(f"{at}/take-back", {"reason": "giao lại"}, page=f"{at}/take-back").status_code == 303
    assert "Bộ Công an chủ trì từ" not in words(browser.get(at).text).split("Nhật ký diễn biến")[0]


def test_the_head_lets_go_unapproved_and_the_officer_is_not_offered_it(site: Site) -> None:
    world = site.world
    incident = called_up(world)
    world.drafts(incident, TEXT, WRITER)
    text = world.statement(incident)
    at = f"/incidents/{incident.incident_id}"
    skip = f"{at}/steps/duyet_1/skip"
    assert skip not in site.browser("truc").get(f"{at}/statements/{text.id}").text
    head = site.browser("totruong")
    assert skip in head.get(f"{at}/statements/{text.id}").text
    assert "chưa duyệt" in head.text(skip)
    assert head.post(skip, {"reason": "mất liên lạc"}, page=skip).status_code == 303
    shown = site.browser("phatngon").text(f"{at}/statements/{text.id}")
    assert "CHƯA DUYỆT" in shown
    assert "mất liên lạc" in shown


def test_a_task_is_added_and_given_on_with_the_people_named_before(site: Site) -> None:
    world, browser = site.world, site.browser("truc")
    incident = called_up(world)
    at = f"/incidents/{incident.incident_id}"
    writer = world.phone(WRITER).has_read_all()
    form = {
        "title": "Gọi trưởng thôn",
        "person": writer.person.id,
        "reason": "họp giao",
        "key": "form-key-01",
        "due": "",
    }
    for _ in range(2):
        assert browser.post(f"{at}/steps/new", form, page=f"{at}/steps/new").status_code == 303
    world.deliver()
    (step,) = (s for s in world.view(incident).steps if s.added)
    assert step.title == "Gọi trưởng thôn"
    late = browser.post(f"{at}/steps/new", form | {"due": "2020-01-01T00:00"}, page=f"{at}/steps/new")
    assert late.status_code == 422
    assert "Gọi trưởng thôn" in late.text
    give = f"{at}/steps/{step.id}/reassign"
    assert "Gọi trưởng thôn" in browser.text(f"{give}?q=pho+phong")
    other = world.person("so_vhttdl_pho_phong").id
    assert browser.post(give, {"person": other, "reason": ""}, page=f"{give}?q=pho+phong").status_code == 422
    assert (
        browser.post(give, {"person": other, "reason": "đi họp"}, page=f"{give}?q=pho+phong").status_code
        == 303
    )
    assert next(s for s in world.view(incident).steps if s.added).person_ids == (other,)
