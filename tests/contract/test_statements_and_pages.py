"""A statement from the draft to the release, by those whose turn it is; and the addresses people open."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.contract.conftest import Open
from tests.contract.service import Api, Service, cookie_of, fetch, until

TEXT = (
    "Thông tin hồ Nà Sầm sắp vỡ là sai sự thật. Đập vận hành an toàn.\n\nUBND tỉnh đề nghị người dân yên tâm."
)


def in_office(service: Service, officer: Api, made: dict[str, Any]) -> dict[str, Any]:
    """The task force says yes on its phones; the statement that is then to be written."""
    at = f"/incidents/{made['id']}"

    def members(*states: str) -> list[dict[str, Any]]:
        return [one for one in officer.get(at)["task_force"] if one["phone"] and one["state"] in states]

    def all_reached() -> bool:
        texts = [[sms["body"] for sms in service.received(one["phone"])] for one in members("asked")]
        return len(texts) == 5 and all(any(f"OK {made['code']}" in text for text in phone) for phone in texts)

    until(all_reached)
    for member in members("asked"):
        service.reply(member["phone"], f"OK {made['code']}")
    until(lambda: len(members("accepted")) == 5)
    statement: dict[str, Any] = until(lambda: officer.get(f"{at}/statements"))[0]
    return statement


def test_from_draft_to_release_and_correction(service: Service, officer: Api, opened: Open) -> None:
    made = opened(title="Tin đồn về hồ Nà Sầm")
    statement = in_office(service, officer, made)
    at = f"/statements/{statement['id']}"
    secretary, speaker = service.signed_in("thuky"), service.signed_in("phatngon")
    head, poster = service.signed_in("totruong"), service.signed_in("nguoidang")

    assert officer("POST", f"{at}/submit", {"text": TEXT}).status == 403, "a token drafts nothing"
    assert secretary("POST", f"{at}/approve", {}).status in (403, 409)
    submitted = secretary.post(f"{at}/submit", {"text": TEXT})
    assert submitted["revisions"][-1]["text"].rstrip() == TEXT
    assert secretary("POST", f"{at}/approve", {}).status == 403, "who wrote it approves it not"
    assert head("POST", f"{at}/approve", {}).status in (403, 409), "not his turn"
    assert service.signed_in("quantri")("POST", f"{at}/approve", {}).status == 403
    assert officer("POST", f"{at}/approve", {}).status == 403
    assert speaker("POST", f"{at}/return", {"reason": ""}).status == 422
    speaker.post(f"{at}/return", {"reason": "Nêu rõ mực nước"})
    again = secretary.post(f"{at}/submit", {"text": TEXT + "\n\nMực nước 102 m."})
    first, second = again["revisions"][0]["sha256"], again["revisions"][-1]["sha256"]
    assert first != second
    stale = speaker("POST", f"{at}/approve", {"revision_id": again["revisions"][0]["id"]})
    assert stale.status == 409, stale.text
    speaker.post(f"{at}/approve", {})
    assert poster(
        "POST", f"{at}/release", {"channel": "cong_ttdt", "link": "https://vidu.example/1"}
    ).status in (
        403,
        409,
    )
    head.post(f"{at}/approve", {})
    assert officer("POST", f"{at}/release", {}).status == 403
    speaker.post(f"{at}/release", {})
    posted = poster.post(f"{at}/release", {"channel": "cong_ttdt", "link": "https://vidu.example/1"})
    (release,) = posted["releases"]
    assert release["sha256"] == second
    assert release["channel"] == "cong_ttdt"
    steps = {one["id"]: one["state"] for one in officer.get(f"/incidents/{made['id']}")["steps"]}
    assert steps["cong_bo_1"] == "done"
    corrected = secretary("POST", f"{at}/correct", {"text": TEXT + " Sửa.", "reason": "Sai số"})
    assert corrected.status == 201, corrected.text

    closed = officer.post(f"/incidents/{made['id']}/close", {"outcome": "handled", "reason": "Đã công bố"})
    assert closed["status"] == "closed"
    report = officer("GET", f"/incidents/{made['id']}/report.html?part=noi-bo").text
    assert "Mực nước 102 m" in report
    assert second[:8] in report
    assert service.run("verify", made["id"]).returncode == 0


def test_no_busy_wrong_number_and_stop(service: Service, officer: Api, opened: Open) -> None:
    made = opened(title="Ai bận, ai nhầm")
    at = f"/incidents/{made['id']}"

    def members() -> list[dict[str, Any]]:
        return [one for one in officer.get(at)["task_force"] if one["phone"]]

    until(lambda: len([one for one in members() if one["state"] == "asked"]) == 5)
    first, second, third, *_ = members()

    def state(one: dict[str, Any]) -> str:
        return next(str(m["state"]) for m in members() if m["person_id"] == one["person_id"])

    service.reply(first["phone"], f"BẬN {made['code']}")
    until(lambda: state(first) == "declined")
    until(lambda: [one for one in members() if one["instead_of"] == first["name"]])
    service.reply(second["phone"], f"OK {made['code']} nhưng 30 phút nữa")
    until(lambda: officer.get(at)["review"] == 1)
    assert state(second) != "accepted", "a person reads what has a condition"
    service.reply(third["phone"], f"OK {made['code']}")
    until(lambda: state(third) == "accepted")
    service.reply(third["phone"], f"SAI {made['code']}")
    until(lambda: state(third) != "accepted" or officer.get(at)["review"] == 2)


def test_the_link_in_the_letter_acts_once_and_only_when_pressed(
    service: Service, officer: Api, opened: Open
) -> None:
    made = opened(title="Xác nhận bằng liên kết")
    at = f"/incidents/{made['id']}"
    token = until(lambda: _link(service, made["code"]))
    url = f"{service.url}/a/{token}"

    def answers() -> list[str]:
        return [one["via"] for one in officer.get(at)["task_force"] if one["state"] == "accepted"]

    page = fetch("GET", url)
    assert page.status == 200
    assert "Xác nhận bằng liên kết" not in page.text, "nothing before the first tap"
    assert fetch("HEAD", url).status == 200
    assert fetch("POST", url, b"answer=accept", FORM).status in (400, 403)
    assert answers() == []
    hidden = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert hidden
    form = urlencode({"csrf_token": hidden.group(1), "answer": "accept"}).encode()
    for _ in range(2):
        assert fetch("POST", url, form, FORM | {"Cookie": cookie_of(page)}).status in (200, 303)
    assert answers() == ["link"]
    for wrong in ("AAAAAAAAAA", "x", "'%20OR%201=1", "%00", "A" * 2_000):
        assert fetch("GET", f"{service.url}/a/{wrong}").status in (400, 404)


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _link(service: Service, code: str) -> str | None:
    for mail in fetch("GET", f"{service.phones}/mailbox.json").json:
        found = re.search(r"/a/(\w{10,12})", str(mail))
        if found and f"OK {code}" in str(mail):
            return found.group(1)
    return None


@pytest.mark.parametrize("path", ["/", "/incidents/new", "/playbooks", "/directory", "/simulator"])
def test_pages_are_for_those_signed_in(service: Service, on_duty: Api, path: str) -> None:
    stranger = fetch("GET", service.url + path)
    assert stranger.status in (302, 303, 401, 404)
    page = fetch("GET", service.url + path, headers={"Cookie": on_duty.headers["Cookie"]})
    assert page.status in (200, 302, 303), path


def test_a_form_from_elsewhere_does_nothing(service: Service, on_duty: Api, officer: Api) -> None:
    before = len(officer.get("/incidents?limit=1000"))
    form = {"title": "Giả", "playbook": "vu-viec-chung", "level": "1", "area": "toan_tinh"}
    cookie = {"Cookie": on_duty.headers["Cookie"]}
    answer = fetch("POST", f"{service.url}/incidents/new", urlencode(form).encode(), FORM | cookie)
    assert answer.status in (400, 403)
    assert len(officer.get("/incidents?limit=1000")) == before
