"""Room for the account of a take-over that names many teams: on a server a TEXT has 64 kB.

It may be broken off anywhere and begun again: see :mod:`schema.migrations.steps`.
"""

from typing import Any

from peewee import Database

from schema.database import is_embedded


def up(_migrator: Any, db: Database) -> None:
    if not is_embedded(db):
        db.execute_sql("ALTER TABLE `TakeOvers` MODIFY COLUMN `account` LONGTEXT NOT NULL")
