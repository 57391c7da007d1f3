"""A database of gig-benchmark, with what is wrong in one.

Its Django models and its schema.sql have the same names, and disagree on lengths, on what is unique and on what may be
null: see :data:`TABLES`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from peewee import Database

from schema.database import is_embedded

DJANGO, SCHEMA, FLAT = "django", "schema.sql", "flat"
NAMES = ("Sports", "MarketNames", "Leagues", "Teams", "Bookmakers", "Matches", "Odds")

_COMMON = """
CREATE TABLE MarketNames (id {id}, sport_id INT, code VARCHAR(20), name VARCHAR(100), created_at {moment},
  UNIQUE (sport_id, code));
CREATE TABLE Teams (id {id}, league_id INT, name VARCHAR(100), created_at {moment}, updated_at {moment},
  UNIQUE (league_id, name));
"""

TABLES = {
    DJANGO: f"""{_COMMON}
CREATE TABLE Sports (id {{id}}, code VARCHAR(20) UNIQUE, name VARCHAR(100), created_at {{moment}},
  updated_at {{moment}});
CREATE TABLE Leagues (id {{id}}, sport_id INT, code VARCHAR(50), name VARCHAR(100), country VARCHAR(100),
  created_at {{moment}}, updated_at {{moment}}, UNIQUE (sport_id, name));
CREATE TABLE Bookmakers (id {{id}}, code VARCHAR(50) UNIQUE, name VARCHAR(100), website VARCHAR(200),
  created_at {{moment}}, updated_at {{moment}});
CREATE TABLE Matches (id {{id}}, league_id INT, home_team_id INT, away_team_id INT, match_date {{moment}},
  status VARCHAR(20), created_at {{moment}}, updated_at {{moment}});
CREATE TABLE Odds (id {{id}}, match_id INT, market_id INT, bookmaker_id INT, outcome VARCHAR(50),
  odd_value DECIMAL(6,2), trj DECIMAL(6,2) NULL, scraped_at {{moment}});
CREATE TABLE users (id {{id}}, username VARCHAR(150) UNIQUE, password VARCHAR(128), role VARCHAR(10));
CREATE TABLE django_migrations (id {{id}}, app VARCHAR(255), name VARCHAR(255));
CREATE INDEX odds_match ON Odds (match_id)""",
    SCHEMA: f"""{_COMMON}
CREATE TABLE Sports (id {{id}}, code VARCHAR(10) UNIQUE, name VARCHAR(100), created_at {{moment}},
  updated_at {{moment}});
CREATE TABLE Leagues (id {{id}}, sport_id INT, code VARCHAR(50), name VARCHAR(100), country VARCHAR(100),
  created_at {{moment}}, updated_at {{moment}}, UNIQUE (sport_id, code));
CREATE TABLE Bookmakers (id {{id}}, code VARCHAR(50) UNIQUE, name VARCHAR(100) UNIQUE, website VARCHAR(200),
  created_at {{moment}}, updated_at {{moment}});
CREATE TABLE Matches (id {{id}}, league_id INT, home_team_id INT, away_team_id INT, match_date {{moment}},
  status VARCHAR(20), created_at {{moment}}, updated_at {{moment}}, CHECK (home_team_id <> away_team_id));
CREATE TABLE Odds (id {{id}}, match_id INT, market_id INT, bookmaker_id INT, outcome VARCHAR(10),
  odd_value DECIMAL(10,2), trj DECIMAL(6,2) NOT NULL, scraped_at {{moment}});
CREATE INDEX odds_match ON Odds (match_id)""",
    FLAT: """
CREATE TABLE odds (match_name VARCHAR(200), match_date VARCHAR(100), bookmaker VARCHAR(100), cote_1 DECIMAL(6,2),
  cote_N DECIMAL(6,2), cote_2 DECIMAL(6,2), trj DECIMAL(6,2), league VARCHAR(100), sport VARCHAR(50),
  created_at {moment})""",
}

SPORTS = ("FOOT", "BASK", "TENN", "RUGB")
BOOKMAKERS = ("PMU", "WINAMAX", "BETCLIC", "POKERSTARS")


@dataclass
class GigDatabase:
    """Written as its consumer and its seeds would have left it."""

    database: Database
    schema: str = DJANGO
    sports: dict[str, int] = field(default_factory=dict)
    markets: dict[str, int] = field(default_factory=dict)
    bookmakers: dict[str, int] = field(default_factory=dict)

    def make(self) -> "GigDatabase":
        embedded = is_embedded(self.database)
        moment = "DATETIME" if embedded or self.schema == SCHEMA else "DATETIME(6)"
        number = "INTEGER PRIMARY KEY" if embedded else "INT PRIMARY KEY AUTO_INCREMENT"
        for statement in TABLES[self.schema].format(id=number, moment=moment).split(";"):
            self.database.execute_sql(statement)
        if self.schema != FLAT:
            self.sports = {code: self.put("Sports", code=code, name=code.title()) for code in SPORTS}
            self.markets = {
                code: self.put("MarketNames", sport_id=number, code="1X2", name="1X2")
                for code, number in self.sports.items()
            }
            self.bookmakers = {code: self.put("Bookmakers", code=code, name=code) for code in BOOKMAKERS}
        return self

    def put(self, table: str, **values: Any) -> int:
        marks = ", ".join([self.database.param] * len(values))
        cursor = self.database.execute_sql(
            f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})",
            [str(value) if isinstance(value, datetime) else value for value in values.values()],
        )
        return int(cursor.lastrowid or 0)

    def league(self, name: str, code: str | None = None, sport: str = "FOOT") -> int:
        coded = code or name.upper().replace(" ", "")
        return self.put("Leagues", sport_id=self.sports[sport], code=coded, name=name, country="France")

    def match(
        self,
        league: int,
        home: str,
        away: str,
        match_date: datetime | None,
        made_at: datetime = datetime(2025, 10, 1, 9),
        status: str = "scheduled",
    ) -> int:
        home_id, away_id = (self._team(league, name) for name in (home, away))
        sides = {"league_id": league, "home_team_id": home_id, "away_team_id": away_id}
        return self.put("Matches", **sides, match_date=match_date, status=status, created_at=made_at)

    def _team(self, league: int, name: str) -> int:
        mark = self.database.param
        found = self.database.execute_sql(
            f"SELECT id FROM Teams WHERE league_id = {mark} AND name = {mark}", (league, name)
        ).fetchone()
        return found[0] if found else self.put("Teams", league_id=league, name=name)

    def scrape(
        self,
        match: int,
        seen_at: datetime,
        prices: Sequence[float | None],
        bookmaker: str | int = "PMU",
        market: int | None = None,
        trj: float | None = None,
    ) -> None:
        """What one message leaves: a row for each price. ``prices``: of 1, X and 2."""
        needed = prices if market in (None, self.markets["FOOT"]) else [prices[0], prices[2]]
        if trj is None and all(needed):
            trj = round(100 / sum(1 / price for price in needed if price), 2)
        for place, (outcome, price) in enumerate(zip(("1", "X", "2"), prices, strict=True)):
            if price is None:
                continue
            apart = timedelta(0) if self.schema == SCHEMA else timedelta(milliseconds=3 * place)
            self.put(
                "Odds",
                match_id=match,
                market_id=market or self.markets["FOOT"],
                bookmaker_id=self.bookmakers[bookmaker] if isinstance(bookmaker, str) else bookmaker,
                outcome=outcome,
                odd_value=price,
                trj=trj if trj is not None or self.schema == DJANGO else 0,
                scraped_at=seen_at + apart,
            )

    def sum(self) -> tuple[int, float]:
        count, total = self.database.execute_sql("SELECT COUNT(*), SUM(odd_value) FROM Odds").fetchone()
        return int(count), round(float(total), 2)


def every_defect(gig: GigDatabase) -> None:
    """A little of all that is wrong in such a database."""
    ligue1 = gig.league("Ligue 1", "LIGUE_1")
    noon = datetime(2025, 11, 9, 12)

    plain = gig.match(ligue1, "PSG", "OM", datetime(2025, 11, 10, 20, 45))
    gig.scrape(plain, noon, (2.10, 3.40, 3.50))
    gig.scrape(plain, noon, (2.05, 3.40, 3.60), "WINAMAX")
    gig.scrape(plain, noon + timedelta(hours=6), (2.10, 3.40, 3.50))  # the same again is another observation

    unknown = gig.match(ligue1, "LENS", "LILLE", datetime(2025, 11, 10, 20), made_at=noon)  # 20:00 of the next day
    gig.scrape(unknown, noon, (1.80, 3.60, 4.20))

    rematch = gig.match(ligue1, "NICE", "LYON", datetime(2025, 8, 23, 21), made_at=datetime(2025, 8, 20, 9))
    gig.scrape(rematch, datetime(2025, 8, 22, 12), (2.30, 3.30, 3.00))
    gig.scrape(rematch, datetime(2026, 8, 15, 12), (1.90, 3.50, 4.00))
    gig.scrape(rematch, datetime(2026, 8, 16, 12), (1.95, 3.50, 3.90))

    twice = gig.match(ligue1, "BREST", "METZ", datetime(2025, 10, 26, 2, 30))  # the hour comes twice
    gig.scrape(twice, datetime(2025, 10, 20, 12), (2.60, 3.10, 2.70))

    hand = gig.league("Handball Starligue")  # gig-benchmark took it for football
    gig.scrape(gig.match(hand, "NANTES", "MONTPELLIER", datetime(2025, 11, 12, 20, 30)), noon, (1.70, 9.00, 2.60))
    lnb = gig.league("LNB Pro A", sport="BASK")
    basket = gig.match(lnb, "MONACO", "ASVEL", datetime(2025, 11, 12, 20, 30))
    gig.scrape(basket, noon, (1.40, None, 2.75), market=gig.markets["BASK"])

    partial = gig.match(ligue1, "NANTES", "AUXERRE", datetime(2025, 11, 14, 19))
    gig.scrape(partial, noon, (2.00, None, 3.90))
    gig.scrape(partial, noon, (1.00, 3.20, 0.00), "BETCLIC")  # what is no price

    other_code = gig.league("LIGUE 1") if gig.schema == SCHEMA else gig.league("Ligue  1")  # a league twice
    again = gig.match(other_code, "PSG", "OM", datetime(2025, 11, 10, 20, 45))
    gig.scrape(again, noon + timedelta(hours=1), (2.15, 3.40, 3.40))

    gig.scrape(plain, noon + timedelta(hours=9), (2.20, 3.30, 3.30), bookmaker=99)  # a bookmaker that is gone
    gig.scrape(9999, noon, (1.50, 4.00, 6.00))  # a match that is gone
    timeless = {"market_id": gig.markets["FOOT"], "bookmaker_id": gig.bookmakers["PMU"], "outcome": "1", "trj": 0}
    gig.put("Odds", match_id=plain, odd_value=2.50, scraped_at=None, **timeless)
    gig.match(ligue1, "ANGERS", "LORIENT", datetime(2025, 11, 16, 15), status="postponed")  # never quoted
    if gig.schema == DJANGO:
        gig.put("users", username="somebody", password="pbkdf2_sha256$1$salt$hash", role="admin")
        alone = gig.match(ligue1, "PSG", "psg", datetime(2025, 11, 17, 21))
        gig.scrape(alone, noon, (2.00, 3.00, 4.00))


def many(gig: GigDatabase, matches: int = 40, visits: int = 6) -> int:
    """A plain season, long enough to be broken off; how many quotes that is."""
    league = gig.league("Premier League", "PREMIER_LEAGUE")
    rows = []
    for number in range(matches):
        kickoff = datetime(2025, 11, 10, 20, 45) + timedelta(days=number)
        match = gig.match(league, f"HOME {number}", f"AWAY {number}", kickoff)
        for visit in range(visits):
            seen_at = str(datetime(2025, 11, 9, 6) + timedelta(hours=visit))
            for place, code in enumerate(BOOKMAKERS):
                prices = ("1", 2 + (number * 7 + visit * 3 + place) % 50 / 100), ("X", 3.40), ("2", 3.50)
                rows += [
                    (match, gig.markets["FOOT"], gig.bookmakers[code], outcome, price, None, seen_at)
                    for outcome, price in prices
                ]
    columns = ("match_id", "market_id", "bookmaker_id", "outcome", "odd_value", "trj", "scraped_at")
    marks = ", ".join([gig.database.param] * len(columns))
    gig.database.connection().cursor().executemany(f"INSERT INTO Odds ({', '.join(columns)}) VALUES ({marks})", rows)
    return len(rows) // 3
