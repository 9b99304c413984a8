"""A drill among the real thing: marked at both ends, told to those who take part alone, and never taken for it."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Iterator
from datetime import timedelta

import docx
import pypdf
import pytest
from sqlalchemy import select

from incident import wording
from incident.domain.actors import Role
from incident.domain.drill import fault
from incident.domain.errors import Conflict, Forbidden, Invalid, NotFound
from incident.report.build import build
from incident.report.naming import SENT
from incident.report.rendering import render
from incident.response import direct, drill_stop, drills, enrolment, people, press, stopping, task
from incident.response.open import Opened
from incident.response.press import Question
from incident.store.tables import Drill, Incident, Message, Participant, Person
from incident.web.alarms import troubles
from tests.stories.night import LEAD, SECRETARY, STAND_IN
from tests.stories.test_everyone_answers import TASK_FORCE
from tests.stories.world import World


@pytest.fixture(autouse=True)
def read(world: World) -> Iterator[None]:
    """These stories look at what is said, not at how often."""
    yield
    for phone in list(world.phones.values()):
        phone.has_read_all()


def drilled(world: World, **more: object) -> Opened:
    return world.opens(mode="drill", **more)


def participants(world: World, incident: Opened) -> set[str]:
    with world.store.reading() as session:
        return set(
            session.scalars(
                select(Participant.person_id).where(Participant.incident_id == incident.incident_id)
            )
        )


def entries(world: World, incident: Opened, kind: str) -> list[dict[str, object]]:
    return [entry.data for entry in world.view(incident).timeline if entry.kind == kind]


def test_everything_that_leaves_is_marked_at_both_ends(world: World) -> None:
    incident = drilled(world)
    assert incident.number == "DT-10/2026"
    for post in TASK_FORCE:
        world.phone(post).expects_sms("DIEN TAP. ", "DT10")
    world.phone(SECRETARY).replies("OK 10").expects_sms("DIEN TAP. Da ghi nhan")
    world.fast_forward(90)
    world.closes(incident)
    world.deliver()
    for phone in list(world.phones.values()):
        phone.has_read_all()
    sent = [*world.sms.sent, *world.mail.sent]
    assert len(world.mail.sent) > 3
    assert [m.body for m in sent if fault(True, m.subject, m.body)] == []
    assert entries(world, incident, "message_refused") == []


def test_a_stranger_to_the_list_is_never_reached(world: World) -> None:
    """The leader's stand-in was unticked at the opening, the secretary's is taken off the list afterwards: the ladder
    comes to him, the carriers' threshold does not let him be woken, and the run hears that he cannot be asked."""
    out = world.person(STAND_IN)
    incident = drilled(world, left_out=(out.id,))
    enrolled = participants(world, incident)
    assert out.id not in enrolled
    assert {world.person(post).id for post in TASK_FORCE} <= enrolled
    deputy = world.person("so_vhttdl_pho_phong")
    with world.store.writing() as session:
        session.delete(session.get_one(Participant, (incident.incident_id, deputy.id)))
    world.fast_forward(60)
    for person in (out, deputy):
        assert [m.body for m in world.sms.sent if m.to == person.phone] == []
        assert [m.body for m in world.mail.sent if m.to == person.email] == []
    refused = entries(world, incident, "message_refused")
    assert refused
    assert all(one["why"] == "not_enrolled" and one["people"] == [deputy.id] for one in refused)
    told = [entry.text for entry in world.view(incident).timeline if entry.kind == "message_refused"]
    assert "CHẶN, không gửi" in told[0]
    assert "không tham gia diễn tập này" in told[0]
    gone = [e.data for e in world.view(incident).timeline if e.kind == "unreachable"]
    assert deputy.id in {one["person"] for one in gone if one["code"] == "not_enrolled"}


def test_nobody_is_asked_into_a_drill_by_the_way(world: World) -> None:
    incident = drilled(world)
    taking_part = participants(world, incident)
    with world.store.reading() as session:
        stranger = session.scalars(
            select(Person).where(Person.phone.is_not(None), Person.id.not_in(taking_part))
        ).first()
    assert stranger is not None
    with pytest.raises(Conflict, match="không có trong danh sách tham gia"):
        people.invite(world.desk, incident.incident_id, stranger.id, world.duty, world.time)
    with pytest.raises(Conflict, match="không có trong danh sách tham gia"):
        people.change_role(
            world.desk, incident.incident_id, "thu_ky", stranger.id, "thử", world.duty, world.time
        )
    step = next(s.id for s in world.view(incident).steps if s.state == "active" and s.verb == "task")
    with pytest.raises(Conflict, match="không có trong danh sách tham gia"):
        task.reassign(world.desk, incident.incident_id, step, stranger.id, "thử", world.duty, world.time)
    with pytest.raises(Conflict, match="không có trong danh sách tham gia"):
        task.add(world.desk, incident.incident_id, "Chụp ảnh", stranger.id, "thử", world.duty, world.time)
    real = world.opens(key="real")
    people.invite(world.desk, real.incident_id, stranger.id, world.duty, world.time)


def test_a_task_of_a_real_incident_is_not_worded_like_a_drills(world: World) -> None:
    """The threshold would hold its SMS back, and the person would hear of it from the room alone."""
    real, lead = world.opens(), world.person(LEAD)
    with pytest.raises(Invalid) as refused:
        task.add(world.desk, real.incident_id, "Bác tin diễn tập", lead.id, "thử", world.duty, world.time)
    assert "bị chặn" in str(refused.value.errors["title"])


@pytest.mark.parametrize("mode", ["drill", "live"])
def test_what_could_be_taken_for_the_other_is_held_at_the_threshold(world: World, mode: str) -> None:
    incident = world.opens(mode=mode)
    lead = world.person(LEAD)
    before = len([m for m in world.sms.sent if m.to == lead.phone])
    words = {"drill": "Vu viec DT10: moi d/c den ngay", "live": "Vu viec 10: xem tin ve buoi dien tap"}[mode]
    with world.store.writing() as session:
        row = session.get_one(Incident, incident.incident_id)
        text = wording.Sms(words, "GSM-7", 1)
        direct.send(session, world.desk, row, lead, "task", text, world.time)
    world.deliver()
    assert len([m for m in world.sms.sent if m.to == lead.phone]) == before
    why = {"drill": "drill_mark_missing", "live": "drill_mark_in_live"}[mode]
    with world.store.reading() as session:
        row = session.scalars(select(Message).where(Message.body == words)).one()
        assert (row.status, row.error, row.attempts) == ("validation-failed", why, 0)
        alarms = [(t.kind, t.amount) for t in troubles(session, world.time, calls_back=False)]
    assert ("refused", 1) in alarms  # the operators' banner
    (refused,) = entries(world, incident, "message_refused")
    assert (refused["why"], refused["people"], refused["channel"]) == (why, [lead.id], "sms")
    assert world.verify(incident).ok


@pytest.mark.parametrize("name", ["title", "short_name", "summary", "source"])
def test_a_real_incident_is_not_named_like_a_drill(world: World, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        world.opens(**{name: "Tin buổi diễn tập"})
    assert list(refused.value.errors) == [name]
    assert world.sms.sent == []
    assert drilled(world, **{name: "Tin buổi diễn tập"}).number == "DT-10/2026"


def test_the_same_step_told_again_is_still_marked(world: World) -> None:
    """Words that went to a phone before get their hour behind them: before the mark, not after it."""
    incident = drilled(world)
    lead = world.person(LEAD)
    with world.store.writing() as session:
        row = session.get_one(Incident, incident.incident_id)
        for _ in range(2):
            text = direct.text_to(session, world.desk, row, lead, "reopened", at="02h00")
            direct.send(session, world.desk, row, lead, "task", text, world.time)
            session.flush()
    world.deliver()
    bodies = sorted((m.body for m in world.sms.sent if "mo lai luc" in m.body), key=len)
    assert len(bodies) == 2
    assert all(fault(True, "", body) == "" for body in bodies)
    assert bodies[1].endswith("ngay 22/11/2026). DIEN TAP")


def test_one_in_a_drill_and_in_the_real_thing_is_asked_which_as_in_the_real_thing(world: World) -> None:
    """A text that names a real incident is no drill's."""
    drilled(world)
    world.opens(key="real", short_name="bai tren Cong")
    phone = world.phone(SECRETARY).has_read_all()
    phone.replies("OK").expects_sms("dang co 2 vu viec: 11", "DT10")
    assert "DIEN TAP" not in phone.messages()[-1].body
    assert world.actor(SECRETARY, Role.MEMBER).person_id == phone.person.id


def test_a_drill_that_is_called_one_does_not_keep_the_question_from_being_asked(world: World) -> None:
    """Its name must not stand in a text that names the real thing; its code says enough."""
    drilled(world, title="Diễn tập vỡ đập Suối Lạc", short_name="dien tap vo dap")
    real = world.opens(key="real")
    phone = world.phone(LEAD).has_read_all()
    phone.replies("OK").expects_sms("dang co 2 vu viec: 11, tin ve ho Suoi Lac; DT10. Xin tra loi")
    phone.replies("OK 11")
    assert world.member(real, LEAD).state == "accepted"


def test_a_live_text_is_plain(world: World) -> None:
    incident = world.opens()
    world.fast_forward(30)
    for phone in [world.phone(post) for post in TASK_FORCE]:
        phone.has_read_all()
    assert not [m for m in (*world.sms.sent, *world.mail.sent) if fault(False, m.subject, m.body)]
    assert "message_refused" not in world.kinds(incident)


# ---------------------------------------------------------------- a real incident


def test_one_press_stops_every_drill_and_tells_each_who_takes_part_once(world: World) -> None:
    first, second = drilled(world), drilled(world, key="two", short_name="viec tap hai")
    real = world.opens(key="real")
    everybody = participants(world, first) | participants(world, second)
    with world.store.reading() as session:
        seen = drill_stop.what_it_would_do(session, world.desk)
        mobile = {p.phone for p in enrolment.taking_part(session, first.incident_id) if p.phone}
    assert seen.numbers == ("DT-10/2026", "DT-11/2026")
    assert seen.people == len(everybody)
    world.fast_forward(2)
    before = len(world.sms.sent)
    stopped = drill_stop.stop_all(world.desk, world.duty, world.time)
    assert (stopped.numbers, stopped.people) == (seen.numbers, seen.people)
    again = drill_stop.stop_all(world.desk, world.duty, world.time)  # a double click
    assert (again.numbers, again.people) == ((), 0)
    world.deliver()
    told = [m for m in world.sms.sent[before:] if "CO SU CO THAT" in m.body]
    assert {m.to for m in told} == mobile
    assert len(told) == len(mobile) == seen.sms  # each once, whatever number of drills
    for message in told:
        assert message.body.startswith("DUNG DIEN TAP")
        assert message.body.endswith("DUNG DIEN TAP")
        assert fault(True, "", message.body) == ""
    letters = [m for m in world.mail.sent if "CÓ SỰ CỐ THẬT" in m.subject]
    assert len(letters) == seen.emails
    for one in (first, second):
        assert world.kinds(one).count("drill_stopped") == 1
    # They stand still: whoever answers, and however much time passes, nothing of them leaves any more.
    quiet = len(world.sms.sent)
    world.phone(SECRETARY).replies("OK DT10")
    world.fast_forward(60 * 30)
    assert [m.body for m in world.sms.sent[quiet:] if "DIEN TAP" in m.body] == []
    with pytest.raises(Conflict, match="dừng vì có sự cố thật"):
        stopping.go_on(world.desk, first.incident_id, world.duty, world.time)
    # The real one goes on.
    assert "drill_stopped" not in world.kinds(real)
    assert [m for m in world.sms.sent[quiet:] if "DIEN TAP" not in m.body]


def test_who_is_not_on_duty_stops_no_drill(world: World) -> None:
    drilled(world)
    with pytest.raises(Forbidden):
        drill_stop.stop_all(world.desk, world.actor(SECRETARY, Role.MEMBER), world.time)
    with world.store.reading() as session:
        assert drill_stop.what_it_would_do(session, world.desk).numbers == ("DT-10/2026",)


def test_without_a_drill_there_is_nothing_to_stop(world: World) -> None:
    real = world.opens()
    assert drill_stop.stop_all(world.desk, world.duty, world.time).numbers == ()
    assert "sending_stopped" not in world.kinds(real)


# ---------------------------------------------------------------- injects


def test_injects_come_by_the_clock_of_the_drill(world: World) -> None:
    """From the opening to the report: each at its time to whoever holds the role; what was expected and did not come is
    followed up; what came is found in the record."""
    incident = drilled(world, injects="dap-suoi-lac")
    world.fast_forward(0.1)
    world.phone("on_duty").has_read_all()
    assert [e["inject"] for e in entries(world, incident, "inject_given")] == ["I1"]
    world.phone(SECRETARY).replies("OK 10").has_read_all()
    world.fast_forward(7.8)
    press_sms = [m.body for m in world.phone(SECRETARY).messages() if "Tinh huong" in m.body]
    assert press_sms == []
    world.fast_forward(0.2)
    world.deliver()
    press_sms = [m.body for m in world.phone(SECRETARY).messages() if "Tinh huong" in m.body]
    assert len(press_sms) == 1
    assert press_sms[0].startswith("DIEN TAP. Tinh huong I3, vu viec DT10: Phong vien Bao Son Lam")
    assert press_sms[0].endswith(". DIEN TAP")
    question = Question(
        "drill-key-1", "Báo Sơn Lâm", "Đập có vỡ không?", deadline=world.time + timedelta(minutes=20)
    )
    asked = press.ask(world.desk, incident.incident_id, question, world.duty, world.time)
    world.fast_forward(5)
    speaker = world.actor("nguoi_phat_ngon", Role.SPOKESPERSON)
    press.answer(world.desk, asked, "Đập an toàn, đang đo lại.", "", speaker, world.time)
    world.fast_forward(60)
    given = [e["inject"] for e in entries(world, incident, "inject_given")]
    assert given == [f"I{n}" for n in range(1, 9)]
    followed = [e["inject"] for e in entries(world, incident, "inject_followed_up")]
    assert "I1" in followed  # nobody told the leader
    assert "I3" not in followed  # the press was answered in time
    assert world.verify(incident).ok
    with world.store.reading() as session:
        assert session.get_one(Drill, incident.incident_id).next_at is None
    remarks(world, incident)
    view = world.view(incident)
    assert (
        build(view, SENT, world.time).exercise is None
    )  # while it runs nobody reads what was expected of him
    world.closes(incident)
    its_report(world, incident)


def remarks(world: World, incident: Opened) -> None:
    for _ in range(2):  # a double click
        drills.remark(
            world.desk, incident.incident_id, "tra_loi", "S", "Trả lời kịp, chưa ghi người hỏi.", "k1", world.duty,
            world.time,
        )  # fmt: skip
    drills.remark(world.desk, incident.incident_id, "", "", "Phòng họp ồn.", "k2", world.duty, world.time)
    with pytest.raises(Invalid):
        drills.remark(
            world.desk, incident.incident_id, "", "S", "không mục tiêu", "k3", world.duty, world.time
        )
    assert world.kinds(incident).count("drill_remark") == 2
    assert not [
        e for e in world.view(incident).timeline if "Phòng họp" in e.text
    ]  # the players read the timeline


def its_report(world: World, incident: Opened) -> None:
    view = world.view(incident)
    done = build(view, SENT, world.time).exercise
    assert done is not None
    by_id = {inject.id: inject for inject in done.injects}
    states = {(i.id, e.word): e.state for i in done.injects for e in i.expected}
    assert states["I3", "enquiry_logged"] == states["I3", "answered_before_deadline"] == "met"
    assert states["I1", "leader_informed"] == "missed"
    (logged,) = [e for e in by_id["I3"].expected if e.word == "enquiry_logged"]
    assert logged.seq is not None
    assert view.timeline[logged.seq - 1].kind == "press_asked"
    assert by_id["I3"].contingency_at is None
    assert by_id["I1"].contingency_at is not None
    objective = next(o for o in done.objectives if o.key == "tra_loi")
    assert (objective.rating, objective.met, objective.total) == ("S", 2, 2)
    assert [r.text for r in done.remarks] == ["Phòng họp ồn."]
    html = render(view, "html", SENT, world.time)[0].decode()
    for words in (
        "DIỄN TẬP",
        "ĐÁNH GIÁ DIỄN TẬP",
        "Đã ghi câu hỏi của báo chí",
        "nhật ký chưa thấy",
        "S – Thực hiện được",
    ):
        assert words in html
    data = json.loads(render(view, "json", SENT, world.time)[0])
    assert data["about"]["drill"] is True
    assert [i["id"] for i in data["exercise"]["injects"]] == [f"I{n}" for n in range(1, 9)]
    rows = list(csv.reader(render(view, "csv", SENT, world.time)[0].decode("utf-8-sig").splitlines()))
    marked = {row[0]: row[-1] for row in rows if "Đã ghi câu hỏi của báo chí" in row[-1]}
    assert marked.keys() == {str(logged.seq)}
    assert all("DIỄN TẬP" in row[8] for row in rows[1:])
    for fmt in ("docx", "pdf"):
        assert "ĐÁNH GIÁ DIỄN TẬP" in text_of(render(view, fmt, SENT, world.time)[0], fmt)


def text_of(raw: bytes, fmt: str) -> str:
    if fmt == "docx":
        return "\n".join(p.text for p in docx.Document(io.BytesIO(raw)).paragraphs)
    pages = pypdf.PdfReader(io.BytesIO(raw)).pages
    return "\n".join(page.extract_text() for page in pages)


def test_a_faster_clock_and_one_that_stands(world: World) -> None:
    incident = drilled(world, injects="dap-suoi-lac")
    world.fast_forward(0.1)
    drills.pause(world.desk, incident.incident_id, world.duty, world.time)
    drills.pause(world.desk, incident.incident_id, world.duty, world.time)  # a double click
    world.fast_forward(120)
    assert len(entries(world, incident, "inject_given")) == 1
    assert len(entries(world, incident, "drill_clock")) == 1
    assert world.view(incident).paused_until is not None
    drills.resume(world.desk, incident.incident_id, world.duty, world.time)
    assert world.view(incident).paused_until is None
    drills.set_rate(world.desk, incident.incident_id, 10, world.duty, world.time)
    world.fast_forward(1)
    assert [e["inject"] for e in entries(world, incident, "inject_given")] == ["I1", "I2", "I3", "I4"]
    with pytest.raises(Invalid):
        drills.set_rate(world.desk, incident.incident_id, 7, world.duty, world.time)


def test_one_given_by_hand_and_one_left_out_come_no_more(world: World) -> None:
    incident = drilled(world, injects="dap-suoi-lac")
    world.fast_forward(0.1)
    for _ in range(2):  # a double click
        drills.give(world.desk, incident.incident_id, "I7", world.duty, world.time)
    drills.skip(world.desk, incident.incident_id, "I2", "không phù hợp", world.duty, world.time)
    with pytest.raises(Conflict):
        drills.skip(world.desk, incident.incident_id, "I7", "muộn", world.duty, world.time)
    with pytest.raises(NotFound):
        drills.give(world.desk, incident.incident_id, "I99", world.duty, world.time)
    with pytest.raises(Forbidden):
        drills.give(
            world.desk, incident.incident_id, "I3", world.actor(SECRETARY, Role.DUTY_OFFICER), world.time
        )
    world.fast_forward(60)
    given = [e["inject"] for e in entries(world, incident, "inject_given")]
    assert sorted(given) == ["I1", "I3", "I4", "I5", "I6", "I7", "I8"]
    assert given[1] == "I7"


def test_a_list_of_another_playbook_is_refused_before_anybody_is_told(world: World) -> None:
    for how in ({"injects": "van-ban-dang-nham"}, {"injects": "khong-co"}):
        with pytest.raises(Invalid) as refused:
            drilled(world, **how)
        assert list(refused.value.errors) == ["injects"]
    with pytest.raises(Invalid):
        world.opens(injects="dap-suoi-lac")  # a real incident has none
    assert world.sms.sent == []


def test_nothing_of_a_drill_is_really_posted(world: World) -> None:
    """A release is recorded as in a real incident, and says everywhere that it was none."""
    incident = drilled(world)
    for post in TASK_FORCE:
        world.phone(post).replies("OK 10")
    world.answers(incident, "xac_minh", "chua_ro", "so_nnmt_thuy_loi")
    world.drafts(incident, "Thông tin ban đầu\n\nHồ vận hành bình thường.", SECRETARY)
    for post in ("nguoi_phat_ngon", LEAD):
        world.approves(incident, post)
    world.releases(incident, "nguoi_phat_ngon", "cong_ttdt_truc")
    (told,) = [entry.text for entry in world.view(incident).timeline if entry.kind == "released"]
    assert "diễn tập, không đăng thật" in told
    world.closes(incident)
    html = render(world.view(incident), "html", SENT, world.time)[0].decode()
    assert "Công bố (diễn tập, không đăng thật)" in html


def test_two_presses_in_the_same_second_are_one(world: World) -> None:
    """Whoever is second waits for the first, and finds nothing left to stop."""
    incident = drilled(world)
    done: list[tuple[str, ...]] = []

    def press_it() -> None:
        done.append(drill_stop.stop_all(world.desk, duty, now).numbers)

    duty, now = world.duty, world.time
    threads = [threading.Thread(target=press_it) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [(), (), ("DT-10/2026",)]
    world.deliver()
    told = [m.to for m in world.sms.sent if "CO SU CO THAT" in m.body]
    assert len(told) == len(set(told)) > 5
    assert world.kinds(incident).count("drill_stopped") == 1


def test_a_clock_that_was_away_gives_each_inject_once(world: World) -> None:
    """Three hours without a sweep: everything that fell due comes, once, in the order of the list."""
    incident = drilled(world, injects="dap-suoi-lac")
    world.outage(180)
    given = [e["inject"] for e in entries(world, incident, "inject_given")]
    assert given == [f"I{n}" for n in range(1, 9)]
    world.fast_forward(60)
    assert len(entries(world, incident, "inject_given")) == 8
    assert len(entries(world, incident, "inject_followed_up")) <= 5
