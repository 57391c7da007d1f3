"""The addresses of channels at rest: encrypted with a key of this installation.

The key is that of ALERTS_KEY; where it is not set, one that is made once, in ``GIGSCRAPY_HOME/alerts.key``, readable to
its owner only. Whoever has the tables without it has no address.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

FILE = "alerts.key"
PATIENCE = 50
"""Times that one waits for the other who is writing the key."""


class BadKey(ValueError):
    """The key is none, or another than the address was locked with; the message says what to do."""


class Vault:
    """:raises BadKey: when the key cannot be used; :raises OSError: when it can be neither read nor made."""

    def __init__(self, key: str | None, home: Path) -> None:
        self._source = "ALERTS_KEY" if key else str(home / FILE)
        try:
            self._fernet = Fernet(key.encode() if key else _kept(home / FILE))
        except ValueError:
            raise BadKey(f"{self._source} is no key: 32 bytes in URL-safe base64 (or remove it)") from None

    def lock(self, url: str) -> bytes:
        """An address as the tables keep it."""
        return self._fernet.encrypt(url.encode())

    def unlock(self, secret: bytes) -> str:
        """:raises BadKey: when it was locked with another key."""
        try:
            return self._fernet.decrypt(bytes(secret)).decode()
        except InvalidToken:
            raise BadKey(f"the address was kept under another key than that of {self._source}: enter it anew") from None


def open_vault(home: Path) -> Vault:
    """With the key of the environment, or of ``home``."""
    return Vault(os.environ.get("ALERTS_KEY") or None, home)


def _kept(path: Path) -> bytes:
    """The key in this file, made where there is none. Of several processes one makes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key())
    for _ in range(PATIENCE):
        if key := path.read_bytes().strip():
            return key
        time.sleep(0.02)
    return b""
