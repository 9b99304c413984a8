"""How times, spans, numbers and names are written and read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from incident.domain.address import called
from incident.web import language
from tests.incident.web.conftest import Site

NOON = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)  # 12:00 in Việt Nam


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "dưới 1 phút"), (59, "dưới 1 phút"), (60, "1 phút"), (3600, "1 giờ"), (5400, "1 giờ 30 phút"),
        (86_400, "1 ngày"), (100_000, "1 ngày 3 giờ"), (-600, "10 phút"),
    ],
)  # fmt: skip
def test_a_span_has_its_two_largest_units(site: Site, seconds: int, told: str) -> None:
    with site.app.test_request_context():
        assert language.span(seconds) == told


def test_a_moment_names_its_day_only_when_it_is_another(site: Site) -> None:
    with site.app.test_request_context():
        assert language.moment_of(NOON, NOON) == "12:00"
        assert language.moment_of(NOON.replace(day=20), NOON) == "12:00 ngày 20/11"
        assert language.moment_of(NOON.replace(year=2025), NOON) == "12:00 ngày 22/11/2025"
        assert language.moment_of(None, NOON) == ""


@pytest.mark.parametrize(
    "typed", ["2026-11-22T12:00", "22/11/2026 12:00", "12:00 22/11/2026", " 2026-11-22T12:00:00 "]
)
def test_a_typed_time_is_local(site: Site, typed: str) -> None:
    with site.app.test_request_context():
        assert language.parse_local(typed) == NOON
        assert language.for_input(NOON) == "2026-11-22T12:00"


def test_an_unreadable_time_is_refused(site: Site) -> None:
    with site.app.test_request_context(), pytest.raises(ValueError, match="hôm qua"):
        language.parse_local("hôm qua")


@pytest.mark.parametrize(
    ("number", "told"),
    [("+84540000001", "0540 000 001"), ("", ""), (None, ""), ("+842053888111", "02053888111")],
)
def test_a_number_is_written_as_people_say_it(number: str | None, told: str) -> None:
    assert language.phone(number) == told


def test_searching_needs_no_marks() -> None:
    assert language.plain("Đặng Văn Nháp") == "dang van nhap"
    assert language.money(1234567) == "1.234.567"


def test_dates_are_day_month_year_in_both_languages(site: Site) -> None:
    for spoken, told in (("vi", "12:00 ngày 22/11/2026"), ("en", "12:00 on 22/11/2026")):
        with site.app.test_request_context(headers={"Cookie": f"language={spoken}"}):
            assert language.full(NOON) == told
            assert language.moment_of(NOON.replace(year=2025), NOON) == told.replace("2026", "2025")
            assert language.moment_of(NOON.replace(day=20), NOON) == told.replace("22/11/2026", "20/11")


def test_an_account_chooses_its_language_and_keeps_it_everywhere(site: Site) -> None:
    browser = site.browser("truc")
    assert '<html lang="vi"' in browser.get("/account").text
    answer = browser.post("/account/language", {"language": "en"})
    assert (answer.status_code, answer.location) == (303, "/account")
    for address, told in (
        ("/", "No incident is open."),
        ("/incidents/new", "1. What is happening?"),
        ("/directory", "Search by name, post, unit"),
        ("/khong-co-trang-nay", "Page not found"),
        ("/incidents/khong-co", "There is no such incident."),
    ):
        page = browser.get(address)
        assert '<html lang="en"' in page.text, address
        assert told in page.text, address
    elsewhere = site.browser("truc")  # another device of the same person
    assert "No incident is open." in elsewhere.get("/").text
    assert "Không có vụ việc nào đang mở." in site.browser("theodoi").get("/").text


def test_only_a_known_language_is_taken_and_only_with_a_token(site: Site) -> None:
    browser = site.browser("truc")
    assert browser.post("/account/language", {"language": "xx"}).status_code == 400
    assert browser.client.post("/account/language", data={"language": "en"}).status_code == 400
    assert '<html lang="vi"' in browser.get("/account").text


def test_the_sign_in_page_is_vietnamese_whatever_the_telephone_says_until_asked(site: Site) -> None:
    browser = site.browser()
    assert '<html lang="vi"' in browser.get("/sign-in", headers={"Accept-Language": "en-US,en"}).text
    answer = browser.post("/language?next=/directory", {"language": "en"}, page="/sign-in")
    assert answer.location == "/sign-in?next=/directory"
    wrong = browser.post("/sign-in", {"email": "a@sonlam.example", "password": "x"}, page="/sign-in")
    assert '<html lang="en"' in wrong.text
    assert "Wrong email address or password." in wrong.text
    browser.signs_in("truc")  # whose account says Vietnamese
    assert '<html lang="vi"' in browser.get("/").text
    browser.post("/sign-out", page="/")
    assert '<html lang="vi"' in browser.get("/sign-in").text


def test_a_refusal_and_the_faults_of_fields_are_told_in_english(site: Site) -> None:
    browser = site.browser("truc")
    room = f"/incidents/{site.world.opens().incident_id}"
    browser.post("/account/language", {"language": "en"})
    answer = browser.post(f"{room}/notes", {"text": " ", "key": "note-0001"}, page=room)
    assert "Enter" in answer.text
    same = browser.post(f"{room}/level", {"level": "3", "reason": "x"}, page=f"{room}/level")
    assert "The incident is already at this level." in same.text
    empty = browser.post("/incidents/new", {"title": ""}, page="/incidents/new")
    assert "Say briefly what is happening" in empty.text


def test_the_timeline_is_told_in_the_language_of_its_reader(site: Site) -> None:
    room = f"/incidents/{site.world.opens().incident_id}"
    browser, other = site.browser("truc"), site.browser("theodoi")
    tag = browser.get(f"{room}/live").headers["ETag"]
    browser.post("/account/language", {"language": "en"})
    fresh = browser.get(f"{room}/live", headers={"If-None-Match": tag})
    assert fresh.status_code == 200  # what was kept in Vietnamese is not taken for the same page
    assert "Incident opened: " in browser.text(room)
    assert "Mở vụ việc " in other.text(room)
    assert "Incident opened" not in browser.text(f"{room}/report")  # papers stay Vietnamese


def test_what_is_counted_has_a_singular_where_the_language_has_one(site: Site) -> None:
    for spoken, one, many in (
        ("vi", "Gửi cho 1 người", "Gửi cho 5 người"),
        ("en", "Send to 1 person", "Send to 5 people"),
    ):
        with site.app.test_request_context(headers={"Cookie": f"language={spoken}"}):
            assert (language._n("Gửi cho %(n)s người", n=1), language._n("Gửi cho %(n)s người", n=5)) == (
                one,
                many,
            )
            template = site.app.jinja_env.from_string('{{ _n("Gửi cho %(n)s người", n=n) }}')
            assert [template.render(n=n) for n in (1, 5)] == [one, many]


def test_whoever_is_put_into_a_text_is_spoken_of_in_the_readers_language(site: Site) -> None:
    for spoken, told in (("vi", "Đã báo cáo bà Thử &lt;b&gt;"), ("en", "Thử &lt;b&gt; has been told")):
        with site.app.test_request_context(headers={"Cookie": f"language={spoken}"}):
            template = site.app.jinja_env.from_string('{{ _("Đã báo cáo %(name)s", name=who) }}')
            assert template.render(who=called("bà", "Thử <b>")) == told
