"""Files of others, and our own exports, into the tables: read, shown what each line would do, then stored.

Reading is pure, line by line, and of bounded size (:mod:`gigscrapy.imports.sheets`): a file becomes quotes, each line
that does not with its reason. :mod:`gigscrapy.imports.preview` says what they would do and writes nothing;
:mod:`gigscrapy.imports.storing` hands them to the store, so that importing a file twice changes nothing.
"""

from dataclasses import dataclass, field
from datetime import datetime

from schema.messages import OddsItem, Refused


class BadFile(Exception):
    """A file that cannot be imported at all.

    :ivar reason: ``empty``, ``unknown``, ``broken``, ``bytes``, ``rows``, ``columns``, ``cell``, ``bomb``, ``league``
        or ``incomplete``.
    :ivar detail: what was found, for the person who mends it.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Stated:
    """What a person says of a file that does not say it itself.

    :ivar league: title, of files that name none; :ivar sport: on the wire; :ivar seen_at: aware, when the prices of a
        file that does not tell were seen; ``None``: at the kick-off.
    """

    league: str | None = None
    sport: str = "football"
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file, counted from 1: the quotes it holds, and what of it cannot be kept, and why.

    :ivar said: its beginning, for people to know it by.
    """

    number: int
    said: str
    items: tuple[OddsItem, ...] = ()
    refusals: tuple[Refused, ...] = field(default=())
