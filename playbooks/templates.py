"""Texts with gaps: what a template may say, how it is filled, and how long it is as an SMS.

Responsible for the one list of variables, for the sandbox and its white list, and for counting the parts of an SMS.
Knows nothing of who receives a text or how it is sent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Variable(NamedTuple):
    """`example` is as long as the longest real value, so that lengths measured with it are the longest ones."""

    meaning: str
    example: str | list[str]


# The one place where variables are declared; the service gives a value for each.
VARIABLES: dict[str, Variable] = {
    "code": Variable("mã trả lời của vụ việc", "27"),
    "short_name": Variable("tên ngắn dùng trong tin nhắn, tối đa 20 ký tự", "tin ve ho Suoi Lac 2"),
    "title": Variable("tên vụ việc", "Thông tin về hồ chứa Suối Lạc lan truyền trên mạng xã hội"),
    "summary": Variable("tóm tắt vụ việc", "Một số trang mạng xã hội đăng thông tin chưa được kiểm chứng."),
    "area": Variable("địa bàn", "xã Mường Lò, xã Suối Lạc"),
    "province": Variable("tên tỉnh", "Sơn Lâm"),
    "agency": Variable("cơ quan phát ngôn", "UBND tỉnh Sơn Lâm"),
    "duty_phone": Variable("số điện thoại trực", "0540000001"),
    "opened_at": Variable("thời điểm mở vụ việc", "02 giờ 06 phút ngày 22/11/2026"),
    "occurred_at": Variable("thời điểm xảy ra", "01 giờ 30 phút ngày 22/11/2026"),
    "detected_at": Variable("thời điểm phát hiện", "01 giờ 50 phút ngày 22/11/2026"),
    "level_name": Variable("tên cấp độ", "Nghiêm trọng"),
    "unit": Variable("tên đơn vị người nhận", "UBND phường Mường Suối"),
    "recipient": Variable("họ tên người nhận", "Nguyễn Văn Mẫu Mẫu 01"),
    "next_update": Variable("thời điểm thông tin tiếp theo", "06 giờ 00 phút ngày 22/11/2026"),
    "hotline": Variable("đường dây nóng cho người dân", "0540000002"),
    "portal_url": Variable("địa chỉ Cổng TTĐT tỉnh", "https://sonlam.example/thong-tin"),
    "link": Variable("liên kết xác nhận", "https://tct.sonlam.example/a/7KQ2M9XW4T"),
    "due": Variable("thời hạn trả lời", "02h25"),
}
FILTERS = ("capitalize", "default", "first", "join", "last", "length", "lower", "trim", "upper")
MAX_OUTPUT = 100_000

_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Const, nodes.Filter,
    nodes.If, nodes.CondExpr, nodes.For, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
)  # fmt: skip
_NAMED = {
    nodes.Call: "lời gọi hàm", nodes.Getitem: "dấu [ ]", nodes.Macro: "macro", nodes.Include: "include",
    nodes.Import: "import", nodes.FromImport: "import", nodes.Extends: "extends", nodes.Block: "block",
    nodes.Assign: "set", nodes.BinExpr: "phép tính", nodes.UnaryExpr: "phép tính", nodes.Concat: "phép nối",
    nodes.Test: "phép thử is", nodes.Keyword: "tham số có tên", nodes.FilterBlock: "khối filter",
}  # fmt: skip


class TemplateRefused(Exception):
    """Khuôn mẫu không dùng được: {problem}."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a template. kind: syntax | variable | construct | trial; `word` is what to point at."""

    kind: str
    detail: str
    line: int
    word: str = ""


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    environment.globals.clear()
    return environment


_ENVIRONMENT = _environment()


def problems(text: str, variables: Mapping[str, Variable] = VARIABLES) -> list[Problem]:
    """Everything that keeps a template from being used, in the order of its lines."""
    try:
        tree = _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        return [Problem("syntax", error.message or "", error.lineno)]
    except (TemplateError, RecursionError) as error:
        return [Problem("syntax", type(error).__name__, 1)]
    try:
        found = list(_refused(tree, frozenset(), variables))
        if found:
            return found
        render(text, {name: variable.example for name, variable in variables.items()})
    except TemplateRefused as error:
        return [Problem("trial", str(error), 1)]
    except RecursionError as error:
        return [Problem("syntax", type(error).__name__, 1)]
    return []


def _refused(node: nodes.Node, local: frozenset[str], variables: Mapping[str, Variable]) -> Iterator[Problem]:
    if not isinstance(node, _ALLOWED):
        yield Problem("construct", _construct(node), node.lineno)
        return
    if isinstance(node, nodes.Name) and node.ctx == "load" and node.name not in local | variables.keys():
        yield Problem("variable", node.name, node.lineno, node.name)
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        yield Problem("construct", f"“{node.attr}”", node.lineno, node.attr)
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        yield Problem("construct", f"bộ lọc “{node.name}”", node.lineno, node.name)
    if isinstance(node, nodes.For):
        yield from _refused_loop(node, variables)
        local |= {name.name for name in node.target.find_all(nodes.Name)} | _own_names(node.target)
    for child in node.iter_child_nodes():
        yield from _refused(child, local, variables)


def _own_names(target: nodes.Node) -> set[str]:
    return {target.name} if isinstance(target, nodes.Name) else set()


def _refused_loop(node: nodes.For, variables: Mapping[str, Variable]) -> Iterator[Problem]:
    over = node.iter
    declared = variables.get(over.name) if isinstance(over, nodes.Name) else None
    if declared is None or not isinstance(declared.example, list) or node.recursive:
        yield Problem("construct", "for trên nội dung không phải danh sách đã khai báo", node.lineno, "for")


def _construct(node: nodes.Node) -> str:
    for kind, name in _NAMED.items():
        if isinstance(node, kind):
            return name
    return type(node).__name__


def render(text: str, values: Mapping[str, object]) -> str:
    """The text with its gaps filled, in NFC. Raises TemplateRefused, whatever is wrong with it."""
    try:
        tree = _parsed(text)
        known = {name: Variable("", [] if isinstance(value, list) else "") for name, value in values.items()}
        refused = next(_refused(tree, frozenset(), known), None)
        if refused:
            raise TemplateRefused(refused.detail)
        size = 0
        pieces = []
        for piece in _compiled(text).generate(**values):
            size += len(piece)
            if size > MAX_OUTPUT:
                raise TemplateRefused(f"quá {MAX_OUTPUT} ký tự")
            pieces.append(piece)
    except TemplateRefused:
        raise
    except (TemplateError, RecursionError, SyntaxError, TypeError, ValueError, ArithmeticError) as error:
        raise TemplateRefused(getattr(error, "message", None) or str(error)) from error
    return unicodedata.normalize("NFC", "".join(pieces))


# A province has a few dozen templates, and a crisis renders the same ones again and again.
@lru_cache(maxsize=256)
def _parsed(text: str) -> nodes.Template:
    return _ENVIRONMENT.parse(text)


@lru_cache(maxsize=256)
def _compiled(text: str) -> Template:
    return _ENVIRONMENT.from_string(text)


# ---------------------------------------------------------------- SMS (3GPP TS 23.038)

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€\f")
_PLAIN = str.maketrans(
    {"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "đ": "d", "Đ": "D"}
)


def plain(text: str) -> str:
    """Without diacritics, as an SMS goes out."""
    bare = unicodedata.normalize("NFD", text.translate(_PLAIN))
    return unicodedata.normalize("NFC", "".join(c for c in bare if not unicodedata.combining(c)))


@dataclass(frozen=True, slots=True)
class SmsSize:
    septets: int
    parts: int
    doubled: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()


def sms_size(text: str) -> SmsSize:
    """Length of the text without diacritics: septets, parts (160, then 153 each), what counts twice or cannot go."""
    bare = plain(text.strip())
    doubled = tuple(sorted({c for c in bare if c in EXTENDED}))
    foreign = tuple(sorted({c for c in bare if c not in _GSM and c not in EXTENDED}))
    septets = sum(2 if c in EXTENDED else 1 for c in bare)
    return SmsSize(septets, _parts(bare, septets), doubled, foreign)


def sms_parts(text: str) -> int:
    return sms_size(text).parts


def _parts(bare: str, septets: int) -> int:
    if septets <= 160:
        return 1
    parts, room = 1, 153
    for char in bare:
        width = 2 if char in EXTENDED else 1
        if width > room:  # an escaped letter is never split between two parts
            parts, room = parts + 1, 153
        room -= width
    return parts


def placeholders(text: str) -> tuple[str, ...]:
    """The gaps «…» a person must still fill in."""
    return tuple(re.findall(r"«[^«»\n]*»", text))
