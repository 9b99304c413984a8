"""What form, page before sending and room weigh in the browser: bytes over the line, compressed, without the typeface."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser import deeds
from tests.browser.conftest import Server
from tests.browser.deeds import Case
from tests.browser.pace import Hand, Line

MARKET = Case("Chợ Bến Đá đóng cửa vì có dịch", "tin về chợ Bến Đá", "Khiếu kiện", "Phường Bến Đá")
SCHOOL = Case("Trường ở Sơn Lâm cho nghỉ vì cúm", "tin về trường học", "Khiếu kiện", "Phường Sơn Lâm")


def weighed(page: Page, server: Server) -> dict[str, tuple[int, int]]:
    """Of each page: the first time on a phone that has never been here, and afterwards. Opens one incident."""
    line, form = Line(page), f"{server.address}/incidents/new"

    def loaded() -> int:
        page.wait_for_load_state("networkidle")
        return line.since()

    def goes(address: str) -> int:
        line.since()
        page.goto(address)
        return loaded()

    def checks(case: Case) -> tuple[int, list[str]]:
        page.goto(form)
        deeds.fills(Hand(page), case)
        loaded()
        numbers = deeds.checks(Hand(page))
        return loaded(), numbers

    line.forgets()
    first_form = goes(form)
    later_form = goes(form)
    later_check, _ = checks(SCHOOL)
    page.goto(form)
    deeds.fills(Hand(page), MARKET)
    line.forgets()
    loaded()
    numbers = deeds.checks(Hand(page))
    first_check = loaded()
    room = deeds.sends(Hand(page), MARKET, numbers).room
    line.forgets()
    first_room = goes(room)
    later_room = goes(room)
    line.cdp.detach()
    return {
        "Mở vụ việc": (first_form, later_form),
        "Kiểm tra trước khi gửi": (first_check, later_check),
        "Phòng xử lý": (first_room, later_room),
    }
