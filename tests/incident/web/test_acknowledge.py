"""The page of a personal link: a preview that fetches it answers nothing, and it tells nothing before the first tap."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from incident.web.pages.acknowledge import TRIES_PER_WINDOW, Turnstile
from tests.incident.web.conftest import Browser, Site, words

SPEAKER = "nguoi_phat_ngon"


@pytest.fixture
def link(site: Site) -> str:
    """The personal link of the spokesperson, as the email carried it."""
    site.world.opens()
    person = site.world.person(SPEAKER)
    mail = next(m for m in site.world.mail.sent if m.to == person.email)
    found = re.search(r"https://tct\.sonlam\.example(/a/\w+)", mail.body)
    assert found, mail.body
    return found[1]


def answers(browser: Browser, link: str, **form: str) -> str:
    response = browser.post(link, dict(form), page=link, follow_redirects=True)
    return words(response.text)


def test_opening_the_link_tells_no_detail_and_answers_nothing(site: Site, link: str) -> None:
    browser = site.browser()
    text = browser.text(link)
    person = site.world.person(SPEAKER)
    assert "ỦY BAN NHÂN DÂN TỈNH SƠN LÂM" in text
    assert "Vụ việc 10" in text
    assert f"Xác nhận cho đ/c {person.name}" in text
    assert "Suối Lạc" not in text
    assert "vết nứt" not in text
    with site.world.store.reading():
        assert site.world.member(_incident(site), SPEAKER).state == "asked"


def _incident(site: Site):  # type: ignore[no-untyped-def]
    from incident.response.open import Opened
    from incident.store.tables import Incident

    with site.world.store.reading() as session:
        row = session.query(Incident).one()
    return Opened(row.id, row.code, row.number, row.status, False)


def test_one_tap_accepts(site: Site, link: str) -> None:
    site.world.time += timedelta(minutes=9)
    text = answers(site.browser(), link, answer="accept")
    assert "Đã ghi nhận lúc 02:09." in text
    assert "Gọi trực 0540 000 001" in text
    assert site.world.member(_incident(site), SPEAKER).via == "link"


def test_one_tap_declines_and_may_be_taken_back(site: Site, link: str) -> None:
    browser = site.browser()
    assert "đang mời người thay" in answers(browser, link, answer="decline")
    assert "Đồng chí đã nhận việc" in answers(browser, link, answer="accept")


def test_somebody_answers_for_the_person_by_name(site: Site, link: str) -> None:
    browser = site.browser()
    assert "Ghi họ tên" in answers(browser, link, answer="instead")
    answers(browser, link, answer="instead", instead_name="Lê Văn Thay, thư ký riêng")
    assert site.world.member(_incident(site), SPEAKER).state == "accepted"


@pytest.mark.parametrize("said", ["accept", "decline", "wrong_number"])
def test_the_same_answer_a_second_time_changes_nothing(site: Site, link: str, said: str) -> None:
    """The answer to the first press was lost on its way."""
    browser = site.browser()
    first = answers(browser, link, answer=said)
    entries = len(site.world.view(_incident(site)).timeline)
    left = len(site.world.sms.sent)
    site.world.time += timedelta(seconds=20)
    assert words(browser.post(link, {"answer": said}, follow_redirects=True).text) == first
    site.world.deliver()
    assert len(site.world.view(_incident(site)).timeline) == entries
    assert [m.body for m in site.world.sms.sent[left:] if m.body == site.world.sms.sent[left - 1].body] == []


def test_a_wrong_number_is_apologised_to_and_the_link_is_dead(site: Site, link: str) -> None:
    browser = site.browser()
    assert "Xin lỗi đã làm phiền" in answers(browser, link, answer="wrong_number")
    assert browser.get(link).status_code == 410


def test_an_unknown_link_is_a_way_to_the_duty_phone(site: Site) -> None:
    answer = site.browser().get("/a/ZZZZZZZZZZ")
    assert answer.status_code == 404
    assert "0540 000 001" in words(answer.text)


def test_tokens_cannot_be_tried_for_ever(site: Site) -> None:
    browser = site.browser()
    codes = [
        browser.get(f"/a/TRY{n}", environ_base={"REMOTE_ADDR": "198.51.100.7"}).status_code
        for n in range(TRIES_PER_WINDOW + 1)
    ]
    assert codes[:-1] == [404] * TRIES_PER_WINDOW
    assert codes[-1] == 429


def test_the_turnstile_opens_again_after_its_window() -> None:
    turnstile = Turnstile(tries=2, seconds=60)
    assert turnstile.passes("a", 0)
    assert turnstile.passes("a", 1)
    assert not turnstile.passes("a", 59)
    assert turnstile.passes("b", 59)
    assert turnstile.passes("a", 61)


def test_a_drill_is_marked(site: Site) -> None:
    site.world.opens(mode="drill")
    person = site.world.person(SPEAKER)
    mail = next(m for m in site.world.mail.sent if m.to == person.email)
    found = re.search(r"https://tct\.sonlam\.example(/a/\w+)", mail.body)
    assert found
    assert "DIỄN TẬP" in site.browser().text(found[1])
