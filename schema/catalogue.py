"""What quotes refer to, as rows: sports, leagues, teams, markets, bookmakers, pages and runs, found or made.

Ids are remembered, so that a quote of a known match costs no query. Rows are made one statement at a time, each
committed at once and none waiting for another: a league that is there before its first price does no harm, and writers
that begin together do not hold what the others need.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from peewee import Database

from schema.aliases import Aliases
from schema.bookmakers import KnownBookmakers
from schema.markets import MARKETS
from schema.matches import Sides
from schema.messages import OddsItem
from schema.models import REPORTED_COUNTS, STORED_COUNTS, Leagues, MarketNames, Pages, Runs, Sports, Teams, now
from schema.names import NAME_LENGTH, code, name_key
from schema.reference import sports
from schema.shelf import Shelf
from schema.sql import Sql

SaidSides = tuple[str, str, str | None, str, str]
"""What a quote says of who meets: sport, league, country, home, away."""

SaidPage = tuple[str | None, str | None, str | None]
"""What a quote says of its page: address, parser, and what it is kept under in the archive."""


class Catalogue:
    """Finds, or makes, the rows that quotes refer to. One for a writer; to be used outside of a transaction.

    :param unknown, aliases: see :class:`schema.bookmakers.KnownBookmakers`.
    """

    def __init__(self, database: Database, sql: Sql, unknown: list[str], aliases: Aliases) -> None:
        self._sports = Shelf(sql, Sports, ("code",))
        self._leagues = Shelf(sql, Leagues, ("sport_id", "name_key"), ("name", "country"))
        self._teams = Shelf(sql, Teams, ("league_id", "name_key"), ("name",))
        self._markets = Shelf(sql, MarketNames, ("sport_id", "code"))
        self._pages = Shelf(sql, Pages, ("page_key",))
        self._runs = Shelf(sql, Runs, ("run_id",))
        self._sides: dict[SaidSides, Sides] = {}
        self._page_ids: dict[SaidPage, int] = {}
        self._market_ids: dict[tuple[str, str], int] = {}
        self._bookmakers = KnownBookmakers(database, unknown, aliases)

    # -- looking up ----------------------------------------------------------------------------------------------------

    def run(self, run_id: str | None) -> int | None:
        return None if run_id is None else self._runs.ids[run_id,]

    def sides(self, item: OddsItem) -> Sides:
        return self._sides[_said_sides(item)]

    def market(self, item: OddsItem) -> int:
        return self._market_ids[item.sport, item.market]

    def bookmaker(self, item: OddsItem) -> int:
        return self._bookmakers.id(item.bookmaker, item.bookmaker_id)

    def page(self, item: OddsItem) -> int | None:
        return self._page_ids.get(_said_page(item))

    # -- finding or making ---------------------------------------------------------------------------------------------

    def settle(self, cursor: Any, items: Sequence[OddsItem], run_ids: Iterable[str]) -> None:
        """All that ``items`` refer to, except their matches; and these runs."""
        self._settle_runs(cursor, {run_id for run_id in run_ids if (run_id,) not in self._runs.ids})
        if not items:
            return
        self._settle_sports(cursor)
        self._settle_markets(cursor, {(item.sport, item.market) for item in items} - self._market_ids.keys())
        self._settle_pages(cursor, {_said_page(item) for item in items} - self._page_ids.keys())
        self._settle_sides(cursor, {_said_sides(item) for item in items} - self._sides.keys())
        self._bookmakers.settle({(item.bookmaker, item.bookmaker_id) for item in items})

    def _settle_runs(self, cursor: Any, said: set[str]) -> None:
        zeros = dict.fromkeys((*REPORTED_COUNTS, *STORED_COUNTS), 0)
        self._runs.settle(cursor, [{"run_id": run_id, **zeros} for run_id in said])

    def _settle_sports(self, cursor: Any) -> None:
        if not self._sports.ids:
            rows = [{"code": sport.code, "name": sport.title, **_stamps()} for sport in sports().values()]
            self._sports.settle(cursor, rows)

    def _settle_markets(self, cursor: Any, said: set[tuple[str, str]]) -> None:
        assert {market for _, market in said} <= MARKETS.keys()
        keys = {(sport, market): (self._sport(sport), market) for sport, market in said}
        rows = [{"sport_id": sport, "code": market, "name": market, **_stamp()} for sport, market in keys.values()]
        self._markets.settle(cursor, rows)
        self._market_ids |= {one: self._markets.ids[key] for one, key in keys.items()}

    def _settle_pages(self, cursor: Any, said: set[SaidPage]) -> None:
        keys = {page: _page_key(page) for page in said if any(page)}
        rows = [
            {"page_key": key, "url": url, "parser": parser, "content": content, **_stamp()}
            for (url, parser, content), key in keys.items()
        ]
        self._pages.settle(cursor, rows)
        self._page_ids |= {page: self._pages.ids[key,] for page, key in keys.items()}

    def _settle_sides(self, cursor: Any, said: set[SaidSides]) -> None:
        self._leagues.settle(cursor, map(self._league_row, said))
        leagues = {one: self._leagues.ids[self._league_key(one)] for one in said}
        teams = ((league, name) for one, league in leagues.items() for name in one[3:])
        self._teams.settle(
            cursor,
            [{"league_id": league, "name_key": name_key(name), "name": name, **_stamps()} for league, name in teams],
        )
        for one, league in leagues.items():
            home, away = (self._teams.ids[league, name_key(name)] for name in one[3:])
            self._sides[one] = Sides(league, home, away)

    def _league_row(self, said: SaidSides) -> dict[str, Any]:
        sport_id, key = self._league_key(said)
        coded = code(key)[:NAME_LENGTH].strip()
        return {"sport_id": sport_id, "name_key": key, "code": coded, "name": said[1], "country": said[2], **_stamps()}

    def _league_key(self, said: SaidSides) -> tuple[int, str]:
        return self._sport(said[0]), name_key(said[1])

    def _sport(self, name: str) -> int:
        return self._sports.ids[sports()[name].code,]


def _said_sides(item: OddsItem) -> SaidSides:
    return item.sport, item.league, item.country, item.home, item.away


def _said_page(item: OddsItem) -> SaidPage:
    return item.url, item.parser, item.page


def _page_key(page: SaidPage) -> str:
    said = page if page[2] else page[:2]  # a page that was not kept has the key it always had
    return hashlib.blake2b(repr(said).encode(), digest_size=16).hexdigest()


def _stamp() -> dict[str, str]:
    return {"created_at": str(now())}


def _stamps() -> dict[str, str]:
    made = str(now())
    return {"created_at": made, "updated_at": made}
