"""Who may be named in which part of the report: the part that is sent speaks of posts and units, the annex of people.

Names inside sentences are found by whole words in the incident's own list of people; a name that is on no list
cannot be known here (a second person masks those on the timeline).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from incident.report.record import IncidentView

SENT = "ban-gui"
INTERNAL = "noi-bo"
PARTS = (SENT, INTERNAL)
SOMEBODY = "cán bộ được giao"
ACTOR_KINDS = {
    "system": "Hệ thống",
    "token": "Hệ thống kết nối",
    "phone": "Người trả lời tin nhắn",
    "link": "Người trả lời qua liên kết",
    "user": "Cán bộ đăng nhập",
}
WORD = re.compile(r"\w+")


class Naming:
    """Says people as the part may: by name (annex) or by post and unit (the part that is sent)."""

    def __init__(self, view: IncidentView, part: str) -> None:
        self.by_name = part == INTERNAL
        self._posts = dict(_posts(view))
        self._by_words = {tuple(WORD.findall(phrase)): post for phrase, post in _phrases(view) if phrase}
        self._lengths: dict[str, list[int]] = {}
        for words in self._by_words:
            self._lengths.setdefault(words[0], []).append(len(words))
        for lengths in self._lengths.values():
            lengths.sort(reverse=True)

    def person(self, name: str | None) -> str:
        """A field that holds one person's name, and nothing else."""
        if not name or self.by_name:
            return name or ""
        return self._posts.get(name, SOMEBODY)

    def people(self, names: tuple[str, ...]) -> str:
        return ", ".join(dict.fromkeys(self.person(name) for name in names))

    def actor(self, actor: dict[str, Any]) -> str:
        """Who wrote an entry. A token's or the system's name is no person's."""
        kind, name = str(actor.get("kind", "")), str(actor.get("name", ""))
        if kind == "system":
            return ACTOR_KINDS["system"]
        if self.by_name:
            return name or ACTOR_KINDS.get(kind, kind)
        return self._posts.get(name) or ACTOR_KINDS.get(kind, SOMEBODY)

    def text(self, text: str) -> str:
        """A sentence, with every known name replaced by the post where names may not stand."""
        if self.by_name or not self._by_words:
            return text
        words = list(WORD.finditer(text))
        parts, end, i = [], 0, 0
        while i < len(words):
            found = self._at(words, i)
            if found is None:
                i += 1
                continue
            length, post = found
            parts += [text[end : words[i].start()], post]
            end, i = words[i + length - 1].end(), i + length
        return "".join([*parts, text[end:]])

    def _at(self, words: list[re.Match[str]], i: int) -> tuple[int, str] | None:
        for length in self._lengths.get(words[i].group(), ()):
            if i + length > len(words):
                continue
            post = self._by_words.get(tuple(w.group() for w in words[i : i + length]))
            if post is not None:
                return length, post
        return None


def post_and_unit(post: str, unit: str) -> str:
    """ "Phó Giám đốc" of "Sở Y tế" in one phrase; a post that already names its unit stays as it is."""
    if not post:
        return unit or SOMEBODY
    return post if not unit or unit.lower() in post.lower() else f"{post} {unit}"


def _phrases(view: IncidentView) -> Iterator[tuple[str, str]]:
    """How sentences speak of a person: by the name, or by the name and the post after it."""
    for name, post, unit in _people(view):
        yield name, post_and_unit(post, unit)
        if post:
            yield f"{name}, {post}", post_and_unit(post, unit)


def _posts(view: IncidentView) -> Iterator[tuple[str, str]]:
    for name, post, unit in _people(view):
        yield name, post_and_unit(post, unit)


def _people(view: IncidentView) -> Iterator[tuple[str, str, str]]:
    for known in view.names.values():
        if isinstance(known, dict) and known.get("name"):
            yield str(known["name"]), str(known.get("post") or ""), str(known.get("unit") or "")
    for member in view.task_force:
        yield member.name, member.post, member.unit
    for answer in view.answers:
        yield answer.name, answer.post, answer.unit
