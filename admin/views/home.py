"""The first page: what there is, how the last crawls went, how to start one."""

from collections.abc import Sequence

from flask_admin import AdminIndexView
from peewee import SQL, Model, Select, fn

from admin.views.base import COUNT_LIMIT, TableView, address
from admin.views.joins import meta
from admin.words import Phrase
from schema.models import Runs

RUNS_SHOWN = 8


class HomeView(AdminIndexView):
    """One query for each table, which counts as far as ``COUNT_LIMIT``, and one for the runs."""

    def __init__(self, views: Sequence[TableView]) -> None:
        super().__init__(name=Phrase("Accueil"))
        self._tables = views

    @address("/")
    def index(self) -> str:
        runs = list(Runs.select().order_by(Runs.id.desc()).limit(RUNS_SHOWN))
        return self.render(
            "index.html",
            tables=[(view, _count(view.model)) for view in self._tables],
            runs=runs,
            runs_view=next(view for view in self._tables if view.model is Runs),
            limit=COUNT_LIMIT,
        )


def _count(model: type[Model]) -> int:
    counted = model.select(SQL("1")).limit(COUNT_LIMIT + 1).alias("counted")
    return Select([counted], [fn.COUNT(SQL("1"))]).bind(meta(model).database).scalar()
