"""The report says what the record says: figures, deviations, names, and nothing more."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from incident.report.build import Report, build
from incident.report.measures import Measure, measures, percentile
from incident.report.naming import INTERNAL, SENT, Naming
from incident.report.record import IncidentView
from incident.report.titles import NO_DATA
from tests.incident.report.samples import (
    ANSWERS,
    HOLDING,
    NOW,
    PEOPLE,
    STATEMENT,
    answer,
    at,
    drill,
    incident,
    sha,
    step,
    still_open,
)


def figures(view: IncidentView) -> dict[str, Measure]:
    return {measure.key: measure for measure in measures(view, NOW)}


def everything(report: Report) -> str:
    return repr(asdict(report))


# ------------------------------------------------------------------ the two parts


def test_the_part_that_is_sent_names_nobody() -> None:
    said = everything(build(incident(), SENT, NOW))
    for person in PEOPLE.values():
        assert person["name"] not in said
    assert "Phó Chủ tịch UBND tỉnh" in said


def test_the_annex_names_those_who_were_asked() -> None:
    report = build(incident(), INTERNAL, NOW)
    assert [line.name for line in report.answers][:2] == ["Nguyễn Văn Mẫu 01", "Trần Thị Thử 02"]
    assert report.answers[0].seconds == 180
    assert report.answers[2].state == "Báo bận"
    assert report.answers[4].seconds is None


def test_no_part_holds_a_telephone_number() -> None:
    for part in (SENT, INTERNAL):
        assert "0540" not in everything(build(incident(), part, NOW)).replace("+84540", "0540")


def test_a_part_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="ban-gui"):
        build(incident(), "cong-khai", NOW)


def test_the_sent_part_counts_by_unit() -> None:
    lines = {line.unit: line for line in build(incident(), SENT, NOW).units}
    assert (lines["UBND tỉnh"].asked, lines["UBND tỉnh"].accepted) == (2, 2)
    assert lines["Sở NN&MT"].declined == 1
    assert (lines["Cổng TTĐT tỉnh"].silent, lines["Cổng TTĐT tỉnh"].middle) == (1, None)
    assert build(incident(), SENT, NOW).answers == ()


@pytest.mark.parametrize(
    ("sentence", "impersonal"),
    [
        ("Đ/c Nguyễn Văn Mẫu 01 đã nhận", "Đ/c Phó Chủ tịch UBND tỉnh đã nhận"),
        ("Đ/c Nguyễn Văn Mẫu 01, Phó Chủ tịch đã nhận", "Đ/c Phó Chủ tịch UBND tỉnh đã nhận"),
        ("Nguyễn Văn Mẫu 012 gọi", "Nguyễn Văn Mẫu 012 gọi"),
        ("gọi Nguyễn Văn Mẫu 01", "gọi Phó Chủ tịch UBND tỉnh"),
        ("Nguyễn Văn", "Nguyễn Văn"),
        ("(Trần Thị Thử 02; Lê Văn Mẫu 03)", "(Chuyên viên báo chí Sở VHTTDL; Phó Giám đốc Sở NN&MT)"),
        ("", ""),
    ],
)
def test_a_name_inside_a_sentence_gives_way_to_the_post(sentence: str, impersonal: str) -> None:
    assert Naming(incident(), SENT).text(sentence) == impersonal
    assert Naming(incident(), INTERNAL).text(sentence) == sentence


def test_a_person_on_no_list_is_an_officer_without_a_name() -> None:
    naming = Naming(incident(), SENT)
    assert naming.person("Người Lạ") == "cán bộ được giao"
    assert naming.actor({"kind": "user", "id": "9", "name": "Người Lạ"}) == "Cán bộ đăng nhập"
    assert naming.actor({"kind": "token", "id": "9", "name": "IOC tỉnh"}) == "Hệ thống kết nối"


# ------------------------------------------------------------------ figures


def test_the_figures_are_those_of_the_record() -> None:
    found = figures(incident())
    assert found["t_detect"].seconds == 16 * 60
    assert found["t_quorum"].seconds == int(16.1 * 60)
    assert found["t_hold"].seconds == 40 * 60
    assert found["t_hold_signal"].seconds == 56 * 60
    assert found["t_approve"].seconds == 3 * 60
    assert found["t_approve_share"].value == "15%"
    assert found["corrections"].value == "0/1 (0%)"
    assert found["completeness"].value == "10/10 (100%)"


def test_silence_counts_as_infinitely_late_and_the_reach_is_told_beside_it() -> None:
    found = figures(incident())
    assert found["t_ack_p50"].seconds == 9 * 60
    assert found["t_ack_p90"].seconds is None
    assert "không đạt" in found["t_ack_p90"].value
    assert found["reach"].value == "5/7 (71,4%)"


def test_a_message_never_sent_to_someone_who_answered_counts_from_the_request() -> None:
    late = answer("p4", "accepted", 9, "phone", sent_at=None)
    assert figures(incident(answers=(late,)))["t_ack_p50"].seconds == 9 * 60


def test_what_the_record_does_not_give_is_not_invented() -> None:
    bare = still_open(detected_at=None, answers=(), steps=(), source="", accepted_at=None)
    found = figures(bare)
    for key in (
        "t_detect",
        "t_ack_p50",
        "t_ack_p90",
        "reach",
        "t_quorum",
        "t_hold",
        "t_hold_signal",
        "t_approve",
    ):
        assert found[key].value == NO_DATA, key
        assert not found[key].given
    assert found["corrections"].value == NO_DATA
    assert "thiếu: thời điểm phát hiện, thời điểm tiếp nhận, nguồn tin" in found["completeness"].value


def test_a_skipped_or_unfinished_call_up_is_no_quorum() -> None:
    skipped = step("lap_to", "assign", "Lập Tổ công tác", "skipped")
    assert figures(incident(steps=(skipped,)))["t_quorum"].value == "chưa đủ"
    not_needed = step("lap_to", "assign", "Lập Tổ công tác", "not_needed")
    assert figures(incident(steps=(not_needed,)))["t_quorum"].value == NO_DATA


def test_a_correction_counts_against_the_statement_it_corrects() -> None:
    correction = replace(STATEMENT, id="s2", corrects="s1")
    assert figures(incident(statements=(STATEMENT, correction)))["corrections"].value == "1/1 (100%)"


@pytest.mark.parametrize(
    ("values", "share", "wanted"),
    [([5.0], 50, 5.0), ([1.0, 2.0, 3.0, 4.0], 50, 2.0), ([float(n) for n in range(1, 11)], 90, 9.0)],
)
def test_percentiles_are_by_nearest_rank(values: list[float], share: int, wanted: float) -> None:
    assert percentile(values, share) == wanted


# ------------------------------------------------------------------ the course


def test_every_revision_and_every_decision_is_told() -> None:
    (statement,) = build(incident(), INTERNAL, NOW).statements
    assert [(r.n, r.decisions[0].decision, r.decisions[0].seconds) for r in statement.revisions] == [
        (1, "Trả lại", 180),
        (2, "Duyệt", 180),
    ]
    assert statement.revisions[0].decisions[0].reason == "Thiếu giờ kiểm tra"
    assert statement.revisions[1].text == HOLDING
    assert statement.releases[0].as_approved
    assert statement.releases[0].channel == "Cổng Thông tin điện tử tỉnh"
    assert statement.releases[0].form == "Đăng trên cổng, trang thông tin điện tử"


def test_a_release_that_is_not_what_was_approved_is_shown() -> None:
    other = replace(STATEMENT, releases=(replace(STATEMENT.releases[0], sha256=sha("khác")),))
    (statement,) = build(incident(statements=(other,)), SENT, NOW).statements
    assert not statement.releases[0].as_approved


def test_deviations_are_told_in_order_with_their_reasons() -> None:
    found = build(incident(), SENT, NOW).deviations
    assert [d.kind for d in found] == [
        "step_overdue",
        "step_late",
        "typed_late",
        "deadline_missed",
        "step_skipped",
    ]
    assert found[-1].reason == "Dư luận đã lắng"
    assert "ghi sau 25 phút" in found[2].text
    assert [d.at for d in found] == sorted(d.at for d in found)


def test_a_note_typed_within_ten_minutes_is_no_deviation() -> None:
    entries = tuple(
        replace(e, recorded_at=e.occurred_at + timedelta(minutes=10)) if e.kind == "note" else e
        for e in incident().timeline
    )
    assert "typed_late" not in {d.kind for d in build(incident(timeline=entries), SENT, NOW).deviations}


def test_law_and_internal_targets_are_kept_apart() -> None:
    law, ours = build(incident(), SENT, NOW).deadlines
    assert law.law
    assert law.state == "Đúng hạn"
    assert not ours.law
    assert ours.state == "Quá hạn"
    assert ours.ended_at == at(40)


def test_an_open_incident_gives_a_provisional_report() -> None:
    report = build(still_open(), SENT, NOW)
    assert report.provisional
    assert any("chưa kết thúc" in fact.value for fact in report.cover)
    assert any("Chưa có thông tin nào được công bố" in line for line in report.summary)
    assert not build(incident(), SENT, NOW).provisional


def test_a_drill_says_so_on_its_cover() -> None:
    report = build(drill(), SENT, NOW)
    assert report.drill
    assert "DIỄN TẬP" in report.cover[0].value


def test_approvals_are_not_counted_among_those_asked_to_come() -> None:
    report = build(incident(), INTERNAL, NOW)
    assert len(report.answers) == len(ANSWERS) - 1
    assert len(report.curve.asked) == 7
    assert len(report.curve.answered) == 5


def test_the_legal_basis_is_printed_with_its_source_and_mark() -> None:
    basis = build(incident(), SENT, NOW).basis
    assert (
        basis[0]
        == "Nghị định số 244/2026/NĐ-CP (nguồn: văn bản của Chính phủ; đã đối chiếu hai bản sao độc lập)"
    )
    assert "khoản 3 Điều 7" in basis[1]
    assert build(incident(basis={}, deadlines=()), SENT, NOW).basis == ()
