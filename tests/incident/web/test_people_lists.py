"""Lists of people go by given name, as Vietnamese directories do, and are searched without marks."""

from __future__ import annotations

import unicodedata

import pytest

from incident.domain.ids import new_id
from incident.domain.names import sort_key
from incident.store.tables import Account, Person
from tests.incident.web.conftest import Site

# In the order of their given names: a, ă, â are three letters, d comes before đ; tones come last.
IN_ORDER = (
    "Vũ Thị Mẫu An",
    "Lê Văn Mẫu Ánh",
    "Hoàng Mẫu Ân",
    "Ngô Mẫu Dũng",
    "Đặng Văn Mẫu Đức",
    "Bùi Mẫu Yến",
)
SEARCHES = ("mau", "Mẫu", "MAU", unicodedata.normalize("NFD", "mẫu"))


@pytest.fixture
def people(site: Site) -> dict[str, str]:
    """Six people of one unit, put in in another order than they are to be read."""
    now = site.world.time
    made = {
        name: Person(
            id=new_id(now), name=name, sort_name=sort_key(name), xung_ho="đ/c", unit="so_tp",
            phone=f"+8454077700{n}",
        )
        for n, name in enumerate(sorted(IN_ORDER))
    }  # fmt: skip
    with site.world.store.writing() as session:
        session.add_all(made.values())
        ids = {name: person.id for name, person in made.items()}
    return ids


def listed(text: str) -> list[str]:
    """The six in the order in which the page names them first."""
    main = text.split("<main", 1)[1].split("</main", 1)[0]
    return sorted((name for name in IN_ORDER if name in main), key=main.index)


@pytest.mark.parametrize("typed", SEARCHES)
def test_the_directory_finds_them_without_marks_in_order(
    site: Site, people: dict[str, str], typed: str
) -> None:
    page = site.browser("truc").get("/directory", query_string={"q": typed}).text
    assert listed(page) == list(IN_ORDER)


def test_the_whole_directory_is_in_order(site: Site, people: dict[str, str]) -> None:
    assert listed(site.browser("truc").get("/directory").text) == list(IN_ORDER)


@pytest.mark.parametrize("typed", SEARCHES)
def test_a_person_is_chosen_from_a_list_in_order(site: Site, people: dict[str, str], typed: str) -> None:
    room = f"/incidents/{site.world.opens().incident_id}"
    browser = site.browser("truc")
    for page in (f"{room}/people", f"{room}/roles"):
        found = browser.get(page, query_string={"q": typed, "role": "phat_ngon"})
        assert found.status_code == 200, page
        assert listed(found.text) == list(IN_ORDER), page


def test_one_of_them_is_found_by_any_of_their_words(site: Site, people: dict[str, str]) -> None:
    room = f"/incidents/{site.world.opens().incident_id}"
    browser = site.browser("truc")
    for typed in ("dang van mau duc", "duc", "ĐỨC", "mau duc dang"):
        assert "Đặng Văn Mẫu Đức" in browser.get("/directory", query_string={"q": typed}).text, typed
        assert "Đặng Văn Mẫu Đức" in browser.get(f"{room}/people", query_string={"q": typed}).text, typed


def test_whoever_may_take_over_is_listed_in_order(site: Site, people: dict[str, str]) -> None:
    with site.world.store.writing() as session:
        for n, (name, id) in enumerate(sorted(people.items(), reverse=True)):
            session.add(
                Account(
                    email=f"nhan{n}@sonlam.example", name=name, fs_uniquifier=f"nhan{n}", roles=["duty_officer"],
                    person_id=id, created_at=site.world.time,
                )
            )  # fmt: skip
    assert listed(site.browser("truc").get("/handover").text) == list(IN_ORDER)
