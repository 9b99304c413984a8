"""Each thing the room can do, on a phone and on a desk, with scripts and without.

"Four ways" = 390 px and 1280 px, each with scripts and without (tests/browser/ways.py). Where each capability is tried:

| capability                                   | tried in                                                            |
|----------------------------------------------|---------------------------------------------------------------------|
| six questions, kind, level and whom it wakes | test_opening (four ways); test_journey on real processes            |
| open incidents that are alike; two officers  | test_opening (four ways)                                            |
| leader first: reported / not reached         | test_opening, test_room (four ways)                                 |
| a person left out with a reason              | test_opening (four ways)                                            |
| only the leader on duty, then the others     | test_opening (four ways)                                            |
| save unsent and take up again                | test_opening (four ways)                                            |
| DỪNG GỬI, go on, opened by mistake           | test_opening (four ways)                                            |
| the answer is lost, tried again              | test_opening (an incident), test_room (a note): four ways           |
| the next thing for this person               | test_room (four ways)                                               |
| a call in three taps, undone                 | test_calls (four ways)                                              |
| several answers at once                      | here (four ways)                                                    |
| unclear reply decided; stranger assigned     | here (four ways)                                                    |
| wrong number, corrected, sent again          | here (four ways)                                                    |
| person added, role changed                   | here (four ways)                                                    |
| approval by link; by telephone; SAI          | test_approval (four ways)                                           |
| shift change, until both have pressed        | test_shift_and_press (four ways)                                    |
| the press: line, entry, answer               | test_shift_and_press (four ways)                                    |
| text for the Zalo group                      | test_shift_and_press (four ways; the button that copies is a script)|
| call tree, duty sheet                        | here (four ways)                                                    |
| an ended session loses no word               | test_room, test_approval (four ways: in place / after the sign-in)  |
| drafts in the tab, no network                | test_room (both widths, scripts); else saved unsent, lost answer    |
| old figures turn red                         | test_room (both widths, scripts); else the time and a link, both    |
| clock, carrier not well                      | here (four ways): the night has no clock                            |
| drill and live look different; drill is typed| here (four ways, colour), test_opening (four ways), every page      |
| board, wall, closed ones searched            | here (four ways); the wall comes anew by itself: test_room          |
| pictures: course, lanes                      | test_room (four ways)                                               |
| close, report, files                         | here (four ways); test_journey, test_keyboard (keys alone)          |
| axe, width, thumbs                           | test_every_page (every page, both widths); every desk, its width    |
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.ways import Desk, a_number
from tests.incident.web.night import DEPUTY, EXPERT, HEAD, SECRETARY, SPEAKER

pytestmark = pytest.mark.browser


def test_replies_numbers_people(desk: Desk) -> None:
    world, incident = desk.world, desk.opened()
    code = incident.code
    world.phone(SPEAKER).replies(f"de toi xem {code} da")
    world.receives("+84" + a_number()[1:], f"OK {code}")
    world.phone(SECRETARY).replies(f"OK {code}")

    # Unclear: one press. A right code of a number of nobody: whose?
    desk.room(incident)
    desk.presses("Là đã nhận")
    desk.told("Đã ghi quyết định.")
    desk.page.get_by_role("button", name="Gán cho đ/c").first.click()
    desk.page.get_by_label(re.compile(world.person(HEAD).name)).check()
    desk.page.get_by_label("Đã nhận, tham gia").check()
    desk.presses("Ghi là trả lời của đồng chí này")
    desk.told("Đã ghi trả lời.")
    expect(desk.page.get_by_role("link", name="Ghi số vừa nhắn cho đồng chí này")).to_be_visible()

    # Somebody of the directory is added; a role gets another holder.
    desk.room(incident, "/people?q=pho+phong")
    desk.page.get_by_label(re.compile(world.person(DEPUTY).name)).check()
    desk.presses("Mời tham gia")
    desk.told("Đã mời đ/c")
    desk.room(incident, "/people")
    desk.page.get_by_label("Họ và tên").fill("Lê Văn Bổ Sung")
    desk.page.get_by_label("Số di động").fill(a_number())
    desk.page.get_by_label("Chức vụ, đơn vị").fill("Trạm trưởng thủy văn")
    desk.presses("Ghi vào danh bạ và mời tham gia")
    desk.told("Đã mời đ/c Lê Văn Bổ Sung")
    desk.room(incident, "/roles?role=phat_ngon&q=pho+phong")
    desk.page.get_by_label(re.compile(world.person(DEPUTY).name)).check()
    desk.page.get_by_label("Lý do").fill("đi công tác")
    desk.presses("Đổi người giữ vai")
    desk.told("Đã đổi người giữ vai")


def test_several_at_once_and_a_wrong_number(desk: Desk) -> None:
    world, incident = desk.world, desk.opened()
    desk.room(incident, "/calls")
    for post in (HEAD, SPEAKER):
        desk.page.locator(f"input[value='{world.person(post).id}']").check()
    desk.page.get_by_label("Nhóm Zalo").check()
    desk.page.get_by_label("5 phút trước").check()
    desk.presses("Những người này: đã nhận")
    desk.told("Đã ghi trả lời của 2 người")
    expect(desk.page.get_by_text(re.compile("qua nhóm Zalo")).first).to_be_visible()

    person = world.person(EXPERT)
    desk.room(incident, f"/calls/{person.id}")
    desk.presses("Sai số")
    desk.told("Sai số")
    desk.room(incident, f"/people/{person.id}/number")
    desk.page.get_by_label(re.compile("Số di động đúng")).fill(a_number())
    desk.presses("Sửa số và gửi lại")
    desk.told("Đã sửa số của đ/c")
    world.deliver()


def test_board_wall_sheets_drill_and_what_is_not_well(desk: Desk) -> None:
    closed = desk.opened(title="Việc đã xong ở Nà Lọ", level=1)
    desk.world.closes(closed)
    drill = desk.opened(mode="drill", title="Buổi diễn tập")
    desk.goes("/?q=na+lo")
    expect(desk.page.get_by_text("Việc đã xong ở Nà Lọ").first).to_be_visible()
    expect(desk.page.get_by_role("alert").filter(has_text="Bộ đếm giờ không chạy").first).to_be_visible()
    desk.goes("/wall")
    expect(
        desk.page.get_by_text("Buổi diễn tập").or_(desk.page.get_by_text("tin ve ho")).first
    ).to_be_visible()
    looks = []
    for incident in (drill, desk.opened()):
        desk.room(incident)
        looks.append(desk.page.evaluate("getComputedStyle(document.body).backgroundImage + document.title"))
    assert desk.page.locator(".drill-stripe").count() == 0
    assert "DIỄN TẬP" in looks[0]
    assert looks[0] != looks[1]
    desk.room(drill, "/call-tree")
    expect(desk.page.locator(".drill-stripe")).to_be_visible()
    desk.goes("/directory/duty-sheet")
    expect(desk.page.locator("table.sheet").first).to_be_visible()


def test_closed_and_its_files(desk: Desk) -> None:
    incident = desk.opened()
    page = desk.room(incident, "/close")
    page.get_by_label("Đã xử lý", exact=True).check()
    page.get_by_label("Ý kiến người quyết định kết thúc").fill("Dư luận đã ổn định")
    desk.presses("Kết thúc xử lý")
    desk.told("Đã kết thúc xử lý.")
    desk.room(incident, "/report")
    with page.expect_download() as download:
        page.locator(".files").first.get_by_role("link", name=re.compile("^DOCX")).click()
    assert Path(download.value.path()).read_bytes().startswith(b"PK")
    assert download.value.suggested_filename.endswith(".docx")
