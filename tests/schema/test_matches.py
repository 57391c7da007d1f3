import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from peewee import Database

from schema.sql import Insert, Sql
from schema.store import Store
from tests.schema.letters import KICKOFF, QUOTE, letters, quote
from tests.schema.tables import count, found, one_by_one


def test_the_return_leg_is_another_match(store: Store, database: Database) -> None:
    store.store(letters(QUOTE, quote(match_id="1560000", home="Paris SG", away="Le Havre")))
    assert count(database, "Matches") == 2


def test_without_a_number_the_day_in_paris_tells_meetings_apart(store: Store, database: Database) -> None:
    late = datetime(2025, 10, 17, 21, 59, tzinfo=UTC)
    for n, kickoff in enumerate((KICKOFF, late, late + timedelta(minutes=1), None)):
        store.store(letters(quote(after=n, match_id=None, kickoff=kickoff, bookmaker=("Pmu", "Zebet")[n % 2])))
    assert found(database, "SELECT match_key FROM Matches ORDER BY match_key") == [
        (f"football|ligue 1|le havre|paris sg|{day}",) for day in ("", "2025-10-17", "2025-10-18")
    ]


def test_the_same_number_at_another_source(store: Store, database: Database) -> None:
    store.store(letters(QUOTE, quote(source="elsewhere")))
    assert found(database, "SELECT match_key FROM Matches ORDER BY id") == [
        ("coteur:1548776",),
        ("elsewhere:1548776",),
    ]


def test_the_newest_says_who_meets_and_when(store: Store, database: Database) -> None:
    first = quote(home="Le Havre AC", kickoff=KICKOFF)
    postponed = quote(after=60, kickoff=KICKOFF + timedelta(days=1))
    does_not_say = quote(after=120, kickoff=None, home="Havre")
    said = []
    for order in itertools.permutations((first, postponed, does_not_say)):
        for table in ("Matches", "Messages"):
            database.execute_sql(f"DELETE FROM {table}")
        one_by_one(Store(database), *order)
        query = "SELECT t.name, m.match_date, m.seen_at FROM Matches m JOIN Teams t ON t.id = m.home_team_id"
        said += found(database, query)
    assert said == [("Havre", "2025-10-18 18:45:00", "2025-10-17 12:02:00")] * 6


@pytest.mark.parametrize(
    "changes, league, home",
    [
        ({"home": "Lyon"}, "Ligue 1", "Lyon"),
        ({"home": "Paris SG", "away": "Le Havre"}, "Ligue 1", "Paris SG"),
        ({"league": "Coupe"}, "Ligue 1", "Le Havre"),
        ({"league": "Ligue 2", "home": "Angers"}, "Ligue 2", "Angers"),
    ],
)
def test_of_two_that_disagree_at_one_instant_the_later_names_hold(
    changes: dict[str, Any], league: str, home: str, store: Store, database: Database
) -> None:
    other = quote(bookmaker="Zebet", **changes)
    query = (
        "SELECT l.name, t.name FROM Matches m JOIN Leagues l ON l.id = m.league_id JOIN Teams t ON t.id = home_team_id"
    )
    for order in ((QUOTE, other), (other, QUOTE), (QUOTE, other, quote(bookmaker="Pmu"))):
        for batches in ([letters(*order)], [letters(one) for one in order]):
            for table in ("Matches", "Messages"):
                database.execute_sql(f"DELETE FROM {table}")
            writer = Store(database)
            for batch in batches:
                writer.store(batch)
            assert found(database, query) == [(league, home)]


def test_of_several_sources_that_name_a_match_the_later_is_shown(store: Store, database: Database) -> None:
    ours, theirs = quote(match_id=None), quote(after=-5, match_id=None, source="elsewhere")
    for order in ((ours, theirs), (theirs, ours)):
        for table in ("Matches", "Messages"):
            database.execute_sql(f"DELETE FROM {table}")
        one_by_one(Store(database), *order)
        assert found(database, "SELECT source FROM Matches") == [("elsewhere",)]


def test_new_ones_among_known_ones_do_not_take_their_place(store: Store, database: Database) -> None:
    """After a row that changes nothing (of two that disagree) MariaDB counts on from the number of a known one."""
    store.store(letters(quote(match_id="5"), quote(match_id="6")))
    disagreeing = (quote(match_id=number, home=home) for number in "0123" for home in ("Angers", "Brest"))
    store.store(letters(*disagreeing, *(quote(after=1, match_id=number) for number in "4578")))
    assert found(database, "SELECT site_id FROM Matches ORDER BY site_id") == [(n,) for n in "012345678"]


def test_accents_tell_names_apart_and_capitals_do_not(store: Store, database: Database) -> None:
    names = ("Étoile", "Etoile", "ÉTOILE", "Malmö", "Malmo", "Straße", "Strasse", "étoile ")
    store.store(letters(*(quote(match_id=str(n), home=name) for n, name in enumerate(names))))
    assert found(database, "SELECT name_key FROM Teams WHERE name_key <> 'paris sg' ORDER BY name_key") == [
        ("etoile",),
        ("malmo",),
        ("malmö",),
        ("strasse",),
        ("straße",),
        ("étoile",),
    ]


def test_of_two_spellings_the_later_in_byte_order_is_shown(store: Store, database: Database) -> None:
    shouted = quote(league="LIGUE 1", home="LE HAVRE", country=None, match_id="2")
    for order in ((shouted, QUOTE), (QUOTE, shouted)):
        for table in ("Matches", "Teams", "Leagues", "Messages"):
            database.execute_sql(f"DELETE FROM {table}")
        one_by_one(Store(database), *order)
        assert found(database, "SELECT name, country FROM Leagues") == [("Ligue 1", "France")]
        assert found(database, "SELECT name FROM Teams ORDER BY name") == [("Le Havre",), ("Paris SG",)]


def test_letters_beyond_the_basic_plane(store: Store, database: Database) -> None:
    store.store(letters(quote(home="⚽ FC 🇫🇷", league="مولودية")))
    assert found(database, "SELECT name FROM Teams WHERE name_key <> 'paris sg'") == [("⚽ FC 🇫🇷",)]
    assert found(database, "SELECT name FROM Leagues") == [("مولودية",)]


def test_what_says_nothing_new_of_a_match_writes_nothing_of_it(
    store: Store, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    write = Sql.write

    def watch(sql: Sql, cursor: Any, rows: Sequence[Any], *inserts: Insert) -> int:
        written.extend(len(rows) for insert in inserts if "`Matches`" in insert.head)
        return write(sql, cursor, rows, *inserts)

    monkeypatch.setattr(Sql, "write", watch)
    store.store(letters(quote(after=60), quote(after=60, bookmaker="Pmu"), quote(after=60, bookmaker="Betclic")))
    store.store(letters(quote(after=60, bookmaker="Unibet"), quote()))
    assert written == [1]
    Store(database).store(letters(quote(after=1)))
    assert written == [1]
