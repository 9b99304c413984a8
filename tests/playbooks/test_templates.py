"""Texts with gaps: what they may say, how they are filled, and how long they are as an SMS."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbooks.templates import (
    VARIABLES,
    TemplateRefused,
    Variable,
    placeholders,
    plain,
    problems,
    render,
    sms_parts,
    sms_size,
)

VALUES: dict[str, object] = {name: variable.example for name, variable in VARIABLES.items()}


def test_gaps_are_filled() -> None:
    assert (
        render("Vu viec {{ code }}, {{ short_name | upper }}", {"code": "27", "short_name": "ho"})
        == "Vu viec 27, HO"
    )


def test_a_part_may_depend_on_a_value() -> None:
    text = "{% if summary %}\n{{ summary }}\n{% endif %}\nhết"
    assert render(text, {"summary": ""}) == "hết"
    assert render(text, {"summary": "Có"}) == "Có\nhết"


def test_what_is_filled_in_is_never_itself_a_template() -> None:
    assert render("{{ title }}", {"title": "{{ 7 * 7 }}"}) == "{{ 7 * 7 }}"


def test_the_result_is_composed() -> None:
    assert render("{{ title }}", {"title": "ky\u0301"}) == "ký"


def test_a_loop_runs_over_a_declared_list_only() -> None:
    variables = {"facts": Variable("những điều đã biết", ["một", "hai"]), "title": Variable("tên", "abc")}
    assert problems("{% for fact in facts %}{{ fact }};{% endfor %}", variables) == []
    assert render("{% for fact in facts %}{{ fact }};{% endfor %}", {"facts": ["a", "b"]}) == "a;b;"
    assert problems("{% for c in title %}{{ c }}{% endfor %}", variables)[0].kind == "construct"


@pytest.mark.parametrize(
    "text",
    [
        '{{ "a" * 100000000 }}',
        "{{ title.__class__ }}",
        "{{ title['x'] }}",
        "{{ title.upper() }}",
        "{% set x = 1 %}",
        "{% include 'x' %}",
        "{% macro m() %}{% endmacro %}",
        "{{ range(10) }}",
        "{{ title ~ title }}",
        "{% for c in title %}{% endfor %}",
        "{{ title | replace('a', 'b') }}",
        "{{ title | format }}",
        "{{ title is defined }}",
        "{{ -1 }}",
        "{{ unknown }}",
        "{{ title ",
        "{% if %}",
        "{{ 99999999999999 ** 99999 }}",
        "{{" + "(" * 2000 + "title" + ")" * 2000 + "}}",
        "{{ title" + "|upper" * 3000 + " }}",
    ],
)
def test_what_a_template_may_not_say_is_found_and_refused(text: str) -> None:
    assert problems(text)
    with pytest.raises(TemplateRefused):
        render(text, VALUES)


def test_a_value_that_is_missing_is_told_and_not_left_out() -> None:
    with pytest.raises(TemplateRefused):
        render("{{ code }}", {})


@settings(deadline=None)
@given(st.text(st.sampled_from(list("{}%|. titlecodforin'\"()[]*+-~=<>_0\n")), max_size=60))
def test_any_text_is_a_template_or_is_refused(text: str) -> None:
    found = problems(text)
    if not found:
        render(text, VALUES)


def test_a_problem_knows_its_line_and_word() -> None:
    problem = problems("một\nhai {{ arae }}")[0]
    assert (problem.kind, problem.line, problem.word) == ("variable", 2, "arae")


# ---------------------------------------------------------------- SMS


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("ắ" * 160, 1),
        ("đ" * 161, 2),
        ("[" * 80, 1),
        ("[" * 81, 2),
        ("a" * 152 + "[" + "a" * 10, 2),
        ("a" * 152 + "[" + "a" * 152, 3),  # the escaped letter goes whole into the second part
    ],
)
def test_parts_of_an_sms(text: str, parts: int) -> None:
    assert sms_parts(text) == parts


def test_letters_that_count_twice_or_cannot_go_are_named() -> None:
    size = sms_size("[Khẩn] ☎ 0540")
    assert (size.doubled, size.foreign) == (("[", "]"), ("☎",))


def test_no_letter_of_vietnamese_is_left_with_a_mark() -> None:
    assert plain("Đường Ấp Bắc – “ổ gà”…") == 'Duong Ap Bac - "o ga"...'


def test_examples_are_as_long_as_the_longest_real_value() -> None:
    assert len(str(VARIABLES["short_name"].example)) == 20
    assert len(str(VARIABLES["unit"].example)) == 22


def test_gaps_left_for_people_are_found() -> None:
    assert placeholders("Tại «nơi» lúc «giờ».") == ("«nơi»", "«giờ»")
