"""Prices: the latest of each bookmaker, those of one match nested, and the best ones; now, or as they were known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce
from operator import and_
from typing import Any

from apiflask import APIBlueprint
from flask import Response
from peewee import fn
from pydantic import BaseModel, Field

from admin.api import cursors
from admin.api.answers import Listed, One, age, instant, listed, one
from admin.api.asking import Fields, Instant, Several
from admin.api.matching import (
    LARGEST,
    ON_THEIR_WAY,
    MatchOut,
    Ranged,
    found_match,
    no_such_matches,
    told,
    wanted,
    why_none,
)
from admin.api.names import Names
from admin.api.offering import offer
from admin.api.pricing import (
    THINNED,
    LeftOut,
    PricesOut,
    Quoted,
    Sieve,
    Teller,
    Withdrawing,
    moment,
    outcome_told,
    percent,
    pruned,
    sifted,
    tagged,
    thinned,
    winners,
)
from admin.api.problems import impossible
from analytics.finding import Fixture, Wanted, fixtures, own_market
from analytics.latest import BestOffer, Price, Sheet, first_known, first_stored, latest, sheets, stored_from
from schema.models import LatestOdds, Matches

room = APIBlueprint("odds", __name__, tag="Odds")

LONGEST_BACK = timedelta(days=3)
"""Of ``updated_since``: what was away for longer begins anew."""
ROWS_OF_A_MATCH, ROWS_OF_A_BOOK = 30, 3
"""As many prices a match may well have: how many matches a part of a list is looked for in."""
MOST_MATCHES = 60


class Selected(Ranged, Quoted):
    match: Several = Field(default=[], description="Ids.")
    bookmaker: Several = Field(default=[], description="Ids or slugs.")
    market: Several = Field(default=[], description="Ids or slugs; a bare code (`1x2`) means every sport's.")


class Oddsly(Selected, Withdrawing):
    updated_since: Instant | None = Field(
        None,
        description="Only prices that were stored, or withdrawn, from then on: three days back at most.",
    )


@offer(room, "/odds", asked=Oddsly, answer=PricesOut, errors=(400, 404))
def list_odds(query_data: Oddsly) -> Response:
    """The latest price of each outcome at each bookmaker, match by match.

    Without `from`, `until`, `match` or `updated_since`: of matches that come, or began within three hours.
    """
    at = moment(query_data)
    _check_changes(query_data, at)
    names = Names.find()
    chosen = _Chosen.of(query_data, names, at)
    place = cursors.position(query_data.cursor) or [0]
    matches, more_matches = chosen.some(place[0], ROWS_OF_A_BOOK)
    prices = latest(
        [match.id for match in matches], markets=chosen.markets, line=query_data.line, as_of=query_data.as_of
    )
    sieve, before = Sieve(at, query_data.max_age), thinned(query_data.as_of)
    after = _position(place) if len(place) > 1 else None
    rows = [
        each
        for each in sifted(
            sheets(prices, names.kinds),
            sieve,
            bookmakers=chosen.bookmakers,
            withdrawn=query_data.withdrawn,
            changed=query_data.updated_since,
        )
        if after is None or each[0].position > after
    ]
    told_rows, cursor = _cut(rows, query_data.limit, matches, more=more_matches)
    teller = Teller(names, matches, query_data.odds_format, at)
    reason = None if told_rows else _why_no_price(chosen, matches, prices, sieve, before)
    return tagged(
        listed(
            [teller.row(price, sheet, withdrawn=gone) for price, sheet, gone in told_rows],
            after=cursor,
            reason=reason,
            fields=query_data.fields,
            as_of=instant(query_data.as_of),
            thinned_before=instant(before),
            left_out=sieve.told(),
        )
    )


class OfMatch(Fields, Quoted, Withdrawing):
    bookmaker: Several = Field(default=[], description="Ids or slugs.")
    market: Several = Field(default=[], description="Ids or slugs, or bare codes: `1x2`.")


class OutcomeOut(BaseModel):
    name: str = Field(description="home, draw, away, …")
    label: str = Field(description="As it is printed in France: 1, N, 2.")
    price: str
    scraped_at: str
    age_seconds: int
    stale: bool
    suspect: str | None
    withdrawn: bool
    page: str | None


class MarketQuoteOut(BaseModel):
    key: str = Field(description="Slug.")
    name: str
    line: str | None
    trj: str | None = Field(description="Bookmaker TRJ, percent.")
    published_trj: str | None
    last_update: str
    outcomes: list[OutcomeOut]


class BookOut(BaseModel):
    key: str = Field(description="Slug.")
    title: str
    last_update: str
    markets: list[MarketQuoteOut]


class MatchOddsOut(MatchOut):
    bookmakers: list[BookOut]


class ReasonOut(BaseModel):
    code: str
    detail: str


class NestedOut(One[MatchOddsOut]):
    as_of: str | None
    thinned_before: str | None = THINNED
    left_out: LeftOut
    reason: ReasonOut | None = Field(description="Why there is no bookmaker, where there is none.")


@offer(room, "/matches/<int:number>/odds", asked=OfMatch, answer=NestedOut, errors=(400,))
def get_match_odds(number: int, query_data: OfMatch) -> Response:
    """The latest prices of a match: its bookmakers, their markets, their outcomes."""
    at = moment(query_data)
    match, names = found_match(number), Names.find()
    chosen = _Chosen.of(query_data, names, at)
    prices = latest([match.id], markets=chosen.markets, line=query_data.line, as_of=query_data.as_of)
    sieve, before = Sieve(at, query_data.max_age), thinned(query_data.as_of)
    kept = list(
        sifted(sheets(prices, names.kinds), sieve, bookmakers=chosen.bookmakers, withdrawn=query_data.withdrawn)
    )
    teller = Teller(names, [match], query_data.odds_format, at)
    reason = None if kept else _why_no_price(chosen, [match], prices, sieve, before)
    return tagged(
        one(
            told(match, names) | {"bookmakers": _books(kept, names, teller)},
            fields=query_data.fields,
            as_of=instant(query_data.as_of),
            thinned_before=instant(before),
            left_out=sieve.told(),
            reason=reason and {"code": reason[0], "detail": reason[1]},
        )
    )


def _books(kept: Sequence[tuple[Price, Sheet, bool]], names: Names, teller: Teller) -> list[dict[str, Any]]:
    books: dict[int, dict[tuple[int, Decimal], list[tuple[Price, Sheet, bool]]]] = {}
    for each in kept:
        price = each[0]
        books.setdefault(price.bookmaker, {}).setdefault((price.market, price.line), []).append(each)
    told_books = []
    for number in sorted(books, key=lambda one: names.bookmakers[one].slug):
        quotes = [_quote(quote, names, teller) for quote in books[number].values()]
        book = names.bookmakers[number]
        last = max(quote["last_update"] for quote in quotes)
        told_books.append({"key": book.slug, "title": book.name, "last_update": last, "markets": quotes})
    return told_books


_OF_OUTCOME = ("label", "price", "scraped_at", "age_seconds", "stale", "suspect", "withdrawn", "page")


def _quote(quote: Sequence[tuple[Price, Sheet, bool]], names: Names, teller: Teller) -> dict[str, Any]:
    newest, sheet, _ = max(quote, key=lambda each: each[0].scraped_at)
    market = names.markets[newest.market]
    told_prices = [teller.price(price, sheet, withdrawn=gone) for price, sheet, gone in _in_order(quote)]
    return {
        "key": market.slug,
        "name": market.name,
        "line": teller.market(sheet)["line"],
        "trj": None if newest.trj is None else str(newest.trj),
        "published_trj": None if newest.published_trj is None else str(newest.published_trj),
        "last_update": instant(newest.scraped_at),
        "outcomes": [{"name": price["outcome"]} | {name: price[name] for name in _OF_OUTCOME} for price in told_prices],
    }


def _in_order(quote: Sequence[tuple[Price, Sheet, bool]]) -> Sequence[tuple[Price, Sheet, bool]]:
    """As outcomes are printed."""
    market = quote[0][1].market_of
    order = list(market.outcomes) if market else []
    return sorted(quote, key=lambda each: order.index(each[0].outcome) if each[0].outcome in order else len(order))


class BestOut(BaseModel):
    match: int = Field(description="Id.")
    sport: str = Field(description="Slug.")
    league: str = Field(description="Slug.")
    home: str = Field(description="Slug.")
    away: str = Field(description="Slug.")
    commence_time: str | None
    market: str = Field(description="Slug.")
    line: str | None
    outcome: str
    label: str
    price: str = Field(description="The best of those that count: not in doubt, not left behind, not withdrawn.")
    bookmakers: list[str] = Field(description="Slugs of all that offer it.")
    alone: bool = Field(description="Whether one bookmaker alone does.")
    market_trj: str | None = Field(description="Of the best prices, percent; null while an outcome has none.")
    opening: str | None = Field(description="The best price that these bookmakers opened with.")
    change_pct: str | None = Field(description="From the best opening to the best now.")
    scraped_at: str = Field(description="Of the oldest of these prices.")
    age_seconds: int
    stale: bool


class BestsOut(Listed[BestOut]):
    as_of: str | None
    thinned_before: str | None = THINNED
    left_out: LeftOut


@offer(room, "/best-prices", asked=Selected, answer=BestsOut, errors=(400, 404))
def list_best_prices(query_data: Selected) -> Response:
    """The best price of each outcome, who has it, and what the market pays back at the best prices.

    Without `market`: of the winner's. Without `from`, `until` or `match`: of matches that come, or began within three
    hours. With `bookmaker`: only these count.
    """
    at = moment(query_data)
    names = Names.find()
    chosen = _Chosen.of(query_data, names, at)
    markets = chosen.markets or winners(names)
    place = cursors.position(query_data.cursor) or [0]
    matches, more_matches = chosen.some(place[0], ROWS_OF_A_BOOK)
    prices = latest(
        [match.id for match in matches], markets=markets, line=query_data.line, as_of=query_data.as_of, openings=True
    )
    sieve, before = Sieve(at, query_data.max_age), thinned(query_data.as_of)
    counted = [price for price in prices if not chosen.bookmakers or price.bookmaker in chosen.bookmakers]
    found = [
        (sheet, best)
        for sheet in sheets(_young(counted, sieve), names.kinds)
        if chosen.markets or _is_own(sheet, matches, names)
        for best in sheet.best.values()
    ]
    teller = Teller(names, matches, query_data.odds_format, at)
    skipped = place[1] if len(place) > 1 else 0
    rows = [_best(sheet, best, names, teller, at) for sheet, best in found[skipped : skipped + query_data.limit]]
    cursor = None
    if len(found) > skipped + query_data.limit:
        cursor = cursors.after(place[0], skipped + query_data.limit)
    elif more_matches:
        cursor = cursors.after(matches[-1].id + 1)
    reason = None if rows else _why_no_price(chosen, matches, prices, sieve, before)
    return tagged(
        listed(
            rows,
            after=cursor,
            reason=reason,
            fields=query_data.fields,
            as_of=instant(query_data.as_of),
            thinned_before=instant(before),
            left_out=sieve.told(),
        )
    )


def _young(prices: Sequence[Price], sieve: Sieve) -> list[Price]:
    return [price for price in prices if not sieve.is_too_old(price)]


def _is_own(sheet: Sheet, matches: Sequence[Fixture], names: Names) -> bool:
    """Whether it is the winner's market of the sport."""
    sport = next(match.sport for match in matches if match.id == sheet.match)
    return names.markets[sheet.market].code == own_market(sport)


def _best(sheet: Sheet, best: BestOffer, names: Names, teller: Teller, at: datetime) -> dict[str, Any]:
    """As :class:`BestOut`."""
    return (
        teller.match(sheet.match)
        | teller.market(sheet)
        | outcome_told(best.outcome)
        | {
            "price": teller.written(best.price),
            "bookmakers": sorted(names.bookmakers[number].slug for number in best.bookmakers),
            "alone": best.alone,
            "market_trj": percent(sheet.trj),
            "opening": None if best.opening is None else teller.written(best.opening),
            "change_pct": percent(best.change),
            "scraped_at": instant(best.seen_at),
            "age_seconds": age(best.seen_at, at),
            "stale": at - best.seen_at > 2 * sheet.period,
        }
    )


# -- which ones --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Chosen:
    """A question about prices, with the ids that it names; ``at``: the instant that is told."""

    asked: Any
    names: Names
    at: datetime
    matches: Sequence[int]
    bookmakers: Sequence[int]
    markets: Sequence[int]

    @classmethod
    def of(cls, asked: Any, names: Names, at: datetime) -> "_Chosen":
        numbers = getattr(asked, "match", [])
        wrong = [number for number in numbers if not number.isdigit() or int(number) > LARGEST]
        if wrong:
            raise no_such_matches(wrong)
        bookmakers, markets = names.chosen("bookmaker", asked.bookmaker), names.markets_of(asked.market)
        return cls(asked, names, at, [*map(int, numbers)], bookmakers, markets)

    @property
    def since(self) -> datetime | None:
        """``updated_since``, where it can be asked for."""
        found: datetime | None = getattr(self.asked, "updated_since", None)
        return found

    @property
    def which(self) -> Wanted:
        which = wanted(self.asked, self.names)
        if self.asked.since or self.asked.until or self.matches or self.since:
            return which
        return Wanted(sports=which.sports, leagues=which.leagues, since=self.at - ON_THEIR_WAY)

    @property
    def offered(self) -> Any:
        """The condition on Matches that some price is of these."""
        narrow: list[Any] = []
        if self.markets:
            narrow.append(LatestOdds.market.in_(self.markets))
        if self.bookmakers:
            narrow.append(LatestOdds.bookmaker.in_(self.bookmakers))
        if self.asked.line is not None:
            narrow.append(LatestOdds.line == self.asked.line)
        return fn.EXISTS(LatestOdds.select(LatestOdds.match).where(LatestOdds.match == Matches.id, *narrow))

    @property
    def said(self) -> str:
        """What narrows the prices, in words."""
        parts = []
        if self.markets:
            parts.append(" in " + " or ".join(self.names.markets[number].slug for number in self.markets))
        if self.asked.line is not None:
            parts.append(f" on the line {self.asked.line}")
        if self.bookmakers:
            parts.append(" at " + " or ".join(self.names.bookmakers[number].slug for number in self.bookmakers))
        return "".join(parts)

    def some(self, first: int, each: int) -> tuple[list[Fixture], bool]:
        """The matches in which a part of the list is looked for, by id from ``first`` on; whether there are more.

        :param each: rows that a match may well have.
        """
        limit = min(MOST_MATCHES, self.asked.limit // each + 2)
        conditions = [self.offered]
        if self.matches:
            conditions.append(Matches.id.in_(self.matches))
        if self.since:
            conditions.append(stored_from(first_stored(self.since)))
        found = fixtures(self.which, limit + 1, named=reduce(and_, conditions), since_id=first)
        return found[:limit], len(found) > limit


def _cut(
    rows: Sequence[tuple[Price, Sheet, bool]], limit: int, matches: Sequence[Fixture], *, more: bool
) -> tuple[Sequence[tuple[Price, Sheet, bool]], str | None]:
    if len(rows) > limit:
        match, market, line, bookmaker, outcome = rows[limit - 1][0].position
        return rows[:limit], cursors.after(match, market, str(line), bookmaker, outcome)
    return rows, cursors.after(matches[-1].id + 1) if more else None


def _position(place: Sequence[Any]) -> tuple[int, int, Decimal, int, str]:
    match, market, line, bookmaker, outcome = place
    return match, market, Decimal(line), bookmaker, outcome


def _check_changes(asked: Oddsly, at: datetime) -> None:
    if asked.updated_since is None:
        return
    if asked.as_of is not None:
        raise impossible("updated_since", "not together with as_of")
    if at - asked.updated_since > LONGEST_BACK:
        why = "it is more than three days ago; read everything once without it, and go on from there"
        raise impossible("updated_since", why)


# -- why there is none -------------------------------------------------------------------------------------------------


def _why_no_price(
    chosen: _Chosen, matches: Sequence[Fixture], prices: Sequence[Price], sieve: Sieve, before: datetime | None
) -> tuple[str, str]:
    """Which filter emptied it: two queries at most.

    :param before: before when what was known then has been thinned since.
    """
    as_of = chosen.asked.as_of
    if not matches:
        return _why_no_match(chosen)
    if before and sieve.newest_too_old is not None:
        return pruned(before)
    if prices and (reason := sieve.reason()):
        return reason
    if prices and chosen.bookmakers and not any(price.bookmaker in chosen.bookmakers for price in prices):
        return "not_offered", f"these matches have no price{chosen.said}"
    if prices and chosen.since:
        return "unchanged", f"no price was stored since {instant(chosen.since)}"
    if prices and before:
        return pruned(before)
    if prices:
        return "none_counts", "of all prices none counts: each is in doubt, withdrawn, or was left behind"
    if as_of:
        first = first_known([match.id for match in matches])
        if first and first > as_of:
            return "not_known_yet", f"nothing was known then: the first price of these matches is of {instant(first)}"
        return "not_offered", f"no price{chosen.said} was known then"
    return "not_offered", f"no price{chosen.said or ' at all'} was seen of this match"


def _why_no_match(chosen: _Chosen) -> tuple[str, str]:
    condition = Matches.id.in_(chosen.matches) if chosen.matches else None
    if fixtures(chosen.which, 1, named=condition):
        if chosen.since:
            return "unchanged", f"no price of these matches was stored since {instant(chosen.since)}"
        return "not_offered", f"no price{chosen.said or ' at all'} was seen of these matches"
    if chosen.matches:
        return "no_match", "none of these matches is there, or is in this sport, league and range"
    return why_none(chosen.which, chosen.names)
