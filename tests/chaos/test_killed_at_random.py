"""A call-out to many people while workers, clock, web server and Redis are killed with -9 at random moments. The long proof,
on both databases and with one worker and four, is `make chaos`."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.bench import databases
from tests.chaos.callout import COMMUNES, Measure, one
from tests.chaos.standing import stand

SEED = 1
PEOPLE = 120

pytestmark = pytest.mark.chaos


def test_nobody_is_left_out_and_nobody_is_texted_twice(tmp_path: Path) -> None:
    with ExitStack() as stack:
        service = stand(stack, tmp_path, stack.enter_context(databases.sqlite(tmp_path)), workers=2)
        service.command("directory", "sample", "--people", str(PEOPLE * COMMUNES))
        total = one(service, SEED, Measure(killing_seconds=5.0, patience_seconds=400.0, slow=False))
    assert total["asked"] >= PEOPLE
    assert not total["lost"]
    assert not total["duplicated"]
