"""Approval by telephone on the signed-in pages: writing down the call, the approver's own word on it, a fresh link.

Knows no rule: the door does.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for

from incident.report.record import IncidentView
from incident.response import approval_link
from incident.response import phone_approval as door
from incident.response.phone_approval import Call
from incident.web.language import _, for_input, spoken
from incident.web.pages.access import actor, read, signed_in, wiring
from incident.web.pages.forms import Answer, Field, Form, Typed, ask, when
from incident.web.pages.statement import act, found, within_minute

pages = Blueprint("phone_approval", __name__)


@pages.route("/incidents/<incident_id>/statements/<statement_id>/phone", methods=["GET", "POST"])
@signed_in
def record(incident_id: str, statement_id: str) -> Answer:
    """The leader approved on the telephone; somebody who did not write the text writes that down."""

    def build(view: IncidentView) -> Form:
        text = found(view, statement_id)
        people = tuple(
            (id, spoken(view.called(id, name)))
            for id, name in zip(text.waits_for_ids, text.waits_for, strict=True)
        )
        newest = text.revisions[-1].n if text.revisions else 0
        return Form(
            _("Ghi duyệt qua điện thoại: bản %(n)s", n=newest),
            _("Ghi đã duyệt"),
            (
                Field(
                    "person", "radios", _("Người duyệt"), items=people, need=_("Chọn người đã duyệt"),
                    value=people[0][0] if len(people) == 1 else "",
                ),
                Field("said_at", "time", _("Duyệt lúc"), value=for_input(wiring().now()), need=_("Ghi thời điểm")),
                Field(
                    "code", "line", _("Mã của bản, lãnh đạo đọc hoặc nghe đọc"),
                    _("3 ký tự, trong tin nhắn trình duyệt"), need=_("Ghi mã của bản"),
                ),
                Field(
                    "words", "area", _("Lãnh đạo nói thế nào"), _("Ghi đúng lời, ví dụ: Đồng ý, cho đăng Cổng"),
                    need=_("Ghi lời duyệt"),
                ),
                Field("revision", "hidden", "", value=text.revisions[-1].id if text.revisions else ""),
            ),
            lead=_(
                "Ghi xong, hệ thống nhắn ngay 1 SMS cho người duyệt; nếu người duyệt trả lời SAI thì lần duyệt này "
                "hết hiệu lực. Người đã soạn, sửa bản này không được ghi."
            ),
            done=_("Đã ghi. Người duyệt được nhắn để xác nhận."),
        )  # fmt: skip

    def do(typed: Typed) -> None:
        now = wiring().now()
        call = Call(
            typed["person"], typed["code"], typed["words"], within_minute(when(typed, "said_at"), now)
        )
        door.record(wiring().desk, statement_id, typed["revision"], call, actor(), now)

    return ask(
        incident_id, build, do, url_for("statement.show", incident_id=incident_id, statement_id=statement_id)
    )


@pages.post("/incidents/<incident_id>/statements/<statement_id>/own-word")
@signed_in
def own_word(incident_id: str, statement_id: str) -> Answer:
    """The approver, signed in: it was so, or it was not."""
    desk, now, who = wiring().desk, wiring().now(), actor()

    def do(typed: dict[str, Any]) -> None:
        say = door.dispute if typed.get("do") == "dispute" else door.confirm
        say(desk, statement_id, typed.get("revision", ""), who, now, "web")

    contradicted = request.form.get("do") == "dispute"
    done = (
        _("Đã ghi: đồng chí không duyệt. Cán bộ trực được báo ngay.") if contradicted else _("Đã xác nhận.")
    )
    return act(incident_id, statement_id, done, do)


@pages.post("/incidents/<incident_id>/statements/<statement_id>/link")
@signed_in
def link(incident_id: str, statement_id: str) -> Answer:
    read(incident_id, timeline=False)
    return act(
        incident_id, statement_id, _("Đã nhắn lại liên kết cho người duyệt."),
        lambda typed: approval_link.send_again(wiring().desk, statement_id, actor(), wiring().now()),
    )  # fmt: skip
