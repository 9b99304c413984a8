"""The README's pictures, taken from the running service: `make screenshots` writes docs/images/.

Plays the first minutes of a crisis: opened, confirmed, two have answered, one is busy, the statement is approved.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import ROOT, Server, running, signs_in, until
from tests.browser.test_journey import TEXT, received, replies
from tests.chromium import CHROMIUM, QUIET

IMAGES = ROOT / "docs" / "images"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        running(Path(data)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        try:
            take(server, browser)
        finally:
            browser.close()
    for path in sorted(IMAGES.glob("*.png")):
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} kB")


def take(server: Server, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh")  # type: ignore[arg-type]
    page = context.new_page()
    signs_in(page, server, "truc")
    page.get_by_role("button", name="Mở vụ việc").click()
    page.get_by_label("1. Việc gì đang xảy ra?").fill("Tin lan truyền: đập hồ Suối Lạc có vết nứt")
    page.get_by_label("2. Tên ngắn dùng trong tin nhắn").fill("tin về hồ Suối Lạc")
    page.get_by_label("Tin chưa kiểm chứng").check()
    page.get_by_label("Xã Suối Lạc").check()
    page.locator("input[name=level][value='3']").check()
    picture(page, "form-phone", whole=True)
    page.get_by_role("button", name="Tiếp tục").click()
    numbers = [
        "+84" + re.sub(r"\D", "", text)[1:]
        for text in page.locator(".way", has_text="SMS").all_text_contents()
    ]
    picture(page, "confirm-phone", whole=True)
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    picture(page, "confirm-desktop")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.get_by_label("Chưa liên lạc được, báo cáo sau").check()
    page.get_by_role("button", name="Gửi cho 5 người").click()
    page.get_by_role("heading", name="Việc cần làm ngay").wait_for()
    room = page.url
    for number in numbers:
        until(page, lambda n=number: received(server, n) or None)
    replies(server, numbers[0], "Đã nhận")
    replies(server, numbers[1], "ddax nhaanj")
    replies(server, numbers[2], "Báo bận")
    page.get_by_text("Báo bận, đang mời người thay").first.wait_for()
    picture(page, "room-phone")
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    picture(page, "room-desktop", whole=True)
    phones = context.new_page()
    phones.set_viewport_size(PHONE)  # type: ignore[arg-type]
    phones.goto(f"{server.phones}/phones/{numbers[0]}")
    picture(phones, "phone-sms")
    phones.close()
    statement(page, server, room)
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    signs_in(page, server, "truc")
    page.goto(f"{room}/report")
    picture(page, "report-desktop")


def statement(page: Page, server: Server, room: str) -> None:
    """Drafted by the secretary, looked at by the spokesperson on a phone."""
    signs_in(page, server, "thuky")
    page.goto(room)
    page.get_by_role("button", name="Soạn").click()
    address = page.url
    page.get_by_label("Văn bản").fill(TEXT)
    page.get_by_role("button", name="Lưu và trình duyệt").click()
    signs_in(page, server, "phatngon")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(address)
    picture(page, "approve-phone", whole=True)


def picture(page: Page, name: str, *, whole: bool = False) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.png", full_page=whole)


if __name__ == "__main__":
    main()
