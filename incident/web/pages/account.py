"""One's own account: who one is here, and the second factor."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_security import current_user

from incident.web.pages.access import signed_in

pages = Blueprint("account", __name__)


@pages.get("/account")
@signed_in
def show() -> str:
    return render_template("account.html", second_factor=bool(current_user.tf_primary_method))
