"""A night on film: the service in this process at two in the morning, one phone, and a picture where one says more."""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page
from werkzeug.serving import WSGIRequestHandler, make_server

from incident.commands.accounts import sample_accounts
from incident.delivery import leases
from incident.directory.queries import VIETNAM
from incident.directory.sample import load_sample
from incident.response.open import Opened as Incident
from incident.store.schema import migrate
from incident.store.sessions import Store
from incident.web.app import create_app
from incident.wiring import Wiring
from tests.browser.conftest import Server, signs_in
from tests.browser.deeds import Opened
from tests.browser.pace import Hand
from tests.stories.night import Night
from tests.stories.world import NIGHT, World


class Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        pass


@cache
def sample() -> bytes:
    """A database with the sample province and its accounts, made once for all nights."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.db"
        url = f"sqlite:///{path}"
        migrate(url)
        store = Store(url)
        with store.writing() as session:
            load_sample(session, NIGHT)
        sample_accounts(store, NIGHT)
        store.dispose()
        return path.read_bytes()


@contextmanager
def province(folder: Path) -> Iterator[tuple[World, Server]]:
    """The service in this process, at two in the morning of 22 November 2026."""
    path = folder / "incident.db"
    path.write_bytes(sample())
    store = Store(f"sqlite:///{path}")
    world = World(store, folder)
    wiring = Wiring(world.settings, now=world.now, carriers=world.gateway)
    wiring.__dict__.update(store=world.store, desk=world.desk, outbox=world.outbox)
    app = create_app(wiring)
    watch = app.extensions["watch"]
    watch.known_seconds = watch.fresh_seconds = 0.0
    app.config.update(SESSION_COOKIE_SECURE=False, WTF_CSRF_SSL_STRICT=False)
    served = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    try:
        yield world, Server(f"http://127.0.0.1:{served.server_port}", "")
    finally:
        served.shutdown()
        thread.join()
        world.close()
        store.dispose()


@dataclass
class Line:
    clock: str
    text: str
    sms: tuple[str, ...] = ()
    picture: str = ""


@dataclass
class Film:
    """A night on one phone: what happened, and a picture where one says more."""

    world: World
    server: Server
    page: Page
    name: str
    folder: Path | None = None
    lines: list[Line] = field(default_factory=list)
    opened: Opened | None = None

    @property
    def night(self) -> Night:
        """The deeds that need no page: what people do on their own phones."""
        assert self.opened is not None
        incident = Incident(self.opened.room.rsplit("/", 1)[1], self.opened.code, "", "open", True)
        return Night(self.world, opened=incident)

    @property
    def room(self) -> str:
        assert self.opened is not None
        return self.opened.room

    @property
    def hand(self) -> Hand:
        return Hand(self.page)

    def at(self, clock: str) -> None:
        hour, minute = (int(part) for part in clock.split(":"))
        here = self.world.time.astimezone(VIETNAM)
        self.passes((here.replace(hour=hour, minute=minute, second=0) - here).total_seconds() / 60)

    def passes(self, minutes: float) -> None:
        """The world runs on, and its clock is heard beating."""
        self.world.fast_forward(minutes)
        leases.take(self.world.store, "clock", "the story", self.world.time, 60)
        self.page.clock.set_fixed_time(self.world.time)

    def signs_in(self, name: str, path: str = "") -> None:
        """As this account, on this page, at the hour of the night."""
        signs_in(self.page, self.server, name)
        if path:
            self.page.goto(path)

    def tells(self, text: str, *sms: str, shot: str = "", over: str = "") -> None:
        """A line of the story. `shot`: with what the phone shows now, from the element `over` on."""
        picture = self._shot(shot, over) if shot else ""
        self.lines.append(Line(f"{self.world.time.astimezone(VIETNAM):%H:%M}", text, sms, picture))

    def last_sms(self, post: str) -> str:
        self.world.deliver()
        return re.sub(r"/(a|d)/\w+", r"/\1/…", self.world.phone(post).messages()[-1].body)

    def new_sms(self, post: str) -> tuple[str, ...]:
        """The last SMS on this phone, where no line has told it yet: past the ceiling of SMS an email goes alone."""
        sms = self.last_sms(post)
        return () if any(sms in line.sms for line in self.lines) else (sms,)

    def _shot(self, name: str, over: str) -> str:
        if self.folder is None:
            return ""
        self.page.evaluate("window.scrollTo(0, 0)")
        if over:
            self.page.locator(over).first.evaluate(
                "e => window.scrollTo(0, e.getBoundingClientRect().top + window.scrollY - 12)"
            )
        self.page.wait_for_timeout(350)
        path = self.folder / f"{self.name}-{len([x for x in self.lines if x.picture]) + 1}-{name}.png"
        Image.open(BytesIO(self.page.screenshot())).convert("RGB").quantize(64).save(path, optimize=True)
        return path.name
