"""gig-benchmark's programs as their clients see them, written anew from the contract: its scrapers and who asks for
them, its worker, and its consumer. What they do wrong they do here too.
"""

import contextlib
import json
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pika

ODDS, TASKS = "odds", "scraping_tasks"
SPORTS = {"football": "FOOT", "basketball": "BASK", "tennis": "TENN", "rugby": "RUGB"}
LEAGUES = {
    "Ligue 1": "LIGUE_1",
    "Premier League": "PREMIER_LEAGUE",
    "La Liga": "LA_LIGA",
    "Serie A": "SERIE_A",
    "Bundesliga": "BUNDESLIGA",
}
BOOKMAKERS = {"Pokerstars Sport": "POKERSTARS"}
SEEDED = {
    *("PMU", "PARIONSSPORT", "ZEBET", "WINAMAX", "BETCLIC", "BETSSON", "BWIN", "UNIBET"),
    *("OLYBET", "FEELINGBET", "GENYBET", "VBET", "BET365", "NETBET", "PINNACLE", "POKERSTARS"),
}
OUTCOMES = {"cote_1": "1", "cote_N": "X", "cote_2": "2"}
WITHOUT_DRAW = ("basketball", "tennis")
PROGRESS_SECONDS = 2


def connected(url: str) -> Any:
    """Its own way to the broker: heartbeat and timeout as it has them; tried ten times."""
    parameters = pika.URLParameters(url)
    parameters.heartbeat, parameters.blocked_connection_timeout = 600, 300
    for attempt in range(10):
        with contextlib.suppress(pika.exceptions.AMQPConnectionError):
            return pika.BlockingConnection(parameters)
        time.sleep(0.05 * attempt)
    raise AssertionError("no broker")


def publish(channel: Any, queue: str, message: Mapping[str, Any], *, durable: bool = True) -> None:
    """JSON, ASCII; no content type, no header, no id. ``ScrapingService`` says no ``delivery_mode`` either."""
    channel.queue_declare(queue=queue, durable=True)
    properties = pika.BasicProperties(delivery_mode=2) if durable else None
    channel.basic_publish(exchange="", routing_key=queue, body=json.dumps(message), properties=properties)


# -- the scraper -------------------------------------------------------------------------------------------------------


def odds_message(
    match: str,
    bookmaker: str,
    cells: Sequence[float | None],
    *,
    sport: str = "football",
    league: str = "Ligue 1",
    match_date: str | None = "2025-11-10 20:45:00",
) -> dict[str, Any] | None:
    """What a scraper makes of a row of the page; of one with too few cells nothing."""
    two = sport in WITHOUT_DRAW
    if len(cells) < (2 if two else 3):
        return None
    one, draw, away = (cells[0], None, cells[1]) if two else cells[:3]
    needed = [one, away] if two else [one, draw, away]
    trj = round(100 / sum(1 / price for price in needed if price), 2) if all(needed) else None
    return {
        "match": match,
        "match_date": match_date,
        "bookmaker": bookmaker,
        "cotes": {"cote_1": one, "cote_N": draw, "cote_2": away},
        "trj": trj,
        "league": league,
        "sport": sport,
    }


@dataclass
class Scraper:
    """Scrapes a league: publishes a message for each row, and tells its progress twice a match and at the end."""

    url: str
    league: str
    sport: str = "football"
    progress_url: str | None = None
    told: list[dict[str, Any]] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.sport}.{self.league.lower().replace(' ', '_').replace(chr(39), '')}"

    def run(self, matches: Mapping[tuple[str, str | None], Mapping[str, Sequence[float | None]]]) -> dict[str, Any]:
        """``matches``: by title and printed date, the cells of each bookmaker."""
        with contextlib.closing(connected(self.url)) as connection:
            channel = connection.channel()
            sent = 0
            for number, ((title, date), rows) in enumerate(matches.items(), 1):
                self._tell("running", number, len(matches), f"Scraping match {number}/{len(matches)}", title, 0)
                self._tell("running", number, len(matches), f"Scraping match {number}/{len(matches)}", title, len(rows))
                for bookmaker, cells in rows.items():
                    message = odds_message(
                        title, bookmaker, cells, sport=self.sport, league=self.league, match_date=date
                    )
                    if message:
                        publish(channel, ODDS, message)
                        sent += 1
        count = len(matches)
        self._tell("completed", count, count, f"Scraping finished: {count} matchs, {sent} odds", "", 0, count, sent)
        return {"status": "success", "matches_scraped": count, "odds_sent": sent}

    def _tell(
        self,
        status: str,
        current: int,
        total: int,
        message: str,
        match: str,
        bookmakers: int,
        scraped: int = 0,
        sent: int = 0,
    ) -> None:
        said = {"scraper": self.key, "status": status, "current": current, "total": total, "message": message}
        said |= {"current_match": match, "bookmakers_count": bookmakers, "matches_scraped": scraped, "odds_sent": sent}
        self.told.append(said)
        if self.progress_url:
            asked = urllib.request.Request(
                self.progress_url, json.dumps(said).encode(), {"Content-Type": "application/json"}
            )
            with contextlib.suppress(OSError):  # a failure is passed over
                urllib.request.urlopen(asked, timeout=PROGRESS_SECONDS).close()


# -- the worker --------------------------------------------------------------------------------------------------------


@dataclass
class Worker:
    """Takes tasks one at a time. ``scrapers``: by key; each takes no argument, whatever ``params`` say.

    :ivar acked, discarded: keys it acknowledged, and bodies it threw away.
    """

    url: str
    scrapers: Mapping[str, Callable[[], dict[str, Any] | None]]
    acked: list[str] = field(default_factory=list)
    discarded: list[bytes] = field(default_factory=list)

    def work(self, count: int) -> None:
        """Until it has had so many."""
        with contextlib.closing(connected(self.url)) as connection:
            channel = connection.channel()
            channel.queue_declare(queue=TASKS, durable=True)
            channel.basic_qos(prefetch_count=1)
            for method, _, body in channel.consume(TASKS, inactivity_timeout=10):
                assert method, "no task came"
                self._take(channel, method, body)
                if len(self.acked) + len(self.discarded) == count:
                    break
            channel.cancel()

    def _take(self, channel: Any, method: Any, body: bytes) -> None:
        try:
            said = json.loads(body)
            self.scrapers[said["scraper"]](**said.get("params", {}))
        except Exception:
            channel.basic_nack(method.delivery_tag, requeue=False)
            self.discarded.append(body)
        else:
            channel.basic_ack(method.delivery_tag)
            self.acked.append(said["scraper"])


# -- the consumer ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Price:
    """A row that its consumer would write."""

    sport: str
    league: str
    home: str
    away: str
    kickoff: datetime
    bookmaker: str
    outcome: str
    value: float
    trj: float | None


def consume(body: bytes, now: datetime) -> list[Price]:
    """The rows its consumer makes of a message; none of one that it loses, for it acknowledges whatever happens."""
    try:
        return _rows(json.loads(body), now)
    except (ValueError, AttributeError):
        return []


def _rows(said: Any, now: datetime) -> list[Price]:
    match, bookmaker, cotes = (said.get(key) for key in ("match", "bookmaker", "cotes"))
    if not (match and bookmaker and cotes):
        return []
    teams = match.split(" - ")
    code = BOOKMAKERS.get(bookmaker, bookmaker.upper())
    if len(teams) != 2 or code not in SEEDED:
        return []
    league = said.get("league", "Ligue 1")
    try:
        kickoff = datetime.strptime(said.get("match_date"), "%Y-%m-%d %H:%M:%S")
    except (TypeError, ValueError):
        kickoff = (now + timedelta(days=1)).replace(hour=20, minute=0, second=0, microsecond=0)
    return [
        Price(
            SPORTS.get(said.get("sport", "football"), "FOOT"),
            LEAGUES.get(league, league.upper().replace(" ", "")),
            *(team.strip() for team in teams),
            kickoff,
            code,
            outcome,
            float(cotes[key]),
            said.get("trj"),
        )
        for key, outcome in OUTCOMES.items()
        if cotes.get(key) is not None
    ]
