"""A Scrapy command that dies, or dawdles, at a chosen call: ``python -m tests.faults.failpoint … -- <scrapy command>``.

    python -m tests.faults.failpoint gigscrapy.broker.rabbitmq.outbox:Outbox.remove before 3 exit -- crawl ligue1

The callable is named ``MODULE:QUALNAME``, in the module that *uses* it where that imports the name. ``before`` or ``after``
the call; which one is its number, counted from 1 over the whole process, or ``has=TEXT``: each call whose arguments,
as Python prints them, hold that text. Then:

``exit``
    the process is gone at once, nothing is flushed or closed (exit code 70);
``abort``
    it crashes, as a fault in a C library would (SIGABRT);
``sleep=SECONDS``
    the call is late: a coroutine waits, anything else holds up its thread.

Without the first four words (``python -m tests.faults.failpoint -- <scrapy command>``) the command runs as it is. A process
started this way also heeds :mod:`tests.faults.witness` and the variables ``PATIENCE`` and ``SILENT``. The packages that run in earnest know
nothing of it.
"""

import asyncio
import functools
import importlib
import inspect
import itertools
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

EXIT_CODE = 70
"""Of a process that a failpoint ended."""

PATIENCE = "PATIENCE"
"""Seconds that a crawl's end waits for RabbitMQ: a test of an absent one need not wait as long as a user would."""

SILENT = "SILENT"
"""Set: a crawl reports at its start and at its end, and not between: who counts its messages knows how many there are."""


def arm(target: str, when: str, which: str, what: str) -> None:
    """Put the failpoint into this process. :raises ValueError: when one of the words means nothing."""
    if when not in ("before", "after"):
        raise ValueError(f"{when!r} is neither before nor after")
    owner, name = _owner_of(target)
    plain = inspect.getattr_static(owner, name)
    function = plain.__func__ if isinstance(plain, classmethod | staticmethod) else plain
    wrapped = _wrapped(function, when, _chosen(which), what)
    setattr(owner, name, type(plain)(wrapped) if function is not plain else wrapped)


def main(words: Sequence[str]) -> None:
    """Arm what is asked for, then be the ``scrapy`` command; it ends the process."""
    from scrapy import cmdline

    from gigscrapy import reporting
    from gigscrapy.broker.rabbitmq.publisher import RabbitPublisher
    from tests.faults import witness

    where = words.index("--")
    failpoint, command = words[:where], words[where + 1 :]
    if failpoint:
        arm(*failpoint)
    if patience := os.environ.get(PATIENCE):
        RabbitPublisher.close.__defaults__ = (float(patience),)
    if os.environ.get(SILENT):
        reporting.LEAST_SECONDS = 1_000_000
    witness.listen()
    cmdline.execute(["scrapy", *command])


def _owner_of(target: str) -> tuple[Any, str]:
    module, _, qualname = target.partition(":")
    *path, name = qualname.split(".")
    return functools.reduce(getattr, path, importlib.import_module(module)), name


def _chosen(which: str) -> Callable[..., bool]:
    """Whether a call, told by its arguments, is the one that is meant."""
    if which.startswith("has="):
        text = which.removeprefix("has=")
        return lambda *arguments, **options: text in repr((arguments, options))
    calls, meant = itertools.count(1), int(which)
    return lambda *_, **__: next(calls) == meant


def _wrapped(function: Callable[..., Any], when: str, chosen: Callable[..., bool], what: str) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def late(*arguments: Any, **options: Any) -> Any:
            strikes = chosen(*arguments, **options)
            if strikes and when == "before":
                await asyncio.sleep(_strike(what))
            result = await function(*arguments, **options)
            if strikes and when == "after":
                await asyncio.sleep(_strike(what))
            return result

        return late

    @functools.wraps(function)
    def plain(*arguments: Any, **options: Any) -> Any:
        strikes = chosen(*arguments, **options)
        if strikes and when == "before":
            time.sleep(_strike(what))
        result = function(*arguments, **options)
        if strikes and when == "after":
            time.sleep(_strike(what))
        return result

    return plain


def _strike(what: str) -> float:
    """End the process, or say for how many seconds to wait."""
    if what == "exit":
        os._exit(EXIT_CODE)
    if what == "abort":
        os.abort()
    if not what.startswith("sleep="):
        raise ValueError(f"{what!r} is none of exit, abort, sleep=SECONDS")
    return float(what.removeprefix("sleep="))


if __name__ == "__main__":
    main(sys.argv[1:])
