"""SMS_GATEWAYS read: the order of the gateways and what each is like. A file with any fault is refused whole.

Responsible for what may stand where, and for what must fit together. Secrets are named in the file and come from the
environment; a secret written into the file is a fault. Fields are explained in docs/gateways.md.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import yaml

from notify.gateways.description import (
    Account,
    Answer,
    Auth,
    Callbacks,
    Description,
    Entry,
    InboundCallback,
    Listing,
    Proof,
    Replies,
    Request,
    Rule,
    StatusCallback,
    Value,
)
from notify.gateways.reading import BadGateways, Fault, Node, Reader
from notify.gateways.templates import BadTemplate, Template, parse
from notify.message import Capabilities

TWILIO = "twilio"
SHIPPED = Path(__file__).parent

# True: the entry must be there.
KEYS: dict[str, dict[str, bool]] = {
    "file": {"gateways": True},
    "twilio": {"twilio": True, "prefixes": False},
    "gateway": {
        "name": True, "prefixes": False, "number": False, "sender": False, "timeout": False, "can": True, "auth": False,
        "send": True, "answer": True, "errors": False, "list": False, "replies": False, "balance": False,
        "callbacks": False,
    },
    "can": {
        "two_way": True, "receipts": True, "unicode": True, "parts_per_second": False,
        "needs_registered_template": False, "idempotent": False,
    },
    "auth": {"kind": True, "user": False, "password": False, "token": False, "name": False, "value": False},
    "send": {"address": True, "method": False, "body": False, "fields": True, "headers": False},
    "answer": {"accepted": False, "code": False, "good": False, "id": False, "text": False, "pattern": False},
    "error": {"kind": True, "retries": False},
    "list": {
        "address": True, "method": False, "body": False, "fields": True, "headers": False, "ok": False, "good": False,
        "items": True, "id": True, "to": True, "text": True, "status": True, "statuses": True, "code": False,
        "at": False, "at_format": False, "time_format": False, "pages": False,
    },
    "replies": {
        "address": True, "method": False, "body": False, "fields": True, "headers": False, "ok": False, "good": False,
        "items": True, "id": True, "from": True, "to": False, "text": True, "at": False, "at_format": False,
        "time_format": False, "pages": False,
    },
    "balance": {
        "address": True, "method": False, "body": False, "fields": False, "headers": False, "ok": False, "good": False,
        "amount": True, "currency": True, "low": True,
    },
    "pages": {"first": True, "size": True},
    "callbacks": {"proof": True, "answer": False, "status": False, "inbound": False},
    "proof": {
        "kind": True, "header": False, "field": False, "secret": False, "algorithm": False, "encoding": False,
        "over": False, "separator": False, "allowed": False,
    },
    "status": {
        "method": False, "id": True, "status": True, "statuses": True, "code": False, "reference": False,
    },
    "inbound": {"method": False, "id": False, "from": True, "to": False, "text": True, "at": False},
}  # fmt: skip

SLOTS = ("to", "text", "sender", "reference", "key", "callback", "parts", "validity", "unicode")
LIST_SLOTS = ("since", "until", "day", "page", "size")
KINDS = ("configuration", "address", "content", "optout", "transient", "other", "unknown", "duplicate")
WORDS = ("accepted", "sent", "delivered", "failed")
AUTH = {
    "none": (), "basic": ("user", "password"), "bearer": ("token",), "header": ("name", "value"), "fields": (),
}  # fmt: skip
RETRIES = {"transient": 2, "configuration": 0}
_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")
_VARIABLE = re.compile(r"env:([A-Z][A-Z0-9_]*)")
_PATH = re.compile(r"[\w.:@-]+")
_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}")
_CONSTANT = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_PLAIN = {"true": True, "false": False, "null": None}
_ADDRESS = re.compile(r"https?://(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:/|$)", re.ASCII)
_PRINTABLE = re.compile(r"[ -~]*")


def load(path: Path, env: Mapping[str, str]) -> tuple[Entry, ...]:
    """The gateways of the file in order of preference; raises BadGateways. `env` is where secrets are found."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fault = Fault(str(path), 1, 1, "không đọc được tệp mô tả cổng SMS.", f"({type(error).__name__})")
        raise BadGateways([fault]) from error
    return read(text, str(path), env)


def read(text: str, file: str, env: Mapping[str, str]) -> tuple[Entry, ...]:
    """As `load`, from the text; `file` is how faults name it."""
    reader = Reader(file)
    root = reader.root(text)
    if root is None:
        raise BadGateways([Fault(file, 1, 1, "tệp trống.", "Thêm “gateways:” và ít nhất một cổng.")])
    top = reader.table(root, KEYS["file"])
    nodes = reader.items(top["gateways"]) if "gateways" in top else []
    entries: list[Entry] = []
    seen: set[str] = set()
    for node in nodes:
        entry = _entry(reader, node, env)
        name = entry.description.name if entry.description else TWILIO
        if name in seen:
            reader.fault(node, f"“{name}” đã có ở trên.", "Mỗi cổng một tên, một chỗ trong thứ tự.")
        seen.add(name)
        entries.append(entry)
    if reader.faults:
        raise BadGateways(sorted(reader.faults, key=lambda fault: (fault.line, fault.column)))
    return tuple(entries)


def _entry(reader: Reader, node: Node, env: Mapping[str, str]) -> Entry:
    if isinstance(node, yaml.ScalarNode):
        reader.choice(node, (TWILIO,))
        return Entry(None)
    if isinstance(node, yaml.MappingNode) and any(key.value == TWILIO for key, _ in node.value):
        return Entry(None, _prefixes(reader, reader.table(node, KEYS["twilio"])))
    one = _Gateway(reader, env)
    description = one.read(node)
    return Entry(description, _prefixes(reader, one.top))


def _prefixes(reader: Reader, table: Mapping[str, Node]) -> tuple[str, ...]:
    nodes = reader.items(table["prefixes"]) if "prefixes" in table else []
    for node in nodes:
        if not _PREFIX.fullmatch(reader.text(node)):
            reader.fault(node, "đầu số phải ở dạng quốc tế.", 'Ví dụ: "+8498".')
    return tuple(reader.text(node) for node in nodes)


class _Gateway:
    """Reads one description."""

    def __init__(self, reader: Reader, env: Mapping[str, str]) -> None:
        self.reader = reader
        self.env = env
        self.top: dict[str, Node] = {}
        self.variables: dict[str, str] = {}
        self.named = False  # whether the call itself names a variable

    def read(self, node: Node) -> Description:
        reader = self.reader
        self.top = top = reader.table(node, KEYS["gateway"])
        nothing = Request(Template(), "POST", "json", {})
        send = self.request(top["send"], "send", SLOTS) if "send" in top else nothing
        self.named = bool(self.variables)
        callbacks = self.callbacks(top["callbacks"]) if "callbacks" in top else None
        description = Description(
            name=self.name(top["name"]) if "name" in top else "",
            capabilities=self.can(top["can"], send, callbacks) if "can" in top else Capabilities(),
            number=_as(reader.choice(top["number"], ("84", "0", "+84")) if "number" in top else "84"),
            sender=self.ours(top["sender"]) if "sender" in top else "",
            auth=self.auth(top["auth"]) if "auth" in top else Auth(),
            send=send,
            answer=self.answer(top["answer"]) if "answer" in top else _NO_ANSWER,
            errors=self.errors(top["errors"]) if "errors" in top else {},
            listing=self.listing(top["list"]) if "list" in top else None,
            replies=self.replies(top["replies"], callbacks) if "replies" in top else None,
            account=self.account(top["balance"]) if "balance" in top else None,
            callbacks=callbacks,
            timeout_seconds=reader.number(top["timeout"], 1, 10) if "timeout" in top else 10.0,
        )
        missing = tuple(name for name, value in self.variables.items() if not value)
        return replace(description, variables=tuple(self.variables), missing=missing)

    def name(self, node: Node) -> str:
        name = self.reader.text(node)
        if not _NAME.fullmatch(name):
            hint = "Tối đa 30 ký tự: chữ thường không dấu, chữ số, gạch nối; bắt đầu bằng chữ."
            self.reader.fault(node, f"tên “{name}” không dùng được.", hint)
        elif name.startswith(("twilio", "smtp")):
            self.reader.fault(node, f"tên “{name}” dành cho nơi khác.", "Đặt tên khác, ví dụ tên nhà mạng.")
        return name

    # --- texts

    def template(self, node: Node, slots: Collection[str] | None = None) -> Template:
        """What goes out may hold these slots and variables; None: what came in, where a slot is a path."""

        def known(slot: str, place: int) -> str | None:
            variable = _VARIABLE.fullmatch(slot)
            if slots is None:
                if not _PATH.fullmatch(slot):
                    reader.fault(node, f"“{{{slot}}}” không phải tên trường.", "Ví dụ: {data.id}.", place)
            elif variable:
                self.variables[variable[1]] = self.env.get(variable[1], "")
                return self.variables[variable[1]]
            elif slot not in slots:
                hint = (
                    f"Dùng được: {', '.join(slots)}, env:TÊN_BIẾN." if slots else "Dùng được: env:TÊN_BIẾN."
                )
                reader.fault(node, f"không có ô “{{{slot}}}”.", hint, place)
            return None

        reader = self.reader
        try:
            return parse(reader.text(node), known)
        except BadTemplate as bad:
            hint = "Dấu ngoặc nhọn là nội dung thì viết hai lần: {{ }}."
            reader.fault(node, "dấu ngoặc nhọn không thành cặp.", hint, bad.at)
            return Template()

    def ours(self, node: Node) -> str:
        """A text of our own, with nothing but variables in it."""
        return self.template(node, ()).fill(lambda slot: "")

    def secret(self, node: Node) -> str:
        text = self.reader.text(node)
        if not (text.startswith("{") and _VARIABLE.fullmatch(text[1:-1])):
            hint = 'Ghi tên biến môi trường, ví dụ "{env:SMS_SECRET}", rồi đặt biến ấy trên máy chủ.'
            self.reader.fault(node, "bí mật không được ghi trong tệp.", hint)
            return ""
        return self.ours(node)

    def incoming(self, table: Mapping[str, Node], key: str, default: str = "") -> Template:
        if key in table:
            return self.template(table[key])
        return parse(default, lambda slot, place: None)

    def all_incoming(self, table: Mapping[str, Node], *keys: str) -> dict[str, Any]:
        return {key: self.incoming(table, key) for key in keys}

    def words(self, node: Node) -> frozenset[str]:
        return frozenset(self.reader.text(one) for one in self.reader.items(node))

    # --- parts of a description

    def can(self, node: Node, send: Request, callbacks: Callbacks | None) -> Capabilities:
        reader = self.reader
        table = reader.table(node, KEYS["can"])

        def yes(key: str, default: bool = False) -> bool:
            return reader.yes(table[key]) if key in table else default

        rate = reader.number(table["parts_per_second"], 0.01, 10_000) if "parts_per_second" in table else None
        registered = "no"
        if "needs_registered_template" in table:
            said = reader.choice(table["needs_registered_template"], ("no", "yes", "warn", "false", "true"))
            registered = {"false": "no", "true": "yes"}.get(said, said)
        found = Capabilities(
            two_way=yes("two_way"),
            receipts=_as(
                reader.choice(table["receipts"], ("none", "sent", "delivered"))
                if "receipts" in table
                else "none"
            ),
            parts_per_second=rate,
            needs_registered_template=registered != "no",
            strict=registered == "yes",
            idempotent=yes("idempotent"),
            unicode=yes("unicode", default=True),
        )
        if found.two_way and not (callbacks and callbacks.inbound):
            hint = "Thêm callbacks.inbound, hoặc ghi two_way: no (người nhận xác nhận bằng liên kết)."
            reader.fault(table["two_way"], "cổng hai chiều phải nói tin trả lời về bằng cách nào.", hint)
        if found.receipts != "none" and not (callbacks and callbacks.status):
            hint = "Thêm callbacks.status, hoặc ghi receipts: none."
            reader.fault(table["receipts"], "cổng có báo cáo phải nói báo cáo về bằng cách nào.", hint)
        if found.idempotent and "key" not in _slots(send):
            hint = "Đặt {key} vào trường mà cổng dùng để nhận ra yêu cầu lặp lại."
            reader.fault(table["idempotent"], "cổng chặn trùng phải được đưa khóa của tin.", hint)
        return found

    def auth(self, node: Node) -> Auth:
        reader = self.reader
        table = reader.table(node, KEYS["auth"])
        kind = reader.choice(table["kind"], AUTH) if "kind" in table else "none"
        for key in AUTH[kind]:
            if key not in table:
                reader.fault(node, f"kiểu “{kind}” cần mục “{key}”.")
        if kind == "fields" and not self.named:
            reader.fault(
                node, "không trường nào của “send” có bí mật.", 'Ví dụ: ApiKey: "{env:SMS_API_KEY}".'
            )
        for key in table.keys() - {"kind", *AUTH[kind]}:
            reader.fault(table[key], f"kiểu “{kind}” không dùng mục “{key}”.", "Bỏ dòng này.")
        first = next((table[key] for key in ("user", "token", "name") if key in table), None)
        second = next((table[key] for key in ("password", "value") if key in table), None)
        return Auth(
            _as(kind),
            "" if first is None else self.secret(first) if kind == "bearer" else self.ours(first),
            "" if second is None else self.secret(second),
        )

    def request(self, node: Node, keys: str, slots: Collection[str]) -> Request:
        reader = self.reader
        allowed = {key: must for key, must in KEYS[keys].items() if key in KEYS["send"]}
        table = reader.table(node, allowed)
        method = reader.choice(table["method"], ("POST", "GET", "PUT")) if "method" in table else "POST"
        body = reader.choice(table["body"], ("json", "form", "query")) if "body" in table else "json"
        if method == "GET" and body != "query":
            reader.fault(table.get("body", table["method"]), "GET không có phần thân.", "Ghi body: query.")
        return Request(
            address=self.address(table["address"], slots) if "address" in table else Template(),
            method=_as(method),
            body=_as(body),
            fields=self.fields(table["fields"], slots, nested=body == "json") if "fields" in table else {},
            headers=self.headers(table["headers"]) if "headers" in table else {},
        )

    def address(self, node: Node, slots: Collection[str]) -> Template:
        address = self.template(node, slots)
        unset = any(not self.env.get(name) for name in _VARIABLE.findall(self.reader.text(node)))
        if not unset and not _ADDRESS.match(_shape(address)):
            self.reader.fault(node, "cần một địa chỉ http:// hoặc https://.")
        return address

    def fields(self, node: Node, slots: Collection[str], nested: bool) -> dict[str, Value]:
        return {
            key: self.value(value, slots, nested) for key, (_, value) in self.reader.entries(node).items()
        }

    def value(self, node: Node, slots: Collection[str], nested: bool) -> Value:
        if isinstance(node, yaml.ScalarNode):
            if node.style is None and nested and node.value in _PLAIN:
                return _PLAIN[node.value]
            if node.style is None and nested and _CONSTANT.fullmatch(node.value):
                return int(node.value)
            return self.template(node, slots)
        if not nested:
            self.reader.fault(node, "chỉ thân JSON có bảng và danh sách lồng nhau.")
            return None
        if isinstance(node, yaml.MappingNode):
            return self.fields(node, slots, nested)
        return tuple(self.value(one, slots, nested) for one in self.reader.items(node))

    def headers(self, node: Node) -> dict[str, Template]:
        headers = {}
        for name, (key_node, value) in self.reader.entries(node).items():
            headers[name] = self.template(value, ("key", "reference"))
            if not _PRINTABLE.fullmatch(name + _shape(headers[name])):
                self.reader.fault(key_node, "tên và giá trị tiêu đề chỉ gồm ký tự ASCII.")
        return headers

    def answer(self, node: Node) -> Answer:
        reader = self.reader
        table = reader.table(node, KEYS["answer"])
        accepted = reader.items(table["accepted"]) if "accepted" in table else []
        if ("good" in table) != ("code" in table):
            reader.fault(
                node, "“code” và “good” đi với nhau.", "code: mã nằm ở đâu; good: mã nào là thành công."
            )
        return Answer(
            frozenset(int(reader.number(one, 200, 299)) for one in accepted) or frozenset({200, 201, 202}),
            self.incoming(table, "code"),
            self.words(table["good"]) if "good" in table else frozenset(),
            self.incoming(table, "id"),
            self.incoming(table, "text"),
            self.pattern(table["pattern"]) if "pattern" in table else None,
        )

    def pattern(self, node: Node) -> re.Pattern[str] | None:
        try:
            return re.compile(self.reader.text(node), re.ASCII)
        except re.error as error:
            self.reader.fault(node, f"biểu thức chính quy sai ({error.msg}).")
            return None

    def errors(self, node: Node) -> dict[str, Rule]:
        reader = self.reader
        rules: dict[str, Rule] = {}
        for code, (_, value) in reader.entries(node).items():
            retries = None
            if isinstance(value, yaml.MappingNode):
                table = reader.table(value, KEYS["error"])
                retries = int(reader.number(table["retries"], 0, 7)) if "retries" in table else None
                value = table.get("kind", value)
            kind = reader.choice(value, KINDS) if isinstance(value, yaml.ScalarNode) else "other"
            rules[code] = Rule(_as(kind), RETRIES.get(kind, 0) if retries is None else retries)
        return rules

    def listing(self, node: Node) -> Listing:
        table = self.reader.table(node, KEYS["list"])
        return Listing(
            **self.paged(node, table),
            **self.all_incoming(table, "id", "to", "text", "status", "code", "at"),
            statuses=self.statuses(table),
        )

    def replies(self, node: Node, callbacks: Callbacks | None) -> Replies:
        table = self.reader.table(node, KEYS["replies"])
        if callbacks is not None and callbacks.inbound is not None and not callbacks.inbound.id:
            hint = (
                "Thêm id vào callbacks.inbound, cùng một mã với danh sách này; không có thì bỏ mục replies."
            )
            self.reader.fault(node, "tin trả lời không có mã thì không so được với danh sách.", hint)
        return Replies(
            **self.paged(node, table),
            **self.all_incoming(table, "id", "to", "text", "at"),
            sender=self.incoming(table, "from"),
        )

    def account(self, node: Node) -> Account:
        table = self.reader.table(node, KEYS["balance"])
        return Account(
            self.request(_only(node, KEYS["send"]), "balance", ()),
            self.incoming(table, "amount"),
            self.reader.text(table["currency"]) if "currency" in table else "",
            self.reader.number(table["low"], 0, 1_000_000_000) if "low" in table else 0.0,
            self.incoming(table, "ok"),
            self.words(table["good"]) if "good" in table else frozenset(),
        )

    def paged(self, node: Node, table: Mapping[str, Node]) -> dict[str, Any]:
        """What the two lists have in common."""
        reader = self.reader
        pages = reader.table(table["pages"], KEYS["pages"]) if "pages" in table else {}
        return {
            "request": self.request(_only(node, KEYS["send"]), "send", LIST_SLOTS),
            "items": reader.text(table["items"]) if "items" in table else "",
            "at_format": reader.text(table["at_format"]) if "at_format" in table else "iso",
            "time_format": reader.text(table["time_format"]) if "time_format" in table else "iso",
            "first": int(reader.number(pages["first"], 0, 1)) if "first" in pages else 1,
            "size": int(reader.number(pages["size"], 1, 10_000)) if "size" in pages else 0,
            "ok": self.incoming(table, "ok"),
            "good": self.words(table["good"]) if "good" in table else frozenset(),
        }

    def statuses(self, table: Mapping[str, Node]) -> dict[str, Any]:
        entries = self.reader.entries(table["statuses"]) if "statuses" in table else {}
        return {word: self.reader.choice(value, WORDS) for word, (_, value) in entries.items()}

    def callbacks(self, node: Node) -> Callbacks:
        reader = self.reader
        table = reader.table(node, KEYS["callbacks"])
        proofs = tuple(self.proof(one) for one in _tables(table["proof"])) if "proof" in table else ()
        found = Callbacks(
            proofs,
            reader.text(table["answer"]) if "answer" in table else "",
            self.status(table["status"]) if "status" in table else None,
            self.inbound(table["inbound"]) if "inbound" in table else None,
        )
        for key, block in (("status", found.status), ("inbound", found.inbound)):
            if block is not None and block.method == "GET" and any(map(_of_the_body, proofs)):
                hint = "Ghi các trường được ký vào “over”, hoặc dùng cách khác: secret, addresses."
                reader.fault(table[key], "GET không có phần thân để ký.", hint)
        return found

    def proof(self, node: Node) -> Proof:
        reader = self.reader
        table = reader.table(node, KEYS["proof"])
        kind = (
            reader.choice(table["kind"], ("signature", "secret", "addresses"))
            if "kind" in table
            else "secret"
        )
        if kind == "addresses":
            if "allowed" not in table:
                reader.fault(node, "thiếu mục “allowed”.", "Các dải địa chỉ được gọi vào, ví dụ 10.0.0.0/24.")
            return Proof("addresses", allowed=tuple(self.networks(table)))
        if ("header" in table) == ("field" in table):
            reader.fault(
                node,
                "cần đúng một trong “header” và “field”.",
                "Chữ ký, bí mật nằm ở tiêu đề hay trường nào.",
            )
        if "secret" not in table:
            reader.fault(node, "thiếu mục “secret”.", 'Ví dụ: secret: "{env:SMS_SECRET}".')
        place = "header" if "header" in table else "field"
        over = tuple(reader.text(one) for one in reader.items(table["over"])) if "over" in table else ()
        separator = reader.text(table["separator"]) if "separator" in table else ""
        if len(over) > 1 and not separator:
            hint = (
                'Ví dụ: separator: "|". Cổng ghép liền các trường thì dùng cách khác: secret hoặc addresses.'
            )
            reader.fault(table["over"], "các trường được ký phải có dấu ngăn cách.", hint)
        algorithms = ("hmac-sha256", "hmac-sha1", "md5")
        return Proof(
            _as(kind),
            _as(place),
            reader.text(table[place]) if place in table else "",
            self.secret(table["secret"]) if "secret" in table else "",
            _as(reader.choice(table["algorithm"], algorithms) if "algorithm" in table else algorithms[0]),
            _as(reader.choice(table["encoding"], ("hex", "base64")) if "encoding" in table else "hex"),
            over,
            separator,
        )

    def networks(self, table: Mapping[str, Node]) -> list[Any]:
        networks = []
        for node in self.reader.items(table["allowed"]) if "allowed" in table else ():
            try:
                networks.append(ip_network(self.reader.text(node)))
            except ValueError:
                self.reader.fault(node, "không phải dải địa chỉ.", "Ví dụ: 10.1.2.0/24 hoặc 10.1.2.3.")
        return networks

    def status(self, node: Node) -> StatusCallback:
        table = self.reader.table(node, KEYS["status"])
        return StatusCallback(
            _as(self.method(table)),
            self.incoming(table, "id"),
            self.incoming(table, "status"),
            self.incoming(table, "code"),
            self.incoming(table, "reference", "{ref}"),
            self.statuses(table),
        )

    def inbound(self, node: Node) -> InboundCallback:
        table = self.reader.table(node, KEYS["inbound"])
        return InboundCallback(
            _as(self.method(table)),
            *(self.incoming(table, key) for key in ("id", "from", "to", "text", "at")),
        )

    def method(self, table: Mapping[str, Node]) -> str:
        return self.reader.choice(table["method"], ("POST", "GET")) if "method" in table else "POST"


_NO_ANSWER = Answer(frozenset(), Template(), frozenset(), Template(), Template())


def _as(text: str) -> Any:
    """One of the words that `choice` allows, where the type names them."""
    return text


def _of_the_body(proof: Proof) -> bool:
    return proof.kind == "signature" and not proof.over


def _tables(node: Node) -> list[Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else [node]


def _only(node: Node, keys: Collection[str]) -> Node:
    """The part of a table that is a request."""
    if not isinstance(node, yaml.MappingNode):
        return node
    kept = [(key, value) for key, value in node.value if key.value in keys]
    return yaml.MappingNode(node.tag, kept, node.start_mark, node.end_mark)


def _shape(template: Template) -> str:
    return template.fill(lambda slot: "0")


def _slots(request: Request) -> set[str]:
    found = set(request.address.slots())
    waiting: list[Value] = [*request.fields.values(), *request.headers.values()]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Template):
            found |= one.slots()
        elif isinstance(one, Mapping):
            waiting.extend(one.values())
        elif isinstance(one, tuple):
            waiting.extend(one)
    return found
