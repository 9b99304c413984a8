"""What web, worker and clock have in common: laid in once by their parent, so that they share the memory it takes.

Only modules. Nothing here opens a connection or a file, or begins a thread: a process is forked from what is laid in.
"""

from __future__ import annotations

import gc
import importlib

from sqlalchemy.orm import configure_mappers

from incident.settings import Settings

# By their names, for they are wanted in memory and not used here. What a single kind of process needs it imports itself.
USED_BY_ALL = (
    "incident.commands.up",
    "incident.processes.clock",
    "incident.processes.logs",
    "incident.processes.worker",
    "incident.delivery.outbox",
    "gunicorn.app.base",  # of the web server and of its own child
    "gunicorn.workers.gthread",
    "notify.email",
    "notify.gateway",
    "notify.twilio",
)


def lay_in(settings: Settings) -> None:
    """Import it, and set it apart from what the garbage collector looks at, lest looking make copies of it."""
    wanted = list(USED_BY_ALL)
    if settings.database_url.startswith("postgres"):
        wanted += ["psycopg", "sqlalchemy.dialects.postgresql.psycopg"]
    else:
        wanted += ["sqlite3", "sqlalchemy.dialects.sqlite.pysqlite"]
    if settings.redis_url is not None:
        wanted.append("rq")
    if (
        settings.twilio_sid is not None or settings.sms_gateways is None
    ):  # without either, the simulator speaks Twilio
        wanted += ["twilio.rest", "notify.twilio_pool"]
    if settings.sms_gateways is not None:
        wanted += ["notify.gateways.load", "notify.http_gateway", "notify.http_pool"]
    for name in wanted:
        importlib.import_module(name)
    configure_mappers()  # else each process would, for itself
    gc.collect()
    gc.freeze()
