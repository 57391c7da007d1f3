"""Other names of bookmakers and teams, as a person has said, and how writers learn of it.

Whoever changes who is who (:func:`begin_change`) first takes the one row of Editions for itself: batches that are being
written are waited for, and those that come wait. A batch that was looked up under an earlier edition is looked up anew
(:meth:`Aliases.hold`): no price is ever written to a team, a match or a bookmaker that is gone. It costs two queries of
one row a batch.
"""

from dataclasses import replace
from typing import Any

from peewee import Database

from schema.database import is_embedded
from schema.messages import OddsItem, Refused
from schema.models import Editions
from schema.names import name_key
from schema.reference import sports

SaidTeam = tuple[str, str, str]
"""A team's name as a quote says it: sport, key of the league, key of the name."""

_TEAMS = """
    SELECT s.code, l.name_key, a.name_key, t.name
    FROM TeamAliases a
    JOIN Teams t ON t.id = a.team_id
    JOIN Leagues l ON l.id = a.league_id
    JOIN Sports s ON s.id = l.sport_id
"""


class Aliases:
    """What a writer knows of other names. One for a writer, as long as it remembers the rest.

    :ivar of_teams: of each other name the team's own.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._alone = "" if is_embedded(database) else " LOCK IN SHARE MODE"  # until the batch is written
        self._edition: int | None = None
        self._bookmakers: dict[str, int] = {}
        self.of_teams: dict[SaidTeam, str] = {}

    def read(self) -> bool:
        """Before anything is asked, and before anything is made. Whether what was read before, if anything, holds."""
        cursor = self._database.connection().cursor()  # type: ignore[no-untyped-call] # Peewee has no types
        edition = self._number(cursor, "")
        if self._edition is not None:
            return edition == self._edition
        cursor.execute("SELECT name_key, bookmaker_id FROM BookmakerAliases")
        self._bookmakers = dict(cursor.fetchall())
        cursor.execute(_TEAMS)
        named = {sport.code: sport.name for sport in sports().values()}
        self.of_teams = {(named[code], league, name): own for code, league, name, own in cursor.fetchall()}
        self._edition = edition
        return True

    def hold(self, cursor: Any) -> bool:
        """Whether what was read holds still, and until the end of this transaction."""
        return self._number(cursor, self._alone) == self._edition

    @staticmethod
    def _number(cursor: Any, alone: str) -> int:
        cursor.execute(f"SELECT number FROM Editions WHERE id = 1{alone}")  # noqa: S608 - nothing of others
        found = cursor.fetchone()
        return int(found[0]) if found else 0

    def bookmaker(self, name: str) -> int | None:
        """The row of the bookmaker that this is another name of."""
        return self._bookmakers.get(name_key(name))

    def rename(self, item: OddsItem) -> OddsItem:
        """The quote with each team under its own name. :raises Refused: when both names are those of one team."""
        league = name_key(item.league)
        home = self.of_teams.get((item.sport, league, name_key(item.home)))
        away = self.of_teams.get((item.sport, league, name_key(item.away)))
        if home is None and away is None:
            return item
        renamed = replace(item, home=home or item.home, away=away or item.away)
        if name_key(renamed.home) == name_key(renamed.away):
            refusal = Refused("teams", f"{item.home!r} and {item.away!r} are names of one team: {renamed.home!r}")
            refusal.run_id = item.run_id
            raise refusal
        return renamed


def begin_change(database: Database) -> None:
    """In a transaction, before anything that changes who is who: no batch is being written from here to its end."""
    Editions.update(number=Editions.number + 1).where(Editions.id == 1).execute(database)
