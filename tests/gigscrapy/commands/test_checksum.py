import json
import re
from pathlib import Path

import pytest

from gigscrapy.commands import checksum
from tests import scrapy
from tests.faults.processes import consume_all
from tests.gigscrapy.commands.test_consume import put_in_the_spool
from tests.schema.letters import REPORT, quote


def summed(home: Path, *arguments: str, **environment: str) -> str:
    done = scrapy("checksum", *arguments, home=home, environment=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def store(home: Path, *bodies: object, database_url: str | None = None) -> None:
    """In this process: how the command consumes is shown beside."""
    put_in_the_spool(home, bodies)  # type: ignore[arg-type]
    consume_all(home, database_url=database_url)


@pytest.mark.slow
def test_the_same_messages_print_the_same(tmp_path: Path) -> None:
    one, other, third = (tmp_path / name for name in ("one", "other", "third"))
    store(one, quote(), quote(1), REPORT, b"{")
    store(other, b"{", REPORT, quote(1))
    store(other, quote(1), quote(), b"{")
    store(third, quote(), REPORT, b"{")
    lines = summed(one).splitlines()
    assert summed(other).splitlines() == lines
    assert summed(third).splitlines()[-1] != lines[-1]
    rows = {line.split()[0]: int(line.split()[1]) for line in lines}
    assert all(re.fullmatch(r"[A-Za-z]+ +\d+  [0-9a-f]{32}", line) for line in lines)
    assert (rows["Odds"], rows["LatestOdds"], rows["Messages"], rows["DeadLetters"]) == (6, 3, 3, 1)
    assert list(rows)[-1] == "total"
    assert rows.pop("total") == sum(rows.values())
    command = " ".join(checksum.Command().long_desc().partition(". (")[0].split())
    assert command.endswith(f": {', '.join(list(rows)[:-1])} and {list(rows)[-1]}"), "it names the tables it reads"
    told = json.loads(summed(one, "--json"))
    assert {name: one["rows"] for name, one in told.items()} == rows | {"total": sum(rows.values())}
    assert told["total"]["digest"] == lines[-1].split()[2]


@pytest.mark.server
def test_whichever_the_database(mariadb_url: str, tmp_path: Path) -> None:
    assert scrapy("migrate", home=tmp_path, environment={"DATABASE_URL": mariadb_url}).returncode == 0
    store(tmp_path / "server", quote(), quote(1), database_url=mariadb_url)
    store(tmp_path, quote(1), quote())
    assert summed(tmp_path, DATABASE_URL=mariadb_url) == summed(tmp_path)


def test_what_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    done = scrapy("checksum", home=tmp_path, environment={"DATABASE_URL": "postgresql://gig:s3cret@host/odds"})
    assert done.returncode == 2
    assert "it must begin with one of mysql" in done.stdout + done.stderr
    assert "s3cret" not in done.stdout + done.stderr
    assert scrapy("checksum", "Odds", home=tmp_path).returncode == 2
