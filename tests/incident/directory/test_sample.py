"""The sample province has what real nights need, and nobody in it exists."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from incident.directory import queries
from incident.directory.keys import stable_id
from incident.directory.sample import add_people, extend_rota, load_sample
from incident.store.sessions import Store
from incident.store.tables import Assignment, Person, Setting, Shift, Unit
from notify.phone import is_sample, to_e164

from .conftest import NIGHT


def everyone(store: Store) -> list[Person]:
    with store.reading() as session:
        return list(session.scalars(select(Person)))


def test_every_number_is_invented_and_one_persons_own(province: Store) -> None:
    people = everyone(province)
    assert len(people) >= 60
    assert all(person.invented for person in people)
    numbers = Counter(person.phone for person in people if person.phone)
    assert all(is_sample(number) and to_e164(number) == number for number in numbers)
    shared = {person.phone for person in people if person.shared_phone}
    assert [number for number, count in numbers.items() if count > 1] == list(shared)
    assert to_e164("0540000001") not in numbers  # the duty phone is nobody's own
    assert all((person.email or "").endswith("@sonlam.example") for person in people)
    assert len({person.name for person in people}) == len(people)


def test_the_hard_cases_are_there(province: Store) -> None:
    people = everyone(province)
    assert [p.key for p in people if p.phone is None and p.landline] == ["thanh_tra_dau_moi"]
    assert [p.key for p in people if p.wrong_number_at] == ["so_ct_dau_moi"]
    with province.reading() as session:
        posts = Counter(session.scalars(select(Assignment.person)))
        assert [person for person, count in posts.items() if count == 2] == [stable_id("chanh_van_phong")]
        gone = session.scalars(select(Unit).where(Unit.valid_to.is_not(None))).all()
        assert all(session.get(Unit, key) for unit in gone for key in unit.successors)
        assert session.get_one(Setting, "agency").value == "UBND tỉnh Sơn Lâm"


def test_loading_again_only_carries_the_rota_on(province: Store) -> None:
    before = len(everyone(province))
    with province.writing() as session:
        assert load_sample(session, NIGHT) is False
        shifts = session.scalar(select(func.count()).select_from(Shift)) or 0
    with province.writing() as session:
        assert load_sample(session, NIGHT + timedelta(days=14)) is True
        assert session.scalar(select(func.count()).select_from(Shift)) == shifts + 14 * 3
        assert extend_rota(session, NIGHT + timedelta(days=14)) == 0
    assert len(everyone(province)) == before


def test_a_real_directory_is_left_alone(store: Store) -> None:
    with store.writing() as session:
        session.add(Unit(key="u", name="U", short_name="U", kind="so", bloc="nha_nuoc"))
    with store.writing() as session:
        assert load_sample(session, NIGHT) is False
    assert everyone(store) == []


def test_officers_are_added_by_number_with_names_and_phones_of_their_own(province: Store) -> None:
    before = everyone(province)
    with province.writing() as session:
        add_people(session, 40, NIGHT)
    with province.writing() as session:
        add_people(session, 10, NIGHT)
    people = everyone(province)
    assert len(people) == len(before) + 50
    assert len({person.name for person in people}) == len(people)
    added = [person for person in people if (person.key or "").startswith("can_bo_")]
    assert len({person.phone for person in added}) == 50
    assert set(Counter(person.unit for person in added).values()) == {10}
    assert min(person.phone or "" for person in added) == "+84540100000"
    with province.reading() as session:
        assert len(queries.audience(session, "moi_nguoi_dia_ban", ["toan_tinh"], NIGHT)) == 70
        assert len(queries.audience(session, "nhom_dia_ban", ["toan_tinh"], NIGHT)) == 5


def test_five_thousand_take_less_than_five_seconds(province: Store) -> None:
    begun = time.monotonic()
    with province.writing() as session:
        add_people(session, 5000, NIGHT)
    assert time.monotonic() - begun < 5
    with province.reading() as session:
        pairs = queries.audience(session, "moi_nguoi_dia_ban", ["toan_tinh"], NIGHT)
        assert len(queries.snapshot(session, [person for person, _ in pairs], NIGHT)) == 5020


def test_more_than_the_numbers_hold_is_refused(province: Store) -> None:
    with pytest.raises(ValueError), province.writing() as session:
        add_people(session, 900_000, NIGHT)
