"""What the pictures show besides a lively day: sixty days of played matches, and teams with names of clubs."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from peewee import Database

from schema.messages import OddsItem
from schema.models import AlertRules, Leagues, Teams
from schema.store import Store
from schema.tally import Tally
from tests.admin import lively
from tests.schema.letters import QUOTE, letters, prices

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


def fill(database: Database) -> None:
    """Store, name and tally everything; the lively day is there already."""
    at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    Store(database).store(letters(*quotes(at), received_at=at))
    with database.connection_context():
        _name_the_clubs()
        AlertRules.update(direction="drop", minutes=60, at_least=2).execute()
        Tally(database).run()


def quotes(at: datetime) -> Iterator[OddsItem]:
    """Two quotes of each match by each bookmaker: a day before its kick-off, and just before."""
    chance = random.Random(SEED)
    for day in range(1, DAYS + 1):
        for number in range(A_DAY):
            league = chance.choice(FOOTBALL)
            home, away = chance.sample(CLUBS[league], 2)
            kickoff = at - timedelta(days=day, hours=number)
            fair = _fair(chance)
            for place, bookmaker in enumerate(lively.BOOKMAKERS):
                if bookmaker == "Vbet" and chance.random() < 0.3:
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
                        prices=prices(*(str(round(Decimal(1 / (one * margin)), 2)) for one in fair)),
                        published_trj=None,
                        scraped_at=kickoff - timedelta(hours=hours),
                        run_id=f"played-{day}",
                        url=f"https://www.coteur.com/cote/9{day:02}{number}",
                    )


def _fair(chance: random.Random) -> tuple[float, float, float]:
    home = chance.uniform(0.25, 0.6)
    draw = chance.uniform(0.22, 0.3)
    return home, draw, 1 - home - draw


def _name_the_clubs() -> None:
    """The lively day's teams are called after their leagues: each becomes a club."""
    for league, clubs in CLUBS.items():
        letter_names = Teams.select(Teams).join(Leagues).where(Leagues.name == league, Teams.name.startswith(league))
        for team, club in zip(letter_names.order_by(Teams.id), clubs, strict=True):
            Teams.update(name=club, name_key=f"shown {team.id}").where(Teams.id == team.id).execute()
