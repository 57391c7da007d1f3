"""Where a price came from: the page that it was read in, as it was kept.

What another site wrote is shown as text, or rendered in a sandbox: without scripts, forms, or anything that is loaded.
"""

from pathlib import Path

from flask import Blueprint, Response, abort, current_app, render_template
from peewee import Database

from admin.labels import outcome_label
from admin.pages.finder.written import MARKET_LABELS
from admin.views import cells
from admin.words import spoken
from gigscrapy import archive
from gigscrapy.provenance import Provenance

SANDBOX = "sandbox; default-src 'none'"


def add(blueprint: Blueprint, database: Database) -> None:
    """``/matches/source/<id in Odds>/``, and the kept page as text and without scripts."""

    def known(number: int) -> Provenance:
        found = Provenance.of(database, number)
        if found is None:
            abort(404)
        return found

    def kept(number: int) -> bytes:
        found = known(number)
        text = archive.read(_home(), found.content) if found.content else None
        if text is None:
            abort(404)
        return text.encode("utf-8", "replace")

    @blueprint.get("/source/<int:number>/")
    def source(number: int) -> str:
        found = known(number)
        is_kept = found.content is not None and archive.read(_home(), found.content) is not None
        return render_template(
            "finder/source.html",
            row=found,
            kept=is_kept,
            market=MARKET_LABELS.get(found.place.market, found.place.market),
            outcome=outcome_label(found.place.outcome, spoken()),
            days=_days(),
            page_link=cells.whole_address,
        )

    @blueprint.get("/source/<int:number>/text")
    def source_text(number: int) -> Response:
        return _closed_in(Response(kept(number), content_type="text/plain; charset=utf-8"))

    @blueprint.get("/source/<int:number>/page")
    def source_page(number: int) -> Response:
        return _closed_in(Response(kept(number), content_type="text/html; charset=utf-8"))


def _closed_in(answer: Response) -> Response:
    """The rules of the application's own pages are added to these: both hold."""
    answer.headers["Content-Security-Policy"] = SANDBOX
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _home() -> Path:
    return Path(current_app.config["SETTINGS"]["GIGSCRAPY_HOME"])


def _days() -> float:
    return float(current_app.config["SETTINGS"].getfloat("ARCHIVE_DAYS"))
