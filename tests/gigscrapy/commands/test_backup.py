import re
from pathlib import Path

import pytest

from gigscrapy.commands import backup, restore
from schema.database import EMBEDDED
from tests import scrapy
from tests.gigscrapy.commands.in_process import Ask, asking

pytestmark = pytest.mark.slow


@pytest.fixture
def copy_it(capsys: pytest.CaptureFixture[str]) -> Ask:
    return asking(backup.Command, capsys)


@pytest.fixture
def put_it_back(capsys: pytest.CaptureFixture[str]) -> Ask:
    return asking(restore.Command, capsys)


def test_there_and_back(home: Path, copy_it: Ask, put_it_back: Ask) -> None:
    done = copy_it(home=home)
    told = re.fullmatch(r"(.*\.sqlite3): (\d+ prices of 1 matches, the newest of [0-9: -]+ \(Paris\))\n", done.stdout)
    assert told, done
    assert Path(told[1]).parent == home / "backups"
    done = put_it_back(told[1], home=home)
    first, second = done.stdout.splitlines()
    assert (done.returncode, first) == (0, f"{home / EMBEDDED}: {told[2]}")
    kept = re.fullmatch(
        r"its ledger knows what was stored from [0-9: -]+ \(Paris\) to [0-9: -]+ \(Paris\), which is not stored again if"
        r" it comes again; what waits in the queue is stored; what was stored later and waits no more is lost to it;"
        r" the database as it was before is (.*)",
        second,
    )
    assert kept, second
    assert Path(kept[1]).is_file()


def test_the_oldest_go(home: Path, copy_it: Ask) -> None:
    folder = home / "backups"
    folder.mkdir()
    old = folder / "gigscrapy-2020-01-01T000000Z.sqlite3"
    old.touch()
    assert copy_it("--keep", "1", home=home).stdout.splitlines()[1] == f"removed {old}"
    assert len(list(folder.iterdir())) == 1


def test_a_server_has_its_own_way(tmp_path: Path, copy_it: Ask, put_it_back: Ask) -> None:
    url = "mysql://gig:s3cret@db.example:3307/odds"
    options = "--host=db.example --port=3307 --user=gig --password"
    refused = copy_it(home=tmp_path, DATABASE_URL=url)
    assert refused.returncode == 2
    assert refused.stderr == (
        "the database is on a server, which has its own way: mariadb-dump (or mysqldump) --single-transaction"
        f" {options} --result-file=gigscrapy.sql odds"
    )
    refused = put_it_back("file", home=tmp_path, DATABASE_URL=url)
    assert refused.stderr.endswith(f": mariadb (or mysql) {options} odds < gigscrapy.sql")


@pytest.mark.parametrize("words", [["a", "b"], ["a", "--keep", "1"]])
def test_what_backup_takes(words: list[str], tmp_path: Path, copy_it: Ask) -> None:
    assert copy_it(*words, home=tmp_path).stderr.startswith("scrapy backup takes one file, or --keep")


def test_what_cannot_be_done_is_a_sentence(tmp_path: Path, copy_it: Ask, put_it_back: Ask) -> None:
    assert copy_it(home=tmp_path).stderr == f"there is no database at {tmp_path / EMBEDDED} yet"
    assert put_it_back(home=tmp_path).stderr.startswith("scrapy restore takes one file")
    assert put_it_back(str(tmp_path / "none"), home=tmp_path).stderr == f"there is no file {tmp_path / 'none'}"


def test_as_commands(tmp_path: Path) -> None:
    done = scrapy("restore", str(tmp_path / "none"), home=tmp_path)
    assert (done.returncode, "there is no file" in done.stderr, "Traceback" in done.stderr) == (2, True, False)
