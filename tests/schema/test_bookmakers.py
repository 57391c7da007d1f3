import itertools
from typing import Any

import pytest
from peewee import Database

from schema.bookmakers import code_of_name
from schema.checksum import checksum
from schema.messages import OddsItem
from schema.models import TABLES
from schema.names import NAME_LENGTH
from schema.store import Store
from tests.schema.letters import letters, prices, quote
from tests.schema.tables import found, one_by_one


def rows(database: Database) -> list[tuple[Any, ...]]:
    return found(database, "SELECT code, name, site_id FROM Bookmakers WHERE reviewed = 0 ORDER BY id")


def clear(database: Database) -> None:
    """As it was before the first message."""
    for table in reversed(TABLES):
        if table.__name__ not in ("Sports", "MarketNames", "Bookmakers"):
            table.delete().execute(database)
    database.execute_sql("DELETE FROM Bookmakers WHERE reviewed = 0")


def of(*said: str | tuple[str, int]) -> list[OddsItem]:
    """Quotes of bookmakers named so."""
    both = ((one, None) if isinstance(one, str) else one for one in said)
    return [
        quote(after=n, bookmaker=name, bookmaker_id=number, prices=prices(f"{n + 2}", "3", "3"))
        for n, (name, number) in enumerate(both)
    ]


def test_a_known_one_whichever_way_it_is_named(store: Store, database: Database) -> None:
    for name, number in (("WINAMAX", None), ("Wina Max", 33), ("winamax", 99), ("Bookmaker 33", None)):
        store.store(letters(quote(bookmaker=name, bookmaker_id=number)))
    assert rows(database) == []
    assert found(database, "SELECT name FROM Bookmakers WHERE code = 'WINAMAX'") == [("Winamax",)]
    assert found(database, "SELECT DISTINCT b.code FROM Odds o JOIN Bookmakers b ON b.id = o.bookmaker_id") == [
        ("WINAMAX",)
    ]


def test_an_unknown_one_is_kept_and_told_once(store: Store, database: Database) -> None:
    outcome = store.store(letters(quote(bookmaker="Pari Bête"), quote(after=1, bookmaker="Pari Bête")))
    assert (outcome.stored, outcome.unknown_bookmakers) == (2, ["Pari Bête"])
    assert rows(database) == [(code_of_name("pari bête"), "Pari Bête", None)]
    assert store.store(letters(quote(after=2, bookmaker="PARI BÊTE"))).unknown_bookmakers == []
    assert len(rows(database)) == 1


def test_one_called_by_its_number_is_known_by_it(store: Store, database: Database) -> None:
    one_by_one(store, *of(("Bookmaker 39", 39), "Bookmaker 39", ("bookmaker 39", 39)))
    assert rows(database) == [("BOOKMAKER_39", "Bookmaker 39", 39)]


@pytest.mark.parametrize("name", ["Bookmaker 039", "Bookmaker 1234567890", "Bookmaker 39 Bet", "Bookmaker ٣"])
def test_what_is_no_mere_number_is_a_name(store: Store, database: Database, name: str) -> None:
    store.store(letters(quote(bookmaker=name, bookmaker_id=39)))
    assert rows(database) == [(code_of_name(name), name, None)]


@pytest.mark.parametrize(
    "names",
    [
        ("Étoile Bet", "Etoile Bet"),
        ("Bet+", "Bet"),
        ("PMU+", "Pmu"),
        ("Vbet!", "Vbet"),
        ("ß", "ss"),
        ("Foo_Bar", "Foo Bar"),
    ],
)
def test_names_that_differ_are_two(store: Store, database: Database, names: tuple[str, str]) -> None:
    one_by_one(store, *of(*names))
    shown = found(database, "SELECT b.name FROM LatestOdds o JOIN Bookmakers b ON b.id = o.bookmaker_id")
    assert {name for (name,) in shown} == set(names)


@pytest.mark.parametrize(
    "said",
    [
        (("Bookmaker 39", 39), ("DAZN Bet", 39), "DaznBet"),
        ("Foo", ("Bookmaker 99", 99), ("Foo", 99)),
        ("Foo", ("Bar", 99), ("Foo", 99)),
        (("Winamax", 99), ("Foo", 99), ("Bet365", 99), ("Bookmaker 99", 99)),
        (("Foo", 98), ("Foo", 99), "FOO", ("foo", 33)),
        (("Bet365", 98), ("Bet365", 99), "Bookmaker 98"),
        ("Étoile Bet", "Etoile Bet", "ÉTOILE BET", "Etoile  bet"),
        ("Bet", "Bet+", "BET+", "PMU+"),
    ],
)
def test_no_order_of_arrival_matters(store: Store, database: Database, said: tuple[str | tuple[str, int], ...]) -> None:
    sums = []
    for order in itertools.permutations(of(*said)):
        clear(database)
        one_by_one(Store(database), *order)
        sums.append(checksum(database))
    clear(database)
    store.store(letters(*of(*said)))
    assert all(one == checksum(database) for one in sums)


def test_of_two_spellings_one_is_shown(store: Store, database: Database) -> None:
    one_by_one(store, *of("FOO", "foo", "Foo"))
    assert rows(database) == [("FOO", "foo", None)]


def test_one_without_latin_letters(store: Store, database: Database) -> None:
    store.store(letters(quote(bookmaker="مراهنات")))
    assert rows(database) == [("مراهنات", "مراهنات", None)]


@pytest.mark.parametrize(
    "name, code",
    [
        ("Nouveau Pari 2", "NOUVEAU_PARI_2"),
        ("nouveau  PARI 2", "NOUVEAU_PARI_2"),
        ("+++", "+++"),
        ("Bet+", "BET-5B89108360"),
    ],
)
def test_code_of_name(name: str, code: str) -> None:
    assert code_of_name(name) == code


def test_a_code_fits_its_column() -> None:
    codes = {code_of_name(name) for name in ("é" * NAME_LENGTH, "e" * NAME_LENGTH, "ΐ" * NAME_LENGTH)}
    assert len(codes) == 3
    assert max(map(len, codes)) <= NAME_LENGTH
