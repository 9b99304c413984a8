"""The record as data: JSON that can be proved, and a CSV of the timeline for a spreadsheet.

The JSON's section "timeline" is always the whole chain as it was hashed, else nothing could be proved; it therefore
holds the names of those who acted, in both parts. No telephone number stands in either file.
"""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime
from typing import Any

from incident.papers.dates import stamp
from incident.report.build import Report
from incident.report.naming import Naming
from incident.report.record import EntryView, IncidentView
from incident.timeline.verify import manifest

JSON_MIME = "application/json"
CSV_MIME = "text/csv; charset=utf-8"
FORMAT = "incident-report/1"
CSV_HEAD = (
    "Số", "Lúc (giờ Việt Nam)", "Xảy ra (UTC)", "Ghi (UTC)", "Loại", "Diễn biến", "Người ghi", "Mã băm", "Vụ việc",
)  # fmt: skip
CSV_SHOWN = "Việc mong đợi của diễn tập"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def as_json(view: IncidentView, report: Report, now: datetime) -> bytes:
    """Sections, then a manifest with the sha256 of each and the chain's head; `incident verify FILE` reads it."""
    sections = _normal(_sections(view, report, now))
    whole = {**sections, "manifest": manifest(sections, _head(view), len(view.timeline))}
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def _head(view: IncidentView) -> str:
    """The hash of the last entry given here: an entry may have been added after the timeline was read."""
    return view.timeline[-1].hash if view.timeline else ""


def _sections(view: IncidentView, report: Report, now: datetime) -> dict[str, Any]:
    return {
        "about": {
            "format": FORMAT,
            "part": report.part,
            "provisional": report.provisional,
            "drill": report.drill,
            "made_at": now,
        },
        "incident": _incident(view, report),
        "summary": report.summary,
        "trigger": report.trigger,
        "task_force": report.task_force,
        "units": report.units,
        "answers": report.answers,
        "messages": view.messages,
        "deadlines": report.deadlines,
        "statements": report.statements,
        "press": report.press,
        "measures": report.measures,
        "deviations": report.deviations,
        "sections": report.sections,
        "improvements": report.improvements,
        **({"exercise": report.exercise} if report.exercise else {}),
        "legal_basis": report.basis,
        "timeline": [_entry(entry) for entry in view.timeline],
        "story": {str(line.seq): line.text for line in report.timeline},
    }


def _incident(view: IncidentView, report: Report) -> dict[str, Any]:
    names = (
        "id code number mode short_name playbook playbook_title playbook_version playbook_sha256 level level_name area "
        "area_names topic kinds occurred_at detected_at accepted_at assessed_at opened_at status outcome closed_at"
    )
    return {"title": report.title} | {name: getattr(view, name) for name in names.split()}


def _entry(entry: EntryView) -> dict[str, Any]:
    """An entry as `verify` wants it: a masked text is null, and so is its salt."""
    return {
        "seq": entry.seq,
        "kind": entry.kind,
        "occurred_at": entry.occurred_at,
        "recorded_at": entry.recorded_at,
        "actor": entry.actor,
        "data": entry.data,
        "texts": {name: _proof(entry, name) for name in entry.free},
        "canonical": entry.canonical,
        "prev_hash": entry.prev_hash,
        "hash": entry.hash,
    }


def _proof(entry: EntryView, name: str) -> dict[str, str | None]:
    salt = entry.salts.get(name)
    return {"text": entry.free[name] if salt is not None else None, "salt": salt}


def _normal(value: Any) -> Any:
    """Plain JSON values: NFC text, times as fixed-width UTC, no floats."""
    match value:
        case str():
            return unicodedata.normalize("NFC", value)
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case date():
            return value.isoformat()
        case dict():
            return {unicodedata.normalize("NFC", str(key)): _normal(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_normal(inner) for inner in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return _normal(asdict(value))
    return value


def as_csv(view: IncidentView, naming: Naming, report: Report) -> bytes:
    """The timeline, one entry a row; of a drill that is over, with the expected actions that the entry shows. UTF-8 with a byte order mark, without which Excel shows Vietnamese wrong; a cell
    that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    shown = report.exercise.shown_by() if report.exercise else None
    writer.writerow(CSV_HEAD if shown is None else (*CSV_HEAD, CSV_SHOWN))
    mark = f"{view.number} DIỄN TẬP" if view.drill else view.number
    for entry in view.timeline:
        row = (
            str(entry.seq),
            stamp(entry.occurred_at),
            _normal(entry.occurred_at),
            _normal(entry.recorded_at),
            entry.kind,
            _normal(naming.text(entry.text)),
            _normal(naming.actor(entry.actor)),
            entry.hash,
            mark,
            *(() if shown is None else (_normal(shown.get(entry.seq, "")),)),
        )
        writer.writerow([_harmless(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    return "'" + cell if cell.startswith(FORMULA_STARTS) else cell
