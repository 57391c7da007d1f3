"""The database of this process, found the way every program of the project finds it."""

import logging
import os
from pathlib import Path

from peewee import Database, PeeweeException
from scrapy.settings import BaseSettings

from gigscrapy.broker import Queues
from gigscrapy.gigenvironment import database_url, rabbit_url
from schema.database import Fault, connect, explain, fault_of
from schema.migrations import prepare
from schema.models import use

CONNECTIONS = 64
"""To a server, at most: those who answer, those who follow something live, and what is found out meanwhile."""

logger = logging.getLogger(__name__)


def open_database(url: str | None = None, home: str | Path | None = None) -> Database:
    """The database the tables of this process are in, brought up to date where it is the embedded one.

    :param url: see :func:`schema.database.connect`; ``None``: DATABASE_URL, and where that is not set the embedded one.
    :param home: folder of the embedded one; ``None``: GIGSCRAPY_HOME, ``var`` where that is not set.
    One that is away for now is opened by whoever asks first when it is back.

    :raises schema.database.BadDatabaseUrl, schema.migrations.SchemaError: each says what to do.
    """
    url = url or database_url(os.environ)
    database = connect(url, _home(home), threads=CONNECTIONS)
    use(database)
    try:
        with database.connection_context():
            prepare(database)
    except PeeweeException as error:
        if fault_of(error) is not Fault.PASSING:
            raise
        logger.warning("pages are shown when the database is back: %s", explain(error))
    return database


def find_queues(home: str | Path | None = None) -> Queues:
    """The queues that go with it: those of RABBIT_URL, and where that is not set the spool in ``home``."""
    queue_type = os.environ.get("RABBIT_QUEUE_TYPE") or "quorum"
    return Queues(rabbit_url(os.environ), _home(home), queue_type)


def find_settings(home: str | Path | None = None) -> BaseSettings:
    """Scrapy's settings of this project, as a crawl would have them: they say where the nodes are."""
    settings = BaseSettings()
    settings.setmodule("gigscrapy.settings")
    settings.set("GIGSCRAPY_HOME", str(_home(home)))
    return settings


def _home(home: str | Path | None) -> Path:
    return Path(home or os.environ.get("GIGSCRAPY_HOME") or "var")
