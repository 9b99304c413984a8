"""Call tree and duty sheet on a page that prints well, and as PDF. Only for those who may see numbers."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from flask import Blueprint, Response, render_template, send_file, url_for
from sqlalchemy.orm import Session

from incident.domain.errors import Forbidden
from incident.papers import sheet as paper
from incident.papers.sheet import Sheet
from incident.response import casting, sheets
from incident.web.language import _
from incident.web.pages.access import can, must_see, signed_in, wiring
from incident.wording import House

pages = Blueprint("sheets", __name__)

Make = Callable[[Session, House], Sheet]


@pages.get("/directory/call-tree")
@signed_in
def tree() -> str:
    return _page(_made(_directory), url_for("sheets.tree_pdf"), url_for("directory.index"))


@pages.get("/directory/call-tree.pdf")
@signed_in
def tree_pdf() -> Response:
    return _pdf(_made(_directory), "cay-goi.pdf")


@pages.get("/directory/duty-sheet")
@signed_in
def duty() -> str:
    return _page(_made(_duty), url_for("sheets.duty_pdf"), url_for("directory.index"))


@pages.get("/directory/duty-sheet.pdf")
@signed_in
def duty_pdf() -> Response:
    return _pdf(_made(_duty), "bang-truc.pdf")


@pages.get("/incidents/<incident_id>/call-tree")
@signed_in
def incident_tree(incident_id: str) -> str:
    back = url_for("room.show", incident_id=incident_id)
    pdf = url_for("sheets.incident_tree_pdf", incident_id=incident_id)
    return _page(_made(_of(incident_id)), pdf, back)


@pages.get("/incidents/<incident_id>/call-tree.pdf")
@signed_in
def incident_tree_pdf(incident_id: str) -> Response:
    return _pdf(_made(_of(incident_id)), "cay-goi.pdf")


def _directory(session: Session, house: House) -> Sheet:
    return sheets.directory_tree(session, wiring().desk, house, wiring().now())


def _duty(session: Session, house: House) -> Sheet:
    return sheets.duty_sheet(session, house, wiring().now())


def _of(incident_id: str) -> Make:
    def make(session: Session, house: House) -> Sheet:
        must_see(session, incident_id)
        return sheets.incident_tree(session, incident_id, house, wiring().now())

    return make


def _made(make: Make) -> Sheet:
    if not can().phones:
        raise Forbidden("phones", _("Chỉ cán bộ trực và quản trị xem được số điện thoại."))
    with wiring().store.reading() as session:
        return make(session, casting.house(session, wiring().settings.public_url))


def _page(sheet: Sheet, pdf: str, back: str) -> str:
    return render_template("sheets/sheet.html", sheet=sheet, pdf=pdf, back=back)


def _pdf(sheet: Sheet, name: str) -> Response:
    content = paper.write(sheet, wiring().now())
    answer = send_file(BytesIO(content), mimetype="application/pdf", as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
