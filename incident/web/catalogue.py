"""The words that are to be translated, and the catalogues that translate them: what `make words` does.

Vietnamese is the source text and the key. Words are found by their marks: `_`, `_n` (with a number) and `_l` in pages, `said` and the second
word of a refusal below them. Must never be imported by a running service, nor translate anything itself.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).parent
ENGLISH = HERE / "translations" / "en" / "LC_MESSAGES" / "messages.po"

METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
OPTIONS = {"**/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
KEYWORDS = DEFAULT_KEYWORDS | {"_l": None, "said": None, "_n": (1, 1)} | dict.fromkeys(
    ("Refusal", "Invalid", "Conflict", "Forbidden", "NotFound"), (2,)
)  # fmt: skip
SLOT = re.compile(r"%(?:\((\w+)\))?[sd]")


def marked() -> Catalog:
    """Every marked string of the source, in the order of the files."""
    found = Catalog()
    for _file, _line, text, _comments, _context in extract_from_dir(
        HERE.parent, METHODS, OPTIONS, KEYWORDS, strip_comment_tags=True
    ):
        if text:
            found.add(text)
    return found


def kept(path: Path = ENGLISH) -> Catalog:
    with path.open("rb") as source:
        return read_po(source, locale="en")


def brought_up(translated: Catalog, source: Catalog) -> Catalog:
    """The same translations for the words of today: new ones empty, old ones gone, nothing guessed."""
    header = translated.mime_headers
    fresh = Catalog(locale="en", header_comment=translated.header_comment, fuzzy=False)
    fresh.mime_headers = header
    for message in source:
        if message.id:
            known = translated.get(message.id)
            kept_words = known.string if known and known.pluralizable == message.pluralizable else ""
            fresh.add(message.id, kept_words, flags=message.flags)
    return fresh


def faults(translated: Catalog, source: Catalog) -> Iterator[str]:
    """What keeps a reader from reading the page in the other language, one line each."""
    for message in source:
        if message.id:
            yield from _faults(message, translated.get(message.id))
    for message in translated:
        if message.id and message.id not in source:
            yield f"no longer used: {message.id!r}"


def _faults(source: Message, found: Message | None) -> Iterator[str]:
    if found is None:
        yield f"not in the catalogue: {source.id!r}"
    elif not all(forms(found.string)):
        yield f"not translated: {source.id!r}"
    elif found.fuzzy:
        yield f"only guessed: {source.id!r}"
    elif any(slots(form) != slots(forms(source.id)[0]) for form in forms(found.string)):
        yield f"other slots: {source.id!r} and {found.string!r}"


def forms(words: str | Sequence[str] | None) -> tuple[str, ...]:
    """One text, or its singular and its plural."""
    return (words or "",) if words is None or isinstance(words, str) else tuple(words)


def slots(text: str) -> list[str]:
    """The names a text has room for; a per cent sign that is doubled is none."""
    return sorted({match[0] for match in SLOT.finditer(text.replace("%%", ""))})


def main() -> None:
    source = marked()
    fresh = brought_up(kept(), source)
    with ENGLISH.open("wb") as target:
        write_po(target, fresh, width=0, no_location=True, omit_header=False)
    missing = list(faults(fresh, source))
    print(*missing, f"{len(source)} câu, {len(missing)} câu cần xem", sep="\n")
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
