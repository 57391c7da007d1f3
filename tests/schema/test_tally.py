"""The tally: however it comes about, it says what the prices say."""

import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database, OperationalError

from schema import tally
from schema.database import EMBEDDED, begin_writing, connect, hang_up, is_embedded
from schema.instants import PARIS
from schema.markets import MARKETS, Market
from schema.merging import merge_bookmakers, merge_teams
from schema.messages import Message
from schema.models import TABLES, use
from schema.payouts import FRESH, WHOLE
from schema.pruning import thin
from schema.store import Store
from schema.tally import Tally, _last_of_month, again, freshness
from tests.schema.laid import lay
from tests.schema.letters import KICKOFF, NOON, letters, prices, quote
from tests.schema.tables import count, found, one_by_one
from tests.services.mariadb import MariaDB

both = pytest.mark.parametrize(
    "empty_database", ["sqlite", pytest.param("mariadb", marks=pytest.mark.server)], indirect=True
)
"""A database of its own costs a server seconds: what the properties do not reach is asked of both."""


@pytest.fixture
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """SQLite, unless a test wants both."""
    url = request.getfixturevalue("mariadb_url") if getattr(request, "param", None) == "mariadb" else None
    database = connect(url, tmp_path)
    yield database
    hang_up(database)


COUNTED = {
    "Payouts": "SELECT * FROM Payouts ORDER BY match_id, market_id, line, bookmaker_id",
    "PayoutDays": "SELECT * FROM PayoutDays ORDER BY day, league_id, market_id, bookmaker_id",
    "PayoutSpans": "SELECT * FROM PayoutSpans ORDER BY span, day, market_id, bookmaker_id",
    "OddsHours": "SELECT * FROM OddsHours ORDER BY hour, league_id, market_id, bookmaker_id",
}


def counted(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    return {table: found(database, query) for table, query in COUNTED.items()}


def forget(database: Database) -> None:
    """As if nobody had ever tallied."""
    for table in (*COUNTED, "TouchedMatches", "TouchedHours"):
        database.execute_sql(f"DELETE FROM {table}")
    again(database)


def payouts(database: Database, columns: str) -> list[tuple[Any, ...]]:
    query = f"SELECT b.name, {columns} FROM Payouts p JOIN Bookmakers b ON b.id = p.bookmaker_id ORDER BY b.name, line"
    return found(database, query)


# -- the plain definition, from Odds alone -----------------------------------------------------------------------------


def plainly(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """What these tables are to say, told the long way: every price is read, nothing is remembered."""
    names = found(database, "SELECT id, code FROM MarketNames")
    markets = {number: MARKETS[code] for number, code in names if code in MARKETS}
    matches = {
        number: (league, kickoff and datetime.fromisoformat(kickoff))
        for number, league, kickoff in found(database, "SELECT id, league_id, match_date FROM Matches")
    }
    rows = [
        (*row[:4], row[4], Decimal(row[5]), datetime.fromisoformat(row[6]), *row[7:])
        for row in found(
            database,
            "SELECT match_id, market_id, line, bookmaker_id, outcome, odd_value, scraped_at, trj, published_trj, partial,"
            " suspect, run_id FROM Odds",
        )
    ]
    return {
        "Payouts": (ended := ended_on(rows, matches, markets)),
        "PayoutDays": (days := by_day(ended)),
        "PayoutSpans": by_span(days),
        "OddsHours": by_hour(rows, matches),
    }


def is_confirmed(row: Any, rows: list[Any]) -> bool:
    """No page is read by its structure here, and none has its text kept: another run and the time decide."""
    for other in rows:
        apart = abs((other[6] - row[6]).total_seconds())
        if (
            (*other[:5],) == (*row[:5],)
            and 600 <= apart <= 7 * 86400
            and (row[11] is None or other[11] is None or row[11] != other[11])
            and abs(other[5] - row[5]) * 50 <= row[5]
        ):
            return True
    return False


def plain_trj(quote: list[Any], market: Market) -> str | None:
    if {row[4] for row in quote} != set(market.outcomes):
        return None
    return str((100 * market.winners / sum(1 / row[5] for row in quote)).quantize(Decimal("0.01"), ROUND_HALF_UP))


def ended_on(rows: list[Any], matches: Any, markets: Any) -> list[tuple[Any, ...]]:
    quotes: defaultdict[tuple[Any, ...], dict[datetime, list[Any]]] = defaultdict(dict)
    for row in rows:
        kickoff = matches[row[0]][1]
        if row[9] in (0, "0") and (row[10] is None or is_confirmed(row, rows)) and (not kickoff or row[6] <= kickoff):
            quotes[row[:4]].setdefault(row[6], []).append(row)
    last = {offer: seen[max(seen)] for offer, seen in quotes.items()}
    first = {offer: seen[min(seen)] for offer, seen in quotes.items()}
    newest: dict[tuple[Any, ...], datetime] = {}
    for offer, ended in last.items():
        newest[offer[:3]] = max(ended[0][6], newest.get(offer[:3], ended[0][6]))
    fresh = {offer for offer, ended in last.items() if newest[offer[:3]] - ended[0][6] <= FRESH}
    told = []
    for offer, ended in last.items():
        rivals = [other for other in fresh if other[:3] == offer[:3]]
        league, kickoff = matches[offer[0]]
        shares = []
        for row in ended:
            same = [(other, r[5]) for other in rivals for r in last[other] if r[4] == row[4]]
            if offer in fresh and len(rivals) > 1 and row[5] == max(price for _, price in same):
                shares.append(sum(price == row[5] for _, price in same))
        at = ended[0][6]
        compared = offer in fresh and len(rivals) > 1
        told.append(
            (
                *offer,
                league,
                str((kickoff or at).replace(tzinfo=UTC).astimezone(PARIS).date()),
                kickoff and str(kickoff),
                str(at),
                plain_trj(ended, markets[offer[1]]),
                max((row[8] for row in ended if row[8]), default=None),
                str(first[offer][0][6]),
                plain_trj(first[offer], markets[offer[1]]),
                int(offer not in fresh),
                len(rivals) if offer in fresh else 0,
                len(ended) if compared else 0,
                shares.count(1),
                len(shares) - shares.count(1),
                sum(WHOLE // share for share in shares),
            )
        )
    return told


def by_day(ended: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    cells: defaultdict[tuple[Any, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for row in ended:
        if not row[12]:
            cells[row[5], row[4], row[1], row[3]].append(row)
    told = []
    for cell, some in cells.items():
        trjs, published, both = (
            [int(Decimal(row[8]) * 100) for row in some if row[8] is not None],
            [int(Decimal(row[9]) * 100) for row in some if row[9] is not None],
            [row for row in some if row[8] is not None and row[11] is not None],
        )
        told.append(
            (
                *cell,
                len({row[0] for row in some}),
                *(len(trjs), sum(trjs), sum(trj * trj for trj in trjs)),
                *(len(published), sum(published), len(both)),
                sum(int(Decimal(row[11]) * 100) for row in both),
                sum(int(Decimal(row[8]) * 100) for row in both),
                *(sum(row[place] for row in some) for place in (14, 15, 16, 17)),
            )
        )
    return told


def by_span(days: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    spans: defaultdict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * 13)
    for day, _, market, bookmaker, *figures in days:
        for span, first in (("day", day), ("month", day[:8] + "01")):
            cell = (span, first, market, bookmaker)
            spans[cell] = [sum(pair) for pair in zip(spans[cell], figures, strict=True)]
    return [(*cell, *figures) for cell, figures in spans.items()]


def by_hour(rows: list[Any], matches: Any) -> list[tuple[Any, ...]]:
    cells: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in rows:
        hour = row[6].replace(minute=0, second=0, microsecond=0)
        cells[str(hour), matches[row[0]][0], row[1], row[3]].append(row)
    return [
        (
            *cell,
            len(some),
            len({row[0] for row in some}),
            sum(row[10] is not None for row in some),
            str(max(row[6] for row in some)),
        )
        for cell, some in cells.items()
    ]


def as_set(tables: dict[str, list[tuple[Any, ...]]]) -> dict[str, set[tuple[str, ...]]]:
    """Whatever the order, and however a database writes a number."""
    return {table: {tuple(map(_told, row)) for row in rows} for table, rows in tables.items()}


def _told(value: Any) -> str:
    try:
        return f"{Decimal(str(value)).normalize():f}"
    except ArithmeticError:
        return str(value)


# -- what holds of every history ---------------------------------------------------------------------------------------


@st.composite
def observations(draw: st.DrawFn) -> Message:
    """One quote of a small world: kick-offs move, lists and marks occur, instants and prices meet."""
    market = draw(st.sampled_from(["1X2", "1X2", "1X2", "12"]))
    outcomes = MARKETS[market].outcomes
    some_price = st.sampled_from(["1.5", "2", "3.4", "3.5", None])
    told = draw(st.lists(some_price, min_size=len(outcomes), max_size=len(outcomes)).filter(any))
    kickoff = draw(st.sampled_from([KICKOFF, KICKOFF, KICKOFF + timedelta(hours=4), NOON + timedelta(hours=1), None]))
    after = draw(st.sampled_from([-200_000, -90_000, 0, 0, 60, 700, 3_000, 3_600, 5_000, 24_300, 25_000]))
    return quote(
        after,
        sport="football" if market == "1X2" else "tennis",
        league="Ligue 1" if market == "1X2" else "ATP",
        market=market,
        match_id=f"{market}-{draw(st.integers(1, 2))}",
        kickoff=kickoff,
        bookmaker=draw(st.sampled_from(["Betclic", "Unibet", "Winamax"])),
        prices=prices(*told, outcomes=outcomes),
        line=draw(st.sampled_from([None, None, Decimal("0.5")])),
        partial=draw(st.sampled_from([False, False, False, True])),
        suspect=draw(st.sampled_from([None, None, None, "far-from-panel"])),
        published_trj=draw(st.sampled_from([None, Decimal("94.55")])),
        run_id=draw(st.sampled_from([None, "run-1", "run-2"])),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[list[Message]]:
    """Batches, in any order and some of it twice."""
    told = draw(st.lists(observations(), min_size=1, max_size=14))
    told = draw(st.permutations(told + told[: draw(st.integers(0, 3))]))
    cuts = sorted(draw(st.lists(st.integers(0, len(told)), max_size=3)))
    return [told[start:end] for start, end in zip([0, *cuts], [*cuts, len(told)], strict=True)]


def check(database: Database, history: list[list[Message]]) -> None:
    stores, tallies = [Store(database), Store(database)], [Tally(database), Tally(database)]
    for number, batch in enumerate(history):
        stores[number % 2].store(letters(*batch))
        if number % 3 != 2:  # now and then nobody is there
            tallies[number % 2].run()
            assert as_set(counted(database)) == as_set(plainly(database))
    tallies[0].run()
    step_by_step = as_set(counted(database))
    assert step_by_step == as_set(plainly(database))
    forget(database)
    Tally(database).run()
    assert as_set(counted(database)) == step_by_step


some = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("empty")
    database = connect(None, home)
    lay(database)
    hang_up(database)
    return home / EMBEDDED


@pytest.mark.slow
@some
@given(history=histories())
def test_step_by_step_from_scratch_and_by_definition_it_is_the_same(
    empty_file: Path, history: list[list[Message]]
) -> None:
    with TemporaryDirectory() as home:
        shutil.copy(empty_file, home)
        database = connect(None, Path(home))
        check(database, history)
        hang_up(database)


@pytest.fixture(scope="module")
def server(mariadb: MariaDB, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    name = mariadb.new_database()
    database = connect(mariadb.url(name), tmp_path_factory.mktemp("server"))
    lay(database)
    yield database
    hang_up(database)
    mariadb.execute(f"DROP DATABASE {name}")


@pytest.mark.server
@pytest.mark.slow
@settings(some, max_examples=12)
@given(history=histories())
def test_a_server_counts_the_same(server: Database, history: list[list[Message]]) -> None:
    for table in reversed(TABLES):
        if table.__name__ not in ("Sports", "MarketNames", "Bookmakers", "Tallies"):
            table.delete().execute(server)
    forget(server)
    check(server, history)


# -- what it says ------------------------------------------------------------------------------------------------------


def test_the_last_quote_before_the_kick_off_counts(store: Store, database: Database) -> None:
    one_by_one(
        store,
        quote(0, prices=prices("2", "3.4", "3.5")),
        quote(24_300, prices=prices("2.1", "3.4", "3.5")),  # at the very instant of the kick-off
        quote(30_000, prices=prices("9", "9", "9")),  # it has kicked off
    )
    assert not Tally(database).run().left
    assert payouts(database, "scraped_at, trj, opening_trj, day") == [
        ("Winamax", "2025-10-17 18:45:00", _trj("2.1", "3.4", "3.5"), _trj("2", "3.4", "3.5"), "2025-10-17")
    ]


def _trj(*values: str) -> str:
    whole = 100 / sum(1 / Decimal(value) for value in values)
    return f"{whole.quantize(Decimal('0.01')).normalize():f}"


@both
def test_ties_share_the_best_price(store: Store, database: Database) -> None:
    one_by_one(
        store,
        quote(bookmaker="A", prices=prices("2", "3.4", "3.5")),
        quote(bookmaker="B", prices=prices("2", "3.5", "3.5")),
        quote(bookmaker="C", prices=prices("1.9", "3.1", "3.5")),
    )
    Tally(database).run()
    assert payouts(database, "books, outcomes, best_alone, best_tied, best_weight") == [
        ("A", 3, 3, 0, 2, WHOLE // 2 + WHOLE // 3),
        ("B", 3, 3, 1, 2, WHOLE + WHOLE // 2 + WHOLE // 3),
        ("C", 3, 3, 0, 1, WHOLE // 3),
    ]
    assert [int(total) for (total,) in found(database, "SELECT SUM(best_weight) FROM PayoutDays")] == [3 * WHOLE]


def test_who_left_long_ago_is_compared_with_nobody(store: Store, database: Database) -> None:
    one_by_one(store, quote(-90_000, bookmaker="A", prices=prices("9", "9", "9")), quote(bookmaker="B"), quote(0))
    Tally(database).run()
    assert payouts(database, "stale, books, best_tied") == [("A", 1, 0, 0), ("B", 0, 2, 3), ("Winamax", 0, 2, 3)]
    assert count(database, "PayoutDays") == 2


def test_alone_nobody_has_the_best_price(store: Store, database: Database) -> None:
    one_by_one(store, quote())
    Tally(database).run()
    assert payouts(database, "books, outcomes, best_alone") == [("Winamax", 1, 0, 0)]


@both
def test_what_is_in_doubt_has_no_trj_and_no_best_price(store: Store, database: Database) -> None:
    one_by_one(
        store,
        quote(0, bookmaker="A", prices=prices("20", "3.4", "3.5"), suspect="far-from-panel"),
        quote(0, bookmaker="B", prices=prices("2", "3.4", "3.5")),
    )
    Tally(database).run()
    assert payouts(database, "best_alone") == [("B", 0)]
    # Another run sees two of the three again: these count, and the quote has no TRJ while one is in doubt.
    one_by_one(
        store, quote(1200, bookmaker="A", run_id="run-2", prices=prices("30", "3.4", "3.5"), suspect="far-from-panel")
    )
    Tally(database).run()
    assert payouts(database, "trj, outcomes, best_tied") == [
        ("A", None, 2, 2),
        ("B", _trj("2", "3.4", "3.5"), 3, 2),
    ]


def test_a_kick_off_that_moves_takes_its_day_with_it(store: Store, database: Database) -> None:
    one_by_one(store, quote())
    Tally(database).run()
    one_by_one(store, quote(60, kickoff=KICKOFF + timedelta(days=1)))
    Tally(database).run()
    assert found(database, "SELECT day, matches FROM PayoutDays") == [("2025-10-18", 1)]


def test_late_at_night_the_day_is_that_of_paris(store: Store, database: Database) -> None:
    one_by_one(store, quote(kickoff=KICKOFF.replace(hour=22, minute=30)))
    Tally(database).run()
    assert found(database, "SELECT day FROM PayoutDays") == [("2025-10-18",)]


def test_a_match_that_is_no_more_is_counted_no_more(store: Store, database: Database) -> None:
    one_by_one(store, quote(), quote(match_id="7"))
    Tally(database).run()
    database.execute_sql("DELETE FROM Matches WHERE site_id = '7'")
    again(database)
    Tally(database).run()
    assert count(database, "Payouts") == 1
    assert found(database, "SELECT matches FROM PayoutDays") == [(1,)]


@both
def test_two_bookmakers_that_are_one_are_counted_as_one(store: Store, database: Database) -> None:
    names = ("Alpha Paris", "Alpha Paris Sport", "Unibet")
    one_by_one(store, *(quote(60 * n, bookmaker=name, match_id=str(n % 2)) for n, name in enumerate((*names, *names))))
    Tally(database).run()
    old, new = (found(database, f"SELECT id FROM Bookmakers WHERE name = '{name}'")[0][0] for name in names[:2])
    with database.transaction(begin_writing(database)):
        merge_bookmakers(database, old, new)
    Tally(database).run()
    assert as_set(counted(database)) == as_set(plainly(database))
    assert {name for name, _ in payouts(database, "books")} == {"Alpha Paris Sport", "Unibet"}


def test_two_matches_that_are_one_are_counted_as_one(store: Store, database: Database) -> None:
    use(database)
    one_by_one(store, *(quote(match_id=None, home=name, away="OM", bookmaker=name) for name in ("PSG", "Paris SG")))
    Tally(database).run()
    old, new = (found(database, f"SELECT id FROM Teams WHERE name = '{name}'")[0][0] for name in ("PSG", "Paris SG"))
    with database.transaction(begin_writing(database)):
        merge_teams(database, old, new)
    Tally(database).run()
    assert as_set(counted(database)) == as_set(plainly(database))
    assert found(database, "SELECT COUNT(DISTINCT match_id), MAX(books) FROM Payouts") == [(1, 2)]


@both
def test_two_matches_of_one_hour_that_are_one_are_counted_as_one(store: Store, database: Database) -> None:
    use(database)
    one_by_one(store, *(quote(match_id=None, home=name, away="OM") for name in ("PSG", "Paris SG")))
    Tally(database).run()
    assert found(database, "SELECT prices, matches FROM OddsHours") == [(6, 2)]
    old, new = (found(database, f"SELECT id FROM Teams WHERE name = '{name}'")[0][0] for name in ("PSG", "Paris SG"))
    with database.transaction(begin_writing(database)):
        merge_teams(database, old, new)
    Tally(database).run()
    assert as_set(counted(database)) == as_set(plainly(database))


@both
def test_merging_counts_no_other_hour_anew(store: Store, database: Database) -> None:
    """What was thinned in it stays counted; and of ten million prices not all are read."""
    for hour, name in ((0, "Alpha Paris"), (1, "Alpha Paris Sport"), (2, "Unibet")):
        one_by_one(store, quote(3600 * hour, bookmaker=name))
    Tally(database).run()
    database.execute_sql("DELETE FROM Odds WHERE scraped_at > '2025-10-17 12:30:00' AND outcome = 'X'")
    old, new = (
        found(database, f"SELECT id FROM Bookmakers WHERE name = '{name}'")[0][0]
        for name in ("Alpha Paris", "Alpha Paris Sport")
    )
    with database.transaction(begin_writing(database)):
        merge_bookmakers(database, old, new)
    assert freshness(database).whole
    Tally(database).run()
    counted_of = "SELECT b.name, h.prices FROM OddsHours h JOIN Bookmakers b ON b.id = h.bookmaker_id ORDER BY h.hour"
    assert found(database, counted_of) == [("Alpha Paris Sport", 3), ("Alpha Paris Sport", 3), ("Unibet", 3)]


def test_thinning_takes_nothing_from_the_payouts(store: Store, database: Database) -> None:
    told = [quote(60 * minute, run_id=f"run-{minute}", bookmaker=name) for minute in range(12) for name in "AB"]
    one_by_one(store, *told, quote(30_000, bookmaker="A"))
    Tally(database).run()
    before = counted(database)
    *_, figures = thin(database, KICKOFF + timedelta(days=9))
    assert figures.thinned > 20
    for table in ("Payouts", "PayoutDays"):
        assert counted(database)[table] == before[table]
    forget(database)
    Tally(database).run()
    for table in ("Payouts", "PayoutDays"):
        assert counted(database)[table] == before[table]


# -- how it goes about it ----------------------------------------------------------------------------------------------


@both
def test_a_step_is_bounded_and_the_next_goes_on(
    store: Store, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "SECONDS", 0)
    store.store(letters(*(quote(match_id=str(number), home=f"H{number}") for number in range(5))))
    steps = Tally(database)
    assert freshness(database).waiting == 6
    first = steps.step()
    assert (first.matches, first.hours, first.left) == (1, 1, True)
    assert count(database, "Payouts") == 1
    assert freshness(database).waiting == 4
    assert not steps.run().left
    assert count(database, "Payouts") == 5
    seen = freshness(database)
    assert (seen.waiting, seen.since, seen.whole) == (0, None, True)
    assert seen.busy_at is not None
    assert steps.step().idle


def test_broken_off_it_begins_again(store: Store, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    store.store(letters(quote(), quote(bookmaker="B")))
    steps = Tally(database)

    def dies(*_: Any) -> None:
        raise OperationalError("gone away")

    with monkeypatch.context() as patched:
        patched.setattr(steps, "_count_day", dies)
        with pytest.raises(OperationalError):
            steps.step()
    assert count(database, "Payouts") == 0
    assert freshness(database).waiting == 2
    steps.run()
    assert as_set(counted(database)) == as_set(plainly(database))


@both
def test_what_is_said_while_it_counts_waits_for_the_next_step(
    store: Store, database: Database, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A second writer is between its reading of the words and its reading of the prices; SQLite has only one."""
    url = None if is_embedded(database) else request.getfixturevalue("mariadb_url")
    writer = threading.Thread(target=lambda: Store(connect(url, tmp_path)).store(letters(quote(bookmaker="B"))))
    store.store(letters(quote()))
    steps = Tally(database)
    count_match = steps._count_match

    def while_it_counts(match: int) -> Any:
        rows = count_match(match)
        if not writer.ident:
            writer.start()
            writer.join(1)
        return rows

    monkeypatch.setattr(steps, "_count_match", while_it_counts)
    steps.step()
    writer.join()
    assert freshness(database).waiting
    steps.run()
    assert count(database, "Payouts") == 2
    assert as_set(counted(database)) == as_set(plainly(database))


def test_the_hour_that_goes_on_is_counted_once_a_minute(store: Store, database: Database) -> None:
    steps = Tally(database)
    steps.run()
    store.store(letters(quote()))
    assert steps.step(patiently=True).hours == 1
    store.store(letters(quote(60)))
    assert steps.step(patiently=True) == tally.Done(matches=1, hours=0, left=False)
    assert freshness(database).waiting == 1
    store.store(letters(quote(7200)))
    assert steps.step(patiently=True).hours == 1, "another hour is no reason to wait"
    assert steps.run().hours == 1
    assert found(database, "SELECT hour, prices FROM OddsHours ORDER BY hour") == [
        ("2025-10-17 12:00:00", 6),
        ("2025-10-17 14:00:00", 3),
    ]


@pytest.mark.server
def test_of_two_one_tallies(mariadb_url: str, tmp_path: Path) -> None:
    database, another = (connect(mariadb_url, tmp_path) for _ in range(2))
    lay(database)
    Store(database).store(letters(quote()))
    with another.transaction("READ COMMITTED"):
        another.execute_sql("SELECT * FROM Tallies FOR UPDATE")
        assert Tally(database).step().idle
    assert Tally(database).run().matches
    assert count(database, "Payouts") == 1
    hang_up(database)
    hang_up(another)


@pytest.mark.server
def test_a_merge_and_a_tally_do_not_wait_for_each_other(mariadb_url: str, tmp_path: Path) -> None:
    """Whoever tallies has the rows of Tallies, and then deletes words: the merge adds none before it has those rows."""
    merging, tallying = connect(mariadb_url, tmp_path), connect(mariadb_url, tmp_path)
    lay(merging)
    Store(merging).store(letters(quote(bookmaker="Alpha Paris"), quote(bookmaker="Alpha Paris Sport")))
    old, new = (row[0] for row in found(merging, "SELECT id FROM Bookmakers WHERE name LIKE 'Alpha%%' ORDER BY name"))
    errors: list[BaseException] = []

    def merge() -> None:
        try:
            with merging.transaction(begin_writing(merging)):
                merge_bookmakers(merging, old, new)
        except BaseException as error:
            errors.append(error)
        finally:
            hang_up(merging)

    waits = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
    thread = threading.Thread(target=merge)
    with tallying.transaction(begin_writing(tallying)):
        tallying.execute_sql("SELECT name FROM Tallies FOR UPDATE")
        thread.start()
        deadline = time.monotonic() + 10
        while not found(tallying, waits)[0][0] and time.monotonic() < deadline:
            time.sleep(0.2)  # asked more often, it says what it said before
        tallying.execute_sql("DELETE FROM TouchedMatches WHERE id >= 0")
    thread.join()
    assert errors == []
    assert found(tallying, "SELECT COUNT(*) FROM Bookmakers WHERE name = 'Alpha Paris'") == [(0,)]
    hang_up(tallying)


@pytest.mark.parametrize("month", range(1, 13))
def test_a_month_is_summed_to_a_day_that_there_is(month: int) -> None:
    """MySQL 8 takes no 31 February, even to compare with; MariaDB and SQLite do."""
    last = date.fromisoformat(_last_of_month(f"2024-{month:02}-01"))
    assert (last.month, (last + timedelta(days=1)).day) == (month, 1)
