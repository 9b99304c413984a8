"""Whoever makes the next hop is killed with -9, before the commit or after it: one call, one line on the timeline."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from sqlalchemy import func, select

from incident.directory.sample import load_sample
from incident.store.sessions import Store
from incident.store.tables import Message, RunEvent
from notify.message import StatusUpdate
from tests.stories.world import NIGHT, World

SPEAKER = "nguoi_phat_ngon"
HOPPER = textwrap.dedent("""
    import os, signal, sys
    from datetime import datetime
    from sqlalchemy import event
    from sqlalchemy.orm import Session
    from incident.response import advance
    from incident.response.desk import Desk
    from incident.settings import Settings
    from incident.store.sessions import Store

    url, folder, at, when = sys.argv[1:]
    wrote = []

    def die(*_):
        if wrote:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Session, "after_flush", lambda *_: wrote.append(True))
    event.listen(Session, when, die)
    settings = Settings.from_env({"DATA_DIR": folder, "SECRET_KEY": "story", "PUBLIC_URL": "https://tct.sonlam.example"})
    advance.apply_pending(Desk(Store(url), settings, voice=True), datetime.fromisoformat(at))
""")


@pytest.mark.chaos
@pytest.mark.parametrize("when", ["after_flush", "after_commit"])
def test_a_hop_is_made_once(store: Store, tmp_path: Path, when: str) -> None:
    with store.writing() as session:
        load_sample(session, NIGHT)
    world = World(store, tmp_path)
    world.can_call()
    incident = world.opens()
    number = next(i for i, m in enumerate(world.sms.sent, 1) if m.to == world.person(SPEAKER).phone)
    world.outbox.store_receipt(
        StatusUpdate("memory", f"memory-{number}", "permanent-failure", "30006"), world.time
    )
    world.outbox.sweep(world.time)
    assert pending(store) == 1
    url = store.url.render_as_string(hide_password=False)
    arguments = [sys.executable, "-c", HOPPER, url, str(tmp_path), world.time.isoformat(), when]
    assert subprocess.run(arguments, check=False).returncode == -signal.SIGKILL
    assert pending(store) == (1 if when == "after_flush" else 0)
    world.tick()
    world.tick()
    calls = [m for m in world.voice.sent if m.to == world.person(SPEAKER).phone]
    assert len(calls) == 1
    with store.reading() as session:
        assert session.scalar(select(func.count()).where(Message.channel == "voice")) == 1
    assert world.kinds(incident).count("channel_hop") == 1
    assert "unreachable" not in world.kinds(incident)
    assert world.verify(incident).ok
    world.close()


def pending(store: Store) -> int:
    with store.reading() as session:
        return int(session.scalar(select(func.count(RunEvent.id)).where(RunEvent.applied_at.is_(None))) or 0)
