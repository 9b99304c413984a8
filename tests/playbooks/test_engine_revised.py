"""A run that passes to another version: what has begun stays, what has not follows, and the log leads there again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from playbooks.engine import EngineRefusal, begun, replay
from playbooks.language import Playbook, Role, Span, Step, Verb
from playbooks.run import from_json, to_json
from playbooks.signals import Holders, Revised, Summon
from tests.playbooks.conversation import Talk
from tests.playbooks.flood import FLOOD


def passes(talk: Talk, after: Playbook, roles: dict[str, Holders] | None = None) -> None:
    talk.playbook = after
    talk.says(Revised("one", "two", roles or dict(talk.run.roles)), 3)


def test_the_same_version_changes_nothing() -> None:
    talk = Talk()
    before = talk.run
    passes(talk, FLOOD)
    assert replace(talk.run, serial=before.serial) == before


def test_what_waits_may_go_and_something_new_may_come_and_begin() -> None:
    talk = Talk()
    going = next(id for id in talk.run.steps if id not in begun(talk.run))
    role = Role("moi", "Mới", "nguoi_moi", ("nguoi_thay",))
    new = Step("goi_them", Verb.ASSIGN, ("moi",), ack="all", within=dict.fromkeys(FLOOD.levels, Span(600)))
    used = {id for step in FLOOD.steps for id in (*step.after, step.text)}
    kept = tuple(step for step in FLOOD.steps if step.id != going or going in used)
    after = replace(FLOOD, steps=(*kept, new), roles=FLOOD.roles | {"moi": role})
    passes(talk, after, dict(talk.run.roles) | {"moi": Holders(("nguoimoi",))})
    assert [e.person for e in talk.last if isinstance(e, Summon)] == ["nguoimoi"]
    assert talk.run.steps.keys() == {step.id for step in after.steps}
    assert from_json(to_json(talk.run)) == talk.run
    assert replay(after, talk.log, {"one": FLOOD, "two": after}.__getitem__) == talk.run


def test_a_step_that_has_begun_cannot_go() -> None:
    talk = Talk()
    gone = min(begun(talk.run))
    talk.playbook = replace(FLOOD, steps=tuple(step for step in FLOOD.steps if step.id != gone))
    before = talk.run
    with pytest.raises(EngineRefusal, match=f"step_has_begun: revised {gone}"):
        talk.says(Revised("one", "two", {}))
    assert talk.run == before


def test_a_version_without_the_level_is_refused() -> None:
    talk = Talk(level=3)
    talk.playbook = replace(FLOOD, levels={1: "Theo dõi"})
    with pytest.raises(EngineRefusal, match="unknown_level"):
        talk.says(Revised("one", "two", {}))
