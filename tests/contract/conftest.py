"""One service for all the tests of the contract, as `make run` starts it but for its ports and its data directory."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract.service import Api, Service


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(tmp_path_factory.mktemp("contract") / "var")
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def officer(service: Service) -> Api:
    """A token of a duty officer."""
    return service.token("duty_officer")


@pytest.fixture(scope="session")
def on_duty(service: Service) -> Api:
    """The duty officer, signed in."""
    return service.signed_in("truc")


Open = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def opened(officer: Api) -> Open:
    """Opens an incident; names given change what is asked for."""

    def open_one(**changes: Any) -> dict[str, Any]:
        body: dict[str, Any] = {
            "title": "Tin đồn vỡ đập hồ Nà Sầm",
            "playbook": "tin-gia-dich-benh",
            "level": 2,
            "area": "toan_tinh",
            "mode": "live",
        } | changes
        key = body.pop("key", None) or uuid.uuid4().hex
        answer: dict[str, Any] = officer.post("/incidents", body, 201, Idempotency_Key=key)
        return answer

    return open_one
