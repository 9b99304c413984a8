"""Every template × every register × the longest real name × live and drill, one-way and two-way: what reaches a phone
or a mailbox keeps the rules, whatever is put into it."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from incident.directory.sample import load_sample
from incident.domain.codes import shown_code
from incident.domain.titles import step_title
from incident.response.library import playbooks as shelf
from incident.response.library import read
from incident.store.sessions import Store
from incident.store.tables import Unit
from incident.wording import (
    SMS,
    SUBJECTS,
    Case,
    Email,
    Facts,
    House,
    Reader,
    Sms,
    email,
    one_way,
    registered,
    unit_in_sms,
)
from incident.wording_rules import (
    FORMS,
    LINK,
    LONGEST_NAME,
    LONGEST_SHORT,
    LONGEST_STEP,
    NUMBER_OF_PEOPLE,
    ORDERS,
    RANKS,
    faults,
    longest,
)
from notify.phone import strip_marks
from playbooks.templates import render
from tests.stories.world import NIGHT, World

SHORT, LONG_STEP = LONGEST_SHORT, LONGEST_STEP
TITLE = "Tin lan truyền: đập chính sắp vỡ, ba mươi hộ phải sơ tán"
LEVELS = ("Sự cố", "Nghiêm trọng")  # "theo dõi" is also what a unit is asked to do
HOUSE = House("UBND tỉnh Sơn Lâm", "Sơn Lâm", "0540000001", public_url="https://tct.sonlam.gov.vn")
LIVE, DRILL = Case("99", "live", SHORT, TITLE), Case("99", "drill", SHORT, TITLE)
READERS = [
    Reader(LONGEST_NAME, "Phó Chủ tịch Ủy ban nhân dân tỉnh", "UBND tỉnh", form, rank)
    for form, rank in product(FORMS, RANKS)
]


def fits_the_rules(text: Sms, case: Case) -> None:
    body = text.body
    assert text.encoding == "GSM-7", body
    assert text.parts <= (1 if case.mode == "live" else 2), f"{len(body)}: {body}"
    assert len(body) <= 160 or text.parts == 2
    assert not re.search(r"[\[\]{}~^|\\]", body), "each of these costs two"
    assert not re.search(r"https?://\S+[.,;](\s|$)", body), "a space stands between a link and a full stop"
    assert "  " not in body
    assert HOUSE.duty_phone in body
    assert strip_marks(TITLE) not in body
    assert not any(re.search(rf"\b{strip_marks(level)}\b", body, re.I) for level in LEVELS), body
    assert not re.search(r"\bcap (do )?\d", body, re.I)
    assert (case.mode == "drill") == body.startswith("DIEN TAP. ") == body.endswith(". DIEN TAP")


@pytest.mark.parametrize("case", [LIVE, DRILL], ids=["live", "drill"])
@pytest.mark.parametrize("kind", sorted(SMS))
def test_every_sms_for_every_reader(kind: str, case: Case) -> None:
    for reader in READERS:
        text = longest(kind, HOUSE, case, reader)
        fits_the_rules(text, case)
        assert not ORDERS.search(text.body), "nobody above us is ordered, and a text may reach them"
        assert not NUMBER_OF_PEOPLE.search(text.body), text.body
        if "one_way" in kind:
            assert not re.search(r"tra loi (OK|SAI)", text.body)
            assert LINK in text.body


@pytest.mark.parametrize("kind", sorted(SMS))
def test_the_house_s_own_texts_would_be_taken_from_anybody(kind: str) -> None:
    assert faults(kind, SMS[kind], HOUSE) == []


BROKEN = {
    "{agency}: vu viec {code. Truc {duty}": "Ô điền sai",
    "{agency}: vu viec {code!r}. Truc {duty}": "Ô điền sai",
    "{agency}: vu viec {code}, {so_nguoi}. Truc {duty}": "Không có ô {so_nguoi}",
    "Moi {dc} tham gia. Tra loi OK {code} hoac BAN {code}": "Thiếu ô {duty}",
    "Moi {dc} tham gia vu viec {code}. Truc {duty}": "Thiếu cách trả lời: BAN",
    "Vu viec {code} [khan]. Tra loi OK {code} hoac BAN {code}. Truc {duty}": "mỗi ký tự tính hai",
    "Trieu tap {dc}, vu viec {code}. OK {code}, BAN {code}. Truc {duty}": "lời ra lệnh",
    "Triệu tập {dc}, vu viec {code}. OK {code}, BAN {code}. Truc {duty}": "lời ra lệnh",
    "Vu viec {code}: 30 nguoi. OK {code}, BAN {code}. Truc {duty}": "số người",
    "Vu viec {code} cap do 3. OK {code}, BAN {code}. Truc {duty}": "cấp độ",
    "Vu viec {code}. OK {code}, BAN {code}, HUY thi thoi. Truc {duty}": "từ chối nhận tin",
    "Vu viec {code}, ｛wrong｝. OK {code}, BAN {code}. Truc {duty}": "Ô điền sai",
    "Vu viec {code}, ｛dc:>9999999｝. OK {code}, BAN {code}. Truc {duty}": "Ô điền sai",
    "Vu viec {code} ｛. OK {code}, BAN {code}. Truc {duty}": "Ô điền sai",
    "Vu viec {code} `khan`. OK {code}, BAN {code}. Truc {duty}": "GSM-7",
    "Vu viec {code}, {short}. "
    + "Moi tham gia. " * 8
    + "OK {code}, BAN {code}. Truc {duty}": "quá một phần tin",
}


@pytest.mark.parametrize(("body", "why"), BROKEN.items())
def test_a_text_that_breaks_a_rule_is_not_taken(body: str, why: str) -> None:
    assert any(why in fault for fault in faults("summon", body, HOUSE)), faults("summon", body, HOUSE)


@pytest.fixture(scope="module")
def library(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A province's playbooks and units."""
    path = tmp_path_factory.mktemp("library") / "one.db"
    path.write_bytes(sqlite_template.read_bytes())
    world = World(Store(f"sqlite:///{path}"), path.parent)
    with world.store.writing() as session:
        load_sample(session, NIGHT)
    return world


def test_every_registered_text_of_every_playbook(library: World) -> None:
    with library.store.reading() as session:
        units = [unit.name for unit in session.query(Unit)]
        templates = [
            found
            for card in shelf(session, library.desk)
            for found in read(session, library.desk, card.slug).templates.items()
        ]
    longest = max((u for u in units if re.match("(UBND|Ủy ban nhân dân) (xã|phường)", u)), key=len)
    seen = 0
    for name, template in templates:
        if not name.rsplit("/", 1)[-1].startswith("sms"):
            continue
        for case, link in product((LIVE, DRILL), (None, LINK, "")):
            seen += 1
            values = {
                "agency": HOUSE.agency, "unit": unit_in_sms(longest), "code": shown_code(case.code, case.mode),
                "short_name": SHORT, "duty_phone": HOUSE.duty_phone,
            }  # fmt: skip
            body = render(template, values)
            text = registered(body if link is None else one_way(body, link, HOUSE), case)
            fits_the_rules(text, case)
            assert not ORDERS.search(text.body)
            assert not NUMBER_OF_PEOPLE.search(text.body)
            assert link is None or "tra loi" not in text.body.lower()
    assert seen >= 18


def test_no_step_of_a_playbook_orders_whom_it_reaches(library: World) -> None:
    """The text of a step goes into an SMS as it stands."""
    with library.store.reading() as session:
        found = [read(session, library.desk, card.slug) for card in shelf(session, library.desk)]
    for playbook in found:
        for step in playbook.steps:
            assert not ORDERS.search(step_title(playbook, step)), f"{playbook.slug}: {step.id}"


def mail(kind: str, case: Case, reader: Reader, two_way: bool = True) -> Email:
    house = House("UBND tỉnh Sơn Lâm", "Sơn Lâm", "0540000001", two_way=two_way)
    extra: dict[str, object] = {
        "instead": f"đ/c {LONGEST_NAME}", "what": LONG_STEP, "n": 3, "mark": "7K2", "at": "05 giờ 40 phút",
        "old": "98", "body": "Bộ Công an",
    }  # fmt: skip
    facts = Facts(
        "Có tin về hồ Suối Lạc", "02:09 ngày 22/11/2026", "Facebook công khai", asks=("xác nhận",), link=LINK,
        before="02 giờ 25 phút", extra=extra,
    )  # fmt: skip
    return email(kind, house, case, reader, facts)


SUBJECT_LINES = {
    "summon": "[Vụ việc 99] Mời tham gia Tổ công tác, đề nghị xác nhận trước 02 giờ 25 phút",
    "summon.len": f"[Vụ việc 99] Kính báo cáo và xin ý kiến chỉ đạo: {SHORT}",
    "summon.dang": f"[Vụ việc 99] Trân trọng đề nghị phối hợp: {SHORT}",
    "approve": f"[Vụ việc 99] Kính trình duyệt: {LONG_STEP}, bản 3 (mã 7K2)",
    "stand_down": "[Vụ việc 99] Kết thúc xử lý lúc 05 giờ 40 phút",
    "stand_in": f"[Vụ việc 99] Kính mời tham gia Tổ công tác thay đ/c {LONGEST_NAME}",
}


@pytest.mark.parametrize(("kind", "line"), SUBJECT_LINES.items())
def test_the_subjects_are_those_of_the_house(kind: str, line: str) -> None:
    assert mail(kind, LIVE, READERS[0]).subject == line
    drilled = line.replace("[Vụ việc 99]", "[DIỄN TẬP] [DT99]") + " [DIỄN TẬP]"
    assert mail(kind, DRILL, READERS[0]).subject == drilled


@pytest.mark.parametrize("case", [LIVE, DRILL], ids=["live", "drill"])
@pytest.mark.parametrize("kind", sorted(SUBJECTS))
def test_every_email_for_every_reader(kind: str, case: Case) -> None:
    for reader, two_way in product(READERS, (True, False)):
        written = mail(kind, case, reader, two_way)
        both = f"{written.subject}\n{written.body}"
        assert len(written.subject) <= 200
        assert "\n" not in written.subject
        assert HOUSE.duty_phone in written.body
        assert LINK in written.body
        assert not re.search(r"https?://\S+[.,;](\s|$)", written.body)
        assert not ORDERS.search(both), both
        assert not NUMBER_OF_PEOPLE.search(both)
        assert TITLE not in written.subject
        assert not any(level in both for level in LEVELS)
        assert ("nhắn tin OK" in written.body) is two_way
        assert f"{LONGEST_NAME}" in written.body
        drill = case.mode == "drill"
        assert (
            written.subject.startswith("[DIỄN TẬP] [DT99]") is written.subject.endswith("[DIỄN TẬP]") is drill
        )
        assert written.body.startswith("DIỄN TẬP") is written.body.endswith("DIỄN TẬP") is drill
