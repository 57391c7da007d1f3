"""How often a password may be tried: counted in the database, so that it holds whatever process is asked.

A try is written down before it is answered, and taken back where it was right: those that come all at once are counted
like those that come one after the other.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from admin.accounts import key_of
from schema.models import Attempts, now

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 5
"""Wrong tries of one account within WINDOW; the next one waits."""
PER_ADDRESS = 20
"""And from one address, whatever the accounts: an office may share it."""


class TooMany(Exception):
    """``seconds``: how long to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many tries: wait for {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Try:
    """One try that was written down."""

    ids: tuple[int, ...]

    def was_right(self) -> None:
        """It counts no more."""
        Attempts.delete().where(Attempts.id.in_(self.ids)).execute()


def begin(username: str, address: str) -> Try:
    """A password is about to be tried. :raises TooMany: when it must not be."""
    at = now()
    Attempts.delete().where(Attempts.at <= at - WINDOW).execute()
    limits = {f"account {key_of(username)[:150]}": PER_ACCOUNT, f"address {network_of(address)}": PER_ADDRESS}
    begun = Try(tuple(Attempts.create(name=name, at=at).id for name in limits))
    seconds = max(_wait(limits, begun, at))
    if seconds > 0:
        begun.was_right()  # one that was not answered does not make the wait longer
        raise TooMany(seconds)
    return begun


def forgive(username: str) -> None:
    """Who was given a new password may try it at once."""
    Attempts.delete().where(Attempts.name == f"account {key_of(username)[:150]}").execute()


def network_of(address: str) -> str:
    """Whose an address is: of IPv6 everybody has 2 to the 64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)


def _wait(limits: Mapping[str, int], begun: Try, at: datetime) -> list[int]:
    """Seconds until each limit allows one more, 0 where it does now."""
    waits = []
    for (name, limit), own in zip(limits.items(), begun.ids, strict=True):
        before = (Attempts.name == name) & (Attempts.id < own)
        earlier = Attempts.select(Attempts.at).where(before).order_by(Attempts.id.desc()).limit(limit)
        times = [row.at for row in earlier]
        waits.append(ceil((min(times) + WINDOW - at).total_seconds()) if len(times) == limit else 0)
    return waits
