"""Each test with ``store`` is run on both kinds of database, each time with one of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schema.database import connect, hang_up
from schema.messages import Message
from schema.models import use
from schema.store import Store
from tests.schema.laid import lay
from tests.schema.letters import letters


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """``store(message, …)`` puts messages into the tables."""
    url = request.getfixturevalue("mariadb_url") if request.param == "mariadb" else None
    database = connect(url, tmp_path)
    use(database)
    lay(database)

    def put(*messages: Message) -> None:
        Store(database).store(letters(*messages))

    yield put
    hang_up(database)
