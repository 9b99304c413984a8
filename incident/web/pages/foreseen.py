"""What an override would come to, in words, before it is pressed. Knows no rule: the engine is asked."""

from __future__ import annotations

from incident.response import foresight
from incident.response.foresight import Foreseen
from incident.web.language import _, spoken
from incident.web.pages.access import wiring
from playbooks.signals import Event

SHOWN = 6


def foreseen(incident_id: str, *events: Event) -> tuple[str, ...]:
    """Who would be told, by how many SMS; who would no longer be waited for."""
    return in_words(foresight.foresee(wiring().desk, incident_id, events, wiring().now()))


def in_words(what: Foreseen) -> tuple[str, ...]:
    parts = [spoken(name) for name in what.told[:SHOWN]]
    if len(what.told) > SHOWN:
        parts.append(_("và %(n)s người nữa", n=len(what.told) - SHOWN))
    parts += [_("%(role)s (%(n)s nơi nhận)", role=role, n=n) for role, n in what.groups]
    told = (
        _("Sẽ nhắn (%(n)s SMS): %(names)s.", n=what.sms, names=", ".join(parts))
        if parts
        else _("Không ai nhận tin nhắn.")
    )
    freed = [spoken(name) for name in what.freed[:SHOWN]]
    rest = (_("Không còn chờ: %(names)s.", names=", ".join(freed)),) if freed else ()
    return (told, *rest)
