import itertools
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from peewee import Database

from schema.checksum import checksum
from schema.database import connect, hang_up, is_embedded
from schema.matches import KnownMatches
from schema.messages import Message, encode
from schema.models import Runs
from schema.sql import Insert, Sql
from schema.store import Store
from tests.schema.laid import lay
from tests.schema.letters import KICKOFF, NOON, QUOTE, REPORT, Letter, letters, prices, quote
from tests.schema.tables import count, found, one_by_one, whole
from tests.services.mariadb import MariaDB

GIG = (Path(__file__).parent / "golden" / "gig-benchmark.json").read_bytes()


LATEST = """
    SELECT b.code, o.outcome, o.odd_value FROM LatestOdds o JOIN Bookmakers b ON b.id = o.bookmaker_id
    ORDER BY b.code, o.outcome
"""


class TestOneQuote:
    def test_is_in_the_tables_as_it_was_said(self, store: Store, database: Database) -> None:
        outcome = store.store(letters(QUOTE))
        assert (outcome.stored, outcome.prices, outcome.duplicates, outcome.refused) == (1, 3, 0, [])
        of_the_quote = ("94.55", "94.55", 0, "2025-10-17 12:00:00", "run-1", QUOTE.url, "match-D")
        for table in ("Odds", "LatestOdds"):
            assert found(
                database,
                f"""
                SELECT m.match_key, k.code, o.line, b.code, o.outcome, o.odd_value, o.trj, o.published_trj, o.partial,
                       o.scraped_at, r.run_id, p.url, p.parser
                FROM {table} o JOIN Matches m ON m.id = o.match_id JOIN MarketNames k ON k.id = o.market_id
                JOIN Bookmakers b ON b.id = o.bookmaker_id JOIN Runs r ON r.id = o.run_id JOIN Pages p ON p.id = o.page_id
                ORDER BY o.outcome
                """,
            ) == [
                ("coteur:1548776", "1X2", whole(database, 0), "WINAMAX", code, price, *of_the_quote)
                for code, price in (("1", whole(database, 7)), ("2", "1.42"), ("X", "4.75"))
            ]

    def test_its_match(self, store: Store, database: Database) -> None:
        store.store(letters(QUOTE))
        of_the_match = ("2025-10-17 18:45:00", "scheduled", "coteur", "1548776", QUOTE.url, "2025-10-17 12:00:00")
        assert found(
            database,
            """
            SELECT s.code, l.code, l.name, l.country, h.name, a.name, m.match_date, m.status, m.source, m.site_id, m.url,
                   m.seen_at
            FROM Matches m JOIN Leagues l ON l.id = m.league_id JOIN Sports s ON s.id = l.sport_id
            JOIN Teams h ON h.id = m.home_team_id JOIN Teams a ON a.id = m.away_team_id
            """,
        ) == [("FOOT", "LIGUE_1", "Ligue 1", "France", "Le Havre", "Paris SG", *of_the_match)]

    def test_a_missing_price_is_no_row_and_no_trj(self, store: Store, database: Database) -> None:
        store.store(letters(quote(prices=prices("7", None, "1.42"))))
        assert found(database, "SELECT outcome, trj FROM Odds ORDER BY outcome") == [("1", None), ("2", None)]

    def test_a_list_says_nothing_of_other_outcomes(self, store: Store, database: Database) -> None:
        store.store(letters(quote(prices=prices("7.5", outcomes="1"), partial=True, published_trj=Decimal("98.31"))))
        assert found(database, "SELECT outcome, odd_value, trj, published_trj, partial FROM Odds") == [
            ("1", "7.5", None, "98.31", 1)
        ]
        assert found(database, "SELECT url FROM Matches") == [(None,)]  # a list is not the match's own page

    def test_a_line(self, store: Store, database: Database) -> None:
        store.store(letters(quote(market="DNB", line=Decimal("-0.25"), prices=prices("4.5", "1.2", outcomes="12"))))
        store.store(letters(quote(market="DNB", line=Decimal("0.25"), prices=prices("3.9", "1.3", outcomes="12"))))
        assert found(database, "SELECT DISTINCT line FROM LatestOdds ORDER BY line") == [("-0.25",), ("0.25",)]

    def test_an_absurd_trj_is_left_out(self, store: Store, database: Database) -> None:
        store.store(letters(quote(prices=prices("99999", "99999", "99999"))))
        assert found(database, "SELECT DISTINCT trj, odd_value FROM Odds") == [(None, whole(database, 99999))]

    def test_fractions_of_a_second(self, store: Store, database: Database) -> None:
        one_by_one(store, quote(), quote(after=0.000001))
        assert found(database, "SELECT DISTINCT scraped_at FROM Odds ORDER BY scraped_at") == [
            ("2025-10-17 12:00:00",),
            ("2025-10-17 12:00:00.000001",),
        ]
        assert found(database, "SELECT DISTINCT scraped_at FROM LatestOdds") == [("2025-10-17 12:00:00.000001",)]


class TestManyQuotes:
    def test_a_batch_of_any_size(self, store: Store, database: Database) -> None:
        """More than one statement takes at once."""
        outcome = store.store(letters(*(quote(after=n, match_id=str(n), home=f"Team {n}") for n in range(1200))))
        assert (outcome.stored, outcome.prices) == (1200, 3600)
        assert (count(database, "Matches"), count(database, "LatestOdds")) == (1200, 3600)
        again = letters(*(quote(after=n, match_id=str(n), home=f"Team {n}") for n in range(1200)))
        assert store.store(again).duplicates == 1200

    def test_none(self, store: Store, database: Database) -> None:
        assert store.store([]).stored == 0


class TestAgain:
    def test_the_same_message_counts_once(self, store: Store, database: Database) -> None:
        store.store(letters(QUOTE))
        before = checksum(database)
        outcome = store.store(letters(QUOTE, QUOTE))
        assert (outcome.stored, outcome.prices, outcome.duplicates) == (0, 0, 2)
        assert checksum(database) == before
        assert found(database, "SELECT stored, prices, duplicates FROM Runs") == [(1, 3, 2)]

    def test_twice_in_one_batch(self, store: Store, database: Database) -> None:
        outcome = store.store(letters(QUOTE, quote(bookmaker="Betclic"), QUOTE))
        assert (outcome.stored, outcome.duplicates) == (2, 1)
        assert count(database, "Odds") == 6

    def test_the_same_prices_later_are_another_observation(self, store: Store, database: Database) -> None:
        one_by_one(store, quote(), quote(after=60))
        assert (count(database, "Odds"), count(database, "LatestOdds")) == (6, 3)

    def test_burns_no_ids(self, store: Store, database: Database) -> None:
        """An upsert takes a new number from the counter each time, unless it is given one."""
        for second in range(200):
            store.store(letters(quote(after=second)))
        store.store(letters(quote(match_id="2", home="Nantes")))
        (newest,) = database.execute_sql("SELECT MAX(id) FROM Matches").fetchone()
        assert newest <= 3


class TestNewest:
    def test_wins_whichever_comes_last(self, store: Store, database: Database) -> None:
        moves = [
            quote(after=60 * n, prices=prices(price, "3.4", "3.5")) for n, price in enumerate(("2.1", "2.3", "2.2"))
        ]
        for order in itertools.permutations(moves):
            database.execute_sql("DELETE FROM LatestOdds")
            database.execute_sql("DELETE FROM Messages")
            one_by_one(store, *order)
            assert found(database, LATEST)[0] == ("WINAMAX", "1", "2.2")
            database.execute_sql("DELETE FROM LatestOdds")
            database.execute_sql("DELETE FROM Messages")
            store.store(letters(*order))
            assert found(database, LATEST)[0] == ("WINAMAX", "1", "2.2")

    def test_is_takenwhole(self, store: Store, database: Database) -> None:
        """Nothing of an older quote is left beside a newer price."""
        older = quote(published_trj=Decimal("99.99"), run_id="run-1", partial=True)
        newer = quote(after=1, published_trj=None, run_id=None, url=None, parser=None)
        for order in ((older, newer), (newer, older)):
            database.execute_sql("DELETE FROM LatestOdds")
            database.execute_sql("DELETE FROM Messages")
            one_by_one(store, *order)
            assert found(database, "SELECT DISTINCT published_trj, run_id, page_id, partial FROM LatestOdds") == [
                (None, None, None, 0)
            ]

    def test_of_two_prices_at_one_instant_the_higher(self, store: Store, database: Database) -> None:
        low, high = quote(prices=prices("9.5", "3.4", "3.5")), quote(prices=prices("10", "3.4", "3.5"), url="https://b")
        for order in ((low, high), (high, low)):
            for table in ("LatestOdds", "Odds", "Messages"):
                database.execute_sql(f"DELETE FROM {table}")
            one_by_one(store, *order)
            assert count(database, "Odds") == 3
            for table in ("Odds", "LatestOdds"):
                query = (
                    f"SELECT o.odd_value, p.url FROM {table} o JOIN Pages p ON p.id = o.page_id WHERE o.outcome = '1'"
                )
                assert found(database, query) == [(whole(database, 10), "https://b")]

    def test_where_some_prices_are_higher_and_others_lower(self, store: Store, database: Database) -> None:
        """MySQL counts the first twice and the others not at all: as if all of them were new."""
        names = ("Betclic", "Winamax", "Zebet")
        one_by_one(store, *(quote(bookmaker=name) for name in names))
        store.store(letters(*(quote(bookmaker=name, prices=prices("7.5", "4.5", None)) for name in names[:2])))
        for table in ("Odds", "LatestOdds"):
            assert found(database, f"SELECT COUNT(*) FROM {table} WHERE outcome = '1' AND odd_value = 7.5") == [(2,)]

    def test_an_outcome_the_newest_does_not_price_keeps_its_last(self, store: Store, database: Database) -> None:
        one_by_one(store, quote(), quote(after=60, prices=prices("7.2", None, "1.4")))
        assert found(database, "SELECT outcome, scraped_at FROM LatestOdds ORDER BY outcome") == [
            ("1", "2025-10-17 12:01:00"),
            ("2", "2025-10-17 12:01:00"),
            ("X", "2025-10-17 12:00:00"),
        ]


class TestRuns:
    report = REPORT
    later = replace(
        REPORT, reported_at=NOON + timedelta(minutes=1), counts={"discovered": 9, "parsed": 4, "colours": 3}
    )
    last = replace(
        REPORT,
        state="finished",
        reported_at=NOON + timedelta(seconds=30),  # its clock was set back meanwhile
        finished_at=NOON + timedelta(minutes=2),
        verdict="complete",
        exit_code=0,
        sentence="nothing is missing",
        counts={"discovered": 9, "parsed": 9, "yielded": 132, "published": 132, "errors": 1},
    )

    @pytest.mark.parametrize("order", list(itertools.permutations(("report", "later", "last", "quote"))))
    def test_the_last_word_holds(self, order: Sequence[str], store: Store, database: Database) -> None:
        one_by_one(store, *(QUOTE if name == "quote" else getattr(self, name) for name in order))
        instants = ("2025-10-17 12:00:00", "2025-10-17 12:02:00", "2025-10-17 12:00:30")
        assert found(
            database,
            "SELECT run_id, spider, state, verdict, exit_code, sentence, started_at, finished_at, reported_at, discovered, "
            "parsed, yielded, published, errors, stored, prices, refused FROM Runs",
        ) == [
            ("run-1", "ligue1", "finished", "complete", 0, "nothing is missing", *instants, 9, 9, 132, 132, 1, 1, 3, 0)
        ]

    def test_while_it_runs_the_newest_report_holds(self, store: Store, database: Database) -> None:
        one_by_one(store, replace(self.later, current="Lyon - Paris"), replace(self.report, current="Nice - Lens"))
        assert found(database, "SELECT state, parsed, current, reported_at FROM Runs") == [
            ("running", 4, "Lyon - Paris", "2025-10-17 12:01:00")
        ]

    @pytest.mark.parametrize(
        ("state", "report", "becomes"),
        [
            ("scheduled", "later", "running"),
            ("lost", "later", "running"),  # it was only silent
            ("lost", "last", "finished"),
            ("cancelled", "later", "cancelled"),
            ("cancelled", "last", "finished"),  # it had begun all the same, and says how it ended
        ],
    )
    def test_a_run_that_was_asked_for(
        self, store: Store, database: Database, state: str, report: str, becomes: str
    ) -> None:
        Runs.insert(run_id=REPORT.run_id, state=state, spider="ligue1", active_key="ligue1").execute(database)
        one_by_one(store, getattr(self, report))
        active = None if becomes == "finished" else "ligue1"
        assert found(database, "SELECT state, active_key FROM Runs") == [(becomes, active)]

    def test_a_run_that_never_reported_is_known_by_its_quotes(self, store: Store, database: Database) -> None:
        store.store(letters(QUOTE))
        assert found(database, "SELECT run_id, state, stored FROM Runs") == [("run-1", None, 1)]

    def test_what_is_yielded_adds_up(self, store: Store, database: Database) -> None:
        good = [quote(after=n) for n in range(5)]
        bad = encode(quote(after=9)).replace(b"football", b"golfball")
        for _ in range(2):
            store.store(letters(*good, bad))
        assert found(database, "SELECT stored, prices, refused, duplicates FROM Runs") == [(5, 15, 1, 5)]


class TestRefused:
    def test_a_bad_one_in_the_middle_of_a_batch(self, store: Store, database: Database) -> None:
        batch = letters(*(quote(after=n) for n in range(250)), b"{", *(quote(after=n) for n in range(250, 499)))
        outcome = store.store(batch)
        assert (outcome.stored, outcome.prices) == (499, 1497)
        assert [(incoming, refusal.reason) for incoming, refusal in outcome.refused] == [(batch[250], "malformed")]
        assert found(database, "SELECT body, size, reason, run_id, first_seen, times FROM DeadLetters") == [
            (b"{", 1, "malformed", None, "2025-10-17 12:00:00", 1)
        ]

    @pytest.mark.parametrize("space", [b"", b" "])
    @pytest.mark.parametrize("rest", [b', "odds": ', b"}" + 70_000 * b" ", b', "run_id": "run-8"}'])
    def test_one_that_nobody_can_read_counts_for_its_run_too(
        self, space: bytes, rest: bytes, store: Store, database: Database
    ) -> None:
        """Else the run's account would have it on its way for ever."""
        unread = letters(b'{"run_id":' + space + b'"run-7"' + rest)
        store.store(unread)
        assert found(database, "SELECT run_id FROM DeadLetters") == [("run-7",)]
        assert found(database, "SELECT run_id, refused FROM Runs") == [("run-7", 1)]
        store.refuse(letters(b'{"run_id": "run-9",')[0], "database", "Data too long")
        assert found(database, "SELECT run_id, refused FROM Runs ORDER BY run_id")[1:] == [("run-9", 1)]

    def test_one_that_comes_again_is_one_letter(self, store: Store, database: Database) -> None:
        for hours in (1, 0, 2):
            store.store(letters(b"{", received_at=NOON + timedelta(hours=hours)))
        assert found(database, "SELECT first_seen, last_seen, times FROM DeadLetters") == [
            ("2025-10-17 12:00:00", "2025-10-17 14:00:00", 3)
        ]

    def test_a_long_one_is_cut_and_its_size_told(self, store: Store, database: Database) -> None:
        store.store(letters(b"x" * 100_000))
        assert found(database, "SELECT LENGTH(body), size, reason FROM DeadLetters") == [(65_535, 100_000, "too-large")]

    def test_one_that_the_database_would_not_have(self, store: Store, database: Database) -> None:
        store.refuse(letters(QUOTE)[0], "database", "Data too long")
        assert found(database, "SELECT reason, detail, run_id FROM DeadLetters") == [
            ("database", "Data too long", "run-1")
        ]
        assert found(database, "SELECT stored, refused FROM Runs") == [(0, 1)]


class TestGigBenchmark:
    """Its messages, and what its own consumer did wrong with them."""

    def legacy(self, received_at: datetime = NOON, attempts: int = 0, **changes: Any) -> Letter:
        import json

        return Letter(json.dumps(json.loads(GIG) | changes).encode(), received_at, attempts)

    def test_is_stored(self, store: Store, database: Database) -> None:
        store.store([self.legacy()])
        match = "football|ligue 1|psg|om|2025-11-10"
        assert found(
            database,
            """
            SELECT m.match_key, m.match_date, k.code, b.code, o.outcome, o.odd_value, o.trj, o.scraped_at
            FROM Odds o JOIN Matches m ON m.id = o.match_id JOIN MarketNames k ON k.id = o.market_id
            JOIN Bookmakers b ON b.id = o.bookmaker_id ORDER BY o.outcome
            """,
        ) == [
            (match, "2025-11-10 19:45:00", "1X2", "PMU", outcome, price, "94.69", "2025-10-17 12:00:00")
            for outcome, price in (("1", "2.1"), ("2", "3.5"), ("X", "3.4"))
        ]

    def test_a_price_that_comes_back_is_another_observation(self, store: Store, database: Database) -> None:
        for minute, price in ((0, 2.1), (20, 2.5), (40, 2.1)):
            cotes = {"cote_1": price, "cote_N": 3.4, "cote_2": 3.5}
            assert store.store([self.legacy(NOON + timedelta(minutes=minute), cotes=cotes)]).stored == 1
        assert found(database, LATEST)[0] == ("PMU", "1", "2.1")

    def test_twice_at_one_instant_is_once(self, store: Store, database: Database) -> None:
        outcome = store.store([self.legacy(), self.legacy(), self.legacy(NOON + timedelta(seconds=1))])
        assert (outcome.stored, outcome.duplicates) == (2, 1)
        assert store.store([self.legacy()]).duplicates == 1
        assert count(database, "Odds") == 6

    def test_delivered_again_it_is_the_same_observation(self, store: Store, database: Database) -> None:
        """Whenever the queue says it was received, on either side of a full hour."""
        store.store([self.legacy(NOON + timedelta(minutes=59, seconds=59))])
        outcome = store.store([self.legacy(NOON + timedelta(minutes=60, seconds=1), 1), self.legacy(attempts=2)])
        assert (outcome.stored, outcome.duplicates) == (0, 2)
        assert count(database, "Odds") == 3

    def test_delivered_again_and_never_stored_it_is_new(self, store: Store) -> None:
        store.store([self.legacy(bookmaker="Zebet")])
        assert store.store([self.legacy(attempts=1)]).stored == 1

    def test_delivered_again_after_more_than_an_hour_it_is_new(self, store: Store, database: Database) -> None:
        store.store([self.legacy()])
        database.execute_sql("UPDATE Messages SET stored_at = '2025-10-17 12:00:00'")
        assert store.store([self.legacy(NOON + timedelta(hours=2), 1)]).stored == 1
        assert store.store([self.legacy(NOON, 1)]).duplicates == 1  # the queue says when it was received

    def test_one_of_ours_that_names_it_has_an_identity_of_its_own(self, store: Store) -> None:
        ours = quote(parser="gig-benchmark", source="gig-benchmark")
        store.store(letters(ours))
        assert store.store(letters(ours, received_at=NOON + timedelta(hours=2))).duplicates == 1

    def test_leagues_it_lost(self, store: Store, database: Database) -> None:
        names = ("Ligue 2", "Serie B", "UEFA Conference League", "Pro D2")
        sports = ("football", "football", "football", "rugby")
        store.store([self.legacy(league=name, sport=sport) for name, sport in zip(names, sports, strict=True)])
        assert found(database, "SELECT name, code, country FROM Leagues ORDER BY name") == [
            ("Ligue 2", "LIGUE_2", None),
            ("Pro D2", "PRO_D2", None),
            ("Serie B", "SERIE_B", None),
            ("UEFA Conference League", "UEFA_CONFERENCE_LEAGUE", None),
        ]

    def test_handball_is_not_football(self, store: Store, database: Database) -> None:
        store.store([self.legacy(sport="handball")])
        assert found(database, "SELECT s.code FROM Leagues l JOIN Sports s ON s.id = l.sport_id") == [("HAND",)]

    def test_bookmakers_it_dropped(self, store: Store, database: Database) -> None:
        outcome = store.store([self.legacy(bookmaker="BarrièreBet"), self.legacy(bookmaker="Nobody Knows")])
        assert (outcome.stored, outcome.unknown_bookmakers) == (2, ["Nobody Knows"])

    def test_an_unknown_kickoff_is_not_tomorrow_at_eight(self, store: Store, database: Database) -> None:
        store.store([self.legacy(match_date=None)])
        assert found(database, "SELECT match_date, match_key FROM Matches") == [(None, "football|ligue 1|psg|om|")]

    def test_what_it_acknowledged_and_forgot_is_kept_with_its_reason(self, store: Store, database: Database) -> None:
        store.store([self.legacy(match="SAINT - ETIENNE - PSG"), self.legacy(cotes={}), self.legacy(sport="golf")])
        store.store(letters(b"not json"))
        reasons = [reason for (reason,) in found(database, "SELECT reason FROM DeadLetters ORDER BY reason")]
        assert reasons == ["malformed", "missing", "sport", "teams"]

    def test_basketball_and_tennis_have_two_outcomes(self, store: Store, database: Database) -> None:
        store.store([self.legacy(sport="tennis", cotes={"cote_1": 1.74, "cote_N": None, "cote_2": 2.1})])
        assert found(
            database,
            "SELECT k.code, o.outcome, o.trj FROM Odds o JOIN MarketNames k ON k.id = o.market_id ORDER BY outcome",
        ) == [("12", "1", "95.16"), ("12", "2", "95.16")]


def season(seed: int) -> list[Letter]:
    """A few hundred messages of all kinds, many of which touch the same rows; some contradict each other."""
    chance = random.Random(seed)
    bookmakers = ["Winamax", "Betclic", "Pmu", "Nouveau Pari", "NOUVEAU PARI", "Étoile Bet"]
    messages: list[Message | bytes] = []
    for _ in range(250):
        match = chance.randrange(8)
        second = chance.randrange(6)
        outcomes = {o: chance.choice((None, Decimal(chance.randint(1100, 9000)) / 1000)) for o in "1X2"}
        if not any(outcomes.values()):
            outcomes["1"] = Decimal("2.1")
        partial = chance.random() < 0.2
        messages.append(
            quote(
                after=second,
                match_id=str(match) if match < 5 else None,
                # What two quotes of one instant disagree on is the site's; that both are of one run is ours.
                home=chance.choice(("Le Havre", "LE HAVRE", "Le  Havre", "Havre", "Zwolle")) + f" {match}",
                away=chance.choice(("Paris SG", "Ajax", "Zagreb")),
                league=chance.choice(("Ligue 1", "Ligue 2", "Coupe")),
                source=chance.choice(("coteur", "elsewhere")) if match >= 5 else "coteur",
                kickoff=chance.choice((KICKOFF + timedelta(days=match), None)) if match < 5 else KICKOFF,
                country=chance.choice(("France", None)),
                bookmaker=chance.choice(bookmakers),
                bookmaker_id=None,
                prices=outcomes,
                partial=partial,
                published_trj=chance.choice((None, Decimal("91.20"))),
                run_id=f"run-{second}",
                url=f"https://www.coteur.com/cote/{match}",
                parser="list-D" if partial else "match-D",
            )
        )
    for match in range(5):  # that differ in one thing only
        one = quote(match_id=str(match), run_id="run-0", kickoff=KICKOFF)
        swapped = replace(one, home=one.away, away=one.home)
        others = (replace(one, league="Ligue 2"), replace(one, partial=True), replace(one, published_trj=None))
        messages += [one, swapped, *others]
    for second in range(6):
        messages.append(replace(REPORT, run_id=f"run-{second}", reported_at=NOON + timedelta(seconds=second)))
        messages.append(replace(TestRuns.last, run_id=f"run-{second}"))
    bodies = [b"{", b"[]", encode(quote(sport="golf")), encode(quote(bookmaker="B" * 101))]
    return [*letters(*messages, *bodies), Letter(GIG, NOON), Letter(GIG, NOON + timedelta(hours=3))]


def batches(letters: Sequence[Letter], chance: random.Random) -> list[list[Letter]]:
    """All of them, in any order, cut anywhere."""
    rest, cut = chance.sample(list(letters), len(letters)), []
    while rest:
        size = chance.choice((1, 7, 40))
        cut.append(rest[:size])
        rest = rest[size:]
    return cut


def stored_once_in_order(tmp_path: Path, letters: Sequence[Letter]) -> dict[str, Any]:
    """What the tables say when nothing goes wrong: the embedded database, one batch."""
    database = connect(None, tmp_path / "reference")
    lay(database)
    Store(database).store(letters)
    said = checksum(database)
    hang_up(database)
    return said


class TestAnyOrder:
    @pytest.mark.parametrize("seed", range(3))
    def test_delivered_three_times_the_tables_are_the_same(
        self, seed: int, store: Store, database: Database, tmp_path: Path
    ) -> None:
        sent = season(seed)
        chance = random.Random(seed)
        for _ in range(3):
            for batch in batches(sent, chance):
                store.store(batch)
        assert checksum(database) == stored_once_in_order(tmp_path, sent)
        assert count(database, "LatestOdds") > 50

    def test_by_four_writers_at_once(self, database: Database, request: pytest.FixtureRequest, tmp_path: Path) -> None:
        sent = season(4)
        url = None if is_embedded(database) else request.getfixturevalue("mariadb_url")

        def write(seed: int) -> int:
            own = connect(url, tmp_path)
            store = Store(own)
            stored = sum(store.store(batch).stored for batch in batches(sent, random.Random(seed)))
            hang_up(own)
            return stored

        with ThreadPoolExecutor(4) as pool:
            stored = sum(pool.map(write, range(4)))
        assert stored == count(database, "Messages") - 12  # each quote counted by one of them; twelve are reports
        assert checksum(database) == stored_once_in_order(tmp_path, sent)

    @pytest.mark.server
    @pytest.mark.parametrize("theirs", ["same", "newer", "older"])
    def test_writers_do_not_wait_for_each_other_for_ever(
        self, theirs: str, mariadb: MariaDB, mariadb_url: str, tmp_path: Path
    ) -> None:
        """The same messages, or other prices of the same outcomes: newer than what is there, or older."""
        database = connect(mariadb_url, tmp_path)
        lay(database)
        Store(database).store(letters(*(quote(after=10_000, match_id=str(match)) for match in range(20))))
        hang_up(database)
        before = deadlocks(mariadb)
        together = threading.Barrier(4, timeout=20)

        def write(seed: int) -> None:
            own = connect(mariadb_url, tmp_path)
            store, chance = Store(own), random.Random(seed)
            for n in range(20):
                after = {"same": n, "newer": 20_000 + 4 * n + seed, "older": 4 * n + seed}[theirs]
                quotes = [
                    quote(after=after, match_id=str(match), bookmaker=bookmaker)
                    for match in range(20)
                    for bookmaker in ("Winamax", "Betclic", "Pmu", "Unibet")
                ]
                together.wait()
                store.store(letters(*chance.sample(quotes, len(quotes))))
            hang_up(own)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(write, range(4)))
        assert deadlocks(mariadb) == before

    @pytest.mark.server
    def test_a_message_that_two_are_storing_counts_once(self, mariadb_url: str, tmp_path: Path) -> None:
        """The second waits for the first, and then sees what the first has stored."""
        first, second = connect(mariadb_url, tmp_path), connect(mariadb_url, tmp_path)
        lay(first)
        store = Store(second)
        with ThreadPoolExecutor(1) as pool:
            with first.atomic():
                first.execute_sql(
                    "INSERT INTO Messages (message_id, batch, stored_at) VALUES (%s, 1, '2025-10-17')",
                    (QUOTE.message_id,),
                )
                outcome = pool.submit(store.store, letters(QUOTE, quote(after=1)))
                while not waiting_for_a_lock(first):
                    assert not outcome.done()
                    time.sleep(0.2)  # what it tells is a tenth of a second old
            assert (outcome.result().stored, outcome.result().duplicates) == (1, 1)
            pool.submit(hang_up, second).result()
        hang_up(first)

    @pytest.mark.server
    def test_a_match_that_another_has_just_stored_is_seen(
        self, mariadb_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Though this one's transaction began before it was there, and has nothing newer to say of it."""
        first, second = connect(mariadb_url, tmp_path), connect(mariadb_url, tmp_path)
        lay(first)
        settle = KnownMatches.settle

        def be_overtaken(self: KnownMatches, *arguments: Any) -> None:
            monkeypatch.setattr(KnownMatches, "settle", settle)
            Store(first).store(letters(quote(after=60, bookmaker="Pmu")))
            settle(self, *arguments)

        monkeypatch.setattr(KnownMatches, "settle", be_overtaken)
        assert Store(second).store(letters(QUOTE)).stored == 1
        assert (count(first, "Matches"), count(first, "Odds")) == (1, 6)
        hang_up(first)
        hang_up(second)


def deadlocks(mariadb: MariaDB) -> int:
    ((_, number),) = mariadb.execute("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")
    return int(number)


def waiting_for_a_lock(database: Database) -> bool:
    query = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
    return bool(database.execute_sql(query).fetchone()[0])


class TestFailure:
    @pytest.fixture
    def break_at(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
        """The next write to this table fails, as it would when the connection breaks."""

        def arm(table: str) -> None:
            write = Sql.write

            def fail(sql: Sql, cursor: Any, rows: Sequence[Any], *inserts: Insert) -> int:
                if any(f"`{table}`" in insert.head for insert in inserts):
                    monkeypatch.setattr(Sql, "write", write)
                    raise ConnectionResetError
                return write(sql, cursor, rows, *inserts)

            monkeypatch.setattr(Sql, "write", fail)

        return arm

    @pytest.mark.parametrize(
        "table", ["Runs", "Messages", "Leagues", "Teams", "Pages", "Matches", "Odds", "DeadLetters"]
    )
    def test_leaves_nothing_behind(
        self, table: str, break_at: Callable[[str], None], store: Store, database: Database, tmp_path: Path
    ) -> None:
        """Neither in the tables, nor in what the store remembers of them."""
        sent = letters(QUOTE, quote(bookmaker="Nouveau"), b"{")
        break_at(table)
        with pytest.raises(ConnectionResetError):
            store.store(sent)
        assert database.is_closed()
        for said in ("Matches", "Odds", "LatestOdds", "Messages", "DeadLetters"):
            assert count(database, said) == 0
        assert found(database, "SELECT stored, prices, refused FROM Runs") in ([], [(0, 0, 0)])
        outcome = store.store(sent)
        assert (outcome.stored, outcome.unknown_bookmakers) == (2, ["Nouveau"])
        assert checksum(database) == stored_once_in_order(tmp_path, sent)

    def test_what_a_person_changed_meanwhile_is_seen(
        self, store: Store, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An unknown bookmaker was merged into a known one by hand, and is told apart again only by its name."""
        store.store(letters(quote(bookmaker="Nouveau")))
        database.execute_sql("DELETE FROM Bookmakers WHERE code = 'NOUVEAU'")
        monkeypatch.setattr("schema.store.time.monotonic", lambda: 1e9)
        assert store.store(letters(quote(after=1, bookmaker="Nouveau"))).unknown_bookmakers == ["Nouveau"]
