"""The verbs and connectors, one conversation a rule."""

from __future__ import annotations

import pytest

from playbooks.engine import EngineRefusal, advance
from playbooks.language import Rung, Step, Verb, When
from playbooks.load import LIBRARY, load
from playbooks.rehearse import run_scenario
from playbooks.scenario import load_scenario
from playbooks.signals import (
    Acknowledged,
    Answered,
    ApprovalWithdrawn,
    Approved,
    AskApproval,
    AudienceFrozen,
    Declined,
    Edited,
    Finish,
    Holders,
    Notify,
    OpenDraft,
    OpenTask,
    Published,
    Redone,
    Remind,
    Returned,
    Skipped,
    StandDown,
    Submitted,
    Summon,
    Ticked,
    TimePassed,
    Unreachable,
    WakeAt,
)
from tests.playbooks.conversation import Talk
from tests.playbooks.flood import STAND_IN, at, minutes, one, started, within

SHA = "a" * 64


def stood(talk: Talk) -> Talk:
    """The task force stands: two have accepted."""
    talk.says(Acknowledged("lap_to", 1, "dang"), 2)
    talk.says(Acknowledged("lap_to", 1, "ky"), 3)
    return talk


def submitted(talk: Talk, revision: str = "r1", sha: str = SHA) -> Talk:
    if talk.states["lap_to"] == "active":
        stood(talk)
    talk.says(Submitted("du_thao", "ky", revision, sha, ("ky",)))
    return talk


def approved(talk: Talk) -> Talk:
    submitted(talk)
    talk.says(Approved("duyet", "ngon", "r1", SHA))
    talk.says(Approved("duyet", "truong", "r1", SHA))
    return talk


def refusal(talk: Talk, event: object) -> str:
    before = talk.run
    with pytest.raises(EngineRefusal) as caught:
        talk.says(event)  # type: ignore[arg-type]
    assert talk.run == before
    return caught.value.code


# ---------------------------------------------------------------- beginning


def test_what_has_no_condition_begins_at_once_and_the_rest_waits() -> None:
    talk = Talk()
    assert talk.states == {
        "lap_to": "active",
        "xac_minh": "active",
        "an_toan": "waiting",
        "luu": "active",
        "du_thao": "waiting",
        "duyet": "waiting",
        "bao_xa": "waiting",
        "cong_bo": "waiting",
        "bao_lanh_dao": "waiting",
        "cap_nhat": "waiting",
    }
    assert talk.people(Summon) == ["truong", "ky", "ngon", "dang"]
    assert {effect.due for effect in talk.got(Summon)} == {at(10)}
    assert talk.last[-1] == WakeAt(at(10))


def test_a_step_of_another_level_is_not_needed_and_the_work_goes_on_without_it() -> None:
    talk = Talk(level=1)
    assert talk.states["lap_to"] == "not_needed"
    assert talk.states["du_thao"] == "active"


def test_a_run_begins_once() -> None:
    talk = Talk()
    with pytest.raises(EngineRefusal, match="already_started"):
        advance(talk.playbook, talk.run, started(), talk.now)
    with pytest.raises(EngineRefusal, match="not_started"):
        advance(talk.playbook, None, TimePassed(), talk.now)


def test_time_with_nothing_due_gives_back_the_same_run() -> None:
    talk = Talk()
    before = talk.run
    talk.says(TimePassed(), 1)
    assert talk.run is before
    assert talk.last == [WakeAt(at(10))]


# ---------------------------------------------------------------- assign


def test_a_call_up_is_done_when_enough_have_accepted() -> None:
    talk = stood(Talk())
    assert talk.states["lap_to"] == "done"
    assert talk.people(OpenDraft) == ["ky"]
    assert [(e.step, e.reason, e.persons) for e in talk.got(StandDown)] == [("lap_to", "done", ())]


def test_all_means_somebody_of_every_role() -> None:
    talk = Talk(
        one(Step("goi", Verb.ASSIGN, ("to_truong", "thu_ky"), ack="all", within=within(10))),
        roles={"thu_ky": Holders(("ky", "kyb"))},
    )
    talk.says(Acknowledged("goi", 1, "kyb"), 1)
    assert talk.states["goi"] == "active"
    talk.says(Acknowledged("goi", 1, "truong"), 2)
    assert talk.states["goi"] == "done"
    assert talk.got(Finish)


def test_who_declines_is_replaced_by_the_stand_in_at_once() -> None:
    talk = Talk()
    talk.says(Declined("lap_to", 1, "truong", reason="bận"), 1)
    [summon] = talk.got(Summon)
    assert (summon.person, summon.instead_of, summon.role) == ("truong2", "truong", "to_truong")
    assert talk.records("stand_in_asked")


def test_a_no_after_the_quorum_still_brings_the_stand_in() -> None:
    talk = stood(Talk())
    talk.says(Declined("lap_to", 1, "ngon"), 5)
    assert talk.people(Summon) == ["ngon2"]
    assert talk.states["lap_to"] == "done"


def test_who_cannot_be_reached_is_replaced_and_a_stand_in_without_successor_is_told_to_the_duty_officer() -> (
    None
):
    talk = Talk()
    talk.says(Unreachable("lap_to", 1, "truong"), 1)
    assert talk.people(Summon) == ["truong2"]
    talk.says(Declined("lap_to", 1, "truong2"), 2)
    assert talk.warned("unanswered", "lap_to") == ["truc"]
    assert talk.records("nobody_to_ask") == [{"step": "lap_to", "activation": 1, "role": "to_truong"}]


def test_a_vacant_role_asks_its_stand_ins_from_the_start() -> None:
    talk = Talk(roles={"to_truong": Holders((), ("truong2",))})
    assert "truong2" in talk.people(Summon)


def test_a_role_with_nobody_is_told_at_once() -> None:
    talk = Talk(roles={"to_truong": Holders()})
    assert talk.warned("unanswered", "lap_to") == ["truc"]
    assert talk.warned("unanswered", "xac_minh") == ["truc"]


def test_one_person_in_two_roles_is_asked_once_and_answers_both() -> None:
    talk = Talk(
        one(Step("goi", Verb.ASSIGN, ("to_truong", "thu_ky"), ack="all", within=within(10))),
        roles={"thu_ky": Holders(("truong",))},
    )
    assert talk.people(Summon) == ["truong"]
    assert [actor.role for actor in talk.step("goi").actors] == ["to_truong", "thu_ky"]
    talk.says(Acknowledged("goi", 1, "truong"), 1)
    assert talk.states["goi"] == "done"


def test_between_the_original_and_the_stand_in_the_first_yes_counts() -> None:
    step = Step("goi", Verb.ASSIGN, ("to_truong", "thu_ky"), ack="all", within=within(10), ladder=(STAND_IN,))
    talk = Talk(one(step))
    talk.waits_until(10)
    assert sorted(str(p) for p in talk.people(Summon)) == ["ky2", "truong2"]
    talk.says(Acknowledged("goi", 1, "truong"), 11)
    assert talk.people(StandDown) == [None]
    assert talk.got(StandDown)[0].persons == ("truong2",)
    talk.says(Acknowledged("goi", 1, "ky2"), 12)
    assert talk.got(StandDown)[0].persons == ("ky",)
    assert talk.states["goi"] == "done"


def test_a_late_answer_changes_nothing() -> None:
    talk = approved(Talk())
    before = talk.run
    talk.says(Acknowledged("duyet", 1, "ngon"))
    talk.says(Declined("du_thao", 1, "ky"))
    assert talk.run is before


def test_a_group_is_counted_by_its_answers() -> None:
    talk = approved(Talk())
    [notice] = talk.got(Notify, "bao_xa")
    assert (notice.role, notice.person, notice.ack) == ("cac_xa", None, True)
    talk.says(Acknowledged("bao_xa", 1, count=2))
    assert talk.states["bao_xa"] == "active", "nobody knows yet how many there are"
    talk.says(AudienceFrozen("bao_xa", 1, 5))
    talk.says(Acknowledged("bao_xa", 1, count=2))
    assert talk.states["bao_xa"] == "active"
    talk.says(Acknowledged("bao_xa", 1))
    assert talk.states["bao_xa"] == "done"


def test_a_group_of_nobody_is_never_all_of_it() -> None:
    talk = approved(Talk())
    talk.says(AudienceFrozen("bao_xa", 1, 0))
    assert talk.states["bao_xa"] == "active"


# ---------------------------------------------------------------- notify, task, ask


def test_a_notice_without_answer_is_done_when_it_is_sent() -> None:
    talk = approved(Talk())
    talk.says(Published("cong_bo", "ngon", SHA, talk.now))
    talk.says(Published("cong_bo", "dang", SHA, talk.now))
    assert [(n.person, n.ack) for n in talk.got(Notify, "bao_lanh_dao")] == [("lanhdao", False)]
    assert talk.states["bao_lanh_dao"] == "done"


def test_a_task_is_done_when_every_item_is_ticked_and_the_proof_is_there() -> None:
    talk = Talk()
    talk.says(Ticked("luu", "ky", (0,)), 1)
    assert talk.states["luu"] == "active"
    talk.says(Ticked("luu", "ky", (1,)), 2)
    assert talk.states["luu"] == "active"
    talk.says(Ticked("luu", "ky", (), proof=True), 3)
    assert talk.states["luu"] == "done"
    assert talk.got(StandDown)[0].reason == "done"
    assert refusal(talk, Ticked("luu", "ky", (0,))) == "step_not_open"


def test_an_unknown_item_or_choice_or_step_is_refused() -> None:
    talk = Talk()
    assert refusal(talk, Ticked("luu", "ky", (2,))) == "unknown_item"
    assert refusal(talk, Answered("xac_minh", "truong", "co_the")) == "unknown_choice"
    assert refusal(talk, Answered("khong_co", "truong", "sai")) == "unknown_step"
    assert refusal(talk, Ticked("xac_minh", "truong")) == "wrong_verb"


def test_the_answer_decides_what_follows() -> None:
    talk = Talk()
    talk.says(Answered("xac_minh", "truong", "dung"), 1)
    assert talk.states["an_toan"] == "active"
    other = Talk()
    other.says(Answered("xac_minh", "truong", "sai"), 1)
    assert other.states["an_toan"] == "not_needed"


def test_a_skipped_question_answers_nothing() -> None:
    talk = Talk()
    talk.says(Skipped("xac_minh", "không rõ"), 1)
    assert talk.states["an_toan"] == "not_needed"


def test_a_question_asked_again_takes_back_what_hung_on_the_old_answer() -> None:
    talk = Talk()
    talk.says(Answered("xac_minh", "truong", "dung"), 1)
    talk.says(Redone("xac_minh", "nhầm"), 2)
    assert (talk.states["xac_minh"], talk.states["an_toan"]) == ("active", "active")
    talk.says(Answered("xac_minh", "truong", "sai"), 3)
    assert talk.states["an_toan"] == "not_needed"
    assert [e.step for e in talk.got(StandDown)] == ["xac_minh", "an_toan"]


# ---------------------------------------------------------------- draft, approve, publish


def test_approvers_are_asked_in_turn_for_that_revision() -> None:
    talk = submitted(Talk())
    [ask] = talk.got(AskApproval)
    assert (ask.person, ask.revision, ask.sha256, ask.activation) == ("ngon", "r1", SHA, 1)
    talk.says(Approved("duyet", "ngon", "r1", SHA))
    [ask] = talk.got(AskApproval)
    assert (ask.person, ask.activation) == ("truong", 2)
    talk.says(Approved("duyet", "truong", "r1", SHA))
    assert talk.states["duyet"] == "done"
    assert talk.step("duyet").approved_by == ("ngon", "truong")


def test_each_approver_has_a_ladder_of_their_own() -> None:
    talk = submitted(Talk())
    talk.waits_until(13)
    assert talk.people(AskApproval) == ["ngon2"]
    talk.says(Approved("duyet", "ngon2", "r1", SHA), 14)
    talk.waits_until(24)
    assert talk.people(AskApproval) == ["truong2"]


def test_only_an_asked_person_approves_only_what_was_submitted_and_never_their_own_text() -> None:
    talk = stood(Talk())
    talk.says(Submitted("du_thao", "ky", "r1", SHA, ("ky", "ngon")))
    assert talk.people(AskApproval) == ["ngon2"], "the spokesperson edited it"
    assert refusal(talk, Approved("duyet", "ngon", "r1", SHA)) == "editor_may_not_approve"
    assert refusal(talk, Approved("duyet", "truong", "r1", SHA)) == "not_asked"
    assert refusal(talk, Approved("duyet", "ngon2", "r1", "b" * 64)) == "not_the_submitted_revision"
    assert refusal(talk, Approved("duyet", "ngon2", "r0", SHA)) == "not_the_submitted_revision"


def test_one_person_in_two_posts_approves_once() -> None:
    talk = submitted(Talk(roles={"to_truong": Holders(("ngon",))}))
    talk.says(Approved("duyet", "ngon", "r1", SHA))
    assert talk.states["duyet"] == "done"
    assert talk.step("duyet").approved_by == ("ngon", "ngon")


def test_a_return_opens_the_draft_again_and_voids_the_approval_given() -> None:
    talk = submitted(Talk())
    talk.says(Approved("duyet", "ngon", "r1", SHA))
    talk.says(Returned("duyet", "truong", "thiếu nguồn"))
    assert (talk.states["du_thao"], talk.states["duyet"]) == ("active", "waiting")
    assert talk.people(OpenDraft) == ["ky"]
    assert talk.records("approvals_voided") == [{"step": "duyet"}]
    submitted(talk, "r2", "b" * 64)
    [ask] = talk.got(AskApproval)
    assert (ask.person, ask.revision, ask.activation) == ("ngon", "r2", 3)
    assert refusal(talk, Approved("duyet", "ngon", "r1", SHA)) == "not_the_submitted_revision"


def test_an_edit_voids_approvals_and_withdraws_the_waiting_release() -> None:
    talk = approved(Talk())
    assert talk.states["cong_bo"] == "active"
    talk.says(Edited("du_thao", "ky"))
    assert [talk.states[id] for id in ("du_thao", "duyet", "cong_bo")] == ["active", "waiting", "waiting"]
    assert talk.records("publish_withdrawn") == [{"step": "cong_bo"}]
    assert refusal(talk, Published("cong_bo", "ngon", SHA, talk.now)) == "step_not_open"


def test_an_approval_taken_back_withdraws_the_release_and_waits_for_the_same_person() -> None:
    talk = approved(Talk())
    last = talk.step("duyet").approved_by[-1]
    talk.says(ApprovalWithdrawn("duyet", last))
    assert (talk.states["du_thao"], talk.states["duyet"], talk.states["cong_bo"]) == (
        "done",
        "active",
        "waiting",
    )
    assert talk.step("duyet").approved_by == ("ngon",), "what the first one said still stands"
    assert talk.people(AskApproval) == [last]
    assert talk.records("approval_withdrawn") == [{"step": "duyet", "person": last}]
    talk.says(Approved("duyet", last, "r1", SHA))
    assert (talk.states["duyet"], talk.states["cong_bo"]) == ("done", "active")


def test_the_first_approval_taken_back_takes_the_second_with_it() -> None:
    talk = approved(Talk())
    talk.says(ApprovalWithdrawn("duyet", "ngon"))
    assert talk.step("duyet").approved_by == ()
    assert talk.people(AskApproval) == ["ngon"]


def test_only_ones_own_approval_can_be_taken_back() -> None:
    talk = submitted(Talk())
    assert refusal(talk, ApprovalWithdrawn("duyet", "ngon")) == "not_their_approval"
    assert refusal(talk, ApprovalWithdrawn("du_thao", "ngon")) == "wrong_verb"


def test_an_edit_between_release_and_posting_takes_the_release_back() -> None:
    talk = approved(Talk())
    talk.says(Published("cong_bo", "ngon", SHA, talk.now))
    talk.says(Edited("du_thao", "ky"))
    assert talk.states["cong_bo"] == "waiting"
    assert talk.step("cong_bo").sha256 is None


def test_a_redone_draft_is_an_unapproved_draft() -> None:
    talk = approved(Talk())
    talk.says(Redone("du_thao", "sai số liệu"))
    assert [talk.states[id] for id in ("du_thao", "duyet", "cong_bo")] == ["active", "waiting", "waiting"]


def test_an_approval_redone_withdraws_the_release() -> None:
    talk = approved(Talk())
    talk.says(Redone("duyet", "hỏi lại"))
    assert (talk.states["duyet"], talk.states["cong_bo"]) == ("active", "waiting")


def test_release_first_then_posting_and_only_of_the_approved_text() -> None:
    talk = approved(Talk())
    assert talk.people(OpenTask, "cong_bo") == ["ngon"]
    assert refusal(talk, Published("cong_bo", "dang", SHA, talk.now)) == "not_asked"
    assert refusal(talk, Published("cong_bo", "ngon", "b" * 64, talk.now)) == "not_the_approved_text"
    assert refusal(talk, Published("cong_bo", "ngon", SHA, at(600))) == "in_the_future"
    talk.says(Published("cong_bo", "ngon", SHA, talk.now))
    assert talk.people(OpenTask, "cong_bo") == ["dang"]
    talk.says(Published("cong_bo", "dang", SHA, at(2)), 20)
    assert talk.states["cong_bo"] == "done"
    assert talk.step("cong_bo").done_at == at(2)
    assert talk.run.deadlines["phap_ly"].met_at == at(2)


def test_a_skipped_approval_lets_a_person_publish_and_a_new_text_must_be_skipped_anew() -> None:
    talk = submitted(Talk())
    talk.says(Skipped("duyet", "Chủ tịch quyết định"))
    assert talk.states["cong_bo"] == "active"
    talk.says(Edited("du_thao", "ky"))
    assert talk.states["duyet"] == "waiting"


def test_a_text_nobody_need_approve_is_never_published() -> None:
    draft = Step("viet", Verb.DRAFT, ("mau/a.md",), by=("thu_ky",), within=within(10))
    approve = Step("duyet", Verb.APPROVE, ("viet",), by=("to_truong",), when=When(levels=(3,)))
    publish = Step("dang", Verb.PUBLISH, ("viet",), by=("phat_ngon",))
    talk = Talk(one(draft, approve, publish), level=1)
    talk.says(Submitted("viet", "ky", "r1", SHA), 1)
    assert (talk.states["duyet"], talk.states["dang"]) == ("not_needed", "not_needed")


def test_a_skipped_draft_ends_what_governs_it() -> None:
    talk = stood(Talk())
    talk.says(Skipped("du_thao", "không cần"))
    assert (talk.states["duyet"], talk.states["cong_bo"]) == ("not_needed", "not_needed")


def test_an_approver_who_declines_is_stood_in_for() -> None:
    talk = submitted(Talk())
    talk.says(Declined("duyet", 1, "ngon"))
    assert talk.people(AskApproval) == ["ngon2"]


# ---------------------------------------------------------------- ladders


def test_the_ladder_is_climbed_rung_by_rung_and_ends_stuck_with_one_reminder_in_half_an_hour() -> None:
    talk = Talk(one(Step("hoi", Verb.TASK, ("Hỏi",), by=("to_truong",), within=within(10), ladder=LADDER)))
    talk.waits_until(10)
    assert talk.people(OpenTask) == ["truong2"]
    assert talk.got(OpenTask)[0].due == at(15)
    talk.waits_until(15)
    assert talk.warned("overdue", "hoi") == ["lanhdao"]
    talk.waits_until(18)
    assert talk.people(Remind) == ["truong", "truong2"]
    talk.waits_until(28)
    assert talk.states["hoi"] == "stuck"
    assert talk.warned("stuck") == ["truc"]
    talk.waits_until(57)
    assert talk.warned("stuck") == []
    talk.waits_until(58)
    assert talk.warned("stuck") == ["truc"]
    talk.says(Ticked("hoi", "truong"))
    assert talk.states["hoi"] == "done"


LADDER = (STAND_IN, Rung("lanh_dao", minutes(5)), Rung("nhac_lai", minutes(3)))


def test_a_stand_in_who_was_asked_already_is_reminded_when_the_rung_comes() -> None:
    talk = Talk(
        one(Step("hoi", Verb.TASK, ("Hỏi",), by=("to_truong",), within=within(10), ladder=(STAND_IN,)))
    )
    talk.says(Declined("hoi", 1, "truong"), 9)
    talk.waits_until(10)
    assert talk.people(Remind) == ["truong2"]


def test_reminders_go_only_to_those_who_still_owe_an_answer() -> None:
    step = Step(
        "goi", Verb.ASSIGN, ("to_truong", "thu_ky"), ack="all", within=within(10), ladder=(Rung("nhac_lai"),)
    )
    talk = Talk(one(step))
    talk.says(Acknowledged("goi", 1, "truong"), 1)
    talk.waits_until(10)
    assert talk.people(Remind) == ["ky"]


def test_a_group_is_reminded_as_a_group() -> None:
    talk = approved(Talk())
    talk.says(AudienceFrozen("bao_xa", 1, 5))
    talk.waits_until(3 + 15)
    assert [(e.person, e.role) for e in talk.got(Remind, "bao_xa")] == [(None, "cac_xa")]


def test_stuck_steps_are_told_together() -> None:
    a = Step("a", Verb.TASK, ("A",), by=("to_truong",), within=within(10))
    b = Step("b", Verb.TASK, ("B",), by=("thu_ky",), within=within(12))
    talk = Talk(one(a, b))
    talk.waits_until(10)
    assert talk.warned("stuck") == ["truc"]
    talk.waits_until(39)
    assert talk.warned("stuck") == []
    assert talk.states["b"] == "stuck"
    talk.waits_until(40)
    assert [talk.warned("stuck", id) for id in "ab"] == [["truc"], ["truc"]]


def test_after_an_outage_every_rung_reaches_its_people_and_the_last_gets_its_time_from_now() -> None:
    step = Step("hoi", Verb.TASK, ("Hỏi",), by=("to_truong",), within=within(10), ladder=LADDER)
    talk = Talk(one(step))
    talk.sleeps_until(180)
    assert talk.people(OpenTask) == ["truong2"]
    assert talk.warned("overdue") == ["lanhdao"]
    assert talk.people(Remind) == ["truong", "truong2"]
    assert talk.states["hoi"] == "active"
    assert talk.run.wake_at == at(190)
    talk.waits_until(190)
    assert talk.states["hoi"] == "stuck"


def test_a_target_ends_with_the_need_for_what_would_have_met_it() -> None:
    """Nothing was wrong after all: no first statement is owed, and none is called late."""
    playbook = load(LIBRARY / "van-ban-sai.yaml").playbook
    assert playbook is not None
    scenario = load_scenario(LIBRARY / "scenarios" / "van-ban-sai" / "khong-sai.yaml")
    state = run_scenario(playbook, scenario).run.deadlines["ban_dau"]
    assert (state.applies, state.missed_at, state.met_at) == (False, None, None)
