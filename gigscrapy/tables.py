"""The tables, for a command: opened, up to date, and with a sentence for whatever is wrong with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peewee import Database, PeeweeException
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings

from schema.database import BadDatabaseUrl, connect, explain, hang_up
from schema.migrations import SchemaError, prepare


@contextmanager
def opened(settings: BaseSettings, *, read_timeout: int | None = None) -> Iterator[Database]:
    """The database of DATABASE_URL, or the embedded one. :raises UsageError: when it cannot be used, then or later.

    :param read_timeout: see :func:`schema.database.connect`.
    """
    try:
        database = connect(settings["DATABASE_URL"], Path(settings["GIGSCRAPY_HOME"]), read_timeout=read_timeout)
        try:
            prepare(database)
            yield database
        finally:
            hang_up(database)
    except (BadDatabaseUrl, SchemaError) as error:
        raise UsageError(str(error), print_help=False) from None
    except PeeweeException as error:
        raise UsageError(explain(error), print_help=False) from None
