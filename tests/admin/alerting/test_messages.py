"""What a message says, of each kind of rule, in both languages: reason, age, link and number."""

import json
from decimal import Decimal
from types import SimpleNamespace

import pytest

from admin.alerting.messages import Composer, headline
from schema import alerts
from tests.admin.alerting.world import RULES, columns

MATCH = {"match": "Lyon - Lille", "league": "Ligue 1", "kickoff": "2026-11-21T19:45:00.000000Z", "market": "1X2"}
CASES = {
    "price": (
        Decimal("2.612"),
        MATCH | {"outcome": "X", "bookmakers": ["NetBet", "Unibet"]},
        ("Cote ≥ 2,60 : Lyon - Lille, N", "Meilleure cote 2,612 chez NetBet, Unibet (seuil 2,60)."),
        ("Price ≥ 2.60: Lyon - Lille, X", "Best price 2.612 at NetBet, Unibet (threshold 2.60)."),
    ),
    "drop": (
        Decimal("7.14"),
        MATCH | {"outcome": "1", "way": "drop", "moves": [["Winamax", "2.10", "1.95"], ["Unibet", "2.05", "1.90"]]},
        (
            "Baisse ≥ 7 % en 60 min, ≥ 2 bookmakers : Lyon - Lille, 1",
            "▼ 7,1 % : Winamax 2,10 → 1,95 ; Unibet 2,05 → 1,90.",
        ),
        (
            "Drop ≥ 7% within 60 min, ≥ 2 bookmakers: Lyon - Lille, 1",
            "▼ 7.1%: Winamax 2.10 → 1.95; Unibet 2.05 → 1.90.",
        ),
    ),
    "surebet": (
        Decimal("101.3"),
        MATCH | {"market": "DC", "legs": [["1X", "1.40", "NetBet"], ["X2", "1.55", "Unibet"]]},
        ("Surebet ≥ 100 % : Lyon - Lille, Double chance", "TRJ 101,30 % : 1N 1,40 NetBet · N2 1,55 Unibet."),
        ("Surebet ≥ 100%: Lyon - Lille, Double chance", "TRJ 101.30%: 1X 1.40 NetBet · X2 1.55 Unibet."),
    ),
    "missing": (
        Decimal(3),
        {"league": "Ligue 1", "bookmaker": "Vbet", "count": 3, "others": ["NetBet", "Unibet", "Winamax"]},
        (
            "Bookmaker absent depuis 30 min : Vbet, Ligue 1",
            "Vbet ne cote plus Ligue 1, que 3 autres cotent (NetBet, Unibet, Winamax).",
        ),
        (
            "Bookmaker missing for 30 min: Vbet, Ligue 1",
            "Vbet no longer quotes Ligue 1, which 3 others quote (NetBet, Unibet, Winamax).",
        ),
    ),
    "late": (
        Decimal(150),
        {"spider": "ligue1", "run_id": "run-1", "verdict": "complete", "sentence": ""},
        ("Crawl en retard de 40 min : ligue1", "Aucun relevé terminé depuis 2 h 30 min."),
        ("Crawl late by 40 min: ligue1", "No run has ended for 2 h 30 min."),
    ),
    "failed": (
        Decimal(1),
        {"spider": "ligue1", "run_id": "run-1", "verdict": "site-error", "sentence": "the site answered 503"},
        ("Crawl échoué ou inhabituel : ligue1", "erreur du site (5xx) : the site answered 503"),
        ("Crawl failed or unusual: ligue1", "site error (5xx): the site answered 503"),
    ),
}


def event(value: Decimal, details: dict[str, object], /, **more: object) -> SimpleNamespace:
    match_id = 12 if "match" in details else None
    told = {"id": 7, "messages": 1, "age": 185, "match_id": match_id, "value": value, "closed_because": None}
    return SimpleNamespace(**{**told, "told_value": value, "details": json.dumps(details), **more})


def written(name: str, language: str, kind: str = alerts.OPENED, **more: object) -> tuple[str, str]:
    rule = RULES[name]
    own = {
        f"{key}_id" if key in ("match", "team", "league", "bookmaker") else key: v for key, v in columns(rule).items()
    }
    value, details, *_ = CASES[name]
    compose = Composer("https://odds.example/").of(SimpleNamespace(**own))
    title, body = compose(event(value, details, **more), kind, SimpleNamespace(language=language))  # type: ignore[arg-type]
    return title.replace("\N{NO-BREAK SPACE}", " "), body.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", CASES)
def test_each_kind_says_why(name: str, language: str) -> None:
    title, body = written(name, language)
    assert (title, body.splitlines()[0]) == CASES[name][2 if language == "fr" else 3]


def test_all_of_one() -> None:
    assert written("price", "fr")[1].splitlines()[1:] == [
        "Âge du prix : 3 min 05 s. Coup d'envoi sam. 21/11/2026 20:45.",
        "https://odds.example/matches/12/",
        "Alerte n° 7, message 1.",
    ]


@pytest.mark.parametrize(
    ("because", "said"),
    [
        ("back", "C'est fini : la valeur est revenue à 2,40."),
        ("gone", "Expiré : il n'y a plus de prix récent."),
        ("over", "Le match a commencé."),
    ],
)
def test_a_follow_up_says_how_it_ended_and_what_it_was(because: str, said: str) -> None:
    title, body = written("price", "fr", alerts.CLOSED, closed_because=because, value=Decimal("2.4"), messages=2)
    assert title == "Terminé : Cote ≥ 2,60 : Lyon - Lille, N"
    first, second, *_, last = body.splitlines()
    assert first == said
    assert second == "Au départ : Meilleure cote 2,612 chez NetBet, Unibet (seuil 2,60)."
    assert last == "Alerte n° 7, message 2."


def test_every_rule_has_a_headline_in_both_languages() -> None:
    for rule in RULES.values():
        assert headline(rule, "fr") != ""
        assert headline(rule, "en") != ""
    assert len({headline(rule, "fr") for rule in RULES.values()}) == len(RULES)
