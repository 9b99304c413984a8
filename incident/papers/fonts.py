"""The typeface of papers: Tinos, which has the widths of Times New Roman, merged from npm's subsets into TTF files.

Typst does not read woff2, and npm ships one file per script; `build` makes one TTF per style at asset build. Knows
nothing of papers' contents. Run as `python -m incident.papers.fonts [node_modules] [out]`.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from pathlib import Path

DIRECTORY = Path(__file__).with_name("fonts")
FAMILY = "Tinos"
# Where the assets were not built: system serifs known to hold every Vietnamese letter (Liberation Serif does not).
SUBSTITUTES = ("Times New Roman", "Noto Serif", "DejaVu Serif")
SUBSETS = ("latin", "latin-ext", "vietnamese")
STYLES = {
    "Regular": ("400", "normal"),
    "Bold": ("700", "normal"),
    "Italic": ("400", "italic"),
    "BoldItalic": ("700", "italic"),
}
EPOCH = 3786912000  # 2024-01-01 in seconds since 1904: the same input gives the same bytes

log = logging.getLogger(__name__)


class FontsMissing(RuntimeError):
    """The npm package @fontsource/tinos is not where it was looked for."""


def build(node_modules: Path, out: Path) -> list[Path]:
    """Tinos-{Regular,Bold,Italic,BoldItalic}.ttf in `out`, with Latin and Vietnamese. Raises FontsMissing."""
    files = node_modules / "@fontsource" / "tinos" / "files"
    if not files.is_dir():
        raise FontsMissing(f"Không thấy {files}: hãy cài gói npm @fontsource/tinos")
    out.mkdir(parents=True, exist_ok=True)
    return [_merge(files, out, style, *weight) for style, weight in STYLES.items()]


def available() -> bool:
    """Whether every style has been built."""
    return all((DIRECTORY / f"{FAMILY}-{style}.ttf").is_file() for style in STYLES)


def _merge(files: Path, out: Path, style: str, weight: str, slope: str) -> Path:
    from fontTools.merge import Merger
    from fontTools.ttLib import TTFont

    target = out / f"{FAMILY}-{style}.ttf"
    with tempfile.TemporaryDirectory() as scratch:
        parts = []
        for subset in SUBSETS:
            font = TTFont(files / f"tinos-{subset}-{weight}-{slope}.woff2")
            font.flavor = None
            parts.append(str(Path(scratch) / f"{subset}.ttf"))
            font.save(parts[-1])
        merged = Merger().merge(parts)
    _name(merged, style)
    merged["head"].created = merged["head"].modified = EPOCH
    merged.recalcTimestamp = False
    merged.save(target)
    return target


def _name(font: object, style: str) -> None:
    """Put the family's four names and style bits back: merging keeps those of the first subset only."""
    table = font["name"]  # type: ignore[index]
    words = {"BoldItalic": "Bold Italic"}.get(style, style)
    for identifier, text in ((1, FAMILY), (2, words), (4, f"{FAMILY} {words}"), (6, f"{FAMILY}-{style}")):
        table.setName(text, identifier, 3, 1, 0x409)


def main(arguments: list[str]) -> int:
    node_modules = Path(arguments[0]) if arguments else Path("node_modules")
    out = Path(arguments[1]) if len(arguments) > 1 else DIRECTORY
    try:
        made = build(node_modules, out)
    except FontsMissing as missing:
        print(missing, file=sys.stderr)
        return 2
    print(f"Đã dựng {len(made)} tệp phông chữ trong {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
