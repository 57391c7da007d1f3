import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database, PeeweeException

from schema import alerts, pruning
from schema.database import Fault, connect, hang_up, is_embedded
from schema.models import AlertEvents, Deliveries, now
from schema.pruning import HISTORY, LEDGER, ROWS, forget, thin
from schema.store import Store
from tests.schema.letters import KICKOFF, NOON, letters, quote
from tests.schema.tables import count, found

CUTOFF = NOON + timedelta(minutes=30)

SERIES = "match_id, market_id, line, bookmaker_id, outcome"


@pytest.fixture(autouse=True)
def _no_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else writes here, but where a test says so."""
    monkeypatch.setattr(pruning, "TURN_SECONDS", 0)


def observed(*said: tuple[float, str], **changes: Any) -> list[Any]:
    """A quote of one outcome at each of these minutes after noon; of no run, where none is named."""
    changes.setdefault("run_id", None)
    return [quote(60 * minute, prices={"1": Decimal(price)}, **changes) for minute, price in said]


def kept(database: Database) -> list[tuple[str, str]]:
    """Minute and price of each observation that is there."""
    rows = found(database, f"SELECT scraped_at, odd_value FROM Odds ORDER BY {SERIES}, scraped_at")
    return [(instant[14:16], str(price)) for instant, price in rows]


def all_thinned(database: Database, before: datetime = CUTOFF, *, dry_run: bool = False) -> tuple[int, int, int]:
    *_, figures = thin(database, before, dry_run=dry_run)
    return figures.looked_at, figures.thinned, figures.kept


# -- which rows go -----------------------------------------------------------------------------------------------------


def test_what_says_the_same_again_goes(store: Store, database: Database) -> None:
    store.store(letters(*observed((0, "2"), (1, "2"), (2, "2"), (3, "2.1"), (4, "2"), (5, "2"), (6, "2"))))
    assert all_thinned(database, dry_run=True) == (7, 3, 4)
    assert len(kept(database)) == 7, "a dry run writes nothing"
    assert all_thinned(database) == (7, 3, 4)
    assert kept(database) == [("00", "2"), ("03", "2.1"), ("04", "2"), ("06", "2")]
    assert all_thinned(database) == (4, 0, 4)


def test_what_was_known_before_what_it_repeats_stays(store: Store, database: Database) -> None:
    """What came late was not known yet: what was known then must still be told."""
    store.store(letters(*observed((1, "2"), (2, "2"), (3, "2.1"))))
    store.store(letters(*observed((0, "2"))))
    assert all_thinned(database) == (4, 1, 3)
    assert kept(database) == [("00", "2"), ("01", "2"), ("03", "2.1")]


def test_what_hid_a_price_that_was_replaced_since_stays(store: Store, database: Database) -> None:
    """The third was newer than the second, whose first price would be told as of then if the third went."""
    for said in ((0, "2"), (1, "1.9"), (2, "2"), (1, "2"), (3, "2.1"), (4, "2.2")):
        store.store(letters(*observed(said)))
    all_thinned(database)
    all_thinned(database)
    assert kept(database) == [("00", "2"), ("02", "2"), ("03", "2.1"), ("04", "2.2")]


def test_nothing_younger_goes(store: Store, database: Database) -> None:
    store.store(letters(*observed((28, "2"), (29, "2"), (30, "2"), (31, "2"), (32, "2"))))
    assert all_thinned(database) == (2, 1, 1)
    assert [minute for minute, _ in kept(database)] == ["28", "30", "31", "32"]


@pytest.mark.parametrize("late", [0, 1])
def test_the_closing_price_stays_and_keeps_its_age(late: int, store: Store, database: Database) -> None:
    """One seen at the very minute of the kick-off is the closing one; after it, it is not."""
    kickoff = NOON + timedelta(minutes=3, seconds=-late)
    store.store(letters(*observed((0, "2"), (1, "2"), (2, "2"), (3, "2"), (4, "2"), (5, "2"), kickoff=kickoff)))
    all_thinned(database)
    assert [minute for minute, _ in kept(database)] == ["00", "02" if late else "03", "05"]


def test_a_price_that_was_seen_last_long_before_its_kick_off_stays(store: Store, database: Database) -> None:
    store.store(letters(*observed((0, "2"), (1, "2"), kickoff=KICKOFF)))
    assert all_thinned(database) == (2, 0, 2)


@pytest.mark.parametrize(
    "changed",
    [{"partial": True}, {"published_trj": Decimal("90.00")}, {"published_trj": None}, {"suspect": "spread"}],
    ids=lambda changed: next(iter(changed)),
)
def test_what_says_otherwise_of_anything_stays(changed: dict[str, Any], store: Store, database: Database) -> None:
    first, second, third, last = observed((0, "2"), (1, "2"), (2, "2"), (3, "2"))
    store.store(letters(first, replace(second, **changed), third, last))
    assert all_thinned(database) == (4, 0, 4)


def test_all_that_the_last_two_runs_saw_of_a_market_stays(store: Store, database: Database) -> None:
    """A board lays them side by side: a bookmaker that repeats itself must not be missing in the one before."""
    each = [(minute, bookmaker) for minute in range(5) for bookmaker in ("Winamax", "Betclic")]
    # In one batch: the runs are numbered by their names, against the order of time.
    said = (observed((minute, "2"), bookmaker=name, run_id=f"run-{9 - minute}") for minute, name in each)
    store.store(letters(*(item for some in said for item in some)))
    store.store(letters(*observed((5, "2"))))  # of no run, it takes no run's place
    store.store(letters(*observed((6, "2"), (7, "2"), line=Decimal("0.5"), run_id="run-0")))  # of another market
    assert all_thinned(database) == (13, 4, 9)
    assert sorted(minute for minute, _ in kept(database)) == ["00", "00", "03", "03", "04", "04", "05", "06", "07"]
    assert all_thinned(database) == (9, 0, 9)


def test_what_may_confirm_a_suspect_price_stays(store: Store, database: Database) -> None:
    """The same once more, from another run, is what takes the doubt from it."""
    (doubted,) = observed((3, "2"), suspect="spread")
    store.store(letters(*observed((0, "2"), (1, "2"), (2, "2")), doubted, *observed((4, "2"), (5, "2"))))
    store.store(letters(*observed((0, "2"), (1, "2"), (2, "2"), bookmaker="Betclic")))
    assert all_thinned(database) == (9, 1, 8)
    assert len(found(database, "SELECT id FROM Odds WHERE scraped_at = '2025-10-17 12:01:00'")) == 1


def test_series_are_not_mixed(store: Store, database: Database) -> None:
    for other in ({}, {"bookmaker": "Betclic"}, {"match_id": "7"}, {"market": "DNB"}, {"line": Decimal("0.5")}):
        store.store(letters(*observed((0, "2"), **other)))
    assert all_thinned(database) == (5, 0, 5)
    assert count(database, "LatestOdds") == 5


# -- always ------------------------------------------------------------------------------------------------------------

MINUTES = st.integers(0, 59)
OBSERVATIONS = st.lists(
    st.tuples(
        st.sampled_from(["1548776", "7", "8"]),
        st.sampled_from(["Winamax", "Betclic"]),
        MINUTES,
        st.sampled_from(["2", "2.5"]),
        st.sampled_from([*(9 * [None]), "spread"]),
    ),
    min_size=1,
    max_size=60,
    unique_by=lambda one: one[:3],
)

Row = tuple[Any, ...]


def curves(database: Database) -> dict[Row, list[Row]]:
    """What each series said, and when."""
    columns = f"{SERIES}, scraped_at, odd_value, trj, published_trj, partial, suspect"
    rows = found(database, f"SELECT {columns} FROM Odds ORDER BY {SERIES}, scraped_at")
    return {key: [row[5:] for row in some] for key, some in groupby(rows, key=lambda row: row[:5])}


def at(curve: list[Row], minute: int) -> Row | None:
    """What holds at that minute."""
    instant = str((NOON + timedelta(minutes=minute)).replace(tzinfo=None))
    return next((row[1:] for row in reversed(curve) if row[0] <= instant), None)


def closing(curve: list[Row], kickoff: str) -> Row | None:
    """The last observation that is not after the kick-off: its instant tells its age."""
    return next((row for row in reversed(curve) if row[0] <= kickoff), None)


@settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(observations=OBSERVATIONS, kickoff=st.none() | MINUTES, cutoff=MINUTES, piece=st.sampled_from([1, 7, 20_000]))
def test_the_curve_is_the_same_whatever_goes(
    observations: list[Any], kickoff: int | None, cutoff: int, piece: int, database: Database, monkeypatch
) -> None:
    for table in ("Odds", "LatestOdds", "Messages", "Matches"):
        database.execute_sql(f"DELETE FROM {table}")
    start = None if kickoff is None else NOON + timedelta(minutes=kickoff)
    said = [
        item
        for match, bookmaker, minute, price, suspect in observations
        for item in observed((minute, price), match_id=match, bookmaker=bookmaker, suspect=suspect, kickoff=start)
    ]
    Store(database).store(letters(*said))  # in any order
    before, latest = curves(database), found(database, "SELECT * FROM LatestOdds ORDER BY match_id, bookmaker_id")
    monkeypatch.setattr(pruning, "PIECE", piece)
    monkeypatch.setattr(pruning, "ROWS", piece)
    limit = NOON + timedelta(minutes=cutoff)
    foretold = all_thinned(database, limit, dry_run=True)
    assert all_thinned(database, limit) == foretold
    after = curves(database)
    assert after.keys() == before.keys()
    younger = str(limit.replace(tzinfo=None))
    for series, curve in before.items():
        assert [at(after[series], minute) for minute in range(60)] == [at(curve, minute) for minute in range(60)]
        assert [row for row in curve if row[0] >= younger] == [row for row in after[series] if row[0] >= younger]
        assert after[series][-1] == curve[-1]
        if start:
            kicked_off = str(start.replace(tzinfo=None))
            assert closing(after[series], kicked_off) == closing(curve, kicked_off)
    assert sum(map(len, after.values())) == sum(map(len, before.values())) - foretold[1]
    assert found(database, "SELECT * FROM LatestOdds ORDER BY match_id, bookmaker_id") == latest
    assert all_thinned(database, limit)[1] == 0, "there is nothing left to thin"
    assert curves(database) == after


# -- beside others -----------------------------------------------------------------------------------------------------


def another(database: Database) -> Database:
    """The same database, for another thread."""
    if is_embedded(database):
        return connect(f"sqlite:///{database.database}", None)  # type: ignore[arg-type]
    port, name = database.connect_params["port"], database.database
    return connect(f"mysql://root@127.0.0.1:{port}/{name}", None)  # type: ignore[arg-type]


@pytest.mark.slow
def test_whoever_stores_meanwhile_is_not_in_its_way(
    store: Store, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "TURN_SECONDS", 0.01)
    monkeypatch.setattr(pruning, "ROWS", 50)
    old = [
        item
        for match in range(8)
        for item in observed(
            *((minute / 10, "2" if minute % 40 else "2.5") for minute in range(200)), match_id=str(match)
        )
    ]
    for start in range(0, len(old), 500):
        store.store(letters(*old[start : start + 500]))
    # Something later of each, so that it does not matter how soon the other one is quick enough to store some.
    store.store(letters(*(item for match in range(8) for item in observed((39, "2"), match_id=str(match)))))
    waits: list[float] = []
    errors: list[BaseException] = []
    ended = threading.Event()

    def write() -> None:
        theirs = another(database)
        try:
            writer = Store(theirs)
            for number in range(10_000):
                if ended.is_set():
                    return
                new = observed(*((40 + number / 1000, "2") for _ in range(1)), match_id=str(number % 8))
                began = time.monotonic()
                writer.store(letters(*new, *old[number % 1600 :][:20]))
                waits.append(time.monotonic() - began)
        except BaseException as error:
            errors.append(error)
        finally:
            hang_up(theirs)

    thread = threading.Thread(target=write)
    thread.start()
    figures = all_thinned(database)
    ended.set()
    thread.join()
    assert not errors
    assert figures == (1600, 1520, 80)
    assert len(waits) > 5
    assert max(waits) < 2, "longer than a few small transactions"
    assert count(database, "Odds") == 80 + 8 + len(waits)
    assert found(database, "SELECT COUNT(*) FROM Odds WHERE scraped_at < '2025-10-17 12:30:00'")[0][0] == 80


def test_two_at_once_do_no_harm(store: Store, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "ROWS", 7)
    store.store(letters(*observed(*((minute / 10, "2") for minute in range(250)))))
    theirs = another(database)
    second = threading.Thread(target=lambda: (all_thinned(theirs), hang_up(theirs)))
    second.start()
    all_thinned(database)
    second.join()
    assert count(database, "Odds") == 2


@pytest.mark.parametrize(("fault", "attempts"), [(Fault.PASSING, 5), (Fault.OURS, 1)])
def test_what_passes_is_tried_again(
    fault: Fault, attempts: int, store: Store, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.store(letters(*observed((0, "2"), (1, "2"), (2, "2"))))
    tried = []

    def fail(_: Database) -> None:
        tried.append(1)
        database.execute_sql("SELECT 1 FROM nowhere")

    monkeypatch.setattr(pruning, "PAUSES", (0, 0, 0, 0))
    monkeypatch.setattr(pruning, "fault_of", lambda _: fault)
    monkeypatch.setattr(pruning, "begin_writing", fail)
    with pytest.raises(PeeweeException, match="nowhere"):
        all_thinned(database)
    assert len(tried) == attempts


# -- what is remembered ------------------------------------------------------------------------------------------------


def test_the_ledger_forgets_what_it_took_in_before(store: Store, database: Database) -> None:
    store.store(letters(*observed(*((minute / 100, "2") for minute in range(ROWS + 10)), run_id="run-1")))
    moment = now().replace(tzinfo=UTC) + timedelta(seconds=1)
    assert forget(database, LEDGER, moment - timedelta(days=1)) == 0
    store.store(letters(*observed((0, "2"), run_id="run-1")))
    assert found(database, "SELECT duplicates FROM Runs")[0][0] == 1, "it still knows them"
    assert forget(database, LEDGER, moment, dry_run=True) == ROWS + 10
    assert count(database, "Messages") == ROWS + 10
    assert forget(database, LEDGER, moment) == ROWS + 10
    assert count(database, "Messages") == 0


def test_a_message_that_comes_after_its_row_went_is_known(store: Store, database: Database) -> None:
    said = observed((0, "2"), (1, "2"), (2, "2"))
    store.store(letters(*said))
    all_thinned(database)
    assert store.store(letters(*said)).duplicates == 3
    assert [minute for minute, _ in kept(database)] == ["00", "02"]


def test_what_was_asked_for_goes_once_it_ended(store: Store, database: Database) -> None:
    store.store(letters(*observed((0, "2"), run_id="run-1")))
    long_ago, late = "2025-01-01 00:00:00", "2026-01-01 00:00:00"
    execute = database.execute_sql
    for task, date in (("done", long_ago), ("goes-on", long_ago), ("young", late), ("joined", long_ago)):
        execute(
            "INSERT INTO Tasks (task_id, body_hash, said, received_at, runs, joined)"
            f" VALUES ('{task}', '', '', '{date}', 0, 0)"
        )
    execute("UPDATE Runs SET task_id = 'done', state = 'lost'")
    columns = "run_id, task_id, state, listed, discovered, fetched, parsed, yielded, published, pages, retries, errors,"
    columns += "trj_differs, unknown_bookmakers, stored, prices, refused, duplicates"
    execute(f"INSERT INTO Runs ({columns}) VALUES ('x', 'goes-on', 'queued'{', 0' * 15})")
    execute(
        "INSERT INTO Schedules (id, name, what, enabled, created_at, updated_at)"
        f" VALUES (2, 'a', 'all', 0, '{late}', '{late}')"
    )
    for state, date in (("due", long_ago), ("sent", "2025-01-02 00:00:00"), ("sent", late)):
        execute(
            f"INSERT INTO Firings (schedule_id, due_at, state, decided_at) VALUES (2, '{date}', '{state}', '{date}')"
        )
    match = found(database, "SELECT id FROM Matches")[0][0]
    for minutes, date in ((5, long_ago), (15, late)):
        execute(
            "INSERT INTO Visits (schedule_id, match_id, minutes, due_at, state, decided_at)"
            f" VALUES (2, {match}, {minutes}, '{date}', 'sent', '{date}')"
        )
    for bookmaker in range(ROWS + 1):
        for date in (long_ago, "2025-01-01 01:00:00", late):
            execute(
                "INSERT INTO OddsHours (hour, league_id, market_id, bookmaker_id, prices, matches, suspects, last_at)"
                f" VALUES ('{date}', 1, 1, {bookmaker}, 1, 1, 0, '{date}')"
            )
    limit = datetime(2025, 12, 1, tzinfo=UTC)
    foretold = [forget(database, one, limit, dry_run=True) for one in HISTORY]
    assert [forget(database, one, limit) for one in HISTORY] == foretold == [2, 1, 1, 2 * ROWS + 2, 0, 0, 0]
    assert found(database, "SELECT MIN(hour), COUNT(*) FROM OddsHours") == [(late, ROWS + 1)]
    assert found(database, "SELECT task_id FROM Tasks ORDER BY task_id") == [("goes-on",), ("young",)]
    assert found(database, "SELECT state, due_at FROM Firings ORDER BY due_at") == [("due", long_ago), ("sent", late)]
    assert found(database, "SELECT minutes FROM Visits")[0][0] in (15, "15")
    assert count(database, "Runs") == 2


def test_what_rang_goes_once_it_is_over_and_with_it_its_messages(database: Database) -> None:
    long_ago, late = datetime(2025, 1, 1), datetime(2026, 1, 1)
    rule = {"kind": "price", "threshold": 2, "margin": 0, "at_least": 1, "max_age_minutes": 60}
    number = alerts.add_rule(database, {**rule, "calm_minutes": 15, "cooldown_minutes": 60}, (), at=long_ago)
    told = {"rule": number, "opened_at": long_ago, "updated_at": long_ago, "value": 2, "told_value": 2, "details": "{}"}
    secret = {"secret": b"", "masked": "", "language": "fr"}
    channel = alerts.add_channel(database, {"name": "hook", **secret}, at=long_ago)
    for subject, closed_at in (("gone", long_ago), ("kept", late), ("open", None)):
        key = None if closed_at else subject
        row = {**told, "subject": subject, "closed_at": closed_at, "open_key": key}
        event = AlertEvents.insert(row).execute(database)
        message = {"event": event, "channel": channel, "kind": "opened", "title": "", "body": "", "state": "due"}
        Deliveries.insert({**message, "delivery_id": subject, "not_before": late, "created_at": late}).execute(database)
    alerts.ask_test(database, channel, "test-1", title="", body="", at=long_ago)
    Deliveries.update(state="sent").where(Deliveries.delivery_id == "test-1").execute(database)
    limit = datetime(2025, 12, 1, tzinfo=UTC)
    assert [forget(database, one, limit) for one in HISTORY] == [0, 0, 0, 0, 1, 1, 0]
    assert [row.subject for row in AlertEvents.select().execute(database)] == ["kept", "open"]
    assert {row.delivery_id for row in Deliveries.select().execute(database)} == {"kept", "open"}
