"""gig-benchmark's crawls: ask for them, see how far they are, stop them, and its schedule. ``/api/scraping/…``."""

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import Blueprint, Response, current_app, jsonify, request
from peewee import Database
from scrapy.settings import BaseSettings

from admin import audit
from admin.access import who
from admin.gig.asked import body
from admin.gig.guard import anybody, scoped
from admin.gig.odds import with_offset
from gigscrapy import cancelling, gigkeys
from gigscrapy.broker import TASK_QUEUE, BrokerError, Delivery, Queues, send
from gigscrapy.nodes import NodeRefused, nodes
from gigscrapy.schedules import next_due
from gigscrapy.tasks import Unknown
from schema import gigprogress, schedules
from schema.models import Runs, Schedules, Tasks, now
from schema.runs import ACTIVE, QUEUED

IDLE = {"status": "idle", "current": 0, "total": 0, "message": "Aucun scraping en cours"}
AUTOMATIC = ("Scraping automatique toutes les 6h", "every six hours")
"""Names of the schedule that is gig-benchmark's: as it called it, and as it is made here."""
NO_SCHEDULE = "Tâche de scraping automatique non trouvée"
NOT_SENT = "Erreur lors de l'envoi de la tâche"
PATIENCE = 3.0
"""Seconds that a stop waits for the end of one crawl; of several none is waited for."""
STOPPED_AT_ONCE = 20

Answer = Response | tuple[Response, int]

logger = logging.getLogger(__name__)


def database() -> Database:
    """The one that this application is over."""
    found: Database = current_app.config["DATABASE"]
    return found


class NotSent(Exception):
    """The queue did not take it."""


room = Blueprint("gig_scraping", __name__, url_prefix="/api/scraping")


@room.get("/health")
@anybody
def health() -> Response:
    return jsonify(status="healthy", service="scraping-api")


@room.get("/scrapers")
def scrapers() -> Response:
    every = gigkeys.every()
    return jsonify(count=len(every), scrapers=every)


@room.post("/trigger")
def trigger() -> Answer:
    said = body()
    scraper, sport, league = (_text(said.get(name)) for name in ("scraper", "sport", "league"))
    if not scraper and not (sport and league):
        return jsonify(success=False, error="scraper or (sport + league) required"), 400
    if scraper:
        return asked_for(scraper)
    if sport.lower() not in gigkeys.FAVOURITES:
        return jsonify(success=False, error=f"Sport inconnu: {sport}"), 400
    if league.lower() == "all":
        return _all(sport.lower())
    return asked_for(f"{sport.lower()}.{league}")


for sport in gigkeys.FAVOURITES:
    room.add_url_rule(f"/{sport}/all", f"{sport}_all", lambda sport=sport: _all(sport), methods=["POST"])


@room.post("/progress")
@scoped("jobs", "ingest")
def progress() -> Response:
    said = body()
    if scraper := _text(said.get("scraper")):
        gigprogress.report(database(), gigkeys.one_name(scraper), said, now())
    return jsonify(success=True)


@room.get("/status")
def status() -> Response:
    scraper = _text(request.args.get("scraper"))
    found = _told(scraper) if scraper else None
    return jsonify(IDLE if found is None or found.status == gigprogress.IDLE else found.fields)


@room.post("/reset")
def reset() -> Answer:
    scraper = _text(body().get("scraper"))
    if not scraper:
        return jsonify(success=False, error="scraper required"), 400
    stopped = _stop(current_app.config["SETTINGS"], scraper)
    return jsonify(success=True, message="Scraping arrêté" if stopped else IDLE["message"], runs=stopped)


@room.get("/auto/status")
def auto_status() -> Answer:
    found = _automatic()
    if found is None:
        return jsonify(success=False, error=NO_SCHEDULE), 404
    last = schedules.last_sent(database(), found.id)
    return jsonify(
        success=True,
        enabled=bool(found.enabled),
        last_run_at=with_offset(None if last is None else last.sent_at),
        next_run_at=with_offset(next_due(found, now())),
    )


@room.post("/auto/toggle")
def auto_toggle() -> Answer:
    enabled = _truth(body().get("enabled"))
    if enabled is None:
        return jsonify(success=False, error='Le paramètre "enabled" est requis'), 400
    with audit.together(database()):
        found = _automatic()
        if found is None or not schedules.switch(database(), found.id, on=enabled, at=now()):
            return jsonify(success=False, error=NO_SCHEDULE), 404
        audit.note("switch", "schedule", found.name, {"enabled": found.enabled}, {"enabled": enabled})
    word = "activé" if enabled else "désactivé"
    return jsonify(success=True, enabled=enabled, message=f"Scraping automatique {word}")


def asked_for(scraper: str, **more: Any) -> Answer:
    """Ask for one scraper. :param more: what a success says besides."""
    try:
        ask([scraper])
    except Unknown:
        return jsonify(success=False, error=f"Scraper inconnu: {scraper[:100]}"), 400
    except NotSent:
        return jsonify(success=False, error=NOT_SENT), 500
    return jsonify(success=True, **more)


def ask(scrapers: Sequence[str]) -> None:
    """Put a task for each into the queue, as gig-benchmark's worker and ours read it; all of them, or none.

    :raises Unknown: when one is no scraper; :raises NotSent: when the queue does not take them.
    """
    at = datetime.now(UTC)
    tasks = {uuid4().hex: (scraper, gigkeys.task_key(scraper)) for scraper in scrapers}
    by = who() or "gig-benchmark"
    deliveries = [Delivery(None, _message(key, task_id, by), task_id, at) for task_id, (_, key) in tasks.items()]
    queues: Queues = current_app.config["QUEUES"]
    try:
        send(queues, TASK_QUEUE, deliveries)
    except (OSError, BrokerError) as error:
        logger.error("%s not sent: %s", ", ".join(scrapers), error)  # noqa: TRY400 - the sentence says all
        raise NotSent from None
    with audit.together(database()):
        for task_id, (scraper, key) in tasks.items():
            gigprogress.asked(database(), gigkeys.one_name(scraper), task_id, at.replace(tzinfo=None))
            audit.note("ask", "task", task_id, None, {"what": key})


def _message(key: str, task_id: str, by: str) -> bytes:
    said = {"scraper": key, "params": {}, "requested_by": by, "task_id": task_id}
    return json.dumps(said).encode("ascii")


def _all(sport: str) -> Answer:
    """What *all* is, to gig-benchmark: its favourites of a sport."""
    scrapers = [f"{sport}.{league}" for league in gigkeys.FAVOURITES[sport]]
    try:
        ask(scrapers)
    except NotSent:
        return jsonify(success=False, error=NOT_SENT), 500
    named = "" if sport == "football" else f" {sport}"
    said: dict[str, Any] = {
        "success": True,
        "message": f"{len(scrapers)} scrapers{named} lancés",
        "tasks_sent": scrapers,
    }
    return jsonify({**said, "errors": []} if sport == "football" else said)


def _told(scraper: str) -> gigprogress.Told | None:
    return gigprogress.told(database(), gigkeys.one_name(scraper), _spiders(scraper), now())


def _spiders(scraper: str) -> list[str]:
    return [league.name for league in gigkeys.find(scraper)]


def _stop(settings: BaseSettings, scraper: str) -> int:
    """Stop what goes on and waits of it, and what is still in the queue. :returns: how much that was."""
    name, at = gigkeys.one_name(scraper), now()
    in_the_queue = _withdraw(name, scraper, at)
    going_on = Runs.spider.in_(_spiders(scraper)) & Runs.state.in_((QUEUED, *ACTIVE))
    found = list(Runs.select().where(going_on).order_by(Runs.id.desc()).limit(STOPPED_AT_ONCE).execute(database()))
    patience = PATIENCE if len(found) == 1 else 0
    for run in sorted(found, key=lambda run: run.state != QUEUED):  # while others are stopped, none of them begins
        _stop_run(settings, run, patience)
    gigprogress.report(database(), name, IDLE, at)
    return len(found) + in_the_queue


def _stop_run(settings: BaseSettings, run: Runs, patience: float) -> None:
    home = Path(settings["GIGSCRAPY_HOME"])
    try:
        outcome = cancelling.cancel(database(), nodes(settings), home, run.run_id, patience=patience)
    except NodeRefused as error:
        outcome = cancelling.Outcome(cancelling.Exit.UNTOLD, str(error))
    audit.note("cancel", "run", run.run_id, {"state": run.state}, {"outcome": outcome.exit.name.lower()})
    logger.info("%s", outcome.sentence)


def _withdraw(name: str, scraper: str, at: datetime) -> bool:
    """Have the worker pass over the task that is still in the queue: it is told that it was handed over before."""
    task_id = gigprogress.task_of(database(), name)
    if task_id is None or Tasks.select().where(Tasks.task_id == task_id).exists(database()):
        return False
    row = {"task_id": task_id, "body_hash": "", "said": f"{scraper[:100]} (withdrawn)", "requested_by": who() or None}
    with audit.together(database()):
        Tasks.insert({**row, "received_at": at}).on_conflict_ignore().execute(database())
        audit.note("withdraw", "task", task_id, None, {"what": scraper[:100]})
    return True


def _automatic() -> Schedules | None:
    return next((found for name in AUTOMATIC if (found := schedules.find(database(), name))), None)


def _truth(value: object) -> bool | None:
    if isinstance(value, str):
        words: Mapping[str, bool] = {"true": True, "1": True, "false": False, "0": False}
        return words.get(value.strip().lower())
    return bool(value) if isinstance(value, bool | int) else None


def _text(value: object) -> str:
    return value.replace("\0", "").strip()[:200] if isinstance(value, str) else ""
