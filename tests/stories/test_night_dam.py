"""Night one: at two in the morning a clip says that a dam is cracked. It is not true, and half the province is asleep."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from incident.domain.actors import Role
from incident.response import course, inbox, people
from incident.response.likeness import Alike
from incident.response.open import Opening, open_incident
from tests.stories.night import DEPUTY, LEAD, POSTER, SECRETARY, SPEAKER, STAND_IN, Night
from tests.stories.world import World

WATER, WATER_HEAD = "so_nnmt_thuy_loi", "giam_doc_so_nnmt"
NIGHT_OFFICER = "vp_ubnd_truc_4"  # as the rota of this night has it
COMMUNES = ("xa_suoi_lac_van_hoa_xa_hoi", "xa_muong_lo_van_hoa_xa_hoi")
FIRST = """Thông tin ban đầu về hồ Suối Lạc

Hồ Suối Lạc vận hành bình thường. Cơ quan chuyên môn đã kiểm tra tại chỗ.
"""
CHECKED = FIRST.replace("tại chỗ", "tại chỗ lúc 02 giờ 20 phút ngày 22/11/2026")
REFUTED = """Bác bỏ thông tin sai sự thật về hồ Suối Lạc

Đập hồ Suối Lạc không có vết nứt; mực nước thấp hơn mực nước dâng bình thường. Hình ảnh đang lan truyền không phải chụp tại hồ.
"""


def opening(world: World) -> Opening:
    return Opening(
        title="Tin lan truyền: đập hồ Suối Lạc có vết nứt, sắp vỡ",
        short_name="tin ve ho Suoi Lac",
        playbook="tin-gia-dich-benh",
        level=3,
        area=("xa_suoi_lac", "xa_muong_lo"),
        topic="thien_tai",
        detected_at=world.time,
        source="UBND xã Suối Lạc gọi số trực",
        leader="not_reached",
    )


def test_a_rumour_about_a_dam_from_two_in_the_morning_to_the_report(world: World, tmp_path: Path) -> None:
    night = Night(world, opening(world))

    # 02h06. The officer on duty has the clip from a commune; the leader on duty does not pick up. Five phones ring.
    night.at("02:06")
    night.opens()
    night.expects(LEAD, "Kinh moi d/c chi dao", "OK 10")
    for post in (SECRETARY, WATER, SPEAKER, POSTER):
        night.expects(post, "Moi d/c tham gia To cong tac", "tin ve ho Suoi Lac")
    # Half a minute later a colleague opens the same thing; nobody is woken twice.
    world.time += timedelta(seconds=30)
    colleague = world.actor(DEPUTY, Role.DUTY_OFFICER)
    again = replace(opening(world), title="Hồ Suối Lạc nứt đập, dân lo vỡ")
    with pytest.raises(Alike) as refused:
        open_incident(world.desk, again, colleague, world.time, scope="colleague", key="two", told_apart=())
    assert [one.code for one in refused.value.found] == ["10"]
    course.add_note(world.desk, night.id, "Có thêm 3 nhóm Zalo chuyển clip", colleague, world.time)

    # 02h08. The first yes.
    night.at("02:08")
    world.phone(SPEAKER).replies("OK 10").expects_sms("nhan viec 10 luc 02h08", "/a/")

    # 02h10. A stranger has the number of the irrigation office: one apology, the head of the office is asked, and the
    # right number comes from the paper on the wall.
    night.at("02:10")
    stranger = world.phone(WATER)
    stranger.replies("nham so roi chi oi").expects_sms("He thong chua doc duoc")
    (unclear,) = world.view(night.opened).review
    inbox.decide_reply(world.desk, unclear.inbound_id, "wrong_number", None, night.duty, world.time)
    stranger.expects_sms("Xin loi da lam phien")
    night.expects(WATER_HEAD, "thay d/c")
    people.correct_number(
        world.desk, night.id, world.person(WATER).id, "0540 000 888", night.duty, world.time
    )
    at_last = night.new_number(WATER).expects_sms("Moi d/c tham gia To cong tac", "OK 10")

    # 02h12. The leader picks up at the second try; the man at the dam says on the telephone that it is false.
    night.at("02:12")
    night.decides("xin_y_kien", "da_bao_cao", reason="gọi lại lúc 02h12, đồng chí đồng ý")
    night.decides("xac_minh", "sai", reason="gọi trưởng cụm hồ lúc 02h11: không có vết nứt")
    night.expects(LEAD, "Kinh xin y kien d/c truoc 08h12")

    # 02h16. Ten minutes of silence: whoever can stand in is asked, once.
    night.at("02:16")
    for post in (DEPUTY, STAND_IN, "pho_chu_tich_thuong_truc", "cong_ttdt_lanh_dao"):
        night.expects(post, "kinh moi d/c tham gia To cong tac thay d/c")
    night.expects(WATER_HEAD, "chua nhan duoc tra loi cua d/c")

    # 02h17. Half awake, with Telex on; then a code typed the wrong way round.
    night.at("02:17")
    world.phone(SECRETARY).replies("ddax nhaanj").expects_sms("nhan viec 10 luc 02h17")
    night.expects(SECRETARY, "Soan thong tin ban dau, truoc 02h27")
    assert world.step(night.opened, "lap_to") == "done"
    night.at("02:18")
    world.phone(POSTER).replies("OK 72").expects_sms("Khong thay vu viec 72", "xin tra loi OK 10")
    world.phone(POSTER).replies("OK 10").expects_sms("nhan viec 10")
    night.does("dung_bai", POSTER)

    # 02h19. The stand-in is there, and is given the seat: what waits for the head waits for him from now on.
    night.at("02:19")
    world.phone(STAND_IN).replies("rox 10").expects_sms("nhan viec 10")
    night.takes_seat("to_truong", STAND_IN, "Tổ trưởng chưa trả lời")
    night.expects(STAND_IN, "Co de nghi Cong an")

    at_last.replies("da nhan ạ").expects_sms("nhan viec 10")

    # 02h20. Two sentences; they come back once, from the phone of who speaks for the province.
    night.at("02:20")
    night.drafts(FIRST)
    night.expects(SPEAKER, "Kinh trinh d/c duyet", "ban 1", "/d/")
    night.at("02:22")
    night.approves_by_link(SPEAKER, returned_because="Ghi rõ giờ kiểm tra")
    night.expects(SECRETARY, "Soan thong tin ban dau")
    night.at("02:24")
    night.drafts(CHECKED)
    night.expects(SPEAKER, "ban 2", "/d/")
    night.at("02:26")
    night.expects(STAND_IN, "den 02h36, luc 02h26 chua hoan thanh")
    night.approves_by_link(SPEAKER)
    night.expects(STAND_IN, "Kinh trinh d/c duyet", "ban 2", "/d/")
    night.at("02:28")
    night.approves_by_link(STAND_IN)
    assert [a.via for a in night.text().revisions[-1].approvals] == ["link", "link"]
    night.expects(SPEAKER, "noi dung da duyet, moi d/c cong bo")

    # 02h28. The communes hear it, and only then the press.
    for commune in COMMUNES:
        night.expects(commune, "de nghi UBND xa", "Tra loi OK 10")
    night.at("02:30")
    world.phone(COMMUNES[0]).replies("ok").expects_sms("nhan tin vu viec 10")
    night.calls(COMMUNES[1], "accept", "trực xã đã rõ")
    assert world.step(night.opened, "bao_cac_xa") == "done"
    night.at("02:31")
    night.releases()
    night.expects(POSTER, "noi dung da duyet, moi d/c cong bo")
    night.at("02:34")
    night.posts("cong_ttdt", "bao_chi")
    released = night.text().releases[0].released_at
    assert released is not None
    assert all(night.told_at(commune, "de nghi UBND") < released for commune in COMMUNES)
    assert world.deadline(night.opened, "ban_dau") == "met"

    # 02h41. The press is at the door, and gets the words that stand outside.
    night.at("02:41")
    request = night.asked_by_press("Báo Sơn Lâm", "Đập có vết nứt thật không?", minutes=30)
    night.at("02:50")
    night.answers_press(request, "Hồ vận hành bình thường; đã kiểm tra lúc 02 giờ 20 phút.")
    night.does("luu_bang_chung", SECRETARY, proof="https://mang-xa-hoi.example/clip")
    night.expects(DEPUTY, "Chup man hinh, luu")  # fell to the stand-in at 02h36

    # 03h00. The truth first, the rumour refuted once.
    night.at("02:58")
    night.decides("chuyen_cong_an", "khong", STAND_IN)
    night.does("cap_nhat", SECRETARY)
    night.does("tra_loi_bao_chi", SECRETARY)
    at_last.expects_sms("Theo doi cau", "truoc 02h58 25/11")
    night.at("03:00")
    night.drafts(REFUTED, "du_thao_2")
    night.expects(SPEAKER, "Kinh trinh d/c duyet")
    night.at("03:05")
    night.approves_by_link(SPEAKER)
    night.expects(STAND_IN, "Kinh trinh d/c duyet")
    night.at("03:08")
    night.approves_by_link(STAND_IN)
    night.expects(SPEAKER, "moi d/c cong bo")
    night.at("03:10")
    night.releases("du_thao_2")
    night.expects(POSTER, "moi d/c cong bo")
    night.at("03:13")
    night.posts("cong_ttdt", "mxh_chinh_thuc", "bao_chi", step="du_thao_2")

    # 05h31. The head wakes up, and hears who has taken his seat.
    night.at("05:00")
    night.expects(SECRETARY, "Cap nhat du luan")
    night.does("cap_nhat", SECRETARY)
    night.at("05:31")
    world.phone(LEAD).replies("ok 10").expects_sms("tra loi vu viec 10 luc 05h31", "dang tham gia thay")

    # 06h00. The shift changes; the officer who comes says so, and answers for it from then on.
    night.at("06:00")
    news = ("tu 06h00 d/c", "so truc khong doi 0540000001")
    tired, fresh = night.expects(NIGHT_OFFICER, *news), world.phone("on_duty").expects_sms(*news)
    assert tired.person.id != fresh.person.id
    for post in (STAND_IN, SECRETARY):
        night.expects(post, *news)
    night.at("06:05")
    night.takes_over()
    assert "shift_accepted" in world.kinds(night.opened)

    # 06h40. Over; whoever was woken hears it.
    night.at("06:40")
    night.does("ra_soat", SECRETARY)
    night.expects(STAND_IN, "Thong tin ket")
    night.decides("ket_thuc", "khong", STAND_IN)
    world.closes(night.opened)
    asked = (SECRETARY, SPEAKER, POSTER, STAND_IN, LEAD, WATER_HEAD, DEPUTY, "cong_ttdt_lanh_dao")
    for post in (*asked, *COMMUNES, "pho_chu_tich_thuong_truc"):
        night.expects(post, "ket thuc luc 06h40", "khong phai lam gi them")
    at_last.expects_sms("ket thuc luc 06h40")
    stranger.hears_nothing()
    night.ends_well(tmp_path, "000 777")
