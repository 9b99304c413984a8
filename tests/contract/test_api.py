"""The API's calls, over HTTP, against the service that runs."""

from __future__ import annotations

import threading
import unicodedata
import uuid
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import urllib3

from tests.contract.conftest import Open
from tests.contract.service import Answer, Api, Service, fetch, until

BODY = {
    "title": "Tin đồn vỡ đập",
    "playbook": "tin-gia-dich-benh",
    "level": 2,
    "area": "toan_tinh",
    "mode": "live",
}
ENTRY = {"seq", "occurred_at", "recorded_at", "actor", "kind", "data", "text", "hash", "prev_hash"}


def problem(answer: Answer, status: int) -> dict[str, Any]:
    assert answer.status == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    said: dict[str, Any] = answer.json
    assert said["title"]
    assert said["detail"]
    return said


def hours(count: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=count)).isoformat()


# ------------------------------------------------------------------ who may call


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer không"}, {"Authorization": "Basic eDp5"}])
@pytest.mark.parametrize("path", ["incidents", "people", "units", "playbooks", "incidents/x/timeline"])
def test_nobody_without_a_token(service: Service, header: dict[str, str], path: str) -> None:
    raw = {name: value.encode().decode("latin-1") for name, value in header.items()}
    problem(fetch("GET", f"{service.url}/api/v1/{path}", headers=raw), 401)
    problem(fetch("POST", f"{service.url}/api/v1/incidents", b"{}", raw), 401)


def test_the_description_is_served(service: Service, officer: Api) -> None:
    described = officer.get("/openapi.json")
    assert described["openapi"].startswith("3.")
    for path in ("/incidents", "/incidents/{incident_id}/timeline", "/people", "/units", "/playbooks"):
        assert any(known.endswith(path) for known in described["paths"])


def test_roles_are_kept(service: Service, opened: Open) -> None:
    observer = service.token("observer")
    id = opened()["id"]
    assert observer.get(f"/incidents/{id}")["id"] == id
    problem(observer("POST", "/incidents", BODY, Idempotency_Key="q1"), 403)
    problem(observer("POST", f"/incidents/{id}/notes", {"text": "x"}), 403)
    problem(observer("POST", f"/incidents/{id}/level", {"level": 3, "reason": "x"}), 403)
    assert all(one["phone"] is None for one in observer.get(f"/incidents/{id}")["task_force"])
    member = service.token("member")
    problem(member("GET", f"/incidents/{id}"), 403)


# ------------------------------------------------------------------ opening


def test_opening_is_done_once_for_a_key(officer: Api, service: Service) -> None:
    key = uuid.uuid4().hex
    first = officer("POST", "/incidents", BODY, Idempotency_Key=key)
    assert first.status == 201
    assert set(first.json) >= {"id", "code", "status", "url"}
    assert first.json["status"] == "open"
    again = officer("POST", "/incidents", BODY, Idempotency_Key=key)
    assert again.status == 200
    assert again.json == first.json
    problem(officer("POST", "/incidents", BODY | {"level": 3}, Idempotency_Key=key), 409)
    assert problem(officer("POST", "/incidents", BODY), 400)["errors"]
    other = service.token("duty_officer").post("/incidents", BODY, 201, Idempotency_Key=key)
    assert other["id"] != first.json["id"], "a key belongs to its caller"
    assert fetch("GET", service.url + first.json["url"]).status in (200, 302, 303, 401)


def test_keys_that_race_open_one(officer: Api) -> None:
    key, answers = uuid.uuid4().hex, []

    def open_it() -> None:
        answers.append(officer("POST", "/incidents", BODY, Idempotency_Key=key))

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200] * 7 + [201]
    assert len({answer.json["id"] for answer in answers}) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tieu_de": "x"}, "tieu_de"),
        ({"title": ""}, "title"),
        ({"title": "\u0000\u0007 "}, "title"),
        ({"title": "x" * 10_000}, "title"),
        ({"title": 5}, "title"),
        ({"level": 9}, "level"),
        ({"level": "2"}, "level"),
        ({"level": True}, "level"),
        ({"playbook": "khong-co"}, "playbook"),
        ({"playbook": "../../etc/passwd"}, "playbook"),
        ({"area": "sao_hoa"}, "area"),
        ({"area": []}, "area"),
        ({"topic": "bong_da"}, "topic"),
        ({"kinds": ["k99"]}, "kinds"),
        ({"mode": "thật"}, "mode"),
        ({"short_name": "x" * 21}, "short_name"),
        ({"occurred_at": "2026-11-22T02:05:00"}, "occurred_at"),
        ({"occurred_at": "hôm qua"}, "occurred_at"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(officer: Api, change: dict[str, Any], field: str) -> None:
    said = problem(officer("POST", "/incidents", BODY | change, Idempotency_Key=uuid.uuid4().hex), 422)
    assert any(name.split(".")[0] == field for name in said["errors"]), said
    assert all(isinstance(texts, list) for texts in said["errors"].values())


def test_ten_minutes_ahead_is_not_yet(officer: Api) -> None:
    body = BODY | {"detected_at": (datetime.now(UTC) + timedelta(minutes=10)).isoformat()}
    said = problem(officer("POST", "/incidents", body, Idempotency_Key=uuid.uuid4().hex), 422)
    assert "detected_at" in said["errors"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"title": NaN}', b"[" * 50_000]
)
def test_what_is_no_json_object_is_refused(officer: Api, body: bytes) -> None:
    answer = officer("POST", "/incidents", body, Idempotency_Key=uuid.uuid4().hex)
    assert answer.status in (400, 415, 422), answer.text
    problem(answer, answer.status)


def test_a_body_of_fifty_megabytes_is_refused(officer: Api) -> None:
    body = b'{"title": "' + b"x" * 50_000_000 + b'"}'
    try:
        answer = officer("POST", "/incidents", body, Idempotency_Key=uuid.uuid4().hex)
    except urllib3.exceptions.ProtocolError:  # it may hang up before all has been sent
        return
    problem(answer, 413)


def test_anchors_are_optional_and_set_the_clocks(officer: Api, opened: Open) -> None:
    made = opened(
        kinds=["k3"], occurred_at=hours(-30), detected_at=hours(-29), accepted_at=hours(-1), assessed_at=None
    )
    shown = officer.get(f"/incidents/{made['id']}")
    law = [one for one in shown["deadlines"] if one["law"]]
    assert law
    assert {one["state"] for one in shown["deadlines"]}
    bare = officer.get(f"/incidents/{opened()['id']}")
    assert bare["occurred_at"] is None


# ------------------------------------------------------------------ reading


def test_an_incident_is_shown_whole(officer: Api, opened: Open) -> None:
    made = opened(summary="Đồn đập Nà Sầm sắp vỡ", topic="thien_tai", kinds=["k3"])
    shown = officer.get(f"/incidents/{made['id']}")
    assert set(shown) >= {"steps", "task_force", "acknowledgements", "deadlines", "statements", "messages"}
    assert shown["code"] == made["code"]
    assert shown["number"].startswith("VV-")
    assert 2 <= len(shown["code"]) <= 4
    fields = {"person_id", "name", "post", "unit", "role", "phone", "state", "asked_at", "answered_at", "via"}
    assert shown["task_force"]
    for member in shown["task_force"]:
        assert set(member) >= fields
        assert member["phone"] is None or member["phone"].startswith("+84540")
    listed = officer.get("/incidents?limit=1000")
    assert isinstance(listed, list)
    assert made["id"] in {one["id"] for one in listed}
    problem(officer("GET", "/incidents/khong-co"), 404)
    problem(officer("GET", "/incidents?loc=1"), 422)
    problem(officer("GET", "/incidents/' OR 1=1 --".replace(" ", "%20")), 404)
    problem(officer("DELETE", f"/incidents/{made['id']}"), 405)
    problem(officer("GET", "/khong-co"), 404)


def test_the_list_and_the_timeline_are_paged(officer: Api, opened: Open) -> None:
    id = opened()["id"]
    for n in range(3):
        officer.post(f"/incidents/{id}/notes", {"text": f"Diễn biến {n}"}, 201)
    whole = officer.get(f"/incidents/{id}/timeline?limit=1000")
    seqs = [entry["seq"] for entry in whole]
    assert seqs == list(range(1, len(seqs) + 1))
    for before, entry in pairwise(whole):
        assert set(entry) >= ENTRY
        assert entry["prev_hash"] == before["hash"]
        assert datetime.fromisoformat(entry["recorded_at"]).tzinfo
    paged: list[dict[str, Any]] = []
    path = f"/api/v1/incidents/{id}/timeline?limit=2"
    while path:
        answer = officer("GET", path)
        assert answer.status == 200
        paged += answer.json
        link = answer.headers.get("Link", "")
        path = link[link.index("<") + 1 : link.index(">")] if link else ""
    assert [entry["seq"] for entry in paged][: len(seqs)] == seqs
    after = officer.get(f"/incidents/{id}/timeline?after=2&limit=1")
    assert [entry["seq"] for entry in after] == [3]
    for wrong in ("limit=0", "limit=1001", "after=-1", "limit=x", "after=1&after=2"):
        problem(officer("GET", f"/incidents/{id}/timeline?{wrong}"), 422)
    opened()
    page = officer("GET", "/incidents?limit=1")
    assert len(page.json) == 1
    assert 'rel="next"' in page.headers["Link"]


def test_the_directory_and_the_playbooks_are_read(officer: Api) -> None:
    people = officer.get("/people?limit=1000")
    assert len(people) >= 60
    assert len(officer.get("/units")) > 10
    slugs = {one["slug"] for one in officer.get("/playbooks")}
    assert slugs >= {"tin-gia-dich-benh", "vu-viec-chung", "goi-xac-nhan"}
    problem(officer("GET", "/messages/khong-co"), 404)


# ------------------------------------------------------------------ acting


def test_notes(officer: Api, opened: Open) -> None:
    id = opened()["id"]
    entry = officer.post(
        f"/incidents/{id}/notes", {"text": "Mực nước bình thường", "occurred_at": hours(-1)}, 201
    )
    assert set(entry) >= ENTRY
    assert "Mực nước bình thường" in entry["text"]
    assert entry["occurred_at"] < entry["recorded_at"]
    problem(officer("POST", f"/incidents/{id}/notes", {"text": "x", "occurred_at": hours(1)}), 422)
    problem(officer("POST", f"/incidents/{id}/notes", {"text": "x", "y": 1}), 422)
    problem(officer("POST", f"/incidents/{id}/notes", {}), 422)
    problem(officer("POST", "/incidents/khong-co/notes", {"text": "x"}), 404)


NASTY = [
    "😀 sơ tán 🏃‍♀️",
    unicodedata.normalize("NFD", "Đã sơ tán thôn Nà Sầm"),
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "'; DROP TABLE incident; --",
    "a\u0000b\u0008c\u202ed",
    "{{ 7 * 7 }} {% raw %} %(x)s {0} $x",
    '=HYPERLINK("http://x")',
    "#let x = [typst] $ * _ @ref <label>",
    "x" * 4_000,
]


def test_anything_may_be_written_and_reported(
    officer: Api, on_duty: Api, service: Service, opened: Open
) -> None:
    id = opened(title='<script>alert(1)</script> 😀 & "ngoặc"', summary="\n".join(NASTY)[:4_500])["id"]
    for text in NASTY:
        entry = officer.post(f"/incidents/{id}/notes", {"text": text}, 201)
        assert unicodedata.is_normalized("NFC", entry["text"])
        assert "\u0000" not in entry["text"]
    problem(officer("POST", f"/incidents/{id}/notes", {"text": "x" * 20_001}), 422)
    for form in ("html", "pdf", "docx", "json", "csv"):
        for part in ("ban-gui", "noi-bo"):
            answer = officer("GET", f"/incidents/{id}/report.{form}?part={part}")
            assert answer.status == 200, f"{form} {part} {answer.text}"
            if form == "html":
                assert b"<script>alert" not in answer.body
    for page in (f"/incidents/{id}", "/"):
        seen = fetch("GET", service.url + page, headers={"Cookie": on_duty.headers["Cookie"]})
        assert seen.status == 200
        assert b"<script>alert" not in seen.body
        assert b"default-src" in seen.headers["Content-Security-Policy"].encode()
    assert service.run("verify", id).returncode == 0


def test_a_token_answers_for_nobody(officer: Api, on_duty: Api, opened: Open) -> None:
    id = opened()["id"]
    asked = until(lambda: [m for m in officer.get(f"/incidents/{id}")["task_force"] if m["state"] == "asked"])
    body = {"person_id": asked[0]["person_id"], "answer": "accept", "via": "phone", "reason": "gọi điện"}
    problem(officer("POST", f"/incidents/{id}/acknowledgements", body), 403)
    done = on_duty.post(f"/incidents/{id}/acknowledgements", body, 201)
    assert done["state"] == "accepted"
    problem(on_duty("POST", f"/incidents/{id}/acknowledgements", body | {"answer": "maybe"}), 422)
    problem(on_duty("POST", f"/incidents/{id}/acknowledgements", body | {"person_id": "khong-co"}), 404)
    problem(on_duty("POST", f"/incidents/{id}/acknowledgements", body | {"reason": ""}), 422)
    kinds = [entry["kind"] for entry in officer.get(f"/incidents/{id}/timeline?limit=1000")]
    assert kinds.count("acknowledged") == 1
    shown = officer.get(f"/incidents/{id}")["task_force"]
    assert next(m for m in shown if m["person_id"] == body["person_id"])["state"] == "accepted"


def test_steps_are_completed_skipped_and_redone(officer: Api, opened: Open) -> None:
    id = opened()["id"]

    def state(step: str) -> str:
        return next(str(s["state"]) for s in officer.get(f"/incidents/{id}")["steps"] if s["id"] == step)

    problem(officer("POST", f"/incidents/{id}/steps/xac_minh/complete", {"answer": "khong_co"}), 422)
    officer.post(
        f"/incidents/{id}/steps/xac_minh/complete", {"answer": "sai", "reason": "Cơ quan chuyên môn trả lời"}
    )
    assert state("xac_minh") == "done"
    problem(officer("POST", f"/incidents/{id}/steps/luu_bang_chung/skip", {"reason": ""}), 422)
    officer.post(f"/incidents/{id}/steps/luu_bang_chung/skip", {"reason": "Đã có"})
    assert state("luu_bang_chung") == "skipped"
    officer.post(f"/incidents/{id}/steps/luu_bang_chung/redo", {"reason": "Thiếu ảnh"})
    assert state("luu_bang_chung") == "active"
    body = {"items": [0, 1], "proof": "https://vidu.example/anh", "reason": "Thư ký báo"}
    officer.post(f"/incidents/{id}/steps/luu_bang_chung/complete", body)
    assert state("luu_bang_chung") == "done"
    problem(officer("POST", f"/incidents/{id}/steps/khong_co/complete", {}), 404)
    drafts = until(lambda: officer.get(f"/incidents/{id}")["steps"])
    draft = next(step for step in drafts if step["verb"] == "draft")
    said = problem(officer("POST", f"/incidents/{id}/steps/{draft['id']}/complete", {"reason": "x"}), 409)
    assert said["detail"]


def test_the_course_of_an_incident(officer: Api, opened: Open) -> None:
    id = opened()["id"]
    at = f"/incidents/{id}"
    for call in ("level", "facts", "pause", "close", "reopen"):
        problem(officer("POST", f"{at}/{call}", {"reason": "x", "khong_co": 1}), 422)
    assert officer.post(f"{at}/level", {"level": 3, "reason": "Lan rộng"})["level"] == 3
    problem(officer("POST", f"{at}/level", {"level": 3, "reason": "Lan rộng"}), 409)
    problem(officer("POST", f"{at}/level", {"level": 2}), 422)
    officer.post(f"{at}/facts", {"kinds": ["k3"], "accepted_at": hours(-2), "reason": "Công an xã báo"})
    assert officer.get(at)["kinds"] == ["k3"]
    paused = officer.post(f"{at}/pause", {"until": hours(1), "reason": "Chờ kết quả"})
    assert paused["paused_until"]
    problem(officer("POST", f"{at}/pause", {"until": hours(-1), "reason": "x"}), 422)
    assert officer.post(f"{at}/resume", {"reason": "Có kết quả"})["paused_until"] is None
    problem(officer("POST", f"{at}/resume", {}), 409)
    problem(officer("POST", f"{at}/close", {"outcome": "xong", "reason": "x"}), 422)
    closed = officer.post(f"{at}/close", {"outcome": "false_alarm", "reason": "Đập an toàn"})
    assert closed["status"] == "closed"
    problem(officer("POST", f"{at}/close", {"outcome": "handled", "reason": "x"}), 409)
    problem(officer("POST", f"{at}/level", {"level": 2, "reason": "x"}), 409)
    again = officer.post(f"{at}/reopen", {"reason": "Có tin mới"})
    assert (again["status"], again["code"]) == ("open", closed["code"])
    problem(officer("POST", f"{at}/reopen", {"reason": "x"}), 409)
    kinds = [entry["kind"] for entry in officer.get(f"{at}/timeline?limit=1000")]
    assert {"level_changed", "facts_changed"} <= set(kinds)


def test_reports_are_there_at_once(officer: Api, opened: Open) -> None:
    id = opened()["id"]
    types = {"html": "text/html", "pdf": "application/pdf", "json": "application/json", "csv": "text/csv"}
    for form, media in types.items():
        answer = officer("GET", f"/incidents/{id}/report.{form}")
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith(media)
    assert "bản tạm" in officer("GET", f"/incidents/{id}/report.html").text.lower()
    problem(officer("GET", f"/incidents/{id}/report.xls"), 404)
    problem(officer("GET", f"/incidents/{id}/report.pdf?part=tat-ca"), 422)


def test_a_session_needs_its_own_page(service: Service, on_duty: Api, opened: Open) -> None:
    id = opened()["id"]
    foreign = Api(service.url, {"Cookie": on_duty.headers["Cookie"]})
    problem(foreign("POST", f"/incidents/{id}/notes", {"text": "từ trang lạ"}), 403)
    assert foreign("GET", f"/incidents/{id}").status == 200
    member = service.signed_in("nguoidang")
    commune = next(unit["area"] for unit in member.get("/units") if unit["area"])
    others = opened(playbook="goi-xac-nhan", level=1, area=commune)["id"]
    problem(member("GET", f"/incidents/{others}"), 403)
    problem(member("GET", f"/incidents/{others}/timeline"), 403)
    problem(member("POST", f"/incidents/{others}/notes", {"text": "x"}), 403)
    assert others not in {one["id"] for one in member.get("/incidents?limit=1000")}


def test_headers_may_hold_anything(service: Service, officer: Api) -> None:
    for value in ("Đập", "x" * 300, "a\u00a0b", "1'--"):
        raw = value.encode().decode("latin-1")
        answer = officer("POST", "/incidents", BODY, Idempotency_Key=raw)
        assert answer.status in (201, 400)
    for name in ("Accept-Language", "User-Agent", "X-Forwarded-For", "Cookie", "If-None-Match"):
        raw = "Đ😀\u00ff".encode().decode("latin-1")
        sent = {**officer.headers, name: raw}
        assert fetch("GET", f"{service.url}/api/v1/incidents", headers=sent).status == 200
        assert fetch("GET", f"{service.url}/sign-in", headers={name: raw}).status == 200
