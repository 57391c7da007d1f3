"""The rows of a list, some at a time, in the order of an index: each time from the last one on, never by an offset.

Only the listed table is read so; the names its rows refer to are looked up for each batch, and remembered.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from flask_admin.tools import rec_getattr
from peewee import Database, Field, ForeignKeyField, Model

from admin.exporting.columns import Column, value_of
from admin.views.joins import Joins, meta, related
from admin.views.names import NAMES, name_of
from schema.database import is_embedded

FIRST, BATCH = 500, 5_000
"""Rows that are read at once: few at first, so that something is there soon."""
REMEMBERED = 50_000
"""Rows of each other table, and values of each kind, that are remembered at most."""

Render = Callable[[str, Any], Any]
"""A kind and a value to what stands in the file."""
Row = Sequence[Any]


class Source(Protocol):
    """What is exported."""

    @property
    def columns(self) -> Sequence[Column]: ...

    def batches(self, render: Render) -> Iterator[Sequence[Row]]:
        """All rows, each value as ``render`` writes it."""


@dataclass(frozen=True, slots=True)
class Given:
    """Rows that are there already."""

    columns: Sequence[Column]
    rows: Iterable[Row]

    def batches(self, render: Render) -> Iterator[Sequence[Row]]:
        kinds = [column.kind for column in self.columns]
        yield [[render(kind, value) for kind, value in zip(kinds, row, strict=True)] for row in self.rows]


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows of a table that meet ``conditions``.

    :ivar keys: columns of the table, the last unique with those before, that an index has in this order; :ivar desc:
        from their greatest values on; :ivar index: its name, where the database is to be told which one: looking for
        the first rows of what is left it may else sort all of it, for each batch anew.
    """

    database: Database
    model: type[Model]
    columns: Sequence[Column]
    joins: Joins
    conditions: Sequence[Any]
    keys: Sequence[Field]
    desc: bool = True
    index: str | None = None

    def batches(self, render: Render) -> Iterator[Sequence[Row]]:
        reader = _Reader(self, render)
        last: Sequence[Any] | None = None
        size = FIRST
        while True:
            self.database.connect(reuse_if_open=True)  # the request that asked is over, and has closed it
            found = self._read(reader.fields, last, size)
            if found:
                yield reader.rows(found)
            if len(found) < size:
                return
            last, size = found[-1][-len(self.keys) :], BATCH

    def _read(self, fields: Sequence[Field], last: Sequence[Any] | None, size: int) -> list[tuple[Any, ...]]:
        query = self.joins.apply(self.model.select(*fields, *self.keys))
        for condition in self.conditions:
            query = query.where(condition)
        if last is not None:
            query = query.where(_beyond(self.keys, last, desc=self.desc))
        query = query.order_by(*(key.desc() if self.desc else key.asc() for key in self.keys)).limit(size)
        statement, values = query.sql()
        if self.index and last is not None:
            statement = _told(statement, self.model, self.index, embedded=is_embedded(self.database))
        return list(self.database.execute_sql(statement, values).fetchall())


@dataclass(frozen=True, slots=True)
class InParts:
    """The rows of a list, one part after the other: of each match, say, so that none is read that is not wanted.

    :ivar parts: conditions, each of a part; asked for while the file is sent, with the database open.
    """

    listed: Listed
    parts: Iterable[Any]

    @property
    def columns(self) -> Sequence[Column]:
        return self.listed.columns

    @property
    def database(self) -> Database:
        return self.listed.database

    def batches(self, render: Render) -> Iterator[Sequence[Row]]:
        self.database.connect(reuse_if_open=True)
        for part in self.parts:
            yield from replace(self.listed, conditions=[*self.listed.conditions, part]).batches(render)


def _beyond(keys: Sequence[Field], last: Sequence[Any], *, desc: bool) -> Any:
    """Whatever comes after ``last``: ``a <= ? AND (a < ? OR …)``, which a server reads in the index's order."""
    key, value = keys[0], last[0]
    if isinstance(key, ForeignKeyField):
        value = int(value)
    after = key < value if desc else key > value
    if len(keys) == 1:
        return after
    return (key <= value if desc else key >= value) & (after | _beyond(keys[1:], last[1:], desc=desc))


def _told(statement: str, model: type[Model], index: str, *, embedded: bool) -> str:
    """The statement, with the index it is to be answered by."""
    hint = f'INDEXED BY "{index}"' if embedded else f"FORCE INDEX (`{index}`)"
    return re.sub(rf"(FROM (.){model.__name__}\2 AS (.)t1\3)", rf"\1 {hint}", statement, count=1)


@dataclass(slots=True)
class _Group:
    """Columns that lie beyond one foreign key: written once for each row it leads to."""

    key: ForeignKeyField
    places: list[int] = field(default_factory=list)
    rests: list[tuple[str, str]] = field(default_factory=list)
    """Of each column its kind, and its path from there on; empty for the row's own name."""
    written: dict[Any, list[Any]] = field(default_factory=dict)


class _Reader:
    """From what the database gives to rows of the file."""

    def __init__(self, listed: Listed, render: Render) -> None:
        self._render = render
        self._columns = listed.columns
        known = meta(listed.model).fields
        groups: dict[str, _Group] = {}
        self._own: list[tuple[int, int, str, dict[Any, Any]]] = []
        memories: dict[str, dict[Any, Any]] = {}
        self.fields: list[Field] = []
        for place, column in enumerate(listed.columns):
            name, _, rest = column.path.partition(".")
            if rest or isinstance(known[name], ForeignKeyField):
                group = groups.setdefault(name, _Group(known[name]))
                group.places.append(place)
                group.rests.append((column.kind, rest))
            else:
                memory = memories.setdefault(column.kind, {})
                self._own.append((place, len(self.fields), column.kind, memory))
                self.fields.append(known[name])
        self._groups = [(len(self.fields) + number, group) for number, group in enumerate(groups.values())]
        self.fields += [group.key for _, group in self._groups]

    def rows(self, found: Sequence[tuple[Any, ...]]) -> list[Row]:
        for place, group in self._groups:
            self._look_up(group, {row[place] for row in found})
        return [self._row(row) for row in found]

    def _row(self, raw: tuple[Any, ...]) -> Row:
        row: list[Any] = [None] * len(self._columns)
        for place, source, kind, memory in self._own:
            value = raw[source]
            try:
                row[place] = memory[value]
            except KeyError:
                if len(memory) > REMEMBERED:
                    memory.clear()
                row[place] = memory[value] = self._render(kind, value_of(kind, value))
        for source, group in self._groups:
            for place, value in zip(group.places, group.written[raw[source]], strict=True):
                row[place] = value
        return row

    def _look_up(self, group: _Group, wanted: set[Any]) -> None:
        if len(group.written) > REMEMBERED:
            group.written.clear()
        missing = wanted - group.written.keys()
        if not missing:
            return
        nothing = [self._render(kind, None) for kind, _ in group.rests]
        group.written |= dict.fromkeys(missing, nothing)
        keys = sorted(key for key in missing if key is not None)
        for row in _related_rows(group.key.rel_model, keys, [rest for _, rest in group.rests]):
            group.written[getattr(row, group.key.rel_field.name)] = [
                self._render(kind, rec_getattr(row, rest, None) if rest else name_of(row)) for kind, rest in group.rests
            ]


def _related_rows(model: type[Model], keys: Sequence[Any], rests: Sequence[str]) -> Iterator[Model]:
    """The rows of these keys, with all that the paths, or their names, take."""
    joins = Joins(model)
    for rest in rests:
        for path in _written_with(model, rest):
            joins.column(path)
    for start in range(0, len(keys), 1_000):
        [key] = [meta(model).primary_key]
        query = joins.apply(model.select(model, *joins.columns))
        yield from query.where(key.in_(keys[start : start + 1_000]))


def _written_with(model: type[Model], rest: str) -> Sequence[str]:
    if not rest:
        return NAMES[model].paths
    owner, _, name = rest.rpartition(".")
    if isinstance(last := meta(related(model, owner)).fields[name], ForeignKeyField):
        return [f"{rest}.{path}" for path in NAMES[last.rel_model].paths]
    return (rest,)
