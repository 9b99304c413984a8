"""The playbooks that are shipped: without fault, neutral if a message leaks, and shaped as the domain demands.

What a later edit must not lose stands here as properties of the loaded playbooks: who is asked first, what waits for
nothing, who hears before the press, what may go to the police, and which words nobody reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from incident.directory import queries
from incident.directory.sample import load_sample
from incident.domain.titles import draft_title, step_title
from incident.response.casting import cast
from incident.store.sessions import Store
from playbooks.durations import length
from playbooks.faults import ADVICE
from playbooks.language import GROUP_PICKS, Playbook, Step, Verb
from playbooks.load import LIBRARY, load, playbook_files
from playbooks.papers import LOUD
from playbooks.rehearse import builtin, load_scenario, run_scenario
from playbooks.scenario import SILENT, Behaviour, Scenario
from playbooks.templates import VARIABLES, placeholders, plain, render, sms_size
from tests.stories.world import NIGHT

FILES = playbook_files(LIBRARY)
EIGHT = (
    "tin-gia-dich-benh", "van-ban-sai", "hanh-vi-can-bo", "lo-du-lieu", "du-thao-chinh-sach", "tai-nan-thuong-vong",
    "bao-chi-dang-sai", "khieu-kien-dong-nguoi",
)  # fmt: skip
CRISES = (*EIGHT, "vu-viec-chung")
# Where somebody must know before the page does, and the release waits for it; elsewhere it must not wait.
TOLD_FIRST = ("hanh-vi-can-bo", "du-thao-chinh-sach", "bao-chi-dang-sai", "khieu-kien-dong-nguoi")
CRITICISM = TOLD_FIRST
# The steps that keep people safe, by playbook; the fragment's in all others.
SAFETY = {"vu-viec-chung": ("bao_nguoi_lien_quan",)}
EXAMPLE_ORDER = "xin_y_kien lap_to xac_minh an_toan_truoc luu_bang_chung du_thao_1 duyet_1 bao_cac_xa cong_bo_1 chuyen_cong_an cap_nhat"
MINUTES = 60
LEAKS = (r"cap do \d", "bi lo", "lo du lieu", "du lieu bi", "thuong vong", "nan nhan")
LONGEST_TITLE = 36  # of a statement, where a message asks for its approval
IN_SMS = 48  # as much of a step's text as a message has room for

# Words that threaten, name a culprit or label people. None of them has a place in a playbook, not even in a warning.
THREATS = re.compile(
    r"\b(?:xử lý nghiêm|xử phạt|truy cứu|truy tìm|đối tượng|quá khích|kích động|xuyên tạc|phản động|thù địch|cầm đầu|"
    r"chống phá|trước pháp luật|gỡ bài|răn đe|kẻ xấu|thủ phạm|bị can(?! thiệp)|tin giả|tội phạm)\b",
    re.I,
)
COLLECTS = re.compile(
    r"(?:^|[.;,:(]\s*)(?:ghi|lưu|lập|chụp|thu thập|chuyển|gửi)\b[^.;:()]*"
    r"(?:tài khoản(?! (?:mạng xã hội )?chính thức)|người đăng|khuôn mặt|danh tính|tên phóng viên|danh sách (?:người|hộ))",
    re.I,
)
SPARED = re.compile(r"không ghi tài khoản, tên người đăng")


def shipped(name: str) -> Playbook:
    playbook = load(LIBRARY / f"{name}.yaml").playbook
    assert playbook is not None
    return playbook


def causes(playbook: Playbook, id: str) -> set[str]:
    """Every step that must have ended before this one may begin."""
    found: set[str] = set()
    todo = [id]
    while todo:
        step = playbook.step(todo.pop())
        named = {*step.after, *step.when.answers}
        if step.verb in (Verb.APPROVE, Verb.PUBLISH):
            named.add(step.text)
        todo += named - found
        found |= named
    return found


def steps(playbook: Playbook, verb: Verb) -> list[Step]:
    return [step for step in playbook.steps if step.verb is verb]


def texts(playbook: Playbook) -> Iterator[str]:
    """Everything of a playbook that somebody reads."""
    yield playbook.title
    yield from (role.title for role in playbook.roles.values())
    yield from (deadline.title for deadline in playbook.deadlines)
    yield from playbook.templates.values()
    for step in playbook.steps:
        if step.verb in (Verb.TASK, Verb.ASK):
            yield step.text
        yield from (*step.items, *step.choices.values())


# ---------------------------------------------------------------- sound, whole and green


def test_the_library_holds_the_eight_and_the_two_for_anything() -> None:
    assert {path.stem for path in FILES} == {*CRISES, "goi-xac-nhan"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_playbook_has_neither_error_nor_warning(path: Path) -> None:
    loaded = load(path)
    assert loaded.ok
    assert {fault.severity for fault in loaded.faults} <= {ADVICE}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_at_least_four_scenarios_are_written_for_each_and_all_are_green_at_every_level(path: Path) -> None:
    playbook = shipped(path.stem)
    written = [load_scenario(file) for file in sorted((LIBRARY / "scenarios" / path.stem).glob("*.yaml"))]
    assert len(written) >= 4
    assert {scenario.playbook for scenario in written} == {path.stem}
    assert len({scenario.title for scenario in written}) == len(written)
    for scenario in (*builtin(playbook), *written):
        assert run_scenario(playbook, scenario).faults == (), scenario.title


def test_fragments_and_templates_are_all_used() -> None:
    written = {path.name for path in (LIBRARY / "mau").iterdir()}
    read = {Path(name).name for path in FILES for name in shipped(path.stem).templates}
    assert written == read
    used = set().union(
        *(set(re.findall(r"use: _chung/([a-z0-9-]+)", path.read_text("utf-8"))) for path in FILES)
    )
    assert {path.stem for path in (LIBRARY / "_chung").iterdir()} == used


def test_the_worked_example_keeps_its_steps_and_their_order() -> None:
    ids = [step.id for step in shipped("tin-gia-dich-benh").steps]
    assert [id for id in ids if id in EXAMPLE_ORDER.split()] == EXAMPLE_ORDER.split()


# ---------------------------------------------------------------- the first minute


@pytest.mark.parametrize("name", CRISES)
def test_from_level_two_on_the_leader_is_asked_first_and_called_again(name: str) -> None:
    playbook = shipped(name)
    first = playbook.steps[0]
    assert (first.id, first.text) == ("xin_y_kien", "Báo cáo, xin ý kiến lãnh đạo trực")
    assert (first.by, first.after, first.when.levels) == (("truc_ban",), (), (2, 3))
    assert [rung.to for rung in first.ladder] == ["lanh_dao"]
    again = playbook.step("goi_lai_lanh_dao")
    assert again.when.answers == {"xin_y_kien": ("chua_lien_lac",)}


@pytest.mark.parametrize("name", CRISES)
def test_the_call_up_the_leader_and_the_truth_wait_for_nobody(name: str) -> None:
    playbook = shipped(name)
    assert all(playbook.step(id).after == () for id in ("xin_y_kien", "lap_to", "xac_minh"))
    truth = playbook.step("xac_minh")
    assert (truth.verb, truth.by, truth.when.levels, truth.when.answers) == (
        Verb.ASK,
        ("co_quan_cm",),
        None,
        {},
    )
    assert truth.within[3].seconds <= 30 * MINUTES
    assert truth.ladder[0].to == "thay_the"


@pytest.mark.parametrize("name", CRISES)
def test_safety_never_waits_for_a_text_an_approval_or_the_task_force(name: str) -> None:
    playbook = shipped(name)
    for id in SAFETY.get(name, ("an_toan_truoc", "bao_xa_an_toan")):
        step = playbook.step(id)
        assert all(playbook.step(cause).verb is Verb.ASK for cause in causes(playbook, id))
        assert all(playbook.step(cause).after == () for cause in causes(playbook, id))
        assert step.when.levels is None
        assert all(span.seconds <= 60 * MINUTES for span in step.within.values())
        assert step.within[3].seconds <= 15 * MINUTES


def test_a_true_rumour_goes_to_the_body_in_charge_and_the_communes() -> None:
    playbook = shipped("tin-gia-dich-benh")
    for id in ("an_toan_truoc", "bao_xa_an_toan"):
        assert playbook.step(id).when.answers == {"xac_minh": ("dung", "mot_phan")}
    assert playbook.step("bao_xa_an_toan").target == ("cac_xa",)
    refuting = [step for step in playbook.steps if "bac-bo" in step.text]
    assert [step.when.answers for step in refuting] == [{"xac_minh": ("sai", "mot_phan")}]


def test_our_own_mistake_begins_with_where_it_is_and_is_taken_down_at_once() -> None:
    playbook = shipped("van-ban-sai")
    where = playbook.step("xac_minh")
    assert where.text == "Sai ở bài đăng hay ở văn bản đã ký?"
    assert playbook.step("dang_lai_dung").when.answers == {"xac_minh": ("bai_dang",)}
    assert playbook.step("van_ban_thay_the").when.answers == {"xac_minh": ("van_ban",)}
    assert causes(playbook, "go_bai") == set()
    assert playbook.step("go_bai").within[3].seconds <= 10 * MINUTES
    assert playbook.step("du_thao_1").text == "mau/dinh-chinh.md"


# ---------------------------------------------------------------- before the press


def test_those_concerned_hear_no_later_than_the_press() -> None:
    for name in CRISES:
        playbook = shipped(name)
        order = [step.id for step in playbook.steps]
        told = "bao_truoc" if name in TOLD_FIRST else "bao_cac_xa"
        assert order.index(told) < order.index("cong_bo_1"), name


@pytest.mark.parametrize("name", TOLD_FIRST)
def test_where_people_are_named_the_release_waits_until_they_know(name: str) -> None:
    playbook = shipped(name)
    assert "bao_truoc" in playbook.step("cong_bo_1").after
    silent = Scenario("…", 3, people={playbook.step("bao_truoc").by[0]: Behaviour(SILENT)})
    for role in playbook.roles.values():
        silent.people.update(dict.fromkeys(role.standin, Behaviour(SILENT)))
    run = run_scenario(playbook, silent).run
    assert (run.steps["duyet_1"].state, run.steps["cong_bo_1"].state) == ("done", "waiting")


def test_families_know_before_figures_are_approved() -> None:
    playbook = shipped("tai-nan-thuong-vong")
    figures = {step.id for step in steps(playbook, Verb.DRAFT) if "so-lieu" in step.text}
    approvals = [step for step in steps(playbook, Verb.APPROVE) if step.text in figures]
    assert figures
    assert approvals
    assert all("bao_gia_dinh" in step.after for step in approvals)
    silence = {"benh_vien": Behaviour(SILENT), "giam_doc_bv_tinh": Behaviour(SILENT)}
    run = run_scenario(playbook, Scenario("…", 3, people=silence)).run
    assert (run.steps["cong_bo_1"].state, run.steps["duyet_2"].state) == ("done", "waiting")
    first = playbook.templates[playbook.step("du_thao_1").text]
    assert "Chưa công bố số liệu và danh tính: gia đình phải được báo trước." in first
    assert "chia sẻ" in first.splitlines()[3]


def test_whose_data_it_is_hears_before_its_extent_is_published() -> None:
    playbook = shipped("lo-du-lieu")
    assert "gui_rieng" in causes(playbook, "du_thao_2")
    assert "duyet_rieng" in causes(playbook, "gui_rieng")


def test_the_newsroom_is_called_before_anything_is_published_or_written_to_it() -> None:
    playbook = shipped("bao-chi-dang-sai")
    assert "goi_toa_soan" in causes(playbook, "cong_bo_1") & causes(playbook, "du_thao_2")


# ---------------------------------------------------------------- statements


@pytest.mark.parametrize("name", CRISES)
def test_a_spokesperson_releases_and_a_named_person_posts(name: str) -> None:
    playbook = shipped(name)
    for step in steps(playbook, Verb.PUBLISH):
        releasing, *posting = step.by
        assert releasing == "phat_ngon"
        assert posting
        assert all(playbook.roles[role].pick not in GROUP_PICKS for role in step.by)


@pytest.mark.parametrize("name", CRISES)
def test_every_text_is_approved_by_two_others_than_its_drafter(name: str) -> None:
    playbook = shipped(name)
    for step in steps(playbook, Verb.APPROVE):
        assert len(step.by) >= 2, step.id
        assert "phat_ngon" in step.by
        assert not set(step.by) & set(playbook.step(step.text).by)


@pytest.mark.parametrize("name", CRISES)
def test_first_next_and_closing_statements_are_there(name: str) -> None:
    playbook = shipped(name)
    drafts = [step.id for step in steps(playbook, Verb.DRAFT)]
    assert {"du_thao_1", "du_thao_2", "du_thao_ket_thuc"} <= set(drafts)
    assert playbook.step("du_thao_ket_thuc").text == "mau/thong-tin-ket-thuc.md"
    assert any("đính chính trên mọi kênh" in item for item in playbook.step("ra_soat").items)
    assert playbook.review is not None


@pytest.mark.parametrize("path", sorted((LIBRARY / "mau").glob("*.md")), ids=lambda path: path.name)
def test_a_statement_can_be_rendered_and_says_where_to_ask(path: Path) -> None:
    values = {name: variable.example for name, variable in VARIABLES.items()}
    text = render(path.read_text("utf-8"), values)
    heading, *body = text.splitlines()
    assert heading.isupper()
    assert placeholders(text)
    assert "  " not in text
    assert not re.search(r"«[^»]*«", text)
    assert not re.search(r"(Nghị định|Luật|Thông tư) (số )?\d", text), (
        "the law of the day stands in the legal basis"
    )
    if path.name.startswith("thong-tin-ban-dau"):
        assert values["hotline"] in text
        assert "Thông tin tiếp theo" in text or "được công bố trước «giờ, ngày»" in text
    assert len(body) >= 8


def test_criticism_is_answered_and_never_refuted() -> None:
    for name in CRITICISM:
        playbook = shipped(name)
        assert not any("bac-bo" in template for template in playbook.templates), name
        assert not any(re.search(r"sai sự thật|bác bỏ thông tin", text, re.I) for text in texts(playbook)), (
            name
        )
    assert shipped("du-thao-chinh-sach").step("tong_hop_gop_y").when.answers == {
        "xac_minh": ("gop_y", "ca_hai")
    }
    press = shipped("bao-chi-dang-sai")
    assert press.step("tiep_thu").when.answers == {"xac_minh": ("y_kien",)}
    assert press.step("du_thao_2").when.answers == {"xac_minh": ("sai_su_kien",)}


# ---------------------------------------------------------------- people outside


def test_only_what_is_false_may_go_to_the_police_by_a_persons_decision_and_the_heads_signature() -> None:
    asking = {
        (name, step.id)
        for name in CRISES
        for step in shipped(name).steps
        if step.verb in (Verb.TASK, Verb.ASK) and "đề nghị công an" in step.text.lower()
    }
    assert asking == {("tin-gia-dich-benh", "chuyen_cong_an"), ("tin-gia-dich-benh", "cong_van_cong_an")}
    playbook = shipped("tin-gia-dich-benh")
    decision, letter = playbook.step("chuyen_cong_an"), playbook.step("cong_van_cong_an")
    assert (decision.verb, decision.by) == (Verb.ASK, ("to_truong",))
    assert decision.when.answers == {"xac_minh": ("sai",)}
    assert letter.when.answers == {"chuyen_cong_an": ("co",)}
    assert letter.text.startswith("Trình Giám đốc Sở ký")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nobody_is_threatened_labelled_or_written_down(path: Path) -> None:
    for text in texts(shipped(path.stem)):
        assert not THREATS.search(text), text
        assert not COLLECTS.search(SPARED.sub("", text)), text
        assert not re.search(r"\b\d+ (người|hộ|nạn nhân)\b", text), text


@pytest.mark.parametrize(
    "text",
    [
        "Lưu ảnh, tài khoản người đăng",
        "Lập danh sách người có mặt",
        "Chụp khuôn mặt người tham gia",
        "Đã lưu; gửi danh tính cho Công an",
    ],
)
def test_what_collects_people_would_be_found(text: str) -> None:
    assert COLLECTS.search(text)


@pytest.mark.parametrize("name", CRISES)
def test_evidence_is_kept_without_who_posted_it(name: str) -> None:
    for step in shipped(name).steps:
        if step.id == "luu_bang_chung":
            assert SPARED.search(step.text)


@pytest.mark.parametrize("path", sorted((LIBRARY / "mau").iterdir()), ids=lambda path: path.name)
def test_nobody_is_addressed_as_an_equal_stranger(path: Path) -> None:
    assert "bạn" not in path.read_text("utf-8").lower().split()


# ---------------------------------------------------------------- messages


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_sms_fits_one_part_with_the_longest_values(path: Path) -> None:
    values = {name: variable.example for name, variable in VARIABLES.items()}
    for name, text in shipped(path.stem).templates.items():
        if name.startswith("mau/sms-"):
            size = sms_size(render(text, values))
            assert (size.parts, size.doubled, size.foreign) == (1, (), ())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_a_phone_shows_of_a_step_wounds_nobody_and_names_no_level(path: Path) -> None:
    playbook = shipped(path.stem)
    for step in playbook.steps:
        shown = plain(step_title(playbook, step)[:IN_SMS]).lower()
        assert not any(re.search(rf"\b{word}\b", shown) for word in (*LOUD, *LEAKS)), shown
        if step.verb is Verb.DRAFT:
            assert len(draft_title(playbook, step)) <= LONGEST_TITLE


def test_a_call_out_is_one_sms_a_person_and_gives_them_time() -> None:
    step = shipped("goi-xac-nhan").step("goi")
    assert (step.verb, step.via, step.ack, step.critical) == (Verb.NOTIFY, ("sms",), "all", True)
    assert all(span.seconds >= 15 * 60 for span in step.within.values())
    assert [rung.to for rung in step.ladder] == ["nhac_lai", "truc_ban"]
    assert shipped("goi-xac-nhan").roles["moi_nguoi"].pick == "moi_nguoi_dia_ban"


def test_the_text_to_a_unit_is_the_settled_one() -> None:
    values = {"agency": "UBND tinh Son Lam", "unit": "UBND xa Muong Lo", "code": "27"}
    values |= {"short_name": "tin ve ho Suoi Lac", "duty_phone": "0540000001"}
    text = render(shipped("tin-gia-dich-benh").templates["mau/sms-bao-don-vi.txt"], values).strip()
    assert text == (
        "UBND tinh Son Lam de nghi UBND xa Muong Lo theo doi vu viec 27, tin ve ho Suoi Lac; "
        "co dien bien goi truc 0540000001. Tra loi OK 27"
    )
    assert len(text) == 131


# ---------------------------------------------------------------- clocks


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_limit_grows_with_the_level_and_no_rung_keeps_silent_for_long(path: Path) -> None:
    playbook = shipped(path.stem)
    for step in playbook.steps:
        spans = [length(span) for _, span in sorted(step.within.items())]
        assert spans == sorted(spans, reverse=True), step.id
        assert all(length(rung.after) <= 30 * MINUTES for rung in step.ladder), step.id
        assert not step.within or step.ladder, step.id


@pytest.mark.parametrize("name", [n for n in CRISES if "phuc_hoi" in {s.id for s in shipped(n).steps}])
def test_recovery_begins_when_something_has_been_said_at_every_level(name: str) -> None:
    """What it waits for must not be a step that a low level does not have: it would begin with the first call."""
    playbook = shipped(name)
    for level in playbook.levels:
        steps = run_scenario(playbook, Scenario("", level)).run.steps
        began, published = steps["phuc_hoi"].since, [steps[id].done_at for id in steps if "cong_bo" in id]
        assert began is None or any(at is not None and at <= began for at in published), level


@pytest.mark.parametrize("name", CRISES)
def test_the_clocks_are_the_laws_own_or_named_targets(name: str) -> None:
    clocks = {deadline.id: deadline for deadline in shipped(name).deadlines}
    assert [id for id, clock in clocks.items() if clock.law] == ["phap_ly"]
    assert clocks["phap_ly"].law == "thong_tin_ban_dau"
    assert clocks["ban_dau"].met_by == clocks["phap_ly"].met_by == "cong_bo_1"
    assert all(clock.title and clock.within for clock in clocks.values() if not clock.law)


def test_a_leak_counts_the_hours_of_both_notices() -> None:
    clocks = {deadline.id: deadline for deadline in shipped("lo-du-lieu").deadlines}
    for id, hours in (("an_ninh_mang", 24), ("du_lieu_ca_nhan", 72)):
        assert clocks[id].start == "detected_at"
        assert {span.seconds for span in (clocks[id].within or {}).values()} == {hours * 3600}


# ---------------------------------------------------------------- the people of a province


@pytest.fixture(scope="module")
def province(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    path = tmp_path_factory.mktemp("province") / "one.db"
    path.write_bytes(sqlite_template.read_bytes())
    store = Store(f"sqlite:///{path}")
    with store.writing() as session:
        load_sample(session, NIGHT)
    return store


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_role_is_held_and_stood_in_for_whatever_the_topic(path: Path, province: Store) -> None:
    playbook = shipped(path.stem)
    with province.reading() as session:
        assert set(playbook.topics) <= set(queries.topics(session))
        for topic in playbook.topics:
            held = cast(session, playbook, topic=topic, area=["xa_muong_lo"], now=NIGHT)
            for slug, role in playbook.roles.items():
                assert role.is_group or held[slug].people, (topic, slug)
                assert not role.standin or held[slug].standins, (topic, slug)
