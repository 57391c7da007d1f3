"""From the league page to the row, as its user goes it: commands in processes of their own, real servers between them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from replica import Options, serve
from schema.database import connect
from tests import ROOT, SHARED, crawl, scrapy

pytestmark = pytest.mark.slow

LIGUE_1 = "/cotes/foot/france/ligue-1"
REAL_PAGE = SHARED / "coteur" / "2025-10-15-foot-france-ligue-1.html"

# What a crawl leaves, but for what no two crawls share: when it was, and its own id.
ROWS = """
    SELECT m.match_key, m.match_date, m.url, s.code, l.name, l.country, h.name, a.name,
           k.code, o.line, b.code, b.site_id, o.outcome, o.odd_value, o.trj, o.published_trj, o.partial, p.url, p.parser
    FROM {table} o
    JOIN Matches m ON m.id = o.match_id
    JOIN MarketNames k ON k.id = o.market_id
    JOIN Bookmakers b ON b.id = o.bookmaker_id
    JOIN Leagues l ON l.id = m.league_id
    JOIN Sports s ON s.id = l.sport_id
    JOIN Teams h ON h.id = m.home_team_id
    JOIN Teams a ON a.id = m.away_team_id
    JOIN Pages p ON p.id = o.page_id
"""
ACCOUNT = """
    SELECT spider, state, verdict, exit_code, listed, discovered, fetched, parsed, yielded, published, stored, prices,
           refused, duplicates
    FROM Runs
"""


def rows(url: str | None, home: Path, query: str) -> list[tuple[str, ...]]:
    """What a query gives, each value as text: two databases spell one number in different types."""
    database = connect(url, home)
    try:
        found = database.execute_sql(query).fetchall()
    finally:
        database.close()
    return sorted(tuple(_spelled(value) for value in row) for row in found)


def _spelled(value: object) -> str:
    text = "" if value is None else str(value)
    return re.sub(r"\.?0+$", "", text) if re.fullmatch(r"-?\d+\.\d+|.*:\d\d\.0+", text) else text


@pytest.mark.browser
@pytest.mark.server
def test_servers_and_files_leave_the_same_rows(rabbit_url, mariadb_url, tmp_path):
    embedded, served = tmp_path / "embedded", tmp_path / "served"
    servers = {"RABBIT_URL": rabbit_url, "DATABASE_URL": mariadb_url}
    with serve(Options(holes=True, unknown_bookmaker=True)) as site:
        for home, environment in ((embedded, {}), (served, servers)):
            assert (ran := crawl(site.url, home, environment=environment)).returncode == 0, ran.stderr
    assert (ran := scrapy("migrate", home=served, environment=servers)).returncode == 0, ran.stderr
    for home, environment in ((embedded, {}), (served, servers)):
        ran = scrapy("consume", "--drain", home=home, environment=environment)
        assert (ran.returncode, "0 duplicates, 0 refused" in ran.stdout) == (0, True), ran.stderr

    for table in ("Odds", "LatestOdds"):
        by_files = rows(None, embedded, ROWS.format(table=table))
        assert by_files == rows(mariadb_url, served, ROWS.format(table=table))
        assert 700 < len(by_files) < 810
    assert rows(None, embedded, ACCOUNT) == rows(mariadb_url, served, ACCOUNT)
    assert not (served / "gigscrapy.sqlite3").exists()


@pytest.mark.skipif(not REAL_PAGE.exists(), reason="the captured page is another's, and not in the project")
def test_the_real_page_is_stored_as_it_shows(tmp_path):
    with serve(Options(static={LIGUE_1: REAL_PAGE})) as site:
        assert crawl(site.url, tmp_path, depth="list").returncode == 0
    assert scrapy("consume", "--drain", home=tmp_path).returncode == 0
    found = rows(None, tmp_path, ROWS.format(table="Odds"))
    assert (len({row[0] for row in found}), len(found)) == (18, 54)
    psg = sorted((row[12], row[13], row[10]) for row in found if row[0] == "coteur:1548776")
    assert psg == [("1", "1.27", "BETSSON"), ("2", "10", "POKERSTARS"), ("X", "5.9", "BETCLIC")]
    assert {row[1] for row in found if row[0] == "coteur:1548776"} == {"2025-10-17 18:45:00"}
    market_trj = """
        SELECT match_id, ROUND(100 / SUM(1.0 / odd_value), 2), MAX(published_trj) FROM Odds GROUP BY match_id
    """
    compared = rows(None, tmp_path, market_trj)
    assert [computed for _, computed, _ in compared] == [published for _, _, published in compared]
    assert len(compared) == 18


@pytest.mark.browser
def test_make_run_shows_what_it_found_and_then_what_moved(tmp_path):
    def run() -> str:
        return subprocess.run(
            [sys.executable, "-m", "replica.demo"],
            cwd=ROOT,
            env={"GIGSCRAPY_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
            timeout=150,
        ).stdout

    first, second = run(), run()
    assert "enregistrées\xa0: 270" in first
    assert "ont bougé" not in first
    assert re.search(r"\d+ prix sur 54 ont bougé", second)
    assert len(re.findall(r"\d\d/\d\d \d\d:\d\d ", second)) == 18
    assert f"Données : {tmp_path / 'gigscrapy.sqlite3'}" in second
    assert "\x1b[" not in first + second
