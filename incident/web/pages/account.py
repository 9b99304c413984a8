"""One's own account: who one is here, the language one reads, and the second factor."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_security import current_user
from werkzeug.wrappers import Response

from incident.web.language import LANGUAGES, remembered
from incident.web.pages.access import signed_in
from incident.web.signin import accounts

pages = Blueprint("account", __name__)


@pages.get("/account")
@signed_in
def show() -> str:
    return render_template(
        "account.html", second_factor=bool(current_user.tf_primary_method), languages=LANGUAGES
    )


@pages.post("/account/language")
@signed_in
def speak() -> Response:
    """The language of this account from now on, on whatever device it is used."""
    wanted = _wanted()
    current_user.language = wanted
    accounts().commit()
    return remembered(redirect(url_for("account.show"), 303), wanted)


@pages.post("/language")
def speak_here() -> Response:
    """The language of this browser, for the pages before the sign-in."""
    return remembered(redirect(url_for("security.login", next=request.args.get("next")), 303), _wanted())


def _wanted() -> str:
    wanted = request.form.get("language", "")
    return wanted if wanted in LANGUAGES else abort(400)
