"""Finds the run that somebody means: by its id, by the beginning of it, or by its league."""

import re

from peewee import Database

from gigscrapy.leagues import load, nearest
from gigscrapy.logs import SHORT
from schema.models import Runs
from schema.names import spelt_out

NAMED = 5
"""So many are named where several are meant."""

LAST = "~"
"""Comes after whatever a run's id may hold."""


class NoSuchRun(ValueError):
    """There is none, or more than one; the message says what to write instead."""


def find_run(database: Database, text: str) -> Runs:
    """The run whose id is ``text``, or the only one whose id begins with it.

    :raises NoSuchRun: when there is none, or more than one.
    """
    said = spelt_out(text[:80])
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", text):
        raise NoSuchRun(f"{said!r} is no run's id; `scrapy runs` lists them")
    if whole := next(iter(Runs.select().where(Runs.run_id == text).execute(database)), None):
        return whole
    begins = (Runs.run_id > text) & (Runs.run_id < text + LAST)  # no LIKE: in an id _ is a letter as any other
    found = list(Runs.select().where(begins).order_by(Runs.run_id).limit(NAMED + 1).execute(database))
    if not found:
        raise NoSuchRun(f"no run's id begins with {said}; `scrapy runs` lists them")
    if len(found) > 1:
        named = ", ".join(f"{short_id(database, run.run_id)} ({run.spider or 'not told'})" for run in found[:NAMED])
        raise NoSuchRun(
            f"several runs begin with {said}: {named}{', …' if len(found) > NAMED else ''}; write more of it"
        )
    return found[0]


def find_run_or_newest(database: Database, text: str) -> Runs:
    """The newest run of the league of that name, else as :func:`find_run`. :raises NoSuchRun: likewise."""
    if text not in {league.name for league in load()}:
        try:
            return find_run(database, text)
        except NoSuchRun as error:
            near = ", ".join(nearest(text))
            raise NoSuchRun(f"{error}{near and f'; or did you mean a league: {near}?'}") from None
    newest = Runs.select().where(Runs.spider == text).order_by(Runs.id.desc()).limit(1)
    for run in newest.execute(database):
        return run
    raise NoSuchRun(f"{text} has no run yet: `scrapy crawl {text}`")


def short_id(database: Database, run_id: str) -> str:
    """The beginning of a run's id that no other run shares, at least eight characters of it."""
    before = Runs.select(Runs.run_id).where(Runs.run_id < run_id).order_by(Runs.run_id.desc()).limit(1)
    after = Runs.select(Runs.run_id).where(Runs.run_id > run_id).order_by(Runs.run_id).limit(1)
    neighbours = [other for query in (before, after) for (other,) in query.tuples().execute(database)]
    return run_id[: max([SHORT, *(_common(run_id, other) + 1 for other in neighbours)])]


def _common(one: str, other: str) -> int:
    """How many characters they begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (mine, theirs) in pairs if mine != theirs), min(len(one), len(other)))
