"""An export as the answer to a request: sent as it is made, whole or visibly not."""

import logging
from collections.abc import Generator, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice

from flask import Response, request
from werkzeug.exceptions import NotFound, TooManyRequests

from admin.access import Role, may, who
from admin.exporting.reading import Source
from admin.exporting.running import EXPORTS, Busy, Cancelled, Export
from admin.exporting.writing import WRITERS, MakesWriter, Writer
from schema.database import explain
from schema.instants import to_paris
from schema.names import slug

KINDS = tuple(WRITERS)
"""The endings of the files there are."""
MOST_OF_VIEWER = 10_000
"""Rows that a viewer may take away at once; an operator takes all of them."""

logger = logging.getLogger(__name__)


def answer(
    source: Source, kind: str, name: str, *, cut: bool = False, writers: Mapping[str, MakesWriter] = WRITERS
) -> Response:
    """The file. The parameter ``token`` of the request, if any, is what :data:`EXPORTS` knows it by meanwhile.

    :param name: what it is of, such as ``cotes``; :param cut: there are more rows than who asks may have: only the
        first are sent, and the file's name says so. :param writers: by the kinds of files there are.
    :raises NotFound: when there is no such kind; :raises TooManyRequests: when too many exports go on.
    """
    if kind not in writers:
        raise NotFound
    writer = writers[kind](source.columns)
    most = most_here()
    export = _begun()
    chunks = _Chunks(source, writer, export, most)
    at = to_paris(datetime.now(UTC))
    named = "-".join(filter(None, ("gigscrapy", slug(name), f"{most}-premieres" if cut else "", f"{at:%Y-%m-%d-%H%M}")))
    disposition = f'attachment; filename="{named}.{writer.ending}"'
    response = Response(chunks, mimetype=writer.mimetype, headers={"Content-Disposition": disposition})
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


def most_here() -> int | None:
    """Rows that who asks may take away at once; ``None``: all."""
    return None if may(Role.OPERATOR) else MOST_OF_VIEWER


class Lines:
    """A file that is written line by line, as one of the exports that go on; whoever stops taking them closes it.

    :ivar cut: there are more rows than who asks may have: only the first are here. To find out, theirs are written at
        once. :raises TooManyRequests: when too many exports go on.
    """

    def __init__(self, head: str, rows: Iterator[str]) -> None:
        most = most_here()
        self._export = _begun()
        self.cut = False
        if most is not None:
            try:
                first = list(islice(rows, most + 1))
            except BaseException:
                EXPORTS.end(self._export, "failed")
                raise
            self.cut = len(first) > most
            rows = iter(first[:most])
        self._lines = self._counted(head, rows)

    def __iter__(self) -> Iterator[str]:
        return self._lines

    def close(self) -> None:
        self._lines.close()
        if self._export.state == "running":
            EXPORTS.end(self._export, "cancelled")

    def _counted(self, head: str, rows: Iterator[str]) -> Generator[str, None, None]:
        yield head
        for line in rows:
            self._export.count(1)
            yield line
        EXPORTS.end(self._export, "done")


def _begun() -> Export:
    """:raises TooManyRequests: when too many exports go on."""
    try:
        return EXPORTS.begin(request.args.get("token"), who())
    except Busy:
        raise TooManyRequests(retry_after=10) from None


class _Chunks:
    """The pieces of the file; whoever stops taking them closes it, and it is cancelled."""

    def __init__(self, source: Source, writer: Writer, export: Export, most: int | None) -> None:
        self._export = export
        self._pieces = self._made(source, writer, most)

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        self._pieces.close()
        if self._export.state == "running":
            EXPORTS.end(self._export, "cancelled")

    def _made(self, source: Source, writer: Writer, most: int | None) -> Generator[bytes, None, None]:
        export = self._export
        try:
            yield writer.begin()
            for rows in source.batches(writer.render):
                some = rows if most is None else rows[: most - export.rows]
                export.count(len(some))
                if piece := writer.rows(some):
                    yield piece
                if len(some) < len(rows):
                    writer.cut = True
                    break
            yield writer.end()
        except GeneratorExit:
            raise
        except Cancelled:
            EXPORTS.end(export, "cancelled")
            yield writer.broken_off()
            raise
        except Exception as error:
            EXPORTS.end(export, "failed")
            logger.error("an export ends after %d rows: %s", export.rows, explain(error))  # noqa: TRY400
            yield writer.broken_off()
            raise
        else:
            EXPORTS.end(export, "done")
        finally:
            _hang_up(source)


def _hang_up(source: Source) -> None:
    database = getattr(source, "database", None)
    if database is not None and not database.is_closed():
        database.close()
