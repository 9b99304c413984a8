"""A rehearsal runs the real engine with people who do as the scenario says, and tells when something did not come true."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from playbooks.language import Step, Verb
from playbooks.rehearse import Outcome, ScenarioFault, builtin, load_scenario, run_scenario, simple
from playbooks.scenario import DECLINES, SILENT, Behaviour, Expectation, Planned, Scenario, behaviour
from tests.playbooks.flood import FLOOD, STAND_IN, one, within

PLAYBOOK = replace(FLOOD, templates={"mau/sms.txt": "[{{ code }}] De nghi {{ unit }} nam thong tin."})


def rehearsed(scenario: Scenario) -> Outcome:
    return run_scenario(PLAYBOOK, scenario)


def text(outcome: Outcome) -> str:
    return "\n".join(str(line) for line in outcome.lines)


@pytest.mark.parametrize("scenario", builtin(PLAYBOOK), ids=lambda scenario: scenario.title)
def test_the_scenarios_nobody_wrote_come_true(scenario: Scenario) -> None:
    assert rehearsed(scenario).faults == ()


def test_there_are_three_for_every_level() -> None:
    assert len(builtin(PLAYBOOK)) == 9


def test_lines_say_when_who_what_by_which_channel_and_how_many_parts() -> None:
    lines = text(rehearsed(simple(3)))
    assert "00:00  SMS → Tổ trưởng (pho_chu_tich_phu_trach): mời tham gia lap_to, trước 00:10" in lines
    assert "SMS, thư điện tử (1 phần) → UBND cấp xã (5 nơi): bao_xa" in lines
    assert "kịp thời hạn noi_bo" in lines
    assert "quá thời hạn" not in lines


def test_when_nobody_answers_the_call_list_has_it_all_and_the_clocks_are_missed() -> None:
    outcome = rehearsed(simple(3, "im_lang"))
    lines = text(outcome)
    assert "00:10  SMS → Tổ trưởng (giam_doc_so) thay pho_chu_tich_phu_trach: mời tham gia lap_to" in lines
    assert "quá hạn, chưa có người xử lý: lap_to" in lines
    assert "24:00  quá thời hạn phap_ly" in lines
    assert lines.count("báo Cán bộ trực (on_duty): lap_to") == 1, "the half-hourly reminder is read once"
    assert not any(state.state == "active" for state in outcome.run.steps.values())


def test_a_silent_approver_is_stood_in_for() -> None:
    scenario = replace(
        simple(3),
        people={"to_truong": Behaviour(SILENT)},
        expect=(
            Expectation("told", "giam_doc_so"),
            Expectation("done", "cong_bo", before=3600),
            Expectation("published_without", "duyet"),
        ),
    )
    assert rehearsed(scenario).ok


def test_who_declines_is_stood_in_for_at_once() -> None:
    scenario = replace(simple(3), people={"to_truong": Behaviour(DECLINES, 60)})
    assert "00:01  SMS → Tổ trưởng (giam_doc_so) thay pho_chu_tich_phu_trach" in text(rehearsed(scenario))


def test_what_is_planned_happens_as_soon_as_it_can() -> None:
    scenario = replace(
        simple(2),
        events=(
            Planned(60, "answer", "xac_minh", choice="dung"),
            Planned(12 * 60, "return", "duyet"),
            Planned(20 * 60, "return", "duyet"),
        ),
        expect=(Expectation("done", "an_toan"), Expectation("done", "cong_bo"), Expectation("met", "noi_bo")),
    )
    outcome = rehearsed(scenario)
    assert outcome.faults == ()
    assert "00:01  xong xac_minh (dung)" in text(outcome)
    assert text(outcome).count("hủy các lần duyệt của duyet") == 2


def test_what_could_not_happen_or_did_not_come_true_is_said() -> None:
    scenario = replace(
        simple(1),
        events=(Planned(60, "answer", "bao_xa", choice="co"),),
        expect=(
            Expectation("done", "cong_bo", before=60),
            Expectation("done", "bao_xa"),
            Expectation("told", "chu_tich"),
            Expectation("missed", "noi_bo"),
            Expectation("stuck", "luu"),
            Expectation("met", "khong_co"),
        ),
    )
    assert rehearsed(scenario).faults == (
        "sự kiện lúc 1 phút không xảy ra được: answer bao_xa",
        "bước cong_bo xong ở phút 15, sau mốc 1 phút",
        "bước bao_xa chưa xong",
        "chu_tich không được báo",
        "thời hạn noi_bo không quá",
        "bước luu không ở tình trạng quá hạn",
        "không có thời hạn khong_co",
    )


def test_a_text_published_without_its_approval_is_told() -> None:
    scenario = replace(
        simple(3), events=(Planned(0, "skip", "duyet"),), expect=(Expectation("published_without", "duyet"),)
    )
    assert rehearsed(scenario).faults == ("đã công bố khi chưa duyệt duyet",)


def test_a_step_that_waits_without_a_limit_does_not_reach_the_call_list() -> None:
    playbook = one(Step("cho", Verb.TASK, ("Chờ",), by=("thu_ky",)))
    nobody = builtin(playbook)[1]
    assert run_scenario(playbook, nobody).faults == ("không tới danh sách cần gọi: cho",)
    limited = one(Step("cho", Verb.TASK, ("Chờ",), by=("thu_ky",), within=within(5), ladder=(STAND_IN,)))
    assert run_scenario(limited, nobody).ok


def test_during_an_outage_nobody_is_heard() -> None:
    scenario = replace(simple(3), outage=(60, 3600))
    lines = [line for line in rehearsed(scenario).lines if 60 < line.at < 3660]
    assert lines == []


# ---------------------------------------------------------------- files

FILE = """\
scenario: Tổ trưởng không trả lời
playbook: tin-gia
incident: {level: 3, kinds: [k3], accepted_at: -2 giờ}
people: {to_truong: im_lang, others: sau 5 phút}
events:
  - {at: 5 phút, answer: {xac_minh: sai}}
  - {at: 20 phút, return: duyet}
  - {at: 30 phút, level: 2}
outage: {at: 1 giờ, for: 10 phút}
expect:
  - {done: cong_bo, before: 3 giờ}
  - {met: phap_ly}
  - {never: {published_without: duyet}}
"""


def written(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "kich-ban.yaml"
    path.write_text(content, "utf-8")
    return path


def test_a_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    scenario = load_scenario(written(tmp_path, FILE))
    assert scenario == Scenario(
        "Tổ trưởng không trả lời",
        3,
        playbook="tin-gia",
        kinds=("k3",),
        anchors={"accepted_at": -7200},
        people={"to_truong": Behaviour(SILENT)},
        others=Behaviour(seconds=300),
        events=(
            Planned(300, "answer", "xac_minh", choice="sai"),
            Planned(1200, "return", "duyet"),
            Planned(1800, "level", level=2),
        ),
        expect=(
            Expectation("done", "cong_bo", 10800),
            Expectation("met", "phap_ly"),
            Expectation("published_without", "duyet"),
        ),
        outage=(3600, 600),
    )
    assert rehearsed(scenario).faults == ()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("scenario: A\nplaybok: b\n", "không có từ khóa “playbok”"),
        ("scenario: A\nplaybook: b\nincident: {level: ba}\n", "cần số cấp độ, không phải “ba”"),
        ("scenario: A\nplaybook: b\nincident: {level: 1}\npeople: {others: mai}\n", "không hiểu “mai”"),
        ("scenario: A\nplaybook: b\nincident: {level: 1}\nevents: [{at: 5p, skip: a}]\n", "“5p”"),
        ("scenario: A\nplaybook: b\nincident: {level: 1}\nevents: [{at: 5 phút}]\n", "mỗi sự kiện có at"),
        ("scenario: A\nplaybook: b\nincident: {level: 1}\nexpect: [{xong: a}]\n", "mỗi dòng expect"),
        ("scenario: A\nplaybook: b\nincident: {level: 1}\nexpect: {met: a}\n", "cần một danh sách"),
        ("- a\n", "tệp: cần các dòng"),
        ("a: [\n", "tệp không đọc được"),
        ("incident: {level: 1}\n", "thiếu “scenario”"),
    ],
)
def test_a_file_that_says_something_else_is_refused_in_words(tmp_path: Path, wrong: str, said: str) -> None:
    with pytest.raises(ScenarioFault, match=r"kich-ban\.yaml") as caught:
        load_scenario(written(tmp_path, wrong))
    assert said in str(caught.value)


def test_people_are_described_in_three_ways() -> None:
    assert behaviour("im_lang") == Behaviour(SILENT)
    assert behaviour("tu_choi") == Behaviour(DECLINES)
    assert behaviour("tu_choi sau 2 phút") == Behaviour(DECLINES, 120)
    assert behaviour("sau 1 giờ") == Behaviour(seconds=3600)


def test_a_level_the_playbook_does_not_know_is_a_fault() -> None:
    assert run_scenario(PLAYBOOK, simple(9)).faults == ("kịch bản không có cấp độ 9",)
