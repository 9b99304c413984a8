"""Asked and answered over time, drawn once as SVG and as PNG. The only place that knows matplotlib; imported late.

The SVG carries no style attribute and no style element (a strict Content-Security-Policy would refuse them), letters
are outlines, and the same curve gives the same bytes.
"""

from __future__ import annotations

import io
import math
import threading
import xml.etree.ElementTree as ElementTree
from bisect import bisect_right
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from incident.papers.dates import HANOI, length
from incident.report.build import Curve

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
ASKED, ANSWERED = "#1d4e89", "#b3541e"
SIZE_INCHES = (7.0, 3.1)
DOTS_PER_INCH = 200
MINUTE, HOUR, DAY = 60, 3600, 86400
ROUND = (10, 15, 30, *(n * MINUTE for n in (1, 2, 5, 10, 15, 30)), *(n * HOUR for n in (1, 2, 3, 6, 12)))
MARKS = 7
SETTINGS: Any = {"svg.fonttype": "path", "svg.hashsalt": "incident", "font.family": "DejaVu Sans"}

_drawing = threading.Lock()  # matplotlib's settings are one for the process


@dataclass(frozen=True, slots=True)
class Chart:
    svg: str
    png: bytes
    alt: str


def draw(curve: Curve) -> Chart | None:
    """The chart, or None where nobody was asked."""
    if not curve.asked:
        return None
    import matplotlib

    with _drawing, matplotlib.rc_context(SETTINGS):
        figure = _figure(curve)
        svg, png = io.BytesIO(), io.BytesIO()
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        figure.savefig(png, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    alt = describe(curve)
    return Chart(_plain(svg.getvalue(), alt), png.getvalue(), alt)


def describe(curve: Curve) -> str:
    """What the chart shows, in words."""
    asked, answered = len(curve.asked), len(curve.answered)
    words = (
        f"Biểu đồ số lượt được hỏi và đã trả lời theo thời gian: {asked} lượt được hỏi, {answered} đã trả lời"
    )
    if answered:
        half = next((s for i, s in enumerate(curve.answered, 1) if 2 * i >= asked), None)
        words += (
            f"; trả lời đầu tiên sau {length(curve.answered[0])}, cuối cùng sau {length(curve.answered[-1])}"
        )
        words += (
            f"; một nửa đã trả lời sau {length(half)}" if half is not None else "; chưa được một nửa trả lời"
        )
    return words + "."


def _figure(curve: Curve) -> Any:
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

    end = max(60, curve.asked[-1], *(curve.answered[-1:] or (0,))) * 1.04
    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    axes = figure.subplots()
    for moments, colour, dashes, word in (
        (curve.asked, ASKED, (0, (5, 2)), "Được hỏi"),
        (curve.answered, ANSWERED, "solid", "Đã trả lời"),
    ):
        axes.step(
            *_steps(moments, end), where="post", color=colour, linestyle=dashes, linewidth=2, label=word
        )
    axes.set_xlim(0, end)
    axes.set_ylim(0, len(curve.asked) * 1.12)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    apart = _apart(end)
    axes.xaxis.set_major_locator(MultipleLocator(apart))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: _clock(curve, seconds, apart)))
    axes.set_ylabel("Lượt người")
    axes.grid(axis="y", color="#d0d0d0", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right", frameon=False)
    return figure


def _steps(moments: tuple[int, ...], end: float) -> tuple[list[float], list[int]]:
    """Corners of the cumulative line; moments that fall together make one corner."""
    corners = sorted(set(moments))
    counts = [bisect_right(moments, at) for at in corners]
    return [0, *corners, end], [0, *counts, len(moments)]


def _apart(end: float) -> int:
    """Seconds between two marks of the time axis: a round length, and no more than seven marks."""
    return next((apart for apart in ROUND if end / apart <= MARKS), math.ceil(end / MARKS / DAY) * DAY)


def _clock(curve: Curve, seconds: float, apart: int) -> str:
    at = (curve.opened_at + timedelta(seconds=seconds)).astimezone(HANOI)
    if apart < MINUTE:
        return f"{at:%H:%M:%S}"
    return f"{at:%H:%M}" if apart < DAY // 4 else f"{at:%H:%M}\n{at:%d/%m}"


def _plain(svg: bytes, alt: str) -> str:
    """matplotlib's SVG with every style turned into plain attributes, ready to stand inside a page."""
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    root = ElementTree.fromstring(svg)
    for element in list(root.iter()):
        for child in [c for c in element if c.tag in (f"{{{SVG}}}style", f"{{{SVG}}}metadata")]:
            element.remove(child)
        for declaration in filter(None, element.attrib.pop("style", "").split(";")):
            name, _, value = declaration.partition(":")
            element.set(name.strip(), value.strip())
    for name, value in (
        ("stroke-linejoin", "round"),
        ("stroke-linecap", "butt"),
        ("role", "img"),
        ("aria-label", alt),
    ):
        root.set(name, value)
    return ElementTree.tostring(root, encoding="unicode")
