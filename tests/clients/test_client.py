"""The client of one file against the application, served as it is; and against the specification, so that it keeps up."""

import csv
import inspect
import itertools
import json
import keyword
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from flask import Flask

from admin.exporting import reading
from admin.webhooks.signature import sign
from tests.admin.api.conftest import program, waited_on
from tests.schema.letters import quote

import gigscrapy_client  # isort: skip
from gigscrapy_client import Client, Incomplete, Problem, is_genuine  # isort: skip

Fill = Callable[..., None]


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    with waited_on(app) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def client(app: Flask, served: str, slept: list[float]) -> Client:
    key = program(app, "read", "export", "jobs", "ingest").key
    return Client(key or "", served, sleep=slept.append)


# -- it keeps up with the specification --------------------------------------------------------------------------------


def specified(app: Flask) -> dict[str, dict[str, Any]]:
    """Each operation by its id, with the names of what it is given."""
    spec = app.test_client().get("/api/v1/openapi.json").get_json()
    found = {}
    for path in spec["paths"].values():
        for operation in path.values():
            names = {parameter["name"] for parameter in operation.get("parameters", ())}
            body = operation.get("requestBody")
            if body:
                schema = next(iter(body["content"].values()))["schema"]
                while "$ref" in schema:
                    schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
                names |= set(schema.get("properties", {"body": None}))
            found[operation["operationId"]] = {"names": names, "operation": operation}
    return found


def python_name(name: str) -> str:
    name = name.replace("-", "_").lower()
    return f"{name}_" if keyword.iskeyword(name) else name


def test_every_operation_is_a_method_with_all_that_it_can_be_given(app: Flask) -> None:
    by_itself = {"cursor"}
    of_export = {"format", "trailer"}
    for name, told in specified(app).items():
        method = getattr(Client, name, None)
        assert method is not None, f"{name} is no method of the client"
        given = set(inspect.signature(method).parameters) - {"self"}
        files = "application/x-ndjson" in told["operation"]["responses"].get("200", {}).get("content", {})
        wanted = {python_name(each) for each in told["names"] - by_itself - (of_export if files else set())}
        assert given == wanted, name
        assert (inspect.getdoc(method) or "").strip(), name
    assert {name for name in vars(Client) if not name.startswith("_")} == set(specified(app)), "a method of nothing"


def test_it_needs_nothing_but_python() -> None:
    source = Path(gigscrapy_client.__file__).read_text(encoding="utf-8")
    imported = {
        line.split()[1].partition(".")[0] for line in source.splitlines() if line.startswith(("import ", "from "))
    }
    import sys

    assert imported <= set(sys.stdlib_module_names)


# -- against the application -------------------------------------------------------------------------------------------


def test_lists_are_iterated_page_by_page(client: Client, fill: Fill) -> None:
    fill(*(quote(league=f"Ligue {number}", match_id=str(number)) for number in range(5)))
    assert [row["name"] for row in client.list_leagues(sport="football", limit=2, fields=("name",))] == [
        f"Ligue {number}" for number in range(5)
    ]
    first = itertools.islice(client.list_leagues(limit=1), 2)
    assert len(list(first)) == 2


def test_what_is_wrong_is_raised(client: Client, fill: Fill, served: str) -> None:
    with pytest.raises(Problem) as raised:
        list(client.list_leagues(sport="nobody"))
    assert (raised.value.status, raised.value.code) == (404, "unknown_sport")
    assert raised.value.errors == {"sport": ["nobody"]}
    assert len(raised.value.request_id) == 16
    with pytest.raises(Problem, match="no_key"):
        list(Client("gig_wrong", served).list_sports())
    with pytest.raises(ValueError, match="no zone"):
        client.export_odds(scraped_since=datetime(2025, 10, 17)).save("x")
    with pytest.raises(ValueError, match="is no address"):
        Client("x", "ftp://example.org")


def test_what_has_not_changed_is_not_sent_again(client: Client, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(quote())
    statuses = []
    opened = client._opener.open

    def noting(*words: Any, **options: Any) -> Any:
        try:
            answer = opened(*words, **options)
        except gigscrapy_client.urllib.error.HTTPError as error:
            statuses.append(error.code)
            raise
        statuses.append(answer.status)
        return answer

    monkeypatch.setattr(client._opener, "open", noting)
    assert list(client.list_sports()) == list(client.list_sports())
    assert statuses == [200, 304]


def test_exports_by_rows_and_as_files(client: Client, fill: Fill, tmp_path: Path) -> None:
    fill(*(quote(second) for second in range(4)))
    asked = {
        "league": "football_ligue-1",
        "scraped_since": datetime(2025, 10, 17, 12, 0, 1, tzinfo=UTC),
        "outcome": "1",
    }
    assert [row["scraped_at"][17:19] for row in client.export_odds(**asked)] == ["01", "02", "03"]
    for kind in ("csv", "ndjson", "parquet"):
        path = tmp_path / f"odds.{kind}"
        assert client.export_odds(**asked).save(path, kind) == path.stat().st_size
    assert len(list(csv.DictReader((tmp_path / "odds.csv").read_text().splitlines()))) == 3
    assert len([json.loads(line) for line in (tmp_path / "odds.ndjson").read_text().splitlines()]) == 3
    assert pq.read_table(tmp_path / "odds.parquet").num_rows == 3
    assert list(client.export_odds(league=1, outcome="none")) == []


def test_a_file_that_is_broken_off_is_none(
    client: Client, fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(*(quote(second) for second in range(40)))
    monkeypatch.setattr(reading, "FIRST", 2)
    monkeypatch.setattr(reading, "BATCH", 7)
    batches = reading.Listed.batches

    def short(self: Any, render: Any) -> Iterator[Any]:
        for number, rows in enumerate(batches(self, render)):
            if number == 3:
                raise RuntimeError("gone")
            yield rows

    monkeypatch.setattr(reading.Listed, "batches", short)
    rows: list[Any] = []
    with pytest.raises(Incomplete):
        rows.extend(client.export_odds())
    assert 0 < len(rows) < 120
    for kind in ("csv", "ndjson", "parquet"):
        with pytest.raises(Incomplete):
            client.export_odds().save(tmp_path / "x", kind)
    assert not (tmp_path / "x").exists()


def test_a_stream_is_followed_over_its_end(
    client: Client, fill: Fill, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    """Each stream lives half a second; what is stored between two is told by the next, once."""
    events = type(app.config["HUB"].enter_priced("x")).events
    monkeypatch.setattr(
        "admin.live.PriceStream.events", lambda self, choose, **how: events(self, choose, **{**how, "life": 0.5})
    )
    fill(quote())
    told: list[int] = []
    done = threading.Event()

    def listen() -> None:
        for event in client.stream_prices(league="football_ligue-1", last_event_id="0"):
            if event.name == "prices":
                told.extend(price["id"] for price in event.data["prices"])
            if len(told) > 6:
                done.set()
                return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    for second in (60, 120):
        done.wait(1.2)
        fill(quote(second))
    assert done.wait(20)
    assert told[:7] == list(range(1, 8))


def test_hooks_are_made_and_their_messages_verified(client: Client, fill: Fill) -> None:
    fill(quote())
    hook = client.add_webhook(
        name="mine", url="https://example.org/", kinds=["odds.changed"], league="football_ligue-1"
    )
    body = b'{"id":"x"}'
    at = 1_760_702_400
    assert is_genuine(hook["secret"], sign(hook["secret"], body, at), body, now=at + 300)
    for wrong in (
        is_genuine(hook["secret"], sign("other", body, at), body, now=at),
        is_genuine(hook["secret"], sign(hook["secret"], body, at), body + b" ", now=at),
        is_genuine(hook["secret"], sign(hook["secret"], body, at), body, now=at + 301),
        is_genuine(hook["secret"], "", body),
        is_genuine(hook["secret"], "t=x,v1=y", body),
        is_genuine(hook["secret"], f"t={at},v1=\N{LATIN SMALL LETTER E WITH ACUTE}", body, now=at),
    ):
        assert not wrong
    assert client.change_webhook(hook["id"], league=None, enabled=False)["league"] is None
    assert [row["id"] for row in client.list_webhooks()] == [hook["id"]]
    assert client.remove_webhook(hook["id"]) is None
    with pytest.raises(Problem, match="404 not_found"):
        client.get_webhook(hook["id"])


# -- against a server that fails ---------------------------------------------------------------------------------------


class Failing(ThreadingHTTPServer):
    """Answers what it was told to, one after the other."""

    def __init__(self, *answers: tuple[int, dict[str, str], Any]) -> None:
        server, self.asked = self, []
        left = list(answers)

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                server.asked.append((self.command, self.path, dict(self.headers)))
                status, headers, body = left.pop(0)
                text = json.dumps(body).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = answer  # noqa: N815 - the library's own names

            def log_message(self, *_: Any) -> None: ...

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def end(self) -> None:
        self.shutdown()
        self.server_close()

    def client(self, slept: list[float]) -> Client:
        return Client("gig_x", f"http://127.0.0.1:{self.server_address[1]}/api/v1/", retries=2, sleep=slept.append)


BUSY = {"status": 429, "code": "rate_limit", "detail": "later", "request_id": "r1"}
DONE = {"data": [{"id": 1}], "next_cursor": None}


def test_it_waits_as_long_as_it_is_told(slept: list[float]) -> None:
    server = Failing((429, {"Retry-After": "7"}, BUSY), (503, {"Retry-After": "3"}, {}), (200, {}, DONE))
    assert list(server.client(slept).list_sports()) == [{"id": 1}]
    assert slept == [7, 3]
    server.end()


def test_it_gives_up_in_the_end_and_says_why(slept: list[float]) -> None:
    server = Failing(*[(429, {"Retry-After": "1"}, BUSY)] * 3)
    with pytest.raises(Problem) as raised:
        list(server.client(slept).list_sports())
    assert (raised.value.code, raised.value.request_id, raised.value.retry_after) == ("rate_limit", "r1", 1)
    assert len(server.asked) == 3
    server.end()


def test_what_changes_something_is_not_done_twice(slept: list[float]) -> None:
    server = Failing((429, {"Retry-After": "1"}, BUSY), (503, {"Retry-After": "1"}, {}))
    with pytest.raises(Problem, match="503"):
        server.client(slept).test_webhook(1)
    assert slept == [1]
    server.end()


def test_the_key_is_sent_nowhere_else(slept: list[float]) -> None:
    other = Failing((200, {}, DONE))
    server = Failing((302, {"Location": f"http://127.0.0.1:{other.server_address[1]}/"}, {}))
    with pytest.raises(Problem, match="302"):
        list(server.client(slept).list_sports())
    assert not other.asked
    for one in (server, other):
        one.end()


def test_an_answer_that_is_no_json_is_a_problem_too(slept: list[float]) -> None:
    server = Failing((500, {}, "<html>"))
    with pytest.raises(Problem, match="500 error"):
        list(server.client(slept).list_sports())
    server.end()
