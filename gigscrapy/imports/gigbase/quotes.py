"""Rows of gig-benchmark as quotes: the prices of one bookmaker on one match that it saw at one time.

gig-benchmark writes a row for each price, one after the other, each with a time of its own or all with the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from gigscrapy.imports.gigbase.meetings import Meeting
from gigscrapy.imports.gigbase.tables import Row
from gigscrapy.leagues import fold, load
from schema.markets import MARKETS, winner_market
from schema.messages import LEGACY, OddsItem, Refused, decode, encode
from schema.names import name_key, slug
from schema.reference import bookmakers, sports

TOGETHER = timedelta(seconds=2)
"""The rows of one message are written within it; the next visit to the same page is minutes away."""
OUTCOMES = {"1": "1", "X": "X", "N": "X", "2": "2"}
"""As its consumer writes them, and as its messages name the draw."""
RESULT = "1X2"
"""The market gig-benchmark takes every message for."""


def scrapes(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in the order of :meth:`.tables.Gig.prices`, those of one visit together; no outcome twice."""
    together: list[Row] = []
    for row in rows:
        if together and not _belongs(row, together):
            yield together
            together = []
        together.append(row)
    if together:
        yield together


def _belongs(row: Row, together: Sequence[Row]) -> bool:
    first = together[0]
    return (
        (row.bookmaker, row.market) == (first.bookmaker, first.market)
        and row.seen_at - first.seen_at <= TOGETHER
        and all(row.outcome != other.outcome for other in together)
    )


@dataclass(frozen=True, slots=True)
class Sides:
    """Who meets where, as we say it.

    ``number``: what a later meeting is known by, see :func:`quote`; ``run_id``: of the import.
    """

    sport: str
    league: str
    home: str
    away: str
    number: str
    run_id: str


@dataclass(slots=True)
class Made:
    """What became of a visit: a quote with those of its rows that are in it, and the others with their reasons."""

    item: OddsItem | None = None
    rows: list[Row] = field(default_factory=list)
    refused: list[tuple[Row, Refused]] = field(default_factory=list)


def quote(sides: Sides, meeting: Meeting, market: str | None, bookmaker: str | None, scrape: Sequence[Row]) -> Made:
    """The quote of one visit.

    The first meeting is known by the names and the day, as a message of gig-benchmark's is; a later one, whose day
    nobody knows, by a number of its own.
    """
    made = Made()
    try:
        if market is None:
            raise Refused("no-market", f"market {scrape[0].market} is not in MarketNames")
        if bookmaker is None:
            raise Refused("no-bookmaker", f"bookmaker {scrape[0].bookmaker} is not in Bookmakers")
        prices = _usable(_outcomes(market), scrape, made)
        if not prices:
            return made
        code = _market(market, sides.sport, prices)
        item = OddsItem(
            sport=sides.sport,
            league=sides.league,
            home=sides.home,
            away=sides.away,
            bookmaker=bookmaker,
            prices={outcome: prices.get(outcome) for outcome in MARKETS[code].outcomes},
            market=code,
            kickoff=meeting.kickoff,
            match_id=f"{sides.number}-{meeting.number}" if meeting.number > 1 else None,
            scraped_at=min(row.seen_at for row in scrape).replace(tzinfo=UTC),
            source=LEGACY,
            parser=LEGACY,
            run_id=sides.run_id,
        )
        made.item = _as_stored(item)
    except Refused as refusal:
        known = {id(row) for row, _ in made.refused}
        made.refused += [(row, refusal) for row in scrape if id(row) not in known]
        made.rows.clear()
    return made


def _usable(outcomes: dict[str, str], scrape: Sequence[Row], made: Made) -> dict[str, Decimal]:
    prices: dict[str, Decimal] = {}
    for row in scrape:
        outcome = outcomes.get(row.outcome)
        if outcome is None or outcome in prices:
            made.refused.append((row, Refused("outcome", f"outcome {row.outcome!r:.20}")))
        elif row.value <= 1:
            made.refused.append((row, Refused("no-price", f"{row.value} is not a price above 1")))
        else:
            prices[outcome] = row.value
            made.rows.append(row)
    return prices


def _outcomes(market: str) -> dict[str, str]:
    if market == RESULT:
        return OUTCOMES
    if market not in MARKETS:
        raise Refused("market", f"market {market!r:.20} is none that is kept here")
    return {outcome: outcome for outcome in MARKETS[market].outcomes}


def _market(market: str, sport: str, prices: dict[str, Decimal]) -> str:
    """Of a sport without a draw the market without one, as our consumer has it (:mod:`schema.messages`)."""
    return winner_market(sports()[sport].outcomes) if market == RESULT and "X" not in prices else market


def _as_stored(item: OddsItem) -> OddsItem:
    """The quote as the queue would bring it. :raises Refused: when it would not."""
    return decode(encode(item), datetime.now(UTC))  # type: ignore[return-value] # it is no report


# -- names -------------------------------------------------------------------------------------------------------------


def bookmaker_name(code: str, name: str) -> str:
    """As we call it; what nobody knows has gig-benchmark's name."""
    return next((one.name for one in bookmakers() if one.code == code), name)


def sport_of(code: str | None) -> str | None:
    """By gig-benchmark's code, the sport's name on the wire."""
    return next((name for name, one in sports().items() if one.code == code), None)


def other_sport(league: str) -> str | None:
    """The sport that a league of *football* is really of, as far as its name tells."""
    titles = {one.sport for one in load() if fold(one.title) == fold(league)}
    if titles:
        return None if "football" in titles else min(titles)
    words = f"-{slug(league)}-"
    named = (name for name, one in sports().items() if name != "football" and f"-{slug(one.title)}-" in words)
    return next(named, None)


def is_known(league: str) -> bool:
    """Whether the catalogue has football of that name."""
    return any(one.sport == "football" and name_key(one.title) == name_key(league) for one in load())
