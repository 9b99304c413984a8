"""Where a playbook is written: begun, typed with the checker beside it, saved, nothing lost. Knows no rule of the language."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from incident.domain.errors import Forbidden, NotFound, Refusal
from incident.response import library, playbook_draft, proving
from incident.response.playbook_draft import Draft, Edit, Overtaken
from incident.web.language import _, chosen
from incident.web.pages.access import actor, signed_in, wiring
from incident.web.pages.forms import faults
from incident.web.pages.playbooks import may
from playbooks.faults import (
    ERROR,
    SHOWN,
    WARNING,
    Fault,
    in_english,
    in_english_hint,
    split_lines,
)
from playbooks.load import Loaded

pages = Blueprint("playbook_editor", __name__)
LONGEST = 400_000  # characters of a form field; what is too long for a playbook is said by the door


@dataclass(frozen=True, slots=True)
class Told:
    """A fault as the page tells it. `file` is empty for the text itself; `row` is the line it is about."""

    fault: Fault
    file: str
    row: str
    word: str
    message: str
    hint: str
    tone: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checker says: the faults shown, how many there are of each kind, how many steps a sound text has."""

    told: tuple[Told, ...]
    errors: int
    others: int
    steps: int

    @property
    def lines(self) -> dict[int, str]:
        """Line -> tone of the worst fault in it."""
        return {one.fault.line: one.tone for one in reversed(self.told) if not one.file}


def editors_only() -> None:
    if not may(*playbook_draft.EDITORS):
        raise Forbidden("not_allowed", _("Cán bộ trực, thư ký, người phát ngôn hoặc quản trị soạn kịch bản."))


@pages.route("/playbooks/new", methods=["GET", "POST"])
@signed_in
def new() -> str | Response | tuple[str, int]:
    editors_only()
    with wiring().store.reading() as session:
        cards = library.playbooks(session, wiring().desk)
    typed = {name: request.values.get(name, "")[:300] for name in ("slug", "title", "copy_of")}

    def page(errors: dict[str, list[str]]) -> str:
        return render_template("playbooks/new.html", cards=cards, typed=typed, errors=errors)

    if request.method == "GET":
        return page({})
    try:
        playbook_draft.begin_new(
            wiring().desk, typed["slug"], typed["title"], typed["copy_of"], actor(), wiring().now()
        )
    except Refusal as refusal:
        return page(faults(refusal)), refusal.status
    flash(_("Đã tạo bản soạn. Chưa ai dùng được cho đến khi người thứ hai ký."), "taken")
    return redirect(url_for(".edit", slug=typed["slug"].strip()), 303)


@pages.post("/playbooks/<slug>/begin")
@signed_in
def begin(slug: str) -> Response:
    playbook_draft.begin(wiring().desk, slug, actor(), wiring().now())
    return redirect(url_for(".edit", slug=slug), 303)


@pages.route("/playbooks/<slug>/edit", methods=["GET", "POST"])
@signed_in
def edit(slug: str) -> str | Response | tuple[str, int]:
    editors_only()
    draft, every = _work(slug)
    if request.method == "GET":
        with wiring().store.reading() as session:
            n = request.args.get("n", draft.edit.n, int)
            shown = playbook_draft.saved(session, slug, n) or draft.edit
        return _page(draft, every, shown.source, shown.scenarios, shown=shown)
    text, scenarios = (_typed(name) for name in ("text", "scenarios"))
    seen = request.form.get("version", 0, int)
    if request.form.get("do") == "check":
        return _page(draft, every, text, scenarios, seen=seen)
    try:
        playbook_draft.save(wiring().desk, slug, text, scenarios, seen, actor(), wiring().now())
    except Overtaken as overtaken:
        draft, every = _work(slug)
        return _page(draft, every, text, scenarios, theirs=overtaken.edit), overtaken.status
    except Refusal as refusal:
        return _page(draft, every, text, scenarios, seen=seen, errors=faults(refusal)), refusal.status
    flash(_("Đã lưu bản soạn."), "taken")
    there = "playbook_proof.draft" if request.form.get("do") == "prove" else ".edit"
    return redirect(url_for(there, slug=slug), 303)


@pages.post("/playbooks/<slug>/check")
@signed_in
def check(slug: str) -> str:
    """What is typed so far, looked at beside the typing. Keeps nothing."""
    editors_only()
    return render_template("playbooks/checked.html", checked=look(slug, _typed("text")), lines_at="")


def look(slug: str, text: str) -> Checked:
    return told_of(slug, proving.checked(wiring().desk, slug, text))


def told_of(slug: str, loaded: Loaded) -> Checked:
    found = [_told(fault, file, loaded) for fault, file in proving.own_faults(slug, loaded)]
    errors = sum(one.fault.severity == ERROR for one in found)
    steps = len(loaded.playbook.steps) if loaded.playbook else 0
    return Checked(tuple(found[:SHOWN]), errors, len(found) - errors, steps)


def _told(fault: Fault, file: str, loaded: Loaded) -> Told:
    english = chosen() == "en"
    rows = split_lines(loaded.sources.get(fault.file, ""))
    row = rows[fault.line - 1].strip() if fault.length and 1 <= fault.line <= len(rows) else ""
    message, hint = (in_english(fault), in_english_hint(fault)) if english else (fault.message, fault.hint)
    words = {ERROR: _("lỗi"), WARNING: _("nhắc")}
    tones = {ERROR: "red", WARNING: "orange"}
    return Told(
        fault, file, row[:120], words.get(fault.severity, _("gợi ý")), message.replace("\n", " "), hint,
        tones.get(fault.severity, "blue"),
    )  # fmt: skip


def _work(slug: str) -> tuple[Draft, list[Edit]]:
    with wiring().store.reading() as session:
        draft = playbook_draft.draft(session, slug)
        if draft is None:
            raise NotFound("no_draft", _("Kịch bản này không có bản đang soạn."))
        return draft, playbook_draft.edits(session, slug)


def _typed(name: str) -> str:
    return request.form.get(name, "")[:LONGEST].replace("\r\n", "\n")


def _page(
    draft: Draft,
    every: list[Edit],
    text: str,
    scenarios: str,
    *,
    seen: int | None = None,
    shown: Edit | None = None,
    theirs: Edit | None = None,
    errors: dict[str, list[str]] | None = None,
) -> str:
    """`seen`: the number of the text that the typed one was made from, None for the newest; `shown`: the saved text on the
    page, when it is one; `theirs`: what another hand saved meanwhile."""
    return render_template(
        "playbooks/edit.html", draft=draft, every=every, checked=look(draft.slug, text), shown=shown, theirs=theirs,
        seen=draft.edit.n if seen is None else seen,
        typed={"text": text, "scenarios": scenarios}, errors=errors or {}, rows=len(split_lines(text)) + 1,
    )  # fmt: skip
