"""``scrapy page`` as a person starts it: from a price to its page, and what it says today."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gigscrapy.archive import Archive, Page, key_of
from gigscrapy.commands.page import Command
from schema.database import connect, hang_up
from schema.instants import to_paris
from tests import Ran, scrapy
from tests.gigscrapy.commands.in_process import Ask, asking, unread
from tests.gigscrapy.pages import page

pytestmark = pytest.mark.slow

MATCH_KEY = key_of(page("match-D"))


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    return asking(Command, capsys)


def sql(home: Path, statement: str) -> list[tuple[object, ...]]:
    database = connect(None, home)
    try:
        return list(database.execute_sql(statement).fetchall())
    finally:
        hang_up(database)


def row_of(home: Path, price: str) -> str:
    [(number,)] = sql(home, f"SELECT id FROM Odds WHERE odd_value = {price}")
    return str(number)


def refused(ran: Ran) -> str:
    assert (ran.returncode, ran.stdout, "Traceback" in ran.stderr) == (1, "", False)
    return ran.stderr


def test_from_a_row_to_its_page_and_what_it_says_today(crawled):
    number = row_of(crawled, "1.45")
    ran = scrapy("page", number, home=crawled)
    assert (ran.returncode, ran.stderr) == (0, "")
    facts = dict(line.split(maxsplit=1) for line in ran.stdout.partition("\n\n")[0].splitlines())
    [(run, seen, url)] = sql(
        crawled,
        "SELECT r.run_id, o.scraped_at, p.url FROM Odds o, Runs r, Pages p WHERE odd_value = 1.45 AND p.id = o.page_id",
    )
    seen = to_paris(datetime.fromisoformat(str(seen)).replace(tzinfo=UTC))
    assert facts == {
        "row": number,
        "match": "AVALLON - BEAUNE (Coupe de France), kick-off 2025-10-25 20:45:00 in Paris",
        "bookmaker": "Unibet",
        "price": "1.45 for 1 of 1X2",
        "seen": f"{seen:%Y-%m-%d %H:%M:%S}, Paris time",
        "run": f"{run} (coupedefrance)",
        "address": url,
        "read": "as    match-D",
        "page": MATCH_KEY,
        "kept": f"{crawled}/pages/{MATCH_KEY[:2]}/{MATCH_KEY[2:]}.z: {len(page('match-D'))} characters, as the site sent it",
    }
    table = [" ".join(line.split()) for line in ran.stdout.partition("\n\n")[2].splitlines()]
    assert table == [
        "What today's parser reads of this match:",
        "match market bookmaker prices TRJ suspect",
        "→ AVALLON - BEAUNE 1X2 Unibet 1 1.45 X 4.80 2 7.50 96.96",
        "AVALLON - BEAUNE 1X2 Pmu 1 1.50 X - 2 - -",
        "AVALLON - BEAUNE 1X2 Tout Nouveau Paris 1 1.40 X 5.00 2 8.00 96.22",
        "Today's parser reads the same price.",
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("odd_value = 1.55", "Today's parser reads 1.45 instead of 1.55."),
        ("outcome = '1X'", "Today's parser reads no such price."),
    ],
)
def test_what_it_would_read_instead(change, said, home, ask):
    number = row_of(home, "1.45")
    sql(home, f"UPDATE Odds SET {change}, suspect = 'far-from-panel' WHERE id = {number}")
    ran = ask(number, home=home)
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, said), ran.stderr
    assert "suspect    far-from-panel\n" in ran.stdout


def test_a_page_that_today_no_parser_knows(home, ask):
    with Archive(home) as kept:
        [one] = [one for one in kept.pages() if one.match]
        key = kept.keep("<p>unknown</p>", one)
    sql(home, f"UPDATE Pages SET content = '{key}'")
    ran = ask(row_of(home, "1.45"), home=home)
    assert ran.returncode == 0
    assert "It cannot be read today: " in ran.stdout
    assert "is built in a way no parser knows" in ran.stdout


@pytest.mark.parametrize("mends", [False, True])
def test_a_page_that_is_not_kept_any_more(mends, home, ask):
    path = home / "pages" / MATCH_KEY[:2] / f"{MATCH_KEY[2:]}.z"
    path.write_bytes(b"")
    if not mends:
        path.unlink()
    number = row_of(home, "1.45")
    ran = ask(number, home=home)
    assert ran.returncode == 0, ran.stderr
    why = "is damaged" if mends else "is not kept in"
    assert f"kept       no: the page {why}" in ran.stdout
    assert "What today's parser reads" not in ran.stdout
    assert f"the page {why}" in refused(ask(number, "--html", "-", home=home))


def test_a_price_whose_page_was_never_kept(home, ask):
    sql(home, "UPDATE Pages SET content = NULL")
    ran = ask(row_of(home, "1.45"), home=home)
    assert (ran.returncode, "kept       no: the page was never kept" in ran.stdout) == (0, True), ran.stderr


@pytest.mark.parametrize("asked", ["row", "key"])
def test_the_page_itself(asked, crawled, tmp_path, ask):
    one = row_of(crawled, "1.45") if asked == "row" else MATCH_KEY
    ran = scrapy("page", one, "--html", "-", home=crawled)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, page("match-D"), "")
    target = tmp_path / "page.html"
    assert ask(one, "--html", str(target), home=crawled).stdout == ""
    assert target.read_text(encoding="utf-8") == page("match-D")


def test_by_its_key_and_by_its_run(crawled, ask):
    [(run,)] = sql(crawled, "SELECT run_id FROM Runs")
    ran = ask(MATCH_KEY, home=crawled)
    assert (ran.returncode, f"Paris time by run {run}\n" in ran.stdout, "Unibet" in ran.stdout) == (0, True, True)
    ran = ask(str(run), home=crawled)
    listed = [line.split() for line in ran.stdout.splitlines()[1:-1]]
    assert [(words[0], words[3]) for words in listed] == [(key_of(page("league-D")), "list,"), (MATCH_KEY, "match,")]
    assert ran.stdout.splitlines()[-1] == "2 pages of coupedefrance"
    everything = ask(listed[0][0], home=crawled).stdout
    assert "CLAMECY - DECIZE" in everything  # which that crawl was not asked for


def test_what_is_not_there_is_said(crawled, ask):
    for number in ("999999", "9" * 19):
        assert refused(ask(number, home=crawled)) == f"there is no row {number} in Odds\n"
    assert "is no row of Odds, and no page or run" in refused(ask("0" * 31 + "f", home=crawled))


def test_a_key_that_a_price_names_and_that_is_not_kept_any_more(home, ask):
    shutil.rmtree(home / "pages")
    said = refused(ask(MATCH_KEY, home=home))
    assert "is not kept" in said
    assert "pages stay for 30 days (ARCHIVE_DAYS)" in said


@pytest.mark.parametrize("arguments", [[], ["1", "2"], ["1", "--prune"], ["--prune", "--html", "-"]])
def test_what_cannot_be_asked(arguments, crawled, ask):
    ran = ask(*arguments, home=crawled)
    assert (ran.returncode, ran.stderr) == (2, "scrapy page takes the id of a row of Odds, or --prune alone")


@pytest.mark.parametrize("asked", ["1", "0" * 32, "run-1"])
def test_before_anything_was_stored_it_says_so_and_makes_nothing(asked, tmp_path, ask):
    said = refused(ask(asked, home=tmp_path / "fresh"))
    assert ("no price is stored in" in said) == (asked == "1")
    assert not list(tmp_path.iterdir())


def test_a_page_that_was_kept_and_not_stored_yet_is_shown(home, ask):
    for path in home.glob("gigscrapy.sqlite3*"):
        path.unlink()
    ran = ask(MATCH_KEY, home=home)
    assert (ran.returncode, "Unibet" in ran.stdout, ran.stderr) == (0, True, "")
    assert not list(home.glob("gigscrapy.sqlite3*"))


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"colour": "red"}, "its crawl had arguments that are not known any more, among colour"),
        ({"depth": "deep"}, "its crawl was asked for what is not known any more: depth is list or match, not 'deep'"),
    ],
)
def test_a_crawl_that_was_asked_for_what_is_not_known_any_more(arguments, why, home, ask):
    with Archive(home) as kept:
        [one] = [one for one in kept.pages() if not one.match]
        kept.keep(page("league-D"), replace(one, arguments=arguments))
    ran = ask(one.key, home=home)
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, f"It cannot be read today: {why}")


@pytest.mark.parametrize("options", [(), ("--html", "-")])
def test_a_reader_that_goes_hears_nothing_and_is_told_nothing(options, crawled):
    assert unread("page", row_of(crawled, "1.45"), *options, home=crawled) == ""


@pytest.mark.parametrize("arguments", ["1", "--prune"])
def test_a_bound_that_is_none_is_a_sentence(arguments, home, ask):
    ran = ask(arguments, home=home, ARCHIVE_MB="abc")
    assert (ran.returncode, ran.stderr) == (2, "ARCHIVE_MB is a number, 0 or more, not 'abc'")


def test_what_is_too_old_is_removed_when_asked_to(home, ask):
    with Archive(home) as kept:
        for number in range(3):
            kept.keep(
                f"old {number}",
                Page(
                    run_id=f"old-{number}",
                    spider="ligue1",
                    arguments={},
                    url="https://site.test/",
                    rendered=False,
                    status=200,
                    fetched_at=datetime(2020, 1, 1 + number, tzinfo=UTC),
                    market="1X2",
                ),
            )
    assert ask("--prune", home=home).stdout.startswith("0 pages removed (0.0 MB)")
    ran = ask("--prune", home=home, ARCHIVE_RUNS=1)
    assert (ran.returncode, ran.stdout) == (0, "3 pages removed (0.0 MB), 0.0 MB kept\n")
    assert ask("--prune", home=home / "elsewhere").returncode == 1
