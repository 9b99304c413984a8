"""Night two: our own document is wrong, and stands on our own portal. Taken down first, corrected where it was read."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from incident.domain.actors import Role
from incident.domain.errors import Conflict, Refusal
from incident.response import course, statement
from incident.response.open import Opening
from tests.stories.night import LEAD, POSTER, SECRETARY, SPEAKER, Night
from tests.stories.world import World

SCHOOLS, PARTY, POLICE = "so_gddt_chuyen_mon", "ban_tgdv_dau_moi", "cong_an_dau_moi"
COMMUNE = "phuong_son_lam_van_hoa_xa_hoi"
CHANNELS = ("cong_ttdt", "mxh_chinh_thuc", "bao_chi")
WITHDRAWN = """Thu hồi, đính chính thông báo nghỉ học

Thông báo đăng lúc 01 giờ 30 phút ghi sai ngày và đã được gỡ. Học sinh đi học bình thường ngày 23/11/2026. Số hỏi đáp: 0540 000 002.
"""
MENDED = WITHDRAWN.replace("0540 000 002", "0540 000 001")


def opening(world: World) -> Opening:
    return Opening(
        title="Thông báo nghỉ học đăng trên Cổng ghi sai ngày",
        short_name="thong bao nghi hoc",
        playbook="vu-viec-chung",
        level=3,
        area=("phuong_son_lam",),
        topic="giao_duc",
        detected_at=world.time,
        source="Hiệu trưởng gọi số trực",
        leader="informed",
    )


def test_our_own_notice_is_taken_down_corrected_and_corrected_again(world: World, tmp_path: Path) -> None:
    night = Night(world, opening(world))
    duty = world.phone("on_duty")

    # 02h20. A headmaster reads on our own portal that tomorrow is no school. The leader knows before anybody is woken.
    night.at("02:20")
    night.opens()
    called = (LEAD, SECRETARY, SPEAKER, POSTER, SCHOOLS)
    for post in called:
        night.expects(post, "vu viec 10, thong bao nghi hoc", "OK 10")
    assert "leader_informed" in world.kinds(night.opened)

    # 02h22. Everybody answers; Party and police are asked in their own register.
    night.at("02:22")
    for post in called:
        world.phone(post).replies("OK 10").expects_sms("nhan viec 10 luc 02h22")
    for post in (PARTY, POLICE):
        night.expects(post, "tran trong de nghi d/c phoi hop")
    night.does("dung_bai", POSTER)

    # 02h23. First it goes: what is wrong no longer stands there. That waits for nobody's approval.
    night.at("02:24")
    course.add_note(
        world.desk, night.id, "Cổng đã gỡ thông báo, chụp lại trang trước khi gỡ", night.duty, world.time,
        occurred_at=world.time - timedelta(minutes=1),
    )  # fmt: skip
    night.does("luu_bang_chung", SECRETARY, proof="https://sonlam.example/anh-chup")
    world.phone(PARTY).replies("Rõ").expects_sms("nhan viec 10")
    night.decides("an_toan", "khong")
    night.decides("xac_minh", "da_ro", reason="gọi Chánh Văn phòng Sở GD&ĐT lúc 02h24: ghi sai ngày")

    # 02h28. The correction is written; both approvers are on the telephone, in the car and at home.
    night.at("02:28")
    night.expects(SECRETARY, "Soan thong tin ban dau, truoc 02h37")
    night.drafts(WITHDRAWN)
    night.expects(SPEAKER, "Kinh trinh d/c duyet", "ban 1")
    night.at("02:31")
    night.approves_by_phone(SPEAKER, "Đồng ý, cho thu hồi ngay")
    night.expects(SPEAKER, "Da ghi: d/c duyet qua dien thoai luc 02h31 ban 1", "SAI 10")
    night.expects(LEAD, "Kinh trinh d/c duyet", "ban 1")
    night.at("02:33")
    night.approves_by_phone(LEAD, "Ừ, được")
    night.expects(LEAD, "Da ghi: d/c duyet qua dien thoai luc 02h33", "SAI 10")
    night.expects(COMMUNE, "de nghi UBND phuong Son Lam", "OK 10")
    night.releases()
    night.expects(POSTER, "noi dung da duyet, moi d/c cong bo")

    # 02h35. He had only said that he heard. One word stops what was about to go out.
    night.at("02:35")
    world.phone(LEAD).replies("SAI 10").expects_sms("d/c khong duyet ban 1", "Da dung cong bo")
    night.expects(LEAD, "Kinh trinh d/c duyet", "ban 1")
    duty.expects_sms("bao khong duyet ban 1 qua dien thoai")
    night.expects(POSTER, "Dung cong bo, cho duyet lai")
    with pytest.raises(Conflict):
        night.posts("cong_ttdt")
    assert (night.text().state, night.text().releases) == ("submitted", ())

    # 02h38. Called again, read aloud to the end; this time it is a yes, and he confirms it himself.
    night.at("02:38")
    night.approves_by_phone(LEAD, "Đồng ý bản 1, đã nghe đọc cả văn bản")
    night.expects(LEAD, "Da ghi: d/c duyet qua dien thoai luc 02h38", "SAI 10")
    night.at("02:39")
    world.phone(LEAD).replies("OK 10").expects_sms("xac nhan da duyet ban 1")
    night.expects(SPEAKER, "noi dung da duyet, moi d/c cong bo")
    night.at("02:40")
    night.releases()
    night.expects(POSTER, "noi dung da duyet, moi d/c cong bo")  # asked again: nobody else can post
    night.at("02:42")
    night.posts(*CHANNELS)
    first = night.text()
    assert world.deadline(night.opened, "ban_dau") == "met"
    assert first.releases[0].released_at is not None
    assert night.told_at(COMMUNE, "de nghi UBND") < first.releases[0].released_at
    world.phone(COMMUNE).replies("ro").expects_sms("nhan tin vu viec 10")
    night.does("cap_nhat", SECRETARY)
    night.expects(SECRETARY, "Cap nhat du luan")

    # 02h55. A parent calls the number in our correction, and wakes a stranger. Our own mistake, once more: the correction
    # goes the whole way again, to every channel the wrong one was on.
    night.at("02:55")
    writer = world.actor(SECRETARY, Role.SECRETARY)
    new = statement.correct(world.desk, first.id, MENDED, "sai một chữ số của số hỏi đáp", writer, world.time)
    statement.submit(world.desk, new, writer, world.time)
    night.expects(SPEAKER, "Kinh trinh d/c duyet dinh chinh: thong tin")
    with pytest.raises(Refusal):
        night.releases()
    night.at("02:57")
    night.approves_by_link(SPEAKER)
    night.expects(LEAD, "Kinh trinh d/c duyet")
    night.at("02:59")
    night.approves_by_link(LEAD)
    night.expects(SPEAKER, "noi dung da duyet, moi d/c cong bo")
    night.at("03:00")
    night.releases()
    night.expects(POSTER, "noi dung da duyet, moi d/c cong bo")
    night.at("03:02")
    night.posts(*CHANNELS)
    texts = {s.id: s for s in world.view(night.opened).statements}
    assert (texts[first.id].state, texts[new].state) == ("corrected", "released")
    assert {r.channel for r in texts[new].releases} >= {r.channel for r in texts[first.id].releases}

    # 03h30. Over: everybody who was woken hears it.
    night.at("03:25")
    night.decides("can_thong_tin_them", "khong", SPEAKER)
    night.decides("hop_bao", "khong", LEAD)
    night.does("tra_loi_bao_chi", SECRETARY)
    night.expects(SECRETARY, "Ra soat, de", "truoc 03h25 23/11")
    night.does("ra_soat", SECRETARY)
    night.expects(LEAD, "Thong tin ket")
    night.decides("ket_thuc", "khong", LEAD)
    night.at("03:30")
    world.closes(night.opened)
    for post in (*called, PARTY, POLICE, COMMUNE):
        night.expects(post, "ket thuc luc 03h30")
    night.ends_well(tmp_path)
