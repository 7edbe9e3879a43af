"""Web addresses as settings and dialects write them."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from schemas.texts import T, Text


def wrong_address(value: str) -> Text | None:
    """What is wrong with the address of a portal, with `{key}` left to be filled; None where nothing is."""
    try:
        url = urlsplit(value)
    except ValueError:
        url = SplitResult("", "", "", "", "")
    if url.scheme not in {"http", "https"} or not url.hostname or url.username or url.query or url.fragment:
        return T("{key}: must be an address such as https://portal.example.cn/api, without user, password, ? or #.")
    if url.scheme == "http" and not is_loopback(url.hostname):
        return T("{key}: must begin with https:// (http is allowed to this machine itself only).")
    return None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself, without asking any name server."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
