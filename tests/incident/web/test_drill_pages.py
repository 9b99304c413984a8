"""The controllers' page and the stop of every drill: for whom they are, what they say, and that a second press is one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from incident.domain.drill import fault
from incident.store.tables import Account, Drill, DrillRemark, Entry, Incident, Participant, Person
from tests.incident.web.conftest import OPENING, Browser, Site, words

NEW = "/incidents/new"


@pytest.fixture
def truc(site: Site) -> Iterator[Browser]:
    return site.browser("truc")


def opens(site: Site, browser: Browser, **more: object) -> str:
    """A drill from the form, as the officer on duty opens it. Returns its id."""
    form = {
        **OPENING,
        "drill": "true",
        "shown_code": "DT10",
        "drill_code": "dt10",
        "injects": "dap-suoi-lac",
        **more,
    }
    answer = browser.post(NEW, {**form, "do": "send"}, page=NEW)
    assert answer.status_code == 303, words(answer.text)
    site.world.deliver()
    return str(answer.headers["Location"]).rsplit("/", 1)[-1]


def kinds(site: Site, drill: str) -> list[str]:
    with site.world.store.reading() as session:
        return list(session.scalars(select(Entry.kind).where(Entry.chain == drill).order_by(Entry.seq)))


def test_the_page_before_sending_shows_who_takes_part_and_asks_for_injects(site: Site, truc: Browser) -> None:
    form = {**OPENING, "drill": "true", "do": "check"}
    text = truc.post(NEW, form, page=NEW).text
    said = words(text)
    assert "Tin đập hồ Suối Lạc sắp vỡ lan truyền trong đêm (8 tình huống)" in said
    assert "Cổng TTĐT đăng nhầm" not in said  # of another playbook
    assert "Tham gia diễn tập:" in said
    assert "chưa báo ngay, có thể được mời sau" in said
    live = words(truc.post(NEW, {**OPENING, "do": "check"}, page=NEW).text)
    assert "Tham gia diễn tập" not in live
    assert "tình huống" not in live


def test_whose_tick_is_taken_away_takes_no_part(site: Site, truc: Browser) -> None:
    out = site.world.person("giam_doc_so_vhttdl").id
    drill = opens(site, truc, offered=[out], call=[], computed=[out], left_out=[out])
    with site.world.store.reading() as session:
        assert session.get(Participant, (drill, out)) is None
        assert session.get_one(Incident, drill).left_out == [out]


def test_a_real_incident_named_like_a_drill_comes_back_with_all_that_was_typed(truc: Browser) -> None:
    answer = truc.post(NEW, {**OPENING, "title": "Tin buổi diễn tập", "do": "check"}, page=NEW)
    assert answer.status_code == 422
    assert "Vụ việc thật không ghi “diễn tập”" in words(answer.text)
    assert "Tin buổi diễn tập" in answer.text


def test_the_controllers_steer_and_the_players_see_nothing(site: Site, truc: Browser) -> None:
    drill = opens(site, truc)
    page = f"/incidents/{drill}/drill"
    site.world.fast_forward(0.2)
    text = truc.text(page)
    assert "I1 · phút thứ 0 · Tin lan truyền → Cán bộ trực" in text
    assert "Đã báo cáo lãnh đạo trong 10 phút" in text
    assert "Đưa ngay I7" in text
    for _ in range(2):  # a double click
        assert truc.post(f"{page}/injects/I7/give", page=page).status_code == 303
    assert kinds(site, drill).count("inject_given") == 2
    for do in ("pause", "pause", "resume", "10"):
        assert truc.post(f"{page}/clock", {"do": do}, page=page).status_code == 303
    assert truc.post(f"{page}/clock", {"do": "7"}, page=page).status_code == 422
    assert kinds(site, drill).count("drill_clock") == 3
    assert truc.post(f"{page}/injects/I8/skip", {"reason": ""}, page=page).status_code == 422
    assert truc.post(f"{page}/injects/I8/skip", {"reason": "hết giờ"}, page=page).status_code == 303
    assert "Bỏ qua: hết giờ" in truc.text(page)
    room = f"/incidents/{drill}"
    assert "Điều phối diễn tập" in truc.text(room)
    for who in ("thuky", "totruong", "theodoi", "phatngon"):
        player = site.browser(who)
        assert player.get(page).status_code == 403
        assert player.post(f"{page}/injects/I3/give").status_code == 403
        assert player.post(f"{page}/remarks", {"text": "x", "key": "k"}).status_code == 403
        assert player.get(f"{page}/participants").status_code == 403
        seen = player.text(room) + player.text(f"{room}/report")
        assert "Điều phối diễn tập" not in seen
        assert "Đã báo cáo lãnh đạo trong" not in seen
        assert "Đo lại: mực nước" in seen  # what was given is everybody's
        assert "Chủ tịch hai xã hạ lưu hỏi" not in seen  # what is to come is not
    assert site.browser("quantri").get(page).status_code == 200


def test_a_remark_is_kept_whatever_is_typed(site: Site, truc: Browser) -> None:
    drill = opens(site, truc)
    page = f"/incidents/{drill}/drill"
    typed = {"objective": "phat_hien", "rating": "M", "text": "<script>alert(1)</script> 🌧 chậm", "key": "k1"}
    for _ in range(2):
        assert truc.post(f"{page}/remarks", typed, page=page).status_code == 303
    with site.world.store.reading() as session:
        assert session.scalars(select(DrillRemark.text)).all() == [typed["text"]]
    text = truc.get(page).text
    assert "&lt;script&gt;alert(1)" in text
    assert "M – Thực hiện được, nhiều khó khăn" in words(text)
    for wrong in (
        {"text": "x" * 10_000},
        {"rating": "Z"},
        {"objective": "khong_co"},
        {"text": "", "rating": ""},
    ):
        answer = truc.post(f"{page}/remarks", {**typed, "key": "k2", **wrong}, page=page)
        assert answer.status_code == 422
        if len(wrong.get("text", "")) > 9_000:
            assert "x" * 10_000 in answer.text  # nothing typed is lost


def test_somebody_more_takes_part_and_steers(site: Site, truc: Browser) -> None:
    drill = opens(site, truc)
    page = f"/incidents/{drill}/drill"
    with site.world.store.reading() as session:
        inside = select(Participant.person_id).where(Participant.incident_id == drill)
        other = session.scalars(select(Person).where(Person.id.not_in(inside), Person.active)).first()
        assert other is not None
        secretary = session.scalars(select(Account.id).where(Account.email == "thuky@sonlam.example")).one()
    before = len(site.world.sms.sent)
    answer = truc.post(f"{page}/participants", {"person": other.id}, page=f"{page}/participants")
    assert answer.status_code == 303
    assert truc.post(f"{page}/participants", {"person": "x"}, page=f"{page}/participants").status_code == 422
    with site.world.store.reading() as session:
        assert session.get(Participant, (drill, other.id)) is not None
    assert truc.post(f"{page}/controllers", {"account": str(secretary)}, page=page).status_code == 303
    assert truc.post(f"{page}/controllers", {"account": "999999"}, page=page).status_code == 404
    assert site.browser("thuky").get(page).status_code == 200
    site.world.deliver()
    assert len(site.world.sms.sent) == before


def test_what_is_no_drill_has_no_such_page(site: Site, truc: Browser) -> None:
    real = site.world.opens().incident_id
    assert truc.get(f"/incidents/{real}/drill").status_code == 404
    assert "DỪNG DIỄN TẬP" not in truc.text(f"/incidents/{real}")
    assert "DỪNG DIỄN TẬP" not in truc.text("/")
    assert "Không có cuộc diễn tập nào đang chạy" in truc.text("/drills/stop")


def test_one_press_stops_and_leads_to_the_real_opening(site: Site, truc: Browser) -> None:
    drill = opens(site, truc)
    room = f"/incidents/{drill}"
    for page in ("/", room, f"{room}/drill"):
        assert "DỪNG DIỄN TẬP – CÓ SỰ CỐ THẬT" in truc.text(page)
    asked = truc.text("/drills/stop")
    assert "Dừng DT-10/2026 và báo" in asked
    assert "DUNG DIEN TAP luc" in asked
    first = truc.post("/drills/stop", page="/drills/stop")
    assert first.headers["Location"] == NEW
    assert "Đã dừng diễn tập DT-10/2026" in truc.text(NEW)
    assert truc.post("/drills/stop", page="/account").headers["Location"] == NEW
    site.world.deliver()
    told = [m for m in site.world.sms.sent if "CO SU CO THAT" in m.body]
    assert told
    assert len({m.to for m in told}) == len(told)
    assert all(fault(True, "", m.body) == "" for m in told)
    assert kinds(site, drill).count("drill_stopped") == 1
    assert "ĐÃ DỪNG DIỄN TẬP lúc" in truc.text(room)
    assert "/drills/stop" not in truc.get("/").text + truc.get(room).text  # nothing is left to stop
    assert truc.post(f"{room}/go-on", page=room).status_code == 409
    assert truc.post(f"{room}/drill/injects/I7/give", page=room).status_code == 409
    with site.world.store.reading() as session:
        assert session.get_one(Drill, drill).frozen_at is not None
    assert site.browser("theodoi").get("/drills/stop").status_code == 403
