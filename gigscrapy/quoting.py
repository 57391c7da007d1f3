"""From a page that was read to its quotes. Pure: a crawl, and whoever reads a kept page again, make the same of it.

Here all prices of a market are together, so here they are judged: a quote that cannot be right is made all the same,
and marked with the rule it breaks (:mod:`schema.plausibility`).
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from gigscrapy.leagues import League
from gigscrapy.pages import STRUCTURAL, BookmakerRef, LeaguePage, ListedMatch, MatchPage, PageChanged
from schema.markets import MARKETS
from schema.messages import OddsItem
from schema.plausibility import READ_BY_STRUCTURE, broken, broken_by_list, suspects
from schema.reference import find_bookmaker, unnamed


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One look at one page.

    :ivar scraped_at: aware UTC; :ivar kept: what the page's text is kept under in the archive, ``None`` if it is not.
    """

    league: League
    run_id: str | None
    url: str
    scraped_at: datetime
    kept: str | None = None


def is_list_of(league: League, url: str) -> bool:
    """Whether this is the address of the league's page; the site leads from one that has moved to others."""
    return urlsplit(url).path.rstrip("/") == league.path


def is_page_of(match: ListedMatch, url: str) -> bool:
    """Whether this is the address of the match's page, whatever its slug is now."""
    return urlsplit(url).path.rstrip("/").endswith(f"-{match.match_id}")


def completed(match: ListedMatch, page: MatchPage, url: str) -> ListedMatch:
    """The match, with what only its own page says of it.

    :raises PageChanged: when neither the list nor the page tells who plays.
    """
    home, away = match.home or page.home, match.away or page.away
    if home is None or away is None:
        raise PageChanged(url, {"the two teams": match.path})
    return replace(match, home=home, away=away, kickoff=match.kickoff or page.kickoff)


def match_quotes(page: MatchPage, match: ListedMatch, sighting: Sighting) -> list[OddsItem]:
    """One quote for each bookmaker of a match page that has a price."""
    marks = _marks_of_panel(page, sighting.league.market)
    return [
        _quote(
            sighting,
            match,
            row.bookmaker,
            row.prices,
            market=sighting.league.market,
            published_trj=row.published_trj,
            parser=f"match-{page.generation}",
            suspect=marks.get(place),
        )
        for place, row in enumerate(page.rows)
        if any(row.prices.values())
    ]


def list_quotes(page: LeaguePage, match: ListedMatch, market: str, sighting: Sighting) -> list[OddsItem]:
    """One partial quote for each bookmaker that holds a best price of this match; a price that is nobody's is none."""
    held: defaultdict[BookmakerRef, dict[str, Decimal | None]] = defaultdict(dict)
    for outcome, best in match.best.items():
        if best.bookmaker is not None:
            held[best.bookmaker][outcome] = best.price
    together = _mark_of_list(page, match, market)
    return [
        _quote(
            sighting,
            match,
            bookmaker,
            prices,
            market=market,
            partial=True,
            published_trj=match.published_trj,
            parser=f"list-{page.generation}",
            suspect=together or broken(prices, MARKETS[market]),
        )
        for bookmaker, prices in held.items()
    ]


def usually_called(item: OddsItem) -> tuple[OddsItem, bool]:
    """The quote with its bookmaker's usual name and number, however it was named; and whether anybody knows it."""
    known = find_bookmaker(item.bookmaker, item.bookmaker_id)
    return (replace(item, bookmaker=known.name, bookmaker_id=known.site_id), True) if known else (item, False)


def _marks_of_panel(page: MatchPage, market: str) -> dict[int, str]:
    """The rule that each suspect row of a match page breaks, by its place."""
    if page.generation == STRUCTURAL:
        return dict.fromkeys(range(len(page.rows)), READ_BY_STRUCTURE)
    return suspects({place: row.prices for place, row in enumerate(page.rows)}, MARKETS[market])


def _mark_of_list(page: LeaguePage, match: ListedMatch, market: str) -> str | None:
    """The rule that a list's best prices of a match break together; one that is nobody's counts too."""
    if page.generation == STRUCTURAL:
        return READ_BY_STRUCTURE
    return broken_by_list({outcome: best.price for outcome, best in match.best.items()}, MARKETS[market])


def _quote(
    sighting: Sighting, match: ListedMatch, bookmaker: BookmakerRef, prices: dict[str, Decimal | None], **said: Any
) -> OddsItem:
    assert match.home
    assert match.away
    return OddsItem(
        sport=sighting.league.sport,
        league=sighting.league.title,
        country=sighting.league.country,
        home=match.home,
        away=match.away,
        kickoff=match.kickoff,
        match_id=match.match_id,
        bookmaker=bookmaker.name or unnamed(bookmaker.site_id or 0),
        bookmaker_id=bookmaker.site_id,
        prices=prices,
        scraped_at=sighting.scraped_at,
        url=sighting.url,
        run_id=sighting.run_id,
        page=sighting.kept,
        **said,
    )
