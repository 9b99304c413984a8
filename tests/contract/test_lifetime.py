"""Starting, healing and stopping, as the contract says them."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.contract.service import PASSWORD, Service, fetch, lives, until

REDIS = "redis"
ROLES = ("simulator", "serve", "worker", "clock")


def of_role(service: Service, role: str) -> list[psutil.Process]:
    """By the last word of the command line; a web server's own child is no second role. Redis by its program."""
    assert service.process is not None
    found = []
    for one in psutil.Process(service.process.pid).children():
        try:
            words = one.cmdline()
        except psutil.NoSuchProcess:  # gone, or about to be
            continue
        if words and (words[-1] == role or (role == REDIS and "redis-server" in words[0])):
            found.append(one)
    return found


@pytest.mark.chaos
def test_it_starts_heals_stops_and_starts_again_with_what_it_had(tmp_path: Path) -> None:
    service = Service(tmp_path / "var")
    try:
        service.start()
        _a_whole_life(service)
    finally:
        service.kill()


def _a_whole_life(service: Service) -> None:
    lines = service.lines
    assert lines[0] == f"Mô phỏng: {service.phones}"
    assert lines[-1] == f"Sẵn sàng: {service.url}"
    assert any(PASSWORD in line and "truc@sonlam.example" in line for line in lines[1:-1])
    for path in ("/healthz", "/readyz", "/metrics"):
        assert fetch("GET", service.url + path).status == 200
    assert fetch("GET", f"http://127.0.0.1:{service.port}/healthz").status == 200

    officer = service.token("duty_officer")
    body = {"title": "Việc thứ nhất", "playbook": "vu-viec-chung", "level": 1, "area": "toan_tinh"}
    made = officer.post("/incidents", body, 201, Idempotency_Key="mot")

    for role in ROLES:
        (old,) = of_role(service, role)
        assert old.environ()["DATA_DIR"] == str(service.data_dir)
        old.kill()
        _comes_back(service, role, old.pid)
    for old in of_role(service, REDIS):
        old.kill()
        _comes_back(service, REDIS, old.pid)
    until(lambda: _ready(service))
    assert officer.get(f"/incidents/{made['id']}")["title"] == "Việc thứ nhất"

    everyone = service.family()
    began = time.monotonic()
    assert service.stop() == "", "nothing is printed after the last line"
    assert time.monotonic() - began < 15
    assert service.process is not None
    assert service.process.returncode == 0
    until(lambda: not any(lives(one) for one in everyone), 3)

    service.start()
    assert service.lines[0] == lines[0]
    assert service.lines[-1] == lines[-1]
    assert officer.get(f"/incidents/{made['id']}")["number"] == made["number"]
    again = officer.post("/incidents", body, 200, Idempotency_Key="mot")
    assert again["id"] == made["id"]
    everyone = service.family()
    service.kill()
    until(lambda: not any(lives(one) for one in everyone), 10)


def _comes_back(service: Service, role: str, old: int) -> None:
    until(lambda: any(one.pid != old for one in of_role(service, role)), 10)


def _ready(service: Service) -> bool:
    try:
        return fetch("GET", f"{service.url}/readyz").status == 200
    except Exception:  # it is being started
        return False


def test_a_port_in_use_and_a_bad_setting_are_wrong_settings(service: Service) -> None:
    taken = service.run("up")
    assert taken.returncode == 2
    assert taken.stdout == b""
    assert str(service.port) in taken.stderr.decode()
    bad = service.run("up", PORT="nhiều")
    assert bad.returncode == 2
    assert b"Traceback" not in bad.stderr


def test_a_child_that_ends_by_itself_comes_back(service: Service) -> None:
    (clock,) = of_role(service, "clock")
    clock.send_signal(signal.SIGTERM)
    _comes_back(service, "clock", clock.pid)
    until(lambda: _ready(service))
