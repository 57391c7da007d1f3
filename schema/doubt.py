"""Which prices count: a suspect one does not, until a second observation confirms it.

A suspect price (:mod:`schema.plausibility`) is confirmed where another run saw the same bookmaker's price of the same
outcome within 2 %, before or after: late enough that it looked again, and not so long away that it speaks of another
price. The same text fetched twice is one observation. What is wrong for a moment is rarely wrong twice alike; what is
odd and true stays. A page that was read by its structure alone would be read the same way again, so that only an
observation without any mark confirms what it told.
"""

from datetime import datetime, timedelta
from typing import Any

from peewee import Case, Database, Expression, ModelSelect, fn

from schema.models import Odds, Pages, ReplacedOdds
from schema.plausibility import READ_BY_STRUCTURE

MILLI = 1000
"""Prices have three decimals: so many times a price is whole, and the same number to every database."""
WITHIN = 50
"""Two prices agree when they are no further apart than one part in so many of the suspect one."""

AT_LEAST = timedelta(minutes=10)
"""Between two observations: the same page, asked again at once, is the same page."""
AT_MOST = timedelta(days=7)
"""Between two observations: what was offered long before or long after says nothing of this price."""


def doubted(prices: Any = Odds, *, when_seen: bool = False, known_at: datetime | None = None) -> Case:
    """1 for a row of ``prices`` that is suspect and not confirmed, else 0: a column to select.

    Other observations are looked up for suspect rows only, each by the key of Odds.

    :param when_seen: as it was when the price was seen: only an earlier observation confirms it.
    :param known_at: as it was then (naive UTC): only what was known confirms it.
    """
    other = Odds.alias("other")
    database = Odds._meta.database  # noqa: SLF001 - Peewee has no other word for it
    found = _confirmations(prices, other, database)
    if when_seen:
        found = found.where(other.scraped_at < prices.scraped_at)
    if known_at is not None:
        return Case(None, ((prices.suspect.is_null(), 0), (_confirmed_then(prices, database, known_at), 0)), 1)
    return Case(None, ((prices.suspect.is_null(), 0), (fn.EXISTS(found), 0)), 1)


def undoubted(odds: Any, database: Database, *, known_at: datetime | None = None) -> Expression:
    """Whether the price of a row of ``odds``, which is Odds or an alias of it, counts: a condition."""
    if known_at is not None:
        return odds.suspect.is_null() | _confirmed_then(odds, database, known_at)
    return odds.suspect.is_null() | fn.EXISTS(_confirmations(odds, Odds.alias("other"), database))


def known(odds: Any, at: datetime) -> Expression:
    """Whether a row of ``odds`` was seen and stored by then (naive UTC). Of one that was replaced: and stood still."""
    stored = (odds.scraped_at <= at) & (odds.stored_at.is_null() | (odds.stored_at <= at))
    return stored & (odds.replaced_at > at) if hasattr(odds, "replaced_at") else stored


def _confirmed_then(odds: Any, database: Database, at: datetime) -> Expression:
    others = Odds.alias("other"), ReplacedOdds.alias("other_then")
    first, second = (fn.EXISTS(_confirmations(odds, other, database).where(known(other, at))) for other in others)
    either: Expression = first | second
    return either


def _confirmations(odds: Any, other: Any, database: Database) -> "ModelSelect[Odds]":
    same_outcome = (
        (other.match == odds.match)
        & (other.market == odds.market)
        & (other.line == odds.line)
        & (other.bookmaker == odds.bookmaker)
        & (other.outcome == odds.outcome)
    )
    price, again = (fn.ROUND(table.odd_value * MILLI) for table in (odds, other))
    agrees = fn.ABS(price - again) * WITHIN <= price
    counts = (odds.suspect != READ_BY_STRUCTURE) | other.suspect.is_null()
    return other.select(1).where(same_outcome & agrees & counts & _looked_again(odds, other, database))


def _looked_again(odds: Any, other: Any, database: Database) -> Expression:
    """Whether ``other`` is an observation of its own. Where no run and no text is named, the time alone tells."""
    seconds_of = database.to_timestamp  # each kind of database has a function of its own
    apart = fn.ABS(seconds_of(other.scraped_at) - seconds_of(odds.scraped_at))
    in_time = apart.between(AT_LEAST.total_seconds(), AT_MOST.total_seconds())
    another_run = odds.run.is_null() | other.run.is_null() | (other.run != odds.run)
    page, other_page = Pages.alias(), Pages.alias()
    same_text = page.select(1).join(other_page, on=(page.content == other_page.content))
    same_text = same_text.where((page.id == odds.page) & (other_page.id == other.page))
    return in_time & another_run & ~fn.EXISTS(same_text)
