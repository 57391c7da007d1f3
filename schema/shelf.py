"""Rows of a small table by natural key: found, or made, and remembered."""

from collections.abc import Iterable, Sequence
from typing import Any

from peewee import Model

from schema.sql import Sql

Key = tuple[Any, ...]
Row = dict[str, Any]


class Shelf:
    """Rows of one table.

    :ivar ids: the id of each row that was asked for, by its natural key.
    """

    def __init__(self, sql: Sql, table: type[Model], key: tuple[str, ...], spellings: tuple[str, ...] = ()) -> None:
        """:param spellings: columns of text, of which the later in byte order is kept; null is the earliest."""
        self._sql, self._table, self._key, self._spellings = sql, table, key, spellings
        self._spelt: dict[Key, tuple[str, ...]] = {}
        self.ids: dict[Key, int] = {}

    def settle(self, cursor: Any, wanted: Iterable[Row]) -> None:
        """See that each of the ``wanted`` rows (key, spellings, whatever else a new row needs) is there."""
        merged: dict[Key, Row] = {}
        for row in wanted:
            key = tuple(row[column] for column in self._key)
            merged[key] = self._later(merged[key], row) if key in merged else row
        self._read(cursor, [key for key in merged if key not in self.ids])
        if telling := sorted(key for key, row in merged.items() if self._tells_more(key, row)):
            self._write(cursor, [merged[key] for key in telling])
            self._read(cursor, telling)

    def _later(self, one: Row, other: Row) -> Row:
        return one | {column: max(one[column] or "", other[column] or "") or None for column in self._spellings}

    def _tells_more(self, key: Key, row: Row) -> bool:
        if key not in self.ids:
            return True
        return any((row[column] or "") > kept for column, kept in zip(self._spellings, self._spelt[key], strict=True))

    def _read(self, cursor: Any, keys: Sequence[Key]) -> None:
        if not keys:
            return
        # Column by column: what is found beyond the keys does no harm. The last has the most values: it is asked first.
        among = {column: {key[place] for key in keys} for place, column in reversed(list(enumerate(self._key)))}
        for number, *found in self._sql.select(cursor, self._table, ("id", *self._key, *self._spellings), **among):
            key = tuple(found[: len(self._key)])
            self.ids[key] = number
            self._spelt[key] = tuple(text or "" for text in found[len(self._key) :])

    def _write(self, cursor: Any, rows: Sequence[Row]) -> None:
        merge = {column: self._sql.later_spelling(column) for column in self._spellings}
        if merge:
            merge["updated_at"] = self._sql.greatest("updated_at")
        insert = self._sql.insert(self._table, list(rows[0]), merge or None)
        self._sql.write(cursor, [tuple(row.values()) for row in rows], insert)
