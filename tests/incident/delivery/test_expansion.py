"""A mailing to a group becomes requests and messages, once each, in chunks."""

from __future__ import annotations

from sqlalchemy import func, select, update

from incident.delivery.expansion import CHUNK, FIRST_CHUNK, expand_chunk
from incident.store.tables import Incident, Link, Mailing, Message, MessageCause, Person, Request, Suppression
from tests.incident.delivery.world import World


def test_everyone_is_asked_and_told_once(world: World) -> None:
    people = world.people(FIRST_CHUNK + CHUNK + 7)
    mailing = world.mailing(people)
    world.outbox.drain()
    assert len(world.sms.sent) == len({m.to for m in world.sms.sent}) == len(people)
    assert world.sms.sent[0].body == "UBND tinh de nghi UBND xa Muong Lo theo doi vu viec 27. Tra loi OK 27"
    with world.store.reading() as session:
        assert session.get_one(Mailing, mailing).done_at is not None
        assert session.scalar(select(func.count()).select_from(Request)) == len(people)
        assert session.scalar(select(func.count()).select_from(MessageCause)) == len(people)
        request = session.scalars(select(Request)).first()
        assert request is not None
        assert (request.state, request.grouped, request.purpose) == ("asked", True, "notify")


def test_the_first_chunk_is_small(world: World) -> None:
    mailing = world.mailing(world.people(300))
    assert world.outbox.expand()
    with world.store.reading() as session:
        assert session.get_one(Mailing, mailing).cursor == FIRST_CHUNK
    assert world.statuses() == {"created": FIRST_CHUNK}


def test_a_chunk_that_was_rolled_back_repeats_nobody(world: World) -> None:
    people = world.people(120)
    world.mailing(people)
    with world.store.writing() as session:
        expand_chunk(session, world.outbox.channels, world.clock())
        session.rollback()  # killed before the commit
    while world.outbox.expand():
        pass
    assert world.statuses() == {"created": 120}


def test_whoever_cannot_be_reached_is_counted(world: World) -> None:
    people = world.people(5)
    with world.store.writing() as session:
        session.execute(update(Person).where(Person.id == people[0]).values(phone=None))
        session.execute(update(Person).where(Person.id == people[1]).values(wrong_number_at=world.clock()))
        session.add(Suppression(address="+84540000003", reason="optout", at=world.clock()))
    world.mailing([*people, "nobody"])
    world.outbox.drain()
    assert {m.to for m in world.sms.sent} == {"+84540000004", "+84540000005"}
    assert sorted((e["reason"], e["count"], e["person"]) for e in world.events()) == [
        ("no_number", 1, None),
        ("no_person", 1, None),
        ("suppressed", 1, None),
        ("wrong_number", 1, None),
    ]
    with world.store.reading() as session:  # they can still be phoned
        assert session.scalar(select(func.count()).select_from(Request)) == 5


def test_links_are_personal_and_kept_as_hashes(world: World) -> None:
    people = world.people(3, email=True)
    world.mailing(
        people, body="Xac nhan tai {link} .", email_body="Kính gửi {ten}: {link}", via=["sms", "email"]
    )
    world.outbox.drain()
    assert len({m.body for m in world.sms.sent}) == 3
    assert all("http://localhost:8000/a/" in m.body for m in world.sms.sent)
    assert {m.body.split(":")[0] for m in world.mail.sent} == {
        f"Kính gửi Nguyễn Văn Mẫu {n:02d}" for n in (1, 2, 3)
    }
    with world.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Link)) == 3


def test_a_shared_phone_gets_no_text_twice(world: World) -> None:
    people = world.people(3)
    with world.store.writing() as session:
        session.execute(update(Person).values(phone="+84540000009"))
    world.mailing(people)
    world.outbox.drain()
    assert len(world.sms.sent) == 1
    with world.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(MessageCause)) == 3


def test_a_reminder_skips_who_has_answered(world: World) -> None:
    people = world.people(4)
    world.mailing(people)
    world.outbox.drain()
    with world.store.writing() as session:
        session.execute(update(Request).where(Request.person_id == people[0]).values(state="accepted"))
    world.mailing(people, effect_key="again", purpose="remind", rung=1, body="Nhac lai: tra loi OK 27")
    world.outbox.drain()
    reminded = [m.to for m in world.sms.sent if m.body.startswith("Nhac")]
    assert sorted(reminded) == ["+84540000002", "+84540000003", "+84540000004"]
    with world.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Request)) == 4
        kinds = set(session.scalars(select(Message.kind)))
        assert kinds == {"notify", "remind"}


def test_nobody_is_asked_after_the_end(world: World) -> None:
    people = world.people(4)
    mailing = world.mailing(people)
    with world.store.writing() as session:
        session.execute(update(Incident).values(status="closed"))
    assert world.outbox.drain() == 0
    with world.store.reading() as session:
        assert session.get_one(Mailing, mailing).done_at is not None


def test_the_most_urgent_mailing_is_expanded_first(world: World) -> None:
    people = world.people(2)
    world.mailing(people[:1], effect_key="a", priority=40, body="sau")
    world.mailing(people[1:], effect_key="b", priority=10, body="truoc")
    assert world.outbox.expand()
    with world.store.reading() as session:
        assert session.scalars(select(Message.body)).all() == ["truoc"]
