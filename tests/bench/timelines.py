"""Incidents with a long record: opened through the API, then filled with notes through the one writer of the record."""

from __future__ import annotations

from sqlalchemy import select

from incident.domain.actors import Actor, Role
from incident.store.sessions import lock
from incident.store.tables import Incident
from incident.timeline import ledger
from incident.wiring import now
from tests.bench.service import Service

AT_ONCE = 1000
OFFICER = Actor("user", "bench", "Cán bộ trực", frozenset({Role.DUTY_OFFICER}))
NOTE = "Đã liên hệ Trạm Y tế; chưa ghi nhận ca nghi ngờ nào mới, tiếp tục theo dõi và báo lại trước giờ giao ban. Dòng {n}."


def incident_with(service: Service, entries: int) -> str:
    """An open incident of the full rumour playbook whose record has so many entries."""
    body = {
        "title": "Tin đồn dịch bệnh tại xã Mường Lò", "short_name": "tin đồn dịch", "playbook": "tin-gia-dich-benh",
        "level": 2, "area": ["xa_muong_lo_nam"], "kinds": [],
    }  # fmt: skip
    answer = service.officer.call("POST", "/incidents", body)
    if answer.status != 201:
        raise RuntimeError(f"not opened: {answer.status} {answer.data!r}")
    incident = str(answer.json()["id"])
    service.phones.quiet()
    while (missing := entries - _length(service, incident)) > 0:
        _write(service, incident, min(missing, AT_ONCE))
    return incident


def _length(service: Service, incident: str) -> int:
    with service.store.reading() as session:
        return session.scalars(select(Incident.chain_seq).where(Incident.id == incident)).one()


def _write(service: Service, incident: str, n: int) -> None:
    at = now()
    with service.store.writing() as session:
        head = lock(session, select(Incident).where(Incident.id == incident)).one()
        lines = [
            ledger.Line("note", at, at, OFFICER, {}, {"text": NOTE.format(n=head.chain_seq + i)})
            for i in range(n)
        ]
        ledger.append_many(session, head, lines)
