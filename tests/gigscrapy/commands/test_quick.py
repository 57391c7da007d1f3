"""A command begins soon: Scrapy imports every command for each, its own too.

Playwright alone would take a sixth of that, Pydantic a quarter.
"""

import subprocess
import sys

from tests import ROOT

SAID = """
import sys
from scrapy.utils.misc import walk_modules_iter as walk
from scrapy.utils.project import get_project_settings
get_project_settings()
[*walk("scrapy.commands"), *walk("gigscrapy.commands")]
assert "itemadapter" in sys.modules
assert not {"playwright", "pydantic", "pydantic_core"} & sys.modules.keys()
import pydantic  # whoever wants it has it
"""


def test_no_command_brings_the_browser_or_pydantic_along() -> None:
    subprocess.run([sys.executable, "-c", SAID], cwd=ROOT, check=True)
