"""The application over a season that goes on, on either kind of database; only to be read."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from flask.testing import FlaskClient

from admin import create_app
from schema.database import connect, hang_up
from schema.store import Store
from tests.admin import season, signed_in
from tests.admin.conftest import current
from tests.schema.laid import lay
from tests.schema.letters import letters


@pytest.fixture(scope="package")
def minute() -> datetime:
    return season.now()


@pytest.fixture(scope="package", params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def seasoned(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, minute: datetime
) -> Iterator[FlaskClient]:
    """A browser in which somebody who reads is signed in."""
    home = tmp_path_factory.mktemp("seasoned")
    url = None
    if request.param == "mariadb":
        server = request.getfixturevalue("mariadb")
        url = server.url(server.new_database())
        database = connect(url, home)
        lay(database)
        hang_up(database)
    app = create_app(url, home)
    Store(current()).store(letters(*season.season(minute), received_at=minute))
    yield signed_in(app, "viewer")
    hang_up(current())
