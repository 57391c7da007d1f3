"""Kept pages, read again: what is the same is said to be, what is not is told."""

import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path

import pytest
from peewee import Database

from gigscrapy.archive import Archive, Page
from gigscrapy.pages import ListedMatch, PageChanged
from gigscrapy.replay import (
    ArgumentsUnknown,
    Compared,
    Difference,
    LeagueGone,
    NothingStored,
    Tally,
    Told,
    WhoIsWho,
    compare,
    day_or_instant,
    printed,
    reread,
)
from schema.database import connect, hang_up
from schema.editing import add_alias
from schema.merging import merge_bookmakers
from schema.messages import OddsItem, encode
from schema.models import Bookmakers, Matches, Odds, Teams, use
from schema.store import Store
from tests.gigscrapy.pages import NOW, but, page
from tests.schema.laid import lay
from tests.schema.letters import Letter, letters, prices, quote

LIST = Page(
    run_id="run-1",
    spider="coupedefrance",
    arguments={"depth": "list"},
    url="https://site.test/cotes/foot/france/coupe-de-france",
    market="1X2",
    number=1,
    rendered=False,
    status=200,
    fetched_at=NOW,
)
AVALLON = ListedMatch(
    match_id="101", path="/cote/avallon-beaune-101", home="AVALLON", away="BEAUNE", kickoff=None, best={}
)
MATCH = Page(
    run_id="run-1",
    spider="coupedefrance",
    arguments={},
    url="https://site.test/cote/avallon-beaune-101",
    match=AVALLON,
    rendered=True,
    status=200,
    fetched_at=NOW + timedelta(seconds=1),
)
UNKNOWN = "<html><body><p>a page nobody knows</p></body></html>"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = connect(None, tmp_path)
    lay(database)
    use(database)
    yield database
    hang_up(database)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path) as kept:
        yield kept


class Crawl:
    """What a crawl leaves: pages in the archive and their quotes in the tables."""

    def __init__(self, kept: Archive, home: Path, database: Database) -> None:
        self.kept, self.home, self.database = kept, home, database
        self.into = Store(database)

    def keep(self, text: str, fetched: Page) -> Page:
        return replace(fetched, key=self.kept.keep(text, fetched))

    def fetch(self, text: str, fetched: Page) -> Page:
        """Keep a page, read it, and store what it says."""
        one = self.keep(text, fetched)
        self.store(reread(one, text))
        return one

    def store(self, items: list[OddsItem]) -> None:
        self.into.store([Letter(encode(item), NOW) for item in items])

    def compared(self, **only: object) -> list[Compared | NothingStored]:
        return list(compare(self.kept, self.home, self.database, **only))


@pytest.fixture
def crawl(kept: Archive, tmp_path: Path, database: Database) -> Crawl:
    return Crawl(kept, tmp_path, database)


def said(found: list[Compared | NothingStored]) -> list[str]:
    return [str(difference) for one in found if isinstance(one, Compared) for difference in one.differences]


def tallied(found: list[Compared | NothingStored]) -> Tally:
    tally = Tally()
    for one in found:
        tally.add(one)
    return tally


# -- reading again -----------------------------------------------------------------------------------------------------


def test_a_match_page_tells_what_it_told():
    items = reread(replace(MATCH, key="0" * 32), page("match-D"))
    assert [(item.bookmaker, item.prices["1"]) for item in items] == [
        ("UNIBET", Decimal("1.450")),
        ("Pmu", Decimal("1.500")),
        ("Tout Nouveau Paris", Decimal("1.400")),
    ]
    assert {(item.run_id, item.match_id, item.page, item.scraped_at) for item in items} == {
        ("run-1", "101", "0" * 32, MATCH.fetched_at)
    }
    assert items[0].kickoff == datetime(2025, 10, 25, 18, 45, tzinfo=UTC)


def test_a_list_tells_what_was_asked_for():
    def matches(**arguments: str) -> set[str | None]:
        return {item.match_id for item in reread(replace(LIST, arguments=arguments), page("league-D"))}

    assert matches(depth="list") == {"101", "102"}
    assert matches(depth="list", match="102") == {"102"}
    assert matches() == set()  # then it only shows which matches there are
    everything = reread(replace(LIST, arguments={}), page("league-D"), everything=True)
    assert {item.match_id for item in everything} == {"101", "102"}


def test_what_cannot_be_read_says_so():
    with pytest.raises(PageChanged, match="no parser knows"):
        reread(MATCH, UNKNOWN)
    with pytest.raises(LeagueGone, match="no league 'ligue9' any more"):
        reread(replace(MATCH, spider="ligue9"), page("match-D"))


# -- comparing ---------------------------------------------------------------------------------------------------------


def test_what_is_stored_as_it_is_read_does_not_differ(crawl):
    crawl.fetch(page("league-D"), LIST)
    crawl.fetch(page("match-D"), MATCH)
    tally = tallied(found := crawl.compared())
    assert (said(found), tally.differs) == ([], False)
    assert str(tally) == (
        "2 pages of 1 runs read again: 15 prices and kick-offs are as stored, 0 differ, 0 are read and not stored,"
        " 0 are stored and not read any more; 0 pages cannot be read"
    )


def test_each_price_that_differs_is_told(crawl):
    crawl.fetch(page("match-D"), MATCH)
    Odds.update(odd_value=Decimal("1.55")).where(Odds.odd_value == Decimal("1.45")).execute()
    Odds.update(outcome="1X").where(Odds.odd_value == Decimal("7.5")).execute()
    tally = tallied(found := crawl.compared())
    assert said(found) == [
        "coteur:101 1X2 Unibet 1: 1.55 stored, 1.45 read",
        "coteur:101 1X2 Unibet 1X: 7.50 stored, not read any more",
        "coteur:101 1X2 Unibet 2: 7.50 read, nothing stored",
    ]
    assert tally.differs
    assert [tally.counts[kind] for kind in ("differs", "not read", "not stored")] == [1, 1, 1]


def test_a_kickoff_that_this_page_told_is_held_against_it(crawl):
    crawl.fetch(page("match-D"), MATCH)
    told = datetime(2025, 10, 25, 18, 45)
    assert Matches.get().match_date == told
    Matches.update(match_date=told + timedelta(hours=1)).execute()
    assert said(crawl.compared()) == [
        "coteur:101 kick-off: 2025-10-25 19:45:00 UTC stored, 2025-10-25 18:45:00 UTC read"
    ]
    # What a later page told is none of this one's business.
    Matches.update(match_date_seen_at=datetime(2025, 10, 26)).execute()
    assert said(crawl.compared()) == []


def test_a_parser_that_reads_more_or_less_is_found_out(crawl):
    """As if a later one read a row that was passed over, and none of another."""
    one = crawl.keep(page("match-D"), MATCH)
    unibet, pmu, other = reread(one, page("match-D"))
    crawl.store([unibet, replace(other, bookmaker="Bwin"), pmu])
    differences = said(crawl.compared())
    assert [line.rpartition(": ")[0].split()[2] for line in differences] == 3 * ["Bwin"] + 3 * ["tout"]
    assert [line.endswith("not read any more") for line in differences] == 3 * [True] + 3 * [False]


def test_an_unknown_bookmaker_is_the_same_in_any_spelling(crawl):
    one = crawl.keep(page("match-D"), MATCH)
    crawl.store([replace(item, bookmaker=item.bookmaker.upper()) for item in reread(one, page("match-D"))])
    assert said(crawl.compared()) == []


def test_who_is_known_by_another_name_since_does_not_differ(crawl):
    """A person made two bookmakers one, and said that the page calls a club by another name of its own."""
    crawl.fetch(page("match-D"), MATCH)
    crawl.into.store(letters(quote(match_id=None, bookmaker="Nouveau")))
    rows = {row.name: row.id for row in Bookmakers.select()}
    merge_bookmakers(crawl.database, rows["Tout Nouveau Paris"], rows["Nouveau"])
    add_alias(crawl.database, Teams.get(name="Le Havre"), "HAC")
    assert said(crawl.compared()) == []
    again = quote(match_id=None, bookmaker="Nouveau", home="Hac")
    assert WhoIsWho(crawl.database).key(again) == Matches.get(Matches.match_key.startswith("football|")).match_key


def test_of_two_prices_at_one_place_the_higher_counts_as_in_the_tables(crawl):
    one = quote(bookmaker="UNIBET", prices=prices("1.45", "5.00", "7.50"))
    other = quote(bookmaker="Unibet", prices=prices("1.50", "4.80", None))
    crawl.store([one, other])
    told = Told()
    told.hear_quotes([one, other], WhoIsWho(crawl.database))
    kept = sorted((row.outcome, row.odd_value) for row in Odds.select())
    assert sorted((place.outcome, price) for place, price in told.prices.items()) == kept
    assert kept == [("1", Decimal("1.50")), ("2", Decimal("7.50")), ("X", Decimal("5.00"))]


def test_a_text_that_one_run_fetched_twice_is_compared_once(crawl):
    crawl.fetch(page("match-D"), MATCH)
    crawl.fetch(page("match-D"), replace(MATCH, fetched_at=NOW + timedelta(minutes=1)))
    found = crawl.compared()
    assert (len(found), said(found)) == (1, [])


def test_the_same_text_in_two_runs_is_each_ones_own(crawl):
    crawl.fetch(page("match-D"), MATCH)
    crawl.fetch(page("match-D"), replace(MATCH, run_id="run-2", fetched_at=NOW + timedelta(days=1)))
    Odds.update(odd_value=9).where(Odds.run == 2, Odds.outcome == "1").execute()
    assert [len(one.differences) for one in crawl.compared()] == [0, 3]


def test_a_page_that_no_parser_knows_nor_knew_is_told_and_no_difference(crawl):
    crawl.fetch(page("match-D"), MATCH)
    crawl.keep(UNKNOWN, replace(MATCH, url="https://site.test/cote/clamecy-decize-102"))
    tally = tallied(found := crawl.compared())
    assert (tally.differs, tally.counts["unread"], tally.counts["as then"]) == (False, 0, 1)
    assert str(tally).endswith("; 0 pages cannot be read and 1 could not then either")
    [unread] = [one.unread for one in found if isinstance(one, Compared) and one.unread]
    assert "https://site.test/cote/clamecy-decize-102 is built in a way no parser knows" in unread


def test_a_plain_page_that_was_but_a_reason_to_ask_the_browser_is_no_difference(crawl):
    crawl.fetch(page("match-D"), MATCH)
    crawl.keep(UNKNOWN, replace(MATCH, rendered=False))
    tally = tallied(crawl.compared())
    assert not tally.differs
    assert "2 pages of 1 runs read again (1 plain ones tell nothing without their script)" in str(tally)


@pytest.mark.parametrize("rendered", [False, True])
def test_a_page_whose_prices_were_stored_must_still_be_read(crawl, rendered):
    one = crawl.keep(UNKNOWN, replace(MATCH, rendered=rendered))
    crawl.store([replace(item, page=one.key) for item in reread(MATCH, page("match-D"))])
    tally = tallied(crawl.compared())
    assert tally.differs
    assert (tally.counts["unread"], tally.counts["not read"], tally.counts["browser"]) == (1, 7, 0)
    assert tally.counts["as then"] == 0


def test_where_nothing_of_a_run_is_stored_that_is_one_thing_to_say(crawl):
    crawl.fetch(page("match-D"), MATCH)
    crawl.keep(page("match-D"), replace(MATCH, run_id="run-2"))
    *_, nothing = found = crawl.compared()
    assert isinstance(nothing, NothingStored)
    assert (nothing.run.run_id, nothing.prices, said(found)) == ("run-2", 7, [])
    assert tallied(found).differs


def test_a_run_that_read_nothing_and_stored_nothing_does_not_differ(crawl):
    crawl.keep(page("league-D-unfilled"), LIST)
    assert not tallied(crawl.compared()).differs


def test_only_what_is_asked_for(crawl):
    crawl.fetch(page("match-D"), MATCH)
    later = crawl.keep(
        page("match-D"), replace(MATCH, run_id="run-2", spider="nba", fetched_at=NOW + timedelta(days=1))
    )
    assert {one.page.run_id for one in crawl.compared(since=later.fetched_at) if isinstance(one, Compared)} == {"run-2"}
    assert {one.page.run_id for one in crawl.compared(spiders=["coupedefrance"])} == {"run-1"}


def test_a_page_whose_text_is_gone_or_damaged_cannot_be_read(crawl, tmp_path):
    for text in (page("match-D"), page("league-D")):
        one = crawl.fetch(text, MATCH if "bookline" in text else LIST)
        path = tmp_path / "pages" / one.key[:2] / f"{one.key[2:]}.z"
        path.unlink() if "bookline" in text else path.write_bytes(b"")
    found = {one.page.kind: one.unread for one in crawl.compared()}
    assert found == {"match": "its text is gone from the archive", "list": "its text is damaged"}


def test_nothing_is_written(crawl, tmp_path):
    crawl.fetch(page("match-D"), MATCH)
    crawl.keep(page("league-D"), replace(LIST, run_id="run-2"))
    before = "\n".join(_dump(crawl.database))
    crawl.compared()
    assert "\n".join(_dump(crawl.database)) == before


def _dump(database: Database) -> list[str]:
    return list(database.connection().iterdump())


def _peak(home: Path, of: int) -> int:
    """Bytes that Python had taken at most while it compared so many pages. It is asked of a process of its own."""
    database = connect(None, home)
    use(database)
    with Archive(home) as kept:
        tracemalloc.start()
        for number, one in enumerate(compare(kept, home, database), start=1):
            assert not one.differences
            if number == of:
                return tracemalloc.get_traced_memory()[1]
    raise AssertionError(f"there were only {number} pages")


@pytest.mark.slow
def test_a_thousand_pages_take_no_more_memory_than_a_hundred(crawl):
    for run in range(50):
        items = []
        for number in range(20):
            fetched = replace(MATCH, run_id=f"run-{run}", fetched_at=NOW + timedelta(minutes=run, seconds=number))
            text = but(page("match-D"), ("AVALLON - BEAUNE :", f"AVALLON - BEAUNE {run}.{number} {'x' * 2_000}:"))
            one = crawl.keep(text, fetched)
            items += reread(one, text)
        crawl.store(items)
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as alone:
        few, many = alone.map(_peak, [crawl.home, crawl.home], [100, 1000])
    assert many < few + 500_000, (few, many)  # bytes; the texts alone are 3 million


@pytest.mark.parametrize(
    ("arguments", "why"),
    [({"colour": "red"}, "arguments that are not known any more, among colour"), ({"depth": "deep"}, "not 'deep'")],
)
def test_what_a_crawl_was_asked_for_may_mean_nothing_today(crawl, arguments, why):
    with pytest.raises(ArgumentsUnknown, match=why):
        reread(replace(LIST, arguments=arguments), page("league-D"))
    crawl.keep(page("league-D"), replace(LIST, arguments=arguments, rendered=True))
    [one] = crawl.compared()
    assert isinstance(one, Compared)
    assert one.unread.startswith("its crawl ")


# -- how it is said ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-01", datetime(2026, 10, 31, 23, tzinfo=UTC)),
        ("2026-07-01T18:30", datetime(2026, 7, 1, 16, 30, tzinfo=UTC)),
        ("2026-07-01T18:30:00Z", datetime(2026, 7, 1, 18, 30, tzinfo=UTC)),
    ],
)
def test_a_day_begins_in_paris(text, instant):
    assert day_or_instant(text) == instant


@pytest.mark.parametrize("text", ["yesterday", "", "0001-01-01", "9999-12-31T23:59-12:00"])
def test_what_is_no_day_of_ours_is_no_other_error(text):
    with pytest.raises(ValueError, match=r"Invalid isoformat|beyond the calendar"):
        day_or_instant(text)


@pytest.mark.parametrize(("price", "text"), [("1.7", "1.70"), ("4", "4.00"), ("1.695", "1.695"), ("10.500", "10.50")])
def test_prices_are_printed_as_sites_do(price, text):
    assert printed(Decimal(price)) == text


def test_what_a_page_says_moves_no_cursor():
    assert str(Difference("PSG\x1b[2J\r\n\x07", None, "2.10")) == "PSG [2J   : 2.10 read, nothing stored"
