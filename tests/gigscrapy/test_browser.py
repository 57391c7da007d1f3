from dataclasses import dataclass

import pytest
from scrapy.settings import Settings
from scrapy.utils.test import get_crawler

from gigscrapy import browser


@dataclass
class Asked:
    """What is read of a browser's request."""

    url: str
    resource_type: str


class Robots:
    """Rules that forbid what is secret."""

    def forbids(self, url):
        return "/secret" in url


def unneeded(site: str, robots: Robots | None = None) -> browser.Unneeded:
    crawler = get_crawler(settings_dict={"SITE_URL": site})
    crawler.get_downloader_middleware = lambda _: robots
    return browser.Unneeded(crawler)


COTEUR, OURS = "https://www.coteur.com", "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("kind", "url", "site", "aborted"),
    [
        ("script", "https://www.coteur.com/build/app.js", COTEUR, False),
        ("fetch", "https://oddsv2.coteur.com/odds", COTEUR, False),
        ("document", "https://www.coteur.com/cote/a-b-1", COTEUR, False),
        ("document", "https://ads.example.net/frame", COTEUR, True),
        ("script", "https://ads.example.net/a.js", COTEUR, True),
        ("script", "https://notcoteur.com/a.js", COTEUR, True),
        ("script", "http://localhost:8000/ads.js", OURS, True),
        ("script", "http://10.0.0.1/a.js", OURS, True),
        ("script", "http://127.0.0.1:8000/app.js", OURS, False),
        ("image", "https://www.coteur.com/logo.png", COTEUR, True),
        ("font", "https://www.coteur.com/a.woff2", COTEUR, True),
        ("stylesheet", "https://www.coteur.com/a.css", COTEUR, True),
        ("media", "https://www.coteur.com/a.mp4", COTEUR, True),
    ],
)
def test_only_what_brings_prices_is_loaded(kind, url, site, aborted):
    assert unneeded(site)(Asked(url, kind)) is aborted


def test_what_robots_txt_forbids_is_left_and_told_once(caplog):
    abort = unneeded(COTEUR, Robots())
    assert abort(Asked(f"{COTEUR}/secret?of=1", "fetch"))
    assert abort(Asked(f"{COTEUR}/secret?of=2", "fetch"))
    assert not abort(Asked(f"{COTEUR}/open", "fetch"))
    assert [record.getMessage() for record in caplog.records] == [
        "robots.txt forbids /secret, which the page asks for; its prices may not come"
    ]


def test_other_hosts_do_not_exist_for_chromium():
    arguments = browser.launch_options(COTEUR)["args"]
    assert "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE coteur.com, EXCLUDE *.coteur.com" in arguments


def test_the_sandbox_is_asked_for_where_it_can_be_had(monkeypatch):
    monkeypatch.setattr(browser.os, "geteuid", lambda: 1000)
    assert browser.launch_options(OURS)["chromium_sandbox"] is True
    assert browser.launch_options(OURS, sandbox=False)["chromium_sandbox"] is False
    monkeypatch.setattr(browser.os, "geteuid", lambda: 0)
    assert browser.launch_options(OURS)["chromium_sandbox"] is False


@pytest.mark.parametrize(("site", "scheme"), [("https://www.coteur.com", "https"), ("http://127.0.0.1:8000", "http")])
def test_one_scheme_has_the_browser(site, scheme):
    settings = Settings({"SITE_URL": site, "DOWNLOAD_TIMEOUT": 7, "DOWNLOAD_HANDLERS": {"ftp": None}, "CHROMIUM": "/x"})
    browser.configure(settings)
    assert settings.getdict("DOWNLOAD_HANDLERS") == {
        "ftp": None,
        scheme: "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler",
    }
    assert settings["PLAYWRIGHT_LAUNCH_OPTIONS"]["executable_path"] == "/x"
    assert settings["PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT"] == 7000


def test_a_browser_that_is_named_must_be_there(tmp_path):
    assert not browser.installed(str(tmp_path / "none"))
    there = tmp_path / "chromium"
    there.touch()
    assert not browser.installed(str(there))
    there.chmod(0o755)
    assert browser.installed(str(there))
