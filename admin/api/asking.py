"""What parameters are: strict, for a misspelt filter that is passed over in silence answers another question."""

import re
from dataclasses import dataclass
from datetime import MINYEAR, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import core_schema
from werkzeug import routing

from schema.instants import BeyondCalendar, naive, read_iso

MOST = 1000
"""Rows of one answer."""
USUAL = 100
EARLIEST, LATEST = datetime(1900, 1, 1), datetime(9900, 1, 1)  # noqa: DTZ001 - naive UTC, as the database keeps it
"""What is asked for lies between them: nothing is beyond, and there days can be counted on either side."""
ONE_LINE = r"^[^\x00-\x1F\x7F-\x9F\u2028\u2029]*$"
"""What can be shown in one line."""


def as_instant(value: Any) -> datetime:
    """An instant that somebody wrote, naive UTC. :raises ValueError: when it is none, or has no zone."""
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d", value):
        raise ValueError("write 2025-10-17T18:45:00Z")
    return naive(read_iso(value))


def _within(value: Any) -> datetime:
    """As :func:`as_instant`; one before :data:`EARLIEST` or after :data:`LATEST` is taken for that."""
    try:
        return min(max(as_instant(value), EARLIEST), LATEST)
    except BeyondCalendar as error:
        return EARLIEST if error.year == MINYEAR else LATEST


def _whole(value: Any) -> Any:
    """Digits, and nothing else that Python reads as digits; 3.0 is 3, as in JSON."""
    if isinstance(value, str):
        if not (found := re.fullmatch(r"(-?[0-9]{1,18})(\.0)?", value)):
            raise ValueError("write a whole number")
        return found[1]
    return value


def _flag(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


@dataclass(frozen=True)
class Commas:
    """Several in one parameter, with commas between them: what is read is exactly what the specification says.

    :ivar one: pattern of one; :ivar longest: characters of all.
    """

    one: str
    longest: int = 500

    @property
    def pattern(self) -> str:
        return f"^{self.one}(,{self.one})*$"

    def read(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if len(value) > self.longest:
            raise ValueError(f"{self.longest} characters at most")
        if not re.fullmatch(self.pattern[1:-1], value):
            raise ValueError("several are written with commas between them; one of these is none, or empty")
        return value.split(",")

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, _schema: Any, _handler: Any) -> dict[str, Any]:
        return {"type": "string", "pattern": self.pattern, "maxLength": self.longest}


Instant = Annotated[datetime, BeforeValidator(_within), WithJsonSchema({"type": "string", "format": "date-time"})]
"""ISO 8601 with a zone. :returns: naive UTC."""
Digits = BeforeValidator(_whole)
"""Of numbers, after their bounds: ``Annotated[int, Field(ge=1, le=9), Digits]``."""
Flag = Annotated[bool, BeforeValidator(_flag), Field(strict=True)]
Several = Annotated[list[str], Commas("[A-Za-z0-9._-]{1,200}")]
"""Slugs or ids, with commas between them."""
Numbers = Annotated[list[int], Commas("[1-9][0-9]{0,8}", 2000)]
"""Ids, with commas between them."""
OddsFormat = Literal["decimal", "american", "fractional"]


class Number(routing.IntegerConverter):
    """Of addresses. One that no row can have is that of no row, whatever its length: the view says so."""

    def to_python(self, value: str) -> int:
        return int(value) if len(value) < 19 and value.isascii() else 2**63 - 1


class Asked(BaseModel):
    """The parameters of a question. Each may be given once; one that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class Sent(BaseModel):
    """A body. Nothing is taken for something else, and what is not known is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


def text(longest: int, *, default: Any = ...) -> Any:
    """Of texts that are sent: so many characters at most, all of which can be shown in one line."""
    return Field(default=default, min_length=1, max_length=longest, pattern=ONE_LINE)


class Fields(Asked):
    fields: Annotated[list[str], Commas("[a-z_]+")] = Field(
        default=[], description="Only these fields of each row, with commas between them."
    )


class Part(Fields):
    """Of a list that goes on."""

    limit: Annotated[int, Field(ge=1, le=MOST), Digits] = Field(USUAL, description="Rows of one answer.")
    cursor: str = Field("", max_length=1000, description="`next_cursor` of the part before.")
