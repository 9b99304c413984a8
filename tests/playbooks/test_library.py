"""The playbooks that are shipped: without fault, neutral if a message leaks, and shaped as the domain demands."""

from __future__ import annotations

from pathlib import Path

import pytest

from playbooks.faults import ADVICE
from playbooks.language import Playbook, Verb
from playbooks.load import LIBRARY, load, playbook_files
from playbooks.templates import VARIABLES, render, sms_size

FILES = playbook_files(LIBRARY)
EIGHT = (
    "tin-gia-dich-benh", "van-ban-sai", "hanh-vi-can-bo", "lo-du-lieu", "du-thao-chinh-sach", "tai-nan-thuong-vong",
    "bao-chi-dang-sai", "khieu-kien-dong-nguoi",
)  # fmt: skip
EXAMPLE_ORDER = "xin_y_kien lap_to xac_minh an_toan_truoc luu_bang_chung du_thao_1 duyet_1 bao_cac_xa cong_bo_1 chuyen_cong_an cap_nhat"


def shipped(name: str) -> Playbook:
    playbook = load(LIBRARY / f"{name}.yaml").playbook
    assert playbook is not None
    return playbook


def test_the_library_holds_the_eight_and_the_two_for_anything() -> None:
    assert {path.stem for path in FILES} == {*EIGHT, "goi-xac-nhan", "vu-viec-chung"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_playbook_has_neither_error_nor_warning(path: Path) -> None:
    loaded = load(path)
    assert loaded.ok
    assert {fault.severity for fault in loaded.faults} <= {ADVICE}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_sms_fits_one_part_with_the_longest_values(path: Path) -> None:
    playbook = load(path).playbook
    assert playbook is not None
    values = {name: variable.example for name, variable in VARIABLES.items()}
    for name, text in playbook.templates.items():
        if name.startswith("mau/sms-"):
            size = sms_size(render(text, values))
            assert (size.parts, size.doubled, size.foreign) == (1, (), ())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_at_least_four_scenarios_are_written_for_each(path: Path) -> None:
    scenarios = sorted((LIBRARY / "scenarios" / path.stem).glob("*.yaml"))
    assert len(scenarios) >= 4
    assert all(f"playbook: {path.stem}\n" in scenario.read_text("utf-8") for scenario in scenarios)


@pytest.mark.parametrize("path", sorted((LIBRARY / "mau").iterdir()), ids=lambda path: path.name)
def test_nobody_is_addressed_as_an_equal_stranger(path: Path) -> None:
    assert "bạn" not in path.read_text("utf-8").lower().split()


def test_the_worked_example_keeps_its_steps_and_their_order() -> None:
    ids = [step.id for step in shipped("tin-gia-dich-benh").steps]
    assert [id for id in ids if id in EXAMPLE_ORDER.split()] == EXAMPLE_ORDER.split()


def test_calling_the_task_force_waits_for_nobody() -> None:
    for name in ("tin-gia-dich-benh", "vu-viec-chung"):
        playbook = shipped(name)
        assert playbook.step("lap_to").after == ()
        assert playbook.step("xin_y_kien").after == ()
        assert playbook.step("xac_minh").after == ()


def test_those_concerned_hear_no_later_than_the_press() -> None:
    for name in ("tin-gia-dich-benh", "vu-viec-chung"):
        playbook = shipped(name)
        order = [step.id for step in playbook.steps]
        assert order.index("bao_cac_xa") < order.index("cong_bo_1")


def test_a_call_out_is_one_sms_a_person_and_gives_them_time() -> None:
    step = shipped("goi-xac-nhan").step("goi")
    assert (step.verb, step.via, step.ack, step.critical) == (Verb.NOTIFY, ("sms",), "all", True)
    assert all(span.seconds >= 15 * 60 for span in step.within.values())
    assert [rung.to for rung in step.ladder] == ["nhac_lai", "truc_ban"]
    assert shipped("goi-xac-nhan").roles["moi_nguoi"].pick == "moi_nguoi_dia_ban"


def test_the_text_to_a_unit_is_the_settled_one() -> None:
    values = {"agency": "UBND tinh Son Lam", "unit": "UBND xa Muong Lo", "code": "27"}
    values |= {"short_name": "tin ve ho Suoi Lac", "duty_phone": "0540000001"}
    text = render(shipped("tin-gia-dich-benh").templates["mau/sms-bao-don-vi.txt"], values).strip()
    assert text == (
        "UBND tinh Son Lam de nghi UBND xa Muong Lo theo doi vu viec 27, tin ve ho Suoi Lac; "
        "co dien bien goi truc 0540000001. Tra loi OK 27"
    )
    assert len(text) == 131
