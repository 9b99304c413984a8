"""Mail as it is written, delivered and refused, over real SMTP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from notify.email import SmtpMail, SmtpServer, compose, judge, message_id, parse_url
from notify.message import (
    ConfigurationFault,
    Message,
    PermanentFailure,
    SendFailure,
    TemporaryFailure,
    UnknownOutcome,
)
from notify.simulator.server import Simulator
from tests.notify.broken import free_port

FROM = "Trực ban UBND tỉnh Sơn Lâm <truc@sonlam.example>"
TO = "mau01@sonlam.example"
SUBJECT = "[Vụ việc 27] Mời tham gia Tổ công tác, đề nghị xác nhận trước 02 giờ 25 phút sáng nay, trân trọng"
BODY = (
    "Kính gửi đồng chí Nguyễn Văn Mẫu 01,\n\n.Dòng có dấu chấm đầu\n..hai chấm\n"
    + "ộ" * 1200
    + "\nTrân trọng."
)
LETTER = Message("email", TO, BODY, SUBJECT, reference="27.1", in_reply_to="27.0")
Conversation = list[tuple[str, str]]


@pytest.fixture
def mail(sim: Simulator, clock: Callable[[], datetime]) -> Iterator[SmtpMail]:
    sender = SmtpMail(parse_url(sim.smtp_url), FROM, clock)
    yield sender
    sender.close()


def test_vietnamese_arrives_as_it_was_written(mail: SmtpMail, sim: Simulator) -> None:
    receipt = mail.send(LETTER)
    assert (receipt.carrier, receipt.status) == ("smtp", "sent")
    (kept,) = sim.mailbox
    assert kept.subject == SUBJECT
    assert kept.text.replace("\r\n", "\n").rstrip("\n") == BODY
    assert (kept.sender, kept.to) == ("truc@sonlam.example", [TO])
    assert kept.message_id == receipt.carrier_id == "<27.1@sonlam.example>"
    headers = dict(kept.headers)
    assert headers["From"] == FROM
    assert headers["References"] == headers["In-Reply-To"] == "<27.0@sonlam.example>"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Date"] == "Sun, 22 Nov 2026 02:06:00 +0000"


def test_one_connection_carries_several_mails(mail: SmtpMail, sim: Simulator) -> None:
    for n in range(5):
        mail.send(replace(LETTER, reference=f"27.{n}"))
    assert len(sim.mailbox) == 5
    assert sim.counts()["mail_duplicates"] == 0


def test_a_repeated_mail_has_the_same_id(mail: SmtpMail, sim: Simulator) -> None:
    assert mail.send(LETTER).carrier_id == mail.send(LETTER).carrier_id
    bare = replace(LETTER, reference="")
    assert mail.send(bare).carrier_id == mail.send(bare).carrier_id
    assert sim.counts()["mail_duplicates"] == 2


@pytest.mark.parametrize("reference", ["a.b-c_d", "has space", "đ", "a@b", "x" * 300, "..", "<kept@as.is>"])
def test_any_reference_makes_a_wellformed_id(reference: str) -> None:
    made = message_id(reference, FROM)
    assert made == message_id(reference, FROM)
    assert made.isascii()
    assert made.count("@") == 1
    assert " " not in made
    assert len(made) < 160


def test_our_headers_cannot_be_replaced_and_others_are_kept() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    headers = {"List-Id": "<27.sonlam.example>", "from": "other@x.example", "X-Dien-Tap": "Diễn tập"}
    raw = compose(replace(LETTER, headers=headers), FROM, now).as_bytes()
    read = message_from_bytes(raw, policy=policy.default)
    assert read["List-Id"] == "<27.sonlam.example>"
    assert read["X-Dien-Tap"] == "Diễn tập"
    assert read.get_all("From") == [FROM]


@pytest.mark.parametrize(
    ("letter", "kind"),
    [
        (replace(LETTER, to="đ@sonlam.example"), "address"),
        (replace(LETTER, to="two words@sonlam.example"), "address"),
        (replace(LETTER, to="nobody"), "address"),
        (replace(LETTER, to="a@b.example>\r\nRCPT TO:<c@d.example"), "address"),
        (replace(LETTER, headers={"X-A": "1\r\nBcc: all@x.example"}), "content"),
    ],
)
def test_what_cannot_stand_in_a_mail_is_refused_here(letter: Message, kind: str) -> None:
    with pytest.raises(PermanentFailure) as refused:
        compose(letter, FROM, datetime(2026, 11, 22, tzinfo=UTC))
    assert refused.value.kind == kind


def test_a_subject_of_several_lines_becomes_one(mail: SmtpMail, sim: Simulator) -> None:
    mail.send(replace(LETTER, subject="Vụ việc\r\nBcc: x@y.example"))
    assert sim.mailbox[0].subject == "Vụ việc Bcc: x@y.example"


# --- what the server's answers mean


@pytest.mark.parametrize(
    ("phase", "code", "text", "meant", "kind"),
    [
        ("greeting", 421, "busy", TemporaryFailure, ""),
        ("greeting", 554, "no service", ConfigurationFault, ""),
        ("greeting", 521, "takes no mail", ConfigurationFault, ""),
        ("greeting", 535, "who are you", ConfigurationFault, ""),
        ("greeting", 538, "encrypt first", ConfigurationFault, ""),
        ("greeting", -1, "nonsense", TemporaryFailure, ""),
        ("sender", 451, "later", TemporaryFailure, ""),
        ("sender", 503, "5.5.1 greet first", PermanentFailure, "other"),
        ("sender", 530, "sign in first", ConfigurationFault, ""),
        ("sender", 550, "not you", ConfigurationFault, ""),
        ("recipient", 450, "greylisted", TemporaryFailure, ""),
        ("recipient", 452, "full", TemporaryFailure, ""),
        ("recipient", 550, "5.1.1 no such user", PermanentFailure, "address"),
        ("recipient", 551, "not local", PermanentFailure, "address"),
        ("recipient", 553, "bad name", PermanentFailure, "address"),
        ("recipient", 554, "5.7.1 relay denied", PermanentFailure, "other"),
        ("recipient", 552, "5.2.2 mailbox full", PermanentFailure, "address"),
        ("recipient", 421, "going down", TemporaryFailure, ""),
        ("recipient", 501, "5.5.4 syntax", PermanentFailure, "other"),
        ("recipient", 556, "5.1.10 the domain takes no mail", PermanentFailure, "address"),
        ("data", 451, "later", TemporaryFailure, ""),
        ("data", 503, "5.5.1 no recipient", PermanentFailure, "other"),
        ("data", 554, "no", PermanentFailure, "content"),
        ("dot", 451, "later", TemporaryFailure, ""),
        ("dot", 452, "4.3.1 no room now", TemporaryFailure, ""),
        ("dot", 550, "5.7.1 policy", PermanentFailure, "content"),
        ("dot", 552, "too big", PermanentFailure, "content"),
        ("dot", 554, "5.7.1 spam", PermanentFailure, "content"),
        ("dot", -1, "nonsense", UnknownOutcome, ""),
        ("data", -1, "nonsense", TemporaryFailure, ""),
    ],
)
def test_an_answer_is_judged_by_where_it_stands(
    phase: str, code: int, text: str, meant: type[SendFailure], kind: str
) -> None:
    fault = judge(phase, code, text)  # type: ignore[arg-type]
    assert type(fault) is meant
    assert getattr(fault, "kind", "") == kind


@pytest.mark.parametrize(
    ("code", "meant"), [(451, TemporaryFailure), (550, PermanentFailure), (421, TemporaryFailure)]
)
def test_a_refused_recipient_is_heard(
    mail: SmtpMail, sim: Simulator, code: int, meant: type[SendFailure]
) -> None:
    sim.fault(phone=TO, smtp_code=code)
    with pytest.raises(meant):
        mail.send(LETTER)
    assert list(sim.mailbox) == []
    sim.clear_faults()
    mail.send(LETTER)
    assert len(sim.mailbox) == 1


def test_lost_after_the_final_dot_nobody_knows(mail: SmtpMail, sim: Simulator) -> None:
    sim.fault(phone=TO, smtp_lost=True, times=1)
    with pytest.raises(UnknownOutcome):
        mail.send(LETTER)
    assert len(sim.mailbox) == 1
    assert mail.send(LETTER).carrier_id == sim.mailbox[0].message_id


def test_nobody_listening_is_surely_not_sent(clock: Callable[[], datetime]) -> None:
    sender = SmtpMail(SmtpServer("127.0.0.1", free_port()), FROM, clock)
    with pytest.raises(TemporaryFailure):
        sender.send(LETTER)


def test_a_server_that_was_restarted_is_called_again(
    sim: Simulator, mail: SmtpMail, clock: Callable[[], datetime]
) -> None:
    mail.send(LETTER)
    sim._ask(sim._mailbox.close)
    mail.send(LETTER)
    assert len(sim.mailbox) == 2


@contextmanager
def talking(script: Conversation) -> Iterator[SmtpServer]:
    """A server for one conversation: (what the client's line begins with, what is answered; "" hangs up)."""
    listener = socket.create_server(("127.0.0.1", 0))

    def work() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            for expected, answer in script:
                while expected and not lines.readline().startswith(expected.encode()):
                    pass
                if not answer:
                    return
                connection.sendall(answer.encode() + b"\r\n")

    thread = threading.Thread(target=work)
    thread.start()
    yield SmtpServer("127.0.0.1", listener.getsockname()[1], timeout_seconds=2)
    thread.join()
    listener.close()


HELLO: Conversation = [("", "220 hi"), ("ehlo", "250 ok")]
TO_DATA: Conversation = [*HELLO, ("mail", "250 ok"), ("rcpt", "250 ok"), ("DATA", "354 go")]


@pytest.mark.parametrize(
    ("script", "meant"),
    [
        ([("", "554 closed")], ConfigurationFault),
        ([("", "421 busy")], TemporaryFailure),
        ([("", "220 hi"), ("ehlo", "")], TemporaryFailure),
        ([*HELLO, ("mail", "550 not you")], ConfigurationFault),
        ([*HELLO, ("mail", "")], TemporaryFailure),
        ([*HELLO, ("mail", "250 ok"), ("rcpt", "")], TemporaryFailure),
        ([*TO_DATA[:-1], ("DATA", "554 no")], PermanentFailure),
        ([*TO_DATA[:-1], ("DATA", "")], TemporaryFailure),
        ([*TO_DATA, (".\r\n", "")], UnknownOutcome),
        ([*TO_DATA, (".\r\n", "gibberish")], UnknownOutcome),
        ([*TO_DATA, (".\r\n", "451 later")], TemporaryFailure),
        ([*TO_DATA, (".\r\n", "554 5.7.1 spam")], PermanentFailure),
    ],
)
def test_a_conversation_that_breaks_is_judged_by_how_far_it_came(
    script: Conversation, meant: type[SendFailure], clock: Callable[[], datetime]
) -> None:
    with talking(script) as server, pytest.raises(meant):
        SmtpMail(server, FROM, clock).send(LETTER)


def test_a_server_that_must_encrypt_and_cannot_gets_no_mail(
    sim: Simulator, clock: Callable[[], datetime]
) -> None:
    sender = SmtpMail(parse_url(sim.smtp_url + "?starttls=require"), FROM, clock)
    with pytest.raises(ConfigurationFault) as failed:
        sender.send(LETTER)
    assert failed.value.code == "STARTTLS"


def test_a_password_the_server_does_not_ask_for_is_a_fault_of_ours(
    sim: Simulator, clock: Callable[[], datetime]
) -> None:
    url = sim.smtp_url.replace("smtp://", "smtp://me:secret@")
    with pytest.raises(ConfigurationFault):
        SmtpMail(parse_url(url), FROM, clock).send(LETTER)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", SmtpServer("mail.example", 25)),
        ("smtp://mail.example:2525?starttls=off", SmtpServer("mail.example", 2525, starttls="off")),
        ("smtps://mail.example", SmtpServer("mail.example", 465, tls=True)),
        ("smtp://u%40x:p%2F@h:587", SmtpServer("h", 587, "u@x", "p/", starttls="require")),
        ("smtp://u:p@127.0.0.1:25", SmtpServer("127.0.0.1", 25, "u", "p")),
        ("smtp://u:p@h:25?starttls=off", SmtpServer("h", 25, "u", "p", starttls="off")),
    ],
)
def test_an_address_says_how_to_speak(url: str, server: SmtpServer) -> None:
    assert parse_url(url) == server


@pytest.mark.parametrize("url", ["", "mail.example", "http://mail.example", "smtp://"])
def test_a_wrong_address_is_a_fault_of_ours(url: str) -> None:
    with pytest.raises(ConfigurationFault):
        parse_url(url)


def test_mail_has_no_list_and_no_way_back(mail: SmtpMail, clock: Callable[[], datetime]) -> None:
    assert mail.list(clock()) is None
    assert not mail.capabilities.two_way
