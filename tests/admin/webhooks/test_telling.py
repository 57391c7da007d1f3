"""What hooks are told: what happened, once, in order, signed, until they say that they know."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from peewee import Database

from admin.alerting.sending import Result, Sender
from admin.alerting.vault import Vault
from admin.webhooks import telling
from admin.webhooks.hooks import BadHook, check, new_secret
from admin.webhooks.posting import Postman
from admin.webhooks.signature import HEADER, sign
from admin.webhooks.telling import Teller
from schema import webhooks
from schema.database import connect, hang_up
from schema.models import AlertEvents, AlertRules, Odds, Runs, Users, WebhookDeliveries, Webhooks, use
from schema.store import Store
from schema.webhooks import CLOSED, KINDS, ODDS, OPENED, RUN, SNAPSHOT
from tests import ROOT
from tests.admin import account
from tests.admin.alerting.sinks import WebHook
from tests.admin.alerting.test_service import Process, until
from tests.schema.laid import lay
from tests.schema.letters import letters, prices, quote


def verified(secret: str, header: str, body: bytes, *, now: int) -> bool:
    """As docs/webhooks.md has it."""
    found: dict[str, Any] = {}
    exec(snippet(), found)
    return bool(found["is_genuine"](secret, header, body, now=now))


def snippet() -> str:
    text = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
    return text.split("```python\n")[1].split("```")[0]


AT = datetime(2025, 10, 17, 12)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def database(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Database]:
    url = None
    if request.param == "mariadb":
        server = request.getfixturevalue("mariadb")
        url = server.url(server.new_database())
    found = connect(url, tmp_path)
    use(found)
    lay(found)
    with found.connection_context():
        yield found
    hang_up(found)


@pytest.fixture
def vault(tmp_path: Any) -> Vault:
    return Vault(None, tmp_path)


def hook(database: Database, vault: Vault, *kinds: str, url: str = "https://example.org/", **more: Any) -> Webhooks:
    values = {"name": "mine", "url": url, "kinds": " ".join(kinds or KINDS), "shown": "whsec_", **more}
    return webhooks.add(database, account().id, {"secret": vault.lock("whsec_test"), **values}, at=AT)


def written(database: Database, kind: str | None = None) -> list[tuple[str, Any]]:
    query = WebhookDeliveries.select().order_by(WebhookDeliveries.id)
    return [(row.kind, json.loads(row.body)) for row in query if kind in (None, row.kind)]


def put(database: Database, *messages: Any) -> None:
    Store(database).store(letters(*messages))


class Clock:
    """Goes on by hand."""

    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at

    def on(self, **how: float) -> datetime:
        self.at += timedelta(**how)
        return self.at


class TestPrices:
    def test_are_told_a_while_after_they_were_stored(self, database: Database, vault: Vault) -> None:
        put(database, quote())
        hook(database, vault, ODDS)
        teller = Teller(database)
        assert teller.step(AT) == 0, "what was there before is not news"
        put(database, quote(60, prices=prices("7.1", "4.75", "1.42")))
        assert teller.step(AT + 5 * SECOND) == 0, "a lower number may be committed yet"
        assert teller.step(AT + 19 * SECOND) == 0
        assert teller.step(AT + 24 * SECOND) == 1
        [(kind, told)] = written(database)
        assert kind == ODDS
        assert [price["id"] for price in told["prices"]] == [4, 5, 6]
        assert {price["price"] for price in told["prices"]} == {"7.10", "4.75", "1.42"}
        assert teller.step(AT + 60 * SECOND) == 0

    def test_one_that_is_committed_late_is_told(self, database: Database, vault: Vault) -> None:
        hook(database, vault, ODDS)
        teller = Teller(database)
        teller.step(AT)
        put(database, quote())
        row = Odds.get_by_id(2)
        Odds.delete_by_id(2)
        teller.step(AT + 5 * SECOND)
        row.save(force_insert=True)
        teller.step(AT + 25 * SECOND)
        assert [price["id"] for price in written(database)[0][1]["prices"]] == [1, 2, 3]

    def test_only_those_that_are_wanted(self, database: Database, vault: Vault) -> None:
        put(database, quote(), quote(match_id="2", home="A", away="B", league="Ligue 2"))
        hook(database, vault, ODDS, league=2)
        hook(database, vault, ODDS, match=1)
        hook(database, vault, RUN)
        teller = Teller(database)
        teller.step(AT)
        put(database, quote(60), quote(60, match_id="2", home="A", away="B", league="Ligue 2"))
        teller.step(AT + 5 * SECOND)
        teller.step(AT + 25 * SECOND)
        told = {row.hook_id: json.loads(row.body)["prices"] for row in WebhookDeliveries.select()}
        assert {number: {price["match"] for price in prices} for number, prices in told.items()} == {1: {2}, 2: {1}}

    def test_many_are_told_in_parts_and_page_by_page(
        self, database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(telling, "AT_ONCE", 4)
        monkeypatch.setattr(telling, "BODY", 700)
        hook(database, vault, ODDS)
        teller = Teller(database)
        teller.step(AT)
        put(database, *(quote(second) for second in range(3)))
        for seconds in (5, 25, 30, 35):
            teller.step(AT + seconds * SECOND)
        parts = [[price["id"] for price in told["prices"]] for _, told in written(database)]
        assert [number for part in parts for number in part] == list(range(1, 10))
        assert {len(part) for part in parts} == {1, 2}

    def test_of_too_many_it_is_said_that_all_must_be_asked(
        self, database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(telling, "TOO_FAR", 5)
        hook(database, vault, ODDS)
        teller = Teller(database)
        teller.step(AT)
        put(database, *(quote(second) for second in range(3)))
        teller.step(AT + 5 * SECOND)
        teller.step(AT + 25 * SECOND)
        assert written(database) == [(SNAPSHOT, {})]

    def test_another_process_goes_on_where_the_last_one_was(self, database: Database, vault: Vault) -> None:
        hook(database, vault, ODDS)
        Teller(database).step(AT)
        put(database, quote())
        later = Teller(database)
        later.step(AT + 60 * SECOND)
        later.step(AT + 80 * SECOND)
        assert len(written(database)) == 1


def alert(**changes: Any) -> AlertEvents:
    rule = AlertRules.select().first() or AlertRules.create(
        kind="price", threshold=2, margin=0.1, at_least=1, max_age_minutes=60, calm_minutes=5, cooldown_minutes=30
    )
    told = {"subject": "1/x", "open_key": "k", "opened_at": AT, "updated_at": AT, "value": 2.5, "told_value": 2.5}
    return AlertEvents.create(rule=rule, **{**told, "details": "{}", **changes})


class TestAlertsAndRuns:
    def test_an_alert_opens_and_closes(self, database: Database, vault: Vault) -> None:
        put(database, quote(), quote(match_id="2", home="A", away="B"))
        hook(database, vault, OPENED, CLOSED)
        hook(database, vault, OPENED, league=1)
        hook(database, vault, OPENED, match=2)
        teller = Teller(database)
        teller.step(AT)
        event = alert(match_id=1)
        teller.step(AT + 5 * SECOND)
        teller.step(AT + 10 * SECOND)
        event.closed_at, event.closed_because, event.open_key = AT + 12 * SECOND, "back", None
        event.save()
        teller.step(AT + 15 * SECOND)
        teller.step(AT + 20 * SECOND)
        rows = WebhookDeliveries.select().order_by(WebhookDeliveries.id)
        assert [(row.hook_id, row.kind) for row in rows] == [(1, OPENED), (2, OPENED), (1, CLOSED)]
        told = written(database)[-1][1]["alert"]
        assert (told["match"], told["value"], told["closed_because"]) == (1, "2.5", "back")

    def test_a_run_ends_once_whoever_looks(self, database: Database, vault: Vault) -> None:
        hook(database, vault, RUN)
        Teller(database).step(AT)
        Runs.create(run_id="a", spider="ligue1", state="running", started_at=AT)
        first = Teller(database)
        first.step(AT + 5 * SECOND)
        assert written(database) == []
        over = {"state": "finished", "verdict": "complete", "finished_at": AT + 8 * SECOND}
        Runs.update(over).where(Runs.run_id == "a").execute()
        Runs.create(run_id="b", spider="ligue2", **over)
        first.step(AT + 10 * SECOND)
        Teller(database).step(AT + 20 * SECOND)
        assert [(kind, told["run"]["run_id"]) for kind, told in written(database)] == [(RUN, "a"), (RUN, "b")]

    def test_one_that_ended_while_nobody_looked_is_told_too(self, database: Database, vault: Vault) -> None:
        hook(database, vault, RUN)
        Runs.create(run_id="old", spider="ligue1", state="finished", finished_at=AT - 60 * MINUTE)
        Runs.create(run_id="a", spider="ligue1", state="running", started_at=AT)
        Teller(database).step(AT)
        Runs.update(state="lost", reported_at=AT + MINUTE).where(Runs.run_id == "a").execute()
        Teller(database).step(AT + 5 * MINUTE)
        assert [told["run"]["run_id"] for _, told in written(database)] == ["a"]


class Sends:
    """Notes what is posted; answers what is next."""

    def __init__(self, *answers: int) -> None:
        self.answers, self.posted = list(answers), []

    def post(self, url: str, headers: dict[str, str], body: str) -> Result:
        self.posted.append((url, headers, body))
        status = self.answers.pop(0) if self.answers else 200
        return Result(ok=status < 300, took=3, why=f"answered {status}", status=status)


def ask(database: Database, number: int, delivery_id: str) -> None:
    webhooks.ask(database, webhooks.Message(number, delivery_id, "test", '{"a":"é"}'), at=AT)


class TestPosting:
    def test_what_is_sent_is_signed(self, database: Database, vault: Vault) -> None:
        hook(database, vault)
        ask(database, 1, "test-1")
        sends, clock = Sends(), Clock()
        assert Postman(database, vault, sends).step(clock) == 1
        [(url, headers, body)] = sends.posted
        assert url == "https://example.org/"
        assert (headers["X-Gigscrapy-Delivery"], headers["X-Gigscrapy-Event"]) == ("test-1", "test")
        assert json.loads(body) == {
            "id": "test-1",
            "kind": "test",
            "created_at": "2025-10-17T12:00:00Z",
            "data": {"a": "é"},
        }
        assert headers[HEADER] == sign("whsec_test", body.encode(), 1760702400)
        assert verified("whsec_test", headers[HEADER], body.encode(), now=1760702500)
        assert not verified("whsec_other", headers[HEADER], body.encode(), now=1760702500)
        assert not verified("whsec_test", headers[HEADER], body.encode() + b" ", now=1760702500)
        assert not verified("whsec_test", headers[HEADER], body.encode(), now=1760702400 + 301)
        [row] = WebhookDeliveries.select()
        assert (row.state, row.status, row.took) == ("sent", 200, 3)

    def test_it_is_tried_again_and_the_order_is_kept(self, database: Database, vault: Vault) -> None:
        hook(database, vault)
        hook(database, vault)
        for number, name in ((1, "a"), (1, "b"), (2, "c")):
            ask(database, number, name)
        sends, clock = Sends(500, 200), Clock()
        postman = Postman(database, vault, sends)
        assert postman.step(clock) == 2, "b waits for a"
        for wait in (1, 5, 30):
            sends.answers = [500]
            clock.on(minutes=wait, seconds=-1)
            assert postman.step(clock) == 0
            clock.on(seconds=1)
            assert postman.step(clock) == 1
        sends.answers = [500]
        clock.on(hours=2)
        assert postman.step(clock) == 2
        names = [headers["X-Gigscrapy-Delivery"] for _, headers, _ in sends.posted]
        assert names == ["a", "c", "a", "a", "a", "a", "b"]
        assert [row.state for row in WebhookDeliveries.select().order_by(WebhookDeliveries.id)] == [
            *("failed", "sent", "sent")
        ]
        assert Webhooks.get_by_id(1).failing_since is None, "the last one was taken"

    def test_a_hook_that_fails_for_a_day_is_switched_off(self, database: Database, vault: Vault) -> None:
        hook(database, vault)
        sends, clock = Sends(), Clock()
        postman = Postman(database, vault, sends)
        for number in range(40):
            ask(database, 1, f"a{number}")
        while clock.at < AT + timedelta(hours=30) and Webhooks.get_by_id(1).enabled:
            sends.answers = [500] * 10
            postman.step(clock)
            clock.on(minutes=30)
        assert Webhooks.get_by_id(1).disabled_because == "failing"
        assert timedelta(hours=24) <= clock.at - AT < timedelta(hours=28)
        assert postman.step(clock) == 0
        webhooks.change(database, 1, {"enabled": True}, at=clock.at)
        [last] = WebhookDeliveries.select().order_by(WebhookDeliveries.id.desc()).limit(1)
        assert last.kind == SNAPSHOT

    def test_one_that_wants_no_more_is_switched_off(self, database: Database, vault: Vault) -> None:
        hook(database, vault)
        ask(database, 1, "a")
        Postman(database, vault, Sends(410)).step(Clock())
        assert Webhooks.get_by_id(1).disabled_because == "gone"

    def test_too_much_that_waits_switches_off(
        self, database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(telling, "MOST_WAITING", 2)
        hook(database, vault)
        ask(database, 1, "a")
        ask(database, 1, "b")
        Teller(database).step(AT)
        assert Webhooks.get_by_id(1).disabled_because == "backlog"

    def test_switched_on_again_it_is_not_off_at_once(
        self, database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(telling, "MOST_WAITING", 2)
        made = hook(database, vault)
        ask(database, 1, "a")
        ask(database, 1, "b")
        Teller(database).step(AT)
        webhooks.change(database, made.id, {"enabled": True}, at=AT)
        Teller(database).step(AT)
        assert Webhooks.get_by_id(made.id).enabled
        sends = Sends()
        assert Postman(database, vault, sends).step(Clock()) == 1, "that something was missed, and not what was"

    @pytest.mark.parametrize("changes", [{"active": False}, {"role": "viewer"}])
    def test_who_may_no_longer_is_told_nothing(self, database: Database, vault: Vault, changes: dict[str, Any]) -> None:
        hook(database, vault)
        ask(database, 1, "a")
        Users.update(changes).execute()
        assert webhooks.listening(database) == []
        assert Postman(database, vault, Sends()).step(Clock()) == 0

    def test_who_was_killed_while_sending_sends_again_under_the_same_id(self, database: Database, vault: Vault) -> None:
        hook(database, vault)
        ask(database, 1, "a")
        [delivery] = webhooks.due(database, AT)
        assert webhooks.claim(database, delivery, AT)
        assert not webhooks.claim(database, delivery, AT)
        sends, clock = Sends(), Clock()
        assert Postman(database, vault, sends).step(clock) == 0
        clock.on(minutes=3)
        assert Postman(database, vault, sends).step(clock) == 1

    def test_it_is_sent_once_more_when_somebody_wants_it(self, database: Database, vault: Vault) -> None:
        hook(database, vault)
        ask(database, 1, "a")
        assert not webhooks.send_again(database, 1, 1), "it waits"
        sends = Sends()
        Postman(database, vault, sends).step(Clock())
        assert not webhooks.send_again(database, 2, 1), "it is another's"
        assert webhooks.send_again(database, 1, 1, at=AT)
        Postman(database, vault, sends).step(Clock())
        assert [headers["X-Gigscrapy-Delivery"] for _, headers, _ in sends.posted] == ["a", "a"]


@pytest.mark.slow
def test_over_the_wire_and_to_nothing_private() -> None:
    """By the process that sends: to what is named, and nowhere else on this machine, whatever a name or answer says."""
    body, headers = '{"a": 1}', {HEADER: "t=1,v1=2", "Content-Type": "application/json"}
    with WebHook() as sink, WebHook() as private:
        sender = Sender(sink.allowed)
        sent = sender.post(f"http://127.0.0.1:{sink.port}/hook", headers, body)
        assert (sent.ok, sent.status, sink.received) == (True, 200, [{"a": 1}])
        for url in (f"http://127.0.0.1:{private.port}/", f"http://localhost:{private.port}/"):
            refused = sender.post(url, headers, body)
            assert (refused.ok, refused.for_good) == (False, True)
            assert "this machine itself" in (refused.why or "")
        sink.answer, sink.location = 302, f"http://127.0.0.1:{private.port}/"
        led_on = sender.post(f"http://127.0.0.1:{sink.port}/hook", headers, body)
        assert (led_on.ok, led_on.status, led_on.why) == (False, 302, "answered 302")
        sink.answer, sink.location = 503, None
        assert sender.post(f"http://127.0.0.1:{sink.port}/hook", headers, body).why == "answered 503"
        assert private.requests == 0
        sender.close()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://example.org/hook?x=1", None),
        ("https://example.org:8443/", None),
        ("http://127.0.0.1:8025/", None),
        ("http://127.0.0.1:8026/", "scheme"),
        ("https://127.0.0.1/", "private"),
        ("https://169.254.169.254/", "private"),
        ("https://[::1]/", "private"),
        ("https://localhost/", "private"),
        ("https://db.internal/", "private"),
        ("http://example.org/", "scheme"),
        ("ftp://example.org/", "scheme"),
        ("https://user:pass@example.org/", "unreadable"),
        ("https://example.org/#x", "unreadable"),
        ("https://example.org:99999/", "unreadable"),
        ("https:///x", "unreadable"),
        ("https://example.org/a b", "unreadable"),
        ("https://example.org/\x00", "unreadable"),
        ("", "unreadable"),
    ],
)
def test_what_address_a_hook_may_have(url: str, code: str | None) -> None:
    if code is None:
        assert check(url, "127.0.0.1:8025") == url
    else:
        with pytest.raises(BadHook) as refused:
            check(url, "127.0.0.1:8025")
        assert refused.value.code == code


def test_secrets_differ() -> None:
    assert new_secret() != new_secret()
    assert new_secret().startswith("whsec_")


@pytest.mark.slow
def test_the_service_of_the_alerts_tells_hooks(tmp_path: Any) -> None:
    """As it is started: a price that is stored arrives, signed, some seconds after."""
    with WebHook() as sink:
        found = connect(None, tmp_path)
        use(found)
        lay(found)
        with found.connection_context():
            hook(found, Vault(None, tmp_path), url=f"http://127.0.0.1:{sink.port}/hook")
            webhooks.ask(found, webhooks.Message(1, "test-1", "test", "{}"), at=AT)
        service = Process(tmp_path, sink.allowed)
        until(lambda: len(sink.received) == 1)
        with found.connection_context():
            until(lambda: webhooks.positions(found).get("odds"))
        put(found, quote())
        until(lambda: len(sink.received) == 2)
        service.process.terminate()
        assert service.process.wait(20) == 0
        hang_up(found)
    assert sink.received[0] == {**sink.received[0], "id": "test-1", "kind": "test", "data": {}}
    assert [price["outcome"] for price in sink.received[1]["data"]["prices"]].count("1") == 1
