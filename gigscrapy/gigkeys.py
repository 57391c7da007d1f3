"""What gig-benchmark's programs call a league, however they came to it: the names of its tasks, and what its scrapers
and its page make of the title.

Its scrapers name their progress after the title (``football.division_1_algérie``), its tasks have other names
(``football.division_1_algerie``), and its page makes a third one of the title: of 213 tasks 40 never heard of their own
progress. Here all of them are the same league.
"""

from functools import cache, lru_cache

from gigscrapy.leagues import League, fold, load
from gigscrapy.tasks import Unknown, named

LONGEST = 200
"""Characters of a name that is looked for."""
FAVOURITES = {
    "football": ("ligue_1", "premier_league", "la_liga", "serie_a", "bundesliga", "champions_league"),
    "basketball": ("nba", "euroleague"),
    "rugby": ("top14",),
    "tennis": ("atp",),
}
"""What *all* of a sport is, to gig-benchmark."""


def leagues_of(key: str) -> tuple[League, ...]:
    """The leagues that are meant by ``football.ligue_1``. :raises Unknown: with the nearest names, where none is."""
    return find(key) or named(key[:LONGEST])


@lru_cache(maxsize=4096)
def find(key: str) -> tuple[League, ...]:
    """The same; none where nothing is called so."""
    if len(key) > LONGEST:
        return ()
    sport, _, rest = key.strip().partition(".")
    if found := _by_spelling().get((sport.lower(), fold(rest))):
        return (found,)
    try:
        return named(key)
    except Unknown:
        return ()


def one_name(key: str) -> str:
    """What all names of the same share: the spider's, where it is one league; else ``key`` in lower case."""
    found = find(key)
    return found[0].name if len(found) == 1 else key.strip().lower()


def task_key(key: str) -> str:
    """The name of the task, as gig-benchmark's own worker reads it where it can. :raises Unknown: where there is none.

    A message with it may be taken by either worker.
    """
    found = leagues_of(key)
    if len(found) > 1:
        return key.strip().lower()
    return found[0].gig_keys[0] if found[0].gig_keys else found[0].name


def every() -> dict[str, str]:
    """The title of each league by the name of its task; one that gig-benchmark does not have, by our spider's."""
    return {league.gig_keys[0] if league.gig_keys else league.name: league.title for league in load()}


@cache
def _by_spelling() -> dict[tuple[str, str], League]:
    return {
        (league.sport, fold(name)): league
        for league in load()
        for name in (league.title, *(key.partition(".")[2] for key in league.gig_keys))
    }
