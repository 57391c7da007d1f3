import dataclasses
import os
from pathlib import Path

import pytest

from gigscrapy.broker.ownerlock import OwnerLock
from gigscrapy.daemon.configuration import configuration, write
from gigscrapy.daemon.start import CannotStart, Plan, for_crawls, run
from tests import ROOT

PLAN = Plan(
    home=Path("home"),
    host="127.0.0.1",
    port=6800,
    crawls=2,
    username="gigscrapy",
    password=None,
    deployable=False,
)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_this_machine_needs_no_password_of_anybodys_choice(host: str) -> None:
    dataclasses.replace(PLAN, host=host).check()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2"])
def test_others_do(host: str) -> None:
    with pytest.raises(CannotStart, match=f"on {host} others reach it: set SCRAPYD_PASSWORD"):
        dataclasses.replace(PLAN, host=host).check()
    dataclasses.replace(PLAN, host=host, password="chosen").check()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"host": "example.org"}, "--host is an address of this machine"),
        ({"port": 0}, "a port is"),
        ({"port": 65536}, "a port is"),
        ({"crawls": 0}, "CRAWLS_PER_NODE is a number from 1 to 100"),
        ({"username": "a:b"}, "SCRAPYD_USERNAME has no colon"),
    ],
)
def test_what_cannot_be(changed: dict[str, object], told: str) -> None:
    with pytest.raises(CannotStart, match=told):
        dataclasses.replace(PLAN, **changed).check()


def test_no_two_in_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "scrapyd" / "6800"
    folder.mkdir(parents=True)
    lock = OwnerLock.take(folder / "lock")
    assert lock is not None
    with pytest.raises(CannotStart, match=f"another Scrapyd keeps its jobs in {folder}: stop it, or choose another"):
        run(dataclasses.replace(PLAN, home=tmp_path))
    lock.release()


def test_its_folder_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "scrapyd").write_text("")
    with pytest.raises(CannotStart, match=r"its folder cannot be used: .*File exists"):
        run(dataclasses.replace(PLAN, home=tmp_path))


def test_what_a_crawl_gets_of_the_environment() -> None:
    given = {"SCRAPYD_PASSWORD": "a", "SCRAPYD_URLS": "b", "SCRAPYD_BIND_ADDRESS": "0.0.0.0", "RABBIT_URL": "amqp://"}
    given |= {"PYTHONPATH": f"/else{os.pathsep}{ROOT}", "SCRAPY_SETTINGS_MODULE": "gigscrapy.settings"}
    plain, egg = dict(given), dict(given)
    for_crawls(plain, Path("var"), deployable=False)
    for_crawls(egg, Path("var"), deployable=True)
    pid = str(os.getpid())
    both = {"RABBIT_URL": "amqp://", "GIGSCRAPY_HOME": f"{Path.cwd()}/var", "GIGSCRAPY_SCRAPYD_PID": pid}
    both["PYTHONPATH"] = f"{ROOT}:/else"
    assert plain == both | {"GIGSCRAPY_PYTHONPATH": f"{ROOT}:/else", "SCRAPY_SETTINGS_MODULE": "gigscrapy.settings"}
    # Of the project beside it an egg sees nothing.
    assert egg == both | {"GIGSCRAPY_PYTHONPATH": "/else"}


def test_a_folder_with_a_percent_sign(tmp_path: Path) -> None:
    from scrapyd.config import Config

    folder = tmp_path / "100%(x)s"
    folder.mkdir()
    config = Config(values={})
    config.cp.read(write(configuration(folder, host="::1", port=1, crawls=3, settings="a.b"), folder))
    assert config.get("eggs_dir") == f"{folder}/eggs"
    assert config.items("settings") == [("gigscrapy", "a.b")]
    assert config.getint("max_proc") == 3
