"""From a file to a playbook: what is read, what is inlined, and that no file whatever breaks the loader."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playbooks import verbs
from playbooks.durations import parse_levels, parse_span, span_text, suggest_span
from playbooks.faults import SEVERITIES, render_all
from playbooks.language import Playbook, Span, Verb
from playbooks.load import LIBRARY, compile, from_compiled, load, playbook_files, sha256

HERE = Path(__file__).parent
SOUND = HERE / "sound" / "sound.yaml"


def sound() -> Playbook:
    playbook = load(SOUND, library=HERE / "sound").playbook
    assert playbook is not None
    return playbook


def test_a_sound_playbook_has_no_fault_at_all() -> None:
    assert load(SOUND, library=HERE / "sound").faults == ()


def test_what_is_read() -> None:
    playbook = sound()
    assert playbook.slug == "sound"
    assert playbook.levels == {1: "Theo dõi", 2: "Sự cố", 3: "Nghiêm trọng"}
    assert playbook.roles["cac_xa"].is_group
    assert [step.id for step in playbook.steps][:3] == ["goi", "xac_minh", "soan"]
    call = playbook.step("goi")
    assert (call.verb, call.target, call.after, call.ack) == (Verb.ASSIGN, ("thu_ky", "phat_ngon"), (), "all")
    assert call.within == dict.fromkeys((1, 2, 3), Span(seconds=900))
    ask = playbook.step("xac_minh")
    assert ask.after == ("goi",)  # the order of the file
    assert list(ask.choices) == ["co", "khong"]
    assert playbook.step("soan").when.answers == {"xac_minh": ("co",)}
    assert playbook.step("cong_bo").after == ("duyet",)
    assert playbook.review is not None
    assert playbook.review.within == Span(working_days=5)
    assert set(playbook.templates) == {"mau/tin.md", "mau/sms.txt", "mau/rkn.md"}


def test_the_same_meaning_compiles_to_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "sound.yaml").write_text("# another comment\n\n" + SOUND.read_text("utf-8"), "utf-8")
    moved = load(tmp_path / "sound.yaml", library=HERE / "sound").playbook
    assert moved is not None
    assert sha256(compile(moved)) == sha256(compile(sound()))


def test_a_compiled_playbook_comes_back_whole() -> None:
    playbook = sound()
    text = compile(playbook)
    back = from_compiled(text)
    assert back == replace(playbook, steps=tuple(replace(step, line=0) for step in playbook.steps))
    assert compile(back) == text
    assert list(back.step("xac_minh").choices) == ["co", "khong"]
    assert list(back.roles) == list(playbook.roles)


@pytest.mark.parametrize("text", ["{}", "[]", '{"language": 2}', "null", "not json"])
def test_what_is_not_a_compiled_playbook_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        from_compiled(text)


def test_a_missing_file_is_a_fault() -> None:
    loaded = load(HERE / "there-is-none.yaml")
    assert [fault.code for fault in loaded.faults] == ["PB008"]


def test_a_file_too_large_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "big.yaml").write_text("# " + "x" * 210_000)
    assert [fault.code for fault in load(tmp_path / "big.yaml").faults] == ["PB007"]


def test_too_many_steps_are_a_fault(tmp_path: Path) -> None:
    head = SOUND.read_text("utf-8").split("steps:\n")[0]
    steps = "".join(
        f'  - {{id: b{i}, task: "Việc", by: thu_ky, within: 1 giờ, else: [{{to: thay_the}}]}}\n'
        for i in range(201)
    )
    (tmp_path / "sound.yaml").write_text(f"{head}steps:\n{steps}", "utf-8")
    assert "PB038" in {fault.code for fault in load(tmp_path / "sound.yaml", library=HERE / "sound").faults}


def test_only_playbooks_of_a_folder_are_playbooks() -> None:
    assert playbook_files(HERE / "sound") == [SOUND]
    assert playbook_files(SOUND) == [SOUND]


def test_about_ten_faults_are_printed_and_the_rest_counted() -> None:
    broken = sorted((HERE / "broken").glob("*.yaml"))[:13]
    printed = render_all([load(path, library=HERE / "broken").faults[0] for path in broken], {})
    assert printed.count(" PB0") == 10
    assert printed.endswith("… và 3 mục nữa")


# ---------------------------------------------------------------- lengths of time and levels


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30 phút", Span(seconds=1800)),
        ("2 giờ", Span(seconds=7200)),
        ("2 giờ 30 phút", Span(seconds=9000)),
        ("45 giây", Span(seconds=45)),
        ("1 ngày", Span(seconds=86400)),
        ("5 ngày làm việc", Span(working_days=5)),
        ("-2 giờ", Span(seconds=-7200)),
        ("30  phút", Span(seconds=1800)),
        ("30", None),
        ("phút", None),
        ("30 phut", None),
        ("-5 ngày làm việc", None),
        ("5 ngày làm việc 2 giờ", None),
        ("", None),
    ],
)
def test_lengths_of_time(text: str, span: Span | None) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("30 phut", "30 phút"),
        ("24h", "24 giờ"),
        ("15p", "15 phút"),
        ("5 ngay lam viec", "5 ngày làm việc"),
        ("lâu", ""),
    ],
)
def test_what_a_length_was_meant_to_be(text: str, meant: str) -> None:
    assert suggest_span(text) == meant


@given(st.integers(1, 10_000))
def test_a_span_is_written_as_it_is_read(minutes: int) -> None:
    assert parse_span(span_text(Span(seconds=minutes * 60))) == Span(seconds=minutes * 60)


def test_levels() -> None:
    assert parse_levels("2+", (1, 2, 3)) == (2, 3)
    assert parse_levels("1", (1, 2, 3)) == (1,)
    assert parse_levels("4", (1, 2, 3)) is None
    assert parse_levels("cao", (1, 2, 3)) is None


# ---------------------------------------------------------------- no text breaks the loader

ALPHABET = st.sampled_from(list("abgi :-[]{}\"'#&*!|>%@`,?\n\t\\0123+.«đườ\u00a0\u0301\u2028\x07~=<"))
# every word of the language, and the names the sound playbook uses
OWN_NAMES = ("goi", "soan", "duyet", "cong_bo", "thu_ky", "phat_ngon", "truc_ban", "mau/tin.md", "_chung/x")
WORDS = st.sampled_from(
    [*verbs.MEANING, *OWN_NAMES, "start", "thay_the", "nhac_lai", "level", "2+", "all", "none", "true"]
)


def sound_whatever_happens(raw: bytes, folder: Path) -> None:
    path = folder / "sound.yaml"
    path.write_bytes(raw)
    loaded = load(path, library=HERE / "sound")
    assert loaded.faults or loaded.playbook
    assert all(
        fault.severity in SEVERITIES and fault.line >= 1 and fault.column >= 1 for fault in loaded.faults
    )
    assert render_all(loaded.faults, loaded.sources, shown=1000) or loaded.playbook
    if loaded.playbook:
        json.loads(compile(loaded.playbook))


FUZZ = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(raw=st.one_of(st.binary(max_size=300), st.text(ALPHABET, max_size=200).map(str.encode)))
def test_any_bytes_are_read_or_told(raw: bytes, tmp_path: Path) -> None:
    sound_whatever_happens(raw, tmp_path)


@FUZZ
@given(at=st.floats(0, 1), cut=st.integers(0, 40), put=st.one_of(st.text(ALPHABET, max_size=12), WORDS))
def test_any_change_of_a_sound_playbook_is_read_or_told(
    at: float, cut: int, put: str, tmp_path: Path
) -> None:
    text = SOUND.read_text("utf-8")
    place = int(at * len(text))
    sound_whatever_happens((text[:place] + put + text[place + cut :]).encode(), tmp_path)


@FUZZ
@given(swaps=st.lists(st.tuples(st.integers(0, 300), WORDS), min_size=1, max_size=5))
def test_any_words_in_other_places_are_read_or_told(swaps: list[tuple[int, str]], tmp_path: Path) -> None:
    words = SOUND.read_text("utf-8").split(" ")
    for at, word in swaps:
        old = words[at % len(words)]
        words[at % len(words)] = old.replace(old.strip("{}[]:,\n-") or "-", word)
    sound_whatever_happens(" ".join(words).encode(), tmp_path)


NODE = st.recursive(
    st.one_of(WORDS, st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=5)),
    max_leaves=25,
)


@FUZZ
@given(tree=st.dictionaries(WORDS, NODE, max_size=8))
def test_any_tree_is_read_or_told(tree: dict[str, object], tmp_path: Path) -> None:
    sound_whatever_happens(json.dumps(tree, ensure_ascii=False).encode("utf-8", "surrogatepass"), tmp_path)


@FUZZ
@given(step=st.dictionaries(WORDS, NODE, max_size=8), at=st.integers(0, 8))
def test_any_step_among_sound_ones_is_read_or_told(step: dict[str, object], at: int, tmp_path: Path) -> None:
    lines = SOUND.read_text("utf-8").split("  - id:")
    lines.insert(min(at + 1, len(lines)), f" x{at}\n")
    odd = "  - " + json.dumps({"id": "la"} | step, ensure_ascii=True)
    text = "  - id:".join(lines).replace(f"  - id: x{at}\n", odd + "\n")
    sound_whatever_happens(text.encode("utf-8", "replace"), tmp_path)


@FUZZ
@given(file=st.sampled_from(playbook_files(LIBRARY)), data=st.data())
def test_any_change_of_a_shipped_playbook_is_read_or_told(
    file: Path, data: st.DataObject, tmp_path: Path
) -> None:
    lines = file.read_text("utf-8").split("\n")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        line, put = lines[at], data.draw(st.one_of(st.text(ALPHABET, max_size=8), WORDS))
        place = data.draw(st.integers(0, len(line)))
        cut = data.draw(st.integers(0, 20))
        lines[at] = data.draw(st.sampled_from([line[:place] + put + line[place + cut :], put, line + put]))
    path = tmp_path / file.name
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    loaded = load(path)
    assert loaded.faults or loaded.playbook
    assert render_all(loaded.faults, loaded.sources, english=True, shown=1000) or loaded.playbook
