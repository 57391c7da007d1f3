"""The catalogue: every league the site has, one row of ``leagues.csv`` each, one spider each.

A league's name is its title without accents, spaces and punctuation (``Ligue 1`` is ``ligue1``). Titles are unique
within a sport (the six *Primera Division* carry their country), and football keeps the plain name: a league of another
sport that football has too, by our title or by the one the site prints, adds its sport (``bundesligabasketball``).
"""

import csv
import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources

from schema.markets import MARKETS, winner_market
from schema.names import name_key, slug, tidy
from schema.reference import sports

PATH = re.compile(r"/cotes/([^/\s]+)/([^/\s]+)/([^/\s]+)")
"""A league's page. Three segments exactly: ``/cotes/surebet`` and its like are tools of the site."""


class CatalogueError(ValueError):
    """A row of the catalogue that cannot stand; names its line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class League:
    """One league.

    :ivar name: of its spider; :ivar sport: as on the wire (``football``); :ivar title: unique in its sport, what
        messages carry; gig-benchmark's where it has one.
    :ivar path: of its page on the site; :ivar outcomes: of a match, 3 with the draw, else 2.
    :ivar least_matches: a page with fewer is not believed; 0 for what is played a few weeks a year.
    :ivar site_id: the site's own number, ``None`` where nobody has seen it.
    :ivar gig_keys: gig-benchmark's task keys for it.
    """

    name: str
    sport: str
    country: str
    title: str
    path: str
    outcomes: int
    least_matches: int
    site_id: int | None
    gig_keys: tuple[str, ...]

    @property
    def market(self) -> str:
        """The market of the match's winner: ``1X2`` or ``12``."""
        return winner_market(self.outcomes)

    @property
    def markets(self) -> tuple[str, ...]:
        """Markets its page can show. Only football's selector has been seen, and it has five."""
        return tuple(code for code in MARKETS if code != "12") if self.sport == "football" else (self.market,)


COLUMNS = tuple(field.name for field in fields(League))


def fold(title: str) -> str:
    """``title`` in lower-case ASCII letters and digits only."""
    return slug(title).replace("-", "")


def read(lines: Iterable[str]) -> Iterator[League]:
    """The leagues of a catalogue's lines, header first.

    :raises CatalogueError: at the first bad or double row, with its line number.
    """
    reader = csv.DictReader(lines)
    if missing := set(COLUMNS) - set(reader.fieldnames or ()):
        raise CatalogueError(f"line 1: no column {', '.join(sorted(missing))}")
    taken: dict[tuple[str, str], int] = {}
    for row in reader:
        line = reader.line_num
        try:
            league = _league(row)
        except (TypeError, ValueError) as error:
            raise CatalogueError(f"line {line}: {error}") from None
        for unique in (
            ("name", league.name),
            ("path", league.path),
            (f"title in {league.sport}", name_key(league.title)),
            *(("key", key) for key in league.gig_keys),
        ):
            if unique in taken:
                raise CatalogueError(f"line {line}: {unique[0]} {unique[1]!r} stands in line {taken[unique]} already")
            taken[unique] = line
        yield league


def _league(row: dict[str, str]) -> League:
    if None in row or None in row.values():
        raise ValueError(f"{len(COLUMNS)} columns are expected")
    league = League(
        name=row["name"],
        sport=row["sport"],
        country=tidy(row["country"]),
        title=tidy(row["title"]),
        path=row["path"],
        outcomes=int(row["outcomes"]),
        least_matches=int(row["least_matches"]),
        site_id=int(row["site_id"]) if row["site_id"] else None,
        gig_keys=tuple(row["gig_keys"].split()),
    )
    if not (plain := fold(league.title)):
        raise ValueError(f"title {league.title!r} gives an empty name: it has no letter or digit of ASCII")
    if league.sport not in sports():
        raise ValueError(f"sport {league.sport!r} is not one of {', '.join(sports())}")
    if league.name not in (plain, plain + league.sport):
        raise ValueError(f"name {league.name!r} should be {plain!r}, or {plain + league.sport!r} where that is taken")
    if not (path := PATH.fullmatch(league.path)) or path[1] != sports()[league.sport].slug:
        raise ValueError(f"path {league.path!r} is not /cotes/{sports()[league.sport].slug}/<country>/<league>")
    if league.outcomes not in (2, 3):
        raise ValueError(f"outcomes is 2 or 3, not {league.outcomes}")
    if league.least_matches < 0:
        raise ValueError("least_matches is 0 or more")
    return league


@cache
def load() -> tuple[League, ...]:
    """Every league of the catalogue, in its order. :raises CatalogueError: if a row is bad or double."""
    text = resources.files("gigscrapy").joinpath("leagues.csv").read_text(encoding="utf-8")
    return tuple(read(text.splitlines()))


def nearest(name: str) -> list[str]:
    """Up to five leagues whose name, title or key resembles ``name``, most alike first."""
    wanted = fold(name.rpartition(".")[2])
    spellings = {fold(text): league.name for league in load() for text in (league.title, league.name, *league.gig_keys)}
    found = difflib.get_close_matches(wanted, spellings, n=5, cutoff=0.6)
    holding = [name for spelling, name in spellings.items() if wanted and wanted in spelling]
    return list(dict.fromkeys([*(spellings[spelling] for spelling in found), *holding]))[:5]
