"""The English catalogue is complete: every word of the source has its translation, and nothing else has."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Catalog

from incident.domain.words import listed, said
from incident.timeline.story import PATTERNS, SLOT, WORDS
from incident.web import catalogue, language
from tests.incident.web.conftest import Site

VIETNAMESE = re.compile("[ăâđêôơưáàảãạấầẩẫậắằẳẵặéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ]", re.I)
# The money, the stamp on papers and the words that are held back, the first words of an SMS.
AS_IT_IS = ("đồng", "DIỄN TẬP", "“diễn tập”", "Kính báo cáo")


def vietnamese_in(english: str) -> bool:
    for word in AS_IT_IS:
        english = english.replace(word, "")
    return VIETNAMESE.search(english) is not None


@pytest.fixture(scope="module")
def source() -> Catalog:
    return catalogue.marked()


def test_every_marked_string_has_its_english_with_the_same_slots(source: Catalog) -> None:
    assert list(catalogue.faults(catalogue.kept(), source)) == [], (
        "run `make words`, then translate what is empty"
    )
    assert len(source) > 1200


def test_no_english_string_is_vietnamese() -> None:
    for message in catalogue.kept():
        assert not message.id or not vietnamese_in(str(message.string)), message.string


def test_every_sentence_of_the_timeline_has_its_english() -> None:
    for kind, (vietnamese, english) in PATTERNS.items():
        assert not VIETNAMESE.search(english), kind
        assert set(SLOT.findall(english)) <= set(SLOT.findall(vietnamese)), kind
    for name, words in WORDS.items():
        for key, (_vietnamese, english) in words.items():
            assert english, (name, key)
            assert not vietnamese_in(english), (name, key)


def test_what_is_missing_wrong_or_left_over_is_named() -> None:
    source, translated = Catalog(locale="en"), Catalog(locale="en")
    for text in ("Xong", "Còn %(n)s tin", "Mới"):
        source.add(text)
    translated.add("Còn %(n)s tin", "%(m)s left")
    translated.add("Mới", "")
    translated.add("Cũ", "Old")
    found = list(catalogue.faults(translated, source))
    assert [line.split(":")[0] for line in found] == [
        "not in the catalogue", "other slots", "not translated", "no longer used",
    ]  # fmt: skip


def test_bringing_up_keeps_what_was_translated_and_drops_what_is_gone() -> None:
    source, translated = Catalog(locale="en"), Catalog(locale="en")
    source.add("Xong")
    source.add("Mới")
    translated.add("Xong", "Done")
    translated.add("Cũ", "Old")
    fresh = {m.id: m.string for m in catalogue.brought_up(translated, source) if m.id}
    assert fresh == {"Xong": "Done", "Mới": ""}


def test_a_sentence_from_below_is_spoken_in_the_readers_language(site: Site) -> None:
    who = listed([said("%(stand_in)s thay %(who)s", stand_in="Lê A", who="Trần B")])
    forecast = said(
        "Nếu sau %(wait)s chưa trả lời: %(then)s",
        wait=said("%(m)s phút", m=10),
        then=said("báo %(who)s.", who=who),
    )
    assert forecast == "Nếu sau 10 phút chưa trả lời: báo Lê A thay Trần B."
    with site.app.test_request_context(headers={"Cookie": "language=en"}):
        assert language.spoken(forecast) == "No answer after 10 min: tell Lê A for Trần B."
        assert language.spoken("Cần ghi lý do.") == "A reason is needed."
        assert language.spoken("") == ""
    with site.app.test_request_context():
        assert language.spoken(forecast) == forecast
