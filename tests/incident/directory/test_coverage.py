"""What is missing is said before the night it is needed."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from incident.directory.coverage import coverage
from incident.directory.keys import stable_id
from incident.store.sessions import Store
from incident.store.tables import Assignment, Person, Post, Shift

from .conftest import NIGHT, VIETNAM


def gaps(store: Store, days: int = 14) -> set[tuple[str, str]]:
    with store.reading() as session:
        return {(gap.kind, gap.subject) for gap in coverage(session, NIGHT, days)}


SAMPLE = {
    ("no_number", stable_id("thanh_tra_dau_moi")),
    ("wrong_number", stable_id("so_ct_dau_moi")),
    # One speaks and one is asked for each; the head of a body speaks for it anyway.
}


def test_the_sample_lacks_only_what_it_means_to_lack(province: Store) -> None:
    assert gaps(province) == SAMPLE | {("no_contact", "ubnd_tinh")}


def test_a_vacant_post_is_named(province: Store) -> None:
    with province.writing() as session:
        session.execute(delete(Assignment).where(Assignment.post == "giam_doc_so_yt"))
        session.add(Post(key="moi", title="Chức vụ mới", unit="so_yt"))
    assert {("vacant", "giam_doc_so_yt"), ("vacant", "moi")} <= gaps(province)


def test_a_body_without_contact_and_spokesperson_is_named(province: Store) -> None:
    with province.writing() as session:
        for person in session.scalars(select(Person).where(Person.unit == "xa_suoi_lac")):
            person.active = False
    assert {("no_contact", "xa_suoi_lac"), ("no_spokesperson", "xa_suoi_lac")} <= gaps(province)


def test_a_gap_in_the_rota_says_from_when_to_when(province: Store) -> None:
    begins = datetime(2026, 11, 24, 6, tzinfo=VIETNAM)
    with province.writing() as session:
        session.execute(delete(Shift).where(Shift.kind == "on_duty", Shift.starts_at == begins))
    with province.reading() as session:
        (gap,) = [gap for gap in coverage(session, NIGHT) if gap.kind == "rota"]
    assert gap.text == "Lịch trực trống: cán bộ trực từ 06:00 24/11/2026 đến 18:00 24/11/2026"
    assert ("rota", "on_duty") not in gaps(province, days=1)


def test_the_rota_ends_some_day(province: Store) -> None:
    with province.reading() as session:
        later = NIGHT + timedelta(days=70)
        texts = [gap.text for gap in coverage(session, later, days=1) if gap.kind == "rota"]
    assert len(texts) == 2
