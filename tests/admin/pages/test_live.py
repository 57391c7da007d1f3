"""What is new, told while it happens."""

import json
import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin import live
from admin.live import Full, Hub, Stream, missed_since, newest_row
from schema.models import Matches, Odds
from tests.admin import signed_in
from tests.admin.conftest import current
from tests.schema.letters import prices, quote

Fill = Callable[..., None]


@pytest.fixture
def hub(app: Flask, fill: Fill) -> Iterator[Hub]:
    """Over two matches with a price of each outcome: rows 1 to 3 and 4 to 6."""
    fill(quote(), quote(match_id="2", home="A", away="B"))
    hub = Hub(current(), streams=2, pause=0.02)
    with current().connection_context():
        yield hub


def said(stream: Stream, match: int | None, missed: str | None = None, **how: float) -> list[tuple[str, str, object]]:
    """The events of a short life but for pings: name, id and what they say."""
    found = []
    for text in stream.events(match, missed, **{"life": 0.6, "ping": 0.3, **how}):
        parts = dict(line.split(": ", 1) for line in text.strip().split("\n") if not line.startswith(":"))
        if "data" in parts and parts["event"] != "ping":
            found.append((parts["event"], parts["id"], json.loads(parts["data"])))
    return found


def soon(fill: Fill, *messages: object) -> None:
    threading.Timer(0.1, fill, messages).start()


def test_a_new_price_is_told_to_who_reads_its_match_and_to_the_list(hub: Hub, fill: Fill) -> None:
    [first, second] = [row.id for row in Matches.select().order_by(Matches.id)]
    heard: dict[str, list[object]] = {}
    streams = {"one": (hub.enter(), first), "all": (hub.enter(), None)}

    def listen(name: str) -> None:
        heard[name] = list(said(*streams[name]))

    listeners = [threading.Thread(target=listen, args=(name,)) for name in streams]
    for listener in listeners:
        listener.start()
    fill(quote(60, match_id="2", home="A", away="B", prices=prices("7.1", "4.75", "1.42")))
    for listener in listeners:
        listener.join()
    assert heard == {"one": [], "all": [("change", "9", {"matches": [second]})]}


def test_a_silent_stream_says_that_it_is_there_and_how_soon_to_come_back(hub: Hub) -> None:
    texts = list(hub.enter().events(None, None, life=0.25, ping=0.1))
    assert texts[0] == "retry: 1000\n\n"
    assert texts.count("event: ping\ndata: {}\n\n") >= 2
    assert hub.open == 0


def test_a_listener_that_is_gone_leaves_no_stream_behind(hub: Hub) -> None:
    gone = iter([False, False, True])
    texts = list(hub.enter().events(None, None, life=60, ping=0.1, gone=lambda: next(gone)))
    assert len(texts) == 4
    assert hub.open == 0


def test_one_person_leaves_streams_to_others(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "OF_ONE", 1)
    held = hub.enter("one")
    with pytest.raises(Full):
        hub.enter("one")
    assert hub.enter("other") is not held
    held.close()
    assert hub.enter("one")


def test_a_page_s_stream_is_that_of_who_is_there(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "OF_ONE", 1)
    with client.get("/matches/events", buffered=False) as held:
        next(iter(held.response))
        assert client.get("/matches/events").status_code == 503
        other = signed_in(client.application, "viewer", name="other").get("/matches/events", buffered=False)
        assert other.status_code == 200
        other.close()


def test_only_so_many_listen_at_once(hub: Hub) -> None:
    one, other = hub.enter(), hub.enter()
    with pytest.raises(Full):
        hub.enter()
    one.close()
    one.close()
    assert hub.open == 1
    assert hub.enter() is not other
    assert hub.open == 1, "nobody holds that one"


def test_who_was_away_is_told_what_was_missed(hub: Hub, fill: Fill) -> None:
    [first, second] = [row.id for row in Matches.select().order_by(Matches.id)]
    assert newest_row() == 6
    assert newest_row(first) == 3
    assert missed_since("6", None) is None
    assert missed_since("3", first) is None
    assert missed_since("6", first) is None, "what came later is another match's"
    fill(quote(60))
    assert missed_since("6", None) == live.event(9, {first})
    assert missed_since("3", None) == live.event(9, {first, second})
    assert missed_since("6", first) == live.event(9, {first})
    assert '"matches": [1]' in live.event(9, {1})


@pytest.mark.parametrize("last", ["99", "-1", "x", "9" * 40])
def test_an_id_of_another_database_means_that_all_must_be_read_again(hub: Hub, last: str) -> None:
    for match in (None, 1):
        assert str(missed_since(last, match)).startswith("event: snapshot_required\nid: ")


def test_more_than_can_be_told_is_a_snapshot(hub: Hub, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "AT_ONCE", 5)
    monkeypatch.setattr(live, "OVERLAP", 2)
    assert str(missed_since("0", None)).startswith("event: snapshot_required\nid: 6")
    stream = hub.enter()
    soon(fill, *(quote(60 * number) for number in range(1, 4)))
    told = said(stream, None, life=1.5)
    assert told[0] == ("snapshot_required", "9", {})
    assert told[-1][1] == "15"


def test_a_row_that_is_seen_late_is_told_all_the_same(hub: Hub) -> None:
    """Of two writers the one with the lower ids may commit last."""
    row = Odds.get_by_id(5)
    Odds.delete_by_id(5)
    stream = hub.enter()
    told: list[object] = []
    listener = threading.Thread(target=lambda: told.extend(said(stream, None)))
    listener.start()
    with current().connection_context() if current().is_closed() else current().atomic():
        row.save(force_insert=True)
    listener.join()
    assert told == [("change", "6", {"matches": [row.match_id]})]


# -- the addresses -----------------------------------------------------------------------------------------------------


@pytest.fixture
def reader(app: Flask, fill: Fill) -> FlaskClient:
    fill(quote())
    return signed_in(app, "viewer")


def test_a_stream_begins_with_what_was_missed(reader: FlaskClient) -> None:
    answer = reader.get("/matches/1/events", headers={"Last-Event-ID": "1"}, buffered=False)
    assert answer.content_type == "text/event-stream; charset=utf-8"
    assert answer.headers["X-Accel-Buffering"] == "no"
    texts = iter(answer.response)
    assert [next(texts), next(texts)] == [b"retry: 1000\n\n", live.event(3, {1}).encode()]
    answer.close()
    since = reader.get("/matches/events?since=3", buffered=False)
    texts = iter(since.response)
    assert [next(texts), next(texts)] == [b"retry: 1000\n\n", b": here\n\n"]
    since.close()


def test_who_comes_too_late_is_told_when_to_come_back(reader: FlaskClient) -> None:
    answers = [reader.get("/matches/events", buffered=False) for _ in range(live.STREAMS)]
    late = reader.get("/matches/events")
    assert (late.status_code, late.headers["Retry-After"]) == (503, "30")
    for answer in answers:
        answer.close()
    again = reader.get("/matches/events", buffered=False)
    assert again.status_code == 200
    again.close()


def test_what_is_asked_now_and_then_is_answered_with_nothing_new(reader: FlaskClient, fill: Fill) -> None:
    answer = reader.get("/matches/1/latest")
    assert (answer.json, answer.headers["ETag"]) == ({"id": 3}, 'W/"3"')
    assert reader.get("/matches/1/latest", headers={"If-None-Match": 'W/"3"'}).status_code == 304
    fill(quote(60))
    assert reader.get("/matches/latest", headers={"If-None-Match": 'W/"3"'}).json == {"id": 6}


def test_nobody_listens_without_being_signed_in(app: Flask, anonymous: FlaskClient) -> None:
    by_script = {"Sec-Fetch-Dest": "empty", "Accept": "text/event-stream"}
    for address in ("/matches/events", "/matches/1/events", "/matches/latest"):
        assert anonymous.get(address, headers=by_script).status_code == 401


def test_nothing_of_a_stream_is_left_when_the_database_does_not_answer(
    app: Flask, reader: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_last: str, _match: int | None) -> None:
        raise RuntimeError("away")

    monkeypatch.setattr("admin.pages.finder.events.missed_since", away)
    for _ in range(live.STREAMS + 1):
        assert reader.get("/matches/events?since=1").status_code == 500
