from dataclasses import dataclass

import pytest
from scrapy.settings import Settings

from gigscrapy import browser


@dataclass
class Frame:
    url: str


@dataclass
class Asked:
    """What is read of a browser's request."""

    url: str
    resource_type: str
    frame: Frame


@pytest.mark.parametrize(
    ("kind", "url", "page", "aborted"),
    [
        ("script", "https://www.coteur.com/build/app.js", "https://www.coteur.com/cotes/foot/france/ligue-1", False),
        ("fetch", "https://oddsv2.coteur.com/odds", "https://www.coteur.com/cote/a-b-1", False),
        ("document", "https://www.coteur.com/cote/a-b-1", "about:blank", False),
        ("document", "https://www.coteur.com/cote/a-b-1", "", False),
        ("script", "https://ads.example.net/a.js", "https://www.coteur.com/cote/a-b-1", True),
        ("script", "https://notcoteur.com/a.js", "https://www.coteur.com/cote/a-b-1", True),
        ("script", "http://localhost:8000/ads.js", "http://127.0.0.1:8000/cote/a-b-1", True),
        ("script", "http://10.0.0.1/a.js", "http://127.0.0.1/", True),
        ("script", "http://127.0.0.1:8000/app.js", "http://127.0.0.1:8000/cote/a-b-1", False),
        ("image", "https://www.coteur.com/logo.png", "https://www.coteur.com/", True),
        ("font", "https://www.coteur.com/a.woff2", "https://www.coteur.com/", True),
        ("stylesheet", "https://www.coteur.com/a.css", "https://www.coteur.com/", True),
        ("media", "https://www.coteur.com/a.mp4", "https://www.coteur.com/", True),
    ],
)
def test_only_what_brings_prices_is_loaded(kind, url, page, aborted):
    assert browser.unneeded(Asked(url, kind, Frame(page))) is aborted


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
    assert browser.installed(str(there))
