"""The API on an application of its own, with the sample province, a clock that stands still, and callers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from flask_babel import Babel
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import select
from werkzeug.test import TestResponse

from incident.commands.accounts import sample_accounts
from incident.directory.sample import load_sample
from incident.domain.actors import Role
from incident.response.desk import Desk
from incident.settings import Settings
from incident.store.sessions import Store
from incident.store.tables import Account
from incident.web import signin
from incident.web.api.register import register
from incident.web.signin_tokens import issue

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
OPENING = {
    "title": "Tin đồn vỡ đập hồ Suối Lạc",
    "short_name": "tin ve ho Suoi Lac",
    "playbook": "tin-gia-dich-benh",
    "level": 3,
    "kinds": ["k3"],
    "detected_at": "2026-11-22T09:50:00+07:00",
    "accepted_at": "2026-11-22T09:55:00+07:00",
    "area": "toan_tinh",
    "topic": "thien_tai",
    "mode": "live",
}


@dataclass
class Parts:
    """What a wiring gives, with a clock the test moves."""

    store: Store
    settings: Settings
    moment: datetime = NOW
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Desk(self.store, self.settings)

    def now(self) -> datetime:
        return self.moment


@dataclass
class Api:
    """Calls the API as a token's holder or as a signed-in person."""

    parts: Parts
    app: Flask
    client: FlaskClient
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.client.open(
            path if path.startswith("/") else f"/api/v1/{path}",
            method=method,
            json=body,
            headers={**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}},
        )

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.call("POST", path, {} if body is None else body, **headers)

    def open(self, key: str = "k-1", **changes: Any) -> TestResponse:
        return self.post("incidents", OPENING | changes, Idempotency_Key=key)

    def opened(self, **changes: Any) -> str:
        answer = self.open(**changes)
        assert answer.status_code == 201, answer.text
        return str(answer.json["id"])  # type: ignore[index]

    def token(self, role: Role) -> Api:
        with self.parts.store.writing() as session:
            made = issue(session, f"kiểm thử {role}", role, self.parts.now())
        return Api(self.parts, self.app, self.app.test_client(), {"Authorization": f"Bearer {made}"})

    def person(self, name: str) -> Api:
        """Signed in to the sample account of that name."""
        with self.parts.store.reading() as session:
            account = session.scalars(select(Account).where(Account.email == f"{name}@sonlam.example")).one()
        return self.signed_in(account)

    def as_person(self, person_id: str) -> Api:
        """Signed in as that person of the directory, who is given an account of a member."""
        with self.parts.store.writing() as session:
            account = session.scalar(select(Account).where(Account.person_id == person_id))
            if account is None:
                words = {
                    "email": f"{person_id}@sonlam.example",
                    "fs_uniquifier": person_id,
                    "name": "Thành viên",
                }
                account = Account(**words, roles=["member"], person_id=person_id, created_at=NOW)
                session.add(account)
        return self.signed_in(account)

    def signed_in(self, account: Account) -> Api:
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = account.fs_uniquifier
            session["_fresh"] = True
            session[signin.SEEN] = self.parts.now().isoformat()
        return Api(self.parts, self.app, client, {"X-Requested-With": "test"})

    def later(self, **span: float) -> None:
        self.parts.moment += timedelta(**span)


def load(store: Store) -> None:
    with store.writing() as session:
        load_sample(session, NOW)
    sample_accounts(store, NOW)


def an_api(store: Store, folder: Path) -> Api:
    """For the duty officer's token, on a database with the sample province."""
    settings = Settings(
        data_dir=folder,
        database_url=str(store.url),
        redis_url=None,
        port=8000,
        public_url="http://localhost:8000",
        secret_key="a secret for tests only",
    )
    parts = Parts(store, settings)
    app = Flask("api-under-test")
    app.config.update(SECRET_KEY=settings.secret_key, WTF_CSRF_CHECK_DEFAULT=False)
    CSRFProtect(app)
    app.extensions["wiring"] = parts
    Babel(app, default_locale="vi")
    signin.install(app, parts)  # type: ignore[arg-type]
    register(app, parts)  # type: ignore[arg-type]
    return Api(parts, app, app.test_client()).token(Role.DUTY_OFFICER)


def problem(answer: TestResponse, status: int) -> dict[str, Any]:
    """The body of an error, which must be a whole problem of that status."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    body: dict[str, Any] = json.loads(answer.text)
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body
