"""gig-benchmark's world, as our crawls would have left it, and programs that ask for it."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from admin import accounts, create_app, keys
from admin.access import Role
from admin.signing import Person
from gigscrapy.broker import TASK_QUEUE, Queues, receiver
from schema.database import EMBEDDED, connect, hang_up
from schema.messages import OddsItem
from schema.models import Attempts, Bookmakers, GigProgress, Leagues, MarketNames, Matches, Sports, Teams
from schema.store import Store
from schema.tally import Tally
from tests.admin import account
from tests.admin.conftest import current
from tests.schema.laid import lay
from tests.schema.letters import letters, prices, quote

PASSWORD = "correct horse battery"
KICKOFF = datetime(2025, 11, 10, 19, 45, tzinfo=UTC)
"""20:45 in Paris."""
FIRST, SECOND = datetime(2025, 11, 9, 8, 15, tzinfo=UTC), datetime(2025, 11, 9, 17, 32, 59, 938082, tzinfo=UTC)
"""Two crawls of PSG - OM, hours apart."""
STILL_LATER = datetime(2025, 11, 9, 17, 40, tzinfo=UTC)
DOUBLE = (Decimal("1.3"), Decimal("1.7"), Decimal("1.35"))


def messages() -> list[OddsItem]:
    """Three matches of two sports; what gig-benchmark has no place for besides: another market, a list."""
    psg = {"home": "PSG", "away": "OM", "match_id": "1", "kickoff": KICKOFF, "bookmaker": "Pmu"}
    nba = {"sport": "basketball", "league": "NBA", "country": "USA", "market": "12", "match_id": "2"}
    nba |= {"home": "Lakers", "away": "Celtics", "kickoff": KICKOFF + timedelta(days=1), "bookmaker": "Winamax"}
    lens = {"home": "Lens", "away": "Nantes", "match_id": "3", "kickoff": KICKOFF + timedelta(days=7)}
    told = [
        (FIRST, quote(**psg, prices=prices("2.1", "3.4", "3.5"))),
        (SECOND, quote(**psg, prices=prices("2.2", "3.4", "3.455"))),
        (STILL_LATER, quote(**psg | {"bookmaker": "Winamax"}, prices=prices("2.15", "3.3", None))),
        (STILL_LATER, quote(**psg, market="DC", prices=dict(zip(("1X", "X2", "12"), DOUBLE, strict=True)))),
        (STILL_LATER, quote(**nba, prices=prices("1.8", "2.05", outcomes="12"))),
        (SECOND, quote(**{**psg, **lens}, prices=prices("1.5", "4", "6.5"))),
    ]
    return [replace(each, scraped_at=at, published_trj=None) for at, each in told]


class Program:
    """A program of gig-benchmark's. ``base``: where it asks from."""

    def __init__(
        self, app: Flask, token: str | None = None, *, host: str = "localhost", peer: str = "127.0.0.1"
    ) -> None:
        self._client = app.test_client()
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._base, self._from = f"https://{host}", {"REMOTE_ADDR": peer}

    def open(self, method: str, path: str, **asked: Any) -> TestResponse:
        headers = self._headers | asked.pop("headers", {})
        return self._client.open(
            path,
            method=method,
            base_url=self._base,
            environ_base=self._from,
            headers=headers,
            buffered=True,  # read to its end, as a program does
            **asked,
        )

    def get(self, path: str, **asked: Any) -> TestResponse:
        return self.open("GET", path, query_string=asked)

    def post(self, path: str, json: Any = None) -> TestResponse:
        return self.open("POST", path, json=json)

    def json(self, path: str, **asked: Any) -> Any:
        """What a question that must be answered is answered."""
        answer = self.get(path, **asked)
        assert answer.status_code == 200, answer.text
        return answer.get_json()


class World:
    """The application over it. ``ids``: of rows, by what people call them."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.database = current()
        self.here = Program(app)
        """A program of this machine, which may do everything: GIG_ANONYMOUS is on."""
        with self.reading():
            self.ids = _ids()

    @contextmanager
    def reading(self) -> Iterator[None]:
        with self.database.connection_context():
            yield

    def as_(self, role: str | None, *, host: str = "odds.example.org") -> Program:
        """A program on another machine, signed in as somebody of that role."""
        if role is None:
            return Program(self.app, host=host, peer="203.0.113.9")
        self.person(role)
        answer = self.here.post("/auth/login/", {"username": role, "password": PASSWORD})
        return Program(self.app, answer.get_json()["tokens"]["access"], host=host, peer="203.0.113.9")

    def with_key(self, *scopes: str) -> Program:
        with self.app.app_context(), self.reading():
            key = keys.add(Person.get_by_id(account("admin", "owner").id), "program", scopes)
        return Program(self.app, key, host="odds.example.org", peer="203.0.113.9")

    def person(self, role: str, name: str | None = None) -> Person:
        with self.app.app_context(), self.reading():
            found = accounts.find(name or role)
            return found or accounts.add(name or role, PASSWORD, Role.of(role))

    def tasks(self) -> list[dict[str, Any]]:
        """What is in the queue of tasks, taken out of it."""
        queues: Queues = self.app.config["QUEUES"]
        taking = receiver(queues.rabbit_url, queues.home, queue=TASK_QUEUE)
        try:
            found = taking.receive(100, 0)
            taking.ack(found)
        finally:
            taking.close()
        return [json.loads(each.body) for each in found]

    @contextmanager
    def set_to(self, **settings: str) -> Iterator[None]:
        """As the environment would have it at the start."""
        gig = self.app.extensions["gig"]
        with pytest.MonkeyPatch.context() as patch:
            for name, value in settings.items():
                patch.setitem(gig.config, name, value)
            yield


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[World]:
    """Open to this machine's programs, as gig-benchmark was to everybody."""
    home, url = tmp_path_factory.mktemp("gig"), None
    if request.param == "sqlite":
        shutil.copy(migrated, home / EMBEDDED)
    else:
        server = request.getfixturevalue("mariadb")
        url = server.url(server.new_database())
        database = connect(url, home)
        lay(database)
        hang_up(database)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADMIN_HOSTS", "odds.example.org")
        patch.setenv("GIG_ANONYMOUS", "on")
        patch.setenv("GIG_REGISTRATION", "on")
        app = create_app(url, home)
    for each in (app, app.extensions["gig"]):  # a hash takes a thousandth of what it takes in earnest
        each.extensions["security"].pwd_context.update(argon2__rounds=1, argon2__memory_cost=64)
    _fill()
    yield World(app)
    hang_up(current())


@pytest.fixture(autouse=True)
def nothing_tried(world: World) -> Iterator[None]:
    """No test waits for the passwords, or the crawls, of the one before."""
    yield
    with world.reading():
        Attempts.delete().execute()
        GigProgress.delete().execute()
    world.tasks()


def _fill() -> None:
    database = current()
    Store(database).store(letters(*messages(), received_at=STILL_LATER))
    with database.connection_context():
        unpriced = Matches.get(Matches.site_id == "3")
        home, away = (
            Teams.create(league=unpriced.league, name=name, name_key=name.lower()) for name in ("Brest", "Metz")
        )
        Matches.create(
            league=unpriced.league,
            home_team=home,
            away_team=away,
            match_date=KICKOFF.replace(tzinfo=None),
            source="coteur",
            site_id="4",
            match_key="coteur:4",
            seen_at=FIRST.replace(tzinfo=None),
        )
        Tally(database).run()


def _ids() -> dict[str, int]:
    found = {sport.name: sport.id for sport in Sports.select()}
    found |= {league.name: league.id for league in Leagues.select()}
    found |= {bookmaker.name: bookmaker.id for bookmaker in Bookmakers.select()}
    found |= {team.name: team.id for team in Teams.select()}
    found |= {f"market {each.sport_id} {each.code}": each.id for each in MarketNames.select()}
    return found | {f"match {match.site_id}": match.id for match in Matches.select()}
