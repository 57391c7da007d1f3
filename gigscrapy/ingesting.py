"""Quotes that a program sends: checked one by one as messages are, judged together, made ready for the queue.

Pure: what is sent again in the same words gives the same messages, so that it is stored once.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from gigscrapy.quoting import usually_called
from schema.markets import MARKETS, Market
from schema.matches import match_key
from schema.messages import SCHEMA_VERSION, OddsItem, Refused, RunReport, decode_fields
from schema.plausibility import Book, broken, broken_by_list, rules, suspects

SPIDER = "ingest"
"""What runs of what programs send are called by."""
SOURCE = "ingest"
"""Source and parser of a quote that names none."""

BARE_FIELDS = frozenset(("match", "match_date", "bookmaker", "cotes", "trj", "league", "sport"))
"""Of gig-benchmark's message."""
FIELDS = BARE_FIELDS | {
    *("type", "schema_version", "source", "match_id", "home", "away", "country", "kickoff", "market", "line"),
    *("bookmaker_id", "outcomes", "partial", "published_trj", "scraped_at", "run_id", "url", "parser", "page"),
    "suspect",
}
"""Of ours, which carries those, too."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why an item cannot be kept. ``index``: its place, from 0; ``code``: as a dead letter's reason."""

    index: int
    code: str
    detail: str


@dataclass(slots=True)
class Read:
    """Items that could be read, and the others. ``bare``: one of them tells no time of its own."""

    items: list[OddsItem] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)
    bare: bool = False


@dataclass(slots=True)
class Ready:
    """What is to be sent, each once by its message id. ``unknown``: bookmakers that nobody knows."""

    quotes: dict[str, OddsItem] = field(default_factory=dict)
    duplicates: int = 0
    unknown: set[str] = field(default_factory=set)


def read(items: Iterable[object], received_at: datetime) -> Read:
    """Check each. :param received_at: aware; when a bare item was seen."""
    found = Read()
    for index, item in enumerate(items):
        try:
            quote = _read_one(item, received_at)
        except Refused as refusal:
            found.wrong.append(Wrong(index, refusal.reason, refusal.detail))
        else:
            found.bare |= quote.bare
            found.items.append(quote)
    return found


def ready(items: Sequence[OddsItem], run_id: str) -> Ready:
    """The messages they become, as a crawl would send them, in the name of that run."""
    made = Ready()
    marks = _marks(items)
    for place, item in enumerate(items):
        named, is_known = usually_called(item)
        mark = item.suspect or marks.get(place)
        # What a page is kept under is ours to say: a sender has no page in the archive.
        quote = replace(named, run_id=run_id, page=None, parser=item.parser or SOURCE, suspect=mark, bare=False)
        made.duplicates += quote.message_id in made.quotes
        made.quotes[quote.message_id] = quote
        if not is_known:
            made.unknown.add(quote.bookmaker)
    return made


def report(made: Ready, run_id: str, sentence: str, arguments: str | None, at: datetime) -> RunReport:
    """What the run says of itself: it is over as soon as it is sent."""
    sent = made.quotes.values()
    return RunReport(
        run_id=run_id,
        spider=SPIDER,
        state="finished",
        started_at=at,
        reported_at=at,
        finished_at=at,
        verdict="complete",
        exit_code=0,
        sentence=sentence,
        arguments=arguments,
        counts={
            "yielded": len(sent),
            "published": len(sent),
            "bookmakers": len({item.bookmaker for item in sent}),
            "unknown_bookmakers": len(made.unknown),
            "suspects": sum(item.suspect is not None for item in sent),
        },
    )


def _read_one(item: object, received_at: datetime) -> OddsItem:
    if isinstance(item, Refused):
        raise item
    if not isinstance(item, dict):
        raise Refused("malformed", f"a JSON object was expected, not {type(item).__name__}")
    fields: dict[str, Any] = dict(item)
    if "outcomes" in fields:  # ours: whoever writes one by hand need not say which version
        fields.setdefault("schema_version", SCHEMA_VERSION)
        fields.setdefault("source", SOURCE)
    if fields.get("type") is not None:
        raise Refused("not-a-quote", "what a run says of itself is not taken here, only quotes, which have no type")
    known = FIELDS if "schema_version" in fields else BARE_FIELDS
    if unknown := sorted(fields.keys() - known):
        raise Refused("unknown-field", f"there is no field {unknown[0]!r:.60}; there are {', '.join(sorted(known))}")
    message = decode_fields(fields, received_at)
    assert isinstance(message, OddsItem), "whatever has no type is a quote"
    if message.suspect is not None and message.suspect not in rules():
        raise Refused("value", f"suspect {message.suspect!r} is not one of {', '.join(rules())}")
    return message


def _marks(items: Sequence[OddsItem]) -> Mapping[int, str]:
    """The rule that each suspect item breaks, by its place, beside those of its market that were seen with it."""
    panels: defaultdict[Hashable, list[int]] = defaultdict(list)
    for place, item in enumerate(items):
        panels[match_key(item), item.market, item.line, item.scraped_at, item.partial].append(place)
    found: dict[int, str] = {}
    for places in panels.values():
        first = items[places[0]]
        books = {place: items[place].prices for place in places}
        found |= (_marks_of_list if first.partial else suspects)(books, MARKETS[first.market])
    return found


def _marks_of_list(books: Mapping[int, Book], market: Market) -> dict[int, str]:
    best: dict[str, Decimal | None] = {}
    for book in books.values():
        best |= {code: max(price, best.get(code) or price) for code, price in book.items() if price}
    together = broken_by_list(best, market)
    return {place: mark for place, book in books.items() if (mark := together or broken(book, market))}
