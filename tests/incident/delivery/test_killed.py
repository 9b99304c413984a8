"""A sender killed with -9 in the middle of its work: nobody is left out, and nobody gets a text twice."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from datetime import timedelta

import pytest

from incident.delivery.outbox import Outbox
from incident.store.sessions import Store
from incident.wiring import now as real_now
from notify.gateway import Gateway, Route
from notify.simulator.server import serve
from notify.twilio import TwilioAccount, TwilioSms
from tests.incident.delivery.world import World, settings

SID, TOKEN = "AC" + "2" * 32, "token of the tests"
PEOPLE = 300

SENDER = textwrap.dedent("""
    import sys
    from incident.delivery.outbox import Outbox
    from incident.store.sessions import Store
    from incident.wiring import now
    from notify.gateway import Gateway, Route
    from notify.twilio import TwilioAccount, TwilioSms
    from tests.incident.delivery.world import settings

    url, sid, token, base = sys.argv[1:]
    store = Store(url)
    sender = TwilioSms(TwilioAccount(sid, token, "+84540000000", "", base))
    Outbox(store, Gateway([Route("sms", sender)]), settings(store), now, threads=8).drain(60)
""")


@pytest.mark.chaos
@pytest.mark.parametrize("killed_after", [1, 40, 160])
def test_a_killed_sender_loses_nobody_and_repeats_nobody(store: Store, killed_after: int) -> None:
    world = World(store)
    world.clock.at = real_now()
    world.mailing(world.people(PEOPLE))
    with serve(sid=SID, token=TOKEN, clock=real_now) as simulator:
        simulator.fault(latency_ms=100)
        url = store.url.render_as_string(hide_password=False)
        arguments = [sys.executable, "-c", SENDER, url, SID, TOKEN, simulator.url]
        with subprocess.Popen(arguments) as process:
            assert simulator.wait(lambda: simulator.counts()["received"] >= killed_after, 30)
            process.kill()
        assert simulator.counts()["received"] < PEOPLE
        simulator.clear_faults()
        _go_on(world, simulator.url)
        counts = simulator.counts()
    assert counts["duplicates"] == 0
    assert counts["received"] == PEOPLE
    assert len(counts["phones"]) == PEOPLE
    assert set(world.statuses()) <= {"accepted", "sent", "delivered"}


def _go_on(world: World, base: str) -> None:
    """Another process, minutes later: leases run out, the list ends every doubt, the rest goes."""
    sender = TwilioSms(TwilioAccount(SID, TOKEN, "+84540000000", "", base))
    outbox = Outbox(
        world.store, Gateway([Route("sms", sender)]), settings(world.store), world.clock, threads=8
    )
    for seconds in (61, 61, 61, 1):
        world.clock.at = max(world.clock.at, real_now()) + timedelta(seconds=seconds)
        outbox.sweep(world.clock())
        outbox.reconcile(world.clock())
        outbox.drain()
    outbox.close()
    sender.close()
    world.outbox.close()
