"""How prices are told: in the format that is wanted, with what they are worth; and which are left out."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from flask import Response
from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from admin.api import at
from admin.api.answers import Listed, age, instant
from admin.api.asking import Digits, Flag, Instant, OddsFormat
from admin.api.names import Names
from admin.api.outcomes import LABELS, OUTCOMES
from admin.api.problems import impossible
from analytics.finding import Fixture
from analytics.freshness import LONGEST
from analytics.latest import Price, Sheet
from analytics.odds_format import FORMATS
from schema.models import now
from schema.prices import published_style
from schema.pruning import thinned_before

OLDEST = 10 * 366 * 86_400
"""Seconds: ten years."""

Reason = tuple[str, str]
_AGES = re.compile(rb'"age_seconds":[0-9]+')
_BEGINNING = re.compile(rb'"(since|next_cursor)":"[^"]+"')


def _line(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        line = Decimal(value) if re.fullmatch(r"[+-]?[0-9]{1,4}(\.[0-9]{1,2})?", value) else None
    except InvalidOperation:
        line = None
    if line is None:
        raise ValueError("write a handicap or a total: 2.5, -1, 0 for markets without one")
    return line


Line = Annotated[
    Decimal,
    BeforeValidator(_line),
    WithJsonSchema({"type": "string", "pattern": r"^[+-]?[0-9]{1,4}(\.[0-9]{1,2})?$"}),
]


class Quoted(BaseModel):
    """What is asked of prices, beside which."""

    line: Line | None = Field(None, description="Handicap or total; 0 in markets without one.")
    as_of: Instant | None = Field(None, description="What was known then, instead of now.")
    max_age: Annotated[int, Field(ge=1, le=OLDEST), Digits] | None = Field(
        None, description="Seconds: older prices are left out, and counted in `left_out`."
    )
    odds_format: OddsFormat = Field("decimal", description="How prices are written.")


class Withdrawing(BaseModel):
    withdrawn: Flag = Field(
        default=False, description="Tell prices, too, that a newer book of their bookmaker has no more."
    )


class LeftOut(BaseModel):
    """How many prices of this part are not told."""

    too_old: int = Field(description="Older than `max_age`.")
    withdrawn: int = Field(description="A newer book of the bookmaker has no such price.")


class PriceOut(BaseModel):
    """One price of one bookmaker."""

    match: int = Field(description="Id.")
    sport: str = Field(description="Slug.")
    league: str = Field(description="Slug.")
    home: str = Field(description="Slug.")
    away: str = Field(description="Slug.")
    commence_time: str | None
    market: str = Field(description="Slug.")
    line: str | None = Field(description="Handicap or total; null in markets without one.")
    bookmaker: str = Field(description="Slug.")
    outcome: str = Field(description="home, draw, away, …")
    label: str = Field(description="As it is printed in France: 1, N, 2.")
    price: str = Field(description="In the format that was asked for.")
    trj: str | None = Field(description="Bookmaker TRJ of the quote, percent; null where an outcome has no price.")
    published_trj: str | None = Field(description="What the site printed beside it.")
    scraped_at: str = Field(description="When it was seen.")
    age_seconds: int = Field(description="At the instant that is told.")
    stale: bool = Field(description="The crawls that should have renewed it did not.")
    suspect: str | None = Field(description="The rule of plausibility it breaks, unless a second look confirmed it.")
    withdrawn: bool = Field(description="A newer book of the bookmaker has no such price.")
    page: str | None = Field(description="The page it came from.")


THINNED = Field(
    description="With an `as_of` not long after this instant: what was seen before it was since thinned to its changes"
    " (`scrapy prune`). A price may have been seen later than it says, and `max_age`, `stale` and what counts as best"
    " take it for older than it was."
)


class PricesOut(Listed[PriceOut]):
    as_of: str | None = Field(description="What was known then is told, where that was asked for.")
    thinned_before: str | None = THINNED
    left_out: LeftOut


def moment(asked: Quoted) -> datetime:
    """The instant that is told, naive UTC. :raises Problem: when nobody knows yet."""
    return moment_of(asked.as_of)


def moment_of(as_of: datetime | None) -> datetime:
    """That one, or now. :raises Problem: when nobody knows yet what will be known then."""
    this = now()
    if as_of is None or as_of <= this:
        return as_of or this
    raise impossible("as_of", f"nobody knows yet what will be known then; it is {instant(this)}")


def thinned(as_of: datetime | None) -> datetime | None:
    """Before when what was known then has been thinned since, naive UTC; ``None``: it is whole. A query, of ``as_of``.

    What was seen last before that instant holds until it is seen again: for a day at most.
    """
    before = None if as_of is None else thinned_before(at.database())
    return before if before and as_of and as_of < before + LONGEST else None


def pruned(before: datetime) -> Reason:
    """Why nothing is left of what was known, where that was thinned since."""
    return "pruned", (
        "there are prices that were known then, but none can be told of as asked for: what was seen before"
        f" {instant(before)} was since thinned to its changes, so that they seem older than they were"
    )


@dataclass
class Sieve:
    """What is left out on the way, and counted."""

    at: datetime
    max_age: int | None
    too_old: int = 0
    withdrawn: int = 0
    newest_too_old: datetime | None = None

    def is_too_old(self, price: Price) -> bool:
        """Whether it is, and counted."""
        if self.max_age is None or self.at - price.scraped_at <= timedelta(seconds=self.max_age):
            return False
        self.too_old += 1
        self.newest_too_old = max(price.scraped_at, self.newest_too_old or price.scraped_at)
        return True

    def told(self) -> dict[str, int]:
        return {"too_old": self.too_old, "withdrawn": self.withdrawn}

    def reason(self) -> Reason | None:
        """Why nothing is left, where it was left out here."""
        if self.newest_too_old is not None:
            newest = instant(self.newest_too_old)
            return "too_old", f"all {self.too_old} prices are older than {self.max_age} s; the newest is of {newest}"
        if self.withdrawn:
            return "withdrawn", f"all {self.withdrawn} prices are withdrawn: newer books have no such price any more"
        return None


class Teller:
    """Tells prices as rows."""

    def __init__(self, names: Names, matches: Iterable[Fixture], odds_format: str, at: datetime) -> None:
        self._names, self._at = names, at
        self._write = FORMATS[odds_format]
        self._matches = {match.id: self._of_match(match) for match in matches}
        self._sheet: tuple[Sheet | None, dict[str, Any]] = (None, {})

    def _of_match(self, match: Fixture) -> dict[str, Any]:
        names = self._names
        league = names.leagues[match.league_id]
        return {
            "match": match.id,
            "sport": names.sports[league.sport or 0].slug,
            "league": league.slug,
            "home": names.team_slug(match.league_id, match.home_key),
            "away": names.team_slug(match.league_id, match.away_key),
            "commence_time": instant(match.kickoff),
        }

    def match(self, number: int) -> dict[str, Any]:
        return self._matches[number]

    def market(self, sheet: Sheet) -> dict[str, Any]:
        return {"market": self._names.markets[sheet.market].slug, "line": line_told(sheet.line)}

    def written(self, price: Decimal) -> str:
        return self._write(price)

    def price(self, price: Price, sheet: Sheet, *, withdrawn: bool) -> dict[str, Any]:
        """What is told of each outcome."""
        return {
            "outcome": OUTCOMES.get(price.outcome, price.outcome.lower()),
            "label": LABELS.get(price.outcome, price.outcome),
            "price": self._write(price.price),
            "trj": None if price.trj is None else str(price.trj),
            "published_trj": None if price.published_trj is None else str(price.published_trj),
            "scraped_at": instant(price.scraped_at),
            "age_seconds": age(price.scraped_at, self._at),
            "stale": sheet.is_stale(price, self._at),
            "suspect": price.suspect if price.doubted else None,
            "withdrawn": withdrawn,
            "page": price.page,
        }

    def row(self, price: Price, sheet: Sheet, *, withdrawn: bool) -> dict[str, Any]:
        """As :class:`PriceOut`."""
        if sheet is not self._sheet[0]:
            self._sheet = sheet, self._matches[price.match] | self.market(sheet)
        return {
            **self._sheet[1],
            "bookmaker": self._names.bookmakers[price.bookmaker].slug,
            **self.price(price, sheet, withdrawn=withdrawn),
        }


def line_told(line: Decimal) -> str | None:
    return f"{line.normalize():f}" if line else None


def outcome_told(code: str) -> dict[str, str]:
    return {"outcome": OUTCOMES.get(code, code.lower()), "label": LABELS.get(code, code)}


def percent(value: Decimal | None) -> str | None:
    """With two decimals, half up."""
    return None if value is None else str(published_style(value))


def sifted(
    sheets: Iterable[Sheet],
    sieve: Sieve,
    *,
    bookmakers: Sequence[int],
    withdrawn: bool,
    changed: datetime | None = None,
) -> Iterator[tuple[Price, Sheet, bool]]:
    """The prices that are told, each with whether it is withdrawn.

    :param changed: only what was stored from then on; and what was withdrawn by such.
    """
    books = set(bookmakers)
    for sheet in sheets:
        standing = {id(price) for price in sheet.standing}
        fresh = {price.bookmaker for price in sheet.prices if changed is None or _stored(price) >= changed}
        for price in sheet.prices:
            if books and price.bookmaker not in books:
                continue
            gone = id(price) not in standing
            if changed is not None and not (_stored(price) >= changed or (gone and price.bookmaker in fresh)):
                continue
            if gone and not withdrawn and changed is None:
                sieve.withdrawn += 1
            elif not sieve.is_too_old(price):
                yield price, sheet, gone


def _stored(price: Price) -> datetime:
    return price.stored_at or price.scraped_at


def tagged(response: Response, *, sliding: bool = False) -> Response:
    """Its ETag does not change as prices grow older, but when anything else does.

    :param sliding: nor as the beginning, which nobody asked for and the cursor holds, moves along with the clock.
    """
    steady = _AGES.sub(b"", response.get_data())
    if sliding:
        steady = _BEGINNING.sub(b"", steady)
    response.set_etag(hashlib.blake2b(steady, digest_size=16).hexdigest(), weak=True)
    return response


def winners(names: Names) -> list[int]:
    """The markets of the match's winner, of all sports."""
    return [number for number, row in names.markets.items() if row.code in ("1X2", "12")]
