"""So many requests a second, whatever becomes of those before: an open loop.

A request's time counts from when it was due, so that one that had to wait for others says so.
"""

import http.client
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

THREADS = 16
"""Requests at the same time; more than one core serves."""


def seconds_each(one: Callable[[], None], *, rate: float, seconds: float) -> list[float]:
    """How long each of ``rate * seconds`` calls took, spread evenly, in the order they were due."""
    began = time.perf_counter() + 0.1

    def due(number: int) -> float:
        at = began + number / rate
        time.sleep(max(0.0, at - time.perf_counter()))
        one()
        return time.perf_counter() - at

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(due, range(int(rate * seconds))))


def asking(url: str, key: str) -> Callable[[], None]:
    """A call that asks this address with the key, over a connection that each thread keeps."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    mine = threading.local()

    def ask() -> None:
        if not hasattr(mine, "connection"):
            mine.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        mine.connection.request("GET", target, headers={"Authorization": f"Bearer {key}"})
        answer = mine.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, f"{target}: {answer.status} {body[:200]!r}"

    return ask


def percentile(share: float, figures: list[float]) -> float:
    """The smallest figure that this share of them does not exceed."""
    ordered = sorted(figures)
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]
