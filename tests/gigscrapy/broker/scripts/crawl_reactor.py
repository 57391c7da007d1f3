"""Publish from inside Twisted's asyncio reactor, as Scrapy does. Arguments: URL, home."""

import sys
from pathlib import Path

from twisted.internet import asyncioreactor

asyncioreactor.install()

from twisted.internet import defer, task  # noqa: E402 - after the reactor is chosen

from gigscrapy import broker  # noqa: E402
from tests.gigscrapy.broker.helpers import names, publish_with  # noqa: E402


async def main(url: str, home: str) -> None:
    publisher = broker.publisher(url, Path(home), owner="run")
    await publisher.open()
    await publish_with(publisher, names("m", 500))
    await publisher.close()
    print(publisher.counts()["confirmed"])


task.react(lambda _reactor: defer.Deferred.fromFuture(__import__("asyncio").ensure_future(main(*sys.argv[1:]))))
