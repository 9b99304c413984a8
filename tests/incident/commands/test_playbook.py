"""`incident playbook`: what is printed and with which exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from incident.commands.playbook import group
from playbooks.load import LIBRARY

BROKEN = Path(__file__).parents[2] / "playbooks" / "broken"


def run(*words: object, env: dict[str, str] | None = None) -> Result:
    return CliRunner(env=env or {"LANG": "C.UTF-8"}).invoke(group, [str(word) for word in words])


def test_sound_playbooks_pass() -> None:
    result = run("check", LIBRARY)
    assert result.exit_code == 0
    assert result.output.count(" bước)\n") == 10
    assert result.output.count(" tình huống)\n") == 2


def test_a_fault_is_told_with_file_line_and_column() -> None:
    path = BROKEN / "misspelt-key.yaml"
    result = run("check", path)
    assert result.exit_code == 1
    assert f"{path}:55:5: lỗi PB022: không có từ khóa “wihtin” trong bước task" in result.output
    assert "      = gợi ý: Có phải ý là “within”?" in result.output
    assert "đạt" not in result.output


def test_one_broken_file_among_good_ones_is_enough() -> None:
    assert run("check", LIBRARY, BROKEN / "cycle.yaml").exit_code == 1


def test_faults_as_json() -> None:
    result = run("check", BROKEN / "cycle.yaml", "--format", "json")
    assert result.exit_code == 1
    (fault,) = json.loads(result.output)
    assert (fault["code"], fault["line"], fault["column"], fault["severity"]) == ("PB044", 18, 5, "lỗi")


def test_english_on_request_only() -> None:
    path = BROKEN / "cycle.yaml"
    assert "error PB044: steps wait for each other" in run("check", path, env={"LANG": "en"}).output
    assert "lỗi PB044" in run("check", path, env={"LANG": "en_US.UTF-8"}).output


@pytest.mark.parametrize(
    "words", [("check",), ("check", "there-is-none.yaml"), ("check", "--format", "xml", ".")]
)
def test_wrong_use_is_two(words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


def test_a_folder_without_playbooks_is_wrong_use(tmp_path: Path) -> None:
    assert run("check", tmp_path).exit_code == 2


def test_the_schema_is_printed() -> None:
    assert json.loads(run("schema").output)["$schema"] == "http://json-schema.org/draft-07/schema#"


# ---------------------------------------------------------------- rehearse


def test_a_rehearsal_says_who_is_told_what_and_when() -> None:
    result = run("rehearse", LIBRARY / "tin-gia-dich-benh.yaml", "--level", "3")
    assert result.exit_code == 0
    assert "00:00  SMS → Tổ trưởng (pho_chu_tich_phu_trach): mời tham gia lap_to" in result.output
    assert "(1 phần) → UBND cấp xã trong vùng (5 nơi): bao_cac_xa" in result.output
    assert "Kịp: Thời hạn theo luật (phap_ly)" in result.output


def test_a_rehearsal_with_silent_people_shows_where_it_stops() -> None:
    result = run("rehearse", LIBRARY / "tin-gia-dich-benh.yaml", "--people", "im_lang")
    assert result.exit_code == 0
    assert "KHÔNG KỊP: Thời hạn theo luật (phap_ly)" in result.output
    assert "Quá hạn, chưa có người xử lý: " in result.output


def test_a_written_scenario_is_rehearsed() -> None:
    scenario = LIBRARY / "scenarios" / "tin-gia-dich-benh" / "to-truong-khong-tra-loi.yaml"
    result = run("rehearse", LIBRARY / "tin-gia-dich-benh.yaml", "--scenario", scenario)
    assert result.exit_code == 0
    assert "Tổ trưởng không trả lời, người thay duyệt" in result.output
    assert "thay pho_chu_tich_phu_trach: duyệt duyet_1" in result.output


def test_a_scenario_that_does_not_come_true_is_one(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "scenario: Quá nhanh\nplaybook: goi-xac-nhan\nincident: {level: 3}\n"
        "people: {others: sau 5 phút}\nexpect: [{done: goi, before: 1 phút}]\n"
    )
    result = run("rehearse", LIBRARY / "goi-xac-nhan.yaml", "--scenario", tmp_path / "s.yaml")
    assert result.exit_code == 1
    assert "lỗi: bước goi xong ở phút 5, sau mốc 1 phút" in result.output


@pytest.mark.parametrize("words", [("--level", "7"), ("--people", "ngu"), ("--level", "cao")])
def test_wrong_use_of_a_rehearsal_is_two(words: tuple[str, str]) -> None:
    assert run("rehearse", LIBRARY / "goi-xac-nhan.yaml", *words).exit_code == 2


def test_a_broken_playbook_is_not_rehearsed() -> None:
    result = run("rehearse", BROKEN / "cycle.yaml")
    assert result.exit_code == 1
    assert "PB044" in result.output


def test_a_rehearsal_says_what_it_costs_and_who_hears_nothing() -> None:
    output = run("rehearse", LIBRARY / "tin-gia-dich-benh.yaml", "--level", "3").output
    assert re.search(r"^SMS: \d+ phần$", output, re.M)
    assert re.search(r"^    nguoi_phat_ngon: (\d+) SMS, \1 phần, ", output, re.M)
    assert "    UBND cấp xã trong vùng: 5 SMS, 5 phần, 5 thư điện tử" in output
    assert "Không được báo gì: Lãnh đạo trực" in output


def test_a_rehearsal_for_machines_is_one_json_text() -> None:
    result = run("rehearse", LIBRARY / "goi-xac-nhan.yaml", "--people", "im_lang", "--format", "json")
    assert result.exit_code == 0
    data = json.loads(result.output)
    assert (data["playbook"], data["level"], data["ok"]) == ("goi-xac-nhan", 3, True)
    assert [one["step"] for one in data["stuck"]] == ["goi"]
    assert data["parts"] == sum(person["parts"] for person in data["people"])


# ---------------------------------------------------------------- graph


def test_the_steps_are_drawn_as_text_by_role_with_their_hours() -> None:
    result = run("graph", LIBRARY / "tin-gia-dich-benh.yaml", "--level", "2")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0].endswith("– cấp độ 2")
    assert "  00:00–00:03  Báo cáo, xin ý kiến lãnh đạo trực (xin_y_kien)" in lines
    assert lines[lines.index("Cán bộ trực") + 1].startswith("  00:00–00:03")
    assert "24:00  Thời hạn theo luật" in lines


def test_the_steps_are_drawn_as_svg_with_the_line_of_the_law() -> None:
    result = run("graph", LIBRARY / "tin-gia-dich-benh.yaml", "--format", "svg")
    assert result.exit_code == 0
    root = ElementTree.fromstring(result.output)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert any("Hạn theo luật" in (text.text or "") for text in root.iter("{http://www.w3.org/2000/svg}text"))


def test_a_level_that_is_not_there_is_not_drawn() -> None:
    assert run("graph", LIBRARY / "goi-xac-nhan.yaml", "--level", "8").exit_code == 2
    assert run("graph", BROKEN / "cycle.yaml").exit_code == 1


# ---------------------------------------------------------------- test


def test_machines_are_told_every_scenario_and_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "goi-xac-nhan.yaml").write_bytes((LIBRARY / "goi-xac-nhan.yaml").read_bytes())
    (tmp_path / "hong.yaml").write_text("playbook: hong\n")
    folder = tmp_path / "scenarios" / "goi-xac-nhan"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text("scenario: Sai\nplaybook: goi-xac-nhan\nincident: {level: ba}\n")
    result = run("test", tmp_path, "--format", "json")
    assert result.exit_code == 1
    good, broken = json.loads(result.output)
    assert (good["ok"], broken["ok"]) == (False, False)
    assert good["unread"] == ["a.yaml: cần số cấp độ, không phải “ba”"]
    assert [scenario["ok"] for scenario in good["scenarios"]] == [True] * 9
    assert {fault["code"] for fault in broken["faults"]} == {"PB023"}


def test_every_scenario_of_the_library_is_green() -> None:
    result = run("test")
    assert result.exit_code == 0, result.output
    assert "ĐỎ" not in result.output
    assert "tin-gia-dich-benh.yaml: 15/15 tình huống xanh" in result.output
    assert "vu-viec-chung.yaml: 13/13 tình huống xanh" in result.output
    assert "goi-xac-nhan.yaml: 13/13 tình huống xanh" in result.output


def test_a_red_scenario_and_an_unreadable_one_are_told(tmp_path: Path) -> None:
    (tmp_path / "goi-xac-nhan.yaml").write_bytes((LIBRARY / "goi-xac-nhan.yaml").read_bytes())
    folder = tmp_path / "scenarios" / "goi-xac-nhan"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text(
        "scenario: Đòi quá\nplaybook: goi-xac-nhan\nincident: {level: 3}\nexpect: [{missed: du_tra_loi}]\n"
    )
    (folder / "b.yaml").write_text(
        "scenario: Sai\nplaybook: goi-xac-nhan\nincident: {level: 3}\npeople: {others: ngủ}\n"
    )
    result = run("test", tmp_path / "goi-xac-nhan.yaml")
    assert result.exit_code == 1
    assert "ĐỎ    goi-xac-nhan: Đòi quá" in result.output
    assert "ĐỎ    b.yaml: không hiểu “ngủ”" in result.output
    assert "9/11 tình huống xanh" in result.output


def test_a_broken_playbook_is_not_tested() -> None:
    assert run("test", BROKEN / "cycle.yaml").exit_code == 1
