"""The HTTP client under the Twilio SDK: one pool of connections, a time-out on every call, never a retry.

Responsible for saying whether a broken call was provably not processed. Imported only where something is sent: it
brings the whole SDK with it.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import urllib3
from twilio.http import HttpClient
from twilio.http.response import Response
from urllib3.exceptions import ConnectTimeoutError, EmptyPoolError, HTTPError, LocationParseError, SSLError

from notify.message import ConfigurationFault, TemporaryFailure, UnknownOutcome

POOL_SIZE = 64


class PooledHttp(HttpClient):  # type: ignore[misc,unused-ignore]  # the SDK ships no types
    """`api_base` replaces scheme, host and port of every address the SDK asks for."""

    def __init__(self, timeout: float, api_base: str = "") -> None:
        self._base = api_base.rstrip("/")
        self._timeout = urllib3.Timeout(connect=min(timeout, 5.0), read=timeout)
        self._pool = urllib3.PoolManager(num_pools=4, maxsize=POOL_SIZE, block=True, retries=False)
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
        answer = self._call(method, self._address(uri, params), body, head)
        return Response(answer.status, answer.data.decode("utf-8", "replace"), answer.headers)

    def _address(self, uri: str, params: Mapping[str, object] | None) -> str:
        if self._base:
            parts = urlsplit(uri)
            uri = self._base + parts.path + (f"?{parts.query}" if parts.query else "")
        query = urlencode(_present(params), doseq=True) if params else ""
        return f"{uri}{'&' if '?' in uri else '?'}{query}" if query else uri

    def _call(
        self, method: str, address: str, body: bytes | None, headers: Mapping[str, str]
    ) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.request(
                method, address, body=body, headers=headers, timeout=self._timeout, redirect=False
            )
        except (
            ConnectTimeoutError,
            EmptyPoolError,
        ) as fault:  # a refused connection is a subclass of the first
            raise TemporaryFailure("CONNECT", f"no connection: {type(fault).__name__}") from fault
        except LocationParseError as fault:
            raise ConfigurationFault("ADDRESS", "the API address is not an address") from fault
        except SSLError as fault:
            raise _tls(fault) from fault
        except HTTPError as fault:
            raise UnknownOutcome(type(fault).__name__) from fault

    def close(self) -> None:
        self._pool.clear()


def _present(fields: Mapping[str, object] | None) -> dict[str, object]:
    return {name: value for name, value in (fields or {}).items() if value is not None}


def _tls(fault: SSLError) -> ConfigurationFault | UnknownOutcome:
    """A refused certificate ends the handshake, before anything was sent; other faults may come at any time."""
    cause = fault.args[0] if fault.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return ConfigurationFault("TLS", "the carrier's certificate was not accepted")
    return UnknownOutcome("SSLError")
