"""The simulator's phones ring, are answered, are left ringing, and report as Twilio does, also when it goes wrong."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

import pytest

from notify.message import Message, PermanentFailure
from notify.simulator.calling import NoCall
from notify.simulator.server import Simulator, serve
from notify.twilio import TwilioAccount, valid_signature
from notify.twilio_voice import TwilioVoice, ask, end
from tests.notify.conftest import NOW, OFFICE, SID, TOKEN

PHONE = "+84540000001"
AT = "/hooks/twilio/voice/a1.sig"


@dataclass
class Service:
    """Answers what is to be said, and keeps what it was told."""

    url: str = ""
    told: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    forged: int = 0

    @property
    def statuses(self) -> list[str]:
        return [form["CallStatus"] for path, form in self.told if path.endswith("/status")]

    @property
    def keys(self) -> list[str]:
        return [form["Digits"] for path, form in self.told if path.endswith("/key")]

    def says(self, path: str, form: dict[str, str]) -> str:
        if path.endswith("/status"):
            return ""
        if path.endswith("/key") and form["Digits"] != "3":
            return end("Đã ghi nhận.")
        return ask("Vụ việc hai bảy.", self.url + AT, "Xin cảm ơn.")


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = dict(parse_qsl(body, keep_blank_values=True))
            made.told.append((self.path, form))
            if not valid_signature((TOKEN,), made.url + self.path, form, self.headers["X-Twilio-Signature"]):
                made.forged += 1
            answer = made.says(self.path, form).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()
    assert made.forged == 0


@dataclass
class Line:
    sim: Simulator
    voice: TwilioVoice

    def calls(self) -> None:
        self.voice.send(Message("voice", PHONE, "", reference="a1.sig"))
        self.sim.settle()

    def status(self) -> str:
        return self.sim.phone(PHONE).calls[-1].status


@pytest.fixture
def line(service: Service) -> Iterator[Line]:
    with opened(service) as sim:
        yield joined(service, sim)


def opened(service: Service, **more: Any) -> Simulator:
    return serve(sid=SID, token=TOKEN, webhook_base=service.url, clock=lambda: NOW, **more)


def joined(service: Service, sim: Simulator) -> Line:
    account = TwilioAccount(SID, TOKEN, OFFICE, public_url=service.url, api_base=sim.url, timeout_seconds=2.0)
    return Line(sim, TwilioVoice(account, OFFICE))


def test_somebody_picks_up_and_presses_a_key(line: Line, service: Service) -> None:
    line.calls()
    assert line.status() == "ringing"
    phone = line.sim.phone(PHONE)
    phone.answer()
    line.sim.settle()
    assert (phone.calls[-1].said, phone.calls[-1].status) == (["Vụ việc hai bảy."], "in-progress")
    phone.answer("3")
    line.sim.settle()
    phone.answer("1")
    line.sim.settle()
    call = phone.calls[-1]
    assert call.said == ["Vụ việc hai bảy.", "Vụ việc hai bảy.", "Đã ghi nhận."]
    assert (call.status, call.keys, service.keys) == ("completed", ["3", "1"], ["3", "1"])
    assert service.statuses == ["ringing", "in-progress", "completed"]


def test_answer_and_key_in_one(line: Line, service: Service) -> None:
    line.calls()
    line.sim.phone(PHONE).answer("2")
    line.sim.settle()
    assert (service.keys, line.status()) == (["2"], "completed")


def test_nobody_picks_up(service: Service) -> None:
    with opened(service, ring_seconds=0.05) as sim:
        line = joined(service, sim)
        line.calls()
        assert sim.wait(lambda: line.status() == "no-answer")
        sim.settle()
        assert service.statuses == ["ringing", "no-answer"]


def test_no_key_is_pressed_and_it_is_read_thrice(service: Service) -> None:
    with opened(service, wait_seconds=0.02) as sim:
        line = joined(service, sim)
        line.calls()
        sim.phone(PHONE).answer()
        assert sim.wait(lambda: line.status() == "completed")
        assert sim.phone(PHONE).calls[-1].said == ["Vụ việc hai bảy."] * 3 + ["Xin cảm ơn."]


@pytest.mark.parametrize(("what", "status"), [("hang_up", "busy"), ("let_ring", "no-answer")])
def test_a_ringing_phone_is_turned_away_or_left(line: Line, service: Service, what: str, status: str) -> None:
    line.calls()
    line.sim.in_call(PHONE, what)
    line.sim.settle()
    assert (line.status(), service.statuses[-1]) == (status, status)
    with pytest.raises(NoCall):
        line.sim.phone(PHONE).answer("1")


@pytest.mark.parametrize("how", ["busy", "no-answer", "failed"])
def test_a_call_ends_as_ordered(line: Line, service: Service, how: str) -> None:
    line.sim.fault(call=how)
    line.calls()
    assert (line.status(), service.statuses) == (how, [how])


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        ("lost_callbacks", []),
        ("duplicate_callbacks", ["ringing", "ringing", "busy", "busy"]),
        ("reordered_callbacks", ["busy", "ringing"]),
    ],
)
def test_callbacks_get_lost_double_and_change_places(
    line: Line, service: Service, fault: str, statuses: list[str]
) -> None:
    line.sim.fault(**{fault: True})
    line.calls()
    line.sim.phone(PHONE).hang_up()
    line.sim.settle()
    assert service.statuses == statuses


def test_a_fault_may_hit_calls_alone(line: Line) -> None:
    line.sim.fault(channel="voice", code=21217)
    with pytest.raises(PermanentFailure, match="21217"):
        line.calls()
    assert line.sim.phone(PHONE).calls == []


def test_programs_answer_over_http(line: Line, service: Service) -> None:
    line.calls()
    assert post(line.sim.url, f"/phones/{PHONE}/answer", {"key": "1"}) == 202
    line.sim.settle()
    with urllib.request.urlopen(f"{line.sim.url}/phones/{PHONE}.json") as answer:
        call = json.load(answer)["calls"][0]
    assert (call["status"], call["keys"], call["said"]) == (
        "completed",
        ["1"],
        ["Vụ việc hai bảy.", "Đã ghi nhận."],
    )
    assert post(line.sim.url, f"/phones/{PHONE}/answer", {"key": "1"}) == 409
    assert post(line.sim.url, f"/phones/{PHONE}/answer", {"key": "12"}) == 400


def test_a_restart_forgets_no_call(service: Service, tmp_path: Path, clock: Callable[[], datetime]) -> None:
    with opened(service, data_dir=tmp_path) as sim:
        line = joined(service, sim)
        line.calls()
        sim.phone(PHONE).answer("1")
        sim.settle()
        line.calls()
    with opened(service, data_dir=tmp_path) as sim:
        calls = sim.phone(PHONE).calls
        assert [(call.status, call.keys) for call in calls] == [("completed", ["1"]), ("failed", [])]
        assert calls[0].answered_at == clock()


def post(base: str, path: str, body: dict[str, str]) -> int:
    request = urllib.request.Request(
        base + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as fault:
        return fault.code
