from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from incident.domain.actors import Role
from tests.incident.web.api.parts import OPENING, Api, problem


def test_an_incident_is_opened_once_for_a_key(api: Api) -> None:
    first = api.open()
    assert first.status_code == 201
    assert first.json.keys() == {"id", "code", "number", "status", "url"}
    assert first.headers["Location"] == first.json["url"]
    assert first.json["status"] == "open"
    assert first.json["code"].isdigit()
    assert re.fullmatch(r"VV-\d+/2026", first.json["number"])
    again = api.open()
    assert (again.status_code, again.json) == (200, first.json)
    assert len(api.get("incidents").json) == 1


def test_the_key_is_required_and_is_the_callers_own(api: Api) -> None:
    answer = problem(api.post("incidents", OPENING), 400)
    assert "Idempotency-Key" in answer["detail"]
    problem(api.open(key="k" * 201), 400)
    api.opened()
    problem(api.open(title="Việc khác"), 409)
    assert api.token(Role.ADMIN).open().status_code == 201


def test_two_callers_racing_with_one_key_get_one_incident(api: Api) -> None:
    def open_it(_: int) -> tuple[int, str]:
        client = Api(api.parts, api.app, api.app.test_client(), api.headers)
        answer = client.open()
        return answer.status_code, answer.json["id"]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(open_it, range(4)))
    assert sorted(status for status, _ in answers) == [200, 200, 200, 201]
    assert len({id for _, id in answers}) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": None}, "title"),
        ({"title": "  \u0000 "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"title": 7}, "title"),
        ({"short_name": "x" * 21}, "short_name"),
        ({"level": "3"}, "level"),
        ({"level": True}, "level"),
        ({"level": 2.5}, "level"),
        ({"level": 8}, "level"),
        ({"area": "xa_khong_co"}, "area"),
        ({"area": []}, "area"),
        ({"area": {"a": 1}}, "area"),
        ({"playbook": "khong-co"}, "playbook"),
        ({"mode": "test"}, "mode"),
        ({"kinds": ["k9"]}, "kinds"),
        ({"kinds": "k3"}, "kinds"),
        ({"detected_at": "2026-11-22T09:50:00"}, "detected_at"),
        ({"detected_at": "2026-11-22 09:50:00+07:00"}, "detected_at"),
        ({"detected_at": "hôm qua"}, "detected_at"),
        ({"detected_at": "2026-11-22T11:50:00+07:00"}, "detected_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
        ({"urgent": True}, "urgent"),
    ],
)
def test_a_field_at_fault_is_named_in_vietnamese(
    sqlite_api: Api, changes: dict[str, object], field: str
) -> None:
    errors = problem(sqlite_api.open(**changes), 422)["errors"]
    assert list(errors) == [field]
    assert all(text and not text.isascii() for text in errors[field])


def test_a_missing_field_is_named(sqlite_api: Api) -> None:
    answer = sqlite_api.post("incidents", {}, Idempotency_Key="k")
    assert set(problem(answer, 422)["errors"]) == {"title", "playbook", "level", "area"}


def test_all_times_may_be_left_out_and_a_whole_number_may_be_written_with_a_point(sqlite_api: Api) -> None:
    times = {f"{name}_at": None for name in ("occurred", "detected", "accepted", "assessed")}
    assert sqlite_api.open(**times, level=3.0).status_code == 201


def test_texts_are_kept_in_nfc_without_controls(sqlite_api: Api) -> None:
    id = sqlite_api.opened(title="Tie\u0302\u0301n\u0007  đồn\u202e", short_name="")
    shown = sqlite_api.get(f"incidents/{id}").json
    assert shown["title"] == "Ti\u1ebfn đồn"
    assert shown["short_name"]


def test_a_list_of_communes_is_an_area(sqlite_api: Api) -> None:
    with sqlite_api.parts.store.reading() as session:
        from incident.directory.queries import areas

        keys = [key for key, _ in areas(session)][:2]
    shown = sqlite_api.get(f"incidents/{sqlite_api.opened(area=keys)}").json
    assert shown["area"] == keys
    assert len(shown["area_names"]) == 2


def test_a_drill_has_a_number_of_its_own(sqlite_api: Api) -> None:
    answer = sqlite_api.open(mode="drill").json
    assert answer["number"].startswith("DT-")


@pytest.mark.parametrize("role", [Role.OBSERVER, Role.MEMBER, Role.APPROVER, Role.SPOKESPERSON])
def test_only_those_on_duty_open(sqlite_api: Api, role: Role) -> None:
    problem(sqlite_api.token(role).open(), 403)
