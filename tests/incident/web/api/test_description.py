"""The API holds to its own description, whatever it is sent."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from incident.store.sessions import Store
from tests.incident.web.api.parts import Api, an_api

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
    ignored_auth,
]
SENT = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def described(loaded_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("described")
    shutil.copy(loaded_file, folder / "incident.db")
    store = Store(f"sqlite:///{folder / 'incident.db'}")
    yield an_api(store, folder)
    store.dispose()


@pytest.fixture(scope="module")
def incident_id(described: Api) -> str:
    return described.opened()


@pytest.fixture(scope="module")
def api_schema(described: Api) -> Any:
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", described.app)


def test_every_call_answers_as_it_is_described(api_schema: Any, described: Api, incident_id: str) -> None:
    operations = [found.ok() for found in api_schema.get_all_operations()]
    assert len(operations) >= 40
    seen: Counter[int] = Counter()
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @given(case=operation.as_strategy(generation_mode=mode))
            @SENT
            def sent(case: Any) -> None:
                if "incident_id" in case.path_parameters:
                    case.path_parameters["incident_id"] = incident_id
                answer = case.call_and_validate(headers=described.headers, checks=CHECKS)
                seen[answer.status_code] += 1

            sent()
    assert {200, 201, 404, 409, 422} <= seen.keys()


def test_the_description_is_public_and_speaks_of_every_call_of_the_contract(described: Api) -> None:
    answer = described.app.test_client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    document = answer.json
    assert document["openapi"].startswith("3.1")
    one = "/api/v1/incidents/{incident_id}"
    expected = {
        ("/api/v1/incidents", "post"),
        ("/api/v1/incidents", "get"),
        (one, "get"),
        (f"{one}/timeline", "get"),
        *((f"{one}/{call}", "post") for call in ("notes", "acknowledgements", "statements")),
        *((f"{one}/steps/{{step}}/{call}", "post") for call in ("complete", "skip", "redo")),
        *((f"{one}/{call}", "post") for call in ("level", "facts", "pause", "resume", "close", "reopen")),
        *((f"{one}/report.{form}", "get") for form in ("html", "pdf", "docx", "json", "csv")),
        *(
            (f"/api/v1/statements/{{statement_id}}/{call}", "post")
            for call in ("submit", "approve", "return", "release", "correct")
        ),
        *((f"/api/v1/{name}", "get") for name in ("people", "units", "playbooks")),
        ("/api/v1/messages/{message_id}", "get"),
    }
    known = {(path, method) for path, item in document["paths"].items() for method in item}
    assert expected <= known
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                refused = operation["responses"]["401"]["content"]
                assert list(refused) == ["application/problem+json"], path


def test_unknown_fields_are_closed_in_the_description(described: Api) -> None:
    document = described.app.test_client().get("/api/v1/openapi.json").json
    opening = document["components"]["schemas"]["Opening"]
    assert opening["additionalProperties"] is False
    assert set(opening["required"]) == {"title", "playbook", "level", "area"}
    assert opening["properties"]["title"]["maxLength"] == 300
