"""What gig-benchmark's environment variables mean to us."""

import pytest

from gigscrapy.broker.rabbitmq.link import Address
from gigscrapy.gigenvironment import database_url, rabbit_url, task_queue
from schema.database import connect
from tests import ROOT, scrapy

ITS_OWN = {
    "RABBITMQ_HOST": "rabbit.lan",
    "RABBITMQ_PORT": "5673",
    "RABBITMQ_USER": "gig user",
    "RABBITMQ_PASSWORD": "p@ss/w:rd",
    "RABBITMQ_VHOST": "/odds",
    "RABBITMQ_HEARTBEAT": "600",
    "RABBITMQ_BLOCKED_TIMEOUT": "300",
    "RABBITMQ_QUEUE": "scraping_tasks",
    "MYSQL_HOST": "mysql.lan",
    "MYSQL_PORT": "3307",
    "MYSQL_USER": "gig",
    "MYSQL_PASSWORD": "p@ss/w:rd",
    "MYSQL_DATABASE": "odds",
}


def test_the_broker() -> None:
    url = rabbit_url(ITS_OWN)
    assert url
    at = Address(url).parameters("a test")
    assert (at.host, at.port, at.virtual_host, at.heartbeat, at.blocked_connection_timeout) == (
        "rabbit.lan",
        5673,
        "/odds",
        600,
        300,
    )
    assert (at.credentials.username, at.credentials.password) == ("gig user", "p@ss/w:rd")
    assert rabbit_url({"RABBITMQ_HOST": "h", "RABBITMQ_PASSWORD": "p"}) == "amqp://gig_user:p@h:5672/%2F"


def test_the_database() -> None:
    url = database_url(ITS_OWN)
    assert url == "mysql://gig:p%40ss%2Fw%3Ard@mysql.lan:3307/odds"
    at = connect(url, ROOT).connect_params
    assert (at["host"], at["port"], at["user"], at["password"]) == ("mysql.lan", 3307, "gig", b"p@ss/w:rd")


def test_ours_come_first() -> None:
    ours = {"RABBIT_URL": "amqp://a:b@c/d", "DATABASE_URL": "mysql://a:b@c/d"}
    assert (rabbit_url(ITS_OWN | ours), database_url(ITS_OWN | ours)) == tuple(ours.values())
    assert (rabbit_url({}), database_url({"RABBIT_URL": ""}), task_queue({})) == (None, None, "scraping_tasks")


@pytest.mark.parametrize("missing", ["RABBITMQ_PASSWORD", "MYSQL_PASSWORD", "MYSQL_DATABASE"])
def test_nothing_is_guessed(missing: str) -> None:
    told = {name: value for name, value in ITS_OWN.items() if name != missing}
    with pytest.raises(SystemExit, match=missing):
        (rabbit_url if missing.startswith("R") else database_url)(told)


@pytest.mark.parametrize("name", ["odds", "tasks.dead", "a b", "x" * 51])
def test_a_queue_of_tasks_that_would_not_do(name: str) -> None:
    with pytest.raises(SystemExit, match="RABBITMQ_QUEUE"):
        task_queue({"RABBITMQ_QUEUE": name})


def test_programs_read_them(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    told = {"RABBITMQ_HOST": "127.0.0.1", "RABBITMQ_PORT": "1", "RABBITMQ_PASSWORD": "secret"}
    ran = scrapy("ask", "ligue1", home=home, environment=told | {"RABBITMQ_QUEUE": "tasks"})
    assert ran.returncode != 0
    assert "Connection refused" in ran.stderr
    assert "secret" not in ran.stderr
    ran = scrapy("ask", "ligue1", home=home, environment={"RABBITMQ_HOST": "127.0.0.1"})
    assert (ran.returncode, "RABBITMQ_PASSWORD is not" in ran.stderr, "Traceback" in ran.stderr) == (1, True, False)
