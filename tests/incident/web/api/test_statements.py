from __future__ import annotations

from typing import Any

import pytest

from incident.domain.actors import Role
from tests.incident.web.api.parts import Api, problem
from tests.incident.web.api.test_reading import member

TEXT = "UBND tỉnh đã tiếp nhận thông tin về hồ Suối Lạc và đang kiểm tra."
POSTED = {
    "channel": "cong_ttdt",
    "link": "https://sonlam.example/tin/1",
    "released_at": "2026-11-22T10:05:00+07:00",
}


class Case:
    """An incident whose task force stands, with those who draft, approve, speak and post."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.id = api.opened()
        self.officer = api.person("truc")
        shown = self.shown()
        self.clerk, self.lead, self.speaker, self.poster = (
            api.as_person(member(shown, role)["person_id"])
            for role in ("thu_ky", "to_truong", "phat_ngon", "nguoi_dang")
        )
        for role in ("to_truong", "thu_ky", "phat_ngon", "nguoi_dang", "co_quan_cm"):
            person = member(shown, role)["person_id"]
            body = {"person_id": person, "answer": "accept", "reason": "gọi điện"}
            assert self.officer.post(f"incidents/{self.id}/acknowledgements", body).status_code == 201

    def shown(self) -> dict[str, Any]:
        return self.api.get(f"incidents/{self.id}").json  # type: ignore[no-any-return]

    def written(self) -> str:
        answer = self.clerk.post(f"incidents/{self.id}/statements", {"text": TEXT})
        assert answer.status_code == 201, answer.text
        return str(answer.json["id"])  # type: ignore[index]

    def approved(self) -> str:
        id = self.written()
        assert self.clerk.post(f"statements/{id}/submit").status_code == 200
        for approver in (self.speaker, self.lead):
            answer = approver.post(f"statements/{id}/approve")
            assert answer.status_code == 200, answer.text
        return id


@pytest.fixture
def case(sqlite_api: Api) -> Case:
    return Case(sqlite_api)


def test_a_text_is_drafted_approved_released_and_posted(api: Api) -> None:
    case = Case(api)
    id = case.approved()
    shown = case.api.get(f"statements/{id}").json
    assert shown["state"] == "approved"
    assert [a["decision"] for a in shown["revisions"][0]["approvals"]] == ["approved", "approved"]
    decided = case.speaker.post(f"statements/{id}/release")
    assert decided.status_code == 200, decided.text
    api.later(minutes=10)
    posted = case.poster.post(f"statements/{id}/release", POSTED)
    assert posted.status_code == 200, posted.text
    (release,) = posted.json["releases"]
    assert (release["channel"], release["link"]) == ("cong_ttdt", POSTED["link"])
    assert release["sha256"] == posted.json["revisions"][0]["sha256"]
    met = [d["id"] for d in case.shown()["deadlines"] if d["state"] == "met"]
    assert "phap_ly" in met


def test_the_speaker_who_does_not_post_only_decides(case: Case) -> None:
    id = case.approved()
    case.api.later(minutes=10)
    decided = case.speaker.post(f"statements/{id}/release", POSTED)
    assert decided.status_code == 200, decided.text
    assert decided.json["releases"][0]["released_at"] is None
    assert case.poster.post(f"statements/{id}/release", POSTED).json["state"] == "released"


def test_a_return_opens_the_draft_and_an_edit_needs_the_version_seen(case: Case) -> None:
    id = case.written()
    case.clerk.post(f"statements/{id}/submit")
    problem(case.speaker.post(f"statements/{id}/return"), 422)
    back = case.speaker.post(f"statements/{id}/return", {"reason": "thiếu số liệu"})
    assert back.json["state"] == "returned"
    edit = {"text": TEXT + " Mực nước an toàn.", "version": back.json["version"]}
    assert case.clerk.call("PUT", f"statements/{id}", edit).status_code == 200
    problem(case.clerk.call("PUT", f"statements/{id}", edit | {"text": "Khác"}), 409)
    again = case.clerk.post(f"statements/{id}/submit").json
    assert [r["n"] for r in again["revisions"]] == [1, 2]
    problem(case.speaker.post(f"statements/{id}/approve", {"revision_id": again["revisions"][0]["id"]}), 409)


def test_whoever_edited_may_not_approve_and_nobody_out_of_turn(case: Case) -> None:
    id = case.written()
    problem(case.speaker.post(f"statements/{id}/approve"), 409)
    case.clerk.post(f"statements/{id}/submit")
    problem(case.clerk.post(f"statements/{id}/approve"), 403)
    problem(case.lead.post(f"statements/{id}/approve"), 403)


def test_what_was_released_is_corrected_by_a_new_statement(case: Case) -> None:
    id = case.approved()
    problem(case.clerk.post(f"statements/{id}/correct", {"text": "Đúng là…", "reason": "sai số"}), 409)
    case.speaker.post(f"statements/{id}/release")
    case.poster.post(f"statements/{id}/release", {"channel": "cong_ttdt", "link": "https://a.example"})
    made = case.clerk.post(f"statements/{id}/correct", {"text": "Đúng là 2 m.", "reason": "sai số"})
    assert made.status_code == 201, made.text
    assert made.json["corrects"] == id


@pytest.mark.parametrize("role", [Role.ADMIN, Role.APPROVER, Role.SPOKESPERSON, Role.SECRETARY])
def test_a_token_never_approves_or_releases(sqlite_api: Api, role: Role) -> None:
    case = Case(sqlite_api)
    id = case.written()
    token = sqlite_api.token(role)
    for call, body in (("approve", {}), ("return", {"reason": "x"}), ("release", {}), ("submit", {})):
        problem(token.post(f"statements/{id}/{call}", body), 403)


def test_a_statement_stands_at_two_addresses_and_in_its_own_incident_only(case: Case) -> None:
    id = case.written()
    url = case.api.get(f"statements/{id}").json["url"]
    assert case.api.get(url).json["id"] == id
    other = case.api.opened(key="k-2")
    problem(case.api.get(f"incidents/{other}/statements/{id}"), 404)
    assert [s["id"] for s in case.api.get(f"incidents/{case.id}/statements").json] == [id]
