"""The command as a person uses it; what it may say is tested beside :mod:`gigscrapy.schedules`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gigscrapy.commands.schedules import Command
from schema import schedules
from schema.database import connect, hang_up
from schema.instants import naive
from schema.models import Firings, Schedules, Visits, now
from schema.store import Store
from tests.gigscrapy.commands.in_process import Ask, asking
from tests.schema.laid import lay
from tests.schema.letters import letters, quote


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    return asking(Command, capsys)


def rows(text: str) -> list[list[str]]:
    """Of the list: its columns have at least two spaces between them."""
    return [[cell for cell in line.split("  ") if cell.strip()] for line in text.splitlines()[1:-1]]


def names(ask: Ask, home: Path) -> list[str]:
    return [row[0].strip() for row in rows(ask(home=home).stdout)]


def test_gig_benchmarks_is_there_and_off_and_once_removed_stays_away(ask: Ask, tmp_path: Path) -> None:
    [row] = rows(ask(home=tmp_path).stdout)
    assert [cell.strip() for cell in row] == ["every six hours", "all", "0 */6 * * *", "off", "never"]
    assert ask("remove", "Every six hours", home=tmp_path).returncode == 0
    database = connect(None, tmp_path)
    lay(database)
    hang_up(database)
    assert names(ask, tmp_path) == []


def test_from_its_making_to_its_end(ask: Ask, tmp_path: Path) -> None:
    made = ask("add", "Nuit", "ligue1,", "nba", "--cron", "0 3 * * *", "-a", "depth=list", "--off", home=tmp_path)
    assert made.stdout == "Nuit: ligue1, nba, 0 3 * * *, off\n"
    said = ask("on", "nuit", home=tmp_path).stdout
    assert said.startswith("Nuit: ligue1, nba, 0 3 * * *, on, next due 20")
    assert said.endswith(" 03:00 in Paris\n")
    changed = ask("change", "nuit", "--kickoff", "5m 1h", "--what", "nba", "--name", "Tôt", home=tmp_path)
    assert changed.stdout == "Tôt: nba, 1h 5m before kick-off, on\n"
    assert ask("change", "tôt", "--every", "30", "-a", "", home=tmp_path).returncode == 0
    [row] = [row for row in rows(ask(home=tmp_path).stdout) if row[0] == "Tôt"]
    assert [cell.strip() for cell in row[:5]] == ["Tôt", "nba", "every 30 min", "on", "never"]
    assert ask("off", "Tôt", home=tmp_path).stdout == "Tôt: nba, every 30 min, off\n"
    assert ask("remove", "Tôt", home=tmp_path).returncode == 0
    assert names(ask, tmp_path) == ["every six hours"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("nonsense",), "scrapy schedules, or scrapy schedules add NAME WHAT"),
        (("add", "Nuit"), "scrapy schedules, or scrapy schedules add NAME WHAT"),
        (("add", "EVERY six hours", "nba", "--every", "5"), "there is a schedule 'EVERY six hours' already"),
        (("add", "Nuit", "nba", "--every", "often"), "--every takes a number of minutes, not 'often'"),
        (("add", "Nuit", "nba", "--cron", "0 3 * *"), "has 4 fields; cron has five"),
        (("off", "Nuit"), "there is no schedule 'Nuit'; there are: every six hours"),
    ],
)
def test_what_cannot_be_done_is_said(ask: Ask, tmp_path: Path, words: tuple[str, ...], why: str) -> None:
    refused = ask(*words, home=tmp_path)
    assert refused.returncode == 2
    assert why in refused.stderr
    assert names(ask, tmp_path) == ["every six hours"]


def test_its_last_firings_and_why_one_was_not_sent(ask: Ask, tmp_path: Path) -> None:
    ask("add", "Nuit", "nba", "--every", "60", home=tmp_path)
    database = connect(None, tmp_path)
    one = schedules.find(database, "Nuit")
    assert one
    noon = one.decided_until.replace(month=1, day=2, hour=11, minute=0, second=0, microsecond=0)
    firings = [
        schedules.Firing(noon, schedules.MISSED, note="nobody was there"),
        schedules.Firing(noon + timedelta(hours=1), schedules.DUE, task_id="schedule-2-x"),
    ]
    assert schedules.decide(database, one, firings, until=now())
    [waiting] = schedules.waiting_firings(database)
    schedules.settle(database, [waiting.id], schedules.SENT, at=noon + timedelta(hours=1, seconds=1))
    assert Firings.select().count(database) == 2
    assert Schedules.select().count(database) == 2
    hang_up(database)
    told = ask("show", "nuit", home=tmp_path).stdout.splitlines()
    assert told[:5] == ["name: Nuit", "what: nba", "when: every 60 min", "arguments: none", "switched: on"]
    year = noon.year
    assert told[7].split() == f"{year}-01-02 13:00 sent {year}-01-02 13:00 schedule-2-x".split()
    assert told[8].split() == f"{year}-01-02 12:00 missed nobody was there".split()
    assert f"{year}-01-02 13:00 sent" in ask(home=tmp_path).stdout


def test_the_visits_of_a_kick_off_plan_tell_their_match_and_how_long_before(ask: Ask, tmp_path: Path) -> None:
    ask("add", "close", "football/France", "--kickoff", "24h 5m", home=tmp_path)
    database = connect(None, tmp_path)
    close = schedules.find(database, "close")
    assert close
    kickoff = datetime(2026, 11, 28, 20, tzinfo=UTC)
    Store(database).store(letters(quote(kickoff=kickoff, league="Ligue 1", home="LENS", away="LE HAVRE")))
    for minutes in (24 * 60, 5):
        due_at = naive(kickoff) - timedelta(minutes=minutes)
        Visits.insert(schedule=close, match=1, minutes=minutes, due_at=due_at, state="missed").execute(database)
    hang_up(database)
    told = [rows_of.split("  ") for rows_of in ask("show", "close", home=tmp_path).stdout.splitlines()[5:]]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in told]
    assert cells[0] == ["next due: before each kick-off"]
    assert cells[2:] == [
        ["2026-11-28 20:55", "5m", "LENS - LE HAVRE", "2026-11-28 21:00", "missed"],
        ["2026-11-27 21:00", "24h", "LENS - LE HAVRE", "2026-11-28 21:00", "missed"],
    ]


def test_one_that_cannot_be_followed_says_why(ask: Ask, tmp_path: Path) -> None:
    ask("add", "Nuit", "nba", "--every", "60", home=tmp_path)
    database = connect(None, tmp_path)
    Schedules.update(what="leftus").where(Schedules.name == "Nuit").execute(database)
    hang_up(database)
    why = "never: no league is called 'leftus'; "
    assert f"next due: {why}" in ask("show", "nuit", home=tmp_path).stdout
    assert why in ask(home=tmp_path).stdout
    assert why in ask("on", "nuit", home=tmp_path).stdout
    assert why not in ask("off", "nuit", home=tmp_path).stdout
