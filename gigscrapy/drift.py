"""Whether a run is unlike the last ones of its league: bookmakers that are missing, fields that are no longer filled.

A site that changes a little breaks no parser: the pages are read, and something is missing from all of them. So each
whole run leaves a few figures in ``history/`` in the home directory, and the next is held against their medians. What
is unusual now is usual after a few runs, once the medians have followed: a bookmaker that left for good is an alarm for
some days, not for ever.
"""

import json
import logging
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
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

    :ivar unusual: whether the run was an alarm.
    """

    run_id: str
    bookmakers: int
    filled: Mapping[str, float]
    unusual: bool = False

    @classmethod
    def of(cls, run_id: str, stats: Mapping[str, Any], *, whole_panels: bool) -> Self:
        """From a crawl's statistics.

        :param whole_panels: whether every bookmaker of a match was read, not only who holds a best price.
        """
        shares = ((key.removeprefix(COVERAGE), share) for key, share in stats.items() if key.startswith(COVERAGE))
        filled = {field: round(share, 4) for field, share in shares if WATCHED.fullmatch(field)}
        return cls(run_id, stats.get("bookmakers/seen", 0) if whole_panels else 0, filled)

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Self:
        """As they were written down. :raises TypeError, ValueError or KeyError: when these are none."""
        filled = {str(field): float(share) for field, share in dict(said["filled"]).items()}
        return cls(str(said["run_id"]), int(said["bookmakers"]), filled, unusual=said.get("unusual") is True)

    def share(self, field: str) -> float:
        """Of quotes that have it, 0 to 1."""
        return self.filled.get(field, 0.0)


def drift(now: Figures, before: Sequence[Figures]) -> list[str]:
    """What is unusual about ``now``, a sentence each. With too few runs before it, nothing is.

    A figure must be below the median of all runs remembered *and* below that of each which was no alarm itself: where a
    league's figures come and go by themselves, that is none.
    """
    if len(before) < ENOUGH:
        return []
    usual = [run for run in before if not run.unusual]
    found = []
    seen = median(run.bookmakers for run in before)
    if now.bookmakers < min([seen, *(run.bookmakers for run in usual)]):
        found.append(f"{now.bookmakers} bookmakers were seen, usually there are {seen:g}")
    for field in sorted({field for run in before for field in run.filled}):
        share, middle = now.share(field), median(run.share(field) for run in before)
        if share < min([middle - TOLERANCE, *(run.share(field) for run in usual)]):
            found.append(f"{share:.0%} of the quotes have {field}, usually it is {middle:.0%}")
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
            return [Figures.read(run) for run in json.loads(self._path.read_text(encoding="utf-8"))]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
            logger.warning("%s cannot be read (%s): what is usual is learnt anew", self._path, error)
            return []

    def add(self, figures: Figures, *, unusual: bool = False) -> None:
        """Remember one more run; without it a crawl is as good, so what goes wrong here is only said."""
        self._replace([*self.load(), replace(figures, unusual=unusual)][-RUNS:])

    def _replace(self, runs: Iterable[Figures]) -> None:
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside.write_text(json.dumps([asdict(run) for run in runs], indent=1), encoding="utf-8")
            beside.replace(self._path)
        except OSError as error:
            logger.warning("%s cannot be written (%s): this run is not remembered", self._path, error)
