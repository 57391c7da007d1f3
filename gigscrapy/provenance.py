"""Where a price came from: one row of Odds, with the page it was read in."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self

from peewee import JOIN, Database

from gigscrapy.replay import Place, bookmaker_of
from schema.models import Bookmakers, Leagues, MarketNames, Matches, Odds, Pages, Runs, Teams

LARGEST_ID = 2**63 - 1
"""Of a row; SQLite cannot be asked for another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """One price that was stored, and all that is known of how it came here.

    :ivar place: what it is the price of; :ivar kickoff, scraped_at: naive UTC.
    :ivar run_id, spider: of the crawl, ``None`` where nobody said; :ivar url, parser: of the page.
    :ivar content: what the page's text was kept under, ``None`` where it was not.
    """

    id: int
    place: Place
    home: str
    away: str
    league: str
    kickoff: datetime | None
    bookmaker: str
    price: Decimal
    partial: bool
    suspect: str | None
    scraped_at: datetime
    run_id: str | None
    spider: str | None
    url: str | None
    parser: str | None
    content: str | None

    @classmethod
    def of(cls, database: Database, odds_id: int) -> Self | None:
        """That of one row of Odds; ``None`` if there is no such row."""
        if odds_id > LARGEST_ID:
            return None
        home, away = Teams.alias(), Teams.alias()
        query = (
            Odds.select(
                Odds.outcome,
                Odds.odd_value.alias("price"),
                Odds.partial,
                Odds.suspect,
                Odds.scraped_at,
                Matches.match_key,
                Matches.match_date.alias("kickoff"),
                MarketNames.code.alias("market"),
                Bookmakers.name.alias("bookmaker"),
                Bookmakers.site_id.alias("number"),
                Leagues.name.alias("league"),
                home.name.alias("home"),
                away.name.alias("away"),
                Runs.run_id,
                Runs.spider,
                Pages.url,
                Pages.parser,
                Pages.content,
            )
            .join(Matches, on=(Odds.match == Matches.id))
            .join(Leagues, on=(Matches.league == Leagues.id))
            .join(home, on=(Matches.home_team == home.id))
            .join(away, on=(Matches.away_team == away.id))
            .join(MarketNames, on=(Odds.market == MarketNames.id))
            .join(Bookmakers, on=(Odds.bookmaker == Bookmakers.id))
            .join(Runs, JOIN.LEFT_OUTER, on=(Odds.run == Runs.id))
            .join(Pages, JOIN.LEFT_OUTER, on=(Odds.page == Pages.id))
            .where(Odds.id == odds_id)
            .dicts()
        )
        row = next(iter(query.execute(database)), None)
        if row is None:
            return None
        match, market, outcome = row.pop("match_key"), row.pop("market"), row.pop("outcome")
        place = Place(match, market, bookmaker_of(row["bookmaker"], row.pop("number")), outcome)
        return cls(id=odds_id, place=place, **row)


def was_kept(database: Database, key: str) -> bool:
    """Whether a price was stored whose page was kept under this."""
    return bool(Pages.select().where(Pages.content == key).exists(database))
