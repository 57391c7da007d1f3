"""Becoming Scrapyd: this very process, so that whoever started it signals and watches one process only."""

import ipaddress
import logging
import os
import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path

import gigscrapy
from gigscrapy.broker.ownerlock import OwnerLock
from gigscrapy.daemon import leash, password
from gigscrapy.daemon.configuration import PROJECT, configuration, escaped, write

logger = logging.getLogger("scrapyd")

SETTINGS = "SCRAPY_SETTINGS_MODULE"
"""Variable, which Scrapy sets for each command: the module of its settings. The crawls have the same."""

USERNAME = "gigscrapy"
_OWN_VARIABLE = re.compile("SCRAPYD_")
"""Scrapyd lets these overrule its configuration, and hands all it has to its crawls: they are taken out."""


class CannotStart(Exception):
    """The message says why not, and what helps."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be started.

    :ivar host: where it listens; :ivar crawls: how many run at once.
    :ivar password: ``None``: the one that is made for all Scrapyds of ``home``.
    :ivar deployable: an egg that somebody sends is what runs.
    """

    home: Path
    host: str
    port: int
    crawls: int
    username: str
    password: str | None
    deployable: bool

    def check(self) -> None:
        """:raises CannotStart: when it must not be started like this."""
        if not 1 <= self.port <= 65535:
            raise CannotStart("a port is a number from 1 to 65535")
        if not 1 <= self.crawls <= 100:
            raise CannotStart("CRAWLS_PER_NODE is a number from 1 to 100")
        if not re.fullmatch(r"[^\s:]{1,100}", self.username):
            raise CannotStart("SCRAPYD_USERNAME has no colon and no space in it")
        if not is_loopback(self.host) and self.password is None:
            raise CannotStart(
                f"on {self.host} others reach it: set SCRAPYD_PASSWORD, here and where its tasks come from, and see"
                " that only those machines get through (Scrapyd knows no TLS)"
            )


def is_loopback(host: str) -> bool:
    """Whether only this machine gets there. :raises CannotStart: when ``host`` is no address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise CannotStart(f"--host is an address of this machine, such as 127.0.0.1 or 0.0.0.0, not {host!r}") from None


def run(plan: Plan) -> None:
    """Be Scrapyd until told to stop; then see the crawls to their ends.

    :raises CannotStart: when that cannot be; the message says why.
    """
    plan.check()
    try:
        secret = plan.password or password.made(plan.home)
        folder = password.folder(plan.home) / str(plan.port)
        folder.mkdir(mode=0o700, exist_ok=True)
        lock = OwnerLock.take(folder / "lock")
        if lock is None:
            raise CannotStart(f"another Scrapyd keeps its jobs in {folder}: stop it, or choose another --port")
        try:
            _serve(plan, folder, secret)
        finally:
            lock.release()
    except OSError as error:
        raise CannotStart(f"its folder cannot be used: {error}") from None


def _serve(plan: Plan, folder: Path, secret: str) -> None:
    from scrapyd.app import application
    from scrapyd.config import Config
    from twisted.application.app import startApplication
    from twisted.application.service import IService
    from twisted.internet import reactor
    from twisted.internet.error import CannotListenError

    settings = None if plan.deployable else os.environ[SETTINGS]
    parser = configuration(folder, host=plan.host, port=plan.port, crawls=plan.crawls, settings=settings)
    file = write(parser, folder)
    for_crawls(os.environ, plan.home, deployable=plan.deployable)
    os.chdir(folder)
    config = Config(values={})  # not what else lies about on this machine
    config.cp.read(file)
    config.cp.read_dict({"scrapyd": escaped({"username": plan.username, "password": secret})})
    service = application(config)
    try:
        IService(service).privilegedStartService()
    except CannotListenError as error:
        raise CannotStart(
            f"{plan.host}:{plan.port} cannot be listened on ({error.socketError.strerror}): is a Scrapyd running"
            " already? Stop it, or choose another --port"
        ) from None
    if not plan.deployable:
        check_project()
    startApplication(service, save=False)
    reactor.run()


def check_project() -> None:
    """List the spiders once, as Scrapyd does: what is wrong shows now, and the first job need not wait for the list.

    :raises CannotStart: when the project cannot be loaded.
    """
    from scrapyd.exceptions import RunnerError
    from scrapyd.webservice import spider_list

    try:
        spider_list.get(PROJECT, None, runner=leash.__name__)
    except RunnerError as error:
        last = str(error).strip().splitlines()[-1:]
        raise CannotStart(f"the project cannot be loaded: {''.join(last)}") from None


def for_crawls(environment: MutableMapping[str, str], home: Path, *, deployable: bool) -> None:
    """Make ``environment`` what each crawl gets: this process's, without Scrapyd's own secrets, from anywhere."""
    for name in filter(_OWN_VARIABLE.match, list(environment)):
        del environment[name]
    project = str(Path(next(iter(gigscrapy.__path__))).parent)
    given = [part for part in environment.get("PYTHONPATH", "").split(os.pathsep) if part and part != project]
    environment.update(
        {
            "GIGSCRAPY_HOME": str(home.absolute()),
            "PYTHONPATH": os.pathsep.join([project, *given]),
            leash.PYTHONPATH: os.pathsep.join(given if deployable else [project, *given]),
            leash.PARENT: str(os.getpid()),
        }
    )
    if deployable:
        environment.pop(SETTINGS, None)  # the egg has its own


def log_what_it_says() -> None:
    """Scrapyd's own words into Python's log; Scrapy lets only Twisted's errors through."""
    from twisted.logger import LogLevel, formatEvent, globalLogBeginner

    def observe(event: dict[str, object]) -> None:
        own = str(event.get("log_namespace")).startswith(("scrapyd.", "gigscrapy."))
        if own and event["log_level"] in (LogLevel.info, LogLevel.warn):
            logger.info("%s", formatEvent(event))

    globalLogBeginner.beginLoggingTo([observe], redirectStandardIO=False)
