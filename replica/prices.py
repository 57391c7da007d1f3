"""What a bookmaker asks: from how strong the sides are, through what it keeps for itself, to two decimals.

Everything is drawn from a generator seeded with a name, so the same question always has the same answer and nothing
need be remembered between two ticks.
"""

import math
from collections.abc import Mapping
from decimal import Decimal
from random import Random

from schema.markets import MARKETS, Market, winner_market
from schema.prices import CENT

LOWEST = Decimal("1.01")

TOTAL = "OU"
"""The second market of a match page. No reader should take it for the first."""

SITE_MARKETS = {**MARKETS, TOTAL: Market(TOTAL, ("over", "under"))}

DRAWS = {"football": 0.28, "hockey": 0.22, "handball": 0.09, "water-polo": 0.10}
"""How often even sides draw; other sports with a draw at all: RARE_DRAW."""
RARE_DRAW = 0.05

NEWS = 1 / 8
"""Chance that a match moves at a tick, at every bookmaker at once (line-ups, weather)."""
WHIM = 1 / 4
"""Chance that one bookmaker moves one match by itself. With NEWS: a third of all prices move at a tick."""
LEAP = 0.1
"""Share of the moves that are large."""


def trj(seed: int, bookmaker: int) -> float:
    """What a bookmaker pays back on average: 0.875 to 0.925."""
    return Random(f"{seed}/{bookmaker}/trj").uniform(0.875, 0.925)


def quote(
    *, seed: int, match: int, gap: float, sport: str, outcomes: int, bookmaker: int, market: str, tick: int
) -> dict[str, Decimal]:
    """The prices of one bookmaker for one market of one match at a tick, by outcome code.

    :param gap: how much stronger the home side is, in log-odds.
    """
    moved = _last_move(f"{seed}/{match}/news", tick, NEWS)
    if moved:
        gap += _step(Random(f"{seed}/{match}/news/{moved}/size"), 0.15)
    moved = _last_move(f"{seed}/{match}/{bookmaker}", tick, WHIM)
    random = Random(f"{seed}/{match}/{bookmaker}/{moved}/size")
    gap += _step(random, 0.018)
    draw = DRAWS.get(sport, RARE_DRAW) * math.exp(_step(random, 0.015)) if outcomes == 3 else 0.0
    paid_back = trj(seed, bookmaker) + random.uniform(-0.01, 0.01)
    over = Random(f"{seed}/{match}/goals").uniform(0.4, 0.6) + _step(random, 0.006)
    result = _result(gap, draw)
    chances = {"over": over, "under": 1 - over} if market == TOTAL else _chances(result, market)
    return {outcome: _price(chances[outcome], paid_back) for outcome in SITE_MARKETS[market].outcomes}


def _last_move(name: str, tick: int, chance: float) -> int:
    """The latest tick, up to ``tick``, at which that moved; 0 where it never has."""
    return next((at for at in range(tick, 0, -1) if Random(f"{name}/{at}").random() < chance), 0)


def _step(random: Random, size: float) -> float:
    return random.gauss(0, size * (3 if random.random() < LEAP else 1))


def _result(gap: float, draw: float) -> dict[str, float]:
    """Chances of 1, X and 2. Draws are rarer the less even the sides are; nobody is without a chance."""
    drawn = draw * math.exp(-gap * gap / 4)
    home = min(max((1 - drawn) / (1 + math.exp(-gap)), 0.03), 0.97 - drawn)
    return {"1": home, "X": drawn, "2": 1 - drawn - home}


def _chances(result: Mapping[str, float], market: str) -> dict[str, float]:
    home, drawn, away = result["1"], result["X"], result["2"]
    if market in ("12", "DNB"):
        return {"1": home / (home + away), "2": away / (home + away)}
    if market == "DC":
        return {"1X": home + drawn, "X2": drawn + away, "12": home + away}
    # Half a match is drawn more often than a whole one, the first half most of all.
    drawn_too = {winner_market(3): 0.0, "1X2H1": 0.25, "1X2H2": 0.18}[market]
    return {"1": home * (1 - drawn_too), "X": drawn + (home + away) * drawn_too, "2": away * (1 - drawn_too)}


def _price(chance: float, paid_back: float) -> Decimal:
    return max(Decimal(paid_back / chance).quantize(CENT), LOWEST)
