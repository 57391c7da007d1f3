"""A crawl that meets a price that cannot be right."""

import re
from decimal import Decimal
from urllib.parse import quote as quoted

import pytest

from gigscrapy.leagues import load
from replica import Options, serve
from schema.messages import RunReport
from tests import crawl, quotes, spooled
from tests.gigscrapy.spiders.front import Answer, front

LIGUE_1 = next(league.path for league in load() if league.name == "ligue1")


@pytest.mark.browser
def test_a_price_ten_times_as_high_is_kept_marked_counted_and_told(tmp_path):
    with serve(Options(layout="D", matches=4)) as site:
        match = site.world.fixtures(LIGUE_1)[0]
        first = next(iter(match.quotes("1X2")))
        shown = f"{first.prices['1']:.2f}"
        wrong = Answer(instead=(f" {shown}\\n", f" {first.prices['1'] * 10:.2f}\\n"))
        with front(site.url, {f"/feed?of={quoted(match.path, safe='')}": wrong}) as address:
            ran = crawl(address, tmp_path)
        alike = {offer.bookmaker.name for offer in match.quotes("1X2") if f"{offer.prices['1']:.2f}" == shown}
    suspect = {(item.match_id, item.bookmaker, item.suspect) for item in quotes(tmp_path) if item.suspect}
    assert suspect == {(str(match.site_id), name, "far-from-panel") for name in alike}, ran.stderr
    [kept] = [item for item in quotes(tmp_path) if item.suspect and item.bookmaker == first.bookmaker.name]
    assert kept.prices == {**first.prices, "1": Decimal(f"{first.prices['1'] * 10:.3f}")}
    last = [message for message in spooled(tmp_path) if isinstance(message, RunReport)][-1]
    assert last.counts["suspects"] == len(alike)
    told = re.findall(r"WARNING suspect \(far-from-panel\): '([^']+)' on", ran.stderr)
    assert set(told) == alike
    assert len(told) == len(alike)
