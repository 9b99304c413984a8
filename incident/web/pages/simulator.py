"""The way to the phones one can see. Only where the simulator is the carrier; elsewhere there is no such page."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from incident.web.pages.access import signed_in, wiring

pages = Blueprint("simulator", __name__)


@pages.get("/simulator")
@signed_in
def show() -> str:
    address = wiring().settings.simulator_url
    if address is None:
        abort(404)
    return render_template("simulator.html", address=address)
