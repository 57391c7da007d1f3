"""Stock Flask-Admin on the same tables: what its documentation tells one to write, with the columns that ours have.

It follows no foreign key by itself, so what stands for a match is a formatter; it has no filter for a foreign key, so
that of a bookmaker is its own ``IntEqualFilter``. Search and sort that it cannot do are left out.
"""

from typing import Any, ClassVar

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.peewee import ModelView
from flask_admin.contrib.peewee.filters import IntEqualFilter
from flask_admin.form import BaseForm
from flask_babel import Babel

from schema.models import Bookmakers, LatestOdds, Leagues, Matches, Odds, Pages, Runs, Tasks, Teams

PAGE_SIZE = 50


def _meeting(match: Matches) -> str:
    return f"{match.home_team.name} - {match.away_team.name}"


class Stock(ModelView):
    """Read only, as ours: a form would cost it more."""

    can_create = can_edit = can_delete = False
    can_view_details = True
    can_set_page_size = True
    page_size = PAGE_SIZE

    def scaffold_form(self) -> type[BaseForm]:
        return BaseForm


class PricesView(Stock):
    column_list = (
        *("match", "outcome", "odd_value", "bookmaker.name", "trj", "market.name", "match.match_date", "scraped_at"),
        *("suspect", "run.spider", "page.url"),
    )
    column_sortable_list = ("scraped_at", "odd_value")
    column_formatters: ClassVar = {"match": lambda _view, _context, row, _name: _meeting(row.match)}


class OddsView(PricesView):
    column_default_sort = ("scraped_at", True)
    column_filters = (IntEqualFilter(Odds.bookmaker, "Bookmaker"), IntEqualFilter(Odds.match, "Match"))


class LatestView(PricesView):
    column_filters = (IntEqualFilter(LatestOdds.bookmaker, "Bookmaker"), IntEqualFilter(LatestOdds.match, "Match"))


class MatchesView(Stock):
    column_list = ("id", "match_date", "league.name", "league.sport.name", "status", "seen_at", "url")
    column_sortable_list = ("match_date", "seen_at")
    column_default_sort = ("match_date", True)
    column_formatters: ClassVar = {"id": lambda _view, _context, row, _name: _meeting(row)}
    column_filters = (IntEqualFilter(Matches.league, "Ligue"),)


class RunsView(Stock):
    column_list = (
        *("spider", "started_at", "state", "verdict", "sentence", "discovered", "parsed", "stored", "refused"),
        *("finished_at", "requested_by"),
    )
    column_default_sort = ("started_at", True)


class TeamsView(Stock):
    column_list = ("name", "league.name", "league.sport.name", "created_at")
    column_searchable_list = ("name", "name_key")
    column_default_sort = ("id", True)


class LeaguesView(Stock):
    column_list = ("name", "sport.name", "country", "code", "created_at")
    column_default_sort = ("name", False)


class BookmakersView(Stock):
    column_list = ("name", "code", "website", "site_id", "reviewed", "created_at")
    column_default_sort = ("name", False)


class PagesView(Stock):
    column_list = ("id", "url", "parser", "created_at")
    column_searchable_list = ("url",)
    column_default_sort = ("id", True)


class TasksView(Stock):
    column_list = ("said", "requested_by", "received_at", "runs", "joined")
    column_default_sort = ("received_at", True)


VIEWS: tuple[tuple[type[Stock], Any], ...] = (
    (OddsView, Odds),
    (LatestView, LatestOdds),
    (MatchesView, Matches),
    (RunsView, Runs),
    (TeamsView, Teams),
    (LeaguesView, Leagues),
    (BookmakersView, Bookmakers),
    (PagesView, Pages),
    (TasksView, Tasks),
)


def create_app() -> Flask:
    """Over the database that the tables of this process are in (:func:`schema.models.use`), a connection a request."""
    app = Flask("stock")
    app.secret_key = "of a benchmark"
    Babel(app)
    admin = Admin(app, name="stock")
    admin.add_views(*(view(model) for view, model in VIEWS))
    database = Odds._meta.database.obj  # noqa: SLF001 - Peewee's own name for it
    app.before_request(lambda: database.connect(reuse_if_open=True) and None)
    app.teardown_request(lambda _error: None if database.is_closed() else database.close())
    return app
