"""Publish until killed; a name is printed when its publish has returned. Arguments: URL or ``-``, home, prefix."""

import asyncio
import itertools
import sys
from pathlib import Path

from gigscrapy import broker


async def main(url: str, home: str, prefix: str) -> None:
    publisher = broker.publisher(None if url == "-" else url, Path(home), owner=prefix)
    await publisher.open()
    numbers = itertools.count()

    async def work() -> None:
        for number in numbers:
            name = f"{prefix}{number:05}"
            await publisher.publish(name, name.encode())
            print(name)

    await asyncio.gather(*(work() for _ in range(20)))


asyncio.run(main(*sys.argv[1:]))
