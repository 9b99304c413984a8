"""The operator's page of the carriers: what it tells, who may stop one, and a test that goes by the one that is tried."""

from __future__ import annotations

from sqlalchemy import select

from incident.delivery import carriers as state
from incident.delivery import operating
from incident.store.tables import CarrierState, Entry, Message
from notify.gateway import Gateway, Route
from notify.memory import TWO_WAY, MemorySender, refuses
from notify.message import Balance, PermanentFailure
from tests.incident.web.conftest import Browser, Site

PAGE = "/settings/carriers"


def act(browser: Browser, name: str, **form: str) -> int:
    return browser.post(f"{PAGE}/{name}", form, page=PAGE).status_code


def second(site: Site) -> MemorySender:
    """Another carrier behind the first."""
    other = MemorySender(site.world.now, name="second", capabilities=TWO_WAY)
    gateway = Gateway([*site.world.gateway.routes, Route("sms", other)])
    site.wiring.carriers = site.wiring.__dict__["gateway"] = site.world.outbox.gateway = gateway
    return other


def test_what_stands_there_is_what_happened(site: Site) -> None:
    world = site.world
    world.sms.will(refuses(PermanentFailure("30005", "unknown number", "address")))
    world.opens(level=1)
    world.deliver()
    text = site.browser("truc").text(PAGE)
    assert "memory Đang dùng" in text
    assert "từ chối 1" in text
    assert "số không liên lạc được (mã 30005) (1)" in text
    assert "không giới hạn" in text
    metrics = site.browser("truc").get("/metrics").text
    assert 'incident_carrier_share_percent{carrier="memory"} 100' in metrics
    assert 'incident_carrier_calls_last_hour{carrier="memory",outcome="refused"} 1' in metrics


def test_who_holds_a_carrier_stops_it_until_it_is_let_go(site: Site) -> None:
    world, browser = site.world, site.browser("quantri")
    other = second(site)
    assert act(browser, "memory", what="hold", reason=" ") == 422
    assert act(browser, "memory", what="hold", reason="nhà mạng báo sự cố") == 303
    assert "Quản trị: nhà mạng báo sự cố" in browser.text(PAGE)
    assert "đã tạm dừng kênh gửi" in site.browser("truc").text("/")
    world.opens(level=1)
    world.deliver()
    assert world.sms.calls == []
    assert other.calls
    with world.store.writing() as session:  # a good answer does not overrule a person's hand
        state.resume(session, "memory", world.time)
    assert "Đã tạm dừng" in browser.text(PAGE)
    assert act(browser, "memory", what="let_go") == 303
    assert "memory Đang dùng" in browser.text(PAGE)
    with world.store.reading() as session:
        kinds = session.scalars(select(Entry.kind).where(Entry.chain == "system")).all()
    assert kinds.count("carrier_held") == kinds.count("carrier_let_go") == 1


def test_what_a_carrier_says_shows_no_number(site: Site) -> None:
    with site.world.store.writing() as session:
        state.pause(session, "memory", "21608: The number +84901234567 is unverified", site.world.time)
    text = site.browser("phatngon").text("/")
    assert "21608: The number [số điện thoại] is unverified" in text


def test_a_test_goes_by_the_one_that_is_tried_and_by_no_other(site: Site) -> None:
    world, browser = site.world, site.browser("truc")
    other = second(site)
    assert act(browser, "second", what="test") == 303
    assert act(browser, "second", what="test") == 422, "not twice within half a minute"
    world.deliver()
    assert world.sms.calls == []
    (sent,) = other.sent
    assert sent.body.startswith("Tin thu cua he thong")
    assert "Tin thử gần nhất" in browser.text(PAGE)
    with world.store.reading() as session:
        (row,) = session.scalars(select(Message).where(Message.kind == "test"))
        assert (row.status, row.incident_id) == ("accepted", None)


def test_a_call_is_not_tried_without_an_incident(site: Site) -> None:
    voice = MemorySender(site.world.now, name="caller", capabilities=TWO_WAY)
    site.wiring.carriers = site.wiring.__dict__["gateway"] = Gateway([Route("voice", voice)])
    assert "Gửi thử cho tôi" not in site.browser("truc").text(PAGE)
    assert act(site.browser("truc"), "caller", what="test") == 422


def test_who_may_not_come_near(site: Site) -> None:
    assert site.browser("nguoidang").get(PAGE).status_code == 403
    assert act(site.browser("truc"), "khong_co", what="test") == 404
    assert act(site.browser("truc"), "memory", what="<script>") == 422
    assert act(site.browser("quantri"), "memory", what="test") == 422, "an account without a number"


class Account(MemorySender):
    left = 3.2

    def balance(self) -> Balance:
        return Balance(self.left, "USD")


def test_an_account_that_runs_dry_is_told_before_it_is_empty(site: Site) -> None:
    world = site.world
    account = Account(world.now, name="twilio")
    gateway = Gateway([Route("sms", account)])
    assert operating.ask_balances(world.store, gateway, world.time) == 1
    assert "Tài khoản “Twilio” sắp hết tiền: còn 3.20 USD" in site.browser("truc").text("/")
    account.left = 300.0
    operating.ask_balances(world.store, gateway, world.time)
    assert "sắp hết tiền" not in site.browser("truc").text("/")
    with world.store.reading() as session:
        assert session.get_one(CarrierState, "twilio").balance_at == world.time


class Domestic(MemorySender):
    left = 49_000.0

    def balance(self) -> Balance:
        return Balance(self.left, "VND", low=50_000)


def test_a_domestic_account_says_itself_what_is_little(site: Site) -> None:
    world = site.world
    account = Domestic(world.now, name="esms")
    gateway = Gateway([Route("sms", account)])
    operating.ask_balances(world.store, gateway, world.time)
    assert "sắp hết tiền: còn 49000.00 VND" in site.browser("truc").text("/")
    account.left = 50_001
    operating.ask_balances(world.store, gateway, world.time)
    assert "sắp hết tiền" not in site.browser("truc").text("/")
