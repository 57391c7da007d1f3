"""Messages for the tests, and the envelope they come in."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from schema.messages import Message, OddsItem, RunReport, encode

NOON = datetime(2025, 10, 17, 12, tzinfo=UTC)
KICKOFF = datetime(2025, 10, 17, 18, 45, tzinfo=UTC)

QUOTE = OddsItem(
    sport="football",
    league="Ligue 1",
    country="France",
    home="Le Havre",
    away="Paris SG",
    match_id="1548776",
    kickoff=KICKOFF,
    bookmaker="Winamax",
    bookmaker_id=33,
    prices={"1": Decimal("7.000"), "X": Decimal("4.750"), "2": Decimal("1.420")},
    published_trj=Decimal("94.55"),
    scraped_at=NOON,
    run_id="run-1",
    url="https://www.coteur.com/cote/le-havre-paris-sg-1548776",
    parser="match-D",
)
REPORT = RunReport(
    run_id="run-1",
    spider="ligue1",
    state="running",
    started_at=NOON,
    reported_at=NOON,
    site="https://www.coteur.com",
    counts={"discovered": 9},
)


@dataclass(frozen=True, slots=True)
class Letter:
    """What a broker hands over, without a broker."""

    body: bytes
    received_at: datetime = NOON
    attempts: int = 0


def quote(after: float = 0, **changes: Any) -> OddsItem:
    """The quote above, so many seconds later, with changes. Another bookmaker has no number unless it is given one."""
    if "bookmaker" in changes:
        changes.setdefault("bookmaker_id", None)
    return replace(QUOTE, scraped_at=NOON + timedelta(seconds=after), **changes)


def prices(*values: str | None, outcomes: str = "1X2") -> dict[str, Decimal | None]:
    return {o: None if value is None else Decimal(value) for o, value in zip(outcomes, values, strict=True)}


def letters(*messages: Message | bytes, received_at: datetime = NOON) -> list[Letter]:
    return [Letter(m if isinstance(m, bytes) else encode(m), received_at) for m in messages]
