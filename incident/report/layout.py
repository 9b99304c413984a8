"""Lays the report out as an official paper: which heading, sentence and table stands where. Knows no file format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from incident.papers.dates import NO_TIME, length, moment_words, stamp
from incident.papers.paper import (
    Block,
    Column,
    Heading,
    Paper,
    Paragraph,
    Picture,
    Quote,
    Table,
    finished,
    office_of,
)
from incident.report.build import DeadlineLine, Fact, Report, RevisionLine, StatementLine, TimelineLine
from incident.report.chart import Chart
from incident.report.exercise import INJECT_STATES, Exercise, InjectLine, rated
from incident.report.exercise import STATES as EXPECTED_STATES
from incident.report.overview import describe
from incident.report.overview_picture import draw as picture
from incident.report.titles import DECISIONS, NO_DATA

DRILL = "DIỄN TẬP"
PROVISIONAL = "(Bản tạm: vụ việc chưa kết thúc)"
HANDLING = "LƯU HÀNH NỘI BỘ"
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV", "XVI")
SHORT_HASH = 12
NOT_WRITTEN = "Chưa có nội dung."


def paper(report: Report, chart: Chart | None, words: Mapping[str, str]) -> Paper:
    """The report as a Báo cáo of the office that `words` (the province's settings) describes."""
    return Paper(
        office=office_of(words),
        kind="PHỤ LỤC NỘI BỘ" if report.internal else "BÁO CÁO",
        abbreviation="BC",
        subject=f"Kết quả xử lý vụ việc {report.number}: {report.title}",
        blocks=finished(blocks(report, chart)),
        mark=DRILL if report.drill else "",
        handling=HANDLING if report.internal else "",
        standing=PROVISIONAL if report.provisional else "",
        footnote=f"{report.number} – nhật ký {report.chain_seq} mục, đầu chuỗi {report.chain_hash or NO_DATA}",
    )


def blocks(report: Report, chart: Chart | None) -> tuple[Block, ...]:
    """The body, chapter by chapter, numbered I, II, III…"""
    chapters = (
        ("THÔNG TIN CHUNG", _facts("Thông tin chung về vụ việc", report.cover)),
        ("TÓM TẮT", _summary(report)),
        ("PHÁT HIỆN, TIẾP NHẬN", _facts("Phát hiện và tiếp nhận vụ việc", report.trigger)),
        ("TỔ CÔNG TÁC", _task_force(report)),
        ("THÔNG BÁO VÀ TRẢ LỜI", _asked(report, chart)),
        ("THỜI HẠN", _deadlines(report)),
        ("THÔNG TIN ĐÃ SOẠN, DUYỆT, CÔNG BỐ", _statements(report)),
        ("BÁO CHÍ HỎI", _press(report)),
        *((("ĐÁNH GIÁ DIỄN TẬP", _exercise(report.exercise)),) if report.exercise else ()),
        ("SỐ LIỆU ĐÁNH GIÁ", _measures(report)),
        ("NỘI DUNG THỰC HIỆN KHÁC KẾ HOẠCH", _deviations(report)),
        ("ĐÁNH GIÁ CỦA NGƯỜI THAM GIA", _sections(report)),
        ("KẾ HOẠCH CẢI THIỆN", _improvements(report)),
        ("NHẬT KÝ DIỄN BIẾN", _timeline(report)),
        ("CĂN CỨ VÀ XÁC THỰC", _proof(report)),
    )
    made: list[Block] = []
    for number, (title, body) in zip(ROMAN, chapters, strict=False):
        made += [Heading(f"{number}. {title}"), *body]
    return tuple(made)


def _facts(caption: str, facts: tuple[Fact, ...]) -> Iterator[Block]:
    columns = (Column("Mục", 34), Column("Nội dung", 66))
    yield Table(caption, columns, tuple((fact.label, fact.value) for fact in facts))


def _summary(report: Report) -> Iterator[Block]:
    for line in report.summary:
        yield Paragraph(line)
    seen = report.overview
    caption = "Diễn biến: thông báo, trả lời, thông tin, thời hạn (giờ Việt Nam)"
    yield Picture(picture(seen), b"", describe(seen), caption, narrow=picture(seen, narrow=True))


def _task_force(report: Report) -> Iterator[Block]:
    if not report.task_force:
        yield Paragraph("Nhật ký chưa ghi người nào được mời vào Tổ công tác.")
        return
    columns = (
        Column("Vai", 20), Column("Người đảm nhiệm" if report.internal else "Chức vụ, đơn vị", 30),
        Column("Kết quả", 18), Column("Trả lời lúc", 16, True), Column("Ghi chú", 20),
    )  # fmt: skip
    rows = tuple(
        (m.role, m.who, m.state + (f", qua {m.via}" if m.via else ""), stamp(m.answered_at), m.note)
        for m in report.task_force
    )
    yield Table("Tổ công tác: vai, người đảm nhiệm, kết quả trả lời", columns, rows)


def _asked(report: Report, chart: Chart | None) -> Iterator[Block]:
    if not report.units:
        yield Paragraph("Nhật ký chưa ghi lượt hỏi nào.")
        return
    yield Heading("1. Theo đơn vị", 2)
    columns = (
        Column("Đơn vị", 32), Column("Được hỏi", 11, True), Column("Đã nhận", 11, True), Column("Báo bận", 11, True),
        Column("Không trả lời", 11, True), Column("Trả lời sau (giữa)", 15, True), Column("Lâu nhất", 15, True),
    )  # fmt: skip
    rows = tuple(
        (
            u.unit,
            str(u.asked),
            str(u.accepted),
            str(u.declined),
            str(u.silent),
            _span(u.middle),
            _span(u.longest),
        )
        for u in report.units
    )
    yield Table("Số lượt được hỏi và trả lời theo đơn vị", columns, rows)
    if chart:
        caption = "Số lượt được hỏi và đã trả lời theo thời gian (giờ Việt Nam)"
        yield Picture(chart.svg, chart.png, chart.alt, caption)
    if report.internal:
        yield from _answers(report)


def _answers(report: Report) -> Iterator[Block]:
    yield Heading("2. Theo từng người", 2)
    columns = (
        Column("Họ tên, chức vụ", 30), Column("Đơn vị", 20), Column("Gửi lúc", 17, True),
        Column("Trả lời", 19), Column("Sau", 13, True), Column("Ghi chú", 15),
    )  # fmt: skip
    rows = tuple(
        (
            f"{a.name}, {a.post}" if a.post else a.name, a.unit, stamp(a.sent_at or a.asked_at),
            a.state + (f", qua {a.via}" if a.via else ""), _span(a.seconds), a.note,
        )
        for a in report.answers
    )  # fmt: skip
    yield Table("Từng lượt hỏi và trả lời", columns, rows)


def _span(seconds: int | None) -> str:
    return NO_TIME if seconds is None else length(seconds)


def _deadlines(report: Report) -> Iterator[Block]:
    law = tuple(d for d in report.deadlines if d.law)
    ours = tuple(d for d in report.deadlines if not d.law)
    yield Heading("1. Theo luật", 2)
    yield (
        _deadline_table("Thời hạn theo luật", law)
        if law
        else Paragraph("Không có thời hạn theo luật được tính.")
    )
    yield Heading("2. Mục tiêu nội bộ", 2)
    yield (
        _deadline_table("Mục tiêu nội bộ", ours) if ours else Paragraph("Không có mục tiêu nội bộ được tính.")
    )


def _deadline_table(caption: str, lines: tuple[DeadlineLine, ...]) -> Table:
    columns = (
        Column("Thời hạn", 34), Column("Tính từ", 22), Column("Hạn", 17, True),
        Column("Thực hiện", 17, True), Column("Kết quả", 14),
    )  # fmt: skip
    rows = tuple(
        (
            d.title + (f" ({d.basis})" if d.law and d.basis else ""),
            f"{d.start}: {stamp(d.started_at)}" if d.started_at else f"{d.start}: chưa có mốc",
            stamp(d.due), stamp(d.ended_at), d.state,
        )
        for d in lines
    )  # fmt: skip
    return Table(caption, columns, rows)


def _statements(report: Report) -> Iterator[Block]:
    if not report.statements:
        yield Paragraph("Nhật ký chưa có thông tin nào được soạn.")
    for number, statement in enumerate(report.statements, 1):
        yield Heading(f"{number}. {statement.title} ({statement.state.lower()})", 2)
        if statement.corrects:
            yield Paragraph(f"Đính chính cho: {statement.corrects}.")
        if not statement.revisions:
            yield Paragraph("Chưa trình bản nào.")
        for revision in statement.revisions:
            yield from _revision(revision)
        yield from _releases(statement, report.drill)


def _revision(revision: RevisionLine) -> Iterator[Block]:
    drafted = f" Người soạn: {revision.editors}." if revision.editors else ""
    why = (
        "bị trả lại"
        if any(d.decision == DECISIONS["returned"] for d in revision.decisions)
        else "nội dung được sửa"
    )
    voided = f" Hết hiệu lực lúc {stamp(revision.voided_at)} do {why}." if revision.voided_at else ""
    mark = "CHƯA DUYỆT. " if revision.unapproved else ""
    yield Paragraph(
        f"{mark}Bản {revision.n}, mã {revision.code}, {revision.submitted_by} trình lúc {stamp(revision.submitted_at)}."
        f"{drafted}{voided} Mã băm: {revision.sha256[:SHORT_HASH]}."
    )
    yield Quote(revision.text)
    if revision.decisions:
        columns = (
            Column("Người quyết định", 34), Column("Quyết định", 14), Column("Lúc", 18, True),
            Column("Sau", 14, True), Column("Lý do, ghi chú", 24),
        )  # fmt: skip
        rows = tuple(
            (
                d.who, d.decision + ("" if d.same_text else " (khác mã băm)") + (f", qua {d.via}" if d.via else ""),
                stamp(d.at), length(d.seconds), "; ".join(said for said in (d.reason, d.note) if said),
            )
            for d in revision.decisions
        )  # fmt: skip
        yield Table(f"Quyết định đối với bản {revision.n}", columns, rows)


def _releases(statement: StatementLine, drill: bool) -> Iterator[Block]:
    if not statement.releases:
        return
    columns = (
        Column("Kênh", 20), Column("Hình thức", 26), Column("Lúc", 16, True), Column("Người thực hiện", 22),
        Column("Đường dẫn", 20), Column("Đúng bản duyệt", 12, True),
    )  # fmt: skip
    rows = tuple(
        (
            r.channel or NO_TIME, r.form or NO_TIME, stamp(r.released_at), _releasers(r.released_by, r.posted_by),
            "; ".join(said for said in (r.link, r.taken_down) if said) or NO_TIME, f"Bản {r.revision}: " + ("đúng" if r.as_approved else "KHÔNG"),
        )
        for r in statement.releases
    )  # fmt: skip
    title = (
        f"Công bố (diễn tập, không đăng thật): {statement.title}" if drill else f"Công bố: {statement.title}"
    )
    yield Table(title, columns, rows)


def _releasers(released_by: str, posted_by: str) -> str:
    if not posted_by or posted_by == released_by:
        return f"Công bố: {released_by}"
    return f"Công bố: {released_by}\nĐăng: {posted_by}"


def _press(report: Report) -> Iterator[Block]:
    """Outlets, times and results; who asked, and in which words, stands in the annex alone."""
    yield Paragraph(report.press_summary)
    if not report.press:
        return
    columns = (
        Column("Câu", 7, True), Column("Cơ quan báo chí", 25), Column("Nhận lúc", 16, True),
        Column("Hạn của báo", 16, True), Column("Trả lời lúc", 16, True), Column("Kết quả", 20),
    )  # fmt: skip
    rows = tuple(
        (
            str(p.n), p.outlet, stamp(p.received_at), stamp(p.deadline), stamp(p.answered_at),
            p.state + (", sau hạn" if p.late else "") + (f": {p.answer}" if p.answer and not report.internal else ""),
        )
        for p in report.press
    )  # fmt: skip
    yield Table("Câu hỏi của báo chí", columns, rows)
    if report.internal:
        yield from _press_by_name(report)


def _press_by_name(report: Report) -> Iterator[Block]:
    columns = (
        Column("Câu", 7, True),
        Column("Người hỏi", 25),
        Column("Câu hỏi", 38),
        Column("Trả lời", 30),
    )
    rows = tuple(
        (str(p.n), p.name or NO_TIME, p.question, " ".join(x for x in (p.answer, p.link) if x) or NO_TIME)
        for p in report.press
    )
    yield Table("Người hỏi, câu hỏi và nội dung trả lời", columns, rows)


def _exercise(done: Exercise) -> Iterator[Block]:
    """What was expected of each inject, and when the timeline shows it; the ratings of the evaluators."""
    yield Paragraph(
        f"Số người tham gia: {done.participants}. Việc cần làm của từng tình huống được đối chiếu tự động với nhật ký; giờ "
        "diễn tập là giờ của đồng hồ diễn tập, tính từ lúc mở."
    )
    if done.stopped_at:
        yield Paragraph(f"Diễn tập dừng lúc {moment_words(done.stopped_at)} vì có sự cố thật.")
    if not done.injects:
        yield Paragraph("Diễn tập gọi xác nhận, không có tình huống bổ sung.")
    else:
        columns = (
            Column("Tình huống", 34), Column("Đưa ra", 16, True), Column("Việc cần làm", 24),
            Column("Thực hiện", 14, True), Column("Kết quả", 12),
        )  # fmt: skip
        rows = tuple(row for inject in done.injects for row in _inject_rows(inject))
        yield Table(f"Tình huống bổ sung: {done.title}", columns, rows)
    if done.objectives:
        heads = (
            Column("Mục tiêu", 34),
            Column("Đúng hạn", 12, True),
            Column("Đánh giá", 24),
            Column("Nhận xét", 30),
        )
        objectives = tuple(
            (
                o.title,
                f"{o.met}/{o.total}",
                str(rated(o.rating)),
                "; ".join(r.text for r in o.remarks if r.text) or NO_TIME,
            )
            for o in done.objectives
        )
        yield Table("Đánh giá theo mục tiêu", heads, objectives)
    for remark in done.remarks:
        yield Paragraph(f"Nhận xét lúc {stamp(remark.at)}, {remark.by}: {remark.text}")


def _inject_rows(inject: InjectLine) -> Iterator[tuple[str, ...]]:
    """One row an expected action; the inject itself stands in the first."""
    to = f"{inject.id} ({inject.kind.lower()}, {inject.role}): {inject.text}"
    followed = (
        f"\nNhắc lúc {stamp(inject.contingency_at)}: {inject.contingency}" if inject.contingency_at else ""
    )
    given = stamp(inject.given_at) if inject.given_at else str(INJECT_STATES[inject.state])
    if inject.by_hand:
        given += " (đưa sớm hoặc muộn)"
    if inject.reason:
        given += f": {inject.reason}"
    lines = inject.expected or (None,)
    for number, line in enumerate(lines):
        head = (to + followed, given) if number == 0 else ("", "")
        if line is None:
            yield (*head, NO_TIME, NO_TIME, NO_TIME)
            continue
        proof = f" (mục {line.seq})" if line.seq else ""
        within = f"{line.title}, trong {length(line.within)}"
        yield (
            *head,
            within,
            stamp(line.at) + proof if line.at else NO_TIME,
            str(EXPECTED_STATES[line.state]),
        )


def _measures(report: Report) -> Iterator[Block]:
    yield Paragraph(
        "Số liệu lấy từ nhật ký, chỉ dùng để rút kinh nghiệm nội bộ; lượt không trả lời được tính là trả lời sau "
        "thời gian vô hạn."
    )
    columns = (Column("Chỉ số", 36), Column("Giá trị", 34), Column("Cách tính", 32))
    yield Table("Số liệu đánh giá", columns, tuple((m.title, m.value, m.definition) for m in report.measures))


def _deviations(report: Report) -> Iterator[Block]:
    if not report.deviations:
        yield Paragraph("Nhật ký không ghi nội dung nào thực hiện khác kế hoạch.")
        return
    columns = (Column("Lúc", 17, True), Column("Việc", 23), Column("Diễn biến", 38), Column("Lý do", 24))
    rows = tuple((stamp(d.at), d.title, d.text, d.reason or NO_TIME) for d in report.deviations)
    yield Table("Nội dung thực hiện khác kế hoạch", columns, rows)


def _sections(report: Report) -> Iterator[Block]:
    for number, section in enumerate(report.sections, 1):
        yield Heading(f"{number}. {section.title}", 2)
        yield Paragraph(section.text or NOT_WRITTEN, italic=not section.text)


def _improvements(report: Report) -> Iterator[Block]:
    if not report.improvements:
        yield Paragraph(NOT_WRITTEN, italic=True)
        return
    columns = (
        Column("Vấn đề", 26), Column("Việc cần làm", 28), Column("Người, đơn vị chịu trách nhiệm", 22),
        Column("Hạn", 16, True), Column("Tình trạng", 13),
    )  # fmt: skip
    rows = tuple(
        (
            i.issue, i.action, ", ".join(part for part in (i.owner, i.unit) if part), f"{i.due:%d/%m/%Y}",
            f"Xong {stamp(i.done_at)[:10]}" if i.done_at else "Chưa xong",
        )
        for i in report.improvements
    )  # fmt: skip
    yield Table("Kế hoạch cải thiện", columns, rows)


def _timeline(report: Report) -> Iterator[Block]:
    if not report.timeline:
        yield Paragraph("Nhật ký chưa có mục nào.")
        return
    columns = (
        Column("Số", 8, True),
        Column("Lúc", 18, True),
        Column("Diễn biến", 54),
        Column("Người ghi", 22),
    )
    yield Table("Nhật ký diễn biến", columns, _lines(report.timeline))
    for other in report.merged:
        yield Paragraph(
            f"Vụ việc {other.number} đã gộp vào vụ việc này lúc {stamp(other.at)}. Nhật ký của vụ việc đó có "
            f"{other.chain_seq} mục, mã băm cuối {other.chain_hash}."
        )
        yield Table(f"Nhật ký của vụ việc {other.number}", columns, _lines(other.timeline))


def _lines(lines: tuple[TimelineLine, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple((str(t.seq), stamp(t.occurred_at), t.text, t.actor) for t in lines)


def _proof(report: Report) -> Iterator[Block]:
    for line in report.basis:
        yield Paragraph(line + ".")
    if not report.basis:
        yield Paragraph("Nhật ký không ghi căn cứ pháp lý nào được áp dụng.")
    facts = (
        Fact("Số mục của nhật ký", str(report.chain_seq)),
        Fact("Đầu chuỗi mã băm (SHA-256)", report.chain_hash or NO_DATA),
        Fact("Lập báo cáo lúc", moment_words(report.made_at)),
    )
    yield from _facts("Xác thực nhật ký", facts)
    yield Paragraph(
        "Các mục của nhật ký nối nhau bằng mã băm. Đối chiếu đầu chuỗi trên với hệ thống hoặc với tệp JSON đã xuất để "
        "biết nhật ký có bị sửa hay không."
    )
