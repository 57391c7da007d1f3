"""Fixtures around the servers, for a conftest to take over: each server starts once, at the first test that wants it."""

from collections.abc import Iterator

import pytest

from tests.services.rabbitmq import RabbitMQ


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    """A running RabbitMQ. A test may stop, kill or pause it through :func:`rabbit_url`, which sees to the next test."""
    broker = RabbitMQ()
    broker.start(tmp_path_factory.mktemp("rabbitmq"))
    yield broker
    broker.stop()


@pytest.fixture
def rabbit_url(rabbitmq: RabbitMQ) -> Iterator[str]:
    """The URL of a virtual host of this test's own, where there is no queue yet."""
    vhost = rabbitmq.new_vhost()
    yield rabbitmq.url(vhost)
    rabbitmq.revive()
    rabbitmq.delete_vhost(vhost)
