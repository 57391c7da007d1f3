"""What the drop-downs offer."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from admin.views import choices
from admin.views.filters import Choice, Filter
from admin.words import Phrase
from schema.models import Runs
from tests.admin import counted
from tests.admin.conftest import current
from tests.schema.letters import NOON, REPORT


def test_the_runs_on_offer_are_those_that_started_last(
    app: Flask, fill: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their ids, of one batch, follow their names."""
    hours = {"a-newest": 16, "b-oldest": 9, "c-middle": 12}
    fill(*(replace(REPORT, run_id=name, started_at=NOON.replace(hour=hour)) for name, hour in hours.items()))
    monkeypatch.setattr(choices, "RUNS_OFFERED", 2)
    with app.test_request_context():
        offered = [Runs.get_by_id(int(key)).run_id for key, _ in choices.runs()]
    assert offered == ["a-newest", "c-middle"]


def test_a_page_asks_for_what_its_drop_downs_offer_and_for_nothing_else(app: Flask, fill: Callable[..., None]) -> None:
    fill(REPORT)
    offering = [Choice("sport", Phrase("Sport"), "sport", choices.sports), Filter("name", Phrase("Nom"), "name")]
    with app.test_request_context(), counted(current()) as asked:
        choices.ask_for(offering)
        assert {name for _, name in choices.sports()} >= {"Football", "Tennis"}
        assert not choices.runs()
    assert len(asked) == 1, asked
    with app.test_request_context():
        assert choices.runs()
