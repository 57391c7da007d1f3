import pytest

from gigscrapy.broker.rabbitmq import link


@pytest.fixture(autouse=True)
def short_pauses(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fifth of a second between attempts, save for the test of the pauses themselves."""
    if "pauses" not in request.node.name:
        monkeypatch.setattr(link.Pauses, "next", lambda _: 0.2)
