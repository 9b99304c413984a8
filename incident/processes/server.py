"""The web server: gunicorn with threads, in this very process, so that its command line says what it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from incident.processes import tether
from incident.settings import Settings

THREADS = 16


def run(settings: Settings, application: Callable[[], Any]) -> None:
    """Until SIGTERM; requests under way are finished. `application` is made in the worker, after the fork."""
    from gunicorn.app.base import BaseApplication

    port = settings.port
    options = {
        "bind": [f"{os.environ.get('BIND') or '127.0.0.1'}:{port}"],
        "workers": int(os.environ.get("WEB_WORKERS") or 1),
        "worker_class": "gthread",
        "threads": THREADS,
        "timeout": 60,
        "graceful_timeout": 4,
        "keepalive": 5,
        "loglevel": "warning",
        "control_socket_disable": True,
        "post_worker_init": _begun,
    }

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return application()

    Server().run()


def _begun(worker: Any) -> None:
    tether.watch_parent()
    tether.tell_ready()
