"""What several commands are asked about: a crawl that was made and stored once for all of them."""

import shutil
from pathlib import Path

import pytest

from tests import scrapy
from tests.gigscrapy.plain_site import plain_crawl


@pytest.fixture(scope="session")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which one match was crawled and stored; to be looked at only."""
    home = tmp_path_factory.mktemp("crawled")
    assert (ran := plain_crawl(home)).returncode == 0, ran.stderr
    assert (ran := scrapy("consume", "--drain", home=home)).returncode == 0, ran.stderr
    return home


@pytest.fixture
def home(crawled: Path, tmp_path: Path) -> Path:
    """A copy of it, to do with as a test likes."""
    return shutil.copytree(crawled, tmp_path / "home")
