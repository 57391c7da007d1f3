"""What holds of every message, not of some: found by inputs nobody would think of."""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

from schema.checksum import Checksum, checksum
from schema.database import EMBEDDED, connect, hang_up
from schema.markets import MARKETS
from schema.messages import LEAST_EXIT_CODE, Message, OddsItem, Refused, RunReport, decode, encode
from schema.models import TABLES
from schema.names import BadName, name_key, tidy
from schema.reference import sports
from schema.store import Store
from tests.schema.laid import lay
from tests.schema.letters import KICKOFF, NOON, QUOTE, REPORT, Letter, prices, quote
from tests.services.mariadb import MariaDB

pytestmark = pytest.mark.slow

# The same examples each time: what is red here is red everywhere, and what is green stays so.
some, many = (
    settings(
        max_examples=number, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    for number in (100, 500)
)

# -- every message that can be -----------------------------------------------------------------------------------------


def is_name(text: str) -> bool:
    try:
        return tidy(text) == text
    except BadName:
        return False


def texts(limit: int) -> st.SearchStrategy[str]:
    """Of a code or an address: printable, without spaces around it."""
    characters = st.characters(exclude_categories=("C", "Z"))
    return st.text(characters, min_size=1, max_size=limit).filter(lambda text: text.isprintable())


NAMES = st.one_of(
    st.sampled_from(
        ["Ligue 1", "Saint - Étienne", "Straße", "ﬁ", "1. FC Köln", "😀 FC", "Étoile", "İstanbul", "a" * 100]
    ),
    st.text(min_size=1, max_size=30).filter(is_name),
)
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 12, 31), timezones=st.just(UTC))
WHOLE = st.integers(0, 2**31 - 1)
EXIT_CODES = st.none() | st.integers(LEAST_EXIT_CODE, 2**31 - 1)
PRICES = st.none() | st.decimals("1.001", "99999.999", places=3)


@st.composite
def quotes(draw: st.DrawFn) -> OddsItem:
    market = draw(st.sampled_from(list(MARKETS)))
    outcomes = draw(st.dictionaries(st.sampled_from(MARKETS[market].outcomes), PRICES, min_size=1).filter(some_price))
    home, away = draw(st.tuples(NAMES, NAMES).filter(lambda teams: name_key(teams[0]) != name_key(teams[1])))
    return OddsItem(
        sport=draw(st.sampled_from(list(sports()))),
        league=draw(NAMES),
        home=home,
        away=away,
        bookmaker=draw(NAMES),
        prices=outcomes,
        scraped_at=draw(st.datetimes(datetime(2000, 1, 1), datetime(2025, 10, 18, 12), timezones=st.just(UTC))),
        kickoff=draw(st.none() | INSTANTS),
        country=draw(st.none() | NAMES),
        match_id=draw(st.none() | texts(32)),
        market=market,
        line=draw(st.none() | st.decimals("-999.99", "999.99", places=2)),
        bookmaker_id=draw(st.none() | WHOLE),
        partial=draw(st.booleans()),
        published_trj=draw(st.none() | st.decimals("0", "999.999", places=3)),
        source=draw(texts(32)),
        run_id=draw(st.none() | texts(64)),
        url=draw(st.none() | texts(500)),
        parser=draw(st.none() | texts(32)),
        page=draw(st.none() | texts(32)),
        suspect=draw(st.none() | texts(32)),
    )


def some_price(outcomes: dict[str, Decimal | None]) -> bool:
    return any(outcomes.values())


@st.composite
def reports(
    draw: st.DrawFn, counts: st.SearchStrategy[Any] = WHOLE, exit_codes: st.SearchStrategy[int | None] = EXIT_CODES
) -> RunReport:
    return RunReport(
        run_id=draw(texts(64)),
        spider=draw(texts(100)),
        state=draw(st.sampled_from(["running", "finished"])),
        started_at=draw(INSTANTS),
        reported_at=draw(INSTANTS),
        finished_at=draw(st.none() | INSTANTS),
        verdict=draw(st.none() | texts(32)),
        exit_code=draw(exit_codes),
        sentence=draw(st.none() | texts(50)),
        site=draw(st.none() | texts(50)),
        arguments=draw(st.none() | texts(50)),
        counts=draw(st.dictionaries(st.text(max_size=20), counts, max_size=5)),
    )


@many
@given(st.one_of(quotes(), reports()))
def test_what_is_said_is_what_is_heard(message: Message) -> None:
    heard = decode(encode(message), NOON)
    assert heard == message
    assert heard.message_id == message.message_id


@some
@given(reports(counts=st.integers(-(2**70), 2**70) | st.booleans(), exit_codes=st.integers(-(2**70), 2**70)))
def test_a_number_of_a_report_that_no_column_holds_costs_only_itself(report: RunReport) -> None:
    heard = decode(encode(report), NOON)
    assert isinstance(heard, RunReport)
    kept = {name: count for name, count in report.counts.items() if type(count) is int and 0 <= count < 2**31}
    assert heard.counts == kept
    fits = report.exit_code is not None and -(2**31) <= report.exit_code < 2**31
    assert heard.exit_code == (report.exit_code if fits else None)
    assert replace(heard, counts=report.counts, exit_code=report.exit_code) == report


# -- every body that can be --------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
"""With NaN and Infinity, which JSON does not have and Python writes."""

TELLING = st.sampled_from(
    [
        *("", " ", "-", "–", 0, 1, -1, 1e9, 10**400, "2,35", "1e3", "NaN", "\x00", "\ud800", "😀" * 101, "1" * 5000),
        *("2025-02-30T00:00:00Z", "2025-10-26 02:30:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"),
        {},
        [],
        True,
    ]
)
SEVEN_KEYS = (
    b'{"match": "PSG - OM", "match_date": "2025-11-10 20:45:00", "bookmaker": "Pmu", "league": "Ligue 1",'
    b' "sport": "football", "cotes": {"cote_1": 2.1, "cote_N": 3.4, "cote_2": 3.5}, "trj": 92.1}'
)
GOOD = [
    encode(QUOTE),
    encode(quote(page="0" * 32, suspect="far-from-panel", line=Decimal("1.5"))),
    encode(REPORT),
    SEVEN_KEYS,
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good message, some of whose parts are others, or gone, or torn."""
    body = json.loads(draw(st.sampled_from(GOOD)))
    for key in draw(st.lists(st.sampled_from([*body, "outcomes", "cotes", "counts", "type"]), max_size=3)):
        if isinstance(body.get(key), dict) and draw(st.booleans()):
            inner = draw(st.sampled_from([*body[key], "1", "cote_1", "listed"]))
            body[key] = body[key] | {inner: draw(TELLING | JSON)}
        elif draw(st.booleans()):
            body[key] = draw(TELLING | JSON)
        else:
            body.pop(key, None)
    text = json.dumps(body).encode()
    if draw(st.booleans()):
        return text
    at = draw(st.integers(0, len(text) - 1))
    return text[:at] + draw(st.binary(max_size=3)) + text[at + draw(st.integers(0, 3)) :]


@many
@given(
    st.one_of(st.binary(max_size=200), JSON.map(lambda value: json.dumps(value).encode()), mutated()),
    st.sampled_from([NOON, datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 12, 31, tzinfo=UTC)]),
)
def test_any_body_is_read_or_refused(body: bytes, received_at: datetime) -> None:
    try:
        message = decode(body, received_at)
    except Refused as refusal:
        assert 0 < len(refusal.reason) <= 32
        assert 0 < len(refusal.detail) <= 500
    else:
        assert message.message_id
        if not (isinstance(message, OddsItem) and message.bare):
            assert decode(encode(message), received_at).message_id == message.message_id


# -- every order -------------------------------------------------------------------------------------------------------
#
# Of two runs that say the very same price of the very same microsecond the tables keep the first's run, and likewise
# of two addresses in one run: here no two runs read at the same instant, and a match has one address.

RUNS = ("run-1", "run-2", "run-3")
REFUSABLE = (
    b"{",
    b"",
    b'{"schema_version": 1, "run_id": "run-1"}',
    b'{"schema_version": 2, "run_id": "run-2"}',
    encode(quote(sport="football")).replace(b'"football"', b'"curling"'),
    encode(quote(away="Le Havre", run_id="run-3")),
)


SMALL_WORLD = {
    "run": (0, 1, 2),
    "after": (0, 10, 20),
    "league": ("Ligue 1", "LIGUE 1", "Ligue 2"),
    "country": ("France", "FRANCE", None),
    "home": ("Le Havre", "LE HAVRE", "Nantes"),
    "match_id": ("1", "2", None),
    "kickoff": (KICKOFF, KICKOFF + timedelta(hours=1), KICKOFF + timedelta(days=1), None),
    "book": (("Winamax", 33), ("Winamax", None), ("Nouveau", None), ("NOUVEAU", None), ("Nouveau", 777)),
    "price": ("1.5", "2", "70", None),
    "partial": (False, True),
    "published_trj": (None, Decimal("94.55"), Decimal("98.31")),
    "suspect": (None, "far-from-panel", "too-generous"),
}


@st.composite
def observations(draw: st.DrawFn) -> list[bytes]:
    """Quotes that differ from one another in a thing or two: most contradict each other, or say nearly the same."""
    first = {thing: draw(st.sampled_from(values)) for thing, values in SMALL_WORLD.items()}
    told = []
    for things in draw(st.lists(st.sets(st.sampled_from(list(SMALL_WORLD)), max_size=2), min_size=1, max_size=8)):
        told.append(
            observation(**first | {thing: draw(st.sampled_from(SMALL_WORLD[thing])) for thing in sorted(things)})
        )
    return told


def observation(*, run: int, after: int, book: tuple[str, int | None], price: str | None, **said: Any) -> bytes:
    name, number = book
    said |= {"bookmaker": name, "bookmaker_id": number, "prices": prices(price, "2", "3.25")}
    return encode(quote(run + after, run_id=RUNS[run], url=f"https://www.coteur.com/{said['match_id']}", **said))


@st.composite
def accounts(draw: st.DrawFn) -> bytes:
    """A report of a run; what it says follows from when."""
    minute, state = draw(st.integers(0, 2)), draw(st.sampled_from(["running", "finished"]))
    return encode(
        replace(
            REPORT,
            run_id=draw(st.sampled_from(RUNS)),
            state=state,
            reported_at=NOON + timedelta(minutes=minute),
            verdict=f"verdict-{minute}" if state == "finished" else None,
            counts={"discovered": minute, "published": 2 * minute},
        )
    )


BARE = st.sampled_from(["1.5", "2", "-", "0"]).map(
    lambda price: (
        '{"match": "PSG - OM", "bookmaker": "Pmu", "league": "Ligue 1", "sport": "football",'
        f' "cotes": {{"cote_1": "{price}", "cote_N": 3.4, "cote_2": 3.5}}}}'
    ).encode()
)
OTHERS = st.lists(accounts() | BARE | st.sampled_from(REFUSABLE), max_size=6)

Delivered = tuple[list[Letter], list[tuple[int, list[Letter]]]]


@st.composite
def deliveries(draw: st.DrawFn) -> Delivered:
    """Messages; and the same once, twice or three times, in any order, in batches, to one of two consumers each."""
    bodies = [*draw(observations()), *draw(OTHERS)]
    # Of a bare message when it was received is part of what it says; any other does not care.
    letters = [Letter(body, NOON + timedelta(minutes=5, seconds=number)) for number, body in enumerate(bodies)]
    copies = [letter for letter in letters for _ in range(draw(st.integers(1, 3)))]
    left = draw(st.permutations(copies))
    batches = []
    while left:
        size = draw(st.integers(1, len(left)))
        batches.append((draw(st.integers(0, 1)), left[:size]))
        left = left[size:]
    return letters, batches


@pytest.fixture(scope="module")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded database that is up to date, with nothing in it: to be copied."""
    home = tmp_path_factory.mktemp("empty")
    database = connect(None, home)
    lay(database)
    hang_up(database)
    return home / EMBEDDED


def stored(database: Database, batches: Sequence[tuple[int, list[Letter]]]) -> dict[str, Checksum]:
    """What the tables say after these batches."""
    consumers = [Store(database), Store(database)]
    for consumer, batch in batches:
        consumers[consumer].store(batch)
    found = checksum(database)
    hang_up(database)
    return found


def embedded(empty_file: Path, batches: Sequence[tuple[int, list[Letter]]]) -> dict[str, Checksum]:
    with TemporaryDirectory() as home:
        shutil.copy(empty_file, home)
        return stored(connect(None, Path(home)), batches)


@some
@given(delivered=deliveries())
def test_in_any_order_and_any_number_of_times_the_tables_are_the_same(empty_file: Path, delivered: Delivered) -> None:
    letters, batches = delivered
    assert embedded(empty_file, batches) == embedded(empty_file, [(0, letters)])


@pytest.fixture(scope="module")
def server(mariadb: MariaDB, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A server's database, to be emptied."""
    name = mariadb.new_database()
    database = connect(mariadb.url(name), tmp_path_factory.mktemp("server"))
    yield database
    hang_up(database)
    mariadb.execute(f"DROP DATABASE {name}")


def emptied(database: Database) -> Database:
    """Up to date, with nothing in it."""
    lay(database)
    for table in reversed(TABLES):
        table.delete().execute(database)
    lay(database)
    return database


@pytest.mark.server
@settings(some, max_examples=20)
@given(delivered=deliveries())
def test_a_server_has_the_same_tables(empty_file: Path, server: Database, delivered: Delivered) -> None:
    letters, batches = delivered
    assert stored(emptied(server), batches) == embedded(empty_file, [(0, letters)])
