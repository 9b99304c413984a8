"""Makes what the browser loads: copies from node_modules, rewrites, joins, names by content, compresses.

Run as `python -m incident.web.assets` after `npm ci`. Writes `static/vendor/` with `manifest.json`, and the compiled
catalogues of translations. Must never be imported by a running service; `incident.web.files` reads the manifest.

Nothing of the GOV.UK identity is taken along: no crown, no crest, no GDS Transport (licensed for gov.uk alone).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import brotli  # type: ignore[import-untyped]
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

HERE = Path(__file__).parent
OUT = HERE / "static" / "vendor"

TYPEFACE = "Be Vietnam Pro"
FALLBACK = "system-ui,Segoe UI,Roboto,Noto Sans,Arial,sans-serif"
WEIGHTS = (400, 600)
SUBSETS = ("latin", "vietnamese")
COMPRESSED = (".css", ".js")
MOJ_PARTS = ("moj-timeline", "moj-badge")
EVERYWHERE = (
    "drafts.js",
    "sending.js",
    "unlock.js",
    "progress.js",
)  # behind start.js in one file: one request
# What the macros and widgets of forms bring along, whether or not a template of ours says its name.
BROUGHT_ALONG = {
    "button",
    "error-message",
    "error-summary",
    "fieldset",
    "hint",
    "input",
    "label",
    "password-input",
}


class Bundle:
    """A directory of files named by their content, and the table that says which is which."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.names: dict[str, str] = {}

    def add(self, name: str, content: bytes) -> str:
        stem, dot, suffix = name.rpartition(".")
        named = f"{stem}.{hashlib.sha256(content).hexdigest()[:10]}{dot}{suffix}"
        path = self.out / named
        path.write_bytes(content)
        if path.suffix in COMPRESSED:
            path.with_name(named + ".gz").write_bytes(gzip.compress(content, 9, mtime=0))
            path.with_name(named + ".br").write_bytes(brotli.compress(content, quality=11))
        self.names[name] = named
        return named

    def close(self) -> None:
        (self.out / "manifest.json").write_text(json.dumps(self.names, indent=1, sort_keys=True) + "\n")


def build(modules: Path, out: Path = OUT) -> dict[str, str]:
    """Everything, from an empty directory. `modules` is node_modules. Returns name -> name with its hash."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    bundle = Bundle(out)
    bundle.add("site.css", stylesheet(modules, bundle).encode())
    govuk = bundle.add("govuk.js", _source(modules / "govuk-frontend/dist/govuk/govuk-frontend.min.js"))
    bundle.add("start.js", started(govuk).encode())
    bundle.add("draft.js", (HERE / "scripts/draft.js").read_bytes())
    bundle.add("room.js", (HERE / "scripts/room.js").read_bytes())
    bundle.add("opening.js", (HERE / "scripts/opening.js").read_bytes())
    bundle.add("editor.js", (HERE / "scripts/editor.js").read_bytes())
    bundle.add("htmx.js", _source(modules / "htmx.org/dist/htmx.min.js"))
    bundle.add("report.css", (HERE / "styles/report/report.css").read_bytes())
    for name in ("icon.svg", "icon-drill.svg"):
        bundle.add(name, (HERE / "styles" / name).read_bytes())
    bundle.close()
    return bundle.names


def started(govuk: str) -> str:
    """What every page runs: one module, in which each part keeps its names to itself. `govuk`: the built file's name."""
    first = (HERE / "scripts/start.js").read_text().replace("./govuk.js", f"./{govuk}")
    parts = ((HERE / "scripts" / name).read_text() for name in EVERYWHERE)
    return _terse(first + "".join(f"{{\n{part}}}\n" for part in parts))


def _terse(script: str) -> str:
    """Without the lines that are comments only, and without indents."""
    lines = (line.strip() for line in script.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"


def stylesheet(modules: Path, bundle: Bundle) -> str:
    """One sheet: typeface, GOV.UK components, the Ministry of Justice's two parts, and our own look last."""
    govuk = (modules / "govuk-frontend/dist/govuk/govuk-frontend.min.css").read_text()
    moj = (modules / "@ministryofjustice/frontend/moj/moj-frontend.min.css").read_text()
    return "\n".join(
        (
            "".join(_faces(modules, bundle)),
            own_typeface(without(govuk, unused(modules))),
            own_typeface(only(moj, MOJ_PARTS)),
            *(path.read_text() for path in sorted((HERE / "styles").glob("*.css"))),
        )
    )


def unused(modules: Path) -> set[str]:
    """The components of the design system that no template and no page of ours names."""
    shipped = {
        path.name for path in (modules / "govuk-frontend/dist/govuk/components").iterdir() if path.is_dir()
    }
    return shipped - _named() - BROUGHT_ALONG


def _named() -> set[str]:
    sources = [
        *HERE.rglob("*.html"),
        *HERE.glob("*.py"),
        *HERE.glob("pages/*.py"),
        *(HERE.parent / "report").rglob("*.html"),
    ]
    words = "\n".join(path.read_text() for path in sources)
    return set(re.findall(r"(?:govuk-|components/)([a-z]+(?:-[a-z]+)*)", words))


def without(css: str, components: set[str]) -> str:
    """A minified sheet without the selectors of some components and without the one-off overrides (`govuk-!-…`);
    a rule that loses all its selectors goes, and so does a group of media that loses all its rules."""
    alternatives = "|".join(sorted(components, key=len, reverse=True)) or "(?!)"
    foreign = re.compile(rf"\.govuk-(?:\\!|(?:{alternatives})(?![a-z]|-[a-z]))")
    kept: list[str] = []
    for head, body in rules(css):
        if head.startswith(("@media", "@supports")):
            inner = without(body, components)
            if inner:
                kept.append(f"{head}{{{inner}}}")
        elif left := [one for one in _selectors(head) if not foreign.search(one)]:
            kept.append(f"{','.join(left)}{{{body}}}")
    return "".join(kept)


def _selectors(head: str) -> list[str]:
    """The selectors of a rule; a comma inside brackets parts nothing."""
    return [head] if head.startswith("@") else re.split(r",(?![^(]*\))", head)


def own_typeface(css: str) -> str:
    """The sheet with our typeface, without its `@font-face` blocks, source map and addresses of foreign files."""
    css = re.sub(r"@font-face\{[^}]*\}", "", css)
    css = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", css)
    css = re.sub(r"""(["']?)GDS Transport\1,\s*arial,\s*sans-serif""", f'"{TYPEFACE}",{FALLBACK}', css)
    return re.sub(r"""url\((?!["']?data:)[^)]*\)""", "none", css)


def only(css: str, parts: tuple[str, ...]) -> str:
    """The rules of a minified sheet that speak of one of the parts; a group of media is kept with what is left in it."""
    kept: list[str] = []
    for head, body in rules(css):
        if head.startswith(("@media", "@supports")):
            inner = only(body, parts)
            if inner:
                kept.append(f"{head}{{{inner}}}")
        elif any(part in head for part in parts):
            kept.append(f"{head}{{{body}}}")
    return "".join(kept)


def rules(css: str) -> Iterator[tuple[str, str]]:
    """(selector or at-rule, what stands between its braces), one level deep."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    depth, start, head = 0, 0, ""
    for place, sign in enumerate(css):
        if sign == ";" and depth == 0:
            start = place + 1
        elif sign == "{":
            if depth == 0:
                head, start = css[start:place].strip(), place + 1
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                yield head, css[start:place]
                start = place + 1


def _faces(modules: Path, bundle: Bundle) -> Iterator[str]:
    home = modules / "@fontsource/be-vietnam-pro"
    ranges = json.loads((home / "unicode.json").read_text())
    for weight in WEIGHTS:
        for subset in SUBSETS:
            file = home / f"files/be-vietnam-pro-{subset}-{weight}-normal.woff2"
            name = bundle.add(f"be-vietnam-pro-{subset}-{weight}.woff2", file.read_bytes())
            # GOV.UK asks for "bold": the 600 face answers for everything heavier than the text.
            weights = "400" if weight == 400 else "600 700"
            yield (
                f'@font-face{{font-family:"{TYPEFACE}";font-weight:{weights};font-style:normal;font-display:swap;'
                f'src:url("{name}") format("woff2");unicode-range:{ranges[subset]}}}\n'
            )


def _source(path: Path) -> bytes:
    return re.sub(rb"//# sourceMappingURL=\S+\s*$", b"", path.read_bytes())


def compile_catalogues(root: Path = HERE / "translations") -> int:
    """Every .po beside its .mo. Returns how many."""
    found = sorted(root.glob("*/LC_MESSAGES/*.po"))
    for path in found:
        with path.open("rb") as source, path.with_suffix(".mo").open("wb") as target:
            write_mo(target, read_po(source, locale=path.parts[-3]))
    return len(found)


def main() -> int:
    modules = Path.cwd() / "node_modules"
    if not (modules / "govuk-frontend").is_dir():
        print("Chưa có node_modules: chạy `npm ci --ignore-scripts` trước.", file=sys.stderr)
        return 2
    names = build(modules)
    catalogues = compile_catalogues()
    print(f"{len(names)} tệp trong {OUT.relative_to(HERE.parent.parent)}, {catalogues} bản dịch")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
