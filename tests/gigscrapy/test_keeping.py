"""Pages are kept before they are read, and whatever becomes of that, the crawl goes on."""

import logging
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scrapy.exceptions import NotConfigured
from scrapy.http import HtmlResponse, Response
from scrapy.utils.test import get_crawler

from gigscrapy import archive
from gigscrapy.archive import Archive, Page
from gigscrapy.discovery import DiscoverySpider
from gigscrapy.keeping import KeepPages
from gigscrapy.leagues import load
from gigscrapy.pages import ListedMatch
from gigscrapy.spiders.base import KEPT
from gigscrapy.spiders.leagues import spider_class
from replica import Options, serve
from tests import crawl, quotes
from tests.gigscrapy.pages import page
from tests.gigscrapy.plain_site import plain_crawl
from tests.gigscrapy.spiders.front import Answer, front

pytestmark = pytest.mark.slow

LIGUE_1 = "/cotes/foot/france/ligue-1"
MATCH = ListedMatch(match_id="101", path="/cote/avallon-beaune-101", home="A", away="B", kickoff=None, best={})
OLD = Page(
    run_id="old",
    spider="ligue1",
    arguments={},
    url="https://site.test/cotes/foot/france/ligue-1",
    market="1X2",
    number=1,
    rendered=False,
    status=200,
    fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def kept(home: Path) -> list[Page]:
    with Archive(home) as pages:
        return list(pages.pages())


def keeper(home: Path, **settings: object) -> KeepPages:
    """The middleware as a crawl of Ligue 1 has it."""
    settings = {
        "GIGSCRAPY_HOME": str(home),
        "SITE_URL": "https://site.test",
        "ARCHIVE_MB": 1,
        "ARCHIVE_DAYS": 1,
    } | settings
    league = next(league for league in load() if league.name == "ligue1")
    crawler = get_crawler(spider_class(league), settings)
    crawler.settings.frozen = False  # a crawl makes its spider before that
    crawler.spider = crawler._create_spider(depth="list")
    return KeepPages.from_crawler(crawler)


def answer(request, body: str = "<p>page</p>", **changes: object) -> HtmlResponse:
    return HtmlResponse(
        **({"url": request.url, "body": body.encode(), "encoding": "utf-8", "request": request} | changes)
    )


# -- what is kept ------------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_each_page_that_a_parser_was_given_is_kept_and_each_quote_says_which(tmp_path):
    with serve(Options(matches=6)) as site:
        assert (ran := crawl(site.url, tmp_path)).returncode == 0, ran.stderr
        pages = kept(tmp_path)
        # The list and one match plainly, to see what is there, then the list and every match in the browser.
        assert sorted((one.kind, one.rendered) for one in pages) == [
            *[("list", False), ("list", True), ("match", False)],
            *[("match", True)] * 6,
        ]
        assert {(one.spider, one.status, one.url[: len(site.url)]) for one in pages} == {("ligue1", 200, site.url)}
    by_key = {one.key: one for one in pages}
    items = quotes(tmp_path)
    assert len(items) == 6 * 15
    for item in items:
        one = by_key[item.page]
        assert (one.url, one.run_id, one.rendered) == (item.url, item.run_id, True)
        assert (one.match.match_id, one.match.home, one.match.kickoff) == (item.match_id, item.home, item.kickoff)
        assert f"{item.prices['1']:.2f}" in archive.read(tmp_path, item.page)


def test_plain_pages_are_kept_as_they_were_sent(tmp_path):
    assert (ran := plain_crawl(tmp_path)).returncode == 0, ran.stderr
    texts = [archive.read(tmp_path, one.key) for one in kept(tmp_path)]
    assert texts == [page("league-D"), page("match-D")]
    assert {item.page for item in quotes(tmp_path)} == {archive.key_of(page("match-D"))}
    assert [one.arguments for one in kept(tmp_path)] == [{"match": "101"}] * 2


@pytest.mark.browser
def test_a_page_that_nobody_knows_is_kept_above_all(tmp_path):
    with serve(Options(fault="unknown-layout")) as site:
        assert (ran := crawl(site.url, tmp_path, PRICES_TIMEOUT=1)).returncode == 21, ran.stderr
    plain, rendered = kept(tmp_path)
    assert (plain.rendered, rendered.rendered) == (False, True)
    assert "<body" in archive.read(tmp_path, plain.key)


def test_what_no_parser_is_given_is_not_kept(tmp_path):
    with (
        serve(Options()) as site,
        front(site.url, {LIGUE_1: Answer(404, {"Content-Type": "text/html"}, b"gone")}) as url,
    ):
        assert crawl(url, tmp_path).returncode == 25
    assert kept(tmp_path) == []


def test_where_an_address_leads_that_has_moved_is_not_kept(tmp_path):
    middleware = keeper(tmp_path)
    listed, match = middleware.spider.list_request("1X2"), middleware.spider.match_request(MATCH, rendered=False)
    for request, elsewhere in ((listed, "https://site.test/"), (match, "https://site.test/cote/other-102")):
        response = answer(request, url=elsewhere)
        middleware.process_spider_input(response)
        assert KEPT not in response.meta
    for request in (listed, match):
        middleware.process_spider_input(response := answer(request))
        assert response.meta[KEPT] == archive.key_of("<p>page</p>")
    middleware.spider_closed()


def test_what_is_no_text_is_not_kept(tmp_path):
    middleware = keeper(tmp_path)
    request = middleware.spider.list_request("1X2")
    middleware.process_spider_input(Response(request.url, body=b"\x89PNG", request=request))
    assert not (tmp_path / "pages").exists()


def test_other_spiders_and_whoever_wants_none_keep_nothing(tmp_path):
    with pytest.raises(NotConfigured):
        keeper(tmp_path, ARCHIVE_MB=0)
    crawler = get_crawler(DiscoverySpider, {"ARCHIVE_MB": 1, "SITE_URL": "https://site.test"})
    crawler.spider = crawler._create_spider()
    with pytest.raises(NotConfigured):
        KeepPages.from_crawler(crawler)


@pytest.mark.parametrize("name", ["ARCHIVE_DAYS", "ARCHIVE_MB", "ARCHIVE_RUNS"])
@pytest.mark.parametrize("said", ["abc", "", "-1", "nan", "1,5"])
def test_a_bound_that_is_none_is_told_and_nothing_is_kept(tmp_path, name, said):
    with pytest.raises(NotConfigured, match=f"no page is kept: {name} is a number, 0 or more, not '{said}'"):
        keeper(tmp_path, **{name: said})


@pytest.mark.parametrize("much", ["999999", "1e300", "inf"])
def test_a_bound_beyond_all_bounds_keeps_everything(tmp_path, much):
    with Archive(tmp_path) as pages:
        pages.keep("old", OLD)
    keeper(tmp_path, ARCHIVE_DAYS=much, ARCHIVE_MB=much, ARCHIVE_RUNS=0).spider_closed()
    keeper(tmp_path, ARCHIVE_RUNS=much).spider_closed()
    assert [one.run_id for one in kept(tmp_path)] == ["old"]


# -- what breaks -------------------------------------------------------------------------------------------------------


def test_an_archive_that_cannot_be_written_costs_no_quote_and_is_said_once(tmp_path):
    (tmp_path / "pages").write_text("in the place of the folder")
    assert (ran := plain_crawl(tmp_path)).returncode == 0, ran.stderr
    assert ran.stderr.count("cannot be kept in the archive") == 1
    assert "WARNING" in ran.stderr
    items = quotes(tmp_path)
    assert [item.bookmaker for item in items] == ["Unibet", "Pmu", "Tout Nouveau Paris"]
    assert {item.page for item in items} == {None}


def test_what_fails_is_counted(tmp_path, caplog):
    index = tmp_path / "pages" / archive.INDEX
    index.parent.mkdir()
    index.write_bytes(b"no database" * 200)
    middleware = keeper(tmp_path)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            middleware.process_spider_input(answer(middleware.spider.list_request("1X2")))
        middleware.spider_closed()
    assert middleware.crawler.stats.get_value("archive/failed") == 4
    assert middleware.crawler.stats.get_value("archive/kept") is None
    assert len(caplog.records) == 1


def test_a_page_that_could_not_be_kept_does_not_bear_the_key_of_one_that_could(tmp_path):
    """Asked again, a request has the ``meta`` that the first answer left."""
    middleware = keeper(tmp_path)
    first = answer(middleware.spider.list_request("1X2"))
    middleware.process_spider_input(first)
    assert KEPT in first.meta
    middleware.spider_closed()
    middleware.archive, middleware.home = None, Path("/dev/null")
    again = answer(first.request.copy())
    middleware.process_spider_input(again)
    assert KEPT not in again.meta


# -- what goes ---------------------------------------------------------------------------------------------------------


def test_at_its_end_a_crawl_removes_what_is_too_much_and_none_of_its_own(tmp_path):
    with Archive(tmp_path) as pages:
        pages.keep("old", OLD)
        pages.keep("newer", replace(OLD, fetched_at=datetime.now(UTC)))
    assert plain_crawl(tmp_path, ARCHIVE_MB=0.000001, ARCHIVE_RUNS=1).returncode == 0
    pages = kept(tmp_path)
    assert {one.run_id for one in pages} == {quotes(tmp_path)[0].run_id}
    assert len(pages) == len(list((tmp_path / "pages").glob("??/*"))) == 2


def test_by_default_a_page_stays_for_a_month(tmp_path):
    with Archive(tmp_path) as pages:
        for number in range(12):  # more runs than always stay
            pages.keep(
                f"{number}", replace(OLD, run_id=f"{number}", fetched_at=datetime(2026, 1, 1 + number, tzinfo=UTC))
            )
    assert plain_crawl(tmp_path).returncode == 0
    assert [one.run_id for one in kept(tmp_path)][:10] == [f"{number}" for number in range(3, 12)] + [
        quotes(tmp_path)[0].run_id
    ]
