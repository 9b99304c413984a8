"""Every address of the web and the API, tried by everybody: who is let in, who is turned away, and nothing changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule

from incident.domain.actors import Role
from incident.store.tables import Account, Incident
from incident.web.signin import SEEN
from incident.web.signin_tokens import issue
from tests.incident.web.conftest import Site

EVERYONE = ("truc", "quantri", "totruong", "phatngon", "thuky", "nguoidang", "theodoi")
COMMAND = ("truc", "quantri")
# call under an incident, what is sent (refused for its content even to who may), who may, what these are told
CALLS: tuple[tuple[str, dict[str, Any], tuple[str, ...], int], ...] = (
    ("notes", {"text": "x", "occurred_at": "2027-01-01T00:00:00Z"}, COMMAND, 422),
    ("level", {"level": 9, "reason": "x"}, COMMAND, 422),
    ("facts", {"kinds": ["zz"], "reason": "x"}, COMMAND, 422),
    ("pause", {"until": "2020-01-01T00:00:00Z", "reason": "x"}, COMMAND, 422),
    ("resume", {}, COMMAND, 409),
    ("close", {"outcome": "zz", "reason": "x"}, ("truc", "totruong"), 422),
    ("reopen", {"reason": "x"}, COMMAND, 409),
    ("acknowledgements", {"person_id": "nobody", "answer": "accept", "reason": "x"}, ("truc",), 404),
    ("steps/no_step/skip", {"reason": "x"}, EVERYONE, 404),
    ("steps/no_step/redo", {"reason": "x"}, (*COMMAND, "totruong"), 404),
    ("steps/xac_minh/complete", {"answer": "zz"}, ("truc", "quantri", "thuky"), 422),
)


class Caller:
    """Somebody with a session of the account, or a token; no password is asked."""

    def __init__(self, site: Site, name: str = "", token: str = "") -> None:
        self.client: FlaskClient = site.app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {"X-Requested-With": "test"}
        self.csrf = ""
        if name:
            with site.world.store.reading() as session:
                address = f"{name}@sonlam.example"
                account = session.scalars(select(Account).where(Account.email == address)).one()
            with self.client.session_transaction() as kept:
                kept["_user_id"], kept["_fresh"] = account.fs_uniquifier, True
                kept[SEEN] = site.world.now().isoformat()
            found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.client.get("/account").text)
            assert found
            self.csrf = found[1]

    def page(self, method: str, address: str, **form: Any) -> int:
        data = {**form, "csrf_token": self.csrf} if method == "POST" else None
        return self.client.open(address, method=method, data=data).status_code

    def api(self, method: str, address: str, body: Any = None) -> int:
        return self.client.open(
            f"/api/v1/{address}", method=method, json=body, headers=self.headers
        ).status_code


@pytest.fixture
def incident(site: Site) -> str:
    """One in which the poster takes part, and whose steps wait."""
    return site.world.opens().incident_id


@pytest.fixture
def foreign(site: Site) -> str:
    """One in which the poster was never asked."""
    return site.world.opens("vu-viec-chung", level=1, key="two", short_name="viec khac").incident_id


def of_incidents(site: Site) -> Iterator[tuple[str, Rule]]:
    for rule in site.app.url_map.iter_rules():
        if "incident_id" in rule.arguments:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, rule


def address_of(rule: Rule, incident: str) -> str:
    given = {"incident_id": incident, "seq": "1", "fmt": "html", "field": "text"}
    return re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda found: given.get(found[1], "x"), rule.rule)


def heads(site: Site) -> list[tuple[str, int]]:
    with site.world.store.reading() as session:
        return [
            (row.id, row.seq) for row in session.execute(select(Incident.id, Incident.chain_seq.label("seq")))
        ]


def test_a_member_reaches_nothing_of_an_incident_of_others(site: Site, foreign: str) -> None:
    member, before = Caller(site, "nguoidang"), heads(site)
    form = {"text": "x", "reason": "x", "kind": "directive", "level": "2", "do": "submit", "answer": "accept"}
    body = {"text": "x", "reason": "x", "level": 2, "outcome": "handled", "until": "2026-11-22T00:00:00Z"}
    tried = 0
    for method, rule in of_incidents(site):
        address = address_of(rule, foreign)
        if address.startswith("/api/"):
            status = member.client.open(
                address, method=method, json=body if method != "GET" else None, headers=member.headers
            ).status_code
            assert status in (403, 404, 422), f"{method} {address}: {status}"
        else:
            status = member.page(method, address, **form)
            assert status in (403, 404), f"{method} {address}: {status}"
        tried += 1
    assert tried > 50
    assert heads(site) == before


def test_a_stranger_reaches_nothing(site: Site, incident: str) -> None:
    stranger, before = site.app.test_client(), heads(site)
    for method, rule in of_incidents(site):
        address = address_of(rule, incident)
        status = stranger.open(address, method=method).status_code
        assert status in ((401,) if address.startswith("/api/") else (303, 400)), (
            f"{method} {address}: {status}"
        )
    assert heads(site) == before


def test_whoever_only_reads_changes_nothing(site: Site, incident: str) -> None:
    observer, before = Caller(site, "theodoi"), heads(site)
    form = {
        "text": "x",
        "reason": "x",
        "level": "1",
        "outcome": "handled",
        "answer": "sai",
        "until": "2026-11-22T03:00",
    }
    for method, rule in of_incidents(site):
        address = address_of(rule, incident)
        if method == "POST" and not address.startswith("/api/"):
            status = observer.page(method, address, **form)
            assert status in (403, 404, 422), f"{address}: {status}"
    assert heads(site) == before


@pytest.mark.parametrize(("call", "body", "allowed", "told"), CALLS, ids=[call[0] for call in CALLS])
def test_who_may_do_what(
    site: Site, incident: str, call: str, body: dict[str, Any], allowed: tuple[str, ...], told: int
) -> None:
    before = heads(site)
    address = f"incidents/{incident}/{call}"
    got = {name: Caller(site, name).api("POST", address, body) for name in EVERYONE}
    assert got == {name: told if name in allowed else 403 for name in EVERYONE}
    assert heads(site) == before


def test_a_token_speaks_for_nobody(site: Site, incident: str) -> None:
    with site.world.store.writing() as session:
        made = {role: issue(session, role.value, role, site.world.now()) for role in Role}
    for role, token in made.items():
        caller = Caller(site, token=token)
        answer = {"person_id": site.world.person("nguoi_phat_ngon").id, "answer": "accept", "reason": "x"}
        assert caller.api("POST", f"incidents/{incident}/acknowledgements", answer) == 403, role
        for call, body in (("approve", {}), ("return", {"reason": "x"}), ("release", {}), ("submit", {})):
            assert caller.api("POST", f"statements/x/{call}", body) == 403, (role, call)
    approver = Caller(site, token=made[Role.APPROVER])
    skipped = {
        rule: approver.api("POST", f"incidents/{incident}/steps/{rule}/skip", {"reason": "x"})
        for rule in approvals(site, incident)
    }
    assert skipped
    assert set(skipped.values()) == {403}, skipped


def approvals(site: Site, incident: str) -> list[str]:
    body = Caller(site, "truc").client.get(f"/api/v1/incidents/{incident}").get_json()
    return [step["id"] for step in body["steps"] if step["verb"] == "approve"]


@pytest.mark.parametrize("fmt", ["html", "json", "csv"])
def test_the_annex_with_names_is_not_for_members(site: Site, incident: str, fmt: str) -> None:
    member = Caller(site, "nguoidang")
    for address in (f"/incidents/{incident}/report.{fmt}", f"/api/v1/incidents/{incident}/report.{fmt}"):
        assert member.client.get(address).status_code == 200
        assert member.client.get(f"{address}?part=noi-bo").status_code == 403


@pytest.mark.parametrize("name", ["totruong", "phatngon", "thuky", "nguoidang", "theodoi"])
def test_no_number_of_a_person_is_shown_to_who_may_not_see_it(site: Site, incident: str, name: str) -> None:
    site.world.time += timedelta(minutes=11)
    caller = Caller(site, name)
    for address in (
        f"/incidents/{incident}", f"/incidents/{incident}/live", f"/incidents/{incident}/report.html", "/directory",
        f"/incidents/{incident}/report.json", f"/api/v1/incidents/{incident}", "/api/v1/people",
        f"/api/v1/incidents/{incident}/timeline",
    ):  # fmt: skip
        answer = caller.client.get(address)
        if answer.status_code == 200:
            found = set(re.findall(r"(?:\+84|0)540[ .]?\d{3}[ .]?\d{3}", answer.text))
            assert {number.replace(" ", "") for number in found} <= {"0540000001"}, address  # the duty line
