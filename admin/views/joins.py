"""Columns reached over foreign keys, written as paths: ``match.home_team.name`` seen from a price."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, cast

from peewee import JOIN, Field, Model, ModelAlias, ModelSelect

Table = type[Model] | ModelAlias


class Joins:
    """The tables one query reaches, each joined once under a name of its own.

    One alias stands for one *path*, not for one table: ``home_team`` and ``away_team`` are both teams. Joins are outer,
    so that a row without its league is still a row, and the database starts from the table that is listed.
    """

    def __init__(self, model: type[Model]) -> None:
        self._model = model
        self._reached: dict[str, ModelAlias] = {}
        self._wanted: defaultdict[str, set[str]] = defaultdict(set)

    def column(self, path: str) -> Any:
        """The column at the end of ``path``, its tables joined."""
        keys, _, name = path.rpartition(".")
        self._want(keys, name)
        return getattr(self.table(keys), name)

    def _want(self, keys: str, name: str) -> None:
        """That column, and the foreign keys that lead to it."""
        self._wanted[keys].add(name)
        if keys:
            before, _, key = keys.rpartition(".")
            self._want(before, key)

    def table(self, keys: str) -> Table:
        """The table a path of foreign keys leads to; the empty path is the table that is listed."""
        if not keys:
            return self._model
        if keys not in self._reached:
            self.table(keys.rpartition(".")[0])  # joined before what it leads to
            self._reached[keys] = _alias(self._model, keys)
        return self._reached[keys]

    def apply(self, query: ModelSelect) -> ModelSelect:
        """``query`` with every table joined, each row's foreign keys filled from them."""
        for keys, table in self._reached.items():
            before, _, name = keys.rpartition(".")
            owner = self.table(before)
            key = meta(related(self._model, before)).fields[name]
            on = getattr(owner, name) == getattr(table, key.rel_field.name)
            query = query.join_from(owner, table, JOIN.LEFT_OUTER, on=on, attr=name)
        return query

    @property
    def columns(self) -> Iterator[Any]:
        """Of what is joined, to be selected with the listed table: what was asked for, and what tells whose it is.

        All of them would be sixty columns of a price, most of which nobody shows.
        """
        for keys, table in self._reached.items():
            yield from (getattr(table, name) for name in self._names(keys))

    def own(self, others: Collection[str]) -> list[str]:
        """The same of the listed table, by their names, with ``others``."""
        return sorted({*self._names(""), *others})

    def rows(self, query: ModelSelect, own: Sequence[str]) -> list[Any]:
        """What ``query`` finds, which selects these columns of the listed table and then :attr:`columns`.

        A row that many of them lead to is made once: Peewee would make it, and all that it leads to, for each.
        """
        reached = [
            (keys, *_step(keys), model, names := self._names(keys), names.index(keys_of(model)[0].name))
            for keys in self._reached
            if (model := related(self._model, keys))
        ]
        known: dict[tuple[str, Any], Any] = {}
        found, rows = [], cast("Iterable[tuple[Any, ...]]", query.tuples())
        for values in rows:
            made = {"": _made(self._model, own, values[: len(own)])}
            begin = len(own)
            for keys, before, name, model, names, place in reached:
                those, begin = values[begin : begin + len(names)], begin + len(names)
                key = keys, those[place]
                if key not in known:
                    known[key] = None if key[1] is None else _made(model, names, those)
                made[keys] = known[key]
                if known[key] is not None:
                    made[before].__rel__[name] = known[key]
            found.append(made[""])
        return found

    def _names(self, keys: str) -> list[str]:
        return sorted({key.name for key in keys_of(related(self._model, keys))} | self._wanted[keys])


def _step(keys: str) -> tuple[str, str]:
    """What leads there, and by which of its foreign keys."""
    before, _, name = keys.rpartition(".")
    return before, name


@cache
def _alias(model: type[Model], keys: str) -> ModelAlias:
    """Kept, for Peewee makes a class for each of its columns that is used."""
    return related(model, keys).alias()


def _made(model: type[Model], names: Sequence[str], values: Sequence[Any]) -> Any:
    row: Any = model(__no_default__=1)
    row.__data__.update(zip(names, values, strict=True))
    return row


def related(model: type[Model], keys: str) -> type[Model]:
    """The model a path of foreign keys leads to."""
    for name in filter(None, keys.split(".")):
        model = meta(model).fields[name].rel_model
    return model


def keys_of(model: type[Model]) -> list[Field]:
    """The columns of the primary key."""
    known = meta(model)
    return (
        [known.fields[name] for name in known.primary_key.field_names] if known.composite_key else [known.primary_key]
    )


def meta(model: Table) -> Any:
    """What Peewee knows of a table: its fields, its key, its database."""
    return model._meta  # noqa: SLF001 - this is how Peewee tells it
