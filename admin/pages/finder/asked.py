"""What the address of a list of matches asks for: it is the whole state of the page.

What nobody could mean is passed over, and said in a note; nothing that is typed into an address is an error.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from werkzeug.datastructures import MultiDict

from admin.words import Phrase, say
from analytics.finding import Wanted
from schema.instants import from_paris, naive, to_paris
from schema.markets import MARKETS

DAYS: Mapping[str, Phrase] = {
    "upcoming": Phrase("À venir"),
    "today": Phrase("Aujourd'hui"),
    "tomorrow": Phrase("Demain"),
    "week": Phrase("7 jours"),
    "past": Phrase("Passés"),
    "all": Phrase("Tous"),
    "undated": Phrase("Sans date"),
}
"""The shortcuts of the day range; the first holds where none is asked for."""

SORTS: Mapping[str, Phrase] = {
    "kickoff": Phrase("Coup d'envoi"),
    "match": Phrase("Match"),
    "league": Phrase("Ligue"),
    "trj": Phrase("TRJ du marché"),
    "movement": Phrase("Mouvement"),
}

ON_THEIR_WAY = timedelta(hours=3)
"""So long after its kick-off a match is still among those to come: it is being played."""

MOST = 50
"""Values of one question that count, and words of a search that are shown."""
LARGEST = 2**31 - 1
SEARCH_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One address. ``since`` and ``until``: days in Paris, both included; they overrule ``when``."""

    search: str = ""
    when: str = "upcoming"
    since: date | None = None
    until: date | None = None
    sports: tuple[int, ...] = ()
    leagues: tuple[int, ...] = ()
    teams: tuple[int, ...] = ()
    bookmakers: tuple[int, ...] = ()
    market: str | None = None
    sort: str = "kickoff"
    desc: bool = False
    page: int = 1

    @classmethod
    def read(cls, arguments: MultiDict[str, str], notes: list[str], *, when: str = "upcoming") -> "Asked":
        """What the arguments of an address say. :param when: the days where it names none."""
        reading = _Reading(arguments, notes)
        return cls(
            search=" ".join(arguments.get("search", "")[:SEARCH_LENGTH].split()),
            when=reading.one_of("when", DAYS, when),
            since=reading.day("from"),
            until=reading.day("to"),
            sports=reading.ids("sport"),
            leagues=reading.ids("league"),
            teams=reading.ids("team"),
            bookmakers=reading.ids("bookmaker"),
            market=reading.one_of("market", MARKETS, "") or None,
            sort=reading.one_of("sort", SORTS, "kickoff"),
            desc=arguments.get("desc") == "1",
            page=min(max(arguments.get("page", 1, type=int), 1), 1000),
        )

    @property
    def dated(self) -> bool:
        """Whether days were typed."""
        return self.since is not None or self.until is not None

    @property
    def narrowed(self) -> int:
        """How many questions narrow the list, beside the days."""
        asked = (self.search, self.sports, self.leagues, self.teams, self.bookmakers, self.market)
        return sum(bool(one) for one in asked)

    @property
    def newest_first(self) -> bool:
        """Of what is past one looks for the last first."""
        past = self.when == "past" and not self.dated
        return past != (self.desc and self.sort == "kickoff")

    def arguments(self, **changes: Any) -> dict[str, Any]:
        """The arguments of an address that asks for this, changed; what is as by default is left out."""
        asked = replace(self, **{"page": 1, **changes})
        told = {
            "search": asked.search,
            "when": "" if asked.dated else asked.when,
            "from": asked.since and asked.since.isoformat(),
            "to": asked.until and asked.until.isoformat(),
            "sport": asked.sports,
            "league": asked.leagues,
            "team": asked.teams,
            "bookmaker": asked.bookmakers,
            "market": asked.market,
            "sort": "" if asked.sort == "kickoff" else asked.sort,
            "desc": "1" if asked.desc else "",
            "page": asked.page if asked.page > 1 else "",
        }
        return {name: value for name, value in told.items() if value}

    def wanted(self, now: datetime) -> Wanted:
        """The matches that this asks for. :param now: aware."""
        since, until = self._days(now)
        undated = self.when == "undated" and not self.dated
        teams, leagues, sports = self.teams, self.leagues, self.sports
        return Wanted(sports=sports, leagues=leagues, teams=teams, since=since, until=until, undated=undated)

    def _days(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        if self.dated:
            since = None if self.since is None else _midnight(self.since)
            return since, None if self.until is None else _midnight(self.until + timedelta(days=1))
        today = to_paris(now).date()
        days = {"today": (0, 1), "tomorrow": (1, 2), "week": (0, 7)}
        if self.when in days:
            first, after = days[self.when]
            return _midnight(today + timedelta(days=first)), _midnight(today + timedelta(days=after))
        return {
            "upcoming": (naive(now) - ON_THEIR_WAY, None),
            "past": (None, naive(now)),
        }.get(self.when, (None, None))


class _Reading:
    """Reads arguments; ``notes`` takes what is passed over."""

    def __init__(self, arguments: MultiDict[str, str], notes: list[str]) -> None:
        self._arguments, self._notes = arguments, notes

    def one_of(self, name: str, known: Mapping[str, Any], usual: str) -> str:
        value = self._arguments.get(name, "")
        if not value or value in known:
            return value or usual
        self._passed_over(value)
        return usual

    def ids(self, name: str) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self._ids(self._arguments.getlist(name))))[:MOST]

    def day(self, name: str) -> date | None:
        value = self._arguments.get(name, "")
        if not value:
            return None
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self._passed_over(value)
            return None
        if 2000 <= day.year <= 2100:
            return day
        self._passed_over(value)
        return None

    def _ids(self, values: Sequence[str]) -> Iterator[int]:
        for value in values:
            if value.isascii() and value.isdecimal() and len(value) <= 10 and int(value) <= LARGEST:
                yield int(value)
            elif value:
                self._passed_over(value)

    def _passed_over(self, value: str) -> None:
        note = say("« {value} » n'a pas de sens ici et est laissé de côté.", value=value[:MOST])
        if note not in self._notes:
            self._notes.append(note)


def _midnight(day: date) -> datetime:
    """The first instant of a day in Paris, naive UTC."""
    return naive(from_paris(datetime.combine(day, time())))
