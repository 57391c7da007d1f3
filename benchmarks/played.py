"""What the pictures show: a lively day of clubs with names, sixty days of played matches, and what people did with it.

The prices are made up, so that each bookmaker keeps a margin of its own. What people did they did through the pages.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from peewee import Database

from admin.alerting.engine import Engine
from admin.alerting.messages import Composer
from admin.api.rooms.webhooks import a_test
from gigscrapy.following import log_path
from schema import webhooks
from schema.instants import PARIS
from schema.messages import OddsItem
from schema.models import (
    AlertEvents,
    AlertRules,
    AuditLog,
    Bookmakers,
    Matches,
    Runs,
    Schedules,
    Sessions,
    Teams,
    Users,
    now,
)
from schema.store import Store
from schema.tally import Tally
from tests.admin import account, lively, signed_in, token_of
from tests.schema.letters import QUOTE, letters

DAYS = 60
A_DAY = 8
SEED = 7
CLUBS: Mapping[str, Sequence[str]] = {
    "Ligue 1": ("Paris SG", "Marseille", "Lyon", "Lille", "Rennes", "Nantes", "Lens", "Monaco"),
    "Ligue 2": ("Saint-Étienne", "Guingamp", "Caen", "Bastia", "Amiens", "Grenoble", "Pau", "Rodez"),
    "Premier League": ("Arsenal", "Chelsea", "Everton", "Fulham", "Liverpool", "Newcastle", "Tottenham", "Wolves"),
    "NBA": ("Boston", "Chicago", "Denver", "Miami", "New York", "Phoenix", "Toronto", "Utah"),
}
FOOTBALL = ("Ligue 1", "Ligue 2", "Premier League")
EVENING, NIGHT = (15, 17, 19, 21), (1, 2, 3, 4)
"""Hours of kick-off in Paris: of four matches of a league, and of those played in America."""
BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Android 15; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0",
)


def fill(app: Flask, database: Database, home: Path) -> None:
    """Store and tally everything, then do what people do."""
    at = datetime.now(UTC).replace(microsecond=0)
    lively.fill(database, at, Prices(at))
    Store(database).store(letters(*quotes(at.replace(minute=0, second=0)), received_at=at))
    with database.connection_context():
        Tally(database).run()
        AlertRules.delete().execute()
    people_act(app)
    with database.connection_context() if database.is_closed() else nullcontext():
        Engine(database, Composer("http://127.0.0.1:5000")).step(now())
        AlertEvents.update(opened_at=now() - timedelta(minutes=2)).execute()
        Runs.update(reported_at=now() + timedelta(minutes=4)).where(Runs.run_id == "going-on").execute()
        _spread_over_the_day()
        _tell_a_webhook(database)
        _write_log(home)


# -- prices ------------------------------------------------------------------------------------------------------------


class Prices:
    """Tells a quote of the lively day anew: of clubs, in the evening, at prices of its own that drift from day to day.

    How much a price moved against the first one stays as it was.
    """

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._chance = random.Random(SEED)
        self._first: dict[str, Mapping[str, Decimal | None]] = {}
        self._fair: dict[str, tuple[float, ...]] = {}
        self._margins: dict[tuple[str, str, str], float] = {}
        self._drifts: dict[str, float] = {}

    def __call__(self, item: OddsItem) -> OddsItem:
        match = str(item.match_id)
        if match not in self._fair:
            self._first[match] = item.prices
            self._fair[match] = _fair(self._chance) if len(item.prices) == 3 else _fair_of_two(self._chance)
            self._drifts[match] = self._chance.uniform(-0.03, 0.03)
        return replace(
            item,
            home=self._club(item.league, item.home),
            away=self._club(item.league, item.away),
            kickoff=self._kickoff(item.league, int(match)),
            **_priced({outcome: self._price(item, outcome, place) for place, outcome in enumerate(item.prices)}),
        )

    def _price(self, item: OddsItem, outcome: str, place: int) -> float:
        match, since = str(item.match_id), (self._at - item.scraped_at) / timedelta(hours=1)
        usual = 1.045 + 0.006 * lively.BOOKMAKERS.index(item.bookmaker)
        margin = self._margins.setdefault((match, item.bookmaker, outcome), usual + self._chance.uniform(-0.012, 0.012))
        first, said = self._first[match][outcome], item.prices[outcome]
        assert first and said
        drift = 1 + self._drifts[match] * (1 - place) * min(1.0, (40 - since) / 38)
        return float(said / first) * drift / (self._fair[match][place] * margin)

    @staticmethod
    def _club(league: str, name: str) -> str:
        """``Ligue 1 A2`` is the third at home, ``Ligue 1 B2`` the third of those who come."""
        return CLUBS[league][int(name[-1]) + (4 if name[-3 if name[-2].isdecimal() else -2] == "B" else 0)]

    def _kickoff(self, league: str, match: int) -> datetime:
        """Of each league four on one day, the next leagues' a day later."""
        hour = (NIGHT if league == "NBA" else EVENING)[match % 10]
        day = self._at.astimezone(PARIS) + timedelta(days=1 + match // 20)
        return day.replace(hour=hour, minute=0, second=0).astimezone(UTC)


def _priced(prices: Mapping[str, float]) -> dict[str, object]:
    """Prices as a site prints them, and the TRJ it prints beside them."""
    told = {outcome: round(Decimal(price), 2) for outcome, price in prices.items()}
    return {"prices": told, "published_trj": round(100 / sum(1 / price for price in told.values()), 2)}


def quotes(at: datetime) -> Iterator[OddsItem]:
    """Two quotes of each match by each bookmaker: a day before its kick-off, and just before."""
    chance = random.Random(SEED)
    for day in range(1, DAYS + 1):
        for number in range(A_DAY):
            league = chance.choice(FOOTBALL)
            home, away = chance.sample(CLUBS[league], 2)
            kickoff = (at.astimezone(PARIS) - timedelta(days=day)).replace(hour=EVENING[number % 4]).astimezone(UTC)
            fair = _fair(chance)
            for place, bookmaker in enumerate(lively.BOOKMAKERS):
                if bookmaker == lively.GONE and (day < 3 or chance.random() < 0.3):
                    continue
                for hours in (24, 0.2):
                    margin = 1.045 + place * 0.006 + day * 0.0002 + chance.uniform(-0.008, 0.008)
                    yield replace(
                        QUOTE,
                        league=league,
                        home=home,
                        away=away,
                        match_id=f"9{day:02}{number}",
                        kickoff=kickoff,
                        bookmaker=bookmaker,
                        bookmaker_id=None,
                        **_priced({outcome: 1 / (one * margin) for outcome, one in zip("1X2", fair, strict=True)}),
                        scraped_at=kickoff - timedelta(hours=hours),
                        run_id=f"played-{day}",
                        url=f"https://www.coteur.com/cote/9{day:02}{number}",
                    )


def _fair(chance: random.Random) -> tuple[float, ...]:
    home = chance.uniform(0.25, 0.6)
    draw = chance.uniform(0.22, 0.3)
    return home, draw, 1 - home - draw


def _fair_of_two(chance: random.Random) -> tuple[float, ...]:
    home = chance.uniform(0.3, 0.7)
    return home, 1 - home


# -- people ------------------------------------------------------------------------------------------------------------


def people_act(app: Flask) -> None:
    """Each through the pages, so that the audit log has it as it would: rules, names, what is followed, a key."""
    for role, name in (("viewer", "analyste"), ("operator", "operateur")):
        account(role, name)
    analyst, operator = signed_in(app, "viewer", "analyste"), signed_in(app, "operator", "operateur")
    boss = signed_in(app)
    bookmakers = {row.name: row for row in Bookmakers.select()}
    match = Matches.select().order_by(Matches.match_date.desc()).first()
    _send(boss, "/alerts/channels", name="salon des cotes", address="json://hooks.example.org/odds", language="fr")
    move = {"kind": "move", "threshold": "7", "direction": "drop", "minutes": "60", "at_least": "2", "channel": "1"}
    _send(operator, "/alerts/rules", **move)
    surebet = {"kind": "surebet", "threshold": "100", "quiet_from": "23:00", "quiet_until": "07:00", "channel": "1"}
    _send(operator, "/alerts/rules", **surebet)
    _send(operator, "/alerts/rules", kind="missing", threshold="3", minutes="1440")
    _send(operator, "/alerts/rules", kind="failed", spider="ligue1", channel="1")
    followed = {"match": match.id, "team": Teams.get(Teams.name == "Paris SG").id, "league": match.league_id}
    for kind, number in followed.items():
        _send(analyst, "/alerts/follow", kind=kind, id=number)
    netbet, betsson = bookmakers["NetBet"], bookmakers["Betsson"]
    _send(operator, f"/data/bookmakers/{netbet.id}/aliases/", alias="NetBet Sport")
    _send(operator, f"/data/bookmakers/{betsson.id}/aliases/", alias="Betsson.fr")
    site = {
        "name": betsson.name,
        "site_id": betsson.site_id,
        "reviewed": "1",
        "website": "https://www.betsson.fr/sport",
    }
    _send(operator, f"/data/bookmakers/{betsson.id}/", **site)
    night = Schedules.get(Schedules.name == "Nuit")
    _send(operator, "/admin/schedules/switch/", off=night.id)
    _send(operator, "/admin/schedules/switch/", on=night.id)
    _send(boss, "/account/keys/new", name="tableur", scope=["read", "export"])
    for name, kinds in (("robot de paris", ["odds.changed"]), ("veille", ["run.ended", "alert.opened"])):
        _send(boss, "/webhooks/", name=name, address="https://hooks.example.org/odds", kind=kinds)


def _send(client: FlaskClient, address: str, /, **said: object) -> None:
    answer = client.post(address, data={"csrf_token": token_of(client), **said})
    assert answer.status_code in (200, 201, 303, 302), (address, answer.status_code, answer.text[:2000])


def _tell_a_webhook(database: Database) -> None:
    """Of two messages one was taken, the other was not yet."""
    hook, at = webhooks.of(database)[0].id, now()
    for minutes in (9, 2):
        webhooks.ask(database, a_test(hook), at=at - timedelta(minutes=minutes))
    taken, refused = sorted(webhooks.deliveries(database, hook, 2), key=lambda one: one.id)
    for each in (taken, refused):
        webhooks.claim(database, each, at)
    webhooks.settle_sent(database, taken, at - timedelta(minutes=8), status=204, took=112)
    webhooks.settle_failed(database, refused, at, "HTTP 503", status=503)


def _spread_over_the_day() -> None:
    """Nobody does all that in one minute."""
    notes = list(AuditLog.select().order_by(AuditLog.id.desc()))
    for place, note in enumerate(notes):
        at = now() - timedelta(minutes=4 + 23 * place)
        AuditLog.update(at=at, address=f"192.0.2.{10 + len(note.actor)}").where(AuditLog.id == note.id).execute()


def name_browsers() -> None:
    """Whoever is signed in is so with a browser that people have."""
    for session in Sessions.select():
        agent = BROWSERS[session.id % len(BROWSERS)]
        Sessions.update(agent=agent, address=f"192.0.2.{10 + session.id}").where(Sessions.id == session.id).execute()
    Users.update(last_login=now() - timedelta(hours=2)).execute()


def _write_log(home: Path) -> None:
    """What the newest crawl of Ligue 1 wrote, as far as somebody reads it."""
    run = Runs.select().where(Runs.run_id == "lively-19").get()
    path = log_path(home, run)
    assert path
    path.parent.mkdir(parents=True, exist_ok=True)
    at, clubs = run.started_at, CLUBS["Ligue 1"]
    said = [f"[gigscrapy.extensions] INFO: run {run.run_id} reads https://www.coteur.com/cotes/foot/france/ligue-1"]
    for number in range(9):
        match = f"{clubs[number % 8]} - {clubs[(number + 3) % 8]}"
        if number == 4:
            said.append(f"[ligue1] WARNING: suspect (far-from-panel): 'Vbet' on {match!r}, 1X2: 1 6.10, X 3.40, 2 1.20")
        said.append(f"[gigscrapy.extensions] INFO: {number + 1}/9 {match}: {9 if number % 3 else 8} bookmakers")
    said.append("[gigscrapy.extensions] INFO: ligue1: all 9 matches were read (complete)")
    lines = (f"{at + timedelta(seconds=8 * place):%Y-%m-%d %H:%M:%S} {line}\n" for place, line in enumerate(said))
    path.write_text("".join(lines), encoding="utf-8")
