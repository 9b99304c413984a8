from __future__ import annotations

import json

import pytest

from incident.domain.actors import Role
from tests.incident.web.api.parts import Api, problem


@pytest.mark.parametrize(
    ("form", "starts"),
    [("html", b"<!"), ("pdf", b"%PDF-"), ("docx", b"PK"), ("json", b"{"), ("csv", b"")],
)
def test_the_report_is_there_at_once_also_while_open(sqlite_api: Api, form: str, starts: bytes) -> None:
    id = sqlite_api.opened()
    answer = sqlite_api.get(f"incidents/{id}/report.{form}")
    assert answer.status_code == 200
    assert answer.data.lower().startswith(starts.lower())
    assert f"ban-gui.{form}" in answer.headers["Content-Disposition"]


def test_the_annex_is_asked_for_by_name(sqlite_api: Api) -> None:
    id = sqlite_api.opened()
    annex = sqlite_api.get(f"incidents/{id}/report.json?part=noi-bo")
    assert "noi-bo" in annex.headers["Content-Disposition"]
    assert json.loads(annex.text)["manifest"]["chain"]
    problem(sqlite_api.get(f"incidents/{id}/report.json?part=tat-ca"), 422)
    problem(sqlite_api.get(f"incidents/{id}/report.exe"), 404)


def test_a_stranger_gets_no_report(sqlite_api: Api) -> None:
    id = sqlite_api.opened()
    problem(sqlite_api.token(Role.MEMBER).get(f"incidents/{id}/report.json"), 403)
