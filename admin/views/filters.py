"""Questions put to one column of a list, each a parameter of its address: ``?bookmaker=3&price_min=1,85``."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from admin.views.joins import Joins
from admin.words import Phrase
from schema.instants import from_paris, naive

Options = Iterable[tuple[str, str | Phrase]]
"""Values of a drop-down and what people read in it."""

_WHOLE = re.compile(r"\d{1,18}", re.ASCII)
"""Every id; no database is asked for one beyond what it counts to."""

_NUMBER = re.compile(r"-?\d{1,9}(?:[.,]\d{1,6})?", re.ASCII)


@dataclass(frozen=True)
class Filter:
    """One question.

    :ivar key: its name in the address; :ivar label: what people read; :ivar path: of the column, see
        :mod:`admin.views.joins`.
    :cvar widget: how the form asks: ``text``, ``number``, ``decimal``, ``date`` or ``select``.
    """

    key: str
    label: Phrase
    path: str

    widget: ClassVar[str] = "text"

    def read(self, text: str) -> Any:
        """The value that was typed. :raises ValueError: when it is none."""
        return text

    def condition(self, joins: Joins, value: Any) -> Any:
        """What a row has to meet; the tables it takes are joined."""
        return self.test(joins.column(self.path), value)

    def test(self, column: Any, value: Any) -> Any:
        """The same, of the one column it asks."""
        return column == value

    def options(self) -> Options:
        """Of a drop-down, asked anew for each page."""
        return ()


class Contains(Filter):
    """Text that holds these characters, whatever their case."""

    def test(self, column: Any, value: Any) -> Any:
        return column.contains(value)


class Is(Filter):
    """The row of this number: what a link from another table asks."""

    widget = "number"

    def read(self, text: str) -> Any:
        if not _WHOLE.fullmatch(text):
            raise ValueError(text)
        return int(text)


class PlaysAtAll(Is):
    """The team of this number, at home or away; ``path`` leads to the match."""

    def condition(self, joins: Joins, value: Any) -> Any:
        home, away = (f"{self.path}.{side}".lstrip(".") for side in ("home_team", "away_team"))
        return (joins.column(home) == value) | (joins.column(away) == value)


@dataclass(frozen=True)
class Choice(Is):
    """One row of a small table, out of a drop-down."""

    choices: Callable[[], Options] = tuple
    widget: ClassVar[str] = "select"

    def options(self) -> Options:
        return self.choices()


class ChoiceOfText(Choice):
    """One of a few words that the column holds."""

    def read(self, text: str) -> Any:
        if text not in (value for value, _ in self.choices()):
            raise ValueError(text)
        return text


class YesNo(ChoiceOfText):
    """Set or not set."""

    def test(self, column: Any, value: Any) -> Any:
        return column == (value == "1")


class IsSaid(ChoiceOfText):
    """Something is said there, or nothing."""

    def test(self, column: Any, value: Any) -> Any:
        return column.is_null(value == "0")


class AtLeast(Filter):
    """A decimal number, from this one upwards; written with a comma or a point."""

    widget = "decimal"

    def read(self, text: str) -> Decimal:
        if not _NUMBER.fullmatch(text):
            raise ValueError(text)
        return Decimal(text.replace(",", "."))

    def test(self, column: Any, value: Any) -> Any:
        return column >= value


class AtMost(AtLeast):
    """A decimal number, up to this one."""

    def test(self, column: Any, value: Any) -> Any:
        return column <= value


class From(Filter):
    """An instant, from the first of this day in Paris on."""

    widget = "date"

    def read(self, text: str) -> datetime:
        day = datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 - a day of Paris; the zone is given by from_paris
        if not 2000 <= day.year <= 2100:
            raise ValueError(text)
        return day

    def test(self, column: Any, value: Any) -> Any:
        return column >= naive(from_paris(value))


class Until(From):
    """An instant, up to the last of this day in Paris."""

    def test(self, column: Any, value: Any) -> Any:
        return column < naive(from_paris(value + timedelta(days=1)))
