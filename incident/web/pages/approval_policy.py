"""The administrator's page of the switches of approval: at which levels which way is allowed. Knows no rule."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from incident.domain.actors import Role
from incident.domain.approval_policy import LEVELS, LINK, PHONE, UNCONFIRMED, levels_of
from incident.domain.errors import Forbidden, Refusal
from incident.response import approval_policy as door
from incident.web.language import _
from incident.web.pages.access import actor, signed_in, wiring
from incident.web.pages.forms import faults

pages = Blueprint("approval_policy", __name__)


def switches() -> dict[str, tuple[str, str]]:
    """Each switch: its question and what it means."""
    return {
        LINK: (_("Duyệt bằng liên kết trong tin nhắn, không cần mật khẩu"), _("Liên kết dùng cho một người, một bản, trong 60 phút.")),
        PHONE: (_("Duyệt qua điện thoại, cán bộ trực ghi"), _("Người duyệt được nhắn ngay để xác nhận hoặc báo SAI.")),
        UNCONFIRMED: (_("Được công bố khi lần duyệt qua điện thoại chưa xác nhận"), _("Không chọn: phải chờ người duyệt trả lời OK.")),
    }  # fmt: skip


def field(key: str) -> str:
    return key.replace(".", "_")


@pages.route("/settings/approval", methods=["GET", "POST"])
@signed_in
def show() -> str | Response | tuple[str, int]:
    if not actor().may(Role.ADMIN):
        raise Forbidden("not_allowed", _("Thiết lập này do quản trị thay đổi."))
    with wiring().store.reading() as session:
        levels = door.read(session).levels
    if request.method == "GET":
        return _page({key: set(chosen) for key, chosen in levels.items()}, "", {})
    chosen = {key: levels_of(",".join(request.form.getlist(field(key)))) for key in switches()}
    reason = request.form.get("reason", "").strip()[:2000]
    try:
        door.change(wiring().desk, chosen, reason, actor(), wiring().now())
    except Refusal as refusal:
        typed = {key: set(levels) for key, levels in chosen.items()}
        return _page(typed, reason, faults(refusal)), refusal.status
    flash(_("Đã đổi thiết lập. Có hiệu lực ngay với mọi vụ việc đang mở."), "taken")
    return redirect(url_for("approval_policy.show"), 303)


def _page(chosen: dict[str, set[int]], reason: str, errors: dict[str, list[str]]) -> str:
    return render_template(
        "settings/approval.html", switches=switches(), chosen=chosen, reason=reason, errors=errors,
        levels=LEVELS, field=field,
    )  # fmt: skip
