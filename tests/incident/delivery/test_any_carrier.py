"""Two carriers that do whatever they like, two workers, and time in any steps: nobody hears twice, and nothing is lost."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from incident.delivery.outbox import Outbox
from incident.store.sessions import Store
from incident.store.tables import Message as Row
from notify.gateway import Route
from notify.memory import TWO_WAY, MemorySender, Script, hangs, refuses, unknown_but_sent
from notify.message import ConfigurationFault, Message, PermanentFailure, TemporaryFailure
from tests.incident.delivery.world import World

DOES = {
    "takes": Script(),
    "refused": refuses(TemporaryFailure("CONNECT", "refused")),
    "busy": refuses(TemporaryFailure("20429", "busy")),
    "account": refuses(ConfigurationFault("20003", "who are you")),
    "filtered": refuses(PermanentFailure("30007", "filtered", "content")),
    "hangs": hangs(),
    "lost": unknown_but_sent(),
}
MOST_ROUNDS = 60  # an hour: the longest back-off is five minutes
SCRIPTS = st.lists(st.sampled_from(sorted(DOES)), max_size=25)
STEPS = st.lists(
    st.sampled_from(["drain", "other", "write", "sweep", "look", "1", "31", "61"]), min_size=5, max_size=40
)


class Keyed(MemorySender):
    """A carrier that sends once for one key, and answers a repetition with the name it gave the first."""

    def __init__(self, *given: object, **more: object) -> None:
        super().__init__(*given, **more)  # type: ignore[arg-type]
        self.named: dict[str, str] = {}

    def _take(self, message: Message) -> str:
        if message.key not in self.named:
            self.named[message.key] = super()._take(message)
        return self.named[message.key]


@pytest.mark.parametrize("idempotent", [False, True])
@given(first=SCRIPTS, second=SCRIPTS, steps=STEPS)
@settings(
    max_examples=20,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # an example takes half a second: no shrinking
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_nobody_hears_twice_and_nothing_is_lost(
    sqlite_template: Path,
    tmp_path: Path,
    idempotent: bool,
    first: Sequence[str],
    second: Sequence[str],
    steps: Sequence[str],
) -> None:
    shutil.copy(sqlite_template, tmp_path / "any.db")
    for left_over in ("any.db-wal", "any.db-shm"):
        (tmp_path / left_over).unlink(missing_ok=True)
    store = Store(f"sqlite:///{tmp_path / 'any.db'}")
    world = World(store)
    world.outbox.close()
    able = replace(TWO_WAY, idempotent=idempotent)
    one = Keyed(world.clock, name="one", capabilities=able)
    two = Keyed(world.clock, name="two", capabilities=able)
    one.will(*(DOES[word] for word in first))
    two.will(*(DOES[word] for word in second))
    routes = (Route("sms", one), Route("sms", two))
    workers = [world.another_process(2, *routes), world.another_process(2, *routes)]
    written: list[str] = []
    for step in steps:
        _do(world, step, workers, written)
    for _ in range(MOST_ROUNDS):
        if all(_at_rest(world.get(id)) for id in written):
            break
        for step in ("drain", "61", "sweep", "look"):
            _do(world, step, workers, written)
    for worker in workers:
        worker.close()
    heard = Counter((m.to, m.body) for carrier in (one, two) for m in carrier.sent)
    states = {id: world.get(id) for id in written}
    store.dispose()
    assert max(heard.values(), default=0) <= 1
    for id, message in states.items():
        reached = (message.address, message.body) in heard
        assert _at_rest(message), (id, message.status, message.error)
        assert reached or message.status != "accepted"
        assert not (reached and message.status.endswith("failure"))


def _at_rest(message: Row) -> bool:
    return message.status in ("accepted", "permanent-failure", "technical-failure") or message.error == "held"


def _do(world: World, step: str, workers: Sequence[Outbox], written: list[str]) -> None:
    match step:
        case "drain":
            workers[0].drain()
        case "other":
            workers[1].drain()
        case "write":
            written.append(world.message(f"+84540{len(written):06d}", critical=len(written) % 2 == 0))
        case "sweep":
            workers[0].sweep(world.clock())
        case "look":
            workers[1].reconcile(world.clock())
        case seconds:
            world.clock.forward(float(seconds))
