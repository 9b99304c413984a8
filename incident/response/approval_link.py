"""The signed link of an approval: one person, one revision, sixty minutes, no password.

Reading it changes nothing: previews are fetched by machines. It opens no other door than the one of the signed-in page,
which asks again whose turn it is. Links sent earlier for the same revision live out their own sixty minutes: the person
may open the older of two messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from incident import wording
from incident.domain.actors import Actor
from incident.domain.address import called
from incident.domain.errors import Conflict, Invalid, NotFound
from incident.domain.ids import token_hash
from incident.response import approval_policy, casting, direct, phone_approval
from incident.response.advance import state_of
from incident.response.deciding import approve, return_
from incident.response.desk import Desk
from incident.response.library import pinned
from incident.response.permissions import COMMAND, require
from incident.response.statement_case import Case, held_case
from incident.store.tables import (
    Approval,
    FreeText,
    Incident,
    Link,
    Message,
    Person,
    PhoneApproval,
    Revision,
    Statement,
)
from playbooks.asking import REPLACED
from playbooks.language import Verb
from playbooks.run import OPEN

LIVES = timedelta(minutes=60)
GAP = timedelta(minutes=3)  # between two links somebody asks for
READABLE = ("decide", "confirm", "decided", "off")
ACTS = {"approve": "decide", "return": "decide", "confirm": "confirm", "dispute": "confirm"}


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision on the revision. `standing` False: the approver contradicted it."""

    called: str  # as they are addressed
    decision: str
    at: datetime
    via: str
    reason: str
    standing: bool
    mine: bool  # of the link's person


@dataclass(frozen=True, slots=True)
class Recorded:
    """What somebody wrote down of a call, for the approver to confirm."""

    by: str  # as they are addressed
    said_at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class ApprovalPage:
    """What the page may show. state: decide | confirm | decided | off (readable), newer | not_in_turn | closed |
    expired (these show no text)."""

    state: str
    incident_id: str
    statement_id: str
    revision_id: str
    code: str
    mode: str
    short_name: str
    agency: str
    duty_phone: str
    person: str  # as they are addressed
    post: str
    title: str
    n: int
    mark: str
    newest: int
    text: str = ""
    editors: tuple[str, ...] = ()
    submitted_by: str = ""
    submitted_at: datetime | None = None
    seen_n: int | None = None  # the earlier revision this person had before them
    seen_text: str = ""
    decided: tuple[Decided, ...] = ()
    recorded: Recorded | None = None

    @property
    def readable(self) -> bool:
        return self.state in READABLE


def read(desk: Desk, token: str, now: datetime) -> ApprovalPage | None:
    """What the link shows now; None when there never was one."""
    with desk.store.reading() as session:
        link = session.get(Link, token_hash(token))
        if link is None or link.purpose != "approve" or link.revision_id is None:
            return None
        return _page(session, desk, link, now)


def act(desk: Desk, token: str, do: str, reason: str, now: datetime) -> None:
    """approve, return (with a reason), confirm or dispute through a link. What this person has done already is not done
    again, and no refusal: the answer to the first press was lost. Raises NotFound, Invalid, Conflict, Forbidden."""
    page = read(desk, token, now)
    if page is None:
        raise NotFound("dead_link", "Liên kết này không còn dùng được. Xin gọi số trực.")
    if do not in ACTS:
        raise Invalid("bad_answer", "Cần chọn: duyệt, hoặc trả lại và nêu ý kiến.")
    if page.state != ACTS[do] and _is_done(page, do):
        return
    if page.state != ACTS[do]:
        raise Conflict("not_now", "Trang đã thay đổi; xin xem lại trước khi quyết định.")
    who = _holder(desk, token)
    if do == "approve":
        approve(desk, page.statement_id, page.revision_id, who, now, via="link")
    elif do == "return":
        return_(desk, page.statement_id, page.revision_id, reason, who, now, via="link")
    elif do == "confirm":
        phone_approval.confirm(desk, page.statement_id, page.revision_id, who, now, "link")
    else:
        phone_approval.dispute(desk, page.statement_id, page.revision_id, who, now, "link", reason)


def _is_done(page: ApprovalPage, do: str) -> bool:
    mine = [one for one in page.decided if one.mine]
    if not mine:
        return False
    decision = "returned" if do == "return" else "approved"
    return (mine[-1].decision, mine[-1].standing) == (decision, do != "dispute")


def _holder(desk: Desk, token: str) -> Actor:
    with desk.store.reading() as session:
        link = session.get_one(Link, token_hash(token))
        person = session.get_one(Person, link.person_id)
        return Actor("link", person.id, person.name, person_id=person.id)


# ------------------------------------------------------------------ a fresh one


def send_again(desk: Desk, statement_id: str, actor: Actor, now: datetime) -> int:
    """The duty officer sends those whose turn it is a fresh link. Returns how many SMS. Raises Forbidden, Conflict."""
    require(actor, *COMMAND)
    with desk.store.writing() as session:
        case = held_case(session, desk, statement_id, now)
        people = sorted(case.actors(case.approve))
        if not people:
            raise Conflict("not_asked", "Nội dung này không chờ ai duyệt.")
        sent = sum(_send(case, person, actor) for person in people)
        if not sent:
            raise Conflict("just_sent", "Vừa gửi chưa quá 3 phút, hoặc người duyệt không có số di động.")
        return sent


def ask_again(desk: Desk, token: str, now: datetime) -> bool:
    """Whoever holds a link that has run out gets a fresh one, on the telephone the directory knows, never on the page.
    False when nothing was sent: not their turn, or one was sent just now."""
    page = read(desk, token, now)
    if page is None or page.state not in ("expired", "newer"):
        return False
    who = _holder(desk, token)
    with desk.store.writing() as session:
        case = held_case(session, desk, page.statement_id, now)
        return who.person_id in case.actors(case.approve) and _send(case, str(who.person_id), who)


def _send(case: Case, person_id: str, actor: Actor) -> bool:
    session, now = case.session, case.now
    person = session.get_one(Person, person_id)
    last = session.scalar(
        select(func.max(Message.created_at)).where(
            Message.person_id == person_id, Message.kind == "approve", Message.channel == "sms"
        )
    )
    if not casting.reachable(person, case.desk.sms) or (last is not None and now - last < GAP):
        return False
    revision = case.newest()
    link = direct.approval_address(session, case.desk, case.incident, person_id, revision.id, now)
    text = direct.text_to(
        session, case.desk, case.incident, person, "approve", what=direct.text_meant(session, revision),
        n=revision.n, mark=revision.code, link=link,
    )  # fmt: skip
    case.record("approval_link_sent", actor, {"revision": revision.id, "n": revision.n, "person": person_id})
    return direct.send(session, case.desk, case.incident, person, "approve", text, now)


# ------------------------------------------------------------------ the page


def _page(session: Session, desk: Desk, link: Link, now: datetime) -> ApprovalPage:
    revision = session.get_one(Revision, link.revision_id)
    statement = session.get_one(Statement, revision.statement_id)
    incident = session.get_one(Incident, link.incident_id)
    house = casting.house(session, desk.settings.public_url, desk.two_way)
    person = session.get_one(Person, link.person_id)
    newest = session.scalar(select(func.max(Revision.n)).where(Revision.statement_id == statement.id))
    state = _state(session, link, revision, statement, incident, now)
    readable = state in READABLE
    seen = _seen_before(session, link, revision) if readable else None
    return ApprovalPage(
        state=state,
        incident_id=incident.id,
        statement_id=statement.id,
        revision_id=revision.id,
        code=wording.Case(incident.code, incident.mode, "").shown,
        mode=incident.mode,
        short_name=incident.short_name,
        agency=house.agency,
        duty_phone=house.duty_phone,
        person=called(person.xung_ho, person.name),
        post=incident.names.get(person.id, {}).get("post", ""),
        title=statement.title,
        n=revision.n,
        mark=revision.code,
        newest=newest or revision.n,
        text=revision.text if readable else "",
        editors=_names(session, revision.editors) if readable else (),
        submitted_by=revision.submitted_by if readable else "",
        submitted_at=revision.submitted_at if readable else None,
        seen_n=seen.n if seen else None,
        seen_text=seen.text if seen else "",
        decided=_decided(session, link, revision) if readable else (),
        recorded=_recorded(session, link) if state == "confirm" else None,
    )


def _state(
    session: Session, link: Link, revision: Revision, statement: Statement, incident: Incident, now: datetime
) -> str:
    if link.revoked_at is not None or now > link.created_at + LIVES:
        return "expired"
    if incident.status != "open":
        return "closed"
    if _waiting(session, link) is not None:
        return "confirm"
    decisions = _decided(session, link, revision)
    if revision.voided_at is not None:
        returned = any(d.decision == "returned" for d in decisions)
        return "decided" if returned and statement.state == "returned" else "newer"
    if _in_turn(session, link, revision, statement):
        allowed = approval_policy.read(session).link_at(incident.level)
        return "decide" if allowed else "off"
    return "decided" if any(d.standing for d in decisions) else "not_in_turn"


def _in_turn(session: Session, link: Link, revision: Revision, statement: Statement) -> bool:
    """Whether the run waits for this person's decision on this very revision."""
    incident = session.get_one(Incident, link.incident_id)
    run = state_of(session, incident.id)
    asking = next(
        (
            run.steps[step.id]
            for step in pinned(session, incident.playbook_version).steps
            if step.verb is Verb.APPROVE and step.text == statement.step
        ),
        None,
    )
    if asking is None or asking.state not in OPEN or run.steps[statement.step].revision != revision.id:
        return False
    return any(a.person == link.person_id and a.state != REPLACED for a in asking.actors)


def _waiting(session: Session, link: Link) -> PhoneApproval | None:
    """An approval by telephone of this person and revision that nobody has confirmed or contradicted."""
    return session.scalar(
        select(PhoneApproval)
        .where(
            PhoneApproval.revision_id == link.revision_id,
            PhoneApproval.person_id == link.person_id,
            PhoneApproval.confirmed_at.is_(None),
            PhoneApproval.disputed_at.is_(None),
        )
        .limit(1)
    )


def _recorded(session: Session, link: Link) -> Recorded | None:
    row = _waiting(session, link)
    if row is None:
        return None
    said_at = session.scalar(select(Approval.at).where(Approval.id == row.approval_id))
    words = session.scalar(
        select(FreeText.text).where(
            FreeText.chain == row.incident_id, FreeText.seq == row.seq, FreeText.field == "words"
        )
    )
    by = session.get_one(Person, row.recorded_by)
    return Recorded(called(by.xung_ho, by.name), said_at or row.recorded_at, words or "")


def _decided(session: Session, link: Link, revision: Revision) -> tuple[Decided, ...]:
    rows = session.execute(
        select(Approval, Person.xung_ho, Person.name, PhoneApproval.disputed_at)
        .join(Person, Person.id == Approval.person_id)
        .join(PhoneApproval, PhoneApproval.approval_id == Approval.id, isouter=True)
        .where(Approval.revision_id == revision.id)
        .order_by(Approval.at, Approval.id)
    )
    return tuple(
        Decided(
            called(address, name),
            row.decision,
            row.at,
            row.via,
            row.reason,
            disputed is None,
            row.person_id == link.person_id,
        )
        for row, address, name, disputed in rows
    )


def _seen_before(session: Session, link: Link, revision: Revision) -> Revision | None:
    """The newest earlier revision this person was sent, or decided on. Reading is not recorded: a preview reads, too."""
    sent = select(Link.revision_id).where(
        Link.person_id == link.person_id, Link.purpose == "approve", Link.revision_id.is_not(None)
    )
    judged = select(Approval.revision_id).where(Approval.person_id == link.person_id)
    return session.scalar(
        select(Revision)
        .where(
            Revision.statement_id == revision.statement_id,
            Revision.n < revision.n,
            or_(Revision.id.in_(sent), Revision.id.in_(judged)),
        )
        .order_by(Revision.n.desc())
        .limit(1)
    )


def _names(session: Session, people: list[str]) -> tuple[str, ...]:
    found = session.execute(select(Person.id, Person.name).where(Person.id.in_(people)))
    known = {row.id: row.name for row in found}
    return tuple(known.get(person, person) for person in people)
