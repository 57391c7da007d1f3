"""Messages into a spool or an outbox, as a crawl puts them there."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from gigscrapy import broker

AT_ONCE = 1000


def spooled(home: Path, bodies: Sequence[bytes]) -> None:
    """All of these in the spool of ``home``."""

    async def publish() -> None:
        publisher = broker.publisher(None, home, owner="benchmark")
        await publisher.open()
        for start in range(0, len(bodies), AT_ONCE):
            chunk = enumerate(bodies[start : start + AT_ONCE], start)
            await asyncio.gather(*(publisher.publish(f"{number:032x}", body) for number, body in chunk))
        await publisher.close()

    asyncio.run(publish())
