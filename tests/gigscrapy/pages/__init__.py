"""Pages of our own making, each as small as its trap allows, in the folder ``fixtures``."""

from datetime import UTC, datetime
from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures"
CAPTURED = Path(__file__).parents[4] / "shared" / "data" / "coteur"
"""Where the one page of the real site is kept, beside the project and never in it; on most machines it is not."""

NOW = datetime(2025, 10, 20, 12, 0, tzinfo=UTC)
LEAGUE_URL = "https://site.test/cotes/foot/bourgogne/ligue-9"
MATCH_URL = "https://site.test/cote/avallon-beaune-101"


def page(name: str) -> str:
    return (FIXTURES / f"{name}.html").read_text(encoding="utf-8")


def but(html: str, *changes: tuple[str, str]) -> str:
    """``html`` with each first text of ``changes`` replaced everywhere by the second; each must occur."""
    for old, new in changes:
        assert old in html, f"{old!r} is not in the page"
        html = html.replace(old, new)
    return html


def utc(day: str, time: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{time}+00:00")
