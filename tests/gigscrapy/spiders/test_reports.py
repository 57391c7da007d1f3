"""What a crawl says of itself while it runs, as the queue gets it."""

import time
from itertools import pairwise
from pathlib import Path

import pytest

from schema.messages import RunReport
from tests import crawl, spooled
from tests.faults.filled import FilledSite, Handler


def slowly(handler: Handler, times: int) -> bool:
    """Match pages take a while, and the third of them is not there."""
    asked = [path for _, path in handler.server.site.asked if path.startswith("/cote/")]
    if handler.path not in asked:
        return False
    time.sleep(0.25)
    if asked.index(handler.path) != 2:
        return False
    handler.answer(404)
    return True


@pytest.mark.slow
def test_a_crawl_is_followed_from_its_start_to_its_end(tmp_path: Path) -> None:
    with FilledSite(matches=12, behaviour=slowly) as site:
        ran = crawl(site.url, tmp_path, REPORT_SECONDS=1, CONCURRENT_REQUESTS=1)
    assert ran.returncode == 30, ran.stderr
    reports = [message for message in spooled(tmp_path) if isinstance(message, RunReport)]
    first, *between, last = reports
    assert [report.state for report in reports] == ["running"] * (len(reports) - 1) + ["finished"]
    assert len(between) >= 2
    assert (first.current, set(first.counts.values())) == (None, {0})
    # Each report is later than the one before, but no two are of the same second, and no count goes back.
    for before, after in pairwise(reports):
        assert after.reported_at > before.reported_at
        assert all(before.counts[name] <= after.counts[name] for name in before.counts)
    for before, after in pairwise(reports[:-1]):
        assert (after.reported_at - before.reported_at).total_seconds() > 0.9
    assert between[-1].counts["parsed"] >= 1
    for report in between:
        assert report.counts["yielded"] == 15 * report.counts["parsed"]
        assert (report.current is None) == (report.counts["parsed"] == 0)
        assert report.finished_at is report.verdict is report.exit_code is None
    assert (last.current, last.verdict) == (None, "incomplete")
    told = ("discovered", "fetched", "parsed", "yielded", "published", "pages", "retries", "errors")
    # robots.txt, the list, and twelve matches; one of them is not there, which is no reason to ask again.
    assert [last.counts[name] for name in told] == [12, 11, 11, 165, 165, 14, 0, 1]
