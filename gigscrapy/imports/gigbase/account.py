"""What became of each price of gig-benchmark: read, taken, merged, refused; numbers and sums that add up."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Self

from gigscrapy.imports.gigbase import meetings

EXAMPLES = 5
"""So many of each kind are named."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Prices, and what they add up to."""

    rows: int = 0
    total: Decimal = Decimal(0)

    def __add__(self, other: Self) -> "Sum":
        return Sum(self.rows + other.rows, self.total + other.total)

    def __sub__(self, other: Self) -> "Sum":
        return Sum(self.rows - other.rows, self.total - other.total)

    def __str__(self) -> str:
        return f"{self.rows} prices, sum {self.total:.2f}"


NOTES = {
    meetings.DEFAULT: "kick-offs that were 20:00 of the day after the match was first seen: taken for unknown (guessed;"
    " --believe-20h takes them for kick-offs)",
    meetings.KEPT_DEFAULT: "kick-offs at 20:00 of the day after the match was first seen: believed, as you said",
    meetings.PASSED: "kick-offs long before the first price: taken for unknown",
    meetings.AMBIGUOUS: "kick-offs in the hour that comes twice in October: taken for the first (guessed)",
    meetings.SKIPPED: "kick-offs in the hour that is skipped in March: read with the offset before",
    meetings.BEYOND: "kick-offs beyond the years 2000 to 2100: taken for unknown",
    meetings.MET_AGAIN: "meetings that were stored as an earlier one: matches of their own, kick-off unknown (guessed)",
    meetings.MOVED_OR_MET_AGAIN: "matches that were quoted on after their kick-off without a pause, moved or met again:"
    " later prices are a match of its own, kick-off unknown (guessed)",
    "other-sport": "football leagues that are of another sport: stored as that (by their name, or as you said)",
    "unknown-league": "football leagues that no catalogue knows: gig-benchmark took every sport it did not know for"
    " football; --sport 'LEAGUE=handball' says what one is",
    "partial": "quotes that lack a price: kept, without a TRJ",
    "other-trj": "quotes whose TRJ is not the one that gig-benchmark has: ours is computed from the prices",
    "status": "matches whose status was not 'scheduled': not taken, nobody keeps it up here",
    "no-prices": "matches without a price: not taken",
    "no-time": "quotes that tell no time: dated by their kick-off (guessed)",
}


@dataclass(slots=True)
class Account:
    """All prices that were read are taken, merged (another of the same instant stands for it) or refused.

    :ivar quotes: that the taken prices make; :ivar meetings: matches with one; :ivar matches: of gig-benchmark, read.
    :ivar leagues, teams, bookmakers: that the taken prices are of, as gig-benchmark numbers or names them.
    :ivar notes: how often something was found out or guessed; :ivar distinct: of what is so for all prices, the names.
    """

    read: Sum = Sum()
    taken: Sum = Sum()
    merged: Sum = Sum()
    refused: dict[str, Sum] = field(default_factory=dict)
    quotes: int = 0
    matches: int = 0
    meetings: int = 0
    notes: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    leagues: set[str] = field(default_factory=set)
    teams: set[str] = field(default_factory=set)
    bookmakers: set[str] = field(default_factory=set)
    distinct: dict[str, set[str]] = field(default_factory=dict)

    def add(self, other: "Account") -> None:
        """What was counted apart, such as of one match."""
        self.read, self.taken, self.merged = (
            self.read + other.read,
            self.taken + other.taken,
            self.merged + other.merged,
        )
        self.quotes, self.matches = self.quotes + other.quotes, self.matches + other.matches
        self.meetings += other.meetings
        self.notes += other.notes
        for reason, refused in other.refused.items():
            self.refused[reason] = self.refused.get(reason, Sum()) + refused
        for kind, examples in other.examples.items():
            for example in examples:
                self._exemplify(kind, example)
        for kind, names in other.distinct.items():
            self.distinct.setdefault(kind, set()).update(names)
        self.leagues |= other.leagues
        self.teams |= other.teams
        self.bookmakers |= other.bookmakers

    def name(self, kind: str, name: str) -> None:
        """Note it once."""
        self.distinct.setdefault(kind, set()).add(name)

    def note(self, kind: str, example: str = "") -> None:
        self.notes[kind] += 1
        self._exemplify(kind, example)

    def refuse(self, reason: str, refused: Sum, example: str = "") -> None:
        self.refused[reason] = self.refused.get(reason, Sum()) + refused
        self._exemplify(f"refused {reason}", example)

    def _exemplify(self, kind: str, example: str) -> None:
        named = self.examples.setdefault(kind, [])
        if example and example not in named and len(named) < EXAMPLES:
            named.append(example)

    @property
    def accounted(self) -> Sum:
        return sum(self.refused.values(), self.taken + self.merged)

    # -- kept on the way -----------------------------------------------------------------------------------------------

    def dump(self) -> str:
        """As JSON, for :meth:`load`."""
        sums = {name: _written(getattr(self, name)) for name in ("read", "taken", "merged")}
        sets = {name: sorted(getattr(self, name)) for name in ("leagues", "teams", "bookmakers")}
        numbers = {name: getattr(self, name) for name in ("quotes", "matches", "meetings", "notes", "examples")}
        refused = {reason: _written(one) for reason, one in self.refused.items()}
        distinct = {kind: sorted(names) for kind, names in self.distinct.items()}
        return json.dumps({**sums, **sets, **numbers, "refused": refused, "distinct": distinct})

    @classmethod
    def load(cls, text: str) -> "Account":
        said = json.loads(text)
        for name in ("read", "taken", "merged"):
            said[name] = _sum(said[name])
        for name in ("leagues", "teams", "bookmakers"):
            said[name] = set(said[name])
        refused = {reason: _sum(one) for reason, one in said.pop("refused").items()}
        distinct = {kind: set(names) for kind, names in said.pop("distinct").items()}
        return cls(**said | {"notes": Counter(said["notes"]), "refused": refused, "distinct": distinct})

    # -- told ----------------------------------------------------------------------------------------------------------

    def told(self) -> Iterator[str]:
        """Prices, and what was found out or guessed, in lines."""
        yield f"Odds: read {self.read}"
        yield f"      taken {self.taken}, in {self.quotes} quotes"
        if self.merged.rows:
            yield f"      merged {self.merged}: another price of the same outcome and instant stands"
        for reason, one in sorted(self.refused.items()):
            yield f"      refused {one}: {reason}{self._named(f'refused {reason}')}"
        for kind, said in NOTES.items():
            if count := self.notes[kind] + len(self.distinct.get(kind, ())):
                yield f"{count} {said}{self._named(kind)}"

    def _named(self, kind: str) -> str:
        named = self.examples.get(kind) or sorted(self.distinct.get(kind, ()))[:EXAMPLES]
        return f": {'; '.join(named)}" if named else ""


def _written(one: Sum) -> list[str]:
    return [str(one.rows), str(one.total)]


def _sum(said: list[str]) -> Sum:
    return Sum(int(said[0]), Decimal(said[1]))
