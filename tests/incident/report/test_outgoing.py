"""How far the sending has come, in messages."""

from __future__ import annotations

from datetime import UTC, datetime

from incident.report.outgoing import Progress, progress
from incident.store.sessions import Store
from incident.store.tables import Mailing
from tests.incident.report.recorded import Recorded

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def test_a_little_is_gone_before_anybody_reads_it(store: Store) -> None:
    with store.reading() as session:
        assert progress(session, "nobody", {"created": 5, "delivered": 3}) is None


def test_what_waits_is_counted_against_the_whole(store: Store) -> None:
    with store.reading() as session:
        counts = {"created": 20, "sending": 5, "delivered": 70, "unknown": 5}
        assert progress(session, "nobody", counts) == Progress(75, 100)
        assert progress(session, "nobody", {"delivered": 100}) is None


def test_people_of_a_mailing_not_yet_written_out_are_counted(store: Store) -> None:
    with store.writing() as session:
        incident = Recorded(session).id
        session.add(
            Mailing(
                id="mailing", effect_key="key", incident_id=incident, step="bao", activation=1, role="cac_xa", purpose="notify",
                ack=True, via=["sms"], body="", audience=[], total=1000, cursor=200, created_at=NOW,
            )
        )  # fmt: skip
        session.flush()
        shown = progress(session, incident, {"delivered": 150, "created": 50})
    assert shown == Progress(150, 1000)
    assert shown.percent == 15
