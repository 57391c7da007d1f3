"""Prices told as they are stored: to whom they concern, once, and to who was away."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from admin import create_app, live
from admin.api import changes
from admin.api.rooms import stream
from admin.live import Full, Hub, PriceStream
from schema.database import connect, hang_up
from schema.models import ApiKeys, Odds, now
from schema.store import Store
from tests.admin.api.conftest import Program, program, waited_on
from tests.admin.api.test_conventions import problem
from tests.admin.conftest import current
from tests.schema.laid import lay
from tests.schema.letters import letters, prices, quote

Fill = Callable[..., None]
Event = tuple[str, str, Any]


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def either(request: pytest.FixtureRequest, tmp_path: Any, app: Flask) -> Iterator[None]:
    """Either kind of database, with nothing in it."""
    if request.param == "sqlite":
        yield
        return
    server = request.getfixturevalue("mariadb")
    url = server.url(server.new_database())
    database = connect(url, tmp_path)
    lay(database)
    hang_up(database)
    create_app(url, tmp_path)
    yield
    hang_up(current())


@pytest.fixture
def hub(either: None) -> Iterator[Hub]:
    """Over two matches with a price of each outcome: rows 1 to 3 and 4 to 6."""
    Store(current()).store(letters(quote(), quote(match_id="2", home="A", away="B", league="Ligue 2")))
    with current().connection_context():
        hub = Hub(current(), pause=0.02, read_prices=changes.of)
        yield hub
        hub.close()


def read(texts: Iterator[str]) -> list[Event]:
    found = []
    for text in texts:
        parts = dict(line.split(": ", 1) for line in text.strip().split("\n"))
        if parts.get("event", "ping") != "ping":
            found.append((parts["event"], parts.get("id", ""), json.loads(parts["data"])))
    return found


def said(stream: PriceStream, wanted: changes.Wanted = changes.Wanted(), **how: float) -> list[Event]:  # noqa: B008
    """The events of a short life."""
    return read(stream.events(wanted.among, **{"life": 0.6, "ping": 0.3, **how}))


def of(event: Event) -> list[int]:
    assert event[0] == "prices", event
    return [price["id"] for price in event[2]["prices"]]


def later(*messages: Any) -> threading.Timer:
    timer = threading.Timer(0.15, lambda: Store(current()).store(letters(*messages)))
    timer.start()
    return timer


MOVED = quote(60, match_id="2", home="A", away="B", league="Ligue 2", prices=prices("7.1", "4.755", "1.42"))


def test_a_stored_price_is_told_with_all_that_names_it(hub: Hub) -> None:
    stream = hub.enter_priced("one")
    writing = later(MOVED)
    begun, event = said(stream, life=1.0)
    writing.join()
    assert begun == ("connected", "6", {"newest": 6})
    assert event[:2] == ("prices", "9")
    [draw] = [price for price in event[2]["prices"] if price["outcome"] == "X"]
    assert draw.pop("id") in (7, 8, 9)
    assert draw == {
        "match": 2,
        "home": "A",
        "away": "B",
        "kickoff": "2025-10-17T18:45:00Z",
        "league": "football_ligue-2",
        "market": "football_1x2",
        "line": None,
        "outcome": "X",
        "bookmaker": "winamax",
        "price": "4.755",
        "trj": "94.75",
        "scraped_at": "2025-10-17T12:01:00Z",
        "partial": False,
        "suspect": None,
    }


def test_only_what_is_wanted_is_told(hub: Hub) -> None:
    heard: dict[str, list[Event]] = {}
    for name, wanted in {
        "league": changes.Wanted(leagues=frozenset({2})),
        "other league": changes.Wanted(leagues=frozenset({1})),
        "match": changes.Wanted(matches=frozenset({2, 77})),
        "bookmaker": changes.Wanted(bookmakers=frozenset({999})),
    }.items():
        stream = hub.enter_priced(name)
        threading.Thread(target=lambda n=name, s=stream, w=wanted: heard.update({n: said(s, w, life=1.0)})).start()
    later(MOVED).join()
    while len(heard) < 4:
        time.sleep(0.05)
    assert {name: [of(event) for event in events[1:]] for name, events in heard.items()} == {
        "league": [[7, 8, 9]],
        "match": [[7, 8, 9]],
        "other league": [],
        "bookmaker": [],
    }


def test_who_was_away_is_told_exactly_what_was_missed(hub: Hub) -> None:
    first = hub.enter_priced("one")
    assert said(first, life=0.1) == [("connected", "6", {"newest": 6})]
    # Nobody listens; what is stored meanwhile is remembered, one row that is committed late as well.
    row = Odds.get_by_id(5)
    Odds.delete_by_id(5)
    Store(current()).store(letters(MOVED))
    time.sleep(0.3)
    row.save(force_insert=True)
    time.sleep(0.3)
    missed, begun = said(hub.enter_priced("one", "6"), life=0.1)
    assert of(missed) == [7, 8, 9, 5]
    assert begun[:2] == ("connected", "9")
    assert said(hub.enter_priced("one", "9"), life=0.1) == [("connected", "9", {"newest": 9})]


def test_after_a_restart_the_tables_tell_what_was_missed(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "OVERLAP", 1)
    monkeypatch.setattr(live, "REPLAY", 1e10)
    missed, _begun = said(hub.enter_priced("one", "3"), life=0.1)
    assert of(missed) == [3, 4, 5, 6]
    monkeypatch.setattr(live, "REPLAY", 600)
    fresh = Hub(current(), pause=0.02, read_prices=changes.of)
    assert said(fresh.enter_priced("one", "3"), life=0.1)[0][0] == "snapshot_required", "it was seen long ago"
    assert said(fresh.enter_priced("one", "6"), life=0.1)[0][0] == "connected"


@pytest.mark.parametrize("last", ["99", "-1", "x", "9" * 40])
def test_an_id_of_another_database_needs_a_snapshot(hub: Hub, last: str) -> None:
    assert said(hub.enter_priced("one", last), life=0.1)[0] == ("snapshot_required", "6", {"newest": 6})


def test_more_than_can_be_told_needs_a_snapshot(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "AT_ONCE", 5)
    monkeypatch.setattr(live, "OVERLAP", 2)
    stream = hub.enter_priced("one")
    writing = later(*(quote(60 * number) for number in range(1, 4)))
    events = said(stream, life=1.5)
    writing.join()
    assert ("snapshot_required", "9", {"newest": 9}) in events
    assert events[-1][1] == "15"


def test_what_is_remembered_is_bounded(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PRICES_REMEMBERED", 4)
    hub.enter_priced("one").close()
    for number in range(1, 4):
        Store(current()).store(letters(quote(60 * number)))
        time.sleep(0.3)
    assert hub._whole_since == 12
    assert [of(event) for event in said(hub.enter_priced("one", "12"), life=0.1)[:-1]] == [[13, 14, 15]]
    assert said(hub.enter_priced("one", "9"), life=0.1)[0][0] == "snapshot_required", "it was seen long ago"


def test_an_event_is_bounded_and_its_id_comes_last(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "TOGETHER", 2)
    stream = hub.enter_priced("one")
    writing = later(MOVED)
    _, first, second = said(stream, life=1.0)
    writing.join()
    assert (of(first), first[1]) == ([7, 8], "")
    assert (of(second), second[1]) == ([9], "9")


def test_a_key_and_all_keys_have_so_many(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "OF_KEY", 1)
    monkeypatch.setattr(live, "PRICE_STREAMS", 2)
    held = hub.enter_priced("one")
    with pytest.raises(Full):
        hub.enter_priced("one")
    other = hub.enter_priced("other")
    with pytest.raises(Full):
        hub.enter_priced("third")
    page = hub.enter("somebody")
    held.close()
    held.close()
    assert hub.enter_priced("third") is not other
    page.close()


def test_one_thread_looks_for_pages_and_programs(hub: Hub) -> None:
    before = sum(thread.name == "live" for thread in threading.enumerate())
    streams = [hub.enter("somebody"), hub.enter_priced("one"), hub.enter_priced("two")]
    assert sum(thread.name == "live" for thread in threading.enumerate()) == before + 1
    assert len(streams) == 3


def test_it_stops_looking_when_nobody_has_listened_for_long(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "REPLAY", 0.1)
    hub.enter_priced("one").close()
    time.sleep(0.6)
    assert not hub._watching
    assert hub._whole_since is None
    assert not hub._prices


# -- over the wire -----------------------------------------------------------------------------------------------------


def lines(port: int, asks: Program, path: str, **headers: str) -> tuple[http.client.HTTPConnection, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", f"/api/v1{path}", headers={"Authorization": f"Bearer {asks.key}", **headers})
    return connection, connection.getresponse()


def next_event(answer: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    while line := answer.readline().decode().rstrip("\n"):
        name, _, value = line.partition(": ")
        found[name] = value
    return found


def test_it_is_served(app: Flask, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(quote())
    reader = program(app, "read")
    with waited_on(app) as port:
        connection, answer = lines(port, reader, "/stream?league=football_ligue-1")
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["X-Accel-Buffering"] == "no"
        assert next_event(answer) == {"retry": "3000"}
        assert next_event(answer)["id"] == "3"
        fill(quote(60))
        event = next_event(answer)
        assert (event["event"], event["id"]) == ("prices", "6")
        connection.close()
        fill(quote(120))
        for path, headers in (("/stream", {"Last-Event-ID": "6"}), ("/stream?last_event_id=6", {})):
            connection, answer = lines(port, reader, path, **headers)
            assert next_event(answer) == {"retry": "3000"}
            events = [next_event(answer)]
            while events[-1].get("id") != "9":
                events.append(next_event(answer))
            told = [price["id"] for event in events for price in json.loads(event["data"]).get("prices", [])]
            assert told == [7, 8, 9]
            connection.close()


def test_it_ends_once_its_key_is_taken_back(app: Flask, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(quote())
    monkeypatch.setattr(stream, "ASKED_AGAIN", 0.0)
    reader = program(app, "read")
    with waited_on(app) as port:
        connection, answer = lines(port, reader, "/stream")
        assert next_event(answer) == {"retry": "3000"}
        assert next_event(answer)["event"] == "connected"
        with current().connection_context():
            ApiKeys.update(revoked_at=now()).execute()
        assert answer.read() == b"", "it lives no five minutes then"
        connection.close()


def test_who_may_not_and_what_is_wrong(program_of: Any, fill: Fill) -> None:
    fill(quote())
    problem(program_of("ingest").get("/stream"), 403, "scope")
    problem(program_of().get("/stream"), 401, "no_key")
    reader = program_of("read")
    problem(reader.get("/stream", league="nobody"), 404, "unknown_league")
    problem(reader.get("/stream", match="x"), 422, "invalid")
    held = [reader.open("GET", "/stream", buffered=False) for _ in range(live.OF_KEY)]
    late = reader.get("/stream")
    problem(late, 503, "too_many_streams")
    assert late.headers["Retry-After"] == "30"
    for answer in held:
        answer.close()
    again = reader.open("GET", "/stream", buffered=False)
    assert again.status_code == 200
    again.close()
