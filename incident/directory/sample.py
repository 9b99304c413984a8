"""The invented province "Tỉnh Sơn Lâm": bodies, posts, people, rota. Nobody in it exists; its numbers are 0540 xxx xxx.

What real nights need is in it: a duty phone that two people share, an officer with only a landline, a number somebody
has disowned, a person with two posts, two communes with like names, abolished bodies with successors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from incident.directory.keys import stable_id
from incident.directory.queries import VIETNAM, local_date
from incident.domain.address import USUAL
from incident.domain.names import sort_key
from incident.store.tables import Assignment, Person, Post, Setting, Shift, Topic, Unit

ROTA_DAYS = 8 * 7
MOST_ADDED = 800_000

SETTINGS = {
    "province": "Tỉnh Sơn Lâm",
    "agency": "UBND tỉnh Sơn Lâm",
    "place": "Sơn Lâm",
    "duty_phone": "0540000001",
    "portal_url": "https://sonlam.example",
    "hotline": "0540000001",
    "sms_part_cost": "850",
    "sample": "1",
}

# key, name, short name, document code, kind, bloc, parent
UNITS: tuple[tuple[str, str, str, str | None, str, str, str | None], ...] = (
    ("ubnd_tinh", "Ủy ban nhân dân tỉnh Sơn Lâm", "UBND tỉnh", "UBND", "ubnd_tinh", "nha_nuoc", None),
    ("vp_ubnd", "Văn phòng Ủy ban nhân dân tỉnh", "Văn phòng UBND tỉnh", "VP", "van_phong", "nha_nuoc", "ubnd_tinh"),
    ("so_vhttdl", "Sở Văn hóa, Thể thao và Du lịch", "Sở VHTTDL", "SVHTTDL", "so", "nha_nuoc", "ubnd_tinh"),
    ("so_khcn", "Sở Khoa học và Công nghệ", "Sở KH&CN", "SKHCN", "so", "nha_nuoc", "ubnd_tinh"),
    ("so_tp", "Sở Tư pháp", "Sở Tư pháp", "STP", "so", "nha_nuoc", "ubnd_tinh"),
    ("so_nv", "Sở Nội vụ", "Sở Nội vụ", "SNV", "so", "nha_nuoc", "ubnd_tinh"),
    ("so_tc", "Sở Tài chính", "Sở Tài chính", "STC", "so", "nha_nuoc", "ubnd_tinh"),
    ("so_yt", "Sở Y tế", "Sở Y tế", "SYT", "so", "nha_nuoc", "ubnd_tinh"),
    ("so_gddt", "Sở Giáo dục và Đào tạo", "Sở GD&ĐT", "SGDĐT", "so", "nha_nuoc", "ubnd_tinh"),
    ("so_nnmt", "Sở Nông nghiệp và Môi trường", "Sở NN&MT", "SNNMT", "so", "nha_nuoc", "ubnd_tinh"),
    ("so_xd", "Sở Xây dựng", "Sở Xây dựng", "SXD", "so", "nha_nuoc", "ubnd_tinh"),
    ("so_ct", "Sở Công Thương", "Sở Công Thương", "SCT", "so", "nha_nuoc", "ubnd_tinh"),
    ("thanh_tra", "Thanh tra tỉnh", "Thanh tra tỉnh", "TTr", "so", "nha_nuoc", "ubnd_tinh"),
    ("cong_an", "Công an tỉnh Sơn Lâm", "Công an tỉnh", "CAT", "nganh_doc", "nha_nuoc", None),
    ("cong_ttdt", "Cổng Thông tin điện tử tỉnh", "Cổng TTĐT tỉnh", None, "don_vi", "nha_nuoc", "vp_ubnd"),
    (
        "bch_pthtds", "Ban Chỉ huy phòng thủ dân sự tỉnh", "BCH phòng thủ dân sự tỉnh", "BCHPTDS", "don_vi",
        "nha_nuoc", "ubnd_tinh",
    ),
    ("bv_tinh", "Bệnh viện Đa khoa tỉnh Sơn Lâm", "Bệnh viện Đa khoa tỉnh", None, "don_vi", "nha_nuoc", "so_yt"),
    (
        "chu_ho_suoi_lac", "Công ty TNHH MTV Thủy lợi Sơn Lâm", "Cty Thủy lợi Sơn Lâm", None, "don_vi",
        "nha_nuoc", "ubnd_tinh",
    ),
    ("vp_tu", "Văn phòng Tỉnh ủy", "Văn phòng Tỉnh ủy", None, "dang", "dang", None),
    ("ban_tgdv", "Ban Tuyên giáo và Dân vận Tỉnh ủy", "Ban TGDV Tỉnh ủy", None, "dang", "dang", None),
    ("bao_ptth", "Báo và phát thanh, truyền hình Sơn Lâm", "Báo và PTTH Sơn Lâm", None, "bao_chi", "dang", None),
    ("mttq", "Ủy ban Mặt trận Tổ quốc Việt Nam tỉnh", "UBMTTQ tỉnh", None, "doan_the", "doan_the", None),
    ("hoi_nhabao", "Hội Nhà báo tỉnh Sơn Lâm", "Hội Nhà báo tỉnh", None, "doan_the", "doan_the", None),
    ("bc_tw", "Cơ quan báo chí Trung ương thường trú", "Báo chí TW thường trú", None, "bao_chi", "ngoai", None),
    ("ban_tcd", "Ban Tiếp công dân tỉnh Sơn Lâm", "Ban Tiếp công dân tỉnh", None, "don_vi", "nha_nuoc", "vp_ubnd"),
)  # fmt: skip

# Two of them are easily mistaken for one another.
COMMUNES = (
    ("xa_muong_lo", "xa", "xã Mường Lò"),
    ("xa_muong_lo_nam", "xa", "xã Mường Lò Nam"),
    ("xa_suoi_lac", "xa", "xã Suối Lạc"),
    ("phuong_son_lam", "phuong", "phường Sơn Lâm"),
    ("phuong_ben_da", "phuong", "phường Bến Đá"),
)

# Abolished: key, name, short name, kind, last day, successors
HISTORY = (
    ("so_tttt", "Sở Thông tin và Truyền thông", "Sở TT&TT", "so", date(2025, 2, 28), ["so_vhttdl", "so_khcn"]),
    ("so_khdt", "Sở Kế hoạch và Đầu tư", "Sở KH&ĐT", "so", date(2025, 2, 28), ["so_tc"]),
    (
        "ubnd_huyen_muong_lo", "Ủy ban nhân dân huyện Mường Lò", "UBND huyện Mường Lò", "don_vi",
        date(2025, 6, 30), ["xa_muong_lo", "xa_muong_lo_nam", "xa_suoi_lac"],
    ),
)  # fmt: skip

# Unit: (post, title, marks). Marks: H head, R regular spokesperson, C contact, L leader of the province,
# D Party, Front or police.
POSTS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "ubnd_tinh": (
        ("nguoi_dung_dau", "Chủ tịch UBND tỉnh", "HL"),
        ("pho_chu_tich_phu_trach", "Phó Chủ tịch UBND tỉnh phụ trách văn xã", "L"),
        ("pho_chu_tich_thuong_truc", "Phó Chủ tịch Thường trực UBND tỉnh", "L"),
        ("pho_chu_tich_kinh_te", "Phó Chủ tịch UBND tỉnh phụ trách kinh tế", "L"),
        ("pho_chu_tich_nong_nghiep", "Phó Chủ tịch UBND tỉnh phụ trách nông nghiệp", "L"),
        ("uy_vien_noi_chinh", "Ủy viên UBND tỉnh phụ trách nội chính", "L"),
    ),
    "vp_ubnd": (
        ("chanh_van_phong", "Chánh Văn phòng UBND tỉnh", "H"),
        ("pho_chanh_van_phong", "Phó Chánh Văn phòng UBND tỉnh", ""),
        ("vp_ubnd_tong_hop", "Chuyên viên Phòng Tổng hợp, Văn phòng UBND tỉnh", "C"),
        ("vp_ubnd_truc_1", "Cán bộ trực, Văn phòng UBND tỉnh", ""),
        ("vp_ubnd_truc_2", "Cán bộ trực, Văn phòng UBND tỉnh", ""),
        ("vp_ubnd_truc_3", "Cán bộ trực, Văn phòng UBND tỉnh", ""),
        ("vp_ubnd_truc_4", "Cán bộ trực, Văn phòng UBND tỉnh", ""),
    ),
    "so_vhttdl": (
        ("giam_doc_so_vhttdl", "Giám đốc Sở VHTTDL", "H"),
        ("pho_giam_doc_so_vhttdl", "Phó Giám đốc Sở VHTTDL", "R"),
        ("so_vhttdl_truong_phong", "Trưởng phòng Báo chí – Xuất bản, Sở VHTTDL", ""),
        ("so_vhttdl_pho_phong", "Phó Trưởng phòng Báo chí – Xuất bản, Sở VHTTDL", ""),
        ("so_vhttdl_chuyen_vien_bao_chi", "Chuyên viên Phòng Báo chí – Xuất bản, Sở VHTTDL", "C"),
    ),
    "so_khcn": (
        ("giam_doc_so_khcn", "Giám đốc Sở KH&CN", "H"),
        ("pho_giam_doc_so_khcn", "Phó Giám đốc Sở KH&CN", "R"),
        ("so_khcn_dau_moi", "Trưởng phòng Chuyển đổi số, Sở KH&CN", "C"),
    ),
    "so_tp": (
        ("giam_doc_so_tp", "Giám đốc Sở Tư pháp", "H"),
        ("pho_giam_doc_so_tp", "Phó Giám đốc Sở Tư pháp", "R"),
        ("so_tp_dau_moi", "Trưởng phòng Xây dựng và kiểm tra văn bản, Sở Tư pháp", "C"),
    ),
    "so_nv": (
        ("giam_doc_so_nv", "Giám đốc Sở Nội vụ", "H"),
        ("pho_giam_doc_so_nv", "Phó Giám đốc Sở Nội vụ", "R"),
        ("so_nv_dau_moi", "Chánh Văn phòng Sở Nội vụ", "C"),
    ),
    "so_tc": (
        ("giam_doc_so_tc", "Giám đốc Sở Tài chính", "H"),
        ("pho_giam_doc_so_tc", "Phó Giám đốc Sở Tài chính", "R"),
        ("so_tc_dau_moi", "Chánh Văn phòng Sở Tài chính", "C"),
    ),
    "so_yt": (
        ("giam_doc_so_yt", "Giám đốc Sở Y tế", "H"),
        ("pho_giam_doc_so_yt", "Phó Giám đốc Sở Y tế", "R"),
        ("so_yt_chuyen_mon", "Trưởng phòng Nghiệp vụ Y, Sở Y tế", "C"),
        ("so_yt_kiem_soat_benh", "Giám đốc Trung tâm Kiểm soát bệnh tật tỉnh", ""),
    ),
    "so_gddt": (
        ("giam_doc_so_gddt", "Giám đốc Sở GD&ĐT", "H"),
        ("pho_giam_doc_so_gddt", "Phó Giám đốc Sở GD&ĐT", "R"),
        ("so_gddt_chuyen_mon", "Chánh Văn phòng Sở GD&ĐT", "C"),
    ),
    "so_nnmt": (
        ("giam_doc_so_nnmt", "Giám đốc Sở NN&MT", "H"),
        ("pho_giam_doc_so_nnmt", "Phó Giám đốc Sở NN&MT", "R"),
        ("so_nnmt_thuy_loi", "Chi cục trưởng Chi cục Thủy lợi, Sở NN&MT", "C"),
        ("so_nnmt_moi_truong", "Chi cục trưởng Chi cục Bảo vệ môi trường, Sở NN&MT", ""),
        ("so_nnmt_dat_dai", "Trưởng phòng Quản lý đất đai, Sở NN&MT", ""),
    ),
    "so_xd": (
        ("giam_doc_so_xd", "Giám đốc Sở Xây dựng", "H"),
        ("pho_giam_doc_so_xd", "Phó Giám đốc Sở Xây dựng", "R"),
        ("so_xd_dau_moi", "Chánh Văn phòng Sở Xây dựng", "C"),
    ),
    "so_ct": (
        ("giam_doc_so_ct", "Giám đốc Sở Công Thương", "H"),
        ("pho_giam_doc_so_ct", "Phó Giám đốc Sở Công Thương", "R"),
        ("so_ct_dau_moi", "Chánh Văn phòng Sở Công Thương", "C"),
    ),
    "thanh_tra": (
        ("chanh_thanh_tra", "Chánh Thanh tra tỉnh", "H"),
        ("pho_chanh_thanh_tra", "Phó Chánh Thanh tra tỉnh", "R"),
        ("thanh_tra_dau_moi", "Chánh Văn phòng Thanh tra tỉnh", "C"),
    ),
    "cong_an": (
        ("giam_doc_cong_an", "Giám đốc Công an tỉnh", "HD"),
        ("cong_an_dau_moi", "Trưởng phòng An ninh mạng, Công an tỉnh", "CD"),
        ("cong_an_noi_bo", "Trưởng phòng An ninh chính trị nội bộ, Công an tỉnh", "RD"),
    ),
    "cong_ttdt": (
        ("cong_ttdt_lanh_dao", "Giám đốc Cổng TTĐT tỉnh", "H"),
        ("cong_ttdt_truc", "Biên tập viên trực, Cổng TTĐT tỉnh", "CR"),
    ),
    "bch_pthtds": (
        ("bch_pthtds_chanh_vp", "Chánh Văn phòng BCH phòng thủ dân sự tỉnh", "HR"),
        ("bch_pthtds_truc_1", "Cán bộ trực, BCH phòng thủ dân sự tỉnh", "C"),
        ("bch_pthtds_truc_2", "Cán bộ trực, BCH phòng thủ dân sự tỉnh", ""),
    ),
    "bv_tinh": (
        ("giam_doc_bv_tinh", "Giám đốc Bệnh viện Đa khoa tỉnh", "H"),
        ("bv_tinh_dau_moi", "Trưởng phòng Công tác xã hội, Bệnh viện Đa khoa tỉnh", "CR"),
    ),
    "chu_ho_suoi_lac": (
        ("giam_doc_chu_ho", "Giám đốc Công ty Thủy lợi Sơn Lâm", "H"),
        ("chu_ho_dau_moi", "Trưởng cụm hồ Suối Lạc, Công ty Thủy lợi Sơn Lâm", "CR"),
    ),
    "vp_tu": (
        ("chanh_vp_tu", "Chánh Văn phòng Tỉnh ủy", "HD"),
        ("vp_tu_dau_moi", "Trưởng phòng Tổng hợp, Văn phòng Tỉnh ủy", "CRD"),
    ),
    "ban_tgdv": (
        ("truong_ban_tgdv", "Trưởng Ban Tuyên giáo và Dân vận Tỉnh ủy", "HD"),
        ("ban_tgdv_dau_moi", "Phó Trưởng phòng Tuyên truyền – Báo chí, Ban TGDV Tỉnh ủy", "CRD"),
    ),
    "bao_ptth": (
        ("tong_bien_tap", "Tổng Biên tập Báo và PTTH Sơn Lâm", "HD"),
        ("bao_ptth_dau_moi", "Trưởng phòng Thời sự, Báo và PTTH Sơn Lâm", "CRD"),
    ),
    "mttq": (
        ("chu_tich_mttq", "Chủ tịch UBMTTQ tỉnh", "HD"),
        ("mttq_dau_moi", "Chánh Văn phòng UBMTTQ tỉnh", "CRD"),
    ),
    "hoi_nhabao": (("hoi_nhabao_dau_moi", "Phó Chủ tịch Thường trực Hội Nhà báo tỉnh", "HCRD"),),
    "bc_tw": (("bc_tw_dau_moi", "Trưởng đại diện thường trú", "HCR"),),
}

COMMUNE_POSTS = (
    ("chu_tich", "Chủ tịch UBND {}", "H"),
    ("pho_chu_tich", "Phó Chủ tịch UBND {}", "R"),
    ("van_hoa_xa_hoi", "Trưởng phòng Văn hóa – Xã hội {}", "C"),
    ("van_phong", "Chánh Văn phòng HĐND và UBND {}", ""),
)
# Bodies that came later: their people are counted last, so that everybody keeps their name and number.
LATER_POSTS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "ban_tcd": (
        ("truong_ban_tcd", "Trưởng Ban Tiếp công dân tỉnh", "H"),
        ("ban_tcd_dau_moi", "Phó Trưởng Ban Tiếp công dân tỉnh", "CR"),
    ),
}
STAFF = "can_bo"  # the post of officers added by number

# key, title, unit, specialist, head
TOPICS = (
    ("thien_tai", "Thiên tai, hồ đập", "so_nnmt", "so_nnmt_thuy_loi", "giam_doc_so_nnmt"),
    ("dich_benh", "Dịch bệnh", "so_yt", "so_yt_kiem_soat_benh", "giam_doc_so_yt"),
    ("y_te", "Y tế, khám chữa bệnh", "so_yt", "so_yt_chuyen_mon", "giam_doc_so_yt"),
    ("giao_duc", "Giáo dục", "so_gddt", "so_gddt_chuyen_mon", "giam_doc_so_gddt"),
    ("moi_truong", "Môi trường", "so_nnmt", "so_nnmt_moi_truong", "giam_doc_so_nnmt"),
    ("dat_dai", "Đất đai", "so_nnmt", "so_nnmt_dat_dai", "giam_doc_so_nnmt"),
    ("can_bo", "Cán bộ, công vụ", "so_nv", "so_nv_dau_moi", "giam_doc_so_nv"),
    ("an_toan_thong_tin", "An toàn thông tin, dữ liệu", "so_khcn", "so_khcn_dau_moi", "giam_doc_so_khcn"),
    ("tai_nan", "Tai nạn, cứu nạn", "bch_pthtds", "bch_pthtds_truc_1", "bch_pthtds_chanh_vp"),
    ("chung", "Lĩnh vực khác", "vp_ubnd", "vp_ubnd_tong_hop", "pho_chanh_van_phong"),
)

SECOND_POST = ("chanh_van_phong", "nguoi_phat_ngon", "Người phát ngôn UBND tỉnh", "ubnd_tinh")
SHARED_PHONE = {"bch_pthtds_truc_1": "+84540000900", "bch_pthtds_truc_2": "+84540000900"}
LANDLINE_ONLY = {"thanh_tra_dau_moi": "+84540900001"}
WRONG_NUMBER = ("so_ct_dau_moi",)
ADDRESSED = {"bc_tw_dau_moi": "anh", "giam_doc_chu_ho": "ông", "chu_ho_dau_moi": "ông"}

FAMILIES = (
    ("Nguyễn Văn", "Mẫu"), ("Trần Thị", "Thử"), ("Lê Văn", "Ví"), ("Phạm Thị", "Giả"), ("Hoàng Văn", "Định"),
    ("Vũ Thị", "Tạm"), ("Đặng Văn", "Nháp"), ("Bùi Thị", "Phỏng"), ("Đỗ Văn", "Ước"), ("Ngô Thị", "Lệ"),
)  # fmt: skip

ON_DUTY = ("vp_ubnd_truc_1", "vp_ubnd_truc_2", "vp_ubnd_truc_3", "vp_ubnd_truc_4")
LEADERS = ("pho_chu_tich_kinh_te", "pho_chu_tich_nong_nghiep", "uy_vien_noi_chinh")
SHIFT_BEGINS = (time(6), time(18))


def load_sample(session: Session, now: datetime) -> bool:
    """The sample in an empty directory; in one that holds the sample already, only its rota is carried on.
    Returns whether anything was done. A real directory is left alone."""
    if session.scalar(select(func.count()).select_from(Unit)):
        if session.get(Setting, "sample") is None:
            return False
        return extend_rota(session, now) > 0
    _add_units(session)
    _add_posts(session)
    session.flush()
    _add_people(session, now)
    session.add_all(
        Topic(key=key, title=title, unit=unit, specialist_post=specialist, head_post=head)
        for key, title, unit, specialist, head in TOPICS
    )
    for key, value in SETTINGS.items():
        session.merge(Setting(key=key, value=value))
    session.flush()
    extend_rota(session, now)
    return True


# ------------------------------------------------------------------ bodies and posts


def _add_units(session: Session) -> None:
    for key, name, short, code, kind, bloc, parent in UNITS:
        session.add(
            Unit(
                key=key,
                name=name,
                short_name=short,
                doc_code=code,
                kind=kind,
                bloc=bloc,
                parent=parent,
                successors=[],
            )
        )
    for key, kind, name in COMMUNES:
        session.add(
            Unit(
                key=key,
                name=f"Ủy ban nhân dân {name}",
                short_name=f"UBND {name}",
                doc_code="UBND",
                kind=kind,
                bloc="nha_nuoc",
                parent="ubnd_tinh",
                area=key,
                valid_from=date(2025, 7, 1),
                successors=[],
            )
        )
    for key, name, short, kind, last_day, successors in HISTORY:
        session.add(
            Unit(
                key=key,
                name=name,
                short_name=short,
                kind=kind,
                bloc="nha_nuoc",
                parent="ubnd_tinh",
                valid_to=last_day,
                successors=successors,
            )
        )


@dataclass(frozen=True, slots=True)
class _Place:
    post: str
    title: str
    marks: str
    unit: str


def _places() -> Iterator[_Place]:
    """Every post of the sample that has a person of its own, in order."""
    yield from _of_bodies(POSTS)
    for unit, _, name in COMMUNES:
        for post, title, marks in COMMUNE_POSTS:
            yield _Place(f"{unit}_{post}", title.format(name), marks, unit)
    yield from _of_bodies(LATER_POSTS)


def _of_bodies(posts: dict[str, tuple[tuple[str, str, str], ...]]) -> Iterator[_Place]:
    for unit, held in posts.items():
        for post, title, marks in held:
            yield _Place(post, title, marks, unit)


def _post(place: _Place) -> Post:
    return Post(
        key=place.post,
        title=place.title,
        unit=place.unit,
        rank="len" if "L" in place.marks else "dang" if "D" in place.marks else "ngang",
        contact="C" in place.marks,
        spokesperson="head" if "H" in place.marks else "regular" if "R" in place.marks else None,
    )


def _add_posts(session: Session) -> None:
    session.flush()
    session.add_all(_post(place) for place in _places())
    _, key, title, unit = SECOND_POST
    session.add(_post(_Place(key, title, "R", unit)))


# ------------------------------------------------------------------ people


def _add_people(session: Session, now: datetime) -> None:
    for number, place in enumerate(_places(), start=1):
        family, given = FAMILIES[(number - 1) % len(FAMILIES)]
        name = f"{family} {given} {number:02d}"
        key = place.post
        own = f"+84540{number + 1:06d}"  # 0540 000 001 is the duty phone
        session.add(
            Person(
                id=stable_id(key),
                key=key,
                name=name,
                sort_name=sort_key(name),
                xung_ho=ADDRESSED.get(key, USUAL),
                unit=place.unit,
                phone=None if key in LANDLINE_ONLY else SHARED_PHONE.get(key, own),
                landline=LANDLINE_ONLY.get(key),
                email=f"{key.replace('_', '.')}@sonlam.example",
                shared_phone=key in SHARED_PHONE,
                wrong_number_at=now - timedelta(days=30) if key in WRONG_NUMBER else None,
                invented=True,
            )
        )
    session.flush()
    session.add_all(_assigned(place.post, place.post) for place in _places())
    session.add(_assigned(SECOND_POST[0], SECOND_POST[1]))


def _assigned(person: str, post: str) -> Assignment:
    return Assignment(
        id=stable_id(f"{person}|{post}"), person=stable_id(person), post=post, valid_from=date(2025, 7, 1)
    )


def add_people(session: Session, n: int, now: datetime) -> int:
    """N more invented officers, spread over the communes, each with a name and a number of their own."""
    if not 0 <= n <= MOST_ADDED:
        raise ValueError(f"0 to {MOST_ADDED} people, not {n}")
    prefix = f"{STAFF}_"
    have = session.scalar(select(func.count()).select_from(Person).where(Person.key.like(f"{prefix}%"))) or 0
    if have + n > MOST_ADDED:
        raise ValueError(f"the numbers of the sample end at {MOST_ADDED} people")
    rows, posts = [], []
    for number in range(have + 1, have + n + 1):
        unit = COMMUNES[number % len(COMMUNES)][0]
        family, given = FAMILIES[number // len(COMMUNES) % len(FAMILIES)]
        key, name = f"{prefix}{number:06d}", f"{family} {given} {number:06d}"
        rows.append(
            {
                "id": stable_id(key),
                "key": key,
                "name": name,
                "sort_name": sort_key(name),
                "xung_ho": USUAL,
                "unit": unit,
                "phone": f"+84540{99_999 + number:06d}",
                "email": f"{key.replace('_', '.')}@sonlam.example",
                "shared_phone": False,
                "active": True,
                "invented": True,
            }
        )
        posts.append(
            {
                "id": stable_id(f"{key}|{unit}_{STAFF}"),
                "person": stable_id(key),
                "post": f"{unit}_{STAFF}",
                "valid_from": local_date(now),
            }
        )
    if rows:
        for unit, _, name in COMMUNES:
            session.merge(_post(_Place(f"{unit}_{STAFF}", f"Cán bộ {name}", "", unit)))
        session.flush()
        session.execute(insert(Person), rows)
        session.execute(insert(Assignment), posts)
    return n


# ------------------------------------------------------------------ rota


def extend_rota(session: Session, now: datetime) -> int:
    """The rota from yesterday to eight weeks ahead; what stands already stays. Returns how many turns were added."""
    first = local_date(now) - timedelta(days=1)
    known = set(session.scalars(select(Shift.id).where(Shift.ends_at > now - timedelta(days=3))))
    added = 0
    for day in range(first.toordinal(), first.toordinal() + ROTA_DAYS + 2):
        for shift in _turns(date.fromordinal(day)):
            if shift.id not in known:
                session.add(shift)
                added += 1
    session.flush()
    return added


def _turns(day: date) -> Iterator[Shift]:
    """Cán bộ trực 06:00–18:00 and 18:00–06:00, lãnh đạo trực from 06:00 to 06:00; who, follows from the day alone."""
    number = day.toordinal()
    for half, begins in enumerate(SHIFT_BEGINS):
        officer = ON_DUTY[(number * 2 + half) % len(ON_DUTY)]
        yield _turn("on_duty", officer, datetime.combine(day, begins, VIETNAM), hours=12)
    leader = LEADERS[number % len(LEADERS)]
    yield _turn("lanh_dao_truc", leader, datetime.combine(day, SHIFT_BEGINS[0], VIETNAM), hours=24)


def _turn(kind: str, person: str, starts: datetime, hours: int) -> Shift:
    starts_at = starts.astimezone(UTC)
    return Shift(
        id=stable_id(f"{kind}|{starts_at.isoformat()}"),
        kind=kind,
        person=stable_id(person),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=hours),
    )
