"""A table of bookmakers: where its first market ends, and which cell of a row is whose price."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gigscrapy.pages import BookmakerRef
from schema.names import name_key
from schema.prices import read_price


@dataclass(frozen=True, slots=True)
class Line:
    """One bookmaker's row as it stands.

    :ivar box: the part of the page that holds its whole market; :ivar bookmaker: ``None`` where it does not name one.
    :ivar cells: text of each cell that may hold a price, from the left.
    """

    box: Any
    bookmaker: BookmakerRef | None
    cells: tuple[str, ...]
    published_trj: Decimal | None = None

    @property
    def blank(self) -> bool:
        """Whether no cell has any text."""
        return not any(self.cells)

    @property
    def priced(self) -> bool:
        return any(map(read_price, self.cells))


def markets_of(lines: Sequence[Line]) -> list[list[Line]]:
    """The rows of each market, in the page's order: a new one begins with its box, or where a bookmaker comes again."""
    markets: list[list[Line]] = []
    seen: set[int | str] = set()
    for line in lines:
        key = _key(line.bookmaker)
        if not markets or line.box is not markets[-1][-1].box or key in seen:
            markets.append([])
            seen.clear()
        markets[-1].append(line)
        if key is not None:
            seen.add(key)
    return markets


def common_parents(nodes: Sequence[Any]) -> list[Any]:
    """For each row the element it shares with its neighbours: the parent or, where each row is wrapped, one above."""
    parents = [node.getparent() for node in nodes]
    while len(set(parents)) == len(parents) > 1 and None not in parents:
        parents = [parent.getparent() for parent in parents]
    return parents


def columns_of(lines: Sequence[Line], count: int) -> tuple[int, ...] | None:
    """Which cells of a row of :func:`usual_width` hold its ``count`` prices; ``None`` where the table does not tell.

    A column is judged by all its cells. One with a percentage is the return; one without any text is decoration; of
    three in a sport without draws, the middle one is the draw's if it has no price in any row.
    """
    width = usual_width(lines)
    rows = [line.cells for line in lines if len(line.cells) == width]
    columns = [place for place in range(width) if not any("%" in row[place] for row in rows)]
    if len(columns) > count:
        columns = [place for place in columns if any(row[place] for row in rows)]
    if count == 2 and len(columns) == 3 and not any(read_price(row[columns[1]]) for row in rows):
        del columns[1]
    return tuple(columns) if len(columns) == count else None


def usual_width(lines: Sequence[Line]) -> int:
    """How many cells most rows have; of two widths equally frequent, the greater."""
    widths = Counter(len(line.cells) for line in lines if not line.blank)
    return max(widths, key=lambda width: (widths[width], width), default=0)


def prices_at(line: Line, columns: tuple[int, ...] | None, width: int) -> tuple[Decimal | None, ...] | None:
    """The prices of a row; ``None`` where there are some and it cannot be told whose, or by whom offered.

    A row that is shorter or longer than the table has lost or gained a cell nobody knows where: nothing in it keeps
    its place. One without any price has nothing to misplace (``Suspendu`` across all columns).
    """
    if columns is None or line.bookmaker is None or len(line.cells) != width:
        return None if line.priced else ()
    return tuple(read_price(line.cells[place]) for place in columns)


def _key(bookmaker: BookmakerRef | None) -> int | str | None:
    if bookmaker is None:
        return None
    return name_key(bookmaker.name) if bookmaker.name else bookmaker.site_id
