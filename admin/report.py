"""``python -m admin.report [--run RUN_ID | --league NAME] [--lang fr|en]``: what a run found, as a table.

The best price of each outcome with its bookmaker, what moved since the previous observation, the market TRJ; what is
suspect and so left out; then the run's own account. The exit code is 0 only where nothing is missing: what the crawl
read is in the tables, all of it.
"""

import argparse
import difflib
import io
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from peewee import PeeweeException
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from admin import formats
from admin.environment import open_database
from admin.labels import outcome_label, verdict_label, verdict_mark
from admin.words import LANGUAGES, say
from analytics.board import NEWEST_FIRST, Board, LeftOut, Offer, Row, board, newest_run
from schema.database import BadDatabaseUrl, explain
from schema.migrations import SchemaError
from schema.models import Leagues, Runs
from schema.names import name_key
from schema.plausibility import rules

WIDTH = 126
"""Columns where nobody sits before a terminal: enough for every cell, and few enough for a log."""

INCOMPLETE = 1
NOTHING_TO_SHOW = 2
RUNS_NAMED = 5
LEFT_OUT_NAMED = 5

COMPLETE = "complete"
INCOMPLETE_VERDICT = "incomplete"


class NothingToShow(Exception):
    """There is no such run; the message says which there are."""


def is_complete(run: Runs) -> bool:
    """Whether nothing of a run is missing: it says so itself, and all that it read is in the tables.

    A quote that was delivered twice is stored once, so the two counts are equal or something is missing.
    """
    return run.exit_code == 0 and run.published == run.yielded == run.stored and not run.refused


def find_run(run_id: str | None, league: str | None, language: str) -> Runs:
    """The run that is asked for: by its id, the newest of a league or of a spider, or the newest of all.

    :raises NothingToShow: when there is none.
    """
    if run_id:
        found = Runs.get_or_none(Runs.run_id == run_id)
    elif league:
        found = _of_league(league)
    else:
        found = Runs.select().order_by(*NEWEST_FIRST).first()
    if found is None:
        raise NothingToShow(_what_there_is(run_id or league, by_run=run_id is not None, language=language))
    return found


@dataclass(frozen=True)
class Report:
    """What is printed of one run, in one language."""

    run: Runs
    board: Board
    language: str

    def print_on(self, console: Console) -> None:
        """All of it."""
        console.print(Text(self._title(), style="bold"))
        for _, rows in groupby(self.board.rows, key=lambda row: (row.league, row.title)):
            console.print()
            console.print(self._table(list(rows), roomy=console.width >= WIDTH))
        console.print()
        if not self.board.rows:
            console.print(self._say("Aucune cote dans ce relevé."))
        if self.board.compared:
            console.print(self._movement())
        for sentence in self._left_out():
            console.print(Text(sentence, style="yellow"))
        console.print(self._account())
        for sentence in self._verdict():
            console.print(Text(sentence, style="green" if is_complete(self.run) else "bold red"))

    # -- the table -----------------------------------------------------------------------------------------------------

    def _table(self, rows: Sequence[Row], *, roomy: bool) -> Table:
        title = Text(f"{rows[0].league} {formats.DASH} {rows[0].title}", style="bold")
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), title=title, title_justify="left")
        table.add_column(self._say("Match"), overflow="fold", min_width=13)
        table.add_column(self._say("Coup d'envoi"), overflow="fold", no_wrap=roomy)
        for outcome in rows[0].market.outcomes:
            table.add_column(outcome_label(outcome, self.language), overflow="fold")
        table.add_column(self._say("TRJ marché"), justify="right", no_wrap=True)
        table.add_column(self._say("Books"), justify="right", no_wrap=True)
        for row in rows:
            table.add_row(*self._cells(row))
        return table

    def _cells(self, row: Row) -> Iterator[Text]:
        yield Text(f"{row.home} {formats.DASH} {row.away}")
        yield Text(formats.moment(row.kickoff, self.language, year=False))
        for outcome in row.market.outcomes:
            yield self._offer(row.offers.get(outcome))
        yield Text(formats.percent(row.trj, self.language))
        yield Text(self._say("liste") if row.bookmakers is None else str(row.bookmakers))

    def _offer(self, offer: Offer | None) -> Text:
        """``1,27 Betsson +1``: the best price, who offers it, how many others do; below, the former one if it moved."""
        if offer is None:
            return Text(formats.DASH)
        first, *others = offer.best.bookmakers
        cell = Text.assemble((formats.price(offer.best.price, self.language), "bold"), f" {first}")
        if others:
            cell.append(f" +{len(others)}")
        if offer.before is not None and offer.moved:
            arrow, colour = ("▲", "green") if offer.best.price > offer.before else ("▼", "red")
            cell.append(f"\n{arrow} {formats.price(offer.before, self.language)}", style=colour)
        return cell

    # -- the sentences -------------------------------------------------------------------------------------------------

    def _title(self) -> str:
        name, at = self.run.spider or self.run.run_id, formats.moment(self.run.started_at, self.language)
        return self._say("Relevé {name}, {at}", name=name, at=at)

    def _movement(self) -> str:
        compared, since = self._whole(self.board.compared), formats.moment(self.board.since, self.language)
        if not self.board.moved:
            return self._say("Aucun prix sur {compared} n'a bougé depuis {since}.", compared=compared, since=since)
        if self.board.moved == 1:
            return self._say(
                "1 prix sur {compared} a bougé depuis {since} (▲ ▼ : le prix d'avant).", compared=compared, since=since
            )
        return self._say(
            "{moved} prix sur {compared} ont bougé depuis {since} (▲ ▼ : le prix d'avant).",
            moved=self._whole(self.board.moved),
            compared=compared,
            since=since,
        )

    def _left_out(self) -> Iterator[str]:
        """The first quotes with a price in doubt, each with what makes it suspect, and how many more there are."""
        count = self.board.left_out
        pairs = ((row, left_out) for row in self.board.rows for left_out in row.left_out)
        named = [self._quote(row, left_out) for row, left_out in islice(pairs, LEFT_OUT_NAMED)]
        if count == 1:
            yield self._say("1 cote suspecte écartée des meilleurs prix :")
        elif count:
            yield self._say("{count} cotes suspectes écartées des meilleurs prix :", count=self._whole(count))
        yield from (f"  {quote}" for quote in named)
        if count > len(named):
            yield self._say("  … et {count} autres", count=self._whole(count - len(named)))

    def _quote(self, row: Row, left_out: LeftOut) -> str:
        """Which match, whose quote, its prices in doubt, and why they are."""
        return self._say(
            "{match}, {bookmaker} ({prices}) : {reason}",
            match=f"{row.home} {formats.DASH} {row.away}",
            bookmaker=left_out.bookmaker,
            prices=" · ".join(
                f"{outcome_label(outcome, self.language)} {formats.price(price, self.language)}"
                for outcome, price in left_out.prices.items()
            ),
            reason=self._reason(left_out.rule),
        )

    def _reason(self, code: str) -> str:
        """A rule in words; one that is no longer there as its code."""
        rule = rules().get(code)
        return rule.in_words(self.language) if rule else code

    def _account(self) -> str:
        counted = ("discovered", "parsed", "yielded", "published", "stored", "refused")
        return self._say(
            "Matchs découverts : {discovered}, lus : {parsed}. "
            "Cotes lues : {yielded}, publiées : {published}, enregistrées : {stored}, refusées : {refused}.",
            **{name: self._whole(getattr(self.run, name)) for name in counted},
        )

    def _verdict(self) -> Iterator[str]:
        """The crawl's own verdict, and what the tables add to it."""
        missing = list(self._missing())
        yield self._crawl_verdict()
        yield from missing
        if self.run.verdict == COMPLETE and not is_complete(self.run) and not missing:
            yield self._say("✗ Les comptes de ce relevé ne s'accordent pas.")

    def _crawl_verdict(self) -> str:
        """What the crawl says of itself; that nothing is missing only where the tables have it all."""
        run = self.run
        if run.verdict is None:
            return self._say("✗ Ce relevé n'est pas terminé, ou il s'est arrêté sans le dire.")
        verdict = INCOMPLETE_VERDICT if run.verdict == COMPLETE and not is_complete(run) else run.verdict
        label = f"{verdict_mark(verdict)} {verdict_label(verdict, self.language)}"
        if not run.sentence or (self.language != "en" and not run.exit_code):  # the crawl speaks English only
            return label
        return self._say("{label} : {sentence}", label=label, sentence=run.sentence)

    def _missing(self) -> Iterator[str]:
        """What did not reach the tables. A quote delivered again counts for nothing: it was stored the first time."""
        run = self.run
        if run.yielded > run.published:
            yield self._say("✗ Cotes non publiées : {count}", count=self._whole(run.yielded - run.published))
        waiting = run.published - run.stored - run.refused
        if waiting > 0:
            yield self._say(
                "✗ Cotes qui attendent d'être enregistrées : {count} (scrapy consume)", count=self._whole(waiting)
            )
        if run.refused:
            yield self._say(
                "✗ Messages refusés : {count} (python -m admin dit pourquoi)",
                count=self._whole(run.refused),
            )

    def _say(self, text: str, **values: str) -> str:
        return say(text, self.language, **values)

    def _whole(self, number: int) -> str:
        return formats.whole(number, self.language)


def _of_league(name: str) -> Runs | None:
    by_spider = Runs.select().where(Runs.spider == name).order_by(*NEWEST_FIRST).first()
    leagues = Leagues.select().where(Leagues.name_key == name_key(name))
    found = [run for run in (by_spider, *(newest_run(league) for league in leagues)) if run is not None]
    return Runs.select().where(Runs.id.in_([run.id for run in found])).order_by(*NEWEST_FIRST).first()


def _what_there_is(asked: str | None, *, by_run: bool, language: str) -> str:
    """Why there is nothing to show, and what there is."""
    if asked is None:
        return say("Aucun relevé encore : scrapy crawl ligue1, puis scrapy consume", language)
    if by_run:
        newest = Runs.select().order_by(*NEWEST_FIRST).limit(RUNS_NAMED)
        known = [run.run_id for run in newest]
        said = say("Le relevé « {asked} » n'existe pas.", language, asked=asked)
    else:
        names = {league.name for league in Leagues.select(Leagues.name)}
        known = difflib.get_close_matches(asked, names, n=RUNS_NAMED, cutoff=0.5) or sorted(names)[:RUNS_NAMED]
        said = say("Aucun relevé de la ligue « {asked} ».", language, asked=asked)
    return f"{said} {say('Il y a :', language)} {', '.join(known)}" if known else said


# -- the command -------------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report. :returns: the exit code."""
    asked = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # rather than stop at a name that cannot be shown here
    try:
        database = open_database()
        with database.connection_context():
            run = find_run(asked.run, asked.league, asked.lang)
            Report(run, board(run), asked.lang).print_on(_console())
    except (NothingToShow, BadDatabaseUrl, SchemaError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - for the person at the command line
        return NOTHING_TO_SHOW
    except PeeweeException as error:
        print(explain(error), file=sys.stderr)  # noqa: T201
        return NOTHING_TO_SHOW
    return 0 if is_complete(run) else INCOMPLETE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m admin.report", description="Show what a run found.")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--run", metavar="RUN_ID", help="the run of this id; default: the newest")
    which.add_argument("--league", metavar="NAME", help="the newest run of this league, such as 'Ligue 1' or ligue1")
    parser.add_argument("--lang", choices=LANGUAGES, default=LANGUAGES[0], help="default fr")
    return parser


def _console() -> Console:
    """As wide as the terminal, or of :data:`WIDTH`; without any escape code where nobody or NO_COLOR wants one."""
    return Console(
        width=None if sys.stdout.isatty() else WIDTH,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        highlight=False,
        markup=False,
        emoji=False,
    )


if __name__ == "__main__":
    sys.exit(main())
