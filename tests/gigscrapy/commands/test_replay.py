"""``scrapy replay`` as a person starts it, after a real crawl."""

from pathlib import Path

import pytest

from gigscrapy.archive import Archive
from gigscrapy.commands.replay import Command
from replica import Options, serve
from schema.database import connect, hang_up
from tests import crawl, scrapy
from tests.gigscrapy.commands.in_process import Ask, asking, unread

pytestmark = pytest.mark.slow


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    return asking(Command, capsys)


def run_id(home: Path) -> str:
    with Archive(home) as kept:
        return kept.runs()[0].run_id


def execute(home: Path, statement: str) -> None:
    database = connect(None, home)
    database.execute_sql(statement)
    hang_up(database)


def test_nothing_differs(crawled):
    ran = scrapy("replay", home=crawled)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == (
        "2 pages of 1 runs read again: 8 prices and kick-offs are as stored, 0 differ, 0 are read and not stored,"
        " 0 are stored and not read any more; 0 pages cannot be read\n"
    )


def test_what_differs_stands_under_its_page_and_is_the_exit_code(home, ask):
    execute(home, "UPDATE Odds SET odd_value = 1.55 WHERE odd_value = 1.45")
    ran = ask("--since", "2020-01-01", "--league", "coupedefrance", home=home)
    assert ran.returncode == 1, ran.stderr
    head, line, tally = ran.stdout.splitlines()
    assert head.startswith("coupedefrance 20")
    assert "/cote/avallon-beaune-101, page " in head
    assert head.endswith(f", run {run_id(home)}")
    assert line == "  coteur:101 1X2 Unibet 1: 1.55 stored, 1.45 read"
    assert ": 7 prices and kick-offs are as stored, 1 differ, " in tally


def test_a_crawl_of_which_nothing_is_stored(home, ask):
    execute(home, "DELETE FROM Odds")
    ran = ask(home=home)
    assert ran.returncode == 1
    assert f"run {run_id(home)} (coupedefrance, " in ran.stdout
    assert "7 prices are read and none of the run is stored; do its messages wait in the queue" in ran.stdout


@pytest.mark.parametrize(
    ("options", "pages"),
    [(["--since", "2100-01-01"], 0), (["--league", "ligue1, nba"], 0), (["--spider", "coupedefrance"], 2)],
)
def test_only_what_is_asked_for(options, pages, crawled, ask):
    ran = ask(*options, home=crawled)
    assert (ran.returncode, ran.stdout.split()[0]) == (0, str(pages))


def test_where_no_page_is_kept_it_says_so_and_makes_nothing(tmp_path, ask):
    ran = ask(home=tmp_path)
    assert (ran.returncode, ran.stdout) == (0, f"no page is kept in {tmp_path / 'pages'} yet; crawls put them there\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--since", "yesterday"], "since is a date such as 2026-11-01, not 'yesterday'"),
        (["--since", "0001-01-01"], "since is a date such as 2026-11-01, not '0001-01-01'"),
        (["--since", "9999-12-31T23:59-12:00"], "since is a date such as 2026-11-01, not '9999-12-31T23:59-12:00'"),
        (["--league", "ligue1,laligaa"], "there is no league 'laligaa'; laliga, "),
        (["ligue1"], "takes options only"),
    ],
)
def test_a_wrong_option_says_what_could_stand_there(options, complaint, tmp_path, ask):
    ran = ask(*options, home=tmp_path)
    assert (ran.returncode, complaint in ran.stderr, "Traceback" in ran.stderr) == (2, True, False)


def test_a_reader_that_goes_hears_nothing_and_is_told_nothing(crawled):
    assert unread("replay", home=crawled) == ""


def test_without_tables_it_says_what_to_do(home, ask):
    for path in home.glob("gigscrapy.sqlite3*"):
        path.unlink()
    ran = ask(home=home)
    assert (ran.returncode, "run `scrapy migrate`" in ran.stderr, "Traceback" in ran.stderr) == (2, True, False)


@pytest.mark.browser
@pytest.mark.server
def test_a_whole_league_through_a_server(mariadb_url, tmp_path, ask):
    server = {"DATABASE_URL": mariadb_url}
    with serve(Options(matches=3, holes=True, unknown_bookmaker=True)) as site:
        assert (ran := crawl(site.url, tmp_path, "coupedefrance")).returncode == 0, ran.stderr
    assert scrapy("migrate", home=tmp_path, environment=server).returncode == 0
    assert scrapy("consume", "--drain", home=tmp_path, environment=server).returncode == 0
    before = ask(home=tmp_path, **server)
    database = connect(mariadb_url, tmp_path)
    (number,) = database.execute_sql("SELECT COUNT(*) FROM Odds").fetchone()
    database.execute_sql("UPDATE Odds SET odd_value = odd_value + 1 ORDER BY id LIMIT 2")
    hang_up(database)
    after = ask(home=tmp_path, **server)
    assert (before.returncode, after.returncode) == (0, 1), before.stdout
    # The list and a match plainly, then the list and each match in the browser. Every match has a kick-off.
    assert before.stdout.startswith("6 pages of 1 runs read again: ")
    assert f": {number + 3} prices and kick-offs are as stored, 0 differ, " in before.stdout
    assert f": {number + 1} prices and kick-offs are as stored, 2 differ, " in after.stdout
