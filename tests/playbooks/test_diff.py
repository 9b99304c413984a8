"""Two versions compared: every kind of change is said once, in both languages, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.compiled import compile
from playbooks.diff import WORDS, changes, hindrances
from playbooks.language import Playbook, Rung, Span, When
from playbooks.load import LIBRARY, load, playbook_files

FOUND = load(LIBRARY / "tin-gia-dich-benh.yaml").playbook
assert FOUND
BOOK = FOUND
MINUTE = 60


def with_step(id: str, **fields: object) -> Playbook:
    steps = tuple(replace(s, **fields) if s.id == id else s for s in BOOK.steps)  # type: ignore[arg-type]
    return replace(BOOK, steps=steps)


def said(after: Playbook, english: bool = False) -> list[str]:
    return [str(change) for change in changes(BOOK, after, english)]


def test_the_same_is_no_change_whatever_its_number_and_places() -> None:
    steps = tuple(replace(step, line=step.line + 7) for step in BOOK.steps)
    assert said(replace(BOOK, version=99, steps=steps)) == []


def test_a_limit_of_one_level() -> None:
    limits = BOOK.step("duyet_1").within
    after = with_step("duyet_1", within={**limits, 3: Span(15 * MINUTE)})
    assert said(after) == ["Bước duyet_1: hạn cấp 3 từ 10 phút thành 15 phút"]
    assert said(after, english=True) == ["The step duyet_1: limit at level 3 from 10 minutes to 15 minutes"]


def test_a_limit_of_all_levels_is_one_sentence() -> None:
    after = with_step("an_toan_truoc", within=dict.fromkeys(BOOK.levels, Span(60)))
    assert said(after) == ["Bước an_toan_truoc: hạn từ 10 phút thành 1 phút"]


ONE_CHANGE: list[tuple[str, dict[str, object], str]] = [
    ("xac_minh", {"by": ("to_truong",)}, "người làm từ co_quan_cm thành to_truong"),
    ("xac_minh", {"target": ("Đúng hay sai?",)}, "nội dung từ “Thông tin đang lan truyền là đúng hay sai?” thành “Đúng hay sai?”"),
    ("xac_minh", {"ladder": (Rung("thay_the"),)}, "khi quá hạn từ thay_the ngay khi quá hạn, to_truong sau 15 phút nữa thành thay_the ngay khi quá hạn"),
    ("luu_bang_chung", {"proof": False}, "bỏ minh chứng có"),
    ("luu_bang_chung", {"items": ("Ảnh",)}, "mục việc từ “Ảnh chụp có thời gian”, “Đường dẫn công khai” thành “Ảnh”"),
    ("duyet_1", {"after": ("lap_to",)}, "đi sau từ du_thao_1 thành lap_to"),
    ("an_toan_truoc", {"when": When((2, 3))}, "điều kiện từ ở mọi cấp, xac_minh: dung hoặc mot_phan thành cấp 2, 3"),
    ("an_toan_truoc", {"critical": True}, "thêm mức khẩn có"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "fields", "wanted"), ONE_CHANGE)
def test_one_thing_of_a_step(step: str, fields: dict[str, object], wanted: str) -> None:
    (sentence,) = said(with_step(step, **fields))
    if step == "an_toan_truoc" and "when" in fields:
        assert sentence.startswith("Bước an_toan_truoc: điều kiện từ ")
        assert sentence.endswith(" thành cấp 2, 3")
    else:
        assert sentence == f"Bước {step}: {wanted}"


def test_steps_come_go_and_move() -> None:
    first, *others = BOOK.steps
    gone = replace(BOOK, steps=tuple(others))
    assert said(gone) == [f"Bước {first.id}: bỏ"]
    assert [str(c) for c in changes(gone, BOOK)] == [f"Bước {first.id}: thêm mới"]
    moved = replace(BOOK, steps=(*others, first))
    assert said(moved) == [f"Bước {first.id}: chuyển chỗ, nay sau bước {others[-1].id}"]


def test_roles_deadlines_templates_levels_and_the_whole() -> None:
    role = BOOK.roles["lanh_dao"]
    legal, *rest = BOOK.deadlines
    name = next(iter(BOOK.templates))
    after = replace(
        BOOK,
        title="Tên mới",
        levels={**BOOK.levels, 2: "Vừa"},
        roles={**BOOK.roles, "lanh_dao": replace(role, standin=())},
        deadlines=(replace(legal, warn=()), *rest),
        templates={**BOOK.templates, name: BOOK.templates[name] + "Thêm một dòng"},
        review=None,
    )
    sentences = "\n".join(said(after))
    for wanted in (
        "Kịch bản: tên từ “",
        "Cấp độ 2: tên từ “Sự cố” thành “Vừa”",
        "Vai lanh_dao: bỏ người thay pho_chu_tich_thuong_truc",
        f"Thời hạn {legal.id}: bỏ báo trước 12 giờ, 4 giờ, 1 giờ",
        f"Mẫu {name}: thêm 1 dòng, bỏ 0 dòng",
        "Rút kinh nghiệm: bỏ hạn 5 ngày làm việc",
    ):
        assert wanted in sentences


def test_what_has_begun_holds_a_run_and_what_has_not_does_not() -> None:
    limits = BOOK.step("duyet_1").within
    after = with_step("duyet_1", within={**limits, 3: Span(15 * MINUTE)})
    assert hindrances(BOOK, after, {"xac_minh"}) == []
    (one,) = hindrances(BOOK, after, {"xac_minh", "duyet_1"})
    assert one.subject == "duyet_1"
    roles = {**BOOK.roles, "co_quan_cm": replace(BOOK.roles["co_quan_cm"], pick="nguoi_phat_ngon")}
    assert [c.subject for c in hindrances(BOOK, replace(BOOK, roles=roles), {"xac_minh"})] == ["co_quan_cm"]
    assert hindrances(BOOK, replace(BOOK, roles=roles), {"luu_bang_chung"}) == []


BOOKS = [loaded for path in playbook_files(LIBRARY) if (loaded := load(path).playbook)]
FIELDS = ("by", "after", "within", "ladder", "ack", "via", "message", "choices", "items", "proof", "every")


@given(st.sampled_from(BOOKS), st.data())
def test_no_change_goes_unsaid(book: Playbook, data: st.DataObject) -> None:
    """A field of one step takes the value it has in another step: said exactly when the meaning differs."""
    one, other = (data.draw(st.sampled_from(book.steps)) for _ in range(2))
    field = data.draw(st.sampled_from(FIELDS))
    changed = replace(one, **{field: getattr(other, field)})
    after = replace(book, steps=tuple(changed if s is one else s for s in book.steps))
    found = changes(book, after)
    assert bool(found) == (compile(book) != compile(after))
    assert {change.subject for change in found} <= {one.id}
    assert len(changes(after, book)) == len(found)


@given(st.sampled_from(BOOKS), st.sampled_from(BOOKS))
def test_any_two_can_be_compared_in_both_languages(one: Playbook, other: Playbook) -> None:
    assert len(changes(one, other)) == len(changes(one, other, english=True))
    assert (changes(one, other) == []) == (one is other)


def test_every_word_has_both_languages() -> None:
    assert all(vietnamese and english for vietnamese, english in WORDS.values())
