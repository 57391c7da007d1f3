"""Import of a file: taken, shown what each line would do, stored once somebody says so."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    get_flashed_messages,
    redirect,
    render_template,
    request,
    url_for,
)
from peewee import Database
from werkzeug import Response as Redirect

from admin import audit
from admin.access import Role, needs, who
from admin.pages.data.sentences import because, of_line
from admin.pages.data.uploads import BUSY, DONE, READING, READY, STORING, Busy, State, Uploads, choices
from admin.words import Phrase, say
from gigscrapy import leagues
from gigscrapy.imports import Stated
from gigscrapy.imports.preview import KINDS
from gigscrapy.imports.sheets import MEGABYTE, UPLOAD
from schema.aliases import begin_change
from schema.instants import from_paris
from schema.models import BookmakerAliases, Leagues, TeamAliases, Teams
from schema.names import BadName, name_key, tidy
from schema.reference import sports

AROUND = 64 * 1024
"""Bytes of a form around its file."""
PATIENCE = 2.0
"""Seconds that an upload's page waits for a small file to be read."""

KINDS_SAID = {
    "new": Phrase("Nouvelles"),
    "other": Phrase("Autre prix"),
    "there": Phrase("Déjà là"),
    "refused": Phrase("Refusées"),
}
SOURCES = {
    "football-data": Phrase("Fichier de football-data.co.uk"),
    "gig-benchmark": Phrase("CSV de gig-benchmark"),
    "gigscrapy": Phrase("Export de gigscrapy"),
}


def add(blueprint: Blueprint, database: Database) -> None:
    pages = _Pages(database)
    for rule, name, methods in (
        ("/import/", "import_form", ("GET",)),
        ("/import/", "import_upload", ("POST",)),
        ("/import/<token>/", "import_page", ("GET",)),
        ("/import/<token>/store/", "import_store", ("POST",)),
        ("/import/<token>/discard/", "import_discard", ("POST",)),
    ):
        blueprint.add_url_rule(rule, name, needs(Role.OPERATOR)(_named(getattr(pages, name))), methods=methods)
    blueprint.record_once(lambda setup: _allow_uploads(setup.app))


def _named(method: Any) -> Any:
    """A function of a method, which can be marked."""

    def view(**values: Any) -> Any:
        return method(**values)

    return view


def _allow_uploads(app: Any) -> None:
    """Before anybody looks into the form: whatever else is sent here must be small."""

    def allow() -> None:
        if request.endpoint == "data.import_upload":
            request.max_content_length = UPLOAD.size + AROUND

    app.before_request_funcs.setdefault(None, []).insert(0, allow)


class _Pages:
    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def _uploads(self) -> Uploads:
        kept: Uploads | None = current_app.extensions.get("gigscrapy-uploads")
        if kept is None:
            kept = Uploads(current_app.config["QUEUES"].home, self._database)
            current_app.extensions["gigscrapy-uploads"] = kept
        return kept

    # -- pages ---------------------------------------------------------------------------------------------------------

    def import_form(self) -> str:
        return self._form({"sport": "football"})

    def _form(self, typed: dict[str, str], error: tuple[str, str] | None = None) -> str:
        return render_template(
            "data/import.html",
            typed=typed,
            error=error,
            told=get_flashed_messages(),
            sports=[(sport.name, sport.title) for sport in sports().values()],
            titles=sorted({league.title for league in leagues.load()}),
            recent=self._uploads.of(who()),
            states=_STATES,
            megabytes=UPLOAD.size // MEGABYTE,
        )

    def import_upload(self) -> Redirect | tuple[str, int]:
        """Keep the file, and look at it; a small one at once."""
        typed = {name: request.form.get(name, "").strip()[:100] for name in ("league", "sport", "seen_at")}
        file = request.files.get("file")
        if file is None or not file.filename:
            return self._form(typed, ("file", say("Choisissez un fichier."))), HTTPStatus.UNPROCESSABLE_ENTITY
        try:
            stated = _stated(typed)
            token, thread = self._uploads.take(file, stated, who())
        except _BadField as error:
            return self._form(typed, (error.field, str(error))), HTTPStatus.UNPROCESSABLE_ENTITY
        except Busy:
            busy = say("Trop de fichiers sont en cours de lecture : recommencez dans un instant.")
            return self._form(typed, ("file", busy)), HTTPStatus.TOO_MANY_REQUESTS
        thread.join(PATIENCE)
        return redirect(url_for("data.import_page", token=token), HTTPStatus.SEE_OTHER)

    def import_page(self, token: str) -> str:
        """:raises NotFound: of one's own uploads only."""
        state = self._own(token)
        return render_template(
            "data/upload.html",
            upload=state,
            is_busy=state["state"] in BUSY,
            is_reading=state["state"] == READING,
            is_storing=state["state"] == STORING,
            is_ready=state["state"] == READY,
            is_done=state["state"] == DONE,
            state=_STATES[state["state"]],
            kinds=[(kind, KINDS_SAID[kind]) for kind in KINDS],
            source=SOURCES.get(state.get("kind", "")),
            because=because,
            of_line=of_line,
            told=get_flashed_messages(),
        )

    def import_store(self, token: str) -> Redirect:
        """Names that are said to be others', then all lines, in the background."""
        state = self._own(token)
        if state["state"] != READY:
            return redirect(url_for("data.import_page", token=token), HTTPStatus.SEE_OTHER)
        with audit.together(self._database):
            self._say_who_is_who(state)
            audit.note("import", "file", state["name"], None, {"kind": state["kind"], **state["prices"]})
        try:
            thread = self._uploads.begin_storing(token)
        except Busy:
            flash(say("Trop de fichiers sont en cours de lecture : recommencez dans un instant."))
        else:
            if thread:
                thread.join(PATIENCE / 4)
        return redirect(url_for("data.import_page", token=token), HTTPStatus.SEE_OTHER)

    def import_discard(self, token: str) -> Response | Redirect:
        state = self._own(token)
        self._uploads.discard(token)
        flash(say("« {name} » est laissé de côté.", name=state["name"]))
        return redirect(url_for("data.import_form"), HTTPStatus.SEE_OTHER)

    # -- how -----------------------------------------------------------------------------------------------------------

    def _own(self, token: str) -> State:
        state = self._uploads.find(token, who())
        if state is None:
            abort(HTTPStatus.NOT_FOUND)
        return state

    def _say_who_is_who(self, state: State) -> None:
        """The names that were chosen become other names, so that nothing is made for them."""
        chosen = list(choices(state, request.form))
        if not chosen:
            return
        begin_change(self._database)
        for kind, unknown, number in chosen:
            name = tidy(unknown["name"])
            if kind == "bookmakers":
                BookmakerAliases.insert(
                    name_key=name_key(name), name=name, bookmaker=number
                ).on_conflict_ignore().execute()
            else:
                team = Teams.select(Teams, Leagues).join(Leagues).where(Teams.id == number).first()
                if team is None or team.league.name_key != name_key(unknown["league"]):
                    continue
                row = {"league": team.league_id, "name_key": name_key(name), "name": name, "team": number}
                TeamAliases.insert(**row).on_conflict_ignore().execute()
            audit.note("add", f"{kind[:-1]} alias", name, None, {"of": number})


class _BadField(ValueError):
    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def _stated(typed: dict[str, str]) -> Stated:
    """:raises _BadField: when it makes no sense."""
    if typed["sport"] not in sports():
        raise _BadField("sport", say("Ce sport n'est pas connu."))
    try:
        league = tidy(typed["league"]) if typed["league"] else None
    except BadName:
        raise _BadField("league", say("Ce nom ne peut être gardé.")) from None
    try:
        seen_at = (
            from_paris(datetime.fromisoformat(typed["seen_at"]).replace(tzinfo=None)) if typed["seen_at"] else None
        )
    except ValueError:
        raise _BadField("seen_at", say("Ce n'est pas un instant.")) from None
    return Stated(league, typed["sport"], seen_at)


_STATES = {
    READING: Phrase("en cours de lecture"),
    READY: Phrase("lu : rien n'est encore enregistré"),
    STORING: Phrase("en cours d'enregistrement"),
    DONE: Phrase("enregistré"),
    "failed": Phrase("impossible à importer"),
}
