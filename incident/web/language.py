"""Which language a reader sees, and how times and spans are written for people. Vietnamese is the source."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import current_app, g, has_request_context, request
from flask_babel import get_domain, ngettext
from flask_security import current_user
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from werkzeug.wrappers import Response

from incident.domain.words import Said

LANGUAGES = {"vi": "Tiếng Việt", "en": "English"}
TRANSLATIONS = Path(__file__).parent / "translations"
REMEMBERED = "language"  # the cookie of a browser, for pages where nobody is signed in
REMEMBERED_SECONDS = 365 * 86_400


def _(text: str, /, **values: object) -> str:
    """The text in the reader's language, its %(slots)s filled."""
    found = translated(text)
    return found % spoken_slots(values) if values else found


def translated(text: str) -> str:
    """The text in the reader's language, as it stands in the catalogue. A page asks for hundreds: the catalogue is
    looked for once a request, and the source language needs none."""
    catalogue = _catalogue()
    return text if catalogue is None else str(catalogue.ugettext(text))


def _n(text: str, /, n: int, **values: object) -> str:
    """The same where the word for what is counted has a singular in the reader's language; Vietnamese has one form."""
    catalogue = _catalogue()
    found = text if catalogue is None else str(catalogue.ungettext(text, text, n))
    return found % spoken_slots({"n": n, **values})


def _catalogue() -> Any:
    if not has_request_context():
        return None
    catalogue = g.get("catalogue", "")
    if catalogue == "":
        catalogue = g.catalogue = None if chosen() == "vi" else get_domain().get_translations()
    return catalogue


def spoken(text: str) -> str:
    """A sentence made below the pages, in the reader's language: a refusal, a fault of a field, a forecast."""
    if not isinstance(text, Said):
        return translated(text) if text else ""
    return _(text.pattern, **text.slots) if text else ""


def spoken_slots(slots: Mapping[str, object]) -> dict[str, object]:
    """What is put into a text, sentences made below the pages in the reader's language."""
    return {name: spoken(value) if isinstance(value, Said) else value for name, value in slots.items()}


def opened(text: str) -> str:
    """A sentence that begins with what was put into it, a person say: with a capital."""
    return text[:1].upper() + text[1:]


def for_templates(environment: Environment) -> None:
    """The texts of templates come from the catalogue as those of pages do, what is put into them too."""
    environment.install_gettext_callables(translated, ngettext, newstyle=True)  # type: ignore[attr-defined]
    plain = cast(Callable[..., str], environment.globals["gettext"])

    @pass_context
    def gettext(context: Context, text: str, /, **slots: object) -> str:
        return plain(context, text, **spoken_slots(slots))

    environment.globals.update(gettext=gettext, _n=_n)


def chosen() -> str:
    """The language of the account; where nobody is signed in the one asked for in this browser; else Vietnamese, whatever
    language the telephone itself was set to."""
    if not has_request_context():
        return "vi"
    own = getattr(current_user, "language", None) or request.cookies.get(REMEMBERED)
    return own if own in LANGUAGES else "vi"


def remembered(answer: Response, language: str) -> Response:
    """The answer, which lets this browser keep the language for the pages before the sign-in."""
    answer.set_cookie(
        REMEMBERED, language, REMEMBERED_SECONDS, secure=request.is_secure, httponly=True, samesite="Lax"
    )
    return answer


def zone() -> ZoneInfo:
    return ZoneInfo(current_app.extensions["wiring"].settings.tz_display)


def local(moment: datetime) -> datetime:
    return moment.astimezone(zone())


def clock(moment: datetime | None) -> str:
    """02:09."""
    return "" if moment is None else f"{local(moment):%H:%M}"


def second(moment: datetime | None) -> str:
    return "" if moment is None else f"{local(moment):%H:%M:%S}"


def moment_of(moment: datetime | None, now: datetime) -> str:
    """02:09 today, 02:09 ngày 21/11 on another day, with the year when it is another one."""
    if moment is None:
        return ""
    there, here = local(moment), local(now)
    if there.date() == here.date():
        return f"{there:%H:%M}"
    if there.year == here.year:
        return _("%(time)s ngày %(day)s", time=f"{there:%H:%M}", day=f"{there:%d/%m}")
    return full(moment)


def full(moment: datetime | None) -> str:
    if moment is None:
        return ""
    there = local(moment)
    return _("%(time)s ngày %(day)s", time=f"{there:%H:%M}", day=f"{there:%d/%m/%Y}")


def iso(moment: datetime) -> str:
    return local(moment).isoformat(timespec="seconds")


def span(seconds: float) -> str:
    """How long, in the two largest units: "3 giờ 12 phút", "2 ngày 4 giờ", "dưới 1 phút"."""
    minutes = int(abs(seconds)) // 60
    if minutes < 1:
        return _("dưới 1 phút")
    days, rest = divmod(minutes, 1440)
    hours, left = divmod(rest, 60)
    if days:
        return _("%(d)s ngày %(h)s giờ", d=days, h=hours) if hours else _("%(d)s ngày", d=days)
    if hours:
        return _("%(h)s giờ %(m)s phút", h=hours, m=left) if left else _("%(h)s giờ", h=hours)
    return _("%(m)s phút", m=left)


def since(moment: datetime | None, now: datetime) -> str:
    return "" if moment is None else span((now - moment).total_seconds())


def parse_local(text: str) -> datetime:
    """What `<input type="datetime-local">` sends, or dd/mm/yyyy HH:MM as typed. Raises ValueError."""
    text = text.strip()
    for form in ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M", "%H:%M %d/%m/%Y"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone()).astimezone(UTC)
        except (ValueError, OverflowError):  # the first hours of the year 1 have no UTC
            continue
    raise ValueError(text)


def for_input(moment: datetime | None) -> str:
    return "" if moment is None else f"{local(moment):%Y-%m-%dT%H:%M}"


def money(amount: int) -> str:
    """12.000, as money is written here."""
    return f"{amount:,}".replace(",", ".")


def phone(number: str | None) -> str:
    """+84540000001 as people say it: 0540 000 001."""
    if not number:
        return ""
    national = "0" + number[3:] if number.startswith("+84") else number
    return " ".join((national[:4], national[4:7], national[7:])).strip() if len(national) == 10 else national


def plain(text: str) -> str:
    """Lower case without diacritics, for searching."""
    spread = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(sign for sign in spread if not unicodedata.combining(sign))
