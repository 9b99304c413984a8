"""Units are counted by unit: who answered for each, how, and what becomes of a wrong number or a call."""

from __future__ import annotations

import re

from incident.report.units import UnitAnswer, units_answered
from incident.response import answer, calls, people
from incident.response.calls import Heard
from incident.response.open import Opened
from tests.stories.test_calls import LEAD, SPOKESPERSON, quiet
from tests.stories.test_everyone_answers import TASK_FORCE, TEXT
from tests.stories.world import World

LAKE, VALLEY = "xa_suoi_lac_van_hoa_xa_hoi", "xa_muong_lo_van_hoa_xa_hoi"


def told(world: World) -> Opened:
    """As far as the communes are told."""
    incident = world.opens()
    for post in TASK_FORCE:
        world.phone(post).has_read_all().replies("OK 10")
    world.answers(incident, "xac_minh", "sai", "so_nnmt_thuy_loi")
    world.drafts(incident, TEXT, "so_vhttdl_chuyen_vien_bao_chi")
    world.approves(incident, SPOKESPERSON)
    world.approves(incident, LEAD)
    return incident


def unit(world: World, incident: Opened, post: str) -> UnitAnswer:
    with world.store.reading() as session:
        units = units_answered(session, incident.incident_id)
    return next(u for u in units if u.person_id == world.person(post).id)


def test_each_unit_says_who_answered_and_how(world: World) -> None:
    incident = told(world)
    lake, valley = world.person(LAKE), world.person(VALLEY)
    assert unit(world, incident, LAKE).state == "asked"
    mail = next(m for m in world.mail.sent if m.to == lake.email and "/a/" in m.body)
    token = re.findall(r"/a/(\w+)", mail.body)[0]
    answer.answer_link(world.desk, token, "accept", world.time, instead_name="bà Hà, văn thư xã")
    world.deliver()
    one = Heard(valley.id, "accept", world.time, "phone", "Phó Chủ tịch xã nghe máy")
    assert calls.record(world.desk, incident.incident_id, one, world.duty, world.time)
    assert (unit(world, incident, LAKE).via, unit(world, incident, LAKE).reason) == (
        "link", "bà Hà, văn thư xã trả lời thay",
    )  # fmt: skip
    assert unit(world, incident, VALLEY).via == "phone"
    assert "Phó Chủ tịch xã nghe máy" in unit(world, incident, VALLEY).reason
    (group,) = world.view(incident).groups
    assert (group.accepted, group.total) == (2, 2)
    call = world.view(incident).calls[-1]
    calls.take_back(world.desk, incident.incident_id, call.id, world.duty, world.time)
    (group,) = world.view(incident).groups
    assert (group.accepted, unit(world, incident, VALLEY).state) == (1, "asked")
    assert world.verify(incident).ok
    quiet(world)


def test_a_units_wrong_number_is_corrected_and_told_once(world: World) -> None:
    incident = told(world)
    lake = world.phone(LAKE)
    lake.has_read_all().replies("nham so").expects_sms("Xin loi da lam phien")
    done = people.correct_number(
        world.desk, incident.incident_id, lake.person.id, "0540 888 003", world.duty, world.time
    )
    world.tick()
    assert done.asked_again
    assert len(world.sms.to("+84540888003")) == 1
    world.receives("+84540888003", "OK 10")
    assert unit(world, incident, LAKE).state == "accepted"
    lake.hears_nothing()
    assert world.verify(incident).ok
    quiet(world)
