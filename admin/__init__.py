"""What people see: the tables, on this machine, and what goes on.

Whoever wants to see them signs in (:mod:`admin.access`). They are read; what can be done here is what the commands do
too: dead letters are put back into the queue, crawls are asked for and stopped, schedules are written.

    flask_app = create_app()

``python -m admin`` serves it, ``python -m admin.report`` prints the best prices of a run.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from flask import Flask, redirect, render_template, request, url_for
from flask_admin import Admin
from flask_admin.theme import Bootstrap4Theme
from flask_babel import Babel
from peewee import Database, PeeweeException
from werkzeug.exceptions import HTTPException, SecurityError, ServiceUnavailable
from werkzeug.routing import RequestRedirect

from admin import (
    access,
    api,
    formats,
    gig,
    health,
    labels,
    metrics,
    navigation,
    preferences,
    sentences,
    signin,
    signing,
)
from admin.api import changes
from admin.environment import find_queues, find_settings, open_database
from admin.live import Hub
from admin.mounting import mount
from admin.pages import PAGES
from admin.security import ask_for_tokens, protect, sign_with
from admin.views import closing, tables
from admin.views.base import TableView
from admin.views.deadletters import DeadLettersView
from admin.views.home import HomeView
from admin.views.runs import RunsView
from admin.views.schedules import SchedulesView
from admin.words import LANGUAGES, Phrase, say, spoken
from schema import models
from schema.database import explain, trouble_of

logger = logging.getLogger(__name__)

VIEWS: tuple[tuple[type[TableView], type[models.Table], Phrase], ...] = (
    (tables.LatestOddsView, models.LatestOdds, Phrase("Dernières cotes")),
    (tables.OddsView, models.Odds, Phrase("Toutes les cotes")),
    (tables.MatchesView, models.Matches, Phrase("Matchs")),
    (RunsView, models.Runs, Phrase("Relevés")),
    (tables.TasksView, models.Tasks, Phrase("Tâches")),
    (SchedulesView, models.Schedules, Phrase("Planifications")),
    (tables.FiringsView, models.Firings, Phrase("Échéances")),
    (tables.VisitsView, models.Visits, Phrase("Passages")),
    (tables.BookmakersView, models.Bookmakers, Phrase("Bookmakers")),
    (tables.LeaguesView, models.Leagues, Phrase("Ligues")),
    (tables.TeamsView, models.Teams, Phrase("Équipes")),
    (tables.SportsView, models.Sports, Phrase("Sports")),
    (tables.MarketNamesView, models.MarketNames, Phrase("Marchés")),
    (tables.PagesView, models.Pages, Phrase("Pages")),
    (DeadLettersView, models.DeadLetters, Phrase("Messages refusés")),
)
"""Every table but the ledger of messages, in the order of the menu."""

WRITERS = (
    formats.whole,
    formats.moment,
    formats.price,
    formats.percent,
    formats.change,
    formats.lasting,
    formats.often,
    formats.ago,
)
"""What templates write figures and instants with; the language is the page's."""

WATCHING = {"health": health.addresses, "metrics": metrics.addresses}
"""What programs ask. They are answered while the database is away, and so open it themselves."""


def create_app(database_url: str | None = None, home: str | Path | None = None) -> Flask:
    """The web application.

    :param database_url, home: see :func:`admin.environment.open_database`, which also says what it raises.
    """
    app = Flask(__name__)
    protect(app)
    app.config |= {"QUEUES": find_queues(home), "SETTINGS": find_settings(home)}
    Babel(app, default_locale=LANGUAGES[0], locale_selector=preferences.language)
    database = open_database(database_url, home)
    app.config["HUB"] = Hub(database, read_prices=changes.of)
    sign_with(app, app.config["QUEUES"].home)
    _open_for_each_request(app, database)
    signing.install(app, database)
    access.guard(app)
    ask_for_tokens(app)
    app.register_blueprint(signin.addresses())
    for addresses in WATCHING.values():
        app.register_blueprint(addresses(database, app.config["QUEUES"], app.config["SETTINGS"]))
    app.register_blueprint(preferences.addresses())
    for page in PAGES:
        app.register_blueprint(page(database))
    _explain_errors(app)
    theme = Bootstrap4Theme(base_template="base.html")
    views = [view(model, name=name) for view, model, name in VIEWS]
    admin = Admin(app, name="gigscrapy", theme=theme, index_view=HomeView(views))
    admin.add_views(*views)
    app.jinja_env.globals |= {
        "say": say,
        "translated": sentences.translated,
        "spoken": spoken,
        "menu": admin.menu,
        "rooms": navigation.rooms,
        "search_address": navigation.search_address,
        "scheme": preferences.scheme,
        "schemes": preferences.SCHEMES,
        **{write.__name__: _in_the_page_s_language(write) for write in WRITERS},
        "change_percent": lambda share: labels.share_label(share, spoken()),
        "state_label": labels.state_label,
        "requester_label": labels.requester_label,
        "reason_label": labels.reason_label,
        "verdict_label": labels.verdict_label,
        "verdict_mark": labels.verdict_mark,
        "gap_median": closing.median,
        "gap_unpriced": closing.unpriced,
    }
    if "dashboard" not in app.blueprints:
        app.add_url_rule("/", "home", lambda: redirect(url_for("admin.index")))
    app.extensions["gig"] = gig.create_gig(database, app)
    mount(app, {api.WHERE: api.create_api(database, app), **dict.fromkeys(gig.WHERE, app.extensions["gig"])})
    return app


def _in_the_page_s_language(write: Callable[..., str]) -> Callable[..., str]:
    return lambda value, **how: write(value, spoken(), **how)


def _open_for_each_request(app: Flask, database: Database) -> None:
    @app.before_request
    def connect() -> None:
        if request.endpoint and not request.endpoint.endswith("static") and request.blueprint not in WATCHING:
            database.connect(reuse_if_open=True)

    @app.teardown_request
    def close(_error: BaseException | None) -> None:
        if not database.is_closed():
            database.close()


def _wait_of(error: HTTPException) -> str:
    """How long to wait, where the answer says that."""
    seconds = getattr(error, "retry_after", None)
    return formats.lasting(seconds, spoken()) if isinstance(seconds, int) else ""


def _explain_errors(app: Flask) -> None:
    """No error shows a traceback or what a driver says: that goes to the log."""

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> HTTPException | tuple[str, int, dict[str, str]]:
        if isinstance(error, RequestRedirect | SecurityError):  # one leads on; for the other no address can be written
            return error
        page = render_template("error.html", code=error.code, wait=_wait_of(error))
        return page, error.code or 500, dict(error.get_headers()) | {"Content-Type": "text/html; charset=utf-8"}

    @app.errorhandler(PeeweeException)
    def unanswered(error: PeeweeException) -> tuple[str, int]:
        logger.error("%s %s: %s", request.method, request.path, explain(error))
        page = render_template("error.html", code=ServiceUnavailable.code, trouble=trouble_of(error))
        return page, ServiceUnavailable.code
