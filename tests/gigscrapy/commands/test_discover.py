from gigscrapy.leagues import COLUMNS, load
from replica import Options, serve
from tests import OWN_SITE, scrapy


def discover(tmp_path, site: str, *arguments: str):
    return scrapy("discover", *arguments, home=tmp_path, SITE_URL=site, **OWN_SITE)


def test_a_site_that_is_as_the_catalogue_lacks_nothing(tmp_path):
    with serve(Options()) as site:
        ran = discover(tmp_path, site.url, "--sports", "foot,rugby")
    assert (ran.returncode, ran.stdout) == (0, ",".join(COLUMNS) + "\n"), ran.stderr
    assert "0 new, 0 moved" in ran.stderr


def test_new_and_moved_leagues_are_rows_ready_to_paste(tmp_path):
    menu = tmp_path / "menu.html"
    links = [
        f'<a href="{league.path}" data-competid="{league.site_id or ""}">{league.title}</a>'
        for league in load()
        if league.name != "ligue1"
    ]
    menu.write_text(
        "<html><body><ul id='menuprono'><a data-bs-target='#menu_item1' href='#'><span>France</span></a>"
        "<ul id='menu_item1'><a href='/cotes/foot/france/ligue-1-bis' data-competid='3'>Ligue 1</a>"
        "<a href='/cotes/foot/france/national' data-competid='555'>National</a>"
        "<a href='/cotes/surebet'>Surebets</a></ul></ul>" + "".join(links) + "</body></html>",
        encoding="utf-8",
    )
    with serve(Options(static={"/": menu})) as site:
        ran = discover(tmp_path, site.url, "--sports", "none")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[1:] == [
        "ligue1,football,France,Ligue 1,/cotes/foot/france/ligue-1-bis,3,6,3,football.ligue_1",
        "national,football,France,National,/cotes/foot/france/national,3,0,555,",
    ]
    assert "ligue1 has moved from /cotes/foot/france/ligue-1 to /cotes/foot/france/ligue-1-bis" in ran.stderr


def test_a_site_that_cannot_be_read_is_no_empty_answer(tmp_path):
    ran = discover(tmp_path, "http://127.0.0.1:9")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "no league was found on the site" in ran.stderr
