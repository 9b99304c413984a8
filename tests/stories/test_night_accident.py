"""Night three: people died on the road. Families hear it before the press, a name stands nowhere, another body speaks."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from incident.domain.actors import Role
from incident.domain.errors import Forbidden
from incident.response import course, review, transferring
from incident.response.open import Opening
from incident.response.transferring import Transfer
from tests.stories.night import LEAD, POSTER, SECRETARY, SPEAKER, Night
from tests.stories.world import World

OFFICE, PARTY, POLICE = "vp_ubnd_tong_hop", "ban_tgdv_dau_moi", "cong_an_dau_moi"
COMMUNE = "xa_muong_lo_van_hoa_xa_hoi"
VICTIM = "Nguyễn Văn Nạn Nhân"
FIRST = """Thông tin ban đầu về vụ việc trên quốc lộ

Lúc 01 giờ 50 phút xảy ra một vụ tai nạn giao thông tại xã Mường Lò. Lực lượng chức năng đang cứu hộ. Gia đình cần thông tin, gọi 0540 000 001. Thông tin tiếp theo lúc 05 giờ.
"""


def opening(world: World) -> Opening:
    return Opening(
        title="Tai nạn giao thông nghiêm trọng trên quốc lộ qua xã Mường Lò",
        short_name="vu tren quoc lo",
        playbook="vu-viec-chung",
        level=3,
        area=("xa_muong_lo",),
        topic="chung",
        detected_at=world.time,
        source="Công an tỉnh thông báo",
        leader="informed",
    )


def test_a_fatal_accident_until_another_body_speaks(world: World, tmp_path: Path) -> None:
    night = Night(world, opening(world))

    # 02h15. What the phones show wounds nobody, whoever reads it over a shoulder.
    night.at("02:15")
    night.opens()
    called = (LEAD, SECRETARY, SPEAKER, POSTER, OFFICE)
    for post in called:
        phone = night.expects(post, "vu viec 10, vu tren quoc lo")
        assert not re.search(r"chet|tu vong|tai nan|nguoi", phone.messages()[0].body)
    night.decides("an_toan", "co")

    night.at("02:18")
    for post in called:
        world.phone(post).replies("OK 10").expects_sms("nhan viec 10")
    night.expects(SECRETARY, "Soan thong tin ban dau")
    night.does("dung_bai", POSTER)
    for post in (PARTY, POLICE):
        night.expects(post, "tran trong de nghi d/c phoi hop")

    # 02h20. Half past two in the morning, a name slips into a note. Who wrote it cannot blank it; a second person can.
    night.at("02:20")
    said = f"Bệnh viện báo: gia đình ông {VICTIM} đang đến"
    seq = course.add_note(world.desk, night.id, said, night.duty, world.time)
    with pytest.raises(Forbidden):
        course.mask(world.desk, night.id, seq, "text", "nêu tên", night.duty, world.time)
    night.at("02:22")
    second = world.actor(SECRETARY, Role.SECRETARY)
    course.mask(world.desk, night.id, seq, "text", "nêu tên nạn nhân", second, world.time)
    assert VICTIM not in str(world.view(night.opened))
    assert world.verify(night.opened).ok

    # 02h24. The families know; only then is anything said outside.
    night.at("02:24")
    night.does("bao_nguoi_lien_quan")
    night.decides("xac_minh", "chua_ro", OFFICE)
    night.expects(OFFICE, "Tiep tuc xac minh")
    world.phone(POLICE).replies("ok").expects_sms("nhan viec 10")
    night.at("02:27")
    night.drafts(FIRST)
    night.expects(SPEAKER, "Kinh trinh d/c duyet", "ban 1")
    night.at("02:30")
    night.approves_by_link(SPEAKER)
    night.expects(LEAD, "Kinh trinh d/c duyet", "ban 1")
    night.at("02:33")
    night.approves_by_link(LEAD)
    night.expects(SPEAKER, "moi d/c cong bo truoc 02h48")
    night.expects(COMMUNE, "de nghi UBND xa Muong Lo")
    world.phone(COMMUNE).replies("OK 10").expects_sms("nhan tin vu viec 10")
    night.at("02:35")
    night.releases()
    night.expects(POSTER, "moi d/c cong bo")
    night.at("02:38")
    night.posts("cong_ttdt", "bao_chi")
    night.does("luu_bang_chung", SECRETARY, proof="https://sonlam.example/anh-hien-truong")
    out = night.text().releases[0].released_at
    families = next(s.done_at for s in world.view(night.opened).steps if s.id == "bao_nguoi_lien_quan")
    assert out is not None
    assert families is not None
    assert max(families, night.told_at(COMMUNE, "de nghi UBND")) < out, (
        "families and communes before the press"
    )

    # 02h45. "How many?" The figure is not ours to give, and the answer says whose it is.
    night.at("02:45")
    night.expects(SECRETARY, "Cap nhat du luan")
    night.expects(LEAD, "Co to chuc hop bao")
    night.does("cap_nhat", SECRETARY)
    request = night.asked_by_press("Báo Sơn Lâm", "Bao nhiêu người thiệt mạng?", minutes=30)
    night.at("02:55")
    night.answers_press(request, "Số liệu do cơ quan cứu hộ công bố lúc 05 giờ.")
    night.decides("hop_bao", "khong", LEAD)
    night.does("xac_minh_tiep", OFFICE)
    night.does("tra_loi_bao_chi", SECRETARY)

    # 04h10. Another body speaks from now on, and everybody is told to send questions on.
    night.at("04:10")
    transferring.transfer(
        world.desk,
        night.id,
        Transfer("Bộ Công an", paper="123/BCA-VP"),
        "vụ án đã khởi tố",
        world.duty,
        world.time,
    )
    world.deliver()
    for post in (*called, PARTY, POLICE, COMMUNE):
        night.expects(post, "tu 04h10 Bo Cong an chu tri phat ngon", "De nghi d/c khong phat ngon")
    world.closes(night.opened, "handed_over")

    # The week after: what was learnt, without a word on luck where people died.
    world.time += timedelta(days=2)
    review.write_section(
        world.desk, night.id, "lessons", "Gia đình được báo trước khi công bố 14 phút.", 0, second, world.time
    )
    review.add_improvement(
        world.desk, night.id, issue="Tên nạn nhân bị gõ vào nhật ký", action="Nhắc khi bàn giao ca", owner="Thư ký",
        unit="Sở VHTTDL", due=date(2026, 12, 15), actor=second, now=world.time,
    )  # fmt: skip
    night.ends_well(tmp_path, VICTIM, "Nạn Nhân")
