"""The duty officer at a browser, and a program with a token: both speak HTTP to the service as anybody would."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

import urllib3

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Officer:
    """Signed in as the sample's duty officer; `token` is for the API."""

    def __init__(self, base: str, token: str) -> None:
        self.base = base
        self.token = token
        self.http = urllib3.PoolManager(retries=False, timeout=120)
        self.cookies: dict[str, str] = {}
        self.csrf = ""

    def sign_in(self, email: str, password: str) -> None:
        self._learn(self.get("/sign-in"))
        answer = self.post("/sign-in", {"email": email, "password": password})
        if answer.status != 302 and answer.status != 303:
            raise RuntimeError(f"not signed in: {answer.status}")
        self._learn(self.get("/incidents/new"))

    def get(self, path: str) -> urllib3.BaseHTTPResponse:
        return self._ask("GET", path, None, {})

    def post(self, path: str, form: Mapping[str, Any]) -> urllib3.BaseHTTPResponse:
        body = urlencode({**form, "csrf_token": self.csrf}, doseq=True).encode()
        return self._ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def call(self, method: str, path: str, body: Any = None) -> urllib3.BaseHTTPResponse:
        """The API."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": secrets.token_hex(12)}
        return self.http.request(method, f"{self.base}/api/v1{path}", json=body, headers=headers)

    def timed(self, path: str, api: bool = False) -> float:
        """Seconds until the whole answer is here."""
        begun = time.perf_counter()
        answer = self.call("GET", path) if api else self.get(path)
        taken = time.perf_counter() - begun
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        return taken

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> urllib3.BaseHTTPResponse:
        head = dict(headers)
        if self.cookies:
            head["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.http.request(method, self.base + path, body=body, headers=head, redirect=False)
        for line in answer.headers.getlist("Set-Cookie"):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return answer

    def _learn(self, answer: urllib3.BaseHTTPResponse) -> None:
        found = TOKEN.search(answer.data.decode())
        if found is None:
            raise RuntimeError(f"a page without a form: {answer.status}")
        self.csrf = found.group(1)
