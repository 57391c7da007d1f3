"""Addresses of channels, as Apprise has them: which are taken, and what may be shown of one.

Only some services are: what Apprise can do besides (files, commands, other machines' desktops) is nothing for an
address that somebody types into a form. Nor is every option: some read files, or lead on.
"""

import ipaddress
import logging
import warnings
from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from apprise import AppriseAsset
from apprise.plugins.base import NotifyBase
from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.discord import NotifyDiscord
from apprise.plugins.gotify import NotifyGotify
from apprise.plugins.ntfy import NotifyNtfy
from apprise.plugins.slack import NotifySlack
from apprise.plugins.telegram import NotifyTelegram

from admin.alerting.guard import read_allowed, refusal

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of what it leans on
    from apprise.plugins.email import NotifyEmail

logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # below that it tells whole addresses

LONGEST = 2000

_COMMON = frozenset({"format", "overflow", "verify", "cto", "rto", "emojis", "tz"})
_MAIL = frozenset({"smtp", "mode", "from", "to", "cc", "bcc", "name", "reply", "user", "pass"})
OPTIONS: Mapping[str, frozenset[str]] = {
    "mailto": _COMMON | _MAIL,
    "mailtos": _COMMON | _MAIL,
    "discord": _COMMON | {"avatar", "footer", "tts", "thread", "image", "fields"},
    "tgram": _COMMON | {"to", "topic", "thread", "silent", "preview", "detect", "mdv", "image"},
    "slack": _COMMON | {"to", "footer", "timestamp", "blocks", "image", "mode"},
    "ntfy": _COMMON | {"to", "priority", "xtags", "tags", "mode", "auth", "token", "image"},
    "ntfys": _COMMON | {"to", "priority", "xtags", "tags", "mode", "auth", "token", "image"},
    "gotify": _COMMON | {"priority"},
    "gotifys": _COMMON | {"priority"},
    "json": _COMMON | {"method"},
    "jsons": _COMMON | {"method"},
}
"""What may follow the question mark of each; of ``json`` also headers of one's own (``+name``)."""

SERVICES: Mapping[str, type[NotifyBase]] = {
    "mailto": NotifyEmail,
    "discord": NotifyDiscord,
    "tgram": NotifyTelegram,
    "slack": NotifySlack,
    "ntfy": NotifyNtfy,
    "gotify": NotifyGotify,
    "json": NotifyJSON,
}
"""Who reads which; asked directly, for Apprise's own way loads all its 190 services."""

OF_A_HOST = ("ntfy", "ntfys", "gotify", "gotifys", "json", "jsons", "mailto", "mailtos")
"""Services whose address names the machine that is connected to."""


class BadChannel(ValueError):
    """An address that is not taken; ``code`` says why, ``detail`` which part of it, and never the address itself."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail


def check(url: str, allowed: str = "") -> str:
    """See that an address can be used. :returns: its service.

    :param allowed: private hosts that may be named, as ALERT_PRIVATE_HOSTS has them.
    :raises BadChannel: when it cannot.
    """
    if len(url) > LONGEST or not url.isprintable():
        raise BadChannel("unreadable")
    try:
        parts = urlsplit(url)
        of_a_host = parts.scheme.lower() in OF_A_HOST  # of the others what looks like a port is a token
        host, port = parts.hostname or "", parts.port if of_a_host else None
    except ValueError:
        raise BadChannel("unreadable") from None
    service = parts.scheme.lower()
    if service not in OPTIONS:
        raise BadChannel("service", service[:20])
    for name, _ in parse_qsl(parts.query, keep_blank_values=True):
        own_header = service in ("json", "jsons") and name.startswith(("+", " "))
        if name.lower() not in OPTIONS[service] and not own_header:
            raise BadChannel("option", name[:20])
    if not _is_complete(service, url):
        raise BadChannel("incomplete", service)
    if service in OF_A_HOST:
        check_host(unquote(host), port, allowed)
    return service


def _is_complete(service: str, url: str) -> bool:
    """Whether the service finds all it needs."""
    kind = SERVICES[service if service in SERVICES else service.removesuffix("s")]
    read = kind.parse_url(url)
    if not read:
        return False
    try:
        kind(asset=AppriseAsset(storage_mode="memory", allow_templates=False), **read)
    except (TypeError, ValueError):  # Apprise's own is one of these
        return False
    return True


def masked(url: str) -> str:
    """What may be shown of an address: the service and the host, where that is no secret."""
    parts = urlsplit(url)
    service = parts.scheme.lower()
    if service not in OF_A_HOST or (service in ("ntfy", "ntfys") and _is_topic(parts)):
        return f"{service}://…"
    host = parts.hostname or "…"
    try:
        port = parts.port
    except ValueError:
        port = None
    return f"{service}://…@{host}" if "mailto" in service else f"{service}://{host}{f':{port}' if port else ''}/…"


def _is_topic(parts: SplitResult) -> bool:
    """Whether what looks like ntfy's host is a topic of ntfy.sh, which whoever knows it may read."""
    mode = dict(parse_qsl(parts.query.lower())).get("mode", "")
    return not parts.path.strip("/") or mode.startswith("c")


def check_host(host: str, port: int | None, allowed: str) -> None:
    """What is private as it stands is refused at once; whatever a name leads to, when it is connected to."""
    named = [name for name, _ in read_allowed(allowed)]
    if host in named:
        return
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
            raise BadChannel("private", host[:60]) from None
        return
    if refusal(host, port or 0):
        raise BadChannel("private", host[:60])
