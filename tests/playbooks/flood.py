"""A playbook with every verb, and the people of its roles, as plain values: what the engine's tests talk about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playbooks.language import Deadline, Playbook, Role, Rung, Span, Step, Verb, When
from playbooks.signals import Holders, LawClock, Started

T0 = datetime(2026, 7, 20, 19, 0, tzinfo=UTC)
STAND_IN = Rung("thay_the")


def minutes(n: float) -> Span:
    return Span(round(n * 60))


def at(n: float) -> datetime:
    """n minutes after the start."""
    return T0 + timedelta(minutes=n)


def within(n: float) -> dict[int, Span]:
    return {1: minutes(n * 4), 2: minutes(n * 2), 3: minutes(n)}


ROLES = {
    "truc_ban": Role("truc_ban", "Cán bộ trực", "on_duty"),
    "lanh_dao": Role("lanh_dao", "Lãnh đạo trực", "lanh_dao_truc", ("pho_chu_tich",)),
    "to_truong": Role("to_truong", "Tổ trưởng", "pho_chu_tich_phu_trach", ("giam_doc_so",)),
    "thu_ky": Role("thu_ky", "Thư ký", "so_chuyen_vien", ("so_pho_phong",)),
    "phat_ngon": Role("phat_ngon", "Người phát ngôn", "nguoi_phat_ngon", ("nguoi_dung_dau",)),
    "nguoi_dang": Role("nguoi_dang", "Người đăng", "cong_ttdt", ("cong_ttdt_lanh_dao",)),
    "cac_xa": Role("cac_xa", "UBND cấp xã", "nhom_dia_ban"),
}

HOLDERS = {
    "truc_ban": Holders(("truc",)),
    "lanh_dao": Holders(("lanhdao",), ("lanhdao2",)),
    "to_truong": Holders(("truong",), ("truong2",)),
    "thu_ky": Holders(("ky",), ("ky2",)),
    "phat_ngon": Holders(("ngon",), ("ngon2",)),
    "nguoi_dang": Holders(("dang",), ("dang2",)),
    "cac_xa": Holders(group=True),
}

STEPS = (
    Step(
        "lap_to",
        Verb.ASSIGN,
        ("to_truong", "thu_ky", "phat_ngon", "nguoi_dang"),
        ack=2,
        when=When(levels=(2, 3)),
        within=within(10),
        ladder=(STAND_IN, Rung("lanh_dao", minutes(5))),
    ),
    Step(
        "xac_minh",
        Verb.ASK,
        ("Đúng hay sai?",),
        by=("to_truong",),
        choices={"sai": "Sai", "dung": "Đúng", "chua_ro": "Chưa rõ"},
        within=within(30),
        ladder=(STAND_IN, Rung("truc_ban", minutes(15))),
    ),
    Step(
        "an_toan",
        Verb.TASK,
        ("Báo cơ quan ứng phó",),
        by=("truc_ban",),
        after=("xac_minh",),
        when=When(answers={"xac_minh": ("dung",)}),
        within=within(10),
        ladder=(Rung("lanh_dao"),),
    ),
    Step(
        "luu",
        Verb.TASK,
        ("Chụp màn hình",),
        by=("thu_ky",),
        items=("Ảnh", "Đường dẫn"),
        proof=True,
        within=within(30),
        ladder=(STAND_IN,),
    ),
    Step(
        "du_thao",
        Verb.DRAFT,
        ("mau/ban-dau.md",),
        by=("thu_ky",),
        after=("lap_to",),
        within=within(10),
        ladder=(STAND_IN,),
    ),
    Step(
        "duyet",
        Verb.APPROVE,
        ("du_thao",),
        by=("phat_ngon", "to_truong"),
        after=("du_thao",),
        within=within(10),
        ladder=(STAND_IN, Rung("truc_ban", minutes(10))),
    ),
    Step(
        "bao_xa",
        Verb.NOTIFY,
        ("cac_xa",),
        message="mau/sms.txt",
        via=("sms", "email"),
        after=("duyet",),
        when=When(levels=(2, 3)),
        ack="all",
        within=within(15),
        ladder=(Rung("nhac_lai"), Rung("truc_ban", minutes(15))),
    ),
    Step(
        "cong_bo",
        Verb.PUBLISH,
        ("du_thao",),
        by=("phat_ngon", "nguoi_dang"),
        after=("duyet",),
        via=("cong_ttdt",),
        within=within(30),
        ladder=(STAND_IN,),
    ),
    Step(
        "bao_lanh_dao",
        Verb.NOTIFY,
        ("lanh_dao",),
        message="mau/sms-da-cong-bo.txt",
        via=("sms",),
        after=("cong_bo",),
    ),
    Step(
        "cap_nhat",
        Verb.TASK,
        ("Cập nhật dư luận",),
        by=("thu_ky",),
        after=("cong_bo",),
        every={2: minutes(240), 3: minutes(120)},
        when=When(levels=(2, 3)),
        within=within(30),
        ladder=(STAND_IN,),
    ),
)

DEADLINES = (
    Deadline(
        "phap_ly",
        "24 giờ",
        met_by="cong_bo",
        law="ban_dau",
        warn=(minutes(720), minutes(240), minutes(60)),
        to=("to_truong", "truc_ban"),
    ),
    Deadline(
        "noi_bo",
        "Thông tin ban đầu",
        met_by="cong_bo",
        within={1: minutes(240), 2: minutes(60), 3: minutes(30)},
        start="opened_at",
        warn=(minutes(10),),
        to=("to_truong",),
    ),
)

FLOOD = Playbook(
    "tin-gia", 1, "Tin giả", {1: "Theo dõi", 2: "Sự cố", 3: "Nghiêm trọng"}, ROLES, STEPS, deadlines=DEADLINES
)


def started(level: int = 3, roles: dict[str, Holders] | None = None) -> Started:
    return Started(
        level=level,
        anchors={"opened_at": T0, "accepted_at": T0},
        roles=HOLDERS | (roles or {}),
        laws={"ban_dau": LawClock("accepted_at", 24, "ND 244/2026")},
    )


def one(*steps: Step, deadlines: tuple[Deadline, ...] = ()) -> Playbook:
    """A playbook of these steps alone."""
    return Playbook("mot", 1, "Một", {1: "Một", 2: "Hai", 3: "Ba"}, ROLES, steps, deadlines=deadlines)
