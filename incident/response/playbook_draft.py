"""A playbook in work: begun from what is in use, from a skeleton or from a file, saved, given back, dropped.

Every saved text stays. Two people may write: whoever saves over another's text is told first, and the other's text can
be read again. Must never publish: that takes a second person (`publishing`).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incident.domain.actors import Actor, Role
from incident.domain.errors import Conflict, Forbidden, Invalid, NotFound
from incident.domain.words import said
from incident.response import proving
from incident.response.desk import Desk
from incident.response.library import current, shelf
from incident.response.permissions import require
from incident.store.sessions import lock
from incident.store.tables import PlaybookDraft, PlaybookEdit, PlaybookPublication, SystemChain
from incident.timeline import ledger

EDITORS = (Role.ADMIN, Role.DUTY_OFFICER, Role.SECRETARY, Role.SPOKESPERSON)
SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
LONGEST_SLUG = 60
RESERVED = ("new", "help")  # addresses of pages
LONGEST = 200 * 1024  # of what the checker reads
SKELETON = """\
playbook: {slug}
version: 1
title: {title}
levels: {{1: Theo dõi, 2: Sự cố, 3: Nghiêm trọng}}
topics: [chung]

roles:
  truc_ban:   {{title: Cán bộ trực,          pick: on_duty}}
  lanh_dao:   {{title: Lãnh đạo trực,        pick: lanh_dao_truc, standin: [pho_chu_tich_thuong_truc]}}
  thu_ky:     {{title: Thư ký Tổ công tác,   pick: so_vhttdl_chuyen_vien_bao_chi, standin: [so_vhttdl_pho_phong]}}
  phat_ngon:  {{title: Người phát ngôn,      pick: nguoi_phat_ngon, standin: [nguoi_dung_dau]}}
  nguoi_dang: {{title: Người đăng Cổng TTĐT, pick: cong_ttdt_truc, standin: [cong_ttdt_lanh_dao]}}

deadlines:
  ban_dau:
    title: Thông tin ban đầu ra trước công chúng
    within: {{1: 6 giờ, 2: 3 giờ, 3: 2 giờ}}
    from: opened_at
    met_by: cong_bo
    warn: [20 phút]
    to: [truc_ban]

steps:
  - id: bao_lanh_dao
    task: "Báo cáo, xin ý kiến lãnh đạo trực"
    by: truc_ban
    after: start
    within: 10 phút
    else: [{{to: lanh_dao}}]
  - id: lap_to
    assign: [thu_ky, phat_ngon, nguoi_dang]
    after: start
    within: 15 phút
    else: [{{to: thay_the}}, {{to: truc_ban, after: 10 phút}}]
  - id: du_thao
    draft: mau/thong-tin-ban-dau.md
    by: thu_ky
    after: lap_to
    within: {{1: 60 phút, 2: 30 phút, 3: 15 phút}}
    else: [{{to: thay_the}}]
  - id: duyet
    approve: du_thao
    by: phat_ngon
    within: {{1: 60 phút, 2: 30 phút, 3: 15 phút}}
    else: [{{to: thay_the}}]
  - id: cong_bo
    publish: du_thao
    by: nguoi_dang
    after: duyet
    via: [cong_ttdt]
    within: 15 phút
    else: [{{to: thay_the}}]

review:
  template: mau/rut-kinh-nghiem.md
  by: thu_ky
  within: 5 ngày làm việc
"""


@dataclass(frozen=True, slots=True)
class Edit:
    """One saved text."""

    n: int
    source: str
    scenarios: str
    by: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """A playbook in work with its newest text. `writers`: who saved a text of it, key -> name."""

    slug: str
    edit: Edit
    based_on: int
    writers: dict[str, str]
    asked_name: str
    asked_by: str | None
    asked_at: datetime | None
    returned: str

    @property
    def asked(self) -> bool:
        return self.asked_at is not None


class Overtaken(Conflict):
    """Somebody else saved meanwhile: `edit` is theirs."""

    def __init__(self, edit: Edit) -> None:
        super().__init__(
            "overtaken",
            said(
                "Trong lúc đồng chí soạn, %(name)s đã lưu một bản khác. Chưa ghi đè; chữ của đồng chí còn nguyên dưới đây.",
                name=edit.name,
            ),
        )
        self.edit = edit


def key_of(actor: Actor) -> str:
    """Who somebody is for the rule of two people: the person, however many accounts there are."""
    return actor.person_id or actor.id


def drafts(session: Session) -> dict[str, Draft]:
    return {row.slug: _draft(session, row) for row in session.scalars(select(PlaybookDraft))}


def draft(session: Session, slug: str) -> Draft | None:
    row = session.get(PlaybookDraft, slug)
    return None if row is None else _draft(session, row)


def edits(session: Session, slug: str, most: int = 20) -> list[Edit]:
    """The saved texts, the newest first. Each may be 200 KB, and all are kept: no page reads them all."""
    query = select(PlaybookEdit).where(PlaybookEdit.slug == slug).order_by(PlaybookEdit.n.desc()).limit(most)
    return [_edit(row) for row in session.scalars(query)]


def saved(session: Session, slug: str, n: int) -> Edit | None:
    row = session.get(PlaybookEdit, (slug, n)) if 0 < n < 2**31 else None
    return None if row is None else _edit(row)


def text_in_use(session: Session, desk: Desk, slug: str) -> tuple[str, str, int]:
    """Source, scenarios and number of what is in use now. Raises NotFound."""
    used = current(session, desk, slug)
    if used is None:
        raise NotFound("unknown_playbook", "Không có kịch bản này.")
    files = _published_files(session, slug, used.version_id) if used.version_id else _files(desk, slug)
    return *_texts(slug, files), used.playbook.version


def _last_text(session: Session, desk: Desk, slug: str) -> tuple[str, str, int]:
    """What is in use; where every version was withdrawn, the newest of them. Raises NotFound."""
    if current(session, desk, slug) is None:
        query = select(PlaybookPublication).where(PlaybookPublication.slug == slug)
        last = session.scalars(query.order_by(PlaybookPublication.version.desc())).first()
        if last is not None:
            return *_texts(slug, last.files), last.version
    return text_in_use(session, desk, slug)


def _texts(slug: str, files: dict[str, str]) -> tuple[str, str]:
    """The playbook and its scenarios."""
    scenarios = [text.strip() for name, text in sorted(files.items()) if name.startswith("scenarios/")]
    return files[f"{slug}.yaml"], "\n---\n".join(scenarios)


def begin(desk: Desk, slug: str, actor: Actor, now: datetime) -> None:
    """Take what is in use into work, under the next number, or what was in use last; nothing happens when it is in work
    already. Raises Forbidden, NotFound."""
    _may_edit(actor)
    with desk.store.writing() as session:
        head = ledger.system_head(session)
        if session.get(PlaybookDraft, slug) is not None:
            return
        source, scenarios, version = _last_text(session, desk, slug)
        source = _with_line(source, "version", str(proving.next_version(session, desk, slug)))
        _begun(session, head, slug, source, scenarios, version, actor, now)


def begin_new(desk: Desk, slug: str, title: str, copy_of: str, actor: Actor, now: datetime) -> None:
    """A playbook that was not there: from a copy, or from a short skeleton. Raises Forbidden, Invalid, NotFound."""
    _may_edit(actor)
    slug, title = slug.strip(), " ".join(unicodedata.normalize("NFC", title).split())
    with desk.store.writing() as session:
        head = ledger.system_head(session)
        _new_name(session, desk, slug, title)
        if copy_of:
            source, scenarios, _version = text_in_use(session, desk, copy_of)
            source = _with_line(_with_line(source, "playbook", slug), "version", "1")
            source = _with_line(source, "title", _quoted(title))
            scenarios = re.sub(r"^playbook:.*$", f"playbook: {slug}", scenarios, flags=re.M)
        else:
            source, scenarios = SKELETON.format(slug=slug, title=_quoted(title)), ""
        _begun(session, head, slug, source, scenarios, 0, actor, now)


def take_in(desk: Desk, slug: str, source: str, scenarios: str, actor: Actor, now: datetime) -> int:
    """A text from a file as the newest one in work. Returns its number. Raises Forbidden, Invalid."""
    _may_edit(actor)
    _name_fits(slug)
    _fits(source, scenarios)
    with desk.store.writing() as session:
        head = ledger.system_head(session)
        row = session.get(PlaybookDraft, slug)
        if row is None:
            used = current(session, desk, slug)
            version = used.playbook.version if used else 0
            return _begun(session, head, slug, source, scenarios, version, actor, now)
        return _saved(session, head, row, source, scenarios, actor, now)


def save(desk: Desk, slug: str, source: str, scenarios: str, seen: int, actor: Actor, now: datetime) -> int:
    """Keep a text; `seen` is the number of the text it was made from. Returns its own number. A signature that was
    asked for is asked for no longer. Raises Forbidden, NotFound, Invalid, Overtaken."""
    _may_edit(actor)
    _fits(source, scenarios)
    with desk.store.writing() as session:
        head = ledger.system_head(session)
        row = held(session, slug)
        if row.n != seen:
            newest = _edit(session.get_one(PlaybookEdit, (slug, row.n)))
            if (newest.source, newest.scenarios) == (_plain(source), _plain(scenarios)):
                return row.n  # the same text pressed twice
            raise Overtaken(newest)
        return _saved(session, head, row, source, scenarios, actor, now)


def discard(desk: Desk, slug: str, actor: Actor, now: datetime) -> None:
    """Work ends without a publication; what was saved can still be read. Raises Forbidden, NotFound."""
    _may_edit(actor)
    with desk.store.writing() as session:
        head = ledger.system_head(session)
        row = held(session, slug)
        session.delete(row)
        note(session, head, "playbook_dropped", slug, {"n": row.n}, actor, now)


# ------------------------------------------------------------------ how it is kept


def _may_edit(actor: Actor) -> None:
    require(actor, *EDITORS)
    if actor.kind != "user":
        raise Forbidden("no_person", said("Soạn kịch bản phải do một người đăng nhập thực hiện."))


def _fits(source: str, scenarios: str) -> None:
    errors: dict[str, list[str]] = {}
    if len(source.encode("utf-8", "replace")) > LONGEST:
        errors["source"] = [said("Kịch bản quá dài, tối đa 200 KB.")]
    if len(scenarios) > proving.LONGEST_SCENARIOS:
        errors["scenarios"] = [said("Các tình huống quá dài.")]
    if errors:
        raise Invalid("too_long", "Chưa lưu được.", errors)


def _name_fits(slug: str) -> None:
    if not SLUG.fullmatch(slug) or len(slug) > LONGEST_SLUG:
        fault = said("Mã chỉ gồm chữ thường không dấu, số và dấu gạch, ví dụ mua-lu-quet.")
        raise Invalid("bad_slug", "Chưa tạo được kịch bản.", {"slug": [fault]})


def _new_name(session: Session, desk: Desk, slug: str, title: str) -> None:
    _name_fits(slug)
    if not title or len(title) > 200:
        raise Invalid(
            "bad_title",
            "Chưa tạo được kịch bản.",
            {"title": [said("Ghi tên kịch bản, không quá 200 ký tự.")]},
        )
    used = select(PlaybookPublication.id).where(PlaybookPublication.slug == slug).limit(1)
    if (
        slug in RESERVED
        or slug in shelf(desk)
        or session.get(PlaybookDraft, slug) is not None
        or session.scalar(used)
    ):
        raise Invalid(
            "slug_used", "Chưa tạo được kịch bản.", {"slug": [said("Mã “%(slug)s” đã dùng.", slug=slug)]}
        )


def _begun(
    session: Session,
    head: SystemChain,
    slug: str,
    source: str,
    scenarios: str,
    based_on: int,
    actor: Actor,
    now: datetime,
) -> int:
    last = session.scalar(select(func.max(PlaybookEdit.n)).where(PlaybookEdit.slug == slug)) or 0
    row = PlaybookDraft(slug=slug, first=last + 1, n=last, based_on=based_on)
    session.add(row)
    note(session, head, "playbook_begun", slug, {"based_on": based_on}, actor, now)
    return _saved(session, head, row, source, scenarios, actor, now)


def _saved(
    session: Session,
    head: SystemChain,
    row: PlaybookDraft,
    source: str,
    scenarios: str,
    actor: Actor,
    now: datetime,
) -> int:
    source, scenarios = _plain(source), _plain(scenarios)
    newest = session.get(PlaybookEdit, (row.slug, row.n)) if row.n >= row.first else None
    if newest is not None and (newest.source, newest.scenarios) == (source, scenarios):
        return row.n
    row.n += 1
    row.asked_n = row.asked_by = row.asked_at = None
    row.asked_name = row.returned = ""
    session.add(
        PlaybookEdit(
            slug=row.slug, n=row.n, source=source, scenarios=scenarios, edited_by=key_of(actor),
            edited_name=actor.name, edited_at=now,
        )
    )  # fmt: skip
    digest = hashlib.sha256(source.encode()).hexdigest()
    note(session, head, "playbook_saved", row.slug, {"n": row.n, "sha256": digest}, actor, now)
    return row.n


def held(session: Session, slug: str) -> PlaybookDraft:
    """The draft, locked until the end of the transaction. Raises NotFound."""
    row: PlaybookDraft | None = lock(
        session, select(PlaybookDraft).where(PlaybookDraft.slug == slug)
    ).one_or_none()
    if row is None:
        raise NotFound("no_draft", "Kịch bản này không có bản đang soạn.")
    return row


def _draft(session: Session, row: PlaybookDraft) -> Draft:
    query = select(PlaybookEdit.edited_by, PlaybookEdit.edited_name).where(
        PlaybookEdit.slug == row.slug, PlaybookEdit.n >= row.first
    )
    writers = {row.edited_by: row.edited_name for row in session.execute(query.order_by(PlaybookEdit.n))}
    newest = _edit(session.get_one(PlaybookEdit, (row.slug, row.n)))
    return Draft(
        row.slug, newest, row.based_on, writers, row.asked_name, row.asked_by, row.asked_at, row.returned
    )


def _edit(row: PlaybookEdit) -> Edit:
    return Edit(row.n, row.source, row.scenarios, row.edited_by, row.edited_name, row.edited_at)


def _published_files(session: Session, slug: str, version_id: str) -> dict[str, str]:
    query = select(PlaybookPublication.files).where(
        PlaybookPublication.slug == slug, PlaybookPublication.version_id == version_id
    )
    return session.scalars(query.order_by(PlaybookPublication.version.desc())).first() or {}


def _files(desk: Desk, slug: str) -> dict[str, str]:
    path = shelf(desk)[slug]
    written = sorted((path.parent / "scenarios" / slug).glob("*.yaml"))
    found = {f"scenarios/{slug}/{one.name}": one.read_text("utf-8") for one in written}
    return found | {f"{slug}.yaml": path.read_text("utf-8")}


def _plain(text: str) -> str:
    """As it is typed, but for what no file has: the line ends of forms, and lone halves of signs."""
    return text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()


def _with_line(source: str, key: str, value: str) -> str:
    return re.sub(rf"^{key}:.*$", lambda _: f"{key}: {value}", source, count=1, flags=re.M)


def _quoted(title: str) -> str:
    kept = title.replace("\\", "").replace('"', "”")
    return f'"{kept}"'


def note(
    session: Session,
    head: SystemChain,
    kind: str,
    slug: str,
    data: dict[str, object],
    actor: Actor,
    now: datetime,
    **texts: str,
) -> None:
    """A line on the system's chain, whose locked head this is."""
    ledger.append(
        session, head, kind, occurred_at=now, recorded_at=now, actor=actor, data={"playbook": slug, **data},
        texts={name: text.strip() for name, text in texts.items() if text.strip()},
    )  # fmt: skip
