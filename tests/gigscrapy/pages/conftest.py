"""The one test that reads a page of the real site needs the folder it is kept in, beside the project and never in it."""

from pathlib import Path

CAPTURED = Path(__file__).parents[4] / "shared" / "data" / "coteur"

collect_ignore = [] if CAPTURED.is_dir() else ["test_captured_page.py"]
