"""Logging set up in the tests' own process, and forgotten again: other tests count what is logged."""

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from scrapy.utils.log import DEFAULT_LOGGING

from gigscrapy import logs


@contextmanager
def own_log() -> Iterator[logging.Logger]:
    """The root logger; all is afterwards as it was before."""
    handlers, level = list(logging.root.handlers), logging.root.level
    hooks = sys.excepthook, threading.excepthook
    theirs = {name: logging.getLogger(name).level for name in DEFAULT_LOGGING["loggers"]}
    try:
        yield logging.root
    finally:
        logging.root.handlers[:] = handlers
        sys.excepthook, threading.excepthook = hooks
        logging.captureWarnings(False)
        for name, was in theirs.items():
            logging.getLogger(name).setLevel(was)
        logging.root.setLevel(level)
        if logs._process.handler:
            logs._process.handler.close()
        logs._process.run = logs._process.handler = None
