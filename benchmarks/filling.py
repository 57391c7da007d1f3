"""A large database on a MariaDB of its own, filled in minutes and kept in a folder for the next time.

The tables are those of the migrations. Each is loaded by one LOAD DATA into the empty table, which MariaDB then builds
with its indexes by sorting; the prices run through a pipe from who makes them, so that nothing lies on the disk twice.
"""

import contextlib
import hashlib
import json
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

import pymysql

from benchmarks import servers
from benchmarks.seasons import BOOKMAKERS, DAY, HOUR, OUTCOMES, Crawl, Match, Quote, Seasons, Team, spelled
from schema.database import connect, hang_up
from schema.migrations import migrate
from schema.models import Bookmakers, MarketNames, Sports, now, use
from schema.names import code, name_key, slug
from schema.plausibility import FAR_FROM_PANEL
from schema.reference import sports
from schema.tally import Tally
from tests.services.mariadb import MariaDB

POOL = "2G"
"""Buffer pool, as in the measurements that the bounds came from."""
DATABASE = "seasons"
MADE = "seasons.json"
"""In the folder: what is in the database. It is written last."""

LEDGER_DAYS = 30
"""What the ledger holds after ``scrapy prune``."""
FIRING_DAYS = 30
DEAD_LETTERS = 300
NULL = "\\N"

_PRICES = (
    "match_id, market_id, line, bookmaker_id, outcome, odd_value, trj, published_trj, partial, scraped_at, run_id, "
    "page_id, suspect"
)
COLUMNS = {
    "Leagues": "id, sport_id, code, name, name_key, country, created_at, updated_at",
    "Teams": "id, league_id, name, name_key, created_at, updated_at",
    "Matches": "id, league_id, home_team_id, away_team_id, match_date, match_date_seen_at, status, source, site_id, "
    "match_key, url, seen_at, created_at, updated_at",
    "Pages": "id, page_key, url, parser, created_at, content",
    "Runs": "id, run_id, spider, state, verdict, exit_code, sentence, site, started_at, finished_at, reported_at, "
    "listed, discovered, fetched, parsed, yielded, published, pages, retries, errors, trj_differs, "
    "unknown_bookmakers, stored, prices, refused, duplicates, bookmakers, requested_by, requested_at, task_id",
    "Tasks": "task_id, body_hash, said, requested_by, received_at, runs, joined",
    "DeadLetters": "body_hash, body, size, reason, detail, first_seen, last_seen, times, queue",
    "Odds": _PRICES,
    "LatestOdds": _PRICES,
    "Messages": "message_id, run_id, batch, stored_at",
}
"""That are written: a table has no others, or they have a value of their own."""


@dataclass(frozen=True)
class Large:
    """A server with a large database. ``until``: of the newest prices, naive UTC; ``seconds``: that filling it took."""

    server: MariaDB
    url: str
    rows: int
    until: datetime
    seconds: float


@contextlib.contextmanager
def large(rows: int, folder: Path | None = None) -> Iterator[Large]:
    """A server with about ``rows`` prices. With a ``folder`` it is kept there, and used again if it has as many.

    :raises ValueError: where the folder holds something else.
    """
    with contextlib.nullcontext(folder) if folder else servers.folder() as place:
        server = MariaDB(pool=POOL)
        made = place / MADE
        if made.exists():
            known = json.loads(made.read_text())
            if known["asked"] != rows:
                raise ValueError(f"{place} holds {known['asked']:,} prices, not {rows:,}: name another folder")
            server.start_again(place)
        else:
            if folder and folder.exists() and any(folder.iterdir()):
                raise ValueError(f"{place} is not empty, and holds no database of ours: name another folder")
            place.mkdir(parents=True, exist_ok=True)
            server.start(place)
        try:
            if not made.exists():
                made.write_text(json.dumps(_fill(server, rows)))
            known = json.loads(made.read_text())
            _bring_up_to_date(server)
            until = datetime.fromisoformat(known["until"])
            yield Large(server, server.url(DATABASE), known["rows"], until, known["seconds"])
        finally:
            server.stop()


def _bring_up_to_date(server: MariaDB) -> None:
    """Its tables, and what is counted of the prices ahead of time."""
    database = connect(server.url(DATABASE), Path(), read_timeout=3_600)
    migrate(database)
    use(database)
    Tally(database).run()
    hang_up(database)


def _fill(server: MariaDB, rows: int) -> dict[str, object]:
    began = time.monotonic()
    until = now().replace(minute=0, second=0, microsecond=0)
    seasons = Seasons(rows, until)
    server.execute(f"CREATE DATABASE {DATABASE}")
    _bring_up_to_date(server)
    Filling(server, seasons).everything()
    _bring_up_to_date(server)
    seconds = round(time.monotonic() - began)
    return {"asked": rows, "rows": seasons.prices, "until": until.isoformat(), "seconds": seconds}


class Filling:
    """One database, being filled."""

    def __init__(self, server: MariaDB, seasons: Seasons) -> None:
        self._server = server
        self._seasons = seasons
        self._now, self._made = seasons.now, spelled(seasons.matches[0].visits[0])
        self._sports, self._markets, self._bookmakers = self._known()

    def everything(self) -> None:
        for table, rows in self._small():
            with self._loading(table) as lines:
                lines.writelines("\t".join(map(str, row)) + "\n" for row in rows)
        self._prices()
        self._schedules()
        self._execute("ANALYZE TABLE Odds, LatestOdds, Matches, Runs, Pages, Messages, Teams, Leagues")

    # -- what prices refer to ------------------------------------------------------------------------------------------

    def _known(self) -> tuple[dict[str, int], dict[tuple[int, str], int], dict[str, int]]:
        """The ids that the reference data have here: of sports, of markets in each, of bookmakers."""
        database = connect(self._server.url(DATABASE), Path())
        found = {sport.code: sport.id for sport in Sports.select().execute(database)}
        names = {name: found[sport.code] for name, sport in sports().items()}
        markets = {(market.sport_id, market.code): market.id for market in MarketNames.select().execute(database)}
        known = {one.code: one.id for one in Bookmakers.select().execute(database)}
        hang_up(database)
        return names, markets, {code: known[code] for code in BOOKMAKERS}

    def _small(self) -> Iterator[tuple[str, Iterable[Sequence[object]]]]:
        """The rows of each table but those of prices."""
        seasons = self._seasons
        yield "Leagues", map(self._league, range(len(seasons.leagues)))
        yield "Teams", map(self._team, seasons.teams)
        yield "Matches", map(self._match, seasons.matches)
        yield "Pages", map(self._page, range(1, seasons.pages + 1))
        yield "Runs", map(self._run, seasons.crawls)
        yield "Tasks", self._tasks()
        yield "DeadLetters", map(self._dead_letter, range(DEAD_LETTERS))

    def _league(self, place: int) -> Sequence[object]:
        league = self._seasons.leagues[place]
        sport, title = self._sports[league.sport], league.title
        return place + 1, sport, code(title), title, name_key(title), league.country, *2 * [self._made]

    def _team(self, team: Team) -> Sequence[object]:
        return team.id, team.league + 1, team.name, name_key(team.name), *2 * [self._made]

    def _match(self, match: Match) -> Sequence[object]:
        kickoff, first, last = map(spelled, (match.kickoff, match.visits[0], match.visits[-1]))
        status = "finished" if match.kickoff < self._now else "scheduled"
        key = f"coteur:{match.site_id}"
        return (
            *(match.id, match.league + 1, match.home.id, match.away.id, kickoff, last, status, "coteur"),
            *(match.site_id, key, _address(match), last, first, last),
        )

    def _page(self, visit: int) -> Sequence[object]:
        match, at = self._seasons.page(visit)
        return visit, _digest("page", visit), _address(match), "match-D", spelled(at), _digest("content", visit)

    def _run(self, crawl: Crawl) -> Sequence[object]:
        began, ended = spelled(crawl.started_at), spelled(crawl.started_at + 60 + 5 * crawl.matches)
        verdict, exit_code = ("complete", 0) if crawl.complete else ("incomplete", 30)
        matches, quotes = crawl.matches, crawl.quotes
        return (
            *(crawl.id, _digest("run", crawl.id), self._seasons.leagues[crawl.league].name, "finished", verdict),
            *(exit_code, f"{matches} matches, {quotes} quotes", "https://www.coteur.com", began, ended, ended),
            *(matches, matches, matches, matches, quotes, quotes, matches + 1, 0, 0, 0),
            *(0, quotes, crawl.prices, 0, 0, len(BOOKMAKERS), "scheduler", began),
            _digest("task", crawl.started_at // DAY, crawl.league),
        )

    def _dead_letter(self, number: int) -> Sequence[object]:
        seen = spelled(self._now - number * HOUR)
        return _digest("dead", number), "{", 1, "not-json", "no JSON at all", seen, seen, 1, "odds"

    def _tasks(self) -> Iterator[Sequence[object]]:
        """One for the crawls of a league on a day."""
        told: dict[tuple[int, int], int] = {}
        for crawl in self._seasons.crawls:
            key = (crawl.started_at // DAY, crawl.league)
            told[key] = told.get(key, 0) + 1
        for (day, league), runs in told.items():
            said = self._seasons.leagues[league].name
            yield _digest("task", day, league), _digest("body", league), said, "scheduler", spelled(day * DAY), runs, 0

    def _schedules(self) -> None:
        """Three that are on, and what came of them lately."""
        self._execute("UPDATE Schedules SET enabled = 1")
        for name, what, column, rule in (
            ("evening", "sport:football", "cron", "0 18-23 * * *"),
            ("closing", "football/France", "kickoff", "24h 6h 1h 15m 5m"),
        ):
            made = spelled(self._now - FIRING_DAYS * DAY)
            self._execute(
                f"INSERT INTO Schedules (name, what, {column}, enabled, decided_until, created_at, updated_at) "
                "VALUES (%s, %s, %s, 1, %s, %s, %s)",
                (name, what, rule, spelled(self._now), made, made),
            )
        self._execute(
            "INSERT INTO Firings (schedule_id, due_at, state, task_id, decided_at, sent_at) "
            "SELECT s.id, %s - INTERVAL n.seq HOUR, IF(n.seq %% 40 = 7, 'missed', 'sent'), MD5(n.seq), "
            "%s - INTERVAL n.seq HOUR, %s - INTERVAL n.seq HOUR FROM Schedules s "
            f"JOIN seq_1_to_{24 * FIRING_DAYS} n WHERE s.kickoff IS NULL",
            (spelled(self._now),) * 3,
        )
        self._execute(
            "INSERT INTO Visits (schedule_id, match_id, minutes, due_at, state, task_id, decided_at) "
            "SELECT s.id, m.id, n.minutes, m.match_date - INTERVAL n.minutes MINUTE, 'sent', MD5(m.id), m.match_date "
            "FROM Schedules s JOIN Matches m JOIN (SELECT 15 AS minutes UNION SELECT 60 UNION SELECT 360) n "
            "WHERE s.kickoff IS NOT NULL AND m.match_date BETWEEN %s - INTERVAL 30 DAY AND %s",
            (spelled(self._now),) * 2,
        )

    # -- prices --------------------------------------------------------------------------------------------------------

    def _prices(self) -> None:
        """Odds, LatestOdds and the ledger, all while they are made."""
        ledger = self._now - LEDGER_DAYS * DAY
        with (
            self._loading("Odds") as odds,
            self._loading("LatestOdds") as latest,
            self._loading("Messages") as messages,
        ):
            for quote in self._seasons.quotes():
                lines = self._lines(quote)
                odds.write(lines)
                if quote.last:
                    latest.write(lines)
                if quote.seen_at > ledger:
                    messages.write(f"{_message_id(quote)}\t{quote.run}\t{quote.run}\t{spelled(quote.seen_at)}\n")

    def _lines(self, quote: Quote) -> str:
        """A row for each of its prices, in the order in which the store writes them."""
        match = self._seasons.matches[quote.match - 1]
        market = self._markets[self._sports[self._seasons.leagues[match.league].sport], quote.market]
        head = f"{quote.match}\t{market}\t0\t{self._bookmakers[quote.bookmaker]}"
        suspect = FAR_FROM_PANEL if quote.suspect else NULL
        tail = f"{quote.trj}\t{quote.trj}\t0\t{spelled(quote.seen_at)}\t{quote.run}\t{quote.page}\t{suspect}\n"
        outcomes = zip(OUTCOMES[quote.market], quote.prices, strict=True)
        return "".join([f"{head}\t{outcome}\t{price}\t{tail}" for outcome, price in outcomes])

    # -- how -----------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _loading(self, table: str) -> Iterator[TextIO]:
        """A pipe whose lines, columns apart by tabs, become the rows of an empty table."""
        pipe = self._server.folder / f"{table}.pipe"
        os.mkfifo(pipe)
        failed: list[Exception] = []

        def load() -> None:
            try:
                self._execute(f"LOAD DATA INFILE '{pipe}' INTO TABLE {table} CHARACTER SET utf8mb4 ({COLUMNS[table]})")
            except Exception as error:  # noqa: BLE001 - raised where it is waited for
                failed.append(error)
                os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))  # who writes would wait for ever

        loader = threading.Thread(target=load)
        loader.start()
        try:
            with contextlib.suppress(BrokenPipeError), pipe.open("w", encoding="utf-8") as lines:
                yield lines
        finally:
            loader.join()
            pipe.unlink()
        if failed:
            raise failed[0]

    def _execute(self, statement: str, arguments: Sequence[object] = ()) -> None:
        """On a connection of its own; without these checks an empty table is built by sorting."""
        port = self._server.port
        with pymysql.connect(
            host="127.0.0.1", port=port, user="root", database=DATABASE, autocommit=True, charset="utf8mb4"
        ) as connection:
            cursor = connection.cursor()
            cursor.execute("SET SESSION unique_checks = 0, foreign_key_checks = 0")
            cursor.execute(statement, arguments)


def _address(match: Match) -> str:
    return f"https://www.coteur.com/cote/{slug(match.home.name)}-{slug(match.away.name)}-{match.site_id}"


def _message_id(quote: Quote) -> str:
    """The second of the observation, then what no two share."""
    return f"{quote.seen_at:08x}{_digest(quote.match, quote.market, quote.bookmaker)[:24]}"


def _digest(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()
