"""One pool of connections under every carrier that speaks HTTP: a time-out on each call, no redirect, never a retry.

Responsible for saying whether a broken call was provably not processed. It must never know what is sent. Imported only
where something is sent.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    EmptyPoolError,
    HTTPError,
    LocationParseError,
    LocationValueError,
    SSLError,
)

from notify.message import ConfigurationFault, TemporaryFailure, UnknownOutcome

POOL_SIZE = 64
CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status: int
    body: bytes
    headers: Mapping[str, str]


class HttpPool:
    """Safe to share between threads. `timeout`: seconds from the first packet to the answer."""

    def __init__(self, timeout: float) -> None:
        self._timeout = urllib3.Timeout(total=timeout, connect=min(timeout, CONNECT_SECONDS))
        self._pool = urllib3.PoolManager(num_pools=4, maxsize=POOL_SIZE, block=True, retries=False)

    def call(self, method: str, address: str, body: bytes | None, headers: Mapping[str, str]) -> HttpAnswer:
        """Raises TemporaryFailure where no connection came about, ConfigurationFault for an address that is none or a
        certificate that is not accepted, UnknownOutcome for everything that may have happened after the request left."""
        try:
            answer = self._pool.request(
                method, address, body=body, headers=headers, timeout=self._timeout, redirect=False
            )
        except (
            ConnectTimeoutError,
            EmptyPoolError,
        ) as fault:  # a refused connection is a subclass of the first
            raise TemporaryFailure("CONNECT", f"no connection: {type(fault).__name__}") from fault
        except (LocationParseError, LocationValueError):  # whose text has the query, and a key in it
            raise ConfigurationFault("ADDRESS", "the API address is not an address") from None
        except SSLError as fault:
            raise _tls(fault) from fault
        except HTTPError as fault:
            raise UnknownOutcome(type(fault).__name__) from fault
        return HttpAnswer(answer.status, answer.data, answer.headers)

    def close(self) -> None:
        self._pool.clear()


def _tls(fault: SSLError) -> ConfigurationFault | UnknownOutcome:
    """A refused certificate ends the handshake, before anything was sent; other faults may come at any time."""
    cause = fault.args[0] if fault.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return ConfigurationFault("TLS", "the carrier's certificate was not accepted")
    return UnknownOutcome("SSLError")
