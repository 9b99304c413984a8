"""The phones as a program and as a person sees them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import pytest
import urllib3

from notify.email import SmtpMail, parse_url
from notify.message import Message
from notify.simulator.server import Simulator, serve
from notify.twilio import TwilioAccount, TwilioSms, parse_inbound, valid_signature
from tests.notify.conftest import OFFICE, SID, TOKEN, Hooks

PHONE = "+84540000001"
SUMMONS = (
    "UBND tinh Son Lam: vu viec 27, tin ve ho Suoi Lac. Moi d/c tham gia To cong tac. "
    "Tra loi OK 27 (da nhan) hoac BAN 27 (ban). Truc 0540000001"
)


@dataclass
class Browser:
    """Asks without following redirects."""

    base: str
    pool: urllib3.PoolManager

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        return self.pool.request("GET", self.base + path, headers=headers, redirect=False)

    def json(self, path: str) -> object:
        return self.get(path).json()

    def post(self, path: str, form: dict[str, str], **headers: str) -> urllib3.BaseHTTPResponse:
        return self.pool.request(
            "POST", self.base + path, fields=form, encode_multipart=False, headers=headers, redirect=False
        )

    def order(self, path: str, value: object) -> urllib3.BaseHTTPResponse:
        return self.pool.request("POST", self.base + path, json=value, redirect=False)


@pytest.fixture
def browser(sim: Simulator) -> Iterator[Browser]:
    with urllib3.PoolManager() as pool:
        yield Browser(sim.url, pool)


def test_a_program_reads_what_a_phone_received(sim: Simulator, twilio: TwilioSms, browser: Browser) -> None:
    receipt = twilio.send(Message("sms", PHONE, SUMMONS))
    assert sim.settle()
    seen = browser.json(f"/phones/{PHONE}.json")
    assert isinstance(seen, dict)
    (message,) = seen["messages"]
    assert message["sid"] == receipt.carrier_id
    assert message["body"] == SUMMONS
    assert message["status"] == "delivered"
    assert datetime.fromisoformat(message["received_at"]).utcoffset() is not None


@pytest.mark.parametrize("written", [PHONE, quote(PHONE), "84540000001", "0540000001", "%200540%20000%20001"])
def test_a_number_in_an_address_may_be_written_in_any_way(
    twilio: TwilioSms, browser: Browser, written: str
) -> None:
    twilio.send(Message("sms", PHONE, "Vu viec 27"))
    assert len(json.loads(browser.get(f"/phones/{written}.json").data)["messages"]) == 1


def test_a_phone_that_got_nothing_is_empty(browser: Browser) -> None:
    assert browser.json("/phones/+84540000077.json") == {
        "phone": "+84540000077",
        "messages": [],
        "replies": [],
        "calls": [],
    }
    assert browser.get("/phones/xyz.json").status == 404


def test_an_answer_goes_to_the_service_signed(sim: Simulator, browser: Browser, hooks: Hooks) -> None:
    answer = browser.order(f"/phones/{PHONE}/reply", {"text": "Đã nhận 27"})
    assert answer.status == 201
    assert sim.settle()
    ((path, form, signature),) = hooks.calls
    assert path == "/hooks/twilio/inbound"
    assert valid_signature([TOKEN], hooks.url + path, form, signature)
    reply = parse_inbound(form)
    assert (reply.sender, reply.body, reply.carrier_id) == (PHONE, "Đã nhận 27", answer.json()["sid"])


def test_an_answer_goes_to_whoever_wrote_last(sim: Simulator, twilio: TwilioSms, hooks: Hooks) -> None:
    twilio.send(Message("sms", PHONE, SUMMONS))
    assert sim.phone(PHONE).reply("OK 27").to == OFFICE
    assert sim.phone(PHONE).reply("OK 27", to="+84540888888").to == "+84540888888"
    assert sim.settle()


def test_an_answer_the_service_refuses_is_shown_as_not_sent(
    sim: Simulator, browser: Browser, hooks: Hooks
) -> None:
    hooks.statuses[:] = [403]
    browser.order(f"/phones/{PHONE}/reply", {"text": "OK 27"})
    assert sim.settle()
    seen = browser.json(f"/phones/{PHONE}.json")
    assert isinstance(seen, dict)
    assert [reply["status"] for reply in seen["replies"]] == ["failed"]
    assert sim.failed_callbacks == 1


@pytest.mark.parametrize("order", [{}, {"text": ""}, {"text": "  "}, {"text": 5}, [1], "x"])
def test_an_answer_without_text_is_refused(browser: Browser, order: object) -> None:
    assert browser.order(f"/phones/{PHONE}/reply", order).status == 400


def test_a_form_on_another_site_cannot_answer(browser: Browser, hooks: Hooks) -> None:
    answer = browser.post(f"/phones/{PHONE}/reply", {"text": "OK 27"}, origin="https://elsewhere.example")
    assert answer.status == 403
    assert hooks.calls == []


def test_a_person_reads_and_answers_without_javascript(
    sim: Simulator, twilio: TwilioSms, browser: Browser, hooks: Hooks
) -> None:
    twilio.send(Message("sms", PHONE, SUMMONS + " https://tct.sonlam.gov.vn/a/7KQ2M9XW4T <b>"))
    board = browser.get("/").data.decode()
    assert "0540 000 001" in board
    assert "1 tin chưa đọc" in board
    page = browser.get(f"/phones/{PHONE}").data.decode()
    assert '<a href="https://tct.sonlam.gov.vn/a/7KQ2M9XW4T"' in page
    assert "&lt;b&gt;" in page
    assert 'value="OK 27"' in page
    assert 'value="BAN 27"' in page
    assert "tin chưa đọc" not in browser.get("/").data.decode()
    sent = browser.post(f"/phones/{PHONE}/reply", {"text": "OK 27"}, origin=sim.url)
    assert (sent.status, sent.headers["Location"]) == (303, f"/phones/{PHONE}")
    assert sim.settle()
    assert "đã gửi" in browser.get(f"/phones/{PHONE}").data.decode()


def test_phones_are_found_by_number_or_text(twilio: TwilioSms, browser: Browser) -> None:
    twilio.send(Message("sms", PHONE, "ho Suoi Lac"))
    twilio.send(Message("sms", "+84540000002", "cong thong tin"))
    for q in ("0540 000 002", "000002", "CONG"):
        page = browser.get(f"/?q={quote(q)}").data.decode()
        assert "0540 000 002" in page
        assert "0540 000 001" not in page


def test_mail_is_read_in_the_browser_and_by_programs(
    sim: Simulator, browser: Browser, clock: Callable[[], datetime]
) -> None:
    sender = SmtpMail(parse_url(sim.smtp_url), "Trực <truc@sonlam.example>", clock)
    sender.send(
        Message("email", "mau@sonlam.example", "Kính gửi đồng chí: http://x.example/a", "Vụ việc 27", "1")
    )
    sender.close()
    seen = browser.json("/mailbox.json")
    assert isinstance(seen, list)
    (mail,) = seen
    assert (mail["subject"], mail["to"], mail["message_id"]) == (
        "Vụ việc 27",
        ["mau@sonlam.example"],
        "<1@sonlam.example>",
    )
    assert "Vụ việc 27" in browser.get("/mailbox").data.decode()
    page = browser.get(f"/mailbox/{mail['id']}").data.decode()
    assert "Kính gửi đồng chí" in page
    assert '<a href="http://x.example/a"' in page
    assert browser.get("/mailbox/nothing").status == 404


@pytest.mark.parametrize("path", ["/", f"/phones/{PHONE}", "/mailbox", "/nowhere", "/static/live.js"])
def test_every_page_forbids_foreign_and_inline_code(browser: Browser, path: str) -> None:
    page = browser.get(path)
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'")
    assert "unsafe" not in policy
    text = page.data.decode()
    assert "<style" not in text
    assert "style=" not in text
    assert " onclick" not in text


def test_only_what_is_there_is_given_out(browser: Browser) -> None:
    assert browser.get("/static/simulator.css").headers["Content-Type"].startswith("text/css")
    for path in ("/static/..%2fserver.py", "/static/live.py", "/static/none.css", "/x"):
        assert browser.get(path).status == 404
    assert browser.post("/", {}).status == 405
    assert browser.get("/healthz").data == b"ok"


def test_the_phones_count_what_they_received_twice(
    twilio: TwilioSms, sim: Simulator, browser: Browser
) -> None:
    for body in ("mot", "mot", "hai"):
        twilio.send(Message("sms", PHONE, body))
    counts = browser.json("/counts.json")
    assert isinstance(counts, dict)
    assert counts["phones"] == {PHONE: {"received": 3, "duplicates": 1}}
    assert (counts["received"], counts["duplicates"]) == (3, 1)
    listed = browser.json("/phones.json")
    assert isinstance(listed, list)
    assert [(row["phone"], row["received"], row["last"]) for row in listed] == [(PHONE, 3, "hai")]


def test_a_restart_forgets_nothing(tmp_path: Path, hooks: Hooks, clock: Callable[[], datetime]) -> None:
    settings = {"sid": SID, "token": TOKEN, "webhook_base": hooks.url, "data_dir": tmp_path, "clock": clock}
    with serve(**settings) as first:  # type: ignore[arg-type]
        sender = TwilioSms(TwilioAccount(SID, TOKEN, OFFICE, api_base=first.url))
        sent = sender.send(Message("sms", PHONE, "Vu viec 27"))
        first.phone(PHONE).reply("STOP")
        mail = SmtpMail(parse_url(first.smtp_url), "truc@sonlam.example", clock)
        mail.send(Message("email", "mau@sonlam.example", "x", "Vụ việc", "1"))
        assert first.settle()
        before = first.counts()
        sender.close()
        mail.close()
    (journal,) = tmp_path.iterdir()
    journal.write_bytes(journal.read_bytes() + b'{"kind": "sms", "sid": "torn')
    with serve(**settings) as second:  # type: ignore[arg-type]
        assert second.counts() == before
        (message,) = second.phone(PHONE).messages
        assert (message.sid, message.status) == (sent.carrier_id, "delivered")
        assert second.state.opted_out == {PHONE}
        assert [m.subject for m in second.mailbox] == ["Vụ việc"]
        second.phone(PHONE).reply("START")
        assert second.settle()
    with serve(**settings) as third:  # type: ignore[arg-type]
        assert third.state.opted_out == set()
        assert [s.body for s in third.state.replies(PHONE)] == ["STOP", "START"]


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("127.0.0.1:8025", True), ("localhost", True), ("[::1]:80", True), ("127.9.9.9", True),
        ("tin-tuc.example", False), ("127.0.0.1.tin-tuc.example", False), ("localhost.example:80", False),
        ("[", False), ("10.1.2.3", False),
    ],
)  # fmt: skip
def test_only_this_machine_is_answered_under_its_own_names(
    browser: Browser, host: str, answered: bool
) -> None:
    """A page somewhere else, whose name was made to point here, neither reads a phone nor answers for it."""
    path = f"/phones/{PHONE}.json"
    assert (browser.get(path, Host=host).status == 200) is answered
    assert (
        browser.post(f"/phones/{PHONE}/reply", {"text": "OK 27"}, Host=host).status == 421
    ) is not answered
