"""A carrier dies in the middle of a mailing: the next one has the messages within seconds, and nobody hears twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.failover import ASKED_SECONDS, death

pytestmark = pytest.mark.chaos


@pytest.mark.parametrize("how", ASKED_SECONDS)
def test_the_next_carrier_takes_over(database_url: str, tmp_path: Path, how: str) -> None:
    seconds, dark, twice = death(database_url, tmp_path, how)
    assert seconds <= ASKED_SECONDS[how]
    assert dark <= 48, "no more than what was being called or stood behind it"
    assert twice == 0
