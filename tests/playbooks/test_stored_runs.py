"""Runs that other engines wrote go on under this one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from playbooks.engine import advance
from playbooks.events import KINDS, event_from_json
from playbooks.run import ENGINE, MIGRATIONS, Run, UnknownEngine, from_json, to_json
from playbooks.signals import Effect, TimePassed, WakeAt
from tests.playbooks.long_night import files, long_night, moment, playbook_of, stored, written

FILES = files()


def test_a_log_is_kept_of_every_engine() -> None:
    assert [path.stem for path in FILES] == [f"engine-{n}" for n in range(1, ENGINE + 1)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_log_of_an_old_run_leads_to_the_run_that_was_kept(path: Path) -> None:
    """To the same state, with the same effects under the same keys: nobody would be told anything twice."""
    kept, playbook = stored(path), playbook_of(path)
    run: Run | None = None
    effects: list[Effect] = []
    for at, event in kept["log"]:
        run, made = advance(playbook, run, event_from_json(json.dumps(event)), moment(at))
        effects += made
    assert run == from_json(json.dumps(kept["state"]))
    assert [effect.key for effect in effects if not isinstance(effect, WakeAt)] == kept["keys"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_old_run_goes_on(path: Path) -> None:
    kept, playbook = stored(path), playbook_of(path)
    run = from_json(json.dumps(kept["state"]))
    assert run.wake_at is not None
    after, effects = advance(playbook, run, TimePassed(), run.wake_at)
    assert after.engine == ENGINE
    assert after.wake_at is not None
    assert after.wake_at > run.wake_at
    new = {effect.key for effect in effects if not isinstance(effect, WakeAt)}
    assert new
    assert not new & set(kept["keys"])


def test_the_night_that_is_kept_knows_almost_every_event() -> None:
    said = {event["event"] for _, event in stored(FILES[-1])["log"]}
    others = {"approval_withdrawn", "called_out", "invited", "restored", "retracted", "revised"}
    assert KINDS.keys() - said <= others


def test_the_newest_log_is_what_this_engine_writes() -> None:
    """Otherwise the engine has changed and needs a number of its own."""
    now, kept = json.loads(written(long_night(playbook_of(FILES[-1])))), stored(FILES[-1])
    assert (now["log"], now["state"], now["keys"]) == (kept["log"], kept["state"], kept["keys"])


# ---------------------------------------------------------------- from engine to engine


def test_there_is_a_migration_for_every_engine_before_this_one() -> None:
    assert sorted(MIGRATIONS) == list(range(1, ENGINE))


def renamed(data: dict[str, Any]) -> dict[str, Any]:
    level = data.pop("grade")
    return data | {"level": level}


def later(data: dict[str, Any]) -> dict[str, Any]:
    started = datetime.fromisoformat(data["started_at"]) + timedelta(hours=1)
    return data | {"started_at": started.isoformat()}


def test_a_run_is_led_through_every_engine_since_its_own() -> None:
    start = datetime(2026, 7, 20, tzinfo=UTC)
    old = json.loads(to_json(Run(level=3, started_at=start)))
    old |= {"engine": 7, "grade": old.pop("level")}
    run = from_json(json.dumps(old), engine=9, migrations={7: renamed, 8: later})
    assert (run.engine, run.level, run.started_at) == (9, 3, start + timedelta(hours=1))
    newest = json.dumps(json.loads(to_json(Run(level=2))) | {"engine": 9})
    assert from_json(newest, engine=9, migrations={7: renamed, 8: later}).level == 2


@pytest.mark.parametrize("engine", [ENGINE + 1, 0, None, "1"])
def test_a_run_of_an_engine_nobody_knows_is_not_guessed_at(engine: object) -> None:
    text = json.dumps(json.loads(to_json(Run())) | {"engine": engine})
    with pytest.raises(UnknownEngine):
        from_json(text)
