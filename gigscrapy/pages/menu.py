"""The site's own catalogue: the leagues its menu and its sports' pages link, and the sports it has."""

import re
from collections.abc import Iterator

from parsel import Selector

from gigscrapy.pages import MenuLeague, PageChanged
from gigscrapy.pages.markup import attribute, document, local_path, words

MENU = "#menuprono"
MENU_LINK = "a[data-competid], #menuprono a[href]"
LEAGUE_HEADER = "a.competition-link"
ANY_LINK = 'a[href*="/cotes/"]:not([href*="?"])'
SPORT_LINK = 'a[href^="/cotes-"]'

LEAGUE = re.compile(r"/cotes/[^/\s]+/[^/\s]+/[^/\s]+")
"""Three segments exactly: ``/cotes/surebet``, ``/cotes/surebet/calculette`` and their like are tools of the site."""

_SPORT = re.compile(r"/cotes-([^/]+)/?")
_NO_SPORT = "boostees"


def read_menu(html: str, *, url: str) -> tuple[MenuLeague, ...]:
    """The leagues a page links: those of its menu and those whose header stands over their matches; else any.

    The menu and the header name a league's country; a bare link does not.

    :raises PageChanged: when the page has neither a menu nor a league.
    """
    page = document(html, url)
    leagues: dict[str, MenuLeague] = {}
    for league in [*_of_menu(page, url), *_of_headers(page, url)] or _of_links(page, url):
        leagues.setdefault(league.path, league)
    if not leagues and not page.css(MENU):
        raise PageChanged(url, {"the menu": MENU, "a league": ANY_LINK})
    return tuple(leagues.values())


def read_sports(html: str) -> tuple[str, ...]:
    """The sports' slugs (``foot``, ``rugby%20%C3%A0%207``) as the page links them, each once, in its order."""
    paths = (local_path(href, "") or "" for href in document(html, "").css(f"{SPORT_LINK}::attr(href)").getall())
    slugs = (found[1] for path in paths if (found := _SPORT.fullmatch(path)))
    return tuple(dict.fromkeys(slug for slug in slugs if slug != _NO_SPORT))


def _of_menu(page: Selector, url: str) -> Iterator[MenuLeague]:
    countries = {attribute(link, "data-bs-target"): words(link) for link in page.css(f"{MENU} > a[data-bs-target]")}
    for link in page.css(MENU_LINK):
        if path := _league(link, url):
            yield MenuLeague(path, words(link) or path.rpartition("/")[2], _country(link, countries), _number(link))


def _country(link: Selector, countries: dict[str, str]) -> str | None:
    """The header of the group around a link; groups of a country's own competitions may stand inside it."""
    groups = (f"#{group.get('id')}" for group in link.root.iterancestors("ul"))
    return next((countries[group] for group in groups if countries.get(group)), None)


def _of_headers(page: Selector, url: str) -> Iterator[MenuLeague]:
    for link in page.css(LEAGUE_HEADER):
        if path := _league(link, url):
            # Country and league are two lines of one text.
            text = "".join(link.css("::text").getall())
            lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
            country = lines.pop(0) if len(lines) > 1 else None
            yield MenuLeague(path, " ".join(lines) or path.rpartition("/")[2], country, None)


def _of_links(page: Selector, url: str) -> Iterator[MenuLeague]:
    """In generations whose menu nobody has seen. A link with a query is one of a league page's own markets."""
    for link in page.css(ANY_LINK):
        if (path := _league(link, url)) and (title := words(link)):
            yield MenuLeague(path, title, None, None)


def _league(link: Selector, url: str) -> str | None:
    """Path of a league's link, ``None`` for any other."""
    path = (local_path(attribute(link, "href"), url) or "").rstrip("/")
    return path if LEAGUE.fullmatch(path) else None


def _number(link: Selector) -> int | None:
    number = attribute(link, "data-competid")
    return int(number) if number.isascii() and number.isdigit() else None
