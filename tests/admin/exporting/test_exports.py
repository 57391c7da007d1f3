"""What is taken away: all of it, as it is in the tables, and nothing that a spreadsheet would run."""

import csv
import http.client
import io
import json
import tracemalloc
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import example, given, settings
from hypothesis import strategies as st
from peewee import OperationalError

from admin import create_app
from admin.exporting import reading, sending
from admin.exporting.running import EXPORTS
from gigscrapy.imports import BadFile, ours
from gigscrapy.imports.reading import read
from gigscrapy.imports.sheets import SHELL
from gigscrapy.imports.storing import store
from schema.checksum import checksum
from schema.database import connect, hang_up
from schema.messages import OddsItem
from schema.models import Odds
from schema.store import Store
from tests.admin import LISTS, counted, signed_cookie, signed_in
from tests.admin.api.conftest import waited_on
from tests.admin.conftest import current
from tests.schema.laid import lay
from tests.schema.letters import letters, prices, quote
from tests.schema.test_properties import quotes, some

Fill = Callable[..., None]
Role = Callable[[str | None], FlaskClient]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "FIRST", 2)
    monkeypatch.setattr(reading, "BATCH", 7)


def taken(client: FlaskClient, address: str, **headers: str) -> bytes:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200, answer.text
    return bytes(answer.data)


def table(body: bytes) -> list[dict[str, str]]:
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=";"))


def objects(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in body.splitlines()]


class TestWhatIsInIt:
    def test_of_every_list(self, crowded: FlaskClient) -> None:
        """Each row once, on either database, by every kind."""
        for name in LISTS:
            number = current().execute_sql(f"SELECT COUNT(*) FROM {tables()[name]}").fetchone()[0]
            assert number
            assert len(table(taken(crowded, f"/admin/{name}/export/csv/"))) == number, name
            assert len(objects(taken(crowded, f"/admin/{name}/export/ndjson/"))) == number, name
            assert pq.read_table(io.BytesIO(taken(crowded, f"/admin/{name}/export/parquet/"))).num_rows == number, name

    @pytest.mark.parametrize(
        "asked",
        [
            "bookmaker=unibet",
            "price_min=1,8&outcome=1",
            "search=home+07",
            "league=1",
            "match=3",
            "run=2",
            "partial=1",
            "from=2025-10-17&until=2025-10-17",
            "suspected=1",
            "price_min=oops",
            "sort=id;DROP+TABLE+Odds&desc=1",
            "bookmaker=1+OR+1=1",
            "search=%25%27+OR+1=1--",
        ],
    )
    def test_the_rows_of_the_page(self, crowded: FlaskClient, asked: str) -> None:
        if asked == "bookmaker=unibet":
            number = current().execute_sql("SELECT id FROM Bookmakers WHERE code = 'UNIBET'").fetchone()[0]
            asked = f"bookmaker={number}"
        page = crowded.get(f"/admin/odds/?{asked}&page_size=100").text
        exported = table(taken(crowded, f"/admin/odds/export/csv/?{asked}"))
        shown = page.count('<td class="leads">')
        assert len(exported) == shown or (shown == 100 and len(exported) > 100), asked

    def test_a_price_in_each_language(self, client: FlaskClient, fill: Fill) -> None:
        fill(quote(prices=prices("1.85", "4.755", "1000"), home="=1+1", away="\N{FULLWIDTH EQUALS SIGN}2"))
        [first, *_] = [row for row in table(taken(client, "/admin/odds/export/csv/")) if row["Issue"] == "1"]
        assert first["Cote"] == "1,85"
        assert first["Domicile"] == "'=1+1"
        assert first["Extérieur"] == "'\N{FULLWIDTH EQUALS SIGN}2"
        assert first["Relevée le"] == "17/10/2025 14:00:00"
        assert first["Tirée d'une liste"] == "non"
        english = table(taken(client, "/admin/odds/export/csv/", **{"Accept-Language": "en"}))
        assert {row["Outcome"]: row["Price"] for row in english} == {"1": "1.85", "X": "4.755", "2": "1000.00"}
        [line] = [row for row in objects(taken(client, "/admin/odds/export/ndjson/")) if row["outcome"] == "X"]
        assert (line["price"], line["home"], line["scraped_at"]) == ("4.755", "=1+1", "2025-10-17T12:00:00Z")
        rows = pq.read_table(io.BytesIO(taken(client, "/admin/odds/export/parquet/"))).to_pylist()
        assert {row["price"] for row in rows} == {Decimal("1.850"), Decimal("4.755"), Decimal(1000)}
        assert rows[0]["scraped_at"].isoformat() == "2025-10-17T12:00:00+00:00"

    def test_nothing_in_any_cell_is_a_formula(self, crowded: FlaskClient, client: FlaskClient, fill: Fill) -> None:
        for number, sign in enumerate(("=", "+", "-", "@")):
            fill(
                quote(match_id=str(number), home=f"{sign}HYPERLINK(1)", away="B", bookmaker=f"{sign}cmd|' /C calc'!A0")
            )
        for name in LISTS:
            for row in table(taken(client, f"/admin/{name}/export/csv/")):
                for cell in row.values():
                    assert cell[:1] not in ("=", "@", "\t", "\r"), (name, row)
                    assert cell[:1] not in ("+", "-") or cell.lstrip("+-").replace(",", "").isdigit(), (name, row)

    def test_the_same_few_queries_a_batch(self, client: FlaskClient, fill: Fill, monkeypatch: Any) -> None:
        monkeypatch.setattr(reading, "BATCH", 5_000)
        fill(*(quote(second) for second in range(100)))
        with counted(current()) as asked:
            taken(client, "/admin/odds/export/csv/")
        reads = [sql for sql in asked if 'FROM "Odds"' in sql]
        assert len(reads) == 2
        assert not any("OFFSET" in sql or "COUNT" in sql for sql in asked)
        assert 'INDEXED BY "odds_scraped_at"' in reads[1]
        assert len(asked) < 15


class TestThereAndBack:
    def messages(self) -> list[Any]:
        return [
            quote(0, run_id="a"),
            quote(0, bookmaker="Étoilé Bet+", run_id="a"),
            quote(0.000001, bookmaker="Bookmaker 77", market="DNB", prices=prices("1.5", "2.5", outcomes="12")),
            quote(
                1, prices=prices("7", None, "1.5"), partial=True, published_trj=Decimal("91.2"), url=None, parser=None
            ),
            quote(2, match_id=None, home="=1+1", away="'=x", country=None, suspect="far-from-panel"),
            quote(3, match_id=None, kickoff=None, home="A", away="B", bookmaker="@x"),
            quote(
                4, match_id="t1", sport="tennis", league="ATP", market="12", prices=prices("1.8", "2.1", outcomes="12")
            ),
            quote(-355 * 86_400 - 12 * 3600, match_id="autumn"),  # 2024-10-27 00:00 UTC, two in Paris
            quote(-355 * 86_400 - 11 * 3600, match_id="autumn"),  # an hour later, two in Paris again
            quote(5, page="0" * 32, run_id=None),
        ]

    @pytest.mark.parametrize("kind", ["csv", "ndjson"])
    @pytest.mark.parametrize("language", ["fr", "en"])
    def test_an_export_imported_elsewhere_is_the_same(
        self, client: FlaskClient, fill: Fill, tmp_path: Path, kind: str, language: str
    ) -> None:
        fill(*self.messages())
        path = tmp_path / f"export.{kind}"
        path.write_bytes(taken(client, f"/admin/odds/export/{kind}/", **{"Accept-Language": language}))
        other = connect(None, tmp_path / "other")
        lay(other)
        reading = read(path)
        done = store(other, reading.lines)
        assert (reading.kind, done.refused, done.quotes) == ("gigscrapy", 0, len(self.messages()))
        same = checksum(other)
        for name, one in checksum(current()).items():
            if name != "Messages":  # known by the country too, which is that of the league now
                assert same[name] == one, name
        assert store(other, read(path).lines).quotes == 0
        hang_up(other)

    def test_into_itself_it_changes_nothing(self, client: FlaskClient, fill: Fill, tmp_path: Path) -> None:
        fill(*self.messages())
        before = checksum(current())
        for name in ("odds", "latestodds"):
            path = tmp_path / f"{name}.csv"
            path.write_bytes(taken(client, f"/admin/{name}/export/csv/?outcome=1"))
            store(current(), read(path).lines)
        after = checksum(current())
        assert [name for name in before if before[name] != after[name]] in ([], ["Messages"], ["Runs", "Messages"])


class TestWhoMay:
    def test_a_viewer_takes_the_first_rows_and_is_told(
        self, as_role: Role, fill: Fill, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sending, "MOST_OF_VIEWER", 10)
        monkeypatch.setattr("admin.exporting.MOST_OF_VIEWER", 10)
        fill(*(quote(second) for second in range(5)))
        viewer = as_role("viewer").get("/admin/odds/export/csv/")
        assert len(table(viewer.data)) == 10
        assert "10-premieres" in viewer.headers["Content-Disposition"]
        few = as_role("viewer").get("/admin/leagues/export/csv/")
        assert "premieres" not in few.headers["Content-Disposition"]
        assert len(table(as_role("operator").get("/admin/odds/export/csv/").data)) == 15
        assert as_role(None).get("/admin/odds/export/csv/", headers={"Accept": "*/*"}).status_code in (302, 401)

    def test_the_file_of_gig_benchmark_too(self, as_role: Role, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sending, "MOST_OF_VIEWER", 3)
        fill(*(quote(match_id=str(number), home=f"A{number}", away=f"B{number}") for number in range(5)))
        address = "/matches/gig/odds.csv?from=2000-01-01&to=2099-12-31"
        everything = as_role("operator").get(address)
        assert len(everything.data.splitlines()) == 1 + 5
        assert "premieres" not in everything.headers["Content-Disposition"]
        viewer = as_role("viewer").get(address)
        assert viewer.data.splitlines() == everything.data.splitlines()[:4]
        assert "3-premieres" in viewer.headers["Content-Disposition"]
        monkeypatch.setattr(sending, "MOST_OF_VIEWER", 5)
        whole = as_role("viewer").get(address)
        assert whole.data == everything.data
        assert "premieres" not in whole.headers["Content-Disposition"]
        assert {export.state for export in EXPORTS._by_token.values()} == {"done"}

    def test_what_is_no_kind_of_file(self, client: FlaskClient) -> None:
        assert client.get("/admin/odds/export/exe/").status_code == 404


class TestWhatIsNotWhole:
    @pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet"])
    def test_a_database_that_goes_away(
        self, client: FlaskClient, fill: Fill, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(*(quote(second) for second in range(20)))
        answer = client.get(f"/admin/odds/export/{kind}/", buffered=False)
        pieces = iter(answer.response)
        sent = [next(pieces)]
        monkeypatch.setattr(Odds._meta.database.obj, "execute_sql", gone)
        with pytest.raises(OperationalError):
            sent += pieces  # the transfer ends with it: nothing comes that would end the file
        path = tmp_path / f"export.{kind}"
        path.write_bytes(b"".join(sent))
        if kind == "parquet":
            with pytest.raises(Exception, match=r"(?i)parquet"):
                pq.read_table(path)
            return
        with pytest.raises(BadFile) as refused:
            list(read(path).lines)
        assert refused.value.reason == "incomplete"

    @pytest.mark.parametrize("goes", [True, False])
    def test_over_the_wire(self, app: Flask, fill: Fill, monkeypatch: pytest.MonkeyPatch, goes: bool) -> None:
        """As it is served in earnest: what is broken off ends in the middle of the transfer, and only that."""
        fill(*(quote(second) for second in range(20)))
        batches = reading.Listed.batches

        def short(self: reading.Listed, render: reading.Render) -> Iterator[Any]:
            for number, rows in enumerate(batches(self, render)):
                if goes and number == 3:
                    raise OperationalError("gone away")
                yield rows

        monkeypatch.setattr(reading.Listed, "batches", short)
        with waited_on(app) as port:
            request = urllib.request.Request(f"http://127.0.0.1:{port}/admin/odds/export/csv/")
            request.add_header("Cookie", f"gigscrapy={signed_cookie(app)}")
            with urllib.request.urlopen(request) as answer:
                if goes:
                    with pytest.raises(http.client.IncompleteRead):
                        answer.read()
                else:
                    assert answer.read().count(b"\r\n") == 61

    def test_one_that_is_cancelled(self, client: FlaskClient, as_role: Role, fill: Fill) -> None:
        fill(*(quote(second) for second in range(20)))
        answer = client.get("/admin/odds/export/csv/?token=abcd-1234", buffered=False)
        pieces = iter(answer.response)
        next(pieces), next(pieces), next(pieces)
        state = client.get("/data/exports/abcd-1234/").json
        assert state == {"rows": 9, "state": "running"}
        assert as_role("operator").get("/data/exports/abcd-1234/").status_code == 404, "it is somebody else's"
        assert client.post("/data/exports/abcd-1234/cancel/").status_code == 400, "without a token"
        EXPORTS.find("abcd-1234", "admin").is_wanted = False  # type: ignore[union-attr]
        with pytest.raises(Exception):  # noqa: B017
            list(pieces)
        assert client.get("/data/exports/abcd-1234/").json["state"] == "cancelled"

    def test_one_whose_reader_goes_away(self, client: FlaskClient, fill: Fill) -> None:
        fill(*(quote(second) for second in range(20)))
        answer = client.get("/admin/odds/export/csv/?token=abcd-1234", buffered=False)
        next(iter(answer.response))
        answer.close()
        assert client.get("/data/exports/abcd-1234/").json["state"] == "cancelled"

    def test_too_many_at_once(self, client: FlaskClient, fill: Fill) -> None:
        fill(quote())
        for number in range(3):
            EXPORTS.begin(f"token-{number:04}", f"somebody {number}")
        for address in ("/admin/odds/export/csv/", "/matches/gig/odds.csv"):
            busy = client.get(address)
            assert (busy.status_code, busy.headers["Retry-After"]) == (429, "10")

    def test_one_person_leaves_room_for_others(self, client: FlaskClient, as_role: Role, fill: Fill) -> None:
        fill(quote())
        taken = [as_role("viewer").get(address, buffered=False) for address in ("/admin/odds/export/csv/",) * 2]
        assert as_role("viewer").get("/admin/odds/export/csv/").status_code == 429
        assert client.get("/admin/odds/export/csv/").status_code == 200
        for answer in taken:
            answer.close()
        assert as_role("viewer").get("/admin/odds/export/csv/").status_code == 200


@pytest.mark.slow
@settings(some, max_examples=6)
@example([quote(published_trj=Decimal("999.999"), bookmaker="Nouveau", bookmaker_id=2**31 - 1)])
@given(st.lists(quotes(), min_size=1, max_size=10))
def test_whatever_is_stored_comes_back(said: list[OddsItem]) -> None:
    """Any quotes there can be: exported and imported elsewhere, each price is the same, by whichever file."""
    with TemporaryDirectory() as name:
        home = Path(name)
        app = create_app(home=home / "one")
        database = current()
        # A match of several leagues, or of other teams later, is that of the newest: it has no past to be exported.
        told = [
            replace(item, match_id=None if item.match_id is None else f"{number}") for number, item in enumerate(said)
        ]
        Store(database).store(letters(*told))
        client = signed_in(app)
        for kind in ("csv", "ndjson"):
            path = home / f"export.{kind}"
            path.write_bytes(taken(client, f"/admin/odds/export/{kind}/"))
            other = connect(None, home / kind)
            lay(other)
            assert store(other, read(path, limits=SHELL).lines).refused == 0
            before, after = checksum(database), checksum(other)
            for table in ("Odds", "LatestOdds", "Teams", "Leagues", "Bookmakers"):
                assert after[table] == before[table], (table, kind)
            hang_up(other)
        hang_up(database)


@pytest.mark.slow
def test_memory_does_not_grow(client: FlaskClient, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times the rows, the same memory."""
    monkeypatch.setattr(reading, "BATCH", 500)
    peaks = []
    for first, last in ((0, 1_000), (1_000, 10_000)):
        fill(*(quote(second) for second in range(first, last)))
        tracemalloc.start()
        answer = client.get("/admin/odds/export/csv/", buffered=False)
        rows = sum(piece.count(b"\n") for piece in answer.response)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert rows == 3 * last + 1
    assert peaks[1] < 3 * peaks[0]


def test_a_csv_says_its_letters_once(client: FlaskClient, fill: Callable[..., None]) -> None:
    fill(quote())
    assert client.get("/admin/odds/export/csv/").headers["Content-Type"] == "text/csv; charset=utf-8"


def gone(*_: Any, **__: Any) -> None:
    raise OperationalError("gone away")


def tables() -> dict[str, str]:
    from schema.models import TABLES

    return {model.__name__.lower(): model.__name__ for model in TABLES}


def test_every_column_of_an_export_is_read_again() -> None:
    from admin.exporting.columns import PATHS

    assert list(PATHS) == list(ours.COLUMNS)
