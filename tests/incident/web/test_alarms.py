"""What is wrong in the engine room stands above every page, in words that say what to do; and with no database at all
a page of paper does."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from incident.store.tables import CarrierState, Lease, Message
from notify.gateway import Gateway, Route
from notify.memory import MemorySender
from notify.message import Capabilities
from tests.incident.web.conftest import Browser, Site


@pytest.fixture
def room(site: Site) -> str:
    return f"/incidents/{site.world.opens().incident_id}"


@pytest.fixture
def well(site: Site) -> Browser:
    """Nothing is wrong: the clock has just swept, a carrier has just called back."""
    now = site.world.time
    with site.wiring.store.writing() as session:
        session.execute(delete(Lease).where(Lease.name == "clock"))
        session.execute(
            insert(Lease).values(
                name="clock", holder="test", until=now + timedelta(hours=9), beat_at=now, fence=1
            )
        )
        session.execute(delete(CarrierState))
        session.execute(insert(CarrierState).values(name="twilio", reason="", last_callback_at=now))
    return site.browser("truc")


def changes(site: Site, **values: object) -> None:
    """One message of the incident, as if this had become of it."""
    with site.wiring.store.writing() as session:
        first = session.query(Message.id).where(Message.channel == "sms").order_by(Message.id).first()
        assert first
        called = {"attempts": 1, "claim_until": None, "finished_at": None}
        session.execute(update(Message).where(Message.id == first[0]).values(**called | values))


def test_all_is_well_and_nothing_is_said(site: Site, room: str, well: Browser) -> None:
    assert "Cảnh báo:" not in well.text(room)


def test_a_silent_clock_is_told(site: Site, room: str, well: Browser) -> None:
    site.world.time += timedelta(seconds=40)
    assert "Bộ đếm giờ không chạy" in well.text(room)
    assert "Bộ đếm giờ không chạy" in well.text("/directory")


def test_messages_nobody_knows_the_fate_of_are_told_after_three_minutes(
    site: Site, room: str, well: Browser
) -> None:
    changes(site, status="unknown", not_before=site.world.time - timedelta(minutes=2))
    assert "chưa rõ đã gửi hay chưa quá 3 phút" not in well.text(room)
    changes(site, status="unknown", not_before=site.world.time - timedelta(minutes=4))
    assert "1 tin chưa rõ đã gửi hay chưa quá 3 phút" in well.text(room)


def test_messages_that_should_have_left_are_told(site: Site, room: str, well: Browser) -> None:
    changes(site, status="created", not_before=site.world.time - timedelta(minutes=6))
    assert "tin chờ lâu nhất 6 phút" in well.text(room)


def test_a_carrier_that_no_longer_says_anything_is_told(site: Site, room: str, well: Browser) -> None:
    changes(site, status="accepted")
    assert "Nhà mạng chưa báo lại" not in well.text(room)
    with site.wiring.store.writing() as session:
        session.execute(update(CarrierState).values(last_callback_at=site.world.time - timedelta(minutes=30)))
    site.world.time += timedelta(minutes=12)
    assert "Nhà mạng chưa báo lại tin nào trong 10 phút qua" in well.text(room)


def test_a_carrier_that_never_called_back_is_no_news(site: Site, room: str, well: Browser) -> None:
    changes(site, status="accepted")
    with site.wiring.store.writing() as session:
        session.execute(delete(CarrierState))
    site.world.time += timedelta(minutes=12)
    assert "Nhà mạng chưa báo lại" not in well.text(room)


def test_silence_is_news_of_a_carrier_that_is_known_to_report(site: Site, room: str, well: Browser) -> None:
    reports = Capabilities(receipts="delivered")
    site.wiring.gateway = Gateway([Route("sms", MemorySender(site.world.now, capabilities=reports))])
    changes(site, status="accepted")
    with site.wiring.store.writing() as session:
        session.execute(delete(CarrierState))
    site.world.time += timedelta(minutes=12)
    assert "Nhà mạng chưa báo lại" in well.text(room)


def test_a_stranger_reads_no_alarm(site: Site, room: str) -> None:
    assert "Cảnh báo:" not in site.browser().text("/sign-in")


def test_without_a_database_a_page_says_what_to_do_on_paper(site: Site, room: str) -> None:
    browser = site.browser("truc")
    browser.text(room)
    path = site.wiring.store.engine.url.database
    assert path
    site.wiring.store.dispose()
    for file in Path(path).parent.glob("incident.db*"):
        file.unlink()
    answer = browser.get(room)
    assert answer.status_code == 503
    assert "Xử lý vụ việc trên giấy" in answer.text
    assert "Gọi trực 0540 000 001" in answer.text
    assert "Retry-After" in answer.headers
    polled = browser.get(f"{room}/live", headers={"HX-Request": "true"})
    assert polled.status_code == 503
    assert "<html" not in polled.text
