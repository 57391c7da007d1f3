"""Each row of the catalogue becomes a named spider: ``scrapy list`` shows them, ``scrapy crawl ligue1`` runs one."""

from gigscrapy.leagues import League, load
from gigscrapy.spiders.base import LeagueSpider


def spider_class(league: League) -> type[LeagueSpider]:
    """The spider of one league. ``__module__`` is named because Scrapy lists only classes of the module it looks in."""
    return type(
        f"{league.name.capitalize()}Spider",
        (LeagueSpider,),
        {
            "__module__": __name__,
            "__doc__": f"{league.title} ({league.country}), {league.path}",
            "name": league.name,
            "league": league,
        },
    )


# No loop variable: one bound to a class at module level would list its spider twice.
globals().update({spider.__name__: spider for spider in map(spider_class, load())})
