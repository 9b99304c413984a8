"""Puts the pages on the application, and gives every template its words, filters and the state of the house."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, g

from incident.domain.actors import ROLE_TITLES, Role
from incident.domain.address import called
from incident.domain.codes import shown_code
from incident.web import house, labels, language
from incident.web.pages import (
    account,
    acknowledge,
    actions,
    approval_policy,
    approve,
    board,
    calls,
    carriers,
    directory,
    drills,
    handover,
    merge,
    opening,
    people,
    phone_approval,
    pictures,
    playbook_editor,
    playbook_help,
    playbook_proof,
    playbooks,
    press,
    reached,
    released,
    report,
    revision,
    room,
    sending,
    sheets,
    simulator,
    statement,
    steps,
    texts,
    transfer,
    unsent,
    zalo,
)
from incident.web.pages.access import NOBODY

if TYPE_CHECKING:
    from incident.wiring import Wiring

PARTS = (
    board, opening, unsent, room, sending, steps, calls, people, actions, merge, transfer, statement, acknowledge, report,
    playbooks, playbook_editor, playbook_proof, playbook_help, revision,
    directory, account, simulator, approve, phone_approval, released, approval_policy, handover, press, zalo, sheets,
    pictures, reached, texts, carriers, drills,
)  # fmt: skip


def register(app: Flask, wiring: Wiring) -> None:
    for part in PARTS:
        app.register_blueprint(part.pages)
    environment = app.jinja_env
    environment.filters.update(
        clock=language.clock,
        second=language.second,
        full=language.full,
        iso=language.iso,
        span=language.span,
        money=language.money,
        spoken=language.spoken,
        opened=language.opened,
        phone=language.phone,
        at=lambda moment: language.moment_of(moment, wiring.now()),
        for_input=language.for_input,
    )
    environment.globals.update(
        labels=labels,
        shown_code=shown_code,
        tones=labels.LEVEL_TONES,
        timezone=wiring.settings.tz_display,
        called=called,
    )
    environment.globals["asset"] = app.extensions["files"].address
    app.context_processor(_context)


def _context() -> dict[str, Any]:
    wiring: Wiring = current_app.extensions["wiring"]
    actor = g.get("actor")
    return {
        "actor": actor,
        "can": g.get("can", NOBODY),
        "role_titles": [language.spoken(ROLE_TITLES[role]) for role in Role if actor and role in actor.roles],
        "language": language.chosen(),
        "now": wiring.now(),
        "house": house.of_this_page(wiring),
        "embedded": wiring.settings.simulator_url is not None,
    }
