"""An incident written row by row, so that the read model is tested without the door that writes such rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from incident.domain.ids import new_id
from incident.domain.message_states import CALLED_STATUSES, FINAL_STATUSES
from incident.store.tables import (
    Assignment,
    Attempt,
    Entry,
    FreeText,
    Inbound,
    Incident,
    Message,
    MessageCause,
    Person,
    PlaybookVersion,
    Post,
    Request,
    Revision,
    Statement,
    Unit,
)
from incident.store.tables import Run as RunRow
from playbooks import load
from playbooks.language import Deadline, Playbook, Role, Span, Step, Verb
from playbooks.run import ACTIVE, DONE, Actor, Counter, DeadlineState, Run, StepState, to_json
from playbooks.signals import LawClock

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
ASKED = NOW - timedelta(minutes=20)
ENTRY_COLUMNS = {"actor": {"kind": "user", "id": "1", "name": "Trực"}, "canonical": "{}", "hash": "h"}

PLAYBOOK = Playbook(
    slug="vu-viec-mau",
    version=1,
    title="Vụ việc mẫu",
    levels={1: "Theo dõi", 2: "Sự cố", 3: "Nghiêm trọng"},
    roles={
        "to_truong": Role("to_truong", "Tổ trưởng", "pho_chu_tich_phu_trach"),
        "thu_ky": Role("thu_ky", "Thư ký", "so_vhttdl_chuyen_vien_bao_chi"),
        "cac_xa": Role("cac_xa", "UBND cấp xã", "nhom_dia_ban"),
    },
    steps=(
        Step("lap_to", Verb.ASSIGN, ("to_truong", "thu_ky"), ack=2),
        Step("du_thao", Verb.DRAFT, ("mau/a.md",), by=("thu_ky",), after=("lap_to",)),
        Step("duyet", Verb.APPROVE, ("du_thao",), by=("to_truong",), after=("du_thao",)),
        Step("cong_bo", Verb.PUBLISH, ("du_thao",), by=("to_truong", "thu_ky"), after=("duyet",)),
        Step("bao_xa", Verb.NOTIFY, ("cac_xa",), ack="all", message="mau/sms.txt", via=("sms",)),
        Step("luu", Verb.TASK, ("Lưu bằng chứng",), by=("thu_ky",), items=("Ảnh", "Đường dẫn"), proof=True),
    ),
    deadlines=(
        Deadline("phap_ly", "Thông tin ban đầu", "cong_bo", law="thong_tin_ban_dau"),
        Deadline("noi_bo", "Ra trước công chúng", "cong_bo", within={3: Span(1800)}),
        Deadline("sau", "Rút kinh nghiệm", "cong_bo", within={3: Span(1800)}, start="cong_bo"),
    ),
    templates={"mau/a.md": "# Thông tin ban đầu\nNội dung", "mau/sms.txt": "x"},
)


def the_run(lead: str, clerk: str) -> Run:
    return Run(
        level=3,
        started_at=ASKED,
        anchors={"opened_at": ASKED, "accepted_at": ASKED},
        laws={"thong_tin_ban_dau": LawClock("accepted_at", 24, "Nghị định 244/2026/NĐ-CP, khoản 3 Điều 7")},
        steps={
            "lap_to": StepState(
                ACTIVE, 1, since=ASKED, actors=(Actor(lead, "to_truong", "accepted"), Actor(clerk, "thu_ky"))
            ),
            "duyet": StepState(ACTIVE, 1, since=ASKED, actors=(Actor(lead, "to_truong"),)),
            "du_thao": StepState(
                DONE, 1, since=ASKED, done_at=NOW, actors=(Actor(clerk, "thu_ky", "accepted"),)
            ),
            "bao_xa": StepState(ACTIVE, 1, since=ASKED, counters=(Counter("cac_xa", 5, 3, 1),)),
            "luu": StepState(ACTIVE, 1, since=ASKED, ticked=(0,), actors=(Actor(clerk, "thu_ky"),)),
        },
        deadlines={
            "phap_ly": DeadlineState(due=ASKED + timedelta(hours=24)),
            "noi_bo": DeadlineState(due=ASKED + timedelta(minutes=30), warned=(600,)),
            "sau": DeadlineState(),
        },
    )


class Recorded:
    """Writes one incident with a lead who accepted, a clerk who has not, and what a test adds."""

    def __init__(self, session: Session, number: int = 27) -> None:
        self.session = session
        self.id = new_id(NOW)
        if session.get(Unit, "so_mau") is None:
            self._directory()
        self._incident(number)
        self.lead_request = self.request("lap_to", "p-lead", "to_truong", state="accepted")
        self.clerk_request = self.request("lap_to", "p-clerk", "thu_ky")
        session.flush()

    def _directory(self) -> None:
        words = {"kind": "so", "bloc": "nha_nuoc"}
        self.session.add(Unit(key="so_mau", name="Sở Mẫu", short_name="Sở Mẫu", **words))
        self.session.add(
            Unit(key="xa_a", name="UBND xã A", short_name="xã A", kind="xa", bloc="nha_nuoc", area="xa_a")
        )
        self.session.flush()
        self.session.add(Post(key="lead", title="Phó Chủ tịch UBND tỉnh", unit="so_mau"))
        for id, name, phone in (
            ("p-lead", "Nguyễn Văn Mẫu 01", "+84540000011"),
            ("p-clerk", "Trần Thị Mẫu 02", "+84540000012"),
            ("p-silent", "Lê Văn Mẫu 03", None),
        ):
            self.session.add(Person(id=id, name=name, sort_name=name, unit="so_mau", phone=phone))
        self.session.flush()
        self.session.add(Assignment(id="a-1", person="p-lead", post="lead"))
        compiled = load.compile(PLAYBOOK)
        self.session.add(
            PlaybookVersion(
                id="v-1",
                slug=PLAYBOOK.slug,
                version=1,
                title=PLAYBOOK.title,
                sha256=load.sha256(compiled),
                compiled=compiled,
                created_at=NOW,
            )
        )
        self.session.flush()

    def _incident(self, number: int) -> None:
        self.incident = Incident(
            id=self.id,
            code=str(number),
            number=f"VV-{number}/2026",
            mode="live",
            title="Tin về hồ Suối Lạc",
            short_name="tin ve ho Suoi Lac",
            playbook=PLAYBOOK.slug,
            playbook_version="v-1",
            level=3,
            area=["xa_a"],
            opened_at=ASKED,
            opened_by="Trực",
            names={"p-lead": {"name": "Nguyễn Văn Mẫu 01", "post": "Phó Chủ tịch", "unit": "UBND tỉnh"}},
            basis={"title": "Nghị định số 244/2026/NĐ-CP", "source": "Cổng TTĐT", "verified": "V2"},
        )
        self.session.add(self.incident)
        self.session.flush()
        self.run(the_run("p-lead", "p-clerk"))

    def run(self, run: Run) -> None:
        self.session.merge(RunRow(incident_id=self.id, state=to_json(run), wake_at=None))

    def change_run(self, **steps: StepState) -> None:
        run = the_run("p-lead", "p-clerk")
        self.run(replace(run, steps={**run.steps, **steps}))

    def request(self, step: str, person: str, role: str, **more: Any) -> str:
        id = new_id(NOW)
        row = {
            "activation": 1,
            "purpose": "summon",
            "party": person,
            "state": "asked",
            "asked_at": ASKED,
            "answered_at": NOW if more.get("state") == "accepted" else None,
        }
        self.session.add(
            Request(id=id, incident_id=self.id, step=step, person_id=person, role=role, **(row | more))
        )
        self.session.flush()
        return id

    def message(self, request: str, status: str, sent_at: datetime | None = None) -> None:
        id = new_id(NOW)
        self.session.add(
            Message(
                id=id,
                dedupe_key=id,
                incident_id=self.id,
                kind="summon",
                channel="sms",
                address="+84540000011",
                body="x",
                encoding="GSM-7",
                parts=1,
                created_at=ASKED,
                not_before=ASKED,
                status=status,
                attempts=int(status in CALLED_STATUSES),
                claim_token="t" if status == "sending" else None,
                claim_until=ASKED if status == "sending" else None,
                finished_at=ASKED if status in FINAL_STATUSES else None,
            )
        )
        self.session.add(MessageCause(effect_key=id, message_id=id, request_id=request))
        if sent_at:
            self.session.add(
                Attempt(
                    id=new_id(NOW),
                    message_id=id,
                    n=1,
                    carrier="sim",
                    started_at=sent_at,
                    finished_at=sent_at,
                    outcome="accepted",
                )
            )
        self.session.flush()

    def entries(self, count: int) -> None:
        rows = [
            ENTRY_COLUMNS
            | {"chain": self.id, "seq": n, "kind": "note", "occurred_at": NOW, "recorded_at": NOW}
            | {"data": {"n": n}, "prev_hash": "p"}
            for n in range(1, count + 1)
        ]
        self.session.execute(insert(Entry), rows)
        self.incident.chain_seq = count

    def entry(self, seq: int, kind: str, data: dict[str, Any]) -> None:
        row = {"chain": self.id, "seq": seq, "kind": kind, "occurred_at": NOW, "recorded_at": NOW}
        self.session.add(Entry(**(ENTRY_COLUMNS | row | {"data": data, "prev_hash": "p"})))

    def text(self, seq: int, text: str | None, masked: str | None = None) -> None:
        self.session.add(
            FreeText(
                chain=self.id,
                seq=seq,
                field="text",
                text=text,
                mask_reason=masked,
                masked_at=NOW if masked else None,
            )
        )

    def statement(self) -> Statement:
        row = Statement(
            id=new_id(NOW),
            incident_id=self.id,
            step="du_thao",
            title="Thông tin ban đầu",
            text="Nội dung",
            created_at=NOW,
            updated_at=NOW,
        )
        self.session.add(row)
        self.session.flush()
        return row

    def revision(self, statement: str, n: int) -> Revision:
        row = Revision(
            id=new_id(NOW),
            statement_id=statement,
            n=n,
            text="Nội dung",
            sha256="a" * 64,
            code="7K2",
            editors=["p-clerk"],
            submitted_by="p-clerk",
            submitted_at=NOW,
        )
        self.session.add(row)
        self.session.flush()
        return row

    def unclear_reply(self, person: str, incident: bool = True) -> None:
        id = new_id(NOW)
        self.session.add(
            Inbound(
                id=id,
                carrier="sim",
                carrier_id=id,
                sender="+84540000012",
                body="de toi xem da",
                received_at=NOW,
                state="review",
                person_id=person,
                incident_id=self.id if incident else None,
            )
        )
        self.session.flush()
