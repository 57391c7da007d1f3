"""The markets and their outcomes: what a quote of each must hold to be whole."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Market:
    """One kind of bet.

    :ivar code: our code, gig-benchmark's where it has one.
    :ivar outcomes: outcome codes, in the order they are printed.
    :ivar winners: how many of the outcomes win together; divides the overlap out of the TRJ.
    """

    code: str
    outcomes: tuple[str, ...]
    winners: int = 1


MARKETS: dict[str, Market] = {
    market.code: market
    for market in (
        Market("1X2", ("1", "X", "2")),
        Market("12", ("1", "2")),
        Market("DNB", ("1", "2")),
        Market("DC", ("1X", "X2", "12"), winners=2),
        Market("1X2H1", ("1", "X", "2")),
        Market("1X2H2", ("1", "X", "2")),
    )
}


def winner_market(outcomes: int) -> str:
    """The market of the match's winner in a sport of ``outcomes`` (3: 1X2, 2: 12)."""
    return "1X2" if outcomes == 3 else "12"
