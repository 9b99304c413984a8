"""Dates and lengths of time as Vietnamese papers write them. Knows no incident.

Rule (Nghị định 30/2020/NĐ-CP, Phụ lục I, mục II.4): days below 10 and the months 1 and 2 take a zero before them.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from incident.domain.words import Said, said

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
NO_TIME = "–"


def date_words(day: date) -> str:
    """ "ngày 05 tháng 02 năm 2026"; months 3 to 9 stay bare."""
    month = f"{day.month:02d}" if day.month <= 2 else str(day.month)
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"


def moment_words(at: datetime, zone: timezone | ZoneInfo = HANOI) -> str:
    """ "02 giờ 06 phút, ngày 22 tháng 11 năm 2026", in the province's time."""
    local = at.astimezone(zone)
    return f"{local:%H} giờ {local:%M} phút, {date_words(local.date())}"


def stamp(at: datetime | None, zone: timezone | ZoneInfo = HANOI) -> str:
    """ "22/11/2026 02:06:07" for tables; a dash where there is no time."""
    return f"{at.astimezone(zone):%d/%m/%Y %H:%M:%S}" if at else NO_TIME


def clock(at: datetime, zone: timezone | ZoneInfo = HANOI) -> str:
    return f"{at.astimezone(zone):%H:%M}"


def length(seconds: int) -> Said:
    """ "8 phút 12 giây", "2 giờ", "3 ngày 04 giờ": the two greatest units, the smaller one left out when nought."""
    sign, seconds = ("−" if seconds < 0 else ""), abs(seconds)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 60:
        return said("%(s)s giây", s=f"{sign}{seconds}")
    if hours == 0:
        great, rest = f"{sign}{minutes}", seconds % 60
        return (
            said("%(m)s phút %(s)s giây", m=great, s=f"{rest:02d}") if rest else said("%(m)s phút", m=great)
        )
    if days == 0:
        great, rest = f"{sign}{hours}", minutes % 60
        return said("%(h)s giờ %(m)s phút", h=great, m=f"{rest:02d}") if rest else said("%(h)s giờ", h=great)
    great, rest = f"{sign}{days}", hours % 24
    return said("%(d)s ngày %(h)s giờ", d=great, h=f"{rest:02d}") if rest else said("%(d)s ngày", d=great)


def between(start: datetime, end: datetime) -> int:
    """Whole seconds from `start` to `end`."""
    return int((end - start) / timedelta(seconds=1))
