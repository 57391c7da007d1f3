"""Quotes as a crawl of many leagues sends them: match after match, bookmaker after bookmaker, round after round."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice

from schema.messages import OddsItem, encode
from schema.reference import find_bookmaker

BOOKMAKERS = (
    *("PMU", "ParionsSport", "ZEbet", "Winamax", "Betclic", "Betsson", "Bwin", "Unibet"),
    *("OlyBet", "FeelingBet", "Genybet", "Vbet", "Bet365", "NetBet", "Pinnacle"),
)
"""Names that gig-benchmark and we both know: fifteen, as on a page of the first division."""
MATCHES = 200
"""Under way at a time: what is on offer in two dozen leagues."""
FIRST_MATCH = 1_500_000
FIRST_ROUND = datetime(2025, 10, 17, 12, tzinfo=UTC)
ROUND_EVERY = timedelta(minutes=20)
PRICES = 3
"""In each quote: home, draw, away."""


def bodies(count: int) -> list[bytes]:
    """The first ``count`` quotes, as the queue carries them; no two are alike."""
    return [encode(quote) for quote in islice(quotes(), count)]


def quotes(*, matches: int = MATCHES, first_round: int = 0) -> Iterator[OddsItem]:
    """Without end. In each round every price has moved."""
    turn = first_round
    while True:
        for match in range(matches):
            for place in range(len(BOOKMAKERS)):
                yield quote(match, place, turn)
        turn += 1


def quote(match: int, place: int, turn: int) -> OddsItem:
    """What bookmaker number ``place`` says of a match in one round. A page's quotes share their instant."""
    bookmaker = find_bookmaker(BOOKMAKERS[place], None)
    assert bookmaker
    number = FIRST_MATCH + match
    step = (7 * match + 3 * place + turn) % 50
    return OddsItem(
        sport="football",
        league="Ligue 1",
        country="France",
        home=f"Club {2 * match}",
        away=f"Club {2 * match + 1}",
        match_id=str(number),
        kickoff=FIRST_ROUND + timedelta(days=3, minutes=15 * (match % 96)),
        bookmaker=bookmaker.name,
        bookmaker_id=bookmaker.site_id,
        prices={
            "1": Decimal(180 + step) / 100,
            "X": Decimal(340 + step) / 100,
            "2": Decimal(455 - step) / 100,
        },
        published_trj=Decimal("93.20"),
        scraped_at=FIRST_ROUND + turn * ROUND_EVERY + timedelta(seconds=match),
        run_id=f"round-{turn}",
        url=f"https://www.coteur.com/cote/club-{2 * match}-club-{2 * match + 1}-{number}",
        parser="match-D",
    )
