"""A crowd: sixty matches, each of its own league, run and page, and names that nobody should be called."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from peewee import Database

from schema.instants import naive
from schema.messages import Message, OddsItem
from schema.models import Firings, Matches, Runs, Schedules, Tasks, Visits, now
from tests.schema.letters import KICKOFF, NOON, REPORT, prices, quote

SIZE = 60
BOOKMAKERS = ("Betsson", "Unibet", "Winamax")

SCRIPT = "<script>alert(1)</script>"
STRANGE = {
    "901": (SCRIPT, 'Onclick" onmouseover="alert(2)'),
    "902": ("100% Foot", "L'Étoilé d'Or"),
    "903": ("Rio_Ave", "😀 FC"),
}
"""Home and away by the match's number on the site."""


def messages() -> list[Message | bytes]:
    """Everything, in the order it was said."""
    told: list[Message | bytes] = []
    for number in range(SIZE):
        told += [match(number), report(number), f'{{"match": {number}}}'.encode()]
    for number, (home, away) in STRANGE.items():
        address = f"javascript:alert({number})"
        told.append(quote(match_id=number, home=home, away=away, run_id="strange", url=address, partial=True))
    after_midnight = KICKOFF.replace(hour=22, minute=30)  # in Paris
    tennis = {"league": "ATP", "sport": "tennis", "market": "12", "prices": prices("1.8", "2.1", outcomes="12")}
    return [*told, quote(match_id="904", kickoff=after_midnight, suspect="far-from-panel", **tennis)]


def fill(database: Database) -> None:
    """What no message brings: tasks, schedules, what became of them. The script is everywhere that people write."""
    with database.connection_context(), database.atomic():
        for number in range(SIZE):
            at = naive(NOON) + timedelta(hours=number)
            task_id = f"task-{number:02}"
            by = SCRIPT if number == 1 else "scheduler"
            Tasks.create(task_id=task_id, body_hash="", said=f"ligue{number}", requested_by=by, received_at=at, runs=1)
            Runs.update(task_id=task_id, requested_by=by).where(Runs.run_id == f"run-{number:02}").execute()
            schedule = Schedules.create(
                name=f"Schedule {number:02}" + SCRIPT * (number == 1),
                what=f"ligue{number}",
                every_minutes=15,
            )
            state = ("sent", "missed", "skipped")[number % 3]
            told = {"schedule": schedule, "due_at": at, "state": state, "decided_at": at}
            sent = {"task_id": task_id} if state == "sent" else {"note": f"note {number:02}"}
            Firings.create(**told, **sent)
            match = Matches.get(Matches.site_id == str(number))
            Visits.create(**told, match=match, minutes=15, task_id=task_id)


def go_on() -> Runs:
    """One run that goes on, and a schedule that is on."""
    at = now()
    Schedules.update(enabled=True, kickoff="1h 15m", every_minutes=None).where(
        Schedules.name == "Schedule 02"
    ).execute()
    began = {"started_at": at - timedelta(minutes=10), "reported_at": at}
    counts = {"discovered": 1200, "parsed": 300, "pages": 320}
    run: Runs = Runs.create(run_id="going-on", spider="ligue1", state="running", current=SCRIPT, **began, **counts)
    return run


def match(number: int) -> OddsItem:
    """One quote of match ``number``: its home price is 1.50 and as many hundredths, its bookmakers take turns."""
    return quote(
        60 * number,
        league=f"League {number:02}",
        home=f"Home {number:02}",
        away=f"Away {number:02}",
        match_id=str(number),
        kickoff=KICKOFF + timedelta(days=number),
        bookmaker=BOOKMAKERS[number % 3],
        bookmaker_id=None,
        prices=prices(str(Decimal("1.50") + Decimal(number) / 100), "4.00", "6.50"),
        run_id=f"run-{number:02}",
        url=f"https://www.coteur.com/cote/{number:02}",
    )


def report(number: int) -> Message:
    """Run ``number``: every other one is incomplete."""
    started_at = NOON + timedelta(minutes=number)
    return replace(
        REPORT,
        run_id=f"run-{number:02}",
        state="finished",
        started_at=started_at,
        reported_at=started_at + timedelta(minutes=1),
        finished_at=started_at + timedelta(minutes=1),
        verdict=("complete", "incomplete")[number % 2],
        exit_code=(0, 30)[number % 2],
        sentence=f"sentence {number}",
        counts={"discovered": 1, "parsed": 1, "yielded": 1, "published": 1},
    )
