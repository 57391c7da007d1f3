"""The command as a person starts it, with the embedded queue and tables; what it does is tested with the worker."""

import signal
import subprocess
from pathlib import Path

import pytest

from gigscrapy.commands.worker import Command
from tests.gigscrapy.commands.in_process import asking
from tests.gigscrapy.commands.test_consume import start
from tests.gigscrapy.standin import SECRET, StandIn


def until_said(worker: "subprocess.Popen[str]", text: str) -> str:
    assert worker.stdout is not None
    said = ""
    while text not in said:
        line = worker.stdout.readline()
        assert line, said
        said += line
    return said


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(how: signal.Signals, tmp_path: Path) -> None:
    with StandIn() as node:
        name = node.node(tmp_path).name
        worker = start("worker", home=tmp_path, SCRAPYD_URLS=name, SCRAPYD_PASSWORD=SECRET, CRAWLS_AT_ONCE="3")
        said = until_said(worker, "messages come from queue scraping_tasks")
        worker.send_signal(how)
        rest, _ = worker.communicate(timeout=30)
    assert worker.returncode == 0, rest
    assert f"tasks from the spool in {tmp_path}, 3 crawls at once on {name}" in said
    assert rest.endswith("0 tasks made 0 runs, 0 refused; 0 runs given to nodes, 0 lost\n")
    assert SECRET not in said + rest


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"CRAWLS_AT_ONCE": "0"}, "CRAWLS_AT_ONCE is a whole number from 1 on, not '0'"),
        ({"CRAWLS_AT_ONCE": "many"}, "CRAWLS_AT_ONCE is a whole number from 1 on, not 'many'"),
        ({"RUN_SILENCE": "-5"}, "RUN_SILENCE is a whole number from 1 on, not '-5'"),
    ],
)
def test_bounds_that_are_none(
    changed: dict[str, object], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = asking(Command, capsys)(home=tmp_path, **changed)
    assert (done.returncode, done.stderr) == (2, sentence)


def test_addresses_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asking(Command, capsys)(home=tmp_path, SCRAPYD_URLS="ftp://x").returncode == 78
