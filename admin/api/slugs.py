"""Names that stay: of sports, leagues, teams, bookmakers and markets. Wherever a slug is taken, the id is too.

A slug is made of what makes the row that row (its code, or the key of its name in its league), so that another spelling
of a name changes nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from slugify import slugify

from admin.api.problems import Problem
from schema.models import Bookmakers, Leagues, MarketNames, Sports, Teams

slug: Callable[[str], str] = lru_cache(maxsize=32_768)(slugify)
"""Of a name or key. The same few thousand come again and again, and each takes a while."""


def of_sport(sport: Sports) -> str:
    """``football``."""
    return slug(sport.name)


def of_league(league: Leagues) -> str:
    """``football_ligue-1``."""
    return f"{of_sport(league.sport)}_{slug(league.name_key)}"


def of_team(team: Teams) -> str:
    """``football_ligue-1_psg``."""
    return f"{of_league(team.league)}_{slug(team.name_key)}"


def of_bookmaker(bookmaker: Bookmakers) -> str:
    """``winamax``."""
    return slug(bookmaker.code)


def of_market(market: MarketNames) -> str:
    """``football_1x2``."""
    return f"{of_sport(market.sport)}_{slug(market.code)}"


def wanted(asked: Sequence[str], rows: Callable[[], Iterable[Any]], of: Callable[[Any], str], kind: str) -> list[Any]:
    """The rows that these ids or slugs name, each once.

    :param rows: all there are, asked for only where something is asked.
    :raises Problem: 404 ``unknown_<kind>`` for one that names nothing.
    """
    if not asked:
        return []
    known: dict[str, Any] = {}
    for row in sorted(rows(), key=lambda row: row.id, reverse=True):  # of two with one slug the older has it
        known[of(row)] = known[str(row.id)] = row
    unknown = [name for name in asked if name.lower() not in known]
    if unknown:
        raise Problem(404, f"unknown_{kind}", f"{kind}: there is no {', '.join(unknown)}", errors={kind: unknown})
    found: dict[int, Any] = {known[name.lower()].id: known[name.lower()] for name in asked}
    return list(found.values())
