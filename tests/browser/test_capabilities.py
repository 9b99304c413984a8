"""Each thing the room can do, on a phone and on a desk, with scripts and without.

Where each capability is tried (390 = phone, 1280 = desk, JS / no JS):

| capability                                   | tried in                                                            |
|----------------------------------------------|---------------------------------------------------------------------|
| six questions, kind, level, confirm, send    | test_journey (390 JS), test_opening (390 both), here (all four)     |
| open incidents that are alike                | test_opening (390 no JS; axe on JS)                                 |
| leader first: reported / not reached         | test_journey, here (all four)                                       |
| a person left out with a reason              | test_opening (390 JS)                                               |
| only the leader on duty, then the others     | test_opening (390 no JS), here (all four)                           |
| save unsent and take up again                | test_opening (390 JS), here (all four)                              |
| DỪNG GỬI, go on, opened by mistake           | test_opening, here (all four)                                       |
| the answer is lost, tried again              | test_opening (390 JS)                                               |
| the next thing for this person               | test_room (390 both)                                                |
| a call in three taps, undone                 | test_calls (390 both)                                               |
| several answers at once                      | here (all four)                                                     |
| unclear reply decided; stranger assigned     | here (all four)                                                     |
| wrong number, corrected, sent again          | here (all four)                                                     |
| person added, role changed                   | here (all four)                                                     |
| approval by link; by telephone; SAI          | test_approval (390 JS), telephone here (all four)                   |
| shift change                                 | test_shift_and_press (390 both)                                     |
| the press: line, entry, answer               | test_shift_and_press (390 both), entry here (all four)              |
| text for the Zalo group                      | test_shift_and_press (390 both), here (all four)                    |
| call tree, duty sheet                        | here (all four)                                                     |
| unlock in place, drafts, offline, old figures| test_room (390 JS: these are scripts), test_approval                |
| clock, carrier not well                      | here (all four): the night has no clock                             |
| drill and live look different                | test_every_page of the web (every page), here (all four, colour)    |
| board, wall, closed ones searched            | here (all four)                                                     |
| pictures                                     | test_room (390 both)                                                |
| close, report, files                         | test_journey (390 JS), test_keyboard (1280 JS, keys alone)          |
| axe, width, thumbs                           | test_every_page (every page, both widths)                           |
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from incident.response.open import Opened
from tests.browser.looking import DESK, PHONE, wider
from tests.browser.seen import Seen
from tests.incident.web.night import DEPUTY, EXPERT, HEAD, POSTER, SECRETARY, SPEAKER, TEXT
from tests.stories.world import World

pytestmark = pytest.mark.browser
_numbers = itertools.count(1)
WAYS = {
    "phone": (PHONE, True), "phone, no scripts": (PHONE, False), "desk": (DESK, True), "desk, no scripts": (DESK, False),
}  # fmt: skip


def a_number() -> str:
    """A mobile number of the sample's range that nobody has."""
    return f"0540{700_000 + next(_numbers)}"


@dataclass
class Desk:
    """The duty officer before a screen."""

    page: Page
    seen: Seen

    @property
    def world(self) -> World:
        return self.seen.night.site.world

    def opened(self, **more: object) -> Opened:
        return self.world.opens(key=f"cap-{next(_numbers)}", **more)

    def goes(self, address: str) -> None:
        self.page.goto(self.seen.address + address, wait_until="domcontentloaded")

    def room(self, incident: Opened, more: str = "") -> None:
        self.goes(f"/incidents/{incident.incident_id}{more}")

    def presses(self, name: str | re.Pattern[str]) -> None:
        self.page.get_by_role("button", name=name).first.click()

    def told(self, words: str) -> None:
        expect(self.page.locator(".notice[role=status]", has_text=words).first).to_be_visible()


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def desk(request: pytest.FixtureRequest, seen: Seen) -> Iterator[Desk]:
    size, scripts = request.param
    page = seen.opens("truc", size, scripts)
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    try:
        yield Desk(page, seen)
        assert wider(page) <= 0
    finally:
        page.context.close()
    assert troubles == []


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


def test_opening_saved_held_and_stopped(desk: Desk) -> None:
    title = f"Việc thứ {next(_numbers)}, ách tắc"
    desk.goes("/incidents/new")
    desk.page.get_by_label("1. Việc gì đang xảy ra?").fill(title)
    desk.page.get_by_label("Tin chưa kiểm chứng").check()
    desk.page.get_by_label("Phường Bến Đá", exact=True).check()
    desk.page.locator("input[name=level][value='3']").check()
    desk.presses("Lưu, chưa gửi")
    desk.page.get_by_role("link", name=f"Mở tiếp {title}").click()
    expect(desk.page.get_by_label("1. Việc gì đang xảy ra?")).to_have_value(title)
    desk.presses("Tiếp tục: kiểm tra trước khi gửi")
    expect(desk.page.get_by_role("heading", name="KIỂM TRA TRƯỚC KHI GỬI")).to_be_visible()
    desk.presses("Chỉ báo lãnh đạo trực")
    expect(desk.page.get_by_text("Mới chỉ báo lãnh đạo trực")).to_be_visible()
    desk.page.get_by_role("button", name="Báo Tổ công tác").click()
    desk.presses(re.compile("Gửi cho"))
    expect(desk.page.get_by_text("Mới chỉ báo lãnh đạo trực")).to_have_count(0)
    desk.page.get_by_role("button", name="DỪNG GỬI").click()
    desk.presses("DỪNG GỬI")
    expect(desk.page.get_by_text("ĐÃ DỪNG GỬI lúc")).to_be_visible()
    desk.presses(re.compile("Gửi tiếp|Tiếp tục"))
    expect(desk.page.get_by_text("ĐÃ DỪNG GỬI lúc")).to_have_count(0)


def test_the_telephone_the_press_and_the_group(desk: Desk) -> None:
    world, incident = desk.world, desk.opened()
    for post in (HEAD, SECRETARY, EXPERT, SPEAKER, POSTER):
        world.phone(post).replies(f"OK {incident.code}")
    world.answers(incident, "xac_minh", "chua_ro", EXPERT)
    world.drafts(incident, TEXT, SECRETARY)
    text = world.statement(incident)
    desk.room(incident, f"/statements/{text.id}/phone")
    desk.page.get_by_label("Mã của bản").fill(text.revisions[-1].code)
    desk.page.get_by_label("Lãnh đạo nói thế nào").fill("Đồng ý, cho đăng Cổng")
    desk.presses("Ghi đã duyệt")
    desk.told("Người duyệt được nhắn để xác nhận")

    desk.room(incident)
    expect(desk.page.locator(".aloud__text")).to_be_visible()
    desk.page.get_by_role("button", name="Ghi câu hỏi của báo chí").click()
    desk.page.get_by_label("Cơ quan báo chí").fill("Báo Sơn Lâm")
    desk.page.get_by_label("Họ tên người hỏi").fill("Lê Thị Phóng Viên")
    desk.page.get_by_label("Số điện thoại").fill("0540 000 777")
    desk.page.get_by_label("Câu hỏi", exact=True).fill("Hồ có sao không?")
    desk.presses("Ghi câu hỏi")
    desk.told("Đã ghi câu hỏi của báo chí.")
    desk.room(incident, "/zalo")
    words = desk.page.locator("#words").input_value()
    assert "không chuyển tiếp" in words
    assert not re.search(r"/[ad]/\w{8}", words)
    desk.presses("Đã gửi vào nhóm")
    desk.told("Đã ghi vào nhật ký")


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
