"""A lively day: leagues that are crawled every quarter of an hour, prices that move, a bookmaker that went missing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from peewee import Database

from schema.instants import naive
from schema.messages import OddsItem
from schema.models import AlertEvents, AlertRules, Bookmakers, Firings, Runs, Schedules
from schema.store import Store
from schema.tally import Tally
from tests.schema.letters import QUOTE, letters, prices

LEAGUES = {"Ligue 1": "football", "Ligue 2": "football", "Premier League": "football", "NBA": "basketball"}
BOOKMAKERS = ("Betclic", "Betsson", "NetBet", "ParionsSport", "PMU", "Unibet", "Vbet", "Winamax", "Zebet")
MATCHES = 4
GONE = "Vbet"
"""Was not seen for thirty hours."""
ELSEWHERE = ("PMU", "NBA")
"""This one was in that league this morning, and is not any more."""


def fill(
    database: Database, at: datetime | None = None, told: Callable[[OddsItem], OddsItem] = lambda item: item
) -> datetime:
    """Everything, as it stands at that instant (aware; now), each quote as it is told. :returns: the instant, naive."""
    at = (at or datetime.now(UTC)).replace(microsecond=0)
    Store(database).store(letters(*map(told, quotes(at)), received_at=at))
    Store(database).store(letters(b"{", b"[", b'{"match": 1}', received_at=at))
    with database.connection_context():
        Bookmakers.update(reviewed=Bookmakers.name != "Zebet").execute()
        crawls(naive(at))
        Tally(database).run()
    return naive(at)


def quotes(at: datetime) -> Iterator[OddsItem]:
    for hours in (40, 30, 3, 2, 0.6, 0.05):
        for number, (league, sport) in enumerate(LEAGUES.items()):
            for match in range(MATCHES):
                yield from books(at, hours, league, sport, 10 * number + match)


def books(at: datetime, hours: float, league: str, sport: str, match: int) -> Iterator[OddsItem]:
    for place, bookmaker in enumerate(BOOKMAKERS):
        if (bookmaker == GONE and hours < 30) or ((bookmaker, league) == ELSEWHERE and hours < 2):
            continue
        if bookmaker == "NetBet" and match % 10 == 3:
            continue
        move = Decimal(place % 3 + 1) / 100 if hours < 0.1 and match % 3 == 0 else Decimal(0)
        base = [Decimal("1.80") + Decimal(match) / 50, Decimal("3.40"), Decimal("4.10") - Decimal(match) / 50]
        said = [base[0] * (1 - 3 * move), base[1], base[2] * (1 + 2 * move)]
        market = {"market": "1X2"} if sport == "football" else {"market": "12"}
        told = said if sport == "football" else [said[0], 1 / (Decimal("1.06") - 1 / base[0])]
        yield replace(
            QUOTE,
            **market,
            sport=sport,
            league=league,
            home=f"{league} A{match}",
            away=f"{league} B{match}",
            match_id=str(match),
            kickoff=at + timedelta(hours=5 + match),
            bookmaker=bookmaker,
            bookmaker_id=None,
            prices=prices(*(str(round(price, 2)) for price in told), outcomes="1X2" if sport == "football" else "12"),
            published_trj=None,
            scraped_at=at - timedelta(hours=hours),
            run_id=f"run-{hours}-{league.replace(' ', '')}",
            url=f"https://www.coteur.com/cote/{match}",
        )


def crawls(at: datetime) -> None:
    """Schedules with what became of them, one run that goes on, one that waits, an alert."""
    Runs.update(state="finished", verdict="complete", stored=270, parsed=9, discovered=9).execute()
    for league in ("Ligue1", "Ligue2", "PremierLeague", "NBA"):
        Runs.update(spider=league.lower()).where(Runs.run_id.endswith(f"-{league}")).execute()
    Runs.update(started_at=at - timedelta(hours=9), finished_at=at - timedelta(hours=9)).execute()
    Schedules.delete().execute()
    soon = Schedules.create(name="Ligue 1", what="ligue1", every_minutes=15, enabled=True, decided_until=at)
    Schedules.create(name="Nuit", what="all", cron="30 3 * * *", enabled=True, decided_until=at)
    Schedules.create(name="Clôture", what="football/France", kickoff="24h 6h 1h 15m", enabled=True, decided_until=at)
    for number in range(20):
        due_at = at - timedelta(minutes=15 * (20 - number))
        state = {7: "missed", 12: "skipped"}.get(number, "sent")
        note = {7: "nobody was there in time", 12: "of the one before (schedule-1-x) 1 runs go on"}.get(number)
        firing = Firings.create(schedule=soon, due_at=due_at, state=state, note=note, task_id=f"task-{number}")
        if state == "sent":
            run_of(firing, number)
    told = {"requested_by": "schedule Angleterre", "node": "http://127.0.0.1:6800"}
    began = {"started_at": at - timedelta(minutes=2), "reported_at": at, "requested_at": at - timedelta(minutes=3)}
    counts = {"discovered": 18, "parsed": 11, "pages": 14, "stored": 165, "retries": 1, "current": "Arsenal - Chelsea"}
    Runs.create(run_id="going-on", spider="premierleague", state="running", **told, **began, **counts)
    Runs.create(run_id="waits", spider="nba", state="queued", requested_at=at, requested_by="operateur", task_id="t")
    rule = AlertRules.create(
        kind="move", threshold=7, margin=1, at_least=1, max_age_minutes=30, calm_minutes=5, cooldown_minutes=60
    )
    AlertEvents.create(
        rule=rule, subject="x", open_key="1 x", opened_at=at, updated_at=at, value=8, told_value=8, details="{}"
    )


def run_of(firing: Firings, number: int) -> None:
    verdict, stored = {5: ("incomplete", 150), 9: ("site-error", 0), 19: ("complete", 120)}.get(
        number, ("complete", 265 + number % 5)
    )
    at = firing.due_at + timedelta(seconds=20)
    Runs.create(
        run_id=f"lively-{number:02}",
        spider="ligue1",
        state="finished",
        verdict=verdict,
        exit_code=0 if verdict == "complete" else 30,
        sentence="the league page was not read: the site answered with an error of its own (5xx); come back later"
        if verdict == "site-error"
        else None,
        task_id=firing.task_id,
        requested_by=f"schedule {firing.schedule.name}",
        requested_at=firing.due_at,
        started_at=at,
        finished_at=at + timedelta(seconds=96),
        reported_at=at + timedelta(seconds=96),
        node="http://127.0.0.1:6800",
        discovered=9,
        fetched=9,
        parsed=9 if verdict == "complete" else 5,
        yielded=stored,
        published=stored,
        stored=stored,
        pages=12,
    )
