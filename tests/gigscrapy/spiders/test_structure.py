"""Whole crawls of a site that no parser knows: what can be told is told, marked, and no success."""

import pytest

from replica import Options, serve
from schema.messages import RunReport
from schema.plausibility import READ_BY_STRUCTURE
from tests import crawl, quotes, spooled

LIGUE_1 = "/cotes/foot/france/ligue-1"


def account(home) -> RunReport:
    return [message for message in spooled(home) if isinstance(message, RunReport)][-1]


@pytest.mark.browser
@pytest.mark.slow
def test_a_site_nobody_knows_is_read_by_structure_and_fails(tmp_path):
    with serve(Options(layout="U", matches=3)) as site:
        ran = crawl(site.url, tmp_path)
        items = quotes(tmp_path)
        assert ran.returncode == 21, ran.stderr
        assert "no parser knows the page; 45 quotes were read by structure and are marked suspect" in ran.stderr
        assert f"scrapy capture {site.url}{LIGUE_1}" in ran.stderr
        assert f"scrapy capture {site.url}/cote/" in ran.stderr
        shown = {
            (str(match.site_id), quote.bookmaker.name): quote.prices
            for match in site.world.fixtures(LIGUE_1)
            for quote in match.quotes("1X2")
        }
        assert {(item.match_id, item.bookmaker): item.prices for item in items} == shown
        kickoffs = {str(match.site_id): match.kickoff for match in site.world.fixtures(LIGUE_1)}
        assert {item.match_id: item.kickoff for item in items} == kickoffs
    assert {(item.parser, item.suspect, item.partial) for item in items} == {("match-S", READ_BY_STRUCTURE, False)}
    assert "Traceback" not in ran.stderr
    assert (account(tmp_path).verdict, account(tmp_path).counts["suspects"]) == ("page-changed", 45)


@pytest.mark.browser
@pytest.mark.slow
def test_best_prices_of_a_list_nobody_knows_are_marked_too(tmp_path):
    with serve(Options(layout="U", matches=3)) as site:
        ran = crawl(site.url, tmp_path, depth="list")
        best = {
            (str(match.site_id), outcome): offer[0]
            for match in site.world.fixtures(LIGUE_1)
            for outcome, offer in match.best("1X2").items()
        }
    items = quotes(tmp_path)
    assert ran.returncode == 21, ran.stderr
    assert {(item.match_id, outcome): price for item in items for outcome, price in item.prices.items()} == best
    assert {(item.parser, item.suspect, item.partial) for item in items} == {("list-S", READ_BY_STRUCTURE, True)}
    assert f"{len(items)} quotes were read by structure" in ran.stderr
