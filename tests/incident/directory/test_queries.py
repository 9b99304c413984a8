"""Who holds what, at the minute it is asked."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from incident.directory import queries
from incident.directory.keys import stable_id
from incident.directory.sample import COMMUNES, ON_DUTY
from incident.domain.names import sort_key
from incident.store.sessions import Store
from incident.store.tables import Assignment, Person, Post, Shift

from .conftest import NIGHT, VIETNAM


def holders(store: Store, pick: str, now: datetime = NIGHT, topic: str | None = None) -> list[str]:
    with store.reading() as session:
        found = queries.holders(session, pick, now=now, topic=topic, area=["toan_tinh"])
        keys = {p.id: p.key for p in session.scalars(select(Person).where(Person.id.in_(found)))}
    return [keys[person] or "" for person in found]


PICKS = {
    "pho_chu_tich_phu_trach": "pho_chu_tich_phu_trach",
    "pho_chu_tich_thuong_truc": "pho_chu_tich_thuong_truc",
    "giam_doc_so_vhttdl": "giam_doc_so_vhttdl",
    "so_vhttdl_chuyen_vien_bao_chi": "so_vhttdl_chuyen_vien_bao_chi",
    "so_vhttdl_pho_phong": "so_vhttdl_pho_phong",
    "nguoi_phat_ngon": "chanh_van_phong",
    "nguoi_dung_dau": "nguoi_dung_dau",
    "cong_ttdt_truc": "cong_ttdt_truc",
    "cong_ttdt_lanh_dao": "cong_ttdt_lanh_dao",
    "chanh_van_phong": "chanh_van_phong",
    "pho_chanh_van_phong": "pho_chanh_van_phong",
    "ban_tgdv_dau_moi": "ban_tgdv_dau_moi",
    "cong_an_dau_moi": "cong_an_dau_moi",
}


def test_every_pick_of_the_playbooks_is_held(province: Store) -> None:
    assert {pick: holders(province, pick) for pick in PICKS} == {pick: [key] for pick, key in PICKS.items()}


def test_a_post_nobody_knows_is_vacant(province: Store) -> None:
    assert holders(province, "giam_doc_so_khong_co") == []
    assert holders(province, "theo_chu_de") == []
    assert holders(province, "theo_chu_de", topic="khong_co") == []


def test_the_topic_decides_the_body_and_its_head(province: Store) -> None:
    with province.reading() as session:
        known = queries.topics(session)
    assert {"thien_tai", "dich_benh", "y_te", "giao_duc", "moi_truong", "dat_dai", "chung"} < set(known)
    assert {"can_bo", "an_toan_thong_tin", "tai_nan"} < set(known)
    for topic in known:
        specialist = holders(province, "theo_chu_de", topic=topic)
        head = holders(province, "theo_chu_de_lanh_dao", topic=topic)
        assert len(specialist) == len(head) == 1
        assert specialist != head
    assert holders(province, "theo_chu_de", topic="dich_benh") == ["so_yt_kiem_soat_benh"]


def test_the_shift_changes_at_six(province: Store) -> None:
    six = datetime(2026, 11, 22, 6, 0, tzinfo=VIETNAM)
    before = holders(province, "on_duty", six - timedelta(seconds=1))
    after = holders(province, "on_duty", six)
    assert len(before) == len(after) == 1
    assert before != after
    assert {*before, *after} <= set(ON_DUTY)
    leader = holders(province, "lanh_dao_truc", six)
    assert leader != holders(province, "lanh_dao_truc", six + timedelta(days=1))
    assert leader == holders(province, "lanh_dao_truc", six + timedelta(hours=23, minutes=59))


def test_the_rota_has_no_gap_for_eight_weeks(province: Store) -> None:
    for hours in range(0, 8 * 7 * 24, 6):
        for kind in ("on_duty", "lanh_dao_truc"):
            assert len(holders(province, kind, NIGHT + timedelta(hours=hours))) == 1


def test_a_post_changes_hands_at_local_midnight(province: Store) -> None:
    with province.writing() as session:
        old = session.scalars(select(Assignment).where(Assignment.post == "giam_doc_so_yt")).one()
        old.valid_to = date(2026, 11, 30)
        session.add(
            Assignment(
                id="new", person=stable_id("pho_giam_doc_so_yt"), post=old.post, valid_from=date(2026, 12, 1)
            )
        )
    midnight = datetime(2026, 12, 1, tzinfo=VIETNAM)
    assert holders(province, "giam_doc_so_yt", midnight - timedelta(seconds=1)) == ["giam_doc_so_yt"]
    assert holders(province, "giam_doc_so_yt", midnight) == ["pho_giam_doc_so_yt"]
    with province.writing() as session:
        for shift in session.scalars(select(Shift)):
            session.delete(shift)
        session.flush()
        assert queries.next_boundary(session, NIGHT) == midnight
        assert queries.next_boundary(session, midnight) is None


def test_the_next_boundary_is_the_next_shift(province: Store) -> None:
    with province.reading() as session:
        assert queries.next_boundary(session, NIGHT) == datetime(2026, 11, 22, 6, tzinfo=VIETNAM)


def test_a_person_who_left_holds_nothing(province: Store) -> None:
    with province.writing() as session:
        session.get_one(Person, stable_id("giam_doc_so_yt")).active = False
    assert holders(province, "giam_doc_so_yt") == []


def test_the_spokesperson_of_a_real_directory_is_found_by_standing(province: Store) -> None:
    with province.writing() as session:
        for held in session.scalars(select(Assignment).where(Assignment.post == "nguoi_phat_ngon")):
            held.post = "pho_chu_tich_kinh_te"
        session.get_one(Post, "pho_chu_tich_kinh_te").spokesperson = "regular"
    assert set(holders(province, "nguoi_phat_ngon")) == {"pho_chu_tich_kinh_te", "chanh_van_phong"}


# ------------------------------------------------------------------ groups


def test_one_contact_a_commune_counted_by_unit(province: Store) -> None:
    with province.reading() as session:
        pairs = queries.audience(session, "nhom_dia_ban", ["toan_tinh"], NIGHT)
        assert {party for _, party in pairs} == {key for key, _, _ in COMMUNES}
        assert [p for p, _ in pairs] == [stable_id(f"{unit}_van_hoa_xa_hoi") for _, unit in pairs]
        one = queries.audience(session, "nhom_dia_ban", ["xa_muong_lo"], NIGHT)
    assert one == [(stable_id("xa_muong_lo_van_hoa_xa_hoi"), "xa_muong_lo")]


def test_a_commune_without_contact_is_told_through_its_head(province: Store) -> None:
    with province.writing() as session:
        session.get_one(Person, stable_id("xa_suoi_lac_van_hoa_xa_hoi")).active = False
    with province.reading() as session:
        pairs = queries.audience(session, "nhom_dia_ban", ["xa_suoi_lac"], NIGHT)
    assert pairs == [(stable_id("xa_suoi_lac_chu_tich"), "xa_suoi_lac")]


def test_everybody_of_the_area_counted_by_person_in_order_of_names(province: Store) -> None:
    with province.reading() as session:
        pairs = queries.audience(session, "moi_nguoi_dia_ban", ["xa_muong_lo", "phuong_ben_da"], NIGHT)
        assert len(pairs) == 8
        assert all(person == party for person, party in pairs)
        names = [session.get_one(Person, person).name for person, _ in pairs]
        assert names == sorted(names, key=sort_key)
        assert len(queries.audience(session, "moi_nguoi_dia_ban", ["toan_tinh"], NIGHT)) == 20
        assert queries.audience(session, "moi_nguoi_dia_ban", [], NIGHT) == []


# ------------------------------------------------------------------ what is shown


@pytest.mark.parametrize(
    ("key", "post", "rank", "bloc"),
    [
        ("pho_chu_tich_phu_trach", "Phó Chủ tịch UBND tỉnh phụ trách văn xã", "len", "nha_nuoc"),
        ("chanh_van_phong", "Chánh Văn phòng UBND tỉnh", "ngang", "nha_nuoc"),
        ("cong_an_dau_moi", "Trưởng phòng An ninh mạng, Công an tỉnh", "dang", "nha_nuoc"),
        ("mttq_dau_moi", "Chánh Văn phòng UBMTTQ tỉnh", "dang", "doan_the"),
    ],
)
def test_a_snapshot_carries_name_post_and_register(
    province: Store, key: str, post: str, rank: str, bloc: str
) -> None:
    with province.reading() as session:
        found = queries.snapshot(session, [stable_id(key), "nobody"], NIGHT)
        person = session.get_one(Person, stable_id(key))
    (seen,) = found.values()
    assert (seen["name"], seen["post"], seen["rank"], seen["bloc"]) == (person.name, post, rank, bloc)
    assert set(seen) == {"name", "post", "unit", "unit_key", "xung_ho", "rank", "bloc"}


def test_areas_are_the_communes(province: Store) -> None:
    with province.reading() as session:
        assert queries.areas(session) == [
            ("phuong_ben_da", "phường Bến Đá"),
            ("phuong_son_lam", "phường Sơn Lâm"),
            ("xa_muong_lo", "xã Mường Lò"),
            ("xa_muong_lo_nam", "xã Mường Lò Nam"),
            ("xa_suoi_lac", "xã Suối Lạc"),
        ]


def test_abolished_bodies_are_not_listed_today(province: Store) -> None:
    with province.reading() as session:
        today = {unit.key for unit in queries.units(session, NIGHT)}
        before = {unit.key for unit in queries.units(session, datetime(2025, 1, 1, tzinfo=VIETNAM))}
    assert "so_tttt" not in today
    assert "so_tttt" in before
    assert "xa_muong_lo" not in before


def test_people_are_listed_and_searched_without_marks(province: Store) -> None:
    with province.reading() as session:
        listed = queries.people(session, NIGHT, limit=1000)
        assert len(listed) >= 60
        assert [row.name for row in listed] == sorted((row.name for row in listed), key=sort_key)
        assert queries.people(session, NIGHT, limit=3, offset=2) == listed[2:5]
        (found,) = queries.people(session, NIGHT, search="truong cum ho suoi lac")
        assert (found.key, found.unit) == ("chu_ho_dau_moi", "Cty Thủy lợi Sơn Lâm")
        assert len(queries.people(session, NIGHT, unit="so_yt")) == 4
        assert len(queries.people(session, NIGHT, area=["xa_muong_lo"])) == 4
