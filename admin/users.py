"""``python -m admin.users``: accounts, from a terminal. The first one can only be made here.

python -m admin.users add NAME --role admin     # asks for the password, or reads it from stdin, or --generate
python -m admin.users list
python -m admin.users password NAME | role NAME ROLE | activate NAME | deactivate NAME | sign-out NAME
"""

import argparse
import getpass
import socket
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from peewee import PeeweeException

from admin import accounts, create_app
from admin.access import Role
from admin.accounts import CannotBe
from admin.security import BadSetting
from admin.signing import Person
from gigscrapy import logs, settings
from gigscrapy.accounts import moment
from schema.database import BadDatabaseUrl, explain
from schema.migrations import SchemaError
from schema.models import Users

FIRST = "admin"
"""The name of the account that `make admin` makes where there is none."""
HINT = "python -m admin.users add NAME --role admin"


def main(arguments: list[str] | None = None) -> str | None:
    """Do what is asked. :returns: why it cannot be done, for the person who asked."""
    asked = _parser().parse_args(arguments)
    try:
        app = create_app()
        with app.app_context(), _connected():
            done: str | None = asked.do(asked)
    except (BadSetting, BadDatabaseUrl, SchemaError, OSError, CannotBe) as error:
        return str(error)
    except PeeweeException as error:
        return explain(error)
    if done:
        print(done)  # noqa: T201 - the answer
    return None


def _connected() -> AbstractContextManager[object]:
    return Users._meta.database.obj.connection_context()  # noqa: SLF001 - Peewee's own word


def add(asked: argparse.Namespace) -> str:
    password, told = _password_for(asked)
    person = accounts.add(asked.name, password, Role.of(asked.role), first_name=asked.first, last_name=asked.last)
    return f"{person.username} may sign in, as {person.role}.{told}"


def first(asked: argparse.Namespace) -> str | None:
    """The first account, where there is none, somebody sees what is printed, and the admin can be served then."""
    if accounts.anybody():
        return None
    if not sys.stdout.isatty():
        return f"Nobody can sign in yet: {HINT}"
    if asked.port:
        _check_free(asked.port)
    password = accounts.generated()
    accounts.add(FIRST, password, Role.ADMIN)
    return f"Sign in as {FIRST} with the password {password} (shown this once; change it under Compte)."


def _check_free(port: int) -> None:
    """:raises OSError: when no server of ours could have it: a password that is shown once is not shown in vain."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except (OSError, OverflowError) as error:
        raise OSError(f"port {port} cannot be used ({error}): choose another with PORT=") from None


def everybody(_asked: argparse.Namespace) -> str:
    rows = [
        (
            person.username,
            person.role,
            "" if person.active else "deactivated",
            f"signed in {moment(person.last_login)}" if person.last_login else "never signed in",
        )
        for person in Users.select().order_by(Users.username_key)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines) or f"Nobody can sign in yet: {HINT}"


def password(asked: argparse.Namespace) -> str:
    person = _known(asked.name)
    chosen, told = _password_for(asked)
    accounts.set_password(person, chosen)
    return f"{person.username} has a new password, and was signed out everywhere.{told}"


def role(asked: argparse.Namespace) -> str:
    person = _known(asked.name)
    accounts.set_role(person, Role.of(asked.role))
    return f"{person.username} is {person.role}."


def activate(asked: argparse.Namespace) -> str:
    accounts.set_active(person := _known(asked.name), active=True)
    return f"{person.username} may sign in again."


def deactivate(asked: argparse.Namespace) -> str:
    accounts.set_active(person := _known(asked.name), active=False)
    return f"{person.username} may not sign in any more, and was signed out everywhere."


def sign_out(asked: argparse.Namespace) -> str:
    accounts.sign_out_everywhere(person := _known(asked.name))
    return f"{person.username} was signed out everywhere."


def _known(name: str) -> Person:
    if (person := accounts.find(name)) is None:
        raise CannotBe("unknown", f"there is no account {name}: python -m admin.users list")
    return person


def _password_for(asked: argparse.Namespace) -> tuple[str, str]:
    """The password, and what to say of it."""
    if asked.generate:
        made = accounts.generated()
        return made, f" The password, shown this once: {made}"
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n"), ""
    with suppress(KeyboardInterrupt, EOFError):
        chosen = getpass.getpass(f"Password ({accounts.SHORTEST} letters or more): ")
        if getpass.getpass("The same again: ") == chosen:
            return chosen, ""
        raise CannotBe("differ", "the two differ: nothing is changed")
    raise CannotBe("given up", "nothing is changed")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m admin.users", description="Accounts: who may sign in to the admin."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, do: Callable[[argparse.Namespace], str | None], says: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=says, description=says)
        made.set_defaults(do=do)
        return made

    new = command("add", add, "a new account; the password is asked for, or read from stdin")
    changed = command("password", password, "a new password; the account is signed out everywhere")
    for one in (new, changed):
        one.add_argument("name")
        one.add_argument("--generate", action="store_true", help="make a password and print it, once")
    new.add_argument("--role", choices=Role.names(), default=Role.VIEWER.code, help="default viewer")
    new.add_argument("--first", default="", help="first name")
    new.add_argument("--last", default="", help="last name")
    says = "an administrator, where there is no account at all, if a terminal shows the password"
    command("first", first, says).add_argument(
        "--port", type=int, help="not before it is seen that this port is free for the admin"
    )
    command("list", everybody, "all accounts")
    other = command("role", role, "what an account may do")
    other.add_argument("name")
    other.add_argument("role", choices=Role.names())
    for name, do, says in (
        ("activate", activate, "let somebody sign in again"),
        ("deactivate", deactivate, "let somebody sign in no more; nobody is deleted, for the audit log names them"),
        ("sign-out", sign_out, "end all sessions of an account"),
    ):
        command(name, do, says).add_argument("name")
    return parser


if __name__ == "__main__":
    logs.install(vars(settings), "users")
    sys.exit(main())
