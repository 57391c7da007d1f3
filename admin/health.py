"""Whether this installation works, for whoever watches it: ``GET /healthz`` and ``GET /readyz``.

``/healthz`` says that this process answers, and touches nothing else. ``/readyz`` looks at everything the installation
is made of, all at once and for a few seconds at most, and says of each in a sentence whether it works: 200 where all
does, else 503. A process that is away while nothing waits for it is no fault: a laptop needs none of them.

What is said here names no host, no user and nothing a driver says: that goes to the log.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from flask import Blueprint, Response, jsonify
from peewee import Database, PeeweeException

from admin.questions import Question, answers
from gigscrapy.broker import QUEUE, TASK_QUEUE, BrokerError, Queues, QueueState, states
from gigscrapy.quarantine import living
from schema.database import explain, is_embedded
from schema.migrations import pending

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


def addresses(database: Database, queues: Queues) -> Blueprint:
    """The two addresses."""
    blueprint = Blueprint("health", __name__)
    probes = probes_of(database, queues)
    questions = {probe.names[0]: Question(probe.look) for probe in probes}

    @blueprint.get("/healthz")
    def alive() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @blueprint.get("/readyz")
    def ready() -> tuple[Response, int]:
        given = answers(questions, SECONDS)
        found: dict[str, Finding] = {}
        for probe in probes:
            found |= _findings(probe, given[probe.names[0]])
        is_ready = all(finding.ok for finding in found.values())
        told = {name: asdict(finding) for name, finding in found.items()}
        return jsonify(ready=is_ready, dependencies=told), 200 if is_ready else 503

    return blueprint


def probes_of(database: Database, queues: Queues) -> tuple[Probe, ...]:
    """Everything there is to look at."""
    return (
        Probe(("database",), lambda: {"database": look_at_database(database)}),
        Probe(("queue", "consumer"), lambda: look_at_queues(queues)),
    )


def _findings(probe: Probe, answer: Callable[[], Findings]) -> Findings:
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


def look_at_database(database: Database) -> Finding:
    """Whether it answers and has every table."""
    kind = "the embedded database (SQLite)" if is_embedded(database) else "the database of DATABASE_URL"
    with database.connection_context():
        missing = pending(database)
    if missing:
        return Finding(False, f"{kind} lacks {', '.join(missing)}: run `scrapy migrate`")
    return Finding(True, f"{kind} answers, and its tables are up to date")


def look_at_queues(queues: Queues) -> Findings:
    """Whether they can be asked, and whether what waits in them is read by somebody."""
    found = states(queues.rabbit_url, queues.home)
    kind = "RabbitMQ answers" if queues.rabbit_url else "the spool on this machine is the queue (no RABBIT_URL)"
    readers = found[QUEUE].readers
    return {
        "queue": Finding(
            True, f"{kind}; {found[QUEUE].messages} quotes and reports and {found[TASK_QUEUE].messages} tasks wait"
        ),
        "consumer": _read_by(found[QUEUE], living(queues.home) if readers is None else readers, "consume"),
    }


def _read_by(queue: QueueState, readers: int, command: str) -> Finding:
    if readers:
        return Finding(True, f"{readers} at work")
    if queue.messages:
        return Finding(False, f"{queue.messages} messages wait and nobody reads them: start `scrapy {command}`")
    return Finding(True, f"none is at work, and nothing waits for it (`scrapy {command}`)")
