"""What the command makes of its words and variables; what it starts: tests/gigscrapy/daemon."""

from pathlib import Path
from unittest import mock

import pytest

from gigscrapy.commands.scrapyd import Command
from gigscrapy.daemon.start import Plan
from tests.gigscrapy.commands.in_process import Ask, asking

UNSET = {"SCRAPYD_HOST": "127.0.0.1", "SCRAPYD_PORT": "6800", "CRAWLS_PER_NODE": "2", "SCRAPYD_PASSWORD": None}


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    with mock.patch("gigscrapy.commands.scrapyd.log_what_it_says"):
        yield asking(Command, capsys)


def test_its_variables_and_its_options(ask: Ask, tmp_path: Path) -> None:
    plan = Plan(tmp_path, "127.0.0.1", 6800, 2, "gigscrapy", None, deployable=False)
    chosen = UNSET | {"SCRAPYD_HOST": "::1", "SCRAPYD_PORT": "7000", "CRAWLS_PER_NODE": "5", "SCRAPYD_PASSWORD": "x"}
    with mock.patch("gigscrapy.commands.scrapyd.run") as run:
        ask(home=tmp_path, **UNSET)
        ask(home=tmp_path, **chosen)
        ask("--host", "127.0.0.2", "--port", "7001", "--deployable", home=tmp_path, **chosen)
    assert [call.args[0] for call in run.call_args_list] == [
        plan,
        Plan(tmp_path, "::1", 7000, 5, "gigscrapy", "x", deployable=False),
        Plan(tmp_path, "127.0.0.2", 7001, 5, "gigscrapy", "x", deployable=True),
    ]


@pytest.mark.parametrize(
    ("words", "changed", "told"),
    [
        (("x",), {}, "takes options only"),
        (("--port", "http"), {}, "a port is a number"),
        ((), {"CRAWLS_PER_NODE": "many"}, "CRAWLS_PER_NODE is a number from 1 to 100"),
        ((), {"SCRAPYD_HOST": "0.0.0.0"}, "others reach it: set SCRAPYD_PASSWORD"),
        (("--host", "0.0.0.0"), {"SCRAPYD_PASSWORD": ""}, "others reach it: set SCRAPYD_PASSWORD"),
    ],
)
def test_what_cannot_be(
    ask: Ask, tmp_path: Path, words: tuple[str, ...], changed: dict[str, object], told: str
) -> None:
    refused = ask(*words, home=tmp_path, **(UNSET | changed))
    assert refused.returncode == 2
    assert told in refused.stderr
    assert not (tmp_path / "scrapyd").exists()
