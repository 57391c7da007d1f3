"""The first page of the tables: each of them, and how many rows it has."""

from collections.abc import Iterator, Sequence

from flask_admin import AdminIndexView
from peewee import Model

from admin.views import base
from admin.views.base import TableView, address
from admin.words import Phrase
from schema.models import (
    Bookmakers,
    DeadLetters,
    Firings,
    LatestOdds,
    Leagues,
    MarketNames,
    Matches,
    Odds,
    Pages,
    Runs,
    Schedules,
    Sports,
    Tasks,
    Teams,
    Visits,
)

GROUPS: tuple[tuple[Phrase, tuple[type[Model], ...]], ...] = (
    (Phrase("Les cotes"), (LatestOdds, Odds, Matches)),
    (Phrase("Qui est qui"), (Bookmakers, Teams, Leagues, Sports, MarketNames)),
    (Phrase("Les relevés"), (Runs, Tasks, Schedules, Firings, Visits, Pages, DeadLetters)),
)
"""The tables that stand together; a table of none is among the rest."""


class HomeView(AdminIndexView):
    """One query counts all tables, each as far as ``COUNT_LIMIT``."""

    def __init__(self, views: Sequence[TableView]) -> None:
        super().__init__(name=Phrase("Données"))
        self._tables = views

    @address("/")
    def index(self) -> str:
        tables = list(zip(self._tables, base.count_each([view.model for view in self._tables]), strict=True))
        return self.render("index.html", groups=list(_grouped(tables)), limit=base.COUNT_LIMIT)


Counted = tuple[TableView, int]


def _grouped(tables: Sequence[Counted]) -> Iterator[tuple[Phrase, list[Counted]]]:
    rest = {view.model: (view, count) for view, count in tables}
    for title, models in GROUPS:
        yield title, [rest.pop(model) for model in models if model in rest]
    if rest:
        yield Phrase("Le reste"), list(rest.values())
