"""Each of the eight kinds of crisis on a night of its own: neutral words wake people, safety goes before any text, and the
first text goes out when those it is about have heard of it."""

from __future__ import annotations

import re

import pytest

from incident.domain.errors import Refusal
from incident.response.open import Opening
from playbooks.language import Playbook
from playbooks.load import LIBRARY, load
from playbooks.papers import LOUD
from tests.stories.night import LEAD, SPEAKER, Night
from tests.stories.world import World

POSTS = {"phap_che": "so_tp_dau_moi", "phat_ngon": SPEAKER, "to_truong": LEAD}
COMMUNE = "xa_muong_lo_van_hoa_xa_hoi"
# title, short name, who is asked what is true, the steps the release waits for
KINDS = {
    "tin-gia-dich-benh": ("Tin lan truyền về hồ chứa", "tin ve ho", "so_nnmt_thuy_loi", ()),
    "van-ban-sai": ("Thông báo nghỉ học ghi sai ngày", "thong bao nghi hoc", "vp_ubnd_tong_hop", ()),
    "hanh-vi-can-bo": ("Cán bộ phường to tiếng với người dân", "viec o phuong", "so_nv_dau_moi", ("bao_truoc",)),
    "lo-du-lieu": ("Cổng có nội dung lạ", "viec o Cong", "so_khcn_dau_moi", ()),
    "du-thao-chinh-sach": ("Dự thảo bảng giá đất có nhiều ý kiến", "viec du thao", "vp_ubnd_tong_hop", ("bao_truoc",)),
    "tai-nan-thuong-vong": ("Xe khách lật trên quốc lộ", "vu tren quoc lo", "bch_pthtds_truc_1", ()),
    "bao-chi-dang-sai": (
        "Báo nêu chưa đúng số liệu", "bai bao", "vp_ubnd_tong_hop", ("bao_truoc", "goi_toa_soan"),
    ),
    "khieu-kien-dong-nguoi": ("Người dân kiến nghị trước trụ sở", "viec o tru so", "so_nnmt_dat_dai", ("bao_truoc",)),
}  # fmt: skip
TEXT = """Thông tin ban đầu

Cơ quan chuyên môn đang xác minh tại chỗ. Thông tin tiếp theo lúc 06 giờ.
"""


def read(slug: str) -> Playbook:
    playbook = load(LIBRARY / f"{slug}.yaml").playbook
    assert playbook is not None
    return playbook


@pytest.mark.parametrize("slug", KINDS)
def test_the_first_half_hour(world: World, slug: str) -> None:
    playbook = read(slug)
    title, short, specialist, first = KINDS[slug]
    opening = Opening(
        title=title, short_name=short, playbook=slug, level=3, area=("xa_muong_lo",), detected_at=world.time,
        source="gọi số trực", leader="not_reached",
    )  # fmt: skip
    night = Night(world, opening)

    # 02h06. Whoever reads these over a shoulder learns nothing that wounds; each phone rings once.
    night.at("02:06")
    night.opens()
    woken = [m.to for m in world.sms.sent]
    assert len(woken) == len(set(woken))
    assert world.person(specialist).phone in woken
    for message in world.sms.sent:
        assert f"u viec 10, {short}" in message.body
        assert message.body.isascii()
        assert len(message.body) <= 160
        assert not any(
            re.search(rf"\b{word}\b", message.body) for word in (*LOUD, "thuong vong", "lo du lieu")
        )

    # 02h08. The leader cannot be reached; he is called again. What is true is asked at once, before anything is written.
    night.at("02:08")
    night.decides("xin_y_kien", "chua_lien_lac")
    for member in world.view(night.opened).task_force:
        world.receives(str(member.phone), "OK 10")
    world.deliver()
    true = "dung" if slug == "tin-gia-dich-benh" else next(iter(playbook.step("xac_minh").choices))
    night.decides("xac_minh", true, reason="gọi điện lúc 02h08")
    assert world.step(night.opened, "goi_lai_lanh_dao") == "active"
    night.does("goi_lai_lanh_dao")

    # 02h09. Safety: the commune hears it before a single text is approved.
    night.at("02:09")
    if slug != "tin-gia-dich-benh":
        night.decides("an_toan", "co")
    night.does("an_toan_truoc")
    world.deliver()
    assert any("de nghi UBND xa Muong Lo xu ly ngay" in m.body for m in world.phone(COMMUNE).messages())
    assert night.text().revisions == ()

    # 02h14. Written and approved in turn; where somebody is concerned it waits until they know.
    night.at("02:14")
    night.drafts(TEXT)
    for role in playbook.step("duyet_1").by:
        night.approves_by_link(POSTS[role])
    assert world.step(night.opened, "duyet_1") == "done"
    if first:
        assert world.step(night.opened, "cong_bo_1") == "waiting"
        with pytest.raises(Refusal):
            night.releases()
        for step in first:
            night.does(step)
    night.at("02:20")
    night.releases()
    night.posts("cong_ttdt", "bao_chi")
    assert world.step(night.opened, "cong_bo_1") == "done"
    assert world.deadline(night.opened, "ban_dau") == "met"
    assert world.verify(night.opened).ok

    # Figures of casualties are another text, and that one waits for the families.
    if slug == "tai-nan-thuong-vong":
        night.does("so_lieu")
        night.drafts(TEXT, "du_thao_2")
        assert world.step(night.opened, "duyet_2") == "waiting"
        night.does("bao_gia_dinh")
        assert world.step(night.opened, "duyet_2") == "active"
    for phone in world.phones.values():
        phone.has_read_all()
