"""A secret that is made once and kept in a file, for its owner only: the programs that share the file share it."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path


def known(path: Path) -> str | None:
    """The one that was made, or ``None`` as long as none was. :raises OSError: when it cannot be read."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip() or None
    return None


def made(path: Path) -> str:
    """The one that was made, else a new one of 24 random bytes. Several may ask at once, and get the same.

    :raises OSError: when it cannot be kept.
    """
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=private(path.parent))
    own = Path(name)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(24) + "\n")
    try:
        # The first to link it has made it, whole; the others read that.
        with contextlib.suppress(FileExistsError):
            os.link(own, path)
    finally:
        own.unlink()
    secret = known(path)
    if secret is None:
        raise OSError(f"{path} is empty: remove it")
    return secret


def private(folder: Path) -> Path:
    """The folder, for its owner only; made where it is missing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder
