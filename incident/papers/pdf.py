"""A paper as PDF by Typst: tagged PDF/A-2a and PDF/UA-1 while it is short enough for that.

Words reach Typst only as JSON data, never as markup. One paper at a time: a long one takes hundreds of megabytes, which
Typst keeps, so it is set in a process of its own. Fetches nothing: fonts come from the asset build, packages from nowhere.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from dataclasses import asdict
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from incident.papers import fonts
from incident.papers.paper import Block, Heading, Paper, Paragraph, Picture, Quote, Table, printable

MIME = "application/pdf"
TAGGED_ROWS = 2000
APART_ROWS = 500
APART_SECONDS = 120.0
SOURCE = Path(__file__).with_name("templates") / "paper.typ"
NAMES = {Heading: "heading", Paragraph: "paragraph", Quote: "quote", Table: "table", Picture: "picture"}

log = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()


def write(paper: Paper, now: datetime) -> bytes:
    """The paper as the bytes of a PDF; the same paper and `now` give the same bytes.

    Above TAGGED_ROWS rows the tags are left out, which keeps time and memory linear and small.
    """
    rows = sum(len(block.rows) for block in paper.blocks if isinstance(block, Table))
    data = json.dumps(_data(paper), ensure_ascii=False)
    with _one_at_a_time:
        return (_apart if rows > APART_ROWS else _compile)(data, now, rows <= TAGGED_ROWS)


def compiled(source: Path, name: str, data: str, now: datetime) -> bytes:
    """A short document of another template, its JSON under `name`."""
    with _one_at_a_time:
        return _compile(data, now, tagged=True, source=source, name=name)


def _apart(data: str, now: datetime, tagged: bool) -> bytes:
    """As `_compile`, in a child: its memory goes with it, and the web server's threads are not held up."""
    words = [sys.executable, "-m", "incident.papers.pdf", now.isoformat(), "tagged" if tagged else "plain"]
    return subprocess.run(
        words, input=data.encode(), stdout=subprocess.PIPE, timeout=APART_SECONDS, check=True
    ).stdout


def _compile(data: str, now: datetime, tagged: bool, source: Path = SOURCE, name: str = "paper") -> bytes:
    import typst

    compiler = typst.Compiler(source, root=source.parent, font_paths=typefaces())
    options: dict[str, Any] = {"sys_inputs": {name: data}, "timestamp": now.replace(microsecond=0)}
    if not tagged:
        return _single(compiler.compile(**options, pdf_standards=["a-2b"], pdf_tags=False))
    try:
        return _single(compiler.compile(**options, pdf_standards=["a-2a", "ua-1"]))
    except (
        typst.TypstError
    ) as refused:  # a letter no typeface has is refused by the archive standards, not by PDF
        log.warning("PDF/A không nhận tài liệu này, xuất PDF thường: %s", refused)
        return _single(compiler.compile(**options))


def _single(made: bytes | list[bytes] | None) -> bytes:
    """Typst gives a list for formats of one file a page; a PDF is one file."""
    assert isinstance(made, bytes)
    return made


@cache
def typefaces() -> Any:
    import typst

    if fonts.available():
        return typst.Fonts(include_system_fonts=False, font_paths=[fonts.DIRECTORY])
    log.warning(
        "Chưa dựng phông chữ Tinos (python -m incident.papers.fonts): dùng phông chữ có chân của hệ thống"
    )
    return typst.Fonts(include_system_fonts=True)


def _data(paper: Paper) -> dict[str, Any]:
    office = paper.office
    families = (fonts.FAMILY,) if fonts.available() else fonts.SUBSTITUTES
    return {
        "title": printable(f"{paper.kind}: {paper.subject}"),
        "author": printable(" ".join(office.agency)),
        "fonts": list(families),
        "superior": printable(office.superior.upper()),
        "agency": [printable(line) for line in office.agency],
        "number": paper.number,
        "dateline": paper.dateline,
        "kind": printable(paper.kind),
        "subject": printable(paper.subject),
        "mark": paper.mark,
        "handling": paper.handling,
        "standing": printable(paper.standing),
        "footnote": paper.footnote,
        "recipients": [printable(line) for line in paper.recipients],
        "authority": [printable(line) for line in office.authority],
        "blocks": [_block(block) for block in paper.blocks],
    }


def _block(block: Block) -> dict[str, Any]:
    name = {"is": NAMES[type(block)]}
    match block:
        case Table():
            rows = [[printable(cell) for cell in row] for row in block.rows]
            return {**name, "columns": [asdict(column) for column in block.columns], "rows": rows}
        case Picture():
            return {
                **name,
                "svg": block.svg,
                "alt": printable(block.alt),
                "caption": printable(block.caption),
            }
        case Heading() | Paragraph() | Quote():
            words = {key: value for key, value in asdict(block).items() if key != "text"}
            return {**name, **words, "text": printable(block.text)}


if __name__ == "__main__":
    made = _compile(
        sys.stdin.buffer.read().decode(), datetime.fromisoformat(sys.argv[1]), sys.argv[2] == "tagged"
    )
    sys.stdout.buffer.write(made)
