"""The pages in a real browser: nothing axe objects to, nothing the policy blocks, and what one types stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from notify.email import SmtpMail, parse_url
from notify.message import Message
from notify.simulator.server import Simulator
from notify.twilio import TwilioAccount, TwilioSms
from notify.twilio_voice import TwilioVoice
from tests.notify.conftest import OFFICE, SID, TOKEN

pytestmark = pytest.mark.browser
PHONE = "+84540000001"
SUMMONS = "UBND tinh Son Lam: vu viec 27. Tra loi OK 27 (da nhan) hoac BAN 27 (ban). Truc 0540000001"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    opened = chromium.new_page()
    yield opened
    opened.close()


def test_pages_are_accessible_and_clean(
    sim: Simulator, twilio: TwilioSms, clock: Callable[[], datetime], page: Page
) -> None:
    twilio.send(Message("sms", PHONE, SUMMONS))
    sim.phone(PHONE).reply("OK 27")
    sender = SmtpMail(parse_url(sim.smtp_url), "truc@sonlam.example", clock)
    sender.send(Message("email", "mau@sonlam.example", "Kính gửi: http://x.example", "Vụ việc 27", "1"))
    sender.close()
    sim.settle()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for path in ("/", f"/phones/{PHONE}", "/mailbox", f"/mailbox/{sim.mailbox[0].id}"):
        page.goto(sim.url + path)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    assert said == []


def test_a_ringing_phone_is_turned_away_on_a_narrow_page(sim: Simulator, page: Page) -> None:
    account = TwilioAccount(SID, TOKEN, OFFICE, public_url=sim.url, api_base=sim.url, timeout_seconds=2.0)
    sender = TwilioVoice(account, OFFICE)
    sender.send(Message("voice", PHONE, "", reference="a.b"))
    sim.settle()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{sim.url}/phones/{PHONE}")
    assert Axe().run(page).violations_count == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Từ chối, máy bận").click()
    page.get_by_text("Máy bận").wait_for(timeout=5000)
    assert sim.phone(PHONE).calls[-1].status == "busy"
    sender.close()


def test_a_new_message_appears_while_an_answer_is_being_typed(
    sim: Simulator, twilio: TwilioSms, page: Page
) -> None:
    twilio.send(Message("sms", PHONE, SUMMONS))
    page.goto(f"{sim.url}/phones/{PHONE}")
    page.fill("#text", "BAN 27, cu")
    twilio.send(Message("sms", PHONE, "Vu viec 27: nhac lan 1"))
    page.get_by_text("nhac lan 1").wait_for(timeout=5000)
    assert page.input_value("#text") == "BAN 27, cu"
    page.get_by_role("button", name="Gửi").click()
    page.get_by_text("Máy này trả lời").wait_for(timeout=5000)
    assert [sms.body for sms in sim.state.replies(PHONE)] == ["BAN 27, cu"]
