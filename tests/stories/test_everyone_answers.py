"""The dam rumour, as it should go: called up, verified, drafted, approved, released, closed."""

from __future__ import annotations

from datetime import timedelta

from incident.domain.actors import Role
from incident.response import course
from tests.stories.world import World

TASK_FORCE = (
    "pho_chu_tich_phu_trach",
    "so_vhttdl_chuyen_vien_bao_chi",
    "so_nnmt_thuy_loi",
    "nguoi_phat_ngon",
    "cong_ttdt_truc",
)
TEXT = """Thông tin ban đầu về hồ Suối Lạc

Hồ Suối Lạc vận hành bình thường. Chi cục Thủy lợi đã kiểm tra lúc 02 giờ 20 phút.
"""


def test_everyone_answers(world: World) -> None:
    incident = world.opens()
    for post in TASK_FORCE:
        world.phone(post).expects_sms("vu viec 10", "tin ve ho Suoi Lac", "OK 10", "Truc 0540000001")
    assert "Kinh moi d/c chi dao" in world.phone("pho_chu_tich_phu_trach").messages()[0].body

    world.time += timedelta(minutes=2)
    for post in TASK_FORCE:
        world.phone(post).replies("OK 10").expects_sms("Da ghi nhan d/c nhan viec 10 luc 02h02", "/a/")
    assert world.step(incident, "lap_to") == "done"
    assert world.member(incident, "nguoi_phat_ngon").state == "accepted"

    world.answers(incident, "xin_y_kien", "da_bao_cao", "on_duty")
    world.answers(incident, "xac_minh", "sai", "so_nnmt_thuy_loi")
    course.change_facts(
        world.desk, incident.incident_id, {"kinds": ["k3"], "accepted_at": world.time}, "thuộc khoản 3", world.duty, world.time,
    )  # fmt: skip
    assert world.deadline(incident, "phap_ly") == "running"

    world.fast_forward(3)
    for post in ("so_vhttdl_chuyen_vien_bao_chi", "pho_chu_tich_phu_trach"):
        world.phone(post).has_read_all()
    world.drafts(incident, TEXT, "so_vhttdl_chuyen_vien_bao_chi")
    world.phone("nguoi_phat_ngon").expects_sms("Kinh trinh d/c duyet thong tin ban dau vu viec 10, ban 1, ma")
    world.approves(incident, "nguoi_phat_ngon")
    world.phone("pho_chu_tich_phu_trach").expects_sms("Kinh trinh d/c duyet", "ban 1")
    world.approves(incident, "pho_chu_tich_phu_trach")
    assert world.statement(incident).state == "approved"

    world.phone("so_vhttdl_chuyen_vien_bao_chi").has_read_all()
    for commune in ("xa_suoi_lac_van_hoa_xa_hoi", "xa_muong_lo_van_hoa_xa_hoi"):
        world.phone(commune).expects_sms("de nghi UBND xa", "vu viec 10").replies("ok")
        world.phone(commune).expects_sms("Da ghi nhan")
    assert world.step(incident, "bao_cac_xa") == "done"

    world.fast_forward(1)
    for post in ("nguoi_phat_ngon", "cong_ttdt_truc"):
        world.phone(post).has_read_all()
    world.releases(incident, "nguoi_phat_ngon", "cong_ttdt_truc")
    released = world.statement(incident)
    assert released.state == "released"
    assert released.releases[0].sha256 == released.revisions[-1].sha256
    assert world.deadline(incident, "phap_ly") == "met"
    assert world.deadline(incident, "ban_dau") == "met"

    world.closes(incident)
    for phone in world.phones.values():
        phone.has_read_all()
    assert "ket thuc luc" in world.phone("nguoi_phat_ngon").messages()[-1].body
    assert world.view(incident).status == "closed"
    assert world.verify(incident).ok


def test_the_duty_officer_may_not_release(world: World) -> None:
    """Only the step's actor who is entitled to speak releases; the duty officer never does."""
    import pytest

    from incident.domain.errors import Refusal
    from incident.response import statement

    incident = world.opens()
    for post in TASK_FORCE:
        world.phone(post).has_read_all().replies("OK").has_read_all()
    world.drafts(incident, TEXT, "so_vhttdl_chuyen_vien_bao_chi")
    with pytest.raises(Refusal):
        statement.release(world.desk, world.statement(incident).id, world.duty, world.time)
    with pytest.raises(Refusal):
        statement.approve(
            world.desk, world.statement(incident).id, world.statement(incident).revisions[-1].id,
            world.actor("so_vhttdl_chuyen_vien_bao_chi", Role.APPROVER), world.time,
        )  # fmt: skip
    for phone in world.phones.values():
        phone.has_read_all()
