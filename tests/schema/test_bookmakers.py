from typing import Any

from peewee import Database

from schema.store import Store
from tests.schema.letters import letters, quote
from tests.schema.tables import count, found, one_by_one


def rows(database: Database) -> list[tuple[Any, ...]]:
    return found(database, "SELECT code, name, site_id FROM Bookmakers WHERE reviewed = 0 ORDER BY id")


def test_a_known_one_whichever_way_it_is_named(store: Store, database: Database) -> None:
    for name, number in (("WINAMAX", None), ("Wina Max", 33), ("winamax", 99)):
        store.store(letters(quote(bookmaker=name, bookmaker_id=number)))
    assert rows(database) == []
    assert found(database, "SELECT DISTINCT b.code FROM Odds o JOIN Bookmakers b ON b.id = o.bookmaker_id") == [
        ("WINAMAX",)
    ]


def test_an_unknown_one_is_kept_and_told_once(store: Store, database: Database) -> None:
    outcome = store.store(letters(quote(bookmaker="Pari Très Bête"), quote(after=1, bookmaker="Pari Très Bête")))
    assert (outcome.stored, outcome.unknown_bookmakers) == (2, ["Pari Très Bête"])
    assert rows(database) == [("PARI_TRES_BETE", "Pari Très Bête", None)]
    assert store.store(letters(quote(after=2, bookmaker="PARI TRÈS BÊTE"))).unknown_bookmakers == []
    assert len(rows(database)) == 1


def test_one_known_by_its_number_gets_its_name_when_that_is_told(store: Store, database: Database) -> None:
    one_by_one(
        store,
        quote(bookmaker="Bookmaker 39", bookmaker_id=39),
        quote(after=1, bookmaker="Nouveau", bookmaker_id=39),
        quote(after=2, bookmaker="Bookmaker 39", bookmaker_id=39),
    )
    assert rows(database) == [("NOUVEAU", "Nouveau", 39)]
    assert (count(database, "LatestOdds"), count(database, "Odds")) == (3, 9)


def test_one_known_by_name_gets_its_number(store: Store, database: Database) -> None:
    one_by_one(store, quote(bookmaker="Nouveau"), quote(after=1, bookmaker="Nouveau", bookmaker_id=39))
    one_by_one(store, quote(after=2, bookmaker="Bookmaker 39", bookmaker_id=39))
    assert rows(database) == [("NOUVEAU", "Nouveau", 39)]


def test_one_without_latin_letters(store: Store, database: Database) -> None:
    store.store(letters(quote(bookmaker="مراهنات")))
    assert rows(database) == [("مراهنات", "مراهنات", None)]
