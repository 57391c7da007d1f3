"""``GET /metrics``: what Prometheus takes down, counted when it asks, in a handful of queries.

No query reads all of Odds or Matches, whatever their size. What cannot be asked is left out, and ``gigscrapy_up`` says
so: a page that is there tells that the database is away, one that fails does not.

A counter never falls: what is summed is what a run only ever adds to. What a replay takes back (``refused``) is none.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from flask import Blueprint, Response, request
from peewee import Database, PeeweeException, fn
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from scrapy.settings import BaseSettings

from admin.access import public_here
from admin.questions import Question, answers
from analytics.closing import median_gap, observed_gaps
from gigscrapy import leagues
from gigscrapy.broker import QUEUES, BrokerError, Queues, depths
from gigscrapy.deadletters import tallies
from schema import runs
from schema.database import explain
from schema.models import Leagues, Matches, Runs, Sports, now
from schema.names import name_key
from schema.reference import sports

SECONDS = 5.0
"""So long a scrape may take; Prometheus itself gives up after ten, by default."""

DAY = timedelta(days=1)
PLAYED_LATELY = timedelta(days=7)
"""A league whose matches were all played before that has no price to be fresh."""

logger = logging.getLogger(__name__)

COUNTED: Mapping[str, tuple[str, str]] = {
    "pages": ("gigscrapy_pages", "Answers of the site that all runs have had."),
    "retries": ("gigscrapy_retries", "Requests that all runs have had to repeat."),
    "error_count": ("gigscrapy_errors", "Errors that all runs have met."),
    "yielded": ("gigscrapy_quotes_read", "Quotes that all runs have read."),
    "published": ("gigscrapy_quotes_published", "Quotes that all runs have made durable."),
    "stored": ("gigscrapy_quotes_stored", "Quotes of all runs in the tables, each once."),
    "prices": ("gigscrapy_prices_stored", "Prices of all runs in the tables."),
    "duplicates": ("gigscrapy_quotes_duplicate", "Deliveries of quotes that were stored already."),
    "suspects": ("gigscrapy_quotes_suspect", "Quotes that broke a rule of plausibility when they were read."),
}
"""Columns of Runs that only grow, each with the counter it is and what that says; `_total` is added."""


def addresses(database: Database, queues: Queues, _settings: BaseSettings) -> Blueprint:
    """The address."""
    blueprint = Blueprint("metrics", __name__)
    registry = CollectorRegistry()
    registry.register(Everything(database, queues))

    @blueprint.get("/metrics")
    @public_here
    def measured() -> Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(registry), content_type=content_type)

    return blueprint


class Everything(Collector):
    """All metrics, asked of the database and of the queue anew each time."""

    def __init__(self, database: Database, queues: Queues) -> None:
        self._questions: dict[str, Question[Sequence[Metric]]] = {
            "database": Question(lambda: _of_the_tables(database)),
            "queue": Question(lambda: _of_the_queues(queues)),
        }

    def describe(self) -> Sequence[Metric]:
        """Nothing: registering it must not ask."""
        return ()

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("gigscrapy_up", "Whether it could be asked (1) or not (0).", labels=["dependency"])
        for name, answer in answers(self._questions, SECONDS).items():
            found = _found(name, answer)
            up.add_metric([name], found is not None)
            yield from found or ()
        yield up


def _found(name: str, answer: Callable[[], Sequence[Metric]]) -> Sequence[Metric] | None:
    try:
        return answer()
    except TimeoutError:
        logger.warning("metrics, %s: no answer within %g s", name, SECONDS)
    except PeeweeException as error:
        logger.warning("metrics, %s: %s", name, explain(error))
    except (OSError, BrokerError) as error:
        logger.warning("metrics, %s: %s", name, error)
    return None


# -- the queues --------------------------------------------------------------------------------------------------------


def _of_the_queues(queues: Queues) -> Sequence[Metric]:
    waiting = GaugeMetricFamily(
        "gigscrapy_queue_messages",
        "Messages that wait in a queue; outbox: those that runs on this machine have yet to send.",
        labels=["queue"],
    )
    for queue, count in depths(queues.rabbit_url, queues.home, QUEUES).items():
        waiting.add_metric([queue], count)
    return (waiting,)


# -- the tables --------------------------------------------------------------------------------------------------------


def _of_the_tables(database: Database) -> Sequence[Metric]:
    at = now()
    with database.connection_context():
        return (
            *_counters(),
            _open_runs(),
            _ended_runs(at - DAY),
            _dead_letters(database),
            _complete_run_ages(at),
            _price_ages(at),
            *_closing(at),
        )


def _counters() -> Iterator[Metric]:
    """One query: it reads Runs, a row for each crawl there ever was."""
    [sums] = Runs.select(*(fn.SUM(getattr(Runs, column)) for column in COUNTED)).tuples().execute()
    for (name, says), total in zip(COUNTED.values(), sums, strict=True):
        yield CounterMetricFamily(name, says, value=int(total or 0))


def _open_runs() -> Metric:
    states = (runs.QUEUED, runs.SCHEDULED, runs.RUNNING)
    query = Runs.select(Runs.state, fn.COUNT(Runs.id)).where(Runs.state.in_(states)).group_by(Runs.state)
    found = dict(query.tuples().execute())
    metric = GaugeMetricFamily("gigscrapy_open_runs", "Runs that wait or go on.", labels=["state"])
    for state in states:
        metric.add_metric([state], found.get(state, 0))
    return metric


def _ended_runs(since: datetime) -> Metric:
    """Those that began to crawl by when they did, the others by when they were asked for: each has an index."""
    columns = (Runs.state, Runs.verdict, fn.COUNT(Runs.id))
    began = Runs.select(*columns).where(Runs.started_at >= since, Runs.state.in_(runs.ENDED))
    never = Runs.select(*columns).where(
        Runs.state.in_((runs.LOST, runs.CANCELLED, runs.FAILED)),
        Runs.requested_at >= since,
        Runs.started_at.is_null(),
    )
    metric = GaugeMetricFamily(
        "gigscrapy_ended_runs",
        "Runs that began, or were asked for and never did, in the last 24 hours, and have ended.",
        labels=["state", "verdict"],
    )
    found: dict[tuple[str, str], int] = {}
    for query in (began, never):
        for state, verdict, count in query.group_by(Runs.state, Runs.verdict).tuples().execute():
            found[state, verdict or ""] = found.get((state, verdict or ""), 0) + count
    for labels, count in sorted(found.items()):
        metric.add_metric(labels, count)
    return metric


def _dead_letters(database: Database) -> Metric:
    metric = GaugeMetricFamily("gigscrapy_dead_letters", "Refused messages that wait for somebody.", labels=["reason"])
    for tally in tallies(database):
        metric.add_metric([tally.reason], tally.waiting)
    return metric


def _complete_run_ages(at: datetime) -> Metric:
    """One query, of an index: a league's last complete run is where the index says."""
    ended = fn.MAX(Runs.finished_at).converter(Runs.finished_at.python_value)
    query = Runs.select(Runs.spider, ended).where(Runs.verdict == "complete").group_by(Runs.spider)
    known = {league.name for league in leagues.load()}
    metric = GaugeMetricFamily(
        "gigscrapy_complete_run_age_seconds",
        "Since a league's last run of which nothing is missing.",
        labels=["league"],
    )
    for spider, finished_at in query.tuples().execute():
        if spider in known and finished_at is not None:
            metric.add_metric([spider], _age(at, finished_at))
    return metric


def _price_ages(at: datetime) -> Metric:
    known = {(sports()[league.sport].code, name_key(league.title)): league.name for league in leagues.load()}
    seen_at = fn.MAX(Matches.seen_at).converter(Matches.seen_at.python_value)
    query = Matches.select(Sports.code, Leagues.name_key, seen_at).join(Leagues).join(Sports)
    query = query.where(Matches.match_date >= at - PLAYED_LATELY)
    metric = GaugeMetricFamily(
        "gigscrapy_price_age_seconds",
        "Since the newest stored price of a league was read, of its matches to come and of the last seven days.",
        labels=["league"],
    )
    for sport, key, seen in query.group_by(Matches.league, Sports.code, Leagues.name_key).tuples().execute():
        if (league := known.get((sport, key))) is not None:
            metric.add_metric([league], _age(at, seen))
    return metric


def _closing(at: datetime) -> Iterator[Metric]:
    gaps = observed_gaps(at - DAY, at)
    middle = median_gap(gaps)
    name, says = (
        "gigscrapy_closing_gap_median_seconds",
        "Median age of the last price at kick-off, of the last 24 hours.",
    )
    yield GaugeMetricFamily(name, says, value=middle) if middle is not None else GaugeMetricFamily(name, says)
    yield GaugeMetricFamily(
        "gigscrapy_matches_without_price",
        "Matches of the last 24 hours of which nobody saw a price before their kick-off.",
        value=len({gap.match_id for gap in gaps if gap.seconds is None}),
    )


def _age(at: datetime, then: datetime) -> float:
    return max(0.0, (at - then).total_seconds())
