"""What needs a person, and where it is mended: late prices, runs that went wrong, letters that wait, holes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import url_for

from admin import formats, sight, strips
from admin.sentences import in_french
from admin.services import Part
from admin.sight import Facts, Wide
from admin.views import progress
from admin.words import say, spoken
from analytics.pulse import DAY, HOUR
from gigscrapy.schedules import problem
from schema import runs
from schema.history import COMPLETE, Shown
from schema.models import Firings, Runs, Schedules
from schema.schedules import MISSED

NAMED = 5
"""Of several, so many are named."""


@dataclass(frozen=True, slots=True)
class Need:
    """Something that needs a person, and where it is mended."""

    said: str
    address: str
    action: str


@dataclass(frozen=True, slots=True)
class Next:
    """A schedule that is on."""

    schedule: Schedules
    next_at: datetime | None
    next_said: str
    strip: strips.Strip
    visits: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is looked at. ``wide``: ``None`` while it is being found; ``late_after``: as in :mod:`admin.sight`."""

    facts: Facts
    shown: Shown
    schedules: Sequence[tuple[Schedules, list[Firings]]]
    coming: Sequence[Next]
    parts: Sequence[Part]
    wide: Wide | None
    late_after: timedelta | None
    at: datetime


def needs(seen: Seen) -> Iterator[Need]:
    """The gravest first."""
    facts, at = seen.facts, seen.at
    crawls = url_for("crawls.index")
    for part in seen.parts:
        if part.ok is False:
            yield Need(f"{part.called} : {_translated(part.sentence)}", f"{crawls}#services", say("Voir les services"))
    if seen.late_after is not None and sight.is_late(facts.newest, seen.late_after, at):
        told = formats.lasting(seen.late_after.total_seconds(), spoken())
        yield Need(say("Aucune cote depuis plus de {time}.", time=told), f"{crawls}#latest", say("Voir les relevés"))
    yield from _of_runs(seen.shown, at)
    yield from _of_schedules(seen.schedules, at)
    yield from _of_strips(seen.coming)
    if facts.letters:
        told = say("Messages refusés qui attendent : {count}.", count=formats.whole(facts.letters, spoken()))
        yield Need(told, f"{crawls}#letters", say("Les rejouer"))
    if seen.wide is not None:
        yield from _of_coverage(seen.wide, at)
    if facts.suspects:
        told = say("Cotes suspectes relevées en 24 h : {count}.", count=formats.whole(facts.suspects, spoken()))
        yield Need(told, url_for("latestodds.index_view", suspected=1), say("Les regarder"))
    if facts.unreviewed:
        told = say("Bookmakers que personne n'a encore vérifiés : {count}.", count=facts.unreviewed)
        yield Need(told, url_for("bookmakers.index_view", reviewed=0), say("Les vérifier"))


def _of_runs(shown: Shown, at: datetime) -> Iterator[Need]:
    """Leagues whose last run of a day did not end well, and runs that say nothing."""
    last: dict[str, Runs] = {}
    for run in shown.latest:
        if run.spider and (run.finished_at or run.started_at or run.requested_at or at) > at - DAY:
            last.setdefault(run.spider, run)
    bad = [run for run in last.values() if run.verdict != COMPLETE and run.state != runs.CANCELLED]
    for run in bad[:NAMED]:
        told = say("{name} : le dernier relevé s'est mal terminé ({why}).", name=run.spider, why=strips.why(run))
        yield Need(told, url_for("crawls.run", number=run.id), say("Voir ce relevé"))
    if len(bad) > NAMED:
        told = say("Et d'autres ligues dont le dernier relevé s'est mal terminé : {count}.", count=len(bad) - NAMED)
        yield Need(told, f"{url_for('crawls.index')}#latest", say("Voir les relevés"))
    for run in shown.going_on:
        if (seen := progress.of(run)).is_silent:
            silence = formats.lasting(seen.silence, spoken())
            told = say("{name} : en cours, mais muet depuis {time}.", name=run.spider or run.run_id, time=silence)
            yield Need(told, url_for("crawls.run", number=run.id), say("Voir ce relevé"))


def _of_schedules(found: Sequence[tuple[Schedules, list[Firings]]], at: datetime) -> Iterator[Need]:
    for schedule, firings in found:
        address = url_for("schedules.details_view", id=schedule.id)
        missed = [firing for firing in firings if firing.state == MISSED and firing.due_at > at - DAY]
        if schedule.enabled and problem(schedule):
            told = say("La planification « {name} » ne peut être suivie.", name=schedule.name)
            yield Need(told, address, say("La corriger"))
        elif schedule.enabled and missed:
            told = say("« {name} » : échéances manquées en 24 h : {count}.", name=schedule.name, count=len(missed))
            yield Need(told, address, say("Voir pourquoi"))


def _of_strips(coming: Sequence[Next]) -> Iterator[Need]:
    """Schedules whose last time brought less than they should; a run that went wrong is told of by itself."""
    for row in coming:
        done = [mark for mark in row.strip.marks if mark.kind in (strips.GOOD, strips.ODD)]
        if done and done[-1].kind is strips.ODD:
            told = say("« {name} » : la dernière fois a ramené bien moins que d'habitude.", name=row.schedule.name)
            yield Need(told, done[-1].address, say("Voir ce relevé"))


def _of_coverage(wide: Wide, at: datetime) -> Iterator[Need]:
    if gone := sight.missing_bookmakers(wide, at):
        names = ", ".join(each.name for each in gone[:NAMED]) + ("…" if len(gone) > NAMED else "")
        told = say("Bookmakers plus vus depuis 24 h : {names}.", names=names)
        yield Need(told, "#coverage", say("Voir la couverture"))
    if holes := sum(sight.faults(*row) for row in sight.matrix(wide)):
        told = say("Trous dans la couverture : {count}.", count=holes)
        yield Need(told, "#coverage", say("Voir la couverture"))
    if wide.tally.since is not None and at - wide.tally.since > HOUR:
        when = formats.ago(wide.tally.since, spoken())
        told = say("Le décompte des cotes est en retard (la plus ancienne attend {when}).", when=when)
        yield Need(
            f"{told} scrapy consume, scrapy tally", f"{url_for('crawls.index')}#services", say("Voir les services")
        )


def _translated(sentence: str) -> str:
    return (in_french(sentence) if spoken() == "fr" else None) or sentence
