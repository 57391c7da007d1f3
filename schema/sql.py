"""The statements that take thousands of rows, in the words of MySQL and of SQLite.

Peewee's own ``insert_many`` needs three times as long for them. Names of tables and columns come from our models,
values are always escaped by the driver. On MySQL the assignments of an upsert run from left to right, each seeing those
before it: what others are decided by is assigned last.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from peewee import Database, Model

from schema.database import is_embedded

CHUNK = 2000
"""Values of one ``IN (…)``, rows of one ``INSERT``: with rows of some hundred bytes far below what a server takes."""


@dataclass(frozen=True, slots=True)
class Insert:
    """A statement that takes any number of rows: what stands before them, and what after.

    :ivar check, copy: statements that look for rows of another table by their ids, and take them from there; on a
        server only.
    :ivar clash: called with the cursor and the rows of which some were there already, and were left as they are.
    """

    columns: Sequence[str]
    head: str
    tail: str
    check: str | None = None
    copy: str | None = None
    clash: Callable[[Any, Sequence[Sequence[Any]]], None] | None = None


class Sql:
    """Writes statements for one database.

    In the assignments of an upsert, ``new`` is the value that comes, the bare name of a column the one that is there.
    """

    def __init__(self, database: Database) -> None:
        self._embedded = is_embedded(database)
        self.mark = "?" if self._embedded else "%s"

    # -- statements ----------------------------------------------------------------------------------------------------

    def insert(
        self,
        table: type[Model],
        columns: Sequence[str],
        merge: dict[str, str] | None = None,
        *,
        after: type[Model] | None = None,
    ) -> Insert:
        """Insert rows; where one is there already, assign ``merge`` (column to expression), or leave it as it is.

        :param after: a table with ``id`` and the same columns, into which the same rows are inserted just before, with
            :meth:`no_id` in its ``merge``: a server takes them from there, which is quicker than to read them again.
        """
        names = ", ".join(f"`{column}`" for column in columns)
        head = f"INSERT INTO `{table.__name__}` ({names}) "
        if merge is None and self._embedded:
            return Insert(columns, f"{head}VALUES ", " ON CONFLICT DO NOTHING")
        merge = merge or {columns[0]: f"`{columns[0]}`"}
        clause = "ON CONFLICT DO UPDATE SET" if self._embedded else "ON DUPLICATE KEY UPDATE"
        tail = f" {clause} {', '.join(f'`{column}` = {expression}' for column, expression in merge.items())}"
        if after is None or self._embedded:
            return Insert(columns, f"{head}VALUES ", tail)
        found = f"FROM `{after.__name__}` WHERE `id` BETWEEN %s AND %s"
        renamed = ", ".join(f"`{column}` AS `from_{column}`" for column in columns)  # else the merge could mean either
        return Insert(
            columns,
            f"{head}VALUES ",
            tail,
            check=f"SELECT @@auto_increment_increment, COUNT(*) {found}",
            copy=f"{head}SELECT {', '.join(f'`from_{column}`' for column in columns)} "  # noqa: S608 - names of our own
            f"FROM (SELECT `id`, {renamed} {found}) AS rows_of_before ORDER BY `id`{tail}",
        )

    def write(self, cursor: Any, rows: Sequence[Sequence[Any]], *inserts: Insert) -> int:
        """The same ``rows`` by each of the ``inserts``, which have the same columns.

        MySQL's driver spends most of its time on writing values down: that is done once for all of the statements.

        :returns: how many rows the last of them added; on MySQL one that was changed counts twice.
        """
        if self._embedded:
            marks = f"({', '.join([self.mark] * len(inserts[0].columns))})"
            for insert in inserts:
                cursor.executemany(f"{insert.head}{marks}{insert.tail}", rows)
                if insert.clash and cursor.rowcount != len(rows):
                    insert.clash(cursor, rows)
            return int(cursor.rowcount)
        written = 0
        literals = _Literals(cursor.connection.escape)
        remaining = iter(rows)
        while chunk := list(islice(remaining, CHUNK)):
            values = ",".join([f"({','.join(map(literals.__getitem__, row))})" for row in chunk])
            clashed = False  # then what the cursor says is no longer of the rows
            for insert in inserts:
                if clashed or not self._is_copied(cursor, insert, len(chunk)):
                    cursor.execute(f"{insert.head}{values}{insert.tail}")
                clashed = bool(insert.clash) and cursor.rowcount != len(chunk)
                if insert.clash and clashed:
                    insert.clash(cursor, chunk)
            written += cursor.rowcount
        return written

    @staticmethod
    def _is_copied(cursor: Any, insert: Insert, count: int) -> bool:
        """Take the rows from the table that ``cursor`` has just put them into, if it had none of them.

        A statement's new ids follow each other then, and ``lastrowid`` is the first. That as many rows were touched is
        not enough: of those that were there, one that is changed counts twice, and one that is not, never.
        """
        if not (insert.check and insert.copy and cursor.lastrowid) or cursor.rowcount != count:
            return False
        ids = (cursor.lastrowid, cursor.lastrowid + count - 1)
        cursor.execute(insert.check, ids)
        if cursor.fetchone() != (1, count):
            return False
        cursor.execute(insert.copy, ids)
        return True

    def select(self, cursor: Any, table: type[Model], columns: Sequence[str], **among: Iterable[Any]) -> list[Any]:
        """The ``columns`` of all rows whose values are ``among`` those given: of the first column any number."""
        (first, values), *others = among.items()
        rows: list[Any] = []
        remaining = iter(values)
        while chunk := list(islice(remaining, CHUNK)):
            conditions = [(first, chunk), *((name, list(values)) for name, values in others)]
            where = " AND ".join(f"`{name}` IN ({', '.join([self.mark] * len(few))})" for name, few in conditions)
            names = ", ".join(f"`{column}`" for column in columns)
            statement = f"SELECT {names} FROM `{table.__name__}` WHERE {where}"  # noqa: S608 - names of our own
            cursor.execute(statement, [value for _, few in conditions for value in few])
            rows += cursor.fetchall()
        return rows

    def each(
        self,
        cursor: Any,
        table: type[Model],
        columns: Sequence[str],
        unique: Sequence[str],
        keys: Iterable[Sequence[Any]],
    ) -> list[Any]:
        """The ``columns`` of the rows with these keys, which are all there, in that order; on a server they are locked.

        One by one, for of the whole of a ``unique`` key a server locks the row and no gap beside it: in gaps two
        writers would wait for each other. It is for the few that are seldom.
        """
        where = " AND ".join(f"`{column}` = {self.mark}" for column in unique)
        names = ", ".join(f"`{column}`" for column in columns)
        lock = "" if self._embedded else " FOR UPDATE"
        statement = f"SELECT {names} FROM `{table.__name__}` WHERE {where}{lock}"  # noqa: S608 - names of our own
        rows: list[Any] = []
        for key in keys:
            cursor.execute(statement, tuple(key))
            rows += cursor.fetchall()
        return rows

    def add(self, table: type[Model], columns: Sequence[str], key: str) -> str:
        """Add to the numbers in ``columns`` of the row with this ``key``."""
        assignments = ", ".join(f"`{column}` = `{column}` + {self.mark}" for column in columns)
        return f"UPDATE `{table.__name__}` SET {assignments} WHERE `{key}` = {self.mark}"  # noqa: S608 - names of our own

    # -- expressions ---------------------------------------------------------------------------------------------------

    def new(self, column: str) -> str:
        return f"excluded.`{column}`" if self._embedded else f"VALUES(`{column}`)"

    def no_id(self) -> dict[str, str]:
        """For the ``merge`` of a table with ``id``: changes nothing, but a statement without any new row has no
        ``lastrowid`` then; it would have that of the last row it changed.
        """
        return {} if self._embedded else {"id": "`id` + LAST_INSERT_ID(0)"}

    def greatest(self, column: str) -> str:
        """The greater of the two; of a value and null, the value."""
        function = "MAX" if self._embedded else "GREATEST"
        return f"COALESCE({function}(`{column}`, {self.new(column)}), `{column}`, {self.new(column)})"

    def least(self, column: str) -> str:
        function = "MIN" if self._embedded else "LEAST"
        return f"{function}(`{column}`, {self.new(column)})"

    def later_spelling(self, column: str) -> str:
        """Of two texts the later in byte order, whatever the collation; of a text and null, the text."""
        kind = "BLOB" if self._embedded else "BINARY"
        new = self.new(column)
        later = f"CASE WHEN CAST({new} AS {kind}) > CAST(`{column}` AS {kind}) THEN {new} ELSE `{column}` END"
        return f"COALESCE({later}, {new})"

    def when(self, condition: str, column: str) -> str:
        """What comes where the condition holds, else what is there."""
        return f"CASE WHEN {condition} THEN {self.new(column)} ELSE `{column}` END"


class _Literals(dict[Any, str]):
    """Values as the driver writes them down, each once: in the rows of a batch most of them come again and again.

    Equal numbers share one literal, whatever their types.
    """

    def __init__(self, write_down: Callable[[Any], str]) -> None:
        super().__init__()
        self._write_down = write_down

    def __missing__(self, value: Any) -> str:
        literal = self[value] = self._write_down(value)
        return literal
