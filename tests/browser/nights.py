"""The three nights in real Chromium, minute by minute: `make nights` writes docs/nights/ with its pictures,
`make nights NIGHTS=document` one of them alone.

The pages, the door, the engine and the database are the service's own; the carrier is in memory and the clock of the
province is handed in, so that ten minutes of silence take no ten minutes. test_nights.py plays the same nights.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import deeds
from tests.browser.conftest import ROOT
from tests.browser.deeds import Case
from tests.browser.film import Film, province
from tests.chromium import CHROMIUM, QUIET
from tests.stories.night import LEAD, POSTER, SECRETARY, SPEAKER, STAND_IN

DOCS = ROOT / "docs" / "nights"


# ------------------------------------------------------------------ the nights


RUMOUR = Case(
    "Clip nói đập hồ Suối Lạc có vết nứt, sắp vỡ", "tin về hồ Suối Lạc", "Tin chưa kiểm chứng", "Xã Suối Lạc"
)
DAM_TEXT = "Thông tin ban đầu về hồ Suối Lạc\n\nHồ Suối Lạc vận hành bình thường. Cơ quan chuyên môn đã kiểm tra tại chỗ lúc 02 giờ 20 phút ngày 22/11/2026."
WATER = "so_nnmt_thuy_loi"


def dam(film: Film) -> None:
    world, page = film.world, film.page
    film.at("02:06")
    film.signs_in("truc")
    film.hand.taps_on(deeds.button(page, "Mở vụ việc"))
    deeds.fills(film.hand, RUMOUR)
    film.tells("UBND xã gọi số trực: clip nói đập nứt. Cán bộ trực mở vụ việc, sáu ô.", shot="mo-vu-viec")
    numbers = deeds.checks(film.hand)
    film.tells("Xem trước khi gửi: ai, mấy SMS, nguyên văn. Lãnh đạo trực chưa nghe máy.", shot="kiem-tra")
    film.opened = deeds.sends(film.hand, RUMOUR, numbers)
    film.tells("Năm máy reo, không ai bị đánh thức thừa.", film.last_sms(LEAD), film.last_sms(SECRETARY))
    code = film.opened.code
    film.at("02:08")
    world.phone(SPEAKER).replies(f"OK {code}")
    film.tells("Người phát ngôn trả lời đúng mã.", film.last_sms(SPEAKER))
    film.at("02:10")
    world.phone(WATER).replies("nham so roi chi oi")
    page.goto(film.room)
    expect(page.get_by_text("nham so roi chi oi").first).to_be_visible()
    film.tells(
        "Một số điện thoại đã đổi chủ; máy không đoán, cán bộ trực bấm một lần là xong.",
        shot="tra-loi-chua-ro",
        over="#unclear, [aria-labelledby=unclear]",
    )
    deeds.button(page, re.compile("^Sai số")).click()
    expect(page.locator("#unclear")).to_have_count(0)
    film.tells("Xin lỗi một lần, ngừng gửi, mời người thay.", film.last_sms(WATER))
    film.at("02:12")
    page.goto(film.room)
    page.locator("#next").get_by_role("button", name="Đã báo cáo").click()
    film.night.decides("xac_minh", "sai", reason="gọi trưởng cụm hồ lúc 02h11: không có vết nứt")
    film.tells("Gọi lại, lãnh đạo trực nghe máy. Trưởng cụm hồ xác minh qua điện thoại: sai sự thật.")
    film.at("02:16")
    page.goto(film.room)
    film.tells(
        "Mười phút im lặng: người thay được mời; ai chưa trả lời đứng trong danh sách cần gọi.",
        film.last_sms(STAND_IN),
        shot="can-goi-dien",
        over="#calls",
    )
    film.at("02:17")
    world.phone(SECRETARY).replies("ddax nhaanj")
    film.tells("Thư ký trả lời “ddax nhaanj” (quên tắt Telex): hiểu là đã nhận.", film.last_sms(SECRETARY))
    film.at("02:18")
    world.phone(POSTER).replies("OK 72")
    film.tells("Người đăng gõ ngược mã “OK 72”.", film.last_sms(POSTER))
    world.phone(POSTER).replies(f"OK {code}")
    film.at("02:19")
    world.phone(STAND_IN).replies("rox")
    film.night.takes_seat("to_truong", STAND_IN, "Tổ trưởng chưa trả lời")
    film.tells("Giám đốc Sở nhận, giữ vai Tổ trưởng.")
    film.at("02:22")
    statement = deeds.drafts(page, film.server, film.room, DAM_TEXT)
    film.tells("Thư ký trình bản 1.", film.last_sms(SPEAKER))
    film.at("02:25")
    approves(
        film, SPEAKER, "Người phát ngôn duyệt từ liên kết trong SMS, không cần mật khẩu.", "duyet-lien-ket"
    )
    film.at("02:28")
    approves(film, STAND_IN, "Giám đốc Sở duyệt tiếp. Các xã được báo trước báo chí.")
    film.at("02:30")
    for commune in ("xa_suoi_lac_van_hoa_xa_hoi",):
        film.tells("UBND xã nhận tin.", film.last_sms(commune))
        world.phone(commune).replies("ok")
    releases(film, statement, "02:31", "02:34")
    film.at("02:41")
    film.signs_in("truc", film.room)
    page.locator(".aloud__text").first.wait_for()
    film.tells(
        "Báo gọi: đọc đúng câu đã công bố, ghi câu hỏi với hạn của báo.",
        shot="bao-chi-hoi",
        over="[aria-labelledby=press]",
    )
    film.night.answers_press(
        film.night.asked_by_press("Báo Sơn Lâm", "Đập có nứt thật không?", 30), "Hồ vận hành bình thường."
    )
    film.at("05:50")
    hands_over(film)
    film.at("06:40")
    closes(film, "Đã xử lý", "Dư luận ổn định, không còn câu hỏi")


NOTICE = Case(
    "Thông báo nghỉ học đăng trên Cổng ghi sai ngày",
    "thông báo nghỉ học",
    "Văn bản, phát ngôn của ta bị sai",
    "Phường Sơn Lâm",
    leader="Đã báo cáo",
)
# The number to ask is a stranger's: our own mistake, once more.
WRONG_TEXT = "Thu hồi, đính chính thông báo nghỉ học\n\nThông báo đăng lúc 01 giờ 30 phút ghi sai ngày và đã được gỡ. Học sinh đi học bình thường ngày 23/11/2026. Số hỏi đáp: 0540 000 002."
MENDED_TEXT = WRONG_TEXT.replace("0540 000 002", "0540 000 001")
CHANNELS = ("mxh_chinh_thuc", "bao_chi")


def wrong_document(film: Film) -> None:
    world, page = film.world, film.page
    film.at("02:20")
    opens(
        film,
        NOTICE,
        "Hiệu trưởng gọi: thông báo trên Cổng ghi sai ngày. Lãnh đạo đã biết trước khi ai bị đánh thức.",
        "kiem-tra",
    )
    all_answer(film)
    film.at("02:24")
    page.goto(film.room)
    page.get_by_label("Nội dung", exact=True).fill("Cổng đã gỡ thông báo lúc 02h23, có ảnh chụp trước khi gỡ")
    deeds.button(page, "Ghi diễn biến").click()
    page.locator("#live").get_by_text("Cổng đã gỡ thông báo").first.wait_for()
    film.tells("Gỡ trước, không chờ duyệt; ghi vào nhật ký.", shot="phong-xu-ly")
    film.night.does("go_bai", POSTER, proof="https://sonlam.example/anh-chup")
    film.night.decides(
        "xac_minh", "bai_dang", reason="gọi Chánh Văn phòng Sở GD&ĐT lúc 02h24: văn bản đã ký đúng"
    )
    film.night.decides("an_toan", "khong")
    film.at("02:28")
    statement = deeds.drafts(page, film.server, film.room, WRONG_TEXT)
    film.at("02:31")
    film.signs_in("truc")
    deeds.approves_by_phone(film.hand, statement, "Đồng ý, cho thu hồi ngay")
    film.tells(
        "Người phát ngôn đang đi đường, duyệt qua điện thoại: đọc mã, ghi nguyên lời.",
        film.last_sms(SPEAKER),
        shot="duyet-dien-thoai",
    )
    film.at("02:33")
    deeds.approves_by_phone(film.hand, statement, "Ừ, được")
    film.tells("Tổ trưởng cũng vậy.", film.last_sms(LEAD))
    film.night.releases()
    film.at("02:35")
    world.phone(LEAD).replies("SAI")
    page.goto(statement)
    expect(page.get_by_text("Đã trình").first).to_be_visible()
    film.tells(
        "Tổ trưởng nhắn SAI: mới nghe, chưa duyệt. Việc công bố đang chờ dừng ngay.",
        film.last_sms(POSTER),
        shot="sai-dung-cong-bo",
    )
    film.at("02:38")
    deeds.approves_by_phone(film.hand, statement, "Đồng ý bản 1, đã nghe đọc cả văn bản")
    world.phone(LEAD).replies("OK")
    film.tells("Đọc lại cả văn bản; lần này đồng ý, tự xác nhận.", film.last_sms(LEAD))
    releases(film, statement, "02:40", "02:42", CHANNELS)
    film.at("02:55")
    film.signs_in("thuky", statement)
    page.locator("summary", has_text="Đính chính").click()
    page.get_by_label("Nội dung sai, vì sao").fill("sai một chữ số của số hỏi đáp")
    film.tells(
        "Phụ huynh gọi số trong bản đính chính, đánh thức một người lạ: lại sai. Bản đã công bố đứng yên; "
        "nêu chỗ sai, vì sao.",
        shot="dinh-chinh-lan-hai",
    )
    correction = deeds.corrects(page, MENDED_TEXT)
    film.tells("Bản đính chính thứ hai đi lại đủ đường duyệt.", film.last_sms(SPEAKER))
    film.at("02:57")
    approves(film, SPEAKER, "Người phát ngôn duyệt từ liên kết.", "duyet-dinh-chinh")
    film.at("02:59")
    approves(film, LEAD, "Tổ trưởng duyệt; lần này không qua điện thoại.")
    releases(film, correction, "03:00", "03:02", CHANNELS)
    film.signs_in("thuky", statement)
    expect(page.get_by_text("Đã đính chính").first).to_be_visible()
    film.tells("Bản sai vẫn đọc được, ghi rõ đã đính chính; bản đúng tới đủ các kênh.", shot="da-cong-bo")
    film.at("03:30")
    closes(film, "Đã xử lý", "Đã đính chính trên mọi kênh")


CRASH = Case(
    "Tai nạn giao thông nghiêm trọng qua xã Mường Lò",
    "vụ trên quốc lộ",
    "Tai nạn, thiên tai có thương vong",
    "Xã Mường Lò",
    leader="Đã báo cáo",
)
CRASH_TEXT = "Thông tin ban đầu về vụ việc trên quốc lộ\n\nLúc 01 giờ 50 phút xảy ra một vụ tai nạn giao thông tại xã Mường Lò. Lực lượng chức năng đang cứu hộ. Gia đình cần thông tin, gọi 0540 000 001."
VICTIM = "Nguyễn Văn Nạn Nhân"


def accident(film: Film) -> None:
    page = film.page
    film.at("02:15")
    opens(
        film,
        CRASH,
        "Công an báo có thương vong. Tên ngắn trung tính: lộ ảnh chụp cũng không ai đau thêm.",
        "mo-vu-viec",
    )
    film.tells("SMS không có tên, không có con số.", film.last_sms(SECRETARY))
    all_answer(film)
    film.at("02:20")
    page.goto(film.room)
    page.get_by_label("Nội dung", exact=True).fill(f"Bệnh viện báo: gia đình ông {VICTIM} đang đến")
    deeds.button(page, "Ghi diễn biến").click()
    page.locator("#live").get_by_text(VICTIM).first.wait_for()
    film.tells("Mệt, cán bộ trực gõ tên nạn nhân vào nhật ký. Người ghi không tự che được.")
    film.at("02:22")
    film.signs_in("thuky", film.room)
    deeds.masks(film.hand, VICTIM, "nêu tên nạn nhân")
    film.tells(
        "Thư ký che: chữ mất hẳn, chuỗi nhật ký vẫn kiểm tra được.", shot="da-che", over=".moj-timeline"
    )
    film.at("02:24")
    film.night.decides("an_toan", "co")
    film.signs_in("truc", film.room)
    film.tells(
        "Cứu người đi trước mọi thông tin: việc đứng đầu danh sách; gia đình được báo trước khi duyệt số liệu.",
        shot="an-toan-truoc",
    )
    film.night.does("an_toan_truoc")
    film.night.does("bao_gia_dinh")
    film.at("02:27")
    statement = deeds.drafts(page, film.server, film.room, CRASH_TEXT)
    film.at("02:30")
    approves(film, SPEAKER, "Người phát ngôn duyệt.")
    film.at("02:33")
    approves(film, LEAD, "Tổ trưởng duyệt từ giường ngủ.", "duyet-lien-ket")
    releases(film, statement, "02:35", "02:38")
    film.at("04:10")
    passes_on(film, "Bộ Công an", "123/BCA-VP", "Vụ án đã khởi tố")
    closes(film, "Chuyển cơ quan khác", "Bộ Công an chủ trì phát ngôn từ 04h10")
    page.goto(f"{film.room}/report")
    assert VICTIM not in page.content()
    film.tells("Báo cáo hai phần, không phần nào có tên nạn nhân.", shot="bao-cao")


# ------------------------------------------------------------------ what nights have in common


def opens(film: Film, case: Case, text: str, shot: str) -> None:
    film.signs_in("truc")
    film.hand.taps_on(deeds.button(film.page, "Mở vụ việc"))
    deeds.fills(film.hand, case)
    if shot == "mo-vu-viec":
        film.tells(text, shot=shot)
    numbers = deeds.checks(film.hand)
    if shot != "mo-vu-viec":
        film.tells(text, shot=shot)
    film.opened = deeds.sends(film.hand, case, numbers)


def all_answer(film: Film) -> None:
    film.passes(2)
    for member in film.world.view(film.night.opened).task_force:
        film.world.receives(str(member.phone), f"OK {film.opened.code}" if film.opened else "OK")
    film.world.deliver()
    film.page.goto(film.room)
    film.tells("Mọi người trả lời trong hai phút.")


def approves(film: Film, post: str, text: str, shot: str = "") -> None:
    """On the approver's own phone: no account, no cookie."""
    film.page.context.clear_cookies()
    path = f"/d/{film.night.link(post)}"
    if shot:
        film.page.goto(film.server.address + path)
        film.page.get_by_role("heading", name="Kính trình duyệt").wait_for()
        film.tells(text, shot=shot)
    deeds.approves_by_link(film.hand, film.server, path)
    film.world.deliver()
    if not shot:
        film.tells(text)


def releases(film: Film, statement: str, decided: str, posted: str, more: tuple[str, ...] = ()) -> None:
    film.at(decided)
    film.signs_in("phatngon", statement)
    deeds.decides_release(film.hand)
    film.tells("Người phát ngôn quyết định công bố.", *film.new_sms(POSTER))
    film.at(posted)
    film.signs_in("nguoidang", statement)
    deeds.posts(film.hand, "https://sonlam.example/thong-tin/1")
    page = film.page
    for n, channel in enumerate(more, 2):
        page.get_by_label("Kênh", exact=True).select_option(channel)
        page.get_by_label("Đường dẫn").fill("https://sonlam.example/kenh")
        deeds.button(page, "Ghi đã công bố").click()
        expect(page.locator(".force__one", has_text="quyết định:")).to_have_count(n)
    film.tells("Đã đăng, ghi nơi đăng.", shot="da-dang")


def hands_over(film: Film) -> None:
    film.signs_in("truc")
    film.page.goto(f"{film.server.address}/handover")
    deeds.button(film.page, "Đã nhận bàn giao").click()  # his own turn, which began with nothing open
    expect(film.page.get_by_text("Đã nhận bàn giao ca.").first).to_be_visible()
    film.page.get_by_label("Lưu ý cho ca sau").fill("Báo Sơn Lâm hẹn gọi lại lúc 7 giờ")
    film.tells("Trước sáu giờ: bàn giao những gì đang mở, ai chưa trả lời, hạn tám giờ tới.", shot="ban-giao")
    deeds.button(film.page, "Bàn giao ca").click()
    expect(film.page.get_by_text("chờ nhận").first).to_be_visible()
    film.at("06:05")
    film.night.takes_over()
    film.tells("Ca sau nhận bàn giao.")


def passes_on(film: Film, body: str, paper: str, why: str) -> None:
    """Another body speaks from now on: before the incident is closed, so that everybody hears who."""
    film.signs_in("truc", f"{film.room}/transfer")
    page = film.page
    page.get_by_label("Hoặc ghi tên cơ quan").fill(body)
    page.get_by_label("Số, ký hiệu văn bản").fill(paper)
    page.get_by_label("Lý do, ai quyết định").fill(why)
    film.tells("Chuyển cơ quan khác chủ trì: trang nói ai được báo, việc gì ở lại.", shot="chuyen-co-quan")
    deeds.button(page, "Chuyển cơ quan khác chủ trì").click()
    page.get_by_text("Đã chuyển cơ quan khác chủ trì.").first.wait_for()
    film.world.deliver()
    film.tells("Ai đã bị đánh thức đều biết từ nay ai phát ngôn.", film.last_sms(SPEAKER))


def closes(film: Film, outcome: str, why: str) -> None:
    film.signs_in("truc", f"{film.room}/close")
    film.page.get_by_label(outcome, exact=True).check()
    film.page.get_by_label("Ý kiến người quyết định kết thúc").fill(why)
    deeds.button(film.page, "Kết thúc xử lý").click()
    film.page.get_by_text("Đã kết thúc xử lý.").first.wait_for()
    film.world.deliver()
    film.page.goto(film.room)
    assert film.world.verify(film.night.opened).ok
    film.tells("Kết thúc; nhật ký nối liền (incident verify).", film.last_sms(SPEAKER), shot="ket-thuc")


# ------------------------------------------------------------------ written down

NIGHTS = {
    "dam": ("Đêm thứ nhất: tin đồn vỡ đập lúc 2 giờ sáng", dam),
    "document": ("Đêm thứ hai: văn bản sai do chính mình công bố", wrong_document),
    "accident": ("Đêm thứ ba: tai nạn có người chết", accident),
}
HEAD = """# The three nights

Played in real Chromium at 390 px by `make nights` (tests/browser/nights.py) and held by tests/browser/test_nights.py; the
same nights with every SMS counted are tests/stories/test_night_dam.py, test_night_wrong_document.py and
test_night_accident.py. Nobody and nothing in them exists. The clock is the story's, so that ten minutes of silence take
no ten minutes; pages, rules and record are the service's own. Indented lines are SMS as they stood on the phones.
"""


def phone(browser: Browser) -> Page:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh"
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    return page


def plays(browser: Browser, name: str, folder: Path | None = None) -> Film:
    """One night from the first call to the closed record."""
    page = phone(browser)
    try:
        with tempfile.TemporaryDirectory() as data, province(Path(data)) as (world, server):
            film = Film(world, server, page, name, folder)
            NIGHTS[name][1](film)
            page.goto("about:blank")
            return film
    finally:
        page.context.close()


def chapter(film: Film) -> str:
    told = [f"## {NIGHTS[film.name][0]}\n"]
    for line in film.lines:
        told.append(f"**{line.clock}** {line.text}\n")
        told += [f"> {sms}\n" for sms in line.sms]
        if line.picture:
            told.append(f'<img src="{line.picture}" width="260" alt="{line.clock} {line.text}">\n')
    return "\n".join(told)


def written_before(path: Path) -> dict[str, str]:
    """The chapters of the nights that are not played now, as they stand."""
    found = re.findall(r"^## .*?(?=^## |\Z)", path.read_text(), re.M | re.S) if path.exists() else []
    titles = {f"## {title}": name for name, (title, _) in NIGHTS.items()}
    return {titles[one.splitlines()[0]]: one.rstrip("\n") + "\n" for one in found}


def main(names: list[str]) -> None:
    """Plays these nights, or all; the others keep their pictures and their chapter."""
    DOCS.mkdir(parents=True, exist_ok=True)
    book = DOCS / "README.md"
    told = written_before(book)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        try:
            for name in names or NIGHTS:
                for old in DOCS.glob(f"{name}-*.png"):
                    old.unlink()
                told[name] = chapter(plays(browser, name, DOCS))
        finally:
            browser.close()
    book.write_text("\n".join([HEAD, *(told[name] for name in NIGHTS if name in told)]))
    pictures = sorted(DOCS.glob("*.png"))
    print(f"{len(pictures)} pictures, {sum(p.stat().st_size for p in pictures) // 1024} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
