"""Accounts and API tokens from the command line, and the accounts of the sample province.

Passwords are hashed as the sign-in page verifies them: plain argon2id, no HMAC before it. What is printed here is told
once and kept nowhere. Must never know an incident.
"""

from __future__ import annotations

import secrets
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

import click
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from incident.domain.actors import ROLE_TITLES, SYSTEM, Actor, Role
from incident.store.sessions import Store
from incident.store.tables import Account, Assignment, Passkey, Person, Shift
from incident.timeline import ledger
from incident.web.signin_tokens import issue
from incident.wiring import Wiring

ROLES = click.Choice([role.value for role in Role])
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that looks like something else
GROUPS, GROUP = 4, 5  # about 114 bits, typed from paper

SAMPLE_PASSWORD = "SonLam-2026!"
ON_DUTY = "on_duty"


@dataclass(frozen=True, slots=True)
class SampleAccount:
    """`post` ties the account to its holder; ON_DUTY to whoever is on duty, "" to nobody."""

    name: str
    role: Role
    post: str
    title: str


SAMPLES = (
    SampleAccount("truc", Role.DUTY_OFFICER, ON_DUTY, "Cán bộ trực"),
    SampleAccount("totruong", Role.APPROVER, "pho_chu_tich_phu_trach", "Tổ trưởng, người duyệt"),
    SampleAccount("phatngon", Role.SPOKESPERSON, "nguoi_phat_ngon", "Người phát ngôn"),
    SampleAccount("thuky", Role.SECRETARY, "so_vhttdl_chuyen_vien_bao_chi", "Thư ký Tổ công tác"),
    SampleAccount("nguoidang", Role.MEMBER, "cong_ttdt_truc", "Người đăng Cổng TTĐT"),
    SampleAccount("quantri", Role.ADMIN, "", "Quản trị"),
    SampleAccount("theodoi", Role.OBSERVER, "", "Người theo dõi"),
)


class Refused(click.ClickException):
    """What was asked cannot be done; nothing was changed."""

    exit_code = 1


def hashed(password: str) -> str:
    """argon2id, as Flask-Security verifies it under SECURITY_PASSWORD_SINGLE_HASH."""
    from argon2 import PasswordHasher

    return PasswordHasher().hash(password)


def new_password() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def sample_accounts(store: Store, now: datetime) -> list[tuple[str, str, str]]:
    """The sample province's accounts as (email, password, title), made where they are missing. Their password is known
    to everyone: for the sample only."""
    told = []
    password = ""
    with store.writing() as session:
        for sample in SAMPLES:
            email = f"{sample.name}@sonlam.example"
            told.append((email, SAMPLE_PASSWORD, sample.title))
            if _account(session, email) is None:
                password = password or hashed(SAMPLE_PASSWORD)
                person = _holder(session, sample.post, now)
                name = person.name if person else sample.title
                session.add(_made(email, name, [sample.role], person, password, now))
    return told


def _holder(session: Session, post: str, now: datetime) -> Person | None:
    if not post:
        return None
    if post == ON_DUTY:
        turns = (
            select(Person)
            .join(Shift, Shift.person == Person.id)
            .where(Shift.kind == ON_DUTY, Shift.ends_at > now)
        )
        return session.scalars(turns.order_by(Shift.starts_at, Shift.id).limit(1)).first()
    holders = select(Person).join(Assignment, Assignment.person == Person.id).where(Assignment.post == post)
    return session.scalars(holders.order_by(Assignment.valid_from.desc(), Assignment.id).limit(1)).first()


def _made(
    email: str, name: str, roles: list[Role], person: Person | None, password: str, now: datetime
) -> Account:
    return Account(
        email=email,
        name=name,
        roles=[role.value for role in roles],
        person_id=person.id if person else None,
        password=password,
        active=True,
        fs_uniquifier=uuid.uuid4().hex,
        created_at=now,
    )


@contextmanager
def _service() -> Iterator[Wiring]:
    """The service as it is configured, its database brought to this program's schema."""
    from incident.store.schema import migrate

    wiring = Wiring.from_env()
    try:
        migrate(wiring.store)
        yield wiring
    finally:
        wiring.store.dispose()


def _account(session: Session, email: str) -> Account | None:
    return session.scalar(select(Account).where(Account.email == email.strip().lower()))


def _known(session: Session, email: str) -> Account:
    account = _account(session, email)
    if account is None:
        raise Refused(f"Không có tài khoản {email}.")
    return account


def actor_of(store: Store, email: str) -> Actor:
    """Whoever signs in with this address, for a command that is given in his name. Raises Refused."""
    with store.reading() as session:
        account = _known(session, email)
        if not account.active:
            raise Refused(f"Tài khoản {email} đã khóa.")
        roles = frozenset(Role(name) for name in account.roles)
        return Actor("user", str(account.id), account.name, roles, account.person_id)


def _person(session: Session, key: str) -> Person:
    """By key, id or email of the directory."""
    by: ColumnElement[bool] = or_(Person.key == key, Person.id == key, Person.email == key)
    found = session.scalars(select(Person).where(by)).all()
    if len(found) != 1:
        raise Refused(f"Không tìm được đúng một cán bộ có khóa {key} trong danh bạ.")
    return found[0]


def _record(session: Session, kind: str, now: datetime, **data: str) -> None:
    ledger.append(
        session,
        ledger.system_head(session),
        kind,
        occurred_at=now,
        recorded_at=now,
        actor=SYSTEM,
        data=data,
    )


# ------------------------------------------------------------------ commands


@click.group()
def user() -> None:
    """Tài khoản đăng nhập: thêm, khóa, đặt lại mật khẩu."""


@user.command("add")
@click.option("--email", required=True, help="Thư điện tử dùng để đăng nhập")
@click.option("--name", required=True, help="Họ tên")
@click.option(
    "--role", "roles", required=True, multiple=True, type=ROLES, help="Vai trò; có thể nêu nhiều lần"
)
@click.option("--person", "person_key", help="Khóa, mã hoặc thư điện tử của cán bộ trong danh bạ")
def add(email: str, name: str, roles: tuple[str, ...], person_key: str | None) -> None:
    """Thêm tài khoản; mật khẩu được in một lần."""
    email, password = email.strip().lower(), new_password()
    if "@" not in email or len(email) > 255:
        _wrong_use(f"{email}: không phải địa chỉ thư điện tử.")
    with _service() as wiring, wiring.store.writing() as session:
        if _account(session, email) is not None:
            raise Refused(f"Đã có tài khoản {email}.")
        person = _person(session, person_key) if person_key else None
        chosen = [Role(role) for role in dict.fromkeys(roles)]
        now = wiring.now()
        session.add(_made(email, " ".join(name.split()), chosen, person, hashed(password), now))
        titles = ", ".join(ROLE_TITLES[role] for role in chosen)
        _record(session, "account_added", now, account=email, role=titles)
    click.echo(password)
    click.echo(f"Đã thêm {email} ({titles}). Mật khẩu trên chỉ in một lần.", err=True)


@user.command("disable")
@click.argument("email")
def disable(email: str) -> None:
    """Khóa tài khoản và kết thúc mọi phiên của tài khoản đó."""
    with _service() as wiring, wiring.store.writing() as session:
        account = _known(session, email)
        account.active = False
        account.fs_uniquifier = uuid.uuid4().hex  # the sessions of the account name the old one
        _record(session, "account_disabled", wiring.now(), account=account.email)
    click.echo(f"Đã khóa {account.email}.", err=True)


@user.command("reset")
@click.argument("email")
@click.option("--second-factor", is_flag=True, help="Xóa cả xác thực hai bước (mất điện thoại)")
def reset(email: str, second_factor: bool) -> None:
    """Đặt mật khẩu mới (in một lần), mở khóa, kết thúc mọi phiên cũ."""
    password = new_password()
    with _service() as wiring, wiring.store.writing() as session:
        account = _known(session, email)
        account.password, account.fs_uniquifier = hashed(password), uuid.uuid4().hex
        account.active, account.failed_attempts, account.locked_until = True, 0, None
        if second_factor:
            _forget_second_factor(session, account)
        _record(session, "account_reset", wiring.now(), account=account.email)
    click.echo(password)
    click.echo(f"Đã đặt lại {account.email}. Mật khẩu trên chỉ in một lần.", err=True)


def _forget_second_factor(session: Session, account: Account) -> None:
    account.tf_primary_method = account.tf_totp_secret = account.totp_counter = account.mf_recovery_codes = (
        None
    )
    for passkey in session.scalars(select(Passkey).where(Passkey.account_id == account.id)):
        session.delete(passkey)


@click.group()
def token() -> None:
    """Mã truy cập của API."""


@token.command("create")
@click.option("--name", required=True, help="Dùng cho việc gì")
@click.option("--role", required=True, type=ROLES, help="Vai trò")
def create(name: str, role: str) -> None:
    """Tạo mã truy cập; chỉ in mã, một lần."""
    name = " ".join(name.split())
    if not name or len(name) > 80:
        _wrong_use("--name: cần từ 1 đến 80 ký tự.")
    with _service() as wiring, wiring.store.writing() as session:
        made = issue(session, name, Role(role), wiring.now())
        _record(session, "token_created", wiring.now(), name=name, role=role)
    click.echo(made)


def _wrong_use(text: str) -> NoReturn:
    click.echo(text, err=True)
    sys.exit(2)
