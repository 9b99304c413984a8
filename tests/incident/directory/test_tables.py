"""The directory goes out as spreadsheets and comes back in, whole or not at all."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select

from incident.directory import queries
from incident.directory.exporting import export_csv
from incident.directory.importing import Imported, import_csv
from incident.directory.keys import stable_id
from incident.directory.sheets import UNITS, write_sheet
from incident.store.sessions import Store
from incident.store.tables import Assignment, Person, Post, Shift, Unit

from .conftest import NIGHT

HEADING = "Họ và tên,Mã đơn vị,Di động,Chức vụ,Số dùng chung"


def taken(store: Store, text: str | bytes) -> Imported:
    with store.writing() as session:
        return import_csv(session, text if isinstance(text, bytes) else text.encode())


def exported(store: Store, name: str) -> str:
    with store.reading() as session:
        return export_csv(session, name)


def person(store: Store, key: str) -> Person | None:
    with store.reading() as session:
        return session.scalars(select(Person).where(Person.key == key)).one_or_none()


@pytest.mark.parametrize("name", ["units", "people", "rota"])
def test_what_is_exported_can_be_imported_unchanged(province: Store, name: str) -> None:
    text = exported(province, name)
    assert text.startswith("\ufeff")
    assert taken(province, text) == Imported(name)
    assert exported(province, name) == text


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_whole_province_moves_to_another_database(province: Store, sqlite_store: Store) -> None:
    for name in ("units", "people", "rota"):
        done = taken(sqlite_store, exported(province, name))
        assert not done.faults
        assert done.added
        assert exported(sqlite_store, name) == exported(province, name)


def test_a_new_officer_with_a_new_post(province: Store) -> None:
    text = f"{HEADING}\nNguyễn Văn Mới,so_yt,0540 700 001,Chánh Văn phòng Sở Y tế,\n"
    assert taken(province, text) == Imported("people", added=3)
    assert taken(province, text) == Imported("people")
    found = person(province, "so_yt_nguyen_van_moi")
    assert found is not None
    assert found.phone == "+84540700001"
    with province.reading() as session:
        assert queries.holders(session, "so_yt_chanh_van_phong_so_y_te", now=NIGHT) == [found.id]


def test_columns_a_file_does_not_have_stay_as_they_are(province: Store) -> None:
    before = person(province, "giam_doc_so_yt")
    assert before is not None
    text = f"Mã người;Họ và tên;Mã đơn vị\ngiam_doc_so_yt;{before.name} B;so_yt\n"
    assert taken(province, text).changed == 1
    after = person(province, "giam_doc_so_yt")
    assert after is not None
    assert (after.name, after.phone, after.email) == (f"{before.name} B", before.phone, before.email)
    assert after.sort_name != before.sort_name


def test_a_corrected_number_is_no_longer_wrong(province: Store) -> None:
    text = "Mã người,Họ và tên,Mã đơn vị,Di động\nso_ct_dau_moi,Lê Văn Ví,so_ct,0540700002\n"
    assert taken(province, text).changed == 1
    found = person(province, "so_ct_dau_moi")
    assert found is not None
    assert found.wrong_number_at is None


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("0912 345 678", "+84912345678"),
        ("+84912345678", "+84912345678"),
        ("912345678", "+84912345678"),  # what a spreadsheet leaves of it
        ("0168 234 5678", "+84382345678"),  # 11 digits, before 2018
        ("0540.700.003", "+84540700003"),
    ],
)
def test_numbers_are_read_as_people_write_them(province: Store, cell: str, number: str) -> None:
    assert not taken(province, f"Mã người,{HEADING}\nx,Người Mới,so_yt,{cell},,\n").faults
    found = person(province, "x")
    assert found is not None
    assert found.phone == number


def test_decomposed_letters_are_composed(province: Store) -> None:
    text = unicodedata.normalize("NFD", "Mã người,Họ và tên,Mã đơn vị\nx,Nguyễn Thị Ước,so_yt\n")
    assert not taken(province, text).faults
    found = person(province, "x")
    assert found is not None
    assert found.name == unicodedata.normalize("NFC", "Nguyễn Thị Ước")


FAULTS: dict[str, tuple[str | bytes, int, str]] = {
    "no such unit": (f"{HEADING}\nA,so_la,,,\n", 2, "Mã đơn vị"),
    "bad number": (f"{HEADING}\nA,so_yt,,,\nB,so_yt,0123,,\n", 3, "Di động"),
    "landline as mobile": (f"{HEADING}\nA,so_yt,0214 3840 000,,\n", 2, "Di động"),
    "number of another": (f"{HEADING}\nA,so_yt,0540000002,,\n", 2, "Di động"),
    "number twice": (f"{HEADING}\nA,so_yt,0540700001,,\nB,so_yt,0540700001,,có\n", 3, "Di động"),
    "no name": (f"{HEADING}\n,so_yt,,,\n", 2, "Họ và tên"),
    "not yes or no": (f"{HEADING}\nA,so_yt,,,có lẽ\n", 2, "Số dùng chung"),
    "too many cells": (f"{HEADING}\nA,so_yt,,,,x\n", 2, ""),
    "unknown column": ("Họ và tên,Mã đơn vị,Tuổi\nA,so_yt,5\n", 1, "Tuổi"),
    "column twice": ("Họ và tên,Mã đơn vị,Họ và tên\nA,so_yt,B\n", 1, "Họ và tên"),
    "not a table we know": ("a,b\n1,2\n", 1, ""),
    "empty": ("", 0, ""),
    "not UTF-8": ("Họ và tên,Mã đơn vị\n".encode("utf-16"), 0, ""),
    "bad day": (
        "Họ và tên,Mã đơn vị,Chức vụ,Giữ chức từ ngày\nA,so_yt,B,31/02/2026\n",
        2,
        "Giữ chức từ ngày",
    ),
    "ends before it begins": (
        "Họ và tên,Mã đơn vị,Chức vụ,Giữ chức từ ngày,Giữ chức đến hết ngày\nA,so_yt,B,2/1/2026,1/1/2026\n",
        2,
        "Giữ chức đến hết ngày",
    ),
    "post without title": ("Họ và tên,Mã đơn vị,Mã chức vụ\nA,so_yt,moi\n", 2, "Chức vụ"),
    "kind of unit": ("Mã đơn vị,Tên đơn vị,Loại đơn vị\na,A,Huyện\n", 2, "Loại đơn vị"),
    "key of unit": ("Mã đơn vị,Tên đơn vị,Loại đơn vị\nSở A,A,Xã\n", 2, "Mã đơn vị"),
    "unit twice": ("Mã đơn vị,Tên đơn vị,Loại đơn vị\na,A,Xã\na,B,Xã\n", 3, "Mã đơn vị"),
    "nobody on duty": (
        "Loại trực,Mã người,Bắt đầu,Kết thúc\nCán bộ trực,ai_do,1/1/2027 06:00,1/1/2027 18:00\n",
        2,
        "Mã người",
    ),
    "turn backwards": (
        "Loại trực,Mã người,Bắt đầu,Kết thúc\nCán bộ trực,vp_ubnd_truc_1,1/1/2027 18:00,1/1/2027 06:00\n",
        2,
        "Kết thúc",
    ),
    "no hour": (
        "Loại trực,Mã người,Bắt đầu,Kết thúc\nCán bộ trực,vp_ubnd_truc_1,1/1/2027,1/1/2027 06:00\n",
        2,
        "Bắt đầu",
    ),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_names_its_row_and_nothing_is_taken(province: Store, what: str) -> None:
    text, row, column = FAULTS[what]
    before = exported(province, "people"), exported(province, "units"), exported(province, "rota")
    done = taken(province, text)
    assert (done.added, done.changed) == (0, 0)
    assert (row, column) in {(fault.row, fault.column) for fault in done.faults}
    assert (exported(province, "people"), exported(province, "units"), exported(province, "rota")) == before


def test_two_may_share_a_duty_phone_when_both_say_so(province: Store) -> None:
    text = f"{HEADING}\nA,so_yt,0540700001,,có\nB,so_yt,0540700001,,x\n"
    assert taken(province, text) == Imported("people", added=2)


def test_bodies_are_merged_by_a_table(province: Store) -> None:
    text = (
        "Mã đơn vị,Tên đơn vị,Loại đơn vị,Đến hết ngày,Mã đơn vị kế thừa\n"
        "so_ct,Sở Công Thương,Sở, ngành,,\n"
        "xa_muong_lo_nam,Ủy ban nhân dân xã Mường Lò Nam,xa,31/12/2026,xa_muong_lo\n"
        "xa_moi,Ủy ban nhân dân xã Mới,Xã,,\n"
    ).replace("Sở, ngành", '"Sở, ngành"')
    assert taken(province, text) == Imported("units", added=1, changed=1)
    with province.reading() as session:
        old = session.get_one(Unit, "xa_muong_lo_nam")
        assert (old.valid_to, old.successors) == (date(2026, 12, 31), ["xa_muong_lo"])
        assert session.get_one(Unit, "xa_moi").area == "xa_moi"


def test_a_turn_of_the_rota_is_local_time(province: Store) -> None:
    text = "Loại trực,Mã người,Bắt đầu,Kết thúc\nlanh dao truc,chanh_van_phong,30/06/2027 06:00,01/07/2027 06:00\n"
    assert taken(province, text) == Imported("rota", added=1)
    with province.reading() as session:
        shift = session.scalars(select(Shift).where(Shift.person == stable_id("chanh_van_phong"))).one()
    assert shift.starts_at == datetime(2027, 6, 29, 23, tzinfo=UTC)


def test_a_second_holder_from_a_later_day(province: Store) -> None:
    heading = "Mã người,Họ và tên,Mã đơn vị,Mã chức vụ,Giữ chức từ ngày"
    text = f"{heading}\npho_giam_doc_so_yt,Bùi Thị Phỏng,so_yt,giam_doc_so_yt,01/12/2026\n"
    assert taken(province, text).added == 1
    with province.reading() as session:
        held = session.scalars(select(Assignment).where(Assignment.post == "giam_doc_so_yt")).all()
        assert {row.valid_from for row in held} == {date(2025, 7, 1), date(2026, 12, 1)}
        assert session.get_one(Post, "giam_doc_so_yt").title == "Giám đốc Sở Y tế"


def test_a_name_that_looks_like_a_formula_is_kept_harmless(province: Store) -> None:
    assert not taken(province, 'Mã người,Họ và tên,Mã đơn vị\nx,"=1+1",so_yt\n').faults
    text = exported(province, "people")
    assert "'=1+1" in text
    assert taken(province, text) == Imported("people")
    found = person(province, "x")
    assert found is not None
    assert found.name == "=1+1"


def test_five_thousand_rows_at_once(sqlite_store: Store) -> None:
    taken(sqlite_store, write_sheet(UNITS, [{"key": "xa_a", "name": "Xã A", "kind": "xa", "successors": []}]))
    rows = "".join(f"Người Số {n},xa_a,0540{n:06d},Cán bộ xã A,\n" for n in range(1, 5001))
    done = taken(sqlite_store, f"{HEADING}\n{rows}")
    assert not done.faults
    with sqlite_store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 5000
