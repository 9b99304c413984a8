from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from incident.domain.errors import NotFound
from incident.report.cards import gather_list
from incident.report.gathering import change_tag, gather, timeline_page
from incident.report.record import IncidentView
from incident.store.sessions import Store
from incident.store.tables import Approval, Incident, Message, Person, Proof, Release
from playbooks.run import ACTIVE, STUCK, Actor, StepState
from tests.incident.report.recorded import ASKED, NOW, Recorded

PAGE_QUERIES = 16


def record(store: Store, *write: Callable[[Recorded], object]) -> str:
    with store.writing() as session:
        written = Recorded(session)
        for step in write:
            step(written)
        return written.id


def view_of(store: Store, id: str, **more: Any) -> IncidentView:
    with store.reading() as session:
        return gather(session, id, NOW, **more)


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(*args: Any) -> None:
        seen.append(args[2])

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_an_unknown_incident_is_not_found(store: Store) -> None:
    with store.reading() as session:
        with pytest.raises(NotFound):
            gather(session, "nowhere", NOW)
        with pytest.raises(NotFound):
            change_tag(session, "nowhere")


def test_the_head_carries_names_of_level_area_and_playbook(store: Store) -> None:
    view = view_of(store, record(store))
    assert (view.code, view.number, view.status) == ("27", "VV-27/2026", "open")
    assert view.level_name == "Nghiêm trọng"
    assert view.area_names == ("Xã A",)
    assert view.playbook_title == "Vụ việc mẫu"
    assert not view.drill


def test_steps_say_whom_they_wait_for_and_which_text_they_are_about(store: Store) -> None:
    made: list[str] = []

    def write(r: Recorded) -> None:
        made.append(r.statement().id)
        r.session.add(Proof(id="f", incident_id=r.id, step="luu", text="ảnh", person="x", created_at=NOW))

    view = view_of(store, record(store, write))
    steps = {step.id: step for step in view.steps}
    assert [step.id for step in view.steps] == ["lap_to", "du_thao", "duyet", "cong_bo", "bao_xa", "luu"]
    assert steps["lap_to"].people == ("Trần Thị Mẫu 02",)
    assert steps["lap_to"].title == "Lập Tổ công tác: Tổ trưởng, Thư ký"
    assert steps["duyet"].title == "Duyệt: thông tin ban đầu"
    assert steps["cong_bo"].state == "waiting"
    assert {steps[id].statement_id for id in ("du_thao", "duyet", "cong_bo")} == {made[0]}
    assert steps["luu"].ticked == (0,)
    assert steps["luu"].proofs == ("ảnh",)


def test_a_group_is_given_by_numbers(store: Store) -> None:
    group = view_of(store, record(store)).groups[0]
    assert (group.total, group.accepted, group.declined, group.waiting) == (5, 3, 1, 1)


def test_deadlines_say_by_what_law_and_in_which_state(store: Store) -> None:
    law, internal, later = view_of(store, record(store)).deadlines
    assert law.law
    assert law.basis == "Nghị định 244/2026/NĐ-CP, khoản 3 Điều 7"
    assert "V2" in law.basis_note
    assert (law.state, law.start_title) == ("running", "Lúc tiếp nhận, xử lý theo thẩm quyền")
    assert law.started_at == ASKED
    assert (internal.law, internal.state, internal.basis) == (False, "warned", "")
    assert (later.state, later.due) == ("no_anchor", None)
    assert later.start_title == "Công bố: thông tin ban đầu"


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (("created",), "sending"),
        (("sending",), "sending"),
        (("accepted",), "asked"),
        (("delivered",), "asked"),  # a carrier's receipt is never an answer
        (("created", "sent"), "asked"),
        (("permanent-failure",), "unreachable"),
        (("permanent-failure", "created"), "sending"),
        (("permanent-failure", "delivered"), "asked"),
        (("unknown",), "sending"),  # nobody knows: not said to be told,
    ],
)
def test_a_member_without_an_answer_is_as_far_as_the_messages(
    sqlite_store: Store, statuses: tuple[str, ...], state: str
) -> None:
    def write(r: Recorded) -> None:
        for status in statuses:
            r.message(r.clerk_request, status)

    members = {m.person_id: m for m in view_of(sqlite_store, record(sqlite_store, write)).task_force}
    assert members["p-clerk"].state == state
    assert members["p-lead"].state == "accepted"


def test_someone_without_number_or_message_was_not_told(store: Store) -> None:
    id = record(store, lambda r: r.request("lap_to", "p-silent", "thu_ky"))
    members = {m.person_id: m for m in view_of(store, id).task_force}
    assert members["p-silent"].state == "not_told"


def test_names_are_those_of_the_snapshot_and_numbers_those_of_the_directory(store: Store) -> None:
    def write(r: Recorded) -> None:
        person = r.session.get_one(Person, "p-lead")
        person.name, person.phone = "Tên mới", "+84540000099"

    lead = view_of(store, record(store, write)).task_force[0]
    assert (lead.name, lead.post, lead.unit) == ("Nguyễn Văn Mẫu 01", "Phó Chủ tịch", "UBND tỉnh")
    assert lead.phone == "+84540000099"


def test_wrong_number_review_and_stand_in_are_states_of_a_member(store: Store) -> None:
    def write(r: Recorded) -> None:
        r.session.get_one(Person, "p-clerk").wrong_number_at = NOW
        r.request("bao", "p-lead", "to_truong", state="declined", reason="đi vắng")
        r.request("bao", "p-silent", "to_truong", state="accepted", instead_of="p-lead")
        r.request("khac", "p-silent", "to_truong")
        r.unclear_reply("p-silent", incident=False)

    view = view_of(store, record(store, write))
    members = {(m.step, m.person_id): m for m in view.task_force}
    assert members["lap_to", "p-clerk"].state == "wrong_number"
    assert members["bao", "p-lead"].state == "declined"
    assert members["bao", "p-lead"].replaced_by == "Lê Văn Mẫu 03"
    assert members["bao", "p-silent"].instead_of == "Nguyễn Văn Mẫu 01"
    assert members["khac", "p-silent"].state == "review"
    assert [reply.body for reply in view.review] == ["de toi xem da"]


def test_someone_no_channel_could_reach_is_said_to_be_out_of_reach(store: Store) -> None:
    def write(r: Recorded) -> None:
        gone = StepState(
            ACTIVE, 1, actors=(Actor("p-clerk", "thu_ky", "unreachable"), Actor("p-silent", "thu_ky"))
        )
        r.change_run(lap_to=gone)
        r.request("lap_to", "p-silent", "thu_ky", instead_of="p-clerk")

    members = {m.person_id: m for m in view_of(store, record(store, write)).task_force}
    assert members["p-clerk"].state == "unreachable"
    assert members["p-clerk"].replaced_by == "Lê Văn Mẫu 03"


def test_a_later_activation_takes_the_place_of_the_one_before(store: Store) -> None:
    id = record(store, lambda r: r.request("lap_to", "p-lead", "to_truong", activation=2))
    leads = [m for m in view_of(store, id).task_force if m.person_id == "p-lead"]
    assert [m.state for m in leads] == ["sending"]


def test_answers_carry_when_a_carrier_first_took_the_message(store: Store) -> None:
    sent = ASKED + timedelta(seconds=4)

    def write(r: Recorded) -> None:
        r.message(r.lead_request, "delivered", sent + timedelta(seconds=3))
        r.message(r.lead_request, "delivered", sent)

    answers = {a.person_id: a for a in view_of(store, record(store, write)).answers}
    assert answers["p-lead"].sent_at == sent
    assert answers["p-lead"].answered_at == NOW
    assert answers["p-clerk"].sent_at is None


def test_answers_of_a_group_are_read_with_the_whole_timeline_only(store: Store) -> None:
    id = record(
        store,
        lambda r: r.request("bao_xa", "p-silent", "cac_xa", grouped=True, party="xa_a", purpose="notify"),
    )
    whole = view_of(store, id)
    assert [a.party for a in whole.answers if a.grouped] == ["xa_a"]
    assert not any(a.grouped for a in view_of(store, id, limit=100).answers)
    assert any(a.grouped for a in view_of(store, id, limit=100, grouped=True).answers)
    assert all(m.person_id != "p-silent" for m in whole.task_force)


def test_a_statement_has_its_revisions_decisions_and_releases(store: Store) -> None:
    def write(r: Recorded) -> None:
        statement = r.statement()
        first, second = r.revision(statement.id, 1), r.revision(statement.id, 2)
        words = {"step": "duyet", "person_id": "p-lead", "sha256": first.sha256}
        r.session.add(
            Approval(
                id="1", revision_id=first.id, decision="returned", reason="thiếu số liệu", at=NOW, **words
            )
        )
        r.session.add(Approval(id="2", revision_id=second.id, decision="approved", at=NOW, **words))
        r.session.add(
            Release(
                id="3",
                incident_id=r.id,
                revision_id=second.id,
                step="cong_bo",
                sha256=second.sha256,
                released_by="p-lead",
                approved_to_go_at=NOW,
            )
        )

    (statement,) = view_of(store, record(store, write)).statements
    assert (statement.approve_step, statement.publish_step) == ("duyet", "cong_bo")
    assert statement.waits_for == ("Nguyễn Văn Mẫu 01",)
    assert [r.n for r in statement.revisions] == [1, 2]
    assert statement.revisions[0].editors == ("Trần Thị Mẫu 02",)
    assert [a.decision for r in statement.revisions for a in r.approvals] == ["returned", "approved"]
    assert (statement.releases[0].revision_n, statement.releases[0].posted_by) == (2, None)


def test_the_timeline_is_the_whole_the_newest_or_a_page(store: Store) -> None:
    id = record(store, lambda r: r.entries(12))
    assert [e.seq for e in view_of(store, id).timeline] == list(range(1, 13))
    assert [e.seq for e in view_of(store, id, limit=3).timeline] == [10, 11, 12]
    assert view_of(store, id, timeline=False).timeline == ()
    with store.reading() as session:
        first = timeline_page(session, id, after=2, limit=3, oldest_first=True)
        before = timeline_page(session, id, before=5, limit=2)
    assert [e.seq for e in first] == [3, 4, 5]
    assert [e.seq for e in before] == [3, 4]


def test_the_sentence_of_an_entry_calls_steps_by_their_titles(store: Store) -> None:
    id = record(store, lambda r: r.entry(1, "step_done", {"step": "duyet", "activation": 1, "result": None}))
    (entry,) = view_of(store, id).timeline
    assert "thông tin ban đầu" in entry.text


def test_a_masked_text_is_shown_with_its_reason_only(store: Store) -> None:
    def write(r: Recorded) -> None:
        r.entries(2)
        r.text(1, None, masked="tên nạn nhân")
        r.text(2, "nước rút")

    first, second = view_of(store, record(store, write)).timeline
    assert first.free == {"text": "[đã che, lý do: tên nạn nhân]"}
    assert first.maskable == ()
    assert second.free == {"text": "nước rút"}
    assert second.maskable == ("text",)


def test_the_tag_changes_with_what_is_shown_and_with_nothing_else(store: Store) -> None:
    id = record(store, lambda r: r.message(r.clerk_request, "created"))

    def tag() -> str:
        with store.reading() as session:
            return change_tag(session, id)

    seen = [tag()]
    assert tag() == seen[0]
    with store.writing() as session:
        session.query(Message).update({"status": "delivered", "attempts": 1, "finished_at": NOW})
    seen.append(tag())
    with store.writing() as session:
        session.get_one(Incident, id).chain_seq += 1
    seen.append(tag())
    assert len(set(seen)) == 3


@pytest.mark.parametrize("entries", [100, 10_000])
def test_a_page_costs_the_same_queries_and_rows_however_long_the_record(store: Store, entries: int) -> None:
    id = record(store, lambda r: r.entries(entries))
    with store.reading() as session:
        gather(session, id, NOW, limit=100)
        with counted(session) as queries:
            view = gather(session, id, NOW, limit=100)
    assert len(queries) == PAGE_QUERIES
    assert len(view.timeline) == 100


def test_the_tag_costs_two_queries(store: Store) -> None:
    id = record(store)
    with store.reading() as session, counted(session) as queries:
        change_tag(session, id)
    assert len(queries) <= 3


def test_cards_tell_what_is_urgent_and_who_is_missing(store: Store) -> None:
    record(
        store,
        lambda r: r.change_run(lap_to=StepState(STUCK, 1, actors=(Actor("p-clerk", "thu_ky"),))),
        lambda r: r.unclear_reply("p-clerk"),
    )
    with store.reading() as session:
        (card,) = gather_list(session, NOW)
    assert card.next_deadline is not None
    assert card.next_deadline.id == "noi_bo"
    assert (card.asked, card.accepted, card.missing) == (2, 1, ("Trần Thị Mẫu 02",))
    assert (card.overdue, card.review) == (1, 1)


def test_the_list_is_cut_in_pages_and_by_status_and_person(store: Store) -> None:
    with store.writing() as session:
        written = [Recorded(session, number) for number in (27, 28, 29)]
        written[0].incident.status = "closed"
        written[1].request("x", "p-silent", "thu_ky")
    newest = sorted((w.id for w in written), reverse=True)
    with store.reading() as session:
        first = gather_list(session, NOW, limit=2)
        rest = gather_list(session, NOW, limit=2, after=first[-1].id)
        closed = gather_list(session, NOW, status="closed")
        own = gather_list(session, NOW, person_id="p-silent")
        assert gather_list(session, NOW, status="cancelled") == []
    assert [c.id for c in first + rest] == newest
    assert [c.number for c in closed] == ["VV-27/2026"]
    assert [c.number for c in own] == ["VV-28/2026"]
