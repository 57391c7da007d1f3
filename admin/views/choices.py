"""What the drop-downs of the filters offer: one query for all that have names in the tables."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from flask import g

from admin.formats import DASH, moment
from admin.labels import FIRING_STATES, LETTER_STATES, STATES, STATUSES, VERDICTS, outcome_label
from admin.views.filters import Choice, Filter, Options
from admin.words import Phrase, spoken
from gigscrapy.deadletters import LIVING_QUEUES
from schema.markets import MARKETS
from schema.models import Odds
from schema.names import name_key

RUNS_OFFERED = 50
"""The newest; an older one is reached from its own row."""


class _Row(NamedTuple):
    """``of``: the sport's name; ``at``: of a run, when it began or was asked for."""

    id: int
    name: str
    of: str | None
    at: datetime | None


_NAMED = {
    "sport": "SELECT 'sport' AS kind, id, name, NULL AS of, NULL AS at FROM Sports",
    "country": "SELECT DISTINCT 'country' AS kind, 0 AS id, country, NULL AS of, NULL AS at FROM Leagues"
    " WHERE country IS NOT NULL",
    "league": "SELECT 'league' AS kind, l.id, l.name, s.name AS of, NULL AS at"
    " FROM Leagues l JOIN Sports s ON s.id = l.sport_id",
    "market": "SELECT 'market' AS kind, m.id, m.name, s.name AS of, NULL AS at"
    " FROM MarketNames m JOIN Sports s ON s.id = m.sport_id",
    "bookmaker": "SELECT 'bookmaker' AS kind, id, name, NULL AS of, NULL AS at FROM Bookmakers",
    "schedule": "SELECT 'schedule' AS kind, id, name, NULL AS of, NULL AS at FROM Schedules",
    "run": "SELECT * FROM (SELECT 'run' AS kind, id, COALESCE(spider, run_id) AS name, NULL AS of,"
    " COALESCE(started_at, requested_at) AS at FROM Runs ORDER BY started_at DESC, id DESC LIMIT {runs}) AS newest",
}
"""What asks for everything of a kind that has a name."""


def ask_for(filters: Iterable[Filter]) -> None:
    """These are the filters of the page: what their drop-downs offer is asked for together, and nothing else is."""
    offered = {question.choices for question in filters if isinstance(question, Choice)}
    g.offered = [kind for choices, kind in _KINDS.items() if choices in offered]


def _named(kind: str) -> list[_Row]:
    """Everything of that kind that has a name, asked for once a page."""
    if "named" not in g:
        g.named = defaultdict(list)
        question = " UNION ALL ".join(_NAMED[each] for each in g.get("offered", _NAMED)).format(runs=RUNS_OFFERED)
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
    return [(row.name, row.name) for row in sorted(_named("country"), key=lambda row: name_key(row.name)) if row.name]


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


_KINDS: dict[Callable[[], Options], str] = {
    sports: "sport",
    countries: "country",
    leagues: "league",
    markets: "market",
    bookmakers: "bookmaker",
    schedules: "schedule",
    runs: "run",
}
