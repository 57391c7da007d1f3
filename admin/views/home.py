"""The first page: what there is, how the last crawls went, how to start one."""

from collections.abc import Sequence

from flask_admin import AdminIndexView
from peewee import SQL

from admin.views import base
from admin.views.base import TableView, address
from admin.words import Phrase
from analytics.board import NEWEST_FIRST
from schema.models import Runs

RUNS_SHOWN = 8


class HomeView(AdminIndexView):
    """One query for each table, which counts as far as ``COUNT_LIMIT``, and one for the runs."""

    def __init__(self, views: Sequence[TableView]) -> None:
        super().__init__(name=Phrase("Accueil"))
        self._tables = views

    @address("/")
    def index(self) -> str:
        runs = list(Runs.select().order_by(*NEWEST_FIRST).limit(RUNS_SHOWN))
        return self.render(
            "index.html",
            tables=[(view, base.count_rows(view.model.select(SQL("1")))) for view in self._tables],
            runs=runs,
            runs_view=next(view for view in self._tables if view.model is Runs),
            limit=base.COUNT_LIMIT,
        )
