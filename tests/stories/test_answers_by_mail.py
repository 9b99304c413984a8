"""Answers by mail: whose they are is known by what they answer, and whatever is not plain goes to a person."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from sqlalchemy import select, update

from incident.response import inbox
from incident.response.open import Opened
from incident.store.tables import Inbound, Person
from notify.email import message_id
from notify.mail_in import read
from tests.stories.test_approval import under_way
from tests.stories.test_calls import LEAD, SPOKESPERSON, quiet
from tests.stories.world import World


def summoned_by_mail(world: World) -> tuple[Opened, str, str]:
    """The spokesperson's SMS is dead, so the summons comes by mail: the incident, the address, and the mail's id."""
    address = str(world.person(SPOKESPERSON).email)
    incident = world.opens()
    world.phone(SPOKESPERSON).has_read_all().never_arrives()
    mail = world.mail.to(address)[-1]
    return incident, address, message_id(mail.reference, world.settings.mail_from)


def writes(world: World, sender: str, answers: str, text: str, id: str = "<1@may.example>") -> str | None:
    made = EmailMessage()
    made["From"], made["To"], made["Message-ID"] = sender, world.settings.mail_from, id
    if answers:
        made["In-Reply-To"] = answers
    made.set_content(text)
    found = read(made.as_bytes())
    assert found is not None
    kept = world.outbox.store_mail(found, world.time)
    world.understand()
    return kept


def row(world: World, id: str | None) -> Inbound:
    with world.store.reading() as session:
        return session.get_one(Inbound, id)


@pytest.mark.parametrize(
    ("text", "state"),
    [("OK 10", "accepted"), ("Đã nhận.\n\nTrân trọng,\nMẫu", "accepted"), ("BẬN\n\n> OK 10", "declined")],
)
def test_a_plain_answer_counts_as_by_sms(world: World, text: str, state: str) -> None:
    incident, address, mail = summoned_by_mail(world)
    kept = writes(world, f"Người phát ngôn <{address.upper()}>", mail, text)
    assert row(world, kept).state == "understood"
    member = world.member(incident, SPOKESPERSON)
    assert member.state in (state, "replaced")
    assert any("qua thư điện tử" in entry.text for entry in world.view(incident).timeline)
    assert world.verify(incident).ok
    quiet(world)


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (b"In-Reply-To: <a\x00b@x.example>\r\n", b"OK 10"),
        (b"To: truc\x00@x.example\r\n", b"OK 10"),
        (b"Content-Type: text/plain; charset=utf-7\r\n", b"OK 10 +2AA-"),
        (b"Content-Type: text/plain; charset=raw-unicode-escape\r\n", b"OK 10 \\ud83d"),
    ],
)
def test_what_no_database_takes_does_not_lose_the_answer_around_it(
    world: World, head: bytes, text: bytes
) -> None:
    incident, address, mail = summoned_by_mail(world)
    known = f"From: {address}\r\nMessage-ID: <1@may.example>\r\nReferences: {mail}\r\n".encode()
    found = read(known + head + b"\r\n" + text)
    assert found is not None
    kept = world.outbox.store_mail(found, world.time)
    world.understand()
    assert row(world, kept).state == "understood"
    assert world.member(incident, SPOKESPERSON).state == "accepted"
    quiet(world)


def test_the_same_mail_twice_is_one_answer(world: World) -> None:
    incident, address, mail = summoned_by_mail(world)
    assert writes(world, address, mail, "OK 10") is not None
    assert writes(world, address, mail, "OK 10") is None
    assert world.kinds(incident).count("acknowledged") == 1
    quiet(world)


@pytest.mark.parametrize(
    "text", ["OK 10, nhưng 3 giờ nữa mới đến được", "OK 99", "NHAM SO", "Xin hỏi họp ở đâu?", ""]
)
def test_what_is_not_plain_goes_to_a_person(world: World, text: str) -> None:
    incident, address, mail = summoned_by_mail(world)
    kept = writes(world, address, mail, text)
    assert row(world, kept).state == "review"
    assert world.member(incident, SPOKESPERSON).state == "review"
    inbox.decide_reply(world.desk, str(kept), "accept", None, world.duty, world.time)
    member = world.member(incident, SPOKESPERSON)
    assert (member.state, member.via) == ("accepted", "email")
    quiet(world)


def test_who_writes_from_elsewhere_answers_for_nobody(world: World) -> None:
    incident, _, mail = summoned_by_mail(world)
    kept = writes(world, "ke.gia.mao@xa.example", mail, "OK 10")
    assert row(world, kept).state == "review"
    assert world.member(incident, SPOKESPERSON).state == "review"
    quiet(world)


def test_a_mail_that_answers_none_of_ours_proves_nothing(world: World) -> None:
    """Anybody can write anybody's address into a mail."""
    incident = world.opens()
    lead = str(world.person(LEAD).email)
    with_code = writes(world, lead, "", "OK 10")
    without = writes(world, lead, "<khong-co@sonlam.example>", "OK", id="<2@may.example>")
    assert (row(world, with_code).state, row(world, without).state) == ("review", "ignored")
    assert world.member(incident, LEAD).state == "asked"
    quiet(world)


def test_a_mail_about_an_approval_never_approves(world: World) -> None:
    incident = under_way(world)
    with world.store.writing() as session:
        session.execute(update(Person).where(Person.id == world.person(SPOKESPERSON).id).values(phone=None))
    world.phone(SPOKESPERSON).has_read_all()
    world.fast_forward(11)
    sent = [m for m in world.mail.to(str(world.person(SPOKESPERSON).email)) if "duyệt" in m.subject]
    assert sent, "the approval was asked by mail"
    kept = writes(
        world,
        str(world.person(SPOKESPERSON).email),
        message_id(sent[-1].reference, world.settings.mail_from),
        "OK 10",
    )
    assert row(world, kept).state == "review"
    assert world.statement(incident).state == "submitted"
    quiet(world)


def test_too_many_mails_of_one_address_are_kept_and_not_understood(world: World) -> None:
    _, address, mail = summoned_by_mail(world)
    for n in range(25):
        writes(world, address, mail, "Xin hỏi", id=f"<{n}@may.example>")
    with world.store.reading() as session:
        means = list(session.scalars(select(Inbound.means)))
    assert means.count("flood") == 5
    quiet(world)
