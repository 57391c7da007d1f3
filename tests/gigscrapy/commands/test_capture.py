"""``scrapy capture``: a process of its own, over HTTP from the look-alike, through Chromium."""

import json

import pytest
from parsel import Selector
from scrapy.exceptions import UsageError

from gigscrapy.commands.capture import own_address
from replica import Options, serve
from tests import OWN_SITE, scrapy
from tests.gigscrapy.spiders.front import Answer, front

pytestmark = pytest.mark.slow

LIGUE_1 = "/cotes/foot/france/ligue-1"
FILES = ["expected.json", "fixture.html", "page.png", "rendered.html", "raw.html", "report.txt"]


def capture(tmp_path, site: str, *arguments: str, **settings: object):
    return scrapy("capture", *arguments, home=tmp_path, SITE_URL=site, **(OWN_SITE | settings))


@pytest.mark.browser
@pytest.mark.parametrize(
    ("layout", "kind", "known", "read"),
    [
        ("D", "list", "D           row                          6         6  div.events", "generation D, 6 matches"),
        ("E", "match", "E           row                          0        30  tbody tr", "generation E, 15 bookmakers"),
        ("G", "list", "G           button                      18        18  [data-rencid]", "generation G, 6 matches"),
        ("U", "list", "D           row                          0         0  div.events", "generation S, 6 matches"),
        ("U", "match", "E           row                          0         0  tbody tr", "generation S, 15 bookmakers"),
    ],
)
def test_a_page_is_kept_examined_and_drafted(layout, kind, known, read, tmp_path):
    with serve(Options(layout=layout, matches=6)) as site:
        path = LIGUE_1 if kind == "list" else site.world.fixtures(LIGUE_1)[1].path
        ran = capture(tmp_path, site.url, f"{site.url}{path}")
        assert ran.returncode == 0, ran.stderr
        asked = {target: times for target, times in site.requests.items() if not target.startswith(("/build", "/feed"))}
        assert asked == {"/robots.txt": 1, path: 2}
    [folder] = (tmp_path / "captures").iterdir()
    assert sorted(file.name for file in folder.iterdir()) == sorted(FILES)
    assert folder.name.endswith(path.strip("/").replace("/", "-"))
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in FILES if name != "page.png"}
    assert (folder / "page.png").read_bytes().startswith(b"\x89PNG")
    assert texts["report.txt"] in ran.stdout
    assert (known in ran.stdout, f"read in the browser: {read}" in ran.stdout) == (True, True), ran.stdout
    shown = json.loads(texts["expected.json"])["read"]
    assert len(shown["rows" if kind == "match" else "matches"]) == 3
    assert "STRASBOURG" not in texts["fixture.html"].upper()
    assert len(Selector(texts["rendered.html"]).css("body *")) >= len(Selector(texts["raw.html"]).css("body *"))


@pytest.mark.browser
def test_it_can_be_put_anywhere_and_named_by_its_path(tmp_path):
    with serve(Options(matches=2)) as site:
        ran = capture(tmp_path, site.url, LIGUE_1, "--out", str(tmp_path / "here" / "it is"))
    assert ran.returncode == 0, ran.stderr
    assert sorted(file.name for file in (tmp_path / "here" / "it is").iterdir()) == sorted(FILES)
    assert not (tmp_path / "captures").exists()


@pytest.mark.browser
def test_a_page_without_a_row_is_kept_without_a_draft(tmp_path):
    with serve(Options(fault="unknown-layout")) as site:
        ran = capture(tmp_path, site.url, LIGUE_1, PRICES_TIMEOUT=1.0)
    assert (ran.returncode, "no fixture could be drafted" in ran.stdout) == (0, True), ran.stderr
    [folder] = (tmp_path / "captures").iterdir()
    assert not (folder / "fixture.html").exists()
    assert (folder / "raw.html").exists()


@pytest.mark.parametrize(
    ("fault", "exit_code", "words"),
    [("robots", 22, "robots.txt keeps us out"), ("500", 24, "HTTP 500"), ("429", 23, "HTTP 429")],
)
def test_what_cannot_be_fetched_is_told_with_its_cause(fault, exit_code, words, tmp_path):
    with serve(Options(fault=fault)) as site:
        ran = capture(tmp_path, site.url, LIGUE_1)
        asked = site.requests[LIGUE_1]
    assert (ran.returncode, ran.stdout, asked) == (exit_code, "", 0 if fault == "robots" else 1), ran.stderr
    assert f"{LIGUE_1} was not captured: " in ran.stderr
    assert words in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / "captures").exists()


def test_no_site_at_all(tmp_path):
    ran = capture(tmp_path, "http://127.0.0.1:9", LIGUE_1)
    assert (ran.returncode, "no connection, or it broke" in ran.stderr) == (26, True), ran.stderr
    assert "Traceback" not in ran.stderr


def test_what_is_no_text_is_not_captured(tmp_path):
    binary = Answer(200, {"Content-Type": "application/octet-stream"}, bytes(range(256)))
    with serve(Options()) as site, front(site.url, {LIGUE_1: binary}) as address:
        ran = capture(tmp_path, address, LIGUE_1)
    assert (ran.returncode, "is no text" in ran.stderr) == (21, True), ran.stderr


@pytest.mark.browser
def test_a_folder_that_cannot_be_made_is_told_without_a_traceback(tmp_path):
    (tmp_path / "file").touch()
    with serve(Options(matches=2)) as site:
        ran = capture(tmp_path, site.url, LIGUE_1, "--out", str(tmp_path / "file" / "sub"))
    assert (ran.returncode, "cannot be written: Not a directory" in ran.stderr) == (32, True), ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://site.test/cote/a-1", "https://site.test/cote/a-1"),
        ("/cote/a-1", "https://site.test/cote/a-1"),
        ("cote/a-1", "https://site.test/cote/a-1"),
    ],
)
def test_an_address_is_whole_or_a_path(text, url):
    assert own_address(text, "https://site.test") == url


@pytest.mark.parametrize(
    "text",
    [
        "https://other.test/cote/a-1",
        "//other.test/cote/a-1",
        "http://site.test/cote/a-1",
        "https://a:b@site.test/cote/a-1",
        "https://site.test:8443/",
        "file:///etc/hostname",
        "http://[",
    ],
)
def test_no_other_site_is_asked(text):
    with pytest.raises(UsageError, match="SITE_URL"):
        own_address(text, "https://site.test")


def test_it_takes_one_address(tmp_path):
    ran = capture(tmp_path, "http://127.0.0.1:9")
    assert (ran.returncode, "takes one address" in ran.stdout + ran.stderr) == (2, True)
