"""A chart as a page holds it: what is drawn (``static/chart.js``), and the same values as a table.

A page hands a :class:`Chart` to the macro of ``templates/chart.html`` and loads ``chart.css``, uPlot and ``chart.js``
(``{{ chart_head() }}`` in its head). An empty one is said in words, not drawn.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import cycle
from typing import Any

from admin import formats
from admin.words import say, spoken
from schema.instants import to_paris
from schema.prices import published_style

Value = Decimal | float | None

UNITS: Mapping[str, Callable[[Decimal | None, str], str]] = {
    "price": formats.price,
    "percent": formats.percent,
    "count": lambda value, language: formats.whole(None if value is None else int(value), language),
}

DASHES: tuple[tuple[int, ...], ...] = ((), (8, 4), (2, 3), (10, 3, 2, 3), (5, 2), (14, 4), (1, 4), (8, 3, 2, 3, 2, 3))
"""Pixels drawn and left out: lines that follow each other differ without any colour."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line; ``values``: one for each instant of the chart, ``None`` where nothing is known.

    ``until``: naive UTC; of a stepped line the last value holds no longer than that. ``None``: to the end.
    """

    label: str
    values: Sequence[Value]
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, such as a crawl: a vertical line. ``at``: naive UTC."""

    at: datetime
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Lines over time.

    :ivar at: naive UTC, rising. :ivar unit: ``price``, ``percent`` or ``count``.
    :ivar stepped: whether a value holds until the next one, as a price does; else points are joined.
    :ivar daily: whether an instant stands for its day in Paris: no time of day is told.
    """

    at: Sequence[datetime]
    lines: Sequence[Line]
    unit: str
    marks: Sequence[Mark] = ()
    stepped: bool = False
    daily: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything to draw."""
        return any(value is not None for line in self.lines for value in line.values)

    @property
    def drawn(self) -> dict[str, Any]:
        """What ``chart.js`` reads."""
        return {
            "x": [_epoch(at) for at in self.at],
            "series": [
                {
                    "label": line.label,
                    "values": [self._number(value) for value in line.values],
                    "dash": dash,
                    **({} if line.until is None else {"until": _epoch(line.until)}),
                }
                for line, dash in zip(self.lines, cycle(DASHES), strict=False)
            ],
            "marks": [{"x": _epoch(mark.at), "label": mark.label} for mark in self.marks],
            "unit": self.unit,
            "stepped": self.stepped,
            "daily": self.daily,
        }

    @property
    def words(self) -> dict[str, str]:
        """The sentences ``chart.js`` says, in the language of the page."""
        return {
            "best": say("{at} : meilleure cote {value} chez {who}"),
            "each": say("{at} : {values}"),
            "none": say("{at} : aucune valeur"),
            "mark": say("repère : {label}"),
            "all": say("Toutes les lignes"),
        }

    def rows(self) -> Iterator[tuple[str, str, list[str]]]:
        """Of the table, the newest first: the instant as ISO 8601 and as people read it, and a text for each line."""
        language = spoken()
        write = UNITS[self.unit]
        columns = [self._held(line) if self.stepped else line.values for line in self.lines]
        for number in range(len(self.at) - 1, -1, -1):
            at = self.at[number]
            told = [write(self._rounded(column[number]), language) for column in columns]
            yield f"{at.replace(tzinfo=None).isoformat(timespec='seconds')}Z", self._said(at), told

    def _held(self, line: Line) -> list[Value]:
        """Each value until the next."""
        held: list[Value] = []
        last: Value = None
        for at, value in zip(self.at, line.values, strict=True):
            last = last if value is None else value
            held.append(last if line.until is None or at <= line.until else None)
        return held

    def _rounded(self, value: Value) -> Decimal | None:
        """As it is shown: the browser would round halves another way than we do."""
        exact = None if value is None else Decimal(str(value))
        return published_style(exact) if self.unit == "percent" else exact

    def _number(self, value: Value) -> float | None:
        rounded = self._rounded(value)
        return None if rounded is None else float(rounded)

    def _said(self, at: datetime) -> str:
        if self.daily:
            return f"{to_paris(at.replace(tzinfo=UTC)):%d/%m/%Y}"
        return formats.moment(at, spoken())


def _epoch(at: datetime) -> float:
    return at.replace(tzinfo=UTC).timestamp()
