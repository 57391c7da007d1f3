"""The first page of the tables: each of them, and how many rows it has."""

from collections.abc import Sequence

from flask_admin import AdminIndexView
from peewee import SQL

from admin.views import base
from admin.views.base import TableView, address
from admin.words import Phrase


class HomeView(AdminIndexView):
    """One query for each table, which counts as far as ``COUNT_LIMIT``."""

    def __init__(self, views: Sequence[TableView]) -> None:
        super().__init__(name=Phrase("Tables"))
        self._tables = views

    @address("/")
    def index(self) -> str:
        tables = [(view, base.count_rows(view.model.select(SQL("1")))) for view in self._tables]
        return self.render("index.html", tables=tables, limit=base.COUNT_LIMIT)
