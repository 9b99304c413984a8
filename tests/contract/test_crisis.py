"""Whole incidents, from opening to the last answer, on phones one can look at."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.conftest import Open
from tests.contract.service import Api, Service, fetch, until

ALARM = """\
playbook: thu-nhanh
version: 1
title: "Thử: không ai trả lời"
levels: {1: Theo dõi, 2: Sự cố}
topics: [chung]

roles:
  truc_ban:  {title: Cán bộ trực, pick: on_duty}
  to_truong: {title: Tổ trưởng, pick: pho_chu_tich_phu_trach, standin: [giam_doc_so_vhttdl]}

steps:
  - id: goi
    assign: [to_truong]
    after: start
    ack: all
    within: 3 giây
    else:
      - {to: thay_the}
      - {to: truc_ban, after: 3 giây}
"""


def phones_of(service: Service, code: str) -> dict[str, list[str]]:
    """phone → the texts it has been sent about an incident."""
    listed = fetch("GET", f"{service.phones}/phones.json").json
    found = {}
    for row in listed:
        about = [one["body"] for one in service.received(row["phone"]) if f"OK {code}" in one["body"]]
        if about:
            found[row["phone"]] = about
    return found


def test_everyone_is_asked_once_and_answers(service: Service, officer: Api, opened: Open) -> None:
    added = service.run("directory", "sample", "--people", "50")
    assert added.returncode == 0, added.stderr.decode()
    made = opened(playbook="goi-xac-nhan", level=1, title="Gọi xác nhận toàn tỉnh")
    at = f"/incidents/{made['id']}"

    def group() -> dict[str, Any]:
        groups = officer.get(at)["groups"]
        return dict(groups[0]) if groups else {}

    until(lambda: group().get("total", 0) > 50)

    def all_delivered() -> bool:
        counts = officer.get(at)["messages"]
        return bool(counts) and set(counts) == {"delivered"}

    until(all_delivered)
    asked = phones_of(service, made["code"])
    assert len(asked) >= 50
    assert all(len(texts) == 1 for texts in asked.values()), "one SMS a phone"
    threads = [threading.Thread(target=service.reply, args=(phone, f"OK {made['code']}")) for phone in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: group()["waiting"] == 0 or group()["accepted"] >= len(asked))
    assert group()["accepted"] == len(asked)
    people = [a["person_id"] for a in officer.get(at)["acknowledgements"] if a["state"] == "accepted"]
    assert len(people) == len(set(people)) == len(asked)
    kinds = [entry["kind"] for entry in officer.get(f"{at}/timeline?limit=1000")]
    assert kinds.count("acknowledged") == len(asked)
    assert {len(texts) for phone, texts in phones_of(service, made["code"]).items() if phone in asked} == {1}
    if group()["total"] == len(asked):
        step = next(one for one in officer.get(at)["steps"] if one["id"] == "goi")
        assert step["state"] == "done"
    officer.post(f"{at}/close", {"outcome": "handled", "reason": "Đủ", "stand_down": False})


def test_what_the_carrier_took_and_did_not_own_up_to_goes_once(
    service: Service, officer: Api, opened: Open
) -> None:
    assert service.fault(error_after_accept=True, times=8).status in (200, 201, 204)
    made = opened(playbook="goi-xac-nhan", level=1, title="Nhà mạng chập chờn")
    at = f"/incidents/{made['id']}"
    until(lambda: set(officer.get(at)["messages"]) == {"delivered"})
    assert service.fault(clear=True).status in (200, 201, 204)
    assert {len(texts) for texts in phones_of(service, made["code"]).values()} == {1}
    officer.post(f"{at}/close", {"outcome": "false_alarm", "reason": "Thử", "stand_down": False})


def test_two_incidents_do_not_mix(service: Service, officer: Api, opened: Open) -> None:
    first, second = opened(title="Việc thứ nhất"), opened(title="Việc thứ hai")

    def members(made: dict[str, Any]) -> dict[str, Any]:
        return {m["phone"]: m for m in officer.get(f"/incidents/{made['id']}")["task_force"] if m["phone"]}

    both = until(
        lambda: [
            phone
            for phone, one in members(first).items()
            if one["state"] == "asked" and members(second).get(phone, {}).get("state") == "asked"
        ]
    )
    until(lambda: both[0] in phones_of(service, second["code"]))
    service.reply(both[0], f"OK {second['code']}")
    until(lambda: members(second)[both[0]]["state"] == "accepted")
    assert members(first)[both[0]]["state"] == "asked"
    service.reply(both[0], "OK")
    until(lambda: "incident_replies_unread 0" in fetch("GET", f"{service.url}/metrics").text)
    assert members(first)[both[0]]["state"] in ("asked", "accepted")


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of its own whose playbooks are ours, with limits of seconds."""
    root: Path = tmp_path_factory.mktemp("impatient")
    (root / "kich-ban").mkdir()
    (root / "kich-ban" / "thu-nhanh.yaml").write_text(ALARM)
    running = Service(root / "var", {"PLAYBOOKS_DIR": str(root / "kich-ban")})
    running.start()
    try:
        yield running
    finally:
        running.stop()


def test_silence_calls_the_stand_in_in_real_seconds(impatient: Service) -> None:
    officer = impatient.token("duty_officer")
    assert "thu-nhanh" in {one["slug"] for one in officer.get("/playbooks")}
    body = {"title": "Không ai trả lời", "playbook": "thu-nhanh", "level": 2, "area": "toan_tinh"}
    made = officer.post("/incidents", body, 201, Idempotency_Key="im-lang")

    def members() -> list[dict[str, Any]]:
        return list(officer.get(f"/incidents/{made['id']}")["task_force"])

    (lead,) = until(members)
    until(lambda: _about(impatient, lead["phone"], made))
    deputy = until(lambda: [one for one in members() if one["instead_of"]])[0]
    until(lambda: _about(impatient, deputy["phone"], made))
    people = [one for one in officer.get("/people?limit=1000") if one["phone"]]
    duty = until(lambda: [one["phone"] for one in people if _told(impatient, one, made)])[0]
    assert duty not in (lead["phone"], deputy["phone"])
    impatient.reply(deputy["phone"], f"OK {made['code']}")

    def done() -> list[dict[str, Any]]:
        return [one for one in officer.get(f"/incidents/{made['id']}")["steps"] if one["state"] == "done"]

    assert until(done)[0]["id"] == "goi"
    assert next(one["state"] for one in members() if one["person_id"] == deputy["person_id"]) == "accepted"


def _told(service: Service, person: dict[str, Any], made: dict[str, Any]) -> bool:
    return any("qua han" in text for text in _about(service, person["phone"], made))


def _about(service: Service, phone: str, made: dict[str, Any]) -> list[str]:
    return [one["body"] for one in service.received(phone) if made["code"] in one["body"]]
