"""The three tables a province keeps in a spreadsheet: bodies, people with their posts, the rota. Their columns, and how
a cell is read and written. Pure; knows no database.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from incident.domain.address import ADDRESSES
from incident.domain.names import search_key
from notify.phone import BadNumber, display, is_landline, to_e164

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
MOST_BYTES = 20_000_000
FORMULA = ("=", "+", "-", "@", "\t")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
KEY = re.compile(r"[a-z0-9_.-]+")

Read = Callable[[str], Any]
Write = Callable[[Any], str]


class BadCell(ValueError):
    """What is wrong with one cell; the text is Vietnamese."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Row 1 is the heading, as the spreadsheet numbers it; row 0 is the file as a whole."""

    row: int
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Column:
    heading: str
    field: str
    read: Read
    write: Write
    required: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    columns: tuple[Column, ...]

    def required(self) -> set[str]:
        return {search_key(column.heading) for column in self.columns if column.required}


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was understood; `values` holds only the columns the file has."""

    number: int
    values: Mapping[str, Any]


# ------------------------------------------------------------------ cells


def _text(longest: int) -> Read:
    def read(cell: str) -> str | None:
        if len(cell) > longest:
            raise BadCell(f"dài quá {longest} ký tự")
        return cell or None

    return read


def _key(cell: str) -> str | None:
    if cell and (not KEY.fullmatch(cell) or len(cell) > 60):
        raise BadCell("mã chỉ gồm chữ thường không dấu, chữ số, gạch dưới; không quá 60 ký tự")
    return cell or None


def _keys(cell: str) -> list[str]:
    return [key for part in re.split(r"[;,\s]+", cell) if (key := _key(part))]


def _yes(cell: str) -> bool:
    word = search_key(cell)
    if word in ("co", "x", "1", "true", "yes", "dung"):
        return True
    if word in ("", "khong", "0", "false", "no", "sai"):
        return False
    raise BadCell("chỉ nhận “có” hoặc “không”")


def _day(cell: str) -> date | None:
    if not cell:
        return None
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(cell, form).replace(tzinfo=VIETNAM).date()
        except ValueError:
            continue
    raise BadCell("ngày ghi dạng 01/07/2026")


def _moment(cell: str) -> datetime:
    for form in ("%d/%m/%Y %H:%M", "%d/%m/%Y %Hh%M", "%Y-%m-%d %H:%M"):
        try:
            return datetime.strptime(cell, form).replace(tzinfo=VIETNAM)
        except ValueError:
            continue
    raise BadCell("giờ ghi dạng 22/11/2026 06:00")


def _mobile(cell: str) -> str | None:
    number = _number(cell)
    if number and is_landline(number):
        raise BadCell("đây là số máy bàn, xin ghi vào cột “Máy bàn”")
    return number


def _number(cell: str) -> str | None:
    if not cell:
        return None
    # A spreadsheet takes 0912… for a number and drops its zero.
    written = f"0{cell}" if re.fullmatch(r"[35789]\d{8}", cell) else cell
    try:
        return to_e164(written)
    except BadNumber as bad:
        raise BadCell(bad.text) from bad


def _email(cell: str) -> str | None:
    if cell and not EMAIL.fullmatch(cell):
        raise BadCell("địa chỉ thư điện tử chưa đúng")
    return cell or None


def _one_of(words: Mapping[str, str]) -> Read:
    """The key, or its Vietnamese words, with or without marks."""
    known = {search_key(key): key for key in words} | {search_key(word): key for key, word in words.items()}

    def read(cell: str) -> str | None:
        if not cell:
            return None
        if search_key(cell) not in known:
            raise BadCell(f"chỉ nhận: {', '.join(words.values())}")
        return known[search_key(cell)]

    return read


def _said(words: Mapping[str, str]) -> Write:
    return lambda value: words.get(value, "")


def _plain(value: Any) -> str:
    return "" if value is None else str(value)


def _list(value: Sequence[str] | None) -> str:
    return "; ".join(value or ())


def _yes_no(value: Any) -> str:
    return "có" if value else "không"


def _day_text(value: date | None) -> str:
    return "" if value is None else value.strftime("%d/%m/%Y")


def _moment_text(value: datetime) -> str:
    return value.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M")


def _phone_text(value: str | None) -> str:
    return "" if value is None else display(value)


KINDS = {
    "ubnd_tinh": "UBND tỉnh",
    "van_phong": "Văn phòng",
    "so": "Sở, ngành",
    "nganh_doc": "Ngành dọc",
    "dang": "Cơ quan Đảng",
    "doan_the": "Đoàn thể",
    "xa": "Xã",
    "phuong": "Phường",
    "dac_khu": "Đặc khu",
    "bao_chi": "Báo chí",
    "don_vi": "Đơn vị khác",
}
BLOCS = {"nha_nuoc": "Nhà nước", "dang": "Đảng", "doan_the": "Mặt trận, đoàn thể", "ngoai": "Ngoài tỉnh"}
RANKS = {"len": "Lãnh đạo tỉnh", "ngang": "Ngang cấp", "dang": "Đảng, Mặt trận, Công an"}
SPOKESPERSONS = {"head": "Người đứng đầu", "regular": "Thường xuyên", "authorised": "Được ủy quyền"}
ROTAS = {"on_duty": "Cán bộ trực", "lanh_dao_truc": "Lãnh đạo trực"}

UNITS = Sheet(
    "units",
    (
        Column("Mã đơn vị", "key", _key, _plain, required=True),
        Column("Tên đơn vị", "name", _text(200), _plain, required=True),
        Column("Tên ngắn", "short_name", _text(60), _plain),
        Column("Ký hiệu văn bản", "doc_code", _text(20), _plain),
        Column("Loại đơn vị", "kind", _one_of(KINDS), _said(KINDS), required=True),
        Column("Khối", "bloc", _one_of(BLOCS), _said(BLOCS)),
        Column("Mã đơn vị cấp trên", "parent", _key, _plain),
        Column("Mã địa bàn", "area", _key, _plain),
        Column("Có từ ngày", "valid_from", _day, _day_text),
        Column("Đến hết ngày", "valid_to", _day, _day_text),
        Column("Mã đơn vị kế thừa", "successors", _keys, _list),
    ),
)
PEOPLE = Sheet(
    "people",
    (
        Column("Mã người", "key", _key, _plain),
        Column("Họ và tên", "name", _text(120), _plain, required=True),
        Column("Xưng hô", "xung_ho", _one_of({one: one for one in ADDRESSES}), _plain),
        Column("Mã đơn vị", "unit", _key, _plain, required=True),
        Column("Di động", "phone", _mobile, _phone_text),
        Column("Số dùng chung", "shared_phone", _yes, _yes_no),
        Column("Máy bàn", "landline", _number, _phone_text),
        Column("Thư điện tử", "email", _email, _plain),
        Column("Đang công tác", "active", _yes, _yes_no),
        Column("Mã chức vụ", "post", _key, _plain),
        Column("Chức vụ", "title", _text(160), _plain),
        Column("Mã đơn vị của chức vụ", "post_unit", _key, _plain),
        Column("Bậc", "rank", _one_of(RANKS), _said(RANKS)),
        Column("Đầu mối", "contact", _yes, _yes_no),
        Column("Người phát ngôn", "spokesperson", _one_of(SPOKESPERSONS), _said(SPOKESPERSONS)),
        Column("Giữ chức từ ngày", "valid_from", _day, _day_text),
        Column("Giữ chức đến hết ngày", "valid_to", _day, _day_text),
    ),
)
ROTA = Sheet(
    "rota",
    (
        Column("Loại trực", "kind", _one_of(ROTAS), _said(ROTAS), required=True),
        Column("Mã người", "person", _key, _plain, required=True),
        Column("Bắt đầu", "starts_at", _moment, _moment_text, required=True),
        Column("Kết thúc", "ends_at", _moment, _moment_text, required=True),
    ),
)
SHEETS = (UNITS, PEOPLE, ROTA)


# ------------------------------------------------------------------ files


def read_sheet(raw: bytes) -> tuple[Sheet | None, list[Row], list[Fault]]:
    """Which table it is, by its headings; its rows; and every cell that cannot be read."""
    table, fault = _table(raw)
    if fault is not None:
        return None, [], [fault]
    headings = [search_key(cell) for cell in table[0]]
    sheet = next((sheet for sheet in SHEETS if sheet.required() <= set(headings)), None)
    if sheet is None:
        wanted = "; ".join(", ".join(c.heading for c in s.columns if c.required) for s in SHEETS)
        return None, [], [Fault(1, "", f"dòng tiêu đề thiếu cột; cần một trong các bộ: {wanted}")]
    known = {search_key(column.heading): column for column in sheet.columns}
    faults = [
        Fault(1, given, "không có cột này" if key not in known else "cột xuất hiện hai lần")
        for place, (given, key) in enumerate(zip(table[0], headings, strict=True))
        if key and (key not in known or key in headings[:place])
    ]
    rows = []
    for number, cells in enumerate(table[1:], start=2):
        if any(cell.strip() for cell in cells):
            row, wrong = _row(number, [known.get(key) for key in headings], cells)
            rows.append(row)
            faults += wrong
    return sheet, rows, faults


def write_sheet(sheet: Sheet, rows: Iterable[Mapping[str, Any]]) -> str:
    """CSV as spreadsheets open it: UTF-8 with a mark at the front, CRLF."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.heading for column in sheet.columns])
    for row in rows:
        writer.writerow([_harmless(column.write(row.get(column.field))) for column in sheet.columns])
    return "\ufeff" + out.getvalue()


def _harmless(cell: str) -> str:
    """A spreadsheet would calculate with what looks like a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _table(raw: bytes) -> tuple[list[list[str]], Fault | None]:
    if len(raw) > MOST_BYTES:
        return [], Fault(0, "", "tệp quá lớn")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [], Fault(0, "", "tệp không phải UTF-8; trong Excel chọn lưu dạng “CSV UTF-8”")
    if "\0" in text:
        return [], Fault(0, "", "tệp không phải CSV")
    text = unicodedata.normalize("NFC", text)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        return [], Fault(0, "", f"tệp CSV không đọc được: {error}")
    if not table or not any(cell.strip() for cell in table[0]):
        return [], Fault(0, "", "tệp trống")
    return table, None


def _row(number: int, columns: Sequence[Column | None], cells: Sequence[str]) -> tuple[Row, list[Fault]]:
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    if any(cell.strip() for cell in cells[len(columns) :]):
        faults.append(Fault(number, "", "thừa ô so với dòng tiêu đề"))
    for place, column in enumerate(columns):
        if column is None:
            continue
        cell = " ".join((cells[place] if place < len(cells) else "").split())
        if len(cell) > 1 and cell[0] == "'" and cell[1:].startswith(FORMULA):
            cell = cell[1:]
        try:
            values[column.field] = column.read(cell)
            if column.required and not cell:
                raise BadCell("không được để trống")
        except BadCell as bad:
            faults.append(Fault(number, column.heading, str(bad)))
    return Row(number, values), faults
