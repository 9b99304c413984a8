"""A playbook is written, proved, signed by a second person, used, taken back: nothing by one person alone, nothing lost."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from incident.domain.actors import Actor, Role
from incident.domain.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from incident.response import library, playbook_draft, publishing, revising
from incident.response.library import pinned
from incident.response.open import Opened
from incident.store.tables import Entry, PlaybookEdit, PlaybookPublication
from incident.store.tables import Incident as IncidentRow
from incident.timeline.verify import verify_chain
from tests.stories.world import World

SLUG = "tin-gia-dich-benh"
WRITER, SIGNER = "so_vhttdl_chuyen_vien_bao_chi", "pho_chu_tich_phu_trach"


def writer(world: World) -> Actor:
    return world.actor(WRITER, Role.SECRETARY)


def signer(world: World) -> Actor:
    return world.actor(SIGNER, Role.APPROVER)


def reads_all(world: World) -> None:
    for phone in world.phones.values():
        phone.has_read_all()


def in_work(world: World, slug: str = SLUG) -> playbook_draft.Draft:
    with world.store.reading() as session:
        found = playbook_draft.draft(session, slug)
    assert found
    return found


def saves(world: World, source: str, who: Actor | None = None, slug: str = SLUG) -> int:
    known = in_work(world, slug)
    return playbook_draft.save(
        world.desk, slug, source, known.edit.scenarios, known.edit.n, who or writer(world), world.time
    )


def publishes(world: World, change: tuple[str, str] = ("Lãnh đạo trực", "Lãnh đạo trực tỉnh")) -> int:
    """The secretary changes one thing and asks, the head of the task force signs."""
    playbook_draft.begin(world.desk, SLUG, writer(world), world.time)
    n = saves(world, in_work(world).edit.source.replace(*change))
    publishing.ask(world.desk, SLUG, n, writer(world), world.time)
    return publishing.sign(world.desk, SLUG, n, signer(world), world.time)


def version_in_use(world: World, slug: str = SLUG) -> int:
    with world.store.reading() as session:
        return library.read(session, world.desk, slug).version


def test_what_two_people_published_is_what_the_next_incident_runs(world: World) -> None:
    before = world.opens(key="before")
    old = version_in_use(world)
    new = publishes(world)
    assert new == old + 1 == version_in_use(world)
    after = world.opens(key="after")
    with world.store.reading() as session:
        runs = [session.get_one(IncidentRow, one.incident_id).playbook_version for one in (before, after)]
        assert [pinned(session, id).version for id in runs] == [old, new]
        (kept,) = publishing.publications(session, SLUG)
        assert "_chung/lap-to-cong-tac.yaml" in kept.files
        assert "mau/sms-bao-don-vi.txt" in kept.files
        assert kept.green == len(kept.rehearsal) >= 9
        assert (kept.edited_name, kept.signed_name) == (writer(world).name, signer(world).name)
        kinds = session.scalars(select(Entry.kind).where(Entry.chain == "system").order_by(Entry.seq)).all()
        assert [k for k in kinds if k.startswith("playbook")] == [
            "playbook_begun", "playbook_saved", "playbook_saved", "playbook_asked", "playbook_published",
        ]  # fmt: skip
        assert verify_chain(session, "system").ok
    reads_all(world)


def test_nobody_signs_what_he_wrote_and_only_signers_sign(world: World) -> None:
    both = world.actor("nguoi_phat_ngon", Role.SPOKESPERSON)
    playbook_draft.begin(world.desk, SLUG, writer(world), world.time)
    saves(world, in_work(world).edit.source + "\n# câu chữ của người phát ngôn\n", both)
    n = saves(world, in_work(world).edit.source + "\n# thêm\n")
    publishing.ask(world.desk, SLUG, n, writer(world), world.time)
    for who in (both, writer(world), world.duty, Actor("token", "t", "Máy", frozenset({Role.APPROVER}))):
        with pytest.raises(Forbidden):
            publishing.sign(world.desk, SLUG, n, who, world.time)
    assert publishing.sign(world.desk, SLUG, n, signer(world), world.time) == version_in_use(world)


def test_an_account_that_is_tied_to_a_person_only_later_does_not_sign_what_it_wrote(world: World) -> None:
    bare = Actor("user", "7", "Tài khoản 7", frozenset({Role.SPOKESPERSON}))
    tied = Actor("user", "7", "Tài khoản 7", frozenset({Role.SPOKESPERSON}), world.person(SIGNER).id)
    playbook_draft.begin(world.desk, SLUG, bare, world.time)
    n = saves(world, in_work(world).edit.source + "\n# thêm\n", bare)
    publishing.ask(world.desk, SLUG, n, bare, world.time)
    with pytest.raises(Forbidden):
        publishing.sign(world.desk, SLUG, n, tied, world.time)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("Bước kiểm tra", "x" * 201),
        ("lap_to", "b" * 61),
        ("thu_ky", "r" * 61),
    ],
)
def test_nothing_is_published_that_the_tables_cannot_keep(world: World, short: str, long: str) -> None:
    playbook_draft.begin_new(world.desk, "mua-lu", "Bước kiểm tra", "", writer(world), world.time)
    text = in_work(world, "mua-lu").edit.source
    n = saves(world, text.replace(short, long), slug="mua-lu")
    with pytest.raises(Invalid) as refused:
        _published_and_opened(world, n)
    assert refused.value.code == "not_proved"


def _published_and_opened(world: World, n: int) -> None:
    publishing.ask(world.desk, "mua-lu", n, writer(world), world.time)
    publishing.sign(world.desk, "mua-lu", n, signer(world), world.time)
    world.opens(playbook="mua-lu", topic="chung")


def test_no_playbook_is_published_whose_messages_a_real_incident_could_not_send(world: World) -> None:
    playbook_draft.begin_new(world.desk, "mua-lu", "Mưa lũ", "", writer(world), world.time)
    text = in_work(world, "mua-lu").edit.source
    told = "Báo cáo, xin ý kiến lãnh đạo trực"
    n = saves(world, text.replace(told, "Báo cáo kết quả diễn tập"), slug="mua-lu")
    with pytest.raises(Invalid) as refused:
        _published_and_opened(world, n)
    assert "bị chặn" in refused.value.text
    assert "Báo cáo kết quả diễn tập" in refused.value.text


def test_the_database_itself_wants_two_people_and_a_proof(world: World) -> None:
    publishes(world)
    change = "UPDATE playbook_publication SET {}"
    for column in ("signed_by = edited_by", "red = 1", "files = '{{}}'"):
        with pytest.raises(IntegrityError), world.store.writing() as session:
            session.execute(text(change.format(column)))
    copied = (
        "INSERT INTO playbook_publication (id, slug, version, version_id, files, editors, edited_by, edited_name,"
        " signed_by, signed_name, faults, green, red, rehearsal, rehearsed_at, published_at, withdrawn_why)"
        " SELECT 'x', slug, version + 1, version_id, files, {}, edited_by, edited_name, {}, signed_name, {}, green, {},"
        " rehearsal, rehearsed_at, published_at, '' FROM playbook_publication"
    )
    for values in (
        ("editors", "edited_by", 0, 0),
        ("""'["' || signed_by || '"]'""", "signed_by", 0, 0),
        ("editors", "signed_by", 1, 0),
        ("editors", "signed_by", 0, 1),
    ):
        with pytest.raises(IntegrityError), world.store.writing() as session:
            session.execute(text(copied.format(*values)))
    for statement in ("UPDATE playbook_version SET title = 'x'", "DELETE FROM playbook_edit"):
        with pytest.raises(IntegrityError, match="append-only"), world.store.writing() as session:
            session.execute(text(statement))


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("after: lap_to", "after: lap_tu", "Còn 1 lỗi"),
        ("- {done: cong_bo_1", "- {stuck: xac_minh}\n  - {done: cong_bo_1", "tình huống chưa đạt"),
        ("version: ", "version: 0", "Phiên bản"),
        (f"playbook: {SLUG}", "playbook: ten-khac", "phải ghi"),
    ],
)
def test_nothing_goes_to_signature_with_a_fault_or_a_red_scenario(
    world: World, before: str, after: str, why: str
) -> None:
    playbook_draft.begin(world.desk, SLUG, writer(world), world.time)
    known = in_work(world).edit
    source, scenarios = (text.replace(before, after, 1) for text in (known.source, known.scenarios))
    assert (source, scenarios) != (known.source, known.scenarios)
    if why == "Phiên bản":
        source = known.source.replace(f"version: {known.source.split('version: ')[1][:1]}", "version: 1", 1)
    n = playbook_draft.save(world.desk, SLUG, source, scenarios, known.n, writer(world), world.time)
    with pytest.raises(Invalid, match=why):
        publishing.ask(world.desk, SLUG, n, writer(world), world.time)
    with pytest.raises(Refusal):
        publishing.sign(world.desk, SLUG, n, signer(world), world.time)
    assert not in_work(world).asked


def test_a_text_saved_after_the_asking_must_be_asked_for_again(world: World) -> None:
    playbook_draft.begin(world.desk, SLUG, writer(world), world.time)
    n = in_work(world).edit.n
    publishing.ask(world.desk, SLUG, n, writer(world), world.time)
    saves(world, in_work(world).edit.source + "# sửa sau khi trình\n")
    with pytest.raises(Conflict):
        publishing.sign(world.desk, SLUG, n, signer(world), world.time)
    with pytest.raises(Conflict):
        publishing.sign(world.desk, SLUG, n + 1, signer(world), world.time)


def test_the_second_of_two_editors_is_told_whose_text_he_overwrites(world: World) -> None:
    playbook_draft.begin(world.desk, SLUG, writer(world), world.time)
    seen = in_work(world).edit
    saves(world, seen.source + "# của thư ký\n")
    with pytest.raises(playbook_draft.Overtaken, match=writer(world).name) as overtaken:
        playbook_draft.save(
            world.desk, SLUG, seen.source + "# của trực\n", seen.scenarios, seen.n, world.duty, world.time
        )
    assert overtaken.value.edit.source.endswith("# của thư ký\n")
    saves(world, seen.source + "# của trực\n", world.duty)
    with world.store.reading() as session:
        every = playbook_draft.edits(session, SLUG)
    assert [edit.source.splitlines()[-1] for edit in every[:2]] == ["# của trực", "# của thư ký"]


def test_the_same_text_or_the_same_press_twice_is_once(world: World) -> None:
    playbook_draft.begin(world.desk, SLUG, writer(world), world.time)
    playbook_draft.begin(world.desk, SLUG, writer(world), world.time)
    seen = in_work(world).edit
    for _press in range(2):
        playbook_draft.save(
            world.desk, SLUG, seen.source + "#\n", seen.scenarios, seen.n, writer(world), world.time
        )
    n = in_work(world).edit.n
    for _press in range(2):
        publishing.ask(world.desk, SLUG, n, writer(world), world.time)
    assert len({publishing.sign(world.desk, SLUG, n, signer(world), world.time) for _press in range(2)}) == 1
    with world.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(PlaybookEdit)) == 2
        assert session.scalar(select(func.count()).select_from(PlaybookPublication)) == 1


def test_a_withdrawn_version_gives_way_to_the_one_before_and_its_number_is_not_used_again(
    world: World,
) -> None:
    old = version_in_use(world)
    first = publishes(world)
    second = publishes(world, ("Cán bộ trực", "Cán bộ trực ca"))
    publishing.withdraw(world.desk, SLUG, second, "Sai thời hạn cấp 3", world.duty, world.time)
    assert version_in_use(world) == first
    with pytest.raises(Conflict):
        publishing.withdraw(world.desk, SLUG, second, "lần nữa", world.duty, world.time)
    publishing.withdraw(world.desk, SLUG, first, "Quay về bản gốc", signer(world), world.time)
    assert version_in_use(world) == old
    assert publishes(world) == second + 1
    with pytest.raises(Invalid):
        publishing.withdraw(world.desk, SLUG, second + 1, "  ", world.duty, world.time)
    with pytest.raises(NotFound):
        publishing.withdraw(world.desk, SLUG, 99, "x", world.duty, world.time)


def test_a_playbook_of_ones_own_from_the_skeleton_is_sound_and_can_be_opened(world: World) -> None:
    playbook_draft.begin_new(world.desk, "mua-lu-quet", 'Mưa, lũ quét "lớn"', "", writer(world), world.time)
    n = in_work(world, "mua-lu-quet").edit.n
    publishing.ask(world.desk, "mua-lu-quet", n, writer(world), world.time)
    assert publishing.sign(world.desk, "mua-lu-quet", n, signer(world), world.time) == 1
    opened = world.opens(playbook="mua-lu-quet", topic=None)
    assert world.view(opened).playbook_title.startswith("Mưa, lũ quét")
    reads_all(world)


def test_names_that_cannot_be(world: World) -> None:
    for slug, title in (
        (SLUG, "Trùng"),
        ("Có dấu", "x"),
        ("../etc", "x"),
        ("", "x"),
        ("moi", "  "),
        ("a" * 61, "x"),
    ):
        with pytest.raises(Invalid):
            playbook_draft.begin_new(world.desk, slug, title, "", writer(world), world.time)
    with pytest.raises(NotFound):
        playbook_draft.begin_new(world.desk, "moi", "Mới", "khong-co", writer(world), world.time)
    with pytest.raises(Forbidden):
        playbook_draft.begin_new(world.desk, "moi", "Mới", "", world.actor(SIGNER, Role.APPROVER), world.time)


def test_what_is_given_back_says_why(world: World) -> None:
    playbook_draft.begin(world.desk, SLUG, writer(world), world.time)
    n = in_work(world).edit.n
    publishing.ask(world.desk, SLUG, n, writer(world), world.time)
    publishing.give_back(world.desk, SLUG, n, "Hạn cấp 3 quá dài", signer(world), world.time)
    assert "Hạn cấp 3 quá dài" in in_work(world).returned
    with pytest.raises(Conflict):
        publishing.sign(world.desk, SLUG, n, signer(world), world.time)
    playbook_draft.discard(world.desk, SLUG, writer(world), world.time)
    with pytest.raises(NotFound):
        publishing.ask(world.desk, SLUG, n, writer(world), world.time)


# ------------------------------------------------------------------ an incident under way


def passes(world: World, incident: Opened, sha256: str = "") -> None:
    with world.store.reading() as session:
        row = session.get_one(IncidentRow, incident.incident_id)
        found = revising.outlook(session, world.desk, row)
    revising.revise(
        world.desk, incident.incident_id, sha256 or found.sha256, "Kịch bản mới đã ký", world.duty, world.time
    )


def run_version(world: World, incident: Opened) -> int:
    return world.view(incident).playbook_version


NEW_STEP = """  - id: xem_lai
    task: "Rà lại nội dung trước khi công bố"
    by: truc_ban
    after: duyet_1
    within: 10 phút
    else: [{to: lanh_dao}]
  - id: cong_bo_1
"""


def test_what_has_not_begun_follows_the_new_version_and_nobody_is_asked_twice(world: World) -> None:
    incident = world.opens()
    first = run_version(world, incident)
    asked = {m.person_id for m in world.view(incident).task_force}
    sent = len(world.sms.sent)
    second = publishes(world, ("  - id: cong_bo_1\n", NEW_STEP))
    assert run_version(world, incident) == first
    passes(world, incident)
    world.deliver()
    assert run_version(world, incident) == second
    assert world.step(incident, "xem_lai") == "waiting"
    assert {m.person_id for m in world.view(incident).task_force} == asked
    assert len(world.sms.sent) == sent
    passes(world, incident)  # pressed twice
    assert [e.kind for e in world.view(incident).timeline].count("playbook_revised") == 1
    world.fast_forward(45)
    reads_all(world)


def test_what_has_begun_and_differs_is_named_and_nothing_changes(world: World) -> None:
    incident = world.opens()
    first = run_version(world, incident)
    publishes(world, ("Thông tin đang lan truyền là đúng hay sai?", "Đúng hay sai?"))
    with pytest.raises(Conflict, match="Bước xac_minh: nội dung từ"):
        passes(world, incident)
    assert run_version(world, incident) == first
    with pytest.raises(Conflict, match="phiên bản mới hơn"):
        passes(world, incident, sha256="0" * 64)
    reads_all(world)


def test_a_step_that_had_not_begun_may_go_and_a_limit_may_change(world: World) -> None:
    incident = world.opens()
    with world.store.reading() as session:
        text, _scenarios, _n = playbook_draft.text_in_use(session, world.desk, SLUG)
    limit = re.search(r"- id: duyet_1.*?within: ({[^}]+})", text, re.S)
    assert limit
    publishes(world, (limit[0], limit[0].replace(limit[1], "{1: 60 phút, 2: 20 phút, 3: 9 phút}")))
    passes(world, incident)
    for post in (SIGNER, WRITER, "so_nnmt_thuy_loi", "nguoi_phat_ngon"):
        world.phone(post).replies("OK 10")
    world.drafts(incident, "Thông tin ban đầu", WRITER)
    step = next(s for s in world.view(incident).steps if s.id == "duyet_1")
    assert step.due is not None
    assert step.due - world.time <= timedelta(minutes=9)
    reads_all(world)


def test_only_those_who_command_pass_an_incident_on_and_a_closed_one_stays(world: World) -> None:
    incident = world.opens(level=1)
    publishes(world)
    for who in (writer(world), signer(world)):
        with pytest.raises(Forbidden):
            revising.revise(world.desk, incident.incident_id, "x", "lý do", who, world.time)
    with pytest.raises(Invalid):
        revising.revise(world.desk, incident.incident_id, "x", " ", world.duty, world.time)
    world.closes(incident)
    with pytest.raises(Conflict):
        passes(world, incident)
    reads_all(world)
