"""Names in the order a Vietnamese list has them, and found without marks."""

from __future__ import annotations

import unicodedata

import pytest

from incident.domain.names import search_key, sort_key

IN_ORDER = [
    "Nguyễn Văn An",
    "Trần Thị An",
    "Lê Văn Anh",
    "Bùi Văn Ân",
    "Nguyễn Văn Bình",
    "Lê Dũng",
    "Lê Đạt",
    "Trần Hoa",
    "Trần Hòa",
    "Trần Hoan",
    "Trần Hoàn",
    "Trần Hoán",
    "Lê Văn Ư",
    "Nguyễn Văn Mẫu 01",
]


def test_people_stand_by_their_given_name() -> None:
    names = sorted({*IN_ORDER[:-1]}, key=sort_key)
    assert names == IN_ORDER[:-1]


def test_numbered_names_stand_by_number() -> None:
    assert sort_key("Trần Thị Thử 02") < sort_key("Nguyễn Văn Mẫu 10")


@pytest.mark.parametrize("name", [*IN_ORDER, "", "x" * 200, "Y Ngông Niê Kđăm", "Ng. (A)"])
def test_the_key_is_digits_and_fits_its_column(name: str) -> None:
    key = sort_key(name)
    assert key.isdigit()
    assert len(key) <= 120
    assert key == sort_key(unicodedata.normalize("NFD", name))


def test_the_search_key_forgets_marks() -> None:
    assert search_key("  Đặng  Thị ƯỚC ") == "dang thi uoc"
