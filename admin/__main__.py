"""``python -m admin [--port 5000]``: serve the tables on this machine."""

import argparse
import gc
import logging
import os
import socket
import sys

import waitress
from peewee import PeeweeException

from admin import create_app
from admin.accounts import anybody
from admin.live import PRICE_STREAMS, STREAMS
from admin.pages.data.imports import AROUND
from admin.security import LOOPBACK, BadSetting, other_hosts, proxies
from gigscrapy import logs, settings
from gigscrapy.imports.sheets import UPLOAD
from schema.database import BadDatabaseUrl, explain
from schema.migrations import SchemaError
from schema.models import Users

THREADS = 8 + STREAMS + PRICE_STREAMS
"""Each stream of what is new holds one while it lives; eight are left for pages."""
TO_BE_REACHED = (
    "set ADMIN_HOSTS to the names it may be called by, and put a proxy before it that speaks TLS (docs/people.md)."
)

logger = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> str | None:
    """Serve until interrupted. :returns: why it cannot, for the person who started it."""
    parser = argparse.ArgumentParser(
        prog="python -m admin", description="Show the tables, and what goes on, in a browser."
    )
    port = os.environ.get("ADMIN_PORT") or "5000"
    parser.add_argument("--port", type=int, default=port, help="default ADMIN_PORT, else 5000; 0: any that is free")
    parser.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1; another needs ADMIN_HOSTS")
    asked = parser.parse_args(arguments)
    if not 0 <= asked.port < 2**16:
        return f"{asked.port} is no port: 0 to 65535."
    try:
        if asked.host not in LOOPBACK and not other_hosts():
            return f"{asked.host or 'no name'} can be reached from other machines: {TO_BE_REACHED}"
        app = create_app()
    except (BadSetting, BadDatabaseUrl, SchemaError, OSError) as error:
        return str(error)
    except PeeweeException as error:
        return explain(error)
    try:
        family = socket.AF_INET6 if ":" in asked.host else socket.AF_INET
        listening = socket.create_server((asked.host, asked.port), family=family)
    except OSError as error:
        return f"Port {asked.port} cannot be used ({error}): choose another with --port."
    if is_deserted():
        logger.warning("nobody can sign in yet: python -m admin.users add NAME --role admin")
    server = waitress.create_server(
        app,
        sockets=[listening],
        threads=THREADS,
        # One request ahead: else it is not seen that a browser left a stream, before the next word in it.
        channel_request_lookahead=1,
        clear_untrusted_proxy_headers=not proxies(),
        # It keeps all of a request, a gigabyte unless told, before anybody is asked who sends it.
        max_request_body_size=UPLOAD.size + AROUND,
    )
    name = f"[{asked.host}]" if family is socket.AF_INET6 else asked.host
    print(f"admin: http://{name}:{server.effective_port}/", flush=True)  # noqa: T201 - among others' lines, too
    # What is here now stays: it is not looked through again and again for what can go, 90 ms in the midst of a page.
    gc.freeze()
    try:
        server.run()
    finally:
        server.close()
    return None


def is_deserted() -> bool:
    """Whether there is no account; a database that is away may have some."""
    database = Users._meta.database.obj  # noqa: SLF001 - Peewee's own word
    try:
        with database.connection_context():
            return not anybody()
    except PeeweeException:
        return False


if __name__ == "__main__":
    logs.install(vars(settings), "admin")
    logging.getLogger("waitress").setLevel(logging.WARNING)  # else it tells of each page that somebody leaves
    sys.exit(main())
