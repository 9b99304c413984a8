"""Which addresses cannot leave this machine: only those are ever handed an invented number or an open password."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Whether this address cannot leave the machine. Names other than "localhost" are not looked up."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
