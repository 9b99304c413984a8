"""The course of an incident as one picture: what it holds, what it says in words, and that it may stand in any page."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from datetime import timedelta

import pytest

from incident.papers.drawing import PAPER, png, shortened
from incident.report.overview import describe, overview
from incident.report.overview_picture import draw
from tests.incident.report.samples import NOW, incident, still_open

SVG = "{http://www.w3.org/2000/svg}"


def words(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_each_state_of_a_text_follows_the_other() -> None:
    seen = overview(incident(), NOW)
    spans = seen.texts[0].spans
    assert [span.state for span in spans][-1] == "released"
    assert "returned" in [span.state for span in spans]
    assert all(a.end == b.start for a, b in itertools.pairwise(spans))
    assert spans[-1].end == seen.closed_at


def test_what_is_met_late_and_what_is_over_are_told_apart() -> None:
    states = {limit.title: limit.state for limit in overview(incident(), NOW).limits}
    assert set(states.values()) == {"late", "met"}


def test_a_deadline_far_off_does_not_squeeze_the_night() -> None:
    view = incident()
    seen = overview(view, NOW)
    assert seen.closed_at is not None
    assert seen.until == seen.closed_at


def test_the_words_say_what_the_picture_shows() -> None:
    said = describe(overview(incident(), NOW))
    assert "kết thúc lúc 05:26" in said
    assert "bị trả lại lúc 02:31" in said
    assert "xong muộn" in said
    assert "chưa kết thúc" in describe(overview(still_open(), NOW))


@pytest.mark.parametrize("narrow", [False, True])
def test_the_picture_holds_to_a_strict_policy(narrow: bool) -> None:
    drawn = draw(overview(incident(), NOW), narrow)
    assert not re.search(r"style|script|href|url\(", drawn)
    assert 'role="img"' in drawn
    assert any("Kết thúc 05:26" in text for text in words(drawn))


@pytest.mark.parametrize("narrow", [False, True])
def test_no_letter_is_smaller_than_a_phone_can_show(narrow: bool) -> None:
    drawn = draw(overview(incident(), NOW), narrow)
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)"', drawn)]
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', drawn)[1])  # type: ignore[index]
    assert width <= 360 or not narrow
    assert min(sizes) >= 11


def test_a_mark_never_stands_on_the_words_of_its_deadline() -> None:
    view = still_open()
    drawn = ElementTree.fromstring(draw(overview(view, view.opened_at + timedelta(minutes=55)), narrow=True))
    shapes = list(drawn)
    for at, shape in enumerate(shapes):
        if not shape.tag.endswith("circle"):
            continue
        ground = next(s for s in reversed(shapes[:at]) if s.tag.endswith("rect") and s.get("fill") == PAPER)
        left, middle = float(ground.get("x", 0)), float(shape.get("cx", 0))
        assert middle + 6 < left or middle - 6 > left + float(ground.get("width", 0))


def test_markup_in_a_title_stays_a_word() -> None:
    view = incident()
    hostile = tuple(replace(text, title='<script>alert("1")</script>') for text in view.statements)
    drawn = draw(overview(replace(view, statements=hostile), NOW))
    assert "<script" not in drawn
    ElementTree.fromstring(drawn)


def test_an_incident_of_this_very_second_is_drawn() -> None:
    view = replace(still_open(), answers=(), statements=(), deadlines=())
    drawn = draw(overview(view, view.opened_at))
    assert any("Bây giờ" in text for text in words(drawn))
    assert draw(overview(view, view.opened_at + timedelta(days=40)))


def test_it_becomes_a_png_for_papers_that_take_no_svg() -> None:
    assert png(draw(overview(incident(), NOW))).startswith(b"\x89PNG")


def test_a_long_title_is_cut_where_the_room_ends() -> None:
    assert shortened("a" * 500, 100, 12).endswith("…")
    assert shortened("ngắn", 100, 12) == "ngắn"
