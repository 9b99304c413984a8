"""A playbook proved before it is used: what changed, every scenario, who is told when, who would be missing in this
province; and the two people who put it into use. Decides nothing: the door does."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from incident.domain.errors import Forbidden, NotFound, Refusal
from incident.response import library, playbook_draft, proving, publishing
from incident.response.playbook_draft import Draft
from incident.response.proving import Played, Proof
from incident.response.readiness import Readiness, readiness
from incident.store.tables import Setting
from incident.web.language import _, chosen
from incident.web.pages.access import actor, signed_in, wiring
from incident.web.pages.forms import faults
from incident.web.pages.pictures import lanes_planned
from incident.web.pages.playbook_editor import told_of
from incident.web.pages.playbooks import asked_level, may, read_drafts, titles_of
from playbooks.diff import Change, changes
from playbooks.language import Playbook
from playbooks.load import compile, sha256
from playbooks.outcome import Outcome, as_data

pages = Blueprint("playbook_proof", __name__)

PICK = re.compile(r"(?<=\()[a-z][a-z0-9_]+(?=\))|(?<= thay )[a-z][a-z0-9_]+|^[a-z][a-z0-9_]+$")


@dataclass(frozen=True, slots=True)
class Proved:
    """Everything the page tells of one text. `draft` is None for what is in use."""

    slug: str
    draft: Draft | None
    proof: Proof
    used: Playbook | None
    ready: Readiness | None
    price: int

    @property
    def playbook(self) -> Playbook | None:
        return self.proof.loaded.playbook

    @property
    def differs(self) -> list[Change]:
        if self.used is None or self.playbook is None or self.draft is None:
            return []
        return changes(self.used, self.playbook, english=chosen() == "en")

    def parts(self, outcome: Outcome) -> int:
        """SMS parts of a rehearsal, its groups as large as they are in the whole province."""
        sizes = {one.role: one.size for one in self.ready.holders} if self.ready else {}
        return sum(
            one.parts * (one.recipients if one.person else sizes.get(one.role) or one.recipients)
            for one in outcome.messages
        )

    @property
    def groups(self) -> bool:
        return self.ready is not None and any(one.size for one in self.ready.holders)

    def in_province(self, line: object) -> str:
        """A line of the rehearsal with the names of those who would be told tonight."""
        names = self.ready.names if self.ready else {}
        return PICK.sub(lambda found: names.get(found[0], found[0]), str(line))

    @property
    def never_told(self) -> list[str]:
        """Roles of whom nobody is told anything in any scenario."""
        if self.playbook is None:
            return []
        told = [set(one.outcome.never_told) for one in self.proof.played if one.outcome]
        left = set.intersection(*told) if told else set()
        return [role.title for slug, role in self.playbook.roles.items() if slug in left]


@pages.route("/playbooks/<slug>/draft", methods=["GET", "POST"])
@signed_in
def draft(slug: str) -> str | Answer | tuple[str, int]:
    """The text in work, proved; asked for, signed, given back, dropped."""
    found = _of_draft(slug)
    typed = {"reason": request.form.get("reason", "")}
    if request.method == "GET":
        return _page(found, typed, {})
    do, n = request.form.get("do", ""), request.form.get("n", 0, int)
    try:
        return redirect(_done(slug, do, n, typed["reason"]), 303)
    except Refusal as refusal:
        return _page(found, typed, faults(refusal)), refusal.status


def _done(slug: str, do: str, n: int, reason: str) -> str:
    desk, who, now = wiring().desk, actor(), wiring().now()
    if do == "sign":
        version = publishing.sign(desk, slug, n, who, now)
        flash(
            _("Đã ký và công bố phiên bản %(n)s. Vụ việc mở từ bây giờ dùng phiên bản này.", n=version),
            "taken",
        )
        return url_for("playbooks.show", slug=slug)
    if do == "return":
        publishing.give_back(desk, slug, n, reason, who, now)
        flash(_("Đã trả lại. Người soạn thấy lý do trên trang này."), "taken")
    elif do == "drop":
        playbook_draft.discard(desk, slug, who, now)
        flash(_("Đã bỏ bản soạn. Các bản đã lưu vẫn giữ."), "taken")
        return url_for("playbooks.index")
    else:
        publishing.ask(desk, slug, n, who, now)
        flash(_("Đã trình ký. Cần người thứ hai xem và ký."), "taken")
    return url_for(".draft", slug=slug)


@pages.get("/playbooks/<slug>/rehearsal")
@signed_in
def used(slug: str) -> str:
    """What is in use, proved again with the directory of today."""
    return _page(_of_used(slug), {"reason": ""}, {})


@pages.get("/playbooks/<slug>/draft.json")
@signed_in
def draft_data(slug: str) -> Response:
    return _data(_of_draft(slug))


@pages.get("/playbooks/<slug>/rehearsal.json")
@signed_in
def used_data(slug: str) -> Response:
    return _data(_of_used(slug))


def _of_draft(slug: str) -> Proved:
    _readers_only()
    draft, proof = publishing.proof_of(wiring().desk, slug)
    with wiring().store.reading() as session:
        used = library.current(session, wiring().desk, slug)
        return _proved(session, slug, draft, proof, used.playbook if used else None)


def _of_used(slug: str) -> Proved:
    _readers_only()
    with wiring().store.reading() as session:
        source, scenarios, _number = playbook_draft.text_in_use(session, wiring().desk, slug)
        proof = proving.proof(session, wiring().desk, slug, source, scenarios)
        if proof.loaded.playbook is None:
            raise NotFound("unknown_playbook", _("Không có kịch bản này."))
        return _proved(session, slug, None, proof, proof.loaded.playbook)


def _proved(session: Session, slug: str, draft: Draft | None, proof: Proof, used: Playbook | None) -> Proved:
    playbook = proof.loaded.playbook
    ready = readiness(session, wiring().desk, playbook, wiring().now()) if playbook else None
    price = session.get(Setting, "sms_part_cost")
    return Proved(slug, draft, proof, used, ready, int(price.value) if price else 0)


def _readers_only() -> None:
    if not read_drafts():
        raise Forbidden("not_allowed", _("Trang này dành cho người soạn, người ký và cán bộ trực."))


def _page(found: Proved, typed: dict[str, str], errors: dict[str, list[str]]) -> str:
    playbook, draft = found.playbook, found.draft
    level = asked_level(playbook) if playbook else 0
    return render_template(
        "playbooks/proof.html", found=found, draft=draft, proof=found.proof, playbook=playbook, level=level,
        checked=told_of(found.slug, found.proof.loaded), seen=_seen(found.proof, level),
        lanes=lanes_planned(playbook, level, titles_of(playbook)) if playbook else None,
        typed=typed, errors=errors, edits=may(*playbook_draft.EDITORS), signs=may(*publishing.SIGNERS),
        may_sign=draft is not None and publishing.may_sign(draft, actor()),
    )  # fmt: skip


def _seen(proof: Proof, level: int) -> tuple[int, Played] | None:
    """The scenario shown in full with its place: the one asked for, else the first of the level."""
    n = request.args.get("scenario", 0, int)
    played = [(at, one) for at, one in enumerate(proof.played, 1) if one.outcome]
    chosen = [pair for pair in played if pair[0] == n] or [p for p in played if p[1].level == level]
    return next(iter(chosen), None)


def _data(found: Proved) -> Response:
    """The whole result for machines; no number of a telephone is in it."""
    playbook, loaded = found.playbook, found.proof.loaded
    data: dict[str, Any] = {
        "playbook": found.slug,
        "version": playbook.version if playbook else None,
        "sha256": sha256(compile(playbook)) if playbook else None,
        "ok": found.proof.errors == 0 and found.proof.red == 0,
        "obstacles": list(found.proof.obstacles) if found.draft else [],
        "faults": [
            asdict(f) | {"file": name or f"{found.slug}.yaml", "values": dict(f.values)}
            for f, name in proving.own_faults(found.slug, loaded)
        ],
        "changes": [asdict(change) for change in found.differs],
        "scenarios": [_scenario(found, one) for one in found.proof.played],
        "never_told": found.never_told,
        "holders": [asdict(one) for one in found.ready.holders] if found.ready else [],
        "gaps": [asdict(one) for one in found.ready.gaps] if found.ready else [],
    }
    body = json.dumps(data, ensure_ascii=False, indent=1)
    name = f"{found.slug}-dien-thu.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body + "\n", mimetype="application/json", headers=headers)


def _scenario(found: Proved, one: Played) -> dict[str, Any]:
    if found.playbook is None or one.outcome is None:
        return {"scenario": one.title, "written": one.written, "ok": one.ok, "faults": list(one.faults)}
    more = {"written": one.written, "parts_in_province": found.parts(one.outcome)}
    return as_data(found.playbook, one.title, one.level, one.outcome) | more
