"""What people change while a run goes on: level, anchors, holders, pauses, steps, closing and opening again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from playbooks.engine import EngineRefusal
from playbooks.language import Deadline, Span, Step, Verb
from playbooks.signals import (
    Acknowledged,
    Added,
    Answered,
    Approved,
    AskApproval,
    Cancelled,
    Declined,
    Event,
    FactChanged,
    Holders,
    LawClock,
    LevelChanged,
    OpenDraft,
    OpenTask,
    Paused,
    Published,
    Reassigned,
    Redone,
    Reopened,
    Resumed,
    Skipped,
    StandDown,
    Submitted,
    Summon,
    Ticked,
    Unreachable,
    WakeAt,
)
from tests.playbooks.conversation import Talk
from tests.playbooks.flood import STAND_IN, T0, at, minutes, one, within

SHA = "a" * 64


def refused(talk: Talk, event: Event) -> str:
    before = talk.run
    with pytest.raises(EngineRefusal) as caught:
        talk.says(event)
    assert talk.run == before
    return caught.value.code


def published(talk: Talk) -> Talk:
    for person in ("ky", "dang"):
        talk.says(Acknowledged("lap_to", 1, person), 1)
    talk.says(Submitted("du_thao", "ky", "r1", SHA, ("ky",)), 2)
    talk.says(Approved("duyet", "ngon", "r1", SHA), 3)
    talk.says(Approved("duyet", "truong", "r1", SHA), 4)
    talk.says(Published("cong_bo", "ngon", SHA, at(5)), 5)
    talk.says(Published("cong_bo", "dang", SHA, at(6)), 6)
    return talk


# ---------------------------------------------------------------- level


def test_a_higher_level_begins_what_now_holds_and_shortens_what_runs() -> None:
    talk = Talk(level=1)
    assert talk.step("xac_minh").due == at(120)
    talk.says(LevelChanged(3), 10)
    assert talk.states["lap_to"] == "active"
    assert talk.step("xac_minh").due == at(30)
    assert talk.states["du_thao"] == "active", "what had begun goes on"


def test_a_lower_level_cancels_nothing_that_runs_and_lengthens_nothing() -> None:
    talk = Talk(level=3)
    talk.says(LevelChanged(1), 5)
    assert talk.states["lap_to"] == "active"
    assert talk.step("lap_to").due == at(10)
    assert talk.states["cap_nhat"] == "not_needed"
    assert refused(talk, LevelChanged(9)) == "unknown_level"


# ---------------------------------------------------------------- repeats


def test_a_repeat_comes_again_after_it_was_done_until_the_incident_is_closed() -> None:
    talk = published(Talk())
    assert talk.step("cap_nhat").activation == 1
    talk.says(Ticked("cap_nhat", "ky"), 10)
    assert talk.step("cap_nhat").again_at == at(130)
    talk.waits_until(130)
    assert (talk.states["cap_nhat"], talk.step("cap_nhat").activation) == ("active", 2)
    talk.says(Ticked("cap_nhat", "ky"), 131)
    talk.sleeps_until(131 + 12 * 60)
    assert talk.people(OpenTask, "cap_nhat") == ["ky"], "however many were missed"
    assert talk.step("cap_nhat").activation == 3
    talk.says(Cancelled())
    assert talk.last[-1] == WakeAt(None)


def test_a_repeat_that_is_skipped_when_done_ends() -> None:
    talk = published(Talk())
    talk.says(Ticked("cap_nhat", "ky"), 10)
    talk.says(Skipped("cap_nhat", "đã lắng"), 11)
    assert talk.step("cap_nhat").again_at is None
    assert talk.states["cap_nhat"] == "done"


# ---------------------------------------------------------------- deadlines


def test_a_legal_clock_warns_at_its_marks_and_is_met_when_the_text_went_out() -> None:
    talk = Talk()
    assert talk.run.deadlines["phap_ly"].due == at(24 * 60)
    talk.waits_until(12 * 60)
    assert talk.warned("approaching", "phap_ly") == ["truong", "truc"]
    talk.waits_until(12 * 60 + 1)
    assert talk.warned("approaching", "phap_ly") == []
    published(talk)
    assert talk.run.deadlines["phap_ly"].met_at == at(6)


def test_a_clock_that_is_missed_is_missed_once() -> None:
    talk = Talk()
    talk.waits_until(30)
    assert talk.warned("approaching", "noi_bo") == ["truong"]
    assert talk.warned("missed", "noi_bo") == ["truong"]
    assert talk.run.deadlines["noi_bo"].missed_at == at(30)
    talk.waits_until(300)
    assert talk.warned("missed", "noi_bo") == []


def test_a_text_that_went_out_in_time_and_was_recorded_late_has_met_its_clock() -> None:
    talk = Talk()
    talk.waits_until(31)
    assert talk.run.deadlines["noi_bo"].missed_at
    published(talk)
    assert talk.run.deadlines["noi_bo"].met_at == at(6)
    assert talk.run.deadlines["noi_bo"].missed_at is None


def test_a_clock_already_past_at_the_opening_is_missed_with_one_warning_a_person() -> None:
    talk = Talk()
    talk.says(FactChanged(anchors={"accepted_at": T0 - timedelta(hours=30)}, reason="sửa"), 1)
    assert talk.warned("missed", "phap_ly") == ["truong", "truc"]
    assert talk.warned("approaching", "phap_ly") == []
    talk.says(FactChanged(anchors={"accepted_at": T0 - timedelta(hours=31)}, reason="sửa"), 2)
    assert talk.warned("missed", "phap_ly") == []


def test_a_corrected_anchor_moves_the_clock_and_arms_its_warnings_again() -> None:
    talk = Talk()
    talk.waits_until(12 * 60)
    talk.says(FactChanged(anchors={"accepted_at": at(60)}), 12 * 60 + 1)
    assert talk.run.deadlines["phap_ly"].due == at(25 * 60)
    talk.waits_until(13 * 60)
    assert talk.warned("approaching", "phap_ly") == ["truong", "truc"]


def test_a_missed_clock_whose_anchor_moves_it_ahead_runs_again() -> None:
    talk = Talk()
    talk.waits_until(24 * 60)
    assert talk.run.deadlines["phap_ly"].missed_at
    talk.says(FactChanged(anchors={"accepted_at": at(600)}), 24 * 60 + 1)
    assert talk.run.deadlines["phap_ly"].missed_at is None


def test_a_clock_without_its_anchor_has_no_time_and_one_that_does_not_bind_does_not_run() -> None:
    talk = Talk()
    talk.says(FactChanged(anchors={"accepted_at": None}))
    assert talk.run.deadlines["phap_ly"].applies
    assert talk.run.deadlines["phap_ly"].due is None
    talk.says(FactChanged(laws={}))
    assert not talk.run.deadlines["phap_ly"].applies
    talk.says(FactChanged(laws={"ban_dau": LawClock("opened_at", 2, "ND 09/2017")}))
    assert talk.run.deadlines["phap_ly"].due == at(120)


def test_a_target_may_count_from_the_end_of_a_step_and_comes_nearer_with_the_level() -> None:
    ask = Step("hoi", Verb.ASK, ("?",), by=("thu_ky",), choices={"a": "A", "b": "B"}, within=within(10))
    task = Step("lam", Verb.TASK, ("Làm",), by=("thu_ky",), within=within(600))
    target = Deadline(
        "dich", "Đích", "lam", within={1: Span(7200), 2: Span(3600), 3: Span(1800)}, start="hoi"
    )
    talk = Talk(one(ask, task, deadlines=(target,)), level=1)
    assert talk.run.deadlines["dich"].due is None
    talk.says(Answered("hoi", "ky", "a"), 5)
    assert talk.run.deadlines["dich"].due == at(125)
    talk.says(LevelChanged(3), 6)
    assert talk.run.deadlines["dich"].due == at(35)
    talk.says(LevelChanged(1), 7)
    assert talk.run.deadlines["dich"].due == at(35)
    assert [talk.states["hoi"], talk.states["lam"]] == ["done", "active"]


def test_working_days_end_at_five_in_the_afternoon() -> None:
    friday = datetime(2026, 7, 24, 3, 0, tzinfo=UTC)
    task = Step("lam", Verb.TASK, ("Làm",), by=("thu_ky",), within={3: Span(working_days=1)})
    talk = Talk(one(Step("cho", Verb.TASK, ("Chờ",), by=("thu_ky",)), task))
    talk.says(Redone("lam", "làm lại"), (friday - T0) / timedelta(minutes=1))
    assert talk.step("lam").due == datetime(2026, 7, 27, 10, 0, tzinfo=UTC)


# ---------------------------------------------------------------- pause


def test_a_pause_stops_ladders_but_no_legal_clock_and_ends_by_itself() -> None:
    talk = Talk()
    talk.says(Paused(at(65), "bão"), 5)
    talk.waits_until(40)
    assert talk.warned("missed", "noi_bo") == ["truong"]
    assert talk.people(Summon) == []
    talk.waits_until(69)
    assert talk.run.paused_until is None
    assert talk.step("lap_to").due == at(70)
    talk.waits_until(70)
    assert "truong2" in talk.people(Summon)


def test_a_pause_may_be_ended_early() -> None:
    talk = Talk()
    talk.says(Paused(at(65)), 5)
    talk.says(Resumed(), 8)
    assert talk.step("lap_to").due == at(13)
    assert refused(talk, Resumed()) == "not_paused"
    assert refused(talk, Paused(at(1))) == "pause_already_over"


def test_a_level_raised_after_a_pause_counts_the_pause() -> None:
    talk = Talk(level=1)
    talk.says(Paused(at(60)), 0)
    talk.says(Resumed(), 30)
    talk.says(LevelChanged(3), 31)
    assert talk.step("xac_minh").due == at(60)


# ---------------------------------------------------------------- holders


def test_the_shift_changes_and_what_is_unanswered_goes_to_the_new_holder() -> None:
    talk = Talk()
    talk.says(Acknowledged("lap_to", 1, "ky"), 1)
    talk.says(
        FactChanged(
            roles={"thu_ky": Holders(("moi",), ("ky2",)), "phat_ngon": Holders(("ngonmoi",), ("ngon",))}
        ),
        2,
    )
    assert talk.people(Summon) == ["ngonmoi"], "the secretary has answered and keeps it"
    assert talk.people(OpenTask, "luu") == ["moi"]
    assert {(e.step, e.persons) for e in talk.got(StandDown)} == {("luu", ("ky",)), ("lap_to", ("ngon",))}
    assert [r["role"] for r in talk.records("role_holder_changed")] == ["thu_ky", "phat_ngon"]


def test_a_person_who_becomes_the_stand_in_may_be_asked_again_as_such() -> None:
    talk = Talk()
    talk.says(FactChanged(roles={"phat_ngon": Holders(("ngonmoi",), ("ngon",))}), 2)
    talk.says(Declined("lap_to", 1, "ngonmoi"), 3)
    assert talk.people(Summon) == ["ngon"]


def test_who_declined_is_followed_by_the_new_holder() -> None:
    talk = Talk()
    talk.says(Unreachable("xac_minh", 1, "truong"), 1)
    talk.says(FactChanged(roles={"to_truong": Holders(("moi",), ("truong2",))}), 2)
    assert talk.people(OpenTask, "xac_minh") == ["moi"]


def test_a_vacancy_mended_is_asked() -> None:
    talk = Talk(roles={"to_truong": Holders()})
    talk.says(FactChanged(roles={"to_truong": Holders(("truong",))}), 2)
    assert talk.people(OpenTask, "xac_minh") == ["truong"]


def test_holders_that_did_not_change_ask_nobody() -> None:
    talk = Talk()
    before = talk.run
    talk.says(FactChanged(roles=dict(talk.run.roles)), 2)
    assert talk.run is before


# ---------------------------------------------------------------- steps


def test_an_added_task_waits_for_one_person_and_ends_stuck() -> None:
    talk = Talk()
    talk.says(Added("them_1", "Gọi nhà báo", "ky", within_seconds=600), 1)
    assert talk.people(OpenTask, "them_1") == ["ky"]
    assert refused(talk, Added("them_1", "Lại", "ky")) == "step_exists"
    talk.waits_until(11)
    assert talk.states["them_1"] == "stuck"
    talk.says(Ticked("them_1", "ky"))
    assert talk.states["them_1"] == "done"


def test_a_reassigned_task_waits_for_the_new_person_alone_with_a_new_limit() -> None:
    talk = Talk()
    talk.says(Ticked("luu", "ky", (0,)), 1)
    talk.says(Reassigned("luu", "moi", "đi vắng"), 20)
    assert talk.people(OpenTask, "luu") == ["moi"]
    assert talk.got(StandDown, "luu")[0].activation == 1
    assert (talk.step("luu").activation, talk.step("luu").due, talk.step("luu").ticked) == (2, at(50), (0,))
    talk.says(Reassigned("luu", "ky"), 21)
    assert talk.people(OpenTask, "luu") == ["ky"]


def test_a_reassigned_step_does_not_go_back_with_the_next_shift() -> None:
    talk = Talk()
    talk.says(Reassigned("luu", "moi"), 1)
    talk.says(FactChanged(roles={"thu_ky": Holders(("khac",))}), 2)
    assert talk.people(OpenTask, "luu") == []


def test_a_call_up_is_reassigned_role_by_role() -> None:
    talk = Talk()
    talk.says(Acknowledged("lap_to", 1, "truong"), 1)
    talk.says(Reassigned("lap_to", "moi"), 2)
    assert [(e.person, e.role) for e in talk.got(Summon)] == [("moi", "thu_ky")]
    talk.says(Acknowledged("lap_to", 1, "moi"), 3)
    assert talk.states["lap_to"] == "done"


def test_an_approval_is_not_reassigned_to_who_wrote_the_text() -> None:
    talk = Talk(level=1)
    talk.says(Submitted("du_thao", "ky", "r1", SHA, ("moi",)), 1)
    assert refused(talk, Reassigned("duyet", "moi")) == "editor_may_not_approve"
    talk.says(Reassigned("duyet", "khac"), 2)
    assert talk.people(AskApproval) == ["khac"]


def test_what_never_began_is_not_redone_and_what_ended_is_not_skipped() -> None:
    talk = Talk()
    assert refused(talk, Redone("duyet", "?")) == "step_never_begun"
    talk.says(Skipped("luu", "không cần"))
    assert refused(talk, Skipped("luu", "?")) == "step_already_ended"
    talk.says(Redone("luu", "cần"))
    assert talk.people(OpenTask, "luu") == ["ky"]
    assert talk.records("step_redone") == [{"step": "luu", "reason": "cần", "activation": 2}]


# ---------------------------------------------------------------- closing


def test_closing_stands_everybody_down_and_nothing_happens_any_more() -> None:
    talk = Talk()
    talk.says(Cancelled("báo nhầm"), 5)
    assert {e.step for e in talk.got(StandDown)} == {"lap_to", "xac_minh", "luu"}
    assert set(talk.states.values()) == {"cancelled"}
    before = talk.run
    talk.says(Acknowledged("lap_to", 1, "ky"), 6)
    assert talk.run is before
    assert refused(talk, Answered("xac_minh", "truong", "sai")) == "closed"
    assert refused(talk, Cancelled()) == "closed"
    assert talk.sleeps_until(3000) == [WakeAt(None)]


def test_opening_again_asks_what_was_open_and_keeps_who_had_said_yes() -> None:
    talk = Talk()
    assert refused(talk, Reopened()) == "not_closed"
    talk.says(Acknowledged("lap_to", 1, "ky"), 1)
    talk.says(Ticked("luu", "ky", (1,)), 2)
    talk.says(Cancelled(), 5)
    talk.says(Reopened(), 60)
    assert talk.people(Summon) == ["truong", "ngon", "dang"]
    assert talk.step("luu").ticked == (1,)
    assert talk.step("lap_to").activation == 2
    assert talk.states["duyet"] == "waiting"
    talk.says(Acknowledged("lap_to", 2, "dang"), 61)
    assert talk.people(OpenDraft) == ["ky"]


def test_a_run_reopened_while_a_text_waited_for_approval_asks_the_same_turn_again() -> None:
    talk = Talk(level=1)
    talk.says(Submitted("du_thao", "ky", "r1", SHA, ("ky",)), 1)
    talk.says(Approved("duyet", "ngon", "r1", SHA), 2)
    talk.says(Cancelled(), 5)
    talk.says(Reopened(), 60)
    assert talk.people(AskApproval) == ["truong"]
    talk.says(Approved("duyet", "truong", "r1", SHA), 61)
    assert talk.step("duyet").approved_by == ("ngon", "truong")


def test_a_stand_in_rung_of_a_reassigned_step_is_the_roles() -> None:
    task = Step("lam", Verb.TASK, ("Làm",), by=("thu_ky",), within={3: minutes(10)}, ladder=(STAND_IN,))
    talk = Talk(one(task))
    talk.says(Reassigned("lam", "moi"), 1)
    talk.waits_until(11)
    assert talk.people(OpenTask) == ["ky2"]
