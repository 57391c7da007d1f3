import pytest

from tests import crawl, scrapy


@pytest.mark.parametrize(
    ("league", "options", "words"),
    [
        ("ligue-1", {}, "there is no league 'ligue-1'; ligue1, ligue2"),
        ("ligue1", {"depth": "deep"}, "depth is list or match, not 'deep'"),
        ("ligue1", {"colour": "red"}, "arguments are depth=, markets=, days= and match="),
        ("ligue1", {"CHROMIUM": "/nowhere"}, "prices need a browser and there is none"),
        ("ligue1", {"ARCHIVE_MB": "abc"}, "ARCHIVE_MB is a number, 0 or more, not 'abc'"),
    ],
)
def test_a_mistake_is_told_before_anything_starts(league, options, words, tmp_path):
    ran = crawl("http://127.0.0.1:9", tmp_path, league, **options)
    assert (ran.returncode, words in ran.stderr + ran.stdout) == (2, True), ran.stderr
    assert "Traceback" not in ran.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("site", ["www.coteur.com", "ftp://127.0.0.1", "https://", "http://user:secret@127.0.0.1:9"])
def test_an_address_that_is_none_is_told_at_once(site, tmp_path):
    ran = crawl(site, tmp_path)
    assert (ran.returncode, "SITE_URL is an address such as" in ran.stderr) == (2, True), ran.stderr
    assert "secret" not in ran.stderr


def test_under_scrapyd_the_leagues_are_listed_too(tmp_path):
    ran = scrapy("list", home=tmp_path, environment={"SCRAPY_PROJECT": "gigscrapy"})
    assert (ran.returncode, len(ran.stdout.split())) == (0, 203), ran.stderr
