"""What the drop-downs of the filters offer: one query for all that have names in the tables."""

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

from flask import g

from admin.formats import DASH, moment
from admin.labels import FIRING_STATES, LETTER_STATES, STATES, STATUSES, VERDICTS, outcome_label
from admin.views.filters import Options
from admin.words import Phrase, spoken
from gigscrapy.deadletters import LIVING_QUEUES
from schema.markets import MARKETS
from schema.models import Leagues, Odds
from schema.names import name_key

RUNS_OFFERED = 50
"""The newest; an older one is reached from its own row."""


class _Row(NamedTuple):
    """``of``: the sport's name; ``at``: of a run, when it began or was asked for."""

    id: int
    name: str
    of: str | None
    at: datetime | None


_NAMED = """
SELECT 'sport' AS kind, id, name, NULL AS of, NULL AS at FROM Sports
UNION ALL SELECT 'league', l.id, l.name, s.name, NULL FROM Leagues l JOIN Sports s ON s.id = l.sport_id
UNION ALL SELECT 'market', m.id, m.name, s.name, NULL FROM MarketNames m JOIN Sports s ON s.id = m.sport_id
UNION ALL SELECT 'bookmaker', id, name, NULL, NULL FROM Bookmakers
UNION ALL SELECT 'schedule', id, name, NULL, NULL FROM Schedules
UNION ALL SELECT * FROM (
    SELECT 'run', id, COALESCE(spider, run_id), NULL, COALESCE(started_at, requested_at)
    FROM Runs ORDER BY started_at DESC, id DESC LIMIT {runs}
) AS newest
"""
"""All of it at once: a list with four drop-downs would ask four times."""


def _named(kind: str) -> list[_Row]:
    """Everything of that kind that has a name, asked for once a page."""
    if "named" not in g:
        g.named, question = defaultdict(list), _NAMED.format(runs=RUNS_OFFERED)
        for found, number, name, of, at in Odds._meta.database.execute_sql(question).fetchall():  # noqa: SLF001
            instant = datetime.fromisoformat(at) if isinstance(at, str) else at  # SQLite has them as text
            g.named[found].append(_Row(number, name, of, instant))
    rows: list[_Row] = g.named[kind]
    return rows


def _by_name(kind: str) -> Options:
    return [(str(row.id), row.name) for row in sorted(_named(kind), key=lambda row: name_key(row.name))]


def sports() -> Options:
    return _by_name("sport")


def leagues() -> Options:
    rows = sorted(_named("league"), key=lambda row: (row.of or "", name_key(row.name)))
    return [(str(row.id), f"{row.of} {DASH} {row.name}") for row in rows]


def countries() -> Options:
    rows = Leagues.select(Leagues.country).where(Leagues.country.is_null(False)).distinct().order_by(Leagues.country)
    return [(country, country) for league in rows if (country := league.country)]


def markets() -> Options:
    rows = sorted(_named("market"), key=lambda row: (row.of or "", row.id))
    return [(str(row.id), f"{row.of} {DASH} {row.name}") for row in rows]


def bookmakers() -> Options:
    return _by_name("bookmaker")


def runs() -> Options:
    rows = sorted(_named("run"), key=lambda row: (str(row.at or ""), row.id), reverse=True)
    return [(str(row.id), f"{row.name}, {moment(row.at, spoken())}" if row.at else row.name) for row in rows]


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
    return _by_name("schedule")


def letter_states() -> Options:
    return [(code, Phrase(label)) for code, label in LETTER_STATES.items()]


def queues() -> Options:
    return [(queue, queue) for queue in LIVING_QUEUES]


def yes_no() -> Options:
    return [("1", Phrase("oui")), ("0", Phrase("non"))]
