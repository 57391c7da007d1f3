"""gig-benchmark's tables over ours, as views: a query that somebody saved runs unchanged, and means what it meant.

Our tables have gig-benchmark's names and columns already, and hold more: other markets than the result, prices of
lists, prices in doubt. Under the same names there cannot be two meanings in one place: so on a server the views are a
database of their own, which whoever has saved queries uses in the place of gig-benchmark's; in SQLite they are
temporary views, which come before the tables of the same name for the connection that makes them.
"""

from collections.abc import Iterator

from peewee import Database

from schema.database import is_embedded

VIEWS = {
    "Sports": "SELECT id, code, name, created_at, updated_at FROM {ours}Sports",
    # In gig-benchmark each sport has one market of the result, 1X2; ours of two outcomes is called 12.
    "MarketNames": """
        SELECT k.id, k.sport_id, CASE k.code WHEN '12' THEN '1X2' ELSE k.code END AS code, k.name, k.created_at
        FROM {ours}MarketNames k LEFT JOIN {ours}MarketNames x ON x.sport_id = k.sport_id AND x.code = '1X2'
        WHERE k.code <> '12' OR x.id IS NULL""",
    "Leagues": "SELECT id, sport_id, code, name, country, created_at, updated_at FROM {ours}Leagues",
    "Teams": "SELECT id, league_id, name, created_at, updated_at FROM {ours}Teams",
    "Bookmakers": "SELECT id, code, name, website, created_at, updated_at FROM {ours}Bookmakers",
    "Matches": """
        SELECT id, league_id, home_team_id, away_team_id, match_date, status, created_at, updated_at
        FROM {ours}Matches""",
    # The result of the match, as its own page showed it; no price in doubt; two decimals.
    "Odds": """
        SELECT o.id, o.match_id, COALESCE(x.id, o.market_id) AS market_id, o.bookmaker_id, o.outcome,
          ROUND(o.odd_value, 2) AS odd_value, o.trj, o.scraped_at
        FROM {ours}Odds o JOIN {ours}MarketNames k ON k.id = o.market_id
        LEFT JOIN {ours}MarketNames x ON k.code = '12' AND x.sport_id = k.sport_id AND x.code = '1X2'
        WHERE k.code IN ('1X2', '12') AND o.line = 0 AND o.partial = 0 AND o.suspect IS NULL""",
    # No hashes of passwords: who reads this reads odds.
    "users": """
        SELECT id, username, first_name, last_name, '' AS email, role = 'admin' AS is_superuser,
          role = 'admin' AS is_staff, is_active, last_login, created_at AS date_joined,
          CASE role WHEN 'admin' THEN 'admin' ELSE 'user' END AS role, created_at, updated_at
        FROM {ours}users""",
}
"""By gig-benchmark's names, what each is of ours."""

SUFFIX = "_gig"


class Taken(ValueError):
    """The database of that name has tables, or is ours; the message says which."""


def default_name(database: Database) -> str:
    """What the database of views is called, unless somebody says otherwise."""
    return f"{database.database}{SUFFIX}"


def statements(database: Database, name: str) -> Iterator[str]:
    """What makes the views: in a database called ``name`` on a server, for this connection in SQLite."""
    embedded = is_embedded(database)
    ours = "main." if embedded else f"`{database.database}`."
    begin = "CREATE TEMP VIEW" if embedded else "CREATE OR REPLACE SQL SECURITY DEFINER VIEW"
    if not embedded:
        yield f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
    for view, select in VIEWS.items():
        where = f'"{view}"' if embedded else f"`{name}`.`{view}`"
        yield f"{begin} {where} AS {' '.join(select.format(ours=ours).split())}"


def make(database: Database, name: str) -> None:
    """Make the views, or make them anew.

    :raises Taken: when something else has their names there: a gig-benchmark's database is left as it is.
    """
    if not is_embedded(database):
        _check(database, name)
    for statement in statements(database, name):
        database.execute_sql(statement)


def _check(database: Database, name: str) -> None:
    if name == database.database:
        raise Taken("it is gigscrapy's own: the views have the names of its tables")
    found = database.execute_sql(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = %s AND table_type <> 'VIEW'", (name,)
    )
    tables = sorted({table for (table,) in found} & VIEWS.keys())
    if tables:
        raise Taken(f"it has tables of its own: {', '.join(tables)}")
