"""Quotes that programs send: taken, refused item by item, sent again, and read back; on either database and queue."""

import json
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest

from admin import create_app
from admin.api.rooms import ingest
from gigscrapy.broker import QUEUE, receiver
from gigscrapy.imports.reading import read as read_file
from gigscrapy.imports.storing import store
from gigscrapy.ingesting import BARE_FIELDS, FIELDS
from gigscrapy.leagues import load
from gigscrapy.pages.league import read_league
from gigscrapy.quoting import Sighting, list_quotes
from schema.database import connect, hang_up
from schema.messages import encode
from schema.models import AuditLog, Bookmakers, LatestOdds, MarketNames, Matches, Odds, Pages, Runs
from schema.store import Store
from tests import SHARED
from tests.admin.api.conftest import program
from tests.admin.api.test_conventions import problem
from tests.admin.conftest import current
from tests.schema.laid import lay
from tests.schema.letters import NOON, prices, quote

BARE = {
    "match": "Le Havre - Paris SG",
    "match_date": "2025-10-17 20:45:00",
    "bookmaker": "Betclic",
    "cotes": {"cote_1": 7.1, "cote_N": 4.6, "cote_2": 1.4},
    "trj": 93.2,
    "league": "Ligue 1",
    "sport": "football",
}


def fields(item, **changes):
    """A quote as JSON has it."""
    return json.loads(encode(item)) | changes


PLACES = [
    pytest.param(("sqlite", "spool"), id="embedded"),
    pytest.param(("mariadb", "rabbitmq"), id="servers", marks=pytest.mark.server),
]


both = pytest.mark.parametrize("place", PLACES, indirect=True)


@pytest.fixture
def place(request, tmp_path, migrated, monkeypatch):
    """An application over an empty database and an empty queue."""
    database, queue = getattr(request, "param", ("sqlite", "spool"))
    url = None
    if database == "mariadb":
        server = request.getfixturevalue("mariadb")
        url = server.url(server.new_database())
        made = connect(url, tmp_path)
        lay(made)
        hang_up(made)
    if queue == "rabbitmq":
        monkeypatch.setenv("RABBIT_URL", request.getfixturevalue("rabbit_url"))
    app = create_app(url, tmp_path)
    yield app
    hang_up(current())


@pytest.fixture
def sender(place):
    """One that sends, and sees what becomes of it."""
    return program(place, "read", "ingest")


@pytest.fixture
def consume(place):
    """What `scrapy consume` does with all that waits."""
    queues = place.config["QUEUES"]

    def all_that_waits():
        source, outcomes = receiver(queues.rabbit_url, queues.home, queue=QUEUE), []
        while taken := source.receive(500, 1):
            outcomes.append(Store(current()).store(taken))
            source.ack(taken)
        source.close()
        hang_up(current())
        assert not any(outcome.refused for outcome in outcomes)
        return sum(outcome.stored for outcome in outcomes)

    return all_that_waits


def post(sender, quotes, **headers):
    return sender.post("/ingest/quotes", {"quotes": quotes}, headers=headers)


def looked_up(query):
    with current().connection_context():
        return list(query().dicts())


@both
def test_what_is_sent_is_in_the_tables_with_who_sent_it(sender, consume):
    ours = [quote(bookmaker=name, run_id="theirs") for name in ("Winamax", "netbet.fr")]
    answer = post(sender, [*map(fields, ours), BARE])
    assert answer.status_code == 201, answer.text
    told = answer.get_json()
    assert told | {"run": None} == {"accepted": 3, "rejected": 0, "duplicates": 0, "run": None, "errors": []}
    assert consume() == 3
    assert len(looked_up(Odds.select)) == 9 and len(looked_up(LatestOdds.select)) == 9

    assert answer.headers["Location"] == f"/api/v1/runs/{told['run']}"
    run = sender.data(f"/runs/{told['run']}")
    assert (run["spider"], run["verdict"], run["counts"]["stored"], run["counts"]["bookmakers"]) == (
        *("ingest", "complete"),
        *(3, 3),
    )
    assert run["ledger"]["adds_up"] and "sent by admin with the key a program" in run["sentence"]
    assert {page["parser"] for page in looked_up(Pages.select)} == {"match-D", "gig-benchmark"}
    [note] = looked_up(lambda: AuditLog.select().where(AuditLog.action == "ingest"))
    assert (note["program"], note["object_id"]) == ("a program", told["run"])
    assert {run["run_id"] for run in looked_up(Runs.select)} == {
        told["run"]
    }  # not "theirs": nobody writes into another


@both
def test_what_is_sent_again_is_stored_once(sender, consume):
    for answer in (post(sender, [fields(quote()), fields(quote())]) for _ in range(3)):
        assert answer.status_code == 201 and answer.get_json()["duplicates"] == 1
    assert consume() == 1
    [run] = sender.data("/runs")
    assert run["counts"]["duplicates"] >= 2 and run["ledger"]["adds_up"]
    # gig-benchmark's tells no time: under one key it is the same.
    answers = [post(sender, [BARE], **{"Idempotency-Key": "k-1"}) for _ in range(2)]
    assert answers[0].get_json() == answers[1].get_json() and answers[1].headers["Idempotency-Replayed"] == "true"
    by_body = sender.post("/ingest/quotes", {"quotes": [BARE], "ingestion_key": "k-1"})
    assert by_body.get_json() == answers[0].get_json()
    assert consume() == 1
    problem(post(sender, [BARE | {"bookmaker": "Unibet"}], **{"Idempotency-Key": "k-1"}), 409, "idempotency_key")
    problem(
        sender.post("/ingest/quotes", {"quotes": [BARE], "ingestion_key": "a"}, headers={"Idempotency-Key": "b"}),
        *(400, "impossible"),
    )


def test_what_is_wrong_is_said_item_by_item(sender, consume):
    wrong = {
        "price": fields(quote(), outcomes={"1": -2}),
        "no-price": fields(quote(), outcomes={"1": None}),
        "outcome": fields(quote(), outcomes={"7": "2.00"}),
        "market": fields(quote(), market="3X"),
        "sport": fields(quote(), sport="chess"),
        "teams": fields(quote(), home="Paris SG"),
        "missing": {key: value for key, value in fields(quote()).items() if key != "scraped_at"},
        "value": fields(quote(), kickoff="tomorrow"),
        "wrong-type": fields(quote(), league=7),
        "name": fields(quote(), league="Ligue\x00 1"),
        "future": fields(quote(), scraped_at="2099-01-01T00:00:00Z"),
        "version": fields(quote(), schema_version=99),
        "unknown-field": fields(quote(), kick_off="2025-10-17T18:45:00Z"),
        "not-a-quote": {"type": "run", "schema_version": 1, "run_id": "run-1", "spider": "nba", "state": "running"}
        | dict.fromkeys(("started_at", "reported_at"), "2025-10-17T12:00:00Z"),
    }
    answer = post(sender, [*wrong.values(), fields(quote()), BARE | {"scraped_at": "2025-10-17T12:00:00Z"}])
    assert answer.status_code == 207, answer.text
    told = answer.get_json()
    codes = [*wrong, "unknown-field"]
    places = [*range(len(wrong)), len(wrong) + 1]
    assert [(each["index"], each["code"]) for each in told["errors"]] == list(zip(places, codes, strict=True))
    assert all(each["detail"] for each in told["errors"])
    assert (told["accepted"], told["rejected"]) == (1, len(codes))
    assert consume() == 1 and not sender.data("/dead-letters")
    none = post(sender, [fields(quote(), outcomes={})])
    assert (none.status_code, none.get_json()["run"]) == (207, None) and "Location" not in none.headers


def test_a_quote_by_hand_needs_few_words(sender, consume):
    few = ("sport", "league", "home", "away", "bookmaker", "market", "outcomes", "scraped_at")
    whole = fields(quote())
    assert post(sender, [{name: whole[name] for name in few}]).status_code == 201
    assert consume() == 1


def test_prices_that_cannot_be_right_are_marked_as_in_a_crawl(sender, consume):
    books = ("Betclic", "NetBet", "Unibet", "Winamax")
    sent = [quote(bookmaker=name, prices=prices("2.10", "3.30", "3.60")) for name in books]
    sent.append(quote(bookmaker="PMU", prices=prices("21.0", "3.30", "3.60")))
    lists = [
        quote(60, bookmaker=name, partial=True, prices={"1": Decimal(3 + at)}) for at, name in enumerate(books[:2])
    ]
    assert post(sender, [*map(fields, sent), *map(fields, lists)]).status_code == 201
    consume()
    marks = looked_up(lambda: Odds.select(Odds.suspect, Odds.outcome).where(Odds.suspect.is_null(False)).distinct())
    assert {mark["suspect"] for mark in marks} == {"far-from-panel"}


def test_lines_are_taken_too(sender, consume):
    lines = [json.dumps(fields(quote())), "", "{broken", "7", json.dumps(BARE)]
    send = lambda data: sender._client.post(  # noqa: E731
        "/api/v1/ingest/quotes",
        data=data,
        content_type="application/x-ndjson",
        headers={"X-API-Key": sender.key, "Idempotency-Key": "lines"},
    )
    told = send("\n".join(lines)).get_json()
    assert (told["accepted"], [(each["index"], each["code"]) for each in told["errors"]]) == (
        2,
        [(1, "malformed"), (2, "malformed")],
    )
    assert send("\n".join(lines)).get_json() == told and consume() == 2
    problem(send("\n".join(lines[:1])), 409, "idempotency_key")
    problem(send("\n\n"), 422, "invalid")


class TestBounds:
    """What needs no server."""

    @pytest.fixture
    def sender(self, program_of):
        return program_of("ingest")

    def test_what_is_no_list_of_quotes_is_refused(self, sender):
        for body in ({}, {"quotes": []}, {"quotes": [7]}, {"quotes": {}}, {"quotes": [BARE], "colour": 1}):
            problem(sender.post("/ingest/quotes", body), 422, "invalid")
        for key in ("", "a b", None, "x" * 129, 7):
            problem(sender.post("/ingest/quotes", {"quotes": [BARE], "ingestion_key": key}), 422, "invalid")
        raw = lambda data, kind="application/json", **headers: sender._client.post(  # noqa: E731
            "/api/v1/ingest/quotes", data=data, content_type=kind, headers={"X-API-Key": sender.key} | headers
        )
        problem(raw(b"[]"), 422, "invalid")
        problem(raw(b'{"quotes": [{"a": NaN}]}'), 400, "bad_request")
        problem(raw(b'{"quotes": [{"a": 1, "a": 2}]}'), 400, "bad_request")
        problem(raw(b"[" * 200_000), 400, "bad_request")
        problem(raw(b"quotes", "text/csv"), 415, "media_type")
        problem(raw(b"{}", **{"Content-Encoding": "gzip"}), 415, "media_type")
        assert raw(b'{"quotes": [{"sport": "\\ud800"}, {"\\udfff": 1}]}').status_code == 207

    def test_too_much_is_refused(self, sender, monkeypatch):
        problem(sender.post("/ingest/quotes", {"quotes": [{}] * (ingest.MOST + 1)}), 413, "too_large")
        monkeypatch.setattr(ingest, "LARGEST", 1000)
        problem(sender.post("/ingest/quotes", {"quotes": [fields(quote())] * 2}), 413, "too_large")

    def test_what_cannot_be_made_durable_is_not_said_to_be(self, app, sender):
        home: Path = app.config["QUEUES"].home
        (home / "spool.sqlite3").mkdir()  # no disk would do either
        once = {"Idempotency-Key": "again"}
        answer = post(sender, [BARE], **once)
        problem(answer, 503, "queue")
        assert answer.headers["Retry-After"]
        (home / "spool.sqlite3").rmdir()
        assert post(sender, [BARE], **once).status_code == 201

    def test_every_field_of_a_message_may_be_sent(self):
        sent = fields(quote(page="0" * 32, suspect="swapped-sides"))
        assert sent.keys() | {"type"} == FIELDS and sent.keys() > BARE_FIELDS


def compared():
    """All that is stored, but for who brought it."""
    columns = (Matches.match_key, MarketNames.code, Odds.line, Bookmakers.code, Odds.outcome, Odds.odd_value, Odds.trj)
    columns += (Odds.published_trj, Odds.partial, Odds.scraped_at, Odds.suspect)
    query = Odds.select(*columns).join_from(Odds, Matches).join_from(Odds, MarketNames).join_from(Odds, Bookmakers)
    with current().connection_context():
        return sorted(
            tuple(str(each.normalize() if isinstance(each, Decimal) else each) for each in row)
            for row in query.tuples()
        )


FILES = sorted((SHARED / "football-data").glob("*.csv"))
SOME = 100
"""Lines of each file."""


@both
@pytest.mark.slow
@pytest.mark.skipif(not FILES, reason="other people's data is beside the project only where it is worked on")
def test_real_files_come_to_the_same_by_ingest_and_by_import(place, sender, consume, tmp_path):
    lines = [line for path in FILES for line in islice(read_file(path).lines, SOME)]
    items = [item for line in lines for item in line.items]
    assert len(items) > 1000
    sent = [
        post(sender, [fields(item) for item in items[start : start + 2000]]) for start in range(0, len(items), 2000)
    ]
    assert {answer.status_code for answer in sent} == {201}
    assert sum(answer.get_json()["accepted"] for answer in sent) == consume()
    by_ingest = compared()
    create_app(None, tmp_path / "other")
    store(current(), lines)
    hang_up(current())
    assert compared() == by_ingest


PAGES = sorted((SHARED / "coteur").glob("*-foot-france-ligue-1.html"))


@both
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_quotes_of_a_real_page_are_read_back(path, place, sender, consume):
    league = next(league for league in load() if league.name == "ligue1")
    sighting = Sighting(league=league, run_id=None, url="https://www.coteur.com" + league.path, scraped_at=NOON)
    page = read_league(path.read_text(encoding="utf-8"), url=sighting.url, now=NOON, market=league.market)
    quotes = [
        item for match in page.matches if match.home for item in list_quotes(page, match, league.market, sighting)
    ]
    answer = post(sender, [fields(item) for item in quotes])
    assert answer.status_code == 201, answer.text
    assert consume() == len(quotes) > 9
    label = {"1": "1", "X": "N", "2": "2"}
    seen = {(item.match_id, label[code], price) for item in quotes for code, price in item.prices.items() if price}
    matches = {match["id"]: match["site_id"] for match in sender.data("/matches", limit=1000)}
    assert set(matches.values()) == {item.match_id for item in quotes}
    by_odds, by_history = set(), set()
    for number, site_id in matches.items():
        for bookmaker in sender.data(f"/matches/{number}/odds")["bookmakers"]:
            for outcome in (outcome for market in bookmaker["markets"] for outcome in market["outcomes"]):
                by_odds.add((site_id, outcome["label"], Decimal(outcome["price"])))
        for row in sender.data(f"/matches/{number}/history"):
            by_history.add((site_id, row["label"], Decimal(row["price"])))
            assert row["page"] == sighting.url
    assert by_odds == by_history == seen
    since = {"from": "2025-10-01T00:00:00Z", "league": "football_ligue-1", "limit": 1000}
    assert sender.data("/odds", **since) and sender.data("/best-prices", **since)
    for path in ("/sports", "/leagues", "/teams", "/bookmakers", "/markets"):
        for row in sender.data(path, limit=1000):
            assert sender.data(f"{path}/{row['slug']}")["id"] == row["id"]
    for path in ("/movements", "/surebets", "/trj"):
        told = sender.get(path, league="football_ligue-1").get_json()
        assert told["data"] or told["reason"]["detail"]
    lines = program(place, "export").get("/exports/latest-odds", format="ndjson").text.splitlines()
    assert len(lines) == sum(price is not None for item in quotes for price in item.prices.values())
    run = sender.data(f"/runs/{answer.get_json()['run']}")
    assert run["ledger"]["adds_up"] and run["counts"]["stored"] == len(quotes)
