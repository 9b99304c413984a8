"""The people of the area: they read their phones and answer, some of them twice, while the service is being killed."""

from __future__ import annotations

import json
import random
import re
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import urllib3

LOOK_SECONDS = 0.3


class People(threading.Thread):
    """Reads the simulator's journal: what each phone got, and what became of each answer."""

    def __init__(
        self, url: str, journal: Path, code: str, dice: random.Random, answering: float, patient: bool
    ) -> None:
        """`patient`: nobody answers again when the carrier could not hand an answer in; the service must find it."""
        super().__init__(name="people", daemon=True)
        self.url = url
        self.journal = journal
        self.asks = re.compile(rf"\bOK {code}\b")
        self.code = code
        self.dice = dice
        self.answering = answering
        self.patient = patient
        self.place = 0
        self.got: dict[str, list[str]] = {}
        self.sids: set[str] = set()
        self.says: dict[str, str] = {}  # what each who answers says
        self.sent: dict[str, tuple[str, str]] = {}  # sid of an answer: phone, text
        self.taken: Counter[str] = Counter()  # answers that the service took, by phone
        self.lost_on_the_way = 0
        self.answers = 0
        self.http = urllib3.PoolManager(retries=False, timeout=10)
        self.enough = threading.Event()

    def run(self) -> None:
        while not self.enough.wait(LOOK_SECONDS):
            self.look()

    def end(self) -> None:
        self.enough.set()
        self.join(10)

    def look(self) -> None:
        for fact in self._new():
            if fact["kind"] == "status" and fact["sid"] in self.sent:
                self._ended(fact)
            elif fact["kind"] == "sms" and not fact["inbound"]:
                self._received(fact)

    @property
    def waiting(self) -> bool:
        """Whether somebody's answer has not been taken yet."""
        return any(not self.taken[phone] for phone in self.says)

    def _received(self, fact: dict[str, Any]) -> None:
        phone, body = str(fact["to"]), str(fact["body"])
        self.got.setdefault(phone, []).append(body)
        self.sids.add(str(fact["sid"]))
        if phone in self.says or not self.asks.search(body) or self.dice.random() >= self.answering:
            return
        self.says[phone] = f"BAN {self.code}" if self.dice.random() < 0.1 else f"OK {self.code}"
        for _ in range(2 if self.dice.random() < 0.2 else 1):
            self._say(phone)

    def _ended(self, fact: dict[str, Any]) -> None:
        phone, _ = self.sent[fact["sid"]]
        if fact["status"] == "received":
            self.taken[phone] += 1
        elif fact["status"] == "failed" and not self.taken[phone]:
            # The carrier gave up on the webhook. The person hears nothing.
            self.lost_on_the_way += 1
            if self.patient:
                self.taken[phone] += 1
            else:
                self._say(phone)

    def _say(self, phone: str) -> None:
        text = self.says[phone]
        answer = self.http.request("POST", f"{self.url}/phones/{quote(phone)}/reply", json={"text": text})
        assert answer.status == 201, answer.data
        self.sent[str(answer.json()["sid"])] = (phone, text)
        self.answers += 1

    def _new(self) -> list[dict[str, Any]]:
        with suppress(FileNotFoundError), self.journal.open("rb") as file:
            file.seek(self.place)
            text = file.read()
            whole = text[: text.rfind(b"\n") + 1]
            self.place += len(whole)
            return [json.loads(line) for line in whole.splitlines()]
        return []
