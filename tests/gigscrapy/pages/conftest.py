"""The test that reads the captured page is collected only where that page is: no other test of the project needs it."""

from tests.gigscrapy.pages import CAPTURED

collect_ignore = [] if CAPTURED.is_dir() else ["test_captured_page.py"]
