"""What a rehearsal comes to in numbers: who is told how much, what it costs, who is never told, where it gets stuck, and the
rules no playbook may break."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from playbooks import load as loading
from playbooks.language import Deadline, Playbook, Role, Rung, Span, Step, Verb
from playbooks.outcome import Load, Outcome, as_data
from playbooks.rehearse import ENDLESS, run_scenario, simple
from playbooks.run import Run, StepState
from playbooks.scenario import SILENT, Behaviour, Scenario
from playbooks.watch import Watch
from tests.playbooks.flood import FLOOD, STAND_IN, at, minutes, one, within

LONG = (
    "UBND tinh de nghi {{ unit }} theo doi vu viec {{ code }}. " + "Noi dung dai. " * 12 + "{{ duty_phone }}"
)
PLAYBOOK = replace(FLOOD, templates={"mau/sms.txt": LONG})


def rehearsed(playbook: Playbook, **scenario: object) -> Outcome:
    return run_scenario(playbook, replace(simple(3), **scenario))  # type: ignore[arg-type]


def sms(outcome: Outcome, person: str) -> list[tuple[int, str, tuple[str, ...]]]:
    return [(m.at, m.kind, m.about) for m in outcome.messages if (m.person, m.channel) == (person, "sms")]


def test_one_text_a_person_and_moment_three_minutes_apart() -> None:
    outcome = rehearsed(PLAYBOOK)
    told = sms(outcome, "so_chuyen_vien")
    assert told[0] == (
        0,
        "summon",
        ("lap_to", "luu"),
    )  # the call-up and the task of the same moment are one SMS
    gaps = [later - sooner for (sooner, _, _), (later, _, _) in pairwise(told)]
    assert gaps
    assert all(gap >= 180 for gap in gaps)


def test_the_parts_of_a_registered_text_are_counted_for_each_party_of_a_group() -> None:
    group = next(m for m in rehearsed(PLAYBOOK).messages if m.about == ("bao_xa",) and m.channel == "sms")
    assert (group.person, group.recipients, group.parts, group.cost) == ("", 5, 2, 10)


def test_the_sum_is_the_sum_of_the_people() -> None:
    outcome = rehearsed(PLAYBOOK)
    assert outcome.parts == sum(load.parts for load in outcome.people) > 10
    lead = next(load for load in outcome.people if load.person == "pho_chu_tich_phu_trach")
    assert lead == Load("pho_chu_tich_phu_trach", "to_truong", 2, 2, 2, 2)


def test_a_first_task_of_those_on_duty_stands_on_their_screen() -> None:
    playbook = one(Step("xem", Verb.TASK, ("Xem",), by=("truc_ban",), within=within(5), ladder=(STAND_IN,)))
    outcome = rehearsed(playbook)
    assert outcome.messages == ()
    assert "truc_ban" not in outcome.never_told


def test_who_was_asked_too_much_in_the_first_hour_is_not_sent_more() -> None:
    tasks = [
        Step(f"viec_{n}", Verb.TASK, ("Việc",), by=("thu_ky",), within=within(60), ladder=(STAND_IN,))
        for n in range(6)
    ]
    after = [replace(task, after=(tasks[n - 1].id,) if n else ("goi",)) for n, task in enumerate(tasks)]
    call = Step("goi", Verb.ASSIGN, ("thu_ky",), ack="all", within=within(10), ladder=(STAND_IN,))
    outcome = rehearsed(one(call, *after))
    assert len(sms(outcome, "so_chuyen_vien")) == 4
    assert [held.about for held in outcome.held_back] == [("viec_3",), ("viec_4",), ("viec_5",)]
    assert outcome.ok, "what the room and an email say is no fault of the playbook"


def test_a_sixth_call_up_in_the_first_hour_is_a_fault() -> None:
    calls = [
        Step(
            f"goi_{n}",
            Verb.ASSIGN,
            ("thu_ky",),
            ack="all",
            after=(f"goi_{n - 1}",) if n else (),
            within=within(10),
            ladder=(STAND_IN,),
        )
        for n in range(6)
    ]
    assert rehearsed(one(*calls)).faults == (
        "quá nhiều tin nhắn trong giờ đầu cho so_chuyen_vien: lúc 00:12 (goi_4)",
    )


def test_silence_about_what_is_overdue_is_a_fault() -> None:
    silent = {"thu_ky": Behaviour(SILENT), "so_pho_phong": Behaviour(SILENT)}
    ladder = (STAND_IN, Rung("truc_ban", minutes(45)))
    step = Step("viec", Verb.TASK, ("Việc",), by=("thu_ky",), within=within(10), ladder=ladder)
    outcome = rehearsed(one(step), people=silent)
    assert outcome.faults == ("im lặng 45 phút từ 00:10 khi viec quá hạn, tối đa 30 phút",)
    (silence,) = outcome.silences
    assert (silence.step, silence.start, silence.end) == ("viec", 600, 3300)
    spoken = replace(step, ladder=(STAND_IN, Rung("truc_ban", minutes(30))))
    assert rehearsed(one(spoken), people=silent).silences == ()


def test_the_time_the_system_was_down_is_no_silence_of_the_playbook() -> None:
    watch = Watch()
    overdue = Run(steps={"viec": StepState("active", 1, rung=1)})
    watch.look(overdue, {}, at(0))
    assert list(watch.silences(at(100), (at(20), at(90)))) == []
    watch.look(overdue, {}, at(100))
    assert list(watch.silences(at(200), (at(20), at(90)))) == [("viec", at(100), at(200))]


def test_coming_onto_the_call_list_is_being_told() -> None:
    watch = Watch()
    watch.look(Run(steps={"viec": StepState("active", 1, rung=1)}), {}, at(0))
    watch.look(Run(steps={"viec": StepState("stuck", 1, rung=1)}), {"viec": at(0)}, at(29))
    watch.look(Run(steps={"viec": StepState("stuck", 1, rung=1)}), {"viec": at(50)}, at(50))
    assert list(watch.silences(at(80), None)) == []
    assert at(80) - at(50) == timedelta(minutes=30)


def test_who_is_never_told_and_where_it_gets_stuck() -> None:
    playbook = replace(
        PLAYBOOK, roles=PLAYBOOK.roles | {"chuyen_gia": Role("chuyen_gia", "Chuyên gia", "vien")}
    )
    outcome = rehearsed(playbook, others=Behaviour(SILENT))
    assert outcome.never_told == ("cac_xa", "chuyen_gia")
    assert [(stuck.step, stuck.at, stuck.still) for stuck in outcome.stuck][:1] == [("lap_to", 1500, True)]


def test_what_was_stuck_and_done_at_last_is_told_apart() -> None:
    step = Step("viec", Verb.TASK, ("Việc",), by=("thu_ky",), within=within(10), ladder=(STAND_IN,))
    outcome = rehearsed(one(step), others=Behaviour(seconds=3600))
    assert [(stuck.step, stuck.still) for stuck in outcome.stuck] == [("viec", False)]


def test_the_clocks_that_applied() -> None:
    target = Deadline("muc_tieu", "Mục tiêu", met_by="viec", within=within(2), start="opened_at")
    step = Step("viec", Verb.TASK, ("Việc",), by=("thu_ky",), within=within(10), ladder=(STAND_IN,))
    (clock,) = rehearsed(one(step, deadlines=(target,))).clocks
    assert (clock.id, clock.law, clock.due, clock.met_at, clock.missed) == ("muc_tieu", False, 120, 180, True)


def test_machines_read_the_same() -> None:
    scenario: Scenario = simple(3)
    outcome = run_scenario(PLAYBOOK, scenario)
    data = json.loads(json.dumps(as_data(PLAYBOOK, scenario.title, scenario.level, outcome)))
    assert data["parts"] == outcome.parts
    assert data["ok"] is True
    assert len(data["messages"]) == len(outcome.messages)
    assert data["people"][0].keys() == {"person", "role", "sms", "first_hour", "parts", "emails"}
    assert data["steps"]["cong_bo"] == "done"
    assert [one["id"] for one in data["deadlines"]] == ["phap_ly", "noi_bo"]


def test_a_rehearsal_that_would_never_be_over_is_broken_off_and_says_so() -> None:
    playbook = loading.load(Path(loading.__file__).parent / "library" / "vu-viec-chung.yaml").playbook
    assert playbook is not None
    minute = {level: Span(60) for level in playbook.levels}
    steps = tuple(replace(step, every=minute) if step.verb is Verb.TASK else step for step in playbook.steps)
    outcome = run_scenario(replace(playbook, steps=steps), simple(2))
    assert ENDLESS in outcome.faults
