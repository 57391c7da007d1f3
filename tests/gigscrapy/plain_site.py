"""Two matches of the Coupe de France, on pages of ours whose prices need no browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from replica import Options, serve
from tests import Ran, crawl
from tests.gigscrapy.pages import FIXTURES

LEAGUE = "coupedefrance"  # in which two matches are enough
LIST = "/cotes/foot/france/coupe-de-france"
MATCH = "/cote/avallon-beaune-101"
OTHER_MATCH = "/cote/clamecy-decize-102"


@contextmanager
def plain_site(**changed: Path) -> Iterator[str]:
    """Its address. :param changed: other files for the ``list`` or the ``match``."""
    shown = {LIST: changed.get("list", FIXTURES / "league-D.html")}
    shown |= dict.fromkeys((MATCH, OTHER_MATCH), changed.get("match", FIXTURES / "match-D.html"))
    with serve(Options(static=shown)) as site:
        yield site.url


def plain_crawl(home: Path, **options: object) -> Ran:
    """One match of it crawled, from its own page, unless the ``options`` say something else."""
    with plain_site() as site:
        return crawl(site, home, LEAGUE, **({"match": "101"} | options))
