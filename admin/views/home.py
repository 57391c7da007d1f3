"""The first page of the tables: each of them, and how many rows it has."""

from collections.abc import Sequence

from flask_admin import AdminIndexView

from admin.views import base
from admin.views.base import TableView, address
from admin.words import Phrase


class HomeView(AdminIndexView):
    """One query counts all tables, each as far as ``COUNT_LIMIT``."""

    def __init__(self, views: Sequence[TableView]) -> None:
        super().__init__(name=Phrase("Tables"))
        self._tables = views

    @address("/")
    def index(self) -> str:
        tables = list(zip(self._tables, base.count_each([view.model for view in self._tables]), strict=True))
        return self.render("index.html", tables=tables, limit=base.COUNT_LIMIT)
