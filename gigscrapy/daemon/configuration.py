"""What our Scrapyd is told: the file that it and each of its crawls reads."""

import os
from collections.abc import Mapping
from configparser import ConfigParser
from pathlib import Path

PROJECT = "gigscrapy"
FILE = "scrapy.cfg"
"""Scrapyd and Scrapy both read the nearest one, last of all: no other file has a say."""

JOBS_TO_KEEP = 20
"""Logs of a spider that are kept."""
FINISHED_TO_KEEP = 500
"""Ended jobs that are remembered: none of these is run again."""
POLL_SECONDS = 0.5

SERVICES = {
    "schedule.json": "gigscrapy.daemon.services.Schedule",
    "cancel.json": "gigscrapy.daemon.services.Cancel",
    "status.json": "scrapyd.webservice.Status",
    "listprojects.json": "scrapyd.webservice.ListProjects",
    "listversions.json": "scrapyd.webservice.ListVersions",
    "listspiders.json": "scrapyd.webservice.ListSpiders",
    "listjobs.json": "scrapyd.webservice.ListJobs",
    "daemonstatus.json": "scrapyd.webservice.DaemonStatus",
}
DEPLOYING = {
    "addversion.json": "gigscrapy.daemon.services.AddVersion",
    "delproject.json": "gigscrapy.daemon.services.DeleteProject",
    "delversion.json": "gigscrapy.daemon.services.DeleteVersion",
}
"""Whoever may use these runs code of theirs on this machine."""


def configuration(folder: Path, *, host: str, port: int, crawls: int, settings: str | None) -> ConfigParser:
    """All but the password, which is in no file of Scrapyd's.

    :param folder: where it keeps eggs, logs and databases; :param crawls: how many run at once.
    :param settings: the module that has those of the project; ``None``: an egg that somebody sends is what runs.
    """
    parser = ConfigParser(interpolation=None)
    options = {
        "bind_address": host,
        "http_port": str(port),
        "max_proc": str(crawls),
        "poll_interval": str(POLL_SECONDS),
        "jobs_to_keep": str(JOBS_TO_KEEP),
        "finished_to_keep": str(FINISHED_TO_KEEP),
        "jobstorage": "scrapyd.jobstorage.SqliteJobStorage",
        "eggstorage": "scrapyd.eggstorage.FilesystemEggStorage",
        "launcher": "gigscrapy.daemon.launcher.Launcher",
        "runner": "gigscrapy.daemon.leash",
        "eggs_dir": str(folder / "eggs"),
        "logs_dir": str(folder / "logs"),
        "dbs_dir": str(folder / "dbs"),
        "items_dir": "",
        "jobs_dir": "",
        "debug": "off",
    }
    parser["scrapyd"] = escaped(options)
    parser["services"] = SERVICES | ({} if settings else DEPLOYING)
    if settings:
        parser["settings"] = {PROJECT: settings}
    return parser


def escaped(options: Mapping[str, str]) -> dict[str, str]:
    """As Scrapyd's reader takes them: a percent sign means something to it."""
    return {name: value.replace("%", "%%") for name, value in options.items()}


def write(parser: ConfigParser, folder: Path) -> Path:
    """:returns: the file, for its owner only."""
    path = folder / FILE
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        parser.write(file)
    return path
