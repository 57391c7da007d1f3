"""What parameters are: strict, for a misspelt filter that is passed over in silence answers another question."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from werkzeug import routing

from schema.instants import naive, read_iso

MOST = 1000
"""Rows of one answer."""
USUAL = 100
ONE_LINE = r"^[^\x00-\x1F\x7F-\x9F\u2028\u2029]*$"
"""What can be shown in one line."""


def as_instant(value: Any) -> datetime:
    """An instant that somebody wrote, naive UTC. :raises ValueError: when it is none, or has no zone."""
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d", value):
        raise ValueError("write 2025-10-17T18:45:00Z")
    return naive(read_iso(value))


def _whole(value: Any) -> Any:
    """Digits, and nothing else that Python reads as digits; 3.0 is 3, as in JSON."""
    if isinstance(value, str):
        if not (found := re.fullmatch(r"(-?[0-9]{1,18})(\.0)?", value)):
            raise ValueError("write a whole number")
        return found[1]
    return value


def _flag(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _several(value: Any) -> Any:
    return value.split(",") if isinstance(value, str) else value


Instant = Annotated[datetime, BeforeValidator(as_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
"""ISO 8601 with a zone. :returns: naive UTC."""
Digits = BeforeValidator(_whole)
"""Of numbers, after their bounds: ``Annotated[int, Field(ge=1, le=9), Digits]``."""
Flag = Annotated[bool, BeforeValidator(_flag), Field(strict=True)]
_NAME = r"[A-Za-z0-9._-]{1,200}"
Several = Annotated[
    list[Annotated[str, Field(pattern=f"^{_NAME}$")]],
    BeforeValidator(_several),
    WithJsonSchema({"type": "string", "pattern": f"^{_NAME}(,{_NAME})*$", "maxLength": 500}),
]
"""Slugs or ids, with commas between them."""
Numbers = Annotated[
    list[Annotated[int, Field(ge=1, le=2**31 - 1), Digits]],
    BeforeValidator(_several),
    WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]{0,8}(,[1-9][0-9]{0,8})*$", "maxLength": 2000}),
]
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
    fields: Annotated[
        list[str],
        BeforeValidator(_several),
        WithJsonSchema({"type": "string", "pattern": "^[a-z_]+(,[a-z_]+)*$"}),
    ] = Field(default=[], description="Only these fields of each row, with commas between them.")


class Part(Fields):
    """Of a list that goes on."""

    limit: Annotated[int, Field(ge=1, le=MOST), Digits] = Field(USUAL, description="Rows of one answer.")
    cursor: str = Field("", max_length=1000, description="`next_cursor` of the part before.")
