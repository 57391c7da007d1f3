"""Commands run in the tests' own process, which takes no second; how they start is tested beside them."""

import argparse
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from tests import Ran

Ask = Callable[..., Ran]


def asking(command: type[ScrapyCommand], capsys: pytest.CaptureFixture[str]) -> Ask:
    """``ask(*words, home=…, SETTING=…)``: as ``tests.scrapy`` does it, with the project's settings and nobody's own."""

    def ask(*words: str, home: Path, **changed: object) -> Ran:
        settings = Settings()
        settings.setmodule("gigscrapy.settings")
        unset = dict.fromkeys(("DATABASE_URL", "RABBIT_URL"))
        settings.setdict(unset | {"GIGSCRAPY_HOME": str(home)} | changed, "cmdline")
        asked = command()
        asked.settings = settings
        parser = argparse.ArgumentParser()
        asked.add_options(parser)
        options, arguments = parser.parse_known_args(words)
        capsys.readouterr()
        try:
            asked.run(arguments, options)
        except UsageError as error:
            return subprocess.CompletedProcess(words, 2, "", str(error))
        said = capsys.readouterr()
        return subprocess.CompletedProcess(words, asked.exitcode, said.out, said.err)

    return ask
