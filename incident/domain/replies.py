"""What a reply means: yes, no, wrong number, "I did not say that", opt-out, or something for a person to read.

Pure, without I/O. A reply is `[code] core [object] [tail] [code]`, from the word lists below, and the whole of it must be
understood: whatever is left over (a time, a condition, a second code, an unknown word) makes it a matter for a person.
A word that carries marks is compared with its marks, so that "bạn", "bàn" and "bán" are not "bận"; a word without
marks may be typed plainly ("ban"), as an unfinished Telex word ("baanj"), or with some marks missing ("nhạn").
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

Means = Literal["accept", "decline", "wrong_number", "dispute", "optout", "review"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """`code` is the incident's reply code without "DT"; None when none, or more than one, was given."""

    means: Means
    code: str | None = None


# ------------------------------------------------------------------ word lists

# Words of carriers' own opt-out lists. They count alone, or with a code.
OPTOUT = ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "td")
# Also a given name: only as the whole text.
OPTOUT_WHOLE = ("huy", "hủy", "huỷ")

ACCEPT = (
    "đã nhận", "nhận", "đã nhận rõ", "đã rõ", "rõ", "nghe rõ", "nắm rõ", "đã nắm rõ", "đã nắm", "nhất trí", "đồng ý",
    "vâng", "vầng", "dạ", "được", "ok", "oke", "okê", "okie", "okey", "okay", "oki", "dn", "đn", "y", "1",
    "dc", "đc", "đk", "xác nhận", "sẽ tham gia", "tham gia", "tham gia được", "có mặt", "sẽ có mặt",
)  # fmt: skip
# What may follow a yes: nothing in it may change the sense.
ACCEPT_OBJECT = (
    "được", "dc", "đc", "tin", "được tin", "dc tin", "đc tin", "tin nhắn", "được tin nhắn", "thông tin", "được thông tin",
    "thông báo", "được thông báo", "lệnh", "nhiệm vụ", "việc", "vụ việc", "sự cố", "tham gia", "tham dự", "chỉ đạo",
    "sms",
)  # fmt: skip
_NO = ("không", "ko", "kô", "k", "kg", "khg", "hk", "hông", "hong")
_CANNOT = (
    "tham gia được", "tham gia đc", "tham gia dc", "tham gia", "tg được", "tg đc", "tg dc", "tg", "thể tham gia",
    "thể tham gia được", "dự được", "tham dự được", "thể tham dự", "thể dự", "đi được", "thể đi", "đến được", "thể đến",
    "nhận được việc", "thể nhận việc",
)  # fmt: skip
DECLINE = (
    "bận", "báo bận", "đang bận", "bận rồi", "xin vắng", "xin vắng mặt", "từ chối", "xin từ chối", "ktg", "ktgđ", "0", "2",
    *_NO,
    *(f"{no} {what}" for no in _NO for what in _CANNOT),
)  # fmt: skip
DECLINE_OBJECT = ("họp", "việc", "vụ việc", "sự cố", "công tác", "tham gia")
WRONG_NUMBER = (
    "nhầm số", "nhầm số rồi", "nhầm máy", "nhầm máy rồi", "nhầm người", "nhầm người rồi", "sai số", "sai số rồi",
    "gửi nhầm số", "gửi nhầm người", "gửi nhầm máy", "nhắn nhầm số", "nhắn nhầm người", "nhắn nhầm máy", "nhầm số điện thoại",
    "gọi nhầm số", "số này không phải của tôi", "không phải tôi", "không phải số của tôi",
)  # fmt: skip
DISPUTE = (
    "sai",
    "sai rồi",
    "không phải tôi trả lời",
    "không phải tôi nhắn",
    "tôi không trả lời",
    "tôi không nhắn",
)
# Politeness before and after; none of it says yes or no.
OPENER = (
    "dạ", "da", "vâng", "thưa", "kính thưa", "báo cáo", "kính báo cáo", "xin", "tôi", "em", "e", "anh", "chị", "mình", "t",
    "thủ trưởng", "đồng chí", "sếp", "anh ơi", "chị ơi", "alo",
)  # fmt: skip
TAIL = (
    "ạ", "ah", "a", "em", "e", "anh", "chị", "c", "nhé", "nhe", "nha", "nghen", "nghe", "rồi", "rùi", "r", "sếp", "thủ trưởng",
    "đồng chí", "các đồng chí", "bác", "chú", "cô", "cảm ơn", "cám ơn", "xin cảm ơn", "xin cám ơn", "thanks", "tks",
)  # fmt: skip
NEGATIONS = frozenset({*_NO, "chưa", "chẳng", "đừng"})
CHEERS = frozenset("👍🙏✅👌🫡")

MOST_WORDS = 12

# ------------------------------------------------------------------ words and their marks

_TONES = {
    "\u0300": "f",
    "\u0301": "s",
    "\u0303": "x",
    "\u0309": "x",
    "\u0323": "j",
}  # hỏi and ngã are often confused
_QUALITIES = {"\u0302": "^", "\u0306": "(", "\u031b": "+"}
_TELEX_TONES = {"f": "f", "s": "s", "r": "x", "x": "x", "j": "j"}
_VOWELS = frozenset("aeiouy")


class Word(NamedTuple):
    """A syllable taken apart: base letters, the mark of each letter ("" where there is none), and the tone."""

    letters: str
    marks: tuple[str, ...]
    tone: str

    @property
    def plain(self) -> bool:
        return not self.tone and not any(self.marks)


@cache
def taken_apart(text: str) -> Word:
    letters, marks, tone = "", list[str](), ""
    for char in unicodedata.normalize("NFD", text):
        if char in _TONES:
            tone = _TONES[char]
        elif char in _QUALITIES and marks:
            marks[-1] = _QUALITIES[char]
        elif char == "đ":
            letters, marks = letters + "d", [*marks, "-"]
        elif not unicodedata.combining(char):
            letters, marks = letters + char, [*marks, ""]
        else:
            marks, letters = [*marks, "?"], letters + "?"  # a mark Vietnamese does not have: fits nothing
    return Word(letters, tuple(marks), tone)


def telex(text: str) -> Word:
    """A word as Telex keys: dd, aa, ee, oo, w, and a tone letter after the first vowel, early or late."""
    letters, marks, tone = "", list[str](), ""
    for char in text:
        seen_vowel = any(letter in _VOWELS for letter in letters)
        twin = letters.rfind(char) if char in "aeo" else -1
        if char == "d" and letters[:1] == "d" and not marks[0]:
            marks[0] = "-"
        elif twin >= 0 and not marks[twin]:
            marks[twin] = "^"
        elif char in _TELEX_TONES and seen_vowel:
            tone = _TELEX_TONES[char]
        elif char == "w" and seen_vowel:
            _horn(letters, marks)
        else:
            letters, marks = letters + char, [*marks, ""]
    return Word(letters, tuple(marks), tone)


def _horn(letters: str, marks: list[str]) -> None:
    for place in range(len(letters) - 1, -1, -1):
        if letters[place] in "aou" and not marks[place]:
            marks[place] = "(" if letters[place] == "a" else "+"
            if letters[place] == "o" and letters[place - 1 : place] == "u":
                marks[place - 1] = "+"
            return


# Words of their own that lie within the marks of a listed word, and mean something else.
_OTHERS = frozenset(taken_apart(word) for word in ("bạn",))


def fits(typed: Word, listed: Word) -> bool:
    """The same letters, and no mark that the listed word lacks. Missing marks are forgiven, other marks never."""
    return (
        typed.letters == listed.letters
        and typed.tone in ("", listed.tone)
        and all(mark in ("", wanted) for mark, wanted in zip(typed.marks, listed.marks, strict=True))
        and (typed == listed or typed not in _OTHERS)
    )


# ------------------------------------------------------------------ sentences

_CODE = re.compile(r"[1-9]\d{1,3}")
_DRILL_CODE = re.compile(r"\b(?:dt|đt)[ -]?(?=\d)")
_COMRADE = re.compile(r"\b[đd]\s*/\s*c\b")
_OKAY = re.compile(r"\bo\.?k+\b")
_JUNCTION = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")

Kind = Literal["opener", "core", "object", "tail"]


class _Phrase(NamedTuple):
    kind: Kind
    means: Means
    words: tuple[Word, ...]


def _phrases(kind: Kind, means: Means, texts: tuple[str, ...]) -> list[_Phrase]:
    return [_Phrase(kind, means, tuple(taken_apart(word) for word in text.split())) for text in texts]


@cache
def _grammar() -> tuple[_Phrase, ...]:
    made = [
        *_phrases("core", "accept", ACCEPT),
        *_phrases("core", "decline", DECLINE),
        *_phrases("core", "wrong_number", WRONG_NUMBER),
        *_phrases("core", "dispute", DISPUTE),
        *_phrases("core", "optout", OPTOUT),
        *_phrases("object", "accept", ACCEPT_OBJECT),
        *_phrases("object", "decline", DECLINE_OBJECT),
        *_phrases("opener", "review", OPENER),
        *_phrases("tail", "review", TAIL),
    ]
    return tuple(made)


@cache
def _beginning() -> dict[str, tuple[_Phrase, ...]]:
    """The phrases by the letters of their first word."""
    grouped: dict[str, tuple[_Phrase, ...]] = {}
    for phrase in _grammar():
        letters = phrase.words[0].letters
        grouped[letters] = (*grouped.get(letters, ()), phrase)
    return grouped


@cache
def _plain_words() -> frozenset[str]:
    return frozenset(word.letters for phrase in _grammar() for word in phrase.words)


def understand(text: str) -> Meaning:
    """What this reply means. Anything that is not wholly understood is "review", never an answer."""
    cleaned = _cleaned(text)
    if cleaned is None:
        return Meaning("review")
    if cleaned in OPTOUT_WHOLE:
        return Meaning("optout")
    tokens = _JUNCTION.sub(" ", cleaned).split()
    codes = {token for token in tokens if _CODE.fullmatch(token)}
    code = codes.pop() if len(codes) == 1 else None
    if codes:  # two incidents in one reply
        return Meaning("review")
    inner = _without_code(tokens, code)
    if not inner or len(inner) > MOST_WORDS:
        return Meaning("review", code)
    found = _meanings(tuple(_word(token) for token in inner))
    if len(found) != 1 or "?" in text:
        return Meaning("review", code)
    means = found.pop()
    if means == "accept" and any(token in _negations() for token in inner):
        return Meaning("review", code)
    return Meaning(means, code)


def _cleaned(text: str) -> str | None:
    """Lower case, composed, without punctuation; None when a sign is left that no list knows."""
    text = unicodedata.normalize("NFKC", text).replace("Ð", "đ").lower().replace("ð", "đ")
    text = _OKAY.sub("ok", _COMRADE.sub("đồng chí", text))
    kept: list[str] = []
    for char in text:
        category = unicodedata.category(char)
        if char.isalnum() or category.startswith("M"):
            kept.append(char)
        elif category.startswith(("P", "Z", "C")) or category == "Sk" or char in CHEERS:
            kept.append(" " if category[0] != "C" or char in "\t\r\n" else "")
        else:
            return None
    joined = " ".join("".join(kept).split())
    return _DRILL_CODE.sub("", joined)


def _without_code(tokens: list[str], code: str | None) -> list[str]:
    """The words around the code, which stands first, last (or before a polite tail), or both. Else nothing."""
    if code is None:
        return tokens
    places = [place for place, token in enumerate(tokens) if token == code]
    after = tokens[places[-1] + 1 :]
    last = all(any(fits(_word(token), word) for word in _tail_words()) for token in after)
    if places == [0] or (last and len(places) == 1) or (last and len(places) == 2 and places[0] == 0):
        return [token for token in tokens if token != code]
    return []


@cache
def _tail_words() -> frozenset[Word]:
    return frozenset(word for phrase in _grammar() if phrase.kind == "tail" for word in phrase.words)


@cache
def _negations() -> frozenset[str]:
    plain = {"".join(taken_apart(word).letters) for word in NEGATIONS}
    return frozenset(plain | NEGATIONS)


@cache
def _word(token: str) -> Word:
    word = taken_apart(token)
    if word.plain and token not in _plain_words():
        return telex(token)
    return word


def _meanings(words: tuple[Word, ...]) -> set[Means]:
    """Every way to read the words as opener* core object? tail*. A yes may be said twice ("OK, đã nhận")."""
    if len(words) == 1 and words[0] == taken_apart("da"):
        return {"accept"}  # "dạ" or "đã": a yes only when it is the whole text
    return set(_read(words, "opener", None))


_ORDER: dict[Kind, tuple[Kind, ...]] = {
    "opener": ("opener", "core"),
    "core": ("core", "object", "tail"),
    "object": ("tail",),
    "tail": ("tail",),
}


def _read(words: tuple[Word, ...], at: Kind, means: Means | None) -> list[Means]:
    if not words:
        return [] if means is None else [means]
    found: list[Means] = []
    for phrase in _beginning().get(words[0].letters, ()):
        if phrase.kind in _ORDER[at] and _begins(words, phrase.words) and _agrees(phrase, words, means):
            said = phrase.means if phrase.kind == "core" else means
            found += _read(words[len(phrase.words) :], phrase.kind, said)
    return found


def _agrees(phrase: _Phrase, words: tuple[Word, ...], means: Means | None) -> bool:
    if phrase.kind == "object":
        return phrase.means == means
    if phrase.kind != "core":
        return True
    if phrase.words == (taken_apart("dạ"),) and words[0].plain:
        return False  # a bare "da" inside a longer text may be "đã"
    return means is None or means == phrase.means == "accept"


def _begins(words: tuple[Word, ...], phrase: tuple[Word, ...]) -> bool:
    return len(phrase) <= len(words) and all(
        fits(word, wanted) for word, wanted in zip(words, phrase, strict=False)
    )
