"""What is said to be well, and the outside watch that hears of it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

from sqlalchemy import text

from incident.delivery import leases, vitals
from incident.store.sessions import Store

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def test_a_silent_clock_and_a_missing_carrier_are_named(store: Store) -> None:
    assert vitals.unready(store, sms=False, now=NOW) == ["clock_silent", "no_sms_carrier"]
    leases.take(store, "clock", "one", NOW, 5)
    assert vitals.unready(store, sms=True, now=NOW + timedelta(seconds=9)) == []
    assert vitals.unready(store, sms=True, now=NOW + timedelta(seconds=11)) == ["clock_silent"]


def test_a_timeline_without_its_triggers_is_not_ready(sqlite_store: Store) -> None:
    leases.take(sqlite_store, "clock", "one", NOW, 5)
    with sqlite_store.writing() as session:
        names = session.scalars(
            text("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='entry'")
        )
        for name in list(names):
            session.execute(text(f"DROP TRIGGER {name}"))
    assert vitals.unready(sqlite_store, sms=True, now=NOW) == ["triggers_missing"]


def test_the_outside_watch_is_told_and_its_absence_is_survived() -> None:
    heard: list[str] = []

    class Watch(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Watch)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}/ping"
    assert vitals.ping(address)
    server.shutdown()
    server.server_close()
    thread.join()
    assert heard == ["/ping"]
    assert not vitals.ping(address)
