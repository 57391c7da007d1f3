"""The settings of an installation that is as it should be; a test spoils one thing."""

from pathlib import Path

import pytest
from scrapy.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    own = Settings()
    own.setmodule("gigscrapy.settings")
    unset = dict.fromkeys(("DATABASE_URL", "RABBIT_URL", "SCRAPYD_PASSWORD"))
    own.setdict(unset | {"GIGSCRAPY_HOME": str(tmp_path), "RABBIT_QUEUE_TYPE": "quorum"}, "project")
    return own
