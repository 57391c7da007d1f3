"""What starts the crawls, and sees them end."""

import signal
from contextlib import suppress
from typing import Any

from scrapyd import launcher
from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.error import ProcessExitedAlready
from twisted.logger import Logger

PATIENCE = 50
"""Seconds that the crawls have to end in when Scrapyd does. One that waits for RabbitMQ takes half a minute."""

Process = Any  # launcher.ScrapyProcessProtocol

log = Logger()


class Launcher(launcher.Launcher):
    """Scrapyd's, which leaves its crawls behind when it ends. This one has them send what they hold, and waits.

    A second signal, or the end of its patience, ends them at once.
    """

    def stopService(self) -> "Deferred[object]":  # noqa: N802 - Twisted's name
        super().stopService()
        crawls = list(self.processes.values())
        if crawls:
            log.info("{count} crawls are told to stop; they have {patience} s", count=len(crawls), patience=PATIENCE)
        for process in crawls:
            stop(process)
        clock = reactor.callLater(PATIENCE, self._kill)
        for number in (signal.SIGINT, signal.SIGTERM):  # Twisted's own would say that it is stopping already
            signal.signal(number, lambda *_: reactor.callFromThread(self._kill))
        over = DeferredList([process.deferred for process in crawls])
        over.addCallback(lambda _: clock.cancel() if clock.active() else None)
        return over

    def _kill(self) -> None:
        for process in self.processes.values():
            log.error("job {job} has not stopped: killed; what it had not sent waits in its outbox", job=process.job)
            send(process, "KILL")


def stop(process: Process, word: str = "TERM") -> None:
    """Ask a crawl to end, once: a second signal would have it end at once, with what it holds unsent."""
    if not getattr(process, "asked_to_stop", False):
        process.asked_to_stop = True
        send(process, word)


def send(process: Process, word: str) -> None:
    with suppress(ProcessExitedAlready):
        process.transport.signalProcess(word)
