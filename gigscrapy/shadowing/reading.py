"""What each system saw in a window of time, in one form: from gig-benchmark's database, from ours, from a capture."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from peewee import Database

from gigscrapy.imports.gigbase.quotes import OUTCOMES, bookmaker_name, scrapes, sport_of
from gigscrapy.imports.gigbase.tables import Gig, Row, moment
from gigscrapy.shadowing.comparing import Quote, corrected
from schema.instants import naive
from schema.messages import OddsItem, Refused, decode
from schema.reference import sports

RESULT = ("1X2", "12")


# -- gig-benchmark's database ------------------------------------------------------------------------------------------


def of_gig(gig: Gig, since: datetime, until: datetime) -> Iterator[Quote]:
    """Of one that is no flat table. What its own rows do not tell (a match, a bookmaker) is passed over."""
    leagues, markets = gig.leagues(), gig.markets()
    books = {number: bookmaker_name(*one) for number, one in gig.bookmakers().items()}
    matches = {match.id: match for match in gig.matches(0)}
    for number, rows in groupby(gig.window(naive(since), naive(until)), key=lambda one: one[0]):
        match = matches.get(number)
        league = leagues.get(match.league) if match else None
        sport = sport_of(league.sport) if league else None
        for scrape in scrapes(row for _, row in rows):
            first = scrape[0]
            if not (match and league and sport and match.home and match.away and first.bookmaker in books):
                continue
            if markets.get(first.market) != "1X2" or not (prices := _prices(scrape)):
                continue
            yield Quote(
                sport,
                league.name,
                match.home,
                match.away,
                books[first.bookmaker],
                prices,
                first.trj,
                first.seen_at.replace(tzinfo=UTC),
                match.match_date and corrected(match.match_date),
                match.match_date,
                match.made_at,
            )


def _prices(scrape: list[Row]) -> dict[str, Decimal]:
    return {OUTCOMES[row.outcome]: row.value for row in scrape if row.outcome in OUTCOMES and row.value > 1}


# -- our tables --------------------------------------------------------------------------------------------------------

_OURS = """
    SELECT o.match_id, o.market_id, o.bookmaker_id, o.scraped_at, o.outcome, o.odd_value, o.trj,
      s.code, l.name, h.name, a.name, b.name, m.match_date
    FROM Odds o JOIN MarketNames k ON k.id = o.market_id JOIN Matches m ON m.id = o.match_id
    JOIN Leagues l ON l.id = m.league_id JOIN Sports s ON s.id = l.sport_id JOIN Teams h ON h.id = m.home_team_id
    JOIN Teams a ON a.id = m.away_team_id JOIN Bookmakers b ON b.id = o.bookmaker_id
    WHERE o.scraped_at >= ? AND o.scraped_at < ? AND k.code IN ('1X2', '12') AND o.line = 0 AND o.partial = 0
    ORDER BY o.match_id, o.market_id, o.bookmaker_id, o.scraped_at
"""


def of_ours(database: Database, since: datetime, until: datetime) -> Iterator[Quote]:
    """The result of each match, as its own page showed it."""
    names = {one.code: name for name, one in sports().items()}
    cursor = database.execute_sql(_OURS.replace("?", database.param), (str(naive(since)), str(naive(until))))
    for (*_, scraped_at), rows in groupby(cursor, key=lambda row: row[:4]):
        quote = list(rows)
        trj, sport, league, home, away, book, kickoff = quote[0][6:]
        seen_at, told = moment(scraped_at), moment(kickoff)
        assert seen_at
        yield Quote(
            names[sport],
            league,
            home,
            away,
            book,
            {row[4]: Decimal(str(row[5])) for row in quote},
            None if trj is None else Decimal(str(trj)),
            seen_at.replace(tzinfo=UTC),
            told and told.replace(tzinfo=UTC),
        )


# -- a capture ---------------------------------------------------------------------------------------------------------


def of_capture(path: Path, refused: list[str]) -> Iterator[Quote]:
    """A message a line: as :func:`captured` writes it, or bare, and then seen when the file was written.

    :param refused: told there, a sentence for each line that is no message.
    """
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                body, received_at = _message(line, written)
                item = decode(body, received_at)
            except (Refused, ValueError, TypeError) as refusal:
                refused.append(f"line {number}: {refusal}"[:200])
                continue
            if isinstance(item, OddsItem) and item.market in RESULT and not item.partial:
                yield _quote(item)


def captured(body: bytes, received_at: datetime) -> str:
    """A line of a capture."""
    return json.dumps({"received_at": received_at.isoformat(), "body": body.decode("utf-8", "backslashreplace")})


def _message(line: str, written: datetime) -> tuple[bytes, datetime]:
    said: Any = json.loads(line)
    if isinstance(said, dict) and said.keys() == {"received_at", "body"}:
        return str(said["body"]).encode(), datetime.fromisoformat(said["received_at"])
    return line.encode(), written


def _quote(item: OddsItem) -> Quote:
    prices = {outcome: price for outcome, price in item.prices.items() if price is not None}
    sides = (item.sport, item.league, item.home, item.away, item.bookmaker)
    return Quote(*sides, prices, item.trj, item.scraped_at, item.kickoff)


def within(quotes: Iterable[Quote], since: datetime, until: datetime) -> Iterator[Quote]:
    return (quote for quote in quotes if since <= quote.seen_at < until)
