"""Steps of migrations that may be broken off anywhere and begun again: MySQL commits each of its statements.

And they may run on tables of any size: columns that are null, or have a default of their own, are added without writing
a row anew.
"""

from typing import Any

from peewee import Database, Field

from schema.database import is_embedded


def add_table(db: Database, table: Any) -> None:
    """A table (a model), and then its indexes, each unless it is there."""
    table._schema.create_table(safe=True)  # noqa: SLF001 - Peewee's own way to make it without its indexes
    meta = table._meta  # noqa: SLF001
    for index in meta.fields_to_index():
        columns = [field.column_name for field in index._expressions]  # noqa: SLF001
        add_index(db, meta.table_name, *columns, unique=index._unique)  # noqa: SLF001


def add_columns(db: Database, table: str, **fields: Field) -> None:
    """The columns that are not there yet, on a server in one statement."""
    there = {column.name for column in db.get_columns(table)}
    added = [f"ADD COLUMN {_written(db, name, field)}" for name, field in fields.items() if name not in there]
    for part in added if is_embedded(db) else filter(None, (", ".join(added),)):
        db.execute_sql(f"ALTER TABLE `{table}` {part}")


def add_index(db: Database, table: str, *columns: str, unique: bool = False) -> None:
    """An index, unless it is there, with the name that Peewee gives one."""
    quote = '"' if is_embedded(db) else "`"
    name, *words = (f"{quote}{word}{quote}" for word in ("_".join((table.lower(), *columns)), table, *columns))
    if name.strip(quote) not in {index.name for index in db.get_indexes(table)}:
        db.execute_sql(f"CREATE {'UNIQUE ' if unique else ''}INDEX {name} ON {words[0]} ({', '.join(words[1:])})")


def _written(db: Database, name: str, field: Field) -> str:
    """A column as this database declares it."""
    field.name = field.column_name = name
    context = db.get_sql_context()
    statement: str = context.sql(field.ddl(context)).query()[0]
    return statement
