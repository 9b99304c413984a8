"""The swim-lane: rows of roles, and where a run stands in it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest

from incident.papers.drawing import PAPER
from incident.report.lanes import Standing, describe, draw, numbered
from playbooks.plan import Plan, PlannedLimit, PlannedStep

PLAN = Plan(
    level=3,
    roles=(("thu_ky", "Thư ký <b>Tổ</b>"), ("phat_ngon", "Người phát ngôn")),
    steps=(
        PlannedStep("soan", ("thu_ky",), 0, 300),
        PlannedStep("duyet", ("phat_ngon",), 300, 600),
        PlannedStep("dang", ("thu_ky", "phat_ngon"), 600, 600),
    ),
    limits=(PlannedLimit("phap_ly", "Cung cấp thông tin ban đầu", True, 86400),),
)
TITLES = {"soan": "Soạn", "duyet": "Duyệt", "dang": "Công bố"}
AT = Standing({"soan": "done", "duyet": "active", "dang": "waiting"}, frozenset({"duyet"}), 900)


@pytest.mark.parametrize("narrow", [False, True])
def test_it_is_well_formed_and_holds_to_a_strict_policy(narrow: bool) -> None:
    drawn = draw(PLAN, TITLES, AT, narrow)
    ElementTree.fromstring(drawn)
    assert "<b>" not in drawn
    assert not re.search(r"style|script|href", drawn)


def test_what_is_late_says_so_without_colour() -> None:
    assert "2 !" in draw(PLAN, TITLES, AT)
    assert "2. Duyệt: sau 5 phút, đến 10 phút, quá hạn" in describe(PLAN, TITLES, AT)


def test_the_deadline_and_now_are_marked() -> None:
    drawn = draw(PLAN, TITLES, AT)
    assert "Hạn theo luật: 1 ngày" in drawn
    assert "Bây giờ" in drawn
    assert "Bây giờ" not in draw(PLAN, TITLES, Standing())


@pytest.mark.parametrize("narrow", [False, True])
def test_no_line_crosses_the_name_of_a_role(narrow: bool) -> None:
    """Now stands where the names are: each has a white ground of its own, drawn after every line behind it."""
    shapes = list(ElementTree.fromstring(draw(PLAN, TITLES, AT, narrow)))
    for _, title in PLAN.roles:
        at = next(n for n, shape in enumerate(shapes) if shape.text == title)
        ground = shapes[at - 1]
        assert (ground.tag.rpartition("}")[2], ground.get("fill")) == ("rect", PAPER)
        left, right = float(ground.get("x", 0)), float(ground.get("x", 0)) + float(ground.get("width", 0))
        assert left <= float(shapes[at].get("x", 0)) < right
    now = next(n for n, shape in enumerate(shapes) if shape.get("stroke-dasharray") == "5 3")
    assert now < next(n for n, shape in enumerate(shapes) if shape.text == PLAN.roles[0][1])


def test_the_list_beside_it_counts_the_same_steps() -> None:
    assert [(one.n, one.title, one.late) for one in numbered(PLAN, TITLES, AT)] == [
        (1, "Soạn", False),
        (2, "Duyệt", True),
        (3, "Công bố", False),
    ]


def test_a_plan_without_steps_is_drawn() -> None:
    ElementTree.fromstring(draw(Plan(1, (), (), ()), {}, Standing()))
