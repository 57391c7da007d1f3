"""A run's account: whether it adds up, and what is missing where it does not.

What a run discovered is fetched, what is fetched is parsed; what it yielded is published; what is published is stored,
or refused, or still on its way. Nothing else can become of it: whatever these counts leave over is named here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Account(Protocol):
    """The counts of one run, such as a row of :class:`schema.models.Runs`.

    ``discovered``, ``fetched`` and ``parsed`` are matches; ``yielded``, ``published`` and ``stored`` are quotes;
    ``refused`` are the run's dead letters that wait (one that is replayed is on its way again).
    """

    state: str | None
    discovered: int
    fetched: int
    parsed: int
    yielded: int
    published: int
    stored: int
    refused: int


class Gap(Enum):
    """Where something is missing. The value says it in a sentence, of ``{count}``."""

    NOT_BEGUN = "it has not begun: there is nothing to account for"
    NOT_REPORTED = "the run has not said how it ended: it goes on, was killed, or its last report is on its way"
    NOT_REACHED = "matches that were not reached: {count}; the run's verdict says why"
    NOT_READ = "matches that were fetched and not read: {count}; the run's verdict says why"
    NOT_PUBLISHED = "quotes that could not be made durable: {count}; the run's log says why"
    ON_THEIR_WAY = "quotes that are on their way: {count}; they are in the queue, the spool or an outbox"
    TOO_MANY = (
        "messages beyond the quotes that were published: {count}; they were sent in the run's name and are no quotes"
    )


NEVER_BEGUN = ("queued", "scheduled", "cancelled", "failed")
"""The states of a run whose crawl has reported nothing: it waits, or will never be."""


@dataclass(frozen=True, slots=True)
class Missing:
    """So many, at one place."""

    gap: Gap
    count: int

    @property
    def sentence(self) -> str:
        return self.gap.value.format(count=self.count)


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account comes to.

    :ivar missing: what it leaves over, in the order of a quote's way; nothing where the account adds up.
    :ivar waiting: quotes that are published and neither stored nor refused; ``None`` until the run has said how many
        it published.
    """

    missing: tuple[Missing, ...]
    waiting: int | None

    @property
    def adds_up(self) -> bool:
        """Whether all that the run found is in the tables, or in a dead letter with its reason."""
        return not self.missing

    @property
    def sentence(self) -> str:
        """The same in words."""
        return "; ".join(missing.sentence for missing in self.missing) or "the account adds up"


def balance(account: Account) -> Balance:
    """What ``account`` comes to. Pure: it looks at nothing but these counts."""
    if account.state in NEVER_BEGUN and not account.stored + account.refused:
        return Balance((Missing(Gap.NOT_BEGUN, 0),), None)
    if account.state != "finished":
        return Balance((Missing(Gap.NOT_REPORTED, 0),), None)
    return Balance(tuple(_gaps(account)), max(0, _left(account)))


def _gaps(account: Account) -> Iterator[Missing]:
    reached = max(account.fetched, account.parsed)  # where the list alone is read, no match has a page to fetch
    steps = (
        (Gap.NOT_REACHED, account.discovered - reached),
        (Gap.NOT_READ, account.fetched - account.parsed),
        (Gap.NOT_PUBLISHED, account.yielded - account.published),
        (Gap.ON_THEIR_WAY, _left(account)),
        (Gap.TOO_MANY, -_left(account)),
    )
    yield from (Missing(gap, count) for gap, count in steps if count > 0)


def _left(account: Account) -> int:
    return account.published - account.stored - account.refused
