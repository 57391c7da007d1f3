"""A weekend as crawls leave it, that programs read: on either kind of database, made once for a file of tests."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from peewee import Database

from schema.messages import OddsItem
from schema.models import Matches
from schema.store import Store
from tests.admin import season
from tests.schema.letters import letters, prices


@dataclass
class Weekend:
    """``at``: the minute up to which everything was said, aware."""

    app: Flask
    database: Database
    program: Any
    at: datetime

    def store(self, *messages: OddsItem) -> None:
        """As the consumer does, by a connection of its own."""
        with self.database.connection_context():
            outcome = Store(self.database).store(letters(*messages, received_at=self.at))
        assert not outcome.refused, outcome.refused[0][1]

    def match(self, site_id: str) -> int:
        with self.database.connection_context():
            return Matches.get(Matches.site_id == site_id).id


def past(at: datetime) -> Iterator[OddsItem]:
    """Matches of the last weeks: one a day, three bookmakers, of which one pays back most on even days."""
    for day in range(1, 41):
        kickoff = at - timedelta(days=day)
        for position, name in enumerate(season.BOOKMAKERS[:3]):
            home = ("1.90", "1.95", "1.95")[(position + day) % 3]
            for before, draw in ((30, "3.30"), (2, "3.40")):
                one = season.quote(
                    at, 0, 0, *season.TEAMS[day % 4], kickoff, name, prices(home, draw, f"3.{50 + position}")
                )
                seen = kickoff - timedelta(hours=before)
                yield replace(one, match_id=f"90{day}", scraped_at=seen, run_id=f"past-{day}-{before}")
