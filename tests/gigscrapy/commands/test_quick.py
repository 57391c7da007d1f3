"""A command begins soon: Scrapy imports every command for each, and Playwright alone would take a sixth of that."""

import subprocess
import sys

from tests import ROOT

SAID = "import sys; from scrapy.utils.misc import walk_modules_iter as walk; [*walk('gigscrapy.commands')]"


def test_no_command_brings_the_browser_along() -> None:
    subprocess.run([sys.executable, "-c", f"{SAID}; assert 'playwright' not in sys.modules"], cwd=ROOT, check=True)
