"""Commands run in the tests' own process, which takes no second; how they start is tested beside them."""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from tests import OWN_ENVIRONMENT, ROOT, Ran
from tests.gigscrapy.own_log import own_log

Ask = Callable[..., Ran]


def unread(*words: str, home: Path) -> str:
    """What a command, in a process of its own, writes to standard error where nobody reads its output any more."""
    theirs, ours = os.pipe()
    os.close(theirs)
    inherited = {name: value for name, value in os.environ.items() if name not in OWN_ENVIRONMENT}
    try:
        return subprocess.run(
            [sys.executable, "-m", "scrapy", *words],
            cwd=ROOT,
            env=inherited | {"GIGSCRAPY_HOME": str(home)},
            stdout=ours,
            stderr=subprocess.PIPE,
            text=True,
            timeout=150,
            check=False,
        ).stderr
    finally:
        os.close(ours)


def asking(command: type[ScrapyCommand], capsys: pytest.CaptureFixture[str]) -> Ask:
    """``ask(*words, home=…, SETTING=…)``: as ``tests.scrapy`` does it, with the project's settings and nobody's own."""

    def ask(*words: str, home: Path, **changed: object) -> Ran:
        settings = Settings()
        settings.setmodule("gigscrapy.settings")
        unset = dict.fromkeys(("DATABASE_URL", "RABBIT_URL", "GIG_DATABASE_URL"))
        settings.setdict(unset | {"GIGSCRAPY_HOME": str(home)} | changed, "cmdline")
        asked = command()
        asked.settings = settings
        parser = argparse.ArgumentParser()
        asked.add_options(parser)
        options, arguments = parser.parse_known_args(words)
        capsys.readouterr()
        try:
            with own_log():
                asked.run(arguments, options)
        except UsageError as error:
            return subprocess.CompletedProcess(words, 2, "", str(error))
        said = capsys.readouterr()
        return subprocess.CompletedProcess(words, asked.exitcode, said.out, said.err)

    return ask
