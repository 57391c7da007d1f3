import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gigscrapy.commands import prune
from schema.checksum import checksum
from schema.database import connect, hang_up
from schema.store import Store
from tests import scrapy
from tests.faults.processes import running
from tests.gigscrapy.commands.in_process import Ask, asking
from tests.schema.laid import lay
from tests.schema.letters import letters, quote

MINUTES = 60


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    return asking(prune.Command, capsys)


def filled(home: Path, url: str | None = None, rows: int = 10) -> None:
    """One price that never changes, seen each second so many times, by no run; received now."""
    database = connect(url, home)
    lay(database)
    said = [quote(second, run_id=None) for second in range(rows)]
    Store(database).store(letters(*said, received_at=datetime.now(UTC)))
    hang_up(database)


def rows(home: Path, url: str | None = None) -> int:
    database = connect(url, home)
    number = checksum(database)["Odds"].rows
    hang_up(database)
    return number


def test_what_would_go_is_what_goes(home: Path, ask: Ask) -> None:
    filled(home)
    before = rows(home)
    foretold = ask("--days", "30", "--dry-run", home=home)
    assert rows(home) == before
    done = ask("--days", "30", home=home)
    assert rows(home) == before - 24
    told = done.stdout.splitlines()
    assert foretold.stdout.splitlines() == [*told, "nothing was written: that is what would go"]
    assert told[:4] == [
        "Odds      30 rows looked at, 24 thinned, 6 kept",
        "Messages  0 rows removed",
        "Tasks     0 rows removed",
        "Firings   0 rows removed",
    ]
    assert told[-1].startswith("pages     0 removed (0.0 MB), ")
    assert (done.returncode, done.stderr) == (0, "")
    assert ask("--days", "30", home=home).stdout.startswith("Odds      6 rows looked at, 0 thinned, 6 kept\n")


def test_pages_go_by_age_and_size(home: Path, ask: Ask) -> None:
    foretold = ask("--days", "30", "--dry-run", home=home, ARCHIVE_MB=0, ARCHIVE_RUNS=0).stdout.splitlines()[-2]
    done = ask("--days", "30", home=home, ARCHIVE_MB=0, ARCHIVE_RUNS=0).stdout.splitlines()[-1]
    assert done == foretold
    assert done.endswith(", 0.0 MB kept")
    assert not done.startswith("pages     0 removed")
    assert "pages     0 removed" in ask("--days", "30", home=home, ARCHIVE_MB=0, ARCHIVE_RUNS=0).stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "scrapy prune takes --days"),
        (["--days", "30", "--ledger-days", "14"], "--ledger-days is 15 at least"),
        (["--days", "30", "Odds"], "scrapy prune takes --days"),
    ],
)
def test_what_it_needs(words: list[str], said: str, tmp_path: Path, ask: Ask) -> None:
    done = ask(*words, home=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(said)


def test_few_days_are_taken_with_a_warning(tmp_path: Path, ask: Ask) -> None:
    done = ask("--days", "7", home=tmp_path)
    assert done.stderr.startswith("an outbox may still bring what was seen up to 15 days ago")
    assert done.stdout.startswith("Odds      0 rows looked at")


@pytest.mark.parametrize("said", ["0", "-1", "a week", "99999"])
def test_days_are_a_number(said: str, tmp_path: Path, ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        ask("--days", said, home=tmp_path)
    assert "is no number of days from 1 to 36500" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.server
def test_broken_off_or_killed_it_goes_on_where_it_was(mariadb_url: str, tmp_path: Path) -> None:
    filled(tmp_path, mariadb_url, rows=2000)
    environment = {"DATABASE_URL": mariadb_url}
    slowly = ("schema.pruning:_delete_some", "before", "has=", "sleep=0.2")
    with running("prune", "--days", "30", home=tmp_path, environment=environment, failpoint=slowly) as pruning:
        pruning.until(lambda: rows(tmp_path, mariadb_url) < 6000)
        pruning.signal(signal.SIGINT)
        assert pruning.wait() == prune.BROKEN_OFF
        assert pruning.log == "broken off: what went is gone, and nothing is half done; run it again to go on\n"
    before = rows(tmp_path, mariadb_url)
    with running("prune", "--days", "30", home=tmp_path, environment=environment, failpoint=slowly) as pruning:
        pruning.until(lambda: rows(tmp_path, mariadb_url) < before)
        pruning.kill9()
    assert 6 < rows(tmp_path, mariadb_url) < before
    done = scrapy("prune", "--days", "30", home=tmp_path, environment=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert rows(tmp_path, mariadb_url) == 6
