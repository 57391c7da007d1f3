"""Everything one can ask of the look-alike, in one place; the command line has the same names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from replica.faults import PRICED_PAGES, Faults
from replica.pages import LAYOUTS
from replica.world import MOST_MATCHES, World, bookmakers


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to serve, and how badly.

    :ivar port: 0 for a free one; :ivar layout: of the lists; match pages are D's, E's or U's. U is one nobody knows.
    :ivar now: aware, freezes the clock; ``None`` for the time of the start.
    :ivar tick: how often prices have moved since the beginning; :ivar tick_file: keeps that from one start to the next,
        instead of ``tick``.
    :ivar bookmakers, matches, started: how many (the last two for each league); :ivar holes: leave out some prices.
    :ivar unknown_bookmaker: show number 39, which no reference knows, in the place of NetBet.
    :ivar page_size: matches on a page; :ivar inject_delay: milliseconds before each burst of prices.
    :ivar fault: a key of :data:`replica.faults.FAULTS`; :ivar fault_on: expression searched in path and query;
        :ivar fault_count: requests it strikes, 0 for all; :ivar delay: seconds that ``slow`` takes.
    :ivar static: files to serve by URL path, before anything else.
    :raises ValueError: when something is out of its range, in words for the person who asked.
    """

    host: str = "127.0.0.1"
    port: int = 0
    layout: str = "D"
    seed: int = 1
    tick: int = 0
    tick_file: Path | None = None
    now: datetime | None = None
    bookmakers: int = 15
    unknown_bookmaker: bool = False
    matches: int = 18
    started: int = 0
    holes: bool = False
    page_size: int = 30
    inject_delay: int = 40
    fault: str | None = None
    fault_on: str = PRICED_PAGES
    fault_count: int = 0
    delay: float = 60.0
    static: Mapping[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            raise ValueError(f"layout {self.layout!r} is not one of {', '.join(LAYOUTS)}")
        if self.now is not None and self.now.tzinfo is None:
            raise ValueError(f"now {self.now.isoformat()!r} has no zone; add Z or +02:00")
        for name, least, most in (
            ("port", 0, 65_535),
            ("tick", 0, 1_000_000),
            ("bookmakers", 1, 200),
            ("matches", 1, MOST_MATCHES),
            ("started", 0, self.matches),
            ("page_size", 1, 1_000),
            ("inject_delay", 0, 60_000),
            ("fault_count", 0, 1_000_000),
            ("delay", 0, 3_600),
        ):
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} is {getattr(self, name)}; it can be {least} to {most}")
        self.faults()
        for path, file in self.static.items():
            if not path.startswith("/"):
                raise ValueError(f"static path {path!r} does not start with /")
            if not file.is_file():
                raise ValueError(f"static file {file} does not exist")

    def world(self) -> World:
        """The world these options describe. The clock is read here, once, and the tick file moved on.

        :raises ValueError: when the tick file holds something else; :raises OSError: when it cannot be written.
        """
        return World(
            now=self.now or datetime.now(UTC),
            seed=self.seed,
            tick=advance(self.tick_file) if self.tick_file else self.tick,
            bookmakers=bookmakers(self.bookmakers, unknown=self.unknown_bookmaker),
            matches=self.matches,
            started=self.started,
            holes=self.holes,
        )

    def faults(self) -> Faults:
        """What strikes requests; it counts, so each server has its own."""
        return Faults(self.fault, self.fault_on, self.fault_count)


def advance(file: Path) -> int:
    """The tick kept in ``file``, 0 where there is none yet; leaves the next one there.

    :raises ValueError: when the file holds something else.
    """
    text = file.read_text(encoding="ascii", errors="replace").strip() if file.exists() else "0"
    if not text.isdecimal():
        raise ValueError(f"{file} holds {text[:20]!r} where a tick should be; delete it to begin again")
    waiting = file.with_name(f"{file.name}.new")
    waiting.write_text(f"{int(text) + 1}\n", encoding="ascii")
    waiting.replace(file)
    return int(text)
