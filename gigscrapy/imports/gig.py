"""gig-benchmark's CSV: nine columns, a match and bookmaker a line.

It tells neither the league, which a person states, nor when the prices were seen: that is stated too, or told by the
file's own name (``odds_export_2025-11-10_184500.csv``, in Paris), or else it is the kick-off.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from gigscrapy.imports import BadFile, Line, Stated
from gigscrapy.imports.sheets import Sheet, is_blank
from schema.instants import from_paris
from schema.markets import MARKETS, winner_market
from schema.messages import LEGACY, OddsItem, Refused
from schema.prices import PRICE_LIMIT, usable
from schema.reference import sports

COLUMNS = ("Date", "Match", "Home Team", "Away team", "Bookmaker", "Home", "Draw", "Away", "RTP (%)")

_NAMED = re.compile(r"odds_export_(\d{4}-\d{2}-\d{2}_\d{6})")
_PRICE = re.compile(r"\d{1,7}(?:[.,]\d{1,9})?", re.ASCII)
_DATES = ("%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")


def is_one(header: Sequence[str]) -> bool:
    """Whether a sheet with this header is gig-benchmark's."""
    return tuple(name.lower() for name in header[: len(COLUMNS)]) == tuple(name.lower() for name in COLUMNS)


def seen_at_of(name: str) -> datetime | None:
    """When a file of that name was exported, aware UTC; ``None`` where the name does not tell."""
    found = _NAMED.search(name)
    try:
        return from_paris(datetime.strptime(found[1], "%Y-%m-%d_%H%M%S")) if found else None  # noqa: DTZ007
    except ValueError:
        return None


def read(sheet: Sheet, stated: Stated) -> Iterator[Line]:
    """The lines of a sheet. :raises BadFile: when nobody stated the league."""
    if not stated.league:
        raise BadFile("league")
    for number, row in sheet.rows:
        if is_blank(row):
            continue
        said = " ".join(filter(None, (cell.strip() for cell in row[:5])))[:80]
        try:
            yield Line(number, said, (_quote(row, stated),))
        except Refused as refusal:
            yield Line(number, said, refusals=(refusal,))


def _quote(row: Sequence[str], stated: Stated) -> OddsItem:
    if len(row) < len(COLUMNS) - 1:
        raise Refused("columns", f"the line has {len(row)} cells, the header {len(COLUMNS)}")
    day, title, home, away, bookmaker, *cells = (cell.strip().lstrip("\t") for cell in row)
    if not (home and away):
        home, _, away = title.partition(" - ")
    kickoff = _kickoff(day)
    values = dict(zip(("1", "X", "2"), map(_price, cells[:3]), strict=True))
    market = MARKETS["1X2" if values["X"] else winner_market(sports()[stated.sport].outcomes)]
    if not any(values.values()):
        raise Refused("no-price", "no outcome has a price above 1")
    return OddsItem(
        sport=stated.sport,
        league=stated.league or "",
        home=home,
        away=away,
        bookmaker=bookmaker,
        prices={outcome: values[outcome] for outcome in market.outcomes},
        market=market.code,
        kickoff=kickoff,
        scraped_at=stated.seen_at or kickoff,
        source=LEGACY,
        parser=LEGACY,
    )


def _kickoff(text: str) -> datetime:
    for written in _DATES:
        try:
            return from_paris(datetime.strptime(text, written))  # noqa: DTZ007 - from_paris gives the zone
        except ValueError:
            continue
    raise Refused("value", f"date {text[:40]!r} cannot be read")


def _price(text: str) -> Decimal | None:
    if text in ("", "-"):
        return None
    if not _PRICE.fullmatch(text):
        raise Refused("price", f"{text[:40]!r} is not a price")
    value = Decimal(text.replace(",", "."))
    if value >= PRICE_LIMIT:
        raise Refused("price", f"{text[:40]} is out of range")
    return usable(value)
