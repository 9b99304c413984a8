"""An incident that goes to another body and comes back, and somebody who joins from another incident: the engine's part."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from playbooks.engine import EngineRefusal, advance
from playbooks.language import Playbook, When
from playbooks.run import from_json, to_json
from playbooks.signals import (
    Acknowledged,
    Approved,
    Cancelled,
    Edited,
    HandedOver,
    Joined,
    LevelChanged,
    OpenTask,
    Published,
    Reopened,
    Revised,
    StandDown,
    Submitted,
    Summon,
    TakenBack,
)
from tests.playbooks.conversation import Talk
from tests.playbooks.flood import FLOOD, at

SHA = "a" * 64


def refused(talk: Talk, event: object) -> str:
    before = talk.run
    with pytest.raises(EngineRefusal) as caught:
        talk.says(event)  # type: ignore[arg-type]
    assert talk.run == before
    return caught.value.code


def waiting_release() -> Talk:
    talk = Talk()
    for person in ("ky", "dang"):
        talk.says(Acknowledged("lap_to", 1, person), 1)
    talk.says(Submitted("du_thao", "ky", "r1", SHA, ("ky",)), 2)
    talk.says(Approved("duyet", "ngon", "r1", SHA), 3)
    talk.says(Approved("duyet", "truong", "r1", SHA), 4)
    assert talk.states["cong_bo"] == "active"
    return talk


def test_what_is_not_kept_ends_and_comes_back_with_the_work_done() -> None:
    talk = waiting_release()
    before = dict(talk.states)
    talk.says(HandedOver(at(5), ("luu",)), 5)
    assert talk.states["cong_bo"] == "cancelled"
    assert talk.states["luu"] == before["luu"]
    assert talk.states["duyet"] == "done", "what was done stays done"
    assert {s.reason for s in talk.got(StandDown)} == {"handed_over"}
    assert refused(talk, Published("cong_bo", "ngon", SHA, at(5))) == "step_not_open"
    assert refused(talk, Edited("du_thao", "ky")) == "handed_over"
    assert refused(talk, HandedOver(at(5))) == "handed_over"
    talk.says(TakenBack(), 20)
    assert talk.states["cong_bo"] == "active"
    assert "ngon" in talk.people(OpenTask)
    assert refused(talk, TakenBack()) == "not_handed_over"
    assert from_json(to_json(talk.run)) == talk.run


def test_a_kept_step_never_waits_for_one_that_went() -> None:
    """Its predecessor ended with the hand-over: it begins, or is not needed, but hangs nowhere."""
    talk = Talk()
    talk.says(HandedOver(at(1), ("du_thao", "duyet", "cong_bo")), 1)
    assert talk.states["lap_to"] == "cancelled"
    assert talk.states["du_thao"] == "active"
    assert talk.states["duyet"] == "waiting"


def approved_in_two_steps(levels: tuple[int, ...] | None = None) -> Playbook:
    """The head's approval is a step of its own, needed at these levels."""
    steps = {step.id: step for step in FLOOD.steps}
    second = replace(steps["duyet"], id="duyet_2", by=("to_truong",), when=When(levels=levels))
    steps["duyet"] = replace(steps["duyet"], by=("phat_ngon",))
    steps["cong_bo"] = replace(steps["cong_bo"], after=("duyet", "duyet_2"))
    return replace(FLOOD, steps=(*steps.values(), second))


def half_approved(playbook: Playbook) -> Talk:
    talk = Talk(playbook, level=2)
    for person in ("ky", "dang"):
        talk.says(Acknowledged("lap_to", 1, person), 1)
    talk.says(Submitted("du_thao", "ky", "r1", SHA, ("ky",)), 2)
    talk.says(Approved("duyet", "ngon", "r1", SHA), 3)
    return talk


def test_a_kept_release_never_goes_without_an_approval_that_went() -> None:
    talk = half_approved(approved_in_two_steps())
    assert (talk.states["duyet_2"], talk.states["cong_bo"]) == ("active", "waiting")
    talk.says(HandedOver(at(4), ("cong_bo",)), 4)
    assert talk.states["cong_bo"] == "not_needed"
    talk.says(TakenBack(), 5)
    assert (talk.states["duyet_2"], talk.states["cong_bo"]) == ("active", "waiting")


def test_a_kept_release_goes_on_where_the_approval_that_went_was_not_needed() -> None:
    talk = half_approved(approved_in_two_steps(levels=(3,)))
    assert (talk.states["duyet_2"], talk.states["cong_bo"]) == ("not_needed", "active")
    talk.says(HandedOver(at(4), ("cong_bo",)), 4)
    assert talk.states["cong_bo"] == "active"
    talk.says(LevelChanged(3), 5)
    assert talk.states["cong_bo"] == "not_needed", "now it would be, and nobody here gives it"


def test_no_level_wakes_what_went() -> None:
    talk = Talk(level=1)
    assert talk.states["lap_to"] == "not_needed"
    talk.says(HandedOver(at(1)), 1)
    talk.says(LevelChanged(3), 2)
    assert set(talk.states.values()) <= {"cancelled", "done", "not_needed"}
    assert talk.got(Summon) == []


def test_no_new_version_begins_anything_while_another_body_leads() -> None:
    talk = Talk()
    talk.says(HandedOver(at(1)), 1)
    talk.playbook = replace(FLOOD, steps=(*FLOOD.steps, replace(FLOOD.steps[1], id="buoc_moi", after=())))
    assert refused(talk, Revised("truoc", "sau", dict(talk.run.roles))) == "handed_over"
    talk.playbook = FLOOD
    talk.says(TakenBack(), 2)
    talk.playbook = replace(FLOOD, steps=(*FLOOD.steps, replace(FLOOD.steps[1], id="buoc_moi", after=())))
    talk.says(Revised("truoc", "sau", dict(talk.run.roles)), 3)
    assert talk.states["buoc_moi"] == "active"


def test_closing_and_opening_again_brings_nothing_back_from_the_other_body() -> None:
    talk = waiting_release()
    talk.says(HandedOver(at(5), ("luu",)), 5)
    talk.says(Cancelled(), 6)
    talk.says(Reopened(), 7)
    assert (talk.states["luu"], talk.states["cong_bo"]) == ("active", "cancelled")
    talk.says(TakenBack(), 8)
    assert talk.states["cong_bo"] == "active"


def test_who_joins_is_not_called_a_second_time() -> None:
    talk = Talk()
    talk.says(Joined("lap_to", "moi", accepted=True), 1)
    assert talk.got(Summon) == []
    talk.says(Joined("lap_to", "khac"), 1)
    assert talk.got(Summon) == []
    actors = {a.person: (a.role, a.state) for a in talk.run.steps["lap_to"].actors}
    assert actors["moi"] == ("moi_them", "accepted")
    assert actors["khac"] == ("moi_them", "asked")
    before = talk.run.steps
    talk.says(Joined("lap_to", "truong", accepted=True), 2)
    assert talk.run.steps == before, "who is asked here already answers here"
    assert refused(talk, Joined("bao_xa", "moi")) == "step_not_open"
    assert refused(talk, Joined("xac_minh", "moi")) == "wrong_verb"


def test_a_run_written_before_there_were_hand_overs_goes_on() -> None:
    talk = waiting_release()
    old = json.loads(to_json(talk.run))
    del old["handed_at"]
    for state in old["steps"].values():
        del state["handed"]
    for state in old["deadlines"].values():
        del state["handed_at"]
    assert from_json(json.dumps(old)) == talk.run


def test_what_was_told_is_told_again_to_the_same_end() -> None:
    talk = waiting_release()
    said = ((HandedOver(at(5), ("luu",)), 5), (Joined("lap_to", "moi", True), 6), (TakenBack(), 9))
    log = [(event, at(minute)) for event, minute in said]
    once, twice = talk.run, talk.run
    for event, now in log:
        once, effects = advance(talk.playbook, once, event, now)
        twice, again = advance(talk.playbook, twice, event, now)
        assert (once, effects) == (twice, again)
    assert from_json(to_json(once)) == once
