"""What happens to a text after it stands outside: taken down, or its address mended. Knows no rule: the door does."""

from __future__ import annotations

from flask import Blueprint, request, url_for

from incident.domain import legal
from incident.domain.errors import NotFound
from incident.report.record import IncidentView, ReleaseView
from incident.response import statement as door
from incident.web.language import _, for_input, moment_of
from incident.web.pages.access import actor, signed_in, wiring
from incident.web.pages.forms import Answer, Field, Form, Typed, ask, reason_field, when
from incident.web.pages.statement import found, within_minute

pages = Blueprint("released", __name__)


def _place(out: ReleaseView) -> str:
    known = legal.channels().get(out.channel or "")
    return known.title if known else out.channel or ""


def _listed(out: ReleaseView) -> str:
    at = moment_of(out.released_at, wiring().now())
    return _("%(place)s, công bố lúc %(at)s", place=_place(out), at=at) + (
        f" – {out.link}" if out.link else ""
    )


@pages.route("/incidents/<incident_id>/statements/<statement_id>/take-down", methods=["GET", "POST"])
@signed_in
def take_down(incident_id: str, statement_id: str) -> Answer:
    def build(view: IncidentView) -> Form:
        standing = [r for r in found(view, statement_id).releases if r.channel and not r.taken_down_at]
        return Form(
            _("Ghi đã gỡ, thu hồi"),
            _("Ghi đã gỡ"),
            (
                Field(
                    "releases", "boxes", _("Đã gỡ ở"), items=tuple((r.id, _listed(r)) for r in standing),
                    value=[r.id for r in standing], need=_("Chọn nơi đã gỡ"),
                ),
                Field("taken_down_at", "time", _("Gỡ lúc"), value=for_input(wiring().now()), need=_("Ghi thời điểm")),
                reason_field(_("Vì sao gỡ, ai quyết định")),
            ),
            lead=_("Hệ thống không tự gỡ ở đâu cả: gỡ trên kênh trước, rồi ghi ở đây. Nội dung vẫn còn trong hồ sơ."),
            warning=True,
            done=_("Đã ghi nội dung được gỡ."),
        )  # fmt: skip

    def do(typed: Typed) -> None:
        now = wiring().now()
        door.take_down(
            wiring().desk, statement_id, typed["releases"], typed["reason"], actor(), now,
            within_minute(when(typed, "taken_down_at"), now),
        )  # fmt: skip

    return ask(incident_id, build, do, _back(incident_id, statement_id))


@pages.route(
    "/incidents/<incident_id>/statements/<statement_id>/releases/<release_id>", methods=["GET", "POST"]
)
@signed_in
def mend(incident_id: str, statement_id: str, release_id: str) -> Answer:
    def build(view: IncidentView) -> Form:
        out = next((r for r in found(view, statement_id).releases if r.id == release_id and r.channel), None)
        if out is None:
            raise NotFound("no_release", _("Không có lần công bố này."))
        return Form(
            _("Sửa đường dẫn đã ghi"),
            _("Sửa đường dẫn"),
            (Field("link", "line", _("Đường dẫn đúng"), value=out.link or "", need=_("Ghi đường dẫn")), reason_field()),
            lead=_("%(place)s. Đường dẫn cũ còn trong nhật ký.", place=_listed(out)),
            done=_("Đã sửa đường dẫn."),
        )  # fmt: skip

    return ask(
        incident_id, build,
        lambda typed: door.mend_link(
            wiring().desk, statement_id, release_id, typed["link"], typed["reason"], actor(), wiring().now()
        ),
        _back(incident_id, statement_id),
    )  # fmt: skip


def _back(incident_id: str, statement_id: str) -> str:
    return request.script_root + url_for("statement.show", incident_id=incident_id, statement_id=statement_id)
