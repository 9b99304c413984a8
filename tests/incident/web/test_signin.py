"""Signing in: nobody is told which accounts exist, nobody may guess for ever, no session lasts unattended."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from passlib.totp import TOTP
from sqlalchemy import select

from incident.store.tables import Account
from incident.web.signin import FAILURES_ALLOWED, IDLE_LIMIT, LOCKED_FOR
from tests.incident.web.conftest import Browser, Site, words


def account(site: Site, name: str) -> Account:
    with site.world.store.reading() as session:
        return session.scalars(select(Account).where(Account.email == f"{name}@sonlam.example")).one()


def test_the_right_password_opens_the_board(site: Site) -> None:
    assert "Không có vụ việc nào đang mở" in site.browser("truc").text("/")


def test_a_wrong_password_and_an_unknown_address_are_told_the_same(site: Site) -> None:
    known = words(site.browser().signs_in("truc", "sai").text)
    unknown = words(site.browser().signs_in("khongco", "sai").text)
    assert "không đúng" in known
    assert known == unknown


def test_a_page_sends_to_sign_in_and_back(site: Site) -> None:
    answer = site.browser().get("/directory?q=mau")
    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=/directory?q%3Dmau" or "/directory" in answer.location


def test_nobody_is_sent_to_another_house(site: Site) -> None:
    browser = site.browser()
    answer = browser.post(
        "/sign-in?next=//evil.example/",
        {"email": "truc@sonlam.example", "password": "SonLam-2026!"},
        page="/sign-in",
    )
    assert "evil" not in (answer.location or "")


def test_five_failures_lock_even_the_right_password_and_only_for_a_while(site: Site) -> None:
    browser = site.browser()
    for _ in range(FAILURES_ALLOWED):
        browser.signs_in("truc", "sai")
    assert "tạm khóa" in words(browser.signs_in("truc").text)
    site.world.time += LOCKED_FOR + timedelta(seconds=1)
    assert browser.signs_in("truc").status_code == 302


def test_a_success_forgets_the_failures(site: Site) -> None:
    browser = site.browser()
    for _ in range(FAILURES_ALLOWED - 1):
        browser.signs_in("truc", "sai")
    assert account(site, "truc").failed_attempts == FAILURES_ALLOWED - 1
    browser.signs_in("truc")
    assert account(site, "truc").failed_attempts == 0


def test_an_idle_session_ends(site: Site) -> None:
    browser = site.browser("truc")
    site.world.time += IDLE_LIMIT - timedelta(seconds=1)
    assert browser.get("/").status_code == 200
    site.world.time += IDLE_LIMIT + timedelta(seconds=1)
    assert browser.get("/").status_code == 303
    assert "15 phút" in words(browser.get("/sign-in").text)


def test_polling_keeps_no_session_alive(site: Site) -> None:
    browser = site.browser("truc")
    for _ in range(4):
        site.world.time += timedelta(minutes=5)
        last = browser.get("/", headers={"HX-Request": "true"})
    assert last.status_code == 401


def test_signing_out_takes_a_form(site: Site) -> None:
    browser = site.browser("truc")
    assert browser.get("/sign-out").status_code == 405
    assert browser.post("/sign-out").status_code == 302
    assert browser.get("/").status_code == 303


def test_a_form_without_its_token_changes_nothing(site: Site) -> None:
    browser = site.browser("truc")
    answer = browser.client.post("/incidents/new", data={"title": "x"})
    assert answer.status_code == 400
    assert "chưa có gì được gửi đi" in words(answer.text)


def test_a_disabled_account_stays_outside(site: Site) -> None:
    with site.world.store.writing() as session:
        session.scalars(select(Account).where(Account.email == "truc@sonlam.example")).one().active = False
    assert "Đăng nhập" in words(site.browser().signs_in("truc").text)


# ------------------------------------------------------------------ the second factor


def set_up(site: Site, browser: Browser) -> str:
    """Sets the second factor up and returns the code that did it."""
    page = browser.post("/account/two-factor", {"setup": "authenticator"}, page="/account/two-factor").text
    key = re.search(r"Khóa: <code>([^<]+)</code>", page)
    where = re.search(r'action="(/account/two-factor/[^"]+)"', page)
    assert key, words(page)
    assert where
    totp = TOTP(key=unescape(key[1]).replace(" ", "").replace("-", ""))
    code: str = totp.generate().token
    answer = browser.post(where[1], {"code": code}, page="/account/two-factor")
    assert answer.status_code == 302, words(answer.text)
    return code


def test_a_code_is_taken_once(site: Site) -> None:
    browser = site.browser("truc")
    code = set_up(site, browser)
    browser.post("/sign-out")
    answer = browser.signs_in("truc")
    assert "/sign-in/code" in answer.location or "Xác thực hai bước" in words(answer.text)
    again = browser.post("/sign-in/code", {"code": code}, page="/sign-in/code")
    assert "không đúng hoặc đã dùng" in words(again.text), "the code that set it up is accepted a second time"
    assert browser.get("/").status_code == 303


def test_guessing_codes_locks(site: Site) -> None:
    browser = site.browser("truc")
    set_up(site, browser)
    browser.post("/sign-out")
    browser.signs_in("truc")
    for _ in range(FAILURES_ALLOWED):
        browser.post("/sign-in/code", {"code": "000000"}, page="/sign-in/code")
    assert account(site, "truc").locked_until is not None
    assert "tạm khóa" in words(browser.post("/sign-in/code", {"code": "000000"}, page="/sign-in/code").text)


def test_recovery_codes_are_shown_once_made_and_kept_unreadable(site: Site) -> None:
    browser = site.browser("truc")
    set_up(site, browser)
    page = browser.post(
        "/account/recovery-codes", {"generate_new_codes": "1"}, page="/account/recovery-codes"
    ).text
    codes = re.findall(r"<li><code>([^<]+)</code></li>", page)
    assert len(codes) == 5
    kept = account(site, "truc").mf_recovery_codes
    assert kept
    assert not set(codes) & set(kept)


@pytest.mark.parametrize("address", ["/account", "/sign-in", "/account/two-factor"])
def test_account_pages_speak_vietnamese(site: Site, address: str) -> None:
    browser = site.browser() if address == "/sign-in" else site.browser("truc")
    text = browser.text(address)
    assert "Password" not in text
    assert "Login" not in text
    assert "Two-factor" not in text
