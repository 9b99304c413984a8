"""Phones and mailbox for people (HTML) and for programs (JSON); orders for faults.

Responsible for showing and for taking answers. Pages work without JavaScript and hold no inline script or style. What
people read is Vietnamese.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from notify.phone import BadNumber, display, to_e164
from notify.simulator import faults
from notify.simulator.calling import Calls, NoCall
from notify.simulator.state import Call, Mail, Sms, State
from notify.simulator.wire import Request, Response, as_json

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
TYPES = {".svg": "image/svg+xml", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
ROWS = 200
CALLS = 5
_LINK = re.compile(r"(https?://[^\s<>\"]+)")
_ASKED = re.compile(r"\b((?:OK|BAN|SAI) (?:DT ?)?\d{2,4})\b")
Route = tuple[str, re.Pattern[str], Callable[..., Response]]


class Pages:
    """`reply` hands in what a person on a phone answers, `calls` what is done with a ringing one, `write_back` what the
    reader of a mail answers; None where the service takes no mail."""

    def __init__(
        self,
        state: State,
        book: faults.FaultBook,
        reply: Callable[[str, str], Sms],
        calls: Calls,
        zone: ZoneInfo,
        write_back: Callable[[Mail, str], None] | None = None,
    ) -> None:
        self._write_back = write_back
        self._state = state
        self._book = book
        self._reply = reply
        self._calls = calls
        self._zone = zone
        self._jinja = Environment(
            loader=PackageLoader("notify.simulator"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
        )
        self._jinja.filters["links"] = lambda text: [
            (bool(_LINK.fullmatch(piece)), piece) for piece in _LINK.split(text) if piece
        ]
        self._jinja.filters["clock"] = lambda moment: moment.astimezone(zone).strftime("%H:%M:%S %d/%m/%Y")
        self._routes = self._table()

    def _table(self) -> list[Route]:
        return [
            (method, re.compile(pattern), answer)
            for method, pattern, answer in (
                ("GET", r"/", self._phones),
                ("GET", r"/phones\.json", self._phones_json),
                ("GET", r"/phones/([^/]+)\.json", self._phone_json),
                ("GET", r"/phones/([^/]+)", self._phone),
                ("POST", r"/phones/([^/]+)/reply", self._answer),
                ("POST", r"/phones/([^/]+)/(answer|hang_up|let_ring)", self._in_call),
                ("GET", r"/mailbox", self._mailbox),
                ("GET", r"/mailbox\.json", self._mailbox_json),
                ("GET", r"/mailbox/(\w+)", self._mail),
                ("POST", r"/mailbox/(\w+)/reply", self._answer_mail),
                ("GET", r"/counts\.json", self._counts),
                ("GET", r"/faults", self._faults),
                ("POST", r"/faults", self._order),
                ("GET", r"/static/([\w.-]+)", self._static),
                ("GET", r"/healthz", lambda request: Response(body=b"ok")),
            )
        ]

    def __call__(self, request: Request) -> Response:
        response = self._respond(request)
        response.headers = {**HEADERS, **response.headers}
        return response

    def _respond(self, request: Request) -> Response:
        if request.method == "POST" and not _own_origin(request):
            return as_json({"error": "yêu cầu đến từ trang khác"}, 403)
        method = "GET" if request.method == "HEAD" else request.method
        known = False
        for wanted, pattern, answer in self._routes:
            match = pattern.fullmatch(request.path)
            if match is not None and wanted == method:
                return answer(request, *match.groups())
            known = known or match is not None
        return (
            self._missing("Địa chỉ này không nhận cách gọi ấy.", 405)
            if known
            else self._missing("Không có trang này.")
        )

    # --- phones

    def _phones(self, request: Request) -> Response:
        q = request.arguments().get("q", "").strip()
        rows = [row for row in self._rows() if _matches(row, q)]
        return self._page(
            "phones.html",
            here="phones",
            rows=rows[:ROWS],
            more=max(0, len(rows) - ROWS),
            q=q,
            counts=self._state.counts(),
        )

    def _rows(self) -> list[dict[str, Any]]:
        """Phones that hold something, the latest first."""
        calls = _newest(self._state.calls)
        rows = []
        for phone in dict.fromkeys((*self._state.phones, *calls)):
            talk, call = self._talk(phone), calls.get(phone)
            if talk or call:
                unread = sum(1 for sms in talk if not sms.read)
                last = talk[-1] if talk else None
                moments = [one.created_at for one in (last, call) if one]
                rows.append(
                    {
                        "phone": phone, "shown": display(phone), "last": last, "unread": unread, "call": call,
                        "at": max(moments), "n": (max(moments), last.n if last else -1),
                    }
                )  # fmt: skip
        return sorted(rows, key=lambda row: row["n"], reverse=True)

    def _talk(self, phone: str) -> list[Sms]:
        return [sms for sms in self._state.phones.get(phone, ()) if sms.inbound or sms.at_phone]

    def _phone(self, request: Request, text: str) -> Response:
        phone = number_of(text)
        if phone is None:
            return self._missing("Đây không phải số điện thoại.")
        talk = self._talk(phone)
        page = self._page(
            "phone.html",
            here="phones",
            phone=phone,
            shown=display(phone),
            talk=talk,
            quick=_quick(talk),
            calls=self._state.calls_to(phone)[-CALLS:],
        )
        self._state.mark_read(phone)
        return page

    def _answer(self, request: Request, text: str) -> Response:
        phone = number_of(text)
        if phone is None:
            return as_json({"error": "không phải số điện thoại"}, 404)
        order = _fields(request)
        words = order.get("text") if order is not None else None
        if not isinstance(words, str) or not words.strip():
            return as_json({"error": "thiếu text"}, 400)
        sms = self._reply(phone, words.replace("\r\n", "\n"))
        if request.is_json():
            return as_json({"sid": sms.sid, "to": sms.to, "text": sms.body}, 201)
        return Response(303, headers={"Location": f"/phones/{phone}"})

    def _in_call(self, request: Request, text: str, what: str) -> Response:
        phone = number_of(text)
        if phone is None:
            return as_json({"error": "không phải số điện thoại"}, 404)
        order = _fields(request) or {}
        key = str(order.get("key", ""))
        if what == "answer" and not re.fullmatch(r"[0-9*#]?", key):
            return as_json({"error": "key: một phím"}, 400)
        try:
            call = getattr(self._calls, what)(phone, *([key] if what == "answer" else []))
        except NoCall:
            return as_json({"error": "không có cuộc gọi nào để làm việc này"}, 409)
        if request.is_json():
            return as_json({"sid": call.sid}, 202)
        return Response(303, headers={"Location": f"/phones/{phone}"})

    def _phones_json(self, request: Request) -> Response:
        return as_json(
            [
                {
                    "phone": row["phone"],
                    "received": len(self._state.received(row["phone"])),
                    "unread": row["unread"],
                    "last": row["last"].body if row["last"] else "",
                    "last_at": row["at"].isoformat(),
                    "ringing": bool(row["call"] and row["call"].status == "ringing"),
                }
                for row in self._rows()
            ]
        )

    def _phone_json(self, request: Request, text: str) -> Response:
        phone = number_of(text)
        if phone is None:
            return as_json({"error": "không phải số điện thoại"}, 404)
        replies = self._state.replies(phone)
        return as_json(
            {
                "phone": phone,
                "messages": [
                    {
                        "sid": sms.sid,
                        "from": sms.sender,
                        "carrier": sms.carrier,
                        "body": sms.body,
                        "parts": sms.parts,
                        "received_at": sms.created_at.isoformat(),
                        "status": sms.status,
                    }
                    for sms in self._state.received(phone)
                ],
                "replies": [
                    {"sid": s.sid, "body": s.body, "sent_at": s.created_at.isoformat(), "status": s.status}
                    for s in replies
                ],
                "calls": [_call_json(call) for call in self._state.calls_to(phone)],
            }
        )

    # --- mailbox

    def _mailbox(self, request: Request) -> Response:
        mails = self._state.mails[::-1]
        return self._page("mailbox.html", here="mailbox", mails=mails[:ROWS], more=max(0, len(mails) - ROWS))

    def _mail(self, request: Request, mail_id: str) -> Response:
        mail = next((mail for mail in self._state.mails if mail.id == mail_id), None)
        if mail is None:
            return self._missing("Không có thư này.")
        mail.read = True
        return self._page(
            "mail.html",
            here="mailbox",
            mail=mail,
            sender=_header(mail, "From") or mail.sender,
            answerable=self._write_back is not None,
        )

    def _answer_mail(self, request: Request, mail_id: str) -> Response:
        mail = next((mail for mail in self._state.mails if mail.id == mail_id), None)
        if mail is None:
            return self._missing("Không có thư này.")
        order = _fields(request)
        words = order.get("text") if order is not None else None
        if not isinstance(words, str) or not words.strip():
            return as_json({"error": "thiếu text"}, 400)
        if self._write_back is None:
            return as_json({"error": "dịch vụ chưa nhận thư: đặt EMAIL_INBOUND_SECRET"}, 409)
        text = words.replace("\r\n", "\n")
        self._write_back(mail, text)
        mail.answers.append(text)
        if request.is_json():
            return as_json({"text": text}, 201)
        return Response(303, headers={"Location": f"/mailbox/{mail_id}"})

    def _mailbox_json(self, request: Request) -> Response:
        return as_json(
            [
                {
                    "id": mail.id,
                    "from": mail.sender,
                    "to": mail.to,
                    "subject": mail.subject,
                    "text": mail.text,
                    "message_id": mail.message_id,
                    "in_reply_to": _header(mail, "In-Reply-To"),
                    "headers": mail.headers,
                    "received_at": mail.received_at.isoformat(),
                }
                for mail in self._state.mails
            ]
        )

    # --- counts and faults

    def _counts(self, request: Request) -> Response:
        return as_json(self._state.counts())

    def _faults(self, request: Request) -> Response:
        return as_json({"faults": self._book.shown()})

    def _order(self, request: Request) -> Response:
        order = _fields(request)
        if order is None:
            return as_json({"error": "không đọc được yêu cầu"}, 400)
        try:
            self.order(order)
        except faults.BadFault as fault:
            return as_json({"error": str(fault)}, 400)
        return as_json({"faults": self._book.shown()})

    def order(self, order: Mapping[str, Any]) -> None:
        """Clears when told to, then adds what else is ordered; raises faults.BadFault."""
        rest = {key: value for key, value in order.items() if key != "clear"}
        if rest.get("phone") and "@" not in str(rest["phone"]):
            rest["phone"] = number_of(str(rest["phone"])) or rest["phone"]
        fault = faults.parse(rest) if rest or "clear" not in order else None
        if order.get("clear"):
            self._book.clear()
        if fault is not None:
            self._book.add(fault)

    # --- the rest

    def _static(self, request: Request, name: str) -> Response:
        kind = TYPES.get(name[name.rfind(".") :])
        file = files("notify.simulator") / "static" / name
        if kind is None or not file.is_file():
            return self._missing("Không có tệp này.")
        return Response(body=file.read_bytes(), content_type=kind)

    def _missing(self, text: str, status: int = 404) -> Response:
        return self._page("missing.html", status, here="", text=text)

    def _page(self, template: str, status: int = 200, **values: Any) -> Response:
        html = self._jinja.get_template(template).render(values)
        return Response(status, html.encode(), "text/html; charset=utf-8")


def _fields(request: Request) -> dict[str, Any] | None:
    """JSON or a form; None where it is neither."""
    if not request.is_json():
        return dict(request.form())
    try:
        value = json.loads(request.body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _own_origin(request: Request) -> bool:
    """A form on another site must not answer for a phone; programs send no Origin."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def number_of(text: str) -> str | None:
    """Any writing of a number; a plus sign lost on the way is forgiven."""
    try:
        return to_e164(text)
    except BadNumber:
        pass
    return text if re.fullmatch(r"\+[1-9]\d{6,14}", text) else None


def _matches(row: Mapping[str, Any], q: str) -> bool:
    digits = re.sub(r"\D", "", q)
    in_number = bool(digits) and digits in row["shown"].replace(" ", "")
    return not q or in_number or q.casefold() in (row["last"].body if row["last"] else "").casefold()


def _newest(calls: Sequence[Call]) -> dict[str, Call]:
    """The last call of each phone."""
    return {call.to: call for call in calls}


def _call_json(call: Call) -> dict[str, Any]:
    return {
        "sid": call.sid,
        "from": call.sender,
        "status": call.status,
        "said": call.said,
        "keys": call.keys,
        "awaits_key": bool(call.keys_to),
        "called_at": call.created_at.isoformat(),
    }


def _quick(talk: Sequence[Sms]) -> list[str]:
    """The answers that the last message offers."""
    last = next((sms.body for sms in reversed(talk) if not sms.inbound), "")
    return list(dict.fromkeys(_ASKED.findall(last)))


def _header(mail: Mail, name: str) -> str:
    return next((value for key, value in mail.headers if key.lower() == name.lower()), "")
