"""Whether this installation works, for whoever watches it: ``GET /healthz`` and ``GET /readyz``.

``/healthz`` says that this process answers, and touches nothing else. ``/readyz`` looks at everything the installation
is made of, all at once and for a few seconds at most, and says of each in a sentence whether it works: 200 where all
does, else 503. A process that is away while nothing waits for it is no fault: a laptop needs none of them.

What is said here names no host but the nodes', no user and nothing a driver says: that goes to the log.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from flask import Blueprint, Response, jsonify
from peewee import Database, PeeweeException
from scrapy.settings import BaseSettings

from admin.access import public, public_here
from admin.questions import Question, answers
from gigscrapy.broker import QUEUE, TASK_QUEUE, BrokerError, Queues, QueueState, states
from gigscrapy.nodes import Node, NodeAway, NodeRefused, nodes
from gigscrapy.onlyone import is_taken
from gigscrapy.quarantine import living
from gigscrapy.scheduler import LOCK
from schema.database import explain, is_embedded
from schema.migrations import pending
from schema.models import Runs, Schedules
from schema.runs import QUEUED, SCHEDULED

SECONDS = 3.0
"""So long all of it may take together."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a part works, in a sentence."""

    ok: bool
    sentence: str


Findings = Mapping[str, Finding]


@dataclass(frozen=True, slots=True)
class Probe:
    """One look at one server or file. :ivar names: what it tells of; where it fails, nothing is known of any."""

    names: tuple[str, ...]
    look: Callable[[], Findings]


def addresses(database: Database, queues: Queues, settings: BaseSettings) -> Blueprint:
    """The two addresses."""
    blueprint = Blueprint("health", __name__)
    probes = probes_of(database, queues, settings)
    questions = {probe.names[0]: Question(probe.look) for probe in probes}

    @blueprint.get("/healthz")
    @public
    def alive() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @blueprint.get("/readyz")
    @public_here
    def ready() -> tuple[Response, int]:
        given = answers(questions, SECONDS)
        found: dict[str, Finding] = {}
        for probe in probes:
            found |= findings(probe, given[probe.names[0]])
        is_ready = all(finding.ok for finding in found.values())
        told = {name: asdict(finding) for name, finding in found.items()}
        return jsonify(ready=is_ready, dependencies=told), 200 if is_ready else 503

    return blueprint


def probes_of(database: Database, queues: Queues, settings: BaseSettings) -> tuple[Probe, ...]:
    """Everything there is to look at."""
    return (
        Probe(("database", "scheduler"), lambda: look_at_database(database, queues.home)),
        Probe(("queue", "consumer", "worker"), lambda: look_at_queues(queues)),
        *(Probe((f"scrapyd {node.name}",), partial(look_at_node, database, node)) for node in _nodes(settings)),
    )


def findings(probe: Probe, answer: Callable[[], Findings]) -> Findings:
    """What the probe found; the same of all that it tells of, where it failed."""
    try:
        return answer()
    except TimeoutError:
        said = f"no answer within {SECONDS:g} s"
    except PeeweeException as error:
        logger.warning("readiness, %s: %s", probe.names[0], explain(error))
        said = "the database cannot be used: the admin's log says why"
    except (OSError, BrokerError) as error:
        logger.warning("readiness, %s: %s", probe.names[0], error)
        said = "it cannot be reached or used: the admin's log says why"
    first, *others = probe.names
    return {first: Finding(False, said)} | {
        name: Finding(False, f"nothing is known of it: the {first} cannot be asked") for name in others
    }


def look_at_database(database: Database, home: Path) -> Findings:
    """Whether it answers and has every table; whether what is to be asked for on time is."""
    kind = "the embedded database (SQLite)" if is_embedded(database) else "the database of DATABASE_URL"
    with database.connection_context():
        if missing := pending(database):
            lacks = Finding(False, f"{kind} lacks {', '.join(missing)}: run `scrapy migrate`")
            return {"database": lacks, "scheduler": Finding(False, "nothing is known of it: tables are missing")}
        found = _scheduler(is_taken(database, home, LOCK), Schedules.select().where(Schedules.enabled).count())
    return {"database": Finding(True, f"{kind} answers, and its tables are up to date"), "scheduler": found}


def look_at_queues(queues: Queues) -> Findings:
    """Whether they can be asked, and whether what waits in them is read by somebody.

    RabbitMQ knows who reads. Of the spool, consumers of this machine are seen by their notes, workers not at all: a
    task that waits is told to be read by nobody.
    """
    found = states(queues.rabbit_url, queues.home)
    quotes, tasks = found[QUEUE], found[TASK_QUEUE]
    kind = "RabbitMQ answers" if queues.rabbit_url else "the spool on this machine is the queue (no RABBIT_URL)"
    return {
        "queue": Finding(True, f"{kind}; {quotes.messages} quotes and reports and {tasks.messages} tasks wait"),
        "consumer": _read_by(quotes, living(queues.home) if quotes.readers is None else quotes.readers, "consume"),
        "worker": _read_by(tasks, tasks.readers or 0, "worker"),
    }


def look_at_node(database: Database, node: Node) -> Findings:
    """Whether it answers, and takes our password."""
    name = f"scrapyd {node.name}"
    try:
        load = node.load()
    except NodeRefused as error:
        logger.warning("readiness, %s: %s", name, error)
        return {name: Finding(False, "it answers and refuses us: the admin's log says why")}
    except NodeAway as error:
        with database.connection_context():
            waiting = Runs.select().where(Runs.state.in_((QUEUED, SCHEDULED))).exists()
        if not waiting:
            return {name: Finding(True, "it is away, and no run waits for a node (`scrapy scrapyd`)")}
        logger.warning("readiness, %s: %s", name, error)
        return {name: Finding(False, "it is away, and runs wait for a node: start `scrapy scrapyd`")}
    return {name: Finding(True, f"it answers; {load} jobs run or wait there")}


def _nodes(settings: BaseSettings) -> tuple[Node, ...]:
    """Those of SCRAPYD_URLS; none where nobody can read them, which is said in the log."""
    try:
        return nodes(settings)
    except NodeRefused as error:
        logger.error("%s", error)  # noqa: TRY400 - the sentence says all
        return ()


def _scheduler(is_there: bool, enabled: int) -> Finding:
    if is_there:
        return Finding(True, "one is at work")
    if enabled:
        return Finding(False, f"{enabled} schedules are on and nobody heeds them: start `scrapy scheduler`")
    return Finding(True, "none is at work, and no schedule is on (`scrapy scheduler`)")


def _read_by(queue: QueueState, readers: int, command: str) -> Finding:
    if readers:
        return Finding(True, f"{readers} at work")
    if queue.messages:
        return Finding(False, f"{queue.messages} messages wait and nobody reads them: start `scrapy {command}`")
    return Finding(True, f"none is seen at work, and nothing waits for it (`scrapy {command}`)")
