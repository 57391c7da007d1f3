"""Stopping a run from a page, as ``scrapy cancel`` does, and what to say of it."""

import logging
from pathlib import Path

from peewee import Database
from scrapy.settings import BaseSettings

from admin import audit
from admin.words import say
from gigscrapy import cancelling
from gigscrapy.cancelling import Exit
from gigscrapy.nodes import NodeRefused, nodes
from schema.models import Runs

PATIENCE = 3.0
"""Seconds that somebody waits before a page for the end of a crawl; it ends without being watched, too."""

OUTCOMES = {
    Exit.STOPPED: "Le relevé {name} est arrêté.",
    Exit.OVER: "Le relevé {name} était déjà terminé.",
    Exit.RUNNING: "L'arrêt du relevé {name} est demandé : il envoie encore ce qu'il tient, puis s'arrête.",
    Exit.UNTOLD: "L'arrêt du relevé {name} est demandé ; s'il est arrêté, personne ne peut le dire (voir le journal).",
}
"""What became of it, by the exit code that ``scrapy cancel`` would have."""

logger = logging.getLogger(__name__)


def stop(database: Database, settings: BaseSettings, run: Runs) -> str:
    """Stop a run. :returns: what became of it, in a sentence."""
    return sentence(stopped(database, settings, run), run)


def sentence(outcome: cancelling.Outcome, run: Runs) -> str:
    """What became of it, for people."""
    return say(OUTCOMES[outcome.exit], name=run.spider or run.run_id)


def stopped(database: Database, settings: BaseSettings, run: Runs, patience: float = PATIENCE) -> cancelling.Outcome:
    """Stop a run. :param patience: seconds to wait for its end. :returns: what became of it."""
    try:
        home = Path(settings["GIGSCRAPY_HOME"])
        outcome = cancelling.cancel(database, nodes(settings), home, run.run_id, patience=patience)
    except NodeRefused as error:
        outcome = cancelling.Outcome(Exit.UNTOLD, str(error))
    audit.note("cancel", "run", run.run_id, {"state": run.state}, {"outcome": outcome.exit.name.lower()})
    logger.info("%s", outcome.sentence)
    return outcome
