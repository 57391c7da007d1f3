"""How far a run is, as its row shows it: a bar that is text as well, what is left, how fast it goes."""

from datetime import UTC, datetime
from decimal import Decimal

from markupsafe import Markup

from admin import formats
from admin.words import say, spoken
from schema import runs
from schema.models import Runs
from schema.progress import Progress

BEFORE = (runs.QUEUED, runs.CANCELLED, runs.FAILED, None)
"""In these there is no crawl yet, or never was."""

_bar = Markup('<progress max="{max}" value="{value}" aria-label="{label}"></progress> {text}')


def of(run: Runs) -> Progress:
    """How far it is at this instant."""
    return Progress.of(run, datetime.now(UTC))


def bar(run: Runs) -> str | Markup:
    """Matches that were read of those that are asked for; of one that is silent, for how long."""
    found = of(run)
    if run.state in BEFORE or (run.state == runs.SCHEDULED and not found.expected):
        return formats.DASH
    if found.expected is None:
        text = say("aucun match encore") if run.state == runs.RUNNING else formats.DASH
    else:
        text = say("{seen} / {expected} matchs", seen=_whole(found.seen), expected=_whole(found.expected))
    if found.is_silent:
        text += say(", muet depuis {time}", time=formats.lasting(found.silence, spoken()))
    if run.state != runs.RUNNING or found.expected is None:
        return text
    label = say("Avancement")
    return _bar.format(max=found.expected, value=found.seen, label=label, text=text)


def left(run: Runs) -> str:
    """How long until the last match, as far as anybody can tell."""
    return formats.lasting(of(run).left, spoken())


def pace(run: Runs) -> str:
    """Answers of the site in a minute."""
    found = of(run).pages_per_minute
    return formats.DASH if found is None else formats.decimal(round(Decimal(found), 1), spoken())


def _whole(number: int) -> str:
    return formats.whole(number, spoken())
