"""What a file would do is what it does; and looking writes nothing."""

from collections import Counter
from pathlib import Path

import pytest
from peewee import Database

from gigscrapy.imports import Line
from gigscrapy.imports.preview import NEW, OTHER, REFUSED, THERE, Preview, preview
from gigscrapy.imports.reading import read
from gigscrapy.imports.storing import store
from schema.aliases import begin_change
from schema.checksum import checksum
from schema.messages import OddsItem, Refused
from schema.models import TeamAliases, Teams, use
from schema.store import Store
from tests import SHARED
from tests.schema.conftest import database, empty_database  # noqa: F401
from tests.schema.letters import letters, prices, quote


@pytest.fixture(autouse=True)
def in_use(database: Database) -> None:  # noqa: F811
    use(database)


def lines(*items: OddsItem) -> list[Line]:
    return [Line(number, item.home, (item,)) for number, item in enumerate(items, 2)]


def look(database: Database, found: list[Line]) -> Preview:  # noqa: F811
    before = checksum(database)
    *_, told = preview(database, found)
    assert checksum(database) == before
    return told


def test_new_there_other_and_refused(database: Database) -> None:  # noqa: F811
    Store(database).store(letters(quote(), quote(5, match_id=None), quote(6, bookmaker="Nouveau")))
    told = look(
        database,
        [
            *lines(
                quote(),
                quote(run_id="run-2"),  # another message, which brings nothing
                quote(prices=prices("7", "4.75", "1.5")),
                quote(1),
                quote(5, match_id=None),
                quote(6, bookmaker="NOUVEAU"),
                quote(match_id="9"),
            ),
            Line(20, "bad", (), (Refused("price", "no"),)),
            Line(21, "half", (quote(),), (Refused("price", "half"),)),
        ],
    )
    assert told.lines == Counter({THERE: 5, OTHER: 1, NEW: 2, REFUSED: 1})
    assert told.prices == Counter({THERE: 17, OTHER: 1, NEW: 6})
    assert [(shown.number, shown.detail) for shown in told.shown[OTHER]] == [(4, "Winamax 2: 1.5 ≠ 1.42")]
    assert [shown.number for shown in told.shown[REFUSED]] == [20, 21]
    assert told.reasons == Counter({"price": 2})
    assert not (told.leagues or told.bookmakers or told.teams)


def test_names_that_would_be_made_and_what_they_look_like(database: Database) -> None:  # noqa: F811
    Store(database).store(
        letters(
            quote(home="Paris Saint-Germain", away="Saint-Étienne"), quote(bookmaker="BetVictor", away="Saint-Étienne")
        )
    )
    told = look(
        database,
        lines(
            quote(home="Paris SG", away="St Etienne"),
            quote(1, home="Paris SG", away="Saint-Étienne", bookmaker="Bet Victor"),
            quote(2, league="Ligue 9", home="Lorient", away="Le Havre"),
        ),
    )
    assert [(one.name, one.lines) for one in told.leagues.values()] == [("Ligue 9", 1)]
    assert [(one.name, one.lines, [n for _, n in one.near]) for one in told.bookmakers.values()] == [
        ("Bet Victor", 1, ["BetVictor"])
    ]
    teams = {one.name: (one.lines, [name for _, name in one.near]) for one in told.teams.values()}
    assert teams["Paris SG"] == (2, ["Paris Saint-Germain"])
    assert teams["St Etienne"] == (1, ["Saint-Étienne"])
    assert teams["Le Havre"] == (1, [])


def test_other_names_are_known(database: Database) -> None:  # noqa: F811
    Store(database).store(letters(quote(match_id=None, home="Paris Saint-Germain", away="OM")))
    team = Teams.get(Teams.name == "Paris Saint-Germain")
    with database.atomic():
        begin_change(database)
        TeamAliases.create(league=team.league_id, name_key="psg", name="PSG", team=team)
    told = look(database, lines(quote(match_id=None, home="PSG", away="OM")))
    assert (told.lines, told.teams) == (Counter({THERE: 1}), {})
    both = look(database, lines(quote(home="PSG", away="Paris Saint-Germain")))
    assert (both.lines, both.reasons) == (Counter({REFUSED: 1}), Counter({"teams": 1}))


def test_what_is_foretold_is_what_is_done(database: Database, tmp_path: Path) -> None:  # noqa: F811
    """And the second time nothing is."""
    header = "Div,Date,HomeTeam,AwayTeam,B365H,B365D,B365A,B365CH,B365CD,B365CA\n"
    path = tmp_path / "file.csv"
    path.write_text(
        header + "".join(f"F1,{day:02}/08/2024,A,B,2,3,4,2.1,3,4\n" for day in range(1, 29)) + "F1,x,A,B,2,3,4"
    )
    told = look(database, list(read(path).lines))
    done = store(database, read(path).lines)
    assert (done.lines, done.quotes, done.prices, done.refused) == (29, 56, told.prices[NEW], 1)
    assert told.lines == Counter({NEW: 28, REFUSED: 1})
    before = checksum(database)
    again = store(database, read(path).lines)
    assert (again.quotes, again.duplicates, checksum(database)) == (0, 56, before)
    assert look(database, list(read(path).lines)).prices == Counter({THERE: told.prices[NEW]})


def test_what_was_broken_off_goes_on(database: Database) -> None:  # noqa: F811
    class Enough(Exception):
        pass

    def enough(_: object) -> None:
        raise Enough

    found = lines(*(quote(second) for second in range(1_200)))
    with pytest.raises(Enough):
        store(database, found, enough)
    done = store(database, found)
    assert (done.quotes, done.duplicates) == (700, 500)


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "football-data").exists(), reason="the shared files are not here")
def test_real_files_twice(database: Database) -> None:  # noqa: F811
    for name in ("F1_2425.csv", "EC_2021_cp1252_team.csv", "F1_0304.csv"):
        path = SHARED / "football-data" / name
        *_, told = preview(database, read(path).lines)
        done = store(database, read(path).lines)
        assert done.prices == told.prices[NEW] == told.prices.total()
        assert store(database, read(path).lines).quotes == 0
        *_, again = preview(database, read(path).lines)
        assert (again.prices[THERE], set(again.lines) - {REFUSED}) == (done.prices, {THERE})
