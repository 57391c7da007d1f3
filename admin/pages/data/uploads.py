"""Files that were uploaded: kept while somebody decides, read and stored in the background, and let go.

What is known of each stands beside it in its folder, so that it can be told whichever process is asked; a process that
ends takes its work along, and storing again goes on where that was. An upload that nobody decides on is let go after
:data:`KEPT`.
"""

import json
import logging
import re
import secrets
import shutil
import threading
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from peewee import Database, PeeweeException
from werkzeug.datastructures import FileStorage

from admin import audit
from gigscrapy.imports import BadFile, Stated
from gigscrapy.imports.preview import Preview, preview
from gigscrapy.imports.reading import read
from gigscrapy.imports.storing import Stored, store
from schema.database import explain, hang_up
from schema.names import on_one_line

KEPT = timedelta(days=1)
AT_ONCE = 4
"""Uploads that are worked at in this process."""
MOST = 100
"""Uploads that are kept at once: so much of the disk they may take."""
NAMES_SHOWN = 200
"""Names of each kind that nobody knows yet, shown and kept of a preview."""

READING, READY, STORING, DONE, FAILED = "reading", "ready", "storing", "done", "failed"
BUSY = (READING, STORING)

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,40}")

logger = logging.getLogger(__name__)

State = dict[str, Any]


class Busy(Exception):
    """So many uploads are being worked at that no other is taken."""


class _Discarded(Exception):
    """Somebody let it go meanwhile."""


class Uploads:
    """All uploads, below one folder."""

    def __init__(self, home: Path, database: Database) -> None:
        self._folder = home / "imports"
        self._database = database
        self._lock = threading.Lock()
        self._busy: set[str] = set()

    # -- what is known of them -----------------------------------------------------------------------------------------

    def find(self, token: str, owner: str) -> State | None:
        """What is known of an upload, if it is that person's. One whose process is gone can be stored again."""
        state = self._state(token)
        if state is None or state["owner"] != owner:
            return None
        if state["state"] in BUSY and token not in self._busy:
            state["state"] = READY if state["state"] == STORING else FAILED
            state["error"] = {"reason": "interrupted", "detail": ""}
        return state

    def of(self, owner: str) -> list[State]:
        """That person's, the newest first."""
        found = (self.find(path.parent.name, owner) for path in self._folder.glob("*/state.json"))
        return sorted(filter(None, found), key=lambda state: state["at"], reverse=True)[:10]

    # -- what is done with them ----------------------------------------------------------------------------------------

    def take(self, file: FileStorage, stated: Stated, owner: str) -> tuple[str, threading.Thread]:
        """Keep a file, and begin to read it. :raises Busy: when too many are worked at.

        :returns: its token, and the thread that reads it.
        """
        self._let_old_go()
        token = secrets.token_urlsafe(16)
        folder = self._folder / token
        with self._lock:
            if len(self._busy) >= AT_ONCE or len(list(self._folder.glob("*"))) >= MOST:
                raise Busy
            self._busy.add(token)
        try:
            self._keep(folder, token, file, stated, owner)
        except BaseException:  # a full disk, say: nobody works at it, and nothing of it is left
            self.discard(token)
            with self._lock:
                self._busy.discard(token)
            raise
        return token, self._in_background(token, self._read)

    def _keep(self, folder: Path, token: str, file: FileStorage, stated: Stated, owner: str) -> None:
        folder.mkdir(parents=True, mode=0o700)
        file.save(folder / "file")
        state: State = {
            "token": token,
            "owner": owner,
            "name": on_one_line(file.filename or "")[-100:],
            "size": (folder / "file").stat().st_size,
            "at": datetime.now(UTC).isoformat(),
            "state": READING,
            "lines": 0,
            "stated": {**asdict(stated), "seen_at": stated.seen_at and stated.seen_at.isoformat()},
        }
        self._write(token, state)

    def begin_storing(self, token: str) -> threading.Thread | None:
        """Store it, in the background; ``None`` where that goes on already. :raises Busy: when too many are."""
        with self._lock:
            if token in self._busy:
                return None
            if len(self._busy) >= AT_ONCE:
                raise Busy
            self._busy.add(token)
        state = self._state(token)
        assert state
        self._write(token, state | {"state": STORING, "lines": 0, "error": None})
        return self._in_background(token, self._store)

    def discard(self, token: str) -> None:
        """Let it go; what is stored of it stays, and nothing more is."""
        if _TOKEN.fullmatch(token):
            shutil.rmtree(self._folder / token, ignore_errors=True)

    def _let_old_go(self) -> None:
        before = datetime.now(UTC) - KEPT
        for path in self._folder.glob("*/state.json"):
            try:
                old = datetime.fromtimestamp(path.stat().st_mtime, UTC) < before
            except OSError:
                continue
            if old and path.parent.name not in self._busy:
                self.discard(path.parent.name)

    # -- in the background ---------------------------------------------------------------------------------------------

    def _in_background(self, token: str, work: Any) -> threading.Thread:
        def run() -> None:
            try:
                with self._database.connection_context():
                    work(token)
            except _Discarded:
                logger.info("import %s is discarded", token)
            except BadFile as error:
                self._end(token, {"state": FAILED, "error": {"reason": error.reason, "detail": error.detail}})
            except PeeweeException as error:
                logger.error("import %s: %s", token, explain(error))  # noqa: TRY400 - the sentence says all
                self._end(token, {"state": FAILED, "error": {"reason": "database", "detail": ""}})
            except Exception:
                logger.exception("import %s", token)
                self._end(token, {"state": FAILED, "error": {"reason": "fault", "detail": ""}})
            finally:
                hang_up(self._database)
                with self._lock:
                    self._busy.discard(token)

        thread = threading.Thread(target=run, name=f"import-{token}", daemon=True)
        thread.start()
        return thread

    def _read(self, token: str) -> None:
        state = self._known(token)
        reading = read(self._folder / token / "file", _stated(state), name=state["name"])
        told = Preview()
        for told in preview(self._database, reading.lines):
            self._write(token, state | {"lines": told.read})
        if not told.read:
            raise BadFile("empty")
        self._write(token, state | _told(told) | {"state": READY, "kind": reading.kind, "unread": reading.unread[:50]})

    def _store(self, token: str) -> None:
        state = self._known(token)
        reading = read(self._folder / token / "file", _stated(state), name=state["name"])

        def watch(so_far: Stored) -> None:
            self._write(token, state | {"lines": so_far.lines, "stored": asdict(so_far)})

        stored = asdict(store(self._database, reading.lines, watch))
        audit.note("imported", "file", state["name"], None, stored, by=state["owner"])
        (self._folder / token / "file").unlink(missing_ok=True)
        self._write(token, state | {"state": DONE, "lines": stored["lines"], "stored": stored})

    # -- on disk -------------------------------------------------------------------------------------------------------

    def _state(self, token: str) -> State | None:
        if not _TOKEN.fullmatch(token):
            return None
        try:
            text = (self._folder / token / "state.json").read_text(encoding="utf-8")
        except OSError:
            return None
        found: State = json.loads(text)
        return found

    def _known(self, token: str) -> State:
        state = self._state(token)
        if state is None:
            raise _Discarded
        return state

    def _write(self, token: str, state: State) -> None:
        folder = self._folder / token
        if not folder.exists():
            raise _Discarded
        new = folder / "state.new"
        new.write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
        new.replace(folder / "state.json")

    def _end(self, token: str, change: State) -> None:
        state = self._state(token)
        if state is not None:
            self._write(token, state | change)


def _stated(state: State) -> Stated:
    said = state["stated"]
    return Stated(said["league"], said["sport"], said["seen_at"] and datetime.fromisoformat(said["seen_at"]))


def _told(told: Preview) -> State:
    """A preview as it is kept."""
    return {
        "lines": told.read,
        "kinds": dict(told.lines),
        "prices": dict(told.prices),
        "reasons": dict(told.reasons.most_common(20)),
        "shown": {kind: [asdict(line) for line in lines] for kind, lines in told.shown.items()},
        **{
            name: [asdict(one) for one in list(names.values())[:NAMES_SHOWN]]
            for name, names in (("leagues", told.leagues), ("bookmakers", told.bookmakers), ("teams", told.teams))
        },
        "names": {"leagues": len(told.leagues), "bookmakers": len(told.bookmakers), "teams": len(told.teams)},
    }


def choices(state: State, form: Any) -> Iterator[tuple[str, State, int]]:
    """Which unknown names somebody says are others: kind, the name, and the id of the row it is."""
    for kind in ("bookmakers", "teams"):
        for place, unknown in enumerate(state.get(kind, ())):
            said = form.get(f"{kind}-{place}", "")
            if said in {str(number) for number, _ in unknown["near"]}:
                yield kind, unknown, int(said)
