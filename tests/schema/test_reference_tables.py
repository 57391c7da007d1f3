from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from peewee import Database

from schema import merging, reference
from schema.checksum import checksum
from schema.messages import OddsItem
from schema.migrations import migrate
from schema.reference import tables
from schema.reference.tables import load
from schema.store import Store
from tests.schema.letters import letters, prices, quote
from tests.schema.tables import count, found, one_by_one

Known = Callable[..., None]

BET365 = "Bet365,39,,https://www.bet365.com"
FOO = "Foo,99,,"


COLUMNS = ("code", "name", "site_id", "spellings", "website")


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[Known]:
    """Changes the reference's bookmakers: by their code, the rest of the line, or nothing."""
    caches = (reference.bookmakers, reference._by_spelling, reference._by_site_id)
    lines = {row["code"]: row for row in reference.rows("bookmakers")}

    def change(**changes: str | None) -> None:
        for code, line in changes.items():
            lines.pop(code, None)
            if line is not None:
                lines[code] = dict(zip(COLUMNS, (code, *line.split(",")), strict=True))
        monkeypatch.setattr(reference, "rows", lambda _: iter(lines.values()))
        for cache in caches:
            cache.cache_clear()

    yield change
    for cache in caches:
        cache.cache_clear()


def unreviewed(database: Database) -> list[tuple[Any, ...]]:
    return found(database, "SELECT code, name, site_id FROM Bookmakers WHERE reviewed = 0 ORDER BY id")


def of(*said: str | tuple[str, int]) -> list[OddsItem]:
    """Quotes of bookmakers named so."""
    both = ((one, None) if isinstance(one, str) else one for one in said)
    return [quote(after=n, bookmaker=name, bookmaker_id=number) for n, (name, number) in enumerate(both)]


def bookmakers(database: Database, *codes: str) -> list[tuple[Any, ...]]:
    marks = ", ".join(f"'{code}'" for code in codes)
    query = f"SELECT code, name, site_id, reviewed FROM Bookmakers WHERE code IN ({marks}) ORDER BY code"
    return found(database, query)


def price(value: str, after: float = 0, **changes: Any) -> Any:
    return quote(after=after, prices=prices(value, outcomes="1"), partial=True, **changes)


class TestOneThatIsTwoRows:
    @pytest.mark.parametrize(
        "name, row",
        [("Bet365", ("BET365", "Bet365", 39, 1)), ("Foo", ("FOO", "Foo", 39, 1))],
    )
    def test_is_one_row_once_its_number_is_known(
        self, store: Store, database: Database, known: Known, name: str, row: tuple[Any, ...]
    ) -> None:
        store.store(letters(quote(bookmaker="Bookmaker 39", bookmaker_id=39), quote(after=1, bookmaker=name)))
        known(**{row[0]: f"{name},39,,"})
        migrate(database)
        assert bookmakers(database, row[0], "BOOKMAKER_39") == [row]
        assert (count(database, "Odds"), count(database, "LatestOdds")) == (6, 3)
        assert found(database, "SELECT DISTINCT b.code FROM Odds o JOIN Bookmakers b ON b.id = o.bookmaker_id") == [
            (row[0],)
        ]
        before = checksum(database)
        migrate(database)
        assert checksum(database) == before
        Store(database).store(letters(quote(after=2, bookmaker="Bookmaker 39", bookmaker_id=39)))
        assert (count(database, "Odds"), count(database, "LatestOdds")) == (9, 3)

    def test_as_if_it_had_always_been_known(
        self, store: Store, database: Database, known: Known, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The prices that stay are those the store would have kept."""
        monkeypatch.setattr(merging, "CHUNK", 2)
        names = ({"bookmaker": "Bookmaker 39", "bookmaker_id": 39}, {"bookmaker": "Bet365"})
        said = [
            *(price(value, 0.5, **name) for value, name in zip(("2", "3"), names, strict=True)),
            *(price(value, 1, match_id="2", **name) for value, name in zip(("3", "2"), names, strict=True)),
            *(price("2", after, match_id="3", **name) for after, name in zip((3, 2), names, strict=True)),
            *(price("2", after, match_id="4", **name) for after, name in zip((2, 3), names, strict=True)),
            *(
                price("2", match_id="5", published_trj=trj, **name)
                for trj, name in zip((Decimal(9), None), names, strict=True)
            ),
            *(quote(match_id="6", partial=partial, **name) for partial, name in zip((False, True), names, strict=True)),
            *(quote(match_id="7", partial=partial, **name) for partial, name in zip((True, False), names, strict=True)),
            quote(match_id="8", **names[0]),
            quote(match_id="9", **names[1]),
        ]
        one_by_one(store, *said)
        known(BET365=BET365)
        load(database)
        merged = checksum(database)
        for table in ("Odds", "LatestOdds", "Messages"):
            database.execute_sql(f"DELETE FROM {table}")
        one_by_one(Store(database), *said)
        for table in ("Odds", "LatestOdds", "Bookmakers"):
            assert merged[table] == checksum(database)[table], table

    def test_by_several_spellings(self, store: Store, database: Database, known: Known) -> None:
        store.store(letters(*(price("2", bookmaker=name) for name in ("Foo", "Foo Bet+", "Étoile", "Bookmaker 99"))))
        before = count(database, "Bookmakers")
        known(FOO="Foo,99,Foo Bet+|Étoile,")
        load(database)
        assert count(database, "Bookmakers") == before - 3
        assert bookmakers(database, "FOO") == [("FOO", "Foo", 99, 1)]
        assert (count(database, "Odds"), count(database, "LatestOdds")) == (1, 1)

    def test_all_or_nothing(
        self, store: Store, database: Database, known: Known, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: Any) -> None:
            raise RuntimeError

        store.store(letters(price("2", bookmaker="Foo"), price("3", bookmaker="Bookmaker 99")))
        known(FOO=FOO)
        before = checksum(database)
        monkeypatch.setattr(tables, "_update", broken)
        with pytest.raises(RuntimeError):
            load(database)
        assert checksum(database) == before


class TestOneThatChanged:
    def test_its_code(self, store: Store, database: Database, known: Known) -> None:
        store.store(letters(quote(bookmaker="ParionsSport")))
        before = count(database, "Bookmakers")
        known(PARIONSSPORT=None, FDJ="FDJ Sport,22,ParionsSport|Parions Sport,")
        load(database)
        assert bookmakers(database, "FDJ", "PARIONSSPORT") == [("FDJ", "FDJ Sport", 22, 1)]
        again = [
            quote(after=n, bookmaker=name) for n, name in enumerate(("ParionsSport", "FDJ Sport", "Bookmaker 22"), 1)
        ]
        assert Store(database).store(letters(*again)).stored == 3
        assert (count(database, "LatestOdds"), count(database, "Bookmakers")) == (3, before)

    def test_its_number(self, database: Database, known: Known) -> None:
        known(UNIBET="Unibet,21,,", PMU="Pmu,20,,", BWIN="Bwin,,,", FOO="Foo,23,,")
        load(database)
        assert bookmakers(database, "UNIBET", "PMU", "BWIN", "FOO") == [
            ("BWIN", "Bwin", None, 1),
            ("FOO", "Foo", 23, 1),
            ("PMU", "Pmu", 20, 1),
            ("UNIBET", "Unibet", 21, 1),
        ]

    def test_a_number_that_a_person_wrote_down_stays(self, database: Database, known: Known) -> None:
        database.execute_sql("UPDATE Bookmakers SET site_id = 39, name = 'B365' WHERE code = 'BET365'")
        load(database)
        assert bookmakers(database, "BET365") == [("BET365", "B365", 39, 1)]
        known(FOO="Foo,39,,")
        load(database)
        assert bookmakers(database, "BET365", "FOO") == [("BET365", "B365", None, 1), ("FOO", "Foo", 39, 1)]

    def test_nothing(self, database: Database) -> None:
        query = "SELECT MAX(updated_at) FROM Bookmakers"
        before = found(database, query)
        load(database)
        assert found(database, query) == before


class TestBeforeTheTablesAreUpToDate:
    def test_one_known_since_is_made(self, store: Store, database: Database, known: Known) -> None:
        known(FOO="Foo,99,Foo Bet,")
        outcome = store.store(letters(*of("Foo Bet", ("Bookmaker 99", 99))))
        assert outcome.unknown_bookmakers == []
        assert found(database, "SELECT name, site_id, reviewed FROM Bookmakers WHERE code = 'FOO'") == [("Foo", 99, 1)]
        assert unreviewed(database) == []

    def test_one_known_since_by_another_code(self, store: Store, database: Database, known: Known) -> None:
        before = count(database, "Bookmakers")
        known(PARIONSSPORT=None, FDJ="FDJ Sport,22,ParionsSport|Parions Sport,")
        outcome = store.store(letters(*of("ParionsSport", ("FDJ Sport", 22), "Bookmaker 22")))
        assert (outcome.stored, outcome.unknown_bookmakers) == (3, [])
        assert (count(database, "LatestOdds"), count(database, "Bookmakers")) == (3, before)

    def test_one_known_since_whose_number_another_has(self, store: Store, database: Database, known: Known) -> None:
        known(UNIBET="Unibet,25,,", FOO="Foo,20,,")
        store.store(letters(*of("Unibet", "Foo", ("Bookmaker 20", 20))))
        shown = found(database, "SELECT code, site_id FROM Bookmakers WHERE code IN ('FOO', 'UNIBET') ORDER BY code")
        assert shown == [("FOO", None), ("UNIBET", 20)]
        assert count(database, "LatestOdds") == 6

    def test_one_that_was_kept_before_it_was_known(self, store: Store, database: Database, known: Known) -> None:
        one_by_one(store, *of("Foo Bet+", ("Bookmaker 99", 99)))
        known(FOO="Foo,99,Foo Bet+,")
        outcome = Store(database).store(letters(quote(after=9, bookmaker="Foo")))
        assert (outcome.stored, outcome.unknown_bookmakers) == (1, [])
        assert {name for _, name, _ in unreviewed(database)} == {"Foo Bet+", "Bookmaker 99"}
