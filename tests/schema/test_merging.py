"""Two rows that are one: as if every quote had always come under the name that stays."""

import threading
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from peewee import Database

from schema import merging
from schema.aliases import begin_change
from schema.checksum import checksum
from schema.database import begin_writing, connect, hang_up
from schema.messages import OddsItem
from schema.migrations import migrate
from schema.models import (
    BookmakerAliases,
    Bookmakers,
    Follows,
    Layouts,
    Matches,
    Odds,
    ReplacedOdds,
    TeamAliases,
    Teams,
    Visits,
    use,
)
from schema.store import Store
from tests.schema.laid import lay
from tests.schema.letters import KICKOFF, letters, prices, quote
from tests.schema.tables import count, found

SAID = ("Odds", "LatestOdds", "Matches", "Teams", "Bookmakers")


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "CHUNK", 2)
    monkeypatch.setattr(merging, "MATCHES", 2)


@pytest.fixture
def database(database: Database) -> Database:
    use(database)
    return database


def id_of(database: Database, table: str, name: str) -> int:
    return int(database.execute_sql(f"SELECT id FROM {table} WHERE name = {database.param}", (name,)).fetchone()[0])


def merge(database: Database, what: Any, old: int, new: int) -> merging.Dependents:
    with database.transaction(begin_writing(database)):
        return what(database, old, new)


def nameless(after: float = 0, **changes: Any) -> OddsItem:
    """A quote of a match that is known by its names alone."""
    return quote(after, match_id=None, **changes)


def told() -> list[OddsItem]:
    """Matches of PSG under both its names: numbered, by names; at home, away; one day apart; one both say."""
    return [
        quote(0, match_id="1", home="PSG", away="OM"),
        quote(1, match_id="2", home="OL", away="PSG"),
        nameless(2, home="PSG", away="OM"),
        nameless(3, home="Paris SG", away="OM", prices=prices("1.5", "4", "6")),
        nameless(2, home="Paris SG", away="OM", prices=prices("9", "4", "6")),  # at the same instant as the first
        nameless(4, home="OM", away="PSG"),
        nameless(5, home="PSG", away="OM", kickoff=KICKOFF.replace(day=20)),
        nameless(9, home="PSG", away="OM", bookmaker="Unibet"),
    ]


def under_one_name(item: OddsItem) -> OddsItem:
    return replace(item, **{side: "Paris SG" for side in ("home", "away") if getattr(item, side) == "PSG"})


class TestTeams:
    def test_as_if_there_had_been_one_name(self, store: Store, database: Database, tmp_path: Any) -> None:
        store.store(letters(*told()))
        old, new = id_of(database, "Teams", "PSG"), id_of(database, "Teams", "Paris SG")
        foretold = merging.dependents_of_team(database, old, new)
        before = checksum(database)
        assert merge(database, merging.merge_teams, old, new) == foretold
        assert foretold.rows == {"Matches": 5, "Odds": 18, "LatestOdds": 18}
        assert (foretold.joined, foretold.doubles) == (1, 1)
        assert before != checksum(database)
        other = connect(None, tmp_path / "other")
        lay(other)
        Store(other).store(letters(*map(under_one_name, told())))
        for table in SAID:
            assert checksum(database)[table] == checksum(other)[table], table
        hang_up(other)

    def test_the_next_crawl_makes_no_other(self, store: Store, database: Database) -> None:
        store.store(letters(*told()))
        merge(database, merging.merge_teams, *(id_of(database, "Teams", name) for name in ("PSG", "Paris SG")))
        teams, matches = count(database, "Teams"), count(database, "Matches")
        later = [replace(item, scraped_at=item.scraped_at.replace(hour=13)) for item in told()]
        assert store.store(letters(*later)).refused == []  # a writer that was there before knows of it too
        assert (count(database, "Teams"), count(database, "Matches")) == (teams, matches)
        assert store.store(letters(*told())).duplicates == len(told())

    def test_a_quote_of_both_names_is_refused(self, store: Store, database: Database) -> None:
        store.store(letters(*told()))
        merge(database, merging.merge_teams, *(id_of(database, "Teams", name) for name in ("PSG", "Paris SG")))
        outcome = store.store(letters(nameless(home="PSG", away="Paris SG"), nameless(20, home="OL", away="OM")))
        assert [refusal.reason for _, refusal in outcome.refused] == ["teams"]
        assert outcome.stored == 1
        assert found(database, "SELECT reason, run_id FROM DeadLetters") == [("teams", "run-1")]

    def test_visits_and_other_names_go_along(self, store: Store, database: Database) -> None:
        store.store(letters(*told()))
        psg, paris, om = (id_of(database, "Teams", name) for name in ("PSG", "Paris SG", "OM"))
        schedule = found(database, "SELECT id FROM Schedules")[0][0]
        gone, kept = (
            Matches.get(Matches.match_key == f"football|ligue 1|{home}|om|2025-10-17") for home in ("psg", "paris sg")
        )
        for match, minutes in ((gone, 5), (gone, 15), (kept, 15)):
            Visits.create(schedule=schedule, match=match, minutes=minutes, due_at=KICKOFF, state="due")
        TeamAliases.create(league=gone.league_id, name_key="paname", name="Paname", team=psg)
        for number in (psg, paris):
            Follows.create(person="somebody", kind="team", object_id=number)
        Follows.create(person="other", kind="team", object_id=psg)
        Follows.create(person="other", kind="match", object_id=gone.id)
        assert merge(database, merging.merge_teams, psg, paris).rows["Follows"] == 2
        assert {(row.person, row.kind, row.object_id) for row in Follows.select()} == {
            ("somebody", "team", paris),
            ("other", "team", paris),
            ("other", "match", kept.id),
        }
        assert sorted(visit.minutes for visit in Visits.select()) == [5, 15]
        assert {visit.match_id for visit in Visits.select()} == {kept.id}
        assert {(row.name, row.team_id) for row in TeamAliases.select()} == {("Paname", paris), ("PSG", paris)}
        assert Teams.get_by_id(om).name == "OM"

    def test_what_rang_for_a_match_goes_on(self, store: Store, database: Database) -> None:
        """It is known by the match's number: under the old one it would close, and ring anew under the new one."""
        store.store(letters(nameless(home="PSG", away="OM"), nameless(home="Paris SG", away="OM")))
        old, new = (
            found(
                database, f"SELECT m.id FROM Matches m JOIN Teams t ON t.id = m.home_team_id WHERE t.name = '{name}'"
            )[0][0]
            for name in ("PSG", "Paris SG")
        )
        database.execute_sql(
            "INSERT INTO AlertRules (id, kind, threshold, margin, at_least, max_age_minutes, calm_minutes, cooldown_minutes,"
            " enabled, created_at, updated_at) VALUES (5, 'trj', 100, 0, 1, 60, 15, 60, 1, '2026-01-01', '2026-01-01')"
        )
        for match, what, is_open in ((old, "1", 1), (old, "2", 1), (new, "2", 1), (old, "X", 0)):
            subject = f"{match}/1X2/0.00/{what}"
            key, closed = (f"'5/{subject}'", "NULL") if is_open else ("NULL", "'2026-01-01'")
            database.execute_sql(
                "INSERT INTO AlertEvents (rule_id, subject, open_key, match_id, opened_at, updated_at, closed_at, value,"
                f" told_value, details) VALUES (5, '{subject}', {key}, {match}, '2026-01-01', '2026-01-01', {closed}, 2, 2, '')"
            )
        merge(database, merging.merge_teams, *(id_of(database, "Teams", name) for name in ("PSG", "Paris SG")))
        columns = "match_id, subject, open_key, closed_because"
        assert found(database, f"SELECT {columns} FROM AlertEvents ORDER BY id") == [
            (new, f"{new}/1X2/0.00/1", f"5/{new}/1X2/0.00/1", None),
            (new, f"{new}/1X2/0.00/2", None, "changed"),
            (new, f"{new}/1X2/0.00/2", f"5/{new}/1X2/0.00/2", None),
            (new, f"{new}/1X2/0.00/X", None, None),
        ]

    def test_what_cannot_be_one(self, store: Store, database: Database) -> None:
        store.store(letters(*told(), nameless(30, home="PSG", away="Paris SG"), quote(home="PSG", league="Ligue 2")))
        psg, paris, om = (id_of(database, "Teams", name) for name in ("PSG", "Paris SG", "OM"))
        [elsewhere] = [team.id for team in Teams.select() if team.name == "PSG" and team.id != psg]
        before = checksum(database)
        for old, new, reason in (
            (psg, paris, "opponents"),
            (om, om, "itself"),
            (om, 999_999, "gone"),
            (psg, elsewhere, "leagues"),
        ):
            with pytest.raises(merging.CannotMerge) as refused:
                merge(database, merging.merge_teams, old, new)
            assert refused.value.reason == reason
        assert checksum(database) == before


class TestBookmakers:
    def said(self) -> list[OddsItem]:
        return [
            quote(0, bookmaker="Nouveau"),
            quote(1, bookmaker="Nouveau", prices=prices("2", "3", "4")),
            quote(1, bookmaker="Bet365", prices=prices("1.9", "3.1", "4")),
            quote(2, bookmaker="Nouveau", match_id="7"),
            quote(3, bookmaker="Bet365", match_id="8"),
        ]

    def test_as_if_there_had_been_one_name(self, store: Store, database: Database, tmp_path: Any) -> None:
        store.store(letters(*self.said()))
        old, new = id_of(database, "Bookmakers", "Nouveau"), id_of(database, "Bookmakers", "Bet365")
        said = {"name": "Ma table", "owner": "x", "market": "1X2", "leagues": "", "matches": 9, "columns": "prices"}
        Layouts.create(bookmakers=f"{new},1,{old}", **said)
        assert merge(database, merging.merge_bookmakers, old, new).rows == {"Odds": 9, "LatestOdds": 6}
        other = connect(None, tmp_path / "other")
        lay(other)
        Store(other).store(letters(*(replace(item, bookmaker="Bet365") for item in self.said())))
        for table in SAID:
            assert checksum(database)[table] == checksum(other)[table], table
        hang_up(other)
        assert Layouts.get().bookmakers == f"{new},1"
        outcome = store.store(letters(quote(50, bookmaker="NOUVEAU")))
        assert (outcome.stored, outcome.unknown_bookmakers) == (1, [])
        assert Odds.select().where(Odds.bookmaker == old).count() == 0
        migrate(database)
        assert Bookmakers.get_or_none(Bookmakers.name == "Nouveau") is None

    @pytest.mark.parametrize("first, second", [("Nouveau", "Bet365"), ("Bet365", "Nouveau")])
    def test_what_was_known_before_the_better_price_is_set_aside(
        self, first: str, second: str, store: Store, database: Database
    ) -> None:
        """As if both had come under one name: known until the better one came; never, where that was there first."""
        store.store(letters(quote(0, bookmaker=first, prices=prices("2", "3.4", "3.9"))))
        store.store(letters(quote(0, bookmaker=second, prices=prices("2.1", "3.3", "3.8"))))
        old, new = id_of(database, "Bookmakers", "Nouveau"), id_of(database, "Bookmakers", "Bet365")
        merge(database, merging.merge_bookmakers, old, new)
        stays = {row.outcome: (row.odd_value, row.stored_at) for row in Odds.select()}
        aside = [(r.outcome, r.bookmaker_id, r.odd_value, r.replaced_at) for r in ReplacedOdds.select()]
        assert aside == [("1", new, Decimal(2), stays["1"][1])]
        assert {outcome: price for outcome, (price, _) in stays.items()} == {
            "1": Decimal("2.1"),
            "X": Decimal("3.4"),
            "2": Decimal("3.9"),
        }

    def test_one_that_comes_with_the_program_stays(self, store: Store, database: Database) -> None:
        with pytest.raises(merging.CannotMerge) as refused:
            merge(database, merging.merge_bookmakers, *(id_of(database, "Bookmakers", n) for n in ("Vbet", "Unibet")))
        assert refused.value.reason == "reference"
        assert count(database, "BookmakerAliases") == 0

    def test_an_alias_goes_along_when_the_reference_merges(
        self, store: Store, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.store(letters(quote(bookmaker="Bookmaker 99", bookmaker_id=None)))
        row = Bookmakers.get(Bookmakers.site_id == 99)
        BookmakerAliases.create(name_key="neuf", name="Neuf", bookmaker=row)
        kept = id_of(database, "Bookmakers", "Bet365")
        with database.atomic():
            merging.move_bookmaker(database, row.id, kept)
        assert [alias.bookmaker_id for alias in BookmakerAliases.select()] == [kept]


class TestWriters:
    def test_an_alias_is_known_at_once(self, store: Store, database: Database) -> None:
        store.store(letters(quote(), quote(1, bookmaker="Nouveau")))
        unibet = id_of(database, "Bookmakers", "Unibet")
        with database.atomic():
            begin_change(database)
            BookmakerAliases.create(name_key="neuf", name="Neuf", bookmaker=unibet)
        assert store.store(letters(quote(2, bookmaker="Neuf"))).unknown_bookmakers == []
        assert found(database, f"SELECT COUNT(*) FROM Odds WHERE bookmaker_id = {unibet}") == [(3,)]

    def test_whoever_changes_waits_for_a_batch_and_makes_the_next_wait(
        self, store: Store, database: Database, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The batch that was looked up before the change is looked up anew, not written as it was."""
        store.store(letters(quote(bookmaker="Nouveau")))
        old, new = id_of(database, "Bookmakers", "Nouveau"), id_of(database, "Bookmakers", "Bet365")
        settle = type(store._catalogue).settle
        merged = threading.Event()

        def slowly(self: Any, *asked: Any) -> None:
            settle(self, *asked)
            if not merged.is_set():
                merged.set()
                thread = threading.Thread(target=elsewhere)
                thread.start()
                thread.join()

        def elsewhere() -> None:
            with database.connection_context():
                merge(database, merging.merge_bookmakers, old, new)

        monkeypatch.setattr(type(store._catalogue), "settle", slowly)
        assert store.store(letters(quote(5, bookmaker="Nouveau"))).stored == 1
        assert merged.is_set()
        assert found(database, "SELECT DISTINCT bookmaker_id FROM Odds") == [(new,)]
        assert found(database, "SELECT DISTINCT bookmaker_id FROM LatestOdds") == [(new,)]
