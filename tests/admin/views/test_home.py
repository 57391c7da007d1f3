"""The first page: the newest runs are those that started last."""

from collections.abc import Callable
from dataclasses import replace

from flask.testing import FlaskClient

from tests.schema.letters import NOON, REPORT


def test_the_newest_runs_come_first_whatever_their_ids(client: FlaskClient, fill: Callable[..., None]) -> None:
    hours = {"a-newest": 16, "b-oldest": 9, "c-middle": 12}
    fill(
        *(replace(REPORT, run_id=name, spider=name, started_at=NOON.replace(hour=hour)) for name, hour in hours.items())
    )
    shown = client.get("/admin/").text
    assert sorted(hours, key=shown.index) == ["a-newest", "c-middle", "b-oldest"]
