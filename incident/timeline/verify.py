"""Proves that a record is unbroken: a chain in the database, or an exported file.

A chain alone can be computed anew by whoever edits a whole file; so a verdict on a file says which of two it could
prove: the file is whole in itself, and it ends where the database's own chain stands (or stood). Reads only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.store.tables import Entry, FreeText, Incident, SystemChain
from incident.store.types import canonical
from incident.timeline.ledger import SYSTEM_CHAIN, chained, salted, utc_text

MASKED = "text_masked"
MANIFEST = "manifest"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`head` is the hash of the last good entry. `in_database` speaks of files only: True = the database holds this
    very entry as its end or on its way, False = it does not, None = there was no database to ask."""

    ok: bool
    entries: int
    head: str
    chain: str = ""
    first_bad_seq: int | None = None
    reason: str = ""
    in_database: bool | None = None


class _Broken(Exception):
    """Where a chain breaks, and why (Vietnamese)."""

    def __init__(self, seq: int | None, reason: str) -> None:
        super().__init__(reason)
        self.seq, self.reason = seq, reason


@dataclass(frozen=True, slots=True)
class _Text:
    text: str | None
    salt: str | None


@dataclass(frozen=True, slots=True)
class _Link:
    """An entry as it is to be proved, wherever it comes from. `said`: what stands beside the canonical text."""

    seq: int
    canonical: str
    prev_hash: str
    hash: str
    said: Mapping[str, Any]
    texts: Mapping[str, _Text]


def verify_chain(session: Session, chain: str) -> Verdict:
    """The chain of an incident (its id) or "system", as it stands in the database."""
    links = _links(session, chain)
    try:
        _prove(chain, links)
        _prove_head(session, chain, links)
        _prove_no_stray_text(session, chain, links)
    except _Broken as broken:
        return _bad(chain, links, broken)
    return Verdict(True, len(links), links[-1].hash if links else "", chain)


def verify_all(session: Session) -> list[Verdict]:
    """Every chain there is, also one whose incident has vanished."""
    known = [*session.scalars(select(Incident.id).order_by(Incident.opened_at, Incident.id)), SYSTEM_CHAIN]
    strays = session.scalars(
        select(Entry.chain).distinct().where(Entry.chain.not_in(known)).order_by(Entry.chain)
    )
    return [verify_chain(session, chain) for chain in [*known, *strays]]


def verify_file(source: Path | str | bytes, session: Session | None = None) -> Verdict:
    """An exported report: every section by the manifest, and the timeline as a chain. Raises OSError when unreadable."""
    raw = source if isinstance(source, bytes) else Path(source).read_bytes()
    links: list[_Link] = []
    chain = ""
    try:
        whole = _parsed(raw)
        head = _prove_manifest(whole)
        links = [_from_file(number, item) for number, item in enumerate(_timeline(whole), start=1)]
        chain = _chain_of(links)
        _prove(chain, links)
        if head != {"head": links[-1].hash if links else "", "entries": len(links)}:
            raise _Broken(None, "đầu chuỗi ghi cuối tệp không khớp nhật ký trong tệp")
    except _Broken as broken:
        return _bad(chain, links, broken)
    verdict = Verdict(True, len(links), links[-1].hash if links else "", chain)
    return verdict if session is None else replace(verdict, in_database=_in_database(session, verdict))


def manifest(sections: Mapping[str, Any], head: str, entries: int) -> dict[str, Any]:
    """What an exported file ends with. `sections` is everything else at the top of the file."""
    return {
        "sections": {name: _section_hash(section) for name, section in sections.items()},
        "chain": {"head": head, "entries": entries},
    }


def exported(session: Session, chain: str) -> list[dict[str, Any]]:
    """The section "timeline" of a file, ready to be proved. A masked text is None and so is its salt."""
    texts = _texts(session, chain)
    return [
        {
            "seq": entry.seq,
            "kind": entry.kind,
            "occurred_at": utc_text(entry.occurred_at),
            "recorded_at": utc_text(entry.recorded_at),
            "actor": entry.actor,
            "data": entry.data,
            "texts": {f: {"text": t.text, "salt": t.salt} for f, t in texts.get(entry.seq, {}).items()},
            "canonical": entry.canonical,
            "prev_hash": entry.prev_hash,
            "hash": entry.hash,
        }
        for entry in session.scalars(select(Entry).where(Entry.chain == chain).order_by(Entry.seq))
    ]


# ------------------------------------------------------------------ the chain itself


def _prove(chain: str, links: Sequence[_Link]) -> None:
    before = ""
    contents = [_content(link) for link in links]
    masked = [content.get("data") for content in contents if content.get("kind") == MASKED]
    for number, (link, content) in enumerate(zip(links, contents, strict=True), start=1):
        if link.seq != number:
            raise _Broken(number, f"thiếu mục số {number}")
        if link.prev_hash != before:
            raise _Broken(number, "không nối với mục trước")
        if chained(link.prev_hash, link.canonical) != link.hash:
            raise _Broken(number, "nội dung không khớp mã băm")
        _prove_said(chain, link, content)
        _prove_texts(link, content, masked)
        before = link.hash


def _content(link: _Link) -> dict[str, Any]:
    try:
        content = json.loads(link.canonical)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise _Broken(link.seq, "bản ghi gốc không đọc được")
    return content


def _prove_said(chain: str, link: _Link, content: Mapping[str, Any]) -> None:
    """The columns people read must say what was hashed."""
    if content.get("chain") != chain or content.get("seq") != link.seq:
        raise _Broken(link.seq, "mục thuộc nhật ký khác hoặc số thứ tự khác")
    for name, value in link.said.items():
        if content.get(name) != value:
            raise _Broken(link.seq, f"cột {name} khác với bản ghi gốc")


def _prove_texts(link: _Link, content: Mapping[str, Any], masked: Sequence[Any]) -> None:
    known = content.get("texts")
    if not isinstance(known, dict) or set(known) != set(link.texts):
        raise _Broken(link.seq, "phần văn bản kèm theo bị thêm hoặc bị bớt")
    for name, text in link.texts.items():
        if text.text is None or text.salt is None:
            if {"seq": link.seq, "field": name} not in masked:
                raise _Broken(link.seq, f"văn bản {name} bị xóa mà không có quyết định che")
        elif salted(text.salt, text.text) != known[name]:
            raise _Broken(link.seq, f"văn bản {name} đã bị sửa")


def _bad(chain: str, links: Sequence[_Link], broken: _Broken) -> Verdict:
    good = [link for link in links if broken.seq is not None and link.seq < broken.seq]
    return Verdict(False, len(links), good[-1].hash if good else "", chain, broken.seq, broken.reason)


# ------------------------------------------------------------------ in the database


def _links(session: Session, chain: str) -> list[_Link]:
    texts = _texts(session, chain)
    entries = session.scalars(select(Entry).where(Entry.chain == chain).order_by(Entry.seq))
    return [
        _Link(
            entry.seq,
            entry.canonical,
            entry.prev_hash,
            entry.hash,
            {
                "kind": entry.kind,
                "occurred_at": utc_text(entry.occurred_at),
                "recorded_at": utc_text(entry.recorded_at),
                "actor": entry.actor,
                "data": entry.data,
            },
            texts.get(entry.seq, {}),
        )
        for entry in entries
    ]


def _texts(session: Session, chain: str) -> dict[int, dict[str, _Text]]:
    texts: dict[int, dict[str, _Text]] = {}
    for row in session.scalars(select(FreeText).where(FreeText.chain == chain).order_by(FreeText.field)):
        texts.setdefault(row.seq, {})[row.field] = _Text(row.text, row.salt)
    return texts


def _head(session: Session, chain: str) -> tuple[int, str] | None:
    if chain == SYSTEM_CHAIN:
        query = select(SystemChain.chain_seq, SystemChain.chain_hash).where(SystemChain.id == chain)
    else:
        query = select(Incident.chain_seq, Incident.chain_hash).where(Incident.id == chain)
    row = session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1])


def _prove_head(session: Session, chain: str, links: Sequence[_Link]) -> None:
    head = _head(session, chain)
    if head is None:
        if chain == SYSTEM_CHAIN and not links:
            return
        raise _Broken(None, "không còn vụ việc của nhật ký này")
    if head[0] != len(links):
        raise _Broken(min(head[0], len(links)) + 1, f"nhật ký có {len(links)} mục, đầu chuỗi ghi {head[0]}")
    if head[1] != (links[-1].hash if links else ""):
        raise _Broken(head[0], "mục cuối không khớp đầu chuỗi")


def _prove_no_stray_text(session: Session, chain: str, links: Sequence[_Link]) -> None:
    for seq in sorted(_texts(session, chain)):
        if not 1 <= seq <= len(links):
            raise _Broken(seq, "có văn bản không thuộc mục nào")


# ------------------------------------------------------------------ in a file


def _section_hash(section: Any) -> str:
    return hashlib.sha256(canonical(section).encode()).hexdigest()


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        whole = json.loads(raw, object_pairs_hook=_no_key_twice)
        canonical(whole).encode()  # refuses what has no canonical text: NaN, half characters
    except (ValueError, RecursionError) as error:
        raise _Broken(None, f"không phải tệp JSON đọc được: {error}") from error
    if not isinstance(whole, dict):
        raise _Broken(None, "không phải tệp báo cáo đã xuất")
    return whole


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two equal keys a reader may see the one and the proof the other."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("một khóa xuất hiện hai lần")
    return made


def _prove_manifest(whole: Mapping[str, Any]) -> Any:
    """Every section is as it was exported. Returns what the manifest says of the chain."""
    given = whole.get(MANIFEST)
    if not isinstance(given, dict) or not isinstance(given.get("sections"), dict):
        raise _Broken(None, "tệp không có bảng kê mã băm ở cuối")
    sections = {name: section for name, section in whole.items() if name != MANIFEST}
    if set(sections) != set(given["sections"]):
        raise _Broken(None, "tệp có phần bị thêm hoặc bị bớt so với bảng kê")
    for name, section in sections.items():
        if _section_hash(section) != given["sections"][name]:
            raise _Broken(None, f"phần “{name}” đã bị sửa sau khi xuất")
    return given.get("chain")


def _timeline(whole: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    timeline = whole.get("timeline")
    if not isinstance(timeline, list):
        raise _Broken(None, "tệp không có nhật ký diễn biến")
    for number, item in enumerate(timeline, start=1):
        if not isinstance(item, dict):
            raise _Broken(number, "mục nhật ký sai dạng")
        yield item


def _from_file(number: int, item: Mapping[str, Any]) -> _Link:
    try:
        said = {name: item[name] for name in ("kind", "actor", "data")}
        said |= {name: _moment(item[name]) for name in ("occurred_at", "recorded_at")}
        texts = {name: _Text(text["text"], text["salt"]) for name, text in item["texts"].items()}
        return _Link(
            int(item["seq"]), str(item["canonical"]), str(item["prev_hash"]), str(item["hash"]), said, texts
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _Broken(number, f"mục nhật ký thiếu hoặc sai: {error}") from error


def _moment(text: str) -> str:
    """A file may write its times with the local offset: the moment counts."""
    return utc_text(datetime.fromisoformat(text))


def _chain_of(links: Sequence[_Link]) -> str:
    return str(_content(links[0]).get("chain", "")) if links else ""


def _in_database(session: Session, verdict: Verdict) -> bool | None:
    if _head(session, verdict.chain) is None:
        return None  # another database's incident
    query = select(Entry.hash).where(Entry.chain == verdict.chain, Entry.seq == verdict.entries)
    return session.scalar(query) == verdict.head
