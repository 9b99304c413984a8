"""A province without Twilio: its texts go by a domestic gateway, over real HTTP, and receipts and answers come back by it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from incident.directory.sample import load_sample
from incident.settings import Settings
from incident.store.sessions import Store
from incident.web import hooks
from incident.wiring import Wiring
from notify.simulator import server as simulator
from notify.simulator.domestic import Account
from notify.simulator.server import Phone, Simulator, serve
from tests.stories.world import NIGHT, World

DESCRIPTION = (
    Path(simulator.__file__)
    .with_name("gateways.yaml")
    .read_text(encoding="utf-8")
    .replace("  - twilio\n", "")
)
SECRET = "bi mat cua cong"
PUBLIC = "https://tct.sonlam.example"
POST = "so_vhttdl_chuyen_vien_bao_chi"


@dataclass
class Night:
    world: World
    phones: Simulator
    wiring: Wiring

    def phone(self, post: str) -> Phone:
        return self.phones.phone(str(self.world.person(post).phone))

    def settle(self) -> None:
        """Everything that the carrier has to tell is told, and understood."""
        assert self.phones.settle()
        self.world.outbox.sweep(self.world.time)
        self.world.understand()
        assert self.phones.settle()
        self.world.outbox.sweep(self.world.time)

    def statuses(self, incident: str) -> set[str]:
        from sqlalchemy import select

        from incident.store.tables import Message

        with self.world.store.reading() as session:
            return set(
                session.scalars(
                    select(Message.status).where(Message.channel == "sms", Message.incident_id == incident)
                )
            )


def _night(store: Store, folder: Path, description: str) -> Iterator[Night]:
    with store.writing() as session:
        load_sample(session, NIGHT)
    world = World(store, folder)
    world.close()
    app = Flask(__name__)
    web = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    account = Account("noi-dia", SECRET, signed=True)
    with serve(
        webhook_base=f"http://127.0.0.1:{web.port}", public_url=PUBLIC, clock=world.now, gateways=(account,)
    ) as phones:
        (folder / "cong.yaml").write_text(description, encoding="utf-8")
        env = {
            "DATA_DIR": str(folder), "SECRET_KEY": "story", "PUBLIC_URL": PUBLIC, "SIMULATOR_URL": phones.url,
            "SIMULATOR_GATEWAY_SECRET": SECRET, "SMS_GATEWAYS": str(folder / "cong.yaml"),
        }  # fmt: skip
        wiring = Wiring(Settings.from_env(env), world.now, env=env)
        wiring.store = store
        app.register_blueprint(hooks.blueprint(wiring))
        world.gateway, world.outbox, world.desk = wiring.gateway, wiring.outbox, wiring.desk
        yield Night(world, phones, wiring)
        world.every_run_is_what_its_events_make_of_it()
        world.close()
    web.shutdown()
    web.server_close()


@pytest.fixture
def night(store: Store, tmp_path: Path) -> Iterator[Night]:
    yield from _night(store, tmp_path, DESCRIPTION)


@pytest.fixture
def one_way(store: Store, tmp_path: Path) -> Iterator[Night]:
    yield from _night(store, tmp_path, DESCRIPTION.replace("two_way: yes", "two_way: no"))


def test_a_crisis_is_opened_and_answered_by_the_domestic_gateway(night: Night) -> None:
    incident = night.world.opens()
    night.settle()
    (summons,) = night.phone(POST).messages
    assert (summons.carrier, summons.status) == ("noi-dia", "delivered")
    assert "OK 10" in summons.body
    assert night.statuses(incident.incident_id) == {"delivered"}

    night.phone(POST).reply("Đã nhận 10 ạ")
    night.settle()
    assert night.world.member(incident, POST).state == "accepted"
    assert "Da ghi nhan d/c nhan viec 10" in night.phone(POST).bodies[-1]
    night.phone("so_nnmt_thuy_loi").reply("BAN 10")
    night.settle()
    assert night.world.member(incident, "so_nnmt_thuy_loi").state == "declined"
    assert night.phones.counts()["carriers"].keys() == {"noi-dia"}
    assert night.phones.failed_callbacks == 0
    assert night.world.verify(incident).ok


def test_an_answer_lost_after_the_gateway_took_the_text_repeats_nothing(night: Night) -> None:
    night.phones.fault(reset_after_accept=True, rate=1.0)
    incident = night.world.opens()
    night.phones.clear_faults()
    night.settle()
    assert night.statuses(incident.incident_id) == {"delivered"}
    counts = night.phones.counts()
    assert counts["received"] >= 5
    assert counts["duplicates"] == 0


def test_reports_lost_doubled_and_reversed_end_well(night: Night) -> None:
    night.phones.fault(reordered_callbacks=True, duplicate_callbacks=True)
    incident = night.world.opens()
    night.settle()
    assert night.statuses(incident.incident_id) == {"delivered"}
    assert night.phones.counts()["duplicates"] == 0


def test_by_a_gateway_that_takes_no_answers_people_are_sent_a_link(one_way: Night) -> None:
    incident = one_way.world.opens()
    one_way.settle()
    (summons,) = one_way.phone(POST).messages
    assert f"{PUBLIC}/a/" in summons.body or "tct.sonlam.example/a/" in summons.body
    assert "OK 10" not in summons.body
    assert one_way.world.member(incident, POST).state == "asked"
