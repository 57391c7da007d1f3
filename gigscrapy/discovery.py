"""What the site has and the catalogue lacks, or has elsewhere: the site's own menu, held against ``leagues.csv``."""

import csv
import dataclasses
import io
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import scrapy
from scrapy.crawler import Crawler
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure

from gigscrapy.leagues import COLUMNS, PATH, League, fold
from gigscrapy.pages import MenuLeague, PageChanged
from gigscrapy.pages.menu import read_menu, read_sports
from gigscrapy.verdict import cause_of
from schema.names import name_key
from schema.reference import Sport, sports

PAGES_AT_MOST = 30
"""Of one sport. A site that pages for ever is not followed for ever."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A league the catalogue lacks (``moved_from`` is ``None``), or has at another path, as the row it should have."""

    league: League
    moved_from: str | None = None


def compare(found: Iterable[MenuLeague], catalogue: Iterable[League]) -> list[Difference]:
    """What the catalogue lacks of ``found``, as rows ready to paste.

    A league has moved when the site's own number, or its sport, country and title, stand in the catalogue at a path
    the site does not link any more. Leagues of sports nobody has described are passed over.
    """
    linked = {league.path: league for league in found}
    rows = list(catalogue)
    paths = {league.path for league in rows}
    gone = [league for league in rows if league.path not in linked]
    differences = []
    for path, seen in sorted(linked.items()):
        sport = _sport_of(path)
        if path in paths or sport is None:
            continue
        if old := next((league for league in gone if _same(league, seen, sport)), None):
            row = dataclasses.replace(old, path=path, site_id=seen.site_id or old.site_id)
            rows[rows.index(old)] = row
            gone.remove(old)
            differences.append(Difference(row, moved_from=old.path))
        else:
            row = _new_row(seen, sport, rows)
            rows.append(row)
            differences.append(Difference(row))
    return differences


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
    if league.site_id is not None and league.site_id == seen.site_id:
        return True
    country = seen.country or ""
    return (league.sport, fold(league.country), fold(league.title)) == (sport.name, fold(country), fold(seen.title))


def _new_row(seen: MenuLeague, sport: Sport, rows: Iterable[League]) -> League:
    """A row for a league nobody has met: its title made unique in its sport, its name by the catalogue's rule."""
    match = PATH.fullmatch(seen.path)
    assert match
    country = seen.country or match[2].replace("-", " ").title()
    title = seen.title
    if name_key(title) in {name_key(row.title) for row in rows if row.sport == sport.name}:
        title = f"{title} {country}"
    taken = {row.name for row in rows}
    return League(
        name=fold(title) if fold(title) not in taken else fold(title) + sport.name,
        sport=sport.name,
        country=country,
        title=title,
        path=seen.path,
        outcomes=sport.outcomes,
        least_matches=0,
        site_id=seen.site_id,
        gig_keys=(),
    )


class DiscoverySpider(scrapy.Spider):
    """Reads the menu and every sport's page; keeps the leagues they link in :attr:`found`."""

    name = "discovery"
    custom_settings = {"ITEM_PIPELINES": {}}  # noqa: RUF012 - declared so by Scrapy
    site: str
    allowed_domains: list[str]

    def __init__(self, only: str = "") -> None:
        super().__init__()
        self.only = set(filter(None, only.split(",")))
        self.found: dict[str, MenuLeague] = {}
        self.sports: set[str] = set()
        self.failures: list[str] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.site = crawler.settings["SITE_URL"].rstrip("/")
        spider.allowed_domains = [urlsplit(spider.site).hostname or ""]
        return spider

    async def start(self) -> AsyncIterator[Any]:
        yield scrapy.Request(f"{self.site}/", self.read, errback=self.failed)
        for request in self.sport_pages(sport.slug for sport in sports().values() if sport.code in SEEN_SPORTS):
            yield request

    def read(self, response: Response, sport: str | None = None, page: int = 1) -> Iterator[scrapy.Request]:
        assert isinstance(response, TextResponse)
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
        if sport and fresh and page < PAGES_AT_MOST:
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
