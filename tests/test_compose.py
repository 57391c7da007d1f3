"""``docker-compose.yml``: a file that Docker takes, without a secret, whose commands do here what they do in there."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from ruamel.yaml import YAML

from gigscrapy.services import SERVICES
from schema.database import connect, hang_up
from schema.models import Odds, Runs
from tests import OWN_ENVIRONMENT, OWN_SITE, ROOT
from tests.faults.filled import FilledSite
from tests.services import die_with_parent, free_ports
from tests.services.mariadb import MariaDB
from tests.services.rabbitmq import RabbitMQ

FILE = ROOT / "docker-compose.yml"
COMPOSE: Mapping[str, Any] = YAML(typ="safe").load(FILE)
OURS = {name: service for name, service in COMPOSE["services"].items() if service.get("image") == "gigscrapy"}

SECRETS = {
    "RABBITMQ_PASSWORD": "r4bbit",
    "MYSQL_PASSWORD": "my5ql",
    "MYSQL_ROOT_PASSWORD": "r00t",
    "SCRAPYD_PASSWORD": "5crapyd",
}
"""As a person's .env would have them."""

_VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}|\$\$")


def filled_in(text: str, said: Mapping[str, str]) -> str:
    """``text`` as Compose reads it, with the variables that are ``said``."""

    def value(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        if said.get(found[1]):
            return said[found[1]]
        assert found[2] == "-", f"{found[1]} is not set: {found[3]}"
        return found[3]

    return _VARIABLE.sub(value, text)


def environment_of(name: str, said: Mapping[str, str]) -> dict[str, str]:
    """A variable without a value is as it is ``said``, and not there where it is not."""
    own = {key: value for key, value in OURS[name]["environment"].items() if value is not None or key in said}
    return {key: said[key] if value is None else filled_in(str(value), said) for key, value in own.items()}


def test_docker_takes_the_file() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_secret_comes_from_outside_and_none_has_a_default() -> None:
    text = FILE.read_text()
    for name in SECRETS:
        assert f"${{{name}:?" in text
        assert f"\n{name}=\n" in (ROOT / ".env.example").read_text()
    secrets = re.findall(r"^\s*\w*(?:PASS|PASSWORD|SECRET|KEY)\w*:[ ]*(\S.*)$", text, re.MULTILINE)
    assert secrets
    assert all(secret.startswith("${") and ":?" in secret for secret in secrets)
    assert not re.search(r"//\w+:(?!\$\{)[^@\s]*@", text)
    with pytest.raises(AssertionError, match="set it in"):
        environment_of("worker", {})


def test_the_services_are_those_that_run_without_containers() -> None:
    assert {name: tuple(OURS[name]["command"]) for name in SERVICES} == dict(SERVICES)
    assert set(OURS) == {*SERVICES, "migrate", "crawl"}


def test_what_an_operator_may_say_comes_from_outside() -> None:
    assert environment_of("worker", SECRETS | {"CRAWLS_AT_ONCE": "3"})["CRAWLS_AT_ONCE"] == "3"
    assert "CRAWLS_AT_ONCE" not in environment_of("worker", SECRETS)
    for service, names in (
        ("admin", ("ADMIN_SECRET_KEY", "ADMIN_HOSTS", "ADMIN_PROXIES", "ALERTS_KEY", "ADMIN_URL")),
        ("admin", ("GIG_ANONYMOUS", "GIG_REGISTRATION")),
        ("alerting", ("ALERTS_KEY", "ADMIN_URL", "ALERT_PRIVATE_HOSTS")),
    ):
        for name in names:
            assert environment_of(service, SECRETS | {name: "said"})[name] == "said", name
            assert name not in environment_of(service, SECRETS), name


def test_what_waits_for_another_waits_until_it_is_well() -> None:
    for name, service in COMPOSE["services"].items():
        for other, how in service.get("depends_on", {}).items():
            well = "service_completed_successfully" if other == "migrate" else "service_healthy"
            assert how["condition"] == well, (name, other)
            assert other == "migrate" or "healthcheck" in COMPOSE["services"][other]


def test_nothing_runs_as_root_nor_is_published_beyond_this_machine() -> None:
    assert re.search(r"^USER runner$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for service in COMPOSE["services"].values():
        assert "user" not in service
        assert "privileged" not in service
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", ()))


# -- each command, natively --------------------------------------------------------------------------------------------


class Containers:
    """The services of the file, each as a process of this machine: its command and its environment from the file, but
    for the addresses: the hosts are ports here.
    """

    def __init__(self, folder: Path, ports: Mapping[str, int], database: str, site: str) -> None:
        self._folder = folder
        self._ports = ports
        self._database = database
        self._site = site
        self._running = ExitStack()
        self.logs: dict[str, Path] = {}

    def environment(self, name: str) -> dict[str, str]:
        said = SECRETS | {"SITE_URL": self._site, "ADMIN_PORT": str(self._ports["admin"])}
        own = environment_of(name, said)
        for host, port in (("rabbitmq", 5672), ("mysql", 3306), ("scrapyd", 6800)):
            for key, value in own.items():
                own[key] = re.sub(rf"\b(?:{host}|127\.0\.0\.1):{port}\b", f"127.0.0.1:{self._ports[host]}", value)
        own["DATABASE_URL"] = re.sub("/gigscrapy$", f"/{self._database}", own["DATABASE_URL"])
        if "SCRAPYD_HOST" in own:
            own |= {"SCRAPYD_HOST": "127.0.0.1", "SCRAPYD_PORT": str(self._ports["scrapyd"])}
        inherited = {key: value for key, value in os.environ.items() if key not in OWN_ENVIRONMENT}
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        return inherited | {"GIGSCRAPY_HOME": str(self._folder / "var"), "PATH": path} | own

    def words(self, name: str, *instead: str) -> list[str]:
        service = OURS[name]
        entry = [word for word in service.get("entrypoint", ()) if word not in ("tini", "--")]
        return [*entry, *(instead or service["command"])]

    def run(self, name: str, *instead: str, more: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """One that ends by itself."""
        return subprocess.run(
            self.words(name, *instead),
            cwd=ROOT,
            env=self.environment(name) | (more or {}),
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )

    def start(self, name: str) -> "subprocess.Popen[bytes]":
        """One that goes on."""
        self.logs[name] = self._folder / f"{name}.log"
        with self.logs[name].open("wb") as log:
            process = subprocess.Popen(
                self.words(name),
                cwd=ROOT,
                env=self.environment(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - no lock is taken there
            )
        self._running.callback(_end, process)
        return process

    def is_healthy(self, name: str) -> bool:
        """Whether its health check, of the file too, says so."""
        test = OURS[name]["healthcheck"]["test"]
        assert test[0] == "CMD"
        words = [word.replace("6800", str(self._ports["scrapyd"])) for word in test[1:]]
        return subprocess.run(words, env=self.environment(name), capture_output=True, check=False).returncode == 0

    def until(self, condition: Any, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, {name: log.read_text()[-1500:] for name, log in self.logs.items()}
            time.sleep(0.2)

    def close(self) -> None:
        self._running.close()


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


@pytest.fixture
def containers(rabbitmq: RabbitMQ, mariadb: MariaDB, tmp_path: Path) -> Iterator[Containers]:
    """What the images of RabbitMQ and MySQL make of the file: a user of its own on each, and a database."""
    database = mariadb.new_database()
    mariadb.execute(f"CREATE USER gigscrapy@'127.0.0.1' IDENTIFIED BY '{SECRETS['MYSQL_PASSWORD']}'")
    mariadb.execute(f"GRANT ALL ON {database}.* TO gigscrapy@'127.0.0.1'")
    rabbitmq.ctl("add_user", "gigscrapy", SECRETS["RABBITMQ_PASSWORD"])
    rabbitmq.ctl("set_permissions", "-p", "/", "gigscrapy", ".*", ".*", ".*")
    scrapyd, admin = free_ports(2)
    ports = {"rabbitmq": rabbitmq.port, "mysql": mariadb.port, "scrapyd": scrapyd, "admin": admin}
    with FilledSite(matches=6, books=4) as site:
        started = Containers(tmp_path, ports, database, site.url)
        try:
            yield started
        finally:
            started.close()
    rabbitmq.ctl("delete_user", "gigscrapy")
    rabbitmq.eval('[rabbit_amqqueue:delete(Q, false, false, <<"test">>) || Q <- rabbit_amqqueue:list(<<"/">>)], ok')
    mariadb.execute("DROP USER gigscrapy@'127.0.0.1'")
    mariadb.execute(f"DROP DATABASE {database}")


@pytest.mark.server
@pytest.mark.slow
def test_each_command_of_the_file_runs_natively(containers: Containers) -> None:
    """From the migration to a crawl that a task asked for, stored and shown."""
    migrated = containers.run("migrate")
    assert migrated.returncode == 0, migrated.stderr
    for name in SERVICES:
        containers.start(name)
    for name in ("scrapyd", "admin"):
        containers.until(lambda name=name: containers.is_healthy(name))
    by_hand = containers.run("crawl", "nba", *(f"-s{key}={value}" for key, value in OWN_SITE.items()))
    assert by_hand.returncode == 0, by_hand.stderr
    asked = containers.run("worker", "scrapy", "ask", "ligue1")
    assert asked.returncode == 0, asked.stderr
    database = connect(containers.environment("worker")["DATABASE_URL"], containers._folder)
    try:
        containers.until(lambda: _finished(database) == {"nba", "ligue1"})
        assert Odds.select().count(database) > 0
        exit_codes = [run.exit_code for run in Runs.select(Runs.exit_code).execute(database)]
        assert exit_codes == [0, 0]
    finally:
        hang_up(database)
    with urlopen(f"http://127.0.0.1:{containers.environment('admin')['ADMIN_PORT']}/readyz") as ready:
        assert ready.status == 200
        assert json.load(ready)
    logs = "".join(log.read_text() for log in containers.logs.values())
    assert not [name for name, secret in SECRETS.items() if secret in logs]


def _finished(database: Any) -> set[str]:
    return {run.spider for run in Runs.select(Runs.spider).where(Runs.state == "finished").execute(database)}
