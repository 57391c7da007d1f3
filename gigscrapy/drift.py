"""Whether a run is unlike the last ones of its league: bookmakers that are missing, fields that are no longer filled.

A site that changes a little breaks no parser: the pages are read, and something is missing from all of them. So each
whole run leaves a few figures in ``history/`` in the home directory, and the next is held against their medians. What
is unusual now is usual after a few runs: a bookmaker that left for good is an alarm for some days, not for ever.
"""

import json
import logging
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Self

logger = logging.getLogger(__name__)

RUNS = 10
"""So many runs are remembered."""
ENOUGH = 3
"""Fewer than that make no usual."""
TOLERANCE = 0.10
"""By how much the share of quotes that have a field may fall below its median."""

COVERAGE = "spidermon_field_coverage/OddsItem/"
"""Spidermon counts, for each field, the share of items that have it."""
WATCHED = re.compile(r"kickoff|match_id|bookmaker_id|published_trj|prices/.+")


@dataclass(frozen=True, slots=True)
class Figures:
    """What is remembered of a run: distinct bookmakers, and for each watched field the share of quotes that have it.

    A list names only those that hold a best price, and these come and go: ``bookmakers`` is 0 then, and says nothing.
    """

    run_id: str
    bookmakers: int
    filled: Mapping[str, float]

    @classmethod
    def of(cls, run_id: str, stats: Mapping[str, Any], *, whole_panels: bool) -> Self:
        """From a crawl's statistics.

        :param whole_panels: whether every bookmaker of a match was read, not only who holds a best price.
        """
        shares = ((key.removeprefix(COVERAGE), share) for key, share in stats.items() if key.startswith(COVERAGE))
        filled = {field: round(share, 4) for field, share in shares if WATCHED.fullmatch(field)}
        return cls(run_id, stats.get("bookmakers/seen", 0) if whole_panels else 0, filled)


def drift(now: Figures, before: Sequence[Figures]) -> list[str]:
    """What is unusual about ``now``, a sentence each. With too few runs before it, nothing is.

    A figure must be below the median *and* below that of every run remembered: where a league's figures come and go by
    themselves, that is no alarm.
    """
    if len(before) < ENOUGH:
        return []
    seen = [run.bookmakers for run in before]
    found = []
    if now.bookmakers < min(median(seen), *seen):
        found.append(f"{now.bookmakers} bookmakers were seen, usually there are {median(seen):g}")
    for field in sorted({field for run in before for field in run.filled}):
        share, shares = now.filled.get(field, 0.0), [run.filled.get(field, 0.0) for run in before]
        if share < min(median(shares) - TOLERANCE, *shares):
            found.append(f"{share:.0%} of the quotes have {field}, usually it is {median(shares):.0%}")
    return found


class History:
    """The figures of the last runs that were asked for the same thing.

    :param name: of the spider and what it was asked for: runs of another name are not comparable.
    """

    def __init__(self, home: Path, name: str) -> None:
        self._path = home / "history" / f"{name}.json"

    def load(self) -> list[Figures]:
        """Oldest first; none where nothing is remembered, or what is cannot be read."""
        try:
            return [Figures(**run) for run in json.loads(self._path.read_text(encoding="utf-8"))]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError) as error:
            logger.warning("%s cannot be read (%s): what is usual is learnt anew", self._path, error)
            return []

    def add(self, figures: Figures) -> None:
        """Remember one more run; without it a crawl is as good, so what goes wrong here is only said."""
        self._replace([*self.load(), figures][-RUNS:])

    def _replace(self, runs: Iterable[Figures]) -> None:
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside.write_text(json.dumps([asdict(run) for run in runs], indent=1), encoding="utf-8")
            beside.replace(self._path)
        except OSError as error:
            logger.warning("%s cannot be written (%s): this run is not remembered", self._path, error)
