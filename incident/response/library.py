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
from incident.store.tables import PlaybookPublication, PlaybookVersion
from playbooks import load
from playbooks.injects import FOLDER, Script, load_script
from playbooks.language import Playbook

BUILT_IN = Path(load.__file__).parent / "library"
NEUTRAL = "vu-viec-chung"


PUBLISHED, OWN, BUNDLED = "published", "own", "bundled"  # where what is in use comes from


@dataclass(frozen=True, slots=True)
class Shelved:
    """A playbook as it is in use now. `version_id` is that of a published one; a file has none until it is first used."""

    playbook: Playbook
    sha256: str
    origin: str
    version_id: str | None = None


@dataclass(frozen=True, slots=True)
class PlaybookCard:
    slug: str
    title: str
    version: int
    levels: dict[int, str]
    topics: tuple[str, ...]
    sha256: str
    origin: str


def shelf(desk: Desk) -> dict[str, Path]:
    """Every playbook file by its slug: the built-in library, overlaid by the province's own directory."""
    found: dict[str, Path] = {}
    for folder in (BUILT_IN, desk.settings.playbooks_dir):
        if folder is not None and folder.is_dir():
            found.update({path.stem: path for path in sorted(folder.glob("*.yaml"))})
    return found


def playbooks(session: Session, desk: Desk) -> list[PlaybookCard]:
    """What can be opened, the neutral one first."""
    found = {slug: one for slug, path in shelf(desk).items() if (one := _filed(desk, path)) is not None}
    cards = [_card(one) for one in (found | _published(session)).values()]
    return sorted(cards, key=lambda card: (card.slug != NEUTRAL, card.title))


def current(session: Session, desk: Desk, slug: str) -> Shelved | None:
    """What is in use under this name: the newest published version that nobody withdrew, else the file."""
    published = _published(session, slug).get(slug)
    if published is not None:
        return published
    path = shelf(desk).get(slug)
    return _filed(desk, path) if path else None


def filed(desk: Desk, slug: str) -> Playbook | None:
    """What the file of this name says, whatever is published over it."""
    path = shelf(desk).get(slug)
    found = _filed(desk, path) if path else None
    return found.playbook if found else None


def read(session: Session, desk: Desk, slug: str) -> Playbook:
    """The playbook in use. Raises Invalid for an unknown or faulty one."""
    return _used(session, desk, slug).playbook


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
    known = {slug: filed(desk, slug) for slug in shelf(desk)}
    return load_script(path, {slug: one.roles.keys() for slug, one in known.items() if one}).script


def ensure_version(session: Session, desk: Desk, slug: str, now: datetime) -> tuple[str, Playbook]:
    """The id of the stored version of what is in use now, stored when it is new, and the playbook."""
    used = _used(session, desk, slug)
    return used.version_id or stored(session, used.playbook, now), used.playbook


def stored(session: Session, playbook: Playbook, now: datetime) -> str:
    """The id of the version with exactly this meaning, stored when it is new."""
    compiled = load.compile(playbook)
    digest = load.sha256(compiled)
    known = session.scalar(select(PlaybookVersion.id).where(PlaybookVersion.sha256 == digest))
    if known:
        return known
    row = PlaybookVersion(
        id=new_id(now),
        slug=playbook.slug,
        version=playbook.version,
        title=playbook.title,
        sha256=digest,
        compiled=compiled,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def _used(session: Session, desk: Desk, slug: str) -> Shelved:
    used = current(session, desk, slug)
    if used is None:
        raise Invalid(
            "unknown_playbook",
            said("Không có kịch bản “%(slug)s” dùng được.", slug=slug),
            {"playbook": [said("Không có kịch bản “%(slug)s” dùng được.", slug=slug)]},
        )
    return used


def _published(session: Session, slug: str | None = None) -> dict[str, Shelved]:
    query = (
        select(PlaybookPublication.slug, PlaybookVersion.id, PlaybookVersion.sha256)
        .join(PlaybookVersion, PlaybookVersion.id == PlaybookPublication.version_id)
        .where(PlaybookPublication.withdrawn_at.is_(None))
        .order_by(PlaybookPublication.version)
    )
    if slug is not None:
        query = query.where(PlaybookPublication.slug == slug)
    newest = {row.slug: row for row in session.execute(query)}
    return {
        name: Shelved(pinned(session, row.id), row.sha256, PUBLISHED, row.id) for name, row in newest.items()
    }


def _filed(desk: Desk, path: Path) -> Shelved | None:
    read = _read_at(path, path.stat().st_mtime_ns)
    return None if read is None else Shelved(*read, BUNDLED if path.parent == BUILT_IN else OWN)


def _card(one: Shelved) -> PlaybookCard:
    p = one.playbook
    return PlaybookCard(p.slug, p.title, p.version, p.levels, p.topics, one.sha256, one.origin)


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


@lru_cache(maxsize=64)
def _read_at(path: Path, changed: int) -> tuple[Playbook, str] | None:
    playbook = load.load(path, BUILT_IN).playbook
    return None if playbook is None else (playbook, load.sha256(load.compile(playbook)))
