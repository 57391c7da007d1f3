"""Which prices count: a suspect one does not, until a second observation confirms it.

A suspect price (:mod:`schema.plausibility`) is confirmed where the same bookmaker's price of the same outcome was seen
at another instant, before or after, within 2 %. What is wrong for a moment is rarely wrong twice alike; what is odd and
true stays. A page that was read by its structure alone would be read the same way again, so that only an observation
without any mark confirms what it told.
"""

from peewee import Case, ModelSelect, fn

from schema.models import Odds
from schema.plausibility import READ_BY_STRUCTURE

MILLI = 1000
"""Prices have three decimals: so many times a price is whole, and the same number to every database."""
WITHIN = 50
"""Two prices agree when they are no further apart than one part in so many of the suspect one."""


def doubted() -> Case:
    """1 for a row of Odds whose price is suspect and not confirmed, else 0: a column to select.

    Other observations are looked up for suspect rows only, each by the key of Odds.
    """
    return Case(None, ((Odds.suspect.is_null(), 0), (fn.EXISTS(_confirmations()), 0)), 1)


def _confirmations() -> "ModelSelect[Odds]":
    other = Odds.alias("other")
    same_outcome = (
        (other.match == Odds.match)
        & (other.market == Odds.market)
        & (other.line == Odds.line)
        & (other.bookmaker == Odds.bookmaker)
        & (other.outcome == Odds.outcome)
    )
    price, again = (fn.ROUND(table.odd_value * MILLI) for table in (Odds, other))
    agrees = fn.ABS(price - again) * WITHIN <= price
    counts = (Odds.suspect != READ_BY_STRUCTURE) | other.suspect.is_null()
    return other.select(1).where(same_outcome & (other.scraped_at != Odds.scraped_at) & agrees & counts)
