import stat
import threading
from pathlib import Path

from gigscrapy.daemon.password import known, made


def test_nobody_knows_it_before_it_is_made(tmp_path: Path) -> None:
    assert known(tmp_path) is None
    assert not (tmp_path / "scrapyd").exists()


def test_it_is_made_once(tmp_path: Path) -> None:
    secret = made(tmp_path)
    assert len(secret) == 32
    assert (made(tmp_path), known(tmp_path)) == (secret, secret)
    assert made(tmp_path / "other") != secret


def test_several_who_make_it_have_the_same(tmp_path: Path) -> None:
    found: set[str] = set()
    threads = [threading.Thread(target=lambda: found.add(made(tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {known(tmp_path)}
    assert [path.name for path in (tmp_path / "scrapyd").iterdir()] == ["password"]


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    (tmp_path / "scrapyd").mkdir(mode=0o755)
    made(tmp_path)
    folder = tmp_path / "scrapyd"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "password")] == [0o700, 0o600]
