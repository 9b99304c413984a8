"""A call over real HTTP: the real Twilio client, the simulator's phones, our hooks, and what is not signed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.serving import make_server

from incident.delivery.outbox import Outbox
from incident.directory.sample import load_sample
from incident.response.open import Opened
from incident.store.sessions import Store
from incident.store.tables import Attempt, Entry, Inbound, Message, Receipt, Transition
from incident.web import hooks
from incident.wiring import Wiring
from notify.gateway import Gateway, Route
from notify.simulator.server import Phone, Simulator, serve
from notify.simulator.webhooks import signature
from notify.twilio import TwilioAccount
from notify.twilio_voice import TwilioVoice
from tests.incident.processes.test_hooks import SID, TOKEN
from tests.stories.world import NIGHT, World

LEAD = "pho_chu_tich_phu_trach"
OFFICE = "+84540000000"


@dataclass
class Line:
    """A province whose calls go through the real client to the simulator's phones, and come back by our hooks."""

    world: World
    simulator: Simulator
    app: Flask
    base: str
    incident: Opened

    @property
    def lead(self) -> Phone:
        return self.simulator.phone(str(self.world.person(LEAD).phone))

    def rings(self, minutes: float = 11) -> None:
        """The leader stays silent until the phone rings."""
        self.world.fast_forward(minutes)
        assert self.simulator.settle()

    def presses(self, key: str) -> None:
        self.lead.answer(key)
        assert self.simulator.settle()
        self.world.tick()

    def message(self) -> Message:
        """The call to the leader."""
        with self.world.store.reading() as session:
            return session.scalars(
                select(Message).where(
                    Message.channel == "voice", Message.person_id == self.world.person(LEAD).id
                )
            ).one()

    def moves(self) -> list[str]:
        """The statuses that the call to the leader went through."""
        moved = select(Transition.after).where(Transition.message_id == self.message().id)
        with self.world.store.reading() as session:
            return list(session.scalars(moved.order_by(Transition.id)))

    def path(self) -> str:
        return self.lead.calls[-1].url.removeprefix(self.base)

    def posts(self, path: str, form: dict[str, str], signed: bool = True) -> tuple[int, str]:
        header = {"X-Twilio-Signature": signature(TOKEN, self.base + path, form)} if signed else {}
        answer = self.app.test_client().post(path, data=form, headers=header)
        return answer.status_code, answer.get_data(as_text=True)

    def stored(self) -> tuple[int, int]:
        """Answers and receipts."""
        with self.world.store.reading() as session:
            counts = [session.scalar(select(func.count()).select_from(kind)) for kind in (Inbound, Receipt)]
        return int(counts[0] or 0), int(counts[1] or 0)


@pytest.fixture
def line(store: Store, tmp_path: Path) -> Iterator[Line]:
    with store.writing() as session:
        load_sample(session, NIGHT)
    world, app = World(store, tmp_path), Flask(__name__)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    base = f"http://127.0.0.1:{server.port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with serve(sid=SID, token=TOKEN, webhook_base=base, clock=world.now, ring_seconds=600) as simulator:
        world.settings = replace(
            world.settings, public_url=base, twilio_sid=SID, twilio_tokens=(TOKEN,), twilio_voice_from=OFFICE
        )
        account = TwilioAccount(SID, TOKEN, OFFICE, base, simulator.url, timeout_seconds=2.0)
        sender = TwilioVoice(account, OFFICE)
        world.gateway = Gateway([*world.gateway.routes, Route("voice", sender)])
        world.desk = replace(world.desk, voice=True, settings=world.settings)
        world.outbox.close()
        world.outbox = Outbox(store, world.gateway, world.settings, world.now, threads=4)
        wiring = Wiring(world.settings, world.now, world.gateway)
        wiring.__dict__.update(store=store, desk=world.desk, outbox=world.outbox)
        app.register_blueprint(hooks.blueprint(wiring))
        yield Line(world, simulator, app, base, world.opens())
        world.close()
        sender.close()
    server.shutdown()
    server.server_close()


def test_the_phone_rings_is_answered_and_a_key_is_pressed(line: Line) -> None:
    line.rings()
    assert [call.status for call in line.lead.calls] == ["ringing"]
    line.presses("3")
    assert line.lead.calls[-1].said == [line.message().body] * 2, "read, and read again"
    line.presses("1")
    assert line.lead.calls[-1].said[-1].startswith("Đã ghi nhận đồng chí nhận vụ việc số một không")
    assert line.lead.calls[-1].status == "completed"
    member = line.world.member(line.incident, LEAD)
    assert (member.state, member.via) == ("accepted", "voice")
    assert line.message().status == "delivered"
    with line.world.store.reading() as session:
        row = session.scalars(select(Inbound)).one()
    assert (row.body, row.state, row.message_id) == ("1", "understood", line.message().id)


def test_key_two_declines(line: Line) -> None:
    line.rings()
    line.presses("2")
    assert line.world.member(line.incident, LEAD).state in ("declined", "replaced")


def test_who_answered_by_sms_hears_thanks(line: Line) -> None:
    line.rings()
    line.world.phone(LEAD).replies("OK 10")
    line.lead.answer()
    assert line.simulator.settle()
    assert ["không phải làm gì thêm" in words for words in line.lead.calls[-1].said] == [True]
    assert line.lead.calls[-1].status == "completed"


def test_nobody_picks_up_and_it_rings_once_more(line: Line) -> None:
    line.rings()
    line.lead.let_ring()
    assert line.simulator.settle()
    line.world.tick()
    assert line.message().status == "created"
    line.rings(2)
    assert len(line.lead.calls) == 2
    line.lead.hang_up()
    assert line.simulator.settle()
    line.world.fast_forward(10)
    assert (line.message().status, line.message().error) == ("technical-failure", "busy")
    assert line.world.member(line.incident, LEAD).rang == "busy"
    assert len(line.lead.calls) == 2


@pytest.mark.parametrize("below", ["", "/key", "/status"])
def test_what_is_not_signed_is_refused_and_recorded(line: Line, below: str) -> None:
    line.rings()
    before = line.stored()
    form = {"CallSid": line.lead.calls[-1].sid, "CallStatus": "completed", "Digits": "1"}
    assert line.posts(line.path() + below, form, signed=False)[0] == 403
    forged = signature("another token", line.base + line.path() + below, form)
    headers = {"X-Twilio-Signature": forged}
    assert line.app.test_client().post(line.path() + below, data=form, headers=headers).status_code == 403
    assert line.stored() == before
    with line.world.store.reading() as session:
        kinds = list(session.scalars(select(Entry.kind).where(Entry.chain == "system")))
    assert kinds.count("webhook_refused") == 1


def test_a_reference_that_is_not_ours_tells_nothing_and_changes_nothing(line: Line) -> None:
    line.rings()
    before = line.stored()
    attempt = line.path().rsplit("/", 1)[1].partition(".")[0]
    form = {"CallSid": "CA" + "9" * 32, "CallStatus": "in-progress", "Digits": "1", "To": line.lead.number}
    for below in ("", "/key"):
        status, text = line.posts(f"/hooks/twilio/voice/{attempt}.0123456789abcdef0123{below}", form)
        assert status == 200
        assert "không còn hiệu lực" in text
        assert line.message().body not in text
    assert line.stored() == before


def test_a_key_that_comes_twice_is_one_answer(line: Line) -> None:
    line.rings()
    form = {
        "CallSid": line.lead.calls[-1].sid,
        "CallStatus": "in-progress",
        "Digits": "1",
        "To": line.lead.number,
    }
    answers = [line.posts(line.path() + "/key", form) for _ in range(3)]
    assert len(set(answers)) == 1
    assert line.stored()[0] == 1
    line.world.tick()
    assert line.world.kinds(line.incident).count("acknowledged") == 1
    assert line.posts(line.path() + "/key", form) == answers[0], "and after it was understood"
    assert line.stored()[0] == 1


def test_another_key_has_the_words_read_again(line: Line) -> None:
    line.rings()
    form = {"CallSid": line.lead.calls[-1].sid, "Digits": "9", "To": line.lead.number}
    status, text = line.posts(line.path() + "/key", form)
    assert (status, text.count("<Gather")) == (200, 3)
    assert line.stored()[0] == 0


@pytest.mark.parametrize("fault", ["reordered_callbacks", "duplicate_callbacks"])
def test_statuses_in_any_order_and_number_end_the_same(line: Line, fault: str) -> None:
    line.simulator.fault(channel="voice", **{fault: True})
    line.rings()
    line.presses("1")
    assert line.message().status == "delivered"
    assert line.world.member(line.incident, LEAD).state == "accepted"


def test_a_call_whose_answer_was_lost_is_known_by_its_ringing(line: Line) -> None:
    line.simulator.fault(channel="voice", phone=line.lead.number, error_after_accept=True)
    line.rings()
    assert line.moves() == ["sending", "unknown", "accepted"]
    line.presses("1")
    assert line.world.member(line.incident, LEAD).via == "voice"


def test_a_call_of_which_nothing_is_heard_is_found_by_number_and_time(line: Line) -> None:
    line.simulator.fault(
        channel="voice", phone=line.lead.number, times=1, error_after_accept=True, lost_callbacks=True
    )
    line.rings(10.2)
    assert line.message().status == "unknown"
    line.world.fast_forward(3)
    assert line.message().status == "accepted"
    assert len(line.lead.calls) == 1, "found, and not called once more"
    with line.world.store.reading() as session:
        attempt = session.scalars(select(Attempt).where(Attempt.message_id == line.message().id)).one()
    assert attempt.carrier_id == line.lead.calls[0].sid
    assert "delivery_unknown_decided" in line.world.kinds(line.incident)


def test_a_call_that_was_never_made_is_made_once_more_after_two_looks(line: Line) -> None:
    line.simulator.fault(channel="voice", phone=line.lead.number, times=1, status=500)
    line.rings(10.2)
    assert (line.message().status, line.lead.calls) == ("unknown", [])
    line.rings(1)
    assert line.lead.calls == [], "one look is not enough"
    line.rings(2)
    assert len(line.lead.calls) == 1
    line.presses("1")
    assert line.world.member(line.incident, LEAD).state == "accepted"
