"""A mail that somebody wrote in answer to one of ours: whose, what it answers, and the words that are the writer's own.

What a program wrote by itself (out of office, bounces, lists) is no answer of anybody. Who sent it is what the mail says,
and no more. Must never know what the words mean. Sources: RFC 5322 (messages), 3834 (automatic responses).
"""

from __future__ import annotations

import hashlib
import hmac
import html
import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import parseaddr

from notify.email import NAME
from notify.message import Reply

MOST_BYTES = 1024 * 1024
LONGEST = 2000  # characters of an answer that are kept
LONGEST_HEADER = 4000  # characters of a header that are read
LONGEST_TEXT = 100_000  # characters in which the answer is looked for
_IDS = re.compile(r"<([^<>@\s\x00\ud800-\udfff]{1,200})@[^<>@\s]{1,200}>")
# Where the mail that is answered begins, as mail programs and people mark it.
_QUOTED = re.compile(
    r"^\s*(>|-{2,}\s*(original message|forwarded message|tin nhắn gốc|thư gốc|tin nhắn đã chuyển tiếp)"
    r"|_{10,}|(from|từ|người gửi)\s*:\s.*@)|^\s*(on|vào|lúc|ngày)\b.{4,200}(wrote|đã viết|viết)\s*:\s*$",
    re.I,
)
_HEADED = re.compile(r"^\s*(on|vào|lúc|ngày)\b.{4,200}$", re.I)  # a heading that runs over two lines
_HEADED_TO = re.compile(r"^.{0,120}(wrote|đã viết|viết)\s*:\s*$", re.I)
# What stands around an answer in a letter and says nothing.
_SIGNED = re.compile(
    r"^\s*(--\s*$|trân trọng|kính thư|thân ái|thân mến|cảm ơn\.?\s*$|(best )?regards|thanks|sent from|gửi từ|đã gửi từ)",
    re.I,
)
_DEAR = re.compile(r"^\s*(kính gửi|kính thưa|thưa|dear)\b.{0,80}[,:.!]\s*$", re.I)
# What Python's reader of mail raises at headers no program of mail would write.
_ODD = (LookupError, ValueError, AttributeError, TypeError, RecursionError)
_BLOCKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3"})
_VOID = frozenset({"br", "img", "hr", "meta", "link", "input"})
_UNSEEN = frozenset({"blockquote", "style", "script", "head"})
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_TOKEN = re.compile(
    r"<(?P<end>/?)(?P<name>[a-z][a-z0-9]*)\b(?P<rest>[^<>]*)>|(?P<other><[!?/][^<>]*>)|[^<]+|<", re.I
)


@dataclass(frozen=True, slots=True)
class MailReply:
    """`answers`: the local parts of the Message-IDs it refers to, the one it answers first."""

    reply: Reply
    answers: tuple[str, ...]


class NoMail(ValueError):
    """What came in is no mail with a sender and an id."""


class _Bounded(EmailPolicy):
    """Headers, of every part, only so far as a program of mail would write them: reading one costs the square of its
    length, and anybody may send us a mail."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:LONGEST_HEADER]


_POLICY = _Bounded()


def signature(secret: str, raw: bytes) -> str:
    """What X-Signature must say of these bytes: HMAC-SHA256 in hexadecimal."""
    return hmac.digest(secret.encode(), raw, "sha256").hex()


def read(raw: bytes) -> MailReply | None:
    """The answer in a raw message; None for what a program wrote by itself. Raises NoMail."""
    try:
        mail = message_from_bytes(raw, policy=_POLICY)
        if not isinstance(mail, EmailMessage):
            raise NoMail("no message")
        sender = parseaddr(_header(mail, "From"))[1].lower()
        own = _header(mail, "Message-ID").strip()
        if "@" not in sender or len(sender) > 200 or not own:
            raise NoMail("no sender, or no Message-ID")
        if _automatic(mail):
            return None
        text = written(_text(mail))
        to = parseaddr(_header(mail, "To"))[1][:40]
        answers = _IDS.findall(_header(mail, "In-Reply-To")) + _IDS.findall(_header(mail, "References"))[::-1]
    except NoMail:
        raise
    except _ODD as fault:
        raise NoMail(type(fault).__name__) from fault
    reply = Reply(
        carrier=NAME,
        carrier_id=f"m-{hashlib.sha256(own.encode('utf-8', 'replace')).hexdigest()[:40]}",
        sender=sender,
        to=to,
        body=text,
    )
    return MailReply(reply, tuple(dict.fromkeys(answers))[:20])


def _header(mail: EmailMessage, name: str) -> str:
    """ "" also where it cannot be read: one mangled header does not make the others worthless."""
    try:
        return str(mail.get(name, ""))[:10_000]
    except _ODD:
        return ""


def _automatic(mail: EmailMessage) -> bool:
    auto = _header(mail, "Auto-Submitted").strip().lower()
    return (
        auto not in ("", "no")
        or _header(mail, "Precedence").strip().lower() in ("bulk", "junk", "list", "auto_reply")
        or any(mail.get(name) is not None for name in ("List-Id", "X-Autoreply", "X-Autorespond"))
        or mail.get_content_type() == "multipart/report"
    )


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain", "html"))
    if not isinstance(body, EmailMessage):
        return ""
    content = str(body.get_content())[:LONGEST_TEXT]
    return _plain(content) if body.get_content_type() == "text/html" else content


def written(text: str) -> str:
    """What the writer wrote: without the mail that is answered, greeting and signature."""
    lines: list[str] = []
    found = text.replace("\r\n", "\n").replace("\x00", "").split("\n")
    for line, after in zip(found, [*found[1:], ""], strict=True):
        if _QUOTED.search(line) or (_HEADED.search(line) and _HEADED_TO.search(after)):
            break
        if any(one.strip() for one in lines) and _SIGNED.search(line):
            break
        if not _DEAR.search(line):
            lines.append(line.strip())
    return "\n".join(lines).strip()[:LONGEST]


def _plain(content: str) -> str:
    """The words of an HTML body that are not quoted. Looks at each character once or twice, however strange the tags."""
    parts: list[str] = []
    hidden = 0
    for token in _TOKEN.finditer(_COMMENT.sub("", content)):
        name = (token["name"] or "").lower()
        if token["end"]:
            hidden = max(0, hidden - 1)
        elif name:
            if hidden or name in _UNSEEN or "gmail_quote" in token["rest"]:
                hidden += name not in _VOID
            elif name in _BLOCKS:
                parts.append("\n")
        elif not hidden and not token["other"]:
            parts.append(html.unescape(token[0]))
    return "".join(parts)
