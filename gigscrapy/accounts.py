"""A run in words, and in JSON: what `scrapy runs` and `scrapy tail` say of it. Times are those of Paris."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from schema.instants import iso, to_paris
from schema.ledger import balance
from schema.models import Runs
from schema.names import spelt_out
from schema.progress import Progress, lasting
from schema.runs import ENDED, FINISHED


def state_of(run: Runs, progress: Progress) -> str:
    """``running``, ``running, silent for 2 min 04 s``, ``running, to be cancelled``."""
    parts = [run.state or "not reported"]
    if progress.is_silent and progress.silence is not None:
        parts.append(f"silent for {lasting(progress.silence)}")
    if run.cancel_asked_at and run.state not in ENDED:
        parts.append("to be cancelled")
    return ", ".join(parts)


def verdict_of(run: Runs) -> str:
    """How it ended, in a sentence: ``complete: 18 of 18 matches read, 270 quotes sent (exit code 0)``."""
    if run.state not in ENDED:
        return "it has not ended"
    said = f"{run.verdict or run.state}: {run.sentence or Progress.of(run, datetime.now(UTC)).sentence}"
    return said if run.exit_code is None else f"{said} (exit code {run.exit_code})"


def account_of(run: Runs) -> str:
    """What became of all that it found."""
    said = balance(run).sentence
    return f"{run.published} quotes published, {run.stored} stored, {run.refused} refused: {said}"


def asked_by(run: Runs) -> str:
    """Who wanted it; a crawl somebody starts in a shell is asked for by nobody."""
    return run.requested_by or ("not told" if run.task_id else "by hand")


def facts(run: Runs, now: datetime) -> Iterator[tuple[str, str]]:
    """All of one run, a name and what it says; nothing in it moves a cursor."""
    progress = Progress.of(run, now)
    for name, said in (
        ("run", run.run_id),
        ("league", run.spider),
        ("state", state_of(run, progress)),
        ("progress", progress.sentence),
        ("current match", progress.current),
        ("verdict", verdict_of(run)),
        ("account", account_of(run) if run.state == FINISHED else balance(run).sentence),
        ("matches", f"{run.listed} listed, {run.discovered} asked for, {run.fetched} fetched, {run.parsed} read"),
        ("quotes", f"{run.yielded} read, {run.published} published, {run.stored} stored, {run.refused} refused"),
        ("besides", f"{run.prices} prices, {run.suspects} suspect quotes, {run.duplicates} messages delivered again"),
        ("bookmakers", f"{run.bookmakers}, {run.unknown_bookmakers} of them unknown"),
        ("pages", f"{run.pages} answers, {run.retries} retries; {run.error_count} gave nothing"),
        ("site", run.site),
        ("arguments", run.arguments or "none"),
        ("asked for by", asked_by(run)),
        ("asked for", moment(run.requested_at)),
        ("task", run.task_id),
        ("node", run.node),
        ("attempts without a node", str(run.attempts) if run.attempts else None),
        ("cancelling asked for", moment(run.cancel_asked_at)),
        ("started", moment(run.started_at)),
        ("last sign", moment(run.reported_at)),
        ("ended", moment(run.finished_at)),
        ("took", None if progress.seconds is None else lasting(progress.seconds)),
    ):
        if said is not None:
            yield name, spelt_out(said)


def fields(run: Runs, now: datetime) -> dict[str, Any]:
    """The same for a program: the columns of Runs by their names, instants in UTC, and how far it is."""
    progress = Progress.of(run, now)
    values = {field.column_name: getattr(run, field.name) for field in Runs._meta.sorted_fields}  # noqa: SLF001
    row = {
        name: iso(value.replace(tzinfo=UTC)) if isinstance(value, datetime) else value
        for name, value in values.items()
        if name not in ("id", "active_key")
    }
    return row | {
        "progress": {
            "seen": progress.seen,
            "expected": progress.expected,
            "share": progress.share,
            "seconds": progress.seconds,
            "pages_per_minute": progress.pages_per_minute,
            "left": progress.left,
            "silence": progress.silence,
        },
        "account": balance(run).sentence,
    }


def moment(value: datetime | None) -> str | None:
    """Naive UTC as Paris has it, to the second."""
    return None if value is None else f"{to_paris(value.replace(tzinfo=UTC)):%Y-%m-%d %H:%M:%S}"
