"""The password of the Scrapyds that share a GIGSCRAPY_HOME, where SCRAPYD_PASSWORD does not say another."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

FOLDER = "scrapyd"


def folder(home: Path) -> Path:
    """Where the Scrapyds of ``home`` keep what is theirs; made where it is missing, for its owner only."""
    path = home / FOLDER
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def known(home: Path) -> str | None:
    """The one that was made, or ``None`` as long as none was. :raises OSError: when it cannot be read."""
    with contextlib.suppress(FileNotFoundError):
        return _file(home).read_text(encoding="ascii").strip() or None
    return None


def made(home: Path) -> str:
    """The one that was made, else a new one. Several may ask at once, and get the same.

    :raises OSError: when it cannot be kept.
    """
    descriptor, name = tempfile.mkstemp(prefix="password.", dir=folder(home))
    own = Path(name)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(24) + "\n")
    try:
        # The first to link it has made it, whole; the others read that.
        with contextlib.suppress(FileExistsError):
            os.link(own, _file(home))
    finally:
        own.unlink()
    password = known(home)
    if password is None:
        raise OSError(f"{_file(home)} is empty: remove it")
    return password


def _file(home: Path) -> Path:
    return home / FOLDER / "password"
