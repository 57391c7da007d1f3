"""Movements: the prices that dropped and rose most within an hour, six or a day, and the surebets.

What moved is looked for in the background, at most once a minute for everybody (:class:`admin.kept.Kept`); a page
chooses from that, and has the way of the prices it shows read.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from flask import Blueprint, Flask, current_app, render_template, request, url_for
from peewee import Database

from admin import formats
from admin.kept import Found, Kept
from admin.labels import outcome_label
from admin.words import Phrase, spoken
from analytics.movements import TOLD, Candidate, Move, candidates, verified
from analytics.surebets import Surebet, surebets
from schema.models import now

HOURS = (1, 6, 24)
WAYS = {"": Phrase("Baisses et hausses"), "down": Phrase("Baisses"), "up": Phrase("Hausses")}
EACH = TOLD // 2
"""Drops, and rises, that are shown; of one way alone twice as many."""
WIDEST = 5
"""Moves of each way that the dashboard shows."""
LASTS = 60
"""Seconds that what moved is kept, at least."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks, read with good will. Ids are as they were typed, 0 for none."""

    hours: int = 1
    way: str = ""
    sport: int = 0
    league: int = 0
    least: Decimal = Decimal(0)
    bookmakers: frozenset[int] = frozenset()

    @classmethod
    def read(cls, arguments: Any) -> Self:
        """:param arguments: a Werkzeug ``MultiDict``."""
        hours, way = arguments.get("hours", type=int), arguments.get("way", "")
        return cls(
            hours=hours if hours in HOURS else HOURS[0],
            way=way if way in WAYS else "",
            sport=arguments.get("sport", 0, type=int),
            league=arguments.get("league", 0, type=int),
            least=_percent(arguments.get("min", "")),
            bookmakers=frozenset(arguments.getlist("bookmaker", type=int)),
        )

    @property
    def narrowed(self) -> bool:
        """Whether it asks for some of the matches or bookmakers only."""
        return bool(self.sport or self.league or self.least or self.bookmakers)

    def holds(self, each: Candidate) -> bool:
        """Whether that price is among those asked for."""
        return (
            (not self.sport or each.sport_id == self.sport)
            and (not self.league or each.league_id == self.league)
            and (not self.bookmakers or each.bookmaker_id in self.bookmakers)
            and abs(each.change) >= self.least
        )


@dataclass(frozen=True, slots=True)
class Window:
    """What moved since ``since``, naive UTC.

    :ivar widest: the widest drops and the widest rises, :data:`WIDEST` of each, an outcome once.
    """

    since: datetime
    found: Sequence[Candidate]
    widest: tuple[Sequence[Move], Sequence[Move]] = ((), ())


class Board:
    """What moved in each window, and the surebets: one for all pages of the application."""

    def __init__(self, database: Database) -> None:
        self._windows = {hours: Kept(database, _finder(hours), seconds=LASTS) for hours in HOURS}
        self._surebets = Kept(database, lambda: surebets(now()), seconds=LASTS)

    def window(self, hours: int) -> Found[Window] | None:
        """``None`` while it is being found."""
        return self._windows[hours].look()

    def surebets(self) -> Found[list[Surebet]] | None:
        """``None`` while they are being found."""
        return self._surebets.look()


def _finder(hours: int) -> Callable[[], Window]:
    def find() -> Window:
        since = now() - timedelta(hours=hours)
        window = Window(since, candidates(since, now()))
        return replace(window, widest=moves(window, window.found, each=WIDEST, alone=True))

    return find


def board_of(app: Flask, database: Database) -> Board:
    """That of the application."""
    found = app.extensions.get("movements")
    if not isinstance(found, Board):
        found = app.extensions["movements"] = Board(database)
    return found


def moves(
    window: Window, wanted: Iterable[Candidate], *, each: int, way: str = "", alone: bool = False
) -> tuple[list[Move], list[Move]]:
    """The widest drops and the widest rises, at most so many of each; one query.

    :param alone: of an outcome that several bookmakers moved the same way, the widest only.
    """
    wanted = list({one.direction: one for one in reversed(list(wanted))}.values())[::-1] if alone else list(wanted)
    drops = [one for one in wanted if one.change < 0][:each] if way != "up" else []
    rises = [one for one in wanted if one.change > 0][:each] if way != "down" else []
    found = verified([*drops, *rises], window.since, among=window.found)
    return [move for move in found if move.how.change < 0], [move for move in found if move.how.change > 0]


def addresses(database: Database) -> Blueprint:
    """The page."""
    blueprint = Blueprint("movements", __name__, url_prefix="/movements")

    @blueprint.get("/")
    def index() -> str:
        asked = Asked.read(request.args)
        board = board_of(current_app, database)
        window = board.window(asked.hours)
        drops: list[Move] = []
        rises: list[Move] = []
        if window is not None:
            chosen = filter(asked.holds, window.answer.found)
            each = TOLD if asked.way else EACH
            # Where no bookmaker was asked for, nine that moved alike are one line, which says how many follow.
            drops, rises = moves(window.answer, chosen, each=each, way=asked.way, alone=not asked.bookmakers)
        found = window.answer.found if window else ()
        return render_template(
            "movements/index.html",
            asked=asked,
            windows=HOURS,
            ways=WAYS,
            window=window,
            drops=drops,
            rises=rises,
            sports=_names((each.sport_id, each.sport) for each in found),
            leagues=_names((each.league_id, f"{each.league} ({each.sport})") for each in found),
            bookmakers=_names((each.bookmaker_id, each.bookmaker) for each in found),
            surebets=board.surebets(),
            **words(),
        )

    return blueprint


def words() -> dict[str, Any]:
    """What templates write moves with."""
    return {"outcome": lambda code: outcome_label(code, spoken()), "match_address": match_address, "line": _line}


def match_address(match_id: int) -> str:
    """The page of a match; its row in the tables where there is none."""
    endpoint = "finder.match"
    if endpoint in current_app.view_functions:
        return url_for(endpoint, number=match_id)
    return url_for("matches.details_view", id=match_id)


def _line(value: Decimal) -> str:
    return formats.decimal(value, spoken()) if value else ""


def _names(pairs: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    return sorted(dict(pairs).items(), key=lambda pair: pair[1])


def _percent(text: str) -> Decimal:
    """``2,5`` is 2.5; what is no share of a hundred is 0."""
    try:
        value = Decimal(text.strip().removesuffix("%").strip().replace(",", "."))
    except InvalidOperation:
        return Decimal(0)
    return value if value.is_finite() and 0 <= value <= 100 else Decimal(0)
