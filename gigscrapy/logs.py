"""The log of every process of ours: a line for a person, or with LOG_JSON=1 a JSON object a line.

:func:`start` is called once, by whatever a process runs: a command of ours, the admin. Scrapy's own commands, which are
what Scrapyd runs, are reached by :class:`Logs`, an add-on. In a crawl every line tells the run; elsewhere one that is
about a run says which: ``logger.warning("…", extra={"run": run_id})``.
"""

import logging
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pythonjsonlogger.json import JsonFormatter

from schema.instants import iso

if TYPE_CHECKING:  # the admin logs too, and needs no Scrapy
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings, Settings

SHORT = 8
"""So much of a run's id stands in a line for a person: enough to tell two apart."""
DATES = "%Y-%m-%d %H:%M:%S"


@dataclass
class _Process:
    """What this process logs with.

    :ivar run: the run it is, where it is a crawl.
    """

    run: str | None = None
    handler: logging.Handler | None = None


_process = _Process()


def start(settings: "Settings", command: str) -> None:
    """What a command of ours logs from now on, and what Twisted and Scrapy do, as ``settings`` say."""
    from scrapy.utils.log import configure_logging

    install(settings, command)
    configure_logging(settings)


def as_json(settings: Mapping[str, Any]) -> bool:
    """Whether LOG_JSON asks for JSON."""
    return _is_on(settings["LOG_JSON"])


class Logs:
    """Add-on for Scrapy: its own commands log as ours do, and the lines of a crawl name the run."""

    @classmethod
    def update_pre_crawler_settings(cls, settings: "BaseSettings") -> None:
        """Called before Scrapy writes its first line."""
        install(settings, asked_for())

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> Self:
        _process.run = getattr(crawler.spider, "run_id", None)
        return cls()


def asked_for() -> str:
    """The command of this process. Scrapy takes it out of ``sys.argv``, and tells nobody."""
    return next((word for word in sys.orig_argv[-len(sys.argv) :] if not word.startswith("-")), "scrapy")


class LineFormatter(logging.Formatter):
    """A line for a person. ``of_run`` in LOG_FORMAT: the beginning of the run's id and a space, where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        run = run_of(record)
        record.of_run = f"{run[:SHORT]} " if run else ""
        return super().format(record)


class ObjectFormatter(JsonFormatter):
    """A line for a program: time (UTC), level, logger, message, command, and where there is one run and exception.

    No character of a message breaks the line: JSON spells out all that ASCII has not, and all that moves a cursor.
    """

    def __init__(self, command: str) -> None:
        super().__init__()
        self.command = command

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """What a library hangs on a record besides is left out: nobody knows what it is, or how long."""
        log_data.update(
            time=iso(datetime.fromtimestamp(record.created, UTC)),
            level=record.levelname,
            logger=record.name,
            message=record.getMessage(),
            command=self.command,
        )
        if run := run_of(record):
            log_data["run"] = run
        if exception := message_dict.get("exc_info"):
            log_data["exception"] = exception
        if stack := message_dict.get("stack_info"):
            log_data["stack"] = stack


def run_of(record: logging.LogRecord) -> str | None:
    """The run a line is about: the one it names, else the one this process is."""
    return getattr(record, "run", None) or _process.run


# -- where it goes -----------------------------------------------------------------------------------------------------


def install(settings: Mapping[str, Any], command: str) -> None:
    """Write to where ``settings`` say, in the place of what was written to before.

    They are LOG_JSON, and Scrapy's LOG_LEVEL, LOG_FILE, LOG_FILE_APPEND, LOG_ENCODING, LOG_FORMAT, LOG_DATEFORMAT and
    LOG_ENABLED. For a program without Scrapy, ``vars(gigscrapy.settings)`` will do.

    Scrapy would install a handler of its own, with a formatter nobody can choose: LOG_INSTALL_ROOT_HANDLER is false.
    """
    if _process.handler:
        logging.root.removeHandler(_process.handler)
        _process.handler.close()
    handler = _handler(settings)
    handler.setLevel(settings["LOG_LEVEL"])
    if as_json(settings):
        handler.setFormatter(ObjectFormatter(command))
        logging.captureWarnings(True)
        _catch_what_nobody_catches()
    else:
        handler.setFormatter(LineFormatter(settings["LOG_FORMAT"], settings.get("LOG_DATEFORMAT", DATES)))
    _process.handler = handler
    logging.root.setLevel(logging.NOTSET)
    logging.root.addHandler(handler)


def _handler(settings: Mapping[str, Any]) -> logging.Handler:
    if filename := settings.get("LOG_FILE"):
        if not _is_on(settings.get("LOG_FILE_APPEND", True)):
            Path(filename).unlink(missing_ok=True)
        # Always appended to: configure_logging closes each handler there is, and only such a one opens its file again.
        return logging.FileHandler(filename, mode="a", encoding=settings.get("LOG_ENCODING", "utf-8"))
    return logging.StreamHandler() if _is_on(settings.get("LOG_ENABLED", True)) else logging.NullHandler()


def _is_on(setting: object) -> bool:
    return str(setting).strip().lower() in ("1", "true", "yes", "on")


def _catch_what_nobody_catches() -> None:
    """A process that ends with an exception logs it: Python itself would write a traceback of many lines."""
    sys.excepthook = _logged(sys.__excepthook__)
    threading.excepthook = lambda error: sys.excepthook(
        error.exc_type, error.exc_value or error.exc_type(), error.exc_traceback
    )


def _logged(
    otherwise: Callable[[type[BaseException], BaseException, TracebackType | None], object],
) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    def hook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            otherwise(kind, error, traceback)
        else:
            logging.getLogger(__name__).critical("it ended with an error", exc_info=(kind, error, traceback))

    return hook
