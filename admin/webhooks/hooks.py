"""What a hook may be: checked where somebody writes one, on the page or by a program."""

import secrets
from urllib.parse import urlsplit

from admin.alerting.channels import BadChannel, check_host
from admin.alerting.guard import read_allowed

LONGEST = 500
_BEGIN = "whsec_"


class BadHook(ValueError):
    """An address that is not taken. ``code``: ``unreadable``, ``scheme``, ``private``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def new_secret() -> str:
    """What messages are signed with."""
    return _BEGIN + secrets.token_urlsafe(32)


def shown(secret: str) -> str:
    """Its first letters, by which people tell it from others."""
    return secret[: len(_BEGIN) + 6]


def check(url: str, allowed: str = "") -> str:
    """See that an address may be told something. :returns: it.

    It speaks TLS, unless it is a private one that whoever runs this has named (ALERT_PRIVATE_HOSTS). Where a name leads
    to is judged when it is connected to.

    :raises BadHook: when it may not.
    """
    if not url or len(url) > LONGEST or not url.isprintable() or " " in url:
        raise BadHook("unreadable")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadHook("unreadable") from None
    if not host or parts.username or parts.password or parts.fragment or parts.scheme not in ("http", "https"):
        raise BadHook("scheme" if host and parts.scheme not in ("http", "https") else "unreadable")
    port = port or (443 if parts.scheme == "https" else 80)
    named = (host, port) in read_allowed(allowed)
    if parts.scheme == "http" and not named:
        raise BadHook("scheme")
    try:
        if not named:
            check_host(host, port, "")
    except BadChannel:
        raise BadHook("private") from None
    return url
