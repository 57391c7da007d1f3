"""What the installation is made of, as pages show it: does each part work, and since when this process has seen it so.

The same looks as ``/readyz`` has (:mod:`admin.health`), kept for some seconds; a page waits for none of them long. How
much waits in the queues is asked likewise.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from flask import Flask
from peewee import Database

from admin import health
from admin.health import Finding, Probe
from admin.questions import Question, answers
from admin.words import Phrase
from gigscrapy.broker import QUEUES, BrokerError, Queues, depths
from schema.models import now

LASTS = 5.0
"""Seconds for which a look is good."""
PATIENCE = 0.2
"""Seconds that a page waits for all of them; what has not answered by then is shown as it was."""

NAMES: Mapping[str, Phrase] = {
    "scheduler": Phrase("Ordonnanceur"),
    "worker": Phrase("Worker"),
    "consumer": Phrase("Consommateur"),
    "queue": Phrase("File"),
    "database": Phrase("Base de données"),
}
"""What each part is called; a node is called by its address."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part. ``ok``: ``None`` while nobody has looked; ``since``: when it was first seen so, naive UTC."""

    name: str
    ok: bool | None
    sentence: str
    since: datetime

    @property
    def called(self) -> str:
        return str(NAMES.get(self.name, "Scrapyd"))

    @property
    def kind(self) -> str:
        """What it says, whatever the figures: a worker that has more to do is the same worker."""
        return re.sub(r"\d+", "", self.sentence)


class Services:
    """All parts, in the order of :data:`NAMES`, the nodes last."""

    def __init__(self, probes: Iterable[Probe], queues: Queues) -> None:
        self._probes = {probe.names[0]: probe for probe in probes}
        self._questions = {name: Question(probe.look, lasts=LASTS) for name, probe in self._probes.items()}
        self._waiting = Question(lambda: depths(queues.rabbit_url, queues.home, QUEUES), lasts=LASTS)
        self._seen: dict[str, Part] = {}

    def look(self) -> list[Part]:
        """Each as it is now, or was a moment ago."""
        for name, answer in answers(self._questions, PATIENCE).items():
            found = _late_or(self._probes[name], answer)
            for part, finding in found.items():
                self._note(part, finding)
        return sorted(self._seen.values(), key=lambda part: (_place(part.name), part.name))

    def waiting(self) -> Mapping[str, int] | None:
        """Messages by queue, and in ``outbox``; ``None`` where nobody can tell."""
        try:
            return self._waiting.put().result(PATIENCE)
        except (TimeoutError, OSError, BrokerError):
            return None

    def _note(self, name: str, finding: Finding | None) -> None:
        before = self._seen.get(name)
        if finding is None:
            self._seen.setdefault(name, Part(name, None, "", now()))
            return
        seen = Part(name, finding.ok, finding.sentence, now())
        is_same = before is not None and (before.ok, before.kind) == (seen.ok, seen.kind)
        self._seen[name] = replace(seen, since=before.since) if before is not None and is_same else seen


def services_of(app: Flask, database: Database) -> Services:
    """Those of the application: one for all its pages."""
    found = app.extensions.get("services")
    if not isinstance(found, Services):
        queues, settings = app.config["QUEUES"], app.config["SETTINGS"]
        found = app.extensions["services"] = Services(health.probes_of(database, queues, settings), queues)
    return found


def _late_or(probe: Probe, answer: object) -> Mapping[str, Finding | None]:
    """What was found; nothing of a probe that takes its time."""
    try:
        answer()  # type: ignore[operator]
    except TimeoutError:
        return dict.fromkeys(probe.names)
    except Exception:  # noqa: BLE001, S110 - what it was, is asked once more and said there
        pass
    return health.findings(probe, answer)  # type: ignore[arg-type]


def _place(name: str) -> int:
    return list(NAMES).index(name) if name in NAMES else len(NAMES)
