"""The message: one quote, as a spider yields it, as the queue carries it, as the store takes it in.

On the wire a message is one JSON object. Its first seven keys are gig-benchmark's (``match``, ``match_date``,
``bookmaker``, ``cotes``, ``trj``, ``league``, ``sport``), so that gig-benchmark's own consumer still understands it;
the others are ours and carry the version they are written in. :func:`decode` reads every version ever sent, and the
bare seven keys too; whatever else it is given it refuses with a reason (:class:`Refused`).

A queue also carries :class:`RunReport`, what a crawl says of itself. gig-benchmark's consumer passes over it.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, NoReturn, TypeVar

from schema.french import from_french
from schema.instants import from_paris, iso, read_iso, to_paris
from schema.markets import MARKETS, Market, winner_market
from schema.names import NAME_LENGTH, BadName, name_key, on_one_line, tidy
from schema.prices import CENT, PRICE_LIMIT, payout, published_style, read_price, usable
from schema.reference import sports

SCHEMA_VERSION = 1
SIZE_LIMIT = 64 * 1024
"""Bytes of the longest body that is read; a quote takes about one thousand."""

LEGACY = "gig-benchmark"
"""Source and parser of a quote that came as the bare seven keys."""
LEGACY_OUTCOMES = {"1": "cote_1", "X": "cote_N", "2": "cote_2"}
LEGACY_DATE = "%Y-%m-%d %H:%M:%S"
RUN_ID_LENGTH = 64
DETAIL_LENGTH = 500
URL_LENGTH = 500
REPORT_TEXTS = {"sentence": 2000, "site": 500, "arguments": 500, "current": 200}
"""What a report says in free text, and how much of it is kept."""
RUN_STATES = ("running", "finished")
QUEUE = "odds"
"""Where messages come from."""
LEAST_EXIT_CODE = -(2**31)
"""A process that a signal ended has a negative one."""
CLOCK_SKEW = timedelta(hours=24)

_DASHES = ("", "-", "–", "—")  # noqa: RUF001 - as sites write them
_PLAIN_DECIMAL = re.compile(r"[0-9]+(?:[.,][0-9]+)?")

T = TypeVar("T")


class Refused(ValueError):
    """A message that cannot be kept.

    :ivar reason: a short code, to count and filter by.
    :ivar detail: a sentence for the person who mends it.
    :ivar run_id: the run that sent it, where that could be read.
    """

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail[:DETAIL_LENGTH]
        super().__init__(f"{reason}: {self.detail}")
        self.run_id: str | None = None


@dataclass(slots=True, kw_only=True)
class OddsItem:
    """One quote: a bookmaker's prices for one market of one match at one instant. Nobody changes one.

    (It is not declared frozen: to set so many fields the frozen way takes as long as a third of reading a message.)

    :ivar sport: name on the wire (``football``); :ivar league: title, unique in its sport (``Ligue 1``).
    :ivar kickoff: aware UTC, ``None`` where the page does not say.
    :ivar match_id: the source's own id, ``None`` where it has none.
    :ivar market: a key of :data:`schema.markets.MARKETS`; :ivar line: handicap or total, ``None`` where it has none.
    :ivar prices: outcome code to price; an outcome without a price is ``None`` or absent.
    :ivar partial: true for what a list shows, the best price of *some* outcomes: it says nothing of the others.
    :ivar published_trj: the TRJ the site prints beside these prices, in percent: the bookmaker's own, or on a list
        (``partial``) the market's.
    :ivar scraped_at: aware UTC, when the page was read.
    :ivar parser: the generation that read the page, such as ``match-D``.
    :ivar page: what the page is kept under in the archive, 32 hexadecimal digits; ``None`` where it was not kept.
    :ivar suspect: the rule these prices break (:mod:`schema.plausibility`), ``None`` where they break none.
    :ivar bare: true for what came as gig-benchmark's seven keys, which tell no time: ``scraped_at`` is when it was
        received, and it has no identity of its own.
    """

    sport: str
    league: str
    home: str
    away: str
    bookmaker: str
    prices: Mapping[str, Decimal | None]
    scraped_at: datetime
    kickoff: datetime | None = None
    country: str | None = None
    match_id: str | None = None
    market: str = "1X2"
    line: Decimal | None = None
    bookmaker_id: int | None = None
    partial: bool = False
    published_trj: Decimal | None = None
    source: str = "coteur"
    run_id: str | None = None
    url: str | None = None
    parser: str | None = None
    page: str | None = None
    suspect: str | None = None
    bare: bool = False

    @property
    def trj(self) -> Decimal | None:
        """Bookmaker TRJ in percent, two decimals; ``None`` unless every outcome of the market has a price."""
        market = MARKETS[self.market]
        return published_style(payout((self.prices.get(outcome) for outcome in market.outcomes), market.winners))

    @property
    def message_id(self) -> str:
        """What makes this observation this one, 32 hexadecimal digits: sent again, it has the same id.

        All that the tables keep of it is in it: were one of two that differ passed over, which came first would matter.
        """
        parts = (
            self.source,
            self.match_id,
            (self.sport, name_key(self.league), name_key(self.home), name_key(self.away)),
            self.kickoff and iso(self.kickoff),
            self.market,
            self.line is not None and f"{self.line.normalize():f}",
            name_key(self.bookmaker),
            sorted((outcome, f"{price:.3f}") for outcome, price in self.prices.items() if price is not None),
            iso(self.scraped_at),
            self.partial,
            self.published_trj is not None and str(self.published_trj.normalize()),
            self.run_id,
            _sent_url(self),
            self.parser,
            self.page,
            self.suspect,
        )
        # The time first: what comes lately stands together in the ledger, however long that has grown.
        second = int(self.scraped_at.timestamp()) & 0xFFFFFFFF
        return f"{second:08x}{hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What a crawl says of itself: when it starts, every few seconds while it runs, and when it ends.

    :ivar state: ``running`` or ``finished``; :ivar verdict: a short code, ``complete`` where nothing is missing.
    :ivar current: the match it is at, as ``home - away``; ``None`` once it has ended.
    :ivar sentence: the verdict in words; :ivar counts: discovered, fetched, parsed, yielded, published, …
    """

    run_id: str
    spider: str
    state: str
    started_at: datetime
    reported_at: datetime
    finished_at: datetime | None = None
    verdict: str | None = None
    exit_code: int | None = None
    sentence: str | None = None
    site: str | None = None
    arguments: str | None = None
    current: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def message_id(self) -> str:
        """32 hexadecimal digits, the same for the same report."""
        parts = ("run", self.run_id, self.state, iso(self.reported_at))
        return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


Message = OddsItem | RunReport


def body_hash(body: bytes) -> str:
    """What a body is known by before anybody has read it, or where nobody can: 32 hexadecimal digits of its BLAKE2b."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def letter_hash(body: bytes, queue: str = QUEUE) -> str:
    """What a dead letter is known by: its body, and where that was no quote's, the queue it came from."""
    return body_hash(body if queue == QUEUE else queue.encode() + b"\0" + body)


def encode(message: Message) -> bytes:
    """A message as the queue carries it: JSON, ASCII only.

    A page's address, a report's free text or one of its numbers that :func:`decode` would refuse is left out, or cut
    and made printable: the prices and the counts beside it matter more.
    """
    body = _encode_quote(message) if isinstance(message, OddsItem) else _encode_report(message)
    return json.dumps(body, separators=(",", ":")).encode("ascii")


def decode(body: bytes, received_at: datetime) -> Message:
    """The message a body holds, whichever version it was written in.

    :param received_at: aware; dates a bare gig-benchmark message, which carries no time of its own, and bounds the
        future.
    :raises Refused: with the reason, when it cannot be kept.
    """
    return decode_fields(_read_json(body), received_at)


def decode_fields(fields: dict[str, Any], received_at: datetime) -> Message:
    """The same, of a body whose JSON is read already, by :func:`read_json`."""
    try:
        return _decode(fields, received_at)
    except Refused as refusal:
        with suppress(Refused):
            refusal.run_id = _optional_text(fields, "run_id", RUN_ID_LENGTH)
        raise


def _decode(fields: dict[str, Any], received_at: datetime) -> Message:
    version = fields.get("schema_version")
    if version is None:
        return _decode_legacy(fields, received_at)
    if version != SCHEMA_VERSION or isinstance(version, bool):
        _refuse("version", f"schema_version {version!r} is not one this program reads (1, or none)")
    return _decode_report(fields) if fields.get("type") == "run" else _decode_quote(fields, received_at)


# -- encode ----------------------------------------------------------------------------------------------------------


def _encode_quote(item: OddsItem) -> dict[str, Any]:
    trj = item.trj
    return {
        # gig-benchmark splits on " - " and gives up where that does not leave two names.
        "match": f"{item.home.replace(' - ', '-')} - {item.away.replace(' - ', '-')}",
        "match_date": to_paris(item.kickoff).strftime(LEGACY_DATE) if item.kickoff else None,
        "bookmaker": item.bookmaker,
        "cotes": _legacy_prices(item),
        "trj": None if trj is None else float(trj),
        "league": item.league,
        "sport": item.sport,
        "schema_version": SCHEMA_VERSION,
        "source": item.source,
        "match_id": item.match_id,
        "home": item.home,
        "away": item.away,
        "country": item.country,
        "kickoff": item.kickoff and iso(item.kickoff),
        "market": item.market,
        "line": None if item.line is None else str(item.line),
        "bookmaker_id": item.bookmaker_id,
        "outcomes": {outcome: None if price is None else str(price) for outcome, price in item.prices.items()},
        "partial": item.partial,
        "published_trj": None if item.published_trj is None else str(item.published_trj),
        "scraped_at": iso(item.scraped_at),
        "run_id": item.run_id,
        "url": _sent_url(item),
        "parser": item.parser,
        # Later additions, and only where there is something to say.
        **{key: said for key, said in (("page", item.page), ("suspect", item.suspect)) if said},
    }


def _sent_url(item: OddsItem) -> str | None:
    return item.url if item.url and _fits(item.url, URL_LENGTH) else None


def _legacy_prices(item: OddsItem) -> dict[str, float | None]:
    """``cotes``. gig-benchmark takes every message for the match's result, so other markets show it nothing."""
    if item.market not in ("1X2", "12"):
        return {}
    prices = {key: item.prices.get(outcome) for outcome, key in LEGACY_OUTCOMES.items()}
    return {key: None if price is None else float(price) for key, price in prices.items()}


def _encode_report(report: RunReport) -> dict[str, Any]:
    body = asdict(report)
    for key in ("started_at", "reported_at", "finished_at"):
        body[key] = body[key] and iso(body[key])
    for key, limit in REPORT_TEXTS.items():
        body[key] = _printable(body[key] or "", limit) or None
    body["counts"] = {name: count for name, count in report.counts.items() if _is_whole(count)}
    if body["current"] is None:  # a later addition, and only where there is something to say
        del body["current"]
    body["exit_code"] = report.exit_code if _is_whole(report.exit_code, LEAST_EXIT_CODE) else None
    return {"type": "run", "schema_version": SCHEMA_VERSION, **body}


def _printable(text: str, limit: int) -> str:
    return on_one_line(text).strip()[:limit].rstrip()


# -- decode ----------------------------------------------------------------------------------------------------------


def _refuse(reason: str, detail: str) -> NoReturn:
    raise Refused(reason, detail)


def _read_json(body: bytes) -> dict[str, Any]:
    if len(body) > SIZE_LIMIT:
        _refuse("too-large", f"{len(body)} bytes, at most {SIZE_LIMIT} are read")
    fields = read_json(body)
    if not isinstance(fields, dict):
        _refuse("malformed", f"a JSON object was expected, not {type(fields).__name__}")
    return fields


def read_json(body: bytes) -> Any:
    """The value a text of JSON holds: its numbers exact, its keys each once. :raises Refused: when it is none."""
    try:
        return _JSON.decode(body.decode("utf-8"))
    except RecursionError:
        _refuse("malformed", "nested too deeply")
    except Refused:
        raise
    except (ValueError, ArithmeticError) as error:
        _refuse("malformed", f"not JSON in UTF-8: {error}")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        _refuse("malformed", "a key occurs twice")
    return fields


_JSON = json.JSONDecoder(
    parse_float=Decimal,
    parse_constant=lambda name: _refuse("malformed", f"{name} is not a number"),
    object_pairs_hook=_unique_keys,
)


def _decode_legacy(fields: dict[str, Any], received_at: datetime) -> OddsItem:
    sport = _sport(fields.get("sport") or "football")
    home, away = _teams_of_title(_name(fields, "match"))
    cotes = fields.get("cotes")
    if not isinstance(cotes, dict) or not cotes:
        _refuse("missing", "cotes is missing or empty")
    # Where a sport has no draw some write its price as 0, 1.0 or "-".
    draw = _price("X", cotes.get(LEGACY_OUTCOMES["X"]))
    market = MARKETS["1X2" if draw is not None else winner_market(sports()[sport].outcomes)]
    day = fields.get("match_date")
    return _checked(
        OddsItem(
            sport=sport,
            league=_name(fields, "league") if fields.get("league") else "Ligue 1",
            home=home,
            away=away,
            bookmaker=_name(fields, "bookmaker"),
            prices=_prices(market, {o: cotes.get(LEGACY_OUTCOMES[o]) for o in market.outcomes}),
            kickoff=None if day is None else _read("match_date", day, partial(_legacy_date, received_at)),
            market=market.code,
            scraped_at=received_at.astimezone(UTC),
            source=LEGACY,
            parser=LEGACY,
            bare=True,
        ),
        received_at,
    )


def _decode_quote(fields: dict[str, Any], received_at: datetime) -> OddsItem:
    market = MARKETS.get(_text(fields, "market"))
    if market is None:
        _refuse("market", f"market {fields['market']!r} is not one of {', '.join(MARKETS)}")
    outcomes = fields.get("outcomes")
    if not isinstance(outcomes, dict):
        _refuse("missing", "outcomes is missing or not an object")
    if unknown := outcomes.keys() - set(market.outcomes):
        _refuse("outcome", f"market {market.code} has no outcome {', '.join(map(repr, sorted(unknown)))}")
    return _checked(
        OddsItem(
            sport=_sport(fields.get("sport")),
            league=_name(fields, "league"),
            home=_name(fields, "home"),
            away=_name(fields, "away"),
            bookmaker=_name(fields, "bookmaker"),
            prices=_prices(market, outcomes),
            scraped_at=_read("scraped_at", fields.get("scraped_at"), _instant),
            kickoff=None if fields.get("kickoff") is None else _read("kickoff", fields["kickoff"], _instant),
            country=None if fields.get("country") is None else _name(fields, "country"),
            match_id=_optional_text(fields, "match_id", 32),
            market=market.code,
            line=None if fields.get("line") is None else _read("line", fields["line"], _line),
            bookmaker_id=_optional_int(fields, "bookmaker_id"),
            partial=fields.get("partial") is True,
            published_trj=None
            if fields.get("published_trj") is None
            else _read("published_trj", fields["published_trj"], _percent),
            source=_text(fields, "source", 32),
            run_id=_optional_text(fields, "run_id", RUN_ID_LENGTH),
            url=_optional_text(fields, "url", URL_LENGTH),
            parser=_optional_text(fields, "parser", 32),
            page=_optional_text(fields, "page", 32),
            suspect=_optional_text(fields, "suspect", 32),
        ),
        received_at,
    )


def _decode_report(fields: dict[str, Any]) -> RunReport:
    counts = fields.get("counts") or {}
    if not isinstance(counts, dict) or not all(map(_is_whole, counts.values())):
        _refuse("wrong-type", "counts must be whole numbers by name")
    if fields.get("state") not in RUN_STATES:
        _refuse("value", f"state {fields.get('state')!r:.40} is not one of {', '.join(RUN_STATES)}")
    finished_at = fields.get("finished_at")
    return RunReport(
        run_id=_text(fields, "run_id", RUN_ID_LENGTH),
        spider=_text(fields, "spider", 100),
        state=fields["state"],
        started_at=_read("started_at", fields.get("started_at"), _instant),
        reported_at=_read("reported_at", fields.get("reported_at"), _instant),
        finished_at=None if finished_at is None else _read("finished_at", finished_at, _instant),
        verdict=_optional_text(fields, "verdict", 32),
        exit_code=_optional_int(fields, "exit_code", LEAST_EXIT_CODE),
        sentence=_optional_text(fields, "sentence", REPORT_TEXTS["sentence"]),
        site=_optional_text(fields, "site", REPORT_TEXTS["site"]),
        arguments=_optional_text(fields, "arguments", REPORT_TEXTS["arguments"]),
        current=_optional_text(fields, "current", REPORT_TEXTS["current"]),
        counts=counts,
    )


def _checked(item: OddsItem, received_at: datetime) -> OddsItem:
    """What no single field shows."""
    if name_key(item.home) == name_key(item.away):
        _refuse("teams", f"{item.home!r} plays itself")
    if item.scraped_at > received_at + CLOCK_SKEW:
        _refuse("future", f"scraped_at {iso(item.scraped_at)} lies more than a day after it was received")
    if not any(item.prices.values()):
        _refuse("no-price", "no outcome has a price above 1")
    return item


def _sport(value: object) -> str:
    name = value.strip().lower() if isinstance(value, str) else value
    if not isinstance(name, str) or name not in sports():
        _refuse("sport", f"sport {value!r} is not one of {', '.join(sports())}")
    return name


def _teams_of_title(title: str) -> tuple[str, str]:
    teams = title.split(" - ")
    if len(teams) != 2:
        _refuse("teams", f"match {title!r} does not split into two teams at ' - '")
    return teams[0].strip(), teams[1].strip()


def _prices(market: Market, values: Mapping[str, Any]) -> dict[str, Decimal | None]:
    return {outcome: _price(outcome, values[outcome]) for outcome in market.outcomes if outcome in values}


def _price(outcome: str, value: object) -> Decimal | None:
    """0 to 1 is how sites write *no price*; below and far above is an error somebody must see."""
    if isinstance(value, str):
        if price := read_price(value):
            return price
        value = _number(outcome, value.strip())
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        _refuse("wrong-type", f"outcome {outcome}: a price is a number, not {type(value).__name__}")
    if not 0 <= value < PRICE_LIMIT:
        _refuse("price", f"outcome {outcome}: {value!s:.40} is out of range")
    return usable(Decimal(value))


def _number(outcome: str, text: str) -> Decimal | None:
    """What is written as text means what it means as a number; a dash is none."""
    if text in _DASHES:
        return None
    if not _PLAIN_DECIMAL.fullmatch(text):
        _refuse("price", f"outcome {outcome}: {text[:40]!r} is not a price")
    return Decimal(text.replace(",", "."))


def _read(key: str, value: object, reader: Callable[[str], T]) -> T:
    if value is None:
        _refuse("missing", f"{key} is missing")
    if not isinstance(value, str):
        _refuse("wrong-type", f"{key} must be a string, not {type(value).__name__}")
    try:
        return reader(value)
    except (ValueError, ArithmeticError):
        _refuse("value", f"{key} {value[:40]!r} cannot be read")


def _instant(text: str) -> datetime:
    return _plausible(read_iso(text))


def _legacy_date(received_at: datetime, text: str) -> datetime:
    """As gig-benchmark writes it; before that it sent what the page says, in French."""
    try:
        local = datetime.strptime(text, LEGACY_DATE)  # noqa: DTZ007 - from_paris gives the zone
    except ValueError:
        if len(text) <= NAME_LENGTH and (instant := from_french(text, received_at)):
            return instant
        raise
    return _plausible(from_paris(local))


def _plausible(instant: datetime) -> datetime:
    if not 2000 <= instant.year <= 2100:
        raise ValueError(instant)
    return instant


def _line(text: str) -> Decimal:
    line = Decimal(text)
    # One with more decimals would be another line than it is in its column.
    if not line.is_finite() or abs(line) >= 1000 or line != line.quantize(CENT):
        raise ValueError(text)
    return line + 0  # never minus zero


def _percent(text: str) -> Decimal:
    trj = Decimal(text)
    # A thousand is what 999.999 is stored as, and an export tells.
    if not trj.is_finite() or not 0 <= trj <= 1000:
        raise ValueError(text)
    return trj


def _text(fields: dict[str, Any], key: str, limit: int = 100) -> str:
    text = fields.get(key)
    if text is None or text == "":
        _refuse("missing", f"{key} is missing")
    if not isinstance(text, str):
        _refuse("wrong-type", f"{key} must be a string, not {type(text).__name__}")
    if not _fits(text, limit):
        _refuse("value", f"{key} is longer than {limit} characters, has spaces around it or cannot be printed")
    return text


def _fits(text: str, limit: int) -> bool:
    # MySQL takes a key for the same with and without spaces at its end.
    return len(text) <= limit and text.isprintable() and text == text.strip()


def _optional_text(fields: dict[str, Any], key: str, limit: int) -> str | None:
    return None if fields.get(key) is None else _text(fields, key, limit)


def _optional_int(fields: dict[str, Any], key: str, least: int = 0) -> int | None:
    value = fields.get(key)
    if value is None:
        return None
    if not _is_whole(value, least):
        _refuse("wrong-type", f"{key} must be a whole number")
    return int(value)


def _is_whole(value: object, least: int = 0) -> bool:
    """Whether it is a number that a column of whole numbers holds; ``True`` is none."""
    return type(value) is int and least <= value < 2**31


def _name(fields: dict[str, Any], key: str) -> str:
    name = fields.get(key)
    if name is None or name == "":
        _refuse("missing", f"{key} is missing")
    if not isinstance(name, str):
        _refuse("wrong-type", f"{key} must be a string, not {type(name).__name__}")
    try:
        return tidy(name)
    except BadName as error:
        _refuse("name", f"{key} {error}")
