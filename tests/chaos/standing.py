"""A service to be killed: it stands up by itself, and is taken down with whatever it left."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from tests.bench.service import Service


def stand(stack: ExitStack, directory: Path, database_url: str, workers: int) -> Service:
    service = Service(directory, database_url, redis=True)
    service.environment["WORKERS"] = str(workers)
    stack.callback(_stop, service)
    service.start()
    return service


def _stop(service: Service) -> None:
    service.stop()
    if service.process is not None and service.process.stdout is not None:
        service.process.stdout.close()
