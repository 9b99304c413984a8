"""The playbooks on the shelf, and the version a run is pinned to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.domain.errors import Invalid
from incident.domain.ids import new_id
from incident.domain.words import said
from incident.response.desk import Desk
from incident.store.tables import PlaybookVersion
from playbooks import load
from playbooks.injects import FOLDER, Script, load_script
from playbooks.language import Playbook

BUILT_IN = Path(load.__file__).parent / "library"
NEUTRAL = "vu-viec-chung"


@dataclass(frozen=True, slots=True)
class PlaybookCard:
    slug: str
    title: str
    version: int
    levels: dict[int, str]
    topics: tuple[str, ...]


def shelf(desk: Desk) -> dict[str, Path]:
    """Every playbook file by its slug: the built-in library, overlaid by the province's own directory."""
    found: dict[str, Path] = {}
    for folder in (BUILT_IN, desk.settings.playbooks_dir):
        if folder is not None and folder.is_dir():
            found.update({path.stem: path for path in sorted(folder.glob("*.yaml"))})
    return found


def playbooks(desk: Desk) -> list[PlaybookCard]:
    """What can be opened, the neutral one first."""
    cards = [
        PlaybookCard(p.slug, p.title, p.version, p.levels, p.topics)
        for path in shelf(desk).values()
        if (p := _read(path)[0]) is not None
    ]
    return sorted(cards, key=lambda card: (card.slug != NEUTRAL, card.title))


def read(desk: Desk, slug: str) -> Playbook:
    """The playbook as it stands on the shelf. Raises Invalid for an unknown or faulty one."""
    path = shelf(desk).get(slug)
    playbook = _read(path)[0] if path else None
    if playbook is None:
        raise Invalid(
            "unknown_playbook",
            said("Không có kịch bản “%(slug)s” dùng được.", slug=slug),
            {"playbook": [said("Không có kịch bản “%(slug)s” dùng được.", slug=slug)]},
        )
    return playbook


@dataclass(frozen=True, slots=True)
class ScriptCard:
    slug: str
    title: str
    playbook: str
    size: int


def scripts(desk: Desk) -> list[ScriptCard]:
    """The inject lists a drill can be run with, by title."""
    found = [script for path in _script_files(desk).values() if (script := _script(desk, path))]
    cards = [ScriptCard(s.slug, s.title, s.playbook, len(s.injects)) for s in found]
    return sorted(cards, key=lambda card: card.title)


def read_script(desk: Desk, slug: str) -> Script | None:
    """A sound inject list of the shelf; None where there is none of this name."""
    path = _script_files(desk).get(slug)
    return _script(desk, path) if path else None


def _script_files(desk: Desk) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for folder in (BUILT_IN, desk.settings.playbooks_dir):
        if folder is not None and (folder / FOLDER).is_dir():
            found.update({path.stem: path for path in sorted((folder / FOLDER).glob("*.yaml"))})
    return found


def _script(desk: Desk, path: Path) -> Script | None:
    known = {slug: _read(file)[0] for slug, file in shelf(desk).items()}
    return load_script(path, {slug: one.roles.keys() for slug, one in known.items() if one}).script


def ensure_version(session: Session, desk: Desk, slug: str, now: datetime) -> tuple[str, Playbook]:
    """The id of the stored version of what stands on the shelf now, stored when it is new, and the playbook."""
    playbook = read(desk, slug)
    compiled = _read(shelf(desk)[slug])[1]
    digest = load.sha256(compiled)
    known = session.scalar(select(PlaybookVersion.id).where(PlaybookVersion.sha256 == digest))
    if known:
        return known, playbook
    row = PlaybookVersion(
        id=new_id(now),
        slug=slug,
        version=playbook.version,
        title=playbook.title,
        sha256=digest,
        compiled=compiled,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row.id, playbook


def pinned(session: Session, version_id: str) -> Playbook:
    """The playbook a run is pinned to."""
    known = _PINNED.get(version_id)
    if known is None:
        compiled = session.scalar(select(PlaybookVersion.compiled).where(PlaybookVersion.id == version_id))
        if compiled is None:
            raise LookupError(f"no playbook version {version_id}")
        known = _PINNED[version_id] = load.from_compiled(compiled)
    return known


# Versions never change, and there are few of them.
_PINNED: dict[str, Playbook] = {}


def _read(path: Path) -> tuple[Playbook | None, str]:
    return _read_at(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _read_at(path: Path, changed: int) -> tuple[Playbook | None, str]:
    loaded = load.load(path, BUILT_IN)
    if loaded.playbook is None:
        return None, ""
    return loaded.playbook, load.compile(loaded.playbook)
