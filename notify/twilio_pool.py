"""The HTTP client under the Twilio SDK: the pool that all carriers share, behind the SDK's own interface.

Imported only where something is sent: it brings the whole SDK with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import urllib3
from twilio.http import HttpClient
from twilio.http.response import Response

from notify.http_pool import HttpPool


class PooledHttp(HttpClient):  # type: ignore[misc,unused-ignore]  # the SDK ships no types
    """`api_base` replaces scheme, host and port of every address the SDK asks for."""

    def __init__(self, timeout: float, api_base: str = "") -> None:
        self._base = api_base.rstrip("/")
        self._pool = HttpPool(timeout)
        self.is_async = False

    def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        head = dict(headers or {})
        if auth is not None:
            head.update(urllib3.make_headers(basic_auth=f"{auth[0]}:{auth[1]}"))
        body = urlencode(_present(data), doseq=True).encode() if data else None
        answer = self._pool.call(method, self._address(uri, params), body, head)
        return Response(answer.status, answer.body.decode("utf-8", "replace"), answer.headers)

    def _address(self, uri: str, params: Mapping[str, object] | None) -> str:
        if self._base:
            parts = urlsplit(uri)
            uri = self._base + parts.path + (f"?{parts.query}" if parts.query else "")
        query = urlencode(_present(params), doseq=True) if params else ""
        return f"{uri}{'&' if '?' in uri else '?'}{query}" if query else uri

    def close(self) -> None:
        self._pool.close()


def _present(fields: Mapping[str, object] | None) -> dict[str, object]:
    return {name: value for name, value in (fields or {}).items() if value is not None}
