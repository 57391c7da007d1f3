"""What bookmakers pay back: TRJ by bookmaker, league, market, sport or day, from the tally; or as it was known then."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, Field

from admin.api import cursors
from admin.api.answers import Listed, instant, listed
from admin.api.asking import Instant, Part, Several
from admin.api.names import Names
from admin.api.offering import offer
from admin.api.pricing import THINNED, moment_of, percent, thinned, winners
from admin.api.problems import impossible
from analytics import benchmark
from analytics.benchmark import Cell, Sums
from analytics.endings import MOST, TooMany, cells_then
from schema.instants import from_paris, naive, to_paris
from schema.models import Odds, now
from schema.payouts import WHOLE
from schema.tally import freshness

room = APIBlueprint("trj", __name__, tag="TRJ")

USUAL = timedelta(days=30)
LONGEST = timedelta(days=750)
CELLS = 20_000
"""Sums that are read for one answer."""
COMPARED = "what each bookmaker ended on: its last quote before the kick-off, of one market at a time"

NOTHING = Sums()

Key = tuple[int, int, str]
"""Market, the group's id (0 for days), and the first day of the step, empty without one."""


class OfTrj(Part):
    group: Literal["bookmaker", "league", "market", "sport", "day"] = Field("bookmaker", description="One row each.")
    step: Literal["day", "week", "month"] | None = Field(
        None, description="One row for each of these, too; weeks begin on Mondays, days are those of Paris."
    )
    since: Instant | None = Field(None, alias="from", description="Kick-offs from the day of this instant on.")
    until: Instant | None = Field(None, description="Kick-offs before the day of this instant; 750 days at most.")
    sport: Several = Field(default=[], description="Ids or slugs.")
    league: Several = Field(default=[], description="Ids or slugs.")
    market: Several = Field(default=[], description="Ids, slugs or bare codes; the winner's where none is named.")
    bookmaker: Several = Field(default=[], description="Ids or slugs.")
    as_of: Instant | None = Field(None, description="As it was known then: of some hundred matches at most.")


class TrjOut(BaseModel):
    market: str = Field(description="Slug. No figure mixes two: a market has as many outcomes as it has.")
    group: str | None = Field(description="Slug of the bookmaker, league, market or sport; null by day.")
    name: str | None
    period: str | None = Field(description="First day of the step.")
    matches: int | None = Field(description="Null where several bookmakers are counted together.")
    quotes: int = Field(description="That have a TRJ.")
    trj: str | None = Field(description="Mean bookmaker TRJ, percent.")
    spread: str | None = Field(description="Its standard deviation over the quotes, points.")
    published_trj: str | None = Field(description="Mean of what the site printed, percent.")
    since_opening: str | None = Field(description="Mean change from the first quote to the last, points.")
    best_share_pct: str | None = Field(description="Of all best prices; k bookmakers that share one have 1/k each.")
    alone_share_pct: str | None = Field(description="Of all best prices, those that nobody shares.")
    best_alone: int
    best_tied: int
    previous_trj: str | None = Field(description="In the period of the same length before; in the step before.")
    change: str | None = Field(description="Against that, points.")
    few: bool = Field(description="Of fewer than 200 quotes.")


class TallyOut(BaseModel):
    waiting: int = Field(description="Matches and hours that were touched since they were counted.")
    behind_since: str | None
    whole: bool = Field(description="Whether all there is was counted once.")


class TrjsOut(Listed[TrjOut]):
    compared: str = Field(description="What the figures are of.")
    first_day: str
    last_day: str
    as_of: str | None
    thinned_before: str | None = THINNED
    tally: TallyOut | None = Field(description="How far the count is behind; null with `as_of`.")


@offer(room, "/trj", asked=OfTrj, answer=TrjsOut, errors=(400, 404))
def list_trj(query_data: OfTrj) -> Response:
    """What bookmakers pay back over a period; without one, over the last thirty days.

    It is counted ahead of time, from what each bookmaker ended on in each match; matches to come have what they stand
    at. With `as_of` it is computed from all prices as they were known then.
    """
    question = _Question.of(query_data, Names.find())
    place = cursors.position(query_data.cursor)
    found = question.then() if query_data.as_of else question.counted()
    rows = [question.row(key, groups) for key, groups in sorted(_grouped(found, question).items())]
    rows = [row for row in rows if place is None or _place(row) > tuple(place)]
    told = rows[: query_data.limit]
    more = cursors.after(*_place(told[-1])) if len(rows) > query_data.limit else None
    before = thinned(query_data.as_of)
    reason = None if told else question.why_none(before)
    shown = [{name: value for name, value in row.items() if name != "place"} for row in told]
    behind = None if query_data.as_of else freshness(Odds._meta.database)  # noqa: SLF001 - Peewee has no other word for it
    return listed(
        shown,
        after=more,
        reason=reason,
        fields=query_data.fields,
        compared=COMPARED,
        first_day=question.since.isoformat(),
        last_day=question.until.isoformat(),
        as_of=instant(query_data.as_of),
        thinned_before=instant(before),
        tally=behind and {"waiting": behind.waiting, "behind_since": instant(behind.since), "whole": behind.whole},
    )


def _place(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row["place"])


@dataclass
class _Group:
    """Sums of one row; of all bookmakers beside it, where these were told apart; and of the period before."""

    now: Sums = NOTHING
    all: Sums = NOTHING
    before: Sums = NOTHING


def _grouped(found: Sequence[Cell], question: "_Question") -> dict[Key, _Group]:
    """The rows; of the period before only what a row is compared with: a step before counts whole, also where it began
    before the period did.
    """
    rows: defaultdict[Key, _Group] = defaultdict(_Group)
    totals: defaultdict[Key, Sums] = defaultdict(lambda: NOTHING)
    earlier: defaultdict[Key, Sums] = defaultdict(lambda: NOTHING)
    for cell in found:
        key = (cell.market, question.group_of(cell), question.period(cell.day))
        chosen = not question.bookmakers or cell.bookmaker in question.bookmakers
        if cell.day < question.since:
            if chosen:
                earlier[key] += cell.sums
            continue
        totals[question.whole(key)] += cell.sums
        if chosen:
            rows[key].now += cell.sums
    now = {key: row.now for key, row in rows.items()}
    for key, row in rows.items():
        row.all = totals[question.whole(key)]
        before = (*key[:2], question.step_before(key[2]))
        row.before = earlier[before] + (now.get(before, NOTHING) if question.step else NOTHING)
    return dict(rows)


@dataclass(frozen=True)
class _Question:
    """``since`` and ``until``: days in Paris, both included."""

    asked: OfTrj
    names: Names
    since: date
    until: date
    markets: Sequence[int]
    leagues: Sequence[int]
    bookmakers: Sequence[int]

    @classmethod
    def of(cls, asked: OfTrj, names: Names) -> "_Question":
        """:raises Problem: when no such period is looked at."""
        last = _day(asked.until) - timedelta(days=1) if asked.until else _day(asked.as_of or now())
        first = _day(asked.since) if asked.since else last - USUAL + timedelta(days=1)
        if first > last:
            raise impossible("until", "no day is between from and until")
        if last - first > LONGEST:
            raise impossible("from", "750 days at most")
        sports = names.chosen("sport", asked.sport)
        markets = names.markets_of(asked.market) or winners(names)
        if asked.group == "market" and not asked.market:
            markets = list(names.markets)
        markets = [number for number in markets if not sports or names.markets[number].sport in sports]
        leagues = names.chosen("league", asked.league)
        return cls(asked, names, first, last, markets, leagues, names.chosen("bookmaker", asked.bookmaker))

    @property
    def before(self) -> date:
        """The first day of what is read: of the period, or the step, before."""
        return self.since - (self.until - self.since) - timedelta(days=1)

    @property
    def step(self) -> str | None:
        return self.asked.step or ("day" if self.asked.group == "day" else None)

    def counted(self) -> list[Cell]:
        """From the tally."""
        earlier = (self.before, self.since - timedelta(days=1))
        found = benchmark.cells(
            self.markets,
            [earlier, (self.since, self.until)],
            leagues=self.leagues,
            by_day=bool(self.step),
            by_league=self.asked.group == "league",
            by_bookmaker=self._by_bookmaker,
            limit=CELLS + 1,
        )
        if len(found) > CELLS:
            why = "this is a table of more than twenty thousand sums: ask for fewer days, leagues or markets"
            raise impossible("from", why, "too_much")
        return found

    def then(self) -> list[Cell]:
        """As it was known then, the period before included."""
        at = moment_of(self.asked.as_of)
        kinds = {number: self.names.kinds[number] for number in self.markets if number in self.names.kinds}
        since, until = _midnight(self.before), _midnight(self.until + timedelta(days=1))
        try:
            return cells_then(at, kinds, since, until, self._leagues_of_sports)
        except TooMany:
            why = (
                f"the period and the one before have more than {MOST} matches: ask for fewer days or leagues;"
                " what was known then is computed from every price"
            )
            raise impossible("as_of", why, "too_much") from None

    @property
    def _leagues_of_sports(self) -> Sequence[int]:
        sports = {self.names.markets[number].sport for number in self.markets}
        if self.leagues or not self.asked.sport:
            return self.leagues
        return [row.id for row in self.names.leagues.values() if row.sport in sports]

    @property
    def _by_bookmaker(self) -> bool:
        return self.asked.group == "bookmaker" or bool(self.bookmakers)

    def group_of(self, cell: Cell) -> int:
        groups: Mapping[str, Callable[[], int]] = {
            "bookmaker": lambda: cell.bookmaker,
            "league": lambda: cell.league,
            "market": lambda: cell.market,
            "sport": lambda: self.names.markets[cell.market].sport or 0,
            "day": lambda: 0,
        }
        return groups[self.asked.group]()

    def whole(self, key: Key) -> Key:
        """What a row's best prices are a share of: those of all bookmakers in its group."""
        market, group, period = key
        return market, 0 if self.asked.group == "bookmaker" else group, period

    def period(self, day: date) -> str:
        """The first day of its step."""
        if self.step is None:
            return ""
        if self.step == "month":
            return day.replace(day=1).isoformat()
        return (day - timedelta(days=day.weekday() if self.step == "week" else 0)).isoformat()

    def step_before(self, period: str) -> str:
        if not period:
            return ""
        first = date.fromisoformat(period)
        return self.period(first - timedelta(days=1))

    def row(self, key: Key, group: _Group) -> dict[str, Any]:
        """As :class:`TrjOut`, with its place in the list."""
        market, number, period = key
        sums, compared = group.now, Decimal(group.all.best_weight) / WHOLE
        before = group.before.mean
        named = self._named(number)
        shared = self._by_bookmaker and compared
        return {
            "market": self.names.markets[market].slug,
            "group": named and named.slug,
            "name": named and named.name,
            "period": period or None,
            "matches": sums.matches if self.asked.group == "bookmaker" or len(self.bookmakers) == 1 else None,
            "quotes": sums.quotes,
            "trj": percent(sums.mean),
            "spread": percent(sums.spread),
            "published_trj": percent(sums.published_mean),
            "since_opening": percent(sums.since_opening),
            "best_share_pct": percent(100 * Decimal(sums.best_weight) / WHOLE / compared) if shared else None,
            "alone_share_pct": percent(100 * sums.best_alone / compared) if shared else None,
            "best_alone": sums.best_alone,
            "best_tied": sums.best_tied,
            "previous_trj": percent(before),
            "change": percent(None if before is None or sums.mean is None else sums.mean - before),
            "few": sums.few,
            "place": key,
        }

    def _named(self, number: int) -> Any:
        kind = self.asked.group
        return None if kind == "day" else getattr(self.names, f"{kind}s").get(number)

    def why_none(self, before: datetime | None) -> tuple[str, str]:
        """One query of the small table. :param before: before when what was known then has been thinned since."""
        markets = {one.market: one for one in benchmark.known()} if not self.asked.as_of else {}
        if self.asked.as_of:
            if before:
                return "pruned", (
                    f"no quote can be told of this period as it was known then: what was seen before {instant(before)}"
                    " was since thinned to its changes"
                )
            return "not_known_yet", "no quote of a match of this period was known then"
        those = [markets[number] for number in self.markets if number in markets]
        named = " or ".join(self.names.markets[number].slug for number in self.markets) or "no market of this sport"
        if not those:
            return "not_offered", f"nothing was ever counted of {named}"
        first, last = min(one.first for one in those), max(one.last for one in those)
        if last < self.since or first > self.until:
            return (
                "out_of_range",
                f"nothing was counted in this period: of {named} there are days from {first} to {last}",
            )
        if self.leagues or self.bookmakers:
            return "filtered", f"in this period {named} was counted, but not of these leagues and bookmakers"
        return "out_of_range", f"nothing was counted in this period: of {named} there are days from {first} to {last}"


def _day(instant_of_it: datetime) -> date:
    return to_paris(instant_of_it.replace(tzinfo=UTC)).date()


def _midnight(day: date) -> datetime:
    return naive(from_paris(datetime.combine(day, time())))
