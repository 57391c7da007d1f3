"""Whatever is asked, the answer is one that the specification knows: Schemathesis, over every operation.

``CASES`` per operation (``make fuzz``: a thousand, on both kinds of database); a few in each run of the tests.
"""

import os
from collections.abc import Iterator

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from admin import create_app
from schema.database import connect, hang_up
from schema.store import Store
from tests.admin import crowd
from tests.admin.api.conftest import program
from tests.admin.conftest import current
from tests.schema.laid import lay
from tests.schema.letters import letters

CASES = int(os.environ.get("CASES", "8"))
SCOPES = ("read", "export", "jobs", "ingest")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200 if "CASES" in os.environ else 180)]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def filled(request, tmp_path_factory) -> Iterator[tuple[Flask, str]]:
    """An application over a crowd, and a key that opens everything."""
    home = tmp_path_factory.mktemp("fuzz")
    url = None
    if request.param == "mariadb":
        server = request.getfixturevalue("mariadb")
        url = server.url(server.new_database())
        database = connect(url, home)
        lay(database)
        hang_up(database)
    os.environ["API_RATE_LIMIT"] = "100000000"
    try:
        app = create_app(url, home)
    finally:
        del os.environ["API_RATE_LIMIT"]
    Store(current()).store(letters(*crowd.messages()))
    crowd.fill(current())
    yield app, program(app, *SCOPES).key
    app.config["HUB"].close()
    hang_up(current())


@pytest.fixture(scope="module")
def specification(filled):
    app, _ = filled
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=configured())


def configured() -> SchemathesisConfig:
    """400 is said to a cursor of another question, and to two instants in the wrong order: no schema knows that."""
    return SchemathesisConfig.from_dict(
        {
            "generation": {"with-security-parameters": False},
            "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "304", "400", "404", "409"]}},
        }
    )


def test_every_answer_is_in_the_specification(filled, specification, subtests):
    _, key = filled
    for found in specification.get_all_operations():
        operation = found.ok()
        with subtests.test(operation.label):
            check(operation, key)


def check(operation, key: str) -> None:
    """:raises Exception: with the request that shows what is wrong, as a line of curl."""

    @settings(
        max_examples=max(1, CASES // 2),  # each is two: one as the specification has it, and one that twists it
        deadline=None,
        derandomize="CASES" not in os.environ,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
        database=None,
    )
    @given(operation.as_strategy(), operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def holds(case, twisted) -> None:
        for one in (case, twisted):
            one.call_and_validate(headers={"Authorization": f"Bearer {key}"})

    holds()
