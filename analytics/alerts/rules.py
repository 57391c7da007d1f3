"""What a rule says, and what each kind of rule measures.

=========== ====================================== ==================== ===============================================
kind        about                                  value                opens when
=========== ====================================== ==================== ===============================================
price       an outcome of a market of a match      decimal odds         the best price is above (or below) the threshold
move        the same                               percent              ``at_least`` bookmakers moved that much in
                                                                        ``minutes``
trj         a market of a match                    percent              the market TRJ is above the threshold
surebet     a market of a match                    percent              that of complete quotes is, by two bookmakers
missing     a bookmaker in a league                other bookmakers     it was silent for ``minutes``, so many were not
late        the crawl of a league                  minutes              no run of it has ended for so long
failed      the crawl of a league                  1 or 0               its last run failed, or was unusual
=========== ====================================== ==================== ===============================================

Only matches that have not kicked off count; a price that is in doubt, or older than ``max_age``, is no price.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

PRICE, MOVE, TRJ, SUREBET = "price", "move", "trj", "surebet"
MISSING, LATE, FAILED = "missing", "late", "failed"
KINDS = (PRICE, MOVE, TRJ, SUREBET, MISSING, LATE, FAILED)
OF_PRICES = (PRICE, MOVE, TRJ, SUREBET)
OF_CRAWLS = (LATE, FAILED)

ABOVE, BELOW = "above", "below"
DROP, RISE, EITHER = "drop", "rise", "either"
DIRECTIONS: Mapping[str, tuple[str, ...]] = {PRICE: (ABOVE, BELOW), MOVE: (DROP, RISE, EITHER)}
"""What may be chosen, the default first."""

DAY = 24 * 60
LONGEST = 7 * DAY
"""Minutes that anything may be looked back."""
LONGEST_MOVE = DAY

WORSE: Mapping[str, Decimal] = {
    PRICE: Decimal("1.05"),
    MOVE: Decimal("1.5"),
    TRJ: Decimal("1.005"),
    SUREBET: Decimal("1.005"),
    MISSING: Decimal(1_000_000),
    LATE: Decimal(2),
    FAILED: Decimal(1_000_000),
}
"""An event has worsened when its value is so many times what was told last; a low price, when it is told so many times.

How many others quote a league, and that a run failed, do not worsen.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a rule is about: whatever is set narrows it; nothing set is everything. Numbers are those of the rows."""

    match_id: int | None = None
    team_id: int | None = None
    league_id: int | None = None
    bookmaker_id: int | None = None
    market: str | None = None
    outcome: str | None = None
    spider: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule, as :class:`schema.models.AlertRules` keeps it; see there for what each word means."""

    kind: str
    threshold: Decimal
    margin: Decimal = Decimal(0)
    direction: str | None = None
    minutes: int | None = None
    at_least: int = 1
    max_age: timedelta = timedelta(hours=1)
    calm: timedelta = timedelta(minutes=15)
    cooldown: timedelta = timedelta(hours=1)
    quiet_from: int | None = None
    quiet_until: int | None = None
    scope: Scope = Scope()

    @property
    def window(self) -> timedelta:
        """How far a move is looked back, or how long a bookmaker may be silent."""
        return timedelta(minutes=self.minutes or 0)

    @property
    def lookback(self) -> timedelta:
        """So much history it takes to read this rule at an instant."""
        return {MOVE: self.window + self.max_age, MISSING: 2 * self.window}.get(self.kind, self.max_age)

    def is_beyond(self, value: Decimal) -> bool:
        """Whether an event opens at this value."""
        return value <= self.threshold if self.direction == BELOW else value >= self.threshold

    def is_well_back(self, value: Decimal) -> bool:
        """Whether an event closes at once: the value is past the threshold by the margin."""
        if self.direction == BELOW:
            return value > self.threshold and value >= self.threshold + self.margin
        return value < self.threshold and value <= self.threshold - self.margin

    def is_worse(self, value: Decimal, told: Decimal) -> bool:
        """Whether people who were told ``told`` are to be told again."""
        return value * WORSE[self.kind] <= told if self.direction == BELOW else value >= told * WORSE[self.kind]


def rule_of(row: Any) -> Rule:
    """A row of AlertRules as a rule."""
    return Rule(
        kind=row.kind,
        threshold=Decimal(row.threshold),
        margin=Decimal(row.margin),
        direction=row.direction,
        minutes=row.minutes,
        at_least=row.at_least,
        max_age=timedelta(minutes=row.max_age_minutes),
        calm=timedelta(minutes=row.calm_minutes),
        cooldown=timedelta(minutes=row.cooldown_minutes),
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
        scope=Scope(
            match_id=row.match_id,
            team_id=row.team_id,
            league_id=row.league_id,
            bookmaker_id=row.bookmaker_id,
            market=row.market,
            outcome=row.outcome,
            spider=row.spider,
        ),
    )


BOUNDS: Mapping[str, tuple[Decimal, Decimal]] = {
    PRICE: (Decimal("1.01"), Decimal(1000)),
    MOVE: (Decimal("0.5"), Decimal(90)),
    TRJ: (Decimal(50), Decimal(200)),
    SUREBET: (Decimal(100), Decimal(200)),
    MISSING: (Decimal(1), Decimal(50)),
    LATE: (Decimal(5), Decimal(LONGEST)),
    FAILED: (Decimal(1), Decimal(1)),
}
"""The least and the greatest threshold of each kind."""


def problems(rule: Rule) -> Iterator[str]:
    """The names of what makes no sense in a rule; none: it can be followed."""
    if rule.kind not in KINDS:
        return iter(("kind",))
    least, most = BOUNDS[rule.kind]
    longest = {MOVE: LONGEST_MOVE, MISSING: LONGEST}.get(rule.kind)
    makes_sense = {
        "threshold": least <= rule.threshold <= most,
        "margin": 0 <= rule.margin <= rule.threshold,
        "direction": rule.direction in DIRECTIONS.get(rule.kind, (None,)),
        "minutes": longest is None or 1 <= (rule.minutes or 0) <= longest,
        "at_least": 1 <= rule.at_least <= 50,
        "max_age": timedelta(minutes=1) <= rule.max_age <= timedelta(days=1),
        "calm": timedelta() <= rule.calm <= timedelta(days=1),
        "cooldown": timedelta() <= rule.cooldown <= timedelta(days=7),
        "quiet": _is_quiet_time(rule.quiet_from, rule.quiet_until),
    }
    return (name for name, sense in makes_sense.items() if not sense)


def _is_quiet_time(since: int | None, until: int | None) -> bool:
    if since is None or until is None:
        return since is until
    return 0 <= since < DAY and 0 <= until < DAY and since != until


def minute(at: datetime) -> datetime:
    """The whole minute that ``at`` is in: rules are read at whole minutes only."""
    return at.replace(second=0, microsecond=0)


def next_minute(at: datetime) -> datetime:
    """The first whole minute that is not before ``at``."""
    whole = minute(at)
    return whole if whole == at else whole + timedelta(minutes=1)
