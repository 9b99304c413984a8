"""The bell: rings once for many, never fails, and says nothing where there is no Redis."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from incident.delivery.bell import QUEUE, Bell, connect
from incident.processes import redis


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    server = redis.binary()
    if server is None:
        if os.environ.get("CI") == "true":
            pytest.fail("needs a redis-server")
        pytest.skip("needs a redis-server")
    path = redis.socket_path(tmp_path)
    with subprocess.Popen(redis.arguments(server, path, tmp_path), stdout=subprocess.DEVNULL) as process:
        assert redis.answers(f"unix://{path}", 5)
        yield f"unix://{path}"
        process.terminate()


def test_many_rings_are_one_job_until_a_worker_begins(redis_url: str) -> None:
    bell = Bell(redis_url)
    assert all(bell.ring() for _ in range(20))
    connection = connect(redis_url, 1.0)
    assert connection.llen(f"rq:queue:{QUEUE}") == 1
    bell.begun("drain")
    bell.ring()
    assert connection.llen(f"rq:queue:{QUEUE}") == 2
    bell.ring("understand")
    assert connection.llen(f"rq:queue:{QUEUE}") == 3
    connection.close()
    bell.close()


def test_without_redis_it_is_silent() -> None:
    assert not Bell(None).ring()


def test_a_dead_redis_costs_no_error_and_little_time(tmp_path: Path) -> None:
    bell = Bell(f"unix://{tmp_path}/nobody.sock")
    bell.warm()
    began = time.monotonic()
    assert not any(bell.ring() for _ in range(50))
    assert time.monotonic() - began < 1.0
    bell.close()
