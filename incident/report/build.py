"""The after-action report as values, made purely from the record: nothing is asked, fetched or invented here.

Two parts: "ban-gui", which is sent and speaks of units and figures, and "noi-bo", the internal annex with names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median_low

from incident.domain.legal import channels
from incident.papers.dates import between, length, moment_words, stamp
from incident.report import press, titles
from incident.report.deviations import Deviation, deviations
from incident.report.exercise import Exercise, exercise
from incident.report.measures import (
    Measure,
    asked,
    decision_waits,
    first_release,
    leader_told,
    measures,
    share_words,
    waited,
)
from incident.report.naming import INTERNAL, PARTS, Naming, post_and_unit
from incident.report.overview import Overview, overview
from incident.report.press import PressLine
from incident.report.record import (
    AnswerView,
    DeadlineView,
    IncidentView,
    MemberView,
    PhoneNote,
    ReleaseView,
    RevisionView,
    StatementView,
)

SECTION_ORDER = ("went_well", "to_improve", "conditions", "lessons")


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class MemberLine:
    """`who` is a name with its post in the annex, else the post."""

    role: str
    who: str
    unit: str
    state: str
    asked_at: datetime | None
    answered_at: datetime | None
    via: str
    note: str


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One unit's figures. `middle` and `longest` are seconds, None where nobody answered."""

    unit: str
    asked: int
    accepted: int
    declined: int
    silent: int
    middle: int | None
    longest: int | None


@dataclass(frozen=True, slots=True)
class AnswerLine:
    name: str
    post: str
    unit: str
    asked_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    state: str
    via: str
    seconds: int | None
    note: str


@dataclass(frozen=True, slots=True)
class DecisionLine:
    who: str
    decision: str
    at: datetime
    seconds: int
    via: str
    reason: str
    same_text: bool
    note: str = ""  # of an approval by telephone: who wrote it down, its words, whether it was confirmed


@dataclass(frozen=True, slots=True)
class RevisionLine:
    n: int
    code: str
    sha256: str
    text: str
    editors: str
    submitted_by: str
    submitted_at: datetime
    voided_at: datetime | None
    decisions: tuple[DecisionLine, ...]
    unapproved: bool = False


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """`as_approved`: the released text is, by its hash, the text that was approved."""

    revision: int
    channel: str
    form: str
    link: str
    released_at: datetime | None
    released_by: str
    posted_by: str
    as_approved: bool
    taken_down: str = ""


@dataclass(frozen=True, slots=True)
class StatementLine:
    title: str
    state: str
    revisions: tuple[RevisionLine, ...]
    releases: tuple[ReleaseLine, ...]
    corrects: str


@dataclass(frozen=True, slots=True)
class DeadlineLine:
    title: str
    law: bool
    basis: str
    note: str
    start: str
    started_at: datetime | None
    due: datetime | None
    ended_at: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class TimelineLine:
    seq: int
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    text: str


@dataclass(frozen=True, slots=True)
class MergedLine:
    """An incident that became part of this one, with its timeline and the head of its chain."""

    number: str
    at: datetime | None
    chain_seq: int
    chain_hash: str
    timeline: tuple[TimelineLine, ...]


@dataclass(frozen=True, slots=True)
class Section:
    key: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class ImprovementLine:
    issue: str
    action: str
    owner: str
    unit: str
    due: date
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Curve:
    """Seconds after the opening at which someone was asked, and at which someone answered; both ordered."""

    opened_at: datetime
    asked: tuple[int, ...]
    answered: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Report:
    part: str
    provisional: bool
    drill: bool
    number: str
    title: str
    made_at: datetime
    cover: tuple[Fact, ...]
    summary: tuple[str, ...]
    trigger: tuple[Fact, ...]
    task_force: tuple[MemberLine, ...]
    units: tuple[UnitLine, ...]
    answers: tuple[AnswerLine, ...]  # only in the annex
    curve: Curve
    deadlines: tuple[DeadlineLine, ...]
    statements: tuple[StatementLine, ...]
    press_summary: str
    press: tuple[PressLine, ...]
    timeline: tuple[TimelineLine, ...]
    measures: tuple[Measure, ...]
    deviations: tuple[Deviation, ...]
    sections: tuple[Section, ...]
    improvements: tuple[ImprovementLine, ...]
    basis: tuple[str, ...]
    chain_seq: int
    chain_hash: str
    overview: Overview
    merged: tuple[MergedLine, ...] = ()
    exercise: Exercise | None = None  # of a drill that is over: who still plays does not read it

    @property
    def internal(self) -> bool:
        return self.part == INTERNAL


def build(view: IncidentView, part: str, now: datetime) -> Report:
    """The report of `view` for one part. Raises ValueError for a part that does not exist."""
    if part not in PARTS:
        raise ValueError(f"phần báo cáo {part!r}: chỉ có {', '.join(PARTS)}")
    naming = Naming(view, part)
    answers = asked(view)
    return Report(
        part=part,
        provisional=view.status == "open",
        drill=view.drill,
        number=view.number,
        title=naming.text(view.title),
        made_at=now,
        cover=_cover(view, naming),
        summary=_summary(view, naming, answers),
        trigger=_trigger(view, naming),
        task_force=_task_force(view, naming),
        units=_units(answers),
        answers=_answers(answers) if part == INTERNAL else (),
        curve=_curve(view, answers),
        deadlines=tuple(_deadline(deadline) for deadline in view.deadlines),
        statements=tuple(_statement(statement, view, naming) for statement in view.statements),
        press_summary=press.summary(view.press),
        press=press.lines(view, naming),
        timeline=_timeline(view, naming),
        measures=measures(view, now),
        deviations=deviations(view, naming),
        sections=_sections(view, naming),
        improvements=_improvements(view, naming),
        basis=_basis(view),
        chain_seq=view.chain_seq,
        chain_hash=view.chain_hash,
        overview=overview(view, now, naming.text),
        merged=_merged(view, naming),
        exercise=exercise(view, now, naming.text) if view.status != "open" else None,
    )


# ------------------------------------------------------------------ cover, summary, trigger


def _cover(view: IncidentView, naming: Naming) -> tuple[Fact, ...]:
    ended = moment_words(view.closed_at) if view.closed_at else "chưa kết thúc"
    facts = [
        Fact("Số vụ việc", view.number + (" – DIỄN TẬP" if view.drill else "")),
        Fact("Vụ việc", naming.text(view.title)),
        Fact("Cấp độ", f"{view.level} – {view.level_name}"),
        Fact("Địa bàn", _area(view)),
        Fact("Mở lúc", moment_words(view.opened_at)),
        Fact("Kết thúc lúc", ended),
        *_lead(view),
        Fact("Kết quả xử lý", titles.said(titles.OUTCOMES, view.outcome) or "chưa có"),
        Fact("Kịch bản áp dụng", f"{view.playbook_title}, bản {view.playbook_version}"),
    ]
    return tuple(facts)


def _lead(view: IncidentView) -> tuple[Fact, ...]:
    """Which body has the lead, and which incidents this one holds."""
    facts = []
    if view.handed:
        paper = f"văn bản số {view.handed.paper}" if view.handed.paper else "chưa có văn bản"
        facts.append(Fact("Cơ quan chủ trì", f"{view.handed.to}, từ {moment_words(view.handed.at)}, {paper}"))
    if view.merged_into:
        facts.append(Fact("Đã gộp vào", f"{view.merged_into.number}"))
    if view.merged:
        facts.append(Fact("Vụ việc đã gộp vào đây", ", ".join(other.number for other in view.merged)))
    return tuple(facts)


def _merged(view: IncidentView, naming: Naming) -> tuple[MergedLine, ...]:
    return tuple(
        MergedLine(
            other.number,
            other.at,
            other.chain_seq,
            other.chain_hash,
            tuple(
                TimelineLine(
                    e.seq, e.kind, e.occurred_at, e.recorded_at, naming.actor(e.actor), naming.text(e.text)
                )
                for e in other.timeline
            ),
        )
        for other in view.merged
    )


def _summary(view: IncidentView, naming: Naming, answers: tuple[AnswerView, ...]) -> tuple[str, ...]:
    lines = [
        _opened_sentence(view, naming),
        _asked_sentence(answers),
        _released_sentence(view),
        _deadline_sentence(view.deadlines),
        _end_sentence(view),
    ]
    written = view.sections.get("summary", "").strip()
    return tuple(line for line in (naming.text(written), *lines) if line)


def _opened_sentence(view: IncidentView, naming: Naming) -> str:
    where = _area(view)
    opened = f"Vụ việc {view.number} “{naming.text(view.title)}” được mở lúc {moment_words(view.opened_at)}"
    return f"{opened}, cấp độ {view.level} ({view.level_name}), địa bàn: {where}."


def _area(view: IncidentView) -> str:
    """The places, not the committees that govern them."""
    names = [name.removeprefix("Ủy ban nhân dân ").removeprefix("UBND ") for name in view.area_names]
    return ", ".join(name[:1].upper() + name[1:] for name in names) or titles.NO_DATA


def _asked_sentence(answers: tuple[AnswerView, ...]) -> str:
    if not answers:
        return "Nhật ký chưa ghi lượt hỏi nào."
    accepted = sum(1 for a in answers if a.state == "accepted")
    declined = sum(1 for a in answers if a.state == "declined")
    silent = len(answers) - accepted - declined
    return (
        f"Đã hỏi {len(answers)} lượt người: {accepted} đã nhận, {declined} báo bận, {silent} không trả lời."
    )


def _released_sentence(view: IncidentView) -> str:
    first = first_release(view)
    if first is None:
        return "Chưa có thông tin nào được công bố."
    count = sum(1 for s in view.statements if any(r.released_at for r in s.releases))
    after = length(between(view.opened_at, first[1]))
    return f"Đã công bố {count} thông tin; lần đầu lúc {moment_words(first[1])}, sau khi mở vụ việc {after}."


def _deadline_sentence(deadlines: tuple[DeadlineView, ...]) -> str:
    law = [d for d in deadlines if d.law and d.state in ("met", "missed", "running", "warned")]
    handed = [d.title for d in deadlines if d.law and d.state == "handed"]
    gone = f"Thời hạn theo luật chuyển cùng cơ quan chủ trì: {', '.join(handed)}." if handed else ""
    if not law:
        return gone or "Nhật ký không có thời hạn theo luật nào được tính cho vụ việc này."
    met = share_words(sum(1 for d in law if d.state == "met"), len(law))
    return f"Thời hạn theo luật: đúng hạn {met}. {gone}".rstrip()


def _end_sentence(view: IncidentView) -> str:
    if view.closed_at is None:
        return "Vụ việc chưa kết thúc; số liệu tính đến thời điểm lập bản này."
    outcome = titles.said(titles.OUTCOMES, view.outcome) or titles.NO_DATA
    return f"Vụ việc kết thúc lúc {moment_words(view.closed_at)}, kết quả: {outcome}."


def _trigger(view: IncidentView, naming: Naming) -> tuple[Fact, ...]:
    moments = (
        ("Thời điểm xảy ra", view.occurred_at),
        ("Thời điểm phát hiện", view.detected_at),
        ("Thời điểm tiếp nhận, xử lý theo thẩm quyền", view.accepted_at),
        ("Thời điểm xác định có tác động dư luận", view.assessed_at),
    )
    informed = leader_told(view)
    return (
        Fact("Nguồn tin", naming.text(view.source) or titles.NO_DATA),
        Fact("Nội dung ban đầu", naming.text(view.summary) or titles.NO_DATA),
        *(Fact(label, moment_words(at) if at else titles.NO_DATA) for label, at in moments),
        Fact("Người mở vụ việc", naming.person(view.opened_by) or titles.NO_DATA),
        Fact("Báo cáo lãnh đạo", naming.text(informed.text) if informed else titles.NO_DATA),
    )


# ------------------------------------------------------------------ who was asked, who answered


def _task_force(view: IncidentView, naming: Naming) -> tuple[MemberLine, ...]:
    return tuple(
        MemberLine(
            role=m.role_title,
            who=f"{m.name}, {m.post}" if naming.by_name else post_and_unit(m.post, m.unit),
            unit=m.unit,
            state=titles.said(titles.MEMBERS, m.state),
            asked_at=m.asked_at,
            answered_at=m.answered_at,
            via=titles.said(titles.CHANNELS, m.via),
            note="; ".join(
                note
                for note in (_stand_in_note(m.instead_of, m.reason, naming, m.replaced_by), _rang(m))
                if note
            ),
        )
        for m in view.task_force
    )


def _rang(member: MemberView) -> str:
    if member.rang_at is None or member.via == "voice":
        return ""
    return f"đã gọi tự động lúc {stamp(member.rang_at)}, {titles.said(titles.RANG, member.rang)}"


def _stand_in_note(
    instead_of: str | None, reason: str, naming: Naming, replaced_by: str | None = None
) -> str:
    notes = (
        f"thay {naming.person(instead_of)}" if instead_of else "",
        f"đã có {naming.person(replaced_by)} thay" if replaced_by else "",
        naming.text(titles.said(titles.REASONS, reason)),
    )
    return "; ".join(note for note in notes if note)


def _units(answers: tuple[AnswerView, ...]) -> tuple[UnitLine, ...]:
    by_unit: dict[str, list[AnswerView]] = {}
    for answer in answers:
        by_unit.setdefault(answer.unit, []).append(answer)
    return tuple(_unit(unit, rows) for unit, rows in by_unit.items())


def _unit(unit: str, rows: list[AnswerView]) -> UnitLine:
    accepted = sum(1 for row in rows if row.state == "accepted")
    declined = sum(1 for row in rows if row.state == "declined")
    waits = [wait for row in rows if (wait := waited(row)) is not None]
    middle, longest = (median_low(waits), max(waits)) if waits else (None, None)
    return UnitLine(unit, len(rows), accepted, declined, len(rows) - accepted - declined, middle, longest)


def _answers(answers: tuple[AnswerView, ...]) -> tuple[AnswerLine, ...]:
    return tuple(
        AnswerLine(
            name=a.name,
            post=a.post,
            unit=a.unit,
            asked_at=a.asked_at,
            sent_at=a.sent_at,
            answered_at=a.answered_at,
            state=titles.said(titles.ANSWERS, a.state),
            via=titles.said(titles.CHANNELS, a.via),
            seconds=waited(a),
            note="; ".join(
                note
                for note in (
                    f"thay {a.instead_of}" if a.instead_of else "",
                    titles.said(titles.REASONS, a.reason),
                )
                if note
            ),
        )
        for a in answers
    )


def _curve(view: IncidentView, answers: tuple[AnswerView, ...]) -> Curve:
    def after(moments: list[datetime]) -> tuple[int, ...]:
        return tuple(sorted(max(0, between(view.opened_at, at)) for at in moments))

    answered = [a.answered_at for a in answers if a.answered_at and waited(a) is not None]
    return Curve(view.opened_at, after([a.sent_at or a.asked_at for a in answers]), after(answered))


# ------------------------------------------------------------------ deadlines, statements


def _deadline(deadline: DeadlineView) -> DeadlineLine:
    return DeadlineLine(
        title=deadline.title,
        law=deadline.law,
        basis=deadline.basis,
        note=deadline.basis_note,
        start=deadline.start_title,
        started_at=deadline.started_at,
        due=deadline.due,
        ended_at=deadline.met_at,
        state=titles.said(titles.DEADLINES, deadline.state)
        + (f" lúc {stamp(deadline.handed_at)}" if deadline.handed_at else ""),
    )


def _statement(statement: StatementView, view: IncidentView, naming: Naming) -> StatementLine:
    original = next((s.title for s in view.statements if s.id == statement.corrects), "")
    return StatementLine(
        title=naming.text(statement.title),
        state=_state(statement),
        revisions=tuple(_revision(revision, naming) for revision in statement.revisions),
        releases=_releases(statement, naming, view.basis.get("forms", {})),
        corrects=naming.text(original),
    )


def _state(statement: StatementView) -> str:
    if statement.state == "approved" and statement.unconfirmed:
        return titles.UNCONFIRMED
    known = titles.said(titles.STATEMENTS, statement.state)
    if not statement.unapproved:
        return known
    return (
        f"{titles.UNAPPROVED}, chưa công bố"
        if statement.state == "approved"
        else f"{known}, {titles.UNAPPROVED.lower()}"
    )


def _revision(revision: RevisionView, naming: Naming) -> RevisionLine:
    decisions = sorted(revision.approvals, key=lambda approval: approval.at)
    return RevisionLine(
        n=revision.n,
        code=revision.code,
        sha256=revision.sha256,
        text=revision.text,
        editors=naming.people(revision.editors),
        submitted_by=naming.person(revision.submitted_by),
        submitted_at=revision.submitted_at,
        voided_at=revision.voided_at,
        unapproved=revision.unapproved,
        decisions=tuple(
            DecisionLine(
                who=naming.person(approval.name),
                decision=titles.said(titles.DECISIONS, approval.decision),
                at=approval.at,
                seconds=seconds,
                via=titles.said(titles.CHANNELS, approval.via),
                reason=naming.text(approval.reason),
                same_text=approval.sha256 == revision.sha256,
                note=_phone_note(approval.phone, naming),
            )
            for approval, seconds in zip(decisions, decision_waits(revision), strict=True)
        ),
    )


def _phone_note(phone: PhoneNote | None, naming: Naming) -> str:
    if phone is None:
        return ""
    via = titles.said(titles.CHANNELS, phone.confirmed_via)
    after = (
        f"người duyệt báo không đúng lúc {stamp(phone.disputed_at)}"
        if phone.disputed_at
        else f"xác nhận lúc {stamp(phone.confirmed_at)}, qua {via}"
        if phone.confirmed_at
        else "chưa xác nhận"
    )
    by = f"Người ghi {naming.person(phone.recorded_by)} lúc {stamp(phone.recorded_at)}"
    words = f"; lời ghi: {naming.text(phone.words)}" if phone.words else ""
    return f"{by}; {after}{words}"


def _releases(statement: StatementView, naming: Naming, forms: Mapping[str, str]) -> tuple[ReleaseLine, ...]:
    approved = {
        a.sha256 for r in statement.revisions for a in r.approvals if a.decision == "approved" and a.stands
    }
    return tuple(
        ReleaseLine(
            revision=release.revision_n,
            channel=_channel(release.channel),
            form=str(forms.get(release.form or "", release.form or "")),
            link=release.link or "",
            released_at=release.released_at,
            released_by=naming.person(release.released_by),
            posted_by=naming.person(release.posted_by),
            as_approved=release.sha256 in approved,
            taken_down=_taken_down(release, naming),
        )
        for release in statement.releases
    )


def _taken_down(release: ReleaseView, naming: Naming) -> str:
    if release.taken_down_at is None:
        return ""
    why = f", lý do: {naming.text(release.taken_down_why)}" if release.taken_down_why else ""
    who = naming.person(release.taken_down_by or "")
    return f"đã gỡ lúc {stamp(release.taken_down_at)}, {who} quyết định{why}"


def _channel(key: str | None) -> str:
    known = channels().get(key or "")
    return known.title if known else key or ""


# ------------------------------------------------------------------ timeline, sections, basis


def _timeline(view: IncidentView, naming: Naming) -> tuple[TimelineLine, ...]:
    return tuple(
        TimelineLine(e.seq, e.kind, e.occurred_at, e.recorded_at, naming.actor(e.actor), naming.text(e.text))
        for e in view.timeline
    )


def _sections(view: IncidentView, naming: Naming) -> tuple[Section, ...]:
    """What people wrote, in the report's order; `summary` stands in the summary."""
    return tuple(
        Section(key, titles.SECTIONS[key], naming.text(view.sections.get(key, "").strip()))
        for key in SECTION_ORDER
    )


def _improvements(view: IncidentView, naming: Naming) -> tuple[ImprovementLine, ...]:
    return tuple(
        ImprovementLine(
            issue=naming.text(i.issue),
            action=naming.text(i.action),
            owner=i.owner if naming.by_name else naming.text(i.owner),
            unit=i.unit,
            due=i.due,
            done_at=i.done_at,
        )
        for i in view.improvements
    )


def _basis(view: IncidentView) -> tuple[str, ...]:
    """The basis copied at opening, with its source and how it was checked, then the article of every clock that ran."""
    kept = view.basis
    lines = []
    if kept.get("title"):
        source = f"nguồn: {kept['source']}" if kept.get("source") else ""
        known = "; ".join(
            words for words in (source, titles.said(titles.VERIFIED, kept.get("verified"))) if words
        )
        lines.append(f"{kept['title']} ({known})" if known else str(kept["title"]))
    lines += [f"{d.title}: {d.basis}" for d in view.deadlines if d.law and d.basis]
    return tuple(dict.fromkeys(lines))
