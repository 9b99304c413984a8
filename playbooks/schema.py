"""The draft-07 JSON Schema an editor completes and checks playbooks with, made from the same table as the loader.

`patternErrorMessage` and `errorMessage` are what yaml-language-server says in place of its own English; other validators
pass them over. Run as a module it prints the schema. Knows nothing of the loader's faults: an editor's check is a first
look only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from playbooks import verbs
from playbooks.language import ANCHORS, GROUP_PICKS, Verb
from playbooks.verbs import MEANING, Part

Schema = dict[str, Any]

_SPAN = r"^\d{1,5} (giây|phút|giờ|ngày|ngày làm việc)( \d{1,5} (giây|phút|giờ))*$"
_SLUG = r"^[a-z0-9]+([_-][a-z0-9]+)*$"
_LEVEL = r"^[1-9]\+?$"


def schema() -> Schema:
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Kịch bản xử lý",
        "description": "Kịch bản xử lý vụ việc của Tổ công tác.",
        **_part(verbs.PLAYBOOK, _headings()),
        "definitions": _definitions(),
    }


def text() -> str:
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _pattern(pattern: str, message: str) -> Schema:
    return {"type": "string", "pattern": pattern, "patternErrorMessage": message}


def _definitions() -> Schema:
    return {
        "slug": _pattern(_SLUG, "Chỉ chữ thường không dấu, số, gạch nối hoặc gạch dưới."),
        "text": {"type": "string", "minLength": 1},
        "template": _pattern(
            r"^mau/[a-z0-9]+(-[a-z0-9]+)*\.(md|txt)$", "Viết dạng mau/ten-mau.md hoặc .txt."
        ),
        "span": _pattern(_SPAN, "Viết ví dụ: 30 phút, 2 giờ, 5 ngày làm việc."),
        "slugs": _one_or_many("slug"),
        "spans": _one_or_many("span"),
        "spanByLevel": {"anyOf": [_ref("span"), {"type": "object", "additionalProperties": _ref("span")}]},
        "level": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 9}, _level_text()]},
        "role": _part(verbs.ROLE, _values(verbs.ROLE)),
        "deadline": _part(verbs.DEADLINE, _values(verbs.DEADLINE)),
        "rung": _part(verbs.RUNG, _values(verbs.RUNG)),
        "step": _step(),
    }


def _level_text() -> Schema:
    return _pattern(_LEVEL, "Viết 2 (đúng cấp 2) hoặc 2+ (từ cấp 2 trở lên).")


def _one_or_many(name: str) -> Schema:
    return {"anyOf": [_ref(name), {"type": "array", "items": _ref(name), "minItems": 1}]}


def _part(part: Part, values: dict[str, Schema]) -> Schema:
    return {
        "type": "object",
        "required": list(part.required),
        "properties": _explained(values, part.keys),
        "additionalProperties": False,
        "errorMessage": _rule(part),
    }


def _explained(values: dict[str, Schema], keys: Iterable[str]) -> dict[str, Schema]:
    return {key: {"description": MEANING[key], **values[key]} for key in keys}


def _rule(part: Part) -> str:
    """One sentence for a key too many and for one too few: an editor has one message for both."""
    may = f"; có thể có {', '.join(part.optional)}" if part.optional else ""
    return f"Trong {part.name}: phải có {', '.join(part.required)}{may}; không có từ khóa khác."


def _headings() -> dict[str, Schema]:
    return {
        "playbook": _ref_of("slug"),
        "version": {"type": "integer", "minimum": 1},
        "title": _ref_of("text"),
        "levels": {"type": "object", "minProperties": 1, "additionalProperties": _ref("text")},
        "topics": _ref_of("slugs"),
        "roles": {"type": "object", "minProperties": 1, "additionalProperties": _ref("role")},
        "deadlines": {"type": "object", "additionalProperties": _ref("deadline")},
        "steps": {"type": "array", "minItems": 1, "items": _ref("step")},
        "review": _part(verbs.REVIEW, _values(verbs.REVIEW)),
    }


def _ref_of(name: str) -> Schema:
    """A reference beside a description: draft-07 ignores what stands beside $ref, so it goes into allOf."""
    return {"allOf": [_ref(name)]}


def _values(part: Part) -> dict[str, Schema]:
    return {key: _value(key, part) for key in part.keys}


def _value(key: str, part: Part) -> Schema:
    special: dict[str, Schema] = {
        "title": _ref_of("text"),
        "pick": {"allOf": [_ref("slug")], "examples": sorted(GROUP_PICKS)},
        "law": _one_of(sorted(verbs.LAWS)),
        "from": {"allOf": [_ref("slug")], "examples": list(ANCHORS)},
        "warn": _ref_of("spans"),
        "template": _ref_of("template"),
        "message": _ref_of("template"),
        "draft": _ref_of("template"),
        "task": _ref_of("text"),
        "ask": _ref_of("text"),
        "use": _pattern(r"^_chung/[a-z0-9-]+$", "Viết dạng _chung/ten-thanh-phan."),
        "when": _when(),
        "within": _ref_of("spanByLevel" if part not in (verbs.REVIEW,) else "span"),
        "every": _ref_of("spanByLevel"),
        "else": {"type": "array", "minItems": 1, "items": _ref("rung")},
        "ack": {"anyOf": [_one_of(["none", "any", "all"], "hoặc một số"), {"type": "integer", "minimum": 1}]},
        "choices": {"type": "object", "minProperties": 2, "additionalProperties": _ref("text")},
        "items": {"type": "array", "minItems": 1, "items": _ref("text")},
        "proof": _flag(),
        "critical": _flag(),
    }
    if key == "after":
        return _ref_of("span" if part is verbs.RUNG else "slugs")
    if key == "to":
        return _ref_of("slug" if part is verbs.RUNG else "slugs")
    if key == "by" and part in (verbs.STEPS[Verb.TASK], verbs.STEPS[Verb.ASK], verbs.STEPS[Verb.DRAFT]):
        return _ref_of("slug")
    return special.get(key) or _ref_of("slugs" if key in _LISTS else "slug")


_LISTS = frozenset({"standin", "assign", "notify", "via", "by"})


def _one_of(words: list[str], more: str = "") -> Schema:
    return {"enum": words, "errorMessage": f"Chỉ dùng: {', '.join(words)} {more}".rstrip() + "."}


def _flag() -> Schema:
    return {"type": "boolean", "errorMessage": "Viết true hoặc false."}


def _when() -> Schema:
    levels = {"anyOf": [_ref("level"), {"type": "array", "items": _ref("level"), "minItems": 1}]}
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {"level": levels},
        "additionalProperties": _ref("slugs"),
    }


def _step() -> Schema:
    """One if/then a verb, so that the messages are about the verb that was written; before one is, all are offered."""
    cases = [_case(verb.value, verbs.STEPS[verb]) for verb in Verb]
    return {
        "type": "object",
        "properties": {"id": _ref_of("slug")} | {key: {"description": MEANING[key]} for key in _BEGINNINGS},
        "allOf": [*cases, _case("use", verbs.USE)],
        "anyOf": [{"required": [key], "errorMessage": _NO_VERB} for key in _BEGINNINGS],
    }


_BEGINNINGS = (*(verb.value for verb in Verb), "use")
_NO_VERB = f"Mỗi bước cần đúng một trong: {', '.join(_BEGINNINGS)}."


def _case(key: str, part: Part) -> Schema:
    return {"if": {"required": [key]}, "then": _part(part, _values(part))}


if __name__ == "__main__":
    print(text(), end="")
