"""The press is at the door: a line to read from the first minute, each question until it has its answer."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from incident.domain.actors import Role
from incident.domain.errors import Conflict, Forbidden, Invalid
from incident.report.build import build
from incident.report.rendering import render
from incident.response import casting, course, press, zalo
from incident.response.open import Opened
from incident.response.press import Line, Question
from incident.timeline.verify import verify_file
from tests.stories.test_course import POSTER, SPOKESPERSON, called_up, quiet
from tests.stories.test_everyone_answers import TEXT
from tests.stories.world import World

LEAD = "pho_chu_tich_phu_trach"
WRITER = "so_vhttdl_chuyen_vien_bao_chi"


def line(world: World, incident: Opened) -> Line:
    with world.store.reading() as session:
        house = casting.house(session, "https://tct.sonlam.example")
    return press.line_to_read(world.view(incident), house, world.time)


def asks(world: World, incident: Opened, key: str = "form-0001", **more: object) -> str:
    values: dict[str, object] = {
        "outlet": "Báo Sơn Lâm",
        "name": "Lê Thị Phóng Viên",
        "phone": "0540 000 777",
        "question": "Hồ Suối Lạc có sắp vỡ không?",
        "deadline": world.time + timedelta(minutes=60),
    }
    question = Question(key=key, **{**values, **more})  # type: ignore[arg-type]
    return press.ask(world.desk, incident.incident_id, question, world.duty, world.time)


def test_a_question_from_the_first_minute_to_the_report(world: World) -> None:
    incident = world.opens()
    said = line(world, incident)
    assert "đang xác minh với cơ quan chuyên môn" in said.text
    assert "trước 02 giờ 30 phút" in said.text
    assert said.released_at is None

    request = asks(world, incident)
    assert asks(world, incident) == request, "the same form is one question"
    world.fast_forward(25)
    assert "press_due_soon" not in world.kinds(incident)
    world.fast_forward(6)
    assert world.kinds(incident).count("press_due_soon") == 1
    assert press.due_soon(world.view(incident).press[0], world.time)
    world.fast_forward(5)
    assert world.kinds(incident).count("press_due_soon") == 1

    speaker = world.actor(SPOKESPERSON, Role.SPOKESPERSON)
    press.take(world.desk, request, speaker, world.time)
    press.take(world.desk, request, speaker, world.time)
    assert world.kinds(incident).count("press_taken") == 1
    assert world.view(incident).press[0].owner == speaker.name
    press.answer(
        world.desk, request, "Hồ vận hành bình thường.", "https://sonlam.example/1", speaker, world.time
    )
    with pytest.raises(Conflict):
        press.refuse(world.desk, request, "muộn", speaker, world.time)
    second = asks(world, incident, key="form-0002", outlet="Đài B", name="Trần Văn Hỏi", deadline=None)
    press.refuse(
        world.desk, second, "Thuộc bí mật công tác, Luật Tiếp cận thông tin Điều 6", speaker, world.time
    )

    view = world.view(incident)
    assert [(p.n, p.state, p.late) for p in view.press] == [(1, "answered", False), (2, "refused", False)]
    assert world.verify(incident).ok
    sent, annex = build(view, "ban-gui", world.time), build(view, "noi-bo", world.time)
    assert "Báo chí hỏi 2 câu: đã trả lời 1, từ chối có nêu lý do 1" in sent.press_summary
    assert "trước hạn của báo 1/1" in sent.press_summary
    measure = next(m for m in sent.measures if m.key == "t_enquiry")
    assert measure.seconds == 36 * 60, "a refusal is no answer"
    for part in ("ban-gui", "noi-bo"):
        raw, _ = render(view, "json", part, world.time, settings_words={})
        verdict = verify_file(raw)
        assert verdict.ok, verdict.reason
        assert [p["outlet"] for p in json.loads(raw)["press"]] == ["Báo Sơn Lâm", "Đài B"]
        assert ("Lê Thị Phóng Viên" in raw.decode()) is (part == "noi-bo")
        assert not re.search("000 ?777", raw.decode()), "no number of a journalist leaves the service"
        html, _ = render(view, "html", part, world.time, settings_words={})
        assert "BÁO CHÍ HỎI" in html.decode()
        assert ("Lê Thị Phóng Viên" in html.decode()) is (part == "noi-bo")
    assert "Trần Văn Hỏi" in {p.name for p in annex.press}
    quiet(world)


def test_the_line_is_what_was_released_and_never_a_draft(world: World) -> None:
    incident = called_up(world)
    world.drafts(incident, TEXT, WRITER)
    assert line(world, incident).released_at is None
    world.approves(incident, SPOKESPERSON)
    world.approves(incident, LEAD)
    assert line(world, incident).released_at is None
    world.releases(incident, SPOKESPERSON, POSTER)
    said = line(world, incident)
    assert said.released_at is not None
    assert said.link == "https://sonlam.example/thong-tin/1"
    assert said.text in " ".join(TEXT.split())
    with world.store.reading() as session:
        house = casting.house(session, "https://tct.sonlam.example")
    assert said.text in zalo.text(world.view(incident), house, world.time)
    quiet(world)


def test_the_promise_is_not_made_when_its_time_is_over(world: World) -> None:
    incident = world.opens()
    world.time += timedelta(minutes=31)
    assert "trong thời gian sớm nhất" in line(world, incident).text
    quiet(world)


def test_a_question_is_masked_with_who_asked(world: World) -> None:
    incident = world.opens()
    asks(world, incident, question="Bà Nguyễn Thị Vô Danh có phải người bị nạn không?")
    seq = next(e.seq for e in world.view(incident).timeline if e.kind == "press_asked")
    other = world.actor(WRITER, Role.SECRETARY)
    course.mask(world.desk, incident.incident_id, seq, "question", "tên nạn nhân", other, world.time)
    asked = world.view(incident).press[0]
    assert asked.question.startswith("[đã che")
    assert (asked.name, asked.phone) == ("", "")
    assert "Vô Danh" not in str(world.view(incident))
    assert world.verify(incident).ok
    quiet(world)


def test_what_is_not_taken(world: World) -> None:
    incident = world.opens()
    with pytest.raises(Invalid) as empty:
        asks(world, incident, outlet=" ", question="")
    assert set(empty.value.errors) == {"outlet", "question"}
    with pytest.raises(Invalid):
        asks(world, incident, question="x" * 10_000)
    member = world.actor(POSTER, Role.MEMBER)
    with pytest.raises(Forbidden):
        press.ask(world.desk, incident.incident_id, Question("form-0003", "Báo", "?"), member, world.time)
    request = asks(world, incident)
    for wrong in ("javascript:alert(1)", "ftp://x", "https://x" + "y" * 600):
        with pytest.raises(Invalid):
            press.answer(world.desk, request, "", wrong, world.duty, world.time)
    with pytest.raises(Invalid):
        press.answer(world.desk, request, "", "", world.duty, world.time)
    with pytest.raises(Invalid):
        press.refuse(world.desk, request, "  ", world.duty, world.time)
    assert world.view(incident).press[0].state == "new"
    quiet(world)


def test_the_text_for_the_group_wounds_nobody(world: World) -> None:
    incident = world.opens(
        summary="Anh Ba 0540000123 gửi https://tct.sonlam.example/a/7KQ2M9XW4T nói có nứt", mode="drill"
    )
    with world.store.reading() as session:
        house = casting.house(session, "https://tct.sonlam.example")
    view = world.view(incident)
    words = zalo.text(view, house, world.time)
    assert words.splitlines()[0] == words.splitlines()[-1] == zalo.DRILL
    assert "0540000123" not in words
    assert "/a/" not in words
    assert view.level_name not in words
    assert view.title not in words
    assert "OK " not in words
    assert words.count("0540") == 1, "the duty phone alone"
    assert "không tự phát ngôn, không chuyển tiếp" in words
    zalo.sent(world.desk, incident.incident_id, words, world.time, world.duty, world.time)
    entry = world.view(incident).timeline[-1]
    assert (entry.kind, entry.free["text"]) == ("group_told", words)
    quiet(world)
