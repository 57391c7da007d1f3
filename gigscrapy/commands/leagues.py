"""``scrapy leagues [text]``: lists the catalogue, filtered."""

import argparse
import sys

from rich.console import Console
from rich.table import Table
from scrapy.commands import ScrapyCommand

from gigscrapy.leagues import League, fold, load, nearest
from schema.reference import sports


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options] [text]"

    def short_desc(self) -> str:
        return "List the leagues that can be crawled"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--sport", help=f"one of {', '.join(sorted({league.sport for league in load()}))}")
        parser.add_argument("--country", help="country or zone, in French as the site has it")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        text = " ".join(args)
        found = [league for league in load() if matches(league, text, opts.sport, opts.country)]
        if not found:
            resembling = ", ".join(nearest(text)) if text else ""
            print(f"No league fits{resembling and f'; did you mean {resembling}?'}")  # noqa: T201
            self.exitcode = 1
            return
        table = Table("name", "sport", "country", "title", "outcomes", "path", box=None, pad_edge=False)
        for league in found:
            country = league.country
            table.add_row(league.name, league.sport, country, league.title, str(league.outcomes), league.path)
        # Into a pipe one league stays one line, however long.
        Console(width=None if sys.stdout.isatty() else 220).print(table)
        print(f"{len(found)} of {len(load())} leagues")  # noqa: T201


def matches(league: League, text: str, sport: str | None, country: str | None) -> bool:
    """Whether a league is in that sport (name, title or slug) and country, and holds ``text``."""
    known = sports()[league.sport]
    if sport and fold(sport) not in map(fold, (known.name, known.title, known.slug)):
        return False
    if country and fold(country) != fold(league.country):
        return False
    fields = (league.name, league.title, league.country, league.path, *league.gig_keys)
    return any(fold(text) in fold(field) for field in fields)
