"""The page of an approval's link, and what the signed-in pages offer about approval by telephone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest

from incident.domain.actors import Role
from incident.response import statement
from incident.response.open import Opened
from incident.web.pages import acknowledge
from tests.incident.web.conftest import Browser, Site, words

SPEAKER, HEAD, SECRETARY = "nguoi_phat_ngon", "pho_chu_tich_phu_trach", "so_vhttdl_chuyen_vien_bao_chi"
TEXT = "Thông tin ban đầu\n\nHồ Suối Lạc vận hành bình thường lúc 02 giờ 20 phút."


@dataclass
class Case:
    site: Site
    incident: Opened

    @property
    def place(self) -> str:
        return f"/incidents/{self.incident.incident_id}/statements/{self.text.id}"

    @property
    def text(self):  # type: ignore[no-untyped-def]
        return self.site.world.statement(self.incident)

    def link(self, post: str) -> str:
        self.site.world.deliver()
        bodies = [m.body for m in self.site.world.phone(post).messages()]
        return [match[0] for body in bodies if (match := re.search(r"/d/\w+", body))][-1]

    def changes(self) -> None:
        current = self.text
        who = self.site.world.actor(SECRETARY, Role.SECRETARY)
        statement.edit(
            self.site.world.desk, current.id, TEXT + " Thêm.", current.version, who, self.site.world.time
        )


@pytest.fixture
def case(site: Site) -> Case:
    """A text that waits for the spokesperson."""
    incident = site.world.opens()
    for post in (HEAD, SECRETARY, "so_nnmt_thuy_loi", SPEAKER, "cong_ttdt_truc"):
        site.world.phone(post).replies("OK 10")
    site.world.answers(incident, "xac_minh", "chua_ro", "so_nnmt_thuy_loi")
    site.world.drafts(incident, TEXT, SECRETARY)
    return Case(site, incident)


def taps(browser: Browser, link: str, do: str, follow: bool = True, **form: str):  # type: ignore[no-untyped-def]
    """Opens the page and presses one of its buttons. No cookie is needed: each request comes from a fresh phone."""
    mark = re.search(r'name="mark" value="([^"]+)"', browser.get(link).text)
    assert mark, words(browser.get(link).text)
    return browser.client.post(link, data={"mark": mark[1], "do": do, **form}, follow_redirects=follow)


def test_the_page_shows_everything_that_is_to_be_approved(case: Case) -> None:
    shown = case.site.browser().text(case.link(SPEAKER))
    code = case.text.revisions[-1].code
    for said in ("Vụ việc 10", "tin ve ho Suoi Lac", "Hồ Suối Lạc vận hành bình thường", f"mã {code}", "Bản 1",
                 "Người soạn", f"đ/c {case.site.world.person(SPEAKER).name}", "Duyệt bản 1", "Trả lại"):  # fmt: skip
        assert said in shown


def test_one_tap_approves_without_a_cookie(case: Case) -> None:
    page = words(
        taps(Browser(case.site.app.test_client(use_cookies=False)), case.link(SPEAKER), "approve").text
    )
    assert "đã duyệt bản 1 lúc 02:00, qua liên kết" in page
    assert [a.via for a in case.text.revisions[-1].approvals] == ["link"]


def test_a_return_needs_words_and_keeps_what_was_typed(case: Case) -> None:
    browser = case.site.browser()
    refused = taps(browser, case.link(SPEAKER), "return")
    assert refused.status_code == 422
    assert "Nêu ý kiến" in words(refused.text)
    assert case.text.state == "submitted"
    page = words(taps(browser, case.link(SPEAKER), "return", reason="<script>x</script> Bỏ câu hai").text)
    assert "<script>x</script> Bỏ câu hai" in page
    assert case.text.state == "returned"


def test_a_preview_changes_nothing(case: Case) -> None:
    browser = case.site.browser()
    before = case.site.world.kinds(case.incident)
    for _ in range(3):
        assert browser.get(case.link(SPEAKER)).status_code == 200
        assert browser.client.head(case.link(SPEAKER)).status_code == 200
    assert browser.client.put(case.link(SPEAKER)).status_code == 405
    assert case.site.world.kinds(case.incident) == before
    assert browser.get(case.link(SPEAKER)).headers["Cache-Control"] == "no-store"


def test_a_forged_or_borrowed_form_is_refused(case: Case) -> None:
    browser = case.site.browser()
    link = case.link(SPEAKER)
    for mark in ("", "abc.def", "a" * 10_000):
        answer = browser.client.post(link, data={"mark": mark, "do": "approve"})
        assert answer.status_code == 400
        assert "Trang đã cũ" in words(answer.text)
    assert case.text.revisions[-1].approvals == ()
    # The mark of one link is worth nothing at another one.
    mine = re.search(r'name="mark" value="([^"]+)"', browser.get(link).text)
    taps(browser, link, "approve")
    other = case.link(HEAD)
    assert mine
    assert browser.client.post(other, data={"mark": mine[1], "do": "approve"}).status_code == 400
    assert case.text.state == "submitted"


def test_a_replayed_tap_decides_nothing_twice(case: Case) -> None:
    browser = case.site.browser()
    link = case.link(SPEAKER)
    mark = re.search(r'name="mark" value="([^"]+)"', browser.get(link).text)
    assert mark
    form = {"mark": mark[1], "do": "approve"}
    assert browser.client.post(link, data=form).status_code == 303
    again = browser.client.post(link, data=form)  # the answer to the first was lost: the same is no refusal
    assert again.status_code == 303
    other = browser.client.post(link, data={**form, "do": "return", "reason": "Sửa giờ"})
    assert other.status_code == 409
    assert "đã duyệt bản 1" in words(other.text)
    assert len(case.text.revisions[-1].approvals) == 1


def test_dead_links_say_why_and_show_nothing(case: Case) -> None:
    browser, link = case.site.browser(), case.link(SPEAKER)
    case.changes()
    gone = browser.get(link)
    assert gone.status_code == 410
    assert "vừa được sửa" in words(gone.text)
    assert "vận hành" not in gone.text
    case.site.world.time += timedelta(minutes=61)
    expired = words(browser.get(link).text)
    assert "60 phút" in expired
    assert browser.client.post(link, data={"do": "approve"}).status_code == 410
    assert browser.get("/d/ZZZZZZZZZZ").status_code == 404
    assert browser.get(link.replace("/d/", "/a/")).status_code in (200, 404)


def test_an_expired_link_fetches_a_fresh_one_to_the_telephone_only(case: Case) -> None:
    browser, link = case.site.browser(), case.link(SPEAKER)
    case.site.world.time += timedelta(minutes=61)
    answer = browser.client.post(f"{link}/again")
    assert "liên kết mới được gửi vào số máy" in words(answer.text)
    assert "/d/" not in words(answer.text)
    case.site.world.deliver()
    assert case.link(SPEAKER) != link
    assert browser.get(case.link(SPEAKER)).status_code == 200


def test_guessing_is_slowed(case: Case) -> None:
    browser, there = (
        case.site.browser(),
        {"REMOTE_ADDR": "203.0.113.88"},
    )  # an address no other test comes from
    tries = range(acknowledge.TRIES_PER_WINDOW + 2)
    codes = [browser.get(f"/d/WRONG{n:05d}", environ_base=there).status_code for n in tries]
    assert codes == [404] * acknowledge.TRIES_PER_WINDOW + [429, 429]
    assert browser.get(case.link(SPEAKER), environ_base=there).status_code == 200


def records(case: Case, browser: Browser, **form: str):  # type: ignore[no-untyped-def]
    page = f"{case.place}/phone"
    revision = re.search(r'name="revision" value="([^"]+)"', browser.get(page).text)
    person = case.text.waits_for_ids[0]
    typed = {
        "person": person, "said_at": "2026-11-22T02:00", "code": case.text.revisions[-1].code,
        "words": "Đồng ý, cho đăng", "revision": revision[1] if revision else "", **form,
    }  # fmt: skip
    return browser.post(page, typed, page=page, follow_redirects=True)


def test_the_duty_officer_writes_a_call_down_and_the_leader_confirms_on_the_page(case: Case) -> None:
    duty, speaker = case.site.browser("truc"), case.site.browser("phatngon")
    assert "Ghi duyệt qua điện thoại" in duty.text(case.place)
    wrong = records(case, duty, code="999")
    assert wrong.status_code == 422
    assert "Mã không khớp" in words(wrong.text)
    assert "Đồng ý, cho đăng" in wrong.text
    page = words(records(case, duty, code=f" {case.text.revisions[-1].code.lower()} ").text)
    assert "Người duyệt được nhắn để xác nhận" in page
    assert "chờ xác nhận" in page
    room = speaker.text(f"/incidents/{case.incident.incident_id}")
    assert "duyệt qua điện thoại" in room
    assert "Không đúng, tôi không duyệt" in speaker.text(case.place)
    assert "Không đúng, tôi không duyệt" not in duty.text(case.place)
    form = {"revision": case.text.revisions[-1].id, "do": "confirm"}
    assert duty.post(f"{case.place}/own-word", form, page=case.place).status_code in (403, 404)
    assert "Đã xác nhận" in words(
        speaker.post(f"{case.place}/own-word", form, page=case.place, follow_redirects=True).text
    )
    assert case.text.unconfirmed == ()


def test_the_state_in_the_room_until_it_is_confirmed(case: Case) -> None:
    duty = case.site.browser("truc")
    records(case, duty)
    case.site.world.deliver()
    records(case, duty)
    assert "Duyệt qua điện thoại, chờ xác nhận" in duty.text(f"/incidents/{case.incident.incident_id}")
    head = case.site.browser()
    link = case.link(HEAD)
    assert "Kính đề nghị xác nhận" in head.text(link)
    page = words(taps(head, link, "dispute").text)
    assert "Kính trình duyệt" in page or "không còn hiệu lực" in page
    assert case.text.state == "submitted"


def test_the_writer_of_the_text_is_not_offered_to_record_its_approval(case: Case) -> None:
    secretary = case.site.browser("thuky")
    assert "Ghi duyệt qua điện thoại" not in secretary.text(case.place)
    assert records(case, secretary).status_code == 403


def test_the_administrator_switches_and_the_pages_follow(case: Case) -> None:
    admin, duty = case.site.browser("quantri"), case.site.browser("truc")
    assert duty.get("/settings/approval").status_code == 403
    assert "Cách duyệt được phép" in admin.text("/account")
    page = "/settings/approval"
    kept = {"approval_link": ["1", "2"], "approval_phone": ["1"]}
    assert admin.post(page, kept, page=page).status_code == 422
    done = admin.post(page, {**kept, "reason": "theo quy chế"}, page=page, follow_redirects=True)
    assert "Đã đổi thiết lập" in words(done.text)
    assert "Ghi duyệt qua điện thoại" not in duty.text(case.place)
    assert "chưa cho duyệt bằng liên kết" in case.site.browser().text(case.link(SPEAKER))


def test_a_released_text_is_taken_down_and_its_address_mended(case: Case) -> None:
    world = case.site.world
    world.approves(case.incident, SPEAKER)
    world.approves(case.incident, HEAD)
    world.releases(case.incident, SPEAKER, "cong_ttdt_truc")
    speaker, poster = case.site.browser("phatngon"), case.site.browser("nguoidang")
    (out,) = case.text.releases
    mend = f"{case.place}/releases/{out.id}"
    refused = poster.post(mend, {"link": "javascript:alert(1)", "reason": "x"}, page=mend)
    assert refused.status_code == 422
    poster.post(mend, {"link": "https://sonlam.example/2", "reason": "dán nhầm"}, page=mend)
    assert "https://sonlam.example/2" in speaker.text(case.place)
    assert "Ghi đã gỡ, thu hồi" not in poster.text(case.place)
    down = f"{case.place}/take-down"
    form = {"releases": [out.id], "taken_down_at": "2026-11-22T02:00", "reason": "sai số liệu"}
    assert poster.post(down, form, page=down).status_code == 403
    page = words(speaker.post(down, form, page=down, follow_redirects=True).text)
    assert "Đã gỡ" in page
    assert "sai số liệu" in page
