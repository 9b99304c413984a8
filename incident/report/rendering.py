"""One door to the report's files: HTML, PDF, DOCX, JSON, CSV, all made from the same values.

Heavy libraries are imported only by the format that needs them. Knows no database and no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from incident.report.build import build
from incident.report.memory import give_back
from incident.report.naming import SENT, Naming
from incident.report.record import IncidentView

FORMATS = ("html", "pdf", "docx", "json", "csv")
LONG = 2000  # entries from which a report takes tens of megabytes to make


def render(
    view: IncidentView,
    fmt: str,
    part: str,
    now: datetime,
    *,
    settings_words: Mapping[str, str] | None = None,
    stylesheet: str = "",
) -> tuple[bytes, str]:
    """The file and its media type. `part`: "ban-gui" (units and figures) or "noi-bo" (names); "" is the first.
    `settings_words`: the province's settings rows. `stylesheet`: for HTML, an address of our own origin. Raises ValueError for a format or part that does not exist."""
    made = _rendered(view, fmt, part or SENT, now, settings_words or {}, stylesheet)
    if len(view.timeline) >= LONG:
        give_back()
    return made


def _rendered(
    view: IncidentView, fmt: str, part: str, now: datetime, settings_words: Mapping[str, str], stylesheet: str
) -> tuple[bytes, str]:
    report = build(view, part, now)
    if fmt == "json":
        from incident.report import export

        return export.as_json(view, report, now), export.JSON_MIME
    if fmt == "csv":
        from incident.report import export

        return export.as_csv(view, Naming(view, part), report), export.CSV_MIME
    if fmt not in FORMATS:
        raise ValueError(f"định dạng {fmt!r}: chỉ có {', '.join(FORMATS)}")
    from incident.report.chart import draw
    from incident.report.layout import paper

    laid_out = paper(report, draw(report.curve), settings_words)
    if fmt == "pdf":
        from incident.papers import pdf

        return pdf.write(laid_out, now), pdf.MIME
    if fmt == "docx":
        from incident.papers import docx

        return docx.write(laid_out, now), docx.MIME
    from incident.report import page

    return page.html_page(laid_out, stylesheet), page.MIME


def file_name(view: IncidentView, fmt: str, part: str) -> str:
    """ "bao-cao-VV-27-2026.pdf", for the header of a download."""
    annex = "" if part in ("", SENT) else f"-{part}"
    return f"bao-cao-{view.number.replace('/', '-')}{annex}.{fmt}"
