"""What a rehearsal says of the province as it is: an empty night in the rota, a vacant post, a number that is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import delete, update

from incident.response import library
from incident.response.readiness import Readiness, readiness
from incident.store.tables import Assignment, Person, Shift
from playbooks.language import Playbook, Role
from tests.stories.world import World


def looked_at(world: World, *roles: Role) -> Readiness:
    with world.store.reading() as session:
        book: Playbook = library.read(session, world.desk, "tin-gia-dich-benh")
        chosen = {role.slug: role for role in roles} or book.roles
        return readiness(session, world.desk, replace(book, roles=chosen), world.time)


def told(found: Readiness) -> str:
    return "\n".join(str(gap.text) for gap in found.gaps)


def test_the_sample_province_has_somebody_for_every_role(world: World) -> None:
    found = looked_at(world)
    assert all(one.people or one.size for one in found.holders)
    assert {gap.kind for gap in found.gaps} <= {"no_number", "rota"}
    assert found.names["on_duty"] == world.duty.name


def test_nobody_on_duty_for_four_hours_is_said_with_the_hours(world: World) -> None:
    start = world.time + timedelta(hours=24)
    with world.store.writing() as session:
        session.execute(delete(Shift).where(Shift.kind == "on_duty", Shift.ends_at > start))
        person = world.duty.person_id
        for n, (begins, ends) in enumerate(((start, start + timedelta(hours=4)), (start + timedelta(hours=8), start + timedelta(days=20)))):  # fmt: skip
            session.add(Shift(id=f"s{n}", kind="on_duty", person=person, starts_at=begins, ends_at=ends))
    text = told(looked_at(world, Role("truc_ban", "Cán bộ trực", "on_duty")))
    assert "Lịch trực trống" in text
    assert "từ 06:00 23/11/2026 đến 10:00 23/11/2026" in text


def test_a_vacant_post_with_and_without_a_stand_in(world: World) -> None:
    post = "so_vhttdl_chuyen_vien_bao_chi"
    with world.store.writing() as session:
        session.execute(delete(Assignment).where(Assignment.post == post))
    text = told(
        looked_at(
            world,
            Role("thu_ky", "Thư ký", post, ("so_vhttdl_pho_phong",)),
            Role("le_loi", "Lẻ loi", post),
            Role("bia", "Bịa", "khong_co_chuc_danh"),
        )
    )
    assert "Thư ký: chưa có người giữ, mời người thay ngay." in text
    assert "Lẻ loi: không có ai, không báo được cho ai." in text
    assert "Bịa: danh bạ không có chức danh “khong_co_chuc_danh”." in text


def test_who_and_which_commune_has_no_number(world: World) -> None:
    with world.store.writing() as session:
        session.execute(update(Person).values(phone=None, landline=None, email=None))
    text = told(looked_at(world))
    assert "không nhận được SMS (không có cách liên lạc nào)" in text
    assert "UBND cấp xã trong vùng: không có số nhận SMS: " in text
    everybody = told(looked_at(world, Role("moi_nguoi", "Mọi người", "moi_nguoi_dia_ban")))
    assert everybody.startswith("Mọi người: không có số nhận SMS: ")
    assert everybody.endswith(" nơi khác.")


def test_a_topic_without_a_body(world: World) -> None:
    with world.store.reading() as session:
        book = library.read(session, world.desk, "tin-gia-dich-benh")
        found = readiness(session, world.desk, replace(book, topics=("khong_co",)), world.time)
    assert "lĩnh vực “khong_co” chưa có người phụ trách" in told(found)
