import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from replica import demo
from tests import OWN_ENVIRONMENT, ROOT


def environment(home: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in OWN_ENVIRONMENT}
    return inherited | {"GIGSCRAPY_HOME": str(home)}


def run_demo(home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "replica.demo"],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_home_that_is_a_file_is_told_in_a_sentence(tmp_path):
    home = tmp_path / "home"
    home.write_text("")
    ran = run_demo(home)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert f"{home} cannot be the folder of the data (GIGSCRAPY_HOME): File exists" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_bad_tick_is_told_in_a_sentence(tmp_path):
    (tmp_path / "replica-tick").write_text("soon")
    ran = run_demo(tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "holds 'soon' where a tick should be; delete it to begin again" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(("crawled", "followed"), [(2, []), (20, ["consume", "--run"]), (0, ["consume", "--run"])])
def test_what_follows_a_crawl(tmp_path, monkeypatch, capsys, crawled, followed):
    asked: list[str] = []

    def python(module: str, *arguments: str, quiet: bool = False) -> int:
        asked.append(arguments[0])
        return crawled if arguments[0] == "crawl" else 0

    monkeypatch.setattr(demo, "python", python)
    monkeypatch.setattr(sys, "argv", ["demo"])
    monkeypatch.setenv("GIGSCRAPY_HOME", str(tmp_path))
    assert demo.main() == crawled
    assert asked == ["crawl", *followed]
    assert ("Données" in capsys.readouterr().out) == bool(followed)


@pytest.mark.browser
def test_ctrl_c_ends_it_in_one_line(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "replica.demo"],
        cwd=ROOT,
        env=environment(tmp_path) | {"LOG_LEVEL": "ERROR"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr
        first = process.stderr.readline()  # the crawl's first match
        os.killpg(process.pid, signal.SIGINT)
        output, rest = process.communicate(timeout=60)
    assert (process.returncode, output) == (130, ""), rest
    assert "bookmakers" in first
    assert "Traceback" not in rest
    assert rest.endswith("\nInterrompu.\n")
