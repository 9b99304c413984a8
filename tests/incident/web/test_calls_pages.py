"""The pages of calls and people, as a browser without scripts sees them."""

from __future__ import annotations

import re

import pytest

from tests.incident.web.conftest import Browser, Site, words

LEAD, SPOKESPERSON, DEPUTY = "pho_chu_tich_phu_trach", "nguoi_phat_ngon", "so_vhttdl_pho_phong"


@pytest.fixture
def desk(site: Site) -> Browser:
    return site.browser("truc")


def opened(site: Site) -> str:
    return f"/incidents/{site.world.opens().incident_id}"


def test_a_call_takes_three_taps_number_back_outcome(site: Site, desk: Browser) -> None:
    room = opened(site)
    site.world.fast_forward(4)
    page = desk.get(room).text
    lead = site.world.person(LEAD)
    assert page.index(f"tel:{lead.phone}") < page.index(f"tel:{site.world.person(SPOKESPERSON).phone}")
    press = f"{room}/calls/{lead.id}?from=room"
    assert f'formaction="{press}" name="outcome" value="accept"' in page
    assert desk.post(press, {"outcome": "no_answer"}, page=room).status_code == 303
    text = desk.text(room)
    assert "Không liên lạc được (gọi 1 lần, không nghe máy)" in text
    assert "Vừa ghi" in text
    undo = re.search(rf'formaction="({room}/calls/[^"]+/undo)"', desk.get(room).text)
    assert undo
    assert desk.post(undo[1], {}, page=room).status_code == 303
    text = desk.text(room)
    assert "Đã hoàn tác" in text
    assert "Không liên lạc được" not in text.split("Nhật ký")[0]
    assert desk.post(undo[1], {}, page=room).status_code == 303
    assert "Đã hoàn tác trước đó" in desk.text(room)


def test_several_at_once(site: Site, desk: Browser) -> None:
    room = opened(site)
    people = [site.world.person(post).id for post in (LEAD, SPOKESPERSON)]
    nobody = desk.post(f"{room}/calls", {"outcome": "accept", "source": "zalo"}, page=f"{room}/calls")
    assert nobody.status_code == 422
    assert "Chọn ít nhất một người" in words(nobody.text)
    form = {"person": people, "outcome": "accept", "source": "zalo", "when": "five"}
    site.world.fast_forward(6)
    assert desk.post(f"{room}/calls", form, page=f"{room}/calls").status_code == 303
    text = desk.text(room)
    assert "Đã ghi trả lời của 2 người" in text
    assert text.count("qua nhóm Zalo") >= 2


def test_another_is_sent_and_somebody_is_added(site: Site, desk: Browser) -> None:
    room = opened(site)
    lead, deputy = site.world.person(LEAD), site.world.person(DEPUTY)
    one = f"{room}/calls/{lead.id}"
    sent = desk.post(one, {"outcome": "sent_another"}, page=one)
    assert sent.headers["Location"].endswith("/stand-in")
    choosing = desk.text(f"{one}/stand-in?q=pho phong")
    assert deputy.name in choosing
    assert desk.post(f"{one}/stand-in", {}, page=f"{one}/stand-in").status_code == 422
    assert desk.post(f"{one}/stand-in", {"person": deputy.id}, page=f"{one}/stand-in").status_code == 303
    assert "cử người thay" in desk.text(room)
    bad = {"how": "new", "name": "Lê Bổ Sung", "phone": "0214 3840 000", "post": "Trạm trưởng"}
    refused = desk.post(f"{room}/people", bad, page=f"{room}/people")
    assert refused.status_code == 422
    assert "Số máy bàn gọi được" in words(refused.text)
    assert (
        desk.post(f"{room}/people", {**bad, "phone": "0540 888 001"}, page=f"{room}/people").status_code
        == 303
    )
    assert "Lê Bổ Sung" in desk.text(room)


def test_a_role_is_given_to_another(site: Site, desk: Browser) -> None:
    room = opened(site)
    deputy = site.world.person(DEPUTY)
    page = f"{room}/roles?role=phat_ngon&q=pho phong"
    assert deputy.name in desk.text(page)
    form = {"role": "phat_ngon", "person": deputy.id}
    assert desk.post(f"{room}/roles", form, page=page).status_code == 422
    assert desk.post(f"{room}/roles", {**form, "reason": "đi công tác"}, page=page).status_code == 303
    assert "Đã đổi người giữ vai" in desk.text(room)


def test_a_number_of_nobody_is_assigned_and_then_written(site: Site, desk: Browser) -> None:
    room = opened(site)
    site.world.receives("+84540777777", "OK 10")
    page = desk.get(room).text
    assign = re.search(rf'href="({room}/replies/[^"]+/assign)"', page)
    assert assign
    lead = site.world.person(LEAD)
    form = {"person": lead.id, "means": "accept"}
    assert desk.post(assign[1], form, page=assign[1]).status_code == 303
    page = desk.get(room).text
    to_number = re.search(rf'href="({room}/people/{lead.id}/number[^"]*)"', page)
    assert to_number
    assert 'value="0540 777 777"' in desk.get(to_number[1].replace("&amp;", "&")).text
    assert desk.get(assign[1]).status_code == 404


def test_a_wrong_number_is_corrected_from_the_room(site: Site, desk: Browser) -> None:
    room = opened(site)
    site.world.phone(SPOKESPERSON).replies("nham so")
    person = site.world.person(SPOKESPERSON)
    address = f"{room}/people/{person.id}/number"
    assert address in desk.get(room).text
    assert desk.post(address, {"number": "01234567"}, page=address).status_code == 422
    assert desk.post(address, {"number": "0540 888 002"}, page=address).status_code == 303
    assert "Đã sửa số của đ/c" in desk.text(room)


@pytest.mark.parametrize("path", ["calls", "people", "roles"])
def test_only_those_on_duty_see_these_pages(site: Site, path: str) -> None:
    room = opened(site)
    member = site.browser("phatngon")
    assert member.get(f"{room}/{path}").status_code == 403
    assert member.post(f"{room}/{path}", {}, page="/account").status_code == 403


def test_an_unclear_reply_of_a_wrong_number_is_one_press(site: Site, desk: Browser) -> None:
    room = opened(site)
    phone = site.world.phone(LEAD).has_read_all()
    phone.replies("nham so roi chi oi").expects_sms("He thong chua doc duoc")
    page = desk.get(room).text
    press = re.search(rf'formaction="({room}/replies/[^"]+)" name="means" value="wrong_number"', page)
    assert press
    assert desk.post(press[1], {"means": "wrong_number"}, page=room).status_code == 303
    phone.expects_sms("Xin loi da lam phien").hears_nothing()
    assert "Nhầm số, đã ngừng gửi" in desk.text(room)
