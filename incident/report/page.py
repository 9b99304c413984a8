"""The report as HTML: a fragment for our own page, and a page that can be kept as a file.

No style attribute, no style element, no script, nothing fetched but the stylesheet of our own origin, so that a strict
Content-Security-Policy holds. Kept as a file without it, the tables keep their borders.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from incident.papers.paper import Block, Heading, Paper, Paragraph, Picture, Quote, Table, printable
from incident.report.build import Report
from incident.report.chart import draw
from incident.report.layout import blocks

MIME = "text/html; charset=utf-8"
NAMES = {Heading: "heading", Paragraph: "paragraph", Quote: "quote", Table: "table", Picture: "picture"}


def html_fragment(report: Report) -> Markup:
    """The report's body for a page of ours; headings begin at h2."""
    return _fragment(blocks(report, draw(report.curve)), bordered=False)


def html_page(paper: Paper, stylesheet: str = "") -> bytes:
    """A whole page. `stylesheet` is an address of our own origin, or nothing."""
    fragment = _fragment(paper.blocks, bordered=True)
    page = _templates().get_template("page.html")
    return page.render(paper=paper, fragment=fragment, stylesheet=stylesheet).encode()


def _fragment(body: tuple[Block, ...], *, bordered: bool) -> Markup:
    template = _templates().get_template("fragment.html")
    return Markup(
        template.render(blocks=_plain(body), bordered=bordered)
    )  # the template escapes what it is given


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
    )


def _plain(body: tuple[Block, ...]) -> Iterator[dict[str, Any]]:
    for block in body:
        words: dict[str, Any] = {"is": NAMES[type(block)]}
        match block:
            case Table():
                words |= {"caption": block.caption, "columns": block.columns, "rows": block.rows}
            case Picture():
                words |= {"svg": Markup(block.svg), "narrow": Markup(block.narrow), "caption": block.caption}
            case Heading():
                words |= asdict(block)
            case Paragraph() | Quote():
                words |= asdict(block) | {"lines": printable(block.text).split("\n")}
        yield words
