"""A table of the database as a page: to be read, two queries, never a traceback for a typed address.

Flask-Admin's Peewee view asks one more query for every foreign key of every row, cannot reach one table over two keys,
counts whole tables and fails on addresses anyone can type. This view keeps its declarations (``column_list``,
``column_sortable_list``, ``column_searchable_list``, ``column_filters``) and answers them itself. A column is a path,
such as ``match.home_team.name``.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from flask import abort, request
from flask_admin import Admin, expose
from flask_admin.contrib.peewee import ModelView
from flask_admin.form import BaseForm
from markupsafe import Markup
from peewee import SQL, BlobField, DecimalField, Field, ForeignKeyField, IntegerField, Model, ModelSelect, Select, fn

from admin import exporting, formats
from admin.access import Role, may
from admin.exporting.columns import of_table
from admin.labels import column_label
from admin.views import cells, choices
from admin.views.asked import PAGE_SIZES, USUAL_PAGE_SIZE, Asked
from admin.views.filters import Filter
from admin.views.joins import Joins, keys_of, meta, related
from admin.views.names import NAMES, name_of
from admin.views.search import Search
from admin.words import Phrase, say, spoken

COUNT_LIMIT = 10_000
"""Rows that are counted and can be leafed through; counting millions takes seconds, and nobody reads them."""

View = TypeVar("View", bound=Callable[..., Any])
address: Callable[..., Callable[[View], View]] = expose
"""Flask-Admin's ``expose``, typed: the address of a method that answers."""


class Lead(NamedTuple):
    """A link from a row to the list of another table, narrowed. ``arguments``: filter to attribute of the row."""

    label: Phrase
    endpoint: str
    arguments: Mapping[str, str]


@dataclass(frozen=True)
class Leaf:
    """One page of a list: its number and rows, and how many rows there are in all (at most ``COUNT_LIMIT`` + 1)."""

    number: int
    rows: Sequence[Model]
    count: int
    pages: int

    @property
    def bounded(self) -> bool:
        """Whether there are more rows than are counted."""
        return self.count > COUNT_LIMIT


class TableView(ModelView):
    """The list of a table and the page of each of its rows.

    :cvar column_list: paths; ``itself`` is the row's own name, leading to its page; :cvar called: its heading.
    :cvar column_details_list: paths of the row's page.
    :cvar column_sortable_list: columns that an index serves, or of small tables; ``(column, path)`` sorts by another.
    :cvar column_searchable_list: paths of text; every word must stand in one of them.
    :cvar column_filters: each a :class:`~admin.views.filters.Filter` with a key of its own.
    :cvar column_default_sort: ``(path, descending)``; the newest row first where there is none.
    :cvar computed: columns that no table has, each with what writes its cell; :cvar numbers: those set flush right.
    :cvar export_order: columns that an export is sorted by, if not by the primary key; :cvar export_desc: the greatest
        first.
    :cvar leads: where each row leads; :cvar about: what the table is, in a sentence.
    """

    can_create = can_edit = can_delete = can_export = False
    can_view_details = True
    list_template = "list.html"
    details_template = "details.html"

    column_filters: Sequence[Filter] = ()
    column_sortable_list: Sequence[str | tuple[str, str]] = ()
    column_default_sort: tuple[str, bool] = ("", True)
    computed: Mapping[str, Callable[[Any], str | Markup]] = {}
    numbers: Collection[str] = ()
    leads: Sequence[Lead] = ()
    export_order: Sequence[str] = ()
    export_desc = True
    called = Phrase("Nom")
    about: Phrase | None = None

    # -- what Flask-Admin asks at the start ----------------------------------------------------------------------------

    def create_blueprint(self, admin: Admin) -> Any:
        """Only what reads has an address: there is nowhere to send a change to, unless a table says so."""
        self._urls = [("/", "index_view", ("GET",)), ("/details/", "details_view", ("GET",))]
        self._urls.append(("/export/<kind>/", "export_view", ("GET",)))
        return super().create_blueprint(admin)

    def scaffold_form(self) -> type[BaseForm]:
        """No form: nothing is edited."""
        return BaseForm

    def get_filters(self) -> None:
        """Flask-Admin's filters cannot follow a foreign key; ours are asked in :meth:`index_view`."""

    def init_search(self) -> bool:
        return bool(self.column_searchable_list)

    def get_column_name(self, field: str) -> str:
        return self.called if field == "itself" else column_label(field)

    # -- the two pages -------------------------------------------------------------------------------------------------

    @address("/")
    def index_view(self) -> str:
        """The list. An address that asks for what is not there shows what is, and says so."""
        notes: list[str] = []
        asked = self._asked(notes)
        leaf = self._leaf(asked, notes)
        return self.render(
            self.list_template,
            asked=asked,
            leaf=leaf,
            notes=notes,
            rows=list(self._lines(leaf.rows)),
            columns=self._list_columns,
            numbers=self._numbers,
            sortable=self._sortable_columns,
            filters=self.column_filters,
            page_sizes=PAGE_SIZES,
            limit=COUNT_LIMIT,
            list_url=lambda **changes: self.get_url(".index_view", **asked.arguments(**changes)),
            export_url=lambda kind: self.get_url(".export_view", kind=kind, **_narrowing(asked)),
            export_kinds=exporting.KINDS,
            export_cut=leaf.bounded and not may(Role.OPERATOR),
            **self.above(),
        )

    def _asked(self, notes: list[str]) -> Asked:
        choices.ask_for(self.column_filters)
        return Asked.read(
            request.args,
            sortable=self._sortable_columns,
            searchable=self._search_supported,
            filters=self.column_filters,
            notes=notes,
        )

    @address("/export/<kind>/")
    def export_view(self, kind: str) -> Any:
        """All rows of the list as a file, or as many as who asks may have; in the order of an index, not of the page.

        :raises NotFound: when there is no such kind of file.
        """
        asked, joins = self._asked([]), Joins(self.model)
        conditions = self._conditions(asked, joins, [])
        cut = not may(Role.OPERATOR) and (
            count_rows(_narrow(joins.apply(self.model.select(SQL("1"))), conditions)) > exporting.MOST_OF_VIEWER
        )
        listed = exporting.Listed(
            database=self.database,
            model=self.model,
            columns=self.export_columns(),
            joins=joins,
            conditions=conditions,
            keys=[meta(self.model).fields[name] for name in self.export_order] or keys_of(self.model),
            desc=self.export_desc,
            index=self.export_index(asked),
        )
        return exporting.answer(listed, kind, str(self.name), cut=cut)

    def export_columns(self) -> list[exporting.Column]:
        """What an export has: the columns of a row's own page."""
        return of_table(self.model, self._details_columns)

    def export_index(self, asked: Asked) -> str | None:
        """The index that the database is told to read what is asked by; ``None``: it may choose."""
        return None

    @address("/details/")
    def details_view(self) -> str:
        """Everything that is known of one row. :raises NotFound: when there is none of that key."""
        row = self.get_one(request.args.getlist("id"))
        if row is None:
            abort(404)
        return self.render(
            self.details_template, row=row, name=name_of(row), columns=self._details_columns, **self.beside(row)
        )

    def above(self) -> dict[str, Any]:
        """What a template of its own shows above the list."""
        return {}

    def beside(self, row: Model) -> dict[str, Any]:
        """What a template of its own shows on the page of a row."""
        return {}

    # -- what the templates ask ----------------------------------------------------------------------------------------

    def cell(self, row: Model, column: str, *, room: bool = False) -> str | Markup:
        """What stands under ``column`` in the list, or with ``room`` beside it on the row's page."""
        return self._writer(column, spoken(), room=room)(row)

    def _writer(self, column: str, language: str, *, room: bool = False) -> Callable[[Any], str | Markup]:
        """What writes the cells of a column; a row that many lead to (:meth:`Joins.rows`) is written once."""
        if column == "itself":
            return cells.link_to
        if writer := self.computed.get(column):
            return writer
        reach, name = attrgetter(column), column.rpartition(".")[2]
        written: dict[int, tuple[Any, str | Markup]] = {}

        def write(row: Any) -> str | Markup:
            try:
                value = reach(row)
            except AttributeError:  # one that it is reached by is not there
                return formats.DASH
            if not isinstance(value, Model):
                return cells.write(name, value, room=room, language=language)
            if id(value) not in written:
                written[id(value)] = value, cells.write(name, value, room=room, language=language)
            return written[id(value)][1]

        return write

    def _lines(self, rows: Sequence[Model]) -> Iterator[list[tuple[str | Markup, bool]]]:
        """The cells of each row, and whether they are flush right; the last leads on.

        What a whole column has in common is looked for once: there are hundreds of cells.
        """
        language, own = spoken(), say("Fiche")
        columns = [(self._writer(column, language), column in self._numbers) for column, _ in self._list_columns]
        for row in rows:
            written = [(write(row), is_number) for write, is_number in columns]
            leading = [(cells.address_of(row), own), *((address, str(label)) for label, address in self.leads_of(row))]
            yield [*written, (cells.links(leading), False)]

    @cached_property
    def _numbers(self) -> frozenset[str]:
        return frozenset(column for column, _ in self._list_columns if self.is_number(column))

    def is_number(self, column: str) -> bool:
        """Whether the column is read by comparing its digits, and so is set flush right."""
        if column in self.computed:
            return column in self.numbers
        keys, _, name = column.rpartition(".")
        field = meta(related(self.model, keys)).fields.get(name)
        return isinstance(field, DecimalField | IntegerField) and not isinstance(field, ForeignKeyField)

    def leads_of(self, row: Model) -> Iterator[tuple[Phrase, str]]:
        """Label and address of each list that ``row`` leads to; without what it leads by there is nothing there."""
        for lead in self.leads:
            arguments = {key: getattr(row, attribute) for key, attribute in lead.arguments.items()}
            if None not in arguments.values():
                yield lead.label, f"{cells.address_once(f'{lead.endpoint}.index_view')}?{urlencode(arguments)}"

    @property
    def database(self) -> Any:
        """The database itself; what Peewee's models have is only its stand-in."""
        return meta(self.model).database.obj

    # -- what the database is asked ------------------------------------------------------------------------------------

    def get_one(self, id: Sequence[str]) -> Model | None:  # noqa: A002 - Flask-Admin's name for it
        """The row whose primary key has these parts, with the names of all it refers to."""
        keys = keys_of(self.model)
        if len(id) != len(keys) or not all(map(_fits, keys, id)):
            return None
        joins = Joins(self.model)
        self._reach(joins, self._details_columns)
        query = joins.apply(self.model.select(self.model, *joins.columns))
        return query.where(*(key == part for key, part in zip(keys, id, strict=True))).first()

    def _leaf(self, asked: Asked, notes: list[str]) -> Leaf:
        joins = Joins(self.model)
        conditions = self._conditions(asked, joins, notes)
        count = count_rows(_narrow(joins.apply(self.model.select(SQL("1"))), conditions))
        if not count:  # looking for rows in order, too, may mean reading the whole table
            return Leaf(1, [], 0, 1)
        pages = max(1, ceil(min(count, COUNT_LIMIT) / asked.page_size))
        number = min(asked.page, pages)
        order = self._order(asked, joins)
        self._reach(joins, self._list_columns)
        own = self._own_columns(joins)
        fields = [meta(self.model).fields[name] for name in own]
        query = joins.apply(self.model.select(*fields, *joins.columns)).order_by(*order)
        rows = joins.rows(_narrow(query, conditions).paginate(number, asked.page_size), own)
        return Leaf(number, rows, count, pages)

    def _conditions(self, asked: Asked, joins: Joins, notes: list[str]) -> list[Any]:
        questions = {question.key: question for question in self.column_filters}
        conditions = [questions[key].condition(joins, questions[key].read(text)) for key, text in asked.filters.items()]
        if asked.search:
            search = Search(asked.search)
            conditions.append(search.condition(self.model, self.column_searchable_list))
            notes += search.notes
        return conditions

    def _order(self, asked: Asked, joins: Joins) -> list[Any]:
        """Ends with the primary key: without it the second page is not defined."""
        path, desc = (self._sortable_columns[asked.sort], asked.desc) if asked.sort else self.column_default_sort
        columns = [*([joins.column(path)] if path else []), *keys_of(self.model)]
        return [column.desc() if desc else column.asc() for column in columns]

    def _reach(self, joins: Joins, columns: Sequence[tuple[str, Phrase]]) -> None:
        """Join what these columns are written with: of a foreign key, what the name of its row is made of."""
        for column, _ in columns:
            if column in self.computed:
                continue
            path = "" if column == "itself" else column
            model, name = related(self.model, path.rpartition(".")[0]), path.rpartition(".")[2]
            if not name:
                parts = NAMES[self.model].paths
            elif isinstance(field := meta(model).fields[name], ForeignKeyField):
                parts = tuple(f"{path}.{part}" for part in NAMES[field.rel_model].paths)
            else:
                parts = (path,)
            for part in parts:
                joins.column(part)

    def _own_columns(self, joins: Joins) -> Sequence[str]:
        """Of the listed table, what is shown and what leads on. What a computed column is made of, nobody says.

        Whole bodies never are: a list of them would be megabytes.
        """
        known = meta(self.model)
        if self.computed:
            return [field.name for field in known.sorted_fields if not isinstance(field, BlobField)]
        return joins.own([known.combined[name].name for lead in self.leads for name in lead.arguments.values()])


def count_rows(query: ModelSelect) -> int:
    """How many rows it finds, as far as ``COUNT_LIMIT`` + 1: who counts so far knows that there are more."""
    counted = query.limit(COUNT_LIMIT + 1).alias("counted")
    return Select([counted], [fn.COUNT(SQL("1"))]).bind(meta(query.model).database).scalar()


def count_each(models: Sequence[type[Model]]) -> list[int]:
    """How many rows each table has, as far as ``COUNT_LIMIT`` + 1, in one query."""
    counts = [
        f"SELECT {place} AS place, COUNT(1) AS found FROM (SELECT 1 FROM {model.__name__} LIMIT {COUNT_LIMIT + 1}) AS t"  # noqa: S608
        for place, model in enumerate(models)
    ]
    found = meta(models[0]).database.execute_sql(" UNION ALL ".join(counts)).fetchall()
    return [count for _, count in sorted(found)]


def _narrow(query: ModelSelect, conditions: Sequence[Any]) -> ModelSelect:
    return query.where(*conditions) if conditions else query


def _narrowing(asked: Asked) -> dict[str, Any]:
    """What narrows the list, whichever page of it is shown."""
    return asked.arguments(page=1, sort=None, desc=False, page_size=USUAL_PAGE_SIZE)


def _fits(key: Field, text: str) -> bool:
    """Whether ``text`` can be a value of ``key``: no database is asked for row ``9999999999999999999999``."""
    while isinstance(key, ForeignKeyField):
        key = key.rel_field
    if isinstance(key, DecimalField):
        return bool(re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?", text, re.ASCII))
    if isinstance(key, IntegerField):
        return bool(re.fullmatch(r"\d{1,18}", text, re.ASCII))
    return True
