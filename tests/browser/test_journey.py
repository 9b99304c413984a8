"""The main job, end to end, in a real browser on real processes: from the form to the files of the report."""

from __future__ import annotations

import json
import re
import urllib.request
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, hears, signs_in, until

pytestmark = pytest.mark.browser

TITLE = "Tin lan truyền trên mạng: hồ Suối Lạc sắp xả lũ, chưa kiểm chứng"
TEXT = "Thông tin ban đầu về hồ Suối Lạc\n\nHồ vận hành bình thường. Cơ quan chuyên môn đã kiểm tra tại chỗ."


def received(server: Server, number: str) -> list[str]:
    with urllib.request.urlopen(f"{server.phones}/phones/{number}.json") as answer:
        return [message["body"] for message in json.load(answer)["messages"]]


def heard(page: Page, server: Server, number: str, words: str) -> str:
    """The SMS with these words, once it stands on the phone."""
    return until(page, lambda: next((body for body in received(server, number) if words in body), None))


def replies(server: Server, number: str, text: str) -> None:
    order = urllib.request.Request(
        f"{server.phones}/phones/{number}/reply",
        json.dumps({"text": text}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(order) as answer:
        assert answer.status == 201


def told(page: Page, words: str) -> None:
    """The page says that it was done."""
    expect(page.locator(".notice[role=status]", has_text=words)).to_be_visible()


def test_one_crisis_from_the_form_to_the_report(page: Page, server: Server) -> None:
    # The duty officer opens it, having read exactly what will be sent.
    signs_in(page, server, "truc")
    page.get_by_role("button", name="Mở vụ việc").click()
    page.get_by_label("1. Việc gì đang xảy ra?").fill(TITLE)
    page.get_by_label("2. Tên ngắn dùng trong tin nhắn").fill("tin về hồ Suối Lạc")
    page.get_by_label("Tin chưa kiểm chứng").check()
    page.get_by_label("Xã Suối Lạc").check()
    page.locator("input[name=level][value='3']").check()
    page.get_by_role("button", name="Tiếp tục").click()
    expect(page.get_by_text("Vụ việc THẬT, cấp 3")).to_be_visible()
    numbers = [
        "+84" + re.sub(r"\D", "", text)[1:]
        for text in page.locator(".way", has_text="SMS").all_text_contents()
    ]
    assert len(numbers) == 5
    shown = page.locator(".sms").all_text_contents()
    page.get_by_label("Chưa liên lạc được, báo cáo sau").check()
    page.get_by_role("button", name="Gửi cho 5 người").click()
    expect(page.get_by_role("heading", name="Việc cần làm ngay")).to_be_visible()
    room = page.url

    # The phones have it, word for word.
    code = re.search(r"mã trả lời (\d+)", page.locator("h1").inner_text())
    assert code
    summons = [heard(page, server, number, f"OK {code[1]}") for number in numbers]
    assert set(summons) == set(shown)

    # One answers in the page of a phone; the room knows within two seconds, without being loaded again.
    phone = page.context.new_page()
    phone.goto(f"{server.phones}/phones/{numbers[0]}")
    phone.locator("textarea, input[name=text][type=text], input[name=text]:not([type])").first.fill(
        f"ok {code[1]}"
    )
    phone.get_by_role("button", name=re.compile("Gửi", re.I)).first.click()
    expect(
        page.locator("#force + .force, .force").get_by_text(re.compile(r"Đã nhận lúc .*qua SMS")).first
    ).to_be_visible(timeout=5_000)
    phone.close()
    for number in numbers[1:]:
        replies(server, number, f"OK {code[1]}")
    expect(page.locator("#live").get_by_text(re.compile(r"Đã nhận lúc .*qua SMS"))).to_have_count(
        5, timeout=10_000
    )

    # What is typed outlives what the room is told meanwhile.
    page.get_by_label("Nội dung", exact=True).fill("Đã gọi Ban quản lý hồ")
    with page.expect_navigation():  # an act leaves what is typed in another form where it is
        page.get_by_role("button", name="Sai sự thật").click()
    expect(page.get_by_label("Nội dung", exact=True)).to_have_value("Đã gọi Ban quản lý hồ")
    expect(page.locator("#live").get_by_text("Sai sự thật").first).to_be_attached()
    page.get_by_label("Nội dung", exact=True).fill("Đã gọi Ban quản lý hồ lúc đầu giờ")
    hears(page)
    expect(page.get_by_label("Nội dung", exact=True)).to_have_value("Đã gọi Ban quản lý hồ lúc đầu giờ")
    page.get_by_role("button", name="Ghi diễn biến").click()
    expect(page.locator("#live").get_by_text("Đã gọi Ban quản lý hồ lúc đầu giờ")).to_be_visible()

    # Drafted, approved in turn, released by the spokesperson, posted by the poster.
    signs_in(page, server, "thuky")
    page.goto(room)
    page.get_by_role("button", name="Soạn").click()
    statement = page.url
    page.get_by_label("Văn bản").fill(TEXT)
    page.get_by_role("button", name="Lưu và trình duyệt").click()
    told(page, "Đã trình bản 1")
    for approver in ("phatngon", "totruong"):
        signs_in(page, server, approver)
        page.goto(statement)
        page.get_by_role("button", name="Duyệt bản 1").click()
        told(page, "Đã duyệt.")
    signs_in(page, server, "phatngon")
    page.goto(statement)
    page.get_by_role("button", name="Quyết định công bố").click()
    told(page, "Đã quyết định công bố. Người đăng được báo ngay.")
    signs_in(page, server, "nguoidang")
    page.goto(statement)
    page.get_by_label("Đường dẫn").fill("https://sonlam.example/thong-tin/1")
    page.get_by_role("button", name="Ghi đã công bố").click()
    told(page, "Đã ghi nơi công bố.")

    # Closed; everybody is told; the files come out.
    signs_in(page, server, "truc")
    page.goto(f"{room}/close")
    page.get_by_label("Đã xử lý", exact=True).check()
    page.get_by_label("Ý kiến người quyết định kết thúc").fill("Dư luận đã ổn định")
    page.get_by_role("button", name="Kết thúc xử lý").click()
    told(page, "Đã kết thúc xử lý.")
    for number in numbers:
        heard(page, server, number, "ket thuc luc")
        bodies = received(server, number)
        assert len(bodies) == len(set(bodies)), "the same text came twice"
    page.goto(f"{room}/report")
    assert _file(page, "PDF").startswith(b"%PDF")
    with ZipFile(BytesIO(_file(page, "DOCX"))) as paper:
        assert "word/document.xml" in paper.namelist()


def _file(page: Page, name: str) -> bytes:
    with page.expect_download(timeout=60_000) as download:
        page.locator(".files").first.get_by_role("link", name=re.compile(f"^{name}")).click()
    return Path(download.value.path()).read_bytes()
