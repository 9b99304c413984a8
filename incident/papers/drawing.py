"""A drawing as SVG, built of a few shapes: for pages under a strict policy, for papers and for printing in black and white.

Every text is escaped here; nothing carries a style, a script or an address. Knows nothing of what is drawn.
"""

from __future__ import annotations

from html import escape

from incident.papers.paper import printable

FONTS = "Be Vietnam Pro, Tinos, system-ui, sans-serif"
INK, SOFT, LINE, PAPER = "#1b1b1b", "#505a5f", "#b8bec2", "#ffffff"
WIDTH_OF_A_LETTER = 0.56  # of the size: an average of Vietnamese text in the faces above


class Drawing:
    """Shapes in the order they were put, one unit a CSS pixel. `alt` says in words what is to be seen."""

    def __init__(self, width: float, height: float, alt: str) -> None:
        self.width, self.height, self.alt = width, height, alt
        self.shapes: list[str] = []

    def put(self, tag: str, body: str | None = None, **attributes: object) -> None:
        """One element. Underscores in names stand for hyphens; None leaves an attribute out."""
        said = "".join(
            f' {name.rstrip("_").replace("_", "-")}="{escape(_number(value))}"'
            for name, value in attributes.items()
            if value is not None
        )
        self.shapes.append(f"<{tag}{said}/>" if body is None else f"<{tag}{said}>{escape(body)}</{tag}>")

    def line(
        self, x1: float, y1: float, x2: float, y2: float, colour: str = LINE, width: float = 1, dash: str = ""
    ) -> None:
        self.put(
            "line",
            x1=x1,
            y1=y1,
            x2=x2,
            y2=y2,
            stroke=colour,
            stroke_width=width,
            stroke_dasharray=dash or None,
        )

    def box(
        self, x: float, y: float, width: float, height: float, fill: str, edge: str = INK, *, dash: str = "", thick: float = 1
    ) -> None:  # fmt: skip
        self.put(
            "rect", x=x, y=y, width=max(width, 0.5), height=height, fill=fill, stroke=edge, stroke_width=thick,
            stroke_dasharray=dash or None,
        )  # fmt: skip

    def path(self, d: str, colour: str, width: float = 2, dash: str = "", fill: str = "none") -> None:
        self.put("path", d=d, fill=fill, stroke=colour, stroke_width=width, stroke_dasharray=dash or None)

    def label(
        self, x: float, y: float, words: str, size: float = 12, colour: str = INK, bold: bool = False
    ) -> None:
        """Words on a white ground, which hides the lines that pass behind them."""
        self.box(x - 2, y - size, len(words) * size * WIDTH_OF_A_LETTER + 4, size + 4, PAPER, PAPER)
        self.text(x, y, words, size, colour, bold=bold)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float = 12,
        colour: str = INK,
        anchor: str = "start",
        bold: bool = False,
    ) -> None:
        self.put(
            "text", printable(words), x=x, y=y, font_size=size, fill=colour,
            text_anchor=anchor if anchor != "start" else None, font_weight="600" if bold else None,
        )  # fmt: skip

    def svg(self) -> str:
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_number(self.width)} {_number(self.height)}" '
            f'role="img" aria-label="{escape(printable(self.alt))}" font-family="{FONTS}">'
        )
        ground = f'<rect width="{_number(self.width)}" height="{_number(self.height)}" fill="{PAPER}"/>'
        return head + ground + "".join(self.shapes) + "</svg>"


def _number(value: object) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def shortened(words: str, room: float, size: float) -> str:
    """As much of the words as the room (in units) holds, ended by "…" where something was left out."""
    most = max(1, int(room / (size * WIDTH_OF_A_LETTER)))
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def png(svg: str, dots_per_inch: int = 200) -> bytes:
    """The drawing as a PNG, for files that take no SVG. Slow (a tenth of a second): made only where one is asked for."""
    import typst

    from incident.papers.pdf import typefaces

    source = '#set page(width: 170mm, height: auto, margin: 0mm)\n#image(bytes(sys.inputs.svg), format: "svg", width: 100%)'
    made = typst.Compiler(source.encode(), font_paths=typefaces()).compile(
        format="png", ppi=float(dots_per_inch), sys_inputs={"svg": svg}
    )
    assert isinstance(made, bytes)
    return made
