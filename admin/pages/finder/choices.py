"""What the questions of the list offer: one query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from peewee import SQL

from schema.models import Bookmakers, Leagues, Sports
from schema.names import name_key


class Choice(NamedTuple):
    """``id``: of its row; ``under``: the id of a league's sport."""

    id: int
    name: str
    under: int


@dataclass(frozen=True)
class Choices:
    """Each by name."""

    sports: Sequence[Choice] = ()
    leagues: Sequence[Choice] = ()
    bookmakers: Sequence[Choice] = ()
    _names: Mapping[tuple[str, int], str] = field(default_factory=dict)

    @classmethod
    def find(cls) -> "Choices":
        """All that the tables hold."""
        sports = Sports.select(SQL("'sport'"), Sports.id, Sports.name, Sports.id)
        leagues = Leagues.select(SQL("'league'"), Leagues.id, Leagues.name, Leagues.sport)
        bookmakers = Bookmakers.select(SQL("'bookmaker'"), Bookmakers.id, Bookmakers.name, Bookmakers.id)
        rows = list((sports | leagues | bookmakers).tuples().execute())
        kinds: dict[str, list[Choice]] = {"sport": [], "league": [], "bookmaker": []}
        for kind, number, name, under in sorted(rows, key=lambda row: name_key(row[2])):
            kinds[kind].append(Choice(number, name, under))
        names = {(kind, number): name for kind, number, name, _ in rows}
        return cls(kinds["sport"], kinds["league"], kinds["bookmaker"], names)

    def played(self) -> Sequence[Choice]:
        """The sports that have a league."""
        with_league = {league.under for league in self.leagues}
        return [sport for sport in self.sports if sport.id in with_league]

    def by_sport(self) -> list[tuple[str, list[Choice]]]:
        """The leagues under the name of their sport."""
        named = sorted(self.leagues, key=lambda league: name_key(self.name("sport", league.under)))
        return [(sport, list(those)) for sport, those in groupby(named, key=lambda one: self.name("sport", one.under))]

    def name(self, kind: str, number: int) -> str:
        """What a row is called; of one that is not there its number."""
        return self._names.get((kind, number), str(number))
