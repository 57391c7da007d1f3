"""``python -m admin.alerting``: read the rules of alerts, send their messages and those of hooks, until stopped."""

import argparse
import logging
import signal
import sys
from pathlib import Path

from admin.alerting.guard import read_allowed
from admin.alerting.sending import Sender
from admin.alerting.service import Alerting
from admin.alerting.vault import BadKey, open_vault
from gigscrapy import logs, settings
from gigscrapy.commands.consume import MENDED_BY_A_PERSON
from gigscrapy.patience import Halt
from schema.database import BadDatabaseUrl, connect, masked
from schema.models import use

logger = logging.getLogger("admin.alerting")


def main(arguments: list[str] | None = None) -> int:
    """:returns: the exit code; 78: a person must see to something."""
    argparse.ArgumentParser(prog="python -m admin.alerting", description=__doc__).parse_args(arguments)
    logs.install(vars(settings), "alerting")
    home = Path(settings.GIGSCRAPY_HOME)
    try:
        read_allowed(settings.ALERT_PRIVATE_HOSTS)
        database = connect(settings.DATABASE_URL, home)
        use(database)
        sender, hooks = Sender(settings.ALERT_PRIVATE_HOSTS), Sender(settings.ALERT_PRIVATE_HOSTS)
        alerting = Alerting(database, home, open_vault(home), sender, settings.ADMIN_URL, hooks=hooks)
    except (BadDatabaseUrl, BadKey, ValueError, OSError) as error:
        logger.critical("%s", error)
        return MENDED_BY_A_PERSON
    source = masked(settings.DATABASE_URL) if settings.DATABASE_URL else f"SQLite in {home}"
    logger.info("from the rules of %s", source)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: alerting.stop())
    try:
        alerting.run()
    except Halt as error:
        logger.critical("%s", error)
        return MENDED_BY_A_PERSON
    finally:
        sender.close()
        hooks.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
