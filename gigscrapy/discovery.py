"""What the site has and the catalogue lacks, or has elsewhere: the site's own menu, held against ``leagues.csv``."""

import csv
import dataclasses
import io
import itertools
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import scrapy
from scrapy.crawler import Crawler
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure

from gigscrapy.leagues import COLUMNS, PATH, League, fold, read
from gigscrapy.pages import MenuLeague, PageChanged
from gigscrapy.pages.menu import read_menu, read_sports
from gigscrapy.verdict import cause_of
from schema.names import BadName, name_key, tidy
from schema.reference import Sport, sports

PAGES_AT_MOST = 30
"""Of one sport. A site that pages for ever is not followed for ever."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A league the catalogue lacks (``moved_from`` is ``None``), or has at another path, as the row it should have."""

    league: League
    moved_from: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rows to paste, and in a sentence each what the site has besides but no row can be given for."""

    differences: list[Difference]
    withheld: list[str]


def compare(
    found: Iterable[MenuLeague], catalogue: Iterable[League], complete: Collection[str] | None = None
) -> Comparison:
    """What the catalogue lacks of ``found``, as rows ready to paste.

    A league has moved when its sport and the site's own number, or its sport, country and title, stand in the catalogue
    at a path the site does not link any more. Leagues of sports nobody has described are passed over.

    :param complete: slugs of the sports of which ``found`` has all there is, ``None`` for every sport. Of another sport
        nobody can say that a league is not linked any more: what may have moved there is withheld.
    """
    linked = {league.path: league for league in found}
    rows = list(catalogue)
    paths = {league.path for league in rows}
    gone = [league for league in rows if league.path not in linked]
    differences: list[Difference] = []
    withheld: list[str] = []
    for path, seen in sorted(linked.items()):
        sport = _sport_of(path)
        if path in paths or sport is None:
            continue
        old = next((league for league in gone if _same(league, seen, sport)), None)
        if old and complete is not None and sport.slug not in complete:
            withheld.append(f"{path} may be {old.name} moved from {old.path}: {sport.name} was not read completely")
        elif old:
            row = dataclasses.replace(old, path=path, site_id=seen.site_id or old.site_id)
            rows[rows.index(old)] = row
            gone.remove(old)
            differences.append(Difference(row, moved_from=old.path))
        else:
            try:
                row = _new_row(seen, sport, rows)
            except BadName as error:
                withheld.append(f"{path} cannot be named: {seen.title!r} {error}")
                continue
            rows.append(row)
            differences.append(Difference(row))
    return Comparison(differences, withheld)


def pasted(differences: Iterable[Difference], catalogue: Iterable[League]) -> tuple[League, ...]:
    """The catalogue as it is once the rows are in it.

    :raises CatalogueError: when it could not be loaded any more.
    """
    differences = list(differences)
    moved = {difference.moved_from for difference in differences}
    kept = [Difference(league) for league in catalogue if league.path not in moved]
    return tuple(read(as_csv([*kept, *differences]).splitlines()))


def as_csv(differences: Iterable[Difference]) -> str:
    """The rows as they go into ``leagues.csv``, header first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for difference in differences:
        row = dataclasses.asdict(difference.league)
        row["gig_keys"] = " ".join(row["gig_keys"])
        writer.writerow("" if row[column] is None else row[column] for column in COLUMNS)
    return text.getvalue()


def _sport_of(path: str) -> Sport | None:
    match = PATH.fullmatch(path)
    return next((sport for sport in sports().values() if match and sport.slug == match[1]), None)


def _same(league: League, seen: MenuLeague, sport: Sport) -> bool:
    if league.sport != sport.name:
        return False
    if league.site_id is not None and league.site_id == seen.site_id:
        return True
    # Letters that do not fold leave nothing, and nothing is like nothing.
    title = fold(seen.title)
    return bool(title) and (fold(league.country), fold(league.title)) == (fold(seen.country or ""), title)


def _new_row(seen: MenuLeague, sport: Sport, rows: Iterable[League]) -> League:
    """A row for a league nobody has met: its title made unique in its sport, its name by the catalogue's rule.

    :raises BadName: when no title or name can be made of what the site prints.
    """
    match = PATH.fullmatch(seen.path)
    assert match
    country = tidy(seen.country or match[2].replace("-", " ").title())
    name, title = _free(tidy(seen.title), country, sport, rows)
    return League(
        name=name,
        sport=sport.name,
        country=country,
        title=title,
        path=seen.path,
        outcomes=sport.outcomes,
        least_matches=0,
        site_id=seen.site_id,
        gig_keys=(),
    )


def _free(title: str, country: str, sport: Sport, rows: Iterable[League]) -> tuple[str, str]:
    """The first name and title nobody has: the title as it is, with its country, then with a number besides.

    :raises BadName: when the title has nothing a name could be made of, or is too long.
    """
    if not fold(title):
        raise BadName("has no letter or digit of ASCII")
    rows = list(rows)
    names = {row.name for row in rows}
    titles = {name_key(row.title) for row in rows if row.sport == sport.name}
    numbered = (f"{title} {country} {number}" for number in itertools.count(2))
    for candidate in map(tidy, itertools.chain([title, f"{title} {country}"], numbered)):
        name = next((name for name in (fold(candidate), fold(candidate) + sport.name) if name not in names), None)
        if name and name_key(candidate) not in titles:
            return name, candidate
    raise AssertionError  # the numbers do not end


def find_sport(text: str) -> Sport | None:
    """The sport of that name, title or slug, in whatever spelling."""
    return next(
        (sport for sport in sports().values() if fold(text) in map(fold, (sport.name, sport.title, sport.slug))), None
    )


class DiscoverySpider(scrapy.Spider):
    """Reads the menu and every sport's page; keeps the leagues they link in :attr:`found`.

    :ivar sports: slugs of the sports asked for; :ivar complete: of those read to their last page;
        :ivar menu_read: whether the home page was; :ivar failures: what was not read and why, a sentence each.
    """

    name = "discovery"
    custom_settings = {"ITEM_PIPELINES": {}}  # noqa: RUF012 - declared so by Scrapy
    site: str
    allowed_domains: list[str]

    def __init__(self, only: Iterable[str] = ()) -> None:
        """:param only: slugs of the sports to read, none for all."""
        super().__init__()
        self.only = set(only)
        self.found: dict[str, MenuLeague] = {}
        self.sports: set[str] = set()
        self.complete: set[str] = set()
        self.menu_read = False
        self.failures: list[str] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.site = crawler.settings["SITE_URL"].rstrip("/")
        spider.allowed_domains = [urlsplit(spider.site).hostname or ""]
        return spider

    async def start(self) -> AsyncIterator[Any]:
        yield scrapy.Request(f"{self.site}/", self.read, errback=self.failed)
        seen = (sport.slug for sport in sports().values() if sport.code in SEEN_SPORTS)
        for request in self.sport_pages(sorted(self.only) or seen):
            yield request

    def read(self, response: Response, sport: str | None = None, page: int = 1) -> Iterator[scrapy.Request]:
        if not isinstance(response, TextResponse):
            self.failures.append(f"{response.url}: the answer is no text")
            return
        try:
            seen = read_menu(response.text, url=response.url)
        except PageChanged as error:
            self.failures.append(str(error))
            return
        fresh = [league for league in seen if league.path not in self.found]
        for league in fresh:
            self.found[league.path] = league
        self.logger.info("%s: %d leagues, %d new", response.url, len(seen), len(fresh))
        yield from self.sport_pages(read_sports(response.text))
        if sport is None:
            self.menu_read = True
        elif not fresh:
            self.complete.add(sport)
        elif page < PAGES_AT_MOST:
            yield self.sport_page(sport, page + 1)

    def sport_pages(self, slugs: Iterable[str]) -> Iterator[scrapy.Request]:
        for slug in slugs:
            if slug not in self.sports and (not self.only or slug in self.only):
                self.sports.add(slug)
                yield self.sport_page(slug, 1)

    def sport_page(self, slug: str, page: int) -> scrapy.Request:
        address = f"{self.site}/cotes-{slug}" + (f"?page={page}" if page > 1 else "")
        return scrapy.Request(address, self.read, errback=self.failed, cb_kwargs={"sport": slug, "page": page})

    def failed(self, failure: Failure) -> None:
        request: scrapy.Request = failure.request  # type: ignore[attr-defined] # Scrapy puts it there
        assert failure.value
        self.failures.append(f"{request.url}: {cause_of(failure.value).advice}")


SEEN_SPORTS = ("FOOT", "BASK", "RUGB", "TENN")
"""Asked for even where the menu should not link them: the catalogue has leagues of these."""
