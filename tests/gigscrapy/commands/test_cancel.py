"""What the command makes of its words; what it does: test_cancelling.py."""

from pathlib import Path

import pytest

from gigscrapy.commands.cancel import Command
from schema.database import connect, hang_up
from schema.migrations import migrate
from schema.models import Runs
from tests.gigscrapy.commands.in_process import Ask, asking
from tests.services import free_ports

AWAY = {"SCRAPYD_URLS": f"http://u:s3cret@127.0.0.1:{free_ports(1)[0]}"}


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    return asking(Command, capsys)


def add(home: Path, run_id: str, state: str, **columns: object) -> None:
    database = connect(None, home)
    migrate(database)
    Runs.insert(run_id=run_id, state=state, **columns).execute(database)
    hang_up(database)


def test_the_beginning_of_an_id_will_do(ask: Ask, tmp_path: Path) -> None:
    add(tmp_path, "abc", "queued")
    told = ask("ab", home=tmp_path, **AWAY)
    assert (told.returncode, told.stdout) == (0, "run abc was waiting for its turn: cancelled\n")
    told = ask("abc", home=tmp_path, **AWAY)
    assert (told.returncode, told.stdout) == (3, "run abc had ended before; it is cancelled\n")


def test_a_node_that_is_away(ask: Ask, tmp_path: Path) -> None:
    add(tmp_path, "abc", "running")
    told = ask("abc", home=tmp_path, **AWAY)
    assert told.returncode == 5
    assert "is away" in told.stdout
    assert "s3cret" not in told.stdout + told.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "takes one run"),
        (("a", "b"), "takes one run"),
        (("nosuchrun",), "there is no run nosuchrun; `scrapy runs` lists them"),
        (("../x",), "../x is no run's id"),
        (("a", "--patience", "-1"), "--patience is a number of seconds"),
        (("a", "--patience", "nan"), "--patience is a number of seconds"),
    ],
)
def test_what_cannot_be(ask: Ask, tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    refused = ask(*words, home=tmp_path)
    assert refused.returncode == 2
    assert told in refused.stderr
