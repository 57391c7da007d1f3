"""What programs say in English is said in French on French pages: every sentence their sources have."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from admin import health
from admin.sentences import FRENCH, in_french
from gigscrapy import planning, scheduler, schedules, tasks, timetable
from gigscrapy.schedules import BadSchedule, check
from gigscrapy.spiders import base
from gigscrapy.verdict import Cause, judge
from schema import messages, names
from schema import schedules as kept

RAISED = {"_refuse", "BadTime", "BadOffsets", "BadSchedule", "Unknown", "Finding", "BadArgument"}
SOURCES = (timetable, planning, schedules, tasks, health, base, scheduler, kept, names, messages)

ELSEWHERE = ("sport-key is", "match= ", "a job's id", "{} and {}", "the name {}")
"""Of spiders and messages only: no page asks for them."""


def sentences(module: object) -> Iterator[str]:
    """What its source says to people: what is raised or found, and the notes of what was due; braces for values."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED:
            said = [written(each) for each in node.args]
            yield from (text for text in said if text and " " in text)
        if isinstance(node, ast.keyword | ast.Dict):
            yield from notes(node)


def notes(node: ast.keyword | ast.Dict) -> Iterator[str]:
    if isinstance(node, ast.keyword):
        pairs = [(node.arg, node.value)]
    else:
        pairs = [(getattr(key, "value", None), value) for key, value in zip(node.keys, node.values, strict=True)]
    yield from (text for name, value in pairs if name == "note" and (text := written(value)))


def written(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


@pytest.mark.parametrize("module", SOURCES, ids=lambda module: module.__name__)
def test_every_sentence_of_the_sources_is_known(module: object) -> None:
    unknown = [
        text
        for text in sentences(module)
        if not text.startswith(ELSEWHERE) and in_french(text.replace("{}", "7")) is None and not is_cut(text)
    ]
    assert unknown == []


def is_cut(text: str) -> bool:
    """Whether it is known with what stands in its braces: ``{kind} answers`` is one sentence for each kind."""
    pattern = ".+".join(map(re.escape, text.split("{}")))
    return any(re.fullmatch(pattern, each) for each in FRENCH)


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("2 at work", "au travail : 2"),
        ("of the one before (schedule-3-20261127T170000) 4 runs go on", "4 relevés durent encore"),
        (
            "a later one was due by the time somebody was there; so were 12 before this one, which are not noted one by one",
            "12 avant celle-ci l'étaient aussi",
        ),
        ("17 messages wait and nobody reads them: start `scrapy consume`", "lancez scrapy consume"),
    ],
)
def test_what_a_sentence_is_about_stays(english: str, french: str) -> None:
    assert french in str(in_french(english))
    assert in_french("nobody has ever said this") is None


@pytest.mark.parametrize(
    "said",
    [
        {"what": "lige1"},
        {"what": "zzzzzzzzzz"},
        {"what": ""},
        {"what": "sport:curling"},
        {"what": "x" * 501},
        {"name": ""},
        {"name": "n" * 300},
        {"name": "a\0b"},
        {"cron": "0 25 * * *"},
        {"cron": "0 0 30 2 *"},
        {"cron": "* *"},
        {"cron": "0 0 * * 9"},
        {"cron": "99 0 * * *"},
        {"cron": ""},
        {"every_minutes": 15},
        {"cron": None, "every_minutes": 99_999},
        {"cron": None, "kickoff": "yesterday"},
        {"cron": None, "kickoff": "99d"},
        {"cron": None, "kickoff": "1h", "arguments": "days=2"},
        {"arguments": "setting=FEED_URI"},
        {"arguments": "days=never"},
        {"arguments": "depth=deep"},
    ],
)
def test_whatever_is_wrong_with_a_schedule_is_said_in_french(said: dict[str, object]) -> None:
    with pytest.raises(BadSchedule) as wrong:
        check(**{"name": "soir", "what": "ligue1", "cron": "0 18 * * *"} | said)  # type: ignore[arg-type]
    assert in_french(str(wrong.value)) not in (None, str(wrong.value))


@pytest.mark.parametrize("cause", Cause, ids=lambda cause: cause.code)
def test_why_a_page_gave_nothing_is_said_in_french(cause: Cause) -> None:
    assert in_french(cause.advice) not in (None, cause.advice)


@pytest.mark.parametrize(
    ("stats", "reason", "least", "french"),
    [
        (
            {
                "matches/listed": 9,
                "matches/discovered": 9,
                "matches/parsed": 9,
                "quotes/yielded": 81,
                "quotes/published": 81,
            },
            "finished",
            5,
            "9 matchs lus sur 9, 81 cotes envoyées",
        ),
        (
            {
                "matches/listed": 9,
                "matches/discovered": 9,
                "matches/parsed": 6,
                "quotes/yielded": 54,
                "quotes/published": 54,
                "failed/match/timed-out": 2,
                "failed/match/refused": 1,
                "quotes/empty": 3,
                "matches/unpriced": 1,
                "markets/empty/DNB": 1,
                "rows/unreadable": 2,
            },
            "finished",
            5,
            (
                "non lus : 3 matchs sur 9, 2 lignes qu'on ne peut distinguer, tout match du marché DNB ; 2 × pas de réponse à "
                "temps ; augmentez DOWNLOAD_TIMEOUT, ou revenez plus tard ; le site a refusé la page (4xx) ; en outre : 3 lignes "
                "sans cote, 1 matchs que personne ne cote encore"
            ),
        ),
        ({"matches/discovered": 9, "matches/parsed": 2}, "shutdown", 5, "arrêté (shutdown) après 2 matchs sur 9"),
        ({}, "finished", 5, "la page n'annonce aucun match ; au moins 5 étaient attendus"),
        ({}, "finished", 0, "la page n'annonce aucun match : hors saison"),
        ({"matches/listed": 3}, "finished", 5, "la page annonce 3 matchs ; au moins 5 étaient attendus"),
        ({"matches/listed": 3, "matches/asked": 1}, "finished", 1, "le match demandé n'est pas parmi les 3 annoncés"),
        (
            {"matches/listed": 3, "matches/asked": 2},
            "finished",
            1,
            "aucun des 2 matchs demandés n'est parmi les 3 annoncés",
        ),
        (
            {"quotes/yielded": 5, "quotes/published": 3},
            "finished",
            1,
            "cotes qui n'ont pu être mises en sûreté : 2 ; voyez",
        ),
        (
            {"failed/list/robots": 1},
            "finished",
            5,
            "la page de la ligue n'a pas été lue : robots.txt l'interdit ; c'est",
        ),
    ],
)
def test_how_a_run_ended_is_said_in_french(stats: dict[str, int], reason: str, least: int, french: str) -> None:
    sentence = judge(stats, reason=reason, least=least).sentence
    assert (in_french(sentence) or sentence).startswith(french)
