"""The web of a province in a story's world: real application, real door, carriers in memory, a clock that is handed in."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from incident.commands.accounts import SAMPLE_PASSWORD, hashed, sample_accounts
from incident.directory import rota
from incident.directory.sample import load_sample
from incident.store.sessions import Store
from incident.store.tables import Account
from incident.web.app import create_app
from incident.wiring import Wiring
from tests.stories.world import NIGHT, World


@dataclass
class Browser:
    """What a browser without scripts does: keeps cookies, and sends the token that the page carried."""

    client: FlaskClient

    def get(self, address: str, **how: Any) -> TestResponse:
        return self.client.get(address, **how)

    def text(self, address: str) -> str:
        response = self.get(address)
        assert response.status_code == 200, f"{address}: {response.status_code}"
        return words(response.text)

    def post(
        self, address: str, data: dict[str, Any] | None = None, page: str | None = None, **how: Any
    ) -> TestResponse:
        """Sends a form that stood on `page` (default: the sign-in or account page, for its token)."""
        found = self.client.get(page or "/account", follow_redirects=True)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', found.text)
        assert token, f"no form on {page}"
        return self.client.post(address, data={**(data or {}), "csrf_token": token[1]}, **how)

    def signs_in(self, name: str, password: str = SAMPLE_PASSWORD) -> TestResponse:
        return self.post(
            "/sign-in", {"email": f"{name}@sonlam.example", "password": password}, page="/sign-in"
        )


@dataclass
class Site:
    world: World
    app: Flask
    wiring: Wiring

    def browser(self, name: str = "") -> Browser:
        browser = Browser(self.app.test_client())
        if name:
            assert browser.signs_in(name).status_code == 302, f"{name} cannot sign in"
        return browser


def words(page: str) -> str:
    """What a page says, without its tags."""
    text = re.sub(r"<(script|style|head)\b.*?</\1>", " ", page, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


@pytest.fixture(scope="session")
def province(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the sample province and its accounts, made once and copied for each test."""
    path = tmp_path_factory.mktemp("province") / "province.db"
    shutil.copy(sqlite_template, path)
    store = Store(f"sqlite:///{path}")
    with store.writing() as session:
        load_sample(session, NIGHT)
    sample_accounts(store, NIGHT)
    store.dispose()
    return path


@pytest.fixture
def site(province: Path, tmp_path: Path) -> Iterator[Site]:
    with site_of(province, tmp_path) as made:
        yield made


@contextmanager
def site_of(province: Path, folder: Path) -> Iterator[Site]:
    """A site with its own copy of the province, until the end of the block."""
    path = folder / "incident.db"
    shutil.copy(province, path)
    store = Store(f"sqlite:///{path}")
    world = World(store, folder)
    wiring = Wiring(world.settings, now=world.now, carriers=world.gateway)
    wiring.__dict__.update(store=world.store, desk=world.desk, outbox=world.outbox)
    app = create_app(wiring)
    watch = app.extensions["watch"]
    watch.known_seconds = watch.fresh_seconds = (
        0.0  # a story's clock jumps: what was true a moment ago is old
    )
    app.config["SESSION_COOKIE_SECURE"] = False
    app.config["WTF_CSRF_SSL_STRICT"] = False
    try:
        yield Site(world, app, wiring)
    finally:
        world.close()
        store.dispose()


def second_officer(site: Site) -> None:
    """The officer whom the rota names next gets an account of his own, "truc2"."""
    with site.world.store.writing() as session:
        turn = rota.next_turn(session, site.world.time)
        assert turn is not None
        session.add(
            Account(
                email="truc2@sonlam.example", password=hashed(SAMPLE_PASSWORD), fs_uniquifier="truc2",
                roles=["duty_officer"], person_id=turn.person, name=turn.name, created_at=site.world.time,
            )
        )  # fmt: skip


OPENING = {
    "title": "Tin lan truyền: hồ Suối Lạc có vết nứt",
    "short_name": "tin về hồ Suối Lạc",
    "kind": "rumour",
    "area": ["xa_suoi_lac", "xa_muong_lo"],
    "level": "3",
    "detected_at": "2026-11-22T01:50",
    "source": "mạng xã hội công khai",
    "key": "key-1",
}
