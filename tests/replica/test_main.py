import signal
import subprocess
import sys

import pytest

from replica import Options
from replica.__main__ import read
from replica.faults import FAULTS
from tests.replica import LIGUE_1, NOW, get


@pytest.fixture
def start():
    """Starts the command and gives it back once it has said where it listens."""
    started = []

    def run(*arguments: str):
        process = subprocess.Popen(
            [sys.executable, "-m", "replica", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, process.stdout.readline().strip()

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_serves_and_leaves_with_0_when_told(start, number):
    process, url = start("--now", NOW.isoformat(), "--layout", "E")
    assert url.startswith("http://127.0.0.1:")
    assert b"match-row" in get(url + LIGUE_1).body
    process.send_signal(number)
    assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0


def test_a_taken_port_is_said_in_one_line(start):
    _, url = start()
    process, nothing = start("--port", url.rpartition(":")[2])
    assert nothing == ""
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert errors.count("\n") == 1
    assert "in use" in errors


def test_without_arguments_the_options_are_the_usual_ones():
    assert read([]) == Options()


def test_every_option_can_be_asked_for(tmp_path):
    file = tmp_path / "page.html"
    file.write_text("x")
    words = (
        "--host localhost --port 8080 --layout G --seed 7 --now 2026-03-25T10:30:00Z --moves 3 --bookmakers 5"
        " --unknown-bookmaker --matches 9 --started 2 --holes --page-size 4 --inject-delay 20 --fault slow"
        f" --fault-on ^/cote/ --fault-count 6 --delay 0.5 --static /a={file} --static /b={file}"
    )
    assert read(words.split()) == Options(
        host="localhost",
        port=8080,
        layout="G",
        seed=7,
        now=NOW,
        tick=3,
        bookmakers=5,
        unknown_bookmaker=True,
        matches=9,
        started=2,
        holes=True,
        page_size=4,
        inject_delay=20,
        fault="slow",
        fault_on="^/cote/",
        fault_count=6,
        delay=0.5,
        static={"/a": file, "/b": file},
    )
    assert read(["--tick-file", str(file)]).tick_file == file


@pytest.mark.parametrize(
    "words",
    [
        "--layout Z",
        "--matches 0",
        "--fault fire",
        "--fault-on (",
        "--static nothing",
        "--tick 1 --tick-file x",
        "--now x",
    ],
)
def test_a_senseless_command_line_is_refused_with_code_2(words, capsys):
    with pytest.raises(SystemExit) as caught:
        read(words.split())
    assert caught.value.code == 2
    assert words.split()[0].strip("-").split("-")[0] in capsys.readouterr().err


def test_help_lists_every_fault(capsys):
    with pytest.raises(SystemExit):
        read(["--help"])
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in FAULTS)
