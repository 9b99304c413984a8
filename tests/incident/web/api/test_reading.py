from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from incident.domain.actors import Role
from incident.store.tables import Message, Request
from tests.incident.web.api.parts import NOW, Api, problem


def member(incident: dict[str, Any], role: str) -> dict[str, Any]:
    (found,) = (m for m in incident["task_force"] if m["role"] == role)
    return found  # type: ignore[no-any-return]


def test_one_incident_is_whole(api: Api) -> None:
    id = api.opened()
    shown = api.get(f"incidents/{id}").json
    assert (shown["status"], shown["level_name"], shown["area_names"]) == (
        "open",
        "Nghiêm trọng",
        ["Toàn tỉnh"],
    )
    lead = member(shown, "to_truong")
    assert lead["phone"].startswith("+84540")
    assert (lead["state"], lead["answered_at"], lead["via"]) == ("sending", None, None)
    assert lead["name"]
    assert lead["post"]
    assert lead["unit"]
    assert {step["id"] for step in shown["steps"]} >= {
        "lap_to",
        "xac_minh",
        "du_thao_1",
        "duyet_1",
        "cong_bo_1",
    }
    law = next(d for d in shown["deadlines"] if d["law"])
    assert law["due"] == "2026-11-23T02:55:00+00:00"
    assert "244/2026" in law["basis"]
    assert shown["messages"]["created"] >= len(shown["task_force"])
    assert shown["acknowledgements"] == []


def test_those_of_a_group_who_answered_are_named_unless_left_out(sqlite_api: Api) -> None:
    id = sqlite_api.opened()
    with sqlite_api.parts.store.writing() as session:
        lead = member(sqlite_api.get(f"incidents/{id}").json, "to_truong")["person_id"]
        row = {
            "step": "bao_cac_xa",
            "activation": 1,
            "person_id": lead,
            "role": "cac_xa",
            "purpose": "notify",
        }
        times = {"asked_at": NOW, "answered_at": NOW, "state": "accepted", "via": "sms"}
        session.add(Request(id="r-1", incident_id=id, grouped=True, party="xa_a", **row, **times))
    assert [a["step"] for a in sqlite_api.get(f"incidents/{id}").json["acknowledgements"]] == ["bao_cac_xa"]
    assert sqlite_api.get(f"incidents/{id}?grouped=false").json["acknowledgements"] == []


@pytest.mark.parametrize(
    ("role", "sees"),
    [(Role.ADMIN, True), (Role.DUTY_OFFICER, True), (Role.OBSERVER, False), (Role.APPROVER, False)],
)
def test_phones_are_for_those_on_duty(sqlite_api: Api, role: Role, sees: bool) -> None:
    id = sqlite_api.opened()
    caller = sqlite_api.token(role)
    phones = [m["phone"] for m in caller.get(f"incidents/{id}").json["task_force"]]
    assert any(phones) is sees
    assert any(p["phone"] for p in caller.get("people").json) is sees


def test_an_unchanged_incident_is_not_sent_again(api: Api) -> None:
    id = api.opened()
    first = api.get(f"incidents/{id}")
    tag = first.headers["ETag"]
    assert api.get(f"incidents/{id}", If_None_Match=tag).status_code == 304
    api.post(f"incidents/{id}/notes", {"text": "nước rút"})
    assert api.get(f"incidents/{id}", If_None_Match=tag).status_code == 200
    assert api.token(Role.OBSERVER).get(f"incidents/{id}", If_None_Match=tag).status_code == 200


def test_the_timeline_is_read_in_pages(api: Api) -> None:
    id = api.opened()
    for n in range(3):
        api.post(f"incidents/{id}/notes", {"text": f"diễn biến {n}"})
    whole = api.get(f"incidents/{id}/timeline?limit=1000").json
    assert whole[0].keys() == {
        "seq", "occurred_at", "recorded_at", "actor", "kind", "data", "text", "hash", "prev_hash",
    }  # fmt: skip
    assert [e["seq"] for e in whole] == list(range(1, len(whole) + 1))
    assert all(after["prev_hash"] == before["hash"] for before, after in pairwise(whole))
    seen, address = [], f"/api/v1/incidents/{id}/timeline?limit=4"
    while address:
        page = api.get(address)
        seen += page.json
        address = page.headers["Link"].split(">")[0][1:] if "Link" in page.headers else ""
    assert seen == whole


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "after=-1", "limt=5", "limit=5&limit=x"]
)
def test_a_query_at_fault_is_refused(sqlite_api: Api, query: str) -> None:
    id = sqlite_api.opened()
    errors = problem(sqlite_api.get(f"incidents/{id}/timeline?{query}"), 422)["errors"]
    assert list(errors) == [query.split("=")[0]]


def test_a_query_where_none_is_known_is_refused(sqlite_api: Api) -> None:
    id = sqlite_api.opened()
    assert list(problem(sqlite_api.get(f"incidents/{id}?x=1"), 422)["errors"]) == ["x"]
    problem(sqlite_api.post(f"incidents/{id}/notes?x=1", {"text": "a"}), 422)


def test_the_list_is_read_by_status_and_in_pages(api: Api) -> None:
    ids = [api.opened(key=f"k-{n}", title=f"Việc {n}") for n in range(3)]
    first = api.get("incidents?limit=2")
    rest = api.get(first.headers["Link"].split(">")[0][1:])
    assert sorted(card["id"] for card in first.json + rest.json) == sorted(ids)
    assert "Link" not in rest.headers
    assert api.get("incidents?status=closed").json == []
    assert len(api.get("incidents?status=open&mode=live").json) == 3
    problem(api.get("incidents?status=mo"), 422)


def test_a_member_sees_the_incidents_they_were_asked_in(sqlite_api: Api) -> None:
    id = sqlite_api.opened()
    person = member(sqlite_api.get(f"incidents/{id}").json, "co_quan_cm")["person_id"]
    asked = sqlite_api.as_person(person)
    assert [card["id"] for card in asked.get("incidents").json] == [id]
    assert asked.get(f"incidents/{id}").status_code == 200
    stranger = sqlite_api.token(Role.MEMBER)
    assert stranger.get("incidents").json == []
    problem(stranger.get(f"incidents/{id}"), 403)
    problem(stranger.get(f"incidents/{id}/timeline"), 403)


def test_people_are_found_without_marks_and_by_unit(api: Api) -> None:
    everyone = api.get("people?limit=1000").json
    assert len(everyone) >= 60
    one = everyone[0]
    assert {p["id"] for p in api.get(f"people?unit={one['unit']}").json} >= {one["id"]}
    found = api.get("people?q=tran thi thu").json
    assert any("Trần Thị Thử" in person["name"] for person in found)
    page = api.get("people?limit=10")
    assert len(page.json) == 10
    assert api.get(page.headers["Link"].split(">")[0][1:]).json[0] == everyone[10]


def test_units_and_playbooks_are_listed(api: Api) -> None:
    assert any(unit["kind"] == "xa" and unit["area"] for unit in api.get("units").json)
    playbooks = {p["slug"]: p for p in api.get("playbooks").json}
    assert playbooks["tin-gia-dich-benh"]["levels"]["3"] == "Nghiêm trọng"


def test_a_message_is_shown_without_the_link_that_acts(api: Api) -> None:
    id = api.opened()
    with api.parts.store.reading() as session:
        message = session.scalars(
            select(Message).where(Message.incident_id == id, Message.body.contains("/a/"))
        ).first()
        message = message or session.scalars(select(Message).where(Message.incident_id == id)).first()
    assert message is not None
    shown = api.get(f"messages/{message.id}").json
    assert (shown["status"], shown["attempts"]) == ("created", [])
    assert shown["address"] == message.address
    assert "/a/" not in shown["body"] or "/a/…" in shown["body"]
    hidden = api.token(Role.OBSERVER).get(f"messages/{message.id}").json
    assert (hidden["address"], hidden["body"]) == (None, None)
    problem(api.get("messages/nowhere"), 404)
