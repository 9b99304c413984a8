"""Approval where the leader is, all four ways: from the SMS, without a password; a call that is written down, and the
word that takes it back. And a text that is being written outlives a session that ended under it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from incident.response.open import Opened
from tests.browser.looking import too_small
from tests.browser.ways import Desk
from tests.incident.web.night import EXPERT, HEAD, SECRETARY, SPEAKER, TEXT

pytestmark = pytest.mark.browser
WORDS = "Hồ Suối Lạc vận hành bình thường"
UNTIL_CONFIRMED = "Duyệt qua điện thoại, chờ xác nhận"


def answered(desk: Desk) -> Opened:
    """Open, everybody has said yes, and what is known stands there: a text can be written."""
    incident = desk.opened()
    for post in (HEAD, SECRETARY, EXPERT, SPEAKER):
        desk.world.phone(post).replies(f"OK {incident.code}")
    desk.world.answers(incident, "xac_minh", "chua_ro", EXPERT)
    return incident


def link(desk: Desk, post: str) -> str:
    """Of the newest SMS on this phone that asks for approval."""
    desk.world.deliver()
    return re.findall(r"/d/\w+", "\n".join(m.body for m in desk.world.phone(post).messages()))[-1]


def test_approved_by_link_and_by_telephone_and_one_word_stops_it(desk: Desk) -> None:
    world, incident = desk.world, answered(desk)
    writer = desk.room(incident, who="thuky")
    desk.presses("Soạn", "thuky")
    writer.get_by_label("Văn bản").fill(TEXT)
    desk.presses("Lưu và trình duyệt", "thuky")
    desk.told("Đã trình bản 1", "thuky")
    text = f"/statements/{world.statement(incident).id}"

    # The first one's own phone: no account, no cookie.
    leader = desk.goes(link(desk, SPEAKER), "")
    expect(leader.get_by_role("heading", name="Kính trình duyệt")).to_be_visible()
    expect(leader.get_by_text(WORDS)).to_be_visible()
    assert too_small(leader.locator("main button, main summary, .approve__call a")) == []
    leader.get_by_text("Trả lại, nêu ý kiến").click()
    expect(leader.get_by_label("Ý kiến của đồng chí")).to_be_visible()
    desk.presses("Duyệt bản 1", "")
    expect(leader.get_by_text("đã duyệt bản 1 lúc").first).to_be_visible()

    # The second one is on the telephone: who, which revision, in which words.
    page = desk.room(incident, text)
    desk.presses("Ghi duyệt qua điện thoại")
    page.get_by_label("Mã của bản").fill(world.statement(incident).revisions[-1].code)
    page.get_by_label("Lãnh đạo nói thế nào").fill("Đồng ý, cho đăng Cổng")
    desk.presses("Ghi đã duyệt")
    desk.told("Người duyệt được nhắn để xác nhận")
    world.deliver()
    assert f"SAI {incident.code}" in world.phone(HEAD).messages()[-1].body
    speaker = desk.room(incident, text, "phatngon")
    desk.presses("Quyết định công bố", "phatngon")
    desk.told("Đã quyết định công bố", "phatngon")
    desk.room(incident)
    told = page.locator("#statements + ul")
    expect(told.get_by_text(UNTIL_CONFIRMED)).to_be_visible()

    # It was not so: at once it is no longer approved, and what was about to go out does not.
    world.phone(HEAD).replies(f"SAI {incident.code}")
    desk.looks_again()
    expect(told.get_by_text("Đã trình")).to_be_visible()
    expect(told.get_by_text(UNTIL_CONFIRMED)).to_have_count(0)
    desk.room(incident, text, "phatngon")
    expect(speaker.get_by_text("báo không duyệt qua điện thoại")).to_be_visible()
    expect(speaker.get_by_role("button", name="Ghi đã công bố")).to_have_count(0)
    assert world.statement(incident).releases == ()


def test_a_text_outlives_a_session_that_ended_under_it(desk: Desk) -> None:
    incident = answered(desk)
    page = desk.apart("thuky")
    desk.room(incident, f"/statements/{desk.world.statement(incident).id}", "thuky")
    page.get_by_label("Văn bản").fill(TEXT)
    if desk.scripts:  # kept in this tab
        page.reload()
        expect(page.get_by_text("Đã lấy lại phần đồng chí gõ mà chưa lưu.")).to_be_visible()
        expect(page.get_by_label("Văn bản")).to_have_value(TEXT)
    desk.seen.grows_idle(page)
    desk.presses("Lưu bản thảo", "thuky")
    desk.signs_in_again("thuky")
    if not desk.scripts:  # with them it is sent as soon as the door is open
        expect(page.get_by_label("Văn bản")).to_have_value(TEXT)
        desk.presses("Lưu bản thảo", "thuky")
    desk.told("Đã lưu bản thảo.", "thuky")
    assert WORDS in desk.world.statement(incident).text
    expect(page.locator("#unsaved")).to_be_hidden()
