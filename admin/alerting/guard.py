"""Where a message may go: to public addresses, and to private ones that whoever runs this has named.

The guard stands where a connection is made, not where an address is read: whatever a name leads to this time, the
number that is connected to is judged (an audit hook of Python's, which nothing in the process can take off). What a
name led to when it was checked does not matter, nor where an answer would lead on to, nor which library connects.

Nothing of the project is imported: the process that sends knows no more than it must.
"""

import ipaddress
import socket
import sys
from collections.abc import Iterable
from typing import Any

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Allowed = frozenset[tuple[str, int]]

NAT64 = ipaddress.ip_network("64:ff9b::/96")
LOCAL_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")
PROTOCOLS = ipaddress.ip_network("192.0.0.0/24")
"""Some Pythons take part of it for public."""
REFUSED_EVENTS = (
    *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "pty.spawn"),
    *("socket.bind", "socket.sendto", "socket.sendmsg"),
)
"""What sending a message never needs."""


class Refused(PermissionError):
    """This address is not connected to; the message says why."""


def refusal(host: str, port: int, allowed: Allowed = frozenset()) -> str | None:
    """Why this number (as text) is not connected to; ``None``: it may be.

    :param allowed: numbers and ports that may be, though they are private.
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return f"{host!r:.80} is no number"
    if (str(address), port) in allowed:
        return None
    return next((f"{host} is {kind}" for one in _meant(address) if (kind := _kind(one))), None)


def read_allowed(text: str) -> tuple[tuple[str, int], ...]:
    """``ntfy.lan:8080 127.0.0.1:8025`` as hosts and ports. :raises ValueError: when that is not what it is."""
    found = []
    for word in text.replace(",", " ").split():
        host, colon, port = word.rpartition(":")
        if not colon or not host or not port.isdecimal() or not 0 < int(port) < 2**16:
            raise ValueError(f"ALERT_PRIVATE_HOSTS has {word!r:.80}: write host:port, with spaces between")
        found.append((host.strip("[]"), int(port)))
    return tuple(found)


def resolve(hosts: Iterable[tuple[str, int]]) -> Allowed:
    """The numbers that named private hosts have now; one that has none is left out."""
    found = set()
    for host, port in hosts:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            continue
        found |= {(str(answer[4][0]).partition("%")[0], port) for answer in answers}
    return frozenset(found)


class Guard:
    """Watches every connection of this process, for good. ``refused``: why the last one was not made."""

    def __init__(self) -> None:
        self.allowed: Allowed = frozenset()
        self.refused: str | None = None

    def stand(self) -> None:
        """From now on."""
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in REFUSED_EVENTS:
            raise Refused(event)
        if event == "socket.connect":
            _, target = arguments
            if not isinstance(target, tuple):
                self._refuse("a local socket")
            elif why := refusal(str(target[0]), int(target[1]), self.allowed):
                self._refuse(why)

    def _refuse(self, why: str) -> None:
        self.refused = why
        raise Refused(why)


def _meant(address: Address) -> list[Address]:
    """The address itself, and those that it stands for."""
    found: list[Address] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        found += [each for each in inner if each is not None]
        if address in NAT64 or int(address) >> 32 == 0:
            found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return found


def _kind(address: Address) -> str | None:
    """What is not public about it."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None or address in NAT64:
            return None  # judged by the address it stands for
        if address in LOCAL_NAT64 or address.is_site_local:
            return "a private address"
    if address.is_loopback:
        return "this machine itself"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast or address.is_unspecified or address.is_reserved:
        return "not one host's address"
    return None if address.is_global and address not in PROTOCOLS else "a private address"
