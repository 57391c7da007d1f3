"""The password of the Scrapyds that share a GIGSCRAPY_HOME, where SCRAPYD_PASSWORD does not say another."""

from pathlib import Path

from gigscrapy import secretfile

FOLDER = "scrapyd"


def folder(home: Path) -> Path:
    """Where the Scrapyds of ``home`` keep what is theirs; made where it is missing, for its owner only."""
    return secretfile.private(home / FOLDER)


def known(home: Path) -> str | None:
    """The one that was made, or ``None`` as long as none was. :raises OSError: when it cannot be read."""
    return secretfile.known(_file(home))


def made(home: Path) -> str:
    """The one that was made, else a new one. Several may ask at once, and get the same.

    :raises OSError: when it cannot be kept.
    """
    return secretfile.made(_file(home))


def _file(home: Path) -> Path:
    return home / FOLDER / "password"
