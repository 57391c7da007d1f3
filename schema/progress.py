"""How far a run is, from what it last said of itself: for the shell and for the pages of the admin.

Pure: it looks at a row of Runs and at a clock. What nobody can tell is ``None``, never a guess.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from schema import runs
from schema.instants import naive

SIGN_SECONDS = 30
"""So often at least a crawl gives a sign of life, even where nothing has changed."""
SILENT_SECONDS = 3 * SIGN_SECONDS
"""So long without one, and a person is told: the sign, the queue or the consumer is late."""


class Watched(Protocol):
    """What is looked at of one run, such as a row of :class:`schema.models.Runs`. Instants are naive UTC."""

    state: str | None
    discovered: int
    parsed: int
    pages: int
    current: str | None
    node: str | None
    started_at: datetime | None
    reported_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    :ivar seen: matches that were read; :ivar expected: matches that are asked for, as far as the list has been read,
        ``None`` until it has named one.
    :ivar share: of the matches, 0 to 1; 1 for a run that is finished, however much it left unread.
    :ivar seconds: how long it has been at it, or was until its end, or until its last sign where that is all there is.
    :ivar pages_per_minute: answers of the site, over all of that time.
    :ivar left: seconds until the last match, at the pace of those before; only while it runs, and is heard of.
    :ivar silence: seconds since its last sign; ``None`` where it has given none yet, or none is expected any more.
    """

    state: str | None
    seen: int
    expected: int | None
    share: float | None
    seconds: float | None
    pages_per_minute: float | None
    left: float | None
    silence: float | None
    current: str | None
    node: str | None

    @classmethod
    def of(cls, run: Watched, now: datetime) -> Self:
        """:param now: aware. A clock that is behind the crawl's takes nothing below zero."""
        until = run.finished_at if run.state == runs.FINISHED else run.reported_at
        reported = _between(run.started_at, until)
        running = run.state == runs.RUNNING
        silence = _between(run.reported_at, naive(now)) if running else None
        expected = max(run.discovered, run.parsed) or None
        return cls(
            state=run.state,
            seen=run.parsed,
            expected=expected,
            share=1.0 if run.state == runs.FINISHED else expected and run.parsed / expected,
            seconds=_between(run.started_at, naive(now)) if running else reported,
            pages_per_minute=60 * run.pages / reported if reported else None,
            left=_left(run, reported, silence),
            silence=silence,
            current=run.current if running else None,
            node=run.node,
        )

    @property
    def is_silent(self) -> bool:
        """Whether it should have given a sign by now."""
        return self.silence is not None and self.silence > SILENT_SECONDS

    @property
    def sentence(self) -> str:
        """The same in words."""
        match self.state:
            case None:
                return "it has not reported yet: only its quotes are known"
            case runs.QUEUED:
                return "it waits for its turn"
            case runs.SCHEDULED:
                return f"{self.node or 'a node'} has it, and it has not begun"
            case runs.CANCELLED:
                return "it was cancelled before it began"
            case runs.FAILED:
                return "it could not begin"
        return ", ".join(self._parts())

    def _parts(self) -> list[str]:
        """What a crawl that has begun says of itself."""
        parts = [f"{self.seen} of {self.expected} matches" if self.expected else "no match yet"]
        if self.state == runs.LOST:
            parts.insert(0, "its process is gone without a last word")
        if self.seconds is not None and self.state in runs.ENDED:
            parts.append(f"in {lasting(self.seconds)}")
        if self.pages_per_minute is not None:
            parts.append(f"{self.pages_per_minute:.1f} pages a minute")
        if self.left is not None:
            parts.append(f"about {lasting(self.left)} left")
        if self.is_silent and self.silence is not None:
            parts.append(f"silent for {lasting(self.silence)}")
        return parts


def lasting(seconds: float) -> str:
    """``45 s``, ``2 min 05 s``, ``1 h 02 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min"


def _left(run: Watched, reported: float | None, silence: float | None) -> float | None:
    """Seconds to the last match. Before the first, and of one that is silent, nobody can tell."""
    if silence is None or silence > SILENT_SECONDS or not reported or not run.parsed:
        return None
    return max(0.0, (run.discovered - run.parsed) * reported / run.parsed - silence)


def _between(earlier: datetime | None, later: datetime | None) -> float | None:
    if earlier is None or later is None:
        return None
    return max(0.0, (later - earlier).total_seconds())
