"""Publish until the disk is full, then again when there is room. Argument: home.

The disk is this process's own limit on the size of a file, which the system enforces.
"""

import asyncio
import resource
import signal
import sys
from pathlib import Path

from gigscrapy import broker

SMALL = 300_000


async def main(home: Path) -> None:
    publisher = broker.publisher(None, home, owner="run")
    await publisher.open()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, resource.RLIM_INFINITY))
    for number in range(1000):
        try:
            await publisher.publish(f"m{number}", b"x" * 10_000)
        except OSError as error:
            print(type(error).__name__, error.filename)
            break
        print(f"m{number}")
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await publisher.publish("afterwards", b"x")
    print("afterwards")
    await publisher.close()


asyncio.run(main(Path(sys.argv[1])))
