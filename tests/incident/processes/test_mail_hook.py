"""A mail goes out, its reader answers, and the answer comes back in by the hook or by the command of a mail server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select
from werkzeug.serving import make_server

from incident.commands import mail_in as command
from incident.store.sessions import Store
from incident.store.tables import Entry, Inbound, MessageCause
from incident.web import hooks
from incident.wiring import Wiring
from incident.wiring import now as real_now
from notify import mail_in
from notify.email import SmtpMail, parse_url
from notify.gateway import Gateway, Route
from notify.simulator.server import Simulator, serve
from tests.incident.delivery.world import World, settings

SECRET = "bi mat cua thu"
OFFICE = "truc@sonlam.example"


@dataclass
class Line:
    world: World
    wiring: Wiring
    simulator: Simulator
    app: Flask

    def rows(self) -> list[Inbound]:
        with self.world.store.reading() as session:
            return list(session.scalars(select(Inbound).order_by(Inbound.id)))

    def hand_in(self, raw: bytes, given: str | None = None) -> int:
        said = mail_in.signature(SECRET, raw) if given is None else given
        answer = self.app.test_client().post(
            "/hooks/email/inbound", data=raw, headers={"X-Signature": said}, content_type="message/rfc822"
        )
        return answer.status_code


@pytest.fixture
def line(store: Store) -> Iterator[Line]:
    world = World(store)
    world.clock.at = real_now()
    app = Flask(__name__)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    base = f"http://127.0.0.1:{server.port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    with serve(webhook_base=base, clock=real_now, mail_secret=SECRET) as simulator:
        made = replace(settings(store, public_url=base), email_secret=SECRET)
        sender = SmtpMail(parse_url(simulator.smtp_url), OFFICE, real_now)
        wiring = Wiring(made, real_now, Gateway([Route("email", sender)]))
        wiring.store = store
        app.register_blueprint(hooks.blueprint(wiring))
        yield Line(world, wiring, simulator, app)
        wiring.outbox.close()
        sender.close()
    server.shutdown()
    server.server_close()
    world.outbox.close()


RAW = b"From: a@b.example\r\nMessage-ID: <1@b.example>\r\n\r\nOK 27\r\n"


def test_an_answer_comes_back_to_the_mail_it_answers(line: Line) -> None:
    one = line.world.message(
        "mau1@sonlam.example", channel="email", subject="Vụ việc 27", body="Kính gửi đồng chí\n\nMời họp."
    )
    with line.world.store.writing() as session:
        session.add(MessageCause(effect_key="e", message_id=one))
    assert line.wiring.outbox.drain() == 1
    (mail,) = line.simulator.mailbox
    line.simulator.answer_mail(mail, "Đã nhận")
    assert line.simulator.settle()
    assert line.simulator.failed_callbacks == 0
    (row,) = line.rows()
    assert (row.message_id, row.sender, row.body, row.carrier) == (
        one,
        "mau1@sonlam.example",
        "Đã nhận",
        "smtp",
    )


def test_what_is_not_signed_is_refused_and_recorded(line: Line) -> None:
    for given in ("", "x", "ạ", mail_in.signature("khác", RAW), mail_in.signature(SECRET, b"")):
        assert line.hand_in(RAW, given) == 403
    assert line.hand_in(b"", mail_in.signature(SECRET, b"")) == 403
    assert line.rows() == []
    with line.world.store.reading() as session:
        assert session.scalar(select(func.count()).where(Entry.kind == "webhook_refused")) == 1


def test_twice_is_once_and_what_no_person_wrote_is_not_kept(line: Line) -> None:
    assert [line.hand_in(RAW), line.hand_in(RAW)] == [200, 200]
    assert (
        line.hand_in(
            RAW.replace(b"<1@", b"<2@").replace(b"\r\n\r\n", b"\r\nAuto-Submitted: auto-replied\r\n\r\n")
        )
        == 200
    )
    assert line.hand_in(b"OK 27") == 400
    assert len(line.rows()) == 1


def test_without_a_secret_there_is_no_such_door(line: Line) -> None:
    line.wiring.settings = replace(line.wiring.settings, email_secret=None)
    assert line.hand_in(RAW) == 404


def test_a_mail_server_pipes_it_in(line: Line) -> None:
    env = {
        "DATABASE_URL": line.world.store.url.render_as_string(hide_password=False), "SECRET_KEY": "x",
        "TWILIO_ACCOUNT_SID": "", "SMTP_URL": "", "SMS_GATEWAYS": "",
    }  # fmt: skip

    def piped(raw: bytes, **more: str) -> tuple[int, str]:
        result = CliRunner().invoke(command.command, input=raw, env={**env, **more})
        return result.exit_code, result.output

    assert piped(RAW) == (0, "Đã ghi.\n")
    assert piped(RAW) == (0, "Thư này đã ghi từ trước.\n")
    assert len(line.rows()) == 1
    code, said = piped(b"OK 27")
    assert code == 1
    assert "Không phải thư" in said
    gone = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
    assert piped(RAW, DATABASE_URL=gone)[0] == command.TRY_AGAIN
