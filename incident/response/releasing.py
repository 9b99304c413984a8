"""A text going out and coming back: the decision, where it stands, a mended address, what was taken down.

What goes out is what was approved, by hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from incident.domain import legal
from incident.domain.actors import Actor, Role
from incident.domain.address import called
from incident.domain.errors import Conflict, Forbidden, Invalid, NotFound
from incident.domain.ids import new_id
from incident.domain.words import said
from incident.response import approval_policy
from incident.response.advance import state_of
from incident.response.desk import Desk
from incident.response.permissions import require_person
from incident.response.statement_case import Case, digest, held_case
from incident.store.tables import Person, PhoneApproval, Release, Revision, Statement
from playbooks.signals import Published

LATE = timedelta(minutes=10)  # a release typed in later than this is a deviation the report names


def release(
    desk: Desk, statement_id: str, actor: Actor, now: datetime, *, revision_id: str | None = None
) -> None:
    """The one entitled to speak decides that the approved text goes out; the poster is asked next."""
    with desk.store.writing() as session:
        case, revision, person = _publishing(session, desk, statement_id, revision_id, actor, now)
        assert case.publish is not None
        if case.run.steps[case.publish.id].turn + 1 >= len(case.publish.by):
            raise Conflict("post_now", "Chỉ còn việc ghi nơi đã đăng: kênh, hình thức, đường dẫn, thời điểm.")
        _go(case, revision, person, actor)


def _go(case: Case, revision: Revision, person: str, actor: Actor) -> Release:
    """The spokesperson's turn."""
    assert case.publish is not None
    row = Release(
        id=new_id(case.now), incident_id=case.incident.id, revision_id=revision.id, step=case.publish.id,
        sha256=revision.sha256, released_by=person, approved_to_go_at=case.now,
    )  # fmt: skip
    case.session.add(row)
    case.record(
        "release_decided", actor,
        {"revision": revision.id, "n": revision.n, "sha256": revision.sha256, "person": person},
    )  # fmt: skip
    case.enter(Published(case.publish.id, person, revision.sha256, case.now))
    case.run = state_of(case.session, case.incident.id)
    return row


def post(
    desk: Desk,
    statement_id: str,
    actor: Actor,
    now: datetime,
    *,
    channel: str,
    form: str | None = None,
    link: str = "",
    released_at: datetime | None = None,
    revision_id: str | None = None,
) -> None:
    """Record where and when the approved text stands outside. The first channel completes the step; further ones are
    added to the record. One who holds both turns does both at once. Raises Invalid, Forbidden, Conflict."""
    at = released_at or now
    with desk.store.writing() as session:
        case = held_case(session, desk, statement_id, now)
        form = _checked_form(case, channel, form)
        already = case.statement.state == "released"
        if already:
            person, revision = require_person(actor), case.newest()
            earlier = _released(session, revision)
            if person not in {r.posted_by for r in earlier} | {r.released_by for r in earlier}:
                raise Forbidden("not_poster", "Chỉ người đã công bố, đã đăng mới ghi thêm kênh.")
            decided = earlier[0]
        else:
            case, revision, person = _publishing(session, desk, statement_id, revision_id, actor, now)
            decided = _decided(case, revision, person, actor)
        _check_time(at, decided.approved_to_go_at, revision, now)
        row = decided
        if already:
            if any(r.channel == channel for r in _released(session, revision)):
                raise Conflict("channel_done", "Kênh này đã ghi rồi.")
            row = Release(
                id=new_id(now), incident_id=case.incident.id, revision_id=revision.id, step=decided.step,
                sha256=revision.sha256, released_by=decided.released_by,
                approved_to_go_at=decided.approved_to_go_at,
            )  # fmt: skip
            session.add(row)
        row.posted_by, row.channel, row.form, row.link = person, channel, form, link.strip()[:500]
        row.released_at, row.recorded_at = at, now
        data: dict[str, object] = {
            "revision": revision.id, "n": revision.n, "sha256": revision.sha256, "channel": channel,
            "form": form, "link": link.strip()[:500], "released_at": at, "person": person,
        }  # fmt: skip
        if case.incident.mode == "drill":
            data["pretended"] = True  # no channel of a drill is the public's
        if now - at > LATE:
            data["typed_late_seconds"] = int((now - at).total_seconds())
        case.record("released", actor, data)
        if not already:
            assert case.publish is not None
            case.enter(Published(case.publish.id, person, revision.sha256, at))
            case.statement.state, case.statement.updated_at = "released", now
            _mark_corrected(case)


def _decided(case: Case, revision: Revision, person: str, actor: Actor) -> Release:
    """The release decision, made now when the poster is also the one entitled to speak."""
    assert case.publish is not None
    turn = case.run.steps[case.publish.id].turn
    if turn + 1 < len(case.publish.by):
        posters = case.run.roles.get(case.publish.by[turn + 1])
        if posters is None or person not in posters.people:
            raise Conflict(
                "release_first", "Xin quyết định công bố trước; nơi đăng do người đăng ghi lại sau khi đăng."
            )
        return _go(case, revision, person, actor)
    decided = case.session.scalar(
        select(Release).where(Release.revision_id == revision.id, Release.channel.is_(None))
    )
    if decided is not None:
        return decided
    row = Release(
        id=new_id(case.now), incident_id=case.incident.id, revision_id=revision.id, step=case.publish.id,
        sha256=revision.sha256, released_by=person, approved_to_go_at=case.now,
    )  # fmt: skip
    case.session.add(row)
    return row


def _publishing(
    session: Session, desk: Desk, statement_id: str, revision_id: str | None, actor: Actor, now: datetime
) -> tuple[Case, Revision, str]:
    person = require_person(actor)
    case = held_case(session, desk, statement_id, now)
    if case.publish is None:
        raise Conflict("no_publish", "Kịch bản không có bước công bố cho nội dung này.")
    revision = case.newest()
    if revision_id not in (None, revision.id):
        raise Conflict("old_revision", "Đã có bản mới hơn; xin xem bản hiện hành.")
    if case.statement.state != "approved":
        raise Conflict("not_approved", "Nội dung chưa được duyệt; không công bố được.")
    if digest(case.statement.text) != revision.sha256:
        raise Conflict("changed", "Nội dung đang mở khác bản đã duyệt; không công bố được.")
    if case.run.steps[case.publish.id].handed:
        text = said("%(body)s đang chủ trì; muốn công bố xin nhận lại trước.", body=case.incident.handed_to)
        raise Conflict("handed_over", text)
    if person not in case.actors(case.publish):
        raise Forbidden("not_asked", "Việc công bố này đang chờ người khác, không phải đồng chí.")
    _check_confirmed(case, revision)
    return case, revision, person


def _check_confirmed(case: Case, revision: Revision) -> None:
    """An approval by telephone that its approver has not confirmed lets a text out only where the policy says so."""
    who = case.session.execute(
        select(Person.xung_ho, Person.name)
        .join(PhoneApproval, PhoneApproval.person_id == Person.id)
        .where(
            PhoneApproval.revision_id == revision.id,
            PhoneApproval.confirmed_at.is_(None),
            PhoneApproval.disputed_at.is_(None),
        )
        .limit(1)
    ).one_or_none()
    if who is not None and not approval_policy.read(case.session).unconfirmed_at(case.incident.level):
        raise Conflict(
            "unconfirmed",
            said(
                "Lần duyệt qua điện thoại của %(who)s chưa được xác nhận; cấp độ này chưa công bố trước khi xác nhận. Đề nghị %(who)s nhắn tin OK %(code)s.",
                who=called(*who),
                code=case.incident.code,
            ),
        )


def _released(session: Session, revision: Revision) -> list[Release]:
    return list(session.scalars(select(Release).where(Release.revision_id == revision.id)))


def _checked_form(case: Case, channel: str, form: str | None) -> str:
    known = legal.channels().get(channel)
    if known is None:
        keys = ", ".join(legal.channels())
        raise Invalid(
            "bad_channel", "Không có kênh này.", {"channel": [said("Các kênh: %(keys)s.", keys=keys)]}
        )
    form = form or known.form
    if form not in case.incident.basis.get("forms", {}):
        raise Invalid(
            "bad_form", "Hình thức không có trong căn cứ pháp lý của vụ việc.",
            {"form": [said("Các hình thức: %(what)s.", what=", ".join(case.incident.basis.get("forms", {})))]},
        )  # fmt: skip
    return form


def _check_time(at: datetime, decided: datetime, revision: Revision, now: datetime) -> None:
    if at > now:
        raise Invalid(
            "future", "Thời điểm công bố ở tương lai.", {"released_at": [said("Không được ở tương lai.")]}
        )
    if at < revision.submitted_at:
        raise Invalid(
            "before_approval", "Thời điểm công bố trước khi duyệt.",
            {"released_at": [said("Không được trước thời điểm duyệt.")]},
        )  # fmt: skip


def _mark_corrected(case: Case) -> None:
    if case.statement.corrects:
        old = case.session.get(Statement, case.statement.corrects)
        if old is not None:
            old.state, old.updated_at = "corrected", case.now


# ------------------------------------------------------------------ afterwards


def take_down(
    desk: Desk,
    statement_id: str,
    release_ids: Sequence[str],
    reason: str,
    actor: Actor,
    now: datetime,
    taken_down_at: datetime | None = None,
) -> None:
    """Record that a released text no longer stands on these channels. When it stands on none, it is withdrawn.
    By one entitled to speak. Raises Invalid, Forbidden, Conflict."""
    reason = _reason(reason, said("Ghi vì sao gỡ, ai quyết định."))
    at = taken_down_at or now
    with desk.store.writing() as session:
        case = held_case(session, desk, statement_id, now, merged_too=True)
        person = _may_speak(case, actor)
        standing = [r for r in _posted(case) if r.taken_down_at is None]
        chosen = [r for r in standing if r.id in release_ids]
        if not chosen:
            fault = (
                said("Chọn ít nhất một nơi đang đăng.") if standing else said("Không còn nơi nào đang đăng.")
            )
            raise Invalid("nothing_chosen", fault, {"releases": [fault]})
        if at > now or any(r.released_at and at < r.released_at for r in chosen):
            fault = said("Không được ở tương lai, không được trước lúc công bố.")
            raise Invalid("bad_time", fault, {"taken_down_at": [fault]})
        entry = case.record(
            "withdrawn", actor,
            {"channels": [r.channel for r in chosen], "taken_down_at": at, "person": person,
             "all": len(chosen) == len(standing)},
            {"reason": reason}, at,
        )  # fmt: skip
        for release in chosen:
            release.taken_down_at, release.taken_down_by = at, person
            release.taken_down_seq = entry.seq
        case.statement.updated_at = now
        if len(chosen) == len(standing):
            case.statement.state = "withdrawn"


def mend_link(
    desk: Desk, statement_id: str, release_id: str, link: str, reason: str, actor: Actor, now: datetime
) -> None:
    """The address of a release was written down wrongly. The row keeps the newest one, the timeline both.
    Raises Invalid, Forbidden, NotFound."""
    reason = _reason(reason, said("Ghi vì sao sửa."))
    link = link.strip()[:500]
    if not link.startswith(("https://", "http://")):
        fault = said("Ghi cả đường dẫn, bắt đầu bằng https://")
        raise Invalid("bad_link", fault, {"link": [fault]})
    with desk.store.writing() as session:
        case = held_case(session, desk, statement_id, now, merged_too=True)
        release = next((r for r in _posted(case) if r.id == release_id), None)
        if release is None:
            raise NotFound("no_release", "Không có lần công bố này.")
        person = require_person(actor)
        if person not in (release.posted_by, release.released_by):
            person = _may_speak(case, actor)
        if release.link == link:
            fault = said("Đường dẫn không thay đổi.")
            raise Invalid("nothing_changed", fault, {"link": [fault]})
        case.record(
            "release_link_corrected", actor,
            {"channel": release.channel, "before": release.link or "", "link": link, "person": person},
            {"reason": reason},
        )  # fmt: skip
        release.link = link
        case.statement.updated_at = now


def _reason(text: str, fault: str) -> str:
    if not text.strip():
        raise Invalid("no_reason", "Cần ghi lý do.", {"reason": [fault]})
    return text.strip()[:2000]


def _may_speak(case: Case, actor: Actor) -> str:
    """Who holds the first turn of the publication, whoever released the text, and every spokesperson."""
    person = require_person(actor)
    holders = case.run.roles.get(case.publish.by[0]) if case.publish else None
    entitled = {*(holders.people if holders else ()), *(holders.standins if holders else ())}
    entitled |= {r.released_by for r in _posted(case)}
    if person in entitled or actor.may(Role.SPOKESPERSON):
        return person
    raise Forbidden(
        "not_speaker", "Chỉ người được phép phát ngôn mới quyết định gỡ, sửa nội dung đã công bố."
    )


def _posted(case: Case) -> list[Release]:
    query = (
        select(Release)
        .join(Revision, Revision.id == Release.revision_id)
        .where(Revision.statement_id == case.statement.id, Release.channel.is_not(None))
    )
    return list(case.session.scalars(query.order_by(Release.released_at, Release.id)))
