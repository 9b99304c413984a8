"""The longest way to a deadline: which steps are on it, at which level, for which answers, and how long it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from playbooks.faults import Mark
from playbooks.feasibility import longest
from playbooks.language import Span, Verb
from playbooks.load import load
from playbooks.references import Graph
from playbooks.sheets import RungSheet, Sheet, StepSheet
from playbooks.yamlmarks import Text
from tests.playbooks.hostile import HEAD, LIBRARY, ladder, questions

HOUR = 3600


def word(value: str) -> Text:
    return Text(value, Mark("f", 1, 1))


def step(id: str, hours: float | dict[int, float] = 1, **more: object) -> StepSheet:
    """A task of so many hours (by level, or for every level)."""
    by_level = hours if isinstance(hours, dict) else dict.fromkeys((1, 2, 3), hours)
    made = StepSheet(word(id), Verb.TASK, word(id).mark, target=[word("Việc")], by=[word("thu_ky")])
    made.within = {level: Span(round(value * HOUR)) for level, value in by_level.items()}
    after = more.pop("after", None)
    made.after = None if after is None else [word(name) for name in str(after).split()]
    for question, choices in dict(more.pop("when", {})).items():  # type: ignore[call-overload]
        made.answers[question] = (word(question).mark, [word(choice) for choice in choices.split()])
    for name, value in more.items():
        setattr(made, name, value)
    return made


def ask(id: str, hours: float, *choices: str, **more: object) -> StepSheet:
    labels = {choice: word(choice) for choice in choices}
    return step(id, hours, verb=Verb.ASK, choices=labels, **more)


def graph(*steps: StepSheet) -> Graph:
    return Graph(Sheet(levels={1: "Một", 2: "Hai", 3: "Ba"}), list(steps))


def hours(found: tuple[int, tuple[str, ...]]) -> tuple[float, str]:
    return found[0] / HOUR, " ".join(found[1])


def test_the_longest_of_several_ways_is_taken_and_named() -> None:
    made = graph(step("a", 1, after=""), step("b", 5, after=""), step("c", 2, after="a b"), step("d", 1))
    assert hours(longest(made, "d", 1)) == (8, "b c d")


def test_each_level_has_its_own_limits() -> None:
    made = graph(step("a", {1: 9, 2: 4, 3: 1}, after=""), step("b", {1: 1, 2: 1, 3: 0.5}))
    assert [hours(longest(made, "b", level)) for level in (1, 2, 3)] == [
        (10, "a b"),
        (5, "a b"),
        (1.5, "a b"),
    ]


def test_a_step_that_is_not_needed_at_a_level_costs_nothing_there() -> None:
    made = graph(step("a", 6, after="", levels=(2, 3)), step("b", 1))
    assert hours(longest(made, "b", 1)) == (1, "b")
    assert hours(longest(made, "b", 2)) == (7, "a b")


def test_only_what_the_same_answers_bring_about_is_added_up() -> None:
    made = graph(
        ask("dung", 1, "co", "khong", after=""),
        step("khi_co", 5, after="dung", when={"dung": "co"}),
        step("khi_khong", 4, after="khi_co", when={"dung": "khong"}),
        step("cuoi", 1, after="khi_khong"),
    )
    assert hours(longest(made, "cuoi", 1)) == (7, "dung khi_co cuoi")


def test_what_the_target_excludes_is_not_on_its_way() -> None:
    made = graph(
        ask("dung", 1, "co", "khong", after=""),
        step("khi_co", 5, after="dung", when={"dung": "co"}),
        step("cuoi", 1, after="khi_co", when={"dung": "khong"}),
    )
    assert hours(longest(made, "cuoi", 1)) == (2, "dung cuoi")


def test_each_turn_of_an_approval_has_the_whole_limit() -> None:
    draft = step("soan", 1, after="", verb=Verb.DRAFT)
    made = graph(
        draft,
        step("duyet", 2, verb=Verb.APPROVE, target=[word("soan")], by=[word("x"), word("y"), word("z")]),
    )
    assert hours(longest(made, "duyet", 1)) == (7, "soan duyet")


def test_a_notice_that_asks_nobody_takes_no_time() -> None:
    made = graph(step("a", 1, after=""), step("bao", 9, verb=Verb.NOTIFY, ack="none"), step("b", 1))
    assert hours(longest(made, "b", 1)) == (2, "a b")


def test_with_ladders_every_rung_and_the_last_ones_half_hour_are_added() -> None:
    rungs = [RungSheet(word("thay_the"), Span()), RungSheet(word("truc_ban"), Span(HOUR))]
    made = graph(step("a", 2, after="", ladder=rungs), step("b", 0.25))
    assert hours(longest(made, "b", 1)) == (2.25, "a b")
    assert hours(longest(made, "b", 1, ladders=True)) == (2 + 1 + 0.5 + 0.25 + 0.25, "a b")


def test_a_target_may_count_from_the_end_of_a_step() -> None:
    made = graph(step("a", 6, after=""), step("b", 2), step("c", 1))
    assert hours(longest(made, "c", 1, start="a")) == (3, "b c")


def test_many_questions_are_judged_one_by_one() -> None:
    """Two to the twelfth ways are not walked; the sum is then at least as long as the longest of them."""
    steps: list[StepSheet] = []
    for n in range(12):
        steps.append(ask(f"q{n}", 1, "co", "khong", after=f"k{n - 1}" if n else ""))
        steps.append(step(f"c{n}", 2, after=f"q{n}", when={f"q{n}": "co"}))
        steps.append(step(f"k{n}", 3, after=f"c{n}", when={f"q{n}": "khong"}))
    seconds, path = longest(graph(*steps, step("cuoi", 1)), "cuoi", 1)
    assert seconds == (12 * (1 + 2 + 3) + 1) * HOUR
    assert len(path) == 37


@pytest.mark.parametrize("wide", [1, 10, 40])
def test_two_hundred_steps_are_measured(wide: int, tmp_path: Path) -> None:
    """As a chain, and in ranks that each wait for the whole rank before: paths beyond counting."""
    target = HEAD.replace("met_by: cong_bo", "met_by: b199")
    path = tmp_path / "sound.yaml"
    path.write_text(f"{target}steps:\n{ladder(wide)}".replace("1 giờ", "30 giờ"), "utf-8")
    faults = load(path, library=LIBRARY).faults
    law = next(fault for fault in faults if fault.code == "PB092")
    assert dict(law.values)["hours"] == str(30 * 200 // wide)
    assert dict(law.values)["path"].count(" → ") == 200 // wide - 1


def test_two_hundred_questions_in_a_row_are_measured(tmp_path: Path) -> None:
    path = tmp_path / "sound.yaml"
    path.write_text(f"{HEAD.replace('met_by: cong_bo', 'met_by: q199')}steps:\n{questions()}", "utf-8")
    assert {"PB092", "PB093"} <= {fault.code for fault in load(path, library=LIBRARY).faults}


def test_every_level_that_overruns_is_said() -> None:
    loaded = load(Path(__file__).parent / "broken" / "law-cannot-be-met.yaml", library=LIBRARY)
    (fault,) = loaded.faults
    assert fault.hint.endswith("Cũng vượt ở cấp độ 2, 3.")
