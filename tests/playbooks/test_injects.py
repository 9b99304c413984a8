"""Inject lists: the library's are sound, each fault is told at its place, and no text makes the loader fall over."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from incident.commands.playbook import check
from playbooks.faults import CATALOGUE, render
from playbooks.injects import (
    EXPECTATIONS,
    FOLDER,
    KINDS,
    NOTHING,
    Expected,
    LoadedScript,
    from_json,
    is_script,
    load_script,
)
from playbooks.load import LIBRARY, load

ROLES = {"vu-viec": ("truc_ban", "thu_ky")}
SOUND = """\
injects: buoi-tap
title: "Buổi tập"
playbook: vu-viec
objectives: {phat_hien: Phát hiện}
list:
  - id: I1
    at: T+0
    kind: tin_don
    to: truc_ban
    text: "Có tin lan truyền"
    expect: [note_written, {leader_informed: 10 phút}]
    objective: phat_hien
    contingency: {after: 15 phút, text: "Lãnh đạo hỏi"}
"""


def looked_at(text: str, folder: Path) -> LoadedScript:
    path = folder / "buoi-tap.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    return load_script(path, ROLES)


def test_a_sound_list_is_read_whole(tmp_path: Path) -> None:
    loaded = looked_at(SOUND, tmp_path)
    assert loaded.faults == ()
    assert loaded.script is not None
    (inject,) = loaded.script.injects
    assert (inject.at, inject.to, inject.contingency_after) == (0, "truc_ban", 900)
    # A word without a time may take as long as the contingency waits.
    assert inject.expect == (Expected("note_written", 900), Expected("leader_informed", 600))
    assert from_json(loaded.script.as_json()) == loaded.script
    assert from_json({}) == NOTHING


BROKEN = [
    ("playbook: vu-viec", "playbook: vu-viek", "PB100", 3, 11, "vu-viek"),
    ("id: I1", "id: mot", "PB101", 6, 9, "mot"),
    ("at: T+0", "at: 8 phút", "PB103", 7, 9, "8 phút"),
    ("at: T+0", "at: T+9999", "PB103", 7, 9, "T+9999"),
    ("kind: tin_don", "kind: tin_dom", "PB027", 8, 11, "tin_dom"),
    ("to: truc_ban", "to: truc_bam", "PB040", 9, 9, "truc_bam"),
    ("objective: phat_hien", "objective: phat_hiem", "PB105", 12, 16, "phat_hiem"),
    ("note_written", "note_writen", "PB110", 11, 14, "note_writen"),
    ("10 phút", "10 phut", "PB030", 11, 46, "10 phut"),
    ("Có tin", "Có tin " + "rất dài " * 40, "PB109", 10, 11, "240"),
    ("    kind: tin_don\n", "", "PB023", 6, 5, "kind"),
    ("{phat_hien: Phát hiện}", "{phat_hien: Phát hiện, khac: Khác}", "PB106", 4, 36, "khac"),
    ("    expect: [note_written, {leader_informed: 10 phút}]\n", "", "PB108", 12, 5, "expect"),
    ("injects: buoi-tap", "injects: buoi-khac", "PB059", 1, 10, "buoi-khac"),
    ("text: \"Có tin lan truyền\"", "texts: \"Có tin\"", "PB022", 10, 5, "texts"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("there", "instead", "code", "line", "column", "part"), BROKEN, ids=lambda x: str(x)[:12]
)
def test_a_broken_list_is_told_exactly(
    tmp_path: Path, there: str, instead: str, code: str, line: int, column: int, part: str
) -> None:
    assert there in SOUND
    loaded = looked_at(SOUND.replace(there, instead, 1), tmp_path)
    fault = next(f for f in loaded.faults if f.code == code)
    assert (fault.line, fault.column) == (line, column)
    assert part in fault.message
    assert loaded.ok is (fault.severity != "lỗi")
    english = render(fault, loaded.sources[fault.file], english=True)
    assert "{" not in english.split("\n")[0]


def test_ids_are_given_once_and_in_order(tmp_path: Path) -> None:
    second = SOUND[SOUND.index("  - id") :]
    twice = looked_at(SOUND + second, tmp_path)
    assert [(f.code, f.line) for f in twice.faults] == [("PB102", 14)]
    back = looked_at(SOUND.replace("T+0", "T+9") + second.replace("I1", "I2"), tmp_path)
    assert [(f.code, f.severity) for f in back.faults] == [("PB104", "nhắc")]
    many = looked_at(SOUND + "".join(second.replace("I1", f"I{n}") for n in range(2, 70)), tmp_path)
    assert [f.code for f in many.faults] == ["PB107"]


def test_every_fault_of_injects_is_shown(tmp_path: Path) -> None:
    told = {row[2] for row in BROKEN} | {"PB102", "PB104", "PB107"}
    assert {code for code in CATALOGUE if code.startswith("PB1")} <= told


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_no_text_makes_it_fall_over(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for broken in (text, SOUND.replace("tin_don", text, 1), SOUND.replace("[note_written,", text, 1)):
            assert isinstance(looked_at(broken, Path(folder)), LoadedScript)


LISTS = sorted((LIBRARY / FOLDER).glob("*.yaml"))


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_the_library_is_sound_and_asks_only_what_the_record_shows(path: Path) -> None:
    assert is_script(path)
    known = {file.stem: load(file).playbook for file in LIBRARY.glob("*.yaml")}
    loaded = load_script(path, {slug: one.roles.keys() for slug, one in known.items() if one})
    assert loaded.faults == ()
    assert loaded.script is not None
    assert all(inject.objective and inject.expect for inject in loaded.script.injects)
    assert {inject.kind for inject in loaded.script.injects} <= KINDS.keys()
    assert {e.word for inject in loaded.script.injects for e in inject.expect} <= EXPECTATIONS.keys()


def test_the_desk_checks_them_with_the_playbooks(tmp_path: Path) -> None:
    said = CliRunner().invoke(check, [str(LIBRARY)], env={"LANG": "vi"})
    assert said.exit_code == 0, said.output
    assert "dap-suoi-lac.yaml: đạt (8 tình huống)" in said.output
    broken = tmp_path / "drills" / "buoi-tap.yaml"
    broken.parent.mkdir()
    broken.write_text(SOUND, encoding="utf-8")
    said = CliRunner().invoke(check, [str(broken)], env={"LANG": "vi"})
    assert said.exit_code == 1
    assert "buoi-tap.yaml:3:11: lỗi PB100: không có kịch bản “vu-viec”" in said.output
    absent = load_script(tmp_path / "khong-co.yaml", ROLES)
    assert [f.code for f in absent.faults] == ["PB008"]
