"""Rows as bytes of a file, in the way each reader of files wants them."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from admin.exporting.columns import Column
from admin.words import say, spoken
from gigscrapy.imports.ours import (
    DECIMAL,
    INCOMPLETE,
    INSTANT,
    PERCENT,
    PRICE,
    TEXT,
    WHOLE,
    YES_NO,
    guarded,
    in_paris,
)

COMPLETE = "##"
"""How the last line of a CSV begins that says that nothing is missing, for programs that ask for one."""
GROUP = 20_000
"""Rows of one group of a Parquet file."""

Rows = Sequence[Sequence[Any]]


class Writer:
    """A kind of file. Made while the request goes on, whose language it speaks.

    :cvar mimetype, ending: of the file. :ivar cut: there were more rows than are in it.
    """

    mimetype: ClassVar[str]
    ending: ClassVar[str]

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = columns
        self.cut = False

    def render(self, kind: str, value: Any) -> Any:
        """One value, as :meth:`rows` takes it."""
        raise NotImplementedError

    def begin(self) -> bytes:
        return b""

    def rows(self, rows: Rows) -> bytes:
        raise NotImplementedError

    def end(self) -> bytes:
        return b""

    def broken_off(self) -> bytes:
        """The last that is sent of a file that is not whole."""
        return b""


MakesWriter = Callable[[Sequence[Column]], Writer]


class Csv(Writer):
    """As a French Excel opens it: a byte order mark, semicolons, ``1,85``, Paris time; nothing in it is a formula."""

    mimetype = "text/csv"
    ending = "csv"

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__(columns)
        self._header = [str(column.label) for column in columns]
        self._words = {True: say("oui"), False: say("non")}
        self._incomplete = say("Export interrompu : ce fichier n'est pas complet.")
        self._point = "," if spoken() == "fr" else "."

    def render(self, kind: str, value: Any) -> str:
        if value is None:
            return ""
        if kind == TEXT:
            return guarded(str(value))
        if kind == INSTANT:
            return in_paris(value)
        if kind == YES_NO:
            return self._words[bool(value)]
        return str(value) if kind == WHOLE else self._decimal(kind, value)

    def _decimal(self, kind: str, value: Decimal) -> str:
        return _decimal(kind, value).replace(".", self._point)

    def begin(self) -> bytes:
        return b"\xef\xbb\xbf" + self.rows([[guarded(name) for name in self._header]])

    def rows(self, rows: Rows) -> bytes:
        text = io.StringIO()
        csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(rows)
        return text.getvalue().encode()

    def broken_off(self) -> bytes:
        return f"\r\n{INCOMPLETE} {self._incomplete}\r\n".encode()


class Ndjson(Writer):
    """A JSON object a line, by the columns' own names: instants in UTC with a Z, decimals as text."""

    mimetype = "application/x-ndjson"
    ending = "ndjson"

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__(columns)
        self._template = "{" + ",".join(f"{json.dumps(column.key)}:%s" for column in columns) + "}\n"
        self._count = 0

    def render(self, kind: str, value: Any) -> str:
        if value is None:
            return "null"
        if kind == INSTANT:
            return json.dumps(value.isoformat() + "Z")
        if kind in (PRICE, PERCENT, DECIMAL):
            return json.dumps(_decimal(kind, value))
        return json.dumps(value if kind in (YES_NO, WHOLE) else str(value), ensure_ascii=False)

    def rows(self, rows: Rows) -> bytes:
        self._count += len(rows)
        return "".join([self._template % tuple(row) for row in rows]).encode()

    def broken_off(self) -> bytes:
        return f'{{"incomplete":{self._count}}}\n'.encode()


class NdjsonForPrograms(Ndjson):
    """The same; with a ``trailer`` the last line says that nothing is missing before it."""

    def __init__(self, columns: Sequence[Column], *, trailer: bool = False) -> None:
        super().__init__(columns)
        self._trailer = trailer

    def end(self) -> bytes:
        if not self._trailer:
            return b""
        return json.dumps({"complete": not self.cut, "rows": self._count}, separators=(",", ":")).encode() + b"\n"


class CsvForPrograms(Writer):
    """As RFC 4180 has it: commas, the columns' own names, ``1.85``, instants in UTC with a Z; nothing is a formula."""

    mimetype = "text/csv"
    ending = "csv"

    def __init__(self, columns: Sequence[Column], *, trailer: bool = False) -> None:
        super().__init__(columns)
        self._trailer = trailer
        self._count = 0

    def render(self, kind: str, value: Any) -> str:
        if value is None:
            return ""
        if kind == INSTANT:
            return str(value.isoformat()) + "Z"
        if kind == YES_NO:
            return "true" if value else "false"
        if kind in (PRICE, PERCENT, DECIMAL):
            return _decimal(kind, value)
        return str(value) if kind == WHOLE else guarded(str(value))

    def begin(self) -> bytes:
        return self._written([[column.key for column in self.columns]])

    def rows(self, rows: Rows) -> bytes:
        self._count += len(rows)
        return self._written(rows)

    def end(self) -> bytes:
        if not self._trailer:
            return b""
        return f"{INCOMPLETE if self.cut else COMPLETE} {self._count}\r\n".encode()

    def broken_off(self) -> bytes:
        return f"\r\n{INCOMPLETE} {self._count}\r\n".encode()

    @staticmethod
    def _written(rows: Rows) -> bytes:
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerows(rows)
        return text.getvalue().encode()


class Parquet(Writer):
    """Typed columns, in groups of rows. What is broken off lacks its end, without which nobody reads it."""

    mimetype = "application/vnd.apache.parquet"
    ending = "parquet"

    def __init__(self, columns: Sequence[Column]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        super().__init__(columns)
        types = {
            TEXT: pa.string(),
            PRICE: pa.decimal128(10, 3),
            PERCENT: pa.decimal128(6, 2),
            DECIMAL: pa.decimal128(12, 3),
            WHOLE: pa.int64(),
            YES_NO: pa.bool_(),
            INSTANT: pa.timestamp("us", tz="UTC"),
        }
        self._schema = pa.schema([(column.key, types[column.kind]) for column in columns])
        self._sink = _Sink()
        self._writer = pq.ParquetWriter(self._sink, self._schema, compression="snappy")
        self._waiting: list[Sequence[Any]] = []

    def render(self, kind: str, value: Any) -> Any:
        if kind == INSTANT and isinstance(value, datetime):
            return value.replace(tzinfo=UTC)
        if kind in _PLACES and value is not None:
            return value.quantize(_PLACES[kind])
        return value if value is None or kind in (YES_NO, WHOLE) else str(value)

    def rows(self, rows: Rows) -> bytes:
        self._waiting += rows
        if len(self._waiting) >= GROUP:
            self._write()
        return self._taken()

    def end(self) -> bytes:
        if self._waiting:
            self._write()
        self._writer.close()
        return self._taken()

    def _write(self) -> None:
        import pyarrow as pa

        columns = zip(*self._waiting, strict=True)
        arrays = [pa.array(values, field.type) for values, field in zip(columns, self._schema, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._waiting = []

    def _taken(self) -> bytes:
        """What has been written since the last time."""
        taken = b"".join(self._sink.pieces)
        self._sink.pieces.clear()
        return taken


class _Sink(io.RawIOBase):
    """A file that is taken away while it is written."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self.pieces.append(bytes(piece))
        self._position += len(self.pieces[-1])
        return len(self.pieces[-1])

    def tell(self) -> int:
        return self._position


WRITERS: dict[str, type[Writer]] = {writer.ending: writer for writer in (Csv, Ndjson, Parquet)}

_PLACES = {PRICE: Decimal("0.001"), PERCENT: Decimal("0.01"), DECIMAL: Decimal("0.001")}


def _decimal(kind: str, value: Decimal) -> str:
    """Two decimals, of a price a third only where there is one; of any other number as many as it has."""
    if kind == PERCENT:
        return f"{value:.2f}"
    if kind == PRICE:
        text = f"{value:.3f}"
        return text.removesuffix("0")
    return f"{value.normalize():f}"
