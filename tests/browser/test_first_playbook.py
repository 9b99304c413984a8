"""A person's first playbook: written with three mistakes, mended from the messages alone, rehearsed, signed by another
person, and run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.looking import clean
from tests.browser.ways import Desk, a_place

pytestmark = pytest.mark.browser
GUIDE = (Path(__file__).parents[2] / "docs" / "playbooks.md").read_text("utf-8")
TEXT = next(
    text for text in re.findall(r"^```yaml\n(.*?)^```$", GUIDE, flags=re.M | re.S) if "review:" in text
)
SLUG, TITLE = "ngap-ung-do-thi", "Ngập úng đô thị"
# A word mistyped, a role nobody declared, a limit in words the checker does not know.
MISTAKES = (("    within: 10 phút", "    wihtin: 10 phút"), ("by: nguoi_dang", "by: nguoi_dag"), ("warn: [20 phút]", "warn: [20p]"))  # fmt: skip


def first_fault(page: Page) -> Locator:
    return page.locator("#checked .faults__one--red").first


def mends(page: Page) -> None:
    """What somebody does who knows nothing but the message: clicks the line, and puts the suggested word there."""
    fault = first_fault(page)
    meant = re.search(r"“([^”]+)”|: (.+)$", fault.locator(".faults__hint").inner_text())
    assert meant
    before = page.locator("#checked .faults__one--red").count()
    fault.get_by_role("link", name=re.compile("dòng")).click()
    page.keyboard.insert_text((meant[1] or meant[2]).strip())  # over what the click has marked
    expect(page.locator("#checked .faults__one--red")).not_to_have_count(before)


@pytest.mark.parametrize("desk", ["desk"], indirect=True)
def test_a_first_playbook(desk: Desk) -> None:
    page = desk.goes("/playbooks", "thuky")
    page.get_by_role("button", name="Soạn kịch bản mới").click()
    page.get_by_label("Tên kịch bản").fill(TITLE)
    page.get_by_label("Mã", exact=True).fill(SLUG)
    desk.presses("Tạo bản soạn", "thuky")
    page.wait_for_url(f"**/{SLUG}/edit")

    text = TEXT.replace("mua-lu-quet", SLUG).replace("Mưa lớn, lũ quét", TITLE)
    for right, wrong in MISTAKES:
        text = text.replace(right, wrong, 1)
    page.get_by_label("Nội dung kịch bản").fill(text)
    expect(page.locator("#checked")).to_contain_text("Còn 3 lỗi")
    line = text.splitlines().index("    wihtin: 10 phút") + 1
    expect(page.locator(f"#L{line}")).to_have_class(re.compile("code__bad--red"))
    clean(page)
    for _mistake in MISTAKES:
        mends(page)
    expect(page.locator("#checked")).to_contain_text("Không có lỗi")
    expect(page.locator(".code__bad--red")).to_have_count(0)

    desk.presses("Lưu và diễn thử", "thuky")
    desk.told("Đã lưu bản soạn", "thuky")
    expect(page.get_by_text("9 tình huống, đều đạt")).to_be_visible()
    expect(page.get_by_role("heading", name="Với danh bạ hiện nay")).to_be_visible()
    desk.presses("Trình ký", "thuky")
    desk.told("Đã trình ký", "thuky")
    expect(page.get_by_role("button", name="Ký và công bố phiên bản 1")).to_have_count(0)

    desk.goes(f"/playbooks/{SLUG}/draft", "totruong")
    desk.button("Ký và công bố phiên bản 1", "totruong").dblclick()
    desk.told("Đã ký và công bố phiên bản 1", "totruong")

    opening = desk.goes("/incidents/new")
    where = a_place()
    opening.get_by_label("1. Việc gì đang xảy ra?").fill(f"Ngập ở {where.name}")
    opening.get_by_label(TITLE).check()
    opening.locator("input[name=area]").nth(where.n).check()
    opening.locator("input[name=level][value='2']").check()
    desk.presses("Tiếp tục: kiểm tra trước khi gửi")
    opening.get_by_label("Chưa liên lạc được, báo cáo sau").check()
    desk.presses(re.compile(r"^Gửi cho \d+ người"))
    expect(opening.get_by_role("heading", name="Việc cần làm ngay")).to_be_visible()
    expect(opening.get_by_text("Có người đang gặp nguy hiểm không?").first).to_be_attached()


@pytest.mark.parametrize("desk", ["desk"], indirect=True)
def test_the_second_of_two_editors_is_told_once_and_may_then_save(desk: Desk) -> None:
    page = desk.goes("/playbooks/vu-viec-chung", "thuky")
    desk.presses("Soạn phiên bản mới", "thuky")
    page.wait_for_url("**/edit")
    text = page.get_by_label("Nội dung kịch bản")
    other = desk.goes("/playbooks/vu-viec-chung/edit", "truc")
    other.get_by_label("Nội dung kịch bản").press("End")
    other.keyboard.insert_text(" # của cán bộ trực")
    desk.presses(re.compile("^Lưu$"), "truc")
    desk.told("Đã lưu bản soạn", "truc")
    text.press("End")
    page.keyboard.insert_text(" # của thư ký")
    desk.presses(re.compile("^Lưu$"), "thuky")
    expect(page.get_by_text("đã lưu một bản khác")).to_be_visible()
    expect(text).to_have_value(re.compile("# của thư ký"))
    desk.presses(re.compile("^Lưu$"), "thuky")
    desk.told("Đã lưu bản soạn", "thuky")
    expect(text).to_have_value(re.compile("# của thư ký"))
