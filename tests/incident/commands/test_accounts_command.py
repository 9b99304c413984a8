"""`incident user …`, `incident token …` and the sample accounts, through the sign-in page they are for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask_babel import Babel
from flask_security.utils import verify_password
from flask_wtf.csrf import CSRFProtect

from incident.commands.accounts import SAMPLE_PASSWORD, new_password, sample_accounts, token, user
from incident.directory.sample import load_sample
from incident.domain.actors import Role
from incident.settings import Settings
from incident.store.sessions import Store
from incident.store.tables import Account, Entry, Person, Token
from incident.timeline.verify import verify_chain
from incident.web import signin
from incident.web.signin_tokens import bearer
from incident.wiring import Wiring

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


class Terminal:
    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.env = {
            "DATABASE_URL": store.url.render_as_string(hide_password=False),
            "DATA_DIR": str(folder),
            "SECRET_KEY": "x",
        }

    def types(self, group: click.Group, *words: str) -> Result:
        result = CliRunner().invoke(group, list(words), env=self.env)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def account(self, email: str) -> Account:
        with self.store.reading() as session:
            return session.query(Account).filter_by(email=email).one()


@pytest.fixture
def terminal(store: Store, tmp_path: Path) -> Terminal:
    with store.writing() as session:
        load_sample(session, NOW)
    return Terminal(store, tmp_path)


def signs_in(terminal: Terminal, email: str, password: str) -> bool:
    """As the sign-in page decides it, under its own settings."""
    settings = Settings.from_env(terminal.env)
    app = Flask("sign-in")
    app.config.update(SECRET_KEY=settings.secret_key, WTF_CSRF_CHECK_DEFAULT=False)
    CSRFProtect(app)
    Babel(app)
    wiring = Wiring(settings)
    signin.install(app, wiring)
    account = terminal.account(email)
    with app.test_request_context():
        verified = bool(verify_password(password, account.password or ""))
    wiring.store.dispose()
    return account.active and verified


def test_an_account_is_added_with_a_password_told_once(terminal: Terminal) -> None:
    with terminal.store.reading() as session:
        person = session.query(Person).filter(Person.key.is_not(None)).first()
    assert person is not None
    assert person.key is not None
    words = (
        "--email",
        "Moi@SonLam.example",
        "--name",
        "Cán bộ  Mới",
        "--role",
        "member",
        "--role",
        "secretary",
    )
    result = terminal.types(user, "add", *words, "--person", person.key)
    assert result.exit_code == 0
    password = result.stdout.strip()
    account = terminal.account("moi@sonlam.example")
    assert (account.name, account.roles, account.person_id) == (
        "Cán bộ Mới",
        ["member", "secretary"],
        person.id,
    )
    assert signs_in(terminal, account.email, password)
    assert not signs_in(terminal, account.email, password + "x")


def test_what_cannot_be_added_changes_nothing(terminal: Terminal) -> None:
    words = ("--email", "a@b.example", "--name", "A", "--role", "member")
    assert terminal.types(user, "add", *words, "--person", "khong-co").exit_code == 1
    assert terminal.types(user, "add", *words).exit_code == 0
    again = terminal.types(user, "add", *words)
    assert (again.exit_code, again.stdout) == (1, "")
    assert terminal.types(user, "add", *words[:4], "--role", "vua").exit_code == 2
    assert terminal.types(user, "add", "--email", "khong", *words[2:]).exit_code == 2


def test_disable_and_reset_end_what_was_before(terminal: Terminal) -> None:
    sample_accounts(terminal.store, NOW)
    email = "truc@sonlam.example"
    before = terminal.account(email).fs_uniquifier
    assert terminal.types(user, "disable", email).exit_code == 0
    assert not signs_in(terminal, email, SAMPLE_PASSWORD)
    password = terminal.types(user, "reset", email, "--second-factor").stdout.strip()
    assert signs_in(terminal, email, password)
    assert not signs_in(terminal, email, SAMPLE_PASSWORD)
    assert terminal.account(email).fs_uniquifier != before
    assert terminal.types(user, "reset", "khong@co.example").exit_code == 1


def test_the_sample_accounts_are_tied_to_those_who_hold_the_posts(terminal: Terminal) -> None:
    told = sample_accounts(terminal.store, NOW)
    assert sample_accounts(terminal.store, NOW) == told
    emails = {email for email, _, _ in told}
    assert {f"{name}@sonlam.example" for name in ("truc", "totruong", "phatngon", "thuky")} <= emails
    assert signs_in(terminal, *told[0][:2])
    with terminal.store.reading() as session:
        accounts = session.query(Account).all()
    assert len(accounts) == len(told)
    unbound = {account.email for account in accounts if account.person_id is None}
    assert unbound == {"quantri@sonlam.example", "theodoi@sonlam.example"}


def test_a_token_is_printed_once_and_kept_as_a_hash(terminal: Terminal) -> None:
    result = terminal.types(token, "create", "--name", "Trục tích hợp", "--role", "duty_officer")
    assert result.exit_code == 0
    made = result.stdout.strip()
    assert "\n" not in made
    with terminal.store.reading() as session:
        actor = bearer(session, f"Bearer {made}")
        row = session.query(Token).one()
        line = session.query(Entry).filter_by(chain="system").one()
        assert verify_chain(session, "system").ok
    assert actor is not None
    assert (actor.kind, actor.roles, actor.person_id) == ("token", {Role.DUTY_OFFICER}, None)
    assert made not in (row.hash, row.name)
    assert line.kind == "token_created"
    assert made not in line.canonical
    assert terminal.types(token, "create", "--name", "x", "--role", "vua").exit_code == 2
    assert terminal.types(token, "create", "--name", "x" * 81, "--role", "admin").exit_code == 2


def test_passwords_differ_and_are_long() -> None:
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(password) >= 20 for password in made)
