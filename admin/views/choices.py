"""What the drop-downs of the filters offer: one query each, of a small table."""

from admin.formats import DASH
from admin.labels import FIRING_STATES, LETTER_STATES, STATES, STATUSES, VERDICTS, outcome_label
from admin.views.filters import Options
from admin.views.names import name_of
from admin.words import Phrase, spoken
from analytics.board import NEWEST_FIRST
from gigscrapy.deadletters import LIVING_QUEUES
from schema.markets import MARKETS
from schema.models import Bookmakers, Leagues, MarketNames, Runs, Schedules, Sports

RUNS_OFFERED = 50
"""The newest; an older one is reached from its own row."""


def sports() -> Options:
    rows = Sports.select(Sports.id, Sports.name).order_by(Sports.name)
    return [(str(sport.id), sport.name) for sport in rows]


def leagues() -> Options:
    rows = Leagues.select(Leagues.id, Leagues.name, Sports.name).join(Sports).order_by(Sports.name, Leagues.name)
    return [(str(league.id), f"{league.sport.name} {DASH} {league.name}") for league in rows]


def countries() -> Options:
    rows = Leagues.select(Leagues.country).where(Leagues.country.is_null(False)).distinct().order_by(Leagues.country)
    return [(country, country) for league in rows if (country := league.country)]


def markets() -> Options:
    rows = MarketNames.select(MarketNames.id, MarketNames.name, Sports.name).join(Sports)
    return [
        (str(market.id), f"{market.sport.name} {DASH} {market.name}")
        for market in rows.order_by(Sports.name, MarketNames.id)
    ]


def bookmakers() -> Options:
    rows = Bookmakers.select(Bookmakers.id, Bookmakers.name).order_by(Bookmakers.name)
    return [(str(bookmaker.id), bookmaker.name) for bookmaker in rows]


def runs() -> Options:
    rows = Runs.select(Runs.id, Runs.run_id, Runs.spider, Runs.started_at).order_by(*NEWEST_FIRST)
    return [(str(run.id), name_of(run)) for run in rows.limit(RUNS_OFFERED)]


def outcomes() -> Options:
    codes = dict.fromkeys(outcome for market in MARKETS.values() for outcome in market.outcomes)
    return [(code, outcome_label(code, spoken())) for code in codes]


def verdicts() -> Options:
    return [(code, Phrase(label)) for code, label in VERDICTS.items()]


def states() -> Options:
    return [(code, Phrase(label)) for code, label in STATES.items()]


def statuses() -> Options:
    return [(code, Phrase(label)) for code, label in STATUSES.items()]


def firing_states() -> Options:
    return [(code, Phrase(label)) for code, label in FIRING_STATES.items()]


def schedules() -> Options:
    rows = Schedules.select(Schedules.id, Schedules.name).order_by(Schedules.name)
    return [(str(schedule.id), schedule.name) for schedule in rows]


def letter_states() -> Options:
    return [(code, Phrase(label)) for code, label in LETTER_STATES.items()]


def queues() -> Options:
    return [(queue, queue) for queue in LIVING_QUEUES]


def yes_no() -> Options:
    return [("1", Phrase("oui")), ("0", Phrase("non"))]
