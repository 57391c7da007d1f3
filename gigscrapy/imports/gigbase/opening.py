"""A database of gig-benchmark, for a command: opened, with a sentence for whatever is wrong with the address."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from peewee import PeeweeException
from scrapy.exceptions import UsageError

from gigscrapy.imports.gigbase.tables import Gig, NotGigs, Unanswered, opened_gig
from schema.database import BadDatabaseUrl, explain, masked


@contextmanager
def gig_at(url: str) -> Iterator[Gig]:
    """:raises UsageError: when it cannot be opened, or is none; or when it does not answer any more."""
    with ExitStack() as stack:
        try:
            gig = stack.enter_context(opened_gig(url))
        except NotGigs as error:
            raise UsageError(f"{masked(url)} is no database of gig-benchmark: {error}", print_help=False) from None
        except BadDatabaseUrl as error:
            raise UsageError(str(error).replace("DATABASE_URL", "the address"), print_help=False) from None
        except PeeweeException as error:
            said = explain(error).replace("DATABASE_URL", "the address")
            raise UsageError(f"{masked(url)}: {said}", print_help=False) from None
        try:
            yield gig
        except Unanswered as error:
            said = str(error).replace("DATABASE_URL", "the address")
            raise UsageError(
                f"{masked(url)}: {said}; what is done stays: run it again to go on", print_help=False
            ) from None
