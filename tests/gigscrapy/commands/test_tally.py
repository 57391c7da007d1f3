from pathlib import Path
from typing import Any

import pytest

from gigscrapy.commands import checksum, consume, tally
from schema.database import connect, hang_up
from schema.store import Store
from tests.gigscrapy.commands.in_process import Ask, asking
from tests.schema.laid import lay
from tests.schema.letters import letters, quote


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    return asking(tally.Command, capsys)


def filled(home: Path) -> None:
    database = connect(None, home)
    lay(database)
    Store(database).store(letters(quote(), quote(match_id="7", home="Lens")))
    hang_up(database)


def payouts(home: Path) -> int:
    database = connect(None, home)
    number = database.execute_sql("SELECT COUNT(*) FROM Payouts").fetchone()[0]
    hang_up(database)
    return int(number)


def test_it_counts_what_waits_and_says_how_much(tmp_path: Path, ask: Ask) -> None:
    filled(tmp_path)
    done = ask(home=tmp_path)
    assert (done.returncode, done.stderr, payouts(tmp_path)) == (0, "", 2)
    assert done.stdout.startswith("4 matches and 2 hours tallied in ")
    assert ask(home=tmp_path).stdout.startswith("0 matches and 0 hours tallied in ")
    assert ask("--all", home=tmp_path).stdout.startswith("2 matches and 1 hours tallied in ")


@pytest.mark.parametrize("command", [tally, checksum, consume])
def test_a_word_too_many(command: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = asking(command.Command, capsys)("everything", home=tmp_path)
    assert done.returncode == 2
    assert f"scrapy {command.__name__.rpartition('.')[2]} takes no argument" in done.stderr
