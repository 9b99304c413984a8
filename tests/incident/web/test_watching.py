"""Two hundred watch one room: the answer "nothing new" costs no look at accounts or runs, and never says it wrongly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, update

from incident.store.tables import Account
from tests.incident.web.conftest import Browser, Site


@pytest.fixture
def room(site: Site) -> str:
    return f"/incidents/{site.world.opens().incident_id}"


@contextmanager
def counted(site: Site) -> Iterator[list[str]]:
    said: list[str] = []

    def hear(_conn: object, _cursor: object, statement: str, *_more: object) -> None:
        said.append(statement)

    event.listen(site.wiring.store.engine, "before_cursor_execute", hear)
    yield said
    event.remove(site.wiring.store.engine, "before_cursor_execute", hear)


def asks(browser: Browser, room: str, tag: str) -> int:
    headers = {"If-None-Match": tag, "HX-Request": "true"}
    return browser.get(f"{room}/live", headers=headers).status_code


def tag_of(browser: Browser, room: str) -> str:
    return browser.get(f"{room}/live").headers["ETag"]


def test_a_second_question_in_the_same_moment_asks_the_database_nothing(site: Site, room: str) -> None:
    watch = site.app.extensions["watch"]
    watch.known_seconds = watch.fresh_seconds = 60.0
    browser, other = site.browser("truc"), site.browser("theodoi")
    mine, theirs = tag_of(browser, room), tag_of(other, room)
    assert asks(browser, room, mine) == 304
    with counted(site) as said:
        assert asks(browser, room, mine) == 304
        assert asks(other, room, theirs) == 304
    assert said == []


def test_the_tag_of_another_reader_is_not_mine(site: Site, room: str) -> None:
    assert asks(site.browser("theodoi"), room, tag_of(site.browser("truc"), room)) == 200


def test_who_signed_out_watches_no_longer(site: Site, room: str) -> None:
    browser = site.browser("truc")
    tag = tag_of(browser, room)
    stolen = site.browser()
    cookie = browser.client.get_cookie("incident")
    assert cookie
    stolen.client.set_cookie("incident", cookie.value)
    assert asks(stolen, room, tag) == 304
    browser.post("/sign-out")
    assert asks(stolen, room, tag) == 401


def test_what_a_page_fetches_by_itself_writes_no_cookie(site: Site, room: str) -> None:
    """Answered late, it would sign in again who has just signed out; kept by a cache, it would sign in anybody."""
    browser = site.browser("truc")
    page = browser.client.get(room)
    assert "Set-Cookie" in page.headers  # a hand was on it: the fifteen minutes begin again
    files = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text))
    assert len(files) >= 4
    assert "Set-Cookie" not in browser.client.get(f"{room}/live", headers={"HX-Request": "true"}).headers
    with counted(site) as said:
        for address in files:
            answer = browser.client.get(address)
            answer.close()
            assert answer.status_code == 200
            assert "Set-Cookie" not in answer.headers
            assert "Cookie" not in answer.headers.get("Vary", "")
    assert said == []


def test_who_lost_the_role_sees_nothing_more(site: Site, room: str) -> None:
    browser = site.browser("theodoi")
    tag = tag_of(browser, room)
    with site.wiring.store.writing() as session:
        session.execute(
            update(Account)
            .where(Account.email == "theodoi@sonlam.example")
            .values(roles=["member"], person_id=None)
        )
    assert asks(browser, room, tag) == 403


def test_who_was_idle_is_told_so(site: Site, room: str) -> None:
    browser = site.browser("truc")
    tag = tag_of(browser, room)
    site.world.time += timedelta(minutes=16)
    assert asks(browser, room, tag) == 401


def test_somebody_who_was_never_asked_is_refused(site: Site, room: str) -> None:
    other = f"/incidents/{site.world.opens('vu-viec-chung', level=1, key='two', short_name='viec khac').incident_id}"
    tag = tag_of(site.browser("truc"), other)
    assert asks(site.browser("nguoidang"), other, tag) == 403


def test_trouble_in_the_house_is_news_too(site: Site, room: str) -> None:
    browser = site.browser("truc")
    tag = tag_of(browser, room)
    with site.wiring.store.writing() as session:
        from incident.delivery import carriers

        carriers.pause(session, "twilio", "sai khóa", site.world.time)
    answer = browser.get(f"{room}/live", headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert "đang tạm dừng: sai khóa" in answer.text
