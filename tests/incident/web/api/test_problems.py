from __future__ import annotations

import pytest

from incident.domain.actors import Role
from incident.store.tables import Token
from tests.incident.web.api.parts import NOW, OPENING, Api, problem


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer nonsense", "Basic YTpi", "bearer"])
def test_without_a_known_token_or_session_nothing_is_told(sqlite_api: Api, header: str) -> None:
    caller = Api(sqlite_api.parts, sqlite_api.app, sqlite_api.app.test_client())
    headers = {"Authorization": header} if header else {}
    answer = caller.client.get("/api/v1/incidents", headers=headers)
    problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_token_is_no_token(sqlite_api: Api) -> None:
    caller = sqlite_api.token(Role.ADMIN)
    assert caller.get("playbooks").status_code == 200
    with sqlite_api.parts.store.writing() as session:
        session.query(Token).update({"revoked_at": NOW})
    problem(caller.get("playbooks"), 401)


def test_a_session_must_prove_that_the_call_comes_from_our_pages(sqlite_api: Api) -> None:
    officer = sqlite_api.person("truc")
    assert officer.open().status_code == 201
    officer.headers = {}
    assert officer.get("incidents").status_code == 200
    assert problem(officer.open("k-2"), 403)["code"] == "csrf"


def test_an_address_or_method_that_is_not_there_is_a_problem_too(sqlite_api: Api) -> None:
    problem(sqlite_api.get("nothing"), 404)
    problem(sqlite_api.get("incidents/no-such"), 404)
    problem(sqlite_api.get("incidents/%00"), 404)
    wrong = sqlite_api.call("DELETE", "incidents")
    problem(wrong, 405)
    assert "POST" in wrong.headers["Allow"]


def test_a_body_that_is_no_json_is_refused(sqlite_api: Api) -> None:
    headers = sqlite_api.headers | {"Idempotency-Key": "k"}
    send = sqlite_api.client.post
    broken = send("/api/v1/incidents", data="{", headers=headers, content_type="application/json")
    problem(broken, 400)
    problem(send("/api/v1/incidents", data={"title": "x"}, headers=headers), 415)
    problem(send("/api/v1/incidents", data="[]", headers=headers, content_type="application/json"), 422)
    problem(send("/api/v1/incidents", headers=headers), 422)
    latin = send(
        "/api/v1/incidents", data=b'{"title": "\xff"}', headers=headers, content_type="application/json"
    )
    problem(latin, 400)


def test_a_fault_inside_says_nothing_of_itself(sqlite_api: Api, caplog: pytest.LogCaptureFixture) -> None:
    sqlite_api.parts.now = None  # type: ignore[method-assign,assignment]
    answer = problem(sqlite_api.post("incidents", OPENING, Idempotency_Key="k"), 500)
    assert "NoneType" not in str(answer)
    assert "a call of the API failed" in caplog.text


def test_the_rest_of_the_application_keeps_its_own_errors(sqlite_api: Api) -> None:
    assert sqlite_api.client.get("/nowhere").mimetype == "text/html"
