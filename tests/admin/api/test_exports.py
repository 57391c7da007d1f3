"""Whole lists as files: every row once, whatever is asked, in memory that does not grow, whole or visibly not."""

import csv
import io
import json
import tracemalloc
from datetime import timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient
from peewee import OperationalError

from admin.exporting import reading, sending
from admin.exporting.running import EXPORTS
from gigscrapy.imports.reading import read
from gigscrapy.imports.storing import store
from schema.checksum import checksum
from schema.database import connect, hang_up
from schema.models import Odds, Payouts
from schema.tally import Tally
from tests.admin.api.conftest import Program, program
from tests.admin.api.test_conventions import problem
from tests.admin.conftest import current
from tests.schema.laid import lay
from tests.schema.letters import prices, quote

SECOND = timedelta(seconds=1)
LISTS = ("odds", "latest-odds", "matches", "runs", "payouts", "teams", "leagues", "bookmakers")


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "FIRST", 2)
    monkeypatch.setattr(reading, "BATCH", 7)
    monkeypatch.setattr("admin.api.rooms.exports.TOGETHER", 4)
    monkeypatch.setattr("admin.api.rooms.exports.AHEAD", 9)


@pytest.fixture(scope="module")
def crowd(crowded: FlaskClient) -> Program:
    """A program that may export, over the crowd on either kind of database."""
    return program(crowded.application, "export")


@pytest.fixture
def taker(program_of: Any) -> Program:
    return program_of("export")


def taken(asks: Program, path: str, **asked: Any) -> list[dict[str, Any]]:
    answer = asks.get(f"/exports/{path}", **asked)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.data.splitlines()]


def number(sql: str) -> int:
    database = current()
    with database.connection_context():
        return int(database.execute_sql(sql).fetchone()[0])


def test_of_every_list_every_row_once_as_every_kind(crowd: Program) -> None:
    for name in LISTS:
        lines = taken(crowd, name)
        assert lines or name == "payouts"
        assert len({json.dumps(line) for line in lines}) == len(lines)
        table = list(csv.reader(io.StringIO(crowd.get(f"/exports/{name}", format="csv").text, newline="")))
        assert len(table) == len(lines) + 1, name
        assert not lines or table[0] == list(lines[0])
        parquet = pq.read_table(io.BytesIO(crowd.get(f"/exports/{name}", format="parquet").data))
        assert parquet.num_rows == len(lines), name
    assert len(taken(crowd, "odds")) == number("SELECT COUNT(*) FROM Odds")
    assert len(taken(crowd, "latest-odds")) == number("SELECT COUNT(*) FROM LatestOdds")


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({"sport": "tennis"}, "m.league_id IN (SELECT id FROM Leagues WHERE code LIKE 'ATP%%')"),
        ({"league": "football_league-07,football_league-08"}, "l.name IN ('League 07', 'League 08')"),
        ({"league": "football_league-07", "sport": "tennis"}, "1 = 0"),
        ({"team": "football_league-07_home-07"}, "l.name = 'League 07'"),
        ({"bookmaker": "unibet"}, "b.code = 'UNIBET'"),
        ({"bookmaker": "unibet,winamax"}, "b.code IN ('UNIBET', 'WINAMAX')"),
        ({"bookmaker": "unibet", "sport": "football"}, "b.code = 'UNIBET'"),
        ({"market": "football_1x2", "outcome": "1"}, "k.code = '1X2' AND o.outcome = '1'"),
        ({"match": "3,5"}, "o.match_id IN (3, 5)"),
        ({"scraped_since": "2025-10-17T12:10:00Z"}, "o.scraped_at >= '2025-10-17 12:10:00'"),
        ({"scraped_until": "2025-10-17T14:10:00+02:00"}, "o.scraped_at < '2025-10-17 12:10:00'"),
        (
            {"from": "2025-10-20T00:00:00Z", "until": "2025-10-30T00:00:00Z"},
            "m.match_date >= '2025-10-20' AND m.match_date < '2025-10-30'",
        ),
    ],
)
def test_what_is_asked_of_prices(crowd: Program, asked: dict[str, Any], where: str) -> None:
    for name, table in (("odds", "Odds"), ("latest-odds", "LatestOdds")):
        expected = number(
            f"SELECT COUNT(*) FROM {table} o JOIN Matches m ON m.id = o.match_id JOIN Leagues l ON l.id = m.league_id"
            f" JOIN Bookmakers b ON b.id = o.bookmaker_id JOIN MarketNames k ON k.id = o.market_id WHERE {where}"
        )
        lines = taken(crowd, name, **asked)
        assert len(lines) == expected, name
        assert len({json.dumps(line) for line in lines}) == expected
        assert expected or where == "1 = 0"


def test_what_is_asked_of_other_lists(crowd: Program) -> None:
    assert [line["league"] for line in taken(crowd, "matches", league="football_league-07")] == ["League 07"]
    assert not taken(crowd, "matches", updated_since="2030-01-01T00:00:00Z")
    assert {line["state"] for line in taken(crowd, "runs", state="running")} <= {"running"}
    assert {line["sport"] for line in taken(crowd, "teams", sport="tennis")} == {"Tennis"}
    problem(crowd.get("/exports/odds", bookmaker="nobody"), 404, "unknown_bookmaker")
    assert "leage" in problem(crowd.get("/exports/odds", leage="x"), 422, "invalid")["errors"]
    problem(crowd.get("/exports/odds", format="xlsx"), 422, "invalid")
    problem(crowd.get("/exports/nothing"), 404, "not_found")


def test_a_line_has_what_programs_need(taker: Program, fill: Any) -> None:
    fill(quote(prices=prices("1.85", "4.755", "1000"), home="=1+1", kickoff=None))
    [line] = taken(taker, "odds", outcome="X")
    assert (line["price"], line["home"], line["scraped_at"]) == ("4.755", "=1+1", "2025-10-17T12:00:00Z")
    assert (line["id"], line["match"], line["market"], line["bookmaker"]) == (3, 1, "1X2", "Winamax")
    answer = taker.get("/exports/odds", format="csv", outcome="X")
    [row] = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert (row["price"], row["home"], row["kickoff"], row["partial"]) == ("4.755", "'=1+1", "", "false")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="gigscrapy-odds-')
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.headers["X-RateLimit-Remaining"]


def test_payouts_are_as_they_were_counted(taker: Program, fill: Any) -> None:
    fill(quote(), quote(5, bookmaker="Other"))
    Tally(current()).run()
    with current().connection_context():
        expected = Payouts.select().count()
    assert len(taken(taker, "payouts")) == expected == 2
    assert [line["trj"] for line in taken(taker, "payouts", bookmaker="winamax", **{"from": "2025-10-17"})] == ["94.55"]
    assert not taken(taker, "payouts", until="2025-10-16")
    problem(taker.get("/exports/payouts", until="yesterday"), 422, "invalid")


def test_what_is_taken_can_be_imported_elsewhere(taker: Program, fill: Any, tmp_path: Any) -> None:
    fill(quote(), quote(3, bookmaker="Étoilé Bet+"), quote(4, match_id=None, home="=1+1", kickoff=None))
    for kind in ("ndjson", "csv"):
        path = tmp_path / f"export.{kind}"
        path.write_bytes(taker.get("/exports/odds", format=kind).data)
        other = connect(None, tmp_path / kind)
        lay(other)
        assert store(other, read(path).lines).refused == 0
        with current().connection_context():
            assert checksum(other)["Odds"] == checksum(current())["Odds"], kind
        hang_up(other)


def test_a_file_says_that_it_is_whole(taker: Program, fill: Any) -> None:
    fill(quote())
    assert taken(taker, "odds", trailer="true")[-1] == {"complete": True, "rows": 3}
    assert taker.get("/exports/odds", trailer="true", format="csv").text.endswith("\r\n## 3\r\n")
    assert taken(taker, "odds", trailer="true", outcome="none") == [{"complete": True, "rows": 0}]


@pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet"])
def test_what_is_broken_off_looks_so(taker: Program, fill: Any, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(*(quote(second) for second in range(20)))
    answer = taker.open("GET", "/exports/odds", format=kind, trailer="true", buffered=False)
    pieces = iter(answer.response)
    sent = [next(pieces)]

    def gone(*_: Any, **__: Any) -> None:
        raise OperationalError("gone away")

    monkeypatch.setattr(Odds._meta.database.obj, "execute_sql", gone)
    with pytest.raises(OperationalError):
        sent += pieces
    body = b"".join(sent)
    if kind == "parquet":
        with pytest.raises(Exception, match=r"(?i)parquet"):
            pq.read_table(io.BytesIO(body))
    else:
        assert body.splitlines()[-1] in (b'{"incomplete":0}', b"### 0")


def test_a_viewer_takes_the_first_rows_and_is_told(app: Any, fill: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "MOST_OF_VIEWER", 9)
    fill(*(quote(second) for second in range(5)))
    viewer = program(app, "export", role="viewer")
    answer = viewer.get("/exports/odds", trailer="true")
    assert json.loads(answer.data.splitlines()[-1]) == {"complete": False, "rows": 9}
    assert answer.headers["X-Most-Rows"] == "9"
    assert taken(viewer, "odds", trailer="true", outcome="1")[-1] == {"complete": True, "rows": 5}
    monkeypatch.setattr(sending, "MOST_OF_VIEWER", 15)
    assert taken(viewer, "odds", trailer="true")[-1] == {"complete": True, "rows": 15}


def test_it_takes_the_scope(program_of: Any) -> None:
    problem(program_of("read").get("/exports/odds"), 403, "scope")
    problem(program_of().get("/exports/odds"), 401, "no_key")


def test_too_many_at_once_are_told_when_to_come_again(taker: Program, fill: Any) -> None:
    fill(*(quote(second) for second in range(20)))
    going_on = [taker.open("GET", "/exports/odds", buffered=False) for _ in range(2)]
    answer = taker.get("/exports/odds")
    problem(answer, 429, "too_many_exports")
    assert answer.headers["Retry-After"] == "10"
    for one in going_on:
        one.close()
    assert taken(taker, "odds")
    assert {export.state for export in EXPORTS._by_token.values()} == {"cancelled", "done"}


def test_it_is_read_by_indexes_in_pieces(taker: Program, fill: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(*(quote(second) for second in range(30)))
    asked: list[str] = []
    hook = lambda event: asked.append(event.sql)  # noqa: E731
    current().query_hooks.append(hook)
    taken(taker, "odds")
    current().query_hooks.remove(hook)
    reads = [sql for sql in asked if 'FROM "Odds"' in sql]
    assert len(reads) == 14
    assert not any("OFFSET" in sql or "COUNT" in sql for sql in asked)
    assert 'INDEXED BY "odds_scraped_at"' in reads[1]


@pytest.mark.parametrize("kind", ["ndjson", "csv"])
def test_memory_does_not_grow_with_the_rows(
    taker: Program, fill: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five times the rows take no more. (Of Parquet a group of 20 000 rows is kept, whatever follows.)"""
    monkeypatch.setattr(reading, "BATCH", 500)
    monkeypatch.setattr(reading, "REMEMBERED", 500)
    fill(quote())
    with current().connection_context(), current().atomic():
        row = Odds.select().dicts().get()
        row.pop("id")
        for first in range(1, 7_500, 2_500):
            many = [row | {"scraped_at": row["scraped_at"] + n * SECOND} for n in range(first, first + 2_500)]
            Odds.insert_many(many).execute()
    peaks = []
    for until in ("2025-10-17T12:25:00Z", "2026-01-01T00:00:00Z"):
        tracemalloc.start()
        answer = taker.open("GET", "/exports/odds", format=kind, scraped_until=until, buffered=False)
        assert sum(len(piece) for piece in answer.response)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0], peaks
