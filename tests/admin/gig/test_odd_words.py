"""Whatever is asked, however odd: the client's fault is told as that, and no question is answered by an error of ours."""

import json
import random
from typing import Any

from tests.admin.gig.conftest import PASSWORD, World

QUESTIONS = (
    *("/api/matches", "/api/odds", "/api/odds-with-evolution", "/api/avg-trj", "/api/avg-trj-with-evolution"),
    *("/api/scraping/status", "/frontend-api/odds/load", "/odds/export-csv"),
)
PARAMETERS = ("sport", "bookmaker", "league", "match", "start", "end", "before", "dateRange", "scraper")
WORDS = (
    *(
        "",
        "all",
        "abc",
        "-1",
        "0",
        "1",
        "1,2",
        ",",
        "\0",
        "1\0",
        "٣",
        "1_0",
        "1e5",
        "nan",
        "9" * 400,
        "9" * 5000,
        "%",
        "'",
    ),
    *("2025-11-10 00:00:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59", "2025-02-30 00:00:00", "2025-11-10"),
    *("2025-11-10 to 2025-11-12", " to ", "9999-12-31 to 9999-12-31", "0001-01-01", "_1", "2025-11-10T20:45:00_1"),
    *("9999-12-31T00:00:00_1", "2025-11-10T20:45:00+05:00_99999999999999999999", "football.ligue_1", "tennis.atp"),
)
CHANGES = (
    *("/api/scraping/trigger", "/api/scraping/progress", "/api/scraping/reset", "/api/scraping/auto/toggle"),
    *("/auth/register/", "/auth/login/", "/auth/token/refresh/", "/auth/verify/"),
)
FIELDS = (
    *("scraper", "sport", "league", "enabled", "status", "current", "total", "message", "username", "password"),
    *("password2", "first_name", "refresh", "token"),
)
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1.5,
        10**40,
        float("inf"),
        "",
        "x",
        "\ud800",
        "\0",
        "a" * 50_000,
        [],
        {},
        [1],
        {"a": 1},
    ),
    *("football.ligue_1", "football.all", "tennis.atp", PASSWORD),
)


def test_questions(world: World) -> None:
    drawn = random.Random(6)
    for path in QUESTIONS:
        for _ in range(40):
            asked = {drawn.choice(PARAMETERS): drawn.choice(WORDS) for _ in range(drawn.randrange(1, 4))}
            answer = world.here.get(path, **asked)
            assert answer.status_code in (200, 400), (path, asked, answer.text)
            assert answer.status_code == 200 or "error" in answer.get_json()


def test_bodies(world: World) -> None:
    drawn = random.Random(7)
    for path in CHANGES:
        for _ in range(25):
            said = {drawn.choice(FIELDS): drawn.choice(VALUES) for _ in range(drawn.randrange(5))}
            if path == "/auth/register/":
                said |= {"password": PASSWORD, "password2": PASSWORD, "username": drawn.choice(VALUES)}
            answer = world.here.open("POST", path, data=json.dumps(said), content_type="application/json")
            assert answer.status_code < 500, (path, str(said)[:300], answer.text)
            assert answer.is_json
