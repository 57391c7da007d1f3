"""Faults of Scrapyd. The real one, killed while it crawls."""

from pathlib import Path

import psutil
import pytest

from gigscrapy.cancelling import Exit, cancel
from schema.messages import RunReport
from tests import spooled
from tests.gigscrapy.daemon.daemons import Held, scrapyd, tables, until

pytestmark = pytest.mark.slow


def test_row_44_scrapyd_is_killed_while_it_crawls(tmp_path: Path):
    home = tmp_path / "home"
    with Held() as site:
        with scrapyd(home, site.url, CRAWLS_PER_NODE="1") as daemon:
            for number in (1, 2):
                daemon.node.schedule("ligue1", f"run-{number}", {})
            until(site.matches_asked)
            [pid] = [job.pid for job in daemon.node.jobs() if job.state == "running"]
            crawl = psutil.Process(pid)
            daemon.process.kill9()
        with tables(home) as database:
            assert cancel(database, [daemon.node], home, "run-1", patience=0.3).exit == Exit.RUNNING
            # The kernel has told it; a second word would have broken it off, and it would not report.
            site.released.set()
            assert cancel(database, [daemon.node], home, "run-1").exit == Exit.STOPPED
        until(lambda: not crawl.is_running(), 5)  # whoever inherits the dead may take a moment
        site.released.clear()
        site.asked.clear()
        with scrapyd(home, site.url, port=daemon.port, CRAWLS_PER_NODE="1") as daemon:
            # What waited begins; what ran is not begun again by Scrapyd.
            until(site.matches_asked)
            assert [(job.run_id, job.state) for job in daemon.node.jobs()] == [("run-2", "running")]
            site.released.set()
            until(lambda: daemon.node.has("run-2") == "finished")
    last = {message.run_id: message.verdict for message in spooled(home) if isinstance(message, RunReport)}
    assert last == {"run-1": "interrupted", "run-2": "complete"}
