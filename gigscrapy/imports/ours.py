"""Our own export of prices: a price a line. Exported and imported into an empty database, the prices are the same.

The prices of one quote are put together again: they stand near each other in an export, and of a quote that is torn
apart (an export of one outcome only) each part is kept, without a TRJ.
"""

import json
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gigscrapy.imports import BadFile, Line
from schema.instants import PARIS, from_paris, iso, read_iso
from schema.markets import MARKETS
from schema.messages import SCHEMA_VERSION, Refused, decode
from schema.prices import read_price
from schema.reference import bookmakers, sports

TEXT, PRICE, PERCENT, DECIMAL, WHOLE, YES_NO, INSTANT = (
    "text",
    "price",
    "percent",
    "decimal",
    "whole",
    "yes-no",
    "instant",
)

COLUMNS: dict[str, tuple[str, str, str]] = {
    "sport": (TEXT, "Sport", "Sport"),
    "league": (TEXT, "Ligue", "League"),
    "country": (TEXT, "Pays", "Country"),
    "home": (TEXT, "Domicile", "Home"),
    "away": (TEXT, "Extérieur", "Away"),
    "kickoff": (INSTANT, "Coup d'envoi", "Kick-off"),
    "market": (TEXT, "Marché", "Market"),
    "line": (DECIMAL, "Ligne", "Line"),
    "outcome": (TEXT, "Issue", "Outcome"),
    "bookmaker": (TEXT, "Bookmaker", "Bookmaker"),
    "price": (PRICE, "Cote", "Price"),
    "trj": (PERCENT, "TRJ", "Payout"),
    "published_trj": (PERCENT, "TRJ affiché", "Published payout"),
    "scraped_at": (INSTANT, "Relevée le", "Seen at"),
    "partial": (YES_NO, "Tirée d'une liste", "From a list"),
    "suspect": (TEXT, "Suspecte", "Suspect"),
    "url": (TEXT, "Adresse", "Address"),
    "run": (TEXT, "Relevé", "Run"),
    "parser": (TEXT, "Lecteur", "Parser"),
    "page": (TEXT, "Page gardée", "Kept page"),
    "source": (TEXT, "Source", "Source"),
    "match_id": (TEXT, "N° du match", "Match number"),
    "kickoff_seen_at": (INSTANT, "Coup d'envoi relevé le", "Kick-off seen at"),
    "bookmaker_code": (TEXT, "Code du bookmaker", "Bookmaker code"),
    "bookmaker_id": (WHOLE, "N° du bookmaker", "Bookmaker number"),
}
"""Each column's kind, and what it is called in a CSV, in French and in English; elsewhere by its own name."""

NEEDED = ("sport", "league", "home", "away", "market", "outcome", "bookmaker", "price", "scraped_at")
INCOMPLETE = "###"
"""How the last line of a CSV begins that was broken off."""
QUOTES = 3_000
"""Quotes that wait for more of their prices."""
DANGER = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
"""What a spreadsheet takes a text for a formula by, at its beginning; the last four are the full-width forms."""

_CALLED = {said.lower(): key for key, (_, *names) in COLUMNS.items() for said in (key, *names)}
_GUARDED = re.compile(rf"'+\s*[{re.escape(DANGER)}]")
_DANGEROUS = re.compile(rf"'*\s*[{re.escape(DANGER)}]")
_PARIS = re.compile(r"(\d{2})/(\d{2})/(\d{4}) (\d{2}):(\d{2})(?::(\d{2})(?:,(\d{6}))?)?( \+\d{2}:\d{2})?", re.ASCII)
_YES, _NO = ("1", "oui", "yes", "true"), ("", "0", "non", "no", "false")

Row = Mapping[str, str]


def guarded(text: str) -> str:
    """``text`` as no spreadsheet takes it for a formula; :func:`unguarded` gives it back, whatever it was."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def unguarded(text: str) -> str:
    return text[1:] if _GUARDED.match(text) else text


def in_paris(instant: datetime) -> str:
    """Naive UTC as a spreadsheet shows it: ``21/11/2026 20:45:03``, in Paris, and read again exactly.

    The second occurrence of the hour that comes twice says its offset; a fraction is only told where there is one.
    """
    local = instant.replace(tzinfo=UTC).astimezone(PARIS)
    written = f"{local:%d/%m/%Y %H:%M:%S}"
    if local.microsecond:
        written += f",{local.microsecond:06}"
    return f"{written} {local.isoformat()[-6:]}" if local.fold else written


def is_one(header: list[str]) -> bool:
    """Whether a sheet with this header is an export of prices of ours, in either language."""
    return {_CALLED.get(name.lower()) for name in header} >= set(NEEDED)


def rows(header: list[str], cells: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, Row]]:
    """The rows of a sheet by the names of our columns. :raises BadFile: when it says that it was broken off."""
    keys = [_CALLED.get(name.lower()) for name in header]
    for number, row in cells:
        if row and row[0].startswith(INCOMPLETE):
            raise BadFile("incomplete", str(number))
        if any(row):
            yield number, {key: unguarded(cell) for key, cell in zip(keys, row, strict=False) if key}


def rows_of_json(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, Row]]:
    """The same, of lines of JSON. :raises BadFile: when one is none."""
    for number, text in lines:
        if not text.strip():
            continue
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError):
            raise BadFile("broken", str(number)) from None
        if not isinstance(fields, dict):
            raise BadFile("broken", str(number))
        if "incomplete" in fields:
            raise BadFile("incomplete", str(number))
        yield number, {key: "" if value is None else str(value) for key, value in fields.items() if key in COLUMNS}


@dataclass(slots=True)
class _Quote:
    """One in the making. ``fields``: as the queue would carry it, without outcomes."""

    number: int
    said: str
    fields: dict[str, Any]
    outcomes: dict[str, str] = field(default_factory=dict)

    def line(self, received_at: datetime) -> Line:
        body = json.dumps(self.fields | {"outcomes": self.outcomes}).encode()
        try:
            item = decode(body, received_at)
        except Refused as refusal:
            return Line(self.number, self.said, refusals=(refusal,))
        return Line(self.number, self.said, (item,))  # type: ignore[arg-type] # it is no report


def read(found: Iterator[tuple[int, Row]], received_at: datetime) -> Iterator[Line]:
    """A line for each quote, numbered by its first price; and for each line that is none."""
    waiting: OrderedDict[str, _Quote] = OrderedDict()
    for number, row in found:
        said = " ".join(filter(None, (row.get(key, "") for key in ("home", "away", "bookmaker", "outcome", "price"))))
        try:
            fields, outcome, price = _fields(row)
        except Refused as refusal:
            yield Line(number, said[:80], refusals=(refusal,))
            continue
        key = json.dumps(fields)
        quote = waiting.get(key)
        if quote is None or outcome in quote.outcomes:
            if quote:
                yield waiting.pop(key).line(received_at)
            quote = waiting[key] = _Quote(number, said[:80], fields)
        quote.outcomes[outcome] = price
        waiting.move_to_end(key)
        if len(waiting) > QUOTES:
            yield waiting.popitem(last=False)[1].line(received_at)
    for quote in waiting.values():
        yield quote.line(received_at)


def _fields(row: Row) -> tuple[dict[str, Any], str, str]:
    """What the queue would carry, the outcome, and its price. :raises Refused: when a cell cannot be read."""
    missing = [key for key in NEEDED if not row.get(key)]
    if missing:
        raise Refused("missing", f"{', '.join(missing)}: the line has nothing there")
    seen_at = _instant(row, "scraped_at")
    code = row.get("bookmaker_code")
    known = next((one.name for one in bookmakers() if one.code == code), None)
    if row["market"] not in MARKETS:
        raise Refused("market", f"market {row['market']!r:.40} is not one of {', '.join(MARKETS)}")
    if row["outcome"] not in MARKETS[row["market"]].outcomes:
        raise Refused("outcome", f"market {row['market']} has no outcome {row['outcome']!r:.40}")
    if read_price(row["price"]) is None:
        raise Refused("price", f"{row['price']!r:.40} is not a price above 1")
    return (
        {
            "schema_version": SCHEMA_VERSION,
            "sport": _sport(row["sport"]),
            "league": row["league"],
            "country": row.get("country") or None,
            "home": row["home"],
            "away": row["away"],
            "kickoff": _kickoff(row, seen_at),
            "match_id": row.get("match_id") or None,
            "market": row["market"],
            "line": _line(row),
            "bookmaker": known or row["bookmaker"],
            "bookmaker_id": _whole(row, "bookmaker_id"),
            "published_trj": _decimal(row, "published_trj"),
            "partial": _yes_no(row, "partial"),
            "source": row.get("source") or "export",
            "scraped_at": seen_at,
            "run_id": row.get("run") or None,
            "url": row.get("url") or None,
            "parser": row.get("parser") or None,
            "page": row.get("page") or None,
            "suspect": row.get("suspect") or None,
        },
        row["outcome"],
        row["price"],
    )


def _kickoff(row: Row, seen_at: str) -> str | None:
    """The export tells of each price the kick-off that holds now: one that was told later is not this price's.

    A match without a number is known by its day: there each price told it.
    """
    if not row.get("kickoff"):
        return None
    told = _instant(row, "kickoff_seen_at") if row.get("kickoff_seen_at") else None
    return None if row.get("match_id") and told and seen_at > told else _instant(row, "kickoff")


def _instant(row: Row, key: str) -> str:
    """ISO in UTC. :raises Refused: when it is neither that, with a zone, nor a time of Paris as we write it."""
    text = row[key]
    try:
        found = _PARIS.fullmatch(text)
        if not found:
            return iso(read_iso(text))
        day, month, year, hour, minute, second, fraction, offset = found.groups()
        numbers = (int(year), int(month), int(day), int(hour), int(minute), int(second or 0), int(fraction or 0))
        if offset:
            return iso(datetime.fromisoformat(f"{datetime(*numbers).isoformat()}{offset.strip()}"))  # noqa: DTZ001
        return iso(from_paris(datetime(*numbers)))  # noqa: DTZ001 - from_paris gives the zone
    except ValueError:
        raise Refused("value", f"{key} {text[:40]!r} cannot be read") from None


def _sport(text: str) -> str:
    """By its name on the wire, its title or its code."""
    said = text.lower()
    return next((name for name, one in sports().items() if said in (name, one.title.lower(), one.code.lower())), text)


def _decimal(row: Row, key: str) -> str | None:
    return row.get(key, "").replace(",", ".") or None


def _line(row: Row) -> str | None:
    """Nothing, and 0, is a market without one."""
    text = _decimal(row, "line")
    return None if text is None or not text.strip("0.") else text


def _whole(row: Row, key: str) -> int | None:
    text = row.get(key, "")
    if text and not (text.isascii() and text.isdecimal() and len(text) <= 10):
        raise Refused("value", f"{key} {text[:40]!r} is no number")
    return int(text) if text else None


def _yes_no(row: Row, key: str) -> bool:
    text = row.get(key, "").lower()
    if text not in _YES + _NO:
        raise Refused("value", f"{key} {text[:40]!r} is neither yes nor no")
    return text in _YES
