"""gig-benchmark's front end, and its worker, written anew from the contract: what they ask, in their order.

Nothing of gig-benchmark is in here. The front end is Symfony's half (sign-in, which keeps the tokens in its session) and
that of the page (the sidebar *Scraping Filters*, the tables, the export) in one.
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

POLL = 0.05
"""Seconds; its page polls every 1.5 s."""
GIVE_UP = 30
"""Seconds; its page gives up after ten minutes."""
VOWELS = str.maketrans("àáâãäåèéêëìíîïòóôõöùúûü", "aaaaaaeeeeiiiiooooouuuu")


def slug(league: str) -> str:
    """The page's rule: a/e/i/o/u lose their accents, apostrophes go, spaces and hyphens are _, nothing else is kept."""
    plain = league.lower().translate(VOWELS).replace("'", "")
    return "".join(
        "_" if each in " -" else each for each in plain if each in " -_" or (each.isascii() and each.isalnum())
    )


@dataclass
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Http:
    """What both speak over: plain requests, two seconds each at most where gig-benchmark waits for no more."""

    site: str
    token: str | None = None

    def ask(self, method: str, path: str, said: Any = None, *, form: bool = False, **query: str) -> Answer:
        body = None if said is None else urlencode(said).encode() if form else json.dumps(said).encode()
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        address = f"{self.site}{path}" + (f"?{urlencode(query)}" if query else "")
        request = urllib.request.Request(address, body, {"Content-Type": kind}, method=method)
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return Answer(answer.status, answer.read(), dict(answer.headers))
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read(), dict(error.headers))


@dataclass
class FrontEnd:
    """One user before the page. ``session``: as Symfony keeps it; ``flashes``: what was flashed; ``bar``: what the
    progress box showed.
    """

    http: Http
    session: dict[str, Any] = field(default_factory=dict)
    flashes: list[str] = field(default_factory=list)
    bar: list[str] = field(default_factory=list)

    # -- Symfony's half ------------------------------------------------------------------------------------------------

    def register(self, username: str, password: str) -> bool:
        said = {"username": username, "password": password, "password2": password, "email": "a@example.org"}
        answer = self.http.ask("POST", "/auth/register/", said)
        created = answer.status == 201
        self.flashes.append("Registration successful! You can now login." if created else str(answer.json))
        return created

    def login(self, username: str, password: str) -> bool:
        answer = self.http.ask("POST", "/auth/login/", {"username": username, "password": password})
        if answer.status != 200:
            self.flashes.append(answer.json.get("error", "Invalid credentials"))
            return False
        told = answer.json
        self.session = {"jwt_token": told["tokens"]["access"], "jwt_refresh": told["tokens"]["refresh"]}
        self.session["user"] = told["user"]
        self.http.token = self.session["jwt_token"]
        self.flashes.append("Login successful!")
        return True

    def renew(self) -> None:
        """When the hour is over."""
        answer = self.http.ask("POST", "/auth/token/refresh/", {"refresh": self.session["jwt_refresh"]})
        self.session["jwt_token"] = self.http.token = answer.json["access"]

    def logout(self) -> None:
        self.http.ask("GET", "/logout")
        self.session, self.http.token = {}, None
        self.flashes.append("Logout successful")

    # -- the sidebar ---------------------------------------------------------------------------------------------------

    def head(self) -> tuple[Any, Any]:
        """*Last scraping*, and the switch *Auto Scraping (6h)*."""
        last = self.http.ask("GET", "/api/last-scraping-date").json["last_scraping_date"]
        return last, self.http.ask("GET", "/api/scraping/auto/status").json

    def switch(self, *, enabled: bool) -> Any:
        return self.http.ask("POST", "/api/scraping/auto/toggle", {"enabled": enabled}).json

    def leagues(self, sport: str) -> list[str]:
        """The select *League*, without *All leagues*: A to Z."""
        every = self.http.ask("GET", "/api/leagues").json
        return sorted(league["name"] for league in every if league["sport"]["name"] == sport)

    def start(self, sport: str, leagues: Sequence[str]) -> Iterator[tuple[str, Any]]:
        """*Start Scraping*: one league after the other. What became of each."""
        for league in leagues:
            scraper = f"{sport.lower()}.{slug(league)}"
            answer = self.http.ask("POST", "/api/scraping/trigger", {"scraper": scraper})
            yield league, self._wait(scraper) if answer.status == 200 else answer.json["error"]

    def reset(self, scraper: str) -> Any:
        """*Reset Scraping*, confirmed."""
        return self.http.ask("POST", "/api/scraping/reset", {"scraper": scraper}).json

    def _wait(self, scraper: str) -> Any:
        until = time.monotonic() + GIVE_UP
        while time.monotonic() < until:
            told = self.http.ask("GET", "/api/scraping/status", scraper=scraper).json
            if told["status"] == "completed":
                return told
            if told["status"] == "running" and told["total"]:
                self.bar.append(f"{told['current']} / {told['total']} {told['current_match']}")
            time.sleep(POLL)
        return "given up"

    # -- the tables ----------------------------------------------------------------------------------------------------

    def load(self, **filters: str) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        """``all_matchs`` and ``avgtrj``, as they are shown."""
        told = self.http.ask("GET", "/frontend-api/odds/load", **filters).json
        assert told["success"] is True
        arrows = {1: "↑", -1: "↓", 0: "→"}
        rows = [
            (
                f"{each['odd']['match']['home_team']['name']} - {each['odd']['match']['away_team']['name']}",
                each["odd"]["bookmaker"]["name"],
                *("-" if each["odd"][cote] is None else each["odd"][cote] for cote in ("cote1", "coteN", "cote2")),
                each["odd"]["trj"],
                arrows[each["evolution"]],
            )
            for each in told["odds"]
        ]
        averages = [(each["bookmaker"], f"{each['avgTrj']:.2f}%", arrows[each["evolution"]]) for each in told["avgTrj"]]
        return rows, averages

    def export(self, **filters: str) -> list[list[str]]:
        """*Export CSV*: the lines, without the first."""
        answer = self.http.ask("GET", "/odds/export-csv", **filters)
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        return [line.split(";") for line in answer.body.decode("utf-8-sig").splitlines()[1:]]
