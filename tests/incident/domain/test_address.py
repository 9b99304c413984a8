"""The word before a name, and what becomes of it in another language."""

from __future__ import annotations

import pytest

from incident.domain.address import ADDRESSES, called
from incident.domain.words import said


@pytest.mark.parametrize("address", ADDRESSES)
def test_everybody_is_called_by_their_own_word(address: str) -> None:
    assert called(address, "Lê Văn Ví") == f"{address} Lê Văn Ví"
    assert called(address, "Lê Văn Ví").pattern == f"{address} %(name)s"


@pytest.mark.parametrize("unknown", [None, "", "ngài"])
def test_of_whom_no_word_is_known_is_a_comrade(unknown: str | None) -> None:
    assert called(unknown, "Lê Văn Ví") == "đ/c Lê Văn Ví"


def test_a_sentence_keeps_who_was_put_into_it() -> None:
    assert said("Chờ %(name)s.", name=called("bà", "Trần Thị Thử")) == "Chờ bà Trần Thị Thử."
