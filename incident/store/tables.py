"""Every table of the service. Rows are records: no behaviour lives here.

Ids are UUIDv7 text unless a natural key exists. Times are UTC (`UtcTime`). JSON is canonical text (`Json`).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from incident.domain.address import USUAL
from incident.domain.message_states import (
    ATTEMPT_OUTCOMES,
    ATTEMPT_STATUSES,
    CALLED_STATUSES,
    FINAL_STATUSES,
    MESSAGE_STATUSES,
    RECEIPT_STATUSES,
)
from incident.store.types import Json, UtcTime

Id = String(36)

DUE = text("status = 'created'")
MOVING = text("status IN ('sending', 'unknown', 'temporary-failure')")
# What no carrier was given: an alarm counts these on every page.
BLOCKED = text("error IN ('UNREGISTERED', 'drill_mark_in_live', 'drill_mark_missing')")
REQUEST_STATES = ("asked", "accepted", "declined", "replaced", "expired")


def among(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(v) for v in values)})"


def one_of(column: str, values: tuple[str, ...], name: str) -> CheckConstraint:
    return CheckConstraint(among(column, values), name=name)


def machine(*rules: tuple[str, str]) -> tuple[CheckConstraint, ...]:
    """What a row alone can show of `domain.message_states`: (name, rule). Migration 0010 holds the same words."""
    return tuple(CheckConstraint(rule, name=name) for name, rule in rules)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcTime, dict[str, Any]: Json, list[Any]: Json}


# ------------------------------------------------------------------ directory


class Unit(Base):
    """A body of the province. kind: ubnd_tinh | van_phong | so | nganh_doc | dang | doan_the | xa | phuong | bao_chi |
    don_vi. `area` is the commune's key where the unit is a commune. `bloc`: nha_nuoc | dang | doan_the | ngoai."""

    __tablename__ = "unit"
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    short_name: Mapped[str] = mapped_column(String(60))
    doc_code: Mapped[str | None] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    bloc: Mapped[str] = mapped_column(String(20))
    parent: Mapped[str | None] = mapped_column(String(40))
    area: Mapped[str | None] = mapped_column(String(40), index=True)
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    successors: Mapped[list[Any]] = mapped_column(default=list)


class Person(Base):
    """An officer. `phone` (E.164) receives SMS; `landline` is for calls only. `xung_ho`: đ/c, ông, bà, anh, chị.
    `shared_phone`: a fixed duty phone that several people answer. `wrong_number_at`: someone said it is not theirs."""

    __tablename__ = "person"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    key: Mapped[str | None] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    sort_name: Mapped[str] = mapped_column(String(120), index=True)
    xung_ho: Mapped[str] = mapped_column(String(10), default=USUAL)
    unit: Mapped[str] = mapped_column(ForeignKey("unit.key"), index=True)
    phone: Mapped[str | None] = mapped_column(String(16), index=True)
    landline: Mapped[str | None] = mapped_column(String(16))
    email: Mapped[str | None] = mapped_column(String(200))
    shared_phone: Mapped[bool] = mapped_column(Boolean, default=False)
    wrong_number_at: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    invented: Mapped[bool] = mapped_column(Boolean, default=False)


class Post(Base):
    """A post (chức vụ) of a unit; playbooks pick by its key. `rank`: len (leader of the province), ngang, dang
    (Party, Front, police). `contact`: the unit's contact point (đầu mối)."""

    __tablename__ = "post"
    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    title: Mapped[str] = mapped_column(String(160))
    unit: Mapped[str] = mapped_column(ForeignKey("unit.key"), index=True)
    rank: Mapped[str] = mapped_column(String(10), default="ngang")
    contact: Mapped[bool] = mapped_column(Boolean, default=False)
    spokesperson: Mapped[str | None] = mapped_column(String(20))  # head | regular | authorised


class Assignment(Base):
    __tablename__ = "assignment"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    post: Mapped[str] = mapped_column(ForeignKey("post.key"), index=True)
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)


class Shift(Base):
    """One turn of the rota. kind: on_duty (cán bộ trực) | lanh_dao_truc."""

    __tablename__ = "shift"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]


class Topic(Base):
    """Which posts answer for a topic: the specialist and the body's head (`theo_chu_de`, `theo_chu_de_lanh_dao`)."""

    __tablename__ = "topic"
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    unit: Mapped[str] = mapped_column(ForeignKey("unit.key"))
    specialist_post: Mapped[str] = mapped_column(String(60))
    head_post: Mapped[str] = mapped_column(String(60))


class Setting(Base):
    """The province's own words and numbers: agency name, duty phone, portal address, cost of an SMS part."""

    __tablename__ = "setting"
    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


# ------------------------------------------------------------------ accounts


class Account(Base):
    """A sign-in. Flask-Security's columns plus ours; `person_id` ties it to the directory."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    email: Mapped[str] = mapped_column(String(255), unique=True)
    username: Mapped[str | None] = mapped_column(String(255), unique=True)
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    roles: Mapped[list[Any]] = mapped_column(default=list)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(120), default="")
    language: Mapped[str] = mapped_column(String(5), default="vi")
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(String(255))
    totp_counter: Mapped[int | None] = mapped_column(Integer)
    mf_recovery_codes: Mapped[list[Any] | None]
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(String(64), unique=True)
    failed_attempts: Mapped[int] = mapped_column(Integer, default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]


class Passkey(Base):
    __tablename__ = "passkey"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1024), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(Integer, default=0)
    transports: Mapped[list[Any] | None]
    extensions: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(64))
    usage: Mapped[str] = mapped_column(String(64))
    backup_state: Mapped[bool] = mapped_column(Boolean, default=False)
    device_type: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class Token(Base):
    """A bearer token of the API; only its hash is kept. A token has a role, never a person."""

    __tablename__ = "token"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(20))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


# ------------------------------------------------------------------ incidents


class PlaybookVersion(Base):
    """A compiled playbook, for ever. A run is pinned to one."""

    __tablename__ = "playbook_version"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), index=True)
    version: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    compiled: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class PlaybookDraft(Base):
    """A playbook in work, one a slug. Its texts are the edits from `first` to `n`; `based_on` is the version it began
    from, 0 for a new one. `asked_n`: the edit for which a second person's signature is asked."""

    __tablename__ = "playbook_draft"
    slug: Mapped[str] = mapped_column(String(60), primary_key=True)
    first: Mapped[int] = mapped_column(Integer)
    n: Mapped[int] = mapped_column(Integer)
    based_on: Mapped[int] = mapped_column(Integer, default=0)
    asked_n: Mapped[int | None] = mapped_column(Integer)
    asked_by: Mapped[str | None] = mapped_column(String(36))
    asked_name: Mapped[str] = mapped_column(String(120), default="")
    asked_at: Mapped[datetime | None]
    returned: Mapped[str] = mapped_column(Text, default="")  # why the second person gave it back


class PlaybookEdit(Base):
    """One saved text of a playbook in work, for ever: what another hand has overwritten can be read again.
    `scenarios`: the scenarios written for it, parted by lines of ---."""

    __tablename__ = "playbook_edit"
    slug: Mapped[str] = mapped_column(String(60), primary_key=True)
    n: Mapped[int] = mapped_column(Integer, primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    scenarios: Mapped[str] = mapped_column(Text, default="")
    edited_by: Mapped[str] = mapped_column(String(36))
    edited_name: Mapped[str] = mapped_column(String(120))
    edited_at: Mapped[datetime]


class PlaybookPublication(Base):
    """A version that two people put into use: the files it was made of, who wrote, who signed, and what its rehearsal
    came to. Only its withdrawal is written later. `editors`: everybody who saved a text of it."""

    __tablename__ = "playbook_publication"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    slug: Mapped[str] = mapped_column(String(60))
    version: Mapped[int] = mapped_column(Integer)
    version_id: Mapped[str] = mapped_column(ForeignKey("playbook_version.id"))
    files: Mapped[dict[str, Any]]  # path -> text: the playbook, its fragments, templates, scenarios
    editors: Mapped[list[Any]]
    edited_by: Mapped[str] = mapped_column(String(36))
    edited_name: Mapped[str] = mapped_column(String(120))
    signed_by: Mapped[str] = mapped_column(String(36))
    signed_name: Mapped[str] = mapped_column(String(120))
    faults: Mapped[int] = mapped_column(Integer)
    green: Mapped[int] = mapped_column(Integer)
    red: Mapped[int] = mapped_column(Integer)
    rehearsal: Mapped[list[Any]]  # each scenario: title, ok, faults
    rehearsed_at: Mapped[datetime]
    published_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(String(120))
    withdrawn_why: Mapped[str] = mapped_column(Text, default="")
    __table_args__ = (
        UniqueConstraint("slug", "version"),
        CheckConstraint("signed_by <> edited_by AND replace(editors, signed_by, '') = editors", name="two_people"),
        CheckConstraint("faults = 0 AND red = 0 AND green > 0", name="proved"),
    )  # fmt: skip


class Incident(Base):
    """`code` is the reply code ("27"), `number` "VV-27/2026" or "DT-…". `area` a list of commune keys or ["toan_tinh"].
    `chain_seq`, `chain_hash`: the head of its timeline, moved only under the row's lock."""

    __tablename__ = "incident"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(4), index=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    mode: Mapped[str] = mapped_column(String(5))
    title: Mapped[str] = mapped_column(String(300))
    summary: Mapped[str] = mapped_column(Text, default="")
    short_name: Mapped[str] = mapped_column(String(20))
    playbook: Mapped[str] = mapped_column(String(60))
    playbook_version: Mapped[str] = mapped_column(ForeignKey("playbook_version.id"))
    level: Mapped[int] = mapped_column(Integer)
    area: Mapped[list[Any]]
    topic: Mapped[str | None] = mapped_column(String(40))
    kinds: Mapped[list[Any]] = mapped_column(default=list)
    source: Mapped[str] = mapped_column(String(300), default="")
    occurred_at: Mapped[datetime | None]
    detected_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    assessed_at: Mapped[datetime | None]
    opened_at: Mapped[datetime] = mapped_column(index=True)
    opened_by: Mapped[str] = mapped_column(String(120))
    status: Mapped[str] = mapped_column(String(10), default="open", index=True)
    outcome: Mapped[str | None] = mapped_column(String(40))
    closed_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    basis: Mapped[dict[str, Any]] = mapped_column(default=dict)  # legal basis as copied at opening
    # Snapshot: person id -> {name, post, unit, …}.
    names: Mapped[dict[str, Any]] = mapped_column(default=dict)
    chain_seq: Mapped[int] = mapped_column(Integer, default=0)
    chain_hash: Mapped[str] = mapped_column(String(64), default="")
    # Person ids the officer did not want called; they hold no role here until he has them called after all.
    left_out: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    held_at: Mapped[datetime | None]  # only the leader on duty was told; the task force waits for the officer
    stopped_at: Mapped[datetime | None]  # DỪNG GỬI: what would leave is kept until sending goes on
    merged_into: Mapped[str | None] = mapped_column(
        Id, index=True
    )  # closed as the same matter as this one, for good
    # Another body has the lead since then: its name, as a message calls it, the paper's number and symbol ("" for none).
    handed_at: Mapped[datetime | None]
    handed_to: Mapped[str] = mapped_column(String(200), default="", server_default="")
    handed_short: Mapped[str] = mapped_column(String(20), default="", server_default="")
    handed_paper: Mapped[str] = mapped_column(String(120), default="", server_default="")
    __table_args__ = (
        one_of("mode", ("live", "drill"), "mode"),
        one_of("status", ("open", "closed", "cancelled"), "status"),
    )


class IdempotencyKey(Base):
    """A caller's key for one opening. Kept 7 days; the same key with another body is refused."""

    __tablename__ = "idempotency_key"
    scope: Mapped[str] = mapped_column(String(80), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    body_sha256: Mapped[str] = mapped_column(String(64))
    incident_id: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime]


class OpeningDraft(Base):
    """An opening that was typed and not sent: nobody was told, no code is used up. `fields`: the form as typed."""

    __tablename__ = "opening_draft"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    mode: Mapped[str] = mapped_column(String(5))
    title: Mapped[str] = mapped_column(String(300))
    fields: Mapped[dict[str, Any]]
    saved_by: Mapped[str] = mapped_column(String(120))
    saved_at: Mapped[datetime] = mapped_column(index=True)


class Run(Base):
    """The one run of an incident: its state as JSON, and when time must next be told to it."""

    __tablename__ = "run"
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    wake_at: Mapped[datetime | None] = mapped_column(index=True)


class RunEvent(Base):
    """Every event the run was told, in order; `applied_at` None = left for the door (pending)."""

    __tablename__ = "run_event"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"), index=True)
    event: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_run_event_pending", "applied_at", "incident_id"),)


class Entry(Base):
    """One line of a timeline; append-only by trigger. `canonical` is the text whose hash was taken."""

    __tablename__ = "entry"
    chain: Mapped[str] = mapped_column(Id, primary_key=True)  # an incident's id, or "system"
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor: Mapped[dict[str, Any]]
    data: Mapped[dict[str, Any]]
    canonical: Mapped[str] = mapped_column(Text)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class FreeText(Base):
    """Free text of an entry, beside the chain, which keeps only sha256(salt ‖ text). Masking blanks `text` and `salt`."""

    __tablename__ = "free_text"
    chain: Mapped[str] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    field: Mapped[str] = mapped_column(String(30), primary_key=True)
    text: Mapped[str | None] = mapped_column(Text)
    salt: Mapped[str | None] = mapped_column(String(32))
    mask_asked_by: Mapped[str | None] = mapped_column(String(120))
    mask_reason: Mapped[str | None] = mapped_column(String(300))
    masked_by: Mapped[str | None] = mapped_column(String(120))
    masked_at: Mapped[datetime | None]


class Pressed(Base):
    """What a form of an incident has written: `key` is a digest of the form's key and its words, `result` names the row."""

    __tablename__ = "pressed"
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    result: Mapped[str] = mapped_column(String(40))


class SystemChain(Base):
    """The head of the chain "system": sign-ins, refused webhooks, carrier switches, settings. One row, id "system"."""

    __tablename__ = "system_chain"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    chain_seq: Mapped[int] = mapped_column(Integer, default=0)
    chain_hash: Mapped[str] = mapped_column(String(64), default="")


# ------------------------------------------------------------------ asking and answering


class Request(Base):
    """One person asked to answer in one activation of a step. purpose: summon | notify | approve | task.
    `party` is what is counted: the person, or the unit for nhom_dia_ban."""

    __tablename__ = "request"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"))
    step: Mapped[str] = mapped_column(String(60))
    activation: Mapped[int] = mapped_column(Integer)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str] = mapped_column(String(60))
    purpose: Mapped[str] = mapped_column(String(10))
    grouped: Mapped[bool] = mapped_column(Boolean, default=False)
    party: Mapped[str] = mapped_column(String(60))
    instead_of: Mapped[str | None] = mapped_column(Id)
    state: Mapped[str] = mapped_column(String(10), default="asked")
    asked_at: Mapped[datetime]
    due: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    via: Mapped[str | None] = mapped_column(String(10))  # sms | voice | link | web | phone
    recorded_by: Mapped[str | None] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(300), default="")
    __table_args__ = (
        UniqueConstraint("incident_id", "step", "activation", "person_id"),
        Index("ix_request_person", "person_id", "state"),
        Index("ix_request_open", "incident_id", "state"),
        one_of("state", REQUEST_STATES, "state"),
    )


class Link(Base):
    """A signed link: the hash of its token, one person, one incident, one purpose (ack | approve | room)."""

    __tablename__ = "link"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    purpose: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revision_id: Mapped[str | None] = mapped_column(Id)  # purpose approve: the one revision it is for


class PhoneCall(Base):
    """A call, or an answer heard elsewhere, as those on duty recorded it. outcome: accept | decline | sent_another |
    no_answer | off | someone_else | wrong_number; source: phone | zalo | direct. `before`: the requests as they were,
    so that a mistaken press can be taken back."""

    __tablename__ = "phone_call"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    outcome: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(10))
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(120))
    before: Mapped[list[Any]] = mapped_column(default=list)
    undone_at: Mapped[datetime | None]


class RoleChoice(Base):
    """Who holds a role of one incident because a person decided so; directory and rota do not undo it."""

    __tablename__ = "role_choice"
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(60), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    chosen_by: Mapped[str] = mapped_column(String(120))
    chosen_at: Mapped[datetime]


class Proof(Base):
    """Proof handed in for a task: a text or a public address."""

    __tablename__ = "proof"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"), index=True)
    step: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    person: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]


# ------------------------------------------------------------------ statements


class Statement(Base):
    """A statement of an incident, tied to the draft step that asked for it. state: drafting | submitted | returned |
    approved | released | corrected | withdrawn."""

    __tablename__ = "statement"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"), index=True)
    step: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(12), default="drafting")
    text: Mapped[str] = mapped_column(Text)  # the working text
    version: Mapped[int] = mapped_column(Integer, default=1)  # optimistic lock of the working text
    editors: Mapped[list[Any]] = mapped_column(default=list)  # person ids since the last submission
    corrects: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Revision(Base):
    """A submitted text, for ever. `code`: three characters to read aloud."""

    __tablename__ = "revision"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    statement_id: Mapped[str] = mapped_column(ForeignKey("statement.id"), index=True)
    n: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(3))
    editors: Mapped[list[Any]]
    submitted_by: Mapped[str] = mapped_column(String(120))
    submitted_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("statement_id", "n"),)


class Approval(Base):
    """A decision on one revision. decision: approved | returned."""

    __tablename__ = "approval"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    revision_id: Mapped[str] = mapped_column(ForeignKey("revision.id"), index=True)
    step: Mapped[str] = mapped_column(String(60))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    decision: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text, default="")
    sha256: Mapped[str] = mapped_column(String(64))
    via: Mapped[str] = mapped_column(String(10), default="web")
    at: Mapped[datetime]


class Release(Base):
    """A revision that went out: who released, who posted, form, channel, time, address."""

    __tablename__ = "release"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"), index=True)
    revision_id: Mapped[str] = mapped_column(ForeignKey("revision.id"))
    step: Mapped[str] = mapped_column(String(60))
    sha256: Mapped[str] = mapped_column(String(64))
    released_by: Mapped[str] = mapped_column(Id)
    approved_to_go_at: Mapped[datetime]
    posted_by: Mapped[str | None] = mapped_column(Id)
    channel: Mapped[str | None] = mapped_column(String(40))
    form: Mapped[str | None] = mapped_column(String(40))
    link: Mapped[str | None] = mapped_column(String(500))
    released_at: Mapped[datetime | None]  # when it stood outside
    recorded_at: Mapped[datetime | None]
    taken_down_at: Mapped[datetime | None]  # when it no longer stood outside
    taken_down_by: Mapped[str | None] = mapped_column(Id)
    taken_down_seq: Mapped[int | None] = mapped_column(Integer)  # the entry beside which the reason lies
    __table_args__ = (UniqueConstraint("revision_id", "step", "channel"),)


class PhoneApproval(Base):
    """An approval somebody else wrote down after a call: who wrote it, and what the approver said of it afterwards.
    The words lie beside the timeline's entry `seq`, where they can be masked."""

    __tablename__ = "phone_approval"
    # Of `approval`, without a foreign key: that table must refuse TRUNCATE by its own trigger.
    approval_id: Mapped[str] = mapped_column(Id, primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"), index=True)
    revision_id: Mapped[str] = mapped_column(ForeignKey("revision.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    recorded_by: Mapped[str] = mapped_column(Id)
    recorded_at: Mapped[datetime]
    seq: Mapped[int] = mapped_column(Integer)
    confirmed_at: Mapped[datetime | None]
    confirmed_via: Mapped[str | None] = mapped_column(String(10))
    disputed_at: Mapped[datetime | None]


# ------------------------------------------------------------------ delivery


class Mailing(Base):
    """A message to a group, committed with its cause as one row and expanded in chunks. `audience`: frozen list of
    [person_id, party]; `cursor`: how many are expanded; `text` and `subject` are skeletons with {name}-like slots."""

    __tablename__ = "mailing"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    effect_key: Mapped[str] = mapped_column(String(200), unique=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"), index=True)
    step: Mapped[str] = mapped_column(String(60))
    activation: Mapped[int] = mapped_column(Integer)
    role: Mapped[str] = mapped_column(String(60))
    purpose: Mapped[str] = mapped_column(String(10))
    rung: Mapped[int] = mapped_column(Integer, default=0)
    ack: Mapped[bool] = mapped_column(Boolean)
    via: Mapped[list[Any]]
    body: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(String(200), default="")
    email_body: Mapped[str] = mapped_column(Text, default="")
    voice_body: Mapped[str] = mapped_column(Text, default="", server_default="")
    audience: Mapped[list[Any]]
    total: Mapped[int] = mapped_column(Integer)
    cursor: Mapped[int] = mapped_column(Integer, default=0)
    priority: Mapped[int] = mapped_column(Integer, default=50)
    critical: Mapped[bool] = mapped_column(Boolean, default=False)
    due: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    # Where its first recipient stands among equals (see `Message.turn`), fixed when its expansion begins.
    turn: Mapped[int] = mapped_column(Integer, default=0, server_default="0")


class Message(Base):
    """One message to one person on one channel: the outbox. Small `priority` goes first, and of equals the small `turn`:
    mailings that wait at the same time take turns, however large one of them is. `passed_over`: the carriers that it
    goes without, as `outcomes.Tried` writes them."""

    __tablename__ = "message"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(String(240), unique=True)
    incident_id: Mapped[str | None] = mapped_column(Id, index=True)
    person_id: Mapped[str | None] = mapped_column(Id)
    mailing_id: Mapped[str | None] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(String(20))  # summon remind notify task approve warn stand_down reply …
    channel: Mapped[str] = mapped_column(String(6))
    address: Mapped[str] = mapped_column(String(200), index=True)
    subject: Mapped[str] = mapped_column(String(250), default="")
    body: Mapped[str] = mapped_column(Text)
    encoding: Mapped[str] = mapped_column(String(5))
    parts: Mapped[int] = mapped_column(Integer)
    priority: Mapped[int] = mapped_column(Integer, default=50)
    critical: Mapped[bool] = mapped_column(Boolean, default=False)
    drill: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(String(20), default="created")
    claim_token: Mapped[str | None] = mapped_column(String(36))
    claim_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    # Times an unknown outcome was looked for and not found.
    looked: Mapped[int] = mapped_column(Integer, default=0)
    look_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(String(200), default="")
    turn: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    passed_over: Mapped[str] = mapped_column(String(200), default="", server_default="")
    __table_args__ = (
        one_of("status", MESSAGE_STATUSES, "status"),
        one_of("channel", ("sms", "voice", "email"), "channel"),
        *machine(
            ("leased", "(status = 'sending') = (claim_until IS NOT NULL)"),
            ("claimed", "status <> 'sending' OR claim_token IS NOT NULL"),
            ("finished", f"({among('status', FINAL_STATUSES)}) = (finished_at IS NOT NULL)"),
            ("called", f"attempts > 0 OR NOT ({among('status', CALLED_STATUSES)})"),
            ("counted", "attempts >= 0 AND looked >= 0 AND parts >= 1"),
        ),
        # The due set stays small however large the finished outbox grows.
        Index("ix_message_due", "priority", "turn", "not_before", sqlite_where=DUE, postgresql_where=DUE),
        # What still moves: claimed, unknown, accepted and waiting for a receipt.
        Index("ix_message_moving", "status", "claim_until", sqlite_where=MOVING, postgresql_where=MOVING),
        Index("ix_message_blocked", "id", sqlite_where=BLOCKED, postgresql_where=BLOCKED),
    )


class MessageCause(Base):
    """Which effects a message answers; an effect is told once."""

    __tablename__ = "message_cause"
    effect_key: Mapped[str] = mapped_column(String(240), primary_key=True)
    message_id: Mapped[str] = mapped_column(Id, index=True)
    request_id: Mapped[str | None] = mapped_column(Id, index=True)


class Attempt(Base):
    """One call to a carrier, written before the call. outcome: calling | accepted | not-sent | unknown | refused."""

    __tablename__ = "attempt"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    message_id: Mapped[str] = mapped_column(Id)
    n: Mapped[int] = mapped_column(Integer)
    carrier: Mapped[str] = mapped_column(String(30))
    carrier_id: Mapped[str | None] = mapped_column(String(80))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(12), default="calling")
    status: Mapped[str] = mapped_column(String(20), default="sending")
    code: Mapped[str] = mapped_column(String(20), default="")
    __table_args__ = (
        UniqueConstraint("message_id", "n"),
        UniqueConstraint("carrier", "carrier_id"),
        one_of("outcome", ATTEMPT_OUTCOMES, "outcome"),
        one_of("status", ATTEMPT_STATUSES, "status"),
        *machine(
            ("numbered", "n >= 1"),
            ("calling", "outcome <> 'calling' OR (finished_at IS NULL AND status = 'sending')"),
        ),
    )


class Receipt(Base):
    """What a carrier told us of a message, kept raw. `again_at`: not before this, since its attempt could not be told
    yet."""

    __tablename__ = "receipt"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    carrier: Mapped[str] = mapped_column(String(30))
    carrier_id: Mapped[str] = mapped_column(String(80))
    reference: Mapped[str] = mapped_column(String(80), default="")
    status: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(20), default="")
    raw: Mapped[dict[str, Any]]
    received_at: Mapped[datetime]
    applied_at: Mapped[datetime | None] = mapped_column(index=True)
    again_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("carrier", "carrier_id", "status", "code"),
        one_of("status", RECEIPT_STATUSES, "status"),
    )


class Transition(Base):
    """Every change of a message's status."""

    __tablename__ = "transition"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    message_id: Mapped[str] = mapped_column(Id, index=True)
    at: Mapped[datetime]
    before: Mapped[str] = mapped_column(String(20))
    after: Mapped[str] = mapped_column(String(20))
    why: Mapped[str] = mapped_column(String(200), default="")


class Inbound(Base):
    """A reply as it came, or a key pressed in a call: stored first, understood second. state: new | understood | review |
    ignored | decided. `message_id`: the message it answers, where the way it came in says so (a call and a mail do)."""

    __tablename__ = "inbound"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    carrier: Mapped[str] = mapped_column(String(30))
    carrier_id: Mapped[str] = mapped_column(String(80))
    sender: Mapped[str] = mapped_column(String(200), index=True)  # a number, or a mail address
    recipient: Mapped[str] = mapped_column(String(40), default="")
    body: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), default="new", index=True)
    means: Mapped[str] = mapped_column(String(16), default="")
    code: Mapped[str | None] = mapped_column(String(4))
    incident_id: Mapped[str | None] = mapped_column(Id, index=True)
    person_id: Mapped[str | None] = mapped_column(Id)
    decided_by: Mapped[str | None] = mapped_column(String(120))
    message_id: Mapped[str | None] = mapped_column(Id)
    __table_args__ = (UniqueConstraint("carrier", "carrier_id"),)


class Suppression(Base):
    """An address nothing is sent to any more. reason: optout | wrong_number | refused."""

    __tablename__ = "suppression"
    address: Mapped[str] = mapped_column(String(200), primary_key=True)
    reason: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]


class CarrierState(Base):
    """How a carrier is, as all processes see it: paused (a configuration fault), how much of its traffic it keeps, how its
    calls of the last minute ended, when its pace lets the next part go, and when it was last heard of.

    `share` is percent and changed last at `share_at`; `since` what made it fall. `window_at` begins the half minute that
    `calls` and `bad` count, the `_before` are of the half minute before; `in_a_row` failures came since the last good
    answer, `good` good answers since `share_at`. `free_at` is the theoretical arrival time of the pace.
    `held_by`: the operator who paused it, "" for nobody. `balance` of the account in `currency`, as it was at `balance_at`."""

    __tablename__ = "carrier_state"
    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    paused_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(200), default="")
    last_callback_at: Mapped[datetime | None]
    share: Mapped[int] = mapped_column(Integer, default=100, server_default="100")
    share_at: Mapped[datetime | None]
    since: Mapped[str] = mapped_column(String(20), default="", server_default="")
    probed_at: Mapped[datetime | None]
    window_at: Mapped[datetime | None]
    calls: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    bad: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    calls_before: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    bad_before: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    in_a_row: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    good: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    free_at: Mapped[datetime | None]
    held_by: Mapped[str] = mapped_column(String(120), default="", server_default="")
    balance: Mapped[float | None] = mapped_column(Float)
    currency: Mapped[str] = mapped_column(String(5), default="", server_default="")
    balance_at: Mapped[datetime | None]
    balance_low: Mapped[float | None] = mapped_column(
        Float
    )  # below it those on duty are told; none: what is usual


class Lease(Base):
    """One holder at a time of a named duty (clock, reconciler). `fence` grows with every change of holder."""

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    until: Mapped[datetime]
    fence: Mapped[int] = mapped_column(Integer, default=0)
    beat_at: Mapped[datetime | None]


# ------------------------------------------------------------------ shift change, the press


class Handover(Base):
    """One change of the officer on duty: due when the rota changes, handed over by the outgoing, taken over by the
    incoming. `picture`: what was open at that moment. `note_seq`: the entry of the system's chain beside which the note
    for the next officer lies. `told_at`: when the rooms' heads were told; `warned_at`: when nobody had taken over."""

    __tablename__ = "handover"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    begins_at: Mapped[datetime] = mapped_column(unique=True)
    outgoing: Mapped[str] = mapped_column(ForeignKey("person.id"))
    incoming: Mapped[str] = mapped_column(ForeignKey("person.id"))
    handed_at: Mapped[datetime | None]
    handed_by: Mapped[str | None] = mapped_column(String(120))
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[str | None] = mapped_column(String(120))
    via: Mapped[str | None] = mapped_column(String(10))  # web | phone
    picture: Mapped[dict[str, Any]] = mapped_column(default=dict)
    note_seq: Mapped[int | None] = mapped_column(Integer)
    told_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class PressRequest(Base):
    """A question of the press. Its words, the answer and the reason of a refusal lie beside the timeline's entries
    `asked_seq` and `ended_seq`; the journalist's name and number stand here alone. state: new | answering | answered |
    refused. `key`: one form, one row. `deadline`: the outlet's own. `alarmed_at`: when its nearness was recorded."""

    __tablename__ = "press_request"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"), index=True)
    n: Mapped[int] = mapped_column(Integer)
    key: Mapped[str] = mapped_column(String(36), unique=True)
    outlet: Mapped[str] = mapped_column(String(160))
    name: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    asked_seq: Mapped[int] = mapped_column(Integer)
    received_at: Mapped[datetime]
    deadline: Mapped[datetime | None] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(10), default="new")
    owner: Mapped[str | None] = mapped_column(Id)
    ended_seq: Mapped[int | None] = mapped_column(Integer)
    answered_at: Mapped[datetime | None]
    link: Mapped[str] = mapped_column(String(500), default="")
    alarmed_at: Mapped[datetime | None]
    asked_in: Mapped[str | None] = mapped_column(
        Id
    )  # the incident on whose timeline it was asked, where it was merged
    __table_args__ = (
        UniqueConstraint("incident_id", "n"),
        one_of("state", ("new", "answering", "answered", "refused"), "state"),
    )


# ------------------------------------------------------------------ drills


class Drill(Base):
    """What a drill has beside an incident: its injects and their clock. `script`: the compiled inject list, {} for none.
    The clock stands at `clock_seconds` at `clock_at` and goes `rate` times as fast as the real one, not at all since
    `paused_at`; `frozen_at`: stopped for good by a real incident. `next_at`: when an inject or its contingency is due.
    `state`: by inject {"state": given | skipped, "clock", "seq", "done"}: what its clock showed, the timeline's entry,
    whether nothing more is to come of it. `controllers`: accounts (ids of actors)."""

    __tablename__ = "drill"
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    script: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[dict[str, Any]] = mapped_column(default=dict)
    rate: Mapped[int] = mapped_column(Integer, default=1)
    clock_at: Mapped[datetime]
    clock_seconds: Mapped[int] = mapped_column(Integer, default=0)
    paused_at: Mapped[datetime | None]
    frozen_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    controllers: Mapped[list[Any]] = mapped_column(default=list)
    __table_args__ = (CheckConstraint("rate BETWEEN 1 AND 60", name="rate"),)


class Participant(Base):
    """One who takes part in a drill: nobody else is sent anything of it."""

    __tablename__ = "participant"
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    added_by: Mapped[str] = mapped_column(String(120))
    added_at: Mapped[datetime]


class DrillRemark(Base):
    """What an evaluator wrote of a drill, kept from the players while it runs: the timeline knows only its hash.
    `rating` of an objective: P | S | M | U, "" for a mere note; the last one of an objective counts."""

    __tablename__ = "drill_remark"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"), index=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    objective: Mapped[str] = mapped_column(String(60), default="")
    rating: Mapped[str] = mapped_column(String(1), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]
    __table_args__ = (one_of("rating", ("", "P", "S", "M", "U"), "rating"),)


# ------------------------------------------------------------------ report


class ReportSection(Base):
    """What people write into the after-action report. key: summary | went_well | to_improve | lessons | conditions."""

    __tablename__ = "report_section"
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(20), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, default=1)
    updated_by: Mapped[str] = mapped_column(String(120))
    updated_at: Mapped[datetime]


class Improvement(Base):
    """A line of the improvement plan, with an owner and a date."""

    __tablename__ = "improvement"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"), index=True)
    issue: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(160))
    unit: Mapped[str] = mapped_column(String(160), default="")
    due: Mapped[date] = mapped_column(Date)
    done_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
