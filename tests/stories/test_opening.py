"""Openings at 2 a.m.: two officers at once, somebody in the air, only the leader, and a call-out that must stop."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from incident.directory.sample import add_people
from incident.domain.actors import Actor, Role
from incident.domain.errors import Conflict, Forbidden, Invalid
from incident.response import calling_out, course, drafts, stopping
from incident.response.likeness import Alike
from incident.response.open import Opened, Opening, open_incident
from incident.response.preview import preview, preview_call_out
from incident.store.tables import Incident, Message
from notify.message import Message as Sent
from notify.message import Receipt
from tests.incident.delivery import by_hand
from tests.stories.test_everyone_answers import TASK_FORCE
from tests.stories.world import World

LEAD = "pho_chu_tich_phu_trach"
SECRETARY = "so_vhttdl_chuyen_vien_bao_chi"
DEPUTY = "so_vhttdl_pho_phong"
DAM = Opening(
    title="Tin lan truyền: hồ Suối Lạc có vết nứt",
    playbook="tin-gia-dich-benh",
    level=3,
    area=("xa_suoi_lac", "xa_muong_lo"),
    short_name="tin ve ho Suoi Lac",
)


def opened(
    world: World, opening: Opening = DAM, key: str = "one", by: Actor | None = None, **how: object
) -> Opened:
    actor = by or world.duty
    made = open_incident(world.desk, opening, actor, world.time, scope=actor.id, key=key, **how)  # type: ignore[arg-type]
    world.deliver()
    return made


# ---------------------------------------------------------------- two officers


def test_two_officers_within_a_minute_make_one_call_out(world: World) -> None:
    first = opened(world)
    other = replace(DAM, title="Hồ Suối Lạc bị nứt, dân lo vỡ đập")
    second_officer = world.actor(DEPUTY, Role.DUTY_OFFICER)
    with pytest.raises(Alike) as refused:
        opened(world, other, key="two", by=second_officer, told_apart=())
    assert [one.code for one in refused.value.found] == ["10"]
    for post in TASK_FORCE:
        world.phone(post).expects_sms("vu viec 10").hears_nothing()
    second = opened(world, other, key="two", by=second_officer, told_apart=[first.incident_id])
    assert "told_apart" in world.kinds(second)
    for post in TASK_FORCE:
        world.phone(post).expects_sms("vu viec 11")
    again = opened(world, other, key="two", by=second_officer, told_apart=())
    assert again.incident_id == second.incident_id  # the retry


def test_two_officers_in_the_same_second(world: World) -> None:
    """Both look before either has committed: the lock of the opening puts one behind the other."""
    outcomes: list[object] = []
    time = world.time

    def officer(name: str) -> None:
        actor = Actor("user", name, f"Cán bộ {name}", frozenset({Role.DUTY_OFFICER}))
        try:
            made = open_incident(world.desk, DAM, actor, time, scope=name, key="k", told_apart=())
            outcomes.append(made.code)
        except Alike as refusal:
            outcomes.append(refusal.found[0].code)

    threads = [threading.Thread(target=officer, args=(name,)) for name in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == ["10", "10", "10"]
    with world.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Incident)) == 1


def test_a_drill_is_not_like_the_real_thing(world: World) -> None:
    opened(world)
    drill = opened(world, replace(DAM, mode="drill"), key="two", told_apart=())
    assert drill.created


# ---------------------------------------------------------------- who is told


def test_who_is_in_the_air_is_replaced_from_the_start(world: World) -> None:
    secretary, deputy = world.person(SECRETARY), world.person(DEPUTY)
    flying = replace(DAM, left_out=(secretary.id,), left_out_reason="đang bay, 05 giờ hạ cánh")
    seen = preview(world.desk, flying, world.time)
    assert [(one.name, one.instead) for one in seen.left_out] == [
        (secretary.name, f"{deputy.xung_ho} {deputy.name}")
    ]
    assert deputy.id in {one.person_id for one in seen.people}
    incident = opened(world, flying)
    world.phone(SECRETARY).hears_nothing()
    world.phone(DEPUTY).expects_sms("Moi d/c tham gia To cong tac").replies("OK").expects_sms("Da ghi nhan")
    entry = next(e for e in world.view(incident).timeline if e.kind == "left_out")
    assert (
        entry.text
        == f"Không báo khi mở: {secretary.xung_ho} {secretary.name}, lý do: đang bay, 05 giờ hạ cánh"
    )
    # The rota is looked at again every few seconds; that must not call him after all.
    world.tick()
    world.phone(SECRETARY).hears_nothing()
    world.fast_forward(30)
    world.phone(SECRETARY).hears_nothing()
    assert world.verify(incident).ok
    for phone in world.phones.values():
        phone.has_read_all()


def test_who_was_left_out_is_called_after_all(world: World) -> None:
    lead = world.person(LEAD)
    incident = opened(world, replace(DAM, left_out=(lead.id,), left_out_reason="đang mổ"))
    world.phone(LEAD).hears_nothing()
    calling_out.call_after_all(world.desk, incident.incident_id, lead.id, world.duty, world.time)
    world.phone(LEAD).expects_sms("Kinh bao cao")
    assert world.view(incident).left_out == ()
    with pytest.raises(Conflict):
        calling_out.call_after_all(world.desk, incident.incident_id, lead.id, world.duty, world.time)


def test_leaving_out_needs_a_reason_and_a_person(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        opened(world, replace(DAM, left_out=(world.person(LEAD).id,)))
    assert "left_out_reason" in refused.value.errors
    with pytest.raises(Invalid) as refused:
        opened(world, replace(DAM, left_out=("nobody",), left_out_reason="đang mổ"))
    assert "left_out" in refused.value.errors


def test_only_the_leader_is_told_until_the_officer_says_so(world: World) -> None:
    incident = opened(world, replace(DAM, only_leader=True))
    leader = world.phone("lanh_dao_truc").expects_sms("Kinh bao cao d/c vu viec 10", "OK 10")
    others = [post for post in TASK_FORCE if world.person(post).id != leader.person.id]
    for post in others:
        world.phone(post).hears_nothing()
    view = world.view(incident)
    assert view.held_at == world.time
    assert view.level == 3
    assert [m.role_title for m in view.task_force] == ["Lãnh đạo trực"]
    leader.replies("OK 10").expects_sms("Da ghi nhan")
    # The clocks run; nobody who was not called hears of them.
    world.fast_forward(25)
    for post in others:
        world.phone(post).hears_nothing()
    assert "deadline_warned" in world.kinds(incident)
    world.phone("on_duty").has_read_all()
    assert preview_call_out(world.desk, incident.incident_id, world.time).told == len(others)

    calling_out.call_out(world.desk, incident.incident_id, world.duty, world.time)
    world.deliver()
    for post in others:
        world.phone(post).expects_sms("vu viec 10", "OK 10")
    leader.hears_nothing()  # he has said yes already
    assert world.step(incident, "lap_to") == "active"
    assert world.view(incident).held_at is None
    world.phone(others[0]).replies("OK").expects_sms("Da ghi nhan")
    assert world.verify(incident).ok
    with pytest.raises(Conflict):
        calling_out.call_out(world.desk, incident.incident_id, world.duty, world.time)
    for phone in world.phones.values():
        phone.has_read_all()


def test_a_silent_leader_is_phoned_by_those_on_duty_and_nobody_else_is_told(world: World) -> None:
    incident = opened(world, replace(DAM, only_leader=True))
    leader = world.phone("lanh_dao_truc").has_read_all()
    world.fast_forward(11)
    world.phone("on_duty").expects_sms("Vu viec 10", '"Bao cao lanh dao truc" qua han')
    leader.hears_nothing()
    for post in TASK_FORCE:
        if world.person(post).id != leader.person.id:
            world.phone(post).hears_nothing()
    assert "step_overdue" in world.kinds(incident)
    for phone in world.phones.values():
        phone.has_read_all()


# ---------------------------------------------------------------- unsent


def test_a_draft_is_sent_once_and_old_ones_go(world: World) -> None:
    kept = drafts.save(world.desk, {"title": DAM.title, "area": ["xa_suoi_lac"]}, world.duty, world.time)
    with world.store.reading() as session:
        assert [one.title for one in drafts.unsent(session, world.time)] == [DAM.title]
        assert session.scalar(select(func.count()).select_from(Incident)) == 0
    assert opened(world, draft=kept).code == "10"
    with pytest.raises(Conflict):
        opened(world, key="two", draft=kept)
    old = drafts.save(world.desk, {"title": "Việc cũ"}, world.duty, world.time)
    with world.store.writing() as session:
        drafts.tidy(session, world.time + drafts.KEPT)
        assert session.get(drafts.OpeningDraft, old) is None
    with pytest.raises(Forbidden):
        drafts.save(world.desk, {}, world.actor(LEAD, Role.MEMBER), world.time)
    for post in TASK_FORCE:
        world.phone(post).has_read_all()


# ---------------------------------------------------------------- stopping


def area_call_out(world: World) -> Opened:
    """A thousand people more, all called; nothing has left yet."""
    with world.store.writing() as session:
        add_people(session, 1000, world.time)
    opening = Opening(
        title="Gọi xác nhận toàn tỉnh", playbook="goi-xac-nhan", level=2, area=("toan_tinh",),
        short_name="goi xac nhan",
    )  # fmt: skip
    return open_incident(world.desk, opening, world.duty, world.time, scope="story", key="all")


def statuses(world: World, incident: Opened) -> dict[str, int]:
    return world.view(incident).messages


def test_a_call_out_of_a_thousand_is_stopped_while_it_leaves(world: World) -> None:
    incident = area_call_out(world)
    stopped: list[stopping.Leaving] = []
    duty, send = world.duty, world.sms.send

    def send_and_stop(message: Sent) -> Receipt:
        """After the fortieth call another officer presses DỪNG GỬI, while the workers go on."""
        with lock:
            press = len(world.sms.sent) == 40 and not stopped
            if press:
                stopped.append(stopping.stop(world.desk, incident.incident_id, duty, world.time, "gửi nhầm"))
        return send(message)

    lock = threading.Lock()
    world.sms.send = send_and_stop  # type: ignore[method-assign]
    world.deliver()
    [at_the_stop] = stopped
    total = at_the_stop.gone + at_the_stop.calling + at_the_stop.waiting
    reached = len(world.sms.sent)
    assert at_the_stop.gone <= reached <= at_the_stop.gone + at_the_stop.calling
    assert at_the_stop.waiting > 800
    counts = statuses(world, incident)
    assert counts.get("created", 0) == counts.get("sending", 0) == 0
    view = world.view(incident)
    assert view.stopped_at == world.time
    assert view.leaving == 0
    # Nothing more goes, and nobody is reminded or replaced, however long it takes.
    world.fast_forward(60)
    assert len(world.sms.sent) == reached

    assert stopping.go_on(world.desk, incident.incident_id, duty, world.time) == at_the_stop.waiting
    world.deliver()
    assert len(world.sms.sent) == total
    assert len({message.to for message in world.sms.sent}) == total  # everybody once
    assert world.verify(incident).ok


def test_after_a_stop_only_those_who_got_something_are_apologised_to(world: World) -> None:
    incident = opened(world)
    for post in TASK_FORCE:
        world.phone(post).expects_sms("vu viec 10")
    world.phone(SECRETARY).replies("BAN").expects_sms("Da ghi nhan d/c bao ban")
    world.phone(DEPUTY).expects_sms("tham gia To cong tac thay")
    world.time = world.time.replace(minute=6)
    stopping.stop(world.desk, incident.incident_id, world.duty, world.time)
    # A refusal still calls the stand-in, but what would leave is kept.
    world.phone("cong_ttdt_truc").replies("BAN").expects_sms("Da ghi nhan d/c bao ban")
    world.phone("cong_ttdt_lanh_dao").hears_nothing()
    with world.store.reading() as session:
        assert stopping.kept_back(session, session.get_one(Incident, incident.incident_id)) > 0
    course.close(world.desk, incident.incident_id, "opened_by_mistake", "mở nhầm", world.duty, world.time)
    world.deliver()
    world.phone("cong_ttdt_lanh_dao").hears_nothing()
    for post in (*TASK_FORCE, DEPUTY):
        world.phone(post).expects_sms("Kinh mong d/c thong cam: tin vu viec 10 luc 02h00 la gui nham")


def test_nobody_hears_of_what_was_stopped_before_it_left(world: World) -> None:
    incident = open_incident(world.desk, DAM, world.duty, world.time, scope="story", key="one")
    stopping.stop(world.desk, incident.incident_id, world.duty, world.time)
    world.deliver()
    course.close(world.desk, incident.incident_id, "opened_by_mistake", "mở nhầm", world.duty, world.time)
    world.deliver()
    assert not world.sms.sent
    assert not world.mail.sent


def test_what_is_claimed_is_taken_back_and_what_is_being_called_is_not(world: World) -> None:
    """A worker holds five messages: two calls have begun. It is killed later; nothing of it leaves again."""
    incident = open_incident(world.desk, DAM, world.duty, world.time, scope="story", key="one")
    held = by_hand.claimed(world.store, world.gateway, world.time, limit=5)
    assert len(by_hand.begun(world.store, world.gateway, held[:2], world.time)) == 2
    counts = stopping.stop(world.desk, incident.incident_id, world.duty, world.time)
    assert (counts.gone, counts.calling, counts.waiting) == (0, 2, 8)
    # The worker goes on with its stock: none of it is its own any more.
    assert by_hand.begun(world.store, world.gateway, held[2:], world.time) == []
    world.fast_forward(10)  # its leases run out, its two calls are looked for and not found
    assert not world.sms.sent
    with world.store.reading() as session:
        open_ones = session.scalar(
            select(func.count()).select_from(Message).where(Message.status.in_(("created", "sending")))
        )
    assert open_ones == 0


def test_only_those_on_duty_stop_and_only_once(world: World) -> None:
    incident = opened(world)
    with pytest.raises(Forbidden):
        stopping.stop(world.desk, incident.incident_id, world.actor(LEAD, Role.APPROVER), world.time)
    stopping.stop(world.desk, incident.incident_id, world.duty, world.time)
    with pytest.raises(Conflict):
        stopping.stop(world.desk, incident.incident_id, world.duty, world.time)
    with pytest.raises(Conflict):
        course.resume(world.desk, incident.incident_id, world.duty, world.time)
    stopping.go_on(world.desk, incident.incident_id, world.duty, world.time)
    with pytest.raises(Conflict):
        stopping.go_on(world.desk, incident.incident_id, world.duty, world.time)
    for post in TASK_FORCE:
        world.phone(post).has_read_all()
