from collections.abc import Iterator
from pathlib import Path

import pytest

from schema.database import connect, hang_up
from tests.faults.site import HeldSite
from tests.schema.laid import lay


@pytest.fixture
def database_url(mariadb_url: str, tmp_path: Path) -> str:
    """The address of a MariaDB database of this test's own, with its tables."""
    database = connect(mariadb_url, tmp_path)
    lay(database)
    hang_up(database)
    return mariadb_url


@pytest.fixture
def site(tmp_path: Path) -> Iterator[HeldSite]:
    folder = tmp_path / "pages"
    folder.mkdir()
    with HeldSite(folder) as held:
        yield held
