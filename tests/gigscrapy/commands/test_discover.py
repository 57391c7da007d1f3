import os
import signal
import subprocess
import sys
from time import monotonic, sleep

import pytest
from scrapy.crawler import Crawler
from scrapy.statscollectors import MemoryStatsCollector

from gigscrapy.commands.discover import what_went_wrong
from gigscrapy.discovery import DiscoverySpider
from gigscrapy.leagues import COLUMNS, load
from replica import Options, serve
from tests import OWN_ENVIRONMENT, OWN_SITE, ROOT, scrapy

pytestmark = pytest.mark.slow


def discover(tmp_path, site: str, *arguments: str):
    return scrapy("discover", *arguments, home=tmp_path, SITE_URL=site, **OWN_SITE)


def test_a_site_that_is_as_the_catalogue_lacks_nothing(tmp_path):
    with serve(Options()) as site:
        ran = discover(tmp_path, site.url, "--sports", "foot,rugby")
    assert (ran.returncode, ran.stdout) == (0, ",".join(COLUMNS) + "\n"), ran.stderr
    assert "0 new, 0 moved" in ran.stderr


def page(path, *links: str):
    """The site's page with the whole menu but Ligue 1, and ``links`` besides."""
    known = [
        f'<a href="{league.path}" data-competid="{league.site_id or ""}">{league.title}</a>'
        for league in load()
        if league.name != "ligue1"
    ]
    path.write_text(
        "<html><body><ul id='menuprono'><a data-bs-target='#menu_item1' href='#'><span>France</span></a>"
        f"<ul id='menu_item1'>{''.join(links)}<a href='/cotes/surebet'>Surebets</a></ul></ul>{''.join(known)}"
        "</body></html>",
        encoding="utf-8",
    )
    return path


MOVED = "<a href='/cotes/foot/france/ligue-1-bis' data-competid='3'>Ligue 1</a>"
NATIONAL = "<a href='/cotes/foot/france/national' data-competid='555'>National</a>"
NATIONAL_ROW = "national,football,France,National,/cotes/foot/france/national,3,0,555,"


def test_new_and_moved_leagues_are_rows_ready_to_paste(tmp_path):
    menu = page(tmp_path / "menu.html", MOVED, NATIONAL)
    with serve(Options(static={"/": menu, "/cotes-foot": menu})) as site:
        ran = discover(tmp_path, site.url, "--sports", "football")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[1:] == [
        "ligue1,football,France,Ligue 1,/cotes/foot/france/ligue-1-bis,3,6,3,football.ligue_1",
        NATIONAL_ROW,
    ]
    assert "ligue1 has moved from /cotes/foot/france/ligue-1 to /cotes/foot/france/ligue-1-bis" in ran.stderr


def test_a_league_of_a_sport_whose_page_was_not_read_has_not_moved(tmp_path):
    menu = page(tmp_path / "menu.html", MOVED, NATIONAL)
    with serve(Options(static={"/": menu, "/cotes-rugby": menu})) as site:
        ran = discover(tmp_path, site.url, "--sports", "rugby")
    assert (ran.returncode, ran.stdout.splitlines()[1:]) == (1, [NATIONAL_ROW]), ran.stderr
    assert "ligue-1-bis may be ligue1 moved from /cotes/foot/france/ligue-1: football was not read" in ran.stderr


def test_a_league_without_a_name_is_told_and_not_printed(tmp_path):
    menu = page(tmp_path / "menu.html", "<a href='/cotes/foot/japon/j1'>日本</a>", NATIONAL)
    with serve(Options(static={"/": menu, "/cotes-rugby": menu})) as site:
        ran = discover(tmp_path, site.url, "--sports", "rugby")
    assert (ran.returncode, ran.stdout.splitlines()[1:]) == (1, [NATIONAL_ROW]), ran.stderr
    assert "/cotes/foot/japon/j1 cannot be named: '日本' has no letter or digit of ASCII" in ran.stderr


def test_a_page_that_is_no_text_is_a_failure_with_its_address(tmp_path):
    menu = page(tmp_path / "menu.html", MOVED)
    picture = tmp_path / "foot.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    with serve(Options(static={"/": menu, "/cotes-foot": picture})) as site:
        ran = discover(tmp_path, site.url, "--sports", "foot")
    assert (ran.returncode, ran.stdout.splitlines()[1:]) == (1, []), ran.stderr
    assert f"not read: {site.url}/cotes-foot: the answer is no text" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_sport_that_was_refused_is_not_taken_for_read(tmp_path):
    with serve(Options(fault="500", fault_on="^/cotes-foot")) as site:
        ran = discover(tmp_path, site.url, "--sports", "foot", "-s", "RETRY_ENABLED=False")
    assert ran.returncode == 1
    assert "not read to the end: foot" in ran.stderr


def test_a_sport_nobody_knows_is_refused_before_anything_is_read(tmp_path):
    with serve(Options()) as site:
        ran = discover(tmp_path, site.url, "--sports", "foot,curling")
        assert not site.requests
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "there is no sport 'curling'; there are football, basketball" in ran.stderr


def test_an_error_of_ours_is_no_good_end():
    crawler = Crawler(DiscoverySpider)
    crawler.stats = MemoryStatsCollector(crawler)
    spider = DiscoverySpider(["foot"])
    crawler.stats.set_value("finish_reason", "finished")
    assert what_went_wrong(crawler, spider) == []
    crawler.stats.inc_value("spider_exceptions/KeyError")
    [trouble] = what_went_wrong(crawler, spider)
    assert trouble.startswith("an error of ours")


def test_a_stop_half_way_is_told_and_nothing_has_moved(tmp_path):
    menu = page(tmp_path / "menu.html", MOVED, NATIONAL)
    inherited = {name: value for name, value in os.environ.items() if name not in OWN_ENVIRONMENT}
    with serve(
        Options(static={"/": menu, "/cotes-foot": menu}, fault="slow", fault_on="^/cotes-rugby", delay=3)
    ) as site:
        settings = {"SITE_URL": site.url, **OWN_SITE}
        command = [sys.executable, "-m", "scrapy", "discover", "--sports", "foot,rugby"]
        with subprocess.Popen(
            [*command, *(word for name, value in settings.items() for word in ("-s", f"{name}={value}"))],
            cwd=ROOT,
            env=inherited | {"GIGSCRAPY_HOME": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            deadline = monotonic() + 60
            while "/cotes-rugby" not in site.requests and monotonic() < deadline:
                sleep(0.05)
            process.send_signal(signal.SIGINT)
            output, told = process.communicate(timeout=60)
    assert (process.returncode, output.splitlines()[1:]) == (1, [NATIONAL_ROW]), told
    assert "stopped before its end: only a part of the site was read" in told
    assert "has moved" not in told


def test_a_site_that_cannot_be_read_is_no_empty_answer(tmp_path):
    ran = discover(tmp_path, "http://127.0.0.1:9")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "no league was found on the site" in ran.stderr
