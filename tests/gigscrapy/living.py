"""Processes that live for a run, and do nothing else."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests import ROOT
from tests.services import die_with_parent

Held = "subprocess.Popen[str]"


@contextlib.contextmanager
def held(home: Path, run_id: str, *how: str) -> Iterator[Held]:
    """A process that lives for this run."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.gigscrapy.scripts.hold_run", str(home), run_id, *how],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - no thread runs
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()
