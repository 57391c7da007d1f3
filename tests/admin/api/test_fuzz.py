"""Whatever is asked, the answer is one that the specification knows: Schemathesis, over every operation.

``CASES`` per operation (``make fuzz``: a thousand, on both kinds of database); a few in each run of the tests.
"""

import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation

from admin import create_app
from admin.live import PriceStream
from schema.database import connect, hang_up
from schema.store import Store
from tests.admin import crowd
from tests.admin.api.conftest import program
from tests.admin.conftest import current
from tests.schema.laid import lay
from tests.schema.letters import letters

CASES = int(os.environ.get("CASES", "8"))
ONLY = os.environ.get("ONLY", "")
"""A regular expression: the operations that are asked, ``ONLY='^POST /tasks$'``."""
STREAM_SECONDS = 0.02
"""A stream is read to its end, which is five minutes away else."""
THERE = 9
"""So many rows of everything are there, or were once."""
NAMED = {"ref": "{}", "run": "run-{:02}", "task": "task-{:02}"}
"""By what is called in an address what is not called by a number."""
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
    asking = program(app, *SCOPES)
    for number in range(THERE):
        hook = {"name": f"hook {number}", "url": "https://example.org/hook", "kinds": ["run.ended"]}
        assert asking.post("/webhooks", hook).status_code == 201
        assert asking.post(f"/webhooks/{number + 1}/test").status_code == 202
        assert asking.post("/follows", {"kind": "league", "id": number + 1}).status_code == 201
    with patch.dict(PriceStream.events.__kwdefaults__, life=STREAM_SECONDS):
        yield app, asking.key
    app.config["HUB"].close()
    hang_up(current())


@pytest.fixture(scope="module")
def specification(filled):
    app, _ = filled
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=configured())


def configured() -> SchemathesisConfig:
    """400 is said to a cursor of another question, and to two instants in the wrong order: no schema knows that. And
    413 to what is too long, whatever is wrong with it besides.
    """
    negative = {str(status) for status in (400, 401, 403, 404, 405, 409, 413, 415, 422)}
    return SchemathesisConfig.from_dict(
        {
            "generation": {"with-security-parameters": False},
            "checks": {
                "positive_data_acceptance": {"expected-statuses": ["2xx", "304", "400", "404", "409"]},
                "negative_data_rejection": {"expected-statuses": sorted(negative)},
            },
        }
    )


def test_every_answer_is_in_the_specification(request, filled, specification, subtests):
    _, key = filled
    operations = [found.ok() for found in specification.get_all_operations()]
    operations = [operation for operation in operations if re.search(ONLY, operation.label)]
    assert operations, f"ONLY: no operation is called like {ONLY!r}"
    for operation in sorted(operations, key=lambda one: one.method.upper() == "DELETE"):  # what is gone is not asked
        with subtests.test(operation.label), told(f"{request.node.callspec.id}: {operation.label}") as answers:
            check(operation, key, answers)


def check(operation, key: str, answers: Counter[int]) -> None:
    """:param answers: counts each status that is answered.

    :raises Exception: with the request that shows what is wrong, as a line of curl.
    """

    @settings(
        max_examples=max(1, CASES // 2),  # each is two: one as the specification has it, and one that twists it
        deadline=None,
        derandomize="CASES" not in os.environ,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
        database=None,
    )
    @given(
        operation.as_strategy(),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        st.none() | st.integers(1, THERE),
    )
    def holds(case, twisted, number) -> None:
        for one in (case, twisted):
            if number and not one.meta.is_negative_at(ParameterLocation.PATH):
                point_at(one.path_parameters, number)
            answer = one.call_and_validate(headers={"Authorization": f"Bearer {key}"})
            answers[answer.status_code] += 1

    holds()


def point_at(place: dict[str, Any], number: int) -> None:
    """Name something that is there: by chance nothing ever is."""
    for name, value in place.items():
        if isinstance(value, int):
            place[name] = number
        elif name in NAMED:
            place[name] = NAMED[name].format(number)


@contextmanager
def told(what: str) -> Iterator[Counter[int]]:
    """Say what came of it in FUZZ_LOG, where that names a file: a thousand cases of all take half an hour."""
    began, answers = time.monotonic(), Counter[int]()
    result = "FAILED"
    try:
        yield answers
        result = "passed"
    except BaseException as error:
        result = f"FAILED {error!r} {error}"
        raise
    finally:
        if path := os.environ.get("FUZZ_LOG"):
            statuses = " ".join(f"{status}:{count}" for status, count in sorted(answers.items()))
            with Path(path).open("a") as file:
                file.write(f"{what}: {answers.total()} cases, {statuses}, {time.monotonic() - began:.1f} s {result}\n")
