from __future__ import annotations

from typing import Any

import pytest

from incident.domain.actors import Role
from tests.incident.web.api.parts import Api, problem
from tests.incident.web.api.test_reading import member


def state(api: Api, id: str, step: str) -> dict[str, Any]:
    (found,) = (s for s in api.get(f"incidents/{id}").json["steps"] if s["id"] == step)
    return found  # type: ignore[no-any-return]


def kinds(api: Api, id: str) -> list[str]:
    return [entry["kind"] for entry in api.get(f"incidents/{id}/timeline?limit=1000").json]


def test_a_note_is_an_entry_with_both_times(api: Api) -> None:
    id = api.opened()
    answer = api.post(
        f"incidents/{id}/notes", {"text": "Nước hồ rút\u0000 2 m", "occurred_at": "2026-11-22T09:58:00+07:00"}
    )
    assert answer.status_code == 201
    entry = answer.json
    assert entry["kind"] == "note"
    assert "Nước hồ rút 2 m" in entry["text"]
    assert entry["occurred_at"] < entry["recorded_at"]
    assert entry == api.get(f"incidents/{id}/timeline?limit=1000").json[-1]
    problem(api.post(f"incidents/{id}/notes", {"text": "   "}), 422)
    problem(api.post(f"incidents/{id}/notes", {"text": "a", "occurred_at": "2026-11-22T12:00:00+07:00"}), 422)
    problem(api.post("incidents/nowhere/notes", {"text": "a"}), 404)


def test_an_answer_by_telephone_is_recorded_by_a_person_with_a_reason(api: Api) -> None:
    id = api.opened()
    lead = member(api.get(f"incidents/{id}").json, "to_truong")["person_id"]
    body = {"person_id": lead, "answer": "accept", "via": "phone", "reason": "gọi 10h02, đ/c nhận"}
    problem(api.post(f"incidents/{id}/acknowledgements", body), 403)
    officer = api.person("truc")
    problem(officer.post(f"incidents/{id}/acknowledgements", body | {"reason": ""}), 422)
    problem(officer.post(f"incidents/{id}/acknowledgements", body | {"via": "sms"}), 422)
    answer = officer.post(f"incidents/{id}/acknowledgements", body)
    assert answer.status_code == 201
    shown = api.get(f"incidents/{id}").json
    assert (member(shown, "to_truong")["state"], member(shown, "to_truong")["via"]) == ("accepted", "phone")
    assert [a["person_id"] for a in shown["acknowledgements"]] == [lead]
    assert "acknowledged" in kinds(api, id)


def test_a_token_answers_a_question_and_completes_a_task(api: Api) -> None:
    id = api.opened()
    done = api.post(f"incidents/{id}/steps/xac_minh/complete", {"answer": "sai"})
    assert done.status_code == 200
    assert (state(api, id, "xac_minh")["state"], state(api, id, "xac_minh")["result"]) == ("done", "sai")
    body = {"items": [0, 1], "proof": "https://vi-du.example/anh"}
    assert api.post(f"incidents/{id}/steps/luu_bang_chung/complete", body).status_code == 200
    assert state(api, id, "luu_bang_chung")["proofs"] == ["https://vi-du.example/anh"]
    assert (
        "answer"
        in problem(api.post(f"incidents/{id}/steps/xin_y_kien/complete", {"answer": "x"}), 422)["errors"]
    )
    problem(api.post(f"incidents/{id}/steps/khong_co/complete"), 404)


def test_a_statement_step_is_done_on_its_statement(api: Api) -> None:
    id = api.opened()
    for step in ("du_thao_1", "duyet_1", "cong_bo_1"):
        assert "/incidents/" in problem(api.post(f"incidents/{id}/steps/{step}/complete"), 409)["detail"]


def test_a_step_is_skipped_and_done_again_with_a_reason(api: Api) -> None:
    id = api.opened()
    problem(api.post(f"incidents/{id}/steps/luu_bang_chung/skip"), 422)
    api.post(f"incidents/{id}/steps/luu_bang_chung/skip", {"reason": "đã có"})
    assert state(api, id, "luu_bang_chung")["state"] == "skipped"
    assert api.post(f"incidents/{id}/steps/luu_bang_chung/redo", {"reason": "thiếu"}).status_code == 200
    assert state(api, id, "luu_bang_chung")["state"] == "active"


def test_a_step_is_added_and_given_to_another(api: Api) -> None:
    id = api.opened()
    shown = api.get(f"incidents/{id}").json
    lead, secretary = member(shown, "to_truong")["person_id"], member(shown, "thu_ky")["person_id"]
    body = {
        "title": "Gọi trưởng thôn",
        "person_id": lead,
        "due": "2026-11-22T11:00:00+07:00",
        "reason": "họp giao",
    }
    made = api.post(f"incidents/{id}/steps", body)
    assert made.status_code == 201
    step = made.json["step"]
    assert (state(api, id, step)["title"], state(api, id, step)["person_ids"]) == ("Gọi trưởng thôn", [lead])
    problem(api.post(f"incidents/{id}/steps", body | {"due": "2026-11-22T08:00:00+07:00"}), 422)
    problem(api.post(f"incidents/{id}/steps", body | {"person_id": "khong-co"}), 404)
    given = api.post(f"incidents/{id}/steps/{step}/reassign", {"person_id": secretary, "reason": "đi họp"})
    assert given.status_code == 200
    assert state(api, id, step)["person_ids"] == [secretary]
    problem(api.post(f"incidents/{id}/steps/{step}/reassign", {"person_id": lead, "reason": ""}), 422)
    problem(api.post(f"incidents/{id}/steps/khong_co/reassign", {"person_id": lead, "reason": "x"}), 404)
    assert {"step_added", "reassigned"} <= set(kinds(api, id))


def test_only_the_head_lets_a_text_go_unapproved(api: Api) -> None:
    id = api.opened()
    problem(api.post(f"incidents/{id}/steps/duyet_1/skip", {"reason": "gấp"}), 403)
    problem(api.person("truc").post(f"incidents/{id}/steps/duyet_1/skip", {"reason": "gấp"}), 403)
    head = api.person("totruong").post(f"incidents/{id}/steps/duyet_1/skip", {"reason": "gấp"})
    assert problem(head, 409)["detail"].startswith("Chưa có bản nào được trình")


def test_level_facts_and_pause_change_the_course(api: Api) -> None:
    id = api.opened(level=2, kinds=[], accepted_at=None)
    assert api.post(f"incidents/{id}/level", {"level": 3, "reason": "lan rộng"}).json["level"] == 3
    facts = {"kinds": ["k3"], "accepted_at": "2026-11-22T09:59:00+07:00", "reason": "xác định"}
    changed = api.post(f"incidents/{id}/facts", facts)
    assert changed.status_code == 200
    law = next(d for d in api.get(f"incidents/{id}").json["deadlines"] if d["law"])
    assert (law["state"], law["due"]) == ("running", "2026-11-23T02:59:00+00:00")
    until = "2026-11-22T11:00:00+07:00"
    paused = api.post(f"incidents/{id}/pause", {"until": until, "reason": "đợi họp"}).json
    assert paused["paused_until"] == "2026-11-22T04:00:00+00:00"
    assert api.post(f"incidents/{id}/resume").json["paused_until"] is None
    problem(api.post(f"incidents/{id}/resume"), 409)
    problem(api.post(f"incidents/{id}/facts", {"title": "khác", "reason": "x"}), 422)


def test_an_incident_is_closed_and_opened_again(api: Api) -> None:
    id = api.opened()
    assert (
        "outcome"
        in problem(api.post(f"incidents/{id}/close", {"outcome": "x", "reason": "y"}), 422)["errors"]
    )
    closed = api.post(f"incidents/{id}/close", {"outcome": "handled", "reason": "ổn định"}).json
    assert (closed["status"], closed["outcome"]) == ("closed", "handled")
    problem(api.post(f"incidents/{id}/close", {"outcome": "handled", "reason": "lần nữa"}), 409)
    assert api.post(f"incidents/{id}/reopen", {"reason": "tái diễn"}).json["status"] == "open"
    assert {"closed", "reopened"} <= set(kinds(api, id))


def test_one_incident_becomes_part_of_another_once(api: Api) -> None:
    old, new = api.opened(), api.open(key="k-2", title="Hồ Suối Lạc nứt").json["id"]
    body = {"into": new, "reason": "cùng một tin"}
    problem(api.post(f"incidents/{old}/merge", body), 400)
    problem(
        api.post(f"incidents/{old}/merge", {"into": "nowhere", "reason": "x"}, Idempotency_Key="m-1"), 422
    )
    problem(api.post(f"incidents/{old}/merge", {"into": old, "reason": "x"}, Idempotency_Key="m-1"), 409)
    done = api.post(f"incidents/{old}/merge", body, Idempotency_Key="m-2")
    assert done.status_code == 200, done.text
    assert (done.json["into"], done.json["status"], done.json["done"]) == (new, "closed", True)
    again = api.post(f"incidents/{old}/merge", body, Idempotency_Key="m-2")
    assert (again.status_code, again.json["done"]) == (200, False)
    problem(api.post(f"incidents/{old}/merge", body | {"reason": "khác"}, Idempotency_Key="m-2"), 409)
    shown, other = api.get(f"incidents/{old}").json, api.get(f"incidents/{new}").json
    assert (shown["outcome"], shown["merged_into"]["id"]) == ("duplicate", new)
    assert [one["id"] for one in other["merged"]] == [old]
    problem(api.post(f"incidents/{old}/reopen", {"reason": "tách ra"}), 409)
    problem(api.post(f"incidents/{new}/merge", {"into": old, "reason": "vòng"}, Idempotency_Key="m-3"), 409)


def test_another_body_takes_the_lead_and_gives_it_back(api: Api) -> None:
    id = api.opened()
    body = {"to": "Bộ Công an", "paper": "123/BCA-VP", "keep": ["luu_bang_chung"], "reason": "đã khởi tố"}
    problem(api.post(f"incidents/{id}/close", {"outcome": "handed_over", "reason": "x"}), 422)
    problem(api.post(f"incidents/{id}/transfer", body | {"to": ""}), 422)
    problem(api.post(f"incidents/{id}/transfer", body | {"keep": ["khong_co"]}), 422)
    problem(api.post(f"incidents/{id}/take-back", {"reason": "x"}), 409)
    card = api.post(f"incidents/{id}/transfer", body).json
    assert (card["handed_to"], card["status"]) == ("Bộ Công an", "open")
    shown = api.get(f"incidents/{id}").json
    assert shown["handed"]["paper"] == "123/BCA-VP"
    law = next(d for d in shown["deadlines"] if d["law"])
    assert (law["state"], law["handed_at"]) == ("handed", shown["handed"]["at"])
    assert state(api, id, "luu_bang_chung")["state"] == "active"
    problem(api.post(f"incidents/{id}/transfer", body), 409)
    assert api.post(f"incidents/{id}/take-back", {"reason": "giao lại"}).json["handed_to"] == ""
    law = next(d for d in api.get(f"incidents/{id}").json["deadlines"] if d["law"])
    assert law["state"] == "running"


@pytest.mark.parametrize("role", [Role.OBSERVER, Role.SPOKESPERSON])
def test_who_only_reads_changes_nothing(sqlite_api: Api, role: Role) -> None:
    id = sqlite_api.opened()
    before = len(kinds(sqlite_api, id))
    caller = sqlite_api.token(role)
    reason = {"reason": "thử"}
    for path, body in (
        ("level", {"level": 2, **reason}),
        ("transfer", {"to": "Bộ Công an", **reason}),
        ("take-back", reason),
        ("steps", {"title": "Việc", "person_id": "ai", **reason}),
        ("steps/xac_minh/reassign", {"person_id": "ai", **reason}),
        ("facts", {"kinds": [], **reason}),
        ("pause", {"until": "2026-11-22T11:00:00+07:00", **reason}),
        ("close", {"outcome": "handled", **reason}),
        ("reopen", reason),
        ("steps/luu_bang_chung/skip", reason),
        ("steps/xac_minh/complete", {"answer": "sai"}),
    ):
        problem(caller.post(f"incidents/{id}/{path}", body), 403)
    assert len(kinds(sqlite_api, id)) == before
